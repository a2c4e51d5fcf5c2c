use std::net::IpAddr;

use super::error::IpamError;
use super::free;
use super::model::{Allocation, CheckedPool, NewPool, Pool, PoolUsage};
use super::store::{self, Holder};
use crate::actor::{Authorized, Right, right};
use crate::error::Result;
use crate::events::Change;
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::name::Name;
use crate::net::Cidr;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::unit::Unit;

/// Pools of addresses.
pub struct Ipam {
    handle: Handle,
}

impl Ipam {
    pub(crate) fn new(handle: Handle) -> Self {
        Ipam { handle }
    }

    /// Creates a pool that stands alone. A gateway's pools are created with the gateway.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`name`, `reserve`, `cidr`),
    /// [`Conflict`](crate::ErrorKind::Conflict) (`cidr`) when another pool has an address of it,
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) (`name`); what every call can fail with.
    pub async fn create_pool(&self, pool: NewPool) -> Result<Pool> {
        let call = self.handle.call("ipam.create_pool", &pool);
        let pool = pool.checked()?;
        call.write(pool, |unit, pool| Box::pin(create_pool(unit, pool))).await
    }

    /// A page of the pools, in order of creation.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list_pools(&self, page: PageRequest) -> Result<Page<Pool>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list_pools(unit, page))).await
    }

    /// Claims the lowest free address of a pool, for something that is not a device.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`), [`Exhausted`](crate::ErrorKind::Exhausted) (`pool_id`)
    /// when every address is taken; what every call can fail with.
    pub async fn claim(&self, pool: PoolId) -> Result<Allocation> {
        let call = self.handle.call("ipam.claim", &pool);
        call.write(pool, |unit, pool| Box::pin(claim_for_anything(unit, *pool))).await
    }

    /// Gives an address back. Naming the generation keeps a late release from taking the address away from whoever
    /// has it now; releasing the same generation twice is not an error.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`allocation_id`), [`Conflict`](crate::ErrorKind::Conflict)
    /// (`generation`) for another generation, or for a device's address, which goes with the device.
    pub async fn release(&self, allocation: AllocationId, generation: i64) -> Result<()> {
        let input = (allocation, generation);
        let call = self.handle.call("ipam.release", &input);
        call.write(input, |unit, (id, generation)| Box::pin(release(unit, *id, *generation))).await
    }

    /// A page of the addresses of a pool that are in somebody's hands, in order of their claim.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000,
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn list_allocations(&self, pool: PoolId, page: PageRequest) -> Result<Page<Allocation>> {
        page.checked_limit()?;
        self.handle
            .read((pool, page), |unit, (pool, page)| Box::pin(list_allocations(unit, *pool, page)))
            .await
    }

    /// How full a pool is.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) (`pool_id`); what every call can fail with.
    pub async fn usage(&self, pool: PoolId) -> Result<PoolUsage> {
        self.handle.read(pool, |unit, pool| Box::pin(read_usage(unit, *pool))).await
    }
}

async fn create_pool(unit: &mut Unit, pool: &CheckedPool) -> Result<Pool> {
    let authorized = unit.authorize::<right::PoolsCreate>()?;
    authorized.unowned()?;
    insert_pool(unit, &authorized, pool, None).await
}

/// Creates the pool of one family of a gateway: its addresses without the gateway's own and its DNS servers'.
pub(crate) async fn create_gateway_pool<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    (gateway, gateway_name): (GatewayId, &str),
    cidr: Cidr,
    own: &[(IpAddr, &'static str)],
) -> Result<Pool> {
    let reserved = super::reserved_in(&cidr).into_iter().chain(own.iter().copied());
    let reserved = reserved.filter(|(address, _)| cidr.contains(*address)).collect();
    let name = Name::derived(&format!("{gateway_name} {cidr}"));
    insert_pool(unit, authorized, &CheckedPool { name, cidr, reserved }, Some(gateway)).await
}

async fn insert_pool<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &CheckedPool,
    gateway: Option<GatewayId>,
) -> Result<Pool> {
    let taken: Vec<_> = pool.reserved.iter().map(|(address, _)| *address).collect();
    let free = free::without(pool.cidr.range(), &taken);
    if free.is_empty() {
        return Err(IpamError::NothingAssignable(pool.cidr).into());
    }
    if let Some(other) = store::overlapping(&mut unit.tx, &pool.cidr).await? {
        return Err(IpamError::Overlap { cidr: pool.cidr, name: other.name }.into());
    }
    let id = PoolId::from_uuid(unit.new_uuid()?);
    store::insert_pool(&mut unit.tx, authorized, id, pool, gateway, unit.now).await?;
    let mut reserved = pool.reserved.clone();
    reserved.sort_unstable();
    reserved.dedup_by_key(|(address, _)| *address);
    for (address, reason) in reserved {
        let reservation = unit.new_uuid()?;
        store::insert_reservation(&mut unit.tx, reservation, id, address, reason, unit.now).await?;
    }
    for range in free {
        store::insert_free(&mut unit.tx, id, range).await?;
    }
    unit.record(Change::PoolCreated(id), format!("pool {} of {} was created", pool.name.text, pool.cidr))
        .await?;
    store::get_pool(&mut unit.tx, authorized, id).await
}

async fn list_pools(unit: &mut Unit, page: &PageRequest) -> Result<Page<Pool>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let limit = page.checked_limit()?;
    let pools = store::list_pools(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(pools, limit, |pool| pool.id.as_uuid()))
}

async fn claim_for_anything(unit: &mut Unit, pool: PoolId) -> Result<Allocation> {
    let authorized = unit.authorize::<right::AddressesClaim>()?;
    let pool = store::get_pool(&mut unit.tx, &authorized, pool).await?;
    take_lowest(unit, &authorized, &pool, Holder { gateway: pool.gateway_id, device: None }).await
}

/// Claims one address for a device in each pool of a gateway, IPv4 first.
pub(crate) async fn claim<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    gateway: GatewayId,
    device: DeviceId,
) -> Result<Vec<Allocation>> {
    let holder = Holder { gateway: Some(gateway), device: Some(device) };
    let mut claimed = Vec::new();
    for pool in store::pools_of_gateway(&mut unit.tx, gateway).await? {
        claimed.push(take_lowest(unit, authorized, &pool, holder).await?);
    }
    Ok(claimed)
}

async fn take_lowest<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    pool: &Pool,
    holder: Holder,
) -> Result<Allocation> {
    let generation = store::lock_pool(&mut unit.tx, pool.id).await?;
    let Some(range) = store::lowest_free(&mut unit.tx, pool.id).await? else {
        let allocated = store::count_allocated(&mut unit.tx, pool.id).await?;
        let name = pool.name.clone();
        return Err(IpamError::Exhausted { name, allocated, assignable: allocated.into() }.into());
    };
    let (address, rest) = free::take_lowest(range);
    store::delete_free(&mut unit.tx, pool.id, range).await?;
    if let Some(rest) = rest {
        store::insert_free(&mut unit.tx, pool.id, rest).await?;
    }
    let allocation = Allocation {
        id: AllocationId::from_uuid(unit.new_uuid()?),
        pool_id: pool.id,
        address,
        device_id: holder.device,
        generation,
        allocated_at: unit.now,
    };
    store::insert_allocation(&mut unit.tx, authorized, &allocation, holder.gateway).await?;
    unit.record(Change::AddressClaimed(allocation.id), format!("{address} was claimed from {}", pool.name))
        .await?;
    Ok(allocation)
}

async fn release(unit: &mut Unit, id: AllocationId, generation: i64) -> Result<()> {
    let authorized = unit.authorize::<right::AddressesRelease>()?;
    let allocation = store::get_allocation(&mut unit.tx, &authorized, id).await?;
    if allocation.generation != generation {
        return Err(IpamError::StaleGeneration { id, asked: generation }.into());
    }
    if allocation.device_id.is_some() {
        return Err(IpamError::HeldByDevice(id).into());
    }
    give_back(unit, &authorized, &allocation).await
}

/// Gives back every address of a device.
pub(crate) async fn release_of_device<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    device: DeviceId,
) -> Result<()> {
    for allocation in store::live_allocations_of(&mut unit.tx, device).await? {
        give_back(unit, authorized, &allocation).await?;
    }
    Ok(())
}

/// Ends an allocation and joins its address with the free ranges beside it. Nothing happens when it has ended before.
async fn give_back<P: Right>(
    unit: &mut Unit,
    authorized: &Authorized<P>,
    allocation: &Allocation,
) -> Result<()> {
    let Allocation { id, pool_id, address, generation, .. } = *allocation;
    store::lock_pool(&mut unit.tx, pool_id).await?;
    if !store::end_allocation(&mut unit.tx, authorized, id, generation, unit.now).await? {
        return Ok(());
    }
    let (left, right) = store::free_around(&mut unit.tx, pool_id, address).await?;
    for neighbour in [left, right].into_iter().flatten() {
        store::delete_free(&mut unit.tx, pool_id, neighbour).await?;
    }
    if let Some(joined) = free::join(left, address, right) {
        store::insert_free(&mut unit.tx, pool_id, joined).await?;
    }
    unit.record(Change::AddressReleased(id), format!("{address} was released")).await
}

async fn list_allocations(unit: &mut Unit, pool: PoolId, page: &PageRequest) -> Result<Page<Allocation>> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::get_pool(&mut unit.tx, &authorized, pool).await?;
    let limit = page.checked_limit()?;
    let rows =
        store::list_allocations(&mut unit.tx, &authorized, pool.id, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(rows, limit, |allocation| allocation.id.as_uuid()))
}

async fn read_usage(unit: &mut Unit, pool: PoolId) -> Result<PoolUsage> {
    let authorized = unit.authorize::<right::PoolsRead>()?;
    let pool = store::get_pool(&mut unit.tx, &authorized, pool).await?;
    let free = free::count(&store::all_free(&mut unit.tx, pool.id).await?);
    let allocated = store::count_allocated(&mut unit.tx, pool.id).await?;
    Ok(PoolUsage { assignable: free.saturating_add(u128::from(allocated)), allocated, free })
}
