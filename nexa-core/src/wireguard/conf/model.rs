use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};

use super::{HookCommand, RoutingTable, SearchDomain};
use crate::net::{Cidr, InterfaceAddress};
use crate::wireguard::{Endpoint, PresharedKey, PrivateKey, Profile, PublicKey};

/// A configuration file of `wg` or `wg-quick`, as values.
///
/// It is read as `wg-quick` and then `wg` do (wireguard-tools 1.0.20210914): `wg-quick` takes its own keys out of
/// `[Interface]`, and `wg` reads the rest without any whitespace. Keys and sections are spelled in either case, `#`
/// starts a comment anywhere, the last of several values wins, and lists add up.
///
/// Some files that the tools take are refused, mostly where they read something else than what is written: a port past
/// 65535 (they keep its low 16 bits), an address such as `010.0.0.1` or `1.2`, a port by its service's name, an IPv6
/// endpoint without brackets, a zone id, an IPv4-mapped address, a public key of small order, a NUL, `PostUp` without
/// `=`, `Table = OFF`, and what `wg-quick up` fails on, such as `MTU = big`.
///
/// ```
/// use nexa_core::wireguard::Conf;
///
/// let conf = Conf::parse("[Interface]\nAddress = 10.0.0.2/24 # mine\nlistenport = 51820\n")?;
/// assert_eq!(conf.to_text().expose(), "[Interface]\nListenPort = 51820\nAddress = 10.0.0.2/24\n");
///
/// let refused = Conf::parse("[Interface]\nAddress = 10.0.0.2/33\n").unwrap_err();
/// assert_eq!(refused.field(), Some("line 2: Address"));
/// # Ok::<(), nexa_core::Error>(())
/// ```
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct Conf {
    /// The `[Interface]` sections together.
    pub interface: ConfInterface,
    /// The `[Peer]` sections, in the order of the file. `wg` takes a second section of one public key for a change of
    /// the first; both are listed.
    pub peers: Vec<ConfPeer>,
}

/// What `[Interface]` says.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct ConfInterface {
    /// The interface's own key; `None` also for the key of zeros, by which `wg` means none.
    pub private_key: Option<PrivateKey>,
    /// The UDP port; `None` for one that the system picks.
    pub listen_port: Option<NonZeroU16>,
    /// The mark of outgoing packets.
    pub fwmark: Option<NonZeroU32>,
    /// The interface's addresses.
    pub addresses: Vec<InterfaceAddress>,
    /// The name servers to use while the interface is up.
    pub dns: Vec<IpAddr>,
    /// The search domains to use while the interface is up; `wg-quick` ignores them without a name server.
    pub dns_search: Vec<SearchDomain>,
    /// The packet size; `None` leaves it to `wg-quick`.
    pub mtu: Option<u16>,
    /// Where the routes to the allowed IPs go.
    pub table: RoutingTable,
    /// Run before the interface comes up. Nexa runs none of these commands.
    pub pre_up: Vec<HookCommand>,
    /// Run after the interface came up.
    pub post_up: Vec<HookCommand>,
    /// Run before the interface goes down.
    pub pre_down: Vec<HookCommand>,
    /// Run after the interface went down.
    pub post_down: Vec<HookCommand>,
    /// Whether `wg-quick down` overwrites the file with what the interface had.
    pub save_config: bool,
}

/// What a `[Peer]` section says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfPeer {
    /// The peer's public key.
    pub public_key: PublicKey,
    /// A secret shared beside the keys; `None` also for the key of zeros, by which `wg` means none.
    pub preshared_key: Option<PresharedKey>,
    /// What is sent to the peer and taken from it. Host bits are cut off, as every implementation of WireGuard does.
    pub allowed_ips: Vec<Cidr>,
    /// Where the peer listens; `None` waits until it is heard.
    pub endpoint: Option<Endpoint>,
    /// Seconds between packets that keep a NAT's mapping open; `None` for none, in a file also `off`.
    pub persistent_keepalive: Option<NonZeroU16>,
}

impl ConfPeer {
    /// A peer that nothing is sent to yet.
    #[must_use]
    pub const fn new(public_key: PublicKey) -> Self {
        ConfPeer {
            public_key,
            preshared_key: None,
            allowed_ips: Vec::new(),
            endpoint: None,
            persistent_keepalive: None,
        }
    }
}

impl From<&Profile> for Conf {
    /// The profile without the private key, which is not in it.
    fn from(profile: &Profile) -> Self {
        let interface = ConfInterface {
            addresses: profile.addresses.iter().copied().map(InterfaceAddress::host).collect(),
            dns: profile.dns.clone(),
            mtu: profile.mtu,
            ..ConfInterface::default()
        };
        let peer = ConfPeer {
            public_key: profile.peer.public_key,
            preshared_key: profile.peer.preshared_key.clone(),
            allowed_ips: profile.peer.allowed_ips.clone(),
            endpoint: Some(profile.peer.endpoint.clone()),
            persistent_keepalive: profile.peer.persistent_keepalive.and_then(NonZeroU16::new),
        };
        Conf { interface, peers: vec![peer] }
    }
}
