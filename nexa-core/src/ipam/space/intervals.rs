//! A set of numbers as the ranges it consists of, for what is free of a pool.

use super::level::{Digest, Level, Part};
use crate::net::Count;
use crate::net::algebra::{fitting_bits, span_of};

/// Numbers from the first to the last, both included.
pub(in crate::ipam) type Interval = (u128, u128);

/// How many ranges stand together at most. More of them are slower to move when one comes or goes, fewer lie apart in memory.
const CHUNK: usize = 128;
/// How many chunks stand together at most.
const SHELF: usize = 64;

/// A set of numbers: sorted ranges that do not touch, in chunks on shelves, each of which knows how much it holds.
///
/// Every question and every change looks through the shelves, one shelf and one chunk, however many ranges there are.
#[derive(Clone, Debug, Default)]
pub(in crate::ipam) struct Intervals {
    shelves: Level<Level<Chunk>>,
}

/// Never without a range, but while it is changed.
#[derive(Clone, Debug)]
struct Chunk {
    ranges: Vec<Interval>,
    /// How many ranges have a largest block of so many bits, as [`size_of`] has it.
    counts: [u8; 128],
    digest: Digest,
}

/// What was found of numbers that were given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ipam) enum Given {
    /// None of them was there; now all are.
    Now,
    /// All of them were there.
    Already,
    /// Some of them were there, and nothing is done.
    Partly,
}

/// Where a range is, and the range.
#[derive(Clone, Copy)]
struct At {
    shelf: usize,
    chunk: usize,
    index: usize,
    range: Interval,
}

impl Intervals {
    /// All of these ranges, whatever order they are in; they may overlap.
    pub(in crate::ipam) fn of(ranges: impl IntoIterator<Item = Interval>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().collect();
        ranges.sort_unstable();
        let mut merged: Vec<Interval> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if before.1.checked_add(1).is_none_or(|next| first <= next) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        let shelves = merged.chunks(SHELF * CHUNK / 4);
        let chunks =
            |shelf: &[Interval]| shelf.chunks(CHUNK / 2).map(|part| Chunk::of(part.to_vec())).collect();
        Intervals { shelves: shelves.map(chunks).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shelves.len() == 0
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> Count {
        let sum = self.shelves.digest().sum;
        if sum == 0 && !self.is_empty() { Count::ALL_V6 } else { Count::from(sum) }
    }

    pub(super) fn ranges(&self) -> impl Iterator<Item = Interval> {
        self.shelves.iter().flat_map(Level::iter).flat_map(|chunk| chunk.ranges.iter().copied())
    }

    pub(super) fn first(&self) -> Option<u128> {
        (!self.is_empty()).then(|| self.shelves.digest().head)
    }

    /// The last number of the range that this one is in; without one, the number itself.
    pub(super) fn last_of(&self, number: u128) -> u128 {
        self.find(number).map(|at| at.range).filter(|range| number <= range.1).map_or(number, |range| range.1)
    }

    /// The lowest number that is not below this one.
    pub(super) fn at_or_after(&self, number: u128) -> Option<u128> {
        let at = self.find(number)?;
        if number <= at.range.1 {
            return Some(number.max(at.range.0));
        }
        self.next(at).map(|next| next.range.0)
    }

    pub(in crate::ipam) fn contains(&self, (first, last): Interval) -> bool {
        self.find(first).is_some_and(|at| at.range.0 <= first && last <= at.range.1)
    }

    /// The number that so many are below. None when there are not so many.
    pub(super) fn nth(&self, rank: u128) -> Option<u128> {
        let (shelf, rank) = self.shelves.nth(rank)?;
        let (chunk, mut rank) = shelf.nth(rank)?;
        for (first, last) in &chunk.ranges {
            if rank <= last - first {
                return Some(first + rank);
            }
            rank -= last - first + 1;
        }
        None
    }

    /// A free block of `2^bits` numbers that begins at a multiple of its size: in the range whose largest block is the smallest that
    /// will do, the lowest of them, and there the smallest that will do, again the lowest. So what is left in large pieces stays so.
    pub(super) fn block(&self, bits: u8) -> Option<Interval> {
        let fitting = self.shelves.digest().sizes >> bits.min(127) << bits.min(127);
        let size = (fitting != 0).then(|| fitting.trailing_zeros())?;
        let chunk = self.shelves.with_size(size)?.with_size(size)?;
        let range = chunk.ranges.iter().find(|range| size_of(**range) == size)?;
        tightest_in(*range, bits)
    }

    /// Takes numbers out, all of which must be there; false, and nothing is done, when one is not.
    pub(in crate::ipam) fn take(&mut self, (first, last): Interval) -> bool {
        let Some(at) = self.find(first).filter(|at| at.range.0 <= first && last <= at.range.1) else {
            return false;
        };
        let left = (at.range.0 < first).then(|| (at.range.0, first - 1));
        let right = (last < at.range.1).then(|| (last + 1, at.range.1));
        match (left, right) {
            (None, None) => self.remove(at),
            (Some(rest), None) | (None, Some(rest)) => self.replace(at, rest),
            (Some(left), Some(right)) => {
                self.replace(at, left);
                self.insert(At { index: at.index + 1, ..at }, right);
            }
        }
        true
    }

    /// Puts numbers in, none of which may be there; nothing is done when one is.
    pub(in crate::ipam) fn give(&mut self, (first, last): Interval) -> Given {
        let found = self.find(first);
        let before = found.filter(|at| at.range.0 <= first);
        let after = match before {
            Some(at) => self.next(at),
            None => found,
        };
        if before.is_some_and(|at| at.range.1 >= last) {
            return Given::Already;
        }
        if before.is_some_and(|at| at.range.1 >= first) || after.is_some_and(|at| at.range.0 <= last) {
            return Given::Partly;
        }
        let left = before.filter(|at| at.range.1 + 1 == first);
        let right = after.filter(|at| last + 1 == at.range.0);
        match (left, right) {
            (Some(left), Some(right)) => {
                // The later one first, so that the earlier one is still where it was found.
                self.remove(right);
                self.replace(left, (left.range.0, right.range.1));
            }
            (Some(left), None) => self.replace(left, (left.range.0, last)),
            (None, Some(right)) => self.replace(right, (first, right.range.1)),
            (None, None) => match (before, found) {
                (Some(at), _) => self.insert(At { index: at.index + 1, ..at }, (first, last)),
                (None, Some(lowest)) => self.insert(lowest, (first, last)),
                (None, None) => *self = Intervals::of([(first, last)]),
            },
        }
        Given::Now
    }

    /// The last range that begins at this number or below it; the first of all when none does.
    fn find(&self, number: u128) -> Option<At> {
        let shelf = self.shelves.holding(number);
        let chunks = self.shelves.get(shelf)?;
        let chunk = chunks.holding(number);
        let ranges = &chunks.get(chunk)?.ranges;
        self.at(shelf, chunk, ranges.partition_point(|range| range.0 <= number).saturating_sub(1))
    }

    fn at(&self, shelf: usize, chunk: usize, index: usize) -> Option<At> {
        let range = *self.shelves.get(shelf)?.get(chunk)?.ranges.get(index)?;
        Some(At { shelf, chunk, index, range })
    }

    fn next(&self, At { shelf, chunk, index, .. }: At) -> Option<At> {
        let here = self.at(shelf, chunk, index + 1).or_else(|| self.at(shelf, chunk + 1, 0));
        here.or_else(|| self.at(shelf + 1, 0, 0))
    }

    fn replace(&mut self, at: At, new: Interval) {
        self.change(at, |chunk| chunk.replace(at.index, new));
    }

    fn remove(&mut self, at: At) {
        self.change(at, |chunk| chunk.remove(at.index));
    }

    fn change(&mut self, at: At, change: impl FnOnce(&mut Chunk)) {
        self.shelves.change(at.shelf, |shelf| shelf.change(at.chunk, change));
    }

    fn insert(&mut self, at: At, new: Interval) {
        let upper = self.shelves.change(at.shelf, |shelf| {
            let upper = shelf.change(at.chunk, |chunk| chunk.insert(at.index, new)).flatten();
            if let Some(upper) = upper {
                shelf.insert(at.chunk + 1, upper);
            }
            (shelf.len() > SHELF).then(|| shelf.split_off())
        });
        if let Some(upper) = upper.flatten() {
            self.shelves.insert(at.shelf + 1, upper);
        }
    }
}

impl Part for Chunk {
    fn digest(&self) -> Digest {
        self.digest
    }
}

impl Chunk {
    fn of(ranges: Vec<Interval>) -> Self {
        let mut chunk = Chunk { ranges: Vec::new(), counts: [0; 128], digest: Digest::default() };
        for range in &ranges {
            chunk.count_in(*range);
        }
        chunk.digest.head = ranges.first().map_or(0, |range| range.0);
        Chunk { ranges, ..chunk }
    }

    fn replace(&mut self, index: usize, new: Interval) {
        let Some(range) = self.ranges.get_mut(index) else { return };
        let old = std::mem::replace(range, new);
        self.count_out(old);
        self.count_in(new);
        self.find_head();
    }

    fn remove(&mut self, index: usize) {
        let old = self.ranges.remove(index);
        self.count_out(old);
        self.find_head();
    }

    /// The second half as a chunk of its own when there are too many now.
    fn insert(&mut self, index: usize, new: Interval) -> Option<Chunk> {
        self.ranges.insert(index, new);
        self.count_in(new);
        self.find_head();
        (self.ranges.len() > CHUNK).then(|| {
            let upper = self.ranges.split_off(CHUNK / 2);
            *self = Chunk::of(std::mem::take(&mut self.ranges));
            Chunk::of(upper)
        })
    }

    fn find_head(&mut self) {
        self.digest.head = self.ranges.first().map_or(0, |range| range.0);
    }

    fn count_in(&mut self, range: Interval) {
        let bits = size_of(range);
        self.digest.sum = self.digest.sum.wrapping_add(size(range));
        self.digest.sizes |= 1 << bits;
        if let Some(count) = self.counts.get_mut(bits as usize) {
            *count += 1;
        }
    }

    fn count_out(&mut self, range: Interval) {
        let bits = size_of(range);
        self.digest.sum = self.digest.sum.wrapping_sub(size(range));
        if let Some(count) = self.counts.get_mut(bits as usize) {
            *count -= 1;
            self.digest.sizes &= !(u128::from(*count == 0) << bits);
        }
    }
}

/// The bits of the largest block of a range, for sorting it by: 127 also for the range of all numbers, beside which is no other.
fn size_of(range: Interval) -> u32 {
    u32::from(largest_block(range)).min(127)
}

/// How many numbers a range has; 0 for all there are.
fn size((first, last): Interval) -> u128 {
    (last - first).wrapping_add(1)
}

/// `2^bits` numbers of a range that begin at a multiple of their number, in the smallest of its blocks that will do, and there the lowest.
pub(in crate::ipam) fn tightest_in(range: Interval, bits: u8) -> Option<Interval> {
    let fitting = blocks(range).filter(|(_, size)| *size >= bits);
    let (first, _) = fitting.min_by_key(|(first, size)| (*size, *first))?;
    Some((first, first + span_of(bits)))
}

/// The bits of the largest block in a range that begins at a multiple of its size.
pub(in crate::ipam) fn largest_block((first, last): Interval) -> u8 {
    // The longest prefix that both ends have in common makes the range a part of one block of this many bits, in whose middle
    // the range lies, unless it is that block.
    let differing = bits(128 - (first ^ last).leading_zeros());
    if first & span_of(differing) == 0 && last & span_of(differing) == span_of(differing) {
        return differing;
    }
    // Otherwise the largest block ends, or begins, in that middle or further out.
    let middle = last >> (differing - 1) << (differing - 1);
    let below = bits((middle - first).checked_ilog2().unwrap_or(0));
    fitting_bits(last - middle).max(below)
}

/// The blocks that a range consists of, each as large as it can be, in order, with their bits.
fn blocks((first, last): Interval) -> impl Iterator<Item = (u128, u8)> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let at = next?;
        let size = bits(at.trailing_zeros()).min(fitting_bits(last - at));
        let end = at + span_of(size);
        next = (end < last).then(|| end + 1);
        Some((at, size))
    })
}

fn bits(count: u32) -> u8 {
    u8::try_from(count).unwrap_or(128)
}
