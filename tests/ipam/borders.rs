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

#[nexa_test_macros::every_database]
async fn what_a_renumbering_gave_up_rests_before_another_pool_gets_it() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let moving = pool("moving", &["10.0.0.0-10.0.0.9"]).quarantine(Duration::from_secs(60));
    let moving = ipam.create_pool(moving).await.unwrap().id;
    let one = ipam.claim(moving).await.unwrap();
    ipam.renumber(moving, v4("10.0.0.0-10.0.0.9"), v4("10.1.0.0-10.1.0.9")).await.unwrap();
    let lives = ipam.history("", one.value).await.unwrap();
    assert_eq!(lives.len(), 2, "{lives:?}");

    let refused = ipam.create_pool(pool("new", &["10.0.0.0/24"])).await;
    assert_eq!(refusal(refused), (ErrorKind::Conflict, Some("ranges".to_owned())));
    let other = ipam.create_pool(pool("other", &["10.0.1.0-10.0.1.9"])).await.unwrap().id;
    let refused = ipam.resize(other, vec![v4("10.0.0.0-10.0.1.9")]).await;
    assert_eq!(refusal(refused), (ErrorKind::Conflict, Some("ranges".to_owned())));
    let refused = ipam.renumber(other, v4("10.0.1.0-10.0.1.9"), v4("10.0.0.0-10.0.0.9")).await;
    assert_eq!(refusal(refused), (ErrorKind::Conflict, Some("new_range".to_owned())));
    ipam.create_pool(pool("beside it", &["10.0.0.1-10.0.0.9"])).await.unwrap();
    ipam.create_pool(pool("elsewhere", &["10.0.0.0/24"]).scope("lab")).await.unwrap();

    clock.advance(Duration::from_secs(60));
    let new = ipam.create_pool(pool("new", &["10.0.0.0"])).await.unwrap().id;
    assert_eq!(ipam.claim(new).await.unwrap().value, one.value);
    assert_sound(&ipam).await;
}

#[nexa_test_macros::every_database]
async fn a_pool_that_is_cut_in_pieces_gives_blocks_and_parts_larger_than_one() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let wide = ipam.create_pool(pool("wide", &["10.0.0.0/16"]).parallel()).await.unwrap().id;
    let block = ipam.claim_with(wide, Claim::new().block(18)).await.unwrap();
    assert_eq!(
        (block.value.to_string(), block.last_value.to_string()),
        ("10.0.64.0".to_owned(), "10.0.127.255".to_owned())
    );
    let part = ipam.create_pool(NewPool::child("part", PoolKind::Ipv4, wide, 18)).await.unwrap();
    assert_eq!(part.ranges, [v4("10.0.128.0/18")]);
    assert_eq!(kind(&ipam.claim_with(wide, Claim::new().block(17)).await), Some(ErrorKind::Exhausted));
    ipam.delete_pool(part.id).await.unwrap();
    ipam.release(block.id, block.generation).await.unwrap();
    assert_sound(&ipam).await;
    let again = ipam.claim_with(wide, Claim::new().block(18)).await.unwrap();
    assert_eq!(again.value, block.value);
}

#[nexa_test_macros::every_database]
async fn ranges_that_touch_are_cut_in_the_same_pieces_when_they_are_worked_out_anew() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let two = pool("two", &["10.0.0.0-10.0.0.127", "10.0.0.128-10.0.0.255"]).parallel();
    let two = ipam.create_pool(two).await.unwrap().id;
    assert!(!ipam.rebuild(two).await.unwrap().changed);
    for one in ipam.claim_many(two, 200).await.unwrap() {
        ipam.release(one.id, one.generation).await.unwrap();
    }
    assert!(!ipam.rebuild(two).await.unwrap().changed);
}

#[nexa_test_macros::every_database]
async fn a_reservation_stays_what_it_is_when_its_pool_changes() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let two = ipam.create_pool(pool("two", &["10.0.0.0-10.0.0.7", "10.0.0.8-10.0.0.31"])).await.unwrap().id;
    let across = ipam.reserve(two, v4("10.0.0.6-10.0.0.9"), "across").await.unwrap();
    clock.advance(Duration::from_secs(1));
    let edge = ipam.reserve(two, v4("10.0.0.24-10.0.0.31"), "edge").await.unwrap();
    let grown = vec![v4("10.0.0.0-10.0.0.7"), v4("10.0.0.8-10.0.0.63")];
    assert!(ipam.resize(two, grown).await.unwrap().reservations.is_empty());
    let all = ipam.list_reservations(two, PageRequest::default()).await.unwrap().items;
    assert_eq!(all, [across.clone(), edge.clone()]);

    // What lies partly outside is cut, and not dropped.
    let shrunk = vec![v4("10.0.0.0-10.0.0.7"), v4("10.0.0.8-10.0.0.27")];
    assert_eq!(ipam.preview_resize(two, shrunk.clone()).await.unwrap().reservations, []);
    ipam.resize(two, shrunk).await.unwrap();
    let all = ipam.list_reservations(two, PageRequest::default()).await.unwrap().items;
    assert_eq!(all.iter().map(|one| one.id).collect::<Vec<_>>(), [across.id, edge.id]);
    assert_eq!(all[1].range, v4("10.0.0.24-10.0.0.27"));
    let gone = ipam.resize(two, vec![v4("10.0.0.0-10.0.0.9")]).await.unwrap().reservations;
    assert_eq!(gone.iter().map(|one| one.id).collect::<Vec<_>>(), [edge.id]);
    ipam.renumber(two, v4("10.0.0.0-10.0.0.9"), v4("10.9.0.0-10.9.0.9")).await.unwrap();
    let all = ipam.list_reservations(two, PageRequest::default()).await.unwrap().items;
    assert_eq!((all[0].id, all[0].range), (across.id, v4("10.9.0.6-10.9.0.9")));
    assert_sound(&ipam).await;
}

#[nexa_test_macros::every_database]
async fn what_has_rested_enough_is_free_in_whatever_is_said_of_the_pool() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let few = pool("few", &["10.0.0.0-10.0.0.7"]).quarantine(Duration::from_secs(60));
    let few = ipam.create_pool(few).await.unwrap().id;
    let all = ipam.claim_many(few, 8).await.unwrap();
    for one in &all[4..] {
        ipam.release(one.id, one.generation).await.unwrap();
    }
    let usage = ipam.usage(few).await.unwrap();
    assert_eq!((usage.free, usage.quarantined), (0, 4));
    assert_eq!(ipam.next_free(few).await.unwrap(), None);
    let smaller = vec![v4("10.0.0.0-10.0.0.3")];
    assert_eq!(ipam.preview_resize(few, smaller.clone()).await.unwrap().outside_count, 4);
    clock.advance(Duration::from_secs(60));
    let usage = ipam.usage(few).await.unwrap();
    assert_eq!((usage.free, usage.quarantined, usage.earliest_free_at), (4, 0, None));
    assert_eq!(ipam.next_free(few).await.unwrap(), Some(all[4].value));
    assert_eq!(
        ipam.preview_renumber(few, v4("10.0.0.0-10.0.0.7"), v4("10.1.0.0-10.1.0.7"))
            .await
            .unwrap()
            .moves
            .len(),
        4
    );
    let preview = ipam.preview_resize(few, smaller.clone()).await.unwrap();
    assert_eq!(preview.outside_count, 0);
    assert_eq!(ipam.resize(few, smaller).await.unwrap(), preview);
}

#[nexa_test_macros::every_database]
async fn a_holder_retakes_whichever_of_what_it_had_it_asks_for() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let rests = pool("rests", &["10.0.0.0-10.0.0.63"]).quarantine(Duration::from_secs(60));
    let rests = ipam.create_pool(rests).await.unwrap().id;
    let web = || Claim::new().holder("web");
    let block = ipam.claim_with(rests, web().block(29)).await.unwrap();
    ipam.release(block.id, block.generation).await.unwrap();
    let mut singles = Vec::new();
    for at in ["10.0.0.40", "10.0.0.41"] {
        let one = ipam.claim_with(rests, web().specific(v4(at).first())).await.unwrap();
        ipam.release(one.id, one.generation).await.unwrap();
        singles.push(one);
    }
    let first = ipam.claim_with(rests, web().specific(singles[0].value)).await.unwrap();
    assert_eq!(first.value, singles[0].value);
    ipam.release(first.id, first.generation).await.unwrap();
    let again = ipam.claim_with(rests, web().block(29)).await.unwrap();
    assert_eq!((again.value, again.last_value), (block.value, block.last_value));
    assert_sound(&ipam).await;
}

#[nexa_test_macros::every_database]
async fn what_a_pool_has_is_listed_in_the_order_of_the_values() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let ports = NewPool::of("ports", PoolKind::TcpPort);
    let ports = ports.range(ValueRange::parse(PoolKind::TcpPort, "100-200").unwrap());
    let ports = ipam.create_pool(ports).await.unwrap().id;
    for port in ["150", "120", "199", "100", "130"] {
        let port = ValueRange::parse(PoolKind::TcpPort, port).unwrap().first();
        ipam.claim_with(ports, Claim::new().specific(port)).await.unwrap();
    }
    let mut page = PageRequest::default();
    page.limit = 2;
    let mut seen = Vec::new();
    loop {
        let found = ipam.list_allocations(ports, page.clone()).await.unwrap();
        // What ends meanwhile is no reason to lose the place.
        if let Some(last) = found.items.last().filter(|_| seen.is_empty()) {
            ipam.release(last.id, last.generation).await.unwrap();
        }
        seen.extend(found.items.iter().map(|one| one.value.to_string()));
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["100", "120", "130", "150", "199"]);
}

#[test]
fn what_nobody_is_given_is_refused() {
    assert_eq!(refusal(nexa_core::ipam::space::UnixId::new(0)).1, Some("unix_id".to_owned()));
    let mapped: std::net::IpAddr = "::ffff:10.0.0.1".parse().unwrap();
    assert_eq!(nexa_core::ipam::Value::from(mapped), v4("10.0.0.1").first());
}

#[nexa_test_macros::every_database]
async fn the_first_and_the_last_part_of_a_subnet_have_its_ends() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let whole = ipam.create_pool(pool("whole", &["10.0.0.0/22"])).await.unwrap().id;
    let mut parts = Vec::new();
    for number in 0..4 {
        let part = pool(&format!("part {number}"), &[&format!("10.0.{number}.0/24")]).parent(whole);
        parts.push(ipam.create_pool(part).await.unwrap().id);
        assert_sound(&ipam).await;
    }
    let usage = ipam.usage(whole).await.unwrap();
    assert_eq!((usage.delegated, usage.free, usage.reserved), (1_024, 0, 0));
    assert_eq!(ipam.claim(parts[0]).await.unwrap().value, v4("10.0.0.1").first());
    // What would hand an end out may not have it, not even afterwards.
    let refused = ipam.resize(parts[0], vec![v4("10.0.0.0-10.0.0.255")]).await;
    assert_eq!(refusal(refused), (ErrorKind::Conflict, Some("ranges".to_owned())));
    ipam.resize(parts[3], vec![v4("10.0.3.0/25")]).await.unwrap();
    assert_sound(&ipam).await;
    let reserved = ipam.list_reservations(whole, PageRequest::default()).await.unwrap().items;
    assert_eq!(reserved.iter().map(|one| one.range).collect::<Vec<_>>(), [v4("10.0.3.255")]);
    let last = pool("last", &["10.0.3.255"]).parent(whole);
    assert_eq!(refusal(ipam.create_pool(last).await), (ErrorKind::Conflict, Some("ranges".to_owned())));
    ipam.resize(parts[3], vec![v4("10.0.3.0/24")]).await.unwrap();
    // The whole may grow around them, and then the last end is in the middle.
    ipam.resize(whole, vec![v4("10.0.0.0/21")]).await.unwrap();
    assert_sound(&ipam).await;
    ipam.delete_pool(parts[3]).await.unwrap();
    ipam.resize(whole, vec![v4("10.0.0.0/22")]).await.unwrap();
    assert_sound(&ipam).await;
    let usage = ipam.usage(whole).await.unwrap();
    assert_eq!((usage.delegated, usage.free, usage.reserved), (768, 255, 1));
    assert!(!ipam.rebuild(whole).await.unwrap().changed);
}
