use std::fmt;

use super::password;
use crate::error::{Error, Result};
use crate::id::{GroupId, RoleId, SessionId, UserId};
use crate::idempotency::{put, wire};
use crate::name::{Name, free_text};
use crate::runtime::Timestamp;
use crate::secret::Secret;

/// Whether a person may use the system.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum UserStatus {
    /// Known, not let in yet.
    Pending,
    /// Let in.
    Active,
    /// Shut out: nothing of theirs is accepted any more.
    Suspended,
}

impl UserStatus {
    /// The stored and printed spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            UserStatus::Pending => "pending",
            UserStatus::Active => "active",
            UserStatus::Suspended => "suspended",
        }
    }
}

impl std::str::FromStr for UserStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = [UserStatus::Pending, UserStatus::Active, UserStatus::Suspended];
        let known = all.into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| Error::invalid("status", format!("{text:?} is no user status")))
    }
}

/// A person, with the attributes that LDAP's `inetOrgPerson` and `posixAccount` know.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
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
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
    /// When they were created.
    pub created_at: Timestamp,
}

/// A person to create.
#[derive(Clone)]
pub struct NewUser {
    username: String,
    password: Option<Secret<String>>,
    display_name: Option<String>,
    sn: String,
    given_name: String,
    email: Option<String>,
    ssh_public_key: Option<String>,
    role: String,
}

impl NewUser {
    /// A person who signs in with this name and password; their role is `member`.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<Secret<String>>) -> Self {
        NewUser { password: Some(password.into()), ..Self::without_password(username) }
    }

    /// A service account, which cannot sign in.
    #[must_use]
    pub fn without_password(username: impl Into<String>) -> Self {
        NewUser {
            username: username.into(),
            password: None,
            display_name: None,
            sn: String::new(),
            given_name: String::new(),
            email: None,
            ssh_public_key: None,
            role: "member".to_owned(),
        }
    }

    /// Sets the full name; without it, the username is shown.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Sets the surname.
    #[must_use]
    pub fn sn(mut self, name: impl Into<String>) -> Self {
        self.sn = name.into();
        self
    }

    /// Sets the first name.
    #[must_use]
    pub fn given_name(mut self, name: impl Into<String>) -> Self {
        self.given_name = name.into();
        self
    }

    /// Sets the e-mail address.
    #[must_use]
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.email = Some(address.into());
        self
    }

    /// Sets the SSH key.
    #[must_use]
    pub fn ssh_public_key(mut self, key: impl Into<String>) -> Self {
        self.ssh_public_key = Some(key.into());
        self
    }

    /// Sets the role by name: `administrator`, `auditor` or `member`.
    #[must_use]
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.role = name.into();
        self
    }

    pub(super) fn checked(self) -> Result<CheckedUser> {
        if let Some(password) = &self.password {
            password::checked(password)?;
        }
        let username = Name::username(&self.username)?;
        let display_name = match &self.display_name {
            Some(name) => Name::parse("display_name", name)?.text,
            None => username.text.clone(),
        };
        Ok(CheckedUser {
            display_name,
            sn: free_text("sn", &self.sn)?,
            given_name: free_text("given_name", &self.given_name)?,
            email: self.email.as_deref().map(Name::email).transpose()?,
            ssh_public_key: self.ssh_public_key.map(|key| free_text("ssh_public_key", &key)).transpose()?,
            role: Name::parse("role", &self.role)?.key,
            password: self.password,
            username,
        })
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A person whose every field was accepted.
pub(super) struct CheckedUser {
    pub(super) username: Name,
    pub(super) password: Option<Secret<String>>,
    pub(super) display_name: String,
    pub(super) sn: String,
    pub(super) given_name: String,
    pub(super) email: Option<Name>,
    pub(super) ssh_public_key: Option<String>,
    pub(super) role: String,
}

/// A sign-in that succeeded.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who signed in.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The token to call with; shown once.
    pub token: Secret<String>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A group of people, with the attributes that LDAP's `posixGroup` knows.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
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
    /// When it was created.
    pub created_at: Timestamp,
}

/// A group to create.
#[derive(Clone, Debug)]
pub struct NewGroup {
    name: String,
    description: String,
}

impl NewGroup {
    /// A group of this name, without members.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        NewGroup { name: name.into(), description: String::new() }
    }

    /// Says what it is for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    pub(super) fn checked(self) -> Result<CheckedGroup> {
        Ok(CheckedGroup {
            name: Name::parse("name", &self.name)?,
            description: free_text("description", &self.description)?,
        })
    }
}

/// A group whose every field was accepted.
pub(super) struct CheckedGroup {
    pub(super) name: Name,
    pub(super) description: String,
}

put! { NewUser { username, password, display_name, sn, given_name, email, ssh_public_key, role } }
put! { NewGroup { name, description } }
wire! { User { id, username, display_name, sn, given_name, email, uid_number, home_directory, login_shell, ssh_public_key, status, role_id, last_login_at, created_at } }
wire! { SignedIn { user_id, session_id, token, expires_at } }
wire! { Group { id, gid_number, name, description, is_administrator, created_at } }
