//! From what the control plane issues to what runs.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::num::NonZeroU16;

use super::error::TunnelError;
use super::filter::Filter;
use super::netstack::{NetStack, NetStackConfig};
use super::peer::PeerConfig;
use super::{DEFAULT_MTU, Tunnel, TunnelConfig};
use crate::error::{Error, Result};
use crate::net::InterfaceAddress;
use crate::wireguard::{Conf, ConfPeer, Endpoint, PrivateKey, Profile};

impl TunnelConfig {
    /// The tunnel of a device with this profile. Looks the gateway's name up, which may wait for the network.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`private_key`) when the key is not the profile's,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when the gateway's name has no address.
    pub fn for_profile(profile: &Profile, private_key: &PrivateKey) -> Result<Self> {
        profile.check_key(private_key)?;
        let mut conf = Conf::from(profile);
        conf.interface.private_key = Some(private_key.clone());
        Self::for_conf(&conf)
    }

    /// The tunnel that a configuration file describes, with every peer in it; its commands and its routing table are
    /// for the operating system and are not looked at. Looks the peers' names up, which may wait for the network.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`private_key`) when the file has none,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when a peer's name has no address.
    pub fn for_conf(conf: &Conf) -> Result<Self> {
        let interface = &conf.interface;
        let key = interface.private_key.clone().ok_or_else(|| Error::invalid("private_key", "is missing"))?;
        let peers = conf.peers.iter().map(peer).collect::<Result<Vec<_>>>()?;
        let port = interface.listen_port.map_or(0, NonZeroU16::get);
        let listen = match peers.iter().find_map(|peer| peer.endpoint) {
            Some(SocketAddr::V6(_)) => SocketAddr::from(([0_u16; 8], port)),
            Some(SocketAddr::V4(_)) | None => SocketAddr::from(([0, 0, 0, 0], port)),
        };
        let mtu = mtu(interface.mtu);
        Ok(TunnelConfig { listen, mtu, peers, ..TunnelConfig::new(key, Filter::allow_all()) })
    }
}

impl NetStackConfig {
    /// The network stack of a device with this profile.
    #[must_use]
    pub fn for_profile(profile: &Profile) -> Self {
        NetStackConfig { mtu: mtu(profile.mtu), ..NetStackConfig::new(profile.addresses.iter().copied()) }
    }

    /// The network stack of the interface that a configuration file describes.
    #[must_use]
    pub fn for_conf(conf: &Conf) -> Self {
        let addresses = conf.interface.addresses.iter().map(InterfaceAddress::address);
        NetStackConfig { mtu: mtu(conf.interface.mtu), ..NetStackConfig::new(addresses) }
    }
}

/// Brings the tunnel of a profile up inside this program: no root, no network interface. Connect through the
/// [`NetStack`]; dropping the [`Tunnel`] ends it.
///
/// # Errors
/// As [`TunnelConfig::for_profile`], [`NetStack::start`] and [`Tunnel::start`].
pub fn bring_up(profile: &Profile, private_key: &PrivateKey) -> Result<(Tunnel, NetStack)> {
    let config = TunnelConfig::for_profile(profile, private_key)?;
    let (net, device) = NetStack::start(NetStackConfig::for_profile(profile))?;
    Ok((Tunnel::start(&config, device)?, net))
}

fn peer(peer: &ConfPeer) -> Result<PeerConfig> {
    Ok(PeerConfig {
        preshared_key: peer.preshared_key.clone(),
        endpoint: peer.endpoint.as_ref().map(resolve).transpose()?,
        allowed_ips: peer.allowed_ips.clone(),
        persistent_keepalive: peer.persistent_keepalive,
        ..PeerConfig::new(peer.public_key)
    })
}

fn mtu(bytes: Option<u16>) -> usize {
    bytes.map_or(DEFAULT_MTU, usize::from)
}

fn resolve(endpoint: &Endpoint) -> Result<SocketAddr, TunnelError> {
    let unresolved = |reason: String| TunnelError::Unresolved { host: endpoint.host(), reason };
    if let Some(address) = endpoint.address() {
        return Ok(SocketAddr::new(address, endpoint.port()));
    }
    let mut found = (endpoint.host(), endpoint.port())
        .to_socket_addrs()
        .map_err(|cause| unresolved(cause.to_string()))?;
    found.next().ok_or_else(|| unresolved("the name has no address".to_owned()))
}
