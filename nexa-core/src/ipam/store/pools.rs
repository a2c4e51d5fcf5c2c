use std::collections::BTreeMap;
use std::time::Duration;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement, UpdateStatement};
use uuid::Uuid;

use super::{bytes, ends, from_bytes, interval};
use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, counter, insert_row, page_by_id, within};
use crate::error::Result;
use crate::id::{GatewayId, PoolId, ReservationId};
use crate::ipam::error::IpamError;
use crate::ipam::model::{CheckedPool, Pool, Reservation, Strategy};
use crate::ipam::space::Interval;
use crate::ipam::value::{PoolKind, Value, ValueRange};
use crate::name::Name;
use crate::page::Cursor;
use crate::runtime::Timestamp;

/// A pool as whoever changes it needs it.
#[derive(Clone, Debug)]
pub(in crate::ipam) struct PoolRow {
    pub(in crate::ipam) id: PoolId,
    pub(in crate::ipam) name: String,
    pub(in crate::ipam) kind: PoolKind,
    pub(in crate::ipam) scope: String,
    pub(in crate::ipam) gateway: Option<GatewayId>,
    pub(in crate::ipam) parent: Option<PoolId>,
    pub(in crate::ipam) strategy: Strategy,
    pub(in crate::ipam) quarantine: Duration,
    pub(in crate::ipam) is_parallel: bool,
    pub(in crate::ipam) given_last: Option<u128>,
    pub(in crate::ipam) reclaim_at: Option<Timestamp>,
    pub(in crate::ipam) revision: i64,
    pub(in crate::ipam) created_at: Timestamp,
}

const COLUMNS: [&str; 13] = [
    "id",
    "name",
    "kind",
    "scope",
    "gateway_id",
    "parent_id",
    "strategy",
    "quarantine",
    "is_parallel",
    "given_last",
    "reclaim_at",
    "revision",
    "created_at",
];

fn pool_row(row: &Row) -> Result<PoolRow, DbError> {
    let kind: PoolKind = row.parsed("kind")?;
    let given_last = row.opt_bytes("given_last")?;
    Ok(PoolRow {
        id: PoolId::from_uuid(row.uuid("id")?),
        name: row.text("name")?,
        kind,
        scope: row.text("scope")?,
        gateway: row.opt_uuid("gateway_id")?.map(GatewayId::from_uuid),
        parent: row.opt_uuid("parent_id")?.map(PoolId::from_uuid),
        strategy: row.parsed("strategy")?,
        quarantine: Duration::from_micros(row.fitted("quarantine")?),
        is_parallel: row.flag("is_parallel")?,
        given_last: given_last.map(|bytes| from_bytes(kind, "given_last", &bytes)).transpose()?,
        reclaim_at: row.opt_number("reclaim_at")?.map(Timestamp::from_micros),
        revision: row.number("revision")?,
        created_at: row.time("created_at")?,
    })
}

fn pools(scope: Scope) -> SelectStatement {
    Query::select()
        .columns(COLUMNS)
        .from("pools")
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(scope, Owner::NoOne))
        .to_owned()
}

impl PoolRow {
    fn with(self, ranges: Vec<ValueRange>) -> Pool {
        Pool {
            id: self.id,
            name: self.name,
            kind: self.kind,
            scope: self.scope,
            ranges,
            gateway_id: self.gateway,
            parent_id: self.parent,
            strategy: self.strategy,
            quarantine: self.quarantine,
            is_parallel: self.is_parallel,
            created_at: self.created_at,
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(in crate::ipam) async fn insert_pool<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    id: PoolId,
    pool: &CheckedPool,
    now: Timestamp,
) -> Result<()> {
    let statement = insert_row(
        "pools",
        [
            ("id", id.into()),
            ("scope", pool.scope.clone().into()),
            ("kind", pool.kind.as_str().into()),
            ("gateway_id", pool.gateway.into()),
            ("parent_id", pool.parent.into()),
            ("name", pool.name.text.clone().into()),
            ("name_key", pool.name.key.clone().into()),
            ("strategy", pool.strategy.as_str().into()),
            ("quarantine", micros(pool.quarantine).into()),
            ("is_parallel", i64::from(pool.is_parallel).into()),
            ("revision", 0_i64.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    named(tx.execute(&statement).await, &pool.name.text)
}

/// A pool that is no more from the beginning, for what rests of a range that another one gave up.
pub(in crate::ipam) async fn insert_retired<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    (id, pool): (PoolId, &PoolRow),
    range: ValueRange,
    now: Timestamp,
) -> Result<(), DbError> {
    let name = Name::derived(&pool.name);
    let statement = insert_row(
        "pools",
        [
            ("id", id.into()),
            ("scope", pool.scope.clone().into()),
            ("kind", pool.kind.as_str().into()),
            ("name", name.text.into()),
            ("name_key", name.key.into()),
            ("strategy", pool.strategy.as_str().into()),
            ("quarantine", micros(pool.quarantine).into()),
            ("is_parallel", 0_i64.into()),
            ("revision", 0_i64.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("deleted_at", now.into()),
        ],
    );
    tx.execute(&statement).await?;
    set_ranges(tx, id, &[range]).await
}

/// A taken name is said to be so.
fn named(done: Result<u64, DbError>, name: &str) -> Result<()> {
    match done {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("pools", "name_key") => {
            Err(IpamError::PoolNameTaken(name.to_owned()).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Puts a changed name, strategy, quarantine and mode into a pool.
pub(in crate::ipam) async fn update_pool<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    pool: &PoolRow,
    name_key: Option<String>,
    now: Timestamp,
) -> Result<()> {
    let mut statement = Query::update();
    statement
        .table("pools")
        .value("strategy", pool.strategy.as_str())
        .value("quarantine", micros(pool.quarantine))
        .value("is_parallel", i64::from(pool.is_parallel))
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(pool.id));
    if let Some(key) = name_key {
        statement.value("name", pool.name.clone()).value("name_key", key);
    }
    named(tx.execute(&statement).await, &pool.name)
}

/// Gives a pool a name that is made of others.
pub(in crate::ipam) async fn rename_pool(tx: &mut Tx, id: PoolId, name: &str) -> Result<()> {
    let new = Name::derived(name);
    let statement = Query::update()
        .table("pools")
        .value("name", new.text.as_str())
        .value("name_key", new.key.as_str())
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    named(tx.execute(&statement).await, &new.text)
}

pub(in crate::ipam) async fn end_pool<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    id: PoolId,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("pools")
        .value("live", Option::<i64>::None)
        .value("deleted_at", now)
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Where the strategy `next` goes on.
pub(in crate::ipam) async fn note_given(tx: &mut Tx, pool: &PoolRow, number: u128) -> Result<(), DbError> {
    let statement = Query::update()
        .table("pools")
        .value("given_last", bytes(Value::of_number(pool.kind, number)))
        .and_where(Expr::col("id").eq(pool.id))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// When something in quarantine may end it.
pub(in crate::ipam) async fn set_reclaim_at(
    tx: &mut Tx,
    id: PoolId,
    at: Option<Timestamp>,
) -> Result<(), DbError> {
    let statement =
        Query::update().table("pools").value("reclaim_at", at).and_where(Expr::col("id").eq(id)).to_owned();
    tx.execute(&statement).await.map(drop)
}

pub(in crate::ipam) async fn find_pool<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
    id: PoolId,
) -> Result<PoolRow> {
    let query = pools(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IpamError::NoPool(id))?;
    Ok(pool_row(&row)?)
}

/// A pool for who may enrol a device at its gateway.
pub(in crate::ipam) async fn find_pool_for<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    id: PoolId,
) -> Result<PoolRow> {
    let query = pools(Scope::All).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IpamError::NoPool(id))?;
    Ok(pool_row(&row)?)
}

/// Locks the pool until the transaction ends, on every database; its revision is then the number of this change of it.
pub(in crate::ipam) async fn lock_pool(tx: &mut Tx, id: PoolId) -> Result<PoolRow> {
    tx.execute(&next_revision(id)).await?;
    let read = pools(Scope::All).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&read).await?.ok_or(IpamError::NoPool(id))?;
    Ok(pool_row(&row)?)
}

/// The same of a pool that this transaction has read already. Where nobody else can write, all of it is known, and
/// [`keep_revision`] stores it with whatever follows from it.
pub(in crate::ipam) async fn lock_known(tx: &mut Tx, pool: &PoolRow) -> Result<PoolRow> {
    match tx.is_the_only_writer() {
        true => Ok(PoolRow { revision: pool.revision + 1, ..pool.clone() }),
        false => lock_pool(tx, pool.id).await,
    }
}

/// Stores the revision of a pool that was locked by [`lock_known`].
pub(in crate::ipam) async fn keep_revision(tx: &mut Tx, pool: &PoolRow) -> Result<(), DbError> {
    match tx.is_the_only_writer() {
        true => tx.later(&next_revision(pool.id), 1).await,
        false => Ok(()),
    }
}

fn next_revision(id: PoolId) -> UpdateStatement {
    Query::update()
        .table("pools")
        .value("revision", Expr::col("revision").add(1_i64))
        .and_where(Expr::col("id").eq(id))
        .to_owned()
}

pub(in crate::ipam) async fn get_pool<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
    id: PoolId,
) -> Result<Pool> {
    let row = find_pool(tx, authorized, id).await?;
    let ranges = ranges_of(tx, &row).await?;
    Ok(row.with(ranges))
}

pub(in crate::ipam) async fn list_pools(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Pool>, DbError> {
    let mut query = pools(authorized.scope());
    page_by_id(&mut query, after, limit);
    let rows: Vec<_> = tx.all(&query).await?.iter().map(pool_row).collect::<Result<_, _>>()?;
    with_ranges(tx, rows).await
}

/// Every living pool, for who looks at all of them.
pub(in crate::ipam) async fn every_pool<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
) -> Result<Vec<Pool>, DbError> {
    let query = pools(authorized.scope()).order_by("id", Order::Asc).to_owned();
    let rows: Vec<_> = tx.all(&query).await?.iter().map(pool_row).collect::<Result<_, _>>()?;
    with_ranges(tx, rows).await
}

async fn with_ranges(tx: &mut Tx, rows: Vec<PoolRow>) -> Result<Vec<Pool>, DbError> {
    let ids = rows.iter().map(|row| row.id);
    let query = ranges().and_where(Expr::col("pool_id").is_in(ids)).order_by("first", Order::Asc).to_owned();
    let kinds: BTreeMap<_, _> = rows.iter().map(|row| (row.id, row.kind)).collect();
    let mut found: BTreeMap<PoolId, Vec<ValueRange>> = BTreeMap::new();
    if !rows.is_empty() {
        for row in tx.all(&query).await? {
            let id = PoolId::from_uuid(row.uuid("pool_id")?);
            if let Some(kind) = kinds.get(&id) {
                found.entry(id).or_default().push(range(*kind, &row)?);
            }
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| (found.remove(&row.id).unwrap_or_default(), row))
        .map(|(r, row)| row.with(r))
        .collect())
}

/// The pools of a gateway, IPv4 before IPv6.
pub(in crate::ipam) async fn pools_of_gateway(
    tx: &mut Tx,
    gateway: GatewayId,
) -> Result<Vec<PoolId>, DbError> {
    let query = pools(Scope::All)
        .and_where(Expr::col("gateway_id").eq(gateway))
        .order_by("kind", Order::Asc)
        .to_owned();
    tx.all(&query).await?.iter().map(|row| Ok(PoolId::from_uuid(row.uuid("id")?))).collect()
}

/// The living parts of a pool, with their ranges.
pub(in crate::ipam) async fn children_of(tx: &mut Tx, pool: PoolId) -> Result<Vec<Pool>, DbError> {
    let query = pools(Scope::All).and_where(Expr::col("parent_id").eq(pool)).to_owned();
    let rows: Vec<_> = tx.all(&query).await?.iter().map(pool_row).collect::<Result<_, _>>()?;
    with_ranges(tx, rows).await
}

/// A living pool that has a value of these ranges, and is neither the one that is left out nor among its ancestors and parts. Others
/// who change the set of pools wait until the transaction ends.
pub(in crate::ipam) async fn overlapping(
    tx: &mut Tx,
    (scope, kind): (&str, PoolKind),
    wanted: &[ValueRange],
    except: &[PoolId],
) -> Result<Option<(ValueRange, String)>, DbError> {
    counter::next(tx, counter::POOLS).await?;
    for range in wanted {
        let (first, last) = ends(kind, range.numbers());
        let mut query = Query::select()
            .column(("pools", "name"))
            .from("pool_ranges")
            .inner_join("pools", Expr::col(("pools", "id")).equals(("pool_ranges", "pool_id")))
            .and_where(Expr::col(("pool_ranges", "first")).lte(last))
            .and_where(Expr::col(("pool_ranges", "last")).gte(first))
            .and_where(Expr::col(("pools", "scope")).eq(scope))
            .and_where(Expr::col(("pools", "live")).eq(1_i64))
            .limit(1)
            .to_owned();
        if !except.is_empty() {
            query.and_where(Expr::col(("pools", "id")).is_not_in(except.iter().copied()));
        }
        if let Some(row) = tx.optional(&query).await? {
            return Ok(Some((*range, row.text("name")?)));
        }
    }
    Ok(None)
}

fn ranges() -> SelectStatement {
    Query::select().columns(["pool_id", "first", "last", "prefix"]).from("pool_ranges").to_owned()
}

fn range(kind: PoolKind, row: &Row) -> Result<ValueRange, DbError> {
    let prefix = row.opt_number("prefix")?.map(|prefix| {
        u8::try_from(prefix).map_err(|_| DbError::corrupt("pool_ranges.prefix", "is an impossible length"))
    });
    let range = ValueRange::of_numbers(kind, interval(kind, row)?).with_prefix(prefix.transpose()?);
    // What calls itself a prefix must be one.
    match range.prefix().is_some() && range.cidr().map(ValueRange::from) != Some(range) {
        true => Err(DbError::corrupt("pool_ranges.prefix", "does not belong to the range's ends")),
        false => Ok(range),
    }
}

pub(in crate::ipam) async fn ranges_of(tx: &mut Tx, pool: &PoolRow) -> Result<Vec<ValueRange>, DbError> {
    let query = ranges().and_where(Expr::col("pool_id").eq(pool.id)).order_by("first", Order::Asc).to_owned();
    tx.all(&query).await?.iter().map(|row| range(pool.kind, row)).collect()
}

/// Puts these ranges in the place of those that a pool had.
pub(in crate::ipam) async fn set_ranges(
    tx: &mut Tx,
    id: PoolId,
    ranges: &[ValueRange],
) -> Result<(), DbError> {
    let clear = Query::delete().from_table("pool_ranges").and_where(Expr::col("pool_id").eq(id)).to_owned();
    tx.execute(&clear).await?;
    for range in ranges {
        let (first, last) = ends(range.kind(), range.numbers());
        let statement = insert_row(
            "pool_ranges",
            [
                ("pool_id", id.into()),
                ("first", first.into()),
                ("last", last.into()),
                ("prefix", range.prefix().map(i64::from).into()),
            ],
        );
        tx.execute(&statement).await?;
    }
    Ok(())
}

pub(in crate::ipam) async fn insert_reservation(
    tx: &mut Tx,
    reservation: &Reservation,
) -> Result<(), DbError> {
    let (first, last) = ends(reservation.range.kind(), reservation.range.numbers());
    let statement = insert_row(
        "pool_reservations",
        [
            ("id", reservation.id.into()),
            ("pool_id", reservation.pool_id.into()),
            ("first", first.into()),
            ("last", last.into()),
            ("reason", reservation.reason.clone().into()),
            ("is_builtin", i64::from(reservation.is_builtin).into()),
            ("created_at", reservation.created_at.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

fn reservations(pool: PoolId) -> SelectStatement {
    Query::select()
        .columns(["id", "pool_id", "first", "last", "reason", "is_builtin", "created_at"])
        .from("pool_reservations")
        .and_where(Expr::col("pool_id").eq(pool))
        .to_owned()
}

fn reservation(kind: PoolKind, row: &Row) -> Result<Reservation, DbError> {
    Ok(Reservation {
        id: ReservationId::from_uuid(row.uuid("id")?),
        pool_id: PoolId::from_uuid(row.uuid("pool_id")?),
        range: ValueRange::of_numbers(kind, interval(kind, row)?),
        reason: row.text("reason")?,
        is_builtin: row.flag("is_builtin")?,
        created_at: row.time("created_at")?,
    })
}

/// What is reserved of a pool, in order of the values.
pub(in crate::ipam) async fn reservations_of(
    tx: &mut Tx,
    (pool, kind): (PoolId, PoolKind),
) -> Result<Vec<Reservation>, DbError> {
    let query = reservations(pool).order_by("first", Order::Asc).to_owned();
    tx.all(&query).await?.iter().map(|row| reservation(kind, row)).collect()
}

pub(in crate::ipam) async fn list_reservations<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    pool: &PoolRow,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Reservation>, DbError> {
    let mut query = reservations(pool.id);
    page_by_id(&mut query, after, limit);
    tx.all(&query).await?.iter().map(|row| reservation(pool.kind, row)).collect()
}

/// One that has a value of this range.
pub(in crate::ipam) async fn reserved_at(
    tx: &mut Tx,
    pool: &PoolRow,
    numbers: Interval,
) -> Result<Option<Reservation>, DbError> {
    let (first, last) = ends(pool.kind, numbers);
    let query = reservations(pool.id)
        .and_where(Expr::col("first").lte(last))
        .and_where(Expr::col("last").gte(first))
        .limit(1)
        .to_owned();
    tx.optional(&query).await?.map(|row| reservation(pool.kind, &row)).transpose()
}

/// The pool that a reservation is of.
pub(in crate::ipam) async fn pool_of_reservation(
    tx: &mut Tx,
    id: ReservationId,
) -> Result<Option<PoolId>, DbError> {
    let query = Query::select()
        .column("pool_id")
        .from("pool_reservations")
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    let row: Option<Uuid> = tx.optional(&query).await?.map(|row| row.uuid("pool_id")).transpose()?;
    Ok(row.map(PoolId::from_uuid))
}

pub(in crate::ipam) async fn delete_reservation(tx: &mut Tx, id: ReservationId) -> Result<(), DbError> {
    let statement =
        Query::delete().from_table("pool_reservations").and_where(Expr::col("id").eq(id)).to_owned();
    tx.execute(&statement).await.map(drop)
}
