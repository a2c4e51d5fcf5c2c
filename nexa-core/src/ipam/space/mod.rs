//! One allocator for everything that must be unique: pure, in memory, over numbers of any kind.
//!
//! A [`Space`] is ranges without what is reserved in them. What is free is a set of ranges too, so that a call costs the same
//! however full the space is; an untouched `/8` or `/64` is one range.

mod intervals;
mod level;
mod number;

use std::marker::PhantomData;
use std::ops::RangeInclusive;

use intervals::Given;
pub(super) use intervals::{Interval, Intervals, largest_block, tightest_in};
pub use number::{Assignable, Ctid, MacAddress, Port, UnixId};

use super::error::IpamError;
use crate::error::{Error, Result};
use crate::net::Count;
use crate::net::algebra::span_of;
use crate::runtime::{Random, random_bytes};

/// Which of the free ones is handed out.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Pick<'a, T> {
    /// The lowest.
    Lowest,
    /// The lowest above the one that was handed out last, and then from the beginning again.
    Next,
    /// Any, each as likely as the others.
    Random(&'a dyn Random),
    /// This one, or the lowest free one above it, and then from the beginning again: what had it before keeps it where it can.
    Sticky(T),
    /// This one and no other.
    Specific(T),
}

/// How much there is of a space, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SpaceCounts {
    /// What can be handed out at all.
    pub assignable: Count,
    /// What is handed out.
    pub allocated: Count,
    /// What can be handed out now.
    pub free: Count,
}

/// Ranges of numbers of one kind, of which each that is not reserved is free or handed out.
#[derive(Clone, Debug)]
pub struct Space<T> {
    assignable: Intervals,
    free: Intervals,
    /// The one that was handed out last.
    cursor: Option<u128>,
    of: PhantomData<T>,
}

impl<T: Assignable> Space<T> {
    /// A space of ranges without those that are reserved, all of it free. Ranges may overlap.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`ranges`, `reserved`) for a range whose end is before its beginning, and
    /// (`ranges`) when nothing can be handed out.
    pub fn new(
        ranges: impl IntoIterator<Item = RangeInclusive<T>>,
        reserved: impl IntoIterator<Item = RangeInclusive<T>>,
    ) -> Result<Self> {
        let mut assignable = Intervals::of(checked("ranges", ranges)?);
        for (first, last) in checked("reserved", reserved)? {
            let overlapping: Vec<_> =
                assignable.ranges().filter(|range| range.0 <= last && first <= range.1).collect();
            for range in overlapping {
                assignable.take((range.0.max(first), range.1.min(last)));
            }
        }
        if assignable.is_empty() {
            return Err(Error::invalid("ranges", format!("leave no {} to hand out", T::WHAT)));
        }
        Ok(Space { free: assignable.clone(), assignable, cursor: None, of: PhantomData })
    }

    /// Hands one out.
    ///
    /// # Errors
    /// [`Exhausted`](crate::ErrorKind::Exhausted) with the counts when none is free; for [`Pick::Specific`]
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`specific`) for one that the space does not have, and
    /// [`Conflict`](crate::ErrorKind::Conflict) (`specific`) for one that is taken;
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when there is no randomness.
    pub fn allocate(&mut self, pick: Pick<'_, T>) -> Result<T> {
        let number = match pick {
            Pick::Lowest => self.free.first(),
            Pick::Next => match self.cursor.and_then(|last| last.checked_add(1)) {
                Some(next) => self.free.at_or_after(next).or_else(|| self.free.first()),
                None => self.free.first(),
            },
            Pick::Random(random) => match self.free.is_empty() {
                true => None,
                false => self.free.nth(below(self.free.count().as_u128(), random)?),
            },
            Pick::Sticky(wanted) => self.free.at_or_after(wanted.number()).or_else(|| self.free.first()),
            Pick::Specific(wanted) => Some(self.specific(wanted)?),
        };
        let number = number.ok_or_else(|| self.exhausted(1, 0))?;
        self.hand_out((number, number))?;
        self.cursor = Some(number);
        value(number)
    }

    /// Hands so many out, the lowest there are, or none.
    ///
    /// # Errors
    /// [`Exhausted`](crate::ErrorKind::Exhausted) with the counts when fewer are free.
    pub fn allocate_many(&mut self, count: usize) -> Result<Vec<T>> {
        if self.free.count() < Count::from(count as u128) {
            return Err(self.exhausted(count as u128, 0).into());
        }
        let mut numbers = Vec::with_capacity(count);
        while let Some(first) = self.free.first().filter(|_| numbers.len() < count) {
            let missing = (count - numbers.len()) as u128;
            let last = self.free.last_of(first).min(first.saturating_add(missing - 1));
            self.hand_out((first, last))?;
            for number in first..=last {
                numbers.push(value(number)?);
            }
            self.cursor = Some(last);
        }
        Ok(numbers)
    }

    /// Hands `2^bits` out that stand together and begin at a multiple of their number, as a prefix does. Of the places where they fit
    /// it is the tightest one.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`bits`) above 128, [`Exhausted`](crate::ErrorKind::Exhausted) with the
    /// counts when there is no such place.
    pub fn allocate_block(&mut self, bits: u8) -> Result<RangeInclusive<T>> {
        if bits > 128 {
            return Err(Error::invalid("bits", format!("{bits} is more than the 128 that a number has")));
        }
        let block =
            self.free.block(bits).ok_or_else(|| self.exhausted(span_of(bits).saturating_add(1), bits))?;
        self.hand_out(block)?;
        Ok(value(block.0)?..=value(block.1)?)
    }

    /// Takes back what was handed out; false when all of it is free already.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`released`) for a range whose end is before its beginning or that the space
    /// does not have, [`Conflict`](crate::ErrorKind::Conflict) (`released`) for one of which a part is free.
    pub fn release(&mut self, released: RangeInclusive<T>) -> Result<bool> {
        let interval = interval("released", &released)?;
        if !self.assignable.contains(interval) {
            return Err(not_ours::<T>("released", interval));
        }
        match self.free.give(interval) {
            Given::Now => Ok(true),
            Given::Already => Ok(false),
            Given::Partly => {
                Err(IpamError::PartlyFree { first: text::<T>(interval.0), last: text::<T>(interval.1) }
                    .into())
            }
        }
    }

    /// Whether this one can be handed out now.
    #[must_use]
    pub fn is_free(&self, one: T) -> bool {
        self.free.contains((one.number(), one.number()))
    }

    /// How much there is, exactly, without a walk through it.
    #[must_use]
    pub fn counts(&self) -> SpaceCounts {
        let (assignable, free) = (self.assignable.count(), self.free.count());
        SpaceCounts { assignable, allocated: assignable.minus(free), free }
    }

    /// What is free, as ranges in order that do not touch.
    pub fn free_ranges(&self) -> impl Iterator<Item = RangeInclusive<T>> {
        self.free.ranges().filter_map(|(first, last)| Some(T::of_number(first)?..=T::of_number(last)?))
    }

    fn specific(&self, wanted: T) -> Result<u128> {
        let number = wanted.number();
        if !self.assignable.contains((number, number)) {
            return Err(not_ours::<T>("specific", (number, number)));
        }
        match self.is_free(wanted) {
            true => Ok(number),
            false => Err(IpamError::Taken { what: T::WHAT, one: wanted.to_string() }.into()),
        }
    }

    /// What is known to be free is handed out.
    fn hand_out(&mut self, interval: Interval) -> Result<()> {
        if self.free.take(interval) { Ok(()) } else { Err(IpamError::Raced.into()) }
    }

    fn exhausted(&self, asked: u128, bits: u8) -> IpamError {
        let SpaceCounts { assignable, allocated, free } = self.counts();
        IpamError::SpaceExhausted { what: T::WHAT, asked, bits, assignable, allocated, free }
    }
}

/// The ranges as numbers, none of which ends before it begins.
fn checked<T: Assignable>(
    field: &'static str,
    ranges: impl IntoIterator<Item = RangeInclusive<T>>,
) -> Result<Vec<Interval>> {
    ranges.into_iter().map(|range| interval(field, &range)).collect()
}

fn interval<T: Assignable>(field: &'static str, range: &RangeInclusive<T>) -> Result<Interval> {
    match range.start() <= range.end() {
        true => Ok((range.start().number(), range.end().number())),
        false => Err(Error::invalid(field, format!("{} is above {}", range.start(), range.end()))),
    }
}

/// A number below this one, or any at all, each as likely as the others: what would make the low ones likelier is thrown away.
pub(super) fn below(count: Option<u128>, random: &dyn Random) -> Result<u128> {
    let Some(last) = count.map(|count| count.saturating_sub(1)) else {
        return Ok(u128::from_be_bytes(random_bytes(random)?));
    };
    let mask = u128::MAX.checked_shr(last.leading_zeros()).unwrap_or(0);
    loop {
        let number = u128::from_be_bytes(random_bytes(random)?) & mask;
        if number <= last {
            return Ok(number);
        }
    }
}

fn value<T: Assignable>(number: u128) -> Result<T> {
    T::of_number(number).ok_or_else(|| not_ours::<T>("ranges", (number, number)))
}

fn text<T: Assignable>(number: u128) -> String {
    T::of_number(number).map_or_else(|| number.to_string(), |one| one.to_string())
}

fn not_ours<T: Assignable>(field: &'static str, (first, last): Interval) -> Error {
    let what =
        if first == last { text::<T>(first) } else { format!("{}-{}", text::<T>(first), text::<T>(last)) };
    Error::invalid(field, format!("{what} is not in this space, or reserved"))
}

#[cfg(test)]
mod tests;
