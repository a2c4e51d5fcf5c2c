//! What sets do with each other: linear merges over sorted, disjoint ranges that do not touch.

use super::{AddressRange, Cidr, Family};

/// Puts ranges together that overlap or touch, whatever order they come in.
///
/// Each family is sorted by itself: an IPv4 range is then a `u64`, which sorts several times as fast.
pub(super) fn collapse(ranges: impl IntoIterator<Item = AddressRange>) -> Vec<AddressRange> {
    let ranges = ranges.into_iter();
    let (mut v4, mut v6) = (Vec::with_capacity(ranges.size_hint().0), Vec::new());
    for range in ranges {
        match range.family {
            Family::V4 => v4.push(pack(range)),
            Family::V6 => v6.push((range.first, range.last)),
        }
    }
    v4.sort_unstable();
    v6.sort_unstable();
    let v6 = v6.into_iter().map(|(first, last)| AddressRange::of_numbers(Family::V6, first, last));
    coalesce(v4.into_iter().map(unpack).chain(v6))
}

/// Puts sorted ranges together that overlap or touch.
fn coalesce(sorted: impl IntoIterator<Item = AddressRange>) -> Vec<AddressRange> {
    let mut merged: Vec<AddressRange> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(previous) if reaches(previous, &range) => previous.last = previous.last.max(range.last),
            _ => merged.push(range),
        }
    }
    merged
}

pub(super) fn union(left: &[AddressRange], right: &[AddressRange]) -> Vec<AddressRange> {
    let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
    let sorted = std::iter::from_fn(|| match (left.peek(), right.peek()) {
        (Some(a), Some(b)) if b < a => right.next(),
        (Some(_), _) => left.next(),
        (None, _) => right.next(),
    });
    coalesce(sorted)
}

pub(super) fn intersection(mut left: &[AddressRange], mut right: &[AddressRange]) -> Vec<AddressRange> {
    let mut shared = Vec::new();
    while let (Some((a, after_a)), Some((b, after_b))) = (left.split_first(), right.split_first()) {
        if a.family == b.family && a.first.max(b.first) <= a.last.min(b.last) {
            shared.push(AddressRange {
                family: a.family,
                first: a.first.max(b.first),
                last: a.last.min(b.last),
            });
        }
        if end(a) <= end(b) {
            left = after_a;
        } else {
            right = after_b;
        }
    }
    shared
}

pub(super) fn difference(left: &[AddressRange], mut holes: &[AddressRange]) -> Vec<AddressRange> {
    let mut kept = Vec::with_capacity(left.len());
    for range in left {
        let mut rest = Some(*range);
        while let (Some(piece), Some((hole, later))) = (rest, holes.split_first()) {
            if end(hole) < start(&piece) {
                holes = later;
                continue;
            }
            if end(&piece) < start(hole) {
                break;
            }
            if piece.first < hole.first {
                kept.push(AddressRange { last: hole.first - 1, ..piece });
            }
            rest = (hole.last < piece.last).then(|| AddressRange { first: hole.last + 1, ..piece });
        }
        kept.extend(rest);
    }
    kept
}

pub(super) fn is_subset(left: &[AddressRange], mut right: &[AddressRange]) -> bool {
    left.iter().all(|range| {
        while let Some((first, later)) = right.split_first()
            && end(first) < start(range)
        {
            right = later;
        }
        right.first().is_some_and(|outer| start(outer) <= start(range) && end(range) <= end(outer))
    })
}

/// Cuts a range into the fewest prefixes: from the low end, always the largest that is aligned and fits.
pub(super) fn blocks(range: AddressRange) -> impl Iterator<Item = Cidr> {
    let AddressRange { family, first, last } = range;
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let at = next?;
        let host_bits = alignment(family, at).min(fitting_bits(last - at));
        let block_last = at + span_of(host_bits);
        next = (block_last < last).then(|| block_last + 1);
        Some(Cidr::aligned(family, at, host_bits))
    })
}

/// An IPv4 range as one number that sorts as the range does.
fn pack(range: AddressRange) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both ends have 32 bits")]
    let (first, last) = (range.first as u64, range.last as u64);
    first << 32 | last
}

fn unpack(packed: u64) -> AddressRange {
    AddressRange::of_numbers(Family::V4, u128::from(packed >> 32), u128::from(packed & u64::from(u32::MAX)))
}

/// How many low bits of an address are zero, at most as many as it has.
fn alignment(family: Family, at: u128) -> u8 {
    u8::try_from(at.trailing_zeros()).unwrap_or(128).min(family.bits())
}

/// The largest `n` for which `2^n` addresses fit where the last lies `span` above the first.
pub(crate) fn fitting_bits(span: u128) -> u8 {
    span.checked_add(1).map_or(128, |count| u8::try_from(count.ilog2()).unwrap_or(128))
}

/// How far the last of `2^n` addresses lies above the first.
pub(crate) fn span_of(host_bits: u8) -> u128 {
    1u128.checked_shl(u32::from(host_bits)).map_or(u128::MAX, |count| count - 1)
}

fn start(range: &AddressRange) -> (Family, u128) {
    (range.family, range.first)
}

fn end(range: &AddressRange) -> (Family, u128) {
    (range.family, range.last)
}

/// Whether `next`, which starts no earlier, overlaps or touches `previous`.
fn reaches(previous: &AddressRange, next: &AddressRange) -> bool {
    previous.family == next.family
        && previous.last.checked_add(1).is_none_or(|touching| next.first <= touching)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::super::{AddressSet, Count};
    use super::*;

    /// A universe small enough to scan: the 256 lowest and the 256 highest addresses of a family, and everything between
    /// as one indivisible atom.
    const EDGE: u16 = 256;
    const ATOMS: u16 = 2 * EDGE + 1;

    type Model = BTreeSet<(Family, u16)>;

    /// The first and the last address of an atom.
    fn atom(family: Family, atom: u16) -> (u128, u128) {
        let edge = u128::from(EDGE);
        match atom {
            low if low < EDGE => (u128::from(low), u128::from(low)),
            EDGE => (edge, family.max() - edge),
            high => {
                let number = family.max() - u128::from(ATOMS - 1 - high);
                (number, number)
            }
        }
    }

    fn range(family: Family, from: u16, to: u16) -> AddressRange {
        AddressRange { family, first: atom(family, from).0, last: atom(family, to).1 }
    }

    fn universe() -> impl Iterator<Item = (Family, u16)> {
        Family::ALL.into_iter().flat_map(|family| (0..ATOMS).map(move |atom| (family, atom)))
    }

    /// What a set holds, found by asking for the ends of each atom.
    fn scan(set: &AddressSet) -> Model {
        universe()
            .filter(|&(family, at)| {
                let (first, last) = atom(family, at);
                let held = set.contains(family.address(first));
                assert_eq!(held, set.contains(family.address(last)), "an atom was cut");
                held
            })
            .collect()
    }

    fn assert_canonical(set: &AddressSet) {
        for range in set.ranges() {
            assert!(range.first <= range.last && range.last <= range.family.max(), "{range:?}");
        }
        for pair in set.ranges().windows(2) {
            assert!(pair[0] < pair[1] && !reaches(&pair[0], &pair[1]), "{pair:?} should be one");
        }
    }

    fn ranges() -> impl Strategy<Value = Vec<(Family, u16, u16)>> {
        let edges =
            prop_oneof![0..ATOMS, Just(0), Just(EDGE - 1), Just(EDGE), Just(EDGE + 1), Just(ATOMS - 1)];
        let length = prop_oneof![8 => 0..20u16, 1 => 0..ATOMS];
        let one = (prop::bool::ANY, edges, length).prop_map(|(is_v4, from, length)| {
            let family = if is_v4 { Family::V4 } else { Family::V6 };
            (family, from, (from + length).min(ATOMS - 1))
        });
        prop::collection::vec(one, 0..12)
    }

    fn build(ranges: &[(Family, u16, u16)]) -> (AddressSet, Model) {
        let set = ranges.iter().map(|&(family, from, to)| range(family, from, to)).collect();
        let model =
            ranges.iter().flat_map(|&(family, from, to)| (from..=to).map(move |at| (family, at))).collect();
        (set, model)
    }

    /// An exact cover that is far from the smallest: every edge address by itself, the rest by doubling from both ends.
    fn naive_cover(model: &Model) -> BTreeSet<(Family, u8, u128)> {
        let mut cover = BTreeSet::new();
        for &(family, at) in model {
            if at != EDGE {
                cover.insert((family, 0, atom(family, at).0));
                continue;
            }
            for bits in 8..family.bits() - 1 {
                let size = 1u128 << bits;
                cover.insert((family, bits, size));
                cover.insert((family, bits, family.max() - 2 * size + 1));
            }
        }
        cover
    }

    /// Puts two siblings together until no two are left: the other way to the smallest cover.
    fn merge_siblings(mut cover: BTreeSet<(Family, u8, u128)>) -> Vec<Cidr> {
        for family in Family::ALL {
            for bits in 0..family.bits() {
                let size = 1u128 << bits;
                let level: Vec<_> = cover
                    .iter()
                    .copied()
                    .filter(|&(f, b, first)| (f, b) == (family, bits) && first & size == 0)
                    .collect();
                for (_, _, first) in level {
                    if cover.remove(&(family, bits, first | size)) {
                        cover.remove(&(family, bits, first));
                        cover.insert((family, bits + 1, first));
                    }
                }
            }
        }
        let mut cidrs: Vec<_> =
            cover.iter().map(|&(family, bits, first)| Cidr::aligned(family, first, bits)).collect();
        cidrs.sort_by_key(|cidr| (cidr.family(), cidr.first()));
        cidrs
    }

    fn model_count(model: &Model, family: Family) -> Count {
        let atoms = model.iter().filter(|(of, _)| *of == family);
        atoms
            .map(|&(_, at)| atom(family, at))
            .map(|(first, last)| Count::of_span(last - first))
            .fold(Count::ZERO, Count::plus)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn set_algebra_agrees_with_a_scan_of_the_universe(left in ranges(), right in ranges()) {
            let ((a, model_a), (b, model_b)) = (build(&left), build(&right));
            prop_assert_eq!(&scan(&a), &model_a);
            let results = [
                (a.union(&b), model_a.union(&model_b).copied().collect::<Model>()),
                (a.intersection(&b), model_a.intersection(&model_b).copied().collect()),
                (a.difference(&b), model_a.difference(&model_b).copied().collect()),
            ];
            for (set, model) in results {
                assert_canonical(&set);
                prop_assert_eq!(&scan(&set), &model);
                for family in Family::ALL {
                    prop_assert_eq!(set.count(family), model_count(&model, family));
                }
            }
            prop_assert_eq!(a.is_subset(&b), model_a.is_subset(&model_b));
            prop_assert!(a.intersection(&b).is_subset(&a) && a.is_subset(&a.union(&b)));
        }

        #[test]
        fn the_cover_is_exact_and_no_smaller_one_exists(input in ranges()) {
            let (set, model) = build(&input);
            let cover = set.to_cidrs();
            prop_assert_eq!(&cover, &merge_siblings(naive_cover(&model)));
            prop_assert_eq!(cover.into_iter().collect::<AddressSet>(), set);
        }
    }

    fn set(prefixes: &[&str]) -> AddressSet {
        prefixes.iter().map(|text| text.parse::<Cidr>().unwrap()).collect()
    }

    fn cover(set: &AddressSet) -> Vec<String> {
        set.to_cidrs().iter().map(Cidr::to_string).collect()
    }

    #[test]
    fn everything_is_two_prefixes_and_counted_exactly() {
        let all = set(&["::/0", "0.0.0.0/0", "10.0.0.0/8"]);
        assert_eq!(cover(&all), ["0.0.0.0/0", "::/0"]);
        assert_eq!(all.count(Family::V4), Count::from(1 << 32));
        assert_eq!(all.count(Family::V6), Count::ALL_V6);
        assert!(all.difference(&all).is_empty());
        assert_eq!(all.difference(&AddressSet::empty()), all);
    }

    #[test]
    fn halves_become_the_whole_and_a_hole_costs_one_prefix_per_bit() {
        assert_eq!(cover(&set(&["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"])), ["0.0.0.0/0", "::/0"]);
        let hole = set(&["0.0.0.0/0"]).difference(&set(&["255.255.255.255/32"]));
        assert_eq!(hole.to_cidrs().len(), 32);
        assert_eq!(set(&["::/0"]).difference(&set(&["::/128"])).to_cidrs().len(), 128);
    }

    #[test]
    fn the_end_of_ipv4_and_the_start_of_ipv6_do_not_touch() {
        let ends = set(&["255.255.255.255/32", "::/128"]);
        assert_eq!(ends.ranges().len(), 2);
        assert_eq!(ends.ranges_of(Family::V4).len(), 1);
        let addresses: Vec<IpAddr> = ends.addresses().collect();
        assert_eq!(addresses, ["255.255.255.255".parse::<IpAddr>().unwrap(), "::".parse().unwrap()]);
    }
}
