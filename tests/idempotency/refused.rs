//! Who is not answered, and what a record is worth to a thief.

use nexa_core::ErrorKind;
use nexa_core::identity::NewUser;
use nexa_core::ipam::NewPool;

use crate::support::{PASSWORD, World, device, refusal};
use crate::with_key;

#[nexa_test_macros::every_database]
async fn a_key_with_other_input_is_refused_and_nothing_is_done() {
    let world = World::new().await;
    let users = world.system().with(with_key(1)).identity();
    users.create_user(NewUser::new("ben", PASSWORD)).await.unwrap();
    let before = world.database().await.snapshot().await;
    for other in [
        NewUser::new("bob", PASSWORD),
        NewUser::new("ben", "another horse battery"),
        NewUser::new("ben", PASSWORD).email("ben@example.org"),
        NewUser::without_password("ben"),
    ] {
        let refused = users.create_user(other).await.unwrap_err();
        assert_eq!((refused.code(), refused.field()), ("idempotency.other_input", Some("idempotency_key")));
    }
    before.assert_unchanged(&world.database().await.snapshot().await, "other input");
}

#[nexa_test_macros::every_database]
async fn another_actor_with_the_key_gets_an_answer_of_their_own() {
    let world = World::new().await;
    world.gateway().await;
    let (ben, eve) = (world.person("ben").await, world.person("eve").await);
    let bens = ben.handle.with(with_key(1)).enrolment().enrol(device("phone")).await.unwrap();
    let taken = refusal(eve.handle.clone().with(with_key(1)).enrolment().enrol(device("phone")).await);
    assert_eq!(taken, (ErrorKind::AlreadyExists, Some("public_key".to_owned())), "it was done anew, as eve");
    let eves = eve.handle.with(with_key(1)).enrolment().enrol(device("tablet")).await.unwrap();
    assert_ne!(eves.device.id, bens.device.id);
    assert_ne!(eves.token.expose(), bens.token.expose());
}

#[nexa_test_macros::every_database]
async fn whoever_lost_the_right_is_not_answered() {
    let world = World::new().await;
    world.gateway().await;
    let ben = world.person("ben").await;
    let bens = ben.handle.with(with_key(1)).enrolment();
    bens.enrol(device("phone")).await.unwrap();
    let database = world.database().await;
    let gone = database
        .tamper(
            "DELETE FROM role_permissions WHERE permission = 'devices.enrol' \
                 AND role_id IN (SELECT id FROM roles WHERE name_key = 'member')",
        )
        .await;
    assert_eq!(gone, 1);
    assert_eq!(refusal(bens.enrol(device("phone")).await).0, ErrorKind::Forbidden);
    world.system().identity().suspend_user(ben.id).await.unwrap();
    assert_eq!(refusal(bens.enrol(device("phone")).await).0, ErrorKind::Unauthenticated);
}

#[nexa_test_macros::every_database]
async fn an_answer_that_was_moved_or_damaged_is_corrupt_and_never_given() {
    let world = World::new().await;
    let pool = NewPool::new("printers", "10.9.0.0/24".parse().unwrap());
    let pool = world.system().ipam().create_pool(pool).await.unwrap().id;
    let claim = |number| world.system().with(with_key(number));
    claim(1).ipam().claim(pool).await.unwrap();
    world.tick();
    claim(2).ipam().claim(pool).await.unwrap();
    let database = world.database().await;
    // The answer of the first, put into the record of the second.
    let moved = database
        .tamper(
            "UPDATE idempotency_records SET answer = (SELECT answer FROM (SELECT answer, created_at \
             FROM idempotency_records) AS first WHERE first.created_at < idempotency_records.created_at) \
             WHERE created_at = (SELECT latest FROM (SELECT MAX(created_at) AS latest FROM idempotency_records) AS last)",
        )
        .await;
    assert_eq!(moved, 1);
    assert_eq!(refusal(claim(2).ipam().claim(pool).await).0, ErrorKind::Corrupt);
    claim(1).ipam().claim(pool).await.unwrap();
    for damage in ["NULL", "input_mac", "key_hash"] {
        database.tamper(format!("UPDATE idempotency_records SET answer = {damage}")).await;
        assert_eq!(refusal(claim(1).ipam().claim(pool).await).0, ErrorKind::Corrupt, "{damage}");
    }
}
