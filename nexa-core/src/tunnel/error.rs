use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;

use crate::error::{Classify, Error, ErrorKind};
use crate::net::Family;

/// What can go wrong with a tunnel, its packet device or a connection inside it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// The tunnel, the network stack or the socket was closed before or during the call.
    #[error("closed")]
    Closed,
    /// The time given for the call ran out.
    #[error("timed out during {operation}")]
    TimedOut {
        /// What was being waited for.
        operation: &'static str,
    },
    /// The far side answered that nobody listens there.
    #[error("connection to {to} refused")]
    Refused {
        /// Where the connection was to go.
        to: SocketAddr,
    },
    /// The far side ended the connection without closing it.
    #[error("connection reset by {peer}")]
    Reset {
        /// The far side.
        peer: SocketAddr,
    },
    /// The network stack has no address of the family that the destination needs.
    #[error("no {family:?} address to send from")]
    NoSourceAddress {
        /// The family that is missing.
        family: Family,
    },
    /// An address that nothing can be sent to: unspecified, multicast, or port zero.
    #[error("{address} cannot be sent to")]
    Unaddressable {
        /// What was asked for.
        address: SocketAddr,
    },
    /// Another socket of this network stack uses the port.
    #[error("port {port} is in use")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// Every ephemeral port is in use.
    #[error("every ephemeral port is in use")]
    PortsExhausted,
    /// The datagram does not fit into one packet.
    #[error("{len} bytes do not fit into one packet, which holds {max}")]
    MessageTooLong {
        /// Bytes given.
        len: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// The MTU is one that the tunnel cannot have.
    #[error("{mtu} is not between {min} and {max}", min = super::MIN_MTU, max = super::MAX_MTU)]
    MtuOutOfRange {
        /// What was asked for.
        mtu: usize,
    },
    /// A peer's host name has no address.
    #[error("{host} cannot be resolved: {reason}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// A peer with the tunnel's own key.
    #[error("is the tunnel's own key")]
    OwnKey,
    /// No more peers can be held or brought to life.
    #[error("no room for another peer")]
    TooManyPeers,
    /// More addresses than the network stack holds.
    #[error("{count} addresses; the network stack holds {max}")]
    TooManyAddresses {
        /// Addresses given.
        count: usize,
        /// Addresses that can be held.
        max: usize,
    },
    /// The operating system refused something about the UDP socket.
    #[error("UDP socket: {operation}")]
    Socket {
        /// What was being done.
        operation: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The packet device failed.
    #[error("packet device")]
    Device {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A packet device has no room for the packet.
    #[error("the packet queue is full")]
    QueueFull,
    /// A thread could not be started.
    #[error("starting a thread")]
    Thread {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The source of randomness gave none.
    #[error("randomness")]
    Randomness {
        /// What it said.
        #[source]
        source: Error,
    },
}

impl TunnelError {
    /// The kind a program decides on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            TunnelError::Closed => ErrorKind::Closed,
            TunnelError::TimedOut { .. } => ErrorKind::Cancelled,
            TunnelError::Refused { .. }
            | TunnelError::Reset { .. }
            | TunnelError::Socket { .. }
            | TunnelError::Device { .. }
            | TunnelError::Thread { .. }
            | TunnelError::Unresolved { .. }
            | TunnelError::Randomness { .. } => ErrorKind::Unavailable,
            TunnelError::PortInUse { .. } => ErrorKind::AlreadyExists,
            TunnelError::PortsExhausted | TunnelError::TooManyPeers | TunnelError::QueueFull => {
                ErrorKind::Exhausted
            }
            TunnelError::NoSourceAddress { .. }
            | TunnelError::Unaddressable { .. }
            | TunnelError::MessageTooLong { .. }
            | TunnelError::MtuOutOfRange { .. }
            | TunnelError::OwnKey
            | TunnelError::TooManyAddresses { .. } => ErrorKind::InvalidInput,
        }
    }
}

impl Classify for TunnelError {
    fn kind(&self) -> ErrorKind {
        TunnelError::kind(self)
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        let field = match self {
            TunnelError::NoSourceAddress { .. } | TunnelError::Unaddressable { .. } => "destination",
            TunnelError::MessageTooLong { .. } => "payload",
            TunnelError::MtuOutOfRange { .. } => "mtu",
            TunnelError::OwnKey => "public_key",
            TunnelError::TooManyAddresses { .. } => "addresses",
            TunnelError::PortInUse { .. } => "port",
            TunnelError::Unresolved { .. } => "endpoint",
            _ => return None,
        };
        Some(Cow::Borrowed(field))
    }
}

impl From<TunnelError> for io::Error {
    /// For [`std::io::Read`] and [`std::io::Write`]; the [`TunnelError`] stays inside.
    fn from(error: TunnelError) -> Self {
        let kind = match &error {
            TunnelError::Closed => io::ErrorKind::ConnectionAborted,
            TunnelError::TimedOut { .. } => io::ErrorKind::TimedOut,
            TunnelError::Refused { .. } => io::ErrorKind::ConnectionRefused,
            TunnelError::Reset { .. } => io::ErrorKind::ConnectionReset,
            TunnelError::PortInUse { .. } => io::ErrorKind::AddrInUse,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_error_becomes_the_crates_error_and_keeps_its_kind() {
        let error: Error = TunnelError::Closed.into();
        assert_eq!(error.kind(), ErrorKind::Closed);
        let error: Error = TunnelError::MtuOutOfRange { mtu: 9 }.into();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("mtu")));
        assert_eq!(error.to_string(), "mtu: 9 is not between 1280 and 65475");
    }
}
