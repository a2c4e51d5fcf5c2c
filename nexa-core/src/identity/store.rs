use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Condition, Expr, ExprTrait as _, Order, Query, SelectStatement};
use uuid::Uuid;

use super::bootstrap::{LDAPUSERS, SYSADMINS};
use super::error::IdentityError;
use super::model::{CheckedUser, Group, User, UserStatus};
use super::token::Token;
use crate::actor::{Administrator, Authorized, Permission, Principal, Reach, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, counter, insert_row, ip_bytes, within};
use crate::error::Result;
use crate::id::{DeviceId, GroupId, RoleId, SessionId, UserId};
use crate::name::Name;
use crate::page::Cursor;
use crate::runtime::Timestamp;
use crate::secret::Secret;

// ── who calls ──

/// The person behind a session token, if the session and the person are good now.
pub(super) async fn session_principal(
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
pub(super) async fn device_principal(
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

// ── roles ──

pub(super) async fn role_by_key(tx: &mut Tx, key: &str) -> Result<Option<RoleId>, DbError> {
    let query =
        Query::select().column("id").from("roles").and_where(Expr::col("name_key").eq(key)).to_owned();
    tx.optional(&query).await?.map(|row| row.uuid("id").map(RoleId::from_uuid)).transpose()
}

pub(super) async fn insert_role(
    tx: &mut Tx,
    id: RoleId,
    name: &Name,
    description: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = insert_row(
        "roles",
        [
            ("id", id.into()),
            ("name", name.text.clone().into()),
            ("name_key", name.key.clone().into()),
            ("description", description.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

/// What a role may do. A permission that this version does not know grants nothing.
pub(super) async fn role_permissions(
    tx: &mut Tx,
    role: RoleId,
) -> Result<BTreeMap<Permission, Reach>, DbError> {
    let query = Query::select()
        .columns(["permission", "scope"])
        .from("role_permissions")
        .and_where(Expr::col("role_id").eq(role))
        .to_owned();
    let mut permissions = BTreeMap::new();
    for row in tx.all(&query).await? {
        if let Ok(permission) = row.text("permission")?.parse() {
            permissions.insert(permission, row.parsed("scope")?);
        }
    }
    Ok(permissions)
}

pub(super) async fn insert_role_permission(
    tx: &mut Tx,
    role: RoleId,
    permission: Permission,
    reach: Reach,
) -> Result<(), DbError> {
    let statement = insert_row(
        "role_permissions",
        [
            ("role_id", role.into()),
            ("permission", permission.as_str().into()),
            ("scope", reach.as_str().into()),
        ],
    );
    tx.execute(&statement).await.map(drop)
}

// ── setup ──

pub(super) async fn insert_setup_token(
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
pub(super) async fn setup_token_is_good(tx: &mut Tx, token: &Token, now: Timestamp) -> Result<bool, DbError> {
    let query = Query::select()
        .column("id")
        .from("one_time_tokens")
        .cond_where(good_setup_token(token, now))
        .to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// Marks a setup token as used; false when it is unknown, expired or was used before.
pub(super) async fn use_setup_token(tx: &mut Tx, token: &Token, now: Timestamp) -> Result<bool, DbError> {
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
pub(super) async fn expire_setup_tokens(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    let statement = Query::update()
        .table("one_time_tokens")
        .value("used_at", now)
        .and_where(Expr::col("purpose").eq("setup"))
        .and_where(Expr::col("used_at").is_null())
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

// ── users ──

pub(super) async fn any_user(tx: &mut Tx) -> Result<bool, DbError> {
    let query = Query::select().column("id").from("users").limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// What a new user's row holds beside what the caller asked for.
pub(super) struct UserRow<'a> {
    pub(super) id: UserId,
    pub(super) user: &'a CheckedUser,
    pub(super) password_hash: Option<&'a Secret<String>>,
    pub(super) role: RoleId,
    pub(super) uid_number: i64,
}

pub(super) async fn insert_user<P: Right>(
    tx: &mut Tx,
    _authorized: &Authorized<P>,
    row: &UserRow<'_>,
    now: Timestamp,
) -> Result<()> {
    let UserRow { id, user, password_hash, role, uid_number } = row;
    let statement = insert_row(
        "users",
        [
            ("id", (*id).into()),
            ("role_id", (*role).into()),
            ("username", user.username.text.clone().into()),
            ("username_key", user.username.key.clone().into()),
            ("display_name", user.display_name.clone().into()),
            ("sn", user.sn.clone().into()),
            ("given_name", user.given_name.clone().into()),
            ("email", user.email.as_ref().map(|email| email.text.clone()).into()),
            ("email_key", user.email.as_ref().map(|email| email.key.clone()).into()),
            ("uid_number", (*uid_number).into()),
            ("home_directory", format!("/home/{}", user.username.key).into()),
            ("login_shell", "/bin/bash".into()),
            ("ssh_public_key", user.ssh_public_key.clone().into()),
            ("password_hash", password_hash.map(|hash| hash.expose().clone()).into()),
            ("status", UserStatus::Active.as_str().into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("users", "username_key") => {
            Err(IdentityError::UsernameTaken(user.username.text.clone()).into())
        }
        Err(taken) if taken.is_unique_on("users", "email_key") => Err(IdentityError::EmailTaken.into()),
        Err(other) => Err(other.into()),
    }
}

/// The next `uidNumber`.
pub(super) async fn next_uid(tx: &mut Tx) -> Result<i64, DbError> {
    counter::next(tx, counter::UID).await
}

pub(super) async fn get_user<P: Right>(tx: &mut Tx, authorized: &Authorized<P>, id: UserId) -> Result<User> {
    let query = users(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IdentityError::NoUser(id))?;
    Ok(user(&row)?)
}

pub(super) async fn list_users(
    tx: &mut Tx,
    authorized: &Authorized<right::UsersRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<User>, DbError> {
    let mut query = users(authorized.scope());
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").gt(*last));
    }
    query.order_by("id", Order::Asc).limit(limit);
    tx.all(&query).await?.iter().map(user).collect()
}

fn users(scope: Scope) -> SelectStatement {
    Query::select()
        .columns([
            "id",
            "username",
            "display_name",
            "sn",
            "given_name",
            "email",
            "uid_number",
            "home_directory",
        ])
        .columns(["login_shell", "ssh_public_key", "status", "role_id", "last_login_at", "created_at"])
        .from("users")
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(scope, Owner::User("id")))
        .to_owned()
}

fn user(row: &Row) -> Result<User, DbError> {
    Ok(User {
        id: UserId::from_uuid(row.uuid("id")?),
        username: row.text("username")?,
        display_name: row.text("display_name")?,
        sn: row.text("sn")?,
        given_name: row.text("given_name")?,
        email: row.opt_text("email")?,
        uid_number: row.number("uid_number")?,
        home_directory: row.text("home_directory")?,
        login_shell: row.text("login_shell")?,
        ssh_public_key: row.opt_text("ssh_public_key")?,
        status: row.parsed("status")?,
        role_id: RoleId::from_uuid(row.uuid("role_id")?),
        last_login_at: row.opt_time("last_login_at")?,
        created_at: row.time("created_at")?,
    })
}

/// Whether a living person may use the system; `None` when there is no such person.
pub(crate) async fn user_status(tx: &mut Tx, id: UserId) -> Result<Option<UserStatus>, DbError> {
    let query = Query::select()
        .column("status")
        .from("users")
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    tx.optional(&query).await?.map(|row| row.parsed("status")).transpose()
}

/// Refuses a person who is not there or may not use the system.
pub(crate) async fn require_active(tx: &mut Tx, id: UserId) -> Result<()> {
    match user_status(tx, id).await? {
        Some(UserStatus::Active) => Ok(()),
        Some(_) => Err(IdentityError::NotActive(id).into()),
        None => Err(IdentityError::NoUser(id).into()),
    }
}

pub(super) async fn set_status(
    tx: &mut Tx,
    authorized: &Authorized<right::UsersSuspend>,
    id: UserId,
    status: UserStatus,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = Query::update()
        .table("users")
        .value("status", status.as_str())
        .value("updated_at", now)
        .and_where(Expr::col("id").eq(id))
        .cond_where(within(authorized.scope(), Owner::User("id")))
        .to_owned();
    tx.execute(&statement).await.map(drop)
}

/// Every active person with administrator rights, by role or by group.
pub(super) async fn active_administrators(tx: &mut Tx) -> Result<BTreeSet<UserId>, DbError> {
    let active = |column: (&'static str, &'static str)| {
        let mut query = Query::select();
        query
            .column(column)
            .from("users")
            .and_where(Expr::col(("users", "status")).eq(UserStatus::Active.as_str()))
            .and_where(Expr::col(("users", "live")).eq(1_i64));
        query
    };
    let by_role = active(("users", "id"))
        .inner_join("roles", Expr::col(("roles", "id")).equals(("users", "role_id")))
        .and_where(Expr::col(("roles", "name_key")).eq("administrator"))
        .to_owned();
    let by_group = active(("users", "id"))
        .inner_join("group_memberships", Expr::col(("group_memberships", "user_id")).equals(("users", "id")))
        .inner_join("groups", Expr::col(("groups", "id")).equals(("group_memberships", "group_id")))
        .and_where(Expr::col(("groups", "is_administrator")).eq(1_i64))
        .and_where(Expr::col(("groups", "live")).eq(1_i64))
        .to_owned();
    let mut rows = tx.all(&by_role).await?;
    rows.extend(tx.all(&by_group).await?);
    rows.iter().map(|row| row.uuid("id").map(UserId::from_uuid)).collect()
}

// ── sessions ──

/// What sign-in needs to know of a person who may sign in.
pub(super) struct StoredPassword {
    pub(super) user: UserId,
    pub(super) hash: Secret<String>,
}

pub(super) async fn stored_password(
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
pub(super) async fn touch_login(
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
pub(super) struct SessionRow<'a> {
    pub(super) token: &'a Token,
    pub(super) user: UserId,
    pub(super) ip_address: Option<std::net::IpAddr>,
    pub(super) user_agent: Option<String>,
    pub(super) expires_at: Timestamp,
}

pub(super) async fn insert_session(
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
pub(super) async fn revoke_session(
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
pub(super) async fn revoke_sessions_of(
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

// ── groups ──

pub(super) async fn any_group(tx: &mut Tx) -> Result<bool, DbError> {
    let query = Query::select().column("id").from("groups").limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

pub(super) async fn insert_group(
    tx: &mut Tx,
    id: GroupId,
    gid_number: i64,
    name: &Name,
    description: &str,
    is_administrator: i64,
    now: Timestamp,
) -> Result<()> {
    let statement = insert_row(
        "groups",
        [
            ("id", id.into()),
            ("gid_number", gid_number.into()),
            ("name", name.text.clone().into()),
            ("name_key", name.key.clone().into()),
            ("description", description.into()),
            ("is_administrator", is_administrator.into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
            ("live", 1_i64.into()),
        ],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("groups", "name_key") => {
            Err(IdentityError::GroupNameTaken(name.text.clone()).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// The next `gidNumber` for a group that is not built in.
pub(super) async fn next_gid(tx: &mut Tx) -> Result<i64, DbError> {
    counter::next(tx, counter::GID).await
}

/// The two groups that every database has: everyone's, and the administrators'.
pub(super) async fn built_in_groups(tx: &mut Tx) -> Result<(GroupId, GroupId)> {
    let everyone = group_by_gid(tx, LDAPUSERS.1).await?;
    let administrators = group_by_gid(tx, SYSADMINS.1).await?;
    Ok((everyone, administrators))
}

async fn group_by_gid(tx: &mut Tx, gid_number: i64) -> Result<GroupId, DbError> {
    let query = Query::select()
        .column("id")
        .from("groups")
        .and_where(Expr::col("gid_number").eq(gid_number))
        .to_owned();
    let row = tx.optional(&query).await?;
    let row = row.ok_or_else(|| DbError::corrupt("groups.gid_number", format!("{gid_number} is missing")))?;
    row.uuid("id").map(GroupId::from_uuid)
}

pub(super) async fn get_group<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
    id: GroupId,
) -> Result<Group> {
    let query = groups(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IdentityError::NoGroup(id))?;
    Ok(group(&row)?)
}

pub(super) async fn list_groups(
    tx: &mut Tx,
    authorized: &Authorized<right::GroupsRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Group>, DbError> {
    let mut query = groups(authorized.scope());
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").gt(*last));
    }
    query.order_by("id", Order::Asc).limit(limit);
    tx.all(&query).await?.iter().map(group).collect()
}

fn groups(scope: Scope) -> SelectStatement {
    Query::select()
        .columns(["id", "gid_number", "name", "description", "is_administrator", "created_at"])
        .from("groups")
        .and_where(Expr::col("live").eq(1_i64))
        .cond_where(within(scope, Owner::NoOne))
        .to_owned()
}

fn group(row: &Row) -> Result<Group, DbError> {
    Ok(Group {
        id: GroupId::from_uuid(row.uuid("id")?),
        gid_number: row.number("gid_number")?,
        name: row.text("name")?,
        description: row.text("description")?,
        is_administrator: row.flag("is_administrator")?,
        created_at: row.time("created_at")?,
    })
}

pub(super) async fn insert_membership(
    tx: &mut Tx,
    id: Uuid,
    group: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    let statement = insert_row(
        "group_memberships",
        [("id", id.into()), ("group_id", group.into()), ("user_id", user.into()), ("created_at", now.into())],
    );
    match tx.execute(&statement).await {
        Ok(_) => Ok(()),
        Err(taken) if taken.is_unique_on("group_memberships", "user_id") => {
            Err(IdentityError::AlreadyMember.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes a person out of a group; false when they were not in it.
pub(super) async fn delete_membership(
    tx: &mut Tx,
    authorized: &Authorized<right::GroupsWrite>,
    group: GroupId,
    user: UserId,
) -> Result<bool, DbError> {
    let statement = Query::delete()
        .from_table("group_memberships")
        .and_where(Expr::col("group_id").eq(group))
        .and_where(Expr::col("user_id").eq(user))
        .cond_where(within(authorized.scope(), Owner::NoOne))
        .to_owned();
    Ok(tx.execute(&statement).await? == 1)
}

/// The living groups a person is in.
pub(crate) async fn groups_of(tx: &mut Tx, user: UserId) -> Result<BTreeSet<GroupId>, DbError> {
    let query = Query::select()
        .column(("groups", "id"))
        .from("group_memberships")
        .inner_join("groups", Expr::col(("groups", "id")).equals(("group_memberships", "group_id")))
        .and_where(Expr::col(("group_memberships", "user_id")).eq(user))
        .and_where(Expr::col(("groups", "live")).eq(1_i64))
        .to_owned();
    tx.all(&query).await?.iter().map(|row| row.uuid("id").map(GroupId::from_uuid)).collect()
}
