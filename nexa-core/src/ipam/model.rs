use std::net::IpAddr;

use crate::error::Result;
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::idempotency::{put, wire};
use crate::name::Name;
use crate::net::Cidr;
use crate::runtime::Timestamp;

/// A pool that addresses are handed out of, lowest first.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Pool {
    /// The id.
    pub id: PoolId,
    /// The name.
    pub name: String,
    /// What it covers.
    pub cidr: Cidr,
    /// The gateway whose devices it serves.
    pub gateway_id: Option<GatewayId>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A pool to create.
#[derive(Clone, Debug)]
pub struct NewPool {
    pub(super) name: String,
    pub(super) cidr: Cidr,
    pub(super) reserved: Vec<IpAddr>,
}

impl NewPool {
    /// A pool of the addresses of `cidr`, without those that are never assignable: network and broadcast, and IPv6's
    /// subnet-router anycast address.
    #[must_use]
    pub fn new(name: impl Into<String>, cidr: Cidr) -> Self {
        NewPool { name: name.into(), cidr, reserved: Vec::new() }
    }

    /// Keeps an address out of the pool.
    #[must_use]
    pub fn reserve(mut self, address: IpAddr) -> Self {
        self.reserved.push(address);
        self
    }

    pub(super) fn checked(self) -> Result<CheckedPool> {
        for address in &self.reserved {
            if !self.cidr.contains(*address) {
                return Err(crate::Error::invalid("reserve", format!("{address} is outside {}", self.cidr)));
            }
        }
        let asked = self.reserved.into_iter().map(|address| (address, "reserved"));
        let reserved = super::reserved_in(&self.cidr).into_iter().chain(asked).collect();
        Ok(CheckedPool { name: Name::parse("name", &self.name)?, cidr: self.cidr, reserved })
    }
}

/// A pool whose every field was accepted.
pub(super) struct CheckedPool {
    pub(super) name: Name,
    pub(super) cidr: Cidr,
    pub(super) reserved: Vec<(IpAddr, &'static str)>,
}

/// One address in somebody's hands.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Allocation {
    /// The id.
    pub id: AllocationId,
    /// The pool it came from.
    pub pool_id: PoolId,
    /// The address.
    pub address: IpAddr,
    /// The device that has it.
    pub device_id: Option<DeviceId>,
    /// Which life of the address this is; a release must name it.
    pub generation: i64,
    /// When it was handed out.
    pub allocated_at: Timestamp,
}

/// How full a pool is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PoolUsage {
    /// Addresses that can be handed out at all; `u128::MAX` stands for all of IPv6, which is one more.
    pub assignable: u128,
    /// Addresses in somebody's hands.
    pub allocated: u64,
    /// Addresses that can be handed out now.
    pub free: u128,
}

put! { NewPool { name, cidr, reserved } }
wire! { Pool { id, name, cidr, gateway_id, created_at } }
wire! { Allocation { id, pool_id, address, device_id, generation, allocated_at } }
