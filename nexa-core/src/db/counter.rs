//! Numbers that go up and are never given twice.

use sea_query::{Expr, ExprTrait as _, Query};

use super::{DbError, Tx, insert_row};

/// Positions in the outbox, from 1. No change takes one: whoever reads gives them.
pub(crate) const EVENTS: &str = "events.position";
/// `uidNumber` of people, from 2000.
pub(crate) const UID: &str = "users.uid_number";
/// `gidNumber` of groups that are not built in, from 2002.
pub(crate) const GID: &str = "groups.gid_number";

/// Changes of the set of pools, from 1: whoever has taken the next one is alone in comparing pools.
pub(crate) const POOLS: &str = "ip_pools.changes";

/// Changes of who has administrator rights, from 1, for the same reason.
pub(crate) const ADMINISTRATORS: &str = "users.administrators";

/// Changes of what policies say and of whom they are about, from 1: whoever has taken the next one is alone in testing them.
pub(crate) const POLICIES: &str = "policies.changes";

/// Numbers of data keys, from 1.
pub(crate) const DATA_KEYS: &str = "data_keys.id";

/// Where each counter starts.
const STARTS: [(&str, i64); 7] =
    [(EVENTS, 1), (UID, 2000), (GID, 2002), (POOLS, 1), (ADMINISTRATORS, 1), (POLICIES, 1), (DATA_KEYS, 1)];

/// Takes the next number. The counter's row stays locked until the transaction ends.
pub(crate) async fn next(tx: &mut Tx, name: &'static str) -> Result<i64, DbError> {
    let step = Query::update()
        .table("counters")
        .value("next", Expr::col("next").add(1_i64))
        .and_where(Expr::col("name").eq(name))
        .to_owned();
    let read =
        Query::select().column("next").from("counters").and_where(Expr::col("name").eq(name)).to_owned();
    tx.execute(&step).await?;
    let row = tx.optional(&read).await?;
    let after =
        row.ok_or_else(|| DbError::corrupt("counters.name", format!("{name} is missing")))?.number("next")?;
    Ok(after - 1)
}

/// Says what the next number is, for who has taken one and then several more.
pub(crate) async fn set(tx: &mut Tx, name: &'static str, next: i64) -> Result<(), DbError> {
    let set = Query::update()
        .table("counters")
        .value("next", next)
        .and_where(Expr::col("name").eq(name))
        .to_owned();
    tx.execute(&set).await.map(drop)
}

/// Creates the counters that are missing.
pub(crate) async fn create_missing(tx: &mut Tx) -> Result<(), DbError> {
    for (name, start) in STARTS {
        let find =
            Query::select().column("next").from("counters").and_where(Expr::col("name").eq(name)).to_owned();
        if tx.optional(&find).await?.is_none() {
            tx.execute(&insert_row("counters", [("name", name.into()), ("next", start.into())])).await?;
        }
    }
    Ok(())
}
