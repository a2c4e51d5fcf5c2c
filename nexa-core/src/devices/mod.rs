//! Devices of people.
//!
//! ```text
//! active ──revoke──▶ revoked
//! ```
//! Invariants: a public key belongs to one living device or gateway; a fingerprint belongs to one living device of its person;
//! a revoked device has no peer, no address and no way back — it is enrolled anew.

mod error;
mod model;
mod service;
mod store;

pub(crate) use error::DeviceError;
pub use model::{Device, DeviceStatus};
pub use service::Devices;
pub(crate) use store::{
    KeyHolder, NewDeviceRow, get, insert, names, standing, subject, subjects, subjects_at, take_key,
};
