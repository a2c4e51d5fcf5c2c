use std::collections::{BTreeSet, HashMap};

use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};

use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, counter, insert_row, page_by_id, within};
use crate::error::Result;
use crate::id::{RoleId, UserId};
use crate::identity::error::IdentityError;
use crate::identity::model::{CheckedUser, User, UserStatus};
use crate::name::Name;
use crate::page::Cursor;
use crate::runtime::Timestamp;
use crate::secret::Secret;

pub(in crate::identity) async fn any_user(tx: &mut Tx) -> Result<bool, DbError> {
    let query = Query::select().column("id").from("users").limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

/// What a new user's row holds beside what the caller asked for.
pub(in crate::identity) struct UserRow<'a> {
    pub(in crate::identity) id: UserId,
    pub(in crate::identity) user: &'a CheckedUser,
    pub(in crate::identity) password_hash: Option<&'a Secret<String>>,
    pub(in crate::identity) role: RoleId,
    pub(in crate::identity) uid_number: i64,
}

pub(in crate::identity) async fn insert_user<P: Right>(
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
pub(in crate::identity) async fn next_uid(tx: &mut Tx) -> Result<i64, DbError> {
    counter::next(tx, counter::UID).await
}

pub(in crate::identity) async fn get_user<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
    id: UserId,
) -> Result<User> {
    let query = users(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IdentityError::NoUser(id))?;
    Ok(user(&row)?)
}

pub(in crate::identity) async fn list_users(
    tx: &mut Tx,
    authorized: &Authorized<right::UsersRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<User>, DbError> {
    let mut query = users(authorized.scope());
    page_by_id(&mut query, after, limit);
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

pub(super) fn user(row: &Row) -> Result<User, DbError> {
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

/// Every living user's name, as shown and as compared.
pub(crate) async fn usernames(tx: &mut Tx) -> Result<Vec<(UserId, Name)>, DbError> {
    let query = Query::select()
        .columns(["id", "username", "username_key"])
        .from("users")
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    let name = |row: &Row| {
        let name = Name { text: row.text("username")?, key: row.text("username_key")? };
        Ok((UserId::from_uuid(row.uuid("id")?), name))
    };
    tx.all(&query).await?.iter().map(name).collect()
}

/// The status of every living user.
pub(crate) async fn user_statuses(tx: &mut Tx) -> Result<HashMap<UserId, UserStatus>, DbError> {
    let query = Query::select()
        .columns(["id", "status"])
        .from("users")
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    let rows = tx.all(&query).await?;
    rows.iter().map(|row| Ok((UserId::from_uuid(row.uuid("id")?), row.parsed("status")?))).collect()
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

pub(in crate::identity) async fn set_status(
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

/// Makes others who change who has administrator rights wait until the transaction ends: two who each take the other's
/// away would otherwise each see the other's still there.
pub(in crate::identity) async fn lock_administrators(tx: &mut Tx) -> Result<(), DbError> {
    counter::next(tx, counter::ADMINISTRATORS).await.map(drop)
}

/// Every active person with administrator rights, by role or by group.
pub(in crate::identity) async fn active_administrators(tx: &mut Tx) -> Result<BTreeSet<UserId>, DbError> {
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
