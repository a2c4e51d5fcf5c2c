use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use super::Lives;
use crate::actor::{Authorized, Right, right};
use crate::db::{DbError, Owner, Row, Tx, within};
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

/// How many of a holder's earlier lives are looked at for one that suits.
const EARLIER_LIVES: u64 = 100;

/// What a holder had of a pool and gave back, the latest first: at rest, or over.
pub(in crate::ipam) async fn had(
    tx: &mut Tx,
    pool: &PoolRow,
    key: &[u8],
    (status, specific): (AllocationStatus, Option<Value>),
) -> Result<Vec<Allocation>, DbError> {
    let lives = Lives::of(pool.kind);
    let mut query = rows(pool.kind);
    query
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("sticky_key").eq(key.to_vec()))
        .and_where(Expr::col("status").eq(status.as_str()))
        // Claims that wait for each other are counted, whatever the clock does meanwhile.
        .order_by(if pool.is_parallel { "released_at" } else { "generation" }, Order::Desc)
        .order_by("id", Order::Desc)
        .limit(EARLIER_LIVES);
    if let Some(value) = specific {
        query.and_where(Expr::col(lives.first).eq(Expr::val(lives.sql(value.number()))));
    }
    tx.all(&query).await?.iter().map(|row| allocation(pool.kind, row)).collect()
}

fn rests((pool, kind): (PoolId, PoolKind)) -> SelectStatement {
    let mut query = rows(kind);
    query.and_where(Expr::col("pool_id").eq(pool)).and_where(Expr::col("quarantined_until").is_not_null());
    query
}

/// What rests in a pool, the first to end first.
pub(in crate::ipam) async fn resting(
    tx: &mut Tx,
    place: (PoolId, PoolKind),
) -> Result<Vec<Allocation>, DbError> {
    let query = rests(place).order_by("quarantined_until", Order::Asc).to_owned();
    tx.all(&query).await?.iter().map(|row| allocation(place.1, row)).collect()
}

/// What has rested in a pool until now or longer, the first to end first, after the last of the page before.
pub(in crate::ipam) async fn rested(
    tx: &mut Tx,
    place: (PoolId, PoolKind),
    now: Timestamp,
    (after, limit): (Option<&Allocation>, u64),
) -> Result<Vec<Allocation>, DbError> {
    let mut query = rests(place);
    query
        .and_where(Expr::col("quarantined_until").lte(now))
        .order_by("quarantined_until", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(limit);
    if let Some((until, id)) = after.and_then(|one| Some((one.quarantined_until?, one.id))) {
        query
            .and_where(Expr::col("quarantined_until").gte(until))
            .and_where(Expr::col("quarantined_until").gt(until).or(Expr::col("id").gt(id)));
    }
    tx.all(&query).await?.iter().map(|row| allocation(place.1, row)).collect()
}

/// What of a pool goes on resting for the shortest time.
pub(in crate::ipam) async fn next_to_end(
    tx: &mut Tx,
    place: (PoolId, PoolKind),
    now: Timestamp,
) -> Result<Option<Allocation>, DbError> {
    let query = rests(place)
        .and_where(Expr::col("quarantined_until").gt(now))
        .order_by("quarantined_until", Order::Asc)
        .limit(1)
        .to_owned();
    tx.optional(&query).await?.map(|row| allocation(place.1, &row)).transpose()
}

/// How many numbers of a pool rest.
pub(in crate::ipam) async fn count_resting(tx: &mut Tx, place: (PoolId, PoolKind)) -> Result<u128, DbError> {
    let lives = Lives::of(place.1);
    let is_one = || Expr::col(lives.last).eq(Expr::col(lives.first));
    let query = Query::select()
        .expr_as(Expr::col("id").count(), "rows")
        .from(lives.table)
        .and_where(Expr::col("pool_id").eq(place.0))
        .and_where(Expr::col("quarantined_until").is_not_null())
        .and_where(is_one())
        .to_owned();
    let singles = tx.optional(&query).await?.map_or(Ok(0), |row| row.fitted::<u64>("rows"))?;
    let mut count = u128::from(singles);
    let blocks = rests(place).and_where(is_one().not()).to_owned();
    for row in tx.all(&blocks).await? {
        let block = allocation(place.1, &row)?;
        // All of IPv6 is never one block: its first address is nobody's.
        count += block.last_value.number() - block.value.number() + 1;
    }
    Ok(count)
}

/// What rests in a range of a scope after its pool was renumbered.
pub(in crate::ipam) async fn vacated_in(
    tx: &mut Tx,
    (scope, kind): (&str, PoolKind),
    (first, last): Interval,
) -> Result<Vec<Allocation>, DbError> {
    let lives = Lives::of(kind);
    let retired = Query::select()
        .column("id")
        .from("pools")
        .and_where(Expr::col("scope").eq(scope))
        .and_where(Expr::col("kind").eq(kind.as_str()))
        .and_where(Expr::col("live").is_null())
        .to_owned();
    let query = rows(kind)
        .and_where(Expr::col("quarantined_until").is_not_null())
        .and_where(Expr::col("pool_id").in_subquery(retired))
        .and_where(Expr::col(lives.first).lte(Expr::val(lives.sql(last))))
        .and_where(Expr::col(lives.last).gte(Expr::val(lives.sql(first))))
        .to_owned();
    tx.all(&query).await?.iter().map(|row| allocation(kind, row)).collect()
}

/// What of a pool is in somebody's hands, in the order of the values, beginning after an allocation that may have ended meanwhile.
pub(in crate::ipam) async fn list_allocations(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    pool: &PoolRow,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Allocation>, DbError> {
    let lives = Lives::of(pool.kind);
    let covered = super::ranges_of(tx, pool).await?;
    let (Some(first), Some(last)) = (covered.first(), covered.last()) else { return Ok(Vec::new()) };
    let mut query = rows(pool.kind);
    in_scope(&mut query, pool);
    query
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("held").eq(1_i64))
        .and_where(Expr::col("live").eq(1_i64))
        .and_where(Expr::col(lives.first).gte(Expr::val(lives.sql(first.first().number()))))
        .and_where(Expr::col(lives.first).lte(Expr::val(lives.sql(last.last().number()))))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .order_by(lives.first, Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        let before = rows(pool.kind).and_where(Expr::col("id").eq(after.0)).to_owned();
        let Some(before) = tx.optional(&before).await? else { return Ok(Vec::new()) };
        let before = allocation(pool.kind, &before)?;
        query.and_where(Expr::col(lives.first).gt(Expr::val(lives.sql(before.value.number()))));
    }
    tx.all(&query).await?.iter().map(|row| allocation(pool.kind, row)).collect()
}

/// The values of a scope, as their unique index has them.
fn in_scope(query: &mut SelectStatement, pool: &PoolRow) {
    query.and_where(Expr::col("scope").eq(pool.scope.as_str()));
    if pool.kind.family().is_none() {
        query.and_where(Expr::col("kind").eq(pool.kind.as_str()));
    }
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

/// The living allocation of a pool that has a value of this range. No two of a scope meet, so that it is the last that begins there or
/// below.
pub(in crate::ipam) async fn living_in(
    tx: &mut Tx,
    pool: &PoolRow,
    (first, last): Interval,
) -> Result<Option<Allocation>, DbError> {
    let lives = Lives::of(pool.kind);
    let mut query = rows(pool.kind);
    in_scope(&mut query, pool);
    query
        .and_where(Expr::col("live").eq(1_i64))
        .and_where(Expr::col(lives.first).lte(Expr::val(lives.sql(last))))
        .order_by(lives.first, Order::Desc)
        .limit(1);
    let found = tx.optional(&query).await?.map(|row| allocation(pool.kind, &row)).transpose()?;
    Ok(found.filter(|one| one.pool_id == pool.id && one.last_value.number() >= first))
}

/// Whether anything of a pool is in use or rests.
pub(in crate::ipam) async fn has_living(tx: &mut Tx, pool: &PoolRow) -> Result<bool, DbError> {
    let query = rows(pool.kind)
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("live").eq(1_i64))
        .limit(1)
        .to_owned();
    Ok(tx.optional(&query).await?.is_some())
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
