//! Pools of addresses.

use nexa_core::ipam;
use nexa_ffi_macros::{object, record};

use crate::error::Result;
use crate::ids::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::nexa::{Caller, page};
use crate::outward::Outward as _;
use crate::wireguard::{parsed, parsed_all};

/// A pool that addresses are handed out of, lowest first.
#[record(from = ipam::Pool)]
pub struct Pool {
    /// The id.
    pub id: PoolId,
    /// The name.
    pub name: String,
    /// What it covers.
    pub cidr: String,
    /// The gateway whose devices it serves.
    pub gateway_id: Option<GatewayId>,
    /// When it was created, in microseconds since 1970.
    pub created_at: i64,
}

/// A pool to create.
#[record(input)]
pub struct NewPool {
    /// The name.
    pub name: String,
    /// What it covers; network and broadcast addresses are never handed out.
    pub cidr: String,
    /// Addresses to keep out of it.
    pub reserve: Option<Vec<String>>,
}

impl NewPool {
    fn parse(self) -> Result<ipam::NewPool> {
        let pool = ipam::NewPool::new(self.name, parsed("cidr", &self.cidr)?);
        let reserved = parsed_all("reserve", &self.reserve.unwrap_or_default())?;
        Ok(reserved.into_iter().fold(pool, ipam::NewPool::reserve))
    }
}

/// One page of pools.
#[record(from = nexa_core::page::Page<ipam::Pool>)]
pub struct PoolPage {
    /// The pools, in a stable order.
    pub items: Vec<Pool>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// One address in somebody's hands.
#[record(from = ipam::Allocation)]
pub struct Allocation {
    /// The id.
    pub id: AllocationId,
    /// The pool it came from.
    pub pool_id: PoolId,
    /// The address.
    pub address: String,
    /// The device that has it.
    pub device_id: Option<DeviceId>,
    /// Which life of the address this is; a release must name it.
    pub generation: i64,
    /// When it was handed out, in microseconds since 1970.
    pub allocated_at: i64,
}

/// One page of allocations.
#[record(from = nexa_core::page::Page<ipam::Allocation>)]
pub struct AllocationPage {
    /// The allocations, in a stable order.
    pub items: Vec<Allocation>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// How full a pool is. What may pass 2^53 is text in decimal.
#[record(from = ipam::PoolUsage)]
pub struct PoolUsage {
    /// Addresses that can be handed out at all; 2^128 - 1 stands for all of IPv6, which is one more.
    pub assignable: String,
    /// Addresses in somebody's hands.
    pub allocated: i64,
    /// Addresses that can be handed out now.
    pub free: String,
}

/// Pools of addresses, as one caller may see and change them.
#[object(calls)]
pub struct Ipam {
    pub(crate) handle: Caller,
}

#[object]
impl Ipam {
    /// Creates a pool.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name, `conflict` for a prefix that overlaps a pool.
    pub async fn create_pool(&self, pool: NewPool) -> Result<Pool> {
        Ok(self.core().create_pool(pool.parse()?).await?.outward())
    }

    /// The pools, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list_pools(&self, after: Option<String>, limit: Option<u32>) -> Result<PoolPage> {
        Ok(self.core().list_pools(page(after, limit)?).await?.outward())
    }

    /// Claims the lowest free address for something that is not a device.
    ///
    /// # Errors
    /// `not_found`, `exhausted` with the pool's counts.
    pub async fn claim(&self, pool: PoolId) -> Result<Allocation> {
        Ok(self.core().claim(pool.parse()?).await?.outward())
    }

    /// Gives a claimed address back. It must name the generation that it was claimed as; giving it back again is fine.
    ///
    /// # Errors
    /// `not_found`, `conflict` for a generation that is over or an address that a device holds.
    pub async fn release(&self, allocation: AllocationId, generation: i64) -> Result<()> {
        Ok(self.core().release(allocation.parse()?, generation).await?)
    }

    /// The addresses of a pool that are in somebody's hands, a page at a time.
    ///
    /// # Errors
    /// `not_found`, `invalid_input` (`limit`, `after`).
    pub async fn list_allocations(
        &self,
        pool: PoolId,
        after: Option<String>,
        limit: Option<u32>,
    ) -> Result<AllocationPage> {
        Ok(self.core().list_allocations(pool.parse()?, page(after, limit)?).await?.outward())
    }

    /// How full a pool is.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn usage(&self, pool: PoolId) -> Result<PoolUsage> {
        Ok(self.core().usage(pool.parse()?).await?.outward())
    }
}

impl Ipam {
    fn core(&self) -> ipam::Ipam {
        self.handle.core().ipam()
    }
}
