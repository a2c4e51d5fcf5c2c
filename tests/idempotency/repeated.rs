//! What is done once and answered again.

use std::collections::BTreeSet;
use std::time::Duration;

use nexa_core::identity::NewUser;
use nexa_core::ipam::NewPool;

use crate::support::{PASSWORD, World, device, key as private_key};
use crate::with_key;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[nexa_test_macros::every_database]
async fn an_enrolment_made_again_gives_the_same_device_profile_and_token() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.person("ben").await;
    let bens = ben.handle.with(with_key(1));
    let first = bens.enrolment().enrol(device("phone")).await.unwrap();
    let stored = world.database().await.snapshot().await;
    let again = bens.enrolment().enrol(device("phone")).await.unwrap();
    assert_eq!(again.device, first.device);
    assert_eq!(again.token.expose(), first.token.expose());
    let conf = |profile: &nexa_core::wireguard::Profile| {
        profile.render(Some(&private_key("phone"))).unwrap().expose().clone()
    };
    assert_eq!(conf(&again.profile), conf(&first.profile));
    world.nexa.authenticate(again.token.expose()).await.unwrap();
    stored.assert_unchanged(&world.database().await.snapshot().await, "asked again");
}

#[nexa_test_macros::every_database]
async fn a_sign_in_made_again_gives_the_same_session() {
    let world = World::new().await;
    world.person("ben").await;
    let strangers = world.nexa.anonymous().with(with_key(1)).identity();
    let first = strangers.sign_in("ben", PASSWORD).await.unwrap();
    let again = strangers.sign_in("ben", PASSWORD).await.unwrap();
    assert_eq!(again.token.expose(), first.token.expose());
    assert_eq!(again.session_id, first.session_id);
}

#[nexa_test_macros::every_database]
async fn a_person_may_ask_again_through_another_session() {
    let world = World::new().await;
    world.gateway().await;
    let before = world.person("ben").await;
    let first = before.handle.with(with_key(1)).enrolment().enrol(device("phone")).await.unwrap();
    let after = world.sign_in("ben").await;
    let again = after.handle.with(with_key(1)).enrolment().enrol(device("phone")).await.unwrap();
    assert_eq!(again.token.expose(), first.token.expose());
}

#[nexa_test_macros::every_database]
async fn of_calls_with_one_key_that_come_at_once_one_is_done_and_all_are_answered() {
    let world = World::new().await;
    let pool = NewPool::new("printers", "10.9.0.0/24".parse().unwrap());
    let pool = world.system().ipam().create_pool(pool).await.unwrap().id;
    let calls = (0..8).map(|_| {
        let handle = world.system().with(with_key(1));
        tokio::spawn(async move { handle.ipam().claim(pool).await.unwrap().value })
    });
    let mut answers = BTreeSet::new();
    for call in calls.collect::<Vec<_>>() {
        answers.insert(call.await.unwrap());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.system().ipam().usage(pool).await.unwrap().allocated, 1);
}

#[nexa_test_macros::every_database]
async fn a_key_serves_again_when_a_day_has_gone_by() {
    let world = World::new().await;
    let pool = NewPool::new("printers", "10.9.0.0/24".parse().unwrap());
    let pool = world.system().ipam().create_pool(pool).await.unwrap().id;
    let claim = || world.system().with(with_key(1));
    let first = claim().ipam().claim(pool).await.unwrap();
    world.clock.advance(DAY - Duration::from_micros(1));
    assert_eq!(claim().ipam().claim(pool).await.unwrap(), first);
    world.clock.advance(Duration::from_micros(1));
    let next = claim().ipam().claim(pool).await.unwrap();
    assert_ne!(next.value, first.value);
    assert_eq!(claim().ipam().claim(pool).await.unwrap(), next);
}

#[nexa_test_macros::every_database]
async fn a_call_that_failed_leaves_its_key_free() {
    let world = World::new().await;
    world.member("ben").await;
    let users = world.system().with(with_key(1)).identity();
    users.create_user(NewUser::without_password("ben")).await.unwrap_err();
    let created = users.create_user(NewUser::without_password("benjamin")).await.unwrap();
    let again = users.create_user(NewUser::without_password("benjamin")).await.unwrap();
    assert_eq!(again, created);
}

#[nexa_test_macros::every_database]
async fn one_key_names_another_call_of_each_method() {
    let world = World::new().await;
    let ben = world.member("ben").await;
    let identity = world.system().with(with_key(1)).identity();
    identity.suspend_user(ben).await.unwrap();
    identity.activate_user(ben).await.unwrap();
    identity.suspend_user(ben).await.unwrap();
    let user = world.system().identity().get_user(ben).await.unwrap();
    assert_eq!(user.status.as_str(), "active", "the second suspension was the first one again");
}
