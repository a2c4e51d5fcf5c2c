use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp;
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr};

use super::stack::{Shared, Signal, State, waker};
use crate::tunnel::clock;
use crate::tunnel::error::TunnelError;

const PAYLOAD: &[u8] = b"nexa ping";
const BUFFER: usize = 512;

/// Sends an ICMP echo request and waits for its reply; tells how long that took.
pub(super) fn ping(shared: &Arc<Shared>, to: IpAddr, timeout: Duration) -> Result<Duration, TunnelError> {
    let began = clock::now();
    let (handle, signal) = shared.change(|state| send_request(state, to))?;
    let answered = shared.wait(&signal, Some(timeout), "waiting for an echo reply", |state| {
        let socket = state.sockets.get_mut::<icmp::Socket<'_>>(handle);
        match socket.recv() {
            Ok((_, from)) if from == to.into() => Some(Ok(())),
            // A reply by somebody else, with our identifier, is nobody's.
            _ => {
                socket.register_recv_waker(&waker(&signal));
                None
            }
        }
    });
    shared.release(handle);
    answered.map(|()| clock::now().saturating_duration_since(began))
}

fn send_request(state: &mut State, to: IpAddr) -> Result<(SocketHandle, Arc<Signal>), TunnelError> {
    let unaddressable = || TunnelError::Unaddressable { address: SocketAddr::new(to, 0) };
    let source = state.source_for(to)?;
    if to.is_unspecified() || to.is_multicast() {
        return Err(unaddressable());
    }
    // Numbered in turn: one comes again only when thousands later are under way, and then the address tells them apart.
    let ident = state.ephemeral_port(|_, _| true)?;
    let buffer = || icmp::PacketBuffer::new(vec![icmp::PacketMetadata::EMPTY; 4], vec![0; BUFFER]);
    let mut socket = icmp::Socket::new(buffer(), buffer());
    socket.bind(icmp::Endpoint::Ident(ident)).map_err(|_| unaddressable())?;
    socket.send_slice(&echo_request(source, to, ident), to.into()).map_err(|_| unaddressable())?;
    Ok(state.add(socket))
}

fn echo_request(source: IpAddr, to: IpAddr, ident: u16) -> Vec<u8> {
    let checksums = ChecksumCapabilities::default();
    match (source, to) {
        (IpAddr::V6(source), IpAddr::V6(to)) => {
            let request = Icmpv6Repr::EchoRequest { ident, seq_no: 1, data: PAYLOAD };
            let mut bytes = vec![0; request.buffer_len()];
            request.emit(&source, &to, &mut Icmpv6Packet::new_unchecked(&mut bytes), &checksums);
            bytes
        }
        _ => {
            let request = Icmpv4Repr::EchoRequest { ident, seq_no: 1, data: PAYLOAD };
            let mut bytes = vec![0; request.buffer_len()];
            request.emit(&mut Icmpv4Packet::new_unchecked(&mut bytes), &checksums);
            bytes
        }
    }
}
