//! Configuration files of `wg` and `wg-quick`.
//!
//! [`Conf::parse`] reads a file as `wg-quick` and then `wg` do (wireguard-tools 1.0.20210914): `wg-quick` takes its own
//! keys out of `[Interface]`, and `wg` reads the rest without any whitespace. Keys and sections are spelled in either
//! case, `#` starts a comment anywhere, the last of several values wins, and lists add up.
//!
//! It refuses some files that the tools take, mostly where they read something else than what is written: a port past
//! 65535 (they keep its low 16 bits), an address such as `010.0.0.1` or `1.2`, a port by its service's name, an IPv6
//! endpoint without brackets, a zone id, an IPv4-mapped address, a public key of small order, `PostUp` without `=`,
//! `Table = OFF`, and what `wg-quick up` fails on, such as `MTU = big`.

mod error;
mod model;
mod parse;
mod render;
mod value;
#[cfg(test)]
mod verdicts;

pub use model::{Conf, ConfInterface, ConfPeer};
pub use value::{HookCommand, InterfaceAddress, RoutingTable, SearchDomain, TableName};
