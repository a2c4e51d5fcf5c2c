use std::net::{Shutdown, UdpSocket};

use nexa_core::runtime::SystemRandom;
use nexa_core::tunnel::{Event, Filter, MemoryDevice, Tunnel, TunnelConfig};
use nexa_core::wireguard::PrivateKey;

use crate::support::CEILING;

#[test]
fn a_socket_that_is_taken_away_is_told_once_as_an_event() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let same = socket.try_clone().unwrap();
    let config = TunnelConfig::new(PrivateKey::generate(&SystemRandom).unwrap(), Filter::deny_all());
    let (device, _other_end) = MemoryDevice::pair(1420, 16);
    let tunnel = Tunnel::start_on(socket, &config, device).unwrap();
    // It has no peer to be shut down towards, says the system, and shuts it down.
    let _ = socket2::SockRef::from(&same).shutdown(Shutdown::Both);
    let event = tunnel.next_event(CEILING).unwrap();
    assert!(matches!(event, Some(Event::SocketLost { .. })), "{event:?}");
    assert_eq!(tunnel.next_event(std::time::Duration::ZERO).unwrap(), None);
    tunnel.close();
}

#[test]
fn a_packet_device_that_is_closed_is_told_as_an_event() {
    let config = TunnelConfig::new(PrivateKey::generate(&SystemRandom).unwrap(), Filter::deny_all());
    let (device, other_end) = MemoryDevice::pair(1420, 16);
    let tunnel = Tunnel::start(&config, device).unwrap();
    drop(other_end);
    let event = tunnel.next_event(CEILING).unwrap();
    assert!(matches!(event, Some(Event::DeviceLost { .. })), "{event:?}");
}
