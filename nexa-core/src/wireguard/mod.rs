//! WireGuard keys, the profile a device runs with, and the files of `wg` and `wg-quick`.
//!
//! A private key leaves its type only by name, as [`PrivateKey::to_base64`] and [`PrivateKey::expose`]. A [`Profile`] is a
//! value; [`Profile::render`] makes the text for `wg-quick` of it, and [`QrCode`] the picture that the apps scan. [`Conf`]
//! reads and writes files that others wrote.

mod conf;
mod endpoint;
mod keys;
mod profile;
mod qr;

pub use conf::{Conf, ConfInterface, ConfPeer, HookCommand, RoutingTable, SearchDomain, TableName};
pub use endpoint::Endpoint;
pub use keys::{PresharedKey, PrivateKey, PublicKey};
pub use profile::{Profile, ProfilePeer};
pub use qr::{QrCode, TerminalTheme};
