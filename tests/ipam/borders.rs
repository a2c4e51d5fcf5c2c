//! Where ranges touch, and what has rested enough without anybody having looked.

use std::time::Duration;

use nexa_core::ErrorKind;
use nexa_core::ipam::{Claim, Ipam, NewPool, PoolKind, ValueRange};
use nexa_core::page::PageRequest;

use crate::support::{empty, kind, refusal};

fn v4(text: &str) -> ValueRange {
    ValueRange::parse(PoolKind::Ipv4, text).unwrap()
}

fn pool(name: &str, ranges: &[&str]) -> NewPool {
    ranges.iter().fold(NewPool::of(name, PoolKind::Ipv4), |new, range| new.range(v4(range)))
}

async fn assert_sound(ipam: &Ipam) {
    assert_eq!(ipam.verify().await.unwrap(), Vec::new());
}

#[nexa_test_macros::every_database]
async fn what_lies_across_two_ranges_holds_the_renumbering_of_one_back() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let two = ipam.create_pool(pool("two", &["10.0.0.0-10.0.0.7", "10.0.0.8-10.0.0.31"])).await.unwrap().id;
    let block = ipam.claim_with(two, Claim::new().block(28)).await.unwrap();
    assert_eq!(block.value.to_string(), "10.0.0.0");
    let other = ipam.create_pool(pool("other", &["10.1.0.8-10.1.0.15"])).await.unwrap().id;
    ipam.claim(other).await.unwrap();
    for to in ["10.1.0.0-10.1.0.7", "255.255.255.248-255.255.255.255"] {
        let refused = ipam.renumber(two, v4("10.0.0.0-10.0.0.7"), v4(to)).await;
        assert_eq!(refusal(refused), (ErrorKind::InvalidInput, Some("old_range".to_owned())));
        assert_eq!(
            kind(&ipam.preview_renumber(two, v4("10.0.0.8-10.0.0.31"), v4("10.2.0.0-10.2.0.31")).await),
            Some(ErrorKind::InvalidInput)
        );
    }
    ipam.release(block.id, block.generation).await.unwrap();
    ipam.reserve(two, v4("10.0.0.6-10.0.0.9"), "across").await.unwrap();
    let refused = ipam.renumber(two, v4("10.0.0.0-10.0.0.7"), v4("10.1.0.0-10.1.0.7")).await;
    assert_eq!(refusal(refused), (ErrorKind::InvalidInput, Some("old_range".to_owned())));
    assert_sound(&ipam).await;
}

#[nexa_test_macros::every_database]
async fn a_block_is_not_moved_to_where_no_block_begins() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let one = ipam.create_pool(pool("one", &["10.0.0.0-10.0.0.255"])).await.unwrap().id;
    ipam.claim_with(one, Claim::new().block(28)).await.unwrap();
    let refused = ipam.renumber(one, v4("10.0.0.0-10.0.0.255"), v4("10.1.0.5-10.1.1.4")).await;
    assert_eq!(refusal(refused), (ErrorKind::InvalidInput, Some("new_range".to_owned())));
    ipam.renumber(one, v4("10.0.0.0-10.0.0.255"), v4("10.1.0.16-10.1.1.15")).await.unwrap();
    let holder = ipam.who_holds("", v4("10.1.0.30").first()).await.unwrap();
    assert_eq!(holder.unwrap().value.to_string(), "10.1.0.16");
    assert_sound(&ipam).await;
}

#[nexa_test_macros::every_database]
async fn what_has_to_rest_is_not_given_on_by_a_shift() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let rests = pool("rests", &["10.0.0.0-10.0.0.9"]).quarantine(Duration::from_secs(3_600));
    let rests = ipam.create_pool(rests).await.unwrap().id;
    ipam.claim(rests).await.unwrap();
    let refused = ipam.renumber(rests, v4("10.0.0.0-10.0.0.9"), v4("10.0.0.1-10.0.0.10")).await;
    assert_eq!(refusal(refused), (ErrorKind::InvalidInput, Some("new_range".to_owned())));
    ipam.renumber(rests, v4("10.0.0.0-10.0.0.9"), v4("10.1.0.0-10.1.0.9")).await.unwrap();
    assert_sound(&ipam).await;
}

/// More than one claim ends by the way, all over.
async fn over(ipam: &Ipam, new: NewPool, clock: &nexa_core::runtime::ManualClock) -> nexa_core::id::PoolId {
    let id = ipam.create_pool(new.quarantine(Duration::from_secs(60))).await.unwrap().id;
    for one in ipam.claim_many(id, 1_100).await.unwrap() {
        ipam.release(one.id, one.generation).await.unwrap();
    }
    clock.advance(Duration::from_secs(61));
    id
}

#[nexa_test_macros::every_database]
async fn however_much_has_rested_enough_nothing_is_refused_for_it() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let id = over(&ipam, pool("many", &["10.0.0.0-10.0.4.75"]), &clock).await;
    let all = ipam.claim_many(id, 1_100).await.unwrap();
    assert_eq!(all.len(), 1_100);
    for one in all {
        ipam.release(one.id, one.generation).await.unwrap();
    }
    clock.advance(Duration::from_secs(61));
    ipam.reserve(id, v4("10.0.4.70-10.0.4.75"), "kept").await.unwrap();
    assert_sound(&ipam).await;
    let gone = over(&ipam, pool("gone", &["10.8.0.0-10.8.4.75"]), &clock).await;
    ipam.delete_pool(gone).await.unwrap();
    assert!(ipam.list_allocations(id, PageRequest::default()).await.unwrap().items.is_empty());
}

#[nexa_test_macros::every_database]
async fn in_a_full_pool_rests_begin_again_once_when_the_clock_is_set_back() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let full = pool("full", &["10.0.0.1"]).quarantine(Duration::from_secs(60));
    let full = ipam.create_pool(full).await.unwrap().id;
    let one = ipam.claim(full).await.unwrap();
    ipam.release(one.id, one.generation).await.unwrap();
    let year = Duration::from_secs(400 * 86_400);
    let now = one.allocated_at.as_micros() - i64::try_from(year.as_micros()).unwrap();
    clock.set(nexa_core::runtime::Timestamp::from_micros(now));
    assert_eq!(kind(&ipam.claim(full).await), Some(ErrorKind::Exhausted));
    clock.advance(Duration::from_secs(59));
    assert_eq!(kind(&ipam.claim(full).await), Some(ErrorKind::Exhausted));
    clock.advance(Duration::from_secs(2));
    ipam.claim(full).await.unwrap();
    assert_sound(&ipam).await;
}

#[nexa_test_macros::every_database]
async fn a_part_grows_into_what_has_rested_enough_in_its_parent() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let parent = pool("parent", &["10.2.0.0-10.2.0.255"]).quarantine(Duration::from_secs(60));
    let parent = ipam.create_pool(parent).await.unwrap().id;
    let claim = Claim::new().specific(v4("10.2.0.100").first());
    let one = ipam.claim_with(parent, claim).await.unwrap();
    ipam.release(one.id, one.generation).await.unwrap();
    let part = NewPool::of("part", PoolKind::Ipv4).range(v4("10.2.0.64-10.2.0.95")).parent(parent);
    let part = ipam.create_pool(part).await.unwrap().id;
    clock.advance(Duration::from_secs(61));
    ipam.resize(part, vec![v4("10.2.0.64-10.2.0.127")]).await.unwrap();
    assert_sound(&ipam).await;
}
