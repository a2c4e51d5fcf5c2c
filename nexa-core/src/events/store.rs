use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use super::Event;
use crate::actor::{Authorized, right};
use crate::db::{DbError, Owner, Row, Tx, counter, insert_row, within};
use crate::runtime::Timestamp;

/// Events that get their positions in one transaction.
const BATCH: u64 = 1_000;

/// Appends one event under the id of its row in the audit, without a position yet.
pub(crate) async fn append(
    tx: &mut Tx,
    id: Uuid,
    (event_type, entity_type, entity_id): (&str, &str, Uuid),
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = insert_row(
        "events",
        [
            ("id", id.into()),
            ("event_type", event_type.into()),
            ("entity_type", entity_type.into()),
            ("entity_id", entity_id.into()),
            ("created_at", now.into()),
        ],
    );
    tx.later(&statement, 1).await
}

/// Whether an event has no position.
pub(super) async fn has_unplaced(tx: &mut Tx) -> Result<bool, DbError> {
    let query = unplaced().limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

fn unplaced() -> sea_query::SelectStatement {
    Query::select().column("id").from("events").and_where(Expr::col("position").is_null()).to_owned()
}

/// Gives the next positions to events that have none, in the order of their ids; how many it were. The counter stays locked until
/// the transaction ends, so nobody else gives any meanwhile; on a cluster, where it is not, one of the two is refused at
/// its commit.
pub(super) async fn place(tx: &mut Tx) -> Result<u64, DbError> {
    let first = counter::next(tx, counter::EVENTS).await?;
    let rows = tx.all(&unplaced().order_by("id", Order::Asc).limit(BATCH).to_owned()).await?;
    let mut next = first;
    for row in &rows {
        let place = Query::update()
            .table("events")
            .value("position", next)
            .and_where(Expr::col("id").eq(row.uuid("id")?))
            .and_where(Expr::col("position").is_null())
            .to_owned();
        if tx.execute(&place).await? != 1 {
            return Err(DbError::Contended("another reader gave an event its position".to_owned()));
        }
        next += 1;
    }
    counter::set(tx, counter::EVENTS, next).await?;
    Ok(u64::try_from(next - first).unwrap_or(0))
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
