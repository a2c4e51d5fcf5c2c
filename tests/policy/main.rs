//! Policies as they are stored, resolved and explained.

#[path = "../support/mod.rs"]
mod support;

mod corrupt;
mod explain;
mod policies;
