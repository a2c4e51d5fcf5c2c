//! Pools and addresses from and to other systems.

use std::net::IpAddr;
use std::time::Duration;

use nexa_core::gateway::NewGateway;
use nexa_core::ipam::{Claim, ImportFormat, ImportReport, Ipam, NewPool, PoolKind, Strategy, ValueRange};
use nexa_core::page::PageRequest;
use nexa_core::{ErrorKind, Nexa};

use crate::support::{World, empty, key, refusal};

fn v4(text: &str) -> ValueRange {
    ValueRange::parse(PoolKind::Ipv4, text).unwrap()
}

#[nexa_test_macros::every_database]
async fn what_is_imported_is_exported_and_comes_again_to_nothing() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let text = "record,type,value,name\npool,ipv4,10.0.0.0/16,site\npool,ipv4,10.0.1.0/24,lab\npool,tcp_port,20000-20009,ports\n\
                reservation,ipv4,10.0.1.1,router\naddress,ipv4,10.0.1.5,printer\naddress,tcp_port,20003,web\n";
    let checked = ipam.check_import("", ImportFormat::Csv, text).await.unwrap();
    assert_eq!(
        (checked.pools, checked.reservations, checked.addresses, checked.conflict_count),
        (3, 1, 2, 0)
    );
    assert!(
        ipam.list_pools(PageRequest::default()).await.unwrap().items.is_empty(),
        "a check changes nothing"
    );
    assert_eq!(ipam.import_pools("", ImportFormat::Csv, text).await.unwrap(), checked);
    assert_eq!(ipam.import_pools("", ImportFormat::Csv, text).await.unwrap().unchanged, 6);
    let exported = ipam.export_pools("", ImportFormat::Csv).await.unwrap();
    assert!(exported.contains("pool,ipv4,10.0.1.0/24,lab,lowest,0,no\n"), "{exported}");
    assert_eq!(ipam.check_import("", ImportFormat::Csv, &exported).await.unwrap().unchanged, 6);
    let netbox = ipam.export_pools("", ImportFormat::NetboxJson).await.unwrap();
    let again = ipam.check_import("", ImportFormat::NetboxJson, &netbox).await.unwrap();
    assert_eq!((again.unchanged, again.conflict_count), (4, 0), "{again:?}\n{netbox}");
    let leases =
        "4102444800 bc:24:11:00:00:05 10.0.1.5 printer *\n4102444800 bc:24:11:00:00:06 10.0.1.6 * *\n";
    let adopted = ipam.import_pools("", ImportFormat::DnsmasqLeases, leases).await.unwrap();
    assert_eq!((adopted.unchanged, adopted.addresses), (1, 1));
    let refused = ipam
        .import_pools("", ImportFormat::Csv, &format!("{text}address,ipv4,10.0.1.5,other\n"))
        .await
        .unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("text")));
    assert_eq!(refused.details()["line"], "8");
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn a_megabyte_of_noise_is_refused_line_by_line_and_within_bounds() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let mut state = 1_u64;
    let mut noise = String::new();
    while noise.len() < 1 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.push(char::from_u32(u32::try_from(state >> 48).unwrap()).unwrap_or('\n'));
    }
    for format in ImportFormat::ALL {
        for text in
            [&noise, &"[".repeat(1 << 20), &"\n".repeat(1 << 20), &format!("record,type,value,name\n{noise}")]
        {
            let report = ipam.check_import("", format, text).await.unwrap();
            assert!(report.conflicts.len() <= 1_000 && report.pools + report.addresses == 0);
            let is_blank = text.trim().is_empty() && format == ImportFormat::DnsmasqLeases;
            assert_eq!(report.conflict_count == 0, is_blank, "{format:?}");
        }
    }
    let long = " ".repeat((16 << 20) + 1);
    assert_eq!(ipam.check_import("", ImportFormat::Csv, &long).await.unwrap_err().field(), Some("text"));
}

/// What a scope is, without ids: pools with their settings and parents, what is reserved, and who has what.
async fn shown(ipam: &Ipam) -> Vec<String> {
    let mut shown = Vec::new();
    let pools = ipam.list_pools(PageRequest::default()).await.unwrap().items;
    for pool in &pools {
        let parent = pool.parent_id.map(|id| &pools.iter().find(|other| other.id == id).unwrap().name);
        let settings = (pool.strategy, pool.quarantine, pool.is_parallel);
        shown.push(format!("{} {} {:?} {settings:?} of {parent:?}", pool.name, pool.kind, pool.ranges));
        for one in ipam.list_reservations(pool.id, PageRequest::default()).await.unwrap().items {
            shown.push(format!("{} reserves {}: {}", pool.name, one.range, one.reason));
        }
        for one in ipam.list_allocations(pool.id, PageRequest::default()).await.unwrap().items {
            let holder = one.holder.or(one.device_id.map(|device| format!("device {device}")));
            shown.push(format!("{} has {}-{}: {holder:?}", pool.name, one.value, one.last_value));
        }
    }
    shown.sort();
    shown
}

/// One of everything that a text can say.
async fn everything(nexa: &Nexa) {
    let ipam = nexa.system("test").ipam();
    let two = NewPool::of("two", PoolKind::Ipv4).range(v4("10.0.0.0/24")).range(v4("10.2.0.0-10.2.0.200"));
    let two = two.strategy(Strategy::Sticky).quarantine(Duration::from_secs(90)).parallel();
    let two = ipam.create_pool(two).await.unwrap().id;
    let part = ipam.create_pool(NewPool::child("part", PoolKind::Ipv4, two, 27)).await.unwrap().id;
    let whole = NewPool::of("all of the part", PoolKind::Ipv4).range(v4("10.2.0.32-10.2.0.63")).parent(part);
    assert!(ipam.create_pool(whole).await.is_err(), "network and broadcast are not free");
    ipam.reserve(two, v4("10.0.0.9"), "router").await.unwrap();
    ipam.reserve(two, v4("10.2.0.100-10.2.0.110"), "kept").await.unwrap();
    ipam.claim_with(two, Claim::new().block(28).holder("web")).await.unwrap();
    ipam.claim_with(two, Claim::new().specific(v4("10.0.0.200").first()).holder("=1+1")).await.unwrap();
    ipam.claim(part).await.unwrap();
}

#[nexa_test_macros::every_database]
async fn what_is_exported_is_the_same_when_it_is_imported_elsewhere() {
    for format in [ImportFormat::Csv, ImportFormat::NetboxJson] {
        let (_place, nexa, _clock) = empty().await;
        everything(&nexa).await;
        let ipam = nexa.system("test").ipam();
        let text = ipam.export_pools("", format).await.unwrap();
        let (_other_place, other, _clock) = empty().await;
        let other = other.system("test").ipam();
        let report = other.import_pools("", format, &text).await.unwrap();
        assert_eq!(
            (report.pools, report.reservations, report.addresses, report.unchanged),
            (2, 2, 3, 0),
            "{text}"
        );
        assert_eq!(shown(&other).await, shown(&ipam).await, "{text}");
        for ipam in [&ipam, &other] {
            let again = ipam.import_pools("", format, &text).await.unwrap();
            assert_eq!(
                (again.unchanged, again.pools + again.reservations + again.addresses),
                (7, 0),
                "{text}"
            );
            assert_eq!(ipam.verify().await.unwrap(), vec![]);
        }
    }
}

#[nexa_test_macros::every_database]
async fn the_pool_of_a_gateway_is_exported_with_what_is_the_gateways() {
    let world = World::new().await;
    let new = NewGateway::new("hq", "vpn.example.org:51820".parse().unwrap(), key("hq").public_key())
        .vpn_cidr("10.66.4.0/24".parse().unwrap())
        .dns_server(IpAddr::from([10, 66, 4, 53]));
    world.system().gateways().create(new).await.unwrap();
    let laptop = world.enrol(world.ada, "laptop").await;
    let ipam = world.system().ipam();
    for format in [ImportFormat::Csv, ImportFormat::NetboxJson] {
        let text = ipam.export_pools("", format).await.unwrap();
        let again = ipam.check_import("", format, &text).await.unwrap();
        assert_eq!((again.unchanged, again.conflict_count), (4, 0), "{again:?}\n{text}");
        let (_place, other, _clock) = empty().await;
        let other = other.system("test").ipam();
        other.import_pools("", format, &text).await.unwrap();
        let pool = other.list_pools(PageRequest::default()).await.unwrap().items[0].id;
        let kept: Vec<_> = other
            .list_reservations(pool, PageRequest::default())
            .await
            .unwrap()
            .items
            .into_iter()
            .filter(|one| !one.is_builtin)
            .map(|one| format!("{} {}", one.range, one.reason))
            .collect();
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(kept.contains(&"10.66.4.53 a DNS server".to_owned()), "{kept:?}");
        let held = other.who_holds("", v4("10.66.4.2").first()).await.unwrap().unwrap();
        assert_eq!(held.holder, Some(format!("device {}", laptop.device.id)));
    }
}

#[nexa_test_macros::every_database]
async fn one_text_goes_into_as_many_scopes_as_there_are() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let text = "record,type,value,name\npool,ipv4,10.0.0.0/24,lab\naddress,ipv4,10.0.0.5,printer\n";
    for scope in ["", "hq", "branch"] {
        for (pools, unchanged) in [(1, 0), (0, 2)] {
            let report = ipam.import_pools(scope, ImportFormat::Csv, text).await.unwrap();
            assert_eq!((report.pools, report.unchanged), (pools, unchanged), "{scope}");
        }
    }
    let names: Vec<_> = ipam.list_pools(PageRequest::default()).await.unwrap().items;
    let mut names: Vec<_> = names.into_iter().map(|pool| (pool.scope, pool.name)).collect();
    names.sort();
    let of = |scope: &str, name: &str| (scope.to_owned(), name.to_owned());
    assert_eq!(names, [of("", "lab"), of("branch", "lab (branch)"), of("hq", "lab (hq)")]);
    let none = || Some("scope".to_owned());
    assert_eq!(refusal(ipam.check_import("a b", ImportFormat::Csv, text).await).1, none());
    assert_eq!(refusal(ipam.import_pools("a b", ImportFormat::Csv, text).await).1, none());
    assert_eq!(refusal(ipam.export_pools("a b", ImportFormat::Csv).await).1, none());
}

#[nexa_test_macros::every_database]
async fn what_has_rested_enough_is_no_conflict_of_an_import() {
    let (_place, nexa, clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = NewPool::new("lab", "10.0.0.0/24".parse().unwrap()).quarantine(Duration::from_secs(60));
    let pool = ipam.create_pool(pool).await.unwrap().id;
    let one = ipam.claim(pool).await.unwrap();
    ipam.release(one.id, one.generation).await.unwrap();
    let text = format!("record,type,value,name\naddress,ipv4,{},printer\n", one.value);
    let conflicts = |report: ImportReport| report.conflict_count;
    assert_eq!(conflicts(ipam.check_import("", ImportFormat::Csv, &text).await.unwrap()), 1);
    clock.advance(Duration::from_secs(60));
    assert_eq!(conflicts(ipam.check_import("", ImportFormat::Csv, &text).await.unwrap()), 0);
    ipam.import_pools("", ImportFormat::Csv, &text).await.unwrap();
    assert_eq!(ipam.who_holds("", one.value).await.unwrap().unwrap().holder.as_deref(), Some("printer"));
}

#[nexa_test_macros::every_database]
async fn leases_that_are_over_are_not_adopted() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    ipam.create_pool(NewPool::new("lab", "10.0.0.0/24".parse().unwrap())).await.unwrap();
    let leases = "1000 bc:24:11:00:00:05 10.0.0.5 gone *\n0 bc:24:11:00:00:06 10.0.0.6 laptop *\n\
                  0 bc:24:11:00:00:07 10.0.0.7 laptop *\n";
    let report = ipam.import_pools("", ImportFormat::DnsmasqLeases, leases).await.unwrap();
    assert_eq!((report.addresses, report.skipped), (2, 1));
    let held = ipam.who_holds("", v4("10.0.0.7").first()).await.unwrap().unwrap();
    assert_eq!(held.holder.as_deref(), Some("laptop bc:24:11:00:00:07"));
}

#[nexa_test_macros::every_database]
async fn a_block_at_a_place_is_that_block_or_a_refusal() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let pool = ipam.create_pool(NewPool::new("lab", "10.0.0.0/24".parse().unwrap())).await.unwrap().id;
    let at = |text: &str| Claim::new().specific(v4(text).first()).block(28).holder("web");
    let block = ipam.claim_with(pool, at("10.0.0.64")).await.unwrap();
    assert_eq!(
        (block.value.to_string(), block.last_value.to_string()),
        ("10.0.0.64".to_owned(), "10.0.0.79".to_owned())
    );
    assert_eq!(ipam.claim_with(pool, at("10.0.0.64")).await.unwrap(), block);
    for (wanted, kind) in [("10.0.0.65", ErrorKind::InvalidInput), ("10.0.0.240", ErrorKind::Conflict)] {
        let refused = ipam.claim_with(pool, Claim::new().specific(v4(wanted).first()).block(28)).await;
        assert_eq!(refusal(refused), (kind, Some("specific".to_owned())), "{wanted}");
    }
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn prefixes_of_netbox_are_parts_of_each_other_from_their_first_address_on() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    let text = r#"{"prefixes": [{"prefix": "10.0.0.0/24"}, {"prefix": "10.0.0.0/16"}, {"prefix": "10.0.0.0/25"},
        {"prefix": "10.0.255.0/24"}], "ip_addresses": [{"address": "10.0.0.1/25"}]}"#;
    let report = ipam.import_pools("", ImportFormat::NetboxJson, text).await.unwrap();
    assert_eq!((report.pools, report.addresses), (4, 1));
    assert_eq!(ipam.import_pools("", ImportFormat::NetboxJson, text).await.unwrap().unchanged, 5);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}
