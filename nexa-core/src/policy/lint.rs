//! What a set of policies says that nobody can have meant.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use super::access::Infrastructure;
use super::destination::{Destination, Place, Reference};
use super::explain::PolicySummary;
use super::fleet::Fleet;
use super::model::{Effect, Policy, Target};
use super::places::Places;
use super::resolve::{Rank, Window};
use super::rules::{Rule, resolve_rules};
use super::service_range::Protocol;
use super::subject::Subject;
use super::traffic::Traffic;
use crate::id::DeviceId;
use crate::net::{Cidr, Family};
use crate::runtime::Timestamp;

/// The port of DNS.
const DNS: u16 = 53;

/// Something that is worth a look.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// Two policies of one priority say the opposite about the same devices and destinations, so that deny wins there.
    Conflict {
        /// The policy that denies.
        deny: PolicySummary,
        /// The one that allows, in vain where they meet.
        allow: PolicySummary,
        /// Where they meet: some of it.
        at: Destination,
    },
    /// Whatever the policy says, stricter ones have said already to everyone it targets.
    Shadowed {
        /// The policy.
        policy: PolicySummary,
        /// The policies that decide instead of it, the strictest first.
        by: Vec<PolicySummary>,
    },
    /// A policy that is about nobody.
    NoTargets(PolicySummary),
    /// A policy that matches nothing: it has no destination and is no full tunnel.
    NoDestinations(PolicySummary),
    /// A destination that other destinations of its policy have whole.
    Redundant {
        /// The policy.
        policy: PolicySummary,
        /// The destination.
        destination: Destination,
    },
    /// A policy names something that is nowhere.
    Dangling {
        /// The policy.
        policy: PolicySummary,
        /// What it names.
        reference: Reference,
    },
    /// A policy whose window is over.
    Over(PolicySummary),
    /// A policy allows all of IPv4 and its targets are not allowed all of IPv6: what a site also has there goes past the tunnel.
    Ipv6Leak(PolicySummary),
    /// A device gets a DNS server that it may not ask.
    DnsUnreachable {
        /// The device.
        device: DeviceId,
        /// The server.
        server: IpAddr,
    },
    /// A destination lies in a gateway's own network, where devices are.
    InsideVpn {
        /// The policy.
        policy: PolicySummary,
        /// The destination.
        destination: Destination,
        /// The network.
        vpn: Cidr,
    },
    /// A destination, other than a whole family, has the public address of a gateway: a client that routes it sends its encrypted
    /// packets into the tunnel, unless the endpoint is excluded.
    HasEndpoint {
        /// The policy.
        policy: PolicySummary,
        /// The destination.
        destination: Destination,
        /// The gateway's address.
        endpoint: IpAddr,
    },
    /// Two peers of one gateway may both send from an address: the packets to it go to one of them.
    OverlappingPeers {
        /// One device.
        one: DeviceId,
        /// Another one.
        other: DeviceId,
        /// The address, or the first of them.
        address: IpAddr,
    },
}

impl Finding {
    /// Its name for a program: `conflict`, `shadowed`, `no_targets` and so on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Finding::Conflict { .. } => "conflict",
            Finding::Shadowed { .. } => "shadowed",
            Finding::NoTargets(_) => "no_targets",
            Finding::NoDestinations(_) => "no_destinations",
            Finding::Redundant { .. } => "redundant",
            Finding::Dangling { .. } => "dangling",
            Finding::Over(_) => "over",
            Finding::Ipv6Leak(_) => "ipv6_leak",
            Finding::DnsUnreachable { .. } => "dns_unreachable",
            Finding::InsideVpn { .. } => "inside_vpn",
            Finding::HasEndpoint { .. } => "has_endpoint",
            Finding::OverlappingPeers { .. } => "overlapping_peers",
        }
    }

    /// The policy to look at, if it is about one.
    #[must_use]
    pub const fn policy(&self) -> Option<&PolicySummary> {
        match self {
            Finding::Conflict { allow: policy, .. }
            | Finding::Shadowed { policy, .. }
            | Finding::NoTargets(policy)
            | Finding::NoDestinations(policy)
            | Finding::Redundant { policy, .. }
            | Finding::Dangling { policy, .. }
            | Finding::Over(policy)
            | Finding::Ipv6Leak(policy)
            | Finding::InsideVpn { policy, .. }
            | Finding::HasEndpoint { policy, .. } => Some(policy),
            Finding::DnsUnreachable { .. } | Finding::OverlappingPeers { .. } => None,
        }
    }
}

/// A gateway and its devices, as far as policies are concerned.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Surroundings {
    /// The prefixes that its devices have addresses of.
    pub vpn_cidrs: Vec<Cidr>,
    /// Its public address, if it is known.
    pub endpoint: Option<IpAddr>,
    /// What the built-in rule has there.
    pub infrastructure: Infrastructure,
    /// Its devices, each with the prefixes it may send from.
    pub peers: Vec<(DeviceId, Vec<Cidr>)>,
}

/// Looks at a set of policies, at the devices that there are and at their gateways, at one moment. Policies that are not active are left
/// out. The findings are sorted, each once.
///
/// A policy is shadowed by those that target the same people, devices and groups; that everybody in a group happens to be targeted by
/// name is not looked for.
#[must_use]
pub fn lint(
    policies: &[Policy],
    subjects: &[Subject],
    gateways: &[Surroundings],
    places: &Places,
    now: Timestamp,
) -> Vec<Finding> {
    let active: Vec<_> = policies.iter().filter(|policy| policy.is_active).collect();
    let mut findings = BTreeSet::new();
    for policy in &active {
        findings.extend(of_one(policy, gateways, places, now));
    }
    let open: Vec<_> = active.into_iter().filter(|policy| policy.window(now) == Window::Open).collect();
    let meeting = Open::new(&open, places);
    findings.extend(meeting.shadowed());
    findings.extend(meeting.conflicts(subjects, places));
    findings.extend(leaks(&open, places));
    findings.extend(deaf(policies, subjects, gateways, places, now));
    findings.extend(gateways.iter().flat_map(|gateway| overlapping(&gateway.peers)));
    findings.into_iter().collect()
}

/// What can be seen of a policy alone.
fn of_one(policy: &Policy, gateways: &[Surroundings], places: &Places, now: Timestamp) -> Vec<Finding> {
    let summary = || PolicySummary::of(policy);
    let mut findings = Vec::new();
    if policy.targets.is_empty() {
        findings.push(Finding::NoTargets(summary()));
    }
    if policy.destinations.is_empty() && !policy.full_tunnel {
        findings.push(Finding::NoDestinations(summary()));
    }
    if matches!(policy.window(now), Window::Over(_)) {
        findings.push(Finding::Over(summary()));
    }
    for destination in &policy.destinations {
        match &destination.to {
            Place::Reference(reference) if !places.has(reference) => {
                findings.push(Finding::Dangling { policy: summary(), reference: reference.clone() });
            }
            Place::Reference(_) => {}
            Place::Cidr(cidr) => findings.extend(beside(policy, destination, *cidr, gateways)),
        }
    }
    findings.extend(redundant(policy, places));
    findings
}

/// Where a destination meets a gateway's network or its public address. A whole family does both on purpose.
fn beside(policy: &Policy, destination: &Destination, cidr: Cidr, gateways: &[Surroundings]) -> Vec<Finding> {
    if policy.effect == Effect::Deny || cidr.prefix_len() == 0 {
        return Vec::new();
    }
    let about = || (PolicySummary::of(policy), destination.clone());
    let vpns = gateways.iter().flat_map(|gateway| &gateway.vpn_cidrs).filter(|vpn| vpn.overlaps(&cidr));
    let vpns = vpns.map(|vpn| {
        let (policy, destination) = about();
        Finding::InsideVpn { policy, destination, vpn: *vpn }
    });
    let endpoints = gateways.iter().filter_map(|gateway| gateway.endpoint);
    let endpoints = endpoints.filter(|endpoint| cidr.contains(*endpoint)).map(|endpoint| {
        let (policy, destination) = about();
        Finding::HasEndpoint { policy, destination, endpoint }
    });
    vpns.chain(endpoints).collect()
}

/// Destinations that the others of their policy have whole. Of two that have each other the later one is meant.
fn redundant(policy: &Policy, places: &Places) -> Vec<Finding> {
    let finding = |destination: &Destination| Finding::Redundant {
        policy: PolicySummary::of(policy),
        destination: destination.clone(),
    };
    if policy.full_tunnel {
        return policy.destinations.iter().map(finding).collect();
    }
    // The largest first, so that each is compared with what is before it.
    let mut ordered: Vec<_> =
        policy.destinations.iter().map(|destination| (places.traffic(destination), destination)).collect();
    ordered.sort_by_cached_key(|(traffic, destination)| {
        let ranges = traffic.addresses();
        let count = Family::ALL.map(|family| ranges.count(family));
        let (first, last) = (destination.services.first(), destination.services.last());
        (
            std::cmp::Reverse(count.map(|count| count.as_u128().unwrap_or(u128::MAX))),
            std::cmp::Reverse(last - first),
        )
    });
    let mut rules = Vec::new();
    let mut findings = Vec::new();
    for (traffic, destination) in ordered {
        let covering = rules
            .iter()
            .copied()
            .filter(|rule: &Rule| rule.services.intersection(destination.services).is_some());
        if !traffic.is_empty() && traffic.is_subset(&resolve_rules(covering)) {
            findings.push(finding(destination));
        } else {
            rules.extend(
                places
                    .prefixes(&destination.to)
                    .iter()
                    .map(|cidr| Rule::allow(destination.services, *cidr, 0)),
            );
        }
    }
    findings
}

/// Policies that count now, with everything that each has an opinion of and with those that each target is of.
struct Open<'a> {
    policies: Vec<(&'a Policy, Traffic)>,
    targeting: HashMap<Target, Vec<usize>>,
}

impl<'a> Open<'a> {
    fn new(policies: &[&'a Policy], places: &Places) -> Self {
        let mut targeting: HashMap<_, Vec<_>> = HashMap::new();
        for (at, target) in
            policies.iter().enumerate().flat_map(|(at, policy)| policy.targets.iter().map(move |t| (at, t)))
        {
            targeting.entry(*target).or_default().push(at);
        }
        let whole = |policy: &Policy| {
            resolve_rules(policy.rules(places).map(|rule| Rule { effect: Effect::Allow, ..rule }))
        };
        Open { policies: policies.iter().map(|policy| (*policy, whole(policy))).collect(), targeting }
    }

    fn of(&self, target: &Target) -> impl Iterator<Item = &(&'a Policy, Traffic)> {
        self.targeting.get(target).into_iter().flatten().filter_map(|at| self.policies.get(*at))
    }

    /// Policies that never decide: to each of their targets stricter policies say everything they say.
    fn shadowed(&self) -> Vec<Finding> {
        let shadowed = self.policies.iter().filter_map(|(policy, traffic)| {
            let mut by = BTreeSet::new();
            let mut is_hidden = |target: &Target| {
                let mut left = traffic.clone();
                for (other, said) in self.of(target).filter(|(other, _)| is_stricter(other, policy)) {
                    if !said.intersection(traffic).is_empty() {
                        by.insert((Rank::of(other), PolicySummary::of(other)));
                        left = left.difference(said);
                    }
                }
                left.is_empty()
            };
            let names = !traffic.is_empty() && !policy.targets.is_empty();
            let is_shadowed = names && policy.targets.iter().all(&mut is_hidden);
            is_shadowed.then(|| Finding::Shadowed {
                policy: PolicySummary::of(policy),
                by: by.into_iter().map(|(_, summary)| summary).collect(),
            })
        });
        shadowed.collect()
    }

    /// Pairs of one priority and opposite effects that meet for somebody: they share a target, or one device is targeted by both.
    fn conflicts(&self, subjects: &[Subject], places: &Places) -> Vec<Finding> {
        let of_subjects = subjects.iter().map(|subject| {
            let mut applying: Vec<_> = subject
                .targets()
                .filter_map(|target| self.targeting.get(&target))
                .flatten()
                .copied()
                .collect();
            applying.sort_unstable();
            applying.dedup();
            applying
        });
        let together: HashSet<Vec<usize>> = self.targeting.values().cloned().chain(of_subjects).collect();
        let mut pairs = BTreeSet::new();
        for together in &together {
            let of = |effect: Effect| {
                let named = together.iter().filter_map(|at| Some((*at, self.policies.get(*at)?.0)));
                named.filter(move |(_, policy)| policy.effect == effect)
            };
            for (deny_at, deny) in of(Effect::Deny) {
                // A full tunnel with holes at its own priority is how holes are written.
                let allows = of(Effect::Allow)
                    .filter(|(_, allow)| allow.priority == deny.priority && !allow.full_tunnel);
                pairs.extend(allows.map(|(allow_at, _)| (deny_at, allow_at)));
            }
        }
        let meeting = pairs.into_iter().filter_map(|(deny, allow)| {
            let ((deny, denied), (allow, _)) = (self.policies.get(deny)?, self.policies.get(allow)?);
            let at = allow
                .destinations
                .iter()
                .find(|destination| !places.traffic(destination).intersection(denied).is_empty())?;
            Some(Finding::Conflict {
                deny: PolicySummary::of(deny),
                allow: PolicySummary::of(allow),
                at: at.clone(),
            })
        });
        meeting.collect()
    }
}

/// Whether the one decides wherever both apply; of two that say the same at one rank, the one of the lower id.
fn is_stricter(one: &Policy, than: &Policy) -> bool {
    (Rank::of(one), one.id) < (Rank::of(than), than.id)
}

/// Policies that take all of IPv4 into the tunnel for somebody whose IPv6 stays outside.
fn leaks(open: &[&Policy], places: &Places) -> Vec<Finding> {
    let has_whole = |policy: &Policy, family: Family| {
        policy.effect == Effect::Allow && policy.rules(places).any(|rule| rule.cidr == Cidr::all(family))
    };
    let with_v6: BTreeSet<_> = open
        .iter()
        .filter(|policy| has_whole(policy, Family::V6))
        .flat_map(|policy| &policy.targets)
        .collect();
    let leaking = open.iter().filter(|policy| {
        has_whole(policy, Family::V4) && policy.targets.iter().any(|target| !with_v6.contains(target))
    });
    leaking.map(|policy| Finding::Ipv6Leak(PolicySummary::of(policy))).collect()
}

/// Devices that may not ask their own DNS servers.
fn deaf(
    policies: &[Policy],
    subjects: &[Subject],
    gateways: &[Surroundings],
    places: &Places,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for gateway in gateways.iter().filter(|gateway| !gateway.infrastructure.dns.is_empty()) {
        let own: BTreeSet<_> = gateway.peers.iter().map(|(device, _)| *device).collect();
        let fleet = Fleet::resolve(
            subjects.iter().filter(|subject| own.contains(&subject.device)),
            policies,
            places,
            now,
        );
        for (subject, access) in fleet.accesses().filter(|(_, access)| access.barred.is_none()) {
            let reachable = access.reachable(&gateway.infrastructure);
            let mut servers = gateway.infrastructure.dns.iter();
            let unreachable = servers.find(|server| !reachable.contains(Protocol::UDP, DNS, **server));
            findings.extend(
                unreachable.map(|server| Finding::DnsUnreachable { device: subject.device, server: *server }),
            );
        }
    }
    findings
}

/// Each peer that may send from an address of another one's, with the one before it.
fn overlapping(peers: &[(DeviceId, Vec<Cidr>)]) -> Vec<Finding> {
    let of_peer = |(device, cidrs): &(DeviceId, Vec<Cidr>)| -> Vec<_> {
        cidrs.iter().map(|cidr| (Family::of(cidr.first()), cidr.first(), cidr.last(), *device)).collect()
    };
    let mut spans: Vec<_> = peers.iter().flat_map(of_peer).collect();
    spans.sort_unstable();
    let mut findings = Vec::new();
    let mut furthest: Option<(IpAddr, DeviceId)> = None;
    for (_, first, last, device) in spans {
        match furthest {
            Some((end, other)) if Family::of(end) == Family::of(first) && first <= end => {
                if other != device {
                    let (one, other) = (other.min(device), other.max(device));
                    findings.push(Finding::OverlappingPeers { one, other, address: first });
                }
                if last > end {
                    furthest = Some((last, device));
                }
            }
            _ => furthest = Some((last, device)),
        }
    }
    findings
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Conflict { deny, allow, at } => {
                write!(
                    f,
                    "{allow} is in vain where {deny} meets it, such as at {at}: deny wins at equal priority"
                )
            }
            Finding::Shadowed { policy, by } => {
                write!(f, "{policy} never decides: to everyone it targets it has been said by ")?;
                let mut by = by.iter();
                by.next().map_or(Ok(()), |first| write!(f, "{first}"))?;
                by.try_for_each(|next| write!(f, ", {next}"))
            }
            Finding::NoTargets(policy) => write!(f, "{policy} is about nobody"),
            Finding::NoDestinations(policy) => write!(f, "{policy} matches nothing"),
            Finding::Redundant { policy, destination } => {
                write!(f, "{policy} names {destination} for nothing: its other destinations have it")
            }
            Finding::Dangling { policy, reference } => {
                write!(f, "{policy} names {reference}, which is nowhere")
            }
            Finding::Over(policy) => write!(f, "{policy} counts no more: its window is over"),
            Finding::Ipv6Leak(policy) => {
                write!(f, "{policy} takes all of IPv4 into the tunnel and leaves IPv6 outside")
            }
            Finding::DnsUnreachable { device, server } => {
                write!(f, "device {device} may not ask its DNS server {server}")
            }
            Finding::InsideVpn { policy, destination, vpn } => {
                write!(f, "{policy} names {destination}, which meets the VPN's own {vpn}")
            }
            Finding::HasEndpoint { policy, destination, endpoint } => {
                write!(f, "{policy} names {destination}, which has the gateway's public address {endpoint}")
            }
            Finding::OverlappingPeers { one, other, address } => {
                write!(f, "devices {one} and {other} may both send from {address}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{GroupId, PolicyId, UserId};
    use crate::policy::{NewPolicy, ReferenceKind};

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    fn uuid(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn group(number: u128) -> Target {
        GroupId::from_uuid(uuid(number)).into()
    }

    fn build(all: impl IntoIterator<Item = NewPolicy>) -> Vec<Policy> {
        all.into_iter().zip(1..).map(|(new, id)| new.build(PolicyId::from_uuid(uuid(id))).unwrap()).collect()
    }

    fn net(text: &str, services: &str) -> Destination {
        Destination::new(text.parse::<Place>().unwrap()).by(services.parse().unwrap())
    }

    /// Each finding as its kind and the policies it names.
    fn found(policies: &[Policy], subjects: &[Subject], gateways: &[Surroundings]) -> Vec<String> {
        lint(policies, subjects, gateways, &Places::none(), NOW).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn policies_that_can_be_meant_are_not_found() {
        let staff = group(1);
        let policies = build([
            NewPolicy::allow("office").target(staff).destination(net("10.20.0.0/16", "any")),
            NewPolicy::deny("vault").target(staff).destination(net("10.20.9.0/24", "any")).priority(10),
            NewPolicy::allow("vault for ada")
                .target(group(2))
                .destination(net("10.20.9.0/24", "tcp/443"))
                .priority(5),
            NewPolicy::allow("internet").target(staff).full_tunnel(),
            NewPolicy::deny("no tracker").target(staff).destination(net("192.0.2.0/24", "any")),
            NewPolicy::allow("draft").inactive(),
        ]);
        assert_eq!(found(&policies, &[], &[]), Vec::<String>::new());
    }

    #[test]
    fn what_nobody_can_have_meant_is_named() {
        let staff = group(1);
        let policies = build([
            NewPolicy::allow("nobody").destination(net("10.1.0.0/24", "any")),
            NewPolicy::allow("nothing").target(staff),
            NewPolicy::allow("old").target(group(3)).destination(net("10.2.0.0/24", "any")).valid_until(NOW),
            NewPolicy::allow("git").target(group(4)).destination(net("service:git", "tcp/22")),
            NewPolicy::allow("twice")
                .target(group(5))
                .destination(net("10.3.0.0/24", "any"))
                .destination(net("10.3.0.0/25", "tcp/443"))
                .destination(net("10.3.1.0/24", "tcp/443")),
            NewPolicy::allow("v4 only").target(group(6)).destination(net("0.0.0.0/0", "any")),
        ]);
        assert_eq!(
            found(&policies, &[], &[]),
            [
                "allow \"nobody\" (priority 100) is about nobody",
                "allow \"nothing\" (priority 100) matches nothing",
                "allow \"twice\" (priority 100) names 10.3.0.0/25 tcp/443 for nothing: its other destinations have it",
                "allow \"git\" (priority 100) names service:git, which is nowhere",
                "allow \"old\" (priority 100) counts no more: its window is over",
                "allow \"v4 only\" (priority 100) takes all of IPv4 into the tunnel and leaves IPv6 outside",
            ]
        );
        let reference = Reference::new(ReferenceKind::Service, "git").unwrap();
        let places = Places::none().with(reference, &cidr("10.9.0.1/32").into());
        assert!(lint(&policies, &[], &[], &places, NOW).iter().all(|finding| finding.kind() != "dangling"));
    }

    #[test]
    fn a_policy_is_shadowed_by_stricter_ones_together_and_only_for_all_its_targets() {
        let (staff, guests) = (group(1), group(2));
        let half = |name: &str, text: &str| {
            NewPolicy::deny(name).target(staff).destination(net(text, "any")).priority(1)
        };
        let office = NewPolicy::allow("office").target(staff).destination(net("10.0.0.0/24", "any"));
        let policies = build([half("low", "10.0.0.0/25"), half("high", "10.0.0.128/25"), office.clone()]);
        assert_eq!(
            found(&policies, &[], &[]),
            ["allow \"office\" (priority 100) never decides: to everyone it targets it has been said by \
              deny \"low\" (priority 1), deny \"high\" (priority 1)"]
        );
        let wider = build([half("low", "10.0.0.0/25"), half("high", "10.0.0.128/25"), office.target(guests)]);
        assert_eq!(found(&wider, &[], &[]), Vec::<String>::new());
    }

    #[test]
    fn equal_priority_and_opposite_effect_conflict_where_they_meet_for_somebody() {
        let (staff, admins) = (group(1), group(2));
        let policies = build([
            NewPolicy::allow("ssh").target(admins).destination(net("10.0.0.0/8", "tcp/22")),
            NewPolicy::deny("servers").target(staff).destination(net("10.5.0.0/16", "any")),
        ]);
        assert_eq!(found(&policies, &[], &[]), Vec::<String>::new(), "nobody is in both groups");
        let both = Subject::new(DeviceId::from_uuid(uuid(1)), UserId::from_uuid(uuid(1)));
        let both = both.in_groups([1, 2].map(|id| GroupId::from_uuid(uuid(id))));
        assert_eq!(
            found(&policies, &[both], &[]),
            [
                "allow \"ssh\" (priority 100) is in vain where deny \"servers\" (priority 100) meets it, such as at \
              10.0.0.0/8 tcp/22: deny wins at equal priority"
            ]
        );
    }

    #[test]
    fn a_gateways_network_endpoint_servers_and_peers_are_looked_at() {
        let device = |number| DeviceId::from_uuid(uuid(number));
        let subject = Subject::new(device(1), UserId::from_uuid(uuid(1)));
        let gateway = Surroundings {
            vpn_cidrs: vec![cidr("10.66.0.0/24")],
            endpoint: Some("198.51.100.7".parse().unwrap()),
            infrastructure: Infrastructure::new([], ["10.66.0.53".parse().unwrap()]).left_to_policies(),
            peers: vec![
                (device(1), vec![cidr("10.66.0.2/32")]),
                (device(2), vec![cidr("10.66.0.3/32")]),
                (device(3), vec![cidr("10.66.0.2/31")]),
            ],
        };
        let policies = build([
            NewPolicy::allow("everything").target(subject.user).destination(net("10.66.0.0/26", "tcp")),
            NewPolicy::allow("colo").target(subject.user).destination(net("198.51.100.0/24", "any")),
        ]);
        let [first, third] = [device(1), device(3)];
        let two = device(2);
        assert_eq!(
            found(&policies, &[subject], &[gateway]),
            [
                format!("device {first} may not ask its DNS server 10.66.0.53"),
                "allow \"everything\" (priority 100) names 10.66.0.0/26 tcp, which meets the VPN's own 10.66.0.0/24".to_owned(),
                "allow \"colo\" (priority 100) names 198.51.100.0/24, which has the gateway's public address 198.51.100.7".to_owned(),
                format!("devices {first} and {third} may both send from 10.66.0.2"),
                format!("devices {two} and {third} may both send from 10.66.0.3"),
            ]
        );
    }
}
