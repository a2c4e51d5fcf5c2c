//! WireGuard keys and the profile a device runs with.

mod keys;

pub use keys::{PresharedKey, PrivateKey, PublicKey};
