use sea_query::{Expr, ExprTrait as _, Query};

use crate::db::{DbError, Tx, insert_row};
use crate::id::{AllocationId, GatewayId, PoolId};
use crate::ipam::model::Allocation;
use crate::runtime::Timestamp;

/// A gateway that has not yet applied a release, as far as anybody knows.
#[derive(Clone, Copy, Debug)]
pub(in crate::ipam) struct Behind {
    pub(in crate::ipam) gateway: GatewayId,
    pub(in crate::ipam) revision: i64,
    /// When it last said what it has applied.
    pub(in crate::ipam) heard_at: Timestamp,
}

/// The living gateways that have ever reported, and whose last report is of an older revision than they are to have, or will be when
/// what this one is to have changes.
pub(in crate::ipam) async fn gateways_behind(
    tx: &mut Tx,
    changing: Option<GatewayId>,
) -> Result<Vec<Behind>, DbError> {
    let is_behind = Expr::col("applied_revision").lt(Expr::col("revision"));
    let is_behind = match changing {
        Some(gateway) => is_behind.or(Expr::col("id").eq(gateway)),
        None => is_behind,
    };
    let query = Query::select()
        .columns(["id", "revision", "last_sync_at"])
        .from("gateways")
        .and_where(Expr::col("live").eq(1_i64))
        .and_where(Expr::col("last_sync_at").is_not_null())
        .and_where(is_behind)
        .to_owned();
    let behind = |row: &crate::db::Row| {
        Ok(Behind {
            gateway: GatewayId::from_uuid(row.uuid("id")?),
            revision: row.number("revision")?,
            heard_at: row.time("last_sync_at")?,
        })
    };
    tx.all(&query).await?.iter().map(behind).collect()
}

pub(in crate::ipam) async fn insert_waits(
    tx: &mut Tx,
    allocation: AllocationId,
    behind: &[Behind],
) -> Result<(), DbError> {
    for gateway in behind {
        let statement = insert_row(
            "ip_release_waits",
            [
                ("allocation_id", allocation.into()),
                ("gateway_id", gateway.gateway.into()),
                ("revision", gateway.revision.into()),
            ],
        );
        tx.execute(&statement).await?;
    }
    Ok(())
}

/// The living gateways that allocations wait for, each with when it was last heard of.
pub(in crate::ipam) async fn waits_of(
    tx: &mut Tx,
    allocations: &[Allocation],
) -> Result<Vec<(AllocationId, Behind)>, DbError> {
    if allocations.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::select()
        .column(("ip_release_waits", "allocation_id"))
        .column(("ip_release_waits", "gateway_id"))
        .column(("ip_release_waits", "revision"))
        .column(("gateways", "last_sync_at"))
        .from("ip_release_waits")
        .inner_join("gateways", Expr::col(("gateways", "id")).equals(("ip_release_waits", "gateway_id")))
        .and_where(
            Expr::col(("ip_release_waits", "allocation_id")).is_in(allocations.iter().map(|one| one.id)),
        )
        .and_where(Expr::col(("gateways", "live")).eq(1_i64))
        .to_owned();
    let behind = |row: &crate::db::Row| {
        let behind = Behind {
            gateway: GatewayId::from_uuid(row.uuid("gateway_id")?),
            revision: row.number("revision")?,
            heard_at: row.time("last_sync_at")?,
        };
        Ok((AllocationId::from_uuid(row.uuid("allocation_id")?), behind))
    };
    tx.all(&query).await?.iter().map(behind).collect()
}

pub(in crate::ipam) async fn delete_waits(tx: &mut Tx, allocation: AllocationId) -> Result<(), DbError> {
    let statement = Query::delete()
        .from_table("ip_release_waits")
        .and_where(Expr::col("allocation_id").eq(allocation))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// A gateway has applied a revision: nothing waits for it any more that was released before. The pools concerned look again.
pub(crate) async fn applied(
    tx: &mut Tx,
    gateway: GatewayId,
    revision: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    let of_gateway = || Expr::col(("ip_release_waits", "gateway_id")).eq(gateway);
    let reached = || Expr::col(("ip_release_waits", "revision")).lte(revision);
    let query = Query::select()
        .distinct()
        .column(("ip_allocations", "pool_id"))
        .from("ip_release_waits")
        .inner_join(
            "ip_allocations",
            Expr::col(("ip_allocations", "id")).equals(("ip_release_waits", "allocation_id")),
        )
        .and_where(of_gateway())
        .and_where(reached())
        .to_owned();
    let mut pools: Vec<PoolId> = tx
        .all(&query)
        .await?
        .iter()
        .map(|row| row.uuid("pool_id").map(PoolId::from_uuid))
        .collect::<Result<_, _>>()?;
    // Always in the same order, so that two of these do not wait for each other.
    pools.sort_unstable();
    for pool in pools {
        super::set_reclaim_at(tx, pool, Some(now)).await?;
    }
    let statement = Query::delete()
        .from_table("ip_release_waits")
        .and_where(Expr::col("gateway_id").eq(gateway))
        .and_where(Expr::col("revision").lte(revision))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}
