//! Nexa: a private-network control plane that is linked, not deployed.

#![forbid(unsafe_code)]

pub mod error;
pub mod id;
pub mod net;
pub mod page;
pub mod runtime;
pub mod secret;
#[cfg(feature = "tunnel")]
pub mod tunnel;
pub mod wireguard;

pub use error::{Error, ErrorKind, Result};
pub use secret::Secret;
