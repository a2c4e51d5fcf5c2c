//! Rules over addresses, protocols and ports.

use super::model::Effect;
use super::resolve::{Claim, Rank, sweep};
use super::service_range::ServiceRange;
use super::traffic::{Traffic, pieces};
use crate::net::{AddressSet, Cidr, Family};

/// What is let through or held back: a prefix by some services, at a priority.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rule {
    /// The protocols and ports.
    pub services: ServiceRange,
    /// The addresses.
    pub cidr: Cidr,
    /// The lower number wins.
    pub priority: i64,
    /// Whether it lets through. At equal priority [`Effect::Deny`] wins.
    pub effect: Effect,
}

impl Rule {
    /// Lets a prefix be reached by these services.
    #[must_use]
    pub const fn allow(services: ServiceRange, cidr: Cidr, priority: i64) -> Self {
        Rule { services, cidr, priority, effect: Effect::Allow }
    }

    /// Keeps a prefix from being reached by these services.
    #[must_use]
    pub const fn deny(services: ServiceRange, cidr: Cidr, priority: i64) -> Self {
        Rule { services, cidr, priority, effect: Effect::Deny }
    }
}

/// What rules let through: for each protocol, port and address the rule of the lowest priority number that has it decides, and of two
/// at the same priority the one that denies. What no rule has is not let through. The order of the rules does not matter.
///
/// The services at which rules begin or end cut the rest into pieces, and in each piece the addresses are swept once:
/// O(k log k) for k rules over any service, and for rules over ports as much for each piece, of the rules in it.
///
/// ```
/// # fn main() -> nexa_core::Result<()> {
/// use nexa_core::policy::{Protocol, Rule, resolve_rules};
///
/// let web = Rule::allow("tcp/443".parse()?, "10.0.0.0/8".parse()?, 100);
/// let vault = Rule::deny("any".parse()?, "10.9.9.9/32".parse()?, 100);
/// let traffic = resolve_rules([web, vault]);
/// assert!(traffic.contains(Protocol::TCP, 443, "10.1.2.3".parse().unwrap()));
/// assert!(!traffic.contains(Protocol::TCP, 443, "10.9.9.9".parse().unwrap()));
/// assert!(!traffic.contains(Protocol::UDP, 443, "10.1.2.3".parse().unwrap()));
/// # Ok(()) }
/// ```
pub fn resolve_rules(rules: impl IntoIterator<Item = Rule>) -> Traffic {
    let mut ahead: Vec<_> = rules.into_iter().collect();
    let pieces = pieces(ahead.iter().map(|rule| rule.services));
    ahead.sort_unstable_by_key(|rule| rule.services.first());
    let mut ahead = ahead.into_iter().peekable();
    let mut here: Vec<Rule> = Vec::new();
    let mut traffic = Traffic::empty();
    for piece in pieces {
        here.retain(|rule| piece.first() <= rule.services.last());
        while let Some(rule) = ahead.next_if(|rule| rule.services.first() <= piece.first()) {
            here.push(rule);
        }
        traffic.push(piece, addresses(&here));
    }
    traffic
}

/// What rules let through that are over the same services.
fn addresses(rules: &[Rule]) -> AddressSet {
    let ranges = Family::ALL.into_iter().flat_map(|family| {
        let rules = rules.iter().filter(|rule| rule.cidr.family() == family);
        let claims =
            rules.map(|rule| Claim::new(Rank { priority: rule.priority, effect: rule.effect }, rule.cidr));
        sweep(family, claims.collect())
    });
    AddressSet::from_ranges(ranges)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::service_range::Protocol;
    use super::*;

    /// Places in all services, beside which the rules of the test begin and end.
    const PLACES: [u32; 10] = [
        0,
        1,
        (1 << 16) - 1,
        1 << 16,
        6 << 16,
        (6 << 16) + 80,
        (6 << 16) + 81,
        (7 << 16) - 1,
        17 << 16,
        (1 << 24) - 1,
    ];
    /// 64 addresses at either end of both families.
    const EDGE: u128 = 64;

    fn addresses_of(family: Family) -> impl Iterator<Item = u128> {
        (0..EDGE).chain(family.max() - (EDGE - 1)..=family.max())
    }

    fn services() -> impl Strategy<Value = ServiceRange> {
        let place = || prop::sample::select(PLACES.to_vec());
        prop_oneof![
            Just(ServiceRange::ANY),
            (place(), place()).prop_map(|(a, b)| ServiceRange::of_numbers(a.min(b), a.max(b))),
        ]
    }

    fn cidr() -> impl Strategy<Value = Cidr> {
        let family = prop::sample::select(Family::ALL.to_vec());
        (family, any::<bool>(), 0..EDGE, 0_u8..8).prop_map(|(family, is_high, offset, host_bits)| {
            let number = if is_high { family.max() - offset } else { offset };
            let host_bits = if host_bits == 7 { family.bits() } else { host_bits };
            Cidr::containing(family.address(number), family.bits() - host_bits).unwrap()
        })
    }

    fn rules(most: usize) -> impl Strategy<Value = Vec<Rule>> {
        let rule =
            (services(), cidr(), 0_i64..3, any::<bool>()).prop_map(|(services, cidr, priority, allows)| {
                let effect = if allows { Effect::Allow } else { Effect::Deny };
                Rule { services, cidr, priority, effect }
            });
        prop::collection::vec(rule, 0..most)
    }

    /// The definition, taken literally.
    fn is_allowed(rules: &[Rule], at: u32, family: Family, number: u128) -> bool {
        let address = family.address(number);
        let having = rules.iter().filter(|rule| {
            rule.services.first() <= at && at <= rule.services.last() && rule.cidr.contains(address)
        });
        having
            .min_by_key(|rule| (rule.priority, rule.effect))
            .is_some_and(|rule| rule.effect == Effect::Allow)
    }

    /// Whether a set has a place, by a look at every service.
    fn has(traffic: &Traffic, at: u32, family: Family, number: u128) -> bool {
        let mut services =
            traffic.services().filter(|(services, _)| services.first() <= at && at <= services.last());
        services.next().is_some_and(|(_, addresses)| addresses.contains(family.address(number)))
    }

    fn every_place() -> impl Iterator<Item = (u32, Family, u128)> {
        let services =
            PLACES.into_iter().flat_map(|place| [place.saturating_sub(1), place, (place + 1).min(PLACES[9])]);
        services.flat_map(|at| {
            Family::ALL
                .into_iter()
                .flat_map(move |family| addresses_of(family).map(move |number| (at, family, number)))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("NEXA_TEST_FULL").is_some() { 100_000 } else { 300 }))]

        #[test]
        fn rules_let_through_what_their_definition_says(rules in rules(10)) {
            let traffic = resolve_rules(rules.iter().copied());
            for (at, family, number) in every_place() {
                prop_assert_eq!(
                    has(&traffic, at, family, number),
                    is_allowed(&rules, at, family, number),
                    "service {} of {:?} {}", at, family, number
                );
            }
        }

        #[test]
        fn sets_of_traffic_are_sets(left in rules(6), right in rules(6)) {
            let (a, b) = (resolve_rules(left), resolve_rules(right));
            let (union, both, rest) = (a.union(&b), a.intersection(&b), a.difference(&b));
            for (at, family, number) in every_place() {
                let (in_a, in_b) = (has(&a, at, family, number), has(&b, at, family, number));
                prop_assert_eq!(has(&union, at, family, number), in_a || in_b);
                prop_assert_eq!(has(&both, at, family, number), in_a && in_b);
                prop_assert_eq!(has(&rest, at, family, number), in_a && !in_b);
            }
            // One value for one set, however it came about.
            prop_assert_eq!(&rest.union(&both), &a);
            prop_assert_eq!(&a.union(&b), &b.union(&a));
            prop_assert_eq!(&rest.intersection(&b), &Traffic::empty());
            prop_assert_eq!(a.is_subset(&b), rest.is_empty());
            prop_assert_eq!(a.addresses().union(&b.addresses()), union.addresses());
        }

        #[test]
        fn neither_order_nor_a_further_deny_adds_anything(mut rules in rules(8), denied in cidr(), priority in 0_i64..3) {
            let before = resolve_rules(rules.iter().copied());
            rules.reverse();
            prop_assert_eq!(&resolve_rules(rules.iter().copied()), &before);
            rules.push(Rule::deny(ServiceRange::ANY, denied, priority));
            prop_assert!(resolve_rules(rules.iter().copied()).is_subset(&before));
            rules.push(Rule::allow(ServiceRange::ANY, denied, priority + 3));
            prop_assert!(resolve_rules(rules.iter().copied()).is_subset(&before.union(&AddressSet::from(denied).into())));
        }
    }

    #[test]
    fn what_is_the_same_is_one_and_what_is_reached_by_nothing_is_nowhere() {
        let any = |cidr: &str| Rule::allow(ServiceRange::ANY, cidr.parse().unwrap(), 1);
        let traffic = resolve_rules([
            any("10.0.0.0/25"),
            Rule::allow("tcp/80".parse().unwrap(), "10.0.0.0/24".parse().unwrap(), 1),
            Rule::allow("tcp/81-90".parse().unwrap(), "10.0.0.0/24".parse().unwrap(), 7),
        ]);
        let shown: Vec<_> =
            traffic.services().map(|(services, addresses)| format!("{services} {addresses:?}")).collect();
        assert_eq!(
            shown,
            [
                "0-5 {10.0.0.0-10.0.0.127}",
                "tcp/0-79 {10.0.0.0-10.0.0.127}",
                "tcp/80-90 {10.0.0.0-10.0.0.255}",
                "tcp/91-65535 {10.0.0.0-10.0.0.127}",
                "7-255 {10.0.0.0-10.0.0.127}",
            ]
        );
        assert_eq!(traffic.addresses().to_cidrs(), ["10.0.0.0/24".parse().unwrap()]);
        assert!(!traffic.contains(Protocol::TCP, 91, "10.0.0.200".parse().unwrap()));
        assert!(traffic.contains(Protocol::ICMP, 8, "10.0.0.100".parse().unwrap()));
        assert_eq!(resolve_rules([]), Traffic::empty());
        assert_eq!(resolve_rules([Rule::deny(ServiceRange::ANY, Cidr::ALL_V4, 0)]), Traffic::empty());
        assert_eq!(
            resolve_rules([any("10.0.0.0/25")]),
            AddressSet::from("10.0.0.0/25".parse::<Cidr>().unwrap()).into()
        );
    }
}
