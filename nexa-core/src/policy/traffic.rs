//! Sets of traffic: which addresses, by which protocols and ports.

use std::fmt;
use std::iter::Peekable;
use std::net::IpAddr;
use std::slice;

use super::service_range::{self, Protocol, ServiceRange};
use crate::net::AddressSet;

/// A set of (protocol, port, address). Equal sets are equal values, and the empty set contains nothing; it never means "any".
///
/// It is a row of services in order, each with the addresses it reaches; services beside each other reach different ones.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Traffic {
    slices: Vec<Slice>,
}

/// Never without an address.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Slice {
    services: ServiceRange,
    addresses: AddressSet,
}

impl Traffic {
    /// The empty set.
    #[must_use]
    pub const fn empty() -> Self {
        Traffic { slices: Vec::new() }
    }

    /// These addresses by these services.
    #[must_use]
    pub fn new(services: ServiceRange, addresses: AddressSet) -> Self {
        let mut traffic = Traffic::empty();
        traffic.push(services, addresses);
        traffic
    }

    /// The services in order, none twice, each with the addresses it reaches. Ports of one protocol, or whole protocols.
    pub fn services(&self) -> impl Iterator<Item = (ServiceRange, &AddressSet)> {
        self.slices
            .iter()
            .flat_map(|slice| slice.services.spelled().map(|services| (services, &slice.addresses)))
    }

    /// The addresses that are reached by any service.
    #[must_use]
    pub fn addresses(&self) -> AddressSet {
        match self.slices.as_slice() {
            [one] => one.addresses.clone(),
            slices => AddressSet::from_ranges(
                slices.iter().flat_map(|slice| slice.addresses.ranges().iter().copied()),
            ),
        }
    }

    /// The addresses that are reached by packets to this port. What has no ports is at port 0. O(log n).
    #[must_use]
    pub fn addresses_by(&self, protocol: Protocol, port: u16) -> &AddressSet {
        static NOTHING: AddressSet = AddressSet::empty();
        let at = service_range::number(protocol, port);
        let after = self.slices.partition_point(|slice| slice.services.first() <= at);
        let slice = after.checked_sub(1).and_then(|index| self.slices.get(index));
        slice.filter(|slice| at <= slice.services.last()).map_or(&NOTHING, |slice| &slice.addresses)
    }

    /// Whether a packet to this port of this address is in it. What has no ports is at port 0. O(log n).
    #[must_use]
    pub fn contains(&self, protocol: Protocol, port: u16, address: IpAddr) -> bool {
        self.addresses_by(protocol, port).contains(address)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Traffic) -> Traffic {
        self.combine(other, AddressSet::union)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Traffic) -> Traffic {
        self.combine(other, AddressSet::intersection)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Traffic) -> Traffic {
        self.combine(other, AddressSet::difference)
    }

    /// Whether all of this one is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Traffic) -> bool {
        self.difference(other).is_empty()
    }

    /// Both at each service, one service after the other.
    fn combine(&self, other: &Traffic, both: impl Fn(&AddressSet, &AddressSet) -> AddressSet) -> Traffic {
        let nothing = AddressSet::empty();
        let all = self.slices.iter().chain(&other.slices).map(|slice| slice.services);
        let (mut left, mut right) = (self.slices.iter().peekable(), other.slices.iter().peekable());
        let mut combined = Traffic::empty();
        for services in pieces(all) {
            let here = (at(&mut left, services), at(&mut right, services));
            let addresses = both(here.0.unwrap_or(&nothing), here.1.unwrap_or(&nothing));
            combined.push(services, addresses);
        }
        combined
    }

    /// Adds what lies behind all that is there.
    pub(super) fn push(&mut self, services: ServiceRange, addresses: AddressSet) {
        if addresses.is_empty() {
            return;
        }
        match self.slices.last_mut() {
            Some(last) if last.services.last() + 1 == services.first() && last.addresses == addresses => {
                last.services = ServiceRange::of_numbers(last.services.first(), services.last());
            }
            _ => self.slices.push(Slice { services, addresses }),
        }
    }
}

/// What is reached by these services, which lie behind all that were asked for before.
fn at<'a>(slices: &mut Peekable<slice::Iter<'a, Slice>>, services: ServiceRange) -> Option<&'a AddressSet> {
    while slices.next_if(|slice| slice.services.last() < services.first()).is_some() {}
    let slice: &'a Slice = slices.peek()?;
    (slice.services.first() <= services.first()).then_some(&slice.addresses)
}

/// What these ranges cut all services into: pieces in order, in each of which every range is whole or absent. Pieces that no range has
/// may be among them.
pub(super) fn pieces(ranges: impl Iterator<Item = ServiceRange>) -> Vec<ServiceRange> {
    let mut cuts: Vec<u32> = ranges.flat_map(|range| [range.first(), range.last() + 1]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2)
        .filter_map(|pair| match *pair {
            [first, next] => Some(ServiceRange::of_numbers(first, next - 1)),
            _ => None,
        })
        .collect()
}

impl From<AddressSet> for Traffic {
    /// These addresses by every service.
    fn from(addresses: AddressSet) -> Self {
        Traffic::new(ServiceRange::ANY, addresses)
    }
}

impl fmt::Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.services()).finish()
    }
}
