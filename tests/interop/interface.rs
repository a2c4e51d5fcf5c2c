use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use nexa_core::tunnel::{PacketDevice as _, TunConfig, TunDevice, TunnelError};
use nexa_core::{Error, ErrorKind};
use rustix::process::Signal;

use crate::support::control::Control;
use crate::support::namespace::Namespace;
use crate::support::program::Program;
use crate::support::{forwarding_program, ip};

fn config(name: &str) -> TunConfig {
    TunConfig {
        name: Some(name.to_owned()),
        mtu: 1_400,
        addresses: ["10.66.0.1/24", "fd66::1/64"].map(|text| text.parse().unwrap()).into(),
        routes: ["10.77.0.0/16", "fd77::/48"].map(|text| text.parse().unwrap()).into(),
    }
}

#[test]
fn an_interface_has_its_mtu_addresses_and_routes_and_takes_them_along() {
    let namespace = Namespace::new("tun");
    let device = namespace.enter(|| TunDevice::create(&config("nexa-test")).unwrap());
    let shown = namespace.ip("addr show dev nexa-test");
    for part in ["mtu 1400", ",UP", "inet 10.66.0.1/24", "inet6 fd66::1/64"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    // The kernel's own link-local address may still be looking for another of its kind; ours is usable at once.
    let ours = shown.lines().find(|line| line.contains("inet6 fd66::1/64"));
    assert!(ours.is_some_and(|line| !line.contains("tentative")), "{shown}");
    let routes = || namespace.ip("-4 route show") + &namespace.ip("-6 route show");
    for part in ["10.66.0.0/24 dev nexa-test", "10.77.0.0/16 dev nexa-test", "fd77::/48 dev nexa-test"] {
        assert!(routes().contains(part), "{part} in {}", routes());
    }
    drop(device);
    assert!(!namespace.ip("link show").contains("nexa-test"));
    assert!(!routes().contains("77"), "{}", routes());
}

#[test]
fn without_a_name_the_kernel_chooses_free_ones() {
    let namespace = Namespace::new("tun");
    let create = || namespace.enter(|| TunDevice::create(&TunConfig::default()).unwrap());
    let (one, other) = (create(), create());
    assert_eq!((one.name(), other.name()), ("nexa0", "nexa1"));
}

#[test]
fn a_name_that_the_kernel_keeps_for_itself_is_refused_as_a_name() {
    let namespace = Namespace::new("tun");
    for kept in ["all", "default"] {
        let config = TunConfig { name: Some(kept.to_owned()), ..TunConfig::default() };
        let error = Error::from(namespace.enter(|| TunDevice::create(&config)).unwrap_err());
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("name")), "{error}");
    }
}

#[test]
fn a_name_in_use_is_refused_whatever_has_it() {
    let namespace = Namespace::new("tun");
    namespace.ip("link add cable0 type veth peer name cable1");
    let _first = namespace.enter(|| TunDevice::create(&config("nexa-test")).unwrap());
    for taken in ["nexa-test", "cable0"] {
        let config = TunConfig { name: Some(taken.to_owned()), ..TunConfig::default() };
        let error = Error::from(namespace.enter(|| TunDevice::create(&config)).unwrap_err());
        assert_eq!((error.kind(), error.field()), (ErrorKind::AlreadyExists, Some("name")), "{error}");
    }
}

#[test]
fn a_route_that_exists_is_refused_and_leaves_no_interface() {
    let namespace = Namespace::new("tun");
    namespace.ip("route add 10.77.0.0/16 dev lo");
    let error = namespace.enter(|| TunDevice::create(&config("nexa-test")).unwrap_err());
    assert_eq!(error.to_string(), "interface nexa-test: adding the route 10.77.0.0/16");
    assert!(!namespace.ip("link show").contains("nexa-test"));
}

#[test]
fn packets_of_the_system_are_read_and_closing_wakes_who_waits_for_the_next() {
    let namespace = Namespace::new("tun");
    let device = Arc::new(namespace.enter(|| TunDevice::create(&config("nexa-test")).unwrap()));
    let destination = SocketAddr::new(ip("10.77.0.9"), 9);
    namespace.enter(|| UdpSocket::bind("10.66.0.1:0").unwrap().send_to(b"hello", destination).unwrap());
    let reader = thread::spawn({
        let device = Arc::clone(&device);
        move || {
            let mut packet = [0; 1_500];
            // The kernel's own multicast comes beside it.
            while device.read(&mut packet).unwrap() != 20 + 8 + 5 || packet[16..20] != [10, 77, 0, 9] {}
            packet[28..33].to_vec()
        }
    });
    assert_eq!(reader.join().unwrap(), b"hello");
    let reader = thread::spawn({
        let device = Arc::clone(&device);
        move || loop {
            if let Err(error) = device.read(&mut [0; 1_500]) {
                return error;
            }
        }
    });
    device.close();
    assert!(matches!(reader.join().unwrap(), TunnelError::Closed));
}

#[test]
fn an_interface_that_somebody_removes_is_an_error_and_not_a_wait() {
    let namespace = Namespace::new("tun");
    let device = namespace.enter(|| TunDevice::create(&config("nexa-test")).unwrap());
    let reader = thread::spawn(move || {
        loop {
            if let Err(error) = device.read(&mut [0; 1_500]) {
                return error;
            }
        }
    });
    namespace.ip("link del nexa-test");
    assert!(matches!(reader.join().unwrap(), TunnelError::Device { .. }));
}

#[test]
fn where_ipv6_is_disabled_the_error_says_so_and_does_not_blame_the_privilege() {
    let namespace = Namespace::new("tun");
    namespace.switch_on("ipv6/conf/default/disable_ipv6");
    let error = namespace.enter(|| TunDevice::create(&config("nexa-test")).unwrap_err());
    let expected =
        "interface nexa-test: adding the address fd66::1/64 (net.ipv6.conf.*.disable_ipv6 can forbid it)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_gateway_that_is_killed_leaves_no_interface() {
    let namespace = Namespace::new("tun");
    let control = Control::new("198.51.100.1:51820");
    let mut command = namespace.command(forwarding_program().to_str().unwrap());
    let arguments = [&control.url(), &control.gateway.id.to_string()];
    let mut program = Program::start(command.args(arguments).arg(control.key_file()));
    program.wait_for("hq is up on nexa0");
    assert!(namespace.ip("link show").contains("nexa0"));
    program.signal(Signal::KILL);
    assert!(!program.wait().success());
    assert!(!namespace.ip("link show").contains("nexa0"));
}

#[test]
fn without_cap_net_admin_the_gateway_says_what_it_lacks() {
    let namespace = Namespace::new("tun");
    let control = Control::new("198.51.100.1:51820");
    let mut command: Command = namespace.command("setpriv");
    command.args(["--bounding-set=-net_admin", "--inh-caps=-net_admin"]).arg(forwarding_program());
    let output = command.args([&control.url(), "hq"]).arg(control.key_file()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(complaint.contains("needs the capability CAP_NET_ADMIN"), "{complaint}");
}
