use std::net::IpAddr;
use std::num::NonZeroU16;

use proptest::prelude::*;

use super::*;
use crate::net::AddressSet;
use crate::runtime::SystemRandom;
use crate::tunnel::{FilterRule, TunnelConfig};

/// Engines joined by a network that loses nothing, in a time that only the test moves.
struct World {
    now: Instant,
    nodes: Vec<Node>,
}

struct Node {
    engine: Engine,
    key: PublicKey,
    at: SocketAddr,
    /// Packets that came out of the tunnel, and events.
    delivered: Vec<Vec<u8>>,
    events: Vec<Event>,
    /// Datagrams that were sent.
    sent: Vec<Sent>,
}

#[derive(Clone)]
struct Sent {
    to: SocketAddr,
    payload: Vec<u8>,
}

const GATEWAY: usize = 0;
const ALICE: usize = 1;
const BOB: usize = 2;

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn set(prefixes: &[&str]) -> AddressSet {
    prefixes.iter().map(|text| cidr(text)).collect()
}

fn allow(from: &[&str], to: &[&str]) -> Filter {
    Filter::from_rules([FilterRule::new(set(from), set(to))])
}

impl World {
    fn new(count: usize) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
        let now = Instant::now();
        let nodes = (0..count).map(|place| Node::new(place, Filter::allow_all())).collect();
        World { now, nodes }
    }

    /// A gateway with Alice at 10.0.0.1 and fd00::1, and Bob at 10.0.0.2; behind it are 192.168.0.0/16 and fd80::/16.
    fn with_gateway() -> Self {
        let mut world = World::new(3);
        world.peer(GATEWAY, ALICE, &["10.0.0.1/32", "fd00::1/128"]);
        world.peer(GATEWAY, BOB, &["10.0.0.2/32"]);
        for client in [ALICE, BOB] {
            world.peer(client, GATEWAY, &["0.0.0.0/0", "::/0"]);
        }
        let filter = Filter::from_rules([
            FilterRule::new(set(&["10.0.0.0/24"]), set(&["192.168.0.0/16"])),
            FilterRule::new(set(&["fd00::/64"]), set(&["fd80::/16"])),
        ]);
        world.nodes[GATEWAY].engine.set_filter(filter);
        world
    }

    fn peer(&mut self, at: usize, other: usize, allowed_ips: &[&str]) {
        let config = self.config(other, allowed_ips);
        self.set_peer(at, &config);
    }

    fn config(&self, other: usize, allowed_ips: &[&str]) -> PeerConfig {
        PeerConfig {
            endpoint: Some(self.nodes[other].at),
            allowed_ips: allowed_ips.iter().map(|text| cidr(text)).collect(),
            ..PeerConfig::new(self.nodes[other].key)
        }
    }

    fn set_peer(&mut self, at: usize, config: &PeerConfig) {
        self.nodes[at].engine.set_peer(self.now, config).unwrap();
        self.settle();
    }

    fn tun(&mut self, at: usize, packet: &[u8]) {
        self.nodes[at].engine.handle_tun(self.now, packet);
        self.settle();
    }

    fn inject(&mut self, at: usize, from: SocketAddr, datagram: &[u8]) {
        self.nodes[at].engine.handle_udp(self.now, from, datagram);
        self.nodes[at].collect();
    }

    fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        loop {
            let next = self.nodes.iter().filter_map(|node| node.engine.next_deadline()).min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            for node in &mut self.nodes {
                node.engine.handle_timeout(self.now);
            }
            self.settle();
        }
        self.now = until;
    }

    /// Carries datagrams until none is under way.
    fn settle(&mut self) {
        loop {
            let under_way: Vec<_> = self
                .nodes
                .iter_mut()
                .flat_map(|node| node.collect().into_iter().map(|sent| (node.at, sent)))
                .collect();
            if under_way.is_empty() {
                return;
            }
            for (from, Sent { to, payload }) in under_way {
                if let Some(node) = self.nodes.iter_mut().find(|node| node.at == to) {
                    node.engine.handle_udp(self.now, from, &payload);
                }
            }
        }
    }

    fn counters(&self, at: usize) -> Counters {
        self.nodes[at].engine.counters()
    }

    fn delivered(&mut self, at: usize) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.nodes[at].delivered)
    }

    fn last_sent(&self, at: usize) -> Sent {
        self.nodes[at].sent.last().unwrap().clone()
    }

    /// The packet as the device on the other end gets it, or nothing.
    fn crosses(&mut self, from: usize, to: usize, packet: &[u8]) -> bool {
        self.tun(from, packet);
        let delivered = self.delivered(to);
        assert!(delivered.iter().all(|other| other == packet), "another packet came out");
        !delivered.is_empty()
    }
}

impl Node {
    fn new(place: usize, filter: Filter) -> Self {
        let private_key = PrivateKey::generate(&SystemRandom).unwrap();
        let config = EngineConfig { private_key, mtu: 1420, filter };
        Node {
            key: config.private_key.public_key(),
            engine: Engine::new(&config, Arc::new(SystemRandom)).unwrap(),
            at: format!("203.0.113.{}:51820", place % 250 + 1).parse().unwrap(),
            delivered: Vec::new(),
            events: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn collect(&mut self) -> Vec<Sent> {
        let before = self.sent.len();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Datagram { to, payload } => self.sent.push(Sent { to, payload }),
                Output::Packet(packet) => self.delivered.push(packet),
                Output::Event(event) => self.events.push(event),
            }
        }
        self.sent[before..].to_vec()
    }
}

/// A UDP packet; its checksum is nobody's business here.
fn udp(from: &str, to: &str, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    let transport = [&[0x30, 0x39, 0, 53], &len[..], &[0, 0], payload].concat();
    ip(from, to, 17, &transport)
}

fn reply(to: &[u8]) -> Vec<u8> {
    let packet = IpPacket::parse(to).unwrap();
    let mut back = udp(&packet.destination.to_string(), &packet.source.to_string(), b"reply");
    let at = back.len() - 13;
    back[at..at + 4].copy_from_slice(&[0, 53, 0x30, 0x39]);
    back
}

fn ip(from: &str, to: &str, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    match (from.parse().unwrap(), to.parse().unwrap()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = (len + 20).to_be_bytes();
            let head = [0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, protocol, 0, 0];
            [&head[..], &from.octets(), &to.octets(), payload].concat()
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let len = len.to_be_bytes();
            let head = [0x60, 0, 0, 0, len[0], len[1], protocol, 64];
            [&head[..], &from.octets(), &to.octets(), payload].concat()
        }
        _ => panic!("two families in one packet"),
    }
}

#[test]
fn a_session_is_made_by_the_first_packet_from_either_side_and_carries_both_families() {
    for (first, second) in [(ALICE, GATEWAY), (GATEWAY, ALICE)] {
        let mut world = World::with_gateway();
        world.nodes[GATEWAY].engine.set_filter(Filter::allow_all());
        for (inner_alice, inner_net) in [("10.0.0.1", "192.168.0.9"), ("fd00::1", "fd80::9")] {
            let out = udp(inner_alice, inner_net, b"question");
            let back = udp(inner_net, inner_alice, b"answer");
            let (one, two) = if first == ALICE { (out, back) } else { (back, out) };
            assert!(world.crosses(first, second, &one));
            assert!(world.crosses(second, first, &two));
        }
        assert_eq!(world.counters(GATEWAY).handshakes_completed, 1);
        assert_eq!((world.counters(ALICE).dropped(), world.counters(GATEWAY).dropped()), (0, 0));
    }
}

#[test]
fn packets_sent_before_the_session_arrive_in_order_after_it() {
    let mut world = World::with_gateway();
    let packets: Vec<_> = (0..20).map(|n| udp("10.0.0.1", "192.168.0.9", &[n])).collect();
    for packet in &packets {
        world.nodes[ALICE].engine.handle_tun(world.now, packet);
    }
    world.settle();
    assert_eq!(world.delivered(GATEWAY), packets);
}

#[test]
fn a_session_needs_the_same_preshared_key_on_both_sides() {
    let psk = |byte| Some(PresharedKey::from_bytes(&[byte; 32]).unwrap());
    for (ours, theirs, meets) in [(psk(1), psk(1), true), (psk(1), psk(2), false), (psk(1), None, false)] {
        let mut world = World::with_gateway();
        let at_alice = PeerConfig { preshared_key: ours, ..world.config(GATEWAY, &["0.0.0.0/0"]) };
        let at_gateway = PeerConfig { preshared_key: theirs, ..world.config(ALICE, &["10.0.0.1/32"]) };
        world.set_peer(ALICE, &at_alice);
        world.set_peer(GATEWAY, &at_gateway);
        assert_eq!(world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "192.168.0.9", b"x")), meets);
    }
}

#[test]
fn a_changed_preshared_key_ends_the_session_and_an_unchanged_one_keeps_it() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    world.peer(ALICE, GATEWAY, &["0.0.0.0/0"]);
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    assert_eq!(world.counters(ALICE).handshakes_completed, 1, "stating a peer again changes nothing");
    let key = PresharedKey::from_bytes(&[7; 32]).unwrap();
    let at_alice = PeerConfig { preshared_key: Some(key), ..world.config(GATEWAY, &["0.0.0.0/0"]) };
    world.set_peer(ALICE, &at_alice);
    assert!(!world.crosses(ALICE, GATEWAY, &packet));
}

#[test]
fn a_key_that_no_peer_has_is_not_answered() {
    let mut world = World::with_gateway();
    let alice = world.nodes[ALICE].key;
    assert!(world.nodes[GATEWAY].engine.remove_peer(&alice));
    assert!(!world.nodes[GATEWAY].engine.remove_peer(&alice));
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", b"x"));
    assert!(world.nodes[GATEWAY].sent.is_empty());
    assert_eq!(world.counters(GATEWAY).dropped_unknown_peer, 1);
}

#[test]
fn a_handshake_for_another_key_has_a_wrong_mac() {
    let mut world = World::with_gateway();
    let bob = world.nodes[BOB].at;
    let at_alice = PeerConfig { endpoint: Some(bob), ..world.config(GATEWAY, &["0.0.0.0/0"]) };
    world.set_peer(ALICE, &at_alice);
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", b"x"));
    assert_eq!(world.counters(BOB).dropped_bad_mac, 1);
    assert!(world.nodes[BOB].sent.is_empty());
}

#[test]
fn an_engines_own_key_is_no_peer_and_an_mtu_has_limits() {
    let mut world = World::new(1);
    let own = PeerConfig::new(world.nodes[0].key);
    assert!(matches!(world.nodes[0].engine.set_peer(world.now, &own), Err(TunnelError::OwnKey)));
    for mtu in [0, MIN_MTU - 1, MAX_MTU + 1] {
        let private_key = PrivateKey::generate(&SystemRandom).unwrap();
        let config = EngineConfig { private_key, mtu, filter: Filter::deny_all() };
        assert!(Engine::new(&config, Arc::new(SystemRandom)).is_err());
    }
}

#[test]
fn a_message_cut_short_at_any_length_is_dropped_and_counted() {
    let mut world = World::with_gateway();
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", b"0123456789abcdef0123456789abcdef"));
    let messages = [ALICE, GATEWAY].map(|at| world.nodes[at].sent.clone());
    world.delivered(GATEWAY);
    for (receiver, sent) in [(GATEWAY, &messages[0]), (ALICE, &messages[1])] {
        let from = world.nodes[ALICE + GATEWAY - receiver].at;
        for message in sent {
            for len in 0..message.payload.len() {
                let before = world.counters(receiver);
                world.inject(receiver, from, &message.payload[..len]);
                assert_eq!(world.counters(receiver).dropped(), before.dropped() + 1, "{len} bytes");
            }
        }
    }
    assert!(world.delivered(GATEWAY).is_empty());
}

#[test]
fn a_message_received_twice_counts_once() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    let (alice, replayed) = (world.nodes[ALICE].at, world.nodes[ALICE].sent.clone());
    for message in &replayed {
        world.inject(GATEWAY, alice, &message.payload);
    }
    assert!(world.delivered(GATEWAY).is_empty());
    assert_eq!(world.counters(GATEWAY).dropped_replayed, replayed.len() as u64);
    assert_eq!(world.counters(GATEWAY).handshakes_completed, 1);
    assert!(world.crosses(ALICE, GATEWAY, &packet), "and the session goes on");
}

#[test]
fn a_recorded_initiation_moves_no_endpoint_and_completes_no_handshake() {
    let mut world = World::with_gateway();
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", b"x"));
    let initiation = world.nodes[ALICE].sent[0].clone();
    let (alice, alice_key) = (world.nodes[ALICE].at, world.nodes[ALICE].key);
    // The gateway forgets the peer, and with it that it has seen the initiation.
    world.nodes[GATEWAY].engine.remove_peer(&alice_key);
    world.peer(GATEWAY, ALICE, &["10.0.0.1/32"]);
    let completed = world.counters(GATEWAY).handshakes_completed;
    world.inject(GATEWAY, "198.51.100.66:6".parse().unwrap(), &initiation.payload);
    let status = world.nodes[GATEWAY].engine.peer(&alice_key).unwrap();
    assert_eq!((status.endpoint, status.last_handshake), (Some(alice), None));
    assert_eq!(world.counters(GATEWAY).handshakes_completed, completed);
}

#[test]
fn an_initiation_that_proves_nothing_leaves_a_silent_peer_silent() {
    let mut world = World::with_gateway();
    world.nodes[ALICE].engine.handle_tun(world.now, &udp("10.0.0.1", "192.168.0.9", b"x"));
    let mut forged = world.nodes[ALICE].collect()[0].payload.clone();
    // The timestamp proves the key; with the MAC made anew, anybody could have written the rest.
    forged[100] ^= 1;
    let mac = mac1(&world.nodes[GATEWAY].key, &forged[..116]);
    forged[116..132].copy_from_slice(&mac);
    let alice = world.nodes[ALICE].at;
    world.inject(GATEWAY, alice, &forged);
    assert_eq!(world.counters(GATEWAY).dropped_unauthenticated, 1);
    assert!(world.nodes[GATEWAY].engine.by_index.is_empty(), "nothing was built for it");
}

/// MAC(HASH("mac1----" || key), message), whitepaper §5.4.4; by the same functions that boringtun uses.
fn mac1(key: &PublicKey, message: &[u8]) -> [u8; 16] {
    use blake2::digest::{FixedOutput as _, KeyInit, Update as _};
    let hash = blake2::Blake2s256::default().chain(b"mac1----").chain(key.as_bytes()).finalize_fixed();
    let mac: blake2::Blake2sMac<blake2::digest::consts::U16> = KeyInit::new_from_slice(&hash).unwrap();
    mac.chain(message).finalize_fixed().into()
}

#[test]
fn only_the_owner_of_the_longest_prefix_may_send_from_it() {
    let mut world = World::with_gateway();
    world.nodes[GATEWAY].engine.set_filter(Filter::allow_all());
    world.peer(GATEWAY, ALICE, &["10.0.0.0/24"]);
    world.peer(GATEWAY, BOB, &["10.0.0.2/32"]);
    for _ in 0..5 {
        assert!(!world.crosses(ALICE, GATEWAY, &udp("10.0.0.2", "192.168.0.9", b"spoofed")));
    }
    assert_eq!(world.counters(GATEWAY).dropped_source, 5);
    assert!(world.crosses(ALICE, GATEWAY, &udp("10.0.0.3", "192.168.0.9", b"own")));
    assert!(world.crosses(BOB, GATEWAY, &udp("10.0.0.2", "192.168.0.9", b"own")));
}

#[test]
fn a_prefix_given_to_another_peer_moves_under_traffic() {
    let mut world = World::with_gateway();
    world.nodes[GATEWAY].engine.set_filter(Filter::allow_all());
    let (out, back) = (udp("10.0.0.1", "192.168.0.9", b"q"), udp("192.168.0.9", "10.0.0.1", b"a"));
    assert!(world.crosses(ALICE, GATEWAY, &out) && world.crosses(GATEWAY, ALICE, &back));
    world.peer(GATEWAY, BOB, &["10.0.0.1/32", "10.0.0.2/32"]);
    assert!(!world.crosses(ALICE, GATEWAY, &out), "its former owner may no longer send from it");
    assert!(world.crosses(BOB, GATEWAY, &out));
    assert!(world.crosses(GATEWAY, BOB, &back));
    let status = |world: &World, at: usize| world.nodes[GATEWAY].engine.peer(&world.nodes[at].key).unwrap();
    assert_eq!(status(&world, ALICE).allowed_ips, [cidr("fd00::1/128")]);
    assert_eq!(status(&world, BOB).allowed_ips, [cidr("10.0.0.1/32"), cidr("10.0.0.2/32")]);
    world.peer(GATEWAY, BOB, &["10.0.0.2/32"]);
    world.tun(GATEWAY, &back);
    assert_eq!(world.counters(GATEWAY).dropped_no_route, 1, "a prefix given up belongs to nobody");
}

#[test]
fn a_moved_prefix_brings_its_new_owner_no_replies_to_the_former_one() {
    let taken = |world: &mut World| world.peer(GATEWAY, BOB, &["10.0.0.1/32"]);
    let given_up = |world: &mut World| {
        world.peer(GATEWAY, ALICE, &[]);
        world.peer(GATEWAY, BOB, &["10.0.0.1/32"]);
    };
    for moves in [taken as fn(&mut World), given_up] {
        let mut world = World::with_gateway();
        let question = udp("10.0.0.1", "192.168.0.9", b"q");
        assert!(world.crosses(ALICE, GATEWAY, &question));
        moves(&mut world);
        assert!(!world.crosses(GATEWAY, BOB, &reply(&question)));
        assert_eq!(world.counters(GATEWAY).dropped_unsolicited, 1);
    }
}

#[test]
fn a_removed_peer_is_cut_off_at_once() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    let alice = world.nodes[ALICE].key;
    assert!(world.nodes[GATEWAY].engine.remove_peer(&alice));
    assert!(!world.crosses(ALICE, GATEWAY, &packet));
    assert_eq!(world.counters(GATEWAY).dropped_unknown_session, 1);
    assert!(!world.crosses(GATEWAY, ALICE, &reply(&packet)));
    assert_eq!(world.nodes[GATEWAY].engine.peers().len(), 1);
    assert_eq!(world.nodes[GATEWAY].engine.next_deadline(), None, "nothing is left to be done for it");
}

#[test]
fn a_removed_peers_flows_let_no_reply_through_to_who_gets_its_place_and_address() {
    let mut world = World::with_gateway();
    let question = udp("10.0.0.1", "192.168.0.9", b"q");
    assert!(world.crosses(ALICE, GATEWAY, &question));
    let [alice, bob] = [ALICE, BOB].map(|at| world.nodes[at].key);
    let place = world.nodes[GATEWAY].engine.by_key[alice.as_bytes()];
    for gone in [bob, alice] {
        world.nodes[GATEWAY].engine.remove_peer(&gone);
    }
    world.peer(GATEWAY, BOB, &["10.0.0.1/32"]);
    assert_eq!(world.nodes[GATEWAY].engine.by_key[bob.as_bytes()], place);
    assert!(!world.crosses(GATEWAY, BOB, &reply(&question)));
    assert_eq!(world.counters(GATEWAY).dropped_unsolicited, 1);
    assert!(world.crosses(BOB, GATEWAY, &question));
    assert!(world.crosses(GATEWAY, BOB, &reply(&question)), "to what it asked itself it gets replies");
}

#[test]
fn replaced_peers_and_filter_leave_the_sessions_of_those_that_stay() {
    let mut world = World::with_gateway();
    let of = |address: &str| udp(address, "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &of("10.0.0.1")) && world.crosses(BOB, GATEWAY, &of("10.0.0.2")));
    let peers = [world.config(BOB, &["10.0.0.2/32"])];
    let filter = allow(&["10.0.0.0/24"], &["192.168.0.0/16"]);
    world.nodes[GATEWAY].engine.replace(world.now, &peers, filter).unwrap();
    assert!(!world.crosses(ALICE, GATEWAY, &of("10.0.0.1")));
    assert!(world.crosses(BOB, GATEWAY, &of("10.0.0.2")));
    assert_eq!(world.counters(GATEWAY).handshakes_completed, 2, "each made its session once");
    world.nodes[GATEWAY].engine.replace(world.now, &peers, Filter::deny_all()).unwrap();
    assert!(!world.crosses(BOB, GATEWAY, &of("10.0.0.2")));
}

#[test]
fn a_peer_that_is_refused_keeps_neither_the_filter_nor_another_peer_from_being_replaced() {
    let mut world = World::with_gateway();
    let peers = [world.config(GATEWAY, &["10.0.0.1/32"]), world.config(BOB, &["10.0.0.2/32", "10.0.0.3/32"])];
    let filter = allow(&["10.0.0.0/24"], &["172.16.0.0/12"]);
    let refused = world.nodes[GATEWAY].engine.replace(world.now, &peers, filter);
    assert!(matches!(refused, Err(TunnelError::OwnKey)));
    let keys: Vec<_> = world.nodes[GATEWAY].engine.peers().iter().map(|peer| peer.public_key).collect();
    assert_eq!(keys, [world.nodes[BOB].key]);
    assert!(world.crosses(BOB, GATEWAY, &udp("10.0.0.3", "172.16.0.9", b"x")));
    assert!(!world.crosses(BOB, GATEWAY, &udp("10.0.0.3", "192.168.0.9", b"x")));
}

#[test]
fn an_endpoint_follows_authenticated_packets_only() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    let (old, new) = (world.nodes[ALICE].at, "198.51.100.7:777".parse().unwrap());
    let alice_key = world.nodes[ALICE].key;
    let endpoint = |world: &World| world.nodes[GATEWAY].engine.peer(&alice_key).unwrap().endpoint;
    let mut forged = world.last_sent(ALICE).payload;
    forged[20] ^= 1;
    forged[8] += 1;
    world.inject(GATEWAY, new, &forged);
    let replayed = world.last_sent(ALICE).payload;
    world.inject(GATEWAY, new, &replayed);
    assert_eq!(endpoint(&world), Some(old));
    world.nodes[ALICE].at = new;
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    assert_eq!(endpoint(&world), Some(new));
    let moved = Event::EndpointChanged { peer: alice_key, endpoint: new };
    assert_eq!(world.nodes[GATEWAY].events.last(), Some(&moved));
    assert!(world.crosses(GATEWAY, ALICE, &reply(&packet)), "and answers go there");
}

#[test]
fn data_is_padded_to_sixteen_but_not_past_the_mtu() {
    let mut world = World::with_gateway();
    for (len, padded) in [(1, 32), (4, 32), (5, 48), (1391, 1420), (1392, 1420)] {
        let packet = udp("10.0.0.1", "192.168.0.9", &vec![0; len]);
        assert!(world.crosses(ALICE, GATEWAY, &packet), "padding is taken off again");
        assert_eq!(world.last_sent(ALICE).payload.len(), padded + 32, "{len}");
    }
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", &[0; 1393]));
    assert_eq!(world.counters(ALICE).dropped_oversized, 1);
}

#[test]
fn a_persistent_keepalive_opens_the_session_and_keeps_time() {
    let mut world = World::with_gateway();
    let seconds = NonZeroU16::new(25);
    let config = PeerConfig { persistent_keepalive: seconds, ..world.config(GATEWAY, &["0.0.0.0/0"]) };
    world.set_peer(ALICE, &config);
    assert_eq!(world.counters(ALICE).handshakes_completed, 1, "without any packet");
    let before = world.counters(GATEWAY).keepalives_received;
    world.advance(Duration::from_secs(100));
    assert_eq!(world.counters(GATEWAY).keepalives_received, before + 4);
}

#[test]
fn received_data_is_answered_with_a_keepalive_when_nothing_else_is_sent() {
    let mut world = World::with_gateway();
    assert!(world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "192.168.0.9", b"x")));
    let before = world.counters(GATEWAY).keepalives_sent;
    world.advance(Duration::from_secs(9));
    assert_eq!(world.counters(GATEWAY).keepalives_sent, before);
    world.advance(Duration::from_secs(2));
    assert_eq!(world.counters(GATEWAY).keepalives_sent, before + 1);
    let sent = world.counters(GATEWAY).datagrams_sent;
    world.advance(Duration::from_secs(60));
    assert_eq!(world.counters(GATEWAY).datagrams_sent, sent, "a silent tunnel stays silent");
}

#[test]
fn an_initiator_renews_its_session_after_two_minutes_of_use() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    world.advance(Duration::from_secs(119));
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    assert_eq!(world.counters(ALICE).handshakes_completed, 1);
    world.advance(Duration::from_secs(2));
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    assert_eq!(world.counters(ALICE).handshakes_completed, 2);
    assert!(world.crosses(GATEWAY, ALICE, &reply(&packet)), "the responder uses the new one");
}

#[test]
fn data_older_than_three_minutes_is_neither_sent_nor_accepted() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    // One more message under the first session, still under way.
    world.nodes[ALICE].engine.handle_tun(world.now, &packet);
    let late = world.nodes[ALICE].collect().pop().unwrap().payload;
    world.advance(Duration::from_secs(181));
    let alice = world.nodes[ALICE].at;
    world.inject(GATEWAY, alice, &late);
    assert_eq!(world.counters(GATEWAY).dropped_expired, 1);
    assert!(world.delivered(GATEWAY).is_empty());
    assert!(world.crosses(ALICE, GATEWAY, &packet), "a new session is made instead");
    assert_eq!(world.counters(ALICE).handshakes_completed, 2);
}

#[test]
fn an_unanswered_handshake_is_tried_again_for_ninety_seconds_and_then_given_up() {
    let mut world = World::with_gateway();
    let gateway = world.nodes[GATEWAY].at;
    world.nodes[GATEWAY].at = "203.0.113.99:1".parse().unwrap();
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", b"x"));
    world.advance(Duration::from_secs(120));
    let tries = world.nodes[ALICE].sent.iter().filter(|sent| sent.to == gateway).count();
    assert!((16..=18).contains(&tries), "every 5 s and a little: {tries}");
    let counters = world.counters(ALICE);
    assert_eq!((counters.handshakes_failed, counters.dropped_no_session), (1, 1));
    let failed = Event::HandshakeFailed { peer: world.nodes[GATEWAY].key };
    assert_eq!(world.nodes[ALICE].events, [failed]);
    world.nodes[GATEWAY].at = gateway;
    assert!(world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "192.168.0.9", b"x")), "sending tries again");
}

#[test]
fn a_session_that_the_peer_made_ends_our_own_attempts() {
    let mut world = World::with_gateway();
    world.nodes[GATEWAY].engine.set_filter(Filter::allow_all());
    let (alice, elsewhere) = (world.nodes[ALICE].at, "203.0.113.99:1".parse().unwrap());
    world.nodes[ALICE].at = elsewhere;
    world.tun(GATEWAY, &udp("192.168.0.9", "10.0.0.1", b"waits"));
    assert_eq!(world.last_sent(GATEWAY).to, alice, "where she no longer is");
    world.now += Duration::from_secs(1);
    world.tun(ALICE, &udp("10.0.0.1", "192.168.0.9", b"x"));
    assert_eq!(world.delivered(ALICE).len(), 1, "what waited goes to where she is");
    world.advance(Duration::from_secs(100));
    let counters = world.counters(GATEWAY);
    assert_eq!((counters.handshakes_completed, counters.handshakes_failed), (1, 0));
}

#[test]
fn a_peer_that_falls_silent_is_asked_for_a_new_session() {
    let mut world = World::with_gateway();
    let packet = udp("10.0.0.1", "192.168.0.9", b"x");
    assert!(world.crosses(ALICE, GATEWAY, &packet));
    // The gateway restarts with the same key and forgets its sessions.
    let alice_key = world.nodes[ALICE].key;
    world.nodes[GATEWAY].engine.remove_peer(&alice_key);
    world.peer(GATEWAY, ALICE, &["10.0.0.1/32"]);
    assert!(!world.crosses(ALICE, GATEWAY, &packet));
    world.advance(Duration::from_secs(16));
    assert_eq!(world.counters(ALICE).handshakes_completed, 2);
    assert!(world.crosses(ALICE, GATEWAY, &packet));
}

#[test]
fn a_denied_destination_is_counted_and_not_delivered() {
    let mut world = World::with_gateway();
    assert!(!world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "172.16.0.1", b"x")));
    assert_eq!(world.counters(GATEWAY).dropped_filter, 1);
    assert!(world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "192.168.0.9", b"x")));
}

#[test]
fn a_reply_passes_and_what_nobody_asked_for_does_not() {
    let mut world = World::with_gateway();
    let question = udp("10.0.0.1", "192.168.0.9", b"q");
    assert!(!world.crosses(GATEWAY, ALICE, &reply(&question)));
    assert_eq!(world.counters(GATEWAY).dropped_unsolicited, 1);
    assert!(world.crosses(ALICE, GATEWAY, &question));
    assert!(world.crosses(GATEWAY, ALICE, &reply(&question)));
}

#[test]
fn a_filter_replaced_under_an_established_flow_ends_it() {
    let mut world = World::with_gateway();
    let question = udp("10.0.0.1", "192.168.0.9", b"q");
    assert!(world.crosses(ALICE, GATEWAY, &question));
    assert!(world.crosses(GATEWAY, ALICE, &reply(&question)));
    world.nodes[GATEWAY].engine.set_filter(allow(&["10.0.0.0/24"], &["192.168.0.0/24"]));
    assert!(world.crosses(GATEWAY, ALICE, &reply(&question)), "still permitted");
    world.nodes[GATEWAY].engine.set_filter(allow(&["10.0.0.0/24"], &["192.168.1.0/24"]));
    assert!(!world.crosses(GATEWAY, ALICE, &reply(&question)));
    assert!(!world.crosses(ALICE, GATEWAY, &question));
    world.nodes[GATEWAY].engine.set_filter(Filter::deny_all());
    assert!(!world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "192.168.1.9", b"q")));
}

#[test]
fn past_its_validity_a_filter_passes_nothing() {
    let mut world = World::with_gateway();
    let deadline = world.now + Duration::from_secs(60);
    let question = udp("10.0.0.1", "192.168.0.9", b"q");
    world.nodes[GATEWAY].engine.set_filter(allow(&["0.0.0.0/0"], &["0.0.0.0/0"]).valid_until(deadline));
    assert!(world.crosses(ALICE, GATEWAY, &question));
    world.advance(Duration::from_secs(60));
    assert!(!world.crosses(ALICE, GATEWAY, &question));
    assert!(!world.crosses(GATEWAY, ALICE, &reply(&question)));
    assert_eq!(world.counters(GATEWAY).dropped_filter_expired, 2);
}

#[test]
fn a_queue_that_is_full_drops_and_counts() {
    let mut world = World::with_gateway();
    for _ in 0..200 {
        world.nodes[ALICE].engine.handle_tun(world.now, &udp("10.0.0.1", "192.168.0.9", b"x"));
    }
    assert_eq!(world.counters(ALICE).dropped_queue_full, 200 - 128);
    world.settle();
    assert_eq!(world.delivered(GATEWAY).len(), 128);
    for _ in 0..MAX_OUTPUTS + 10 {
        world.nodes[ALICE].engine.handle_tun(world.now, &udp("10.0.0.1", "192.168.0.9", b"x"));
    }
    assert_eq!(world.counters(ALICE).dropped_queue_full, 200 - 128 + 10);
}

#[test]
fn packets_for_peers_that_do_not_answer_are_bounded_in_all() {
    const PEERS: usize = 40;
    let mut world = World::new(PEERS + 1);
    for peer in 1..=PEERS {
        world.peer(GATEWAY, peer, &[&format!("10.0.0.{peer}/32")]);
    }
    for n in 0..PEERS * 128 {
        let packet = udp("192.168.0.9", &format!("10.0.0.{}", n % PEERS + 1), b"x");
        world.nodes[GATEWAY].engine.handle_tun(world.now, &packet);
    }
    let engine = &mut world.nodes[GATEWAY].engine;
    assert_eq!(engine.out.staged, MAX_STAGED);
    assert_eq!(engine.counters().dropped_queue_full, (PEERS * 128 - MAX_STAGED) as u64);
    let keys: Vec<_> = engine.peers().into_iter().map(|peer| peer.public_key).collect();
    assert!(keys.iter().all(|key| engine.remove_peer(key)));
    assert_eq!(engine.out.staged, 0);
}

#[test]
fn three_hundred_clients_return_at_one_moment_and_none_is_asked_for_a_cookie() {
    const CLIENTS: usize = 300;
    let mut world = World::new(CLIENTS + 1);
    for client in 1..=CLIENTS {
        world.nodes[client].at.set_port(u16::try_from(10_000 + client).unwrap());
        world.peer(GATEWAY, client, &[&format!("10.0.{}.{}/32", client / 256, client % 256)]);
        world.peer(client, GATEWAY, &["0.0.0.0/0"]);
    }
    for client in 1..=CLIENTS {
        let packet = udp(&format!("10.0.{}.{}", client / 256, client % 256), "192.168.0.9", b"back");
        world.nodes[client].engine.handle_tun(world.now, &packet);
    }
    world.settle();
    assert_eq!(world.delivered(GATEWAY).len(), CLIENTS);
    let replies = &world.nodes[GATEWAY].sent;
    assert_eq!((replies.len(), world.counters(GATEWAY).dropped()), (CLIENTS, 0));
    assert!(replies.iter().all(|sent| sent.payload[0] == 2), "responses and nothing else");
}

#[test]
fn ten_thousand_silent_peers_are_records_without_a_timer() {
    let mut world = World::new(1);
    for n in 0..10_000u32 {
        let bytes: Vec<u8> = [9u8; 28].into_iter().chain((n + 1).to_be_bytes()).collect();
        let Ok(key) = PublicKey::from_bytes(&bytes) else { continue };
        let prefix = Cidr::host(IpAddr::V4((0x0a00_0000 + n).into()));
        let config = PeerConfig { allowed_ips: vec![prefix], ..PeerConfig::new(key) };
        world.nodes[0].engine.set_peer(world.now, &config).unwrap();
    }
    let engine = &world.nodes[0].engine;
    assert!(engine.peers().len() > 9_990 && engine.by_index.is_empty());
    assert_eq!(engine.next_deadline(), None);
}

#[test]
fn nothing_that_holds_a_key_prints_it() {
    let private_key = PrivateKey::generate(&SystemRandom).unwrap();
    let psk = PresharedKey::from_bytes(&[0xab; 32]).unwrap();
    let config = EngineConfig { private_key: private_key.clone(), mtu: 1420, filter: Filter::deny_all() };
    let peer =
        PeerConfig { preshared_key: Some(psk), ..PeerConfig::new(PublicKey::from_bytes(&[9; 32]).unwrap()) };
    let engine = Engine::new(&config, Arc::new(SystemRandom)).unwrap();
    let tunnel = TunnelConfig {
        peers: vec![peer.clone()],
        ..TunnelConfig::new(private_key.clone(), Filter::deny_all())
    };
    let printed = format!("{config:?} {peer:?} {engine:?} {config:#?} {tunnel:#?}");
    assert!(!printed.contains("171, 171") && !printed.contains(private_key.to_base64().expose().as_str()));
    assert_eq!(printed.matches("[redacted]").count(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_datagrams_are_counted_and_deliver_nothing(
        datagrams in prop::collection::vec((0u8..6, prop::collection::vec(any::<u8>(), 0..200)), 1..50),
        oversized in 1_500usize..65_507,
    ) {
        let mut world = World::with_gateway();
        prop_assert!(world.crosses(ALICE, GATEWAY, &udp("10.0.0.1", "192.168.0.9", b"x")));
        let genuine = world.last_sent(ALICE).payload;
        let before = world.counters(GATEWAY);
        let from = world.nodes[ALICE].at;
        for (kind, bytes) in &datagrams {
            let framed = [&[*kind, 0, 0, 0], bytes.as_slice()].concat();
            let addressed = [&genuine[..8], bytes.as_slice()].concat();
            let sized = [&[(kind % 3) + 1, 0, 0, 0][..], &bytes.repeat(148)[..bytes.len().min(1) * 144]].concat();
            for datagram in [bytes, &framed, &addressed, &sized] {
                world.inject(GATEWAY, from, datagram);
            }
        }
        world.inject(GATEWAY, from, &[&genuine[..16], &vec![7; oversized]].concat());
        let after = world.counters(GATEWAY);
        prop_assert_eq!(after.dropped() - before.dropped(), datagrams.len() as u64 * 4 + 1);
        prop_assert!(world.delivered(GATEWAY).is_empty());
    }

    #[test]
    fn random_packets_from_the_device_neither_panic_nor_cross(packet in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut world = World::with_gateway();
        world.tun(GATEWAY, &packet);
        world.tun(ALICE, &packet);
        prop_assert_eq!(world.counters(GATEWAY).packets_sent, 0);
    }
}
