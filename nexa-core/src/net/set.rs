use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Cidr, Count, algebra};
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
    pub(super) family: Family,
    pub(super) first: u128,
    pub(super) last: u128,
}

impl AddressRange {
    /// The range that is one address.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        let number = Family::number(address);
        AddressRange { family: Family::of(address), first: number, last: number }
    }

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

    /// The range from one number to another that is no lower, both within the family.
    pub(crate) const fn of_numbers(family: Family, first: u128, last: u128) -> Self {
        AddressRange { family, first, last }
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

    /// How many addresses it has.
    #[must_use]
    pub const fn count(&self) -> Count {
        Count::of_span(self.last - self.first)
    }

    /// The fewest prefixes that are together this range, in order.
    pub fn cidrs(&self) -> impl Iterator<Item = Cidr> + use<> {
        algebra::blocks(*self)
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
        AddressSet { ranges: algebra::collapse(ranges) }
    }

    /// The ranges, in order, IPv4 before IPv6.
    #[must_use]
    pub fn ranges(&self) -> &[AddressRange] {
        &self.ranges
    }

    /// The ranges of one family, in order.
    #[must_use]
    pub fn ranges_of(&self, family: Family) -> &[AddressRange] {
        let (v4, v6) = self.ranges.split_at(self.ranges.partition_point(|range| range.family == Family::V4));
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    /// The addresses that are in either. O(n + m).
    #[must_use]
    pub fn union(&self, other: &AddressSet) -> AddressSet {
        AddressSet { ranges: algebra::union(&self.ranges, &other.ranges) }
    }

    /// The addresses that are in both. O(n + m).
    #[must_use]
    pub fn intersection(&self, other: &AddressSet) -> AddressSet {
        AddressSet { ranges: algebra::intersection(&self.ranges, &other.ranges) }
    }

    /// The addresses that are in this one and not in the other. O(n + m).
    #[must_use]
    pub fn difference(&self, other: &AddressSet) -> AddressSet {
        AddressSet { ranges: algebra::difference(&self.ranges, &other.ranges) }
    }

    /// Whether every address of this one is in the other. O(n + m).
    #[must_use]
    pub fn is_subset(&self, other: &AddressSet) -> bool {
        algebra::is_subset(&self.ranges, &other.ranges)
    }

    /// The fewest prefixes that are together this set, sorted, IPv4 before IPv6. There is exactly one such list.
    ///
    /// A set with a piece of `::ffff:0:0/96` and not all of it yields a prefix there, which [`Cidr::new`] refuses.
    #[must_use]
    pub fn to_cidrs(&self) -> Vec<Cidr> {
        let mut cidrs = Vec::with_capacity(self.ranges.len());
        for range in &self.ranges {
            cidrs.extend(algebra::blocks(*range));
        }
        cidrs
    }

    /// How many addresses of a family are in it, exactly.
    #[must_use]
    pub fn count(&self, family: Family) -> Count {
        self.ranges_of(family).iter().map(AddressRange::count).fold(Count::ZERO, Count::plus)
    }

    /// Each address, in order, IPv4 before IPv6. Made one by one, as there may be more than anybody can hold.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.ranges.iter().flat_map(|range| {
            let family = range.family;
            (range.first..=range.last).map(move |number| family.address(number))
        })
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

impl FromIterator<AddressRange> for AddressSet {
    fn from_iter<I: IntoIterator<Item = AddressRange>>(ranges: I) -> Self {
        AddressSet::from_ranges(ranges)
    }
}

impl FromIterator<IpAddr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> Self {
        AddressSet::from_ranges(addresses.into_iter().map(AddressRange::host))
    }
}

impl From<Cidr> for AddressSet {
    fn from(cidr: Cidr) -> Self {
        AddressSet { ranges: vec![AddressRange::of(cidr)] }
    }
}

impl fmt::Debug for AddressSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.ranges).finish()
    }
}
