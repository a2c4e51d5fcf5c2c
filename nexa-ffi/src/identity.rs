//! People, groups and sessions.

use std::sync::Arc;

use nexa_core::{Secret as CoreSecret, identity};
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::Result;
use crate::ids::{GroupId, RoleId, SessionId, UserId};
use crate::nexa::{Caller, page};
use crate::outward::Outward as _;
use crate::wireguard::Secret;

/// Whether a person may use the system.
#[enumeration(from = identity::UserStatus, otherwise = Suspended)]
pub enum UserStatus {
    /// Known, not let in yet.
    Pending,
    /// Let in.
    Active,
    /// Shut out: nothing of theirs is accepted any more.
    Suspended,
}

/// A person, with the attributes that LDAP's `inetOrgPerson` and `posixAccount` know.
#[record(from = identity::User)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name to sign in with, as typed (`uid`).
    pub username: String,
    /// The full name (`cn`).
    pub display_name: String,
    /// The surname (`sn`).
    pub sn: String,
    /// The first name (`givenName`).
    pub given_name: String,
    /// The e-mail address (`mail`).
    pub email: Option<String>,
    /// The numeric id, from 2000, never used twice (`uidNumber`).
    pub uid_number: i64,
    /// The home directory on a container (`homeDirectory`).
    pub home_directory: String,
    /// The shell on a container (`loginShell`).
    pub login_shell: String,
    /// The key for SSH into containers (`sshPublicKey`).
    pub ssh_public_key: Option<String>,
    /// Whether they may use the system.
    pub status: UserStatus,
    /// Their role.
    pub role_id: RoleId,
    /// When they last signed in, in microseconds since 1970.
    pub last_login_at: Option<i64>,
    /// When they were created, in microseconds since 1970.
    pub created_at: i64,
}

/// A person to create. The password is given beside it, so that the record can be shown.
#[record(input)]
pub struct NewUser {
    /// The name to sign in with: letters, digits, dot, underscore and hyphen.
    pub username: String,
    /// The full name; without it, the username is shown.
    pub display_name: Option<String>,
    /// The surname.
    pub sn: Option<String>,
    /// The first name.
    pub given_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The key for SSH into containers.
    pub ssh_public_key: Option<String>,
    /// The role by name: `administrator`, `auditor` or `member`; without it, `member`.
    pub role: Option<String>,
}

impl NewUser {
    fn with(self, password: Option<String>) -> identity::NewUser {
        let mut user = match password {
            Some(password) => identity::NewUser::new(self.username, password),
            None => identity::NewUser::without_password(self.username),
        };
        if let Some(name) = self.display_name {
            user = user.display_name(name);
        }
        if let Some(name) = self.sn {
            user = user.sn(name);
        }
        if let Some(name) = self.given_name {
            user = user.given_name(name);
        }
        if let Some(address) = self.email {
            user = user.email(address);
        }
        if let Some(key) = self.ssh_public_key {
            user = user.ssh_public_key(key);
        }
        if let Some(role) = self.role {
            user = user.role(role);
        }
        user
    }
}

/// One page of people.
#[record(from = nexa_core::page::Page<identity::User>)]
pub struct UserPage {
    /// The people, in a stable order.
    pub items: Vec<User>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// A group of people, with the attributes that LDAP's `posixGroup` knows.
#[record(from = identity::Group)]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// The numeric id: 2000 and 2001 are built in, others follow (`gidNumber`).
    pub gid_number: i64,
    /// The name (`cn`).
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether its members may do everything.
    pub is_administrator: bool,
    /// When it was created, in microseconds since 1970.
    pub created_at: i64,
}

/// A group to create.
#[record(input)]
pub struct NewGroup {
    /// The name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
}

/// One page of groups.
#[record(from = nexa_core::page::Page<identity::Group>)]
pub struct GroupPage {
    /// The groups, in a stable order.
    pub items: Vec<Group>,
    /// What to ask the next page with; nothing when this was the last one.
    pub next: Option<String>,
}

/// A sign-in that succeeded.
#[object]
pub struct SignedIn {
    user_id: UserId,
    session_id: SessionId,
    token: Arc<Secret>,
    expires_at: i64,
}

#[object]
impl SignedIn {
    /// Who signed in.
    pub fn user_id(&self) -> UserId {
        self.user_id.clone()
    }

    /// The session.
    pub fn session_id(&self) -> SessionId {
        self.session_id.clone()
    }

    /// The token to call with.
    pub fn token(&self) -> Arc<Secret> {
        Arc::clone(&self.token)
    }

    /// When it ends by itself, in microseconds since 1970.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// People, groups and sessions, as one caller may see and change them.
#[object(calls)]
pub struct Identity {
    pub(crate) handle: Caller,
}

#[object]
impl Identity {
    /// Makes another setup token, for when the one given at creation was lost. Earlier ones become worthless.
    ///
    /// # Errors
    /// `conflict` when there are users already.
    pub async fn issue_setup_token(&self) -> Result<Arc<Secret>> {
        Ok(Arc::new(self.core().issue_setup_token().await?.into()))
    }

    /// Creates the first user ever with the one-time setup token: active, and an administrator.
    ///
    /// # Errors
    /// `unauthenticated` (`token`) for a wrong, used or expired token, `conflict` when there are users already,
    /// `invalid_input` naming the field of the new user.
    pub async fn redeem_setup_token(
        &self,
        token: String,
        user: NewUser,
        password: Option<String>,
    ) -> Result<User> {
        let token = CoreSecret::from(token);
        Ok(self.core().redeem_setup_token(token.expose(), user.with(password)).await?.outward())
    }

    /// Creates the first user ever without a token, by the program itself.
    ///
    /// # Errors
    /// As `redeem_setup_token`.
    pub async fn create_first_user(&self, user: NewUser, password: Option<String>) -> Result<User> {
        Ok(self.core().create_first_user(user.with(password)).await?.outward())
    }

    /// Exchanges a password for a session token. An unknown name, a wrong password and a person who is not active fail
    /// alike and after the same work.
    ///
    /// # Errors
    /// `unauthenticated` (`password`), `throttled` when too many passwords are being checked.
    pub async fn sign_in(&self, username: String, password: String) -> Result<Arc<SignedIn>> {
        let signed_in = self.core().sign_in(&username, password).await?;
        Ok(Arc::new(SignedIn {
            user_id: signed_in.user_id.outward(),
            session_id: signed_in.session_id.outward(),
            token: Arc::new(signed_in.token.into()),
            expires_at: signed_in.expires_at.outward(),
        }))
    }

    /// Ends the session that this handle speaks for.
    ///
    /// # Errors
    /// `unauthenticated` when the handle has no session.
    pub async fn sign_out(&self) -> Result<()> {
        Ok(self.core().sign_out().await?)
    }

    /// Creates a person: active, with a role. Without a password it is a service account, which cannot sign in.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name or e-mail address, `not_found` for a role that
    /// is not there, `forbidden` for a role that has what the caller has not.
    pub async fn create_user(&self, user: NewUser, password: Option<String>) -> Result<User> {
        Ok(self.core().create_user(user.with(password)).await?.outward())
    }

    /// One person.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get_user(&self, id: UserId) -> Result<User> {
        Ok(self.core().get_user(id.parse()?).await?.outward())
    }

    /// The people that the caller may see, a page at a time: `limit` at most, 100 without it, after the page that ended
    /// with `after`.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list_users(&self, after: Option<String>, limit: Option<u32>) -> Result<UserPage> {
        Ok(self.core().list_users(page(after, limit)?).await?.outward())
    }

    /// Shuts a person out: from the next call on, nothing of theirs is accepted.
    ///
    /// # Errors
    /// `not_found`, `conflict` for the last active administrator.
    pub async fn suspend_user(&self, id: UserId) -> Result<()> {
        Ok(self.core().suspend_user(id.parse()?).await?)
    }

    /// Lets a person in, or back in.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn activate_user(&self, id: UserId) -> Result<()> {
        Ok(self.core().activate_user(id.parse()?).await?)
    }

    /// Creates a group without members.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a taken name.
    pub async fn create_group(&self, group: NewGroup) -> Result<Group> {
        let mut new = identity::NewGroup::new(group.name);
        if let Some(description) = group.description {
            new = new.description(description);
        }
        Ok(self.core().create_group(new).await?.outward())
    }

    /// The groups, a page at a time.
    ///
    /// # Errors
    /// `invalid_input` (`limit`, `after`).
    pub async fn list_groups(&self, after: Option<String>, limit: Option<u32>) -> Result<GroupPage> {
        Ok(self.core().list_groups(page(after, limit)?).await?.outward())
    }

    /// One group.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get_group(&self, id: GroupId) -> Result<Group> {
        Ok(self.core().get_group(id.parse()?).await?.outward())
    }

    /// Puts a person into a group.
    ///
    /// # Errors
    /// `not_found`, `already_exists` for a member, `forbidden` for a group of administrators by one who is none.
    pub async fn add_member(&self, group: GroupId, user: UserId) -> Result<()> {
        Ok(self.core().add_member(group.parse()?, user.parse()?).await?)
    }

    /// Takes a person out of a group.
    ///
    /// # Errors
    /// `not_found`, `conflict` for the last active administrator.
    pub async fn remove_member(&self, group: GroupId, user: UserId) -> Result<()> {
        Ok(self.core().remove_member(group.parse()?, user.parse()?).await?)
    }
}

impl Identity {
    fn core(&self) -> identity::Identity {
        self.handle.core().identity()
    }
}
