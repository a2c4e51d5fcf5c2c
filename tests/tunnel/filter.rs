use std::io::{Read, Write};

use nexa_core::tunnel::{Filter, FilterRule, TunnelError};

use crate::support::{ALLOWED_V4, CEILING, DENIED_V4, MOMENT, World, at, ip, policy, set};

#[test]
fn a_filter_replaced_under_an_open_connection_stops_it_and_put_back_lets_it_go_on() {
    let world = World::new();
    let listener = world.gateway.net.listen(80).unwrap();
    let mut client = world.client.net.connect(at(ALLOWED_V4, 80), CEILING).unwrap();
    let mut server = listener.accept(Some(CEILING)).unwrap();
    client.write_all(b"one").unwrap();
    server.read_exact(&mut [0; 3]).unwrap();

    let elsewhere = FilterRule::new(set(&["10.8.0.0/24"]), set(&["192.168.7.200/32"]));
    world.gateway.tunnel.set_filter(Filter::from_rules([elsewhere]));
    client.write_all(b"two").unwrap();
    world.client.net.ping(ip("192.168.7.200"), CEILING).unwrap();
    server.set_read_timeout(Some(MOMENT));
    assert_eq!(server.read(&mut [0; 3]).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    assert!(world.gateway.tunnel.counters().dropped_filter >= 1);

    world.gateway.tunnel.set_filter(policy());
    server.set_read_timeout(Some(CEILING));
    let mut text = [0; 3];
    server.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"two");
}

#[test]
fn a_widened_filter_opens_what_was_denied() {
    let world = World::new();
    assert!(matches!(world.client.net.ping(ip(DENIED_V4), MOMENT), Err(TunnelError::TimedOut { .. })));
    let rule = FilterRule::new(set(&["10.8.0.2/32"]), set(&["172.16.0.0/12"]));
    world.gateway.tunnel.set_filter(Filter::from_rules([rule]));
    world.client.net.ping(ip(DENIED_V4), CEILING).unwrap();
    assert!(world.client.net.ping(ip(ALLOWED_V4), MOMENT).is_err(), "and nothing else");
}

#[test]
fn a_removed_client_is_cut_off() {
    let world = World::new();
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    let client = world.gateway.tunnel.peers()[0].public_key;
    assert!(world.gateway.tunnel.remove_peer(&client));
    assert!(world.client.net.ping(ip(ALLOWED_V4), MOMENT).is_err());
    assert!(world.gateway.tunnel.peers().is_empty());
}
