//! Pools and addresses from and to other systems: CSV, JSON as NetBox has it, and the leases of dnsmasq.
//!
//! What is read becomes entries, each with its line. [`plan`](plan::plan) compares them with what is there and says, line by line, what
//! is in the way; only when nothing is, anything is done.

mod document;
mod json;
mod leases;
mod plan;
mod table;
mod transfer;

pub use document::{ImportConflict, ImportFormat, ImportReport};
pub(super) use transfer::{check, export, import};

/// The most text that is read.
const MAX_TEXT: usize = 16 << 20;
/// The most conflicts that are listed.
const MAX_CONFLICTS: usize = 1_000;
