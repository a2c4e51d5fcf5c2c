//! The record of what was done and refused, and the outbox.

#[path = "../support/mod.rs"]
mod support;

mod events;
mod records;
