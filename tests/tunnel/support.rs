use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nexa_core::net::{AddressSet, Cidr};
use nexa_core::runtime::SystemRandom;
use nexa_core::tunnel::{
    AnswerFor, Filter, FilterRule, NetStack, NetStackConfig, PeerConfig, Tunnel, TunnelConfig,
};
use nexa_core::wireguard::PrivateKey;

/// Longer than anything here takes; a test that reaches it has failed.
pub(crate) const CEILING: Duration = Duration::from_secs(60);
/// How long a call is given that must not succeed.
pub(crate) const MOMENT: Duration = Duration::from_millis(300);

pub(crate) const CLIENT_V4: &str = "10.8.0.2";
pub(crate) const CLIENT_V6: &str = "fd08::2";
/// An address behind the gateway that the client may reach.
pub(crate) const ALLOWED_V4: &str = "192.168.7.9";
pub(crate) const ALLOWED_V6: &str = "fd80::9";
/// And ones that it may not.
pub(crate) const DENIED_V4: &str = "172.16.0.1";
pub(crate) const DENIED_V6: &str = "fd99::1";

/// A client and a gateway over UDP on loopback. The gateway's stack answers for every address; its filter decides.
pub(crate) struct World {
    pub(crate) client: Side,
    pub(crate) gateway: Side,
}

pub(crate) struct Side {
    pub(crate) net: NetStack,
    pub(crate) tunnel: Tunnel,
}

impl World {
    pub(crate) fn new() -> Self {
        World::over("127.0.0.1:0")
    }

    /// `outer` is where both listen.
    pub(crate) fn over(outer: &str) -> Self {
        let [client_key, gateway_key] = [0; 2].map(|_| PrivateKey::generate(&SystemRandom).unwrap());
        let listen = outer.parse().unwrap();
        let device = PeerConfig {
            allowed_ips: vec![host(CLIENT_V4), host(CLIENT_V6)],
            ..PeerConfig::new(client_key.public_key())
        };
        let config =
            TunnelConfig { listen, peers: vec![device], ..TunnelConfig::new(gateway_key.clone(), policy()) };
        let stack = NetStackConfig { answer_for: AnswerFor::Any, ..NetStackConfig::new([]) };
        let gateway = Side::start(stack, &config);

        let peer = PeerConfig {
            endpoint: Some(reachable(gateway.tunnel.local_addr())),
            allowed_ips: vec![Cidr::ALL_V4, Cidr::ALL_V6],
            ..PeerConfig::new(gateway_key.public_key())
        };
        let config =
            TunnelConfig { listen, peers: vec![peer], ..TunnelConfig::new(client_key, Filter::allow_all()) };
        let client = Side::start(NetStackConfig::new([ip(CLIENT_V4), ip(CLIENT_V6)]), &config);
        World { client, gateway }
    }
}

impl Side {
    pub(crate) fn start(stack: NetStackConfig, config: &TunnelConfig) -> Self {
        let (net, device) = NetStack::start(stack).unwrap();
        Side { net, tunnel: Tunnel::start(config, device).unwrap() }
    }
}

pub(crate) fn policy() -> Filter {
    Filter::from_rules([
        FilterRule::new(set(&["10.8.0.0/24"]), set(&["192.168.7.0/24"])),
        FilterRule::new(set(&["fd08::/64"]), set(&["fd80::/64"])),
    ])
}

pub(crate) fn set(prefixes: &[&str]) -> AddressSet {
    prefixes.iter().map(|text| text.parse::<Cidr>().unwrap()).collect()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn host(text: &str) -> Cidr {
    Cidr::host(ip(text))
}

pub(crate) fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip(address), port)
}

/// Where on this machine a socket is reached that listens everywhere.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => ip("127.0.0.1"),
        IpAddr::V6(_) => ip("::1"),
    };
    SocketAddr::new(ip, listening.port())
}
