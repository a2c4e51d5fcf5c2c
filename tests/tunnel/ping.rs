use nexa_core::ErrorKind;
use nexa_core::tunnel::TunnelError;

use crate::support::{
    ALLOWED_V4, ALLOWED_V6, CEILING, CLIENT_V4, DENIED_V4, DENIED_V6, MOMENT, World, at, ip,
};

#[test]
fn an_allowed_address_answers_in_both_families() {
    let world = World::new();
    for address in [ALLOWED_V4, ALLOWED_V6, "192.168.7.200", "fd80::ffff"] {
        assert!(world.client.net.ping(ip(address), CEILING).unwrap() < CEILING);
    }
    assert_eq!(world.client.net.open_sockets(), 0);
}

#[test]
fn a_denied_address_does_not_answer_and_the_gateway_counts_it() {
    let world = World::new();
    for (n, address) in [DENIED_V4, DENIED_V6].into_iter().enumerate() {
        let error = world.client.net.ping(ip(address), MOMENT).unwrap_err();
        assert!(matches!(error, TunnelError::TimedOut { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        // Packets keep their order, so when this one is answered the other has been judged.
        world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
        assert_eq!(world.gateway.tunnel.counters().dropped_filter, n as u64 + 1);
    }
}

#[test]
fn the_gateway_cannot_reach_a_client_that_did_not_ask() {
    let world = World::new();
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    assert!(matches!(
        world.gateway.net.ping(ip(CLIENT_V4), MOMENT),
        Err(TunnelError::NoSourceAddress { .. })
    ));
    let inbox = world.client.net.bind_udp(9).unwrap();
    let socket = world.gateway.net.bind_udp(53).unwrap();
    socket.send_from(b"unasked", ip(ALLOWED_V4), at(CLIENT_V4, 9), CEILING).unwrap();
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    assert!(inbox.recv_from(&mut [0; 9], Some(MOMENT)).is_err());
    assert_eq!(world.gateway.tunnel.counters().dropped_unsolicited, 1);
}
