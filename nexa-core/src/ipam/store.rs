use std::net::IpAddr;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use uuid::Uuid;

use super::error::IpamError;
use super::free;
use super::model::{Allocation, CheckedPool, Pool};
use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, cidr_columns, counter, insert_row, ip_bytes, page_by_id, within};
use crate::error::Result;
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::net::{AddressRange, Cidr, Family};
use crate::page::Cursor;
use crate::runtime::Timestamp;

/// The network that all pools share, until there are others.
const SHARED: Uuid = Uuid::nil();

pub(super) async fn insert_pool<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    id: PoolId,
    pool: &CheckedPool,
    gateway: Option<GatewayId>,
    now: Timestamp,
) -> Result<()> {
    let (first, last, prefix) = cidr_columns(&pool.cidr);
    let statement = insert_row(
        "ip_pools",
        [
            ("id", id.into()),
            ("gateway_id", gateway.into()),
            ("scope", SHARED.into()),
            ("name", pool.name.text.clone().into()),
            ("name_key", pool.name.key.clone().into()),
            ("family", family_number(pool.cidr.family()).into()),
            ("cidr_first", first.into()),
            ("cidr_last", last.into()),
            ("prefix", prefix.into()),
            ("revision", 0_i64.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("ip_pools", "name_key") => {
            Err(IpamError::PoolNameTaken(pool.name.text.clone()).into())
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn insert_reservation(
    tx: &mut Tx,
    id: Uuid,
    pool: PoolId,
    address: IpAddr,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = insert_row(
        "ip_reservations",
        [
            ("id", id.into()),
            ("pool_id", pool.into()),
            ("first", ip_bytes(address).into()),
            ("last", ip_bytes(address).into()),
            ("reason", reason.into()),
            ("created_at", now.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

pub(super) async fn get_pool<P: Right>(tx: &mut Tx, authorized: &Authorized<P>, id: PoolId) -> Result<Pool> {
    let query = pools(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IpamError::NoPool(id))?;
    Ok(pool(&row)?)
}

pub(super) async fn list_pools(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Pool>, DbError> {
    let mut query = pools(authorized.scope());
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(pool).collect()
}

/// The pools of a gateway, IPv4 before IPv6.
pub(super) async fn pools_of_gateway(tx: &mut Tx, gateway: GatewayId) -> Result<Vec<Pool>, DbError> {
    let query = pools(Scope::All)
        .and_where(Expr::col("gateway_id").eq(gateway))
        .order_by("family", Order::Asc)
        .to_owned();
    tx.all(&query).await?.iter().map(pool).collect()
}

fn pools(scope: Scope) -> SelectStatement {
    Query::select()
        .columns(["id", "name", "gateway_id", "cidr_first", "cidr_last", "prefix", "created_at"])
        .from("ip_pools")
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(scope, Owner::NoOne))
        .to_owned()
}

fn pool(row: &Row) -> Result<Pool, DbError> {
    Ok(Pool {
        id: PoolId::from_uuid(row.uuid("id")?),
        name: row.text("name")?,
        cidr: row.cidr("cidr_first", "cidr_last", "prefix")?,
        gateway_id: row.opt_uuid("gateway_id")?.map(GatewayId::from_uuid),
        created_at: row.time("created_at")?,
    })
}

fn family_number(family: Family) -> i64 {
    match family {
        Family::V4 => 4,
        Family::V6 => 6,
    }
}

/// A living pool that has an address of `cidr`. Others who change the set of pools wait until the transaction ends.
pub(super) async fn overlapping(tx: &mut Tx, cidr: &Cidr) -> Result<Option<Pool>, DbError> {
    counter::next(tx, counter::POOLS).await?;
    let (first, last, _) = cidr_columns(cidr);
    let query = pools(Scope::All)
        .and_where(Expr::col("scope").eq(SHARED))
        .and_where(Expr::col("cidr_first").lte(last))
        .and_where(Expr::col("cidr_last").gte(first))
        .limit(1)
        .to_owned();
    tx.optional(&query).await?.map(|row| pool(&row)).transpose()
}

/// Locks the pool until the transaction ends, on every database, and gives the number of this change of it.
pub(super) async fn lock_pool(tx: &mut Tx, id: PoolId) -> Result<i64> {
    let step = Query::update()
        .table("ip_pools")
        .value("revision", Expr::col("revision").add(1_i64))
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    let read =
        Query::select().column("revision").from("ip_pools").and_where(Expr::col("id").eq(id)).to_owned();
    tx.execute(&step).await?;
    let row = tx.optional(&read).await?.ok_or(IpamError::NoPool(id))?;
    Ok(row.number("revision")?)
}

pub(super) async fn insert_free(tx: &mut Tx, pool: PoolId, range: AddressRange) -> Result<(), DbError> {
    let statement = insert_row(
        "ip_free_ranges",
        [
            ("pool_id", pool.into()),
            ("first", ip_bytes(range.first()).into()),
            ("last", ip_bytes(range.last()).into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

pub(super) async fn lowest_free(tx: &mut Tx, pool: PoolId) -> Result<Option<AddressRange>, DbError> {
    let query = free_ranges(pool).order_by("first", Order::Asc).limit(1).to_owned();
    tx.optional(&query).await?.map(|row| range(&row)).transpose()
}

pub(super) async fn all_free(tx: &mut Tx, pool: PoolId) -> Result<Vec<AddressRange>, DbError> {
    let query = free_ranges(pool).order_by("first", Order::Asc).to_owned();
    tx.all(&query).await?.iter().map(range).collect()
}

/// The free range that ends right before an address, and the one that begins right after it.
pub(super) async fn free_around(
    tx: &mut Tx,
    pool: PoolId,
    address: IpAddr,
) -> Result<(Option<AddressRange>, Option<AddressRange>), DbError> {
    let (before, after) = free::neighbours(address);
    let left = match before {
        Some(before) => {
            tx.optional(free_ranges(pool).and_where(Expr::col("last").eq(ip_bytes(before)))).await?
        }
        None => None,
    };
    let right = match after {
        Some(after) => {
            tx.optional(free_ranges(pool).and_where(Expr::col("first").eq(ip_bytes(after)))).await?
        }
        None => None,
    };
    Ok((left.map(|row| range(&row)).transpose()?, right.map(|row| range(&row)).transpose()?))
}

/// Removes a free range that must be there as it was read.
pub(super) async fn delete_free(tx: &mut Tx, pool: PoolId, range: AddressRange) -> Result<()> {
    let statement = Query::delete()
        .from_table("ip_free_ranges")
        .and_where(Expr::col("pool_id").eq(pool))
        .and_where(Expr::col("first").eq(ip_bytes(range.first())))
        .and_where(Expr::col("last").eq(ip_bytes(range.last())))
        .to_owned();
    match tx.execute(&statement).await? {
        1 => Ok(()),
        _ => Err(IpamError::Raced.into()),
    }
}

fn free_ranges(pool: PoolId) -> SelectStatement {
    Query::select()
        .columns(["first", "last"])
        .from("ip_free_ranges")
        .and_where(Expr::col("pool_id").eq(pool))
        .to_owned()
}

fn range(row: &Row) -> Result<AddressRange, DbError> {
    AddressRange::new(row.ip("first")?, row.ip("last")?)
        .map_err(|cause| DbError::corrupt("ip_free_ranges", cause))
}

/// Who gets an address.
#[derive(Clone, Copy, Default)]
pub(crate) struct Holder {
    pub(crate) gateway: Option<GatewayId>,
    pub(crate) device: Option<DeviceId>,
}

pub(super) async fn insert_allocation<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    allocation: &Allocation,
    gateway: Option<GatewayId>,
) -> Result<(), DbError> {
    let now = allocation.allocated_at;
    let statement = insert_row(
        "ip_allocations",
        [
            ("id", allocation.id.into()),
            ("pool_id", allocation.pool_id.into()),
            ("scope", SHARED.into()),
            ("gateway_id", gateway.into()),
            ("device_id", allocation.device_id.into()),
            ("address", ip_bytes(allocation.address).into()),
            ("status", "allocated".into()),
            ("generation", allocation.generation.into()),
            ("allocated_at", now.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// Ends an allocation of this generation; false when it is not that or has ended.
pub(super) async fn end_allocation<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    id: AllocationId,
    generation: i64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table("ip_allocations")
        .value("status", "released")
        .value("released_at", now)
        .value("updated_at", now)
        .value("live", Option::<i64>::None)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("generation").eq(generation))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// An allocation, live or ended.
pub(super) async fn get_allocation(
    tx: &mut Tx,
    authorized: &Authorized<right::AddressesRelease>,
    id: AllocationId,
) -> Result<Allocation> {
    let query = allocations()
        .and_where(Expr::col("id").eq(id))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .to_owned();
    let row = tx.optional(&query).await?.ok_or(IpamError::NoAllocation(id))?;
    Ok(allocation(&row)?)
}

pub(super) async fn live_allocations_of(tx: &mut Tx, device: DeviceId) -> Result<Vec<Allocation>, DbError> {
    let query = allocations()
        .and_where(Expr::col("device_id").eq(device))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    tx.all(&query).await?.iter().map(allocation).collect()
}

pub(super) async fn list_allocations(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    pool: PoolId,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Allocation>, DbError> {
    let mut query = allocations();
    query
        .and_where(Expr::col("pool_id").eq(pool))
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(authorized.scope(), Owner::NoOne));
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(allocation).collect()
}

pub(super) async fn count_allocated(tx: &mut Tx, pool: PoolId) -> Result<u64, DbError> {
    let query = Query::select()
        .expr_as(Expr::col("id").count(), "n")
        .from("ip_allocations")
        .and_where(Expr::col("pool_id").eq(pool))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    match tx.optional(&query).await? {
        Some(row) => row.fitted("n"),
        None => Ok(0),
    }
}

fn allocations() -> SelectStatement {
    Query::select()
        .columns(["id", "pool_id", "address", "device_id", "generation", "allocated_at"])
        .from("ip_allocations")
        .to_owned()
}

fn allocation(row: &Row) -> Result<Allocation, DbError> {
    Ok(Allocation {
        id: AllocationId::from_uuid(row.uuid("id")?),
        pool_id: PoolId::from_uuid(row.uuid("pool_id")?),
        address: row.ip("address")?,
        device_id: row.opt_uuid("device_id")?.map(DeviceId::from_uuid),
        generation: row.number("generation")?,
        allocated_at: row.time("allocated_at")?,
    })
}
