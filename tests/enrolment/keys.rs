//! A public key has one holder, device or gateway: two peers with one key would be one peer.

use nexa_core::ErrorKind;
use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::NewGateway;

use crate::support::{World, device, key};

#[nexa_test_macros::every_database]
async fn a_device_cannot_take_the_key_of_a_gateway() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let before = world.database().await.snapshot().await;
    let taken = NewEnrolment::new("intruder", gateway.public_key, "sha256:intruder").user(world.ada);
    let refused = world.system().enrolment().enrol(taken).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::AlreadyExists, Some("public_key")));
    before.assert_unchanged(&world.database().await.snapshot().await, "a refused enrolment left something");
}

#[nexa_test_macros::every_database]
async fn a_gateway_cannot_take_the_key_of_a_device_until_it_is_revoked() {
    let world = World::new().await;
    world.gateway().await;
    let enrolled = world.enrol(world.ada, "laptop").await;
    let gateway = || {
        let new =
            NewGateway::new("second", "gw.example.org:51820".parse().unwrap(), key("laptop").public_key());
        new.vpn_cidr("10.77.0.0/24".parse().unwrap())
    };
    let refused = world.system().gateways().create(gateway()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::AlreadyExists, Some("public_key")));
    world.system().devices().revoke(enrolled.device.id).await.unwrap();
    world.tick();
    world.system().gateways().create(gateway()).await.unwrap();
    let refused = world.system().enrolment().enrol(device("laptop").user(world.ada)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::AlreadyExists, Some("public_key")));
}
