//! The resolver and the explanation against the rule of the module's documentation, taken literally: for one address
//! after the other, over a universe small enough to ask for every one of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;

use super::{
    Access, Answer, Bar, Destination, Effect, Infrastructure, InfrastructureRule, NewPolicy, Place, Places,
    Policy, Protocol, Reference, ReferenceKind, Remedy, ServiceRange, Subject, Target, Verdict, explain,
    resolve, why_not,
};
use crate::id::{DeviceId, GroupId, PolicyId, UserId};
use crate::net::{AddressSet, Cidr, Family, PerFamily};
use crate::runtime::Timestamp;

const NOW: Timestamp = Timestamp::from_micros(1_000);
const DEVICE: DeviceId = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
const USER: UserId = UserId::from_uuid(uuid::Uuid::from_u128(1));

fn group(number: u128) -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(number))
}

fn subject() -> Subject {
    Subject::new(DEVICE, USER).in_groups([group(1), group(2)])
}

/// The universe: 1,024 addresses of one family that start at an aligned number, a v4 /22 or a v6 /118.
const HOST_BITS: u8 = 10;
const SIZE: u128 = 1 << HOST_BITS;

#[derive(Clone, Copy, Debug)]
struct Universe {
    family: Family,
    first: u128,
}

impl Universe {
    fn cidr(self, offset: u128, host_bits: u8) -> Cidr {
        let address = self.family.address(self.first + offset);
        Cidr::containing(address, self.family.bits() - host_bits).unwrap()
    }

    fn addresses(self) -> impl Iterator<Item = IpAddr> {
        (self.first..=self.first + (SIZE - 1)).map(move |number| self.family.address(number))
    }
}

fn universes() -> impl Strategy<Value = Universe> {
    let v4 = |first| Universe { family: Family::V4, first };
    let v6 = |first| Universe { family: Family::V6, first };
    prop::sample::select(vec![
        v4(0),
        v4(0x0a14_0400),
        v4(Family::V4.max() - (SIZE - 1)),
        v6(0),
        v6(0xfd00 << 112),
        v6(Family::V6.max() - (SIZE - 1)),
    ])
}

/// Services that the policies below tell apart: one of each piece.
const ASKED: [(Protocol, u16); 4] =
    [(Protocol::TCP, 443), (Protocol::TCP, 80), (Protocol::UDP, 443), (Protocol::ICMP, 0)];

fn services() -> impl Strategy<Value = ServiceRange> {
    let narrow = ["tcp/443", "tcp/80-443", "tcp", "udp/1-1023", "icmp"];
    let narrow = prop::sample::select(narrow.to_vec()).prop_map(|text| text.parse().unwrap());
    prop_oneof![3 => Just(ServiceRange::ANY), 1 => narrow]
}

fn reference() -> Reference {
    Reference::new(ReferenceKind::Service, "git").unwrap()
}

/// Where the one thing is that policies name: two ranges of the universe.
fn places(universe: Universe) -> Places {
    let addresses = [universe.cidr(8, 2), universe.cidr(SIZE / 2, 3)].into_iter().collect();
    Places::none().with(reference(), &addresses)
}

/// A policy and what decides whether it applies, said apart from the code under test.
#[derive(Clone, Debug)]
struct Case {
    policy: Policy,
    applies: bool,
}

fn cases() -> impl Strategy<Value = (Universe, Vec<Case>)> {
    universes().prop_flat_map(|universe| {
        let policies = prop::collection::vec(case(universe), 0..9);
        (Just(universe), policies).prop_map(|(universe, mut cases)| {
            for (case, id) in cases.iter_mut().zip(1..) {
                case.policy.id = PolicyId::from_uuid(uuid::Uuid::from_u128(id));
            }
            (universe, cases)
        })
    })
}

fn case(universe: Universe) -> impl Strategy<Value = Case> {
    let effect = prop_oneof![Just(Effect::Allow), Just(Effect::Deny)];
    let offset = prop_oneof![4 => 0..SIZE, 1 => Just(0), 1 => Just(SIZE - 1)];
    let prefix = (offset, 0..=HOST_BITS).prop_map(move |(offset, bits)| universe.cidr(offset, bits));
    let prefix = prop_oneof![12 => prefix, 1 => prop::sample::select(vec![Cidr::ALL_V4, Cidr::ALL_V6])];
    let nowhere = Reference::new(ReferenceKind::Tag, "nowhere").unwrap();
    let named = prop::sample::select(vec![Place::Reference(reference()), Place::Reference(nowhere)]);
    let place = prop_oneof![12 => prefix.prop_map(Place::Cidr), 1 => named];
    let prefixes = prop::collection::vec((place, services()), 0..4);
    let full_tunnel = prop::bool::weighted(0.1);
    (0..4i64, effect, prefixes, full_tunnel, targets(), windows(), prop::bool::weighted(0.9)).prop_map(
        |(priority, effect, prefixes, full_tunnel, (targets, named), (from, until, open), is_active)| {
            let mut new = NewPolicy { effect, ..NewPolicy::allow("x") }.priority(priority);
            new.targets = targets;
            let destinations = prefixes.into_iter().map(|(to, services)| Destination::new(to).by(services));
            new.destinations = destinations.collect();
            (new.full_tunnel, new.is_active) = (full_tunnel, is_active);
            (new.valid_from, new.valid_until) = (from, until);
            let policy = new.build(PolicyId::from_uuid(uuid::Uuid::nil())).unwrap();
            Case { policy, applies: named && open && is_active }
        },
    )
}

/// Targets, and whether they name the subject.
fn targets() -> impl Strategy<Value = (Vec<Target>, bool)> {
    let other = uuid::Uuid::from_u128(99);
    prop::sample::select(vec![
        (vec![Target::User(USER)], true),
        (vec![Target::Device(DEVICE)], true),
        (vec![Target::Group(group(2))], true),
        (vec![Target::Group(group(99)), Target::Group(group(1)), Target::User(USER)], true),
        (vec![], false),
        (vec![Target::Group(group(99)), Target::User(UserId::from_uuid(other))], false),
        (vec![Target::Device(DeviceId::from_uuid(other))], false),
    ])
}

/// A window, and whether it is open now.
fn windows() -> impl Strategy<Value = (Option<Timestamp>, Option<Timestamp>, bool)> {
    let at = |micros| Some(Timestamp::from_micros(micros));
    prop_oneof![
        8 => Just((None, None, true)),
        1 => Just((at(1_000), at(1_001), true)),
        1 => Just((at(1_001), None, false)),
        1 => Just((at(1), at(1_000), false)),
        1 => Just((None, at(5_000), true)),
    ]
}

/// One destination of a policy that applies, as plain numbers.
struct Claim {
    family: Family,
    first: u128,
    last: u128,
    services: ServiceRange,
    priority: i64,
    effect: Effect,
}

fn claims(universe: Universe, cases: &[Case]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for Case { policy, .. } in cases.iter().filter(|case| case.applies) {
        let mut claim = |(family, first, last), services| {
            let (priority, effect) = (policy.priority, policy.effect);
            claims.push(Claim { family, first, last, services, priority, effect });
        };
        let of = |cidr: &Cidr| (cidr.family(), Family::number(cidr.first()), Family::number(cidr.last()));
        for Destination { to, services, .. } in &policy.destinations {
            match to {
                Place::Cidr(cidr) => claim(of(cidr), *services),
                Place::Reference(named) if *named == reference() => {
                    for cidr in [universe.cidr(8, 2), universe.cidr(SIZE / 2, 3)] {
                        claim(of(&cidr), *services);
                    }
                }
                Place::Reference(_) => {}
            }
        }
        if policy.full_tunnel {
            claim((Family::V4, 0, Family::V4.max()), ServiceRange::ANY);
            claim((Family::V6, 0, Family::V6.max()), ServiceRange::ANY);
        }
    }
    claims
}

/// The rule: the lowest number wins, deny beats allow at equal priority, no match is deny.
fn rule(claims: &[Claim], address: IpAddr, (protocol, port): (Protocol, u16)) -> bool {
    let (family, number) = (Family::of(address), Family::number(address));
    let mut best: Option<&Claim> = None;
    for claim in claims {
        if claim.family != family || number < claim.first || claim.last < number {
            continue;
        }
        if !claim.services.contains(protocol, port) {
            continue;
        }
        best = match best {
            Some(winner) if winner.priority < claim.priority => Some(winner),
            Some(winner) if winner.priority == claim.priority && winner.effect == Effect::Deny => {
                Some(winner)
            }
            _ => Some(claim),
        };
    }
    best.is_some_and(|winner| winner.effect == Effect::Allow)
}

/// Both ends of both families, and each end of each claim with its two neighbours.
fn boundaries(claims: &[Claim]) -> BTreeSet<IpAddr> {
    let mut numbers: BTreeSet<_> =
        Family::ALL.into_iter().flat_map(|family| [(family, 0), (family, family.max())]).collect();
    for claim in claims {
        for number in [claim.first, claim.last] {
            numbers.insert((claim.family, number));
            numbers.insert((claim.family, number.saturating_sub(1)));
            numbers.insert((claim.family, number.saturating_add(1).min(claim.family.max())));
        }
    }
    numbers.into_iter().map(|(family, number)| family.address(number)).collect()
}

fn access(universe: Universe, cases: &[Case]) -> Access {
    resolve(&subject(), cases.iter().map(|case| &case.policy), &places(universe), NOW)
}

/// Which addresses of the universe a set holds, read off its ranges.
fn scan(universe: Universe, set: &AddressSet) -> Vec<bool> {
    let mut held = vec![false; usize::try_from(SIZE).unwrap()];
    let (low, high) = (universe.first, universe.first + (SIZE - 1));
    for range in set.ranges_of(universe.family) {
        let (first, last) = (Family::number(range.first()).max(low), Family::number(range.last()).min(high));
        if first <= last {
            let at = |number| usize::try_from(number - low).unwrap();
            held[at(first)..=at(last)].fill(true);
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if std::env::var_os("NEXA_TEST_FULL").is_some() { 100_000 } else { 10_000 }, ..ProptestConfig::default() })]

    #[test]
    fn resolve_is_the_rule_for_every_address((universe, cases) in cases()) {
        let (access, claims) = (access(universe, &cases), claims(universe, &cases));
        for asked in ASKED {
            let expected: Vec<bool> = universe.addresses().map(|address| rule(&claims, address, asked)).collect();
            let allowed = access.allowed.addresses_by(asked.0, asked.1);
            prop_assert_eq!(scan(universe, allowed), expected, "{:?}", asked);
            for address in boundaries(&claims) {
                prop_assert_eq!(allowed.contains(address), rule(&claims, address, asked), "{} {:?}", address, asked);
                prop_assert_eq!(access.allowed.contains(asked.0, asked.1, address), allowed.contains(address));
            }
        }
        for family in Family::ALL {
            let whole = claims.iter().any(|claim| {
                (claim.family, claim.first, claim.last, claim.effect) == (family, 0, family.max(), Effect::Allow)
            });
            prop_assert_eq!(*access.full_tunnel.get(family), whole);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn explain_agrees_with_what_the_gateway_enforces(
        (universe, cases) in cases(),
        offsets in prop::collection::vec(0..SIZE, 8),
        granted in prop::bool::ANY,
    ) {
        let dns = universe.family.address(universe.first + SIZE / 2);
        let infrastructure = Infrastructure {
            rule: if granted { InfrastructureRule::Granted } else { InfrastructureRule::LeftToPolicies },
            ..Infrastructure::new([], [dns])
        };
        let reachable = access(universe, &cases).reachable(&infrastructure);
        let random = offsets.iter().map(|offset| universe.family.address(universe.first + offset));
        // The address before the universe may be one that is spelled as IPv4-mapped IPv6, which means another family.
        let edges = boundaries(&claims(universe, &cases));
        for address in random.chain(edges).chain([dns]).filter(|ip| ip.to_canonical() == *ip) {
            let policies = cases.iter().map(|case| &case.policy);
            let asked = (address, ServiceRange::ANY);
            let explanation = explain(&subject(), policies, &places(universe), &infrastructure, asked, NOW);
            for (protocol, port) in ASKED {
                let answers = explanation.answers.iter().filter(|answer| answer.services.iter().any(|services| services.contains(protocol, port)));
                let [answer] = &answers.collect::<Vec<_>>()[..] else { panic!("one answer: {explanation}") };
                let expected = reachable.contains(protocol, port, address);
                prop_assert_eq!(answer.is_allowed(), expected, "{}", explanation);
            }
            for Answer { verdict, losers, .. } in &explanation.answers {
                let decided = usize::from(matches!(verdict, Verdict::Policy(_)));
                prop_assert_eq!(losers.len() + decided, cases.len(), "every policy is accounted for");
            }
        }
    }

    #[test]
    fn every_remedy_is_enough((universe, cases) in cases(), offset in 0..SIZE, asked in prop::sample::select(ASKED.to_vec())) {
        let address = universe.family.address(universe.first + offset);
        let (protocol, port) = asked;
        prop_assume!(address.to_canonical() == address);
        let policies: Vec<_> = cases.iter().map(|case| case.policy.clone()).collect();
        let places = places(universe);
        let allowed = |policies: &[Policy]| resolve(&subject(), policies, &places, NOW).allowed.contains(protocol, port, address);
        let nothing = Infrastructure::default();
        let answer = why_not(&subject(), &policies, &places, &nothing, (address, protocol, port), NOW);
        prop_assert_eq!(answer.is_allowed, allowed(&policies));
        prop_assert!(!answer.is_allowed || answer.remedies.is_empty());
        for remedy in &answer.remedies {
            let mut changed = policies.clone();
            remedied(&mut changed, remedy, address);
            prop_assert!(allowed(&changed), "{}", remedy);
        }
        // What no remedy is found for cannot be outranked.
        if !answer.is_allowed && answer.remedies.is_empty() {
            let strictest = policies.iter().filter(|policy| policy.effect == Effect::Deny).map(|policy| policy.priority).min();
            prop_assert_eq!(strictest, Some(0));
        }
        // A barred device needs the same and the bar lifted.
        let barred = subject().barred(Bar::UserSuspended);
        let for_barred = why_not(&barred, &policies, &places, &nothing, (address, protocol, port), NOW);
        prop_assert_eq!((for_barred.is_allowed, for_barred.barred), (false, Some(Bar::UserSuspended)));
        prop_assert_eq!(for_barred.remedies, answer.remedies);
    }

    #[test]
    fn the_order_of_policies_never_matters((universe, cases) in cases(), rotate in 0..9usize) {
        let mut shuffled = cases.clone();
        shuffled.reverse();
        shuffled.rotate_left(rotate.min(cases.len()));
        prop_assert_eq!(access(universe, &cases), access(universe, &shuffled));
    }

    #[test]
    fn another_deny_never_adds_an_address_and_another_allow_never_removes_one((universe, cases) in cases()) {
        let Some((last, before)) = cases.split_last() else { return Ok(()) };
        let (with, without) = (access(universe, &cases).allowed, access(universe, before).allowed);
        match last.policy.effect {
            Effect::Deny => prop_assert!(with.is_subset(&without)),
            Effect::Allow => prop_assert!(without.is_subset(&with)),
        }
    }

    #[test]
    fn a_full_tunnel_is_both_families_named_whole((universe, mut cases) in cases()) {
        let tunnel = access(universe, &cases);
        for Case { policy, .. } in &mut cases {
            if std::mem::take(&mut policy.full_tunnel) {
                policy.destinations.extend([Cidr::ALL_V4, Cidr::ALL_V6].map(Into::into));
            }
        }
        prop_assert_eq!(tunnel, access(universe, &cases));
    }

    #[test]
    fn nothing_changes_before_valid_until((universe, cases) in cases(), after in 0..10_000i64) {
        let now = access(universe, &cases);
        let later = Timestamp::from_micros(NOW.as_micros() + after);
        if now.valid_until.is_none_or(|until| later < until) {
            prop_assert_eq!(resolve(&subject(), cases.iter().map(|case| &case.policy), &places(universe), later), now);
        }
    }
}

/// The policies with a remedy done to them.
fn remedied(policies: &mut Vec<Policy>, remedy: &Remedy, address: IpAddr) {
    if let Remedy::Create { priority } = remedy {
        let new = NewPolicy::allow("new").priority(*priority).destination(Cidr::host(address));
        return policies.push(build(1_000, new));
    }
    let (Remedy::Activate(named)
    | Remedy::MoveWindow(named)
    | Remedy::AddTarget(named)
    | Remedy::AddService(named)
    | Remedy::Remove(named)
    | Remedy::Reprioritize { policy: named, .. }) = remedy
    else {
        panic!("{remedy}")
    };
    let at = policies.iter().position(|policy| policy.id == named.id).unwrap();
    let policy = &mut policies[at];
    match remedy {
        Remedy::Activate(_) => policy.is_active = true,
        Remedy::MoveWindow(_) => (policy.valid_from, policy.valid_until) = (None, None),
        Remedy::AddTarget(_) => policy.targets.push(Target::Device(DEVICE)),
        Remedy::AddService(_) => {
            policy.destinations.iter_mut().for_each(|destination| destination.services = ServiceRange::ANY);
        }
        Remedy::Reprioritize { priority, .. } => policy.priority = *priority,
        _ => drop(policies.remove(at)),
    }
}

fn build(id: u128, policy: NewPolicy) -> Policy {
    policy.target(USER).build(PolicyId::from_uuid(uuid::Uuid::from_u128(id))).unwrap()
}

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

#[test]
fn a_device_that_is_barred_has_no_access_and_the_reason_is_said() {
    let all = build(1, NewPolicy::allow("all").full_tunnel());
    let barred = subject().barred(Bar::DeviceRevoked);
    let access = resolve(&barred, [&all], &Places::none(), NOW);
    assert!(access.allowed.is_empty());
    assert_eq!((access.barred, access.full_tunnel), (Some(Bar::DeviceRevoked), PerFamily::both(false)));
    let expiring = subject().expires_at(Timestamp::from_micros(1_001));
    assert_eq!(
        resolve(&expiring, [&all], &Places::none(), NOW).valid_until,
        Some(Timestamp::from_micros(1_001))
    );
    let expired = resolve(&expiring, [&all], &Places::none(), Timestamp::from_micros(1_001));
    assert_eq!(expired.barred, Some(Bar::DeviceExpired));
}

#[test]
fn only_windows_that_can_matter_to_the_device_limit_its_access() {
    let at = Timestamp::from_micros;
    let inactive = build(1, NewPolicy::allow("inactive").valid_until(at(2_000)).inactive());
    let over = build(2, NewPolicy::allow("over").valid_until(at(1_000)));
    let upcoming = build(3, NewPolicy::allow("upcoming").valid_from(at(3_000)).valid_until(at(9_000)));
    let mut foreign = build(4, NewPolicy::allow("foreign").valid_until(at(2_000)));
    foreign.targets.clear();
    assert_eq!(resolve(&subject(), [&inactive, &over, &foreign], &Places::none(), NOW).valid_until, None);
    assert_eq!(
        resolve(&subject(), [&inactive, &over, &foreign, &upcoming], &Places::none(), NOW).valid_until,
        Some(at(3_000))
    );
}

#[test]
fn many_denies_in_one_allow_are_left_out_one_by_one() {
    let allow = build(1, NewPolicy::allow("all").destination(Cidr::ALL_V4).priority(200));
    let denies = (0..2_000u32).map(|n| Cidr::host(Family::V4.address(u128::from(n) * 2_000_000 + 7)));
    let holes: AddressSet = denies.clone().collect();
    let mut deny = NewPolicy::deny("holes");
    deny.destinations = denies.map(Into::into).collect();
    let access = resolve(&subject(), [&build(2, deny), &allow], &Places::none(), NOW);
    assert_eq!(access.addresses(), AddressSet::from(Cidr::ALL_V4).difference(&holes));
    assert_eq!(access.addresses().ranges().len(), 2_001);
    assert_eq!(access.denied, holes);
}

#[test]
fn an_explanation_reads_as_an_answer() {
    let at = Timestamp::from_micros;
    let staging = cidr("10.40.0.0/16");
    let mut engineers = build(1, NewPolicy::allow("engineers reach staging").destination(staging));
    engineers.targets = vec![Target::Group(group(2))];
    let mut elsewhere = build(2, NewPolicy::allow("sales").destination(staging));
    elsewhere.targets = vec![Target::Group(group(9))];
    let policies = [
        build(
            3,
            NewPolicy::deny("no databases")
                .destination(cidr("10.40.9.0/24"))
                .destination(staging)
                .priority(100),
        ),
        build(4, NewPolicy::deny("freeze").destination(staging).priority(10).valid_from(at(86_400_000_000))),
        build(5, NewPolicy::allow("old").full_tunnel().priority(500)),
        build(6, NewPolicy::allow("draft").full_tunnel().priority(0).inactive()),
        build(7, NewPolicy::allow("printers").destination(cidr("10.50.0.0/24"))),
        engineers.clone(),
        elsewhere,
    ];
    let infrastructure = Infrastructure::new(["10.8.0.1".parse().unwrap()], []);
    let say = |policies: &[Policy], address: &str| {
        let asked = (address.parse().unwrap(), ServiceRange::ANY);
        explain(&subject(), policies, &Places::none(), &infrastructure, asked, NOW).to_string()
    };
    insta::assert_snapshot!(say(&policies, "10.40.9.5"), @r#"
    10.40.9.5 is denied: deny "no databases" (priority 100) contains it by 10.40.9.0/24
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not allow "engineers reach staging" (priority 100): deny wins at equal priority
      not allow "old" (priority 500): a lower priority number won
      not deny "freeze" (priority 10): counts only from 1970-01-02T00:00:00.000000Z
      not allow "draft" (priority 0): is not active
      not 1 more: no destination contains the address
      not 1 more: no target is the device, its user or a group of the user
    "#);
    insta::assert_snapshot!(say(&[engineers], "::ffff:10.40.9.5"), @r#"
    10.40.9.5 is allowed: allow "engineers reach staging" (priority 100) contains it by 10.40.0.0/16
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001 <- group 00000000-0000-0000-0000-000000000002
    "#);
    insta::assert_snapshot!(say(&policies, "10.8.0.1"), @r#"
    10.8.0.1 is allowed: the built-in rule grants the gateway's own addresses
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not allow "old" (priority 500): the built-in rule stands above it
      not deny "freeze" (priority 10): counts only from 1970-01-02T00:00:00.000000Z
      not allow "draft" (priority 0): is not active
      not 3 more: no destination contains the address
      not 1 more: no target is the device, its user or a group of the user
    "#);
    insta::assert_snapshot!(say(&[], "10.40.9.5"), @r"
    10.40.9.5 is denied: no policy that applies contains it
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
    ");
    let suspended = subject().barred(Bar::UserSuspended);
    let asked = ("10.8.0.1".parse().unwrap(), ServiceRange::ANY);
    insta::assert_snapshot!(explain(&suspended, &policies, &Places::none(), &infrastructure, asked, NOW), @r"
    10.8.0.1 is denied: the user is suspended
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
    ");
}

#[test]
fn an_explanation_tells_services_apart_only_where_policies_do() {
    let git = reference();
    let at = AddressSet::from(cidr("10.3.0.5/32"));
    let places = Places::none().with(git.clone(), &at);
    let ssh = Destination::new(git.clone()).by("tcp/22".parse().unwrap());
    let policies = [
        build(
            1,
            NewPolicy::allow("git")
                .destination(ssh)
                .destination(Destination::new(git).by("tcp/443".parse().unwrap())),
        ),
        build(
            2,
            NewPolicy::deny("no pings")
                .destination(Destination::new(cidr("10.0.0.0/8")).by("icmp".parse().unwrap())),
        ),
    ];
    let say = |services: &str| {
        let asked = ("10.3.0.5".parse().unwrap(), services.parse().unwrap());
        explain(&subject(), &policies, &places, &Infrastructure::default(), asked, NOW)
    };
    insta::assert_snapshot!(say("tcp/22"), @r#"
    10.3.0.5 by tcp/22 is allowed: allow "git" (priority 100) contains it by service:git (10.3.0.5/32), tcp/22
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not deny "no pings" (priority 100): contains it by other services
    "#);
    insta::assert_snapshot!(say("any"), @r#"
    10.3.0.5 by icmp is denied: deny "no pings" (priority 100) contains it by 10.0.0.0/8, icmp
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not allow "git" (priority 100): contains it by other services
    10.3.0.5 by tcp/22 is allowed: allow "git" (priority 100) contains it by service:git (10.3.0.5/32), tcp/22
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not deny "no pings" (priority 100): contains it by other services
    10.3.0.5 by tcp/443 is allowed: allow "git" (priority 100) contains it by service:git (10.3.0.5/32), tcp/443
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not deny "no pings" (priority 100): contains it by other services
    10.3.0.5 by anything else is denied: no policy that applies contains it
      for device 00000000-0000-0000-0000-000000000001 <- user 00000000-0000-0000-0000-000000000001
      not allow "git" (priority 100): contains it by other services
      not deny "no pings" (priority 100): contains it by other services
    "#);
    assert!(say("tcp/22").is_allowed() && !say("any").is_allowed() && say("any").is_allowed_somehow());
    assert!(!say("tcp/23").is_allowed_somehow());
}
