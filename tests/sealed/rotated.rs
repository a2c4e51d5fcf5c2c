//! New keys in the place of old ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nexa_core::runtime::Clock as _;
use nexa_core::sealed::Purpose;

use crate::support::World;
use crate::{devices, preshared_keys};

#[nexa_test_macros::every_database]
async fn every_value_moves_to_the_new_key_and_the_old_ones_go_an_hour_later() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let ids = devices(&world, world.ada, 3).await;
    let before = preshared_keys(&world.system(), &ids).await;
    let sealing = world.system().sealing();
    let old = sealing.list_keys().await.unwrap();
    assert_eq!(old.iter().map(|key| key.purpose).collect::<Vec<_>>(), Purpose::ALL);
    let fresh = sealing.rotate().await.unwrap();
    let all = sealing.list_keys().await.unwrap();
    assert_eq!(all.len(), 10);
    assert!(all[..5].iter().all(|key| key.retired_at == Some(world.clock.now())));
    assert_eq!(all[5..], fresh);
    assert_eq!(preshared_keys(&world.system(), &ids).await, before, "before it is finished");

    let done = sealing.finish_rotation().await.unwrap();
    assert_eq!((done.resealed, done.rewrapped, done.deleted, done.damaged.len()), (3, 0, 0, 0));
    assert_eq!(sealing.finish_rotation().await.unwrap(), Default::default(), "there is nothing left to do");
    world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(sealing.finish_rotation().await.unwrap().deleted, 4);
    let left: Vec<_> = sealing.list_keys().await.unwrap().into_iter().map(|key| key.id).collect();
    let audit = old.iter().find(|key| key.purpose == Purpose::Audit).unwrap().id;
    assert_eq!(left, [vec![audit], fresh.iter().map(|key| key.id).collect()].concat());

    assert_eq!(preshared_keys(&world.system(), &ids).await, before);
    let again = world.open_again().await;
    assert_eq!(preshared_keys(&again.system("again"), &ids).await, before, "in another process");
    let state = again.system("again").gateways().desired_state(gateway.id).await.unwrap();
    assert!(state.peers.iter().all(|peer| before.contains(peer.preshared_key.as_ref().unwrap())));
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn every_value_is_readable_while_it_is_moved_and_new_ones_are_made() {
    let world = World::new().await;
    world.gateway().await;
    let ids = devices(&world, world.ada, 120).await;
    let before = preshared_keys(&world.system(), &ids).await;
    let over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let (over, nexa, ids, before) = (Arc::clone(&over), world.nexa.clone(), ids.clone(), before.clone());
        async move {
            let mut reads = 0;
            while !over.load(Ordering::SeqCst) || reads < 5 {
                let some: Vec<_> = ids.iter().copied().skip(reads % 7).step_by(11).collect();
                let expected: Vec<_> = before.iter().skip(reads % 7).step_by(11).cloned().collect();
                assert_eq!(preshared_keys(&nexa.system("reader"), &some).await, expected);
                reads += 1;
            }
        }
    });
    // Another process moves them too.
    let other = world.open_again().await;
    let mut resealed = 0;
    for _ in 0..3 {
        world.system().sealing().rotate().await.unwrap();
        let (system, again) = (world.system().sealing(), other.system("other").sealing());
        let (one, two) = tokio::join!(system.finish_rotation(), again.finish_rotation());
        resealed += one.unwrap().resealed + two.unwrap().resealed;
    }
    over.store(true, Ordering::SeqCst);
    reading.await.unwrap();
    assert_eq!(resealed, 360, "each of them once for each rotation");
    assert_eq!(preshared_keys(&world.system(), &ids).await, before);
}

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_at_once_leave_one_active_key_for_each_purpose() {
    let world = World::new().await;
    let other = world.open_again().await;
    let mut rotating = tokio::task::JoinSet::new();
    for turn in 0..8 {
        let nexa = if turn % 2 == 0 { world.nexa.clone() } else { other.clone() };
        rotating.spawn(async move { nexa.system("rotation").sealing().rotate().await.unwrap() });
    }
    rotating.join_all().await;
    let keys = world.system().sealing().list_keys().await.unwrap();
    assert_eq!(keys.len(), 45);
    for purpose in Purpose::ALL {
        let active = keys.iter().filter(|key| key.purpose == purpose && key.retired_at.is_none());
        assert_eq!(active.count(), 1, "{purpose:?}");
    }
}
