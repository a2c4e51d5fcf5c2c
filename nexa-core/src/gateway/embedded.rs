//! A gateway in this program: its desired state put into a running tunnel.

use std::time::{Duration, Instant};

use super::model::{DesiredPeer, DesiredState};
use crate::error::Result;
use crate::net::AddressSet;
use crate::runtime::Timestamp;
use crate::tunnel::{Filter, FilterRule, PeerConfig, Tunnel, clock};
#[cfg(target_os = "linux")]
use crate::{
    gateway::Gateway,
    net::InterfaceAddress,
    tunnel::{DEFAULT_MTU, TunConfig},
};

impl DesiredState {
    /// Makes a running tunnel let through what this state says, and nothing else. In one step: those peers that are
    /// gone are removed, those that stay keep their sessions, and no packet is judged by half of it.
    ///
    /// What one peer may reach ends with its own [`Enforcement::valid_until`](crate::policy::Enforcement), and everything
    /// ends with [`DesiredState::valid_until`]. So the host must ask for the state and apply it again when events
    /// arrive, at [`DesiredState::next_change`], and before [`DesiredState::valid_until`]; otherwise first the peers whose
    /// policies change and then the whole gateway fall silent.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) when the tunnel was closed. Otherwise the first that [`Tunnel::set_peer`]
    /// gives; the other peers and the filter are set all the same.
    pub fn apply_to(&self, tunnel: &Tunnel, now: Timestamp) -> Result<()> {
        let peers: Vec<_> = self.peers.iter().map(DesiredPeer::config).collect();
        Ok(tunnel.replace(&peers, self.filter(Moment { shown: now, running: clock::now() }))?)
    }

    fn filter(&self, now: Moment) -> Filter {
        let rules = Filter::from_rules(self.peers.iter().filter_map(|peer| peer.rule(now)));
        match now.deadline(self.valid_until.since(now.shown)) {
            Some(deadline) => rules.valid_until(deadline),
            None => Filter::deny_all(),
        }
    }
}

/// One moment on the control plane's clock and on the one that the tunnel runs by.
#[derive(Clone, Copy)]
struct Moment {
    shown: Timestamp,
    running: Instant,
}

impl Moment {
    /// Nothing for a moment that the tunnel's clock cannot tell: what ends then is not begun.
    fn deadline(self, left: Duration) -> Option<Instant> {
        self.running.checked_add(left)
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
    fn config(&self) -> PeerConfig {
        PeerConfig {
            preshared_key: self.preshared_key.clone(),
            allowed_ips: self.allowed_ips.clone(),
            ..PeerConfig::new(self.public_key)
        }
    }

    /// What it may reach, until that changes.
    fn rule(&self, now: Moment) -> Option<FilterRule> {
        let sources: AddressSet = self.enforcement.sources.iter().copied().collect();
        let rule = FilterRule::new(sources, self.enforcement.destinations.clone());
        match self.enforcement.valid_until {
            Some(edge) => Some(rule.valid_until(now.deadline(edge.since(now.shown))?)),
            None => Some(rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Gateway;
    use crate::id::{DeviceId, GatewayId};
    use crate::net::Cidr;
    use crate::policy::Enforcement;
    use crate::wireguard::PublicKey;

    const BEGINNING: Timestamp = Timestamp::from_micros(0);

    fn after(seconds: u64) -> Timestamp {
        BEGINNING.saturating_add(Duration::from_secs(seconds))
    }

    fn peer(number: u8, valid_until: Option<Timestamp>) -> DesiredPeer {
        let sources = vec![[10, 66, 0, number].into()];
        let destinations = AddressSet::from("10.20.0.0/16".parse::<Cidr>().unwrap()).into();
        DesiredPeer {
            device_id: DeviceId::from_uuid(uuid::Uuid::from_u128(number.into())),
            public_key: PublicKey::from_bytes(&[number; 32]).unwrap(),
            preshared_key: None,
            allowed_ips: sources.iter().copied().map(Cidr::host).collect(),
            enforcement: Enforcement { sources, destinations, valid_until },
        }
    }

    /// Believed for an hour: the second of its peers for a minute only.
    fn state() -> DesiredState {
        let gateway = Gateway {
            id: GatewayId::from_uuid(uuid::Uuid::from_u128(1)),
            name: "hq".to_owned(),
            endpoint: "vpn.example.org:51820".parse().unwrap(),
            public_key: PublicKey::from_bytes(&[9; 32]).unwrap(),
            vpn_cidrs: vec!["10.66.0.0/24".parse().unwrap()],
            addresses: vec![[10, 66, 0, 1].into()],
            dns_servers: Vec::new(),
            mtu: None,
            is_active: true,
            revision: 2,
            applied_revision: None,
            last_sync_at: None,
            created_at: BEGINNING,
        };
        let peers = vec![peer(2, None), peer(3, Some(after(60)))];
        DesiredState { gateway, peers, valid_until: after(3600), next_change: Some(after(60)) }
    }

    fn rule(peer: &DesiredPeer) -> FilterRule {
        let source = peer.allowed_ips.iter().copied().collect();
        FilterRule::new(source, peer.enforcement.destinations.clone())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_interface_has_the_gateways_own_address_in_each_network_and_its_mtu() {
        let mut gateway = state().gateway;
        gateway.vpn_cidrs.push("fd66::/64".parse().unwrap());
        gateway.addresses.push("fd66::1".parse().unwrap());
        let usual = TunConfig::for_gateway(&gateway).unwrap();
        let addresses: Vec<_> = usual.addresses.iter().map(ToString::to_string).collect();
        assert_eq!((addresses, usual.mtu), (vec!["10.66.0.1/24".to_owned(), "fd66::1/64".to_owned()], 1420));
        gateway.mtu = Some(1280);
        assert_eq!(TunConfig::for_gateway(&gateway).unwrap().mtu, 1280);
    }

    #[test]
    fn each_peer_ends_at_its_own_edge_and_all_with_the_state() {
        let (state, running) = (state(), clock::now());
        let [lasting, visiting] = state.peers.as_slice() else { panic!("two peers") };
        let in_seconds = |seconds| running + Duration::from_secs(seconds);
        let rules = [rule(lasting), rule(visiting).valid_until(in_seconds(50))];
        let expected = Filter::from_rules(rules).valid_until(in_seconds(3590));
        assert_eq!(state.filter(Moment { shown: after(10), running }), expected);
    }

    #[test]
    fn what_would_end_past_the_end_of_the_tunnels_clock_is_not_begun() {
        let mut last = clock::now();
        for seconds in (0..63).rev().map(|bit| Duration::from_secs(1 << bit)) {
            last = last.checked_add(seconds).unwrap_or(last);
        }
        let mut state = state();
        let moment = Moment { shown: BEGINNING, running: last };
        assert_eq!(state.filter(moment), Filter::deny_all());
        state.valid_until = BEGINNING;
        let lasting = Filter::from_rules([rule(&state.peers[0])]).valid_until(last);
        assert_eq!(state.filter(moment), lasting);
    }
}
