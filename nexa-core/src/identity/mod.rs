//! People, groups, roles and sessions.
//!
//! ```text
//! pending ──activate──▶ active ──suspend──▶ suspended
//!                          ▲───────activate────┘
//! ```
//! Invariants: a username and an e-mail belong to one living person, compared as keys; the last active administrator
//! cannot be suspended; the first person ever is an administrator and needs the setup token or the program itself.

mod bootstrap;
mod caller;
mod error;
mod model;
mod password;
mod service;
mod store;
mod token;

pub(crate) use bootstrap::bootstrap;
pub(crate) use caller::Caller;
pub use model::{Group, NewGroup, NewUser, SignedIn, User, UserStatus};
pub(crate) use password::Passwords;
pub use service::Identity;
pub(crate) use store::{
    everybody, group_names, groups_of, memberships, require_active, user_status, user_statuses, usernames,
};
pub(crate) use token::{Token, TokenKind};
