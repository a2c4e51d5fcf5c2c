//! Policies as they are stored, resolved and explained.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod corrupt;
mod documents;
mod explain;
mod fleet;
mod guards;
mod policies;
mod questions;
