//! What is free, and what becomes of it: pure decisions over ranges of numbers.

use std::net::IpAddr;

use super::space::{Interval, largest_block, tightest_in};
use super::value::{Value, ValueRange};
use crate::net::{Cidr, Count, Family};

/// Into how many pieces a pool is cut whose claims go on beside each other: as many claims do not wait.
const PIECES: u128 = 64;

/// The addresses of a prefix that are never handed out: network and broadcast of an IPv4 subnet shorter than /31
/// (RFC 3021), and the subnet-router anycast address of an IPv6 one shorter than /127 (RFC 4291 §2.6.1, RFC 6164).
pub(crate) fn reserved_in(cidr: &Cidr) -> Vec<(IpAddr, &'static str)> {
    match (cidr.family(), cidr.prefix_len()) {
        (Family::V4, 0..31) => vec![(cidr.first(), "network address"), (cidr.last(), "broadcast address")],
        (Family::V6, 0..127) => vec![(cidr.first(), "subnet-router anycast address")],
        _ => Vec::new(),
    }
}

/// The lowest address of a prefix that may be handed out.
pub(crate) fn first_assignable(cidr: &Cidr) -> Option<IpAddr> {
    let range = ValueRange::from(*cidr);
    let builtin = builtin_in(&[range]).iter().map(|(range, _)| range.numbers()).collect();
    let (first, _) = *without(vec![range.numbers()], builtin).first()?;
    Some(cidr.family().address(first))
}

/// What is never handed out of these ranges because of what they are.
pub(super) fn builtin_in(ranges: &[ValueRange]) -> Vec<(ValueRange, &'static str)> {
    let cidrs = ranges.iter().filter_map(ValueRange::cidr);
    let reserved = cidrs.flat_map(|cidr| reserved_in(&cidr));
    reserved.map(|(address, why)| (Value::from(address).into(), why)).collect()
}

/// What is never handed out of a pool because of what it is and lies in a part of it for which that holds too: the network address of
/// a subnet is that of its first part. Such a part may have it, as it hands it out neither.
pub(super) fn builtin_in_both(whole: &[ValueRange], part: &[ValueRange]) -> Vec<(ValueRange, &'static str)> {
    let of_part: Vec<_> = builtin_in(part).into_iter().map(|(range, _)| range.numbers()).collect();
    let mut both = builtin_in(whole);
    both.retain(|(range, _)| of_part.contains(&range.numbers()));
    both
}

/// Ranges that overlap or touch, put together, in order.
pub(super) fn joined(mut ranges: Vec<Interval>) -> Vec<Interval> {
    ranges.sort_unstable();
    let mut joined: Vec<Interval> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if before.1.checked_add(1).is_none_or(|next| first <= next) => {
                before.1 = before.1.max(last);
            }
            _ => joined.push((first, last)),
        }
    }
    joined
}

/// What remains of ranges when others are taken out of them. Neither need be in order.
pub(super) fn without(ranges: Vec<Interval>, taken: Vec<Interval>) -> Vec<Interval> {
    let (ranges, taken) = (joined(ranges), joined(taken));
    let mut rest = Vec::with_capacity(ranges.len() + taken.len());
    let mut taken = taken.into_iter().peekable();
    for (first, last) in ranges {
        let mut next = Some(first);
        while let (Some(from), Some(&(out, end))) = (next, taken.peek()) {
            if out > last {
                break;
            }
            if from < out {
                rest.push((from, out - 1));
            }
            if end >= last {
                next = None;
                // The same one may reach into the next range.
                break;
            }
            next = if end < from { next } else { end.checked_add(1) };
            taken.next();
        }
        rest.extend(next.map(|from| (from, last)));
    }
    rest
}

/// What of a range lies in others, in pieces that do not touch.
pub(super) fn within(range: Interval, ranges: Vec<Interval>) -> Vec<Interval> {
    let meeting = joined(ranges).into_iter().filter(|other| other.0 <= range.1 && range.0 <= other.1);
    meeting.map(|other| (other.0.max(range.0), other.1.min(range.1))).collect()
}

/// The same ranges, each cut where a piece of the pool ends, so that there is more than one to take from.
pub(super) fn cut_in_pieces(free: Vec<Interval>, ranges: &[Interval]) -> Vec<Interval> {
    let mut cut = Vec::with_capacity(free.len());
    for (mut first, last) in free {
        while let Some(seam) = next_seam(ranges, first).filter(|seam| *seam <= last) {
            cut.push((first, seam - 1));
            first = seam;
        }
        cut.push((first, last));
    }
    cut
}

/// Whether a number begins a piece of the pool, so that what is free there is not joined with what is free below.
pub(super) fn is_seam(ranges: &[Interval], number: u128) -> bool {
    ranges.iter().any(|range| {
        let within = (range.0..=range.1).contains(&number);
        within && number > range.0 && (number - range.0).is_multiple_of(piece_of(*range))
    })
}

/// The lowest beginning of a piece that is above this number. What is free may reach over the border of two ranges that touch, and is
/// cut in the second one too.
fn next_seam(ranges: &[Interval], number: u128) -> Option<u128> {
    let in_range = |range: &Interval| {
        let piece = piece_of(*range);
        let before = number.checked_sub(range.0).map_or(0, |offset| offset / piece);
        let seam = range.0.checked_add((before + 1).checked_mul(piece)?)?;
        (seam <= range.1).then_some(seam)
    };
    ranges.iter().filter_map(in_range).min()
}

/// The tightest place for an aligned block of `2^bits` in ranges that touch where a pool is cut in pieces: of those with the smallest
/// largest block the lowest, as a pool that is not cut finds it.
pub(super) fn block_over_seams(free: Vec<Interval>, bits: u8) -> Option<Interval> {
    let fitting = joined(free).into_iter().filter(|range| largest_block(*range) >= bits);
    tightest_in(fitting.min_by_key(|range| (largest_block(*range), range.0))?, bits)
}

/// How many numbers a piece of a range has.
fn piece_of((first, last): Interval) -> u128 {
    (last - first) / PIECES + 1
}

/// What remains of a free range when a part of it is taken: below and above.
pub(super) fn split(range: Interval, taken: Interval) -> (Option<Interval>, Option<Interval>) {
    let below = (range.0 < taken.0).then(|| (range.0, taken.0 - 1));
    let above = (taken.1 < range.1).then(|| (taken.1 + 1, range.1));
    (below, above)
}

/// How many numbers ranges hold that do not overlap.
pub(super) fn count(ranges: &[Interval]) -> Count {
    let mut sum = 0_u128;
    for (first, last) in ranges {
        sum = sum.wrapping_add((last - first).wrapping_add(1));
    }
    // All of IPv6 is the one sum that wraps to nothing.
    if sum == 0 && !ranges.is_empty() { Count::ALL_V6 } else { Count::from(sum) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn assignable(text: &str) -> String {
        let range = ValueRange::from(cidr(text));
        let builtin = builtin_in(&[range]).iter().map(|(range, _)| range.numbers()).collect();
        let rest = without(vec![range.numbers()], builtin);
        let show = |rest: &Interval| ValueRange::of_numbers(range.kind(), *rest).to_string();
        rest.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_prefix_can_hand_out() {
        assert_eq!(assignable("10.0.0.0/24"), "10.0.0.1-10.0.0.254");
        assert_eq!(assignable("10.0.0.0/30"), "10.0.0.1-10.0.0.2");
        assert_eq!(assignable("10.0.0.0/31"), "10.0.0.0-10.0.0.1");
        assert_eq!(assignable("10.0.0.0/32"), "10.0.0.0");
        assert_eq!(assignable("0.0.0.0/0"), "0.0.0.1-255.255.255.254");
        assert_eq!(assignable("fd00::/126"), "fd00::1-fd00::3");
        assert_eq!(assignable("fd00::/127"), "fd00::-fd00::1");
        assert_eq!(assignable("::/0"), "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(first_assignable(&cidr("10.9.0.0/16")).unwrap().to_string(), "10.9.0.1");
        assert_eq!(first_assignable(&cidr("10.9.0.0/31")).unwrap().to_string(), "10.9.0.0");
    }

    #[test]
    fn the_ends_of_a_subnet_are_those_of_its_first_and_its_last_part() {
        let both = |whole: &str, part: &str| {
            let part = ValueRange::parse(crate::ipam::PoolKind::Ipv4, part).unwrap();
            let both = builtin_in_both(&[cidr(whole).into()], &[part]);
            both.iter().map(|(range, _)| range.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(both("10.0.0.0/16", "10.0.0.0/24"), "10.0.0.0");
        assert_eq!(both("10.0.0.0/16", "10.0.255.0/24"), "10.0.255.255");
        assert_eq!(both("10.0.0.0/16", "10.0.0.0/16"), "10.0.0.0 10.0.255.255");
        assert_eq!(both("10.0.0.0/16", "10.0.1.0/24"), "");
        // It would be handed out of these.
        assert_eq!(both("10.0.0.0/16", "10.0.0.0/31"), "");
        assert_eq!(both("10.0.0.0/16", "10.0.0.0-10.0.0.255"), "");
    }

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let max = u128::MAX;
        for (ranges, taken, rest) in [
            (vec![(0, 7)], vec![], vec![(0, 7)]),
            (vec![(0, 7)], vec![(0, 0), (7, 7)], vec![(1, 6)]),
            (vec![(0, 7)], vec![(3, 3), (3, 4), (200, 200)], vec![(0, 2), (5, 7)]),
            (vec![(0, 7)], vec![(0, 9)], vec![]),
            (vec![(0, 7), (10, 12)], vec![(6, 10)], vec![(0, 5), (11, 12)]),
            (vec![(10, 12)], vec![(1, 2), (4, 10)], vec![(11, 12)]),
            (vec![(max, max)], vec![(max, max)], vec![]),
            (vec![(0, max)], vec![(max, max)], vec![(0, max - 1)]),
            (vec![(4, 5), (0, 3)], vec![], vec![(0, 5)]),
        ] {
            assert_eq!(without(ranges.clone(), taken.clone()), rest, "{ranges:?} without {taken:?}");
        }
    }

    #[test]
    fn a_pool_is_cut_in_pieces_and_not_joined_over_the_seams() {
        let pool = [(0, 1_023), (2_000, 2_002)];
        let pieces = cut_in_pieces(pool.to_vec(), &pool);
        assert_eq!(pieces.len(), 64 + 3);
        assert_eq!((pieces[0], pieces[1], pieces[64]), ((0, 15), (16, 31), (2_000, 2_000)));
        for pair in pieces.windows(2) {
            assert!(is_seam(&pool, pair[1].0) || pair[1].0 == 2_000, "{pair:?}");
        }
        assert!(!is_seam(&pool, 0) && !is_seam(&pool, 17) && !is_seam(&pool, 1_500));
        assert_eq!(cut_in_pieces(vec![(0, u128::MAX)], &[(0, u128::MAX)]).len(), 64);
    }

    #[test]
    fn ranges_that_touch_are_both_cut() {
        let pool = [(0, 127), (128, 255), (1_000, 1_063)];
        let cut = cut_in_pieces(vec![(0, 255), (1_000, 1_063)], &pool);
        // The border itself is none: what is given back is joined over it.
        assert_eq!(cut.len(), 63 + 64 + 64, "{cut:?}");
        assert_eq!(cut_in_pieces(cut.clone(), &pool), cut);
        assert!(!is_seam(&pool, 128) && is_seam(&pool, 130));
    }

    #[test]
    fn a_block_is_found_where_pieces_touch() {
        let pieces: Vec<_> = (0..64).map(|piece| (piece * 4, piece * 4 + 3)).collect();
        assert_eq!(block_over_seams(pieces.clone(), 8), Some((0, 255)));
        assert_eq!(block_over_seams(pieces.clone(), 9), None);
        let holed = pieces.into_iter().filter(|piece| piece.0 != 32).chain([(512, 527)]).collect();
        assert_eq!(block_over_seams(holed, 4), Some((512, 527)), "the tightest one");
    }

    #[test]
    fn counts_are_exact_to_the_last_address() {
        assert_eq!(count(&[(0, (1 << 24) - 1)]), Count::from(1 << 24));
        assert_eq!(count(&[(0, u128::MAX)]), Count::ALL_V6);
        assert_eq!(count(&[(0, 0), (1, u128::MAX)]), Count::ALL_V6);
        assert_eq!(count(&[]), Count::ZERO);
        assert_eq!(split((0, u128::MAX), (5, 5)), (Some((0, 4)), Some((6, u128::MAX))));
        assert_eq!(split((5, 5), (5, 5)), (None, None));
    }
}
