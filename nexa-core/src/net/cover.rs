//! Few prefixes over a set, where a device takes no more: some addresses beside the set are then covered too.

use std::ops::Range;

use super::algebra::{fitting_bits, span_of};
use super::{AddressRange, AddressSet, Cidr, Family};
use crate::error::{Error, Result};

/// What cannot be.
const NEVER: u128 = u128::MAX;

/// Prefixes that cover a set, and what they cover beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Cover {
    /// The prefixes, sorted, IPv4 before IPv6.
    pub cidrs: Vec<Cidr>,
    /// The addresses in them that are not in the set.
    pub added: AddressSet,
}

impl AddressSet {
    /// At most so many prefixes that have every address of this set and none of `never`, with the fewest other addresses that such
    /// prefixes can have. A set that needs no more is covered exactly. O(n · most) for n prefixes of the exact cover.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`max_prefixes`) with how many are needed, when more are: what must not be
    /// covered lies between.
    pub fn cover(&self, most: usize, never: &AddressSet) -> Result<Cover> {
        self.try_cover(most, never).map_err(|needed| {
            Error::invalid("max_prefixes", format!("{most} are too few: {needed} are needed"))
        })
    }

    /// The same with as few more prefixes as are needed, where more are.
    #[must_use]
    pub fn cover_nearly(&self, most: usize, never: &AddressSet) -> Cover {
        self.try_cover(most, never).unwrap_or_else(|needed| self.cover_nearly(needed, never))
    }

    /// The cover, or how many prefixes are needed.
    fn try_cover(&self, most: usize, never: &AddressSet) -> Result<Cover, usize> {
        let exact = self.to_cidrs();
        if exact.len() <= most {
            return Ok(Cover { cidrs: exact, added: AddressSet::empty() });
        }
        let ranges: Vec<_> = exact.into_iter().map(AddressRange::of).collect();
        let mut tree = Tree { leaves: &ranges, most, never: never.ranges(), nodes: Vec::new() };
        let middle = ranges.partition_point(|range| range.family() == Family::V4);
        let roots: Vec<_> = [0..middle, middle..ranges.len()]
            .into_iter()
            .filter(|leaves| !leaves.is_empty())
            .map(|leaves| tree.grow(leaves))
            .collect();
        let root = match *roots.as_slice() {
            [v4, v6] => tree.join(v4, v6, NEVER),
            [only] => only,
            _ => return Ok(Cover { cidrs: Vec::new(), added: AddressSet::empty() }),
        };
        let needed = tree.nodes.get(root).map_or(0, |node| node.needed);
        if most < needed {
            return Err(needed);
        }
        let mut covering = Vec::with_capacity(most);
        tree.collect(root, most, &mut covering);
        let covering: AddressSet = covering.into_iter().collect();
        Ok(Cover { cidrs: covering.to_cidrs(), added: covering.difference(self) })
    }
}

/// The prefixes of the exact cover, and the smallest prefix over every two of them: the only ones worth covering with.
struct Tree<'a> {
    leaves: &'a [AddressRange],
    most: usize,
    never: &'a [AddressRange],
    nodes: Vec<Node>,
}

struct Node {
    /// The prefix; `None` over both families.
    range: Option<AddressRange>,
    children: Option<(usize, usize)>,
    /// How many addresses of the set are in it.
    has: u128,
    /// The fewest prefixes that can cover its part of the set.
    needed: usize,
    /// The fewest addresses that are added by at most one prefix, two, and so on.
    costs: Vec<u128>,
    /// How many of as many prefixes the first child gets; 0 where the prefix itself covers all.
    first_gets: Vec<usize>,
}

impl Tree<'_> {
    /// The node over some leaves of one family, at least one.
    fn grow(&mut self, leaves: Range<usize>) -> usize {
        let (first, last) = (self.leaf(leaves.start), self.leaf(leaves.end - 1));
        if leaves.len() == 1 {
            let has = (first.last - first.first).saturating_add(1);
            return self.push(Node {
                range: Some(first),
                children: None,
                has,
                needed: 1,
                costs: vec![0],
                first_gets: vec![0],
            });
        }
        // The highest bit in which both ends differ is where the prefix over them parts.
        let host_bits = fitting_bits(first.first ^ last.last) + 1;
        let host_bits =
            if span_of(host_bits - 1) == first.first ^ last.last { host_bits - 1 } else { host_bits };
        let span = span_of(host_bits);
        let range = AddressRange::of_numbers(first.family(), first.first & !span, first.first | span);
        let middle = range.first + span_of(host_bits - 1) + 1;
        let within = self.leaves.get(leaves.clone()).unwrap_or_default();
        let parting = leaves.start + within.partition_point(|leaf| leaf.first < middle);
        let (below, above) = (self.grow(leaves.start..parting), self.grow(parting..leaves.end));
        let has = self.has(below).saturating_add(self.has(above));
        let whole = match self.is_free(&range) {
            true => (range.last - range.first).saturating_add(1).saturating_sub(has),
            false => NEVER,
        };
        let node = self.join(below, above, whole);
        if let Some(node) = self.nodes.get_mut(node) {
            node.range = Some(range);
        }
        node
    }

    /// The node over two others, which `whole` addresses are added to when one prefix covers both.
    fn join(&mut self, below: usize, above: usize, whole: u128) -> usize {
        let (Some(first), Some(second)) = (self.nodes.get(below), self.nodes.get(above)) else {
            return below;
        };
        let count = (first.costs.len() + second.costs.len()).min(self.most);
        let mut costs = vec![NEVER; count];
        let mut first_gets = vec![0; count];
        for (i, of_first) in first.costs.iter().enumerate() {
            for (j, of_second) in second.costs.iter().enumerate().take(count.saturating_sub(i + 1)) {
                let (Some(cost), Some(gets)) = (costs.get_mut(i + j + 1), first_gets.get_mut(i + j + 1))
                else {
                    break;
                };
                let sum = of_first.saturating_add(*of_second);
                if sum < *cost {
                    (*cost, *gets) = (sum, i + 1);
                }
            }
        }
        for (cost, gets) in costs.iter_mut().zip(&mut first_gets) {
            if whole <= *cost {
                (*cost, *gets) = (whole, 0);
            }
        }
        let has = first.has.saturating_add(second.has);
        let needed = if whole < NEVER { 1 } else { first.needed + second.needed };
        self.push(Node { range: None, children: Some((below, above)), has, needed, costs, first_gets })
    }

    /// The prefixes that cover a node with at most so many.
    fn collect(&self, node: usize, most: usize, into: &mut Vec<AddressRange>) {
        let Some(node) = self.nodes.get(node) else { return };
        let most = most.min(node.costs.len());
        let gets = most.checked_sub(1).and_then(|at| node.first_gets.get(at)).copied().unwrap_or(0);
        match (gets, node.children) {
            (1.., Some((below, above))) => {
                self.collect(below, gets, into);
                self.collect(above, most - gets, into);
            }
            _ => into.extend(node.range),
        }
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn has(&self, node: usize) -> u128 {
        self.nodes.get(node).map_or(0, |node| node.has)
    }

    fn leaf(&self, at: usize) -> AddressRange {
        self.leaves.get(at).copied().unwrap_or(AddressRange::of_numbers(Family::V4, 0, 0))
    }

    /// Whether nothing of a prefix must not be covered.
    fn is_free(&self, range: &AddressRange) -> bool {
        let after =
            self.never.partition_point(|never| (never.family, never.last) < (range.family, range.first));
        self.never.get(after).is_none_or(|never| never.family != range.family || range.last < never.first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::Count;
    use super::*;

    fn set(texts: &[&str]) -> AddressSet {
        texts.iter().map(|text| text.parse::<Cidr>().unwrap()).collect()
    }

    fn texts(cidrs: &[Cidr]) -> Vec<String> {
        cidrs.iter().map(Cidr::to_string).collect()
    }

    #[test]
    fn gaps_are_filled_where_the_fewest_are_added_and_nothing_denied_is() {
        let wanted = set(&["10.0.0.0/32", "10.0.0.2/32", "10.0.0.64/26", "10.9.0.0/16", "fd00::/64"]);
        let nothing = AddressSet::empty();
        assert_eq!(wanted.cover(5, &nothing).unwrap().added, nothing);
        let four = wanted.cover(4, &nothing).unwrap();
        assert_eq!(texts(&four.cidrs), ["10.0.0.0/30", "10.0.0.64/26", "10.9.0.0/16", "fd00::/64"]);
        assert_eq!(four.added, set(&["10.0.0.1/32", "10.0.0.3/32"]));
        assert_eq!(
            texts(&wanted.cover(3, &nothing).unwrap().cidrs),
            ["10.0.0.0/25", "10.9.0.0/16", "fd00::/64"]
        );
        // With that gap denied the cheapest one that is left is filled.
        let other = wanted.cover(4, &set(&["10.0.0.3/32", "10.0.0.1/32"])).unwrap_err();
        assert!(other.to_string().contains("5 are needed"), "{other}");
        let denied = set(&["10.0.0.3/32"]);
        let beside =
            set(&["10.0.0.0/32", "10.0.0.2/32", "10.0.2.0/25", "10.0.3.0/24"]).cover(3, &denied).unwrap();
        assert_eq!(texts(&beside.cidrs), ["10.0.0.0/32", "10.0.0.2/32", "10.0.2.0/23"]);
        let denied = set(&["10.0.0.3/32", "10.0.0.1/32"]);
        assert_eq!(wanted.cover_nearly(4, &denied), wanted.cover(5, &denied).unwrap());
        assert_eq!(wanted.cover_nearly(4, &nothing), wanted.cover(4, &nothing).unwrap());
        let refused = wanted.cover(1, &nothing).unwrap_err();
        assert_eq!(refused.field(), Some("max_prefixes"));
        assert!(refused.to_string().contains("2 are needed"), "{refused}");
        assert!(set(&[]).cover(0, &nothing).unwrap().cidrs.is_empty());
    }

    #[test]
    fn all_of_a_family_can_be_what_covers() {
        let ends = set(&["0.0.0.0/32", "255.255.255.255/32"]);
        let whole = ends.cover(1, &AddressSet::empty()).unwrap();
        assert_eq!(texts(&whole.cidrs), ["0.0.0.0/0"]);
        assert_eq!(whole.added.count(Family::V4), Count::from((1 << 32) - 2));
        let ends = set(&["::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"]);
        assert_eq!(texts(&ends.cover(1, &set(&["0.0.0.0/0"])).unwrap().cidrs), ["::/0"]);
        assert_eq!(ends.cover(1, &set(&["fd00::/8"])).unwrap_err().field(), Some("max_prefixes"));
    }

    /// The universe is the highest 256 addresses of IPv6, every prefix of which is tried.
    const BASE: u128 = u128::MAX - 255;

    /// The fewest addresses that at most so many prefixes inside this one add.
    fn fewest(wanted: &BTreeSet<u128>, never: &BTreeSet<u128>, first: u128, bits: u8, most: usize) -> u128 {
        let last = first + span_of(bits);
        let has = wanted.range(first..=last).count() as u128;
        if has == 0 {
            return 0;
        }
        if most == 0 {
            return NEVER;
        }
        let whole = if never.range(first..=last).next().is_none() { last - first + 1 - has } else { NEVER };
        if bits == 0 || whole == 0 {
            return whole;
        }
        let middle = first + span_of(bits - 1) + 1;
        let parted = (0..=most).map(|below| {
            let below_costs = fewest(wanted, never, first, bits - 1, below);
            below_costs.saturating_add(fewest(wanted, never, middle, bits - 1, most - below))
        });
        parted.min().unwrap().min(whole)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn nothing_covers_with_fewer_additions(
            wanted in prop::collection::btree_set(0_u128..256, 0..24),
            denied in prop::collection::btree_set(0_u128..256, 0..6),
            most in 1_usize..6,
        ) {
            let wanted: BTreeSet<u128> = wanted.into_iter().map(|offset| BASE + offset).collect();
            let never: BTreeSet<u128> = denied.into_iter().map(|offset| BASE + offset).collect();
            let never: BTreeSet<u128> = never.difference(&wanted).copied().collect();
            let to_set = |numbers: &BTreeSet<u128>| numbers.iter().map(|number| Family::V6.address(*number)).collect::<AddressSet>();
            let (set, denied) = (to_set(&wanted), to_set(&never));
            let best = fewest(&wanted, &never, BASE, 8, most);
            match set.cover(most, &denied) {
                Ok(cover) => {
                    prop_assert!(cover.cidrs.len() <= most);
                    let covered: AddressSet = cover.cidrs.iter().copied().collect();
                    prop_assert!(set.is_subset(&covered));
                    prop_assert!(covered.intersection(&denied).is_empty());
                    prop_assert_eq!(&covered.difference(&set), &cover.added);
                    prop_assert_eq!(cover.added.count(Family::V6), Count::from(best));
                }
                Err(refused) => {
                    prop_assert_eq!(refused.field(), Some("max_prefixes"));
                    prop_assert_eq!(best, NEVER);
                }
            }
        }
    }
}
