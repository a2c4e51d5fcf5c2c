use std::net::IpAddr;

use super::{Endpoint, PresharedKey, PublicKey};
use crate::id::DeviceId;
use crate::net::Cidr;

/// What a device needs to join: everything but its private key, which stays on the device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// The device it was issued to.
    pub device: DeviceId,
    /// Goes up with every change of the rest.
    pub revision: i64,
    /// The device's own public key.
    pub public_key: PublicKey,
    /// The device's addresses inside the tunnel; rendered as /32 and /128.
    pub addresses: Vec<IpAddr>,
    /// The name servers to use while the tunnel is up.
    pub dns: Vec<IpAddr>,
    /// The packet size inside the tunnel; `None` leaves it to the device.
    pub mtu: Option<u16>,
    /// The gateway, as the device sees it.
    pub peer: ProfilePeer,
}

/// The gateway's side of a [`Profile`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProfilePeer {
    /// The gateway's public key.
    pub public_key: PublicKey,
    /// A secret shared beside the keys.
    pub preshared_key: Option<PresharedKey>,
    /// Where the gateway listens.
    pub endpoint: Endpoint,
    /// What the device sends into the tunnel and takes out of it. Empty: nothing.
    pub allowed_ips: Vec<Cidr>,
    /// Seconds between packets that keep a NAT's mapping open; `None` for none.
    pub persistent_keepalive: Option<u16>,
}
