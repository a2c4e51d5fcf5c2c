//! Nexa: a private-network control plane that is linked, not deployed.

#![forbid(unsafe_code)]

#[cfg(feature = "control")]
pub mod actor;
#[cfg(feature = "control")]
pub mod audit;
#[cfg(feature = "control")]
mod db;
#[cfg(feature = "control")]
pub mod devices;
#[cfg(feature = "control")]
pub mod enrolment;
pub mod error;
#[cfg(feature = "control")]
pub mod events;
#[cfg(feature = "control")]
pub mod gateway;
pub mod id;
#[cfg(feature = "control")]
pub mod identity;
#[cfg(feature = "control")]
pub mod ipam;
#[cfg(feature = "control")]
mod name;
pub mod net;
#[cfg(feature = "control")]
mod nexa;
#[cfg(feature = "control")]
pub mod page;
pub mod policy;
pub mod runtime;
pub mod secret;
#[cfg(feature = "control")]
mod unit;
#[cfg(feature = "tunnel")]
pub mod tunnel;
pub mod wireguard;

#[cfg(feature = "control")]
pub use actor::{Actor, Permission, RequestContext};
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "control")]
pub use nexa::{Builder, Handle, Nexa};
pub use secret::Secret;
