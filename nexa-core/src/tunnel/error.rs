use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;

use crate::error::{Classify, Code, Error, ErrorKind};
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
    /// What was given is no name of a network interface.
    #[error(
        "`{name}` is no interface name: 1 to 15 bytes, not `.` or `..`, without `/`, `:`, `%`, spaces and NUL"
    )]
    InterfaceName {
        /// What was given.
        name: String,
    },
    /// A network interface of that name exists.
    #[error("the interface {name} exists")]
    InterfaceInUse {
        /// The name.
        name: String,
    },
    /// This program may not do it to the network.
    #[error("{operation} needs {missing}")]
    NotPermitted {
        /// What was being done.
        operation: &'static str,
        /// What the program would have to be given.
        missing: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The system has no TUN interfaces.
    #[error(
        "/dev/net/tun is not there: the kernel has no TUN module loaded, or the container was not given the device"
    )]
    NoTun {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The operating system refused something about the network interface.
    #[error("interface {name}: {operation}")]
    Interface {
        /// The interface.
        name: String,
        /// What was being done.
        operation: String,
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
        Classify::code(self).kind()
    }

    /// What went wrong, finer than its kind: what [`Error::code`] says when this becomes an [`Error`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        Classify::code(self).as_str()
    }
}

impl Classify for TunnelError {
    fn code(&self) -> Code {
        match self {
            TunnelError::Closed => Code::TunnelClosed,
            TunnelError::TimedOut { .. } => Code::TunnelTimedOut,
            TunnelError::Refused { .. } => Code::TunnelRefused,
            TunnelError::Reset { .. } => Code::TunnelReset,
            TunnelError::NoSourceAddress { .. } => Code::TunnelNoSourceAddress,
            TunnelError::Unaddressable { .. } => Code::TunnelUnaddressable,
            TunnelError::PortInUse { .. } => Code::TunnelPortInUse,
            TunnelError::PortsExhausted => Code::TunnelPortsExhausted,
            TunnelError::MessageTooLong { .. } => Code::TunnelMessageTooLong,
            TunnelError::MtuOutOfRange { .. } => Code::TunnelMtuOutOfRange,
            TunnelError::Unresolved { .. } => Code::TunnelUnresolved,
            TunnelError::OwnKey => Code::TunnelOwnKey,
            TunnelError::TooManyPeers => Code::TunnelTooManyPeers,
            TunnelError::TooManyAddresses { .. } => Code::TunnelTooManyAddresses,
            TunnelError::Socket { .. } => Code::TunnelSocket,
            TunnelError::Device { .. } => Code::TunnelDevice,
            TunnelError::InterfaceName { .. } => Code::TunnelInterfaceName,
            TunnelError::InterfaceInUse { .. } => Code::TunnelInterfaceInUse,
            TunnelError::NotPermitted { .. } => Code::TunnelNotPermitted,
            TunnelError::NoTun { .. } => Code::TunnelNoTun,
            TunnelError::Interface { .. } => Code::TunnelInterface,
            TunnelError::QueueFull => Code::TunnelQueueFull,
            TunnelError::Thread { .. } => Code::TunnelThread,
            TunnelError::Randomness { .. } => Code::RuntimeNoRandomness,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        let field = match self {
            TunnelError::NoSourceAddress { .. } | TunnelError::Unaddressable { .. } => "destination",
            TunnelError::MessageTooLong { .. } => "payload",
            TunnelError::MtuOutOfRange { .. } => "mtu",
            TunnelError::OwnKey => "public_key",
            TunnelError::TooManyAddresses { .. } => "addresses",
            TunnelError::PortInUse { .. } => "port",
            TunnelError::InterfaceName { .. } | TunnelError::InterfaceInUse { .. } => "name",
            TunnelError::Unresolved { .. } => "endpoint",
            _ => return None,
        };
        Some(Cow::Borrowed(field))
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            TunnelError::TimedOut { operation } | TunnelError::Socket { operation, .. } => {
                vec![("operation", (*operation).to_owned())]
            }
            TunnelError::Refused { to } => vec![("to", to.to_string())],
            TunnelError::Reset { peer } => vec![("peer", peer.to_string())],
            TunnelError::NoSourceAddress { family } => vec![("family", format!("{family:?}").to_lowercase())],
            TunnelError::Unaddressable { address } => vec![("address", address.to_string())],
            TunnelError::PortInUse { port } => vec![("port", port.to_string())],
            TunnelError::MessageTooLong { len, max } => bound("len", len, max),
            TunnelError::TooManyAddresses { count, max } => bound("count", count, max),
            TunnelError::MtuOutOfRange { mtu } => {
                let mut details = bound("mtu", mtu, &super::MAX_MTU);
                details.push(("min", super::MIN_MTU.to_string()));
                details
            }
            TunnelError::Unresolved { host, .. } => vec![("host", host.clone())],
            TunnelError::InterfaceName { name } | TunnelError::InterfaceInUse { name } => {
                vec![("name", name.clone())]
            }
            TunnelError::NotPermitted { operation, missing, .. } => {
                vec![("operation", (*operation).to_owned()), ("missing", (*missing).to_owned())]
            }
            TunnelError::Interface { name, operation, .. } => {
                vec![("name", name.clone()), ("operation", operation.clone())]
            }
            _ => Vec::new(),
        }
    }
}

/// A number, and the most that it may be.
fn bound(name: &'static str, number: &usize, max: &usize) -> Vec<(&'static str, String)> {
    vec![(name, number.to_string()), ("max", max.to_string())]
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
        assert_eq!((error.kind(), error.code()), (ErrorKind::Closed, "tunnel.closed"));
        let error: Error = TunnelError::MtuOutOfRange { mtu: 9 }.into();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("mtu")));
        assert_eq!(error.to_string(), "mtu: 9 is not between 1280 and 65475");
        let details = [("field", "mtu"), ("max", "65475"), ("min", "1280"), ("mtu", "9")];
        assert_eq!(error.details(), details.map(|(name, value)| (name, value.to_owned())).into());
    }
}
