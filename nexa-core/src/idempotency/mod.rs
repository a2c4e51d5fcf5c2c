//! Calls that can be repeated without being done twice.
//!
//! A caller that was cut off does not know whether its call was done. With an [`IdempotencyKey`] it asks again: a call
//! that was done answers as it did, also with secrets that are shown once; one that was not is done now.
//!
//! ```text
//! call ─ insert record ──┬─ is new ──────▶ do it ─ seal the answer into the record ─ commit
//!                        └─ is there ─┬─ over its time ──▶ forget it, begin again
//!                                     ├─ other input ────▶ refused
//!                                     ├─ may no longer ──▶ refused
//!                                     └─ else ───────────▶ the answer, opened with the caller's key
//! ```
//!
//! The record is inserted before the work, in its transaction: two calls with one key that come at once wait for each
//! other there. It is found by who called, which method and a hash of the key; it knows the input by a MAC, and the answer
//! under a cipher, both under keys that only the caller's own key gives. So a stolen database holds neither.

mod call;
mod error;
mod key;
mod record;
mod store;
mod wire;

pub(crate) use call::{Call, Once};
pub use key::IdempotencyKey;
pub(crate) use store::forget_expired;
pub(crate) use wire::{Put, Reader, Take, Unreadable, Writer, put, shown, wire};
