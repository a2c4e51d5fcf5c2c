//! The audit: who did what to what, what was refused, and what failed; and whether it is still what was written.
//!
//! A change writes its row in the change's own transaction. An attempt that was refused or failed writes one in a
//! transaction of its own, at a bounded rate.
//!
//! ```text
//! row ── MAC under a key outside the database ──┐
//! row ── MAC ───────────────────────────────────┼──▶ seal n: hash over the rows and seal n-1, MAC ──▶ seal n+1 …
//! row ── MAC ───────────────────────────────────┘                          │
//!                                                        SignedHead, kept elsewhere
//! ```
//!
//! - Writers wait for no chain: seals are made afterwards, by one process at a time, of rows in any order of committing.
//! - A row that was changed, taken away or put there is found by [`Audit::verify`]; that rows were cut off at the end is found
//!   with a head that was kept elsewhere.

mod head;
mod limit;
mod mac;
mod model;
mod sealer;
mod service;
mod store;
mod verify;

pub use head::{AuditKey, SignedHead};
pub(crate) use limit::RefusalLimit;
pub(crate) use model::NewRecord;
pub use model::{
    AuditExport, AuditFilter, AuditProblem, AuditProblemKind, AuditRecord, AuditReport, AuditSealed,
    AuditStatus,
};
pub(crate) use sealer::keep_sealing;
pub use service::Audit;
pub(crate) use store::{By, create_lease, insert, is_there, take_back};
