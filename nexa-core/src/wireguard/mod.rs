//! WireGuard keys and the profile a device runs with.
//!
//! A private key leaves its type only by name, as [`PrivateKey::to_base64`] and [`PrivateKey::expose`]. A [`Profile`] is a
//! value; [`Profile::render`] makes the text for `wg-quick` of it, and [`QrCode`] the picture that the apps scan.

mod endpoint;
mod keys;
mod profile;
mod qr;

pub use endpoint::Endpoint;
pub use keys::{PresharedKey, PrivateKey, PublicKey};
pub use profile::{Profile, ProfilePeer};
pub use qr::{QrCode, TerminalTheme};
