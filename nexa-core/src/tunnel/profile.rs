//! From what the control plane issues to what runs.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::num::NonZeroU16;

use super::error::TunnelError;
use super::filter::Filter;
use super::netstack::{NetStack, NetStackConfig};
use super::peer::PeerConfig;
use super::{DEFAULT_MTU, Tunnel, TunnelConfig};
use crate::error::Result;
use crate::wireguard::{Endpoint, PrivateKey, Profile};

impl TunnelConfig {
    /// The tunnel of a device with this profile. Looks the gateway's name up, which may wait for the network.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`private_key`) when the key is not the profile's,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when the gateway's name has no address.
    pub fn for_profile(profile: &Profile, private_key: &PrivateKey) -> Result<Self> {
        profile.check_key(private_key)?;
        let endpoint = resolve(&profile.peer.endpoint)?;
        let listen = match endpoint {
            SocketAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
            SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
        };
        let gateway = PeerConfig {
            preshared_key: profile.peer.preshared_key.clone(),
            endpoint: Some(endpoint),
            allowed_ips: profile.peer.allowed_ips.clone(),
            persistent_keepalive: profile.peer.persistent_keepalive.and_then(NonZeroU16::new),
            ..PeerConfig::new(profile.peer.public_key)
        };
        Ok(TunnelConfig {
            listen,
            mtu: mtu(profile),
            peers: vec![gateway],
            ..TunnelConfig::new(private_key.clone(), Filter::allow_all())
        })
    }
}

impl NetStackConfig {
    /// The network stack of a device with this profile.
    #[must_use]
    pub fn for_profile(profile: &Profile) -> Self {
        NetStackConfig { mtu: mtu(profile), ..NetStackConfig::new(profile.addresses.iter().copied()) }
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

fn mtu(profile: &Profile) -> usize {
    profile.mtu.map_or(DEFAULT_MTU, usize::from)
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
