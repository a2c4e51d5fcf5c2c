use sea_query::{Expr, ExprTrait as _, Query};

use super::call::Mark;
use super::record::{LIFETIME, Record};
use crate::actor::{Permission, Reach};
use crate::db::{DbError, Row, Tx, insert_row};
use crate::runtime::Timestamp;

const TABLE: &str = "idempotency_records";

/// Takes the key for this call; false when a call has it already. Another call with it waits here until this one ends.
pub(crate) async fn claim(tx: &mut Tx, mark: &Mark<'_>, now: Timestamp) -> Result<bool, DbError> {
    let statement = insert_row(
        TABLE,
        [
            ("actor", mark.actor.into()),
            ("method", mark.method.into()),
            ("key_hash", mark.key_hash.to_vec().into()),
            ("input_mac", mark.input_mac.to_vec().into()),
            ("version", super::call::VERSION.into()),
            ("created_at", now.into()),
            ("expires_at", now.saturating_add(LIFETIME).into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(true),
        // Actor, method and key are the table's primary key, the only thing that is unique in it.
        Err(DbError::Unique(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Keeps what the call answers.
pub(crate) async fn keep(
    tx: &mut Tx,
    mark: &Mark<'_>,
    checked: &[(Permission, Reach)],
    answer: Vec<u8>,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table(TABLE)
        .value("checked", rights_to_text(checked))
        .value("answer", answer)
        .cond_where(of(mark))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

pub(crate) async fn find(tx: &mut Tx, mark: &Mark<'_>) -> Result<Option<Record>, DbError> {
    let query = Query::select()
        .columns(["input_mac", "checked", "version", "answer", "expires_at"])
        .from(TABLE)
        .cond_where(of(mark))
        .to_owned();
    tx.optional(&query).await?.as_ref().map(record).transpose()
}

pub(crate) async fn forget(tx: &mut Tx, mark: &Mark<'_>) -> Result<(), DbError> {
    tx.execute(Query::delete().from_table(TABLE).cond_where(of(mark))).await.map(drop)
}

/// Forgets every call whose time is over.
pub(crate) async fn forget_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute(Query::delete().from_table(TABLE).and_where(Expr::col("expires_at").lte(now))).await
}

fn of(mark: &Mark<'_>) -> sea_query::Condition {
    sea_query::Condition::all()
        .add(Expr::col("actor").eq(mark.actor))
        .add(Expr::col("method").eq(mark.method))
        .add(Expr::col("key_hash").eq(mark.key_hash.to_vec()))
}

fn record(row: &Row) -> Result<Record, DbError> {
    Ok(Record {
        input_mac: row.bytes("input_mac")?,
        checked: rights_from_text(&row.opt_text("checked")?.unwrap_or_default())?,
        version: row.text("version")?,
        answer: row.bytes("answer")?,
        expires_at: row.time("expires_at")?,
    })
}

/// `devices.enrol=own,users.read=all`
fn rights_to_text(rights: &[(Permission, Reach)]) -> String {
    let words =
        rights.iter().map(|(permission, reach)| format!("{}={}", permission.as_str(), reach.as_str()));
    words.collect::<Vec<_>>().join(",")
}

fn rights_from_text(text: &str) -> Result<Vec<(Permission, Reach)>, DbError> {
    let corrupt = || DbError::corrupt("idempotency_records.checked", "lists something that is no right");
    let words = text.split(',').filter(|word| !word.is_empty()).map(|word| {
        let (permission, reach) = word.split_once('=').ok_or_else(corrupt)?;
        Ok((permission.parse().map_err(|_| corrupt())?, reach.parse().map_err(|_| corrupt())?))
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_back_from_their_text() {
        let rights = [(Permission::DevicesEnrol, Reach::Own), (Permission::UsersRead, Reach::All)];
        assert_eq!(rights_from_text(&rights_to_text(&rights)).unwrap(), rights);
        assert_eq!(rights_from_text("").unwrap(), []);
        for damaged in ["users.read", "users.read=some", "none=all", "users.read=all,,x"] {
            assert!(rights_from_text(damaged).is_err(), "{damaged}");
        }
    }
}
