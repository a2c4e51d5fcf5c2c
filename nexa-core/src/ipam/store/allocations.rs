use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use crate::actor::{Authorized, Right, right};
use crate::db::{DbError, Owner, Row, Tx, insert_row, ip_bytes, within};
use crate::error::Result;
use crate::id::{AllocationId, DeviceId, GatewayId, PoolId};
use crate::ipam::error::IpamError;
use crate::ipam::model::Allocation;
use crate::page::Cursor;
use crate::runtime::Timestamp;

/// Who gets an address.
#[derive(Clone, Copy, Default)]
pub(crate) struct Holder {
    pub(crate) gateway: Option<GatewayId>,
    pub(crate) device: Option<DeviceId>,
}

pub(in crate::ipam) async fn insert_allocation<P: Right>(
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
pub(in crate::ipam) async fn end_allocation<P: Right>(
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
pub(in crate::ipam) async fn get_allocation(tx: &mut Tx, id: AllocationId) -> Result<Allocation> {
    let query = allocations().and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IpamError::NoAllocation(id))?;
    Ok(allocation(&row)?)
}

pub(in crate::ipam) async fn live_allocations_of(
    tx: &mut Tx,
    device: DeviceId,
) -> Result<Vec<Allocation>, DbError> {
    let query = allocations()
        .and_where(Expr::col("device_id").eq(device))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    tx.all(&query).await?.iter().map(allocation).collect()
}

pub(in crate::ipam) async fn list_allocations(
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
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").gt(*last));
    }
    query.order_by("id", Order::Asc).limit(limit);
    tx.all(&query).await?.iter().map(allocation).collect()
}

pub(in crate::ipam) async fn count_allocated(tx: &mut Tx, pool: PoolId) -> Result<u64, DbError> {
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
