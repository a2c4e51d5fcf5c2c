//! What is refused, why, and that nothing of it stays: kind, field, and every table as it was before.

#[path = "../support/mod.rs"]
mod support;

mod codes;
mod files;
mod refused;
mod servers;
mod values;
