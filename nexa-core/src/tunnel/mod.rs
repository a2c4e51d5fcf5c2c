//! The data plane: WireGuard without root, without a server and without an async runtime.
//!
//! [`Engine`] is the protocol, for one peer or many: packets, datagrams and the time go in and come out, and it opens no
//! socket. [`Tunnel`] drives one over UDP on threads, between the network and a [`PacketDevice`]. [`NetStack`] is such a
//! device: it speaks TCP, UDP and ping inside the tunnel, so that a program needs no network interface and no root. On
//! Linux, `TunDevice` is the other one: a network interface, for a gateway whose kernel forwards.
//!
//! What protects is the [`Filter`] of the engine on the gateway; the allowed IPs of a client only say what it sends.
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use std::time::Duration;
//! use nexa_core::tunnel::{Filter, NetStack, NetStackConfig, PeerConfig, Tunnel, TunnelConfig};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (private_key, gateway_key) = ("".parse()?, "".parse()?);
//! let (net, device) = NetStack::start(NetStackConfig::new(["10.8.0.2".parse()?]))?;
//! let gateway = PeerConfig {
//!     endpoint: Some("203.0.113.1:51820".parse()?),
//!     allowed_ips: vec!["10.0.0.0/8".parse()?],
//!     ..PeerConfig::new(gateway_key)
//! };
//! let config = TunnelConfig { peers: vec![gateway], ..TunnelConfig::new(private_key, Filter::allow_all()) };
//! let tunnel = Tunnel::start(&config, device)?;
//! let mut stream = net.connect("10.1.2.3:80".parse()?, Duration::from_secs(10))?;
//! stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
//! # let mut page = String::new();
//! stream.read_to_string(&mut page)?;
//! tunnel.close();
//! # Ok(())
//! # }
//! ```

pub(crate) mod clock;
mod counters;
mod crypto;
mod device;
mod driver;
mod engine;
mod error;
mod event;
mod filter;
mod netstack;
mod packet;
mod peer;
mod profile;
mod receive;
mod routes;

pub use counters::Counters;
pub use device::{MemoryDevice, PacketDevice};
#[cfg(target_os = "linux")]
pub use device::{TunConfig, TunDevice};
pub use driver::{Tunnel, TunnelConfig};
pub use engine::{Engine, EngineConfig, Output};
pub use error::TunnelError;
pub use event::Event;
pub use filter::{Filter, FilterRule};
pub use netstack::{
    AnswerFor, NetStack, NetStackConfig, NetStackDevice, TcpListener, TcpStream, UdpReceived, UdpSocket,
};
pub use peer::{PeerConfig, PeerStatus};
pub use profile::bring_up;

/// The smallest MTU that IPv6 allows (RFC 8200 §5).
pub const MIN_MTU: usize = 1280;
/// The longest packet that fits, with the 32 bytes that encryption adds, into a UDP datagram over IPv4.
pub const MAX_MTU: usize = 65_535 - 20 - 8 - 32;
/// What fits through almost every path: 1500 bytes, less the headers of IPv6, UDP and WireGuard.
pub const DEFAULT_MTU: usize = 1420;
