//! The rows of people, groups, roles, sessions and setup tokens: a file for each.

mod callers;
mod groups;
mod roles;
mod sessions;
mod setup;
mod users;

pub(super) use callers::*;
pub(crate) use groups::*;
pub(super) use roles::*;
pub(super) use sessions::*;
pub(super) use setup::*;
pub(crate) use users::*;
