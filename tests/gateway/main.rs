//! What a gateway must enforce, and that a tunnel does.

#[path = "../support/mod.rs"]
mod support;

mod applied;

use std::time::Duration;

use nexa_core::ErrorKind;
use nexa_core::gateway::{DesiredPeer, DesiredState, NewGateway};
use nexa_core::net::Cidr;
use nexa_core::policy::{NewPolicy, Protocol};
use nexa_core::runtime::Clock as _;

use support::{World, key, kind};

#[nexa_test_macros::every_database]
async fn the_state_drops_the_peers_of_suspended_people_and_of_revoked_devices() {
    let world = World::new().await;
    let gateway = world.gateway().await.id;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    let [phone, laptop] = [world.enrol(ben, "phone").await.device, world.enrol(ben, "laptop").await.device];
    let tablet = world.enrol(cat, "tablet").await.device;
    let system = world.system();
    let peers = || async {
        let state = system.gateways().desired_state(gateway).await.unwrap();
        let mut devices: Vec<_> = state.peers.iter().map(|peer| peer.device_id).collect();
        devices.sort();
        devices
    };
    assert_eq!(peers().await, [phone.id, laptop.id, tablet.id]);
    system.devices().revoke(phone.id).await.unwrap();
    assert_eq!(peers().await, [laptop.id, tablet.id]);
    system.identity().suspend_user(ben).await.unwrap();
    assert_eq!(peers().await, [tablet.id]);
    system.identity().activate_user(ben).await.unwrap();
    assert_eq!(peers().await, [laptop.id, tablet.id]);
}

#[nexa_test_macros::every_database]
async fn peers_come_in_the_order_of_their_keys() {
    let world = World::new().await;
    let gateway = world.gateway().await.id;
    let ben = world.member("ben").await;
    for label in ["one", "two", "three", "four", "five", "six"] {
        world.enrol(ben, label).await;
    }
    let state = world.system().gateways().desired_state(gateway).await.unwrap();
    assert_eq!(state.peers.len(), 6);
    assert!(state.peers.is_sorted_by_key(|peer| peer.public_key));
}

#[nexa_test_macros::every_database]
async fn a_peer_may_send_from_its_addresses_and_reach_what_policy_allows_and_the_gateway() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let ben = world.member("ben").await;
    let device = world.enrol(ben, "phone").await;
    let allow = NewPolicy::allow("office").target(ben).destination("10.20.0.0/16".parse::<Cidr>().unwrap());
    let deny = NewPolicy::deny("vault").priority(1).target(ben);
    let deny = deny.destination("10.20.9.0/24".parse::<Cidr>().unwrap());
    world.system().policy().create(allow).await.unwrap();
    world.system().policy().create(deny).await.unwrap();
    let state = world.system().gateways().desired_state(gateway.id).await.unwrap();
    let [peer] = state.peers.as_slice() else { panic!("{:?}", state.peers) };
    let hosts: Vec<_> = device.profile.addresses.iter().copied().map(Cidr::host).collect();
    assert_eq!((peer.public_key, &peer.allowed_ips), (key("phone").public_key(), &hosts));
    let own = device.profile.addresses[0];
    let admits = |to: &str| peer.enforcement.admits(own, to.parse().unwrap(), Protocol::TCP, 443);
    let reached = ["10.20.1.1", "10.20.9.1", "10.66.0.1", "8.8.8.8"].map(admits);
    assert_eq!(reached, [true, false, true, false]);
    assert!(!peer.enforcement.admits(
        "10.66.9.9".parse().unwrap(),
        "10.20.1.1".parse().unwrap(),
        Protocol::TCP,
        443
    ));
}

#[nexa_test_macros::every_database]
async fn the_state_is_believed_for_an_hour_and_says_when_the_next_edge_of_a_window_comes() {
    let world = World::new().await;
    let gateway = world.gateway().await.id;
    let (ben, cat) = (world.member("ben").await, world.member("cat").await);
    world.enrol(ben, "phone").await;
    world.enrol(cat, "laptop").await;
    let system = world.system();
    let begun = world.clock.now();
    let after = |seconds| begun.saturating_add(Duration::from_secs(seconds));
    let office = "10.20.0.0/16".parse::<Cidr>().unwrap();
    let of_peers = |state: &DesiredState| {
        let edge_of = |label| {
            let is_meant = |peer: &&DesiredPeer| peer.public_key == key(label).public_key();
            state.peers.iter().find(is_meant).unwrap().enforcement.valid_until
        };
        [edge_of("phone"), edge_of("laptop")]
    };
    let ends = || async {
        let state = system.gateways().desired_state(gateway).await.unwrap();
        (state.valid_until, state.next_change, of_peers(&state))
    };
    assert_eq!(ends().await, (after(3600), None, [None; 2]));
    let visit = NewPolicy::allow("visit").target(ben).valid_from(after(60)).valid_until(after(120));
    let stay = NewPolicy::allow("stay").target(cat).valid_until(after(90));
    for policy in [visit, stay] {
        system.policy().create(policy.destination(office)).await.unwrap();
    }
    assert_eq!(ends().await, (after(3600), Some(after(60)), [Some(after(60)), Some(after(90))]));
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(ends().await, (after(3660), Some(after(90)), [Some(after(120)), Some(after(90))]));
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(ends().await, (after(3690), Some(after(120)), [Some(after(120)), None]));
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(ends().await, (after(3720), None, [None; 2]));
}

#[nexa_test_macros::every_database]
async fn the_revision_moves_with_the_set_of_peers_and_with_nothing_else() {
    let world = World::new().await;
    let gateway = world.gateway().await.id;
    let system = world.system();
    let revision = || async { system.gateways().get(gateway).await.unwrap().revision };
    assert_eq!(revision().await, 0);
    let ben = world.member("ben").await;
    let phone = world.enrol(ben, "phone").await.device.id;
    assert_eq!(revision().await, 1);
    system.enrolment().profile(phone).await.unwrap();
    system.gateways().desired_state(gateway).await.unwrap();
    assert_eq!(revision().await, 1);
    system.devices().revoke(phone).await.unwrap();
    system.devices().revoke(phone).await.unwrap();
    assert_eq!(revision().await, 2, "revoking again changes nothing");
    system.identity().suspend_user(ben).await.unwrap();
    assert_eq!(revision().await, 2, "ben has no living peer");
    let cat = world.member("cat").await;
    world.enrol(cat, "tablet").await;
    assert_eq!(revision().await, 3);
    system.identity().suspend_user(cat).await.unwrap();
    assert_eq!(revision().await, 4, "a suspended person's peer does not count");
    system.identity().activate_user(cat).await.unwrap();
    assert_eq!(revision().await, 5);
}

#[nexa_test_macros::every_database]
async fn a_gateway_and_its_pools_are_there_together_or_not_at_all() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    assert_eq!(
        gateway.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.66.0.1", "fd66::1"]
    );
    let pools = world.system().ipam().list_pools(Default::default()).await.unwrap().items;
    assert_eq!(pools.iter().map(|pool| pool.gateway_id).collect::<Vec<_>>(), [Some(gateway.id); 2]);
    let database = world.database().await;
    let before = database.snapshot().await;
    // Its IPv4 pool is made before its IPv6 pool is refused: a /127 that its DNS servers fill.
    let full = NewGateway::new("full", "gw.example.org:1".parse().unwrap(), key("full").public_key())
        .vpn_cidr("10.9.0.0/24".parse().unwrap())
        .vpn_cidr("fd09::/127".parse().unwrap())
        .dns_server("fd09::1".parse().unwrap());
    assert_eq!(kind(&world.system().gateways().create(full).await), Some(ErrorKind::InvalidInput));
    before.assert_unchanged(&database.snapshot().await, "half a gateway was stored");
}
