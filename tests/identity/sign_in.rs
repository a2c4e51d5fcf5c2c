//! Passwords and sessions.

use std::time::Duration;

use nexa_core::identity::NewUser;
use nexa_core::{ErrorKind, RequestContext};

use crate::support::{BEGINNING, PASSWORD, World, kind, parts};

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_suspended_person_fail_alike() {
    let world = World::new().await;
    let (_, eve) = (world.person("ben").await, world.person("eve").await);
    world.member("service").await;
    world.system().identity().suspend_user(eve.id).await.unwrap();
    let strangers = world.nexa.anonymous().identity();
    let mut said = Vec::new();
    for (name, password) in [
        ("ben", "a wrong password"),
        ("nobody", PASSWORD),
        ("eve", PASSWORD),
        ("service", PASSWORD),
        ("no name at all", PASSWORD),
        ("", ""),
    ] {
        let error = strangers.sign_in(name, password).await.unwrap_err();
        said.push((parts(&error), error.to_string(), format!("{error:?}")));
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:#?}");
    assert_eq!(said[0].0.0, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_name_is_recognised_in_any_letters_and_spaces_around_it() {
    let world = World::new().await;
    let ben = world.person("Ben").await;
    for name in ["ben", "BEN", " ben "] {
        let signed_in = world.nexa.anonymous().identity().sign_in(name, PASSWORD).await.unwrap();
        assert_eq!(signed_in.user_id, ben.id);
    }
}

#[tokio::test]
async fn a_session_ends_by_the_clock() {
    let world = World::new().await;
    let signed_in = world.person("ben").await;
    let lifetime = Duration::from_secs(12 * 3600);
    world.clock.advance(lifetime - Duration::from_micros(1));
    signed_in.handle.identity().get_user(signed_in.id).await.unwrap();
    world.clock.advance(Duration::from_micros(1));
    let over = signed_in.handle.identity().get_user(signed_in.id).await;
    assert_eq!(kind(&over), Some(ErrorKind::Unauthenticated));
    let over = world.nexa.authenticate(signed_in.token.expose()).await;
    assert_eq!(kind(&over), Some(ErrorKind::Unauthenticated));
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let world = World::new().await;
    let (here, there) = (world.person("ben").await, world.sign_in("ben").await);
    here.handle.identity().sign_out().await.unwrap();
    assert_eq!(kind(&here.handle.identity().sign_out().await), Some(ErrorKind::Unauthenticated));
    there.handle.identity().get_user(there.id).await.unwrap();
}

#[tokio::test]
async fn no_call_is_begun_after_its_deadline() {
    let world = World::new().await;
    let database = world.database().await;
    let before = database.snapshot().await;
    let late = world.system().with(RequestContext::default().deadline(BEGINNING));
    let new = NewUser::without_password("ben");
    assert_eq!(kind(&late.identity().create_user(new.clone()).await), Some(ErrorKind::Cancelled));
    before.assert_unchanged(&database.snapshot().await, "a call after its deadline changed something");
    let in_time = RequestContext::default().deadline(BEGINNING.saturating_add(Duration::from_micros(1)));
    world.system().with(in_time).identity().create_user(new).await.unwrap();
}
