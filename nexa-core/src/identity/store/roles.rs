use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait as _, Query};

use crate::actor::{Permission, Reach};
use crate::db::{DbError, Tx, insert_row};
use crate::error::Result;
use crate::id::RoleId;
use crate::name::Name;
use crate::runtime::Timestamp;

pub(in crate::identity) async fn role_by_key(tx: &mut Tx, key: &str) -> Result<Option<RoleId>, DbError> {
    let query =
        Query::select().column("id").from("roles").and_where(Expr::col("name_key").eq(key)).to_owned();
    tx.optional(&query).await?.map(|row| row.uuid("id").map(RoleId::from_uuid)).transpose()
}

pub(in crate::identity) async fn insert_role(
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
pub(in crate::identity) async fn role_permissions(
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

pub(in crate::identity) async fn insert_role_permission(
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
