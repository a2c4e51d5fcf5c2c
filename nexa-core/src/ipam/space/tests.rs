use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::ErrorKind;

/// The model's space: few enough to write down, at both ends of all numbers and with a hole between.
const HALF: u128 = 512;

fn number(nth: u16) -> u128 {
    let nth = u128::from(nth);
    if nth < HALF { nth } else { u128::MAX - (2 * HALF - 1 - nth) }
}

fn address(nth: u16) -> Ipv6Addr {
    Ipv6Addr::from_bits(number(nth))
}

fn space() -> Space<Ipv6Addr> {
    Space::new([address(0)..=address(511), address(512)..=address(1023)], []).unwrap()
}

/// Bytes that a test decides.
struct Fixed(std::sync::Mutex<u64>);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        for byte in bytes {
            let mut state = self.0.lock().unwrap();
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Lowest,
    Next,
    Random(u64),
    Sticky(u16),
    Specific(u16),
    Many(usize),
    Block(u8),
    Release(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Lowest),
        3 => Just(Step::Next),
        3 => any::<u64>().prop_map(Step::Random),
        2 => (0_u16..1024).prop_map(Step::Sticky),
        2 => (0_u16..1024).prop_map(Step::Specific),
        1 => (0_usize..200).prop_map(Step::Many),
        2 => (0_u8..11).prop_map(Step::Block),
        8 => (0_u16..1024, 0_u16..4).prop_map(|(first, more)| Step::Release(first, more)),
    ]
}

/// The best place for a block, found by looking at every place where one fits: first its range's largest block counts, then which
/// range it is, then the largest block that the place is the beginning of, then where it is.
fn best_block(free: &BTreeSet<u128>, bits: u8) -> Option<u128> {
    let mut runs: Vec<Interval> = Vec::new();
    for one in free {
        match runs.last_mut() {
            Some(run) if run.1.checked_add(1) == Some(*one) => run.1 = *one,
            _ => runs.push((*one, *one)),
        }
    }
    let places = runs.iter().flat_map(|run| {
        // Every block in the run, by its place and its size.
        let (from, to) = *run;
        let all = (0..=9_u8).flat_map(move |bits| {
            let step = span_of(bits) + 1;
            let aligned = from.checked_next_multiple_of(step).into_iter();
            let every =
                aligned.flat_map(move |first| (0..512_u128).map_while(move |n| first.checked_add(n * step)));
            let inside = every.take_while(move |at| *at <= to).filter(move |at| to - at >= step - 1);
            inside.map(move |at| (at, bits))
        });
        let all: Vec<_> = all.collect();
        let largest = all.iter().map(|block| block.1).max();
        // The blocks that no larger one holds.
        let whole = |(at, bits): &(u128, u8)| {
            !all.iter().any(|(other, more)| more > bits && at >> more == other >> more)
        };
        let fitting: Vec<_> = all.iter().copied().filter(|block| block.1 >= bits).filter(whole).collect();
        fitting.into_iter().map(move |(at, own)| (largest, from, own, at))
    });
    places.min().map(|best| best.3)
}

fn check(steps: &[Step]) -> std::result::Result<(), TestCaseError> {
    let mut space = space();
    let all: BTreeSet<u128> = (0..1024).map(number).collect();
    let (mut free, mut cursor) = (all.clone(), None::<u128>);
    let from = |free: &BTreeSet<u128>, wanted: u128| free.range(wanted..).next().or(free.first()).copied();
    for step in steps {
        let random;
        let (pick, expected) = match step {
            Step::Lowest => (Pick::Lowest, free.first().copied()),
            Step::Next => {
                let next = cursor.and_then(|cursor| cursor.checked_add(1));
                (Pick::Next, next.map_or(free.first().copied(), |next| from(&free, next)))
            }
            Step::Random(seed) => {
                random = Fixed((*seed).into());
                (Pick::Random(&random), None)
            }
            Step::Sticky(nth) => (Pick::Sticky(address(*nth)), from(&free, number(*nth))),
            Step::Specific(nth) => {
                let wanted = address(*nth);
                match space.allocate(Pick::Specific(wanted)) {
                    Ok(one) => {
                        prop_assert!(one == wanted && free.remove(&one.number()));
                        cursor = Some(one.number());
                    }
                    Err(taken) => {
                        prop_assert_eq!(
                            (taken.kind(), taken.field()),
                            (ErrorKind::Conflict, Some("specific"))
                        );
                        prop_assert!(!free.contains(&wanted.number()));
                    }
                }
                continue;
            }
            Step::Many(count) => {
                match space.allocate_many(*count) {
                    Ok(many) => {
                        let expected: Vec<_> = free.iter().copied().take(*count).collect();
                        prop_assert_eq!(many.len(), *count);
                        prop_assert_eq!(
                            many.iter().map(|one| one.number()).collect::<Vec<_>>(),
                            expected.clone()
                        );
                        free.retain(|one| !expected.contains(one));
                        cursor = expected.last().copied().or(cursor);
                    }
                    Err(exhausted) => {
                        prop_assert_eq!(exhausted.kind(), ErrorKind::Exhausted);
                        prop_assert!(free.len() < *count);
                    }
                }
                continue;
            }
            Step::Block(bits) => {
                match (space.allocate_block(*bits), best_block(&free, *bits)) {
                    (Ok(block), Some(first)) => {
                        prop_assert_eq!(
                            (block.start().number(), block.end().number()),
                            (first, first + span_of(*bits))
                        );
                        (first..=first + span_of(*bits)).for_each(|one| assert!(free.remove(&one)));
                    }
                    (Err(exhausted), None) => prop_assert_eq!(exhausted.kind(), ErrorKind::Exhausted),
                    (got, expected) => prop_assert!(false, "{got:?} where {expected:?} was expected"),
                }
                continue;
            }
            Step::Release(first, more) => {
                let last = (first + more).min(if *first < 512 { 511 } else { 1023 });
                let ones: Vec<_> = (*first..=last).map(number).collect();
                let already = ones.iter().filter(|one| free.contains(one)).count();
                match space.release(address(*first)..=address(last)) {
                    Ok(true) => {
                        prop_assert_eq!(already, 0);
                        free.extend(ones);
                    }
                    Ok(false) => prop_assert_eq!(already, ones.len()),
                    Err(partly) => {
                        prop_assert_eq!(
                            (partly.kind(), partly.field()),
                            (ErrorKind::Conflict, Some("released"))
                        );
                        prop_assert!(0 < already && already < ones.len());
                    }
                }
                continue;
            }
        };
        match space.allocate(pick) {
            Ok(one) => {
                prop_assert!(matches!(step, Step::Random(_)) || Some(one.number()) == expected);
                prop_assert!(free.remove(&one.number()), "{one} was not free");
                cursor = Some(one.number());
            }
            Err(exhausted) => {
                prop_assert_eq!(exhausted.kind(), ErrorKind::Exhausted);
                prop_assert!(free.is_empty());
            }
        }
        let counts = space.counts();
        prop_assert_eq!(counts.free, Count::from(free.len() as u128));
        prop_assert_eq!(counts.allocated, Count::from((all.len() - free.len()) as u128));
    }
    let left: BTreeSet<_> =
        space.free_ranges().flat_map(|range| range.start().number()..=range.end().number()).collect();
    prop_assert_eq!(left, free);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_asked_of_it_a_space_does_what_a_set_of_numbers_does(steps in prop::collection::vec(step(), 1..400)) {
        check(&steps)?;
    }
}

#[test]
fn the_last_one_free_of_very_many_is_found() {
    let mut space = Space::new([Ipv4Addr::new(10, 0, 0, 0)..=Ipv4Addr::new(10, 0, 255, 255)], []).unwrap();
    space.allocate_many(65_536).unwrap();
    let last = Ipv4Addr::new(10, 0, 77, 7);
    assert!(space.release(last..=last).unwrap());
    assert!(!space.release(last..=last).unwrap(), "twice is once");
    let random = Fixed(7.into());
    for pick in [
        Pick::Lowest,
        Pick::Next,
        Pick::Random(&random),
        Pick::Sticky(Ipv4Addr::new(10, 0, 200, 0)),
        Pick::Specific(last),
    ] {
        assert_eq!(space.allocate(pick).unwrap(), last);
        let exhausted = space.allocate(Pick::Lowest).unwrap_err();
        assert_eq!(exhausted.kind(), ErrorKind::Exhausted);
        assert_eq!(exhausted.to_string(), "no IPv4 address is free: 65536 of 65536 are allocated");
        space.release(last..=last).unwrap();
    }
}

#[test]
fn all_of_ipv6_is_counted_and_handed_out_from() {
    let all = Ipv6Addr::from_bits(0)..=Ipv6Addr::from_bits(u128::MAX);
    let mut space = Space::new([all.clone()], []).unwrap();
    assert_eq!(space.counts().free, Count::ALL_V6);
    assert!(space.allocate(Pick::Random(&Fixed(1.into()))).is_ok());
    assert_eq!(space.counts().free, Count::from(u128::MAX));
    assert_eq!(space.counts().allocated, Count::from(1));
    let mut space = Space::new([all.clone()], []).unwrap();
    assert_eq!(space.allocate_block(128).unwrap(), all);
    assert_eq!(space.counts().free, Count::ZERO);
    assert_eq!(space.counts().allocated, Count::ALL_V6);
    assert!(space.release(all).unwrap());
    assert_eq!(space.counts().free, Count::ALL_V6);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let a = |last: u8| Ipv4Addr::new(10, 0, 0, last);
    let reversed = Space::new([a(2)..=a(1)], []).unwrap_err();
    assert_eq!((reversed.kind(), reversed.field()), (ErrorKind::InvalidInput, Some("ranges")));
    assert_eq!(Space::new([a(1)..=a(2)], [a(2)..=a(1)]).unwrap_err().field(), Some("reserved"));
    assert_eq!(Space::new([a(1)..=a(2)], [a(0)..=a(3)]).unwrap_err().field(), Some("ranges"));
    let mut space =
        Space::new([a(1)..=a(6), a(5)..=a(9)], [a(3)..=a(3), a(3)..=a(4), a(200)..=a(201)]).unwrap();
    assert_eq!(space.counts().assignable, Count::from(7));
    for foreign in [a(3)..=a(3), a(10)..=a(10), a(2)..=a(5)] {
        let refused = space.release(foreign).unwrap_err();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::InvalidInput, Some("released")));
    }
    assert_eq!(space.allocate(Pick::Specific(a(4))).unwrap_err().field(), Some("specific"));
    assert_eq!(space.allocate_block(129).unwrap_err().field(), Some("bits"));
    let none = space.allocate_block(3).unwrap_err();
    assert_eq!(none.to_string(), "no block of 2^3 is free: 0 of 7 are allocated");
    assert_eq!(
        space.allocate_many(8).unwrap_err().to_string(),
        "fewer than 8 are free: 0 of 7 are allocated"
    );
}

/// More ranges than stand on one shelf, or on several.
#[test]
fn what_is_known_of_very_many_ranges_is_what_they_are() {
    const ALL: u32 = 30_011;
    // A number whose multiples come by every residue of the prime.
    let scrambled = |nth: u32| u128::from(nth * 7_919 % ALL);
    let mut set = Intervals::of([(0, u128::from(ALL) - 1)]);
    let mut free: BTreeSet<u128> = (0..u128::from(ALL)).collect();
    for round in 0..6 {
        for nth in 0..ALL / 2 {
            let one = scrambled(nth * 2 + round % 2);
            let is_free = free.contains(&one);
            // The first three rounds take, the others give back.
            if round < 3 {
                assert_eq!(set.take((one, one)), is_free);
                free.remove(&one);
            } else {
                let expected = if is_free { Given::Already } else { Given::Now };
                assert_eq!(set.give((one, one)), expected);
                free.insert(one);
            }
            if nth % 2_500 == 0 {
                agree(&set, &free);
            }
        }
        agree(&set, &free);
    }
    // The last of an odd number was in no round.
    assert_eq!(set.count(), Count::from(u128::from(ALL)));
    assert_eq!(set.ranges().collect::<Vec<_>>(), [(0, u128::from(ALL) - 1)]);
}

fn agree(set: &Intervals, free: &BTreeSet<u128>) {
    let mut ranges: Vec<Interval> = Vec::new();
    for one in free {
        match ranges.last_mut() {
            Some(range) if range.1 + 1 == *one => range.1 = *one,
            _ => ranges.push((*one, *one)),
        }
    }
    assert_eq!(set.ranges().collect::<Vec<_>>(), ranges);
    assert_eq!(set.count(), Count::from(free.len() as u128));
    assert_eq!(set.first(), free.first().copied());
    for (rank, one) in free.iter().enumerate().step_by(997) {
        assert_eq!(set.nth(rank as u128), Some(*one));
    }
    assert_eq!(set.nth(free.len() as u128), None);
    for bits in 0..16 {
        let fitting = ranges.iter().filter(|range| largest_block(**range) >= bits);
        let range = fitting.min_by_key(|range| (largest_block(**range), range.0));
        assert_eq!(set.block(bits), range.and_then(|range| tightest_in(*range, bits)));
    }
}
