use sea_query::{Expr, ExprTrait as _, Query};

use super::roles::role_permissions;
use crate::actor::{Administrator, Principal};
use crate::db::{DbError, Tx};
use crate::error::Result;
use crate::id::{DeviceId, RoleId, SessionId, UserId};
use crate::identity::model::UserStatus;
use crate::identity::token::Token;
use crate::runtime::Timestamp;

/// The person behind a session token, if the session and the person are good now.
pub(in crate::identity) async fn session_principal(
    tx: &mut Tx,
    token: &Token,
    now: Timestamp,
) -> Result<Option<Principal>> {
    let query = Query::select()
        .columns([("sessions", "token_hash"), ("sessions", "user_id"), ("users", "role_id")])
        .from("sessions")
        .inner_join("users", Expr::col(("users", "id")).equals(("sessions", "user_id")))
        .and_where(Expr::col(("sessions", "id")).eq(token.id))
        .and_where(Expr::col(("sessions", "revoked_at")).is_null())
        .and_where(Expr::col(("sessions", "expires_at")).gt(now))
        .and_where(Expr::col(("users", "status")).eq(UserStatus::Active.as_str()))
        .and_where(Expr::col(("users", "live")).eq(1_i64))
        .to_owned();
    let Some(row) = tx.optional(&query).await? else { return Ok(None) };
    if !token.matches(&row.bytes("token_hash")?) {
        return Ok(None);
    }
    let user = UserId::from_uuid(row.uuid("user_id")?);
    let permissions = role_permissions(tx, RoleId::from_uuid(row.uuid("role_id")?)).await?;
    let administrator = match administrator_by_group(tx, user).await? {
        true => Administrator::Yes,
        false => Administrator::No,
    };
    Ok(Some(Principal::user(user, SessionId::from_uuid(token.id), permissions, administrator)))
}

/// The device behind a device token, if the device and its person are good now.
pub(in crate::identity) async fn device_principal(
    tx: &mut Tx,
    token: &Token,
    now: Timestamp,
) -> Result<Option<Principal>> {
    let query = Query::select()
        .columns([("devices", "token_hash"), ("devices", "user_id"), ("devices", "expires_at")])
        .from("devices")
        .inner_join("users", Expr::col(("users", "id")).equals(("devices", "user_id")))
        .and_where(Expr::col(("devices", "id")).eq(token.id))
        .and_where(Expr::col(("devices", "status")).eq("active"))
        .and_where(Expr::col(("devices", "live")).eq(1_i64))
        .and_where(Expr::col(("users", "status")).eq(UserStatus::Active.as_str()))
        .and_where(Expr::col(("users", "live")).eq(1_i64))
        .to_owned();
    let Some(row) = tx.optional(&query).await? else { return Ok(None) };
    let expired = row.opt_time("expires_at")?.is_some_and(|expires| expires <= now);
    if expired || !token.matches(&row.bytes("token_hash")?) {
        return Ok(None);
    }
    let device = DeviceId::from_uuid(token.id);
    Ok(Some(Principal::device(device, UserId::from_uuid(row.uuid("user_id")?))))
}

async fn administrator_by_group(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let query = Query::select()
        .column(("groups", "id"))
        .from("group_memberships")
        .inner_join("groups", Expr::col(("groups", "id")).equals(("group_memberships", "group_id")))
        .and_where(Expr::col(("group_memberships", "user_id")).eq(user))
        .and_where(Expr::col(("groups", "is_administrator")).eq(1_i64))
        .and_where(Expr::col(("groups", "live")).eq(1_i64))
        .limit(1)
        .to_owned();
    Ok(tx.optional(&query).await?.is_some())
}
