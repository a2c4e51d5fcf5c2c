use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Receives one datagram.
///
/// Not through [`UdpSocket::recv_from`]: of a socket that was shut down Linux tells no sender, for which std is not
/// prepared and may panic. Here it is an error like any other.
#[cfg(unix)]
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    let (_, len, from) = rustix::net::recvfrom(socket, buffer, rustix::net::RecvFlags::empty())?;
    let from = from.and_then(|from| SocketAddr::try_from(from).ok());
    from.map(|from| (len, from)).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
}

/// Receives one datagram.
#[cfg(not(unix))]
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    socket.recv_from(buffer)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_was_shut_down_is_an_error_and_no_panic() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(b"before", socket.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 64];
        assert_eq!(receive(&socket, &mut buffer).unwrap(), (6, socket.local_addr().unwrap()));
        // Fails on a socket without a peer, and works all the same.
        let _ = socket2::SockRef::from(&socket).shutdown(std::net::Shutdown::Both);
        for _ in 0..1_000 {
            assert_eq!(receive(&socket, &mut buffer).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
