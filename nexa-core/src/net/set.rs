use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Cidr;
use crate::error::{Error, Result};

/// IPv4 or IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Family {
    /// 32-bit addresses.
    V4,
    /// 128-bit addresses.
    V6,
}

impl Family {
    /// Both, in order.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// How many bits an address has.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    /// The highest address as a number.
    #[must_use]
    pub const fn max(self) -> u128 {
        match self {
            Family::V4 => u32::MAX as u128,
            Family::V6 => u128::MAX,
        }
    }

    /// The address with this number. Bits that an address of the family does not have are cut off.
    #[must_use]
    pub fn address(self, number: u128) -> IpAddr {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "the documented cut to 32 bits")]
            Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(number as u32)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(number)),
        }
    }

    /// An address as a number.
    #[must_use]
    pub const fn number(address: IpAddr) -> u128 {
        match address {
            IpAddr::V4(v4) => v4.to_bits() as u128,
            IpAddr::V6(v6) => v6.to_bits(),
        }
    }
}

/// Addresses from one to another, both included, of one family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressRange {
    family: Family,
    first: u128,
    last: u128,
}

impl AddressRange {
    /// The range from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the two are of different families or in reversed order.
    pub fn new(first: IpAddr, last: IpAddr) -> Result<Self> {
        if Family::of(first) != Family::of(last) {
            return Err(Error::invalid("range", format!("{first} and {last} are of different families")));
        }
        if last < first {
            return Err(Error::invalid("range", format!("{first}-{last} is reversed")));
        }
        Ok(AddressRange {
            family: Family::of(first),
            first: Family::number(first),
            last: Family::number(last),
        })
    }

    pub(crate) fn of(cidr: Cidr) -> Self {
        AddressRange {
            family: cidr.family(),
            first: Family::number(cidr.first()),
            last: Family::number(cidr.last()),
        }
    }

    /// IPv4 or IPv6.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The lowest address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.family.address(self.first)
    }

    /// The highest address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.family.address(self.last)
    }

    /// Whether `address` lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        Family::of(address) == self.family && (self.first..=self.last).contains(&Family::number(address))
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first(), self.last())
    }
}

impl fmt::Debug for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of addresses of both families: disjoint ranges in order, never two that touch. Equal sets are equal values.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct AddressSet {
    ranges: Vec<AddressRange>,
}

impl AddressSet {
    /// The empty set. It contains nothing; it never means "any".
    #[must_use]
    pub const fn empty() -> Self {
        AddressSet { ranges: Vec::new() }
    }

    /// The set of all addresses in any of `ranges`, which may overlap and come in any order.
    pub fn from_ranges(ranges: impl IntoIterator<Item = AddressRange>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().collect();
        ranges.sort_unstable();
        let mut merged: Vec<AddressRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(previous)
                    if previous.family == range.family
                        && previous.last.checked_add(1).is_none_or(|next| range.first <= next) =>
                {
                    previous.last = previous.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        AddressSet { ranges: merged }
    }

    /// The ranges, in order, IPv4 before IPv6.
    #[must_use]
    pub fn ranges(&self) -> &[AddressRange] {
        &self.ranges
    }

    /// Whether no address lies in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether `address` lies in it. O(log n).
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (family, number) = (Family::of(address), Family::number(address));
        let after = self.ranges.partition_point(|range| (range.family, range.first) <= (family, number));
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|range| range.contains(address))
    }
}

impl FromIterator<Cidr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = Cidr>>(prefixes: I) -> Self {
        AddressSet::from_ranges(prefixes.into_iter().map(AddressRange::of))
    }
}

impl fmt::Debug for AddressSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.ranges).finish()
    }
}
