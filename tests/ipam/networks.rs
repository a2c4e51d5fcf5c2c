//! The pools of gateways: their ranges are the gateway's prefixes, and their addresses are in its devices' profiles.

use std::net::IpAddr;

use nexa_core::gateway::NewGateway;
use nexa_core::ipam::{PoolKind, ValueRange};
use nexa_core::page::PageRequest;
use nexa_core::{ErrorKind, Nexa};

use crate::support::{World, key};

fn range(kind: PoolKind, text: &str) -> ValueRange {
    ValueRange::parse(kind, text).unwrap()
}

fn v4(text: &str) -> ValueRange {
    range(PoolKind::Ipv4, text)
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// A gateway of both families with a DNS server inside and one outside.
async fn gateway(nexa: &Nexa) -> nexa_core::gateway::Gateway {
    let new = NewGateway::new("hq", "vpn.example.org:51820".parse().unwrap(), key("hq").public_key())
        .vpn_cidr("10.66.4.0/24".parse().unwrap())
        .vpn_cidr("fd66::/64".parse().unwrap())
        .dns_server(IpAddr::from([10, 66, 4, 53]))
        .dns_server(IpAddr::from([10, 66, 5, 53]));
    nexa.system("test").gateways().create(new).await.unwrap()
}

#[nexa_test_macros::every_database]
async fn a_gateway_that_is_renumbered_takes_its_devices_along() {
    let world = World::new().await;
    let system = world.system();
    let (ipam, hq) = (system.ipam(), gateway(&world.nexa).await);
    let laptop = world.enrol(world.ada, "laptop").await;
    let pools = ipam.list_pools(PageRequest::default()).await.unwrap().items;
    let [four, six] =
        [PoolKind::Ipv4, PoolKind::Ipv6].map(|kind| pools.iter().find(|pool| pool.kind == kind).unwrap().id);

    let (old, new) = (v4("10.66.4.0/24"), v4("10.77.0.0/23"));
    let preview = ipam.preview_renumber(four, old, new).await.unwrap();
    assert_eq!(texts(&preview.moves.iter().map(|one| one.new_value).collect::<Vec<_>>()), ["10.77.0.2"]);
    assert_eq!(system.gateways().get(hq.id).await.unwrap().vpn_cidrs, hq.vpn_cidrs);
    assert_eq!(ipam.renumber(four, old, new).await.unwrap(), preview);

    let moved = system.gateways().get(hq.id).await.unwrap();
    assert_eq!(texts(&moved.vpn_cidrs), ["10.77.0.0/23", "fd66::/64"]);
    assert_eq!(texts(&moved.addresses), ["10.77.0.1", "fd66::1"]);
    assert_eq!(texts(&moved.dns_servers), ["10.77.0.53", "10.66.5.53"]);
    assert_eq!(ipam.get_pool(four).await.unwrap().name, "hq 10.77.0.0/23");
    let state = system.gateways().desired_state(hq.id).await.unwrap();
    assert_eq!(state.gateway.revision, moved.revision);
    assert_eq!(texts(&state.peers[0].allowed_ips), ["10.77.0.2/32", "fd66::2/128"]);
    let profile = system.enrolment().profile(laptop.device.id).await.unwrap();
    assert!(profile.revision > laptop.profile.revision);
    assert_eq!(texts(&profile.addresses), ["10.77.0.2", "fd66::2"]);
    assert!(profile.peer.allowed_ips.contains(&"10.77.0.1/32".parse().unwrap()), "{profile:?}");

    let six_moved =
        ipam.renumber(six, range(PoolKind::Ipv6, "fd66::/64"), range(PoolKind::Ipv6, "fd77::/48")).await;
    assert_eq!(six_moved.unwrap().moves.len(), 1);
    let profile = system.enrolment().profile(laptop.device.id).await.unwrap();
    assert_eq!(texts(&profile.addresses), ["10.77.0.2", "fd77::2"]);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
    // The next device is beside the first, and past the DNS server.
    assert_eq!(texts(&world.enrol(world.ada, "phone").await.profile.addresses), ["10.77.0.3", "fd77::3"]);
}

#[nexa_test_macros::every_database]
async fn a_gateway_grows_and_shrinks_with_its_pool() {
    let world = World::new().await;
    let system = world.system();
    let (ipam, hq) = (system.ipam(), gateway(&world.nexa).await);
    let laptop = world.enrol(world.ada, "laptop").await;
    let pools = ipam.list_pools(PageRequest::default()).await.unwrap().items;
    let four = pools.iter().find(|pool| pool.kind == PoolKind::Ipv4).unwrap().id;

    ipam.resize(four, vec![v4("10.66.4.0/23")]).await.unwrap();
    let grown = system.gateways().get(hq.id).await.unwrap();
    assert_eq!(texts(&grown.vpn_cidrs), ["10.66.4.0/23", "fd66::/64"]);
    assert_eq!(texts(&grown.addresses), ["10.66.4.1", "fd66::1"]);
    assert!(grown.revision > hq.revision);
    let kept: Vec<_> = ipam.list_reservations(four, PageRequest::default()).await.unwrap().items;
    let kept: Vec<_> = kept.iter().map(|one| (one.range.to_string(), one.is_builtin)).collect();
    for (address, is_there) in
        [("10.66.4.1", true), ("10.66.4.53", true), ("10.66.5.53", true), ("10.66.4.255", false)]
    {
        assert_eq!(kept.contains(&(address.to_owned(), true)), is_there, "{address} of {kept:?}");
    }
    // The profile is what it was: nothing in it has changed.
    let profile = system.enrolment().profile(laptop.device.id).await.unwrap();
    assert_eq!(profile.addresses, laptop.profile.addresses);

    ipam.resize(four, vec![v4("10.66.4.0/29")]).await.unwrap();
    assert_eq!(texts(&system.gateways().get(hq.id).await.unwrap().vpn_cidrs), ["10.66.4.0/29", "fd66::/64"]);
    assert_eq!(ipam.usage(four).await.unwrap().free, 4);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}

#[nexa_test_macros::every_database]
async fn what_a_gateway_cannot_be_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let system = world.system();
    let (ipam, hq) = (system.ipam(), gateway(&world.nexa).await);
    world.enrol(world.ada, "laptop").await;
    let hq = system.gateways().get(hq.id).await.unwrap();
    let pools = ipam.list_pools(PageRequest::default()).await.unwrap().items;
    let four = pools.iter().find(|pool| pool.kind == PoolKind::Ipv4).unwrap();
    for ranges in [
        vec![v4("10.66.4.128/25")],
        vec![v4("10.66.4.1/32")],
        vec![v4("10.66.4.0-10.66.4.99")],
        vec![v4("10.66.4.0/25"), v4("10.66.4.128/25")],
        vec![range(PoolKind::Ipv6, "fd00::/64")],
    ] {
        for refused in
            [ipam.preview_resize(four.id, ranges.clone()).await, ipam.resize(four.id, ranges.clone()).await]
        {
            let refused = refused.unwrap_err();
            assert_eq!(
                (refused.kind(), refused.field()),
                (ErrorKind::InvalidInput, Some("ranges")),
                "{ranges:?}"
            );
        }
    }
    let crowded = ipam.resize(four.id, vec![v4("10.66.4.0/31")]).await.unwrap_err();
    assert_eq!((crowded.kind(), crowded.field()), (ErrorKind::Conflict, Some("ranges")));
    for new in ["10.77.0.0-10.77.0.255", "10.77.0.0/25"] {
        let refused = ipam.renumber(four.id, v4("10.66.4.0/24"), v4(new)).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::InvalidInput, Some("new_range")), "{new}");
    }
    // What is the gateway's own is not given to a device by freeing it.
    let kept = ipam.list_reservations(four.id, PageRequest::default()).await.unwrap().items;
    for one in kept.iter().filter(|one| ["10.66.4.1", "10.66.4.53"].contains(&one.range.to_string().as_str()))
    {
        let refused = ipam.unreserve(one.id).await.unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("reservation_id")));
    }
    assert_eq!(kept.len(), 4);
    assert_eq!(system.gateways().get(hq.id).await.unwrap(), hq);
    assert_eq!(ipam.get_pool(four.id).await.unwrap(), *four);
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
}
