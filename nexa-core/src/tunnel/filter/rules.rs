use std::collections::HashMap;
use std::net::IpAddr;

use super::FilterRule;
use crate::net::{AddressRange, AddressSet, Cidr, Family};
use crate::tunnel::routes::Routes;

/// Rules, found by the source they are about: a packet costs what its own rules cost, however many others there are.
pub(super) struct Rules {
    /// To each prefix of a source, a place in `destinations`.
    by_source: Routes<usize>,
    destinations: Vec<Vec<AddressSet>>,
}

impl Rules {
    pub(super) fn new(rules: &[FilterRule]) -> Self {
        let mut places: HashMap<Cidr, usize> = HashMap::new();
        let mut index = Rules { by_source: Routes::new(), destinations: Vec::new() };
        for rule in rules {
            for prefix in rule.source.ranges().iter().flat_map(prefixes) {
                let place = *places.entry(prefix).or_insert(index.destinations.len());
                match index.destinations.get_mut(place) {
                    Some(destinations) => destinations.push(rule.destination.clone()),
                    None => index.destinations.push(vec![rule.destination.clone()]),
                }
                index.by_source.insert(prefix, place);
            }
        }
        index
    }

    pub(super) fn permits(&self, source: IpAddr, destination: IpAddr) -> bool {
        let of_source = self.by_source.covering(source).filter_map(|place| self.destinations.get(place));
        of_source.flatten().any(|destinations| destinations.contains(destination))
    }
}

/// The fewest prefixes that are exactly the range.
fn prefixes(range: &AddressRange) -> Vec<Cidr> {
    let (family, last) = (range.family(), Family::number(range.last()));
    let mut prefixes = Vec::new();
    let mut first = Family::number(range.first());
    loop {
        let host_bits = aligned_bits(first, family).min(fitting_bits(last - first));
        // The length is one that the family has, so a prefix comes of it.
        prefixes.extend(Cidr::containing(family.address(first), family.bits() - host_bits));
        let block_last = first | u128::MAX.checked_shr(128 - u32::from(host_bits)).unwrap_or(0);
        match block_last.checked_add(1).filter(|_| block_last < last) {
            Some(next) => first = next,
            None => return prefixes,
        }
    }
}

/// The host bits of the largest prefix that begins here.
fn aligned_bits(first: u128, family: Family) -> u8 {
    u8::try_from(first.trailing_zeros()).unwrap_or(128).min(family.bits())
}

/// The host bits of the largest prefix that holds no more than `further` addresses beside its first.
fn fitting_bits(further: u128) -> u8 {
    match further.checked_add(1) {
        Some(count) => u8::try_from(count.ilog2()).unwrap_or(128),
        None => 128,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u8>().prop_map(|n| Family::V4.address(0x0a00_0000 + u128::from(n))),
            any::<u8>().prop_map(|n| Family::V6.address(0xfd << 120 | u128::from(n))),
            Just(Family::V6.address(u128::MAX)),
            Just(Family::V6.address(0)),
            Just(Family::V4.address(0)),
            Just(Family::V4.address(u128::from(u32::MAX))),
        ]
    }

    fn any_set() -> impl Strategy<Value = AddressSet> {
        prop::collection::vec((any_address(), any_address()), 0..4).prop_map(|pairs| {
            AddressSet::from_ranges(
                pairs.into_iter().filter_map(|(a, b)| AddressRange::new(a.min(b), a.max(b)).ok()),
            )
        })
    }

    proptest! {
        #[test]
        fn the_index_permits_what_the_list_of_rules_does(
            rules in prop::collection::vec((any_set(), any_set()), 0..8),
            packets in prop::collection::vec((any_address(), any_address()), 40),
        ) {
            let rules: Vec<_> = rules.into_iter().map(|(from, to)| FilterRule::new(from, to)).collect();
            let index = Rules::new(&rules);
            for (source, destination) in packets {
                let listed = rules
                    .iter()
                    .any(|rule| rule.source.contains(source) && rule.destination.contains(destination));
                prop_assert_eq!(index.permits(source, destination), listed);
            }
        }

        #[test]
        fn a_range_is_exactly_its_prefixes(a in any_address(), b in any_address()) {
            if let Ok(range) = AddressRange::new(a.min(b), a.max(b)) {
                let covered: AddressSet = prefixes(&range).into_iter().collect();
                prop_assert_eq!(covered.ranges(), &[range]);
            }
        }
    }
}
