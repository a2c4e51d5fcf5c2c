//! Pools: their kinds, parts and ranges, and what changes of them.

use nexa_core::ErrorKind;
use nexa_core::ipam::{Claim, NewPool, PoolChange, PoolKind, Strategy, Value, ValueRange};
use nexa_core::page::PageRequest;

use crate::support::{Database, empty};

fn range(kind: PoolKind, text: &str) -> ValueRange {
    ValueRange::parse(kind, text).unwrap()
}

fn v4(text: &str) -> ValueRange {
    range(PoolKind::Ipv4, text)
}

#[nexa_test_macros::every_database]
async fn every_kind_is_handed_out_in_its_own_spelling_and_from_its_own_range() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    for (pool, first, free) in [
        (NewPool::tcp_ports("tcp"), "20000", 12_768),
        (NewPool::udp_ports("udp"), "20000", 12_768),
        (NewPool::pve_macs("guests"), "BC:24:11:00:00:00", 1 << 24),
        (NewPool::local_macs("local"), "02:00:00:00:00:00", 1 << 40),
        (
            NewPool::of("pve1", PoolKind::Ctid).scope("pve1").range(range(PoolKind::Ctid, "100-199")),
            "100",
            100,
        ),
        (
            NewPool::of("pve2", PoolKind::Ctid).scope("pve2").range(range(PoolKind::Ctid, "100-199")),
            "100",
            100,
        ),
        (
            NewPool::of("ids", PoolKind::UnixId).range(range(PoolKind::UnixId, "100000-165535")),
            "100000",
            65_536,
        ),
        (NewPool::of("dhcp", PoolKind::Ipv4).range(v4("10.0.0.10,10.0.0.19")), "10.0.0.10", 10),
        (NewPool::new("all of it", "::/0".parse().unwrap()), "::1", u128::MAX),
    ] {
        let pool = ipam.create_pool(pool).await.unwrap();
        assert_eq!(ipam.usage(pool.id).await.unwrap().free, free, "{pool:?}");
        assert_eq!(ipam.next_free(pool.id).await.unwrap().unwrap().to_string(), first);
        let claimed = ipam.claim(pool.id).await.unwrap();
        assert_eq!((claimed.value.to_string().as_str(), claimed.value.kind()), (first, pool.kind));
        assert_eq!(ipam.who_holds(&pool.scope, claimed.value).await.unwrap().unwrap().id, claimed.id);
    }
    let block = ipam.list_pools(PageRequest::default()).await.unwrap();
    let ids = block.items.iter().find(|pool| pool.name == "ids").unwrap().id;
    let block = ipam.claim_with(ids, Claim::new().holder("ct 101").block(20)).await.unwrap();
    assert_eq!((block.value.number() % 4096, block.last_value.number() - block.value.number()), (0, 4095));
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn what_makes_no_pool_is_refused_by_the_name_of_its_field() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let of = |kind, text: &str| NewPool::of("p", kind).range(range(kind, text));
    let parent = ipam.create_pool(NewPool::new("parent", "10.0.0.0/24".parse().unwrap())).await.unwrap().id;
    for (new, field) in [
        (NewPool::of("p", PoolKind::Ipv4), "ranges"),
        (of(PoolKind::Ipv4, "10.1.0.0/24").range(v4("10.1.0.9-10.1.1.9")), "ranges"),
        (of(PoolKind::Ipv4, "10.1.0.0/24").range(range(PoolKind::Ipv6, "fd00::/64")), "ranges"),
        (of(PoolKind::Mac, "00:11:22:00:00:00-00:11:22:00:00:ff"), "ranges"),
        (of(PoolKind::Mac, "02:00:00:00:00:00-03:00:00:00:00:ff"), "ranges"),
        (of(PoolKind::Ipv4, "10.1.0.0/24").scope("no spaces"), "scope"),
        (of(PoolKind::Ipv4, "10.1.0.0/24").reserve_range(v4("10.2.0.1"), "x"), "reserve"),
        (of(PoolKind::Ipv4, "10.1.0.0/24").reserve_range(v4("10.1.0.1"), ""), "reason"),
        (
            of(PoolKind::Ipv4, "10.1.0.0/24")
                .reserve_range(v4("10.1.0.9"), "x")
                .reserve_range(v4("10.1.0.9"), "y"),
            "reserve",
        ),
        (
            of(PoolKind::Ipv4, "10.1.0.0/24")
                .reserve_range(v4("10.1.0.9"), "x")
                .reserve_range(v4("10.1.0.5-10.1.0.20"), "y"),
            "reserve",
        ),
        (of(PoolKind::Ipv4, "10.1.0.0/24").quarantine(std::time::Duration::MAX), "quarantine"),
        (NewPool::child("p", PoolKind::Ipv6, parent, 64), "parent"),
        (NewPool::child("p", PoolKind::Ipv4, parent, 33), "prefix_len"),
        (NewPool::child("p", PoolKind::Ipv4, parent, 28).range(v4("10.0.0.0/28")), "ranges"),
    ] {
        let shown = format!("{new:?}");
        let refused = ipam.create_pool(new).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::InvalidInput, Some(field)), "{shown}");
    }
    for (claim, kind, field) in [
        (Claim::new().holder(""), ErrorKind::InvalidInput, "holder"),
        (Claim::new().holder("x".repeat(129)), ErrorKind::InvalidInput, "holder"),
        (Claim::new().block(33), ErrorKind::InvalidInput, "block"),
        (Claim::new().block(23), ErrorKind::Exhausted, "pool_id"),
        (
            Claim::new().specific(Value::parse(PoolKind::Ipv4, "10.9.0.1").unwrap()),
            ErrorKind::InvalidInput,
            "specific",
        ),
        (
            Claim::new().specific(Value::parse(PoolKind::Ipv6, "fd00::1").unwrap()),
            ErrorKind::InvalidInput,
            "specific",
        ),
        (
            Claim::new().specific(Value::parse(PoolKind::Ipv4, "10.0.0.255").unwrap()),
            ErrorKind::Conflict,
            "specific",
        ),
        (
            Claim::new().block(30).specific(Value::parse(PoolKind::Ipv4, "10.0.0.5").unwrap()),
            ErrorKind::InvalidInput,
            "specific",
        ),
    ] {
        let shown = format!("{claim:?}");
        let refused = ipam.claim_with(parent, claim).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (kind, Some(field)), "{shown}");
    }
    assert_eq!(ipam.usage(parent).await.unwrap().allocated, 0);
}

#[nexa_test_macros::every_database]
async fn one_claim_too_many_takes_none() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = ipam.create_pool(NewPool::new("few", "10.0.0.0/29".parse().unwrap())).await.unwrap().id;
    let refused = ipam.claim_many(pool, 7).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Exhausted, Some("pool_id")));
    assert!(refused.to_string().contains("fewer than 7 are free: 0 of 6 are allocated"), "{refused}");
    assert_eq!(ipam.claim_many(pool, 6).await.unwrap().len(), 6);
    for count in [0, 100_001] {
        assert_eq!(ipam.claim_many(pool, count).await.unwrap_err().field(), Some("count"));
    }
}

#[nexa_test_macros::every_database]
async fn parts_of_parts_are_cut_out_and_given_back() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let site = ipam.create_pool(NewPool::new("site", "10.0.0.0/16".parse().unwrap())).await.unwrap();
    let floor = ipam.create_pool(NewPool::child("floor", PoolKind::Ipv4, site.id, 20)).await.unwrap();
    let room = ipam.create_pool(NewPool::child("room", PoolKind::Ipv4, floor.id, 24)).await.unwrap();
    assert_eq!(
        floor.ranges,
        [v4("10.0.16.0/20")],
        "the lowest whole one: the first has a network address in it"
    );
    assert_eq!((room.ranges, room.parent_id), (vec![v4("10.0.17.0/24")], Some(floor.id)));
    let refused = ipam.create_pool(NewPool::new("other", "10.0.17.0/25".parse().unwrap())).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("ranges")));
    let twice = NewPool::of("twice", PoolKind::Ipv4).parent(site.id).range(v4("10.0.17.128/25"));
    assert_eq!(ipam.create_pool(twice).await.unwrap_err().field(), Some("ranges"));
    let within = NewPool::of("desk", PoolKind::Ipv4).parent(room.id).range(v4("10.0.17.128/28"));
    let desk = ipam.create_pool(within).await.unwrap();
    let usage = ipam.usage(room.id).await.unwrap();
    assert_eq!((usage.delegated, usage.free, usage.assignable), (16, 238, 254));

    for (pool, in_use) in [(site.id, true), (floor.id, true), (room.id, true), (desk.id, false)] {
        assert_eq!(ipam.delete_pool(pool).await.is_err(), in_use);
    }
    let held = ipam.claim(room.id).await.unwrap();
    let refused = ipam.delete_pool(room.id).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("pool_id")));
    ipam.release(held.id, held.generation).await.unwrap();
    ipam.delete_pool(room.id).await.unwrap();
    ipam.delete_pool(floor.id).await.unwrap();
    assert_eq!(ipam.usage(site.id).await.unwrap().free, 65_534);
    assert_eq!(ipam.get_pool(floor.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn a_pool_grows_and_shrinks_where_nothing_is_in_the_way() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = ipam.create_pool(NewPool::new("lab", "10.0.0.0/25".parse().unwrap())).await.unwrap().id;
    ipam.create_pool(NewPool::new("next", "10.0.1.0/24".parse().unwrap())).await.unwrap();
    let preview = ipam.preview_resize(pool, vec![v4("10.0.0.0/24")]).await.unwrap();
    assert_eq!((preview.gained, preview.lost, preview.outside_count), (128, 0, 0));
    assert_eq!(ipam.usage(pool).await.unwrap().assignable, 126, "a preview changes nothing");
    assert_eq!(ipam.resize(pool, vec![v4("10.0.0.0/24")]).await.unwrap(), preview);
    let last = ipam
        .claim_with(pool, Claim::new().specific(Value::from(std::net::IpAddr::from([10, 0, 0, 127]))))
        .await
        .unwrap();
    let back = ipam.resize(pool, vec![v4("10.0.0.0/25")]).await.unwrap_err();
    assert_eq!(
        (back.kind(), back.field()),
        (ErrorKind::Conflict, Some("ranges")),
        "it would be the broadcast address"
    );
    assert_eq!(ipam.preview_resize(pool, vec![v4("10.0.0.0/25")]).await.unwrap().outside, [last]);
    let overlapping = ipam.resize(pool, vec![v4("10.0.0.0/23")]).await.unwrap_err();
    assert_eq!((overlapping.kind(), overlapping.field()), (ErrorKind::Conflict, Some("ranges")));
    for ranges in [vec![], vec![v4("10.0.0.0/24"), v4("10.0.0.9")], vec![range(PoolKind::Ipv6, "fd00::/64")]]
    {
        assert_eq!(ipam.resize(pool, ranges).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    ipam.resize(pool, vec![v4("10.0.0.0/24"), v4("10.0.9.5-10.0.9.9")]).await.unwrap();
    let usage = ipam.usage(pool).await.unwrap();
    assert_eq!((usage.assignable, usage.free, usage.allocated), (259, 258, 1));
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn renumbering_moves_everybody_to_the_same_place() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = NewPool::new("lab", "10.0.0.0/24".parse().unwrap()).reserve("10.0.0.1".parse().unwrap());
    let pool = ipam.create_pool(pool).await.unwrap().id;
    let printer = ipam.claim_with(pool, Claim::new().holder("printer")).await.unwrap();
    let block = ipam.claim_with(pool, Claim::new().block(28)).await.unwrap();
    let (old, new) = (v4("10.0.0.0/24"), v4("10.7.0.0/23"));
    let preview = ipam.preview_renumber(pool, old, new).await.unwrap();
    let moves: Vec<_> =
        preview.moves.iter().map(|one| format!("{} {}", one.allocation.value, one.new_value)).collect();
    assert_eq!(moves, ["10.0.0.2 10.7.0.2", "10.0.0.16 10.7.0.16"]);
    assert_eq!(ipam.renumber(pool, old, new).await.unwrap(), preview);
    let moved =
        ipam.who_holds("", Value::from(std::net::IpAddr::from([10, 7, 0, 2]))).await.unwrap().unwrap();
    assert_eq!(moved.holder.as_deref(), Some("printer"));
    assert_eq!(ipam.claim_with(pool, Claim::new().holder("printer")).await.unwrap(), moved);
    assert_eq!(ipam.who_holds("", block.value).await.unwrap(), None);
    assert_eq!(ipam.history("", printer.value).await.unwrap().len(), 1);
    let reserved = ipam.list_reservations(pool, PageRequest::default()).await.unwrap().items;
    assert_eq!(
        reserved.iter().filter(|one| !one.is_builtin).map(|one| one.range).collect::<Vec<_>>(),
        [v4("10.7.0.1")]
    );
    for (old, new, field) in [
        (v4("10.0.0.0/24"), v4("10.8.0.0/24"), "old_range"),
        (v4("10.7.0.0/23"), v4("10.8.0.0/24"), "new_range"),
        (v4("10.7.0.0/23"), range(PoolKind::Ipv6, "fd00::/64"), "new_range"),
    ] {
        assert_eq!(ipam.renumber(pool, old, new).await.unwrap_err().field(), Some(field));
    }
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn a_reservation_takes_what_is_free_and_gives_it_back() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = ipam.create_pool(NewPool::new("lab", "10.0.0.0/24".parse().unwrap())).await.unwrap().id;
    let kept = ipam.reserve(pool, v4("10.0.0.1-10.0.0.9"), "routers").await.unwrap();
    assert_eq!(ipam.claim(pool).await.unwrap().value.to_string(), "10.0.0.10");
    for taken in ["10.0.0.9", "10.0.0.9-10.0.0.20", "10.0.0.10", "10.0.0.0", "10.0.0.200-10.0.0.255"] {
        let refused = ipam.reserve(pool, v4(taken), "again").await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("range")), "{taken}");
    }
    for outside in ["10.0.1.0", "10.0.0.250-10.0.1.5"] {
        let refused = ipam.reserve(pool, v4(outside), "x").await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::InvalidInput, Some("range")), "{outside}");
    }
    ipam.unreserve(kept.id).await.unwrap();
    assert_eq!(ipam.claim(pool).await.unwrap().value.to_string(), "10.0.0.1");
    let builtin = ipam.list_reservations(pool, PageRequest::default()).await.unwrap().items[0].clone();
    assert_eq!(
        (builtin.is_builtin, ipam.unreserve(builtin.id).await.unwrap_err().kind()),
        (true, ErrorKind::Conflict)
    );
}

#[nexa_test_macros::every_database]
async fn claims_beside_each_other_get_different_addresses_until_none_is_left() {
    let (_place, nexa, _clock) = empty().await;
    let system = nexa.system("test");
    let ipam = system.ipam();
    let pool = NewPool::new("busy", "10.0.0.0/25".parse().unwrap()).parallel();
    let pool = ipam.create_pool(pool).await.unwrap().id;
    let claims: Vec<_> = (0..140)
        .map(|_| {
            let ipam = system.ipam();
            tokio::spawn(async move { ipam.claim(pool).await })
        })
        .collect();
    let mut claimed = std::collections::BTreeMap::new();
    for claim in claims {
        match claim.await.unwrap() {
            Ok(one) => assert_eq!(claimed.insert(one.value, one.clone()), None, "{one:?} came twice"),
            Err(refused) => assert_eq!(refused.kind(), ErrorKind::Exhausted, "{refused:?}"),
        }
    }
    assert_eq!(claimed.len(), 126);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
    for one in claimed.values() {
        ipam.release(one.id, one.generation).await.unwrap();
    }
    assert_eq!((ipam.usage(pool).await.unwrap().free, ipam.verify().await.unwrap()), (126, vec![]));
    ipam.change_pool(pool, PoolChange::new().parallel(false).strategy(Strategy::Next)).await.unwrap();
    assert!(!ipam.rebuild(pool).await.unwrap().changed);
    assert_eq!(ipam.claim_many(pool, 126).await.unwrap().len(), 126);
}

#[nexa_test_macros::every_database]
async fn what_is_lost_is_found_again() {
    let (place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = ipam.create_pool(NewPool::new("lab", "10.0.0.0/24".parse().unwrap())).await.unwrap().id;
    ipam.claim_many(pool, 10).await.unwrap();
    Database::open(&place).await.tamper("DELETE FROM pool_free_ranges").await;
    let findings = ipam.verify().await.unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].kind.as_str(), findings[0].range), ("lost", v4("10.0.0.11-10.0.0.254")));
    let rebuilt = ipam.rebuild(pool).await.unwrap();
    assert_eq!((rebuilt.changed, rebuilt.found, rebuilt.withdrawn), (true, 244, 0));
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
    assert_eq!(ipam.claim(pool).await.unwrap().value.to_string(), "10.0.0.11");
}
