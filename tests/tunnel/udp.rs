use nexa_core::tunnel::TunnelError;

use crate::support::{ALLOWED_V4, ALLOWED_V6, CEILING, CLIENT_V4, MOMENT, World, at};

#[test]
fn a_datagram_is_echoed_from_the_address_it_was_sent_to_in_both_families() {
    let world = World::new();
    let echo = world.gateway.net.bind_udp(7).unwrap();
    let client = world.client.net.bind_udp(0).unwrap();
    for address in [ALLOWED_V4, ALLOWED_V6] {
        for len in [0, 1, 1000, 1420 - 48] {
            let payload = vec![0x5a; len];
            client.send_to(&payload, at(address, 7), CEILING).unwrap();
            let mut buffer = vec![0; 2000];
            let question = echo.recv_from(&mut buffer, Some(CEILING)).unwrap();
            assert_eq!((question.local, question.peer.port()), (at(address, 7), client.port()));
            echo.send_from(&buffer[..question.len], question.local.ip(), question.peer, CEILING).unwrap();
            let answer = client.recv_from(&mut buffer, Some(CEILING)).unwrap();
            assert_eq!((answer.peer, &buffer[..answer.len]), (at(address, 7), payload.as_slice()));
        }
    }
}

#[test]
fn a_datagram_that_fits_no_packet_is_refused_with_the_length_that_does() {
    let world = World::new();
    let client = world.client.net.bind_udp(0).unwrap();
    for (address, max) in [(ALLOWED_V4, 1392), (ALLOWED_V6, 1372)] {
        match client.send_to(&vec![0; max + 1], at(address, 7), CEILING) {
            Err(TunnelError::MessageTooLong { max: told, .. }) => assert_eq!(told, max),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_bound_port_is_taken_until_its_socket_is_dropped() {
    let world = World::new();
    let first = world.client.net.bind_udp(5353).unwrap();
    assert!(matches!(world.client.net.bind_udp(5353), Err(TunnelError::PortInUse { port: 5353 })));
    drop(first);
    let again = world.client.net.bind_udp(5353).unwrap();
    assert!(matches!(again.recv_from(&mut [0; 1], Some(MOMENT)), Err(TunnelError::TimedOut { .. })));
    assert!(again.send_to(b"x", at(CLIENT_V4, 0), CEILING).is_err(), "port zero is nobody's");
}
