use sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Order, Query, SelectStatement};

use super::{bytes, ends, interval};
use crate::db::{DbError, Tx};
use crate::id::PoolId;
use crate::ipam::free;
use crate::ipam::space::{Interval, largest_block};
use crate::ipam::store::PoolRow;
use crate::ipam::value::{PoolKind, Value};

/// What a claim does about a free range that another claim is using.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ipam) enum Locks {
    /// There is none: the pool itself is locked.
    Needless,
    /// It waits.
    Waits,
    /// It takes another one.
    Skips,
}

/// Which free range is looked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::ipam) enum Wanted {
    /// The lowest.
    Lowest,
    /// The one that has this number, or the next above it.
    AtOrAbove(u128),
    /// The one with the smallest largest block of at least so many bits, and of those the lowest.
    Block(u8),
}

pub(in crate::ipam) async fn find_free(
    tx: &mut Tx,
    pool: &PoolRow,
    wanted: Wanted,
    locks: Locks,
) -> Result<Option<Interval>, DbError> {
    let mut query = free_ranges(pool.id);
    query.limit(1);
    match wanted {
        // In the order of their last values, which is also that of their first.
        Wanted::Lowest => query.order_by("last", Order::Asc),
        Wanted::AtOrAbove(number) => query
            .and_where(Expr::col("last").gte(bytes(Value::of_number(pool.kind, number))))
            .order_by("last", Order::Asc),
        Wanted::Block(bits) => query
            .and_where(Expr::col("block_bits").gte(i64::from(bits)))
            .order_by("block_bits", Order::Asc)
            .order_by("last", Order::Asc),
    };
    lock(&mut query, locks);
    tx.optional(&query).await?.map(|row| interval(pool.kind, &row)).transpose()
}

/// SQLite knows no locks of rows, and needs none: it has one writer.
fn lock(query: &mut SelectStatement, locks: Locks) {
    match locks {
        Locks::Needless => query,
        Locks::Waits => query.lock(LockType::Update),
        Locks::Skips => query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked),
    };
}

pub(in crate::ipam) async fn all_free(
    tx: &mut Tx,
    (pool, kind): (PoolId, PoolKind),
    locks: Locks,
) -> Result<Vec<Interval>, DbError> {
    let mut query = free_ranges(pool);
    query.order_by("last", Order::Asc);
    lock(&mut query, locks);
    tx.all(&query).await?.iter().map(|row| interval(kind, row)).collect()
}

/// The free range that ends right before a range, and the one that begins right after it. One that another claim is using counts as
/// none.
pub(in crate::ipam) async fn free_around(
    tx: &mut Tx,
    pool: &PoolRow,
    (first, last): Interval,
    locks: Locks,
) -> Result<(Option<Interval>, Option<Interval>), DbError> {
    let below = match first.checked_sub(1) {
        Some(number) => find_free(tx, pool, Wanted::AtOrAbove(number), locks).await?,
        None => None,
    };
    let above = match last.checked_add(1) {
        Some(number) => find_free(tx, pool, Wanted::AtOrAbove(number), locks).await?,
        None => None,
    };
    let below = below.filter(|below| below.1.checked_add(1) == Some(first));
    Ok((below, above.filter(|above| last.checked_add(1) == Some(above.0))))
}

fn free_ranges(pool: PoolId) -> SelectStatement {
    Query::select()
        .columns(["first", "last"])
        .from("pool_free_ranges")
        .and_where(Expr::col("pool_id").eq(pool))
        .to_owned()
}

pub(in crate::ipam) async fn insert_free(
    tx: &mut Tx,
    (pool, kind): (PoolId, PoolKind),
    ranges: &[Interval],
) -> Result<(), DbError> {
    let rows = ranges.iter().map(|range| {
        let (first, last) = ends(kind, *range);
        vec![pool.into(), first.into(), last.into(), i64::from(largest_block(*range)).into()]
    });
    tx.insert_rows("pool_free_ranges", &["pool_id", "first", "last", "block_bits"], rows.collect()).await
}

pub(in crate::ipam) async fn clear_free(tx: &mut Tx, pool: PoolId) -> Result<(), DbError> {
    let statement =
        Query::delete().from_table("pool_free_ranges").and_where(Expr::col("pool_id").eq(pool)).to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Takes a part of a free range that must be there as it was read.
pub(in crate::ipam) async fn take_free(
    tx: &mut Tx,
    pool: &PoolRow,
    range: Interval,
    taken: Interval,
) -> Result<(), DbError> {
    let place = (pool.id, pool.kind);
    match free::split(range, taken) {
        (None, None) => delete_free(tx, pool, range).await,
        (Some(rest), None) | (None, Some(rest)) => change_free(tx, pool, range, rest).await,
        (Some(below), Some(above)) => {
            change_free(tx, pool, range, above).await?;
            insert_free(tx, place, &[below]).await
        }
    }
}

/// Gives a range back and joins it with the free ones beside it, except over the seams of a pool that is cut in pieces.
pub(in crate::ipam) async fn give_free(
    tx: &mut Tx,
    pool: &PoolRow,
    seams: &[Interval],
    given: Interval,
) -> Result<(), DbError> {
    let locks = if pool.is_parallel { Locks::Skips } else { Locks::Needless };
    let (below, above) = free_around(tx, pool, given, locks).await?;
    let is_seam = |number| pool.is_parallel && free::is_seam(seams, number);
    let below = below.filter(|_| !is_seam(given.0));
    let above = above.filter(|above| !is_seam(above.0));
    match (below, above) {
        (None, None) => insert_free(tx, (pool.id, pool.kind), &[given]).await,
        (Some(below), None) => change_free(tx, pool, below, (below.0, given.1)).await,
        (None, Some(above)) => change_free(tx, pool, above, (given.0, above.1)).await,
        (Some(below), Some(above)) => {
            delete_free(tx, pool, below).await?;
            change_free(tx, pool, above, (below.0, above.1)).await
        }
    }
}

async fn delete_free(tx: &mut Tx, pool: &PoolRow, range: Interval) -> Result<(), DbError> {
    let (first, last) = ends(pool.kind, range);
    let statement = Query::delete()
        .from_table("pool_free_ranges")
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("first").eq(first))
        .and_where(Expr::col("last").eq(last))
        .to_owned();
    tx.later(&statement, 1).await
}

async fn change_free(tx: &mut Tx, pool: &PoolRow, range: Interval, rest: Interval) -> Result<(), DbError> {
    let (first, last) = ends(pool.kind, range);
    let (new_first, new_last) = ends(pool.kind, rest);
    let mut statement = Query::update();
    statement
        .table("pool_free_ranges")
        .value("block_bits", i64::from(largest_block(rest)))
        .and_where(Expr::col("pool_id").eq(pool.id))
        .and_where(Expr::col("first").eq(first))
        .and_where(Expr::col("last").eq(last));
    if rest.0 != range.0 {
        statement.value("first", new_first);
    }
    if rest.1 != range.1 {
        statement.value("last", new_last);
    }
    tx.later(&statement, 1).await
}
