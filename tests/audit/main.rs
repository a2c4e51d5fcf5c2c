//! The record of what was done and refused, and the outbox.

#[path = "../support/mod.rs"]
mod support;

mod chain;
mod events;
mod records;
