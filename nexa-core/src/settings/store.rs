use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use super::model::Definition;
use crate::actor::{Authorized, right};
use crate::db::{DbError, Row, Tx, insert_row};
use crate::runtime::Timestamp;

const TABLE: &str = "settings";

/// A setting that somebody decided.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) category: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) updated_at: Timestamp,
}

/// Every one of them, in the order of their names.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Stored>, DbError> {
    let query = Query::select()
        .columns(["category", "key", "value", "updated_at"])
        .from(TABLE)
        .order_by("category", Order::Asc)
        .order_by("key", Order::Asc)
        .to_owned();
    tx.all(&query).await?.iter().map(stored).collect()
}

/// Decides a setting, whether it was decided before or not.
pub(super) async fn set(
    tx: &mut Tx,
    _authorized: &Authorized<right::SettingsWrite>,
    (id, of): (Uuid, &Definition),
    value: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let update = Query::update()
        .table(TABLE)
        .value("value", value)
        .value("updated_at", now)
        .cond_where(is(of))
        .to_owned();
    if tx.execute(&update).await? > 0 {
        return Ok(());
    }
    let insert = insert_row(
        TABLE,
        [
            ("id", id.into()),
            ("category", of.category.into()),
            ("key", of.key.into()),
            ("value", value.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
        ],
    );
    match tx.execute(&insert).await {
        Ok(_) => Ok(()),
        // Somebody else decided it at the same moment; this one comes after.
        Err(DbError::Unique(columns)) => Err(DbError::Contended(columns)),
        Err(other) => Err(other),
    }
}

/// Takes back what was decided; false when nothing was.
pub(super) async fn reset(
    tx: &mut Tx,
    _authorized: &Authorized<right::SettingsWrite>,
    of: &Definition,
) -> Result<bool, DbError> {
    Ok(tx.execute(Query::delete().from_table(TABLE).cond_where(is(of))).await? > 0)
}

fn is(of: &Definition) -> sea_query::Condition {
    sea_query::Condition::all().add(Expr::col("category").eq(of.category)).add(Expr::col("key").eq(of.key))
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        category: row.text("category")?,
        key: row.text("key")?,
        value: row.text("value")?,
        updated_at: row.time("updated_at")?,
    })
}
