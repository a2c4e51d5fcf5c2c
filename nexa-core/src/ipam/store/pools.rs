use std::net::IpAddr;

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use uuid::Uuid;

use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, cidr_columns, insert_row, ip_bytes, within};
use crate::error::Result;
use crate::id::{GatewayId, PoolId};
use crate::ipam::error::IpamError;
use crate::ipam::model::{CheckedPool, Pool};
use crate::net::Family;
use crate::page::Cursor;
use crate::runtime::Timestamp;

pub(in crate::ipam) async fn insert_pool<P: Right>(
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

pub(in crate::ipam) async fn insert_reservation(
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

pub(in crate::ipam) async fn get_pool<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
    id: PoolId,
) -> Result<Pool> {
    let query = pools(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IpamError::NoPool(id))?;
    Ok(pool(&row)?)
}

pub(in crate::ipam) async fn list_pools(
    tx: &mut Tx,
    authorized: &Authorized<right::PoolsRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Pool>, DbError> {
    let mut query = pools(authorized.scope());
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").gt(*last));
    }
    query.order_by("id", Order::Asc).limit(limit);
    tx.all(&query).await?.iter().map(pool).collect()
}

/// The pools of a gateway, IPv4 before IPv6.
pub(in crate::ipam) async fn pools_of_gateway(tx: &mut Tx, gateway: GatewayId) -> Result<Vec<Pool>, DbError> {
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

/// Locks the pool until the transaction ends, on every database, and gives the number of this change of it.
pub(in crate::ipam) async fn lock_pool(tx: &mut Tx, id: PoolId) -> Result<i64> {
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
