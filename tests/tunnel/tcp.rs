use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;

use nexa_core::tunnel::TunnelError;

use crate::support::{
    ALLOWED_V4, ALLOWED_V6, CEILING, CLIENT_V4, CLIENT_V6, DENIED_V4, MOMENT, World, at, ip,
};

#[test]
fn a_megabyte_goes_there_and_comes_back_unchanged_in_both_families() {
    let world = World::new();
    let listener = world.gateway.net.listen(80).unwrap();
    let sent: Vec<u8> = (0..1_000_003u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (address, client) in [(ALLOWED_V4, CLIENT_V4), (ALLOWED_V6, CLIENT_V6)] {
        let stream = world.client.net.connect(at(address, 80), CEILING).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut stream = listener.accept(Some(CEILING)).unwrap();
                assert_eq!(stream.local_addr(), at(address, 80), "the address that was asked for");
                assert_eq!(stream.peer_addr().ip().to_string(), client);
                let mut buffer = vec![0; 10_000];
                loop {
                    match stream.read(&mut buffer).unwrap() {
                        0 => break,
                        len => stream.write_all(&buffer[..len]).unwrap(),
                    }
                }
            });
            scope.spawn(|| {
                (&stream).write_all(&sent).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            });
            let mut back = Vec::new();
            (&stream).read_to_end(&mut back).unwrap();
            assert!(back == sent, "{} of {} bytes came back equal", back.len(), sent.len());
        });
    }
}

#[test]
fn one_listener_accepts_many_connections_to_many_addresses() {
    let world = World::new();
    let listener = world.gateway.net.listen(0).unwrap();
    let streams: Vec<_> = (1..=40)
        .map(|n| world.client.net.connect(at(&format!("192.168.7.{n}"), listener.port()), CEILING).unwrap())
        .collect();
    for mut client in streams {
        let mut server = listener.accept(Some(CEILING)).unwrap();
        assert_eq!((server.peer_addr(), server.local_addr()), (client.local_addr(), client.peer_addr()));
        server.write_all(b"hello").unwrap();
        drop(server);
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello", "what was written before the close arrives");
    }
}

#[test]
fn ten_thousand_connections_to_a_closed_port_are_refused_and_leave_nothing() {
    let world = World::new();
    for n in 0..10_000u32 {
        let address = if n % 2 == 0 { ALLOWED_V4 } else { ALLOWED_V6 };
        match world.client.net.connect(at(address, 81), CEILING) {
            Err(TunnelError::Refused { to }) => assert_eq!(to, at(address, 81)),
            other => panic!("connection {n}: {other:?}"),
        }
    }
    assert_eq!((world.client.net.open_sockets(), world.gateway.net.open_sockets()), (0, 0));
}

#[test]
fn a_connection_to_a_denied_address_times_out() {
    let world = World::new();
    let _listener = world.gateway.net.listen(80).unwrap();
    let error = world.client.net.connect(at(DENIED_V4, 80), MOMENT).unwrap_err();
    assert!(matches!(error, TunnelError::TimedOut { operation: "connecting" }), "{error}");
    // Packets keep their order, so when this one is answered the other has been judged.
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    assert!(world.gateway.tunnel.counters().dropped_filter >= 1);
}

#[test]
fn a_read_without_data_times_out_and_the_connection_lives_on() {
    let world = World::new();
    let listener = world.gateway.net.listen(80).unwrap();
    let mut client = world.client.net.connect(at(ALLOWED_V4, 80), CEILING).unwrap();
    let mut server = listener.accept(Some(CEILING)).unwrap();
    client.set_read_timeout(Some(MOMENT));
    let error = client.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    server.write_all(b"x").unwrap();
    client.set_read_timeout(Some(CEILING));
    client.read_exact(&mut [0; 1]).unwrap();
}

#[test]
fn closing_a_listener_resets_what_nobody_accepted() {
    let world = World::new();
    let listener = world.gateway.net.listen(80).unwrap();
    let mut client = world.client.net.connect(at(ALLOWED_V4, 80), CEILING).unwrap();
    drop(listener);
    client.set_read_timeout(Some(CEILING));
    let error = client.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(matches!(
        world.client.net.connect(at(ALLOWED_V4, 80), CEILING),
        Err(TunnelError::Refused { .. })
    ));
}

#[test]
fn a_port_has_one_listener() {
    let world = World::new();
    let _first = world.gateway.net.listen(80).unwrap();
    assert!(matches!(world.gateway.net.listen(80), Err(TunnelError::PortInUse { port: 80 })));
}
