use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::id::{DeviceId, GatewayId};
use crate::idempotency::{put, wire};
use crate::ipam::first_assignable;
use crate::name::Name;
use crate::net::{Cidr, Family, is_mapped};
use crate::policy::{Enforcement, Infrastructure};
use crate::runtime::Timestamp;
use crate::wireguard::{Endpoint, PresharedKey, PublicKey};

/// The smallest MTU that IPv6 works with (RFC 8200 §5).
const MIN_MTU: u16 = 1280;

/// A WireGuard gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Gateway {
    /// The id.
    pub id: GatewayId,
    /// The name.
    pub name: String,
    /// Where devices find it: host and UDP port.
    pub endpoint: Endpoint,
    /// Its public key.
    pub public_key: PublicKey,
    /// Where its devices' addresses come from, IPv4 before IPv6; one or two.
    pub vpn_cidrs: Vec<Cidr>,
    /// Its own address in each of them, in the same order.
    pub addresses: Vec<IpAddr>,
    /// The DNS servers that its devices use.
    pub dns_servers: Vec<IpAddr>,
    /// The MTU of the tunnel in bytes; `None` leaves it to the device.
    pub mtu: Option<u16>,
    /// Whether devices can be enrolled at it.
    pub is_active: bool,
    /// How often its set of peers has changed.
    pub revision: i64,
    /// The latest of those revisions that it is known to have applied; `None` while it has never said.
    pub applied_revision: Option<i64>,
    /// When it last said so.
    pub last_sync_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Gateway {
    /// What the built-in rule grants its devices: the gateway itself and its DNS servers.
    #[must_use]
    pub fn infrastructure(&self) -> Infrastructure {
        Infrastructure::new(self.addresses.iter().copied(), self.dns_servers.iter().copied())
    }
}

/// A gateway to create.
#[derive(Clone, Debug)]
pub struct NewGateway {
    name: String,
    endpoint: Endpoint,
    public_key: PublicKey,
    vpn_cidrs: Vec<Cidr>,
    dns_servers: Vec<IpAddr>,
    mtu: Option<u16>,
}

impl NewGateway {
    /// A gateway that devices find at `endpoint`. It needs at least one [`NewGateway::vpn_cidr`].
    #[must_use]
    pub fn new(name: impl Into<String>, endpoint: Endpoint, public_key: PublicKey) -> Self {
        let name = name.into();
        NewGateway { name, endpoint, public_key, vpn_cidrs: Vec::new(), dns_servers: Vec::new(), mtu: None }
    }

    /// Takes devices' addresses from this prefix; one per family. The gateway itself gets the lowest.
    #[must_use]
    pub fn vpn_cidr(mut self, cidr: Cidr) -> Self {
        self.vpn_cidrs.push(cidr);
        self
    }

    /// Adds a DNS server for the devices.
    #[must_use]
    pub fn dns_server(mut self, address: IpAddr) -> Self {
        self.dns_servers.push(address);
        self
    }

    /// Sets the MTU of the tunnel in bytes.
    #[must_use]
    pub fn mtu(mut self, bytes: u16) -> Self {
        self.mtu = Some(bytes);
        self
    }

    pub(super) fn checked(mut self) -> Result<CheckedGateway> {
        self.vpn_cidrs.sort_unstable();
        let families: Vec<_> = self.vpn_cidrs.iter().map(Cidr::family).collect();
        match families.as_slice() {
            [] => return Err(Error::invalid("vpn_cidr", "is missing")),
            [_] | [Family::V4, Family::V6] => {}
            _ => return Err(Error::invalid("vpn_cidr", "is given twice for one family")),
        }
        if self.mtu.is_some_and(|mtu| mtu < MIN_MTU) {
            return Err(Error::invalid("mtu", format!("is below {MIN_MTU}")));
        }
        if self.dns_servers.iter().copied().any(is_mapped) {
            return Err(Error::invalid("dns_server", "is an IPv4-mapped address; write it as IPv4"));
        }
        let own = |cidr: &Cidr| {
            let address = first_assignable(cidr).filter(|_| cidr.prefix_len() < cidr.family().bits());
            address.ok_or_else(|| Error::invalid("vpn_cidr", format!("{cidr} has no room for a device")))
        };
        let addresses = self.vpn_cidrs.iter().map(own).collect::<Result<_>>()?;
        Ok(CheckedGateway {
            name: Name::parse("name", &self.name)?,
            endpoint: self.endpoint,
            public_key: self.public_key,
            vpn_cidrs: self.vpn_cidrs,
            addresses,
            dns_servers: self.dns_servers,
            mtu: self.mtu,
        })
    }
}

/// A gateway whose every field was accepted, with its own addresses.
pub(super) struct CheckedGateway {
    pub(super) name: Name,
    pub(super) endpoint: Endpoint,
    pub(super) public_key: PublicKey,
    pub(super) vpn_cidrs: Vec<Cidr>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) dns_servers: Vec<IpAddr>,
    pub(super) mtu: Option<u16>,
}

/// What a gateway must be like now, and until when that may be believed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DesiredState {
    /// The gateway.
    pub gateway: Gateway,
    /// Its peers, in the order of their keys.
    pub peers: Vec<DesiredPeer>,
    /// The moment from which nobody's access may be believed any more without asking again.
    pub valid_until: Timestamp,
    /// The earliest moment at which a policy begins or ends to count for one of the peers, whose access may not be
    /// believed from then on: when it is worth asking again. `None` while time alone changes nothing.
    pub next_change: Option<Timestamp>,
}

/// One peer of a gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DesiredPeer {
    /// The device.
    pub device_id: DeviceId,
    /// Its public key.
    pub public_key: PublicKey,
    /// A secret shared beside the keys.
    pub preshared_key: Option<PresharedKey>,
    /// The addresses that it may send from, each as a prefix of its own.
    pub allowed_ips: Vec<Cidr>,
    /// What it may reach. Everything else is dropped at the gateway.
    pub enforcement: Enforcement,
}

put! { NewGateway { name, endpoint, public_key, vpn_cidrs, dns_servers, mtu } }
wire! { Gateway { id, name, endpoint, public_key, vpn_cidrs, addresses, dns_servers, mtu, is_active, revision, applied_revision, last_sync_at, created_at } }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;
    use crate::wireguard::PrivateKey;

    fn gateway() -> NewGateway {
        let key = PrivateKey::generate(&SystemRandom).unwrap().public_key();
        NewGateway::new("hq", "vpn.example.org:51820".parse().unwrap(), key)
    }

    #[test]
    fn a_gateway_takes_the_lowest_address_of_each_family() {
        let new = gateway().vpn_cidr("fd00::/64".parse().unwrap()).vpn_cidr("10.9.0.0/24".parse().unwrap());
        let own: Vec<_> = new.checked().unwrap().addresses.iter().map(ToString::to_string).collect();
        assert_eq!(own, ["10.9.0.1", "fd00::1"]);
    }

    #[test]
    fn a_gateway_without_room_is_refused() {
        let refused = [
            gateway(),
            gateway().vpn_cidr("10.9.0.1/32".parse().unwrap()),
            gateway().vpn_cidr("10.9.0.0/24".parse().unwrap()).vpn_cidr("10.8.0.0/24".parse().unwrap()),
        ];
        for new in refused {
            assert_eq!(new.checked().err().unwrap().field(), Some("vpn_cidr"));
        }
        let small = gateway().vpn_cidr("10.9.0.0/24".parse().unwrap()).mtu(576);
        assert_eq!(small.checked().err().unwrap().field(), Some("mtu"));
    }

    #[test]
    fn a_dns_server_in_a_second_spelling_is_refused() {
        let new = gateway().vpn_cidr("10.9.0.0/24".parse().unwrap());
        let mapped = new.clone().dns_server("::ffff:10.9.0.1".parse().unwrap());
        assert_eq!(mapped.checked().err().unwrap().field(), Some("dns_server"));
        assert!(new.dns_server("10.9.0.1".parse().unwrap()).checked().is_ok());
    }
}
