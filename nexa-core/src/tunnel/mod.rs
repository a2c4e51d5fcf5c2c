//! The data plane: WireGuard without root, without a server and without an async runtime.

mod counters;
mod crypto;
mod engine;
mod error;
mod event;
mod filter;
mod packet;
mod peer;
mod routes;

pub use counters::Counters;
pub use engine::{Engine, EngineConfig, Output};
pub use error::TunnelError;
pub use event::Event;
pub use filter::{Filter, FilterRule};
pub use peer::{PeerConfig, PeerStatus};

/// The smallest MTU that IPv6 allows (RFC 8200 §5).
pub const MIN_MTU: usize = 1280;
/// The longest packet that fits, with the 32 bytes that encryption adds, into a UDP datagram over IPv4.
pub const MAX_MTU: usize = 65_535 - 20 - 8 - 32;
/// What fits through almost every path: 1500 bytes, less the headers of IPv6, UDP and WireGuard.
pub const DEFAULT_MTU: usize = 1420;
