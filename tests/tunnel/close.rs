use std::io::Read;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use nexa_core::ErrorKind;
use nexa_core::tunnel::TunnelError;

use crate::support::{ALLOWED_V4, CEILING, DENIED_V4, World, at, ip};

/// Calls that wait, each in its thread; what they returned comes out of the channel.
fn block_everything(world: &World, run: impl FnOnce()) -> Vec<ErrorKind> {
    let listener = world.gateway.net.listen(80).unwrap();
    let mut stream = world.client.net.connect(at(ALLOWED_V4, 80), CEILING).unwrap();
    let _server = listener.accept(Some(CEILING)).unwrap();
    let second = world.client.net.listen(81).unwrap();
    let udp = world.client.net.bind_udp(0).unwrap();
    let (entered, entries) = mpsc::channel();
    thread::scope(|scope| {
        let net = &world.client.net;
        let enter = |entered: &mpsc::Sender<()>| entered.send(()).unwrap();
        let [e1, e2, e3, e4, e5] = [0; 5].map(|_| entered.clone());
        let calls = [
            scope.spawn(move || {
                enter(&e1);
                let error = stream.read(&mut [0; 1]).unwrap_err();
                error.into_inner().unwrap().downcast::<TunnelError>().unwrap().kind()
            }),
            scope.spawn(move || {
                enter(&e2);
                second.accept(None).unwrap_err().kind()
            }),
            scope.spawn(move || {
                enter(&e3);
                udp.recv_from(&mut [0; 1], None).unwrap_err().kind()
            }),
            scope.spawn(move || {
                enter(&e4);
                net.connect(at(DENIED_V4, 80), CEILING).unwrap_err().kind()
            }),
            scope.spawn(move || {
                enter(&e5);
                net.ping(ip(DENIED_V4), CEILING).unwrap_err().kind()
            }),
        ];
        for _ in &calls {
            entries.recv_timeout(CEILING).unwrap();
        }
        run();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

#[test]
fn closing_the_network_stack_wakes_every_call_that_waits() {
    let world = World::new();
    let kinds = block_everything(&world, || world.client.net.close());
    assert_eq!(kinds, [ErrorKind::Closed; 5]);
    assert!(matches!(world.client.net.listen(82), Err(TunnelError::Closed)));
}

#[test]
fn closing_the_tunnel_wakes_every_call_that_waits() {
    let world = World::new();
    let kinds = block_everything(&world, || world.client.tunnel.close());
    assert_eq!(kinds, [ErrorKind::Closed; 5]);
    assert!(matches!(world.client.tunnel.next_event(CEILING), Err(TunnelError::Closed)));
}

#[test]
fn closing_wakes_who_waits_for_an_event_and_may_be_done_twice() {
    let world = World::new();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                if let Err(error) = world.gateway.tunnel.next_event(CEILING) {
                    return error.kind();
                }
            }
        });
        world.gateway.tunnel.close();
        assert_eq!(waiting.join().unwrap(), ErrorKind::Closed);
    });
    world.gateway.tunnel.close();
}

#[test]
fn a_closed_tunnel_leaves_its_port_to_others() {
    let world = World::new();
    let port = world.gateway.tunnel.local_addr();
    drop(world);
    UdpSocket::bind(port).unwrap();
}

const ALONE: &str = "NEXA_TEST_ALONE";

/// Threads are counted by name for the whole process, so the count is taken in one that runs nothing else.
#[test]
#[cfg(target_os = "linux")]
fn every_thread_is_joined() {
    if std::env::var_os(ALONE).is_none() {
        let arguments = ["--exact", "close::every_thread_is_joined", "--test-threads=1"];
        let mut alone = Command::new(std::env::current_exe().unwrap());
        assert!(alone.args(arguments).env(ALONE, "1").status().unwrap().success());
        return;
    }
    let world = World::new();
    world.client.net.ping(ip(ALLOWED_V4), CEILING).unwrap();
    assert_eq!(our_threads(), 8);
    world.client.tunnel.close();
    world.client.net.close();
    assert_eq!(our_threads(), 4);
    drop(world);
    assert_eq!(our_threads(), 0);
}

#[cfg(target_os = "linux")]
fn our_threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
        // A thread may end while it is looked at.
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    });
    names.filter(|name| name.starts_with("nexa-")).count()
}
