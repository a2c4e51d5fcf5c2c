use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use super::{AuditRecord, NewRecord};
use crate::actor::{Actor, Authorized, RequestContext, right};
use crate::db::{DbError, Owner, Row, Tx, insert_row, ip_bytes, within};
use crate::id::{AuditId, DeviceId, UserId};
use crate::page::Cursor;
use crate::runtime::Timestamp;

pub(crate) async fn insert(
    tx: &mut Tx,
    id: Uuid,
    actor: &Actor,
    context: &RequestContext,
    entry: &NewRecord,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = insert_row(
        "audit_logs",
        [
            ("id", id.into()),
            ("actor", actor.describe().into()),
            ("actor_user_id", actor.user().into()),
            ("actor_device_id", actor.device().into()),
            ("event_type", entry.event_type.into()),
            ("entity_type", entry.entity_type.into()),
            ("entity_id", entry.entity_id.into()),
            ("status", entry.status.as_str().into()),
            ("ip_address", context.source_ip.map(ip_bytes).into()),
            ("request_id", context.request_id.clone().into()),
            ("message", entry.message.clone().into()),
            ("metadata", "{}".into()),
            ("created_at", now.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// Takes a row back that was put there in the same transaction.
pub(crate) async fn take_back(tx: &mut Tx, id: Uuid) -> Result<(), DbError> {
    tx.execute(Query::delete().from_table("audit_logs").and_where(Expr::col("id").eq(id))).await.map(drop)
}

/// The newest rows first, from before `after`.
pub(super) async fn list(
    tx: &mut Tx,
    authorized: &Authorized<right::AuditRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<AuditRecord>, DbError> {
    let mut query = Query::select();
    query
        .columns([
            "id",
            "actor",
            "actor_user_id",
            "actor_device_id",
            "event_type",
            "entity_type",
            "entity_id",
        ])
        .columns(["status", "ip_address", "request_id", "message", "created_at"])
        .from("audit_logs")
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .order_by("id", Order::Desc)
        .limit(limit);
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").lt(*last));
    }
    tx.all(&query).await?.iter().map(record).collect()
}

fn record(row: &Row) -> Result<AuditRecord, DbError> {
    Ok(AuditRecord {
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
    })
}
