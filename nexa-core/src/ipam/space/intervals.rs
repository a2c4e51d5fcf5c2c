//! A set of numbers as the ranges it consists of, for what is free of a pool.

use crate::net::Count;
use crate::net::algebra::{fitting_bits, span_of};

/// Numbers from the first to the last, both included.
pub(in crate::ipam) type Interval = (u128, u128);

/// How many ranges stand together. They are moved in memory when one comes or goes; more of them make that slower, fewer make
/// it slower to find the right ones.
const CHUNK: usize = 128;
/// Every count of bits that a block can have, and none: 0..=128.
const SIZES: usize = 129;

/// A set of numbers: sorted ranges that do not touch, in chunks that know how much they hold.
///
/// Taking and giving cost a search and a move inside one chunk, however many ranges there are.
#[derive(Clone, Debug, Default)]
pub(in crate::ipam) struct Intervals {
    chunks: Vec<Chunk>,
    /// The lowest number of each chunk.
    heads: Vec<u128>,
    /// How many numbers there are; 0 also for all of them.
    count: u128,
}

/// Never without a range.
#[derive(Clone, Debug)]
struct Chunk {
    ranges: Vec<Interval>,
    /// How many numbers it holds; 0 for all there are.
    sum: u128,
    /// How many ranges have a largest block of so many bits.
    blocks: [u8; SIZES],
}

/// Where a range is, and the range.
#[derive(Clone, Copy)]
struct At {
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
        let chunks: Vec<_> = merged.chunks(CHUNK / 2).map(|ranges| Chunk::of(ranges.to_vec())).collect();
        Intervals {
            heads: chunks.iter().map(Chunk::head).collect(),
            count: chunks.iter().fold(0, |count, chunk| count.wrapping_add(chunk.sum)),
            chunks,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> Count {
        if self.count == 0 && !self.is_empty() { Count::ALL_V6 } else { Count::from(self.count) }
    }

    pub(super) fn ranges(&self) -> impl Iterator<Item = Interval> {
        self.chunks.iter().flat_map(|chunk| chunk.ranges.iter().copied())
    }

    pub(super) fn first(&self) -> Option<u128> {
        self.heads.first().copied()
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
    pub(super) fn nth(&self, mut rank: u128) -> Option<u128> {
        for chunk in &self.chunks {
            // A sum of 0 is that of all numbers.
            if chunk.sum > 0 && rank >= chunk.sum {
                rank -= chunk.sum;
                continue;
            }
            for (first, last) in &chunk.ranges {
                if rank <= last - first {
                    return Some(first + rank);
                }
                rank -= last - first + 1;
            }
        }
        None
    }

    /// A free block of `2^bits` numbers that begins at a multiple of its size: in the range whose largest block is the smallest that
    /// will do, the lowest of them, and there the smallest that will do, again the lowest. So what is left in large pieces stays so.
    pub(super) fn block(&self, bits: u8) -> Option<Interval> {
        let tightest = |chunk: &Chunk| {
            let sizes = chunk.blocks.iter().enumerate().skip(bits.into());
            sizes.into_iter().find(|(_, count)| **count > 0).map(|(size, _)| size)
        };
        let chunks = self.chunks.iter().filter_map(|chunk| Some((tightest(chunk)?, chunk)));
        let (size, chunk) = chunks.min_by_key(|(size, _)| *size)?;
        let range = chunk.ranges.iter().find(|range| usize::from(largest_block(**range)) == size)?;
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
                self.insert(at.chunk, at.index + 1, right);
            }
        }
        true
    }

    /// Puts numbers in, none of which may be there; false, and nothing is done, when one is.
    pub(super) fn give(&mut self, (first, last): Interval) -> bool {
        let before = self.find(first).filter(|at| at.range.0 <= first);
        let after = match before {
            Some(at) => self.next(at),
            None => self.at(0, 0),
        };
        if before.is_some_and(|at| at.range.1 >= first) || after.is_some_and(|at| at.range.0 <= last) {
            return false;
        }
        let left = before.filter(|at| at.range.1 + 1 == first);
        let right = after.filter(|at| last + 1 == at.range.0);
        match (left, right) {
            (Some(left), Some(right)) => {
                self.remove(right);
                self.replace(left, (left.range.0, right.range.1));
            }
            (Some(left), None) => self.replace(left, (left.range.0, last)),
            (None, Some(right)) => self.replace(right, (first, right.range.1)),
            (None, None) if self.is_empty() => *self = Intervals::of([(first, last)]),
            (None, None) => match before {
                Some(at) => self.insert(at.chunk, at.index + 1, (first, last)),
                None => self.insert(0, 0, (first, last)),
            },
        }
        true
    }

    /// The last range that begins at this number or below it; the first of all when none does.
    fn find(&self, number: u128) -> Option<At> {
        let chunk = self.heads.partition_point(|head| *head <= number).saturating_sub(1);
        let ranges = &self.chunks.get(chunk)?.ranges;
        self.at(chunk, ranges.partition_point(|range| range.0 <= number).saturating_sub(1))
    }

    fn at(&self, chunk: usize, index: usize) -> Option<At> {
        let range = *self.chunks.get(chunk)?.ranges.get(index)?;
        Some(At { chunk, index, range })
    }

    fn next(&self, at: At) -> Option<At> {
        self.at(at.chunk, at.index + 1).or_else(|| self.at(at.chunk + 1, 0))
    }

    fn replace(&mut self, at: At, new: Interval) {
        self.change(at.chunk, Some(at.range), Some(new), |ranges| {
            if let Some(range) = ranges.get_mut(at.index) {
                *range = new;
            }
        });
    }

    fn remove(&mut self, at: At) {
        self.change(at.chunk, Some(at.range), None, |ranges| {
            ranges.remove(at.index);
        });
        if self.chunks.get(at.chunk).is_some_and(|chunk| chunk.ranges.is_empty()) {
            self.chunks.remove(at.chunk);
            self.heads.remove(at.chunk);
        }
    }

    fn insert(&mut self, at: usize, index: usize, new: Interval) {
        self.change(at, None, Some(new), |ranges| ranges.insert(index, new));
        let Some(chunk) = self.chunks.get_mut(at).filter(|chunk| chunk.ranges.len() > CHUNK) else { return };
        let upper = Chunk::of(chunk.ranges.split_off(CHUNK / 2));
        *chunk = Chunk::of(std::mem::take(&mut chunk.ranges));
        self.heads.insert(at + 1, upper.head());
        self.chunks.insert(at + 1, upper);
    }

    /// Changes the ranges of a chunk, with what is counted of them.
    fn change(
        &mut self,
        at: usize,
        old: Option<Interval>,
        new: Option<Interval>,
        change: impl FnOnce(&mut Vec<Interval>),
    ) {
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        change(&mut chunk.ranges);
        if let Some(old) = old {
            chunk.count(old, |count| count.wrapping_sub(1));
            chunk.sum = chunk.sum.wrapping_sub(size(old));
            self.count = self.count.wrapping_sub(size(old));
        }
        if let Some(new) = new {
            chunk.count(new, |count| count.wrapping_add(1));
            chunk.sum = chunk.sum.wrapping_add(size(new));
            self.count = self.count.wrapping_add(size(new));
        }
        if let Some(head) = self.heads.get_mut(at) {
            *head = chunk.head();
        }
    }
}

impl Chunk {
    fn of(ranges: Vec<Interval>) -> Self {
        let sum = ranges.iter().fold(0, |sum: u128, range| sum.wrapping_add(size(*range)));
        let mut chunk = Chunk { ranges: Vec::new(), sum, blocks: [0; SIZES] };
        for range in &ranges {
            chunk.count(*range, |count| count + 1);
        }
        Chunk { ranges, ..chunk }
    }

    fn head(&self) -> u128 {
        self.ranges.first().map_or(0, |range| range.0)
    }

    fn count(&mut self, range: Interval, change: impl FnOnce(u8) -> u8) {
        if let Some(count) = self.blocks.get_mut(usize::from(largest_block(range))) {
            *count = change(*count);
        }
    }
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
