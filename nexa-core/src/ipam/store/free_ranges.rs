use std::net::IpAddr;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use crate::db::{DbError, Row, Tx, insert_row, ip_bytes};
use crate::error::Result;
use crate::id::PoolId;
use crate::ipam::error::IpamError;
use crate::ipam::free;
use crate::net::AddressRange;

pub(in crate::ipam) async fn insert_free(
    tx: &mut Tx,
    pool: PoolId,
    range: AddressRange,
) -> Result<(), DbError> {
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

pub(in crate::ipam) async fn lowest_free(tx: &mut Tx, pool: PoolId) -> Result<Option<AddressRange>, DbError> {
    let query = free_ranges(pool).order_by("first", Order::Asc).limit(1).to_owned();
    tx.optional(&query).await?.map(|row| range(&row)).transpose()
}

pub(in crate::ipam) async fn all_free(tx: &mut Tx, pool: PoolId) -> Result<Vec<AddressRange>, DbError> {
    let query = free_ranges(pool).order_by("first", Order::Asc).to_owned();
    tx.all(&query).await?.iter().map(range).collect()
}

/// The free range that ends right before an address, and the one that begins right after it.
pub(in crate::ipam) async fn free_around(
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
pub(in crate::ipam) async fn delete_free(tx: &mut Tx, pool: PoolId, range: AddressRange) -> Result<()> {
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
