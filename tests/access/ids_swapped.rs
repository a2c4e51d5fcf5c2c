//! Two people, each with everything a member can have, who put each other's ids into their calls.

use nexa_core::ErrorKind;
use nexa_core::enrolment::Enrolled;
use nexa_core::id::{DeviceId, UserId};
use nexa_core::policy::ServiceRange;
use proptest::prelude::any;
use proptest::strategy::Strategy as _;
use proptest::test_runner::TestRunner;

use crate::support::{Person, World, device, kind};

#[nexa_test_macros::every_database]
async fn no_member_sees_or_changes_anything_of_another_by_its_id() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.person("ben").await, world.person("cat").await);
    let (bens, cats) = (world.enrol(ben.id, "bens").await, world.enrol(cat.id, "cats").await);
    let database = world.database().await;
    let before = database.snapshot().await;
    for (caller, other, thing) in [(&ben, &cat, &cats), (&cat, &ben, &bens)] {
        everything_of_another_is_absent(caller, other.id, thing.device.id).await;
    }
    before.assert_unchanged(&database.snapshot().await, "a swapped id changed something");
    still_works(&ben, &bens).await;
    still_works(&cat, &cats).await;
}

async fn everything_of_another_is_absent(caller: &Person, user: UserId, of_user: DeviceId) {
    let handle = &caller.handle;
    let address = "10.66.0.9".parse().unwrap();
    let absent = [
        kind(&handle.devices().get(of_user).await),
        kind(&handle.devices().revoke(of_user).await),
        kind(&handle.enrolment().profile(of_user).await),
        kind(&handle.policy().resolve(of_user).await),
        kind(&handle.policy().explain(of_user, address, ServiceRange::ANY).await),
        kind(&handle.identity().get_user(user).await),
    ];
    assert_eq!(absent, [Some(ErrorKind::NotFound); 6]);
    let forbidden = [
        kind(&handle.identity().suspend_user(user).await),
        kind(&handle.identity().activate_user(user).await),
        kind(&handle.enrolment().enrol(device("a third one").user(user)).await),
    ];
    assert_eq!(forbidden, [Some(ErrorKind::Forbidden); 3]);
}

async fn still_works(person: &Person, enrolled: &Enrolled) {
    assert_eq!(person.handle.devices().get(enrolled.device.id).await.unwrap(), enrolled.device);
    person.handle.enrolment().profile(enrolled.device.id).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn anothers_thing_and_no_thing_are_told_apart_by_nothing() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.person("ben").await;
    let olgas = world.enrol(world.ada, "not bens").await.device.id;
    let unknown: DeviceId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let said = |id: DeviceId, error: nexa_core::Error| {
        (error.kind(), error.field().map(str::to_owned), error.to_string().replace(&id.to_string(), "<id>"))
    };
    let of_olga = said(olgas, ben.handle.devices().get(olgas).await.unwrap_err());
    let of_nobody = said(unknown, ben.handle.devices().get(unknown).await.unwrap_err());
    assert_eq!(of_olga, of_nobody);
}

#[nexa_test_macros::every_database]
async fn a_device_cannot_speak_for_another_device_of_the_same_person() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let (phone, laptop) = (world.enrol(ben, "phone").await, world.enrol(ben, "laptop").await.device.id);
    let handle = world.nexa.authenticate(phone.token.expose()).await.unwrap();
    let refused = [
        kind(&handle.devices().get(laptop).await),
        kind(&handle.enrolment().profile(laptop).await),
        kind(&handle.policy().resolve(laptop).await),
    ];
    assert_eq!(refused, [Some(ErrorKind::NotFound); 3]);
    let seen = handle.devices().list(Default::default()).await.unwrap();
    assert_eq!(seen.items.iter().map(|device| device.id).collect::<Vec<_>>(), [phone.device.id]);
}

#[nexa_test_macros::every_database]
async fn a_token_with_any_part_of_another_is_no_token() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.person("ben").await, world.person("cat").await);
    let enrolled = world.enrol(ben.id, "bens").await;
    let tokens = [ben.token.expose(), cat.token.expose(), enrolled.token.expose()].map(String::as_str);
    let parts: Vec<Vec<&str>> = tokens.iter().map(|token| token.splitn(3, '_').collect()).collect();
    for (a, prefix) in parts.iter().map(|part| part[0]).enumerate() {
        for (b, id) in parts.iter().map(|part| part[1]).enumerate() {
            for (c, secret) in parts.iter().map(|part| part[2]).enumerate() {
                let mixed = format!("{prefix}_{id}_{secret}");
                let outcome = world.nexa.authenticate(&mixed).await;
                match tokens.contains(&mixed.as_str()) {
                    true => assert!(outcome.is_ok(), "{a}{b}{c}"),
                    false => assert_eq!(kind(&outcome), Some(ErrorKind::Unauthenticated), "{a}{b}{c}"),
                }
            }
        }
    }
}

#[nexa_test_macros::every_database]
async fn a_token_with_one_changed_character_is_no_token() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    let token = ben.token.expose().as_bytes();
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let changed = (0..token.len(), any::<u8>()).new_tree(&mut runner).unwrap();
        let (at, byte) = proptest::strategy::ValueTree::current(&changed);
        let mut text = token.to_vec();
        text[at] = byte & 0x7f;
        let text = String::from_utf8(text).unwrap();
        // A UUID's hexadecimal digits may be written in capitals.
        if text.eq_ignore_ascii_case(ben.token.expose()) {
            continue;
        }
        assert_eq!(
            kind(&world.nexa.authenticate(&text).await),
            Some(ErrorKind::Unauthenticated),
            "{at} {byte}"
        );
    }
}
