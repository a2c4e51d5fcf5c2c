use std::net::SocketAddr;

use crate::wireguard::PublicKey;

/// Something that happened to the tunnel by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A session was made with a peer.
    HandshakeCompleted {
        /// The peer.
        peer: PublicKey,
    },
    /// A peer did not answer for 90 s. Sending to it tries again.
    HandshakeFailed {
        /// The peer.
        peer: PublicKey,
    },
    /// Authenticated packets of a peer come from another address than before.
    EndpointChanged {
        /// The peer.
        peer: PublicKey,
        /// Where it is now.
        endpoint: SocketAddr,
    },
    /// The operating system took the UDP socket away: nothing is sent or received any more.
    SocketLost {
        /// What the operating system said.
        reason: String,
    },
    /// The packet device failed: nothing is taken from it any more.
    DeviceLost {
        /// What the device said.
        reason: String,
    },
}
