//! What crosses from Nexa into other languages, declared once.
//!
//! Records, enumerations and objects are plain Rust here. Three attribute macros annotate them for the language that the
//! build is for — pyo3 with the feature `python`, napi with `node`, UniFFI (Kotlin and Swift) with `uniffi` — so that the
//! language crates have nothing left but their module. The nouns and verbs are those of `nexa-core`; each function here
//! reads what came in, calls the core, and makes what goes out.
//!
//! What every language shares:
//!
//! * **Values.** An id is a type of its own over its text; an address, prefix, endpoint or public key is text; a moment is
//!   an integer, microseconds since 1970 in UTC; a count that may pass 2^53 is text in decimal.
//! * **Errors** are one [`Error`]: a code, a kind, a message, details and whether trying again may help.
//! * **Secrets** are objects that print nothing: [`wireguard::Secret`] has `reveal()`.
//! * **Calls** that wait take `timeout_ms` and can be cancelled ([`runtime`]). A call that was given up is whole or absent.
//! * **Streams** are pulled: `next()` until it gives nothing.

#![forbid(unsafe_op_in_unsafe_fn)]
#![allow(unreachable_pub, reason = "the languages' macros write public items into private modules")]
#![cfg_attr(feature = "uniffi", allow(unused_qualifications, reason = "UniFFI writes qualified names"))]

#[cfg(feature = "uniffi")]
::uniffi::setup_scaffolding!("nexa");

#[cfg(feature = "control")]
pub mod audit;
#[cfg(feature = "control")]
pub mod devices;
#[cfg(feature = "control")]
pub mod enrolment;
pub mod error;
#[cfg(feature = "control")]
pub mod events;
#[cfg(feature = "control")]
pub mod gateways;
#[cfg(feature = "control")]
pub mod identity;
pub mod ids;
#[cfg(feature = "control")]
pub mod ipam;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "control")]
pub mod nexa;
#[cfg(feature = "node")]
pub mod node;
mod outward;
#[cfg(feature = "control")]
pub mod policy;
#[cfg(feature = "python")]
pub mod python;
pub mod runtime;
#[cfg(feature = "control")]
pub mod sealed;
#[cfg(feature = "control")]
pub mod settings;
pub mod tunnel;
pub mod wireguard;

pub use error::{Error, ErrorInfo, ErrorKind, Result};
