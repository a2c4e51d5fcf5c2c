//! Configuration files of `wg` and `wg-quick`, held to the verdicts of the real tools in `verdicts.rs`.

mod error;
mod model;
mod parse;
mod render;
mod value;
#[cfg(test)]
mod verdicts;

pub use model::{Conf, ConfInterface, ConfPeer};
pub use value::{HookCommand, RoutingTable, SearchDomain, TableName};
