use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::net::{AddressSet, Cidr};
use crate::policy::Traffic;
use crate::tunnel::FilterRule;
use crate::tunnel::filter::flows::MAX_FLOWS_PER_PEER;

const PEER: u32 = 7;

/// 10.0.0.0/24 and fd00::/64 may reach 192.168.0.0/16 and fd80::/16.
struct World {
    now: Instant,
    filter: FlowFilter,
}

fn set(prefixes: &[&str]) -> AddressSet {
    prefixes.iter().map(|text| text.parse::<Cidr>().unwrap()).collect()
}

impl World {
    fn new() -> Self {
        World::with(Filter::from_rules([FilterRule::new(
            set(&["10.0.0.0/24", "fd00::/64"]),
            set(&["192.168.0.0/16", "fd80::/16"]),
        )]))
    }

    fn with(filter: Filter) -> Self {
        World { now: crate::tunnel::clock::now(), filter: FlowFilter::new(&filter) }
    }

    fn up(&mut self, packet: &[u8]) -> Result<(), Drop> {
        self.filter.check_from_peer(self.now, PEER, &IpPacket::parse(packet).expect("a packet"))
    }

    fn down(&mut self, packet: &[u8]) -> Result<(), Drop> {
        self.filter.check_to_peer(self.now, &IpPacket::parse(packet).expect("a packet"))
    }

    fn advance(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

/// The two ends, the peer's first.
const V4: [&str; 2] = ["10.0.0.1", "192.168.0.9"];
const V6: [&str; 2] = ["fd00::1", "fd80::9"];

fn ip(ends: [&str; 2], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [from, to] = ends.map(|text| text.parse::<IpAddr>().unwrap());
    let len = u16::try_from(payload.len()).unwrap();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = (len + 20).to_be_bytes();
            let head = [0x45, 0, total[0], total[1], 0, 42, 0, 0, 64, protocol, 0, 0];
            [&head[..], &from.octets(), &to.octets(), payload].concat()
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let len = len.to_be_bytes();
            let head = [0x60, 0, 0, 0, len[0], len[1], protocol, 64];
            [&head[..], &from.octets(), &to.octets(), payload].concat()
        }
        _ => panic!("two families"),
    }
}

fn back([from, to]: [&str; 2]) -> [&str; 2] {
    [to, from]
}

fn ports(from: u16, to: u16) -> Vec<u8> {
    [from.to_be_bytes(), to.to_be_bytes(), [0, 8], [0, 0]].concat()
}

fn udp(ends: [&str; 2], from: u16, to: u16) -> Vec<u8> {
    ip(ends, 17, &ports(from, to))
}

fn tcp(ends: [&str; 2], from: u16, to: u16, flags: u8) -> Vec<u8> {
    let head = [from.to_be_bytes(), to.to_be_bytes()].concat();
    ip(ends, 6, &[&head[..], &[0; 8], &[0x50, flags, 0, 0, 0, 0, 0, 0]].concat())
}

fn echo(ends: [&str; 2], kind: u8, id: u8) -> Vec<u8> {
    let protocol = if kind < 128 { 1 } else { 58 };
    ip(ends, protocol, &[kind, 0, 0, 0, 0, id, 0, 1])
}

/// An ICMP error from `ends[0]` to `ends[1]` about `packet`.
fn error(ends: [&str; 2], kind: u8, packet: &[u8]) -> Vec<u8> {
    let protocol = if ends[0].contains(':') { 58 } else { 1 };
    ip(ends, protocol, &[&[kind, 1, 0, 0, 0, 0, 0, 0], packet].concat())
}

const FIN: u8 = 0b1_0001;
const SYN: u8 = 0b0_0010;
const RST: u8 = 0b0_0100;
const ACK: u8 = 0b1_0000;

#[test]
fn an_empty_filter_and_an_empty_set_pass_nothing_and_allow_all_passes_everything() {
    let empty = Filter::from_rules([FilterRule::new(AddressSet::empty(), AddressSet::empty())]);
    for filter in [Filter::deny_all(), empty] {
        let mut world = World::with(filter);
        assert_eq!(world.up(&udp(V4, 1, 2)), Err(Drop::Filter));
        assert_eq!(world.down(&udp(back(V4), 1, 2)), Err(Drop::Unsolicited));
    }
    let mut world = World::with(Filter::allow_all());
    assert_eq!(world.down(&udp(back(V4), 1, 2)), Ok(()));
    assert_eq!(world.up(&echo(V6, 129, 3)), Ok(()));
}

#[test]
fn a_rule_opens_a_flow_and_only_its_own_replies_pass_back() {
    for ends in [V4, V6] {
        let mut world = World::new();
        assert_eq!(world.down(&udp(back(ends), 53, 1000)), Err(Drop::Unsolicited));
        assert_eq!(world.up(&udp(ends, 1000, 53)), Ok(()));
        assert_eq!(world.down(&udp(back(ends), 53, 1000)), Ok(()));
        assert_eq!(world.down(&udp(back(ends), 53, 1001)), Err(Drop::Unsolicited));
        assert_eq!(world.down(&tcp(back(ends), 53, 1000, ACK)), Err(Drop::Unsolicited));
    }
}

/// 10.0.0.0/24 may reach 192.168.0.0/16 by these services.
fn by(services: &[&str]) -> Filter {
    let [from, to] =
        ["10.0.0.0/24", "192.168.0.0/16"].map(|cidr| AddressSet::from(cidr.parse::<Cidr>().unwrap()));
    let all = services.iter().map(|services| Traffic::new(services.parse().unwrap(), to.clone()));
    Filter::from_rules(all.map(|to| FilterRule::new(from.clone(), to)))
}

#[test]
fn a_rule_over_ports_opens_flows_to_those_alone_and_lets_their_replies_back() {
    let mut world = World::with(by(&["tcp/443-444", "udp/53", "sctp/3868"]));
    assert_eq!(world.up(&tcp(V4, 1000, 443, SYN)), Ok(()));
    assert_eq!(world.down(&tcp(back(V4), 443, 1000, ACK)), Ok(()));
    assert_eq!(world.up(&tcp(V4, 1000, 444, SYN)), Ok(()));
    assert_eq!(
        world.up(&tcp(V4, 443, 442, SYN)),
        Err(Drop::Filter),
        "it is the destination's port that counts"
    );
    assert_eq!(world.up(&tcp(V4, 1000, 53, SYN)), Err(Drop::Filter));
    assert_eq!(world.up(&udp(V4, 1000, 53)), Ok(()));
    assert_eq!(world.up(&udp(V4, 1000, 443)), Err(Drop::Filter));
    assert_eq!(world.up(&echo(V4, 8, 3)), Err(Drop::Filter), "ports are no leave to ping");
    assert_eq!(world.up(&ip(V4, 132, &ports(7, 3868))), Ok(()));
    assert_eq!(world.up(&ip(V4, 132, &ports(7, 3869))), Err(Drop::Filter));
    assert_eq!(world.up(&ip(V4, 47, &ports(7, 3868))), Err(Drop::Filter));
    let too_far = error(back(V4), 11, &tcp(V4, 1000, 443, SYN));
    assert_eq!(world.down(&too_far), Ok(()), "an error about a flow belongs to it");
}

#[test]
fn a_flow_ends_when_its_port_is_no_longer_permitted() {
    let mut world = World::with(by(&["tcp", "icmp"]));
    assert_eq!(world.up(&tcp(V4, 1000, 80, SYN)), Ok(()));
    assert_eq!(world.up(&echo(V4, 8, 3)), Ok(()));
    world.filter.replace(&by(&["tcp/443", "icmp"]));
    assert_eq!(world.down(&tcp(back(V4), 80, 1000, ACK)), Err(Drop::Unsolicited));
    assert_eq!(world.down(&echo(back(V4), 0, 3)), Ok(()), "the identifier of an echo is no port");
}

#[test]
fn a_peer_cannot_open_a_flow_by_replying() {
    let mut world = World::new();
    assert_eq!(world.up(&udp(["10.0.0.1", "172.16.0.1"], 1, 2)), Err(Drop::Filter));
    assert_eq!(world.up(&udp(["10.9.0.1", "192.168.0.9"], 1, 2)), Err(Drop::Filter));
    assert_eq!(world.up(&echo(V4, 0, 1)), Err(Drop::Filter));
}

#[test]
fn an_idle_flow_ends() {
    let mut world = World::new();
    world.up(&udp(V4, 1, 2)).unwrap();
    world.advance(179);
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Ok(()));
    world.advance(179);
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Ok(()), "each packet prolongs it");
    world.advance(180);
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Err(Drop::Unsolicited));
}

#[test]
fn a_closed_tcp_connection_ends_soon_and_a_reset_one_at_once() {
    let mut world = World::new();
    world.up(&tcp(V4, 1, 2, SYN)).unwrap();
    world.up(&tcp(V4, 1, 2, FIN)).unwrap();
    world.advance(239);
    assert_eq!(world.down(&tcp(back(V4), 2, 1, ACK)), Ok(()), "the other side may go on");
    world.down(&tcp(back(V4), 2, 1, FIN)).unwrap();
    world.advance(9);
    assert_eq!(world.down(&tcp(back(V4), 2, 1, ACK)), Ok(()));
    world.advance(10);
    assert_eq!(world.down(&tcp(back(V4), 2, 1, ACK)), Err(Drop::Unsolicited));

    world.up(&tcp(V4, 3, 2, SYN)).unwrap();
    assert_eq!(world.down(&tcp(back(V4), 2, 3, RST)), Ok(()));
    assert_eq!(world.down(&tcp(back(V4), 2, 3, ACK)), Err(Drop::Unsolicited));
}

#[test]
fn an_echo_reply_passes_only_to_who_asked() {
    for (ends, request, reply) in [(V4, 8, 0), (V6, 128, 129)] {
        let mut world = World::new();
        assert_eq!(world.down(&echo(back(ends), request, 1)), Err(Drop::Unsolicited));
        world.up(&echo(ends, request, 1)).unwrap();
        assert_eq!(world.down(&echo(back(ends), reply, 1)), Ok(()));
        assert_eq!(world.down(&echo(back(ends), reply, 2)), Err(Drop::Unsolicited));
    }
}

#[test]
fn an_error_about_a_permitted_flow_passes_both_ways_and_no_other_does() {
    for (ends, router, unreachable) in [(V4, "192.168.5.5", 3), (V6, "fd80::5", 1)] {
        let mut world = World::new();
        let question = udp(ends, 1000, 53);
        let about_it = error([router, ends[0]], unreachable, &question[..question.len().min(48)]);
        assert_eq!(world.down(&about_it), Err(Drop::Unsolicited));
        world.up(&question).unwrap();
        assert_eq!(world.down(&about_it), Ok(()));
        let about_another = error([router, ends[0]], unreachable, &udp(ends, 1001, 53));
        assert_eq!(world.down(&about_another), Err(Drop::Unsolicited));
        let to_another = error([router, back(ends)[0]], unreachable, &question);
        assert_eq!(
            world.down(&to_another),
            Err(Drop::Unsolicited),
            "it goes to who sent the packet, or nowhere"
        );
        let answer = udp(back(ends), 53, 1000);
        assert_eq!(world.up(&error(ends, unreachable, &answer)), Ok(()));
        assert_eq!(world.up(&error(ends, unreachable, &about_it)), Err(Drop::Malformed), "about an error");
    }
}

#[test]
fn redirects_and_other_icmp_pass_in_neither_direction() {
    let mut world = World::new();
    let question = udp(V4, 1000, 53);
    world.up(&question).unwrap();
    for kind in [4, 5, 9, 10, 13, 17] {
        assert_eq!(world.down(&error(back(V4), kind, &question)), Err(Drop::Unsolicited));
        assert_eq!(world.up(&error(V4, kind, &question)), Err(Drop::Filter));
    }
    for kind in [130, 133, 134, 135, 136, 137] {
        assert_eq!(world.up(&error(V6, kind, &question)), Err(Drop::Filter));
    }
}

/// The same packet as fragment: `offset` in units of 8 bytes.
fn fragment_v4(mut packet: Vec<u8>, offset: u16, more: u16) -> Vec<u8> {
    packet[6..8].copy_from_slice(&(offset | more << 13).to_be_bytes());
    packet
}

fn fragment_v6(ends: [&str; 2], protocol: u8, offset: u16, more: u16, payload: &[u8]) -> Vec<u8> {
    let placement = (offset << 3 | more).to_be_bytes();
    let head = [protocol, 0, placement[0], placement[1], 0, 0, 0, 42];
    ip(ends, 44, &[&head[..], payload].concat())
}

#[test]
fn a_later_fragment_passes_only_behind_its_first() {
    let v4 = |offset, more| fragment_v4(ip(V4, 17, &[&ports(1, 2)[..], &[0; 8]].concat()), offset, more);
    let v6 = |offset, more| fragment_v6(V6, 17, offset, more, &ports(1, 2));
    for [first, later] in [[v4(0, 1), v4(2, 0)], [v6(0, 1), v6(1, 0)]] {
        let mut world = World::new();
        assert_eq!(world.up(&later), Err(Drop::Fragment), "it overtook its first");
        assert_eq!(world.up(&first), Ok(()));
        assert_eq!(world.up(&later), Ok(()));
        world.filter.replace(&Filter::deny_all());
        assert_eq!(world.up(&later), Err(Drop::Fragment), "the filter changed between them");
        world = World::new();
        world.up(&first).unwrap();
        world.advance(15);
        assert_eq!(world.up(&later), Err(Drop::Fragment));
    }
}

#[test]
fn a_fragment_of_a_denied_packet_does_not_pass() {
    let mut world = World::new();
    let denied = ip(["10.0.0.1", "172.16.0.1"], 17, &ports(1, 2));
    assert_eq!(world.up(&fragment_v4(denied.clone(), 0, 1)), Err(Drop::Filter));
    assert_eq!(world.up(&fragment_v4(denied, 2, 0)), Err(Drop::Fragment));
}

#[test]
fn fragments_that_hide_or_overwrite_the_transport_header_are_refused() {
    let mut world = World::new();
    let whole = tcp(V4, 1, 2, SYN);
    assert_eq!(world.up(&fragment_v4(whole.clone(), 0, 1)), Ok(()));
    for offset in [1, 2] {
        assert_eq!(world.up(&fragment_v4(whole.clone(), offset, 0)), Err(Drop::Fragment), "overwrites");
    }
    assert_eq!(world.up(&fragment_v4(whole, 3, 0)), Ok(()));
    let tiny = ip(V4, 6, &ports(1, 2));
    assert_eq!(world.up(&fragment_v4(tiny, 0, 1)), Err(Drop::Fragment), "flags are cut off");
    for hidden in [0, 43, 44, 60] {
        let packet = fragment_v6(V6, hidden, 0, 1, &[17, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(world.up(&packet), Err(Drop::Fragment), "header {hidden} behind a fragment header");
    }
}

#[test]
fn extension_headers_are_walked_to_the_ports_and_no_further_than_eight() {
    let chain = |headers: &[u8]| {
        let first = headers.first().copied().unwrap_or(17);
        let nexts = headers.iter().skip(1).chain(&[17]);
        let body: Vec<u8> = nexts.flat_map(|next| [*next, 0, 1, 4, 0, 0, 0, 0]).collect();
        let routing_done: Vec<u8> = body.chunks(8).flat_map(|c| [c[0], 0, c[2], 0, 0, 0, 0, 0]).collect();
        ip(
            V6,
            first,
            &[&routing_done[..if headers.is_empty() { 0 } else { routing_done.len() }], &ports(1, 2)]
                .concat(),
        )
    };
    let mut world = World::new();
    assert_eq!(world.up(&chain(&[0, 43, 60])), Ok(()));
    assert_eq!(world.down(&udp(back(V6), 2, 1)), Ok(()), "it is the flow of the ports behind them");
    assert_eq!(world.up(&chain(&[60; 7])), Ok(()));
    assert_eq!(world.up(&chain(&[60; 8])), Err(Drop::Fragment));
    assert_eq!(world.up(&ip(V6, 60, &[17, 9, 0, 0])), Err(Drop::Fragment), "one that runs out of the packet");
}

#[test]
fn a_packet_routed_elsewhere_than_its_destination_says_is_refused() {
    let mut world = World::new();
    let routed = ip(V6, 43, &[&[17, 0, 0, 1, 0, 0, 0, 0], &ports(1, 2)[..]].concat());
    assert_eq!(world.up(&routed), Err(Drop::Fragment));
    for (option, passes) in [
        ([131, 4, 4, 0], false),
        ([137, 4, 4, 0], false),
        ([1, 1, 1, 131], false),
        ([148, 4, 0, 0], true),
        ([1, 1, 1, 0], true),
        ([0, 131, 0, 0], true),
        ([7, 9, 0, 0], false),
    ] {
        let plain = udp(V4, 1, 2);
        let mut packet = [&plain[..20], &option, &plain[20..]].concat();
        packet[0] = 0x46;
        packet[3] += 4;
        assert_eq!(world.up(&packet).is_ok(), passes, "{option:?}");
    }
}

#[test]
fn a_replaced_filter_judges_open_flows_by_the_side_that_opened_them() {
    let mut world = World::new();
    world.up(&udp(V4, 1, 2)).unwrap();
    let reversed = FilterRule::new(set(&["192.168.0.0/16"]), set(&["10.0.0.0/24"]));
    world.filter.replace(&Filter::from_rules([reversed]));
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Err(Drop::Unsolicited));
}

#[test]
fn a_rule_ends_at_its_own_time_and_the_others_go_on() {
    let deadline = crate::tunnel::clock::now() + Duration::from_secs(60);
    let of = |source: &str| FilterRule::new(set(&[source]), set(&["192.168.0.0/16"]));
    let mut world =
        World::with(Filter::from_rules([of("10.0.0.1/32").valid_until(deadline), of("10.0.0.2/32")]));
    world.now = deadline - Duration::from_secs(1);
    let (other, second) = (["10.0.0.2", "192.168.0.9"], fragment_v4(udp(V4, 3, 4), 3, 0));
    for packet in [udp(V4, 1, 2), udp(other, 1, 2), fragment_v4(udp(V4, 3, 4), 0, 1), second.clone()] {
        assert_eq!(world.up(&packet), Ok(()));
    }
    world.advance(1);
    assert_eq!(world.up(&second), Err(Drop::Fragment));
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Err(Drop::Unsolicited), "an open flow ends with its rule");
    assert_eq!(world.up(&udp(V4, 1, 2)), Err(Drop::Filter));
    assert_eq!(world.down(&udp(back(other), 2, 1)), Ok(()));
    assert_eq!(world.up(&udp(other, 5, 6)), Ok(()));
}

#[test]
fn a_flow_that_another_rule_permits_outlives_the_rule_that_opened_it() {
    let world = World::new();
    let rule = FilterRule::new(set(&["10.0.0.0/24"]), set(&["192.168.0.0/16"]));
    let [first, second] =
        [60, 120].map(|seconds| rule.clone().valid_until(world.now + Duration::from_secs(seconds)));
    let mut world = World { filter: FlowFilter::new(&Filter::from_rules([first, second])), ..world };
    world.up(&udp(V4, 1, 2)).unwrap();
    world.advance(60);
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Ok(()));
    world.advance(60);
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Err(Drop::Unsolicited));
}

#[test]
fn a_removed_peers_flows_are_forgotten() {
    let mut world = World::new();
    world.up(&udp(V4, 1, 2)).unwrap();
    world.filter.forget(PEER);
    assert_eq!(world.down(&udp(back(V4), 2, 1)), Err(Drop::Unsolicited));
    assert_eq!(world.filter.flows.len(), 0);
}

#[test]
fn a_peer_with_its_share_of_flows_loses_its_oldest_and_no_other_peer_does() {
    let mut world = World::new();
    let other = udp(["10.0.0.2", "192.168.0.9"], 1, 2);
    world.filter.check_from_peer(world.now, PEER + 1, &IpPacket::parse(&other).unwrap()).unwrap();
    world.up(&udp(V4, 1, 1)).unwrap();
    world.advance(40);
    for n in 0..MAX_FLOWS_PER_PEER + 100 {
        let (low, high) = (u16::try_from(n % 60_000).unwrap(), u16::try_from(n / 60_000).unwrap());
        assert_eq!(world.up(&udp(V4, low, 2 + high)), Ok(()));
    }
    assert_eq!(world.filter.flows.len(), MAX_FLOWS_PER_PEER as usize + 1);
    assert_eq!(world.down(&udp(back(V4), 1, 1)), Err(Drop::Unsolicited), "the oldest made room");
    assert_eq!(world.down(&udp(["192.168.0.9", "10.0.0.2"], 2, 1)), Ok(()));
    world.advance(1_000);
    world.up(&udp(V4, 9, 9)).unwrap();
    assert_eq!(world.filter.flows.len(), 1, "what has expired is swept out");
}

#[test]
fn a_peer_that_opens_and_resets_in_a_loop_is_remembered_by_its_flows_alone() {
    let mut world = World::new();
    for kept in 0..10 {
        world.up(&udp(V4, 1, 100 + kept)).unwrap();
        for _ in 0..10_000 {
            world.up(&tcp(V4, 1, 2, SYN)).unwrap();
            world.up(&tcp(V4, 1, 2, RST)).unwrap();
            let (queued, live) = (world.filter.flows.queued(), world.filter.flows.len());
            assert!(queued <= 2 * live + 66, "{queued} openings of {live} flows");
        }
        world.up(&tcp(V4, 1, 2, SYN)).unwrap();
        world.advance(31);
        world.up(&udp(V4, 3, 200 + kept)).unwrap();
        assert_eq!(world.filter.flows.queued(), world.filter.flows.len(), "the sweep leaves each once");
    }
}

#[test]
fn a_flow_opened_anew_is_not_the_oldest() {
    let mut world = World::new();
    world.up(&tcp(V4, 1, 2, SYN)).unwrap();
    world.up(&tcp(V4, 1, 2, RST)).unwrap();
    world.up(&udp(V4, 5, 5)).unwrap();
    world.up(&tcp(V4, 1, 2, SYN)).unwrap();
    world.advance(40);
    for n in 0..u16::try_from(MAX_FLOWS_PER_PEER).unwrap() - 1 {
        world.up(&udp(V4, 100 + n, 9)).unwrap();
    }
    assert_eq!(world.down(&udp(back(V4), 5, 5)), Err(Drop::Unsolicited), "the oldest made room");
    assert_eq!(world.down(&tcp(back(V4), 2, 1, ACK)), Ok(()));
}

proptest::proptest! {
    #[test]
    fn no_packet_makes_it_panic_and_none_of_nowhere_passes(
        head in proptest::prop_oneof![proptest::strategy::Just(V4), proptest::strategy::Just(V6)],
        protocol in proptest::sample::select(vec![0u8, 1, 6, 17, 43, 44, 50, 58, 60]),
        payload in proptest::collection::vec(proptest::num::u8::ANY, 0..80),
        noise in proptest::collection::vec((0usize..60, proptest::num::u8::ANY), 0..6),
    ) {
        let mut world = World::new();
        let mut packet = ip(head, protocol, &payload);
        for (at, byte) in noise {
            if let Some(place) = packet.get_mut(at) {
                *place = byte;
            }
        }
        if let Some(parsed) = IpPacket::parse(&packet) {
            let judged = world.filter.check_from_peer(world.now, PEER, &parsed);
            // The rules of this world are about every service.
            let (source, destination) = (parsed.source, parsed.destination);
            let flow = FlowKey { protocol, source, source_port: 0, destination, destination_port: 0 };
            let permitted = world.filter.judge.permit(world.now, &flow).is_some();
            proptest::prop_assert!(judged.is_err() || permitted);
            proptest::prop_assert!(World::new().down(&packet).is_err());
        }
    }
}
