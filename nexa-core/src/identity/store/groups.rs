use std::collections::{BTreeSet, HashMap};

use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use uuid::Uuid;

use crate::actor::{Authorized, Right, Scope, right};
use crate::db::{DbError, Owner, Row, Tx, counter, insert_row, page_by_id, within};
use crate::error::Result;
use crate::id::{GroupId, UserId};
use crate::identity::bootstrap::{LDAPUSERS, SYSADMINS};
use crate::identity::error::IdentityError;
use crate::identity::model::Group;
use crate::name::Name;
use crate::page::Cursor;
use crate::runtime::Timestamp;

pub(in crate::identity) async fn any_group(tx: &mut Tx) -> Result<bool, DbError> {
    let query = Query::select().column("id").from("groups").limit(1).to_owned();
    Ok(tx.optional(&query).await?.is_some())
}

pub(in crate::identity) async fn insert_group(
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
pub(in crate::identity) async fn next_gid(tx: &mut Tx) -> Result<i64, DbError> {
    counter::next(tx, counter::GID).await
}

/// The two groups that every database has: everyone's, and the administrators'.
pub(in crate::identity) async fn built_in_groups(tx: &mut Tx) -> Result<(GroupId, GroupId)> {
    let everyone = everybody(tx).await?;
    let administrators = group_by_gid(tx, SYSADMINS.1).await?;
    Ok((everyone, administrators))
}

/// The group that everybody is in.
pub(crate) async fn everybody(tx: &mut Tx) -> Result<GroupId, DbError> {
    group_by_gid(tx, LDAPUSERS.1).await
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

pub(in crate::identity) async fn get_group<P: Right>(
    tx: &mut Tx,
    authorized: &Authorized<P>,
    id: GroupId,
) -> Result<Group> {
    let query = groups(authorized.scope()).and_where(Expr::col("id").eq(id)).to_owned();
    let row = tx.optional(&query).await?.ok_or(IdentityError::NoGroup(id))?;
    Ok(group(&row)?)
}

pub(in crate::identity) async fn list_groups(
    tx: &mut Tx,
    authorized: &Authorized<right::GroupsRead>,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Group>, DbError> {
    let mut query = groups(authorized.scope());
    page_by_id(&mut query, after, limit);
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

pub(in crate::identity) async fn insert_membership(
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
pub(in crate::identity) async fn delete_membership(
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

/// Every living group's name, as shown and as compared.
pub(crate) async fn group_names(tx: &mut Tx) -> Result<Vec<(GroupId, Name)>, DbError> {
    let query = Query::select()
        .columns(["id", "name", "name_key"])
        .from("groups")
        .and_where(Expr::col("live").eq(1_i64))
        .to_owned();
    let name = |row: &Row| {
        let name = Name { text: row.text("name")?, key: row.text("name_key")? };
        Ok((GroupId::from_uuid(row.uuid("id")?), name))
    };
    tx.all(&query).await?.iter().map(name).collect()
}

/// The living groups of everybody who is in one.
pub(crate) async fn memberships(tx: &mut Tx) -> Result<HashMap<UserId, BTreeSet<GroupId>>, DbError> {
    let query = Query::select()
        .columns([("group_memberships", "user_id"), ("group_memberships", "group_id")])
        .from("group_memberships")
        .inner_join("groups", Expr::col(("groups", "id")).equals(("group_memberships", "group_id")))
        .and_where(Expr::col(("groups", "live")).eq(1_i64))
        .to_owned();
    let mut of: HashMap<_, BTreeSet<_>> = HashMap::new();
    for row in tx.all(&query).await? {
        let user = UserId::from_uuid(row.uuid("user_id")?);
        of.entry(user).or_default().insert(GroupId::from_uuid(row.uuid("group_id")?));
    }
    Ok(of)
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
