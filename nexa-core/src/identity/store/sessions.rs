use sea_query::{Expr, ExprTrait as _, Query};

use crate::actor::{Authorized, right};
use crate::db::{DbError, Owner, Tx, insert_row, ip_bytes, within};
use crate::error::Result;
use crate::id::{SessionId, UserId};
use crate::identity::model::UserStatus;
use crate::identity::token::Token;
use crate::runtime::Timestamp;
use crate::secret::Secret;

/// What sign-in needs to know of a person who may sign in.
pub(in crate::identity) struct StoredPassword {
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) hash: Secret<String>,
}

pub(in crate::identity) async fn stored_password(
    tx: &mut Tx,
    _authorized: &Authorized<right::SessionsCreate>,
    username_key: &str,
) -> Result<Option<StoredPassword>, DbError> {
    let query = Query::select()
        .columns(["id", "password_hash"])
        .from("users")
        .and_where(Expr::col("username_key").eq(username_key))
        .and_where(Expr::col("live").eq(1_i64))
        .and_where(Expr::col("status").eq(UserStatus::Active.as_str()))
        .and_where(Expr::col("password_hash").is_not_null())
        .to_owned();
    let Some(row) = tx.optional(&query).await? else { return Ok(None) };
    Ok(Some(StoredPassword {
        user: UserId::from_uuid(row.uuid("id")?),
        hash: Secret::new(row.text("password_hash")?),
    }))
}

/// Notes a sign-in; false when the person was suspended or the password changed since it was verified.
pub(in crate::identity) async fn touch_login(
    tx: &mut Tx,
    _authorized: &Authorized<right::SessionsCreate>,
    verified: &StoredPassword,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table("users")
        .value("last_login_at", now)
        .and_where(Expr::col("id").eq(verified.user))
        .and_where(Expr::col("live").eq(1_i64))
        .and_where(Expr::col("status").eq(UserStatus::Active.as_str()))
        .and_where(Expr::col("password_hash").eq(verified.hash.expose().as_str()))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// Where a session's caller was, for the session list.
pub(in crate::identity) struct SessionRow<'a> {
    pub(in crate::identity) token: &'a Token,
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) ip_address: Option<std::net::IpAddr>,
    pub(in crate::identity) user_agent: Option<String>,
    pub(in crate::identity) expires_at: Timestamp,
}

pub(in crate::identity) async fn insert_session(
    tx: &mut Tx,
    _authorized: &Authorized<right::SessionsCreate>,
    row: SessionRow<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = insert_row(
        "sessions",
        [
            ("id", row.token.id.into()),
            ("user_id", row.user.into()),
            ("token_hash", row.token.hash().into()),
            ("ip_address", row.ip_address.map(ip_bytes).into()),
            ("user_agent", row.user_agent.into()),
            ("last_seen_at", now.into()),
            ("expires_at", row.expires_at.into()),
            ("created_at", now.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// Ends one session; false when the caller has no such session that is still open.
pub(in crate::identity) async fn revoke_session(
    tx: &mut Tx,
    authorized: &Authorized<right::SessionsRevoke>,
    session: SessionId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = Query::update()
        .table("sessions")
        .value("revoked_at", now)
        .and_where(Expr::col("id").eq(session))
        .and_where(Expr::col("revoked_at").is_null())
        .cond_where(within(authorized.scope(), Owner::User("user_id")))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// Ends every session of a person.
pub(in crate::identity) async fn revoke_sessions_of(
    tx: &mut Tx,
    _authorized: &Authorized<right::UsersSuspend>,
    user: UserId,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("sessions")
        .value("revoked_at", now)
        .and_where(Expr::col("user_id").eq(user))
        .and_where(Expr::col("revoked_at").is_null())
        .to_owned();
    tx.execute(&statement).await.map(drop)
}
