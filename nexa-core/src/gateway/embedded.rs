//! A gateway in this program: its desired state put into a running tunnel.

use std::collections::BTreeSet;

use super::model::{DesiredPeer, DesiredState};
use crate::error::Result;
use crate::net::AddressSet;
use crate::runtime::Timestamp;
use crate::tunnel::{FilterRule, PeerConfig, Tunnel};
#[cfg(target_os = "linux")]
use crate::{
    gateway::Gateway,
    net::InterfaceAddress,
    tunnel::{DEFAULT_MTU, TunConfig},
};

impl DesiredState {
    /// Makes a running tunnel let through what this state says, and nothing else, until
    /// [`DesiredState::valid_until`]. Peers that stay keep their sessions; those that are gone are removed.
    ///
    /// The filter goes first: what is denied now is denied before anything else changes.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) when the tunnel was closed; what [`Tunnel::set_peer`] gives.
    pub fn apply_to(&self, tunnel: &Tunnel, now: Timestamp) -> Result<()> {
        let rules = self.peers.iter().map(DesiredPeer::rule).collect();
        tunnel.enforce(rules, self.valid_until.since(now));
        let wanted: BTreeSet<_> = self.peers.iter().map(|peer| peer.public_key).collect();
        for gone in tunnel.peers().iter().filter(|peer| !wanted.contains(&peer.public_key)) {
            tunnel.remove_peer(&gone.public_key);
        }
        for peer in &self.peers {
            let allowed_ips = peer.allowed_ips.clone();
            tunnel.set_peer(&PeerConfig { allowed_ips, ..PeerConfig::new(peer.public_key) })?;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
impl TunConfig {
    /// The network interface of a gateway: its own address in each of its prefixes, and its MTU.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when an address cannot be in its prefix.
    pub fn for_gateway(gateway: &Gateway) -> Result<Self> {
        let own = gateway.addresses.iter().zip(&gateway.vpn_cidrs);
        let addresses = own.map(|(address, cidr)| InterfaceAddress::new(*address, cidr.prefix_len()));
        let mtu = gateway.mtu.map_or(DEFAULT_MTU, usize::from);
        Ok(TunConfig { mtu, addresses: addresses.collect::<Result<_>>()?, ..TunConfig::default() })
    }
}

impl DesiredPeer {
    fn rule(&self) -> FilterRule {
        let sources: AddressSet = self.enforcement.sources.iter().copied().collect();
        FilterRule::new(sources, self.enforcement.destinations.clone())
    }
}
