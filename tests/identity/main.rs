//! People, groups and sessions.

#[path = "../support/mod.rs"]
mod support;

mod administrators;
mod granting;
mod set_up;
mod sign_in;
mod suspend;
mod users;
