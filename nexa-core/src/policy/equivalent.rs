//! Whether two sets of policies say the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use super::model::{Effect, Policy, Target};
use super::places::Places;
use super::resolve::{Rank, Window};
use super::service_range::{Protocol, ServiceRange};
use super::traffic::pieces;
use crate::net::{AddressSet, Cidr, Family};
use crate::runtime::Timestamp;

/// Somebody for whom two sets of policies differ, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// Who: a device that is these, or is of them, and of nothing else that a policy names. At most two; none for anybody at all.
    pub who: Vec<Target>,
    /// An address.
    pub address: IpAddr,
    /// A protocol.
    pub protocol: Protocol,
    /// A port; 0 for a protocol without ports.
    pub port: u16,
    /// What the first set says of it; the second says the opposite.
    pub first: Effect,
}

/// Whether two sets of policies let everybody reach the same at a moment: every active device that there is, or could be, in any groups.
/// Descriptions, names and ids do not matter, nor do policies that nobody would miss.
///
/// It is decided, not tried out: the sets cut all (address, protocol, port) into pieces in which each policy has everything or nothing.
/// In such a piece the two say different things of somebody only if a level of one, that allows, and a level of the other, that denies, can
/// both be the first that somebody meets; then somebody who is of one target of each is enough. O(k log k) for k destinations, and the
/// square of how many priorities meet in one place.
///
/// # Errors
/// A [`Counterexample`].
pub fn equivalent<'a>(
    first: impl IntoIterator<Item = &'a Policy>,
    second: impl IntoIterator<Item = &'a Policy>,
    places: &Places,
    now: Timestamp,
) -> Result<(), Counterexample> {
    compare(first, second, places, now, None)
}

/// Whether the second set of policies lets nobody reach anything there that the first does not, of everybody there is or could be.
#[cfg(feature = "control")]
pub(super) fn gains_nothing<'a>(
    first: impl IntoIterator<Item = &'a Policy>,
    second: impl IntoIterator<Item = &'a Policy>,
    places: &Places,
    now: Timestamp,
    there: &AddressSet,
) -> Result<(), Counterexample> {
    compare(second, first, places, now, Some(there))
}

/// The parts of a destination that lie there, as numbers; all of it where nothing is said.
fn parts(cidr: Cidr, there: Option<&AddressSet>) -> Vec<(u128, u128)> {
    let (first, last) = (Family::number(cidr.first()), Family::number(cidr.last()));
    let Some(there) = there else { return vec![(first, last)] };
    let ranges = there.ranges_of(cidr.family()).iter();
    let cut = ranges
        .map(|range| (Family::number(range.first()).max(first), Family::number(range.last()).min(last)));
    cut.filter(|(first, last)| first <= last).collect()
}

/// Any difference; where somewhere is named, only what the first allows there and the second does not.
fn compare<'a>(
    first: impl IntoIterator<Item = &'a Policy>,
    second: impl IntoIterator<Item = &'a Policy>,
    places: &Places,
    now: Timestamp,
    gained: Option<&AddressSet>,
) -> Result<(), Counterexample> {
    let of = |side, policies: &mut dyn Iterator<Item = &'a Policy>| -> Vec<(Side, &'a Policy)> {
        let counting = policies.filter(|policy| policy.is_active && policy.window(now) == Window::Open);
        counting.map(|policy| (side, policy)).collect()
    };
    let mut policies = of(Side::First, &mut first.into_iter());
    policies.extend(of(Side::Second, &mut second.into_iter()));
    let mut rules = Vec::new();
    for (at, (_, policy)) in policies.iter().enumerate() {
        for rule in policy.rules(places) {
            let (services, family) = (rule.services, rule.cidr.family());
            let part = |(first, last)| Span { services, family, first, last, policy: at };
            rules.extend(parts(rule.cidr, gained).into_iter().map(part));
        }
    }
    let mut judge = Judge { policies: &policies, only_gains: gained.is_some(), agreed: HashSet::new() };
    for services in pieces(rules.iter().map(|rule| rule.services)) {
        for family in Family::ALL {
            let here =
                rules.iter().filter(|rule| rule.family == family && rule.services.has_all_of(services));
            sweep(here, |number, active| judge.agree(active, (services, family, number)))?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    First,
    Second,
}

/// One destination of a policy, in one family.
struct Span {
    services: ServiceRange,
    family: Family,
    first: u128,
    last: u128,
    policy: usize,
}

/// Calls for each piece of a family with its first address and the policies that have it; pieces that none has are left out.
fn sweep<'s, E>(
    spans: impl Iterator<Item = &'s Span>,
    mut each: impl FnMut(u128, &[usize]) -> Result<(), E>,
) -> Result<(), E> {
    // To each place where something begins or ends: whether, and which policy.
    let mut edges: Vec<(u128, bool, usize)> = Vec::new();
    for span in spans {
        edges.push((span.first, true, span.policy));
        edges.extend(span.last.checked_add(1).map(|after| (after, false, span.policy)));
    }
    edges.sort_unstable();
    let mut active: BTreeMap<usize, usize> = BTreeMap::new();
    let mut edges = edges.into_iter().peekable();
    while let Some((number, begins, policy)) = edges.next() {
        let count = active.entry(policy).or_default();
        // What ends at a place stands before what begins there, and was begun before.
        *count = if begins { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            active.remove(&policy);
        }
        if edges.peek().is_none_or(|next| next.0 > number) && !active.is_empty() {
            let policies: Vec<_> = active.keys().copied().collect();
            each(number, &policies)?;
        }
    }
    Ok(())
}

/// Compares the two sides, once for each set of policies.
struct Judge<'a> {
    policies: &'a [(Side, &'a Policy)],
    only_gains: bool,
    agreed: HashSet<Vec<usize>>,
}

/// What decides at one rank: whoever is of one of the targets meets it.
struct Level<'a> {
    effect: Effect,
    targets: Vec<&'a [Target]>,
}

impl Judge<'_> {
    fn agree(
        &mut self,
        active: &[usize],
        (services, family, number): (ServiceRange, Family, u128),
    ) -> Result<(), Counterexample> {
        if self.agreed.contains(active) {
            return Ok(());
        }
        let (first, second) = (self.levels(active, Side::First), self.levels(active, Side::Second));
        match distinguish(&first, &second, self.only_gains) {
            None => {
                self.agreed.insert(active.to_vec());
                Ok(())
            }
            Some((mut who, effect)) => {
                who.sort_unstable();
                who.dedup();
                let (protocol, port) = services.lowest();
                let address = family.address(number);
                Err(Counterexample { who, address, protocol, port, first: effect })
            }
        }
    }

    /// The levels of a side, the strictest first; neighbours of one effect are one.
    fn levels(&self, active: &[usize], side: Side) -> Vec<Level<'_>> {
        let mut of_side: Vec<_> = active
            .iter()
            .filter_map(|at| self.policies.get(*at))
            .filter(|(of, policy)| *of == side && !policy.targets.is_empty())
            .map(|(_, policy)| *policy)
            .collect();
        of_side.sort_by_key(|policy| Rank::of(policy));
        let mut levels: Vec<Level<'_>> = Vec::new();
        for policy in of_side {
            match levels.last_mut() {
                Some(last) if last.effect == policy.effect => last.targets.push(&policy.targets),
                _ => levels.push(Level { effect: policy.effect, targets: vec![&policy.targets] }),
            }
        }
        levels
    }
}

/// Somebody for whom one side is decided by a level that allows and the other by one that denies, with what the first says.
fn distinguish(first: &[Level<'_>], second: &[Level<'_>], only_gains: bool) -> Option<(Vec<Target>, Effect)> {
    // At which level of each side somebody who is of a target is decided at the latest.
    let (in_first, in_second) = (level_of(first), level_of(second));
    let at =
        |levels: &HashMap<Target, usize>, target: &Target| levels.get(target).copied().unwrap_or(usize::MAX);
    for (i, one) in levels(first) {
        for (j, other) in levels(second) {
            let (effect, opposite) =
                (one.map_or(Effect::Deny, |l| l.effect), other.map_or(Effect::Deny, |l| l.effect));
            if effect == opposite || (only_gains && effect == Effect::Deny) {
                continue;
            }
            // Whoever is of it meets no stricter level of either side.
            let is_late = |target: &&Target| at(&in_first, target) >= i && at(&in_second, target) >= j;
            let of = |level: Option<&Level<'_>>| -> Vec<Target> {
                let targets = level.into_iter().flat_map(|level| level.targets.iter().copied().flatten());
                targets.filter(is_late).copied().collect()
            };
            let who = match (one, other) {
                (Some(_), Some(_)) => pair(&of(one), &of(other)),
                (Some(_), None) => of(one).first().map(|target| vec![*target]),
                (None, Some(_)) => of(other).first().map(|target| vec![*target]),
                (None, None) => None,
            };
            if let Some(who) = who {
                return Some((who, effect));
            }
        }
    }
    None
}

/// The levels by their place, and at last that of those who meet none.
fn levels<'l, 'a>(of: &'l [Level<'a>]) -> impl Iterator<Item = (usize, Option<&'l Level<'a>>)> {
    of.iter().map(Some).chain([None]).enumerate()
}

fn level_of(levels: &[Level<'_>]) -> HashMap<Target, usize> {
    let mut of = HashMap::new();
    for (at, level) in levels.iter().enumerate() {
        for target in level.targets.iter().copied().flatten() {
            of.entry(*target).or_insert(at);
        }
    }
    of
}

/// Two targets that one device can be of: it is one device and has one user.
fn pair(ones: &[Target], others: &[Target]) -> Option<Vec<Target>> {
    ones.iter().find_map(|one| {
        let fits = |other: &&Target| match (one, other) {
            (Target::Device(a), Target::Device(b)) => a == b,
            (Target::User(a), Target::User(b)) => a == b,
            _ => true,
        };
        others.iter().find(fits).map(|other| vec![*one, *other])
    })
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who[..] {
            [] => f.write_str("anybody")?,
            [first, rest @ ..] => {
                write!(f, "whoever is of {first}")?;
                rest.iter().try_for_each(|target| write!(f, " and {target}"))?;
            }
        }
        let (one, other) = match self.first {
            Effect::Allow => ("allowed", "denied"),
            Effect::Deny => ("denied", "allowed"),
        };
        write!(f, " is {one} {} by {}", self.address, self.protocol)?;
        if self.protocol.has_ports() {
            write!(f, "/{}", self.port)?;
        }
        write!(f, " by the first and {other} by the second")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::{DeviceId, GroupId, PolicyId, UserId};
    use crate::net::Cidr;
    use crate::policy::{Destination, NewPolicy, Subject, resolve};

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    fn uuid(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }

    fn target() -> impl Strategy<Value = Target> {
        prop_oneof![
            (1_u128..3).prop_map(|id| Target::Device(DeviceId::from_uuid(uuid(id)))),
            (1_u128..3).prop_map(|id| Target::User(UserId::from_uuid(uuid(id)))),
            (1_u128..3).prop_map(|id| Target::Group(GroupId::from_uuid(uuid(id)))),
        ]
    }

    fn policies() -> impl Strategy<Value = Vec<Policy>> {
        let cidr =
            prop::sample::select(vec!["10.0.0.0/30", "10.0.0.2/31", "10.0.0.3/32", "::/0", "ffff::/16"]);
        let services = prop::sample::select(vec!["any", "tcp", "tcp/443", "icmp"]);
        let destination = (cidr, services).prop_map(|(cidr, services)| {
            Destination::new(cidr.parse::<Cidr>().unwrap()).by(services.parse().unwrap())
        });
        let one = (
            any::<bool>(),
            prop::bool::weighted(0.9),
            prop::bool::weighted(0.1),
            0_i64..3,
            prop::collection::vec(target(), 0..3),
            prop::collection::vec(destination, 0..3),
        );
        prop::collection::vec(one, 0..5).prop_map(|all| {
            let made = all.into_iter().zip(1..).map(
                |((allows, active, full, priority, targets, destinations), id)| {
                    let mut new =
                        if allows { NewPolicy::allow("x") } else { NewPolicy::deny("x") }.priority(priority);
                    (new.targets, new.destinations) = (targets, destinations);
                    (new.is_active, new.full_tunnel) = (active, full);
                    new.build(PolicyId::from_uuid(uuid(id))).unwrap()
                },
            );
            made.collect()
        })
    }

    /// Everybody that policies over these targets can tell apart: named or another device, user, and each set of groups.
    fn everybody() -> impl Iterator<Item = Subject> {
        (0..36_u128).map(|n| {
            let (device, user, groups) = (n % 3 + 1, n / 3 % 3 + 1, n / 9);
            let groups = (1..3).filter(|group| groups >> (group - 1) & 1 == 1);
            Subject::new(DeviceId::from_uuid(uuid(device)), UserId::from_uuid(uuid(user)))
                .in_groups(groups.map(|group| GroupId::from_uuid(uuid(group))))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("NEXA_TEST_FULL").is_some() { 100_000 } else { 3_000 }))]

        #[test]
        fn two_sets_are_equivalent_when_everybody_reaches_the_same(first in policies(), second in policies()) {
            let places = Places::none();
            let of = |policies: &[Policy], subject: &Subject| resolve(subject, policies, &places, NOW).allowed;
            match equivalent(&first, &second, &places, NOW) {
                Ok(()) => {
                    for subject in everybody() {
                        prop_assert_eq!(of(&first, &subject), of(&second, &subject), "{:?}", subject);
                    }
                }
                Err(found) => {
                    // Somebody who is of these targets and of nothing else that is named.
                    let mut subject = Subject::new(DeviceId::from_uuid(uuid(3)), UserId::from_uuid(uuid(3)));
                    for target in &found.who {
                        match *target {
                            Target::Device(id) => subject.device = id,
                            Target::User(id) => subject.user = id,
                            Target::Group(id) => drop(subject.groups.insert(id)),
                        }
                    }
                    let has = |policies: &[Policy]| of(policies, &subject).contains(found.protocol, found.port, found.address);
                    prop_assert_eq!(has(&first), found.first == Effect::Allow, "{}", found);
                    prop_assert_eq!(has(&second), found.first == Effect::Deny, "{}", found);
                }
            }
        }

        #[test]
        fn a_set_is_equivalent_to_itself_in_another_order_and_cut_in_halves(first in policies()) {
            let mut second = first.clone();
            second.reverse();
            for policy in &mut second {
                let halves = policy.destinations.iter().flat_map(|destination| {
                    let super::super::Place::Cidr(cidr) = destination.to else { panic!("only prefixes are made") };
                    let ends = [cidr.first(), cidr.last()];
                    let len = (cidr.prefix_len() + 1).min(cidr.family().bits());
                    ends.map(|end| Destination::new(Cidr::containing(end, len).unwrap()).by(destination.services))
                });
                policy.destinations = halves.collect();
            }
            prop_assert_eq!(equivalent(&first, &second, &Places::none(), NOW), Ok(()));
        }
    }

    #[test]
    fn a_counterexample_says_who_and_where() {
        let staff = GroupId::from_uuid(uuid(1));
        let build = |new: NewPolicy| vec![new.target(staff).build(PolicyId::from_uuid(uuid(9))).unwrap()];
        let web = |services: &str| {
            Destination::new("10.0.0.0/8".parse::<Cidr>().unwrap()).by(services.parse().unwrap())
        };
        let first = build(NewPolicy::allow("web").destination(web("tcp/80-443")));
        let second = build(NewPolicy::allow("web").destination(web("tcp/80-442")));
        let found = equivalent(&first, &second, &Places::none(), NOW).unwrap_err();
        assert_eq!(
            found.to_string(),
            format!(
                "whoever is of group {} is allowed 10.0.0.0 by tcp/443 by the first and denied by the second",
                uuid(1)
            )
        );
    }
}
