//! People and groups.

use std::collections::BTreeSet;

use nexa_core::ErrorKind;
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::page::PageRequest;

use crate::support::{World, kind, refusal};

#[nexa_test_macros::every_database]
async fn a_person_is_read_back_as_created() {
    let world = World::new().await;
    let new = NewUser::without_password("Grace.Hopper")
        .display_name("Grace Hopper")
        .given_name("Grace")
        .sn("Hopper")
        .email("Grace@Example.org")
        .ssh_public_key("ssh-ed25519 AAAA grace");
    let identity = world.system().identity();
    let user = identity.create_user(new).await.unwrap();
    assert_eq!(identity.get_user(user.id).await.unwrap(), user);
    let told = (user.username, user.uid_number, user.home_directory, user.login_shell, user.email.unwrap());
    // Once for each database.
    insta::allow_duplicates! {
        insta::assert_snapshot!(format!("{told:?}"), @r#"("Grace.Hopper", 2001, "/home/grace.hopper", "/bin/bash", "Grace@Example.org")"#);
    }
}

#[nexa_test_macros::every_database]
async fn a_username_and_an_email_belong_to_one_person_in_any_letters() {
    let world = World::new().await;
    let identity = world.system().identity();
    identity.create_user(NewUser::without_password("ben").email("ben@example.org")).await.unwrap();
    let taken = |field: &str| (ErrorKind::AlreadyExists, Some(field.to_owned()));
    assert_eq!(refusal(identity.create_user(NewUser::without_password(" BEN")).await), taken("username"));
    let same_email = NewUser::without_password("other").email("BEN@EXAMPLE.ORG");
    assert_eq!(refusal(identity.create_user(same_email).await), taken("email"));
}

#[nexa_test_macros::every_database]
async fn numbers_go_up_and_a_refused_person_uses_none() {
    let world = World::new().await;
    let identity = world.system().identity();
    let mut uids = Vec::new();
    for name in ["one", "ada", "two", "ada", "three"] {
        uids.extend(identity.create_user(NewUser::without_password(name)).await.ok().map(|u| u.uid_number));
    }
    assert_eq!(uids, [2001, 2002, 2003]);
    let mut gids = Vec::new();
    for name in ["staff", "SysAdmins", "guests"] {
        gids.extend(identity.create_group(NewGroup::new(name)).await.ok().map(|group| group.gid_number));
    }
    assert_eq!(gids, [2002, 2003]);
}

#[nexa_test_macros::every_database]
async fn the_pages_of_people_hold_everybody_once() {
    let world = World::new().await;
    let mut expected = BTreeSet::from([world.ada]);
    for number in 0..23 {
        expected.insert(world.member(&format!("member-{number}")).await);
    }
    for limit in [1, 5, 8, 24, 1_000] {
        let (mut seen, mut page) = (Vec::new(), Some(PageRequest::first(limit)));
        while let Some(request) = page {
            let got = world.system().identity().list_users(request.clone()).await.unwrap();
            seen.extend(got.items.iter().map(|user| user.id));
            page = got.next.map(|cursor| request.after(cursor));
        }
        assert_eq!(seen.len(), 24, "by {limit}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected, "by {limit}");
    }
}

#[nexa_test_macros::every_database]
async fn who_joins_twice_or_leaves_twice_is_told() {
    let world = World::new().await;
    let (identity, ben) = (world.system().identity(), world.member("ben").await);
    let staff = identity.create_group(NewGroup::new("staff").description("Everyone paid")).await.unwrap().id;
    identity.add_member(staff, ben).await.unwrap();
    assert_eq!(kind(&identity.add_member(staff, ben).await), Some(ErrorKind::AlreadyExists));
    identity.remove_member(staff, ben).await.unwrap();
    assert_eq!(kind(&identity.remove_member(staff, ben).await), Some(ErrorKind::NotFound));
    identity.add_member(staff, ben).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn a_stranger_cannot_make_us_hash_a_password() {
    let world = World::new().await;
    let strangers = world.nexa.anonymous().identity();
    // A password that would be refused is not even looked at.
    let refused = strangers.create_user(NewUser::new("eve", "short")).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
    let refused = strangers.create_first_user(NewUser::new("eve", "short")).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
}
