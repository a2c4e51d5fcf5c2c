//! TCP, UDP and ping inside the tunnel, for a program without a network interface of its own.
//!
//! A thread runs the stack; calls block, with a timeout where one is given, and need no async runtime.

mod link;
mod ping;
mod stack;
mod tcp;
mod udp;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::TunnelError;
use super::{DEFAULT_MTU, MAX_MTU, MIN_MTU};
use crate::net::AddressSet;
use crate::runtime::{SystemRandom, random_bytes};
use stack::Shared;

pub use link::NetStackDevice;
pub use tcp::{TcpListener, TcpStream};
pub use udp::{UdpReceived, UdpSocket};

/// Addresses that one network stack has.
const MAX_ADDRESSES: usize = 8;
/// Bytes of one TCP connection that wait, each way: what is under way at 20 Mbit/s and 100 ms.
const TCP_BUFFER: usize = 256 * 1024;

/// What a network stack is made from.
#[derive(Clone, Debug)]
pub struct NetStackConfig {
    /// Our own addresses: connections go out from the first of their family.
    pub addresses: Vec<IpAddr>,
    /// The addresses at which this stack answers.
    pub answer_for: AnswerFor,
    /// The longest packet, in bytes; that of the tunnel.
    pub mtu: usize,
    /// Bytes that a TCP connection holds, each way.
    pub tcp_buffer: usize,
}

impl NetStackConfig {
    /// A stack that answers at its own addresses.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        NetStackConfig {
            addresses: addresses.into_iter().collect(),
            answer_for: AnswerFor::OwnAddresses,
            mtu: DEFAULT_MTU,
            tcp_buffer: TCP_BUFFER,
        }
    }
}

/// At which addresses a network stack answers, beside its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnswerFor {
    /// At no others.
    OwnAddresses,
    /// At these.
    Set(AddressSet),
    /// At every address that a packet comes for: on a gateway, whose filter decides.
    Any,
}

/// A network stack in this program. Dropping it closes it.
pub struct NetStack {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl NetStack {
    /// Starts the stack, and gives the packet device that connects it to a [`Tunnel`](super::Tunnel).
    ///
    /// # Errors
    /// [`TunnelError::MtuOutOfRange`], [`TunnelError::TooManyAddresses`], [`TunnelError::Unaddressable`] for an address
    /// that nobody can have, [`TunnelError::Randomness`] and [`TunnelError::Thread`].
    pub fn start(config: NetStackConfig) -> Result<(NetStack, NetStackDevice), TunnelError> {
        check(&config)?;
        let mtu = config.mtu;
        let seed = random_bytes(&SystemRandom).map_err(|source| TunnelError::Randomness { source })?;
        let shared = Shared::new(config, u64::from_le_bytes(seed));
        let device = NetStackDevice { wire: Arc::clone(&shared.wire), mtu };
        let running = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("nexa-stack".to_owned())
            .spawn(move || running.run())
            .map_err(|source| TunnelError::Thread { source })?;
        Ok((NetStack { shared, thread: Mutex::new(Some(thread)) }, device))
    }

    /// Opens a TCP connection, waiting at most `timeout`.
    ///
    /// # Errors
    /// [`TunnelError::Refused`] when nobody listens there, [`TunnelError::TimedOut`] also when the way there is denied,
    /// [`TunnelError::NoSourceAddress`], [`TunnelError::Unaddressable`], [`TunnelError::PortsExhausted`] and
    /// [`TunnelError::Closed`].
    pub fn connect(&self, to: SocketAddr, timeout: Duration) -> Result<TcpStream, TunnelError> {
        TcpStream::connect(&self.shared, to, timeout)
    }

    /// Accepts TCP connections on a port, to whichever address they come; port 0 lets the stack choose.
    ///
    /// # Errors
    /// [`TunnelError::PortInUse`], [`TunnelError::PortsExhausted`] and [`TunnelError::Closed`].
    pub fn listen(&self, port: u16) -> Result<TcpListener, TunnelError> {
        TcpListener::listen(&self.shared, port)
    }

    /// Sends and receives UDP on a port; port 0 lets the stack choose.
    ///
    /// # Errors
    /// [`TunnelError::PortInUse`], [`TunnelError::PortsExhausted`] and [`TunnelError::Closed`].
    pub fn bind_udp(&self, port: u16) -> Result<UdpSocket, TunnelError> {
        UdpSocket::bind(&self.shared, port)
    }

    /// Sends an ICMP echo request and waits at most `timeout` for the reply; tells how long it took.
    ///
    /// # Errors
    /// [`TunnelError::TimedOut`], [`TunnelError::NoSourceAddress`], [`TunnelError::Unaddressable`] and
    /// [`TunnelError::Closed`].
    pub fn ping(&self, to: IpAddr, timeout: Duration) -> Result<Duration, TunnelError> {
        ping::ping(&self.shared, to, timeout)
    }

    /// How many sockets the stack holds, with those that are still being closed.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.shared.lock().sockets.iter().count()
    }

    /// Ends the stack and waits for its thread. Every call that waits returns; what was not yet sent is lost.
    pub fn close(&self) {
        self.shared.close();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A thread that panicked has ended, which is all that is waited for.
            let _ = thread.join();
        }
    }
}

impl Drop for NetStack {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for NetStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetStack")
            .field("addresses", &self.shared.lock().config.addresses)
            .finish_non_exhaustive()
    }
}

fn check(config: &NetStackConfig) -> Result<(), TunnelError> {
    if !(MIN_MTU..=MAX_MTU).contains(&config.mtu) {
        return Err(TunnelError::MtuOutOfRange { mtu: config.mtu });
    }
    if config.addresses.len() > MAX_ADDRESSES {
        return Err(TunnelError::TooManyAddresses { count: config.addresses.len(), max: MAX_ADDRESSES });
    }
    match config.addresses.iter().find(|address| address.is_unspecified() || address.is_multicast()) {
        Some(address) => Err(TunnelError::Unaddressable { address: SocketAddr::new(*address, 0) }),
        None => Ok(()),
    }
}
