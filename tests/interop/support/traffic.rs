use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::CEILING;
use super::namespace::Namespace;

const SIZE: usize = 10_000_000;
const PORT: u16 = 4_000;

/// 10 MB over TCP each way, from programs in one namespace to one in another; both sides' checksums are equal.
pub(crate) fn transfer(client: &Namespace, server: &Namespace, address: IpAddr) {
    let listener = server.enter(|| TcpListener::bind((address, 0)).unwrap());
    let destination = listener.local_addr().unwrap();
    let connect = || client.enter(|| TcpStream::connect_timeout(&destination, CEILING).unwrap());
    let accept = || listener.accept().unwrap().0;
    for (way, (from, to)) in [("to", (connect(), accept())), ("from", swapped(connect(), accept()))] {
        let receiver = thread::spawn(move || receive(to));
        let sent = send(from);
        assert_eq!(receiver.join().unwrap(), (SIZE, sent.clone()));
        println!("10 MB {way} {address}: SHA-256 {} on both sides", hex(&sent));
    }
}

fn swapped<T>(one: T, other: T) -> (T, T) {
    (other, one)
}

fn send(mut stream: TcpStream) -> Vec<u8> {
    let data = noise();
    stream.set_write_timeout(Some(CEILING)).unwrap();
    stream.write_all(&data).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    // Until the other end has taken everything and closed.
    stream.set_read_timeout(Some(CEILING)).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    Sha256::digest(&data).to_vec()
}

fn receive(mut stream: TcpStream) -> (usize, Vec<u8>) {
    stream.set_read_timeout(Some(CEILING)).unwrap();
    let mut data = Vec::with_capacity(SIZE);
    stream.read_to_end(&mut data).unwrap();
    (data.len(), Sha256::digest(&data).to_vec())
}

/// Bytes of which no two packets are alike (xorshift).
fn noise() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(SIZE).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing that is sent to `denied` arrives, while what is sent after it to `allowed`, on the same way, does.
pub(crate) fn arrives_only_at(from: &Namespace, to: &Namespace, allowed: IpAddr, denied: IpAddr) {
    let [good, bad] = [allowed, denied].map(|address| to.enter(|| UdpSocket::bind((address, PORT)).unwrap()));
    from.enter(|| {
        let any: IpAddr = if allowed.is_ipv4() { "0.0.0.0" } else { "::" }.parse().unwrap();
        let socket = UdpSocket::bind((any, 0)).unwrap();
        socket.send_to(b"let me in", (denied, PORT)).unwrap();
        socket.send_to(b"after it", (allowed, PORT)).unwrap();
    });
    let mut datagram = [0; 99];
    good.set_read_timeout(Some(CEILING)).unwrap();
    assert_eq!(good.recv(&mut datagram).unwrap(), b"after it".len());
    bad.set_nonblocking(true).unwrap();
    assert!(bad.recv(&mut datagram).is_err(), "a datagram reached {denied}");
}
