use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;

use nexa_core::net::{Cidr, Family};
use nexa_core::runtime::{Clock as _, SystemClock, SystemRandom};
use nexa_core::tunnel::{Event, Filter, PeerConfig, TunConfig, TunDevice, Tunnel, TunnelConfig};
use nexa_core::wireguard::PresharedKey;

use crate::support::control::Control;
use crate::support::namespace::Namespace;
use crate::support::traffic::{arrives_only_at, transfer};
use crate::support::wireguard_go::{PORT, WireGuardGo};
use crate::support::{
    ALLOWED_V4, ALLOWED_V6, DENIED_V4, DENIED_V6, GATEWAY_V4, GATEWAY_V6, deadline, ip, left_until,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Preshared {
    Key,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Initiator {
    WireGuardGo,
    Nexa,
}

#[test]
fn over_ipv4_wireguard_go_begins() {
    exchange(Family::V4, Preshared::None, Initiator::WireGuardGo);
}

#[test]
fn over_ipv4_nexa_begins() {
    exchange(Family::V4, Preshared::None, Initiator::Nexa);
}

#[test]
fn over_ipv4_with_a_preshared_key_wireguard_go_begins() {
    exchange(Family::V4, Preshared::Key, Initiator::WireGuardGo);
}

#[test]
fn over_ipv4_with_a_preshared_key_nexa_begins() {
    exchange(Family::V4, Preshared::Key, Initiator::Nexa);
}

#[test]
fn over_ipv6_wireguard_go_begins() {
    exchange(Family::V6, Preshared::None, Initiator::WireGuardGo);
}

#[test]
fn over_ipv6_nexa_begins() {
    exchange(Family::V6, Preshared::None, Initiator::Nexa);
}

#[test]
fn over_ipv6_with_a_preshared_key_wireguard_go_begins() {
    exchange(Family::V6, Preshared::Key, Initiator::WireGuardGo);
}

#[test]
fn over_ipv6_with_a_preshared_key_nexa_begins() {
    exchange(Family::V6, Preshared::Key, Initiator::Nexa);
}

/// A device that is Debian's wireguard-go with the profile that Nexa issued, and Nexa's gateway on a TUN interface.
fn exchange(outer: Family, preshared: Preshared, initiator: Initiator) {
    let site = Site::new(outer);
    let mut control = Control::new(&site.gateway_endpoint.to_string());
    if preshared == Preshared::Key {
        control.profile.peer.preshared_key = Some(PresharedKey::generate(&SystemRandom).unwrap());
    }
    let tunnel = site.start_gateway(&control);
    let mut far = WireGuardGo::start(&site.device);
    match initiator {
        Initiator::WireGuardGo => far.bring_up(&control.profile, &control.device_key),
        Initiator::Nexa => {
            control.profile.peer.persistent_keepalive = None;
            far.bring_up(&control.profile, &control.device_key);
            site.begin_from_gateway(&control, &tunnel);
        }
    }
    wait_for_handshake(&tunnel);
    let (received, sent) = ("Received handshake initiation", "Sending handshake initiation");
    let (expected, other) = match initiator {
        Initiator::Nexa => (received, sent),
        Initiator::WireGuardGo => (sent, received),
    };
    far.wait_for_log(expected);
    assert!(!far.has_logged(other), "both began");

    for address in [GATEWAY_V4, GATEWAY_V6, ALLOWED_V4, ALLOWED_V6] {
        site.device.ping(ip(address));
    }
    transfer(&site.device, &site.gateway, ip(ALLOWED_V4));
    transfer(&site.device, &site.gateway, ip(ALLOWED_V6));
    far.claim_everything(&control.gateway.public_key, &[ip(DENIED_V4), ip(DENIED_V6)]);
    arrives_only_at(&site.device, &site.gateway, ip(ALLOWED_V4), ip(DENIED_V4));
    arrives_only_at(&site.device, &site.gateway, ip(ALLOWED_V6), ip(DENIED_V6));
    assert!(tunnel.counters().dropped_filter >= 2, "{:?}", tunnel.counters());
    assert_far_side_saw_it(&far, &site, &control);

    control.revoke();
    control.desired_state().apply_to(&tunnel, SystemClock.now()).unwrap();
    assert_eq!(tunnel.peers(), [], "a revoked device is still a peer");
    for address in [ALLOWED_V4, ALLOWED_V6] {
        assert!(!site.device.reaches(ip(address)), "a revoked device was answered by {address}");
    }
    tunnel.close();
}

/// A gateway and a device, each in a namespace of its own, with one cable between them.
struct Site {
    gateway: Namespace,
    device: Namespace,
    gateway_endpoint: SocketAddr,
    device_endpoint: SocketAddr,
}

impl Site {
    fn new(outer: Family) -> Self {
        let (gateway, device) = (Namespace::new("gateway"), Namespace::new("device"));
        gateway.connect("outer", &device, "outer");
        let (network, prefix_len) = match outer {
            Family::V4 => ("198.51.100.", 24),
            Family::V6 => ("2001:db8::", 64),
        };
        let [one, two] = ["1", "2"].map(|host| format!("{network}{host}"));
        gateway.add_address("outer", &format!("{one}/{prefix_len}"));
        device.add_address("outer", &format!("{two}/{prefix_len}"));
        for host in [ALLOWED_V4, ALLOWED_V6, DENIED_V4, DENIED_V6] {
            gateway.add_address("lo", host);
        }
        let gateway_endpoint = SocketAddr::new(ip(&one), 51_820);
        let device_endpoint = SocketAddr::new(ip(&two), PORT);
        Site { gateway, device, gateway_endpoint, device_endpoint }
    }

    /// The gateway in this program, with its interface and its socket in the namespace.
    fn start_gateway(&self, control: &Control) -> Tunnel {
        let listen = SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.gateway_endpoint.port()));
        let config =
            TunnelConfig { listen, ..TunnelConfig::new(control.gateway_key.clone(), Filter::deny_all()) };
        let tunnel = self.gateway.enter(|| {
            let device = TunDevice::create(&TunConfig::for_gateway(&control.gateway).unwrap()).unwrap();
            Tunnel::start(&config, device).unwrap()
        });
        control.desired_state().apply_to(&tunnel, SystemClock.now()).unwrap();
        // The profile may have been given another preshared key than the control plane's.
        tunnel.set_peer(&device_as_peer(control)).unwrap();
        tunnel
    }

    /// Makes the gateway be the one that begins: it knows where the device is and keeps the way open.
    fn begin_from_gateway(&self, control: &Control, tunnel: &Tunnel) {
        let endpoint = Some(self.device_endpoint);
        let persistent_keepalive = NonZeroU16::new(1);
        tunnel.set_peer(&PeerConfig { endpoint, persistent_keepalive, ..device_as_peer(control) }).unwrap();
    }
}

fn device_as_peer(control: &Control) -> PeerConfig {
    PeerConfig {
        preshared_key: control.profile.peer.preshared_key.clone(),
        allowed_ips: control.profile.addresses.iter().copied().map(Cidr::host).collect(),
        ..PeerConfig::new(control.device_key.public_key())
    }
}

fn wait_for_handshake(tunnel: &Tunnel) {
    let deadline = deadline();
    loop {
        match tunnel.next_event(left_until(deadline)).unwrap() {
            Some(Event::HandshakeCompleted { .. }) => return,
            Some(_) => {}
            None => panic!("no handshake: {:?}", tunnel.counters()),
        }
    }
}

/// `wg show` in the device's namespace names the gateway, where it is, and a handshake, and has counted the transfers.
fn assert_far_side_saw_it(far: &WireGuardGo<'_>, site: &Site, control: &Control) {
    println!("{}", far.wg("show INTERFACE"));
    let peer = far.peer();
    assert_eq!(peer[0], control.gateway.public_key.to_string());
    let preshared = control.profile.peer.preshared_key.as_ref().map(|key| key.to_base64());
    assert_eq!(peer[1], preshared.map_or("(none)".to_owned(), |key| key.expose().clone()));
    assert_eq!(peer[2], site.gateway_endpoint.to_string());
    let [handshake, received, sent] = [4, 5, 6].map(|field| peer[field].parse::<u64>().unwrap());
    assert!(handshake > 0, "no handshake");
    assert!(received > 20_000_000 && sent > 20_000_000, "{received} bytes received, {sent} sent");
}
