//! Nexa: a private-network control plane that is linked, not deployed.

#![forbid(unsafe_code)]

#[cfg(feature = "control")]
mod db;
pub mod error;
pub mod id;
pub mod net;
pub mod page;
pub mod policy;
pub mod runtime;
pub mod secret;
pub mod wireguard;

pub use error::{Error, ErrorKind, Result};
pub use secret::Secret;
