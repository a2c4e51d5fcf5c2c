use std::collections::BTreeSet;

use nexa_core::devices::DeviceStatus;
use nexa_core::{ErrorKind, Result};

use crate::support::{World, device, kind};

#[nexa_test_macros::every_database]
async fn a_device_that_is_enrolled_has_an_address_of_each_family_a_peer_and_a_token() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let ben = world.person("ben").await;
    let enrolled = ben.handle.enrolment().enrol(device("phone").platform("android")).await.unwrap();
    assert_eq!(enrolled.device.user_id, ben.id);
    assert_eq!(
        (enrolled.device.status, enrolled.device.platform.as_str()),
        (DeviceStatus::Active, "android")
    );
    let addresses: Vec<_> = enrolled.profile.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.66.0.2", "fd66::2"]);
    let phone = world.nexa.authenticate(enrolled.token.expose()).await.unwrap();
    assert_eq!(phone.devices().get(enrolled.device.id).await.unwrap(), enrolled.device);
    let state = world.system().gateways().desired_state(gateway.id).await.unwrap();
    assert_eq!(state.peers.len(), 1);
}

#[nexa_test_macros::every_database]
async fn a_revoked_device_is_enrolled_anew_with_the_same_key_and_fingerprint() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.member("ben").await;
    let first = world.enrol(ben, "phone").await;
    assert_eq!(
        kind(&world.system().enrolment().enrol(device("phone").user(ben)).await),
        Some(ErrorKind::AlreadyExists)
    );
    for _ in 0..3 {
        let old = world.system().devices().list(Default::default()).await.unwrap().items;
        let old = old.iter().find(|device| device.status == DeviceStatus::Active).unwrap().id;
        world.system().devices().revoke(old).await.unwrap();
        let again = world.enrol(ben, "phone").await;
        assert_ne!(again.device.id, old);
        assert_eq!(
            again.profile.addresses, first.profile.addresses,
            "what was given back is handed out again"
        );
        assert_eq!(again.profile.revision, 1);
        world.nexa.authenticate(again.token.expose()).await.unwrap();
    }
    let dead = world.nexa.authenticate(first.token.expose()).await;
    assert_eq!(kind(&dead), Some(ErrorKind::Unauthenticated));
    let kept = world.system().devices().get(first.device.id).await.unwrap();
    assert_eq!(kept.status, DeviceStatus::Revoked, "what was revoked stays in the record");
}

#[nexa_test_macros::every_database]
async fn two_people_may_have_the_same_fingerprint_and_not_the_same_key() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    world.enrol(ben, "phone").await;
    let system = world.system();
    assert_eq!(
        kind(&system.enrolment().enrol(device("phone").user(cat)).await),
        Some(ErrorKind::AlreadyExists)
    );
    let same_print = nexa_core::enrolment::NewEnrolment::new(
        "phone",
        crate::support::key("another").public_key(),
        "sha256:phone",
    );
    system.enrolment().enrol(same_print.user(cat)).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn a_device_goes_to_the_active_gateway_with_the_fewest_peers() {
    let world = World::new().await;
    let first = world.gateway_with("first", "10.1.0.0/24", "fd01::/64").await.id;
    let second = world.gateway_with("second", "10.2.0.0/24", "fd02::/64").await.id;
    let ben = world.member("ben").await;
    let mut gateways = Vec::new();
    for label in ["one", "two", "three"] {
        gateways.push(world.enrol(ben, label).await.device.gateway_id.unwrap());
    }
    assert_eq!(gateways, [first, second, first]);
    let chosen = world.system().enrolment().enrol(device("four").user(ben).gateway(first)).await.unwrap();
    assert_eq!(chosen.device.gateway_id, Some(first));
}

#[nexa_test_macros::every_database]
async fn where_there_is_no_gateway_nothing_is_enrolled() {
    let world = World::new().await;
    let database = world.database().await;
    let before = database.snapshot().await;
    let refused = world.system().enrolment().enrol(device("phone").user(world.ada)).await;
    assert_eq!(kind(&refused), Some(ErrorKind::NotFound));
    before.assert_unchanged(&database.snapshot().await, "half an enrolment was stored");
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn devices_that_are_enrolled_at_once_from_two_processes_get_addresses_of_their_own() {
    let world = World::new().await;
    // Room for the gateway and 13 devices.
    world.gateway_with("hq", "10.66.0.0/28", "fd66::/124").await;
    let (one, other) = (world.nexa.clone(), world.open_again().await);
    let ada = world.ada;
    let enrolling = (0..20).map(|number| {
        let nexa = if number % 2 == 0 { one.clone() } else { other.clone() };
        let new = device(&format!("device-{number}")).user(ada);
        tokio::spawn(async move { nexa.system("race").enrolment().enrol(new).await })
    });
    let mut outcomes: Vec<Result<_>> = Vec::new();
    for task in enrolling.collect::<Vec<_>>() {
        outcomes.push(task.await.unwrap());
    }
    let enrolled: Vec<_> = outcomes.iter().flatten().collect();
    let addresses: BTreeSet<_> = enrolled.iter().flat_map(|it| it.profile.addresses.clone()).collect();
    assert_eq!((enrolled.len(), addresses.len()), (13, 26));
    let full = outcomes.iter().filter(|it| kind(it) == Some(ErrorKind::Exhausted)).count();
    assert_eq!(full, 7);
}
