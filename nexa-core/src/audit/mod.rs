//! The audit: who did what to what, and what was refused.
//!
//! A change writes its row in the change's own transaction. A refused attempt writes one in a transaction of its own,
//! at a bounded rate.

mod limit;
mod model;
mod service;
mod store;

pub(crate) use limit::RefusalLimit;
pub(crate) use model::NewRecord;
pub use model::{AuditRecord, AuditStatus};
pub use service::Audit;
pub(crate) use store::{insert, take_back};
