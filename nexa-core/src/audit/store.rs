use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use uuid::Uuid;

use super::mac::{Hash, Seal, row_mac};
use super::model::{AuditFilter, AuditRecord, NewRecord, StoredRecord};
use crate::actor::{Actor, Authorized, RequestContext, Right, right};
use crate::db::{DbError, Owner, Row, Tx, insert_row, ip_bytes, within};
use crate::id::{AuditId, DeviceId, UserId};
use crate::page::Cursor;
use crate::runtime::Timestamp;
use crate::sealed::OpenKey;

const LOGS: &str = "audit_logs";
const SEALS: &str = "audit_seals";
const LEASES: &str = "leases";
/// The lease of whoever makes the seals.
const SEALING: &str = "audit";

/// Who did it, and from where.
pub(crate) struct By<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) context: &'a RequestContext,
    /// What vouches for the row.
    pub(crate) key: &'a OpenKey,
}

pub(crate) async fn insert(
    tx: &mut Tx,
    id: Uuid,
    by: &By<'_>,
    entry: &NewRecord,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = row_to_store(id, by, entry, now);
    let record = &row.record;
    let statement = insert_row(
        LOGS,
        [
            ("id", id.into()),
            ("actor", record.actor.clone().into()),
            ("actor_user_id", record.actor_user_id.into()),
            ("actor_device_id", record.actor_device_id.into()),
            ("event_type", entry.event_type.into()),
            ("entity_type", entry.entity_type.into()),
            ("entity_id", entry.entity_id.into()),
            ("status", entry.status.as_str().into()),
            ("ip_address", record.ip_address.map(ip_bytes).into()),
            ("request_id", record.request_id.clone().into()),
            ("message", entry.message.clone().into()),
            ("metadata", row.metadata.into()),
            ("created_at", now.into()),
            ("data_key", row.data_key.into()),
            ("mac", row.mac.into()),
        ],
    );
    tx.later(&statement, 1).await
}

fn row_to_store(id: Uuid, by: &By<'_>, entry: &NewRecord, now: Timestamp) -> StoredRecord {
    let record = AuditRecord {
        id: AuditId::from_uuid(id),
        actor: by.actor.describe(),
        actor_user_id: by.actor.user(),
        actor_device_id: by.actor.device(),
        event_type: entry.event_type.to_owned(),
        entity_type: entry.entity_type.to_owned(),
        entity_id: entry.entity_id,
        status: entry.status,
        ip_address: by.context.source_ip,
        request_id: by.context.request_id.clone(),
        message: entry.message.clone(),
        created_at: now,
        seal: None,
    };
    let mut row = StoredRecord { record, metadata: "{}".to_owned(), data_key: by.key.id, mac: Vec::new() };
    row.mac = row_mac(by.key.expose(), &row).to_vec();
    row
}

/// Takes a row back that was put there in the same transaction.
pub(crate) async fn take_back(tx: &mut Tx, id: Uuid) -> Result<(), DbError> {
    tx.execute(Query::delete().from_table(LOGS).and_where(Expr::col("id").eq(id))).await.map(drop)
}

pub(crate) async fn is_there(tx: &mut Tx, id: Uuid) -> Result<bool, DbError> {
    let query = Query::select().column("id").from(LOGS).and_where(Expr::col("id").eq(id)).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// The newest rows first, from before `after`.
pub(super) async fn list(
    tx: &mut Tx,
    authorized: &Authorized<right::AuditRead>,
    filter: &AuditFilter,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<AuditRecord>, DbError> {
    let mut query = records();
    query.cond_where(within(authorized.scope(), Owner::NoOne)).order_by("id", Order::Desc).limit(limit);
    narrow(&mut query, filter);
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").lt(*last));
    }
    Ok(tx
        .all(&query)
        .await?
        .iter()
        .map(stored)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|row| row.record)
        .collect())
}

fn narrow(query: &mut SelectStatement, filter: &AuditFilter) {
    let equal: [(&str, Option<sea_query::Value>); 7] = [
        ("actor_user_id", filter.actor_user_id.map(Into::into)),
        ("actor_device_id", filter.actor_device_id.map(Into::into)),
        ("event_type", filter.event_type.clone().map(Into::into)),
        ("entity_type", filter.entity_type.clone().map(Into::into)),
        ("entity_id", filter.entity_id.map(Into::into)),
        ("status", filter.status.map(|status| status.as_str().into())),
        ("request_id", filter.request_id.clone().map(Into::into)),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            query.and_where(Expr::col(column).eq(value));
        }
    }
    if let Some(since) = filter.since {
        query.and_where(Expr::col("created_at").gte(since));
    }
    if let Some(until) = filter.until {
        query.and_where(Expr::col("created_at").lt(until));
    }
}

/// Rows with what vouches for them, the oldest first, from after `after`.
pub(super) async fn export(
    tx: &mut Tx,
    authorized: &Authorized<right::AuditRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<StoredRecord>, DbError> {
    let mut query = records();
    query.cond_where(within(authorized.scope(), Owner::NoOne)).order_by("id", Order::Asc).limit(limit);
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").gt(*last));
    }
    tx.all(&query).await?.iter().map(stored).collect()
}

/// The rows of a seal in the order of their ids; those of none when there is no number, from after a row.
pub(super) async fn rows_of(
    tx: &mut Tx,
    seal: Option<i64>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<StoredRecord>, DbError> {
    let mut query = records();
    query.and_where(match seal {
        Some(seq) => Expr::col("seal").eq(seq),
        None => Expr::col("seal").is_null(),
    });
    if let Some(after) = after {
        query.and_where(Expr::col("id").gt(after));
    }
    query.order_by("id", Order::Asc).limit(limit);
    tx.all(&query).await?.iter().map(stored).collect()
}

pub(super) async fn count_rows(tx: &mut Tx) -> Result<i64, DbError> {
    let query = Query::select().expr_as(Expr::col("id").count(), "rows").from(LOGS).to_owned();
    tx.optional(&query).await?.map_or(Ok(0), |row| row.number("rows"))
}

/// Whether a row waits for its seal.
pub(super) async fn has_unsealed(tx: &mut Tx) -> Result<bool, DbError> {
    let query =
        Query::select().column("id").from(LOGS).and_where(Expr::col("seal").is_null()).limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// Marks these rows as sealed; how many there were.
pub(super) async fn mark_sealed(tx: &mut Tx, rows: &[Uuid], seq: i64) -> Result<u64, DbError> {
    let statement = Query::update()
        .table(LOGS)
        .value("seal", seq)
        .and_where(Expr::col("seal").is_null())
        .and_where(Expr::col("id").is_in(rows.iter().copied()))
        .to_owned();
    tx.execute(&statement).await
}

pub(super) async fn insert_seal(tx: &mut Tx, seal: &Seal) -> Result<(), DbError> {
    let statement = insert_row(
        SEALS,
        [
            ("seq", seal.seq.into()),
            ("row_count", seal.row_count.into()),
            ("hash", seal.hash.to_vec().into()),
            ("data_key", seal.data_key.into()),
            ("mac", seal.mac.clone().into()),
            ("created_at", seal.created_at.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// Seals in order, from after this number.
pub(super) async fn seals(tx: &mut Tx, after: i64, limit: u64) -> Result<Vec<Seal>, DbError> {
    let query =
        all_seals().and_where(Expr::col("seq").gt(after)).order_by("seq", Order::Asc).limit(limit).to_owned();
    tx.all(&query).await?.iter().map(seal).collect()
}

pub(super) async fn last_seal(tx: &mut Tx) -> Result<Option<Seal>, DbError> {
    let query = all_seals().order_by("seq", Order::Desc).limit(1).to_owned();
    tx.optional(&query).await?.as_ref().map(seal).transpose()
}

/// The last of the seals before the first that was not made before this moment, and at most so many after the oldest. One that
/// was made while a clock was behind does not make those before it older than they are.
pub(super) async fn last_seal_before(
    tx: &mut Tx,
    moment: Timestamp,
    most: Option<i64>,
) -> Result<Option<Seal>, DbError> {
    let Some(oldest) = seals(tx, 0, 1).await?.pop() else { return Ok(None) };
    let later = all_seals()
        .and_where(Expr::col("created_at").gte(moment))
        .order_by("seq", Order::Asc)
        .limit(1)
        .to_owned();
    let later = tx.optional(&later).await?.as_ref().map(seal).transpose()?;
    let mut query = all_seals();
    if let Some(later) = later {
        query.and_where(Expr::col("seq").lt(later.seq));
    }
    if let Some(most) = most {
        query.and_where(Expr::col("seq").lte(oldest.seq.saturating_add(most)));
    }
    query.order_by("seq", Order::Desc).limit(1);
    tx.optional(&query).await?.as_ref().map(seal).transpose()
}

/// Makes others who seal or prune wait until the transaction ends.
pub(super) async fn lock_chain(tx: &mut Tx) -> Result<(), DbError> {
    let statement = Query::update()
        .table(LEASES)
        .value("expires_at", Expr::col("expires_at"))
        .and_where(Expr::col("name").eq(SEALING))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Deletes the rows of a seal and of those before it, and those before it; how many rows it was.
pub(super) async fn delete_up_to(
    tx: &mut Tx,
    _authorized: &Authorized<right::AuditPrune>,
    seq: i64,
) -> Result<u64, DbError> {
    let rows = tx.execute(Query::delete().from_table(LOGS).and_where(Expr::col("seal").lte(seq))).await?;
    tx.execute(Query::delete().from_table(SEALS).and_where(Expr::col("seq").lt(seq))).await?;
    Ok(rows)
}

pub(super) async fn make_checkpoint(
    tx: &mut Tx,
    _authorized: &Authorized<right::AuditPrune>,
    seq: i64,
    (pruned_rows, mac): (i64, &Hash),
) -> Result<(), DbError> {
    let statement = Query::update()
        .table(SEALS)
        .value("pruned_rows", pruned_rows)
        .value("checkpoint_mac", mac.to_vec())
        .and_where(Expr::col("seq").eq(seq))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// How many rows were pruned up to the oldest seal.
pub(super) async fn pruned_so_far(tx: &mut Tx) -> Result<i64, DbError> {
    let oldest = seals(tx, 0, 1).await?;
    Ok(oldest.first().and_then(|seal| seal.checkpoint.as_ref()).map_or(0, |(rows, _)| *rows))
}

/// How many rows the chain vouches for, with those that were pruned.
pub(super) async fn vouched_for<P: Right>(tx: &mut Tx, _authorized: &Authorized<P>) -> Result<i64, DbError> {
    let query = Query::select()
        .expr_as(Expr::col("id").count(), "rows")
        .from(LOGS)
        .and_where(Expr::col("seal").is_not_null())
        .to_owned();
    let sealed = tx.optional(&query).await?.map_or(Ok(0), |row| row.number("rows"))?;
    Ok(sealed + pruned_so_far(tx).await?)
}

/// Creates the lease that seals are made under, held by nobody.
pub(crate) async fn create_lease(tx: &mut Tx) -> Result<(), DbError> {
    let find =
        Query::select().column("name").from(LEASES).and_where(Expr::col("name").eq(SEALING)).to_owned();
    if tx.optional(&find).await?.is_none() {
        let lease = insert_row(
            LEASES,
            [("name", SEALING.into()), ("holder", Uuid::nil().into()), ("expires_at", 0_i64.into())],
        );
        tx.execute(&lease).await?;
    }
    Ok(())
}

/// Takes the lease, which then is locked until the transaction ends; from somebody else only when `free` says that it has
/// ended. False when it is somebody else's.
pub(super) async fn take_lease(
    tx: &mut Tx,
    holder: Uuid,
    until: Timestamp,
    free: Option<sea_query::Condition>,
) -> Result<bool, DbError> {
    let mut statement = Query::update();
    statement
        .table(LEASES)
        .value("holder", holder)
        .value("expires_at", until)
        .and_where(Expr::col("name").eq(SEALING));
    if let Some(free) = free {
        statement.cond_where(free);
    }
    Ok(tx.execute(&statement).await? == 1)
}

/// A lease is this holder's, or over, or so long that a clock has gone back since.
pub(super) fn is_free(holder: Uuid, now: Timestamp, longest: Timestamp) -> sea_query::Condition {
    sea_query::Condition::any()
        .add(Expr::col("holder").eq(holder))
        .add(Expr::col("expires_at").lte(now))
        .add(Expr::col("expires_at").gt(longest))
}

fn records() -> SelectStatement {
    Query::select()
        .columns([
            "id",
            "actor",
            "actor_user_id",
            "actor_device_id",
            "event_type",
            "entity_type",
            "entity_id",
        ])
        .columns(["status", "ip_address", "request_id", "message", "metadata", "created_at"])
        .columns(["data_key", "mac", "seal"])
        .from(LOGS)
        .to_owned()
}

fn stored(row: &Row) -> Result<StoredRecord, DbError> {
    let record = AuditRecord {
        id: AuditId::from_uuid(row.uuid("id")?),
        actor: row.text("actor")?,
        actor_user_id: row.opt_uuid("actor_user_id")?.map(UserId::from_uuid),
        actor_device_id: row.opt_uuid("actor_device_id")?.map(DeviceId::from_uuid),
        event_type: row.text("event_type")?,
        entity_type: row.text("entity_type")?,
        entity_id: row.opt_uuid("entity_id")?,
        status: row.parsed("status")?,
        ip_address: row.opt_ip("ip_address")?,
        request_id: row.opt_text("request_id")?,
        message: row.text("message")?,
        created_at: row.time("created_at")?,
        seal: row.opt_number("seal")?,
    };
    Ok(StoredRecord {
        record,
        metadata: row.text("metadata")?,
        data_key: row.number("data_key")?,
        mac: row.bytes("mac")?,
    })
}

fn all_seals() -> SelectStatement {
    Query::select()
        .columns([
            "seq",
            "row_count",
            "hash",
            "data_key",
            "mac",
            "created_at",
            "pruned_rows",
            "checkpoint_mac",
        ])
        .from(SEALS)
        .to_owned()
}

fn seal(row: &Row) -> Result<Seal, DbError> {
    let hash = Hash::try_from(row.bytes("hash")?);
    let checkpoint = match (row.opt_number("pruned_rows")?, row.opt_bytes("checkpoint_mac")?) {
        (Some(rows), Some(mac)) => Some((rows, mac)),
        _ => None,
    };
    Ok(Seal {
        seq: row.number("seq")?,
        row_count: row.number("row_count")?,
        hash: hash.map_err(|_| DbError::corrupt("audit_seals.hash", "is not 32 bytes"))?,
        created_at: row.time("created_at")?,
        data_key: row.number("data_key")?,
        mac: row.bytes("mac")?,
        checkpoint,
    })
}
