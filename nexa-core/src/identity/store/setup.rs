use sea_query::{Condition, Expr, ExprTrait as _, Query};

use crate::db::{DbError, Tx, insert_row};
use crate::error::Result;
use crate::identity::token::Token;
use crate::runtime::Timestamp;

pub(in crate::identity) async fn insert_setup_token(
    tx: &mut Tx,
    token: &Token,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let statement = insert_row(
        "one_time_tokens",
        [
            ("id", token.id.into()),
            ("purpose", "setup".into()),
            ("token_hash", token.hash().into()),
            ("created_at", now.into()),
            ("expires_at", expires_at.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// Whether a setup token could be used now.
pub(in crate::identity) async fn setup_token_is_good(
    tx: &mut Tx,
    token: &Token,
    now: Timestamp,
) -> Result<bool, DbError> {
    let query = Query::select()
        .column("id")
        .from("one_time_tokens")
        .cond_where(good_setup_token(token, now))
        .to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// Marks a setup token as used; false when it is unknown, expired or was used before.
pub(in crate::identity) async fn use_setup_token(
    tx: &mut Tx,
    token: &Token,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table("one_time_tokens")
        .value("used_at", now)
        .cond_where(good_setup_token(token, now))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

fn good_setup_token(token: &Token, now: Timestamp) -> Condition {
    Condition::all()
        .add(Expr::col("id").eq(token.id))
        .add(Expr::col("purpose").eq("setup"))
        .add(Expr::col("token_hash").eq(token.hash()))
        .add(Expr::col("expires_at").gt(now))
        .add(Expr::col("used_at").is_null())
}

/// Makes every setup token that was not used worthless.
pub(in crate::identity) async fn expire_setup_tokens(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    let statement = Query::update()
        .table("one_time_tokens")
        .value("used_at", now)
        .and_where(Expr::col("purpose").eq("setup"))
        .and_where(Expr::col("used_at").is_null())
        .to_owned();
    tx.execute(&statement).await.map(drop)
}
