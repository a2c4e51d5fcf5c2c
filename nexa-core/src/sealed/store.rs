use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use uuid::Uuid;

use super::column::Column;
use super::model::{DataKeyRecord, Purpose};
use super::provider::WrappedKey;
use crate::actor::{Authorized, Right, right};
use crate::db::{DbError, Row, Tx, insert_row};
use crate::runtime::Timestamp;

const TABLE: &str = "data_keys";

/// A data key as it is stored.
pub(super) struct StoredKey {
    pub(super) record: DataKeyRecord,
    pub(super) wrapped: WrappedKey,
}

pub(super) async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<(), DbError> {
    let statement = insert_row(
        TABLE,
        [
            ("id", key.record.id.into()),
            ("purpose", key.record.purpose.as_str().into()),
            ("wrapped_by", key.wrapped.by.clone().into()),
            ("wrapped", key.wrapped.bytes.clone().into()),
            ("active", 1_i64.into()),
            ("created_at", key.record.created_at.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// Whether there is any data key.
pub(super) async fn has_keys(tx: &mut Tx) -> Result<bool, DbError> {
    let query = Query::select().column("id").from(TABLE).limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// Every data key, in the order of their numbers.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<StoredKey>, DbError> {
    tx.all(&keys().order_by("id", Order::Asc).to_owned()).await?.iter().map(stored).collect()
}

pub(super) async fn find(tx: &mut Tx, id: i64) -> Result<Option<StoredKey>, DbError> {
    let query = keys().and_where(Expr::col("id").eq(id)).to_owned();
    tx.optional(&query).await?.as_ref().map(stored).transpose()
}

/// The number of the key that new values of a purpose are sealed under.
pub(super) async fn active(tx: &mut Tx, purpose: Purpose) -> Result<Option<i64>, DbError> {
    let query = Query::select()
        .column("id")
        .from(TABLE)
        .and_where(Expr::col("purpose").eq(purpose.as_str()))
        .and_where(Expr::col("active").eq(1_i64))
        .to_owned();
    tx.optional(&query).await?.map(|row| row.number("id")).transpose()
}

/// For a caller who may see all of them.
pub(super) async fn list(
    tx: &mut Tx,
    _authorized: &Authorized<right::KeysRead>,
) -> Result<Vec<DataKeyRecord>, DbError> {
    Ok(all(tx).await?.into_iter().map(|key| key.record).collect())
}

/// Retires the active key of a purpose; false when there is none.
pub(super) async fn retire(
    tx: &mut Tx,
    _authorized: &Authorized<right::KeysRotate>,
    purpose: Purpose,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table(TABLE)
        .value("active", Option::<i64>::None)
        .value("retired_at", now)
        .and_where(Expr::col("purpose").eq(purpose.as_str()))
        .and_where(Expr::col("active").eq(1_i64))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// Puts another wrapping in the place of the one that was read; false when it is not there any more.
pub(super) async fn rewrap(
    tx: &mut Tx,
    _authorized: &Authorized<right::KeysRotate>,
    key: &StoredKey,
    wrapped: &WrappedKey,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table(TABLE)
        .value("wrapped_by", wrapped.by.clone())
        .value("wrapped", wrapped.bytes.clone())
        .and_where(Expr::col("id").eq(key.record.id))
        .and_where(Expr::col("wrapped").eq(key.wrapped.bytes.clone()))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// Deletes a key that is retired.
pub(super) async fn delete(
    tx: &mut Tx,
    _authorized: &Authorized<right::KeysRotate>,
    id: i64,
) -> Result<bool, DbError> {
    let statement = Query::delete()
        .from_table(TABLE)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("active").is_null())
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// Sealed values of a column with their rows, in the order of those.
pub(super) async fn values<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    column: &Column,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, Vec<u8>)>, DbError> {
    let mut query = Query::select();
    query
        .columns(["id", column.column])
        .from(column.table)
        .and_where(Expr::col(column.column).is_not_null())
        .order_by("id", Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        query.and_where(Expr::col("id").gt(after));
    }
    let value = |row: &Row| Ok((row.uuid("id")?, row.bytes(column.column)?));
    tx.all(&query).await?.iter().map(value).collect()
}

/// Puts a value in the place of the one that was read; false when that is not there any more.
pub(super) async fn replace(
    tx: &mut Tx,
    _authorized: &Authorized<right::KeysRotate>,
    column: &Column,
    row: Uuid,
    (old, new): (&[u8], Vec<u8>),
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table(column.table)
        .value(column.column, new)
        .and_where(Expr::col("id").eq(row))
        .and_where(Expr::col(column.column).eq(old.to_vec()))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

fn keys() -> SelectStatement {
    Query::select()
        .columns(["id", "purpose", "wrapped_by", "wrapped", "created_at", "retired_at"])
        .from(TABLE)
        .to_owned()
}

fn stored(row: &Row) -> Result<StoredKey, DbError> {
    let wrapped = WrappedKey { by: row.text("wrapped_by")?, bytes: row.bytes("wrapped")? };
    let record = DataKeyRecord {
        id: row.number("id")?,
        purpose: row.parsed("purpose")?,
        wrapped_by: wrapped.by.clone(),
        created_at: row.time("created_at")?,
        retired_at: row.opt_time("retired_at")?,
    };
    Ok(StoredKey { record, wrapped })
}
