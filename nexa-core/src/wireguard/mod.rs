//! WireGuard keys, the profile a device runs with, and the files of `wg` and `wg-quick`.

mod conf;
mod endpoint;
mod keys;
mod profile;
mod qr;

pub use conf::{
    Conf, ConfInterface, ConfPeer, HookCommand, InterfaceAddress, RoutingTable, SearchDomain, TableName,
};
pub use endpoint::Endpoint;
pub use keys::{PresharedKey, PrivateKey, PublicKey};
pub use profile::{Profile, ProfilePeer};
pub use qr::{QrCode, TerminalTheme};
