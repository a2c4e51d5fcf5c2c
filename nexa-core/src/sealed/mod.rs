//! What is kept secret in the database, and under which keys.
//!
//! ```text
//! a KeyProvider's key ──wraps──▶ a data key of one purpose ──seals──▶ a value in its column and row
//!  outside the database            in `data_keys`, wrapped             version ‖ data key ‖ nonce ‖ ciphertext ‖ tag
//! ```
//!
//! - A value is bound to its table, column, row and purpose: moved to another place it does not open.
//! - Each purpose has one active data key. [`Sealing::rotate`] puts new ones in their place at once;
//!   [`Sealing::finish_rotation`] moves the values over, some at a time, and may be ended and begun again at any moment.
//!   Everything is readable throughout, because a retired key stays until nothing is sealed under it.
//! - A data key of the audit is never deleted: what it vouches for stays.

mod cipher;
mod column;
mod error;
mod keyring;
mod keyset;
mod model;
mod place;
mod provider;
mod service;
mod store;

pub(crate) use cipher::{mac, open, seal};
pub(crate) use column::{Column, PRESHARED_KEY};
pub(crate) use keyring::{Keyring, OpenKey};
pub use keyset::KeySet;
pub use model::{DataKeyRecord, Purpose, Rotation};
pub(crate) use place::provider_for;
pub use provider::{DataKey, KeyProvider, ProviderError, WrappedKey};
pub use service::Sealing;
