//! Suspending takes effect at the next call, whatever the person holds.

use nexa_core::ErrorKind;
use nexa_core::enrolment::Enrolled;

use crate::support::{PASSWORD, Person, World, device, kind};

#[nexa_test_macros::every_database]
async fn everything_of_a_suspended_person_is_refused_at_the_next_call() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let ben = world.person("ben").await;
    let enrolled = world.enrol(ben.id, "phone").await;
    world.system().identity().suspend_user(ben.id).await.unwrap();
    nothing_is_accepted(&world, &ben, &enrolled).await;
    let state = world.system().gateways().desired_state(gateway.id).await.unwrap();
    assert!(state.peers.is_empty());
    let profile = world.system().enrolment().profile(enrolled.device.id).await;
    assert_eq!(kind(&profile), Some(ErrorKind::Conflict));
    let another = world.system().enrolment().enrol(device("laptop").user(ben.id)).await;
    assert_eq!(kind(&another), Some(ErrorKind::Conflict));
}

async fn nothing_is_accepted(world: &World, ben: &Person, enrolled: &Enrolled) {
    let refused = [
        kind(&ben.handle.identity().get_user(ben.id).await),
        kind(&ben.handle.devices().get(enrolled.device.id).await),
        kind(&world.nexa.authenticate(ben.token.expose()).await),
        kind(&world.nexa.authenticate(enrolled.token.expose()).await),
        kind(&world.nexa.anonymous().identity().sign_in("ben", PASSWORD).await),
    ];
    assert_eq!(refused, [Some(ErrorKind::Unauthenticated); 5]);
}

#[nexa_test_macros::every_database]
async fn a_session_that_was_not_ended_is_refused_all_the_same_while_its_person_is_suspended() {
    let world = World::new().await;
    let ben = world.person("ben").await;
    world.system().identity().suspend_user(ben.id).await.unwrap();
    let revived = world.database().await.tamper("UPDATE sessions SET revoked_at = NULL").await;
    assert_eq!(revived, 1);
    let refused = ben.handle.identity().get_user(ben.id).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
    let refused = world.nexa.authenticate(ben.token.expose()).await;
    assert_eq!(kind(&refused), Some(ErrorKind::Unauthenticated));
    world.system().identity().activate_user(ben.id).await.unwrap();
    world.nexa.authenticate(ben.token.expose()).await.expect("nothing else was in its way");
}

#[nexa_test_macros::every_database]
async fn who_is_let_in_again_has_their_devices_and_no_old_session() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let ben = world.person("ben").await;
    let enrolled = world.enrol(ben.id, "phone").await;
    let system = world.system();
    system.identity().suspend_user(ben.id).await.unwrap();
    system.identity().suspend_user(ben.id).await.unwrap();
    system.identity().activate_user(ben.id).await.unwrap();
    assert_eq!(kind(&ben.handle.devices().list(Default::default()).await), Some(ErrorKind::Unauthenticated));
    let phone = world.nexa.authenticate(enrolled.token.expose()).await.unwrap();
    let profile = phone.enrolment().profile(enrolled.device.id).await.unwrap();
    assert_eq!(profile.addresses, enrolled.profile.addresses);
    assert_eq!(system.gateways().desired_state(gateway.id).await.unwrap().peers.len(), 1);
    world.sign_in("ben").await.handle.devices().get(enrolled.device.id).await.unwrap();
}
