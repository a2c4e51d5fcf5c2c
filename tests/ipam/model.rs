//! What the allocator must do, as sets of addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use nexa_core::ErrorKind;
use nexa_core::id::PoolId;
use nexa_core::ipam::{Allocation, PoolUsage};
use nexa_core::net::Cidr;

/// One pool as sets.
pub(crate) struct ModelPool {
    pub(crate) id: PoolId,
    free: BTreeSet<IpAddr>,
    live: BTreeMap<IpAddr, Allocation>,
}

impl ModelPool {
    /// The addresses that a pool of this prefix can hand out; `None` when there are none.
    pub(crate) fn assignable(cidr: Cidr, reserved: &[IpAddr]) -> Option<BTreeSet<IpAddr>> {
        let mut addresses = every_address(cidr);
        let (first, last) = (cidr.first(), cidr.last());
        match first {
            IpAddr::V4(_) if cidr.prefix_len() < 31 => {
                addresses.remove(&first);
                addresses.remove(&last);
            }
            IpAddr::V6(_) if cidr.prefix_len() < 127 => {
                addresses.remove(&first);
            }
            _ => {}
        }
        addresses.retain(|address| !reserved.contains(address));
        Some(addresses).filter(|addresses| !addresses.is_empty())
    }

    pub(crate) fn new(id: PoolId, free: BTreeSet<IpAddr>) -> Self {
        ModelPool { id, free, live: BTreeMap::new() }
    }

    /// The address that the next claim must give, or the error.
    pub(crate) fn next(&self) -> Result<IpAddr, (ErrorKind, Option<&'static str>)> {
        self.free.first().copied().ok_or((ErrorKind::Exhausted, Some("pool_id")))
    }

    pub(crate) fn claimed(&mut self, allocation: Allocation) {
        assert!(self.free.remove(&address_of(&allocation)), "{} was not free", allocation.value);
        let before = self.live.insert(address_of(&allocation), allocation);
        assert!(before.is_none(), "an address has two holders");
    }

    /// Ends a claim, unless it has ended before.
    pub(crate) fn released(&mut self, allocation: &Allocation) {
        if self.live.get(&address_of(allocation)) == Some(allocation) {
            self.live.remove(&address_of(allocation));
            self.free.insert(address_of(allocation));
        }
    }

    pub(crate) fn live(&self) -> Vec<&Allocation> {
        let mut live: Vec<_> = self.live.values().collect();
        live.sort_by_key(|allocation| allocation.value);
        live
    }

    pub(crate) fn is_as_full_as(&self, usage: &PoolUsage) -> bool {
        let (free, live) = (self.free.len(), self.live.len());
        let counted = (usage.assignable, usage.allocated, usage.free);
        counted == ((free + live) as u128, live as u128, free as u128)
    }
}

fn address_of(allocation: &Allocation) -> IpAddr {
    allocation.address().unwrap()
}

fn every_address(cidr: Cidr) -> BTreeSet<IpAddr> {
    match (cidr.first(), cidr.last()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            (first.to_bits()..=last.to_bits()).map(|bits| IpAddr::V4(bits.into())).collect()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            (first.to_bits()..=last.to_bits()).map(|bits| IpAddr::V6(bits.into())).collect()
        }
        _ => unreachable!("a prefix has one family"),
    }
}
