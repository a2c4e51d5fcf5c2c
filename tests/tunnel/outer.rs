use nexa_core::tunnel::Event;

use crate::support::{ALLOWED_V4, ALLOWED_V6, CEILING, World, ip};

#[test]
fn both_families_go_inside_over_ipv4_over_ipv6_and_over_a_socket_for_both() {
    for outer in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"] {
        let world = World::over(outer);
        world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
        world.client.net.ping(ip(ALLOWED_V6), CEILING).unwrap();
        let seen = world.gateway.tunnel.peers()[0].endpoint.unwrap();
        assert_eq!(seen.port(), world.client.tunnel.local_addr().port());
    }
}

#[test]
fn a_socket_for_both_families_is_reached_over_ipv4_and_answers_there() {
    let world = World::over("[::]:0");
    let gateway = &world.gateway.tunnel;
    let mut peer = nexa_core::tunnel::PeerConfig::new(world.client.tunnel.peers()[0].public_key);
    peer.endpoint = Some((ip("127.0.0.1"), gateway.local_addr().port()).into());
    peer.allowed_ips = world.client.tunnel.peers()[0].allowed_ips.clone();
    world.client.tunnel.set_peer(&peer).unwrap();
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    assert_eq!(gateway.peers()[0].endpoint.unwrap().ip(), ip("127.0.0.1"));
}

#[test]
fn a_handshake_is_told_as_an_event() {
    let world = World::new();
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    let client = world.gateway.tunnel.peers()[0].public_key;
    let event = world.gateway.tunnel.next_event(CEILING).unwrap();
    assert_eq!(event, Some(Event::HandshakeCompleted { peer: client }));
}
