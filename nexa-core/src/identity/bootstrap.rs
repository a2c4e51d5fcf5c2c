use std::time::Duration;

use super::store;
use super::token::{Token, TokenKind};
use crate::actor::{BUILT_IN_ROLES, BuiltInRole, Permission};
use crate::db::{Tx, counter};
use crate::error::Result;
use crate::id::{GroupId, RoleId, new_uuid};
use crate::name::Name;
use crate::runtime::{Random, Timestamp};
use crate::secret::Secret;

/// How long a setup token may wait for whoever installs.
pub(super) const SETUP_TOKEN_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// Built in: everyone's primary group.
pub(super) const LDAPUSERS: (&str, i64) = ("ldapusers", 2000);
/// Built in: whose members may do everything.
pub(super) const SYSADMINS: (&str, i64) = ("sysadmins", 2001);

/// Gives a database what every database has: counters, roles and groups. Gives a new one its setup token, which is
/// returned, and of which only the hash is stored.
pub(crate) async fn bootstrap(
    tx: &mut Tx,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Option<Secret<String>>> {
    counter::create_missing(tx).await?;
    create_roles(tx, now, random).await?;
    if store::any_group(tx).await? {
        return Ok(None);
    }
    let built_in = [(LDAPUSERS, "Everyone", 0), (SYSADMINS, "Administrators", 1)];
    for (sequence, ((name, gid_number), description, is_administrator)) in (0..).zip(built_in) {
        let id = GroupId::from_uuid(new_uuid(now, sequence, random)?);
        let name = Name::parse("name", name)?;
        store::insert_group(tx, id, gid_number, &name, description, is_administrator, now).await?;
    }
    let token = Token::new(TokenKind::Setup, new_uuid(now, 0, random)?, random)?;
    store::insert_setup_token(tx, &token, now, now.saturating_add(SETUP_TOKEN_LIFETIME)).await?;
    Ok(Some(token.to_text()))
}

/// Creates the built-in roles, and gives those of an older database the permissions that are new in this version.
async fn create_roles(tx: &mut Tx, now: Timestamp, random: &dyn Random) -> Result<()> {
    for (sequence, BuiltInRole { name, description, reach_of }) in (0..).zip(BUILT_IN_ROLES) {
        let name = Name::parse("role", name)?;
        let role = match store::role_by_key(tx, &name.key).await? {
            Some(role) => role,
            None => {
                let role = RoleId::from_uuid(new_uuid(now, sequence, random)?);
                store::insert_role(tx, role, &name, description, now).await?;
                role
            }
        };
        let granted = store::role_permissions(tx, role).await?;
        for permission in Permission::ALL {
            match reach_of(*permission) {
                Some(reach) if !granted.contains_key(permission) => {
                    store::insert_role_permission(tx, role, *permission, reach).await?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}
