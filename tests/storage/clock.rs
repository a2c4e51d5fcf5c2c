//! A clock that is set back: nothing that was promised until later ends sooner, and nothing waits for the old time to come.

use std::time::Duration;

use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::runtime::{Clock as _, SystemRandom, Timestamp};
use nexa_core::{ErrorKind, IdempotencyKey, RequestContext};

use crate::support::{PASSWORD, World, device};

const DAY: i64 = 86_400_000_000;

fn set_back(world: &World) -> Timestamp {
    let before = world.clock.now();
    world.clock.set(Timestamp::from_micros(before.as_micros() - DAY));
    before
}

#[nexa_test_macros::every_database]
async fn a_clock_that_is_set_back_by_a_day_stops_nobody() {
    let world = World::new().await;
    world.gateway().await;
    let bob = world.person("bob").await;
    let key = IdempotencyKey::generate(&SystemRandom).unwrap();
    let keyed = || world.system().with(RequestContext::default().idempotency_key(key.clone()));
    let staff = keyed().identity().create_group(NewGroup::new("staff")).await.unwrap();
    let first = world.system().enrolment().enrol(device("first").user(bob.id)).await.unwrap();
    world.system().audit().seal().await.unwrap();
    let before = set_back(&world);

    // What was begun before the jump is known after it.
    let again = keyed().identity().create_group(NewGroup::new("staff")).await.unwrap();
    assert_eq!(again.id, staff.id, "the key is not forgotten");
    let other = keyed().identity().create_group(NewGroup::new("others")).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Conflict);
    bob.handle.devices().list(PageRequest::default()).await.expect("the session goes on");

    // What is done after it is as good as ever.
    world.tick();
    let second = world.system().enrolment().enrol(device("second").user(bob.id)).await.unwrap();
    assert_ne!(first.profile.addresses, second.profile.addresses);
    world.system().devices().revoke(first.device.id).await.unwrap();
    world.nexa.anonymous().identity().sign_in("bob", PASSWORD).await.unwrap();
    let devices = world.system().devices().list(PageRequest::default()).await.unwrap().items;
    assert_eq!(devices.len(), 2, "a page leaves out nothing that is from later");

    // The audit is sealed by another process, which waits for no lease from the future, and is one chain.
    let beside = world.open_again().await;
    assert!(beside.system("test").audit().seal().await.unwrap().rows > 0);
    let report = beside.system("test").audit().verify().await.unwrap();
    assert!(report.is_sound(), "{report:?}");

    // And forward again: what ends, ends.
    world.clock.set(before.saturating_add(Duration::from_secs(400 * 86_400)));
    let ended = bob.handle.devices().list(PageRequest::default()).await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Unauthenticated);
    beside.close().await;
    world.nexa.close().await;
}

#[nexa_test_macros::every_database]
async fn the_task_that_seals_waits_for_no_lease_from_the_future() {
    let world = World::new().await;
    let begin = || nexa_core::Nexa::builder(world.url()).clock(std::sync::Arc::clone(&world.clock) as _);
    // One that makes seals by itself has the lease, and is gone.
    let first = begin().open().await.unwrap();
    some_change(&world, "first").await;
    sealed(&world).await;
    first.close().await;
    set_back(&world);
    let second = begin().open().await.unwrap();
    some_change(&world, "second").await;
    sealed(&world).await;
    second.close().await;
    world.nexa.close().await;
}

async fn some_change(world: &World, name: &str) {
    world.tick();
    world.system().identity().create_group(NewGroup::new(name)).await.unwrap();
}

/// Waits until every row is sealed.
async fn sealed(world: &World) {
    let all = async {
        while world.system().audit().verify().await.unwrap().unsealed > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("nobody seals");
}
