use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use super::Event;
use crate::actor::{Authorized, right};
use crate::db::{DbError, Owner, Row, Tx, counter, insert_row, within};
use crate::runtime::Timestamp;

/// Appends one event. Its position comes from a counter that stays locked until the transaction ends.
pub(crate) async fn append(
    tx: &mut Tx,
    event_type: &str,
    entity_type: &str,
    entity_id: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let position = counter::next(tx, counter::EVENTS).await?;
    let statement = insert_row(
        "events",
        [
            ("position", position.into()),
            ("event_type", event_type.into()),
            ("entity_type", entity_type.into()),
            ("entity_id", entity_id.into()),
            ("created_at", now.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

pub(super) async fn after(
    tx: &mut Tx,
    authorized: &Authorized<right::EventsRead>,
    position: i64,
    limit: u64,
) -> Result<Vec<Event>, DbError> {
    let query = Query::select()
        .columns(["position", "event_type", "entity_type", "entity_id", "created_at"])
        .from("events")
        .and_where(Expr::col("position").gt(position))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .order_by("position", Order::Asc)
        .limit(limit)
        .to_owned();
    tx.all(&query).await?.iter().map(event).collect()
}

fn event(row: &Row) -> Result<Event, DbError> {
    Ok(Event {
        position: row.number("position")?,
        event_type: row.text("event_type")?,
        entity_type: row.text("entity_type")?,
        entity_id: row.uuid("entity_id")?,
        created_at: row.time("created_at")?,
    })
}
