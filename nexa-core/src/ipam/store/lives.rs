use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use super::Lives;
use crate::actor::{Authorized, Right, right};
use crate::db::{DbError, Owner, Row, Tx, page_by_id, within};
use crate::error::Result;
use crate::id::{AllocationId, DeviceId, PoolId};
use crate::ipam::error::IpamError;
use crate::ipam::model::{Allocation, AllocationStatus};
use crate::ipam::space::Interval;
use crate::ipam::store::PoolRow;
use crate::ipam::value::{PoolKind, Value};
use crate::page::Cursor;
use crate::runtime::Timestamp;

/// Who gets something.
#[derive(Clone, Default, Debug)]
pub(in crate::ipam) struct Holder {
    pub(in crate::ipam) device: Option<DeviceId>,
    pub(in crate::ipam) name: Option<String>,
    /// What the same one is known by when it comes back.
    pub(in crate::ipam) key: Option<Vec<u8>>,
}

pub(in crate::ipam) async fn insert_allocations<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    pool: &PoolRow,
    allocations: &[Allocation],
    key: Option<&[u8]>,
) -> Result<(), DbError> {
    let lives = Lives::of(pool.kind);
    let mut columns = vec!["id", "pool_id", "scope", "holder", "sticky_key", lives.first, lives.last];
    columns.extend(["status", "generation", "allocated_at", "created_at", "updated_at", "live", "held"]);
    columns.extend(match pool.kind.family() {
        Some(_) => ["gateway_id", "device_id"].as_slice(),
        None => &["kind"],
    });
    let rows = allocations.iter().map(|one| allocation_row(pool, lives, one, key));
    tx.insert_rows(lives.table, &columns, rows.collect()).await
}

/// The values of an allocation that somebody has, in the order of the columns above.
fn allocation_row(pool: &PoolRow, lives: Lives, one: &Allocation, key: Option<&[u8]>) -> Vec<Expr> {
    let mut row = vec![
        one.id.into(),
        one.pool_id.into(),
        pool.scope.clone().into(),
        one.holder.clone().into(),
        key.map(<[u8]>::to_vec).into(),
        Expr::val(lives.sql(one.value.number())),
        Expr::val(lives.sql(one.last_value.number())),
        one.status.as_str().into(),
        one.generation.into(),
        one.allocated_at.into(),
        one.allocated_at.into(),
        one.allocated_at.into(),
        1_i64.into(),
        1_i64.into(),
    ];
    match pool.kind.family() {
        Some(_) => row.extend([pool.gateway.into(), one.device_id.into()]),
        None => row.push(pool.kind.as_str().into()),
    }
    row
}

/// Puts an allocation of this generation into quarantine; false when it is not that or is in nobody's hands.
pub(in crate::ipam) async fn quarantine_allocation<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    allocation: &Allocation,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table(Lives::of(allocation.value.kind()).table)
        .value("status", AllocationStatus::Quarantined.as_str())
        .value("released_at", now)
        .value("quarantined_until", until)
        .value("updated_at", now)
        .value("held", Option::<i64>::None)
        .and_where(Expr::col("id").eq(allocation.id))
        .and_where(Expr::col("generation").eq(allocation.generation))
        .and_where(Expr::col("status").eq(AllocationStatus::Allocated.as_str()))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// Moves the end of a quarantine, because the clock was set back.
pub(in crate::ipam) async fn rest_until(
    tx: &mut Tx,
    allocation: &Allocation,
    (released, until): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    let statement = Query::update()
        .table(Lives::of(allocation.value.kind()).table)
        .value("released_at", released)
        .value("quarantined_until", until)
        .and_where(Expr::col("id").eq(allocation.id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Ends an allocation that has this status; false when it has another.
pub(in crate::ipam) async fn end_allocation(
    tx: &mut Tx,
    allocation: &Allocation,
    now: Timestamp,
) -> Result<bool, DbError> {
    let mut statement = Query::update();
    statement
        .table(Lives::of(allocation.value.kind()).table)
        .value("status", AllocationStatus::Released.as_str())
        .value("quarantined_until", Option::<i64>::None)
        .value("updated_at", now)
        .value("live", Option::<i64>::None)
        .value("held", Option::<i64>::None)
        .and_where(Expr::col("id").eq(allocation.id))
        .and_where(Expr::col("generation").eq(allocation.generation))
        .and_where(Expr::col("status").eq(allocation.status.as_str()));
    if allocation.status == AllocationStatus::Allocated {
        statement.value("released_at", now);
    }
    Ok(tx.execute(&statement).await? == 1)
}

/// An allocation in whatever part of its life, and which pool it is of.
pub(in crate::ipam) async fn get_allocation(
    tx: &mut Tx,
    authorized: &Authorized<right::AddressesRelease>,
    id: AllocationId,
) -> Result<Allocation> {
    for kind in [PoolKind::Ipv4, PoolKind::Ctid] {
        let query = rows(kind)
            .and_where(Expr::col("id").eq(id))
            .cond_where(within(authorized.scope(), Owner::NoOne))
            .to_owned();
        if let Some(row) = tx.optional(&query).await? {
            return Ok(allocation(kind_of(kind, &row)?, &row)?);
        }
    }
    Err(IpamError::NoAllocation(id).into())
}

/// The kind of a row, which its table narrows down: addresses say it in their first byte.
fn kind_of(table: PoolKind, row: &Row) -> Result<PoolKind, DbError> {
    match table.family() {
        None => row.parsed("kind"),
        Some(_) => match row.bytes("address")?.first() {
            Some(&tag) if tag == PoolKind::Ipv6.tag() => Ok(PoolKind::Ipv6),
            _ => Ok(PoolKind::Ipv4),
        },
    }
}

pub(in crate::ipam) async fn live_allocations_of(
    tx: &mut Tx,
    device: DeviceId,
) -> Result<Vec<Allocation>, DbError> {
    let query = rows(PoolKind::Ipv4)
        .and_where(Expr::col("device_id").eq(device))
        .and_where(Expr::col("status").eq(AllocationStatus::Allocated.as_str()))
        .order_by("address", Order::Asc)
        .to_owned();
    tx.all(&query).await?.iter().map(|row| allocation(kind_of(PoolKind::Ipv4, row)?, row)).collect()
}

/// What a holder has of a pool.
pub(in crate::ipam) async fn held(
    tx: &mut Tx,
    pool: &PoolRow,
    holder: &Holder,
) -> Result<Option<Allocation>, DbError> {
    let mut query = rows(pool.kind);
    query.and_where(Expr::col("pool_id").eq(pool.id)).and_where(Expr::col("held").eq(1_i64));
    match (holder.device, &holder.name) {
        (Some(device), _) => query.and_where(Expr::col("device_id").eq(device)),
        (None, Some(name)) => query.and_where(Expr::col("holder").eq(name.as_str())),
        (None, None) => return Ok(None),
    };
    tx.optional(&query).await?.map(|row| allocation(pool.kind, &row)).transpose()
}

/// What a holder had of a pool and gave back, the latest first: at rest, or over.
pub(in crate::ipam) async fn had(
    tx: &mut Tx,
    pool: &PoolRow,
    key: &[u8],
    status: AllocationStatus,
) -> Result<Option<Allocation>, DbError> {
    let query = rows(pool.kind)
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("sticky_key").eq(key.to_vec()))
        .and_where(Expr::col("status").eq(status.as_str()))
        // Claims that wait for each other are counted, whatever the clock does meanwhile.
        .order_by(if pool.is_parallel { "released_at" } else { "generation" }, Order::Desc)
        .order_by("id", Order::Desc)
        .limit(1)
        .to_owned();
    tx.optional(&query).await?.map(|row| allocation(pool.kind, &row)).transpose()
}

/// What rests in a pool, the first to end first.
pub(in crate::ipam) async fn resting(
    tx: &mut Tx,
    (pool, kind): (PoolId, PoolKind),
) -> Result<Vec<Allocation>, DbError> {
    let query = rows(kind)
        .and_where(Expr::col("pool_id").eq(pool))
        .and_where(Expr::col("quarantined_until").is_not_null())
        .order_by("quarantined_until", Order::Asc)
        .to_owned();
    tx.all(&query).await?.iter().map(|row| allocation(kind, row)).collect()
}

pub(in crate::ipam) async fn list_allocations(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    pool: &PoolRow,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Allocation>, DbError> {
    let mut query = rows(pool.kind);
    query
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("held").eq(1_i64))
        .cond_where(within(authorized.scope(), Owner::NoOne));
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(|row| allocation(pool.kind, row)).collect()
}

/// What of a pool is in use or rests, in the order of the values.
pub(in crate::ipam) async fn living(
    tx: &mut Tx,
    (pool, kind): (PoolId, PoolKind),
) -> Result<Vec<Allocation>, DbError> {
    let query = rows(kind)
        .and_where(Expr::col("pool_id").eq(pool))
        .and_where(Expr::col("live").eq(1_i64))
        .order_by(Lives::of(kind).first, Order::Asc)
        .to_owned();
    tx.all(&query).await?.iter().map(|row| allocation(kind, row)).collect()
}

/// Every life of a value in a scope, the latest first; with the blocks that it was in.
pub(in crate::ipam) async fn lives_of(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    (scope, value): (&str, Value),
    only_living: bool,
    limit: u64,
) -> Result<Vec<Allocation>, DbError> {
    let lives = Lives::of(value.kind());
    // A block begins at a multiple of its size: there are as many places as the number has bits where one with this value can begin.
    let starts: std::collections::BTreeSet<u128> =
        (0..u32::from(value.kind().bits())).map(|bits| value.number() >> bits << bits).chain([0]).collect();
    let mut query = rows(value.kind());
    query
        .and_where(Expr::col("scope").eq(scope))
        .and_where(Expr::col(lives.first).is_in(starts.into_iter().map(|start| lives.sql(start))))
        .and_where(Expr::col(lives.last).gte(Expr::val(lives.sql(value.number()))))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .order_by("allocated_at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(limit);
    if only_living {
        query.and_where(Expr::col("live").eq(1_i64));
    }
    if value.kind().family().is_none() {
        query.and_where(Expr::col("kind").eq(value.kind().as_str()));
    }
    tx.all(&query).await?.iter().map(|row| allocation(value.kind(), row)).collect()
}

/// The living allocation of a pool that has a value of this range.
pub(in crate::ipam) async fn living_in(
    tx: &mut Tx,
    pool: &PoolRow,
    (first, last): Interval,
) -> Result<Option<Allocation>, DbError> {
    let lives = Lives::of(pool.kind);
    let query = rows(pool.kind)
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("live").eq(1_i64))
        .and_where(Expr::col(lives.first).lte(Expr::val(lives.sql(last))))
        .and_where(Expr::col(lives.last).gte(Expr::val(lives.sql(first))))
        .limit(1)
        .to_owned();
    tx.optional(&query).await?.map(|row| allocation(pool.kind, &row)).transpose()
}

/// The generation of the latest life that a value has had.
pub(in crate::ipam) async fn last_generation(
    tx: &mut Tx,
    pool: &PoolRow,
    number: u128,
) -> Result<i64, DbError> {
    let lives = Lives::of(pool.kind);
    let mut query = Query::select();
    query
        .column("generation")
        .from(lives.table)
        .and_where(Expr::col("scope").eq(pool.scope.as_str()))
        .and_where(Expr::col(lives.first).eq(Expr::val(lives.sql(number))))
        .and_where(Expr::col("pool_id").eq(pool.id))
        .order_by("generation", Order::Desc)
        .limit(1);
    if pool.kind.family().is_none() {
        // Without it the index over scope, kind and number cannot be used.
        query.and_where(Expr::col("kind").eq(pool.kind.as_str()));
    }
    tx.optional(&query).await?.map_or(Ok(0), |row| row.number("generation"))
}

/// What the holder of an allocation is known by when it comes back.
pub(in crate::ipam) async fn sticky_key_of(
    tx: &mut Tx,
    allocation: &Allocation,
) -> Result<Option<Vec<u8>>, DbError> {
    let query = Query::select()
        .column("sticky_key")
        .from(Lives::of(allocation.value.kind()).table)
        .and_where(Expr::col("id").eq(allocation.id))
        .to_owned();
    tx.optional(&query).await?.map_or(Ok(None), |row| row.opt_bytes("sticky_key"))
}

/// When things of a pool were handed out and given back since a moment: how many more, or fewer, at each.
pub(in crate::ipam) async fn changes_since(
    tx: &mut Tx,
    pool: &PoolRow,
    since: Timestamp,
) -> Result<Vec<(Timestamp, i128)>, DbError> {
    let mut changes = Vec::new();
    for (column, sign) in [("allocated_at", 1), ("released_at", -1)] {
        let query = rows(pool.kind)
            .and_where(Expr::col("pool_id").eq(pool.id))
            .and_where(Expr::col(column).gte(since))
            .to_owned();
        for row in tx.all(&query).await? {
            let one = allocation(pool.kind, &row)?;
            let span = one.last_value.number() - one.value.number();
            let size = i128::try_from(span).unwrap_or(i128::MAX).saturating_add(1);
            changes.push((row.time(column)?, sign * size));
        }
    }
    changes.sort_unstable();
    Ok(changes)
}

fn rows(kind: PoolKind) -> SelectStatement {
    let lives = Lives::of(kind);
    Query::select()
        .columns([
            "id",
            "pool_id",
            lives.first,
            lives.last,
            if kind.family().is_some() { "device_id" } else { "kind" },
            "holder",
            "status",
            "generation",
            "allocated_at",
            "released_at",
            "quarantined_until",
        ])
        .from(lives.table)
        .to_owned()
}

fn allocation(kind: PoolKind, row: &Row) -> Result<Allocation, DbError> {
    let lives = Lives::of(kind);
    let device = if kind.family().is_some() { row.opt_uuid("device_id")? } else { None };
    let (value, last_value) = (lives.value(lives.first, row)?, lives.value(lives.last, row)?);
    if last_value < value {
        return Err(DbError::corrupt(lives.last, format!("is below {value}")));
    }
    Ok(Allocation {
        id: AllocationId::from_uuid(row.uuid("id")?),
        pool_id: PoolId::from_uuid(row.uuid("pool_id")?),
        value,
        last_value,
        device_id: device.map(DeviceId::from_uuid),
        holder: row.opt_text("holder")?,
        status: row.parsed("status")?,
        generation: row.number("generation")?,
        allocated_at: row.time("allocated_at")?,
        released_at: row.opt_number("released_at")?.map(Timestamp::from_micros),
        quarantined_until: row.opt_number("quarantined_until")?.map(Timestamp::from_micros),
    })
}
