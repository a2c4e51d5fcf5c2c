use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use smoltcp::wire::IpListenEndpoint;

use super::stack::{Shared, Signal, State, to_std, waker};
use crate::tunnel::error::TunnelError;

/// A TCP connection inside the tunnel. Reads and writes block, and may go on at once from two threads through `&`.
///
/// Small writes are sent at once. Dropping it closes the connection; what was written is still delivered while the
/// network stack lives.
pub struct TcpStream {
    shared: Arc<Shared>,
    handle: SocketHandle,
    signal: Arc<Signal>,
    local: SocketAddr,
    peer: SocketAddr,
    read_shut: AtomicBool,
    timeouts: Mutex<Timeouts>,
}

#[derive(Clone, Copy, Default)]
struct Timeouts {
    read: Option<Duration>,
    write: Option<Duration>,
}

impl TcpStream {
    pub(super) fn connect(
        shared: &Arc<Shared>,
        peer: SocketAddr,
        timeout: Duration,
    ) -> Result<Self, TunnelError> {
        let (handle, signal, local) = shared.change(|state| begin(state, peer))?;
        let connected = shared.wait(&signal, Some(timeout), "connecting", |state| {
            let socket = state.sockets.get_mut::<tcp::Socket<'_>>(handle);
            match socket.state() {
                tcp::State::SynSent | tcp::State::SynReceived => {
                    socket.register_send_waker(&waker(&signal));
                    None
                }
                tcp::State::Closed => Some(Err(TunnelError::Refused { to: peer })),
                _ => Some(Ok(())),
            }
        });
        if let Err(error) = connected {
            shared.lock().give_up(handle);
            shared.wire.work.raise();
            return Err(error);
        }
        Ok(TcpStream::new(Arc::clone(shared), handle, signal, local, peer))
    }

    fn new(
        shared: Arc<Shared>,
        handle: SocketHandle,
        signal: Arc<Signal>,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Self {
        let timeouts = Mutex::new(Timeouts::default());
        TcpStream { shared, handle, signal, local, peer, read_shut: AtomicBool::new(false), timeouts }
    }

    /// Our address and port. On a gateway that answers for others, the address that was connected to.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The far side's address and port.
    #[must_use]
    pub const fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    /// How long a read may wait; for ever without. A read that took longer fails with [`io::ErrorKind::TimedOut`].
    pub fn set_read_timeout(&self, timeout: Option<Duration>) {
        self.timeouts.lock().unwrap_or_else(PoisonError::into_inner).read = timeout;
    }

    /// How long a write may wait for room; for ever without.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) {
        self.timeouts.lock().unwrap_or_else(PoisonError::into_inner).write = timeout;
    }

    /// Ends one or both directions. Ended writing, the far side reads to the end of what was written.
    ///
    /// # Errors
    /// [`TunnelError::Closed`] when the network stack was closed.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), TunnelError> {
        self.shared.change(|state| {
            if matches!(how, Shutdown::Write | Shutdown::Both) {
                state.sockets.get_mut::<tcp::Socket<'_>>(self.handle).close();
            }
            if matches!(how, Shutdown::Read | Shutdown::Both) {
                self.read_shut.store(true, Ordering::SeqCst);
                waker(&self.signal).wake();
            }
            Ok(())
        })
    }

    fn timeouts(&self) -> Timeouts {
        *self.timeouts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<usize, TunnelError> {
        self.shared.wait(&self.signal, self.timeouts().read, "reading", |state| {
            if self.read_shut.load(Ordering::SeqCst) || buffer.is_empty() {
                return Some(Ok(0));
            }
            let socket = state.sockets.get_mut::<tcp::Socket<'_>>(self.handle);
            match socket.recv_slice(buffer) {
                Ok(0) => {
                    socket.register_recv_waker(&waker(&self.signal));
                    None
                }
                Ok(len) => Some(Ok(len)),
                Err(tcp::RecvError::Finished) => Some(Ok(0)),
                Err(tcp::RecvError::InvalidState) => Some(Err(TunnelError::Reset { peer: self.peer })),
            }
        })
    }

    fn send(&self, data: &[u8]) -> Result<usize, TunnelError> {
        self.shared.wait(&self.signal, self.timeouts().write, "writing", |state| {
            let socket = state.sockets.get_mut::<tcp::Socket<'_>>(self.handle);
            match socket.send_slice(data) {
                Ok(0) if !data.is_empty() => {
                    socket.register_send_waker(&waker(&self.signal));
                    None
                }
                Ok(len) => Some(Ok(len)),
                Err(_) if socket.state() == tcp::State::Closed => {
                    Some(Err(TunnelError::Reset { peer: self.peer }))
                }
                Err(_) => Some(Err(TunnelError::Closed)),
            }
        })
    }
}

fn begin(
    state: &mut State,
    peer: SocketAddr,
) -> Result<(SocketHandle, Arc<Signal>, SocketAddr), TunnelError> {
    let source = state.source_for(peer.ip())?;
    if peer.port() == 0 || peer.ip().is_unspecified() || peer.ip().is_multicast() {
        return Err(TunnelError::Unaddressable { address: peer });
    }
    let local = SocketAddr::new(source, state.ephemeral_port(State::tcp_port_is_free)?);
    let mut socket = state.new_tcp();
    socket
        .connect(state.interface.context(), peer, IpListenEndpoint::from(local))
        .map_err(|_| TunnelError::Unaddressable { address: peer })?;
    let (handle, signal) = state.add(socket);
    Ok((handle, signal, local))
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.shared.release(self.handle);
    }
}

impl Read for &TcpStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.receive(buffer)?)
    }
}

impl Write for &TcpStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Ok(self.send(data)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for TcpStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for TcpStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        (&*self).write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("local", &self.local)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// Accepts TCP connections on one port, to any address that the network stack answers for.
pub struct TcpListener {
    shared: Arc<Shared>,
    signal: Arc<Signal>,
    port: u16,
}

impl TcpListener {
    pub(super) fn listen(shared: &Arc<Shared>, port: u16) -> Result<Self, TunnelError> {
        let (port, signal) = shared.change(|state| {
            let port = if port == 0 { state.ephemeral_port(State::tcp_port_is_free)? } else { port };
            if state.listeners.contains_key(&port) {
                return Err(TunnelError::PortInUse { port });
            }
            Ok((port, state.add_listener(port)))
        })?;
        Ok(TcpListener { shared: Arc::clone(shared), signal, port })
    }

    /// The port on which it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the next connection; for ever without a timeout. The stream knows which address was connected to.
    ///
    /// # Errors
    /// [`TunnelError::TimedOut`] and [`TunnelError::Closed`].
    pub fn accept(&self, timeout: Option<Duration>) -> Result<TcpStream, TunnelError> {
        self.shared.wait(&self.signal, timeout, "accepting", |state| {
            loop {
                let handle = state.listeners.get_mut(&self.port)?.ready.pop_front()?;
                let socket = state.sockets.get::<tcp::Socket<'_>>(handle);
                let (local, peer) = (socket.local_endpoint(), socket.remote_endpoint());
                let (Some(local), Some(peer)) = (local, peer) else {
                    // Reset before anybody accepted it.
                    state.remove(handle);
                    continue;
                };
                let signal = state.signal(handle);
                let shared = Arc::clone(&self.shared);
                return Some(Ok(TcpStream::new(shared, handle, signal, to_std(local), to_std(peer))));
            }
        })
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        self.shared.lock().remove_listener(self.port);
        self.shared.wire.work.raise();
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("port", &self.port).finish_non_exhaustive()
    }
}
