use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::udp;
use smoltcp::wire::IpEndpoint;

use super::stack::{Shared, Signal, State, from_wire, to_std, waker};
use crate::net::Family;
use crate::tunnel::error::TunnelError;
use crate::tunnel::packet::{IPV4_HEADER, IPV6_HEADER};

const UDP_HEADER: usize = 8;
/// What waits to be received or sent: this many datagrams, and at most this many bytes.
const DATAGRAMS: usize = 256;
const BYTES: usize = 256 * 1024;

/// A UDP port inside the tunnel, on every address that the network stack answers for.
pub struct UdpSocket {
    shared: Arc<Shared>,
    handle: SocketHandle,
    signal: Arc<Signal>,
    port: u16,
}

/// A datagram's length and where it came from and went to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct UdpReceived {
    /// How many bytes of it are in the buffer. What did not fit is lost.
    pub len: usize,
    /// Who sent it.
    pub peer: SocketAddr,
    /// Where it was sent to: answers should come from there, by [`UdpSocket::send_from`].
    pub local: SocketAddr,
}

impl UdpSocket {
    pub(super) fn bind(shared: &Arc<Shared>, port: u16) -> Result<Self, TunnelError> {
        let (handle, signal, port) = shared.change(|state| {
            let port = if port == 0 { state.ephemeral_port(State::udp_port_is_free)? } else { port };
            if !state.udp_port_is_free(port) {
                return Err(TunnelError::PortInUse { port });
            }
            let buffer =
                || udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; DATAGRAMS], vec![0; BYTES]);
            let mut socket = udp::Socket::new(buffer(), buffer());
            socket.bind(port).map_err(|_| TunnelError::PortInUse { port })?;
            let (handle, signal) = state.add(socket);
            Ok((handle, signal, port))
        })?;
        Ok(UdpSocket { shared: Arc::clone(shared), handle, signal, port })
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Sends a datagram from our own address. Waits at most `timeout` for room in the queue.
    ///
    /// # Errors
    /// As [`UdpSocket::send_from`], and [`TunnelError::NoSourceAddress`].
    pub fn send_to(&self, payload: &[u8], to: SocketAddr, timeout: Duration) -> Result<(), TunnelError> {
        let from = self.shared.change(|state| state.source_for(to.ip()))?;
        self.send_from(payload, from, to, timeout)
    }

    /// Sends a datagram from an address of our choice, such as the one that the question came to.
    ///
    /// # Errors
    /// [`TunnelError::MessageTooLong`] past what one packet holds, [`TunnelError::Unaddressable`],
    /// [`TunnelError::NoSourceAddress`] when the two addresses are of different families, [`TunnelError::TimedOut`] and
    /// [`TunnelError::Closed`].
    pub fn send_from(
        &self,
        payload: &[u8],
        from: IpAddr,
        to: SocketAddr,
        timeout: Duration,
    ) -> Result<(), TunnelError> {
        if Family::of(from) != Family::of(to.ip()) {
            return Err(TunnelError::NoSourceAddress { family: Family::of(to.ip()) });
        }
        let meta = udp::UdpMetadata {
            local_address: Some(from.into()),
            ..udp::UdpMetadata::from(IpEndpoint::from(to))
        };
        self.shared.wait(&self.signal, Some(timeout), "sending", |state| {
            let max = longest_payload(state.config.mtu, from);
            if payload.len() > max {
                return Some(Err(TunnelError::MessageTooLong { len: payload.len(), max }));
            }
            let socket = state.sockets.get_mut::<udp::Socket<'_>>(self.handle);
            match socket.send_slice(payload, meta) {
                Ok(()) => Some(Ok(())),
                Err(udp::SendError::BufferFull) => {
                    socket.register_send_waker(&waker(&self.signal));
                    None
                }
                Err(udp::SendError::Unaddressable) => Some(Err(TunnelError::Unaddressable { address: to })),
            }
        })
    }

    /// Waits for a datagram; for ever without a timeout.
    ///
    /// # Errors
    /// [`TunnelError::TimedOut`] and [`TunnelError::Closed`].
    pub fn recv_from(
        &self,
        buffer: &mut [u8],
        timeout: Option<Duration>,
    ) -> Result<UdpReceived, TunnelError> {
        self.shared.wait(&self.signal, timeout, "receiving", |state| {
            let socket = state.sockets.get_mut::<udp::Socket<'_>>(self.handle);
            let Ok((payload, meta)) = socket.recv() else {
                socket.register_recv_waker(&waker(&self.signal));
                return None;
            };
            let len = crate::tunnel::device::copy_cut(payload, buffer);
            let local = meta.local_address.map_or(IpAddr::from([0; 4]), from_wire);
            let peer = to_std(meta.endpoint);
            Some(Ok(UdpReceived { len, peer, local: SocketAddr::new(local, self.port) }))
        })
    }
}

const fn longest_payload(mtu: usize, from: IpAddr) -> usize {
    let header = match from {
        IpAddr::V4(_) => IPV4_HEADER,
        IpAddr::V6(_) => IPV6_HEADER,
    };
    mtu.saturating_sub(header + UDP_HEADER)
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.shared.release(self.handle);
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("port", &self.port).finish_non_exhaustive()
    }
}
