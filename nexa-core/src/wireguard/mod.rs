//! WireGuard keys and the profile a device runs with.

mod endpoint;
mod keys;
mod profile;

pub use endpoint::Endpoint;
pub use keys::{PresharedKey, PrivateKey, PublicKey};
pub use profile::{Profile, ProfilePeer};
