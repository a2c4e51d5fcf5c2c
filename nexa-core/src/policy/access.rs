use std::net::IpAddr;

use super::resolve::Access;
use crate::net::{AddressSet, Cidr, Family, PerFamily};
use crate::runtime::Timestamp;

/// What every device with access needs of its gateway: the built-in rule above all policies.
///
/// It grants the gateway's own VPN addresses and the DNS servers that profiles name, so that a policy cannot leave a
/// device without name resolution by accident. A device that is barred gets nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Infrastructure {
    /// Whether the rule counts; by default it does.
    pub rule: InfrastructureRule,
    /// The gateway's own VPN addresses.
    pub gateway: Vec<IpAddr>,
    /// The DNS servers.
    pub dns: Vec<IpAddr>,
}

/// Whether the built-in rule counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum InfrastructureRule {
    /// Gateway and DNS servers may be reached, whatever policies say.
    #[default]
    Granted,
    /// Policies alone decide.
    LeftToPolicies,
}

/// What an address is to the built-in rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum InfrastructurePart {
    /// The gateway itself.
    Gateway,
    /// A DNS server.
    Dns,
}

impl Infrastructure {
    /// The rule, counting, over these addresses.
    #[must_use]
    pub fn new(gateway: impl IntoIterator<Item = IpAddr>, dns: impl IntoIterator<Item = IpAddr>) -> Self {
        Infrastructure {
            rule: InfrastructureRule::Granted,
            gateway: gateway.into_iter().collect(),
            dns: dns.into_iter().collect(),
        }
    }

    /// The same addresses, left to policies.
    #[must_use]
    pub fn left_to_policies(mut self) -> Self {
        self.rule = InfrastructureRule::LeftToPolicies;
        self
    }

    /// What the rule grants.
    #[must_use]
    pub fn granted(&self) -> AddressSet {
        match self.rule {
            InfrastructureRule::Granted => self.gateway.iter().chain(&self.dns).copied().collect(),
            InfrastructureRule::LeftToPolicies => AddressSet::empty(),
        }
    }

    /// As what the rule grants an address, if it does.
    #[must_use]
    pub fn grants(&self, address: IpAddr) -> Option<InfrastructurePart> {
        match self.rule {
            InfrastructureRule::LeftToPolicies => None,
            InfrastructureRule::Granted if self.gateway.contains(&address) => {
                Some(InfrastructurePart::Gateway)
            }
            InfrastructureRule::Granted => self.dns.contains(&address).then_some(InfrastructurePart::Dns),
        }
    }
}

/// How much of a family a client sends into the tunnel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum Routes {
    /// Under a full tunnel the whole family, so that denied traffic ends at the gateway instead of leaving the client
    /// in clear; without one as [`Routes::Exact`].
    #[default]
    Full,
    /// What may be reached and nothing else; other traffic leaves the client outside the tunnel. Where that contains the
    /// gateway's public address, the client itself must keep its encrypted packets off the tunnel.
    Exact,
}

/// What a gateway lets through for one device. Replies to what was let through are let back.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Enforcement {
    /// The device's addresses at this gateway.
    pub sources: Vec<IpAddr>,
    /// Where it may open a connection to.
    pub destinations: AddressSet,
    /// The moment from which nothing may be let through on the ground of this value.
    pub valid_until: Option<Timestamp>,
}

impl Enforcement {
    /// Whether a packet that opens a connection is let through. An IPv4-mapped destination is judged as the IPv4 address
    /// that a socket would connect it to.
    #[must_use]
    pub fn admits(&self, source: IpAddr, destination: IpAddr) -> bool {
        self.sources.contains(&source) && self.destinations.contains(destination.to_canonical())
    }
}

impl Access {
    /// What a device may reach through a gateway: what policies allow, and what the built-in rule grants.
    #[must_use]
    pub fn reachable(&self, infrastructure: &Infrastructure) -> AddressSet {
        match self.barred {
            Some(_) => AddressSet::empty(),
            None => self.allowed.union(&infrastructure.granted()),
        }
    }

    /// What a gateway lets through for a device with these addresses. This alone protects; a client routes what it likes.
    #[must_use]
    pub fn enforcement(&self, sources: Vec<IpAddr>, infrastructure: &Infrastructure) -> Enforcement {
        Enforcement { sources, destinations: self.reachable(infrastructure), valid_until: self.valid_until }
    }

    /// A client's AllowedIPs: the fewest prefixes over what it may reach and over `reached_by`, the addresses of devices
    /// that may reach it and wait for its replies. Empty for a barred device.
    #[must_use]
    pub fn allowed_ips(
        &self,
        infrastructure: &Infrastructure,
        reached_by: &AddressSet,
        routes: PerFamily<Routes>,
    ) -> Vec<Cidr> {
        if self.barred.is_some() {
            return Vec::new();
        }
        let exact = self.reachable(infrastructure).union(reached_by);
        let whole = Family::ALL
            .into_iter()
            .filter(|family| *self.full_tunnel.get(*family) && *routes.get(*family) == Routes::Full)
            .map(Cidr::all);
        exact.union(&whole.collect()).to_cidrs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DeviceId, PolicyId, UserId};
    use crate::policy::{Bar, NewPolicy, Subject, resolve};

    const NOW: Timestamp = Timestamp::from_micros(1_000);
    const USER: UserId = UserId::from_uuid(uuid::Uuid::from_u128(1));

    fn subject() -> Subject {
        Subject::new(DeviceId::from_uuid(uuid::Uuid::from_u128(2)), USER)
    }

    fn access(policies: impl IntoIterator<Item = NewPolicy>) -> Access {
        let policies: Vec<_> = policies
            .into_iter()
            .zip(1..)
            .map(|(policy, id)| {
                policy.target(USER).build(PolicyId::from_uuid(uuid::Uuid::from_u128(id))).unwrap()
            })
            .collect();
        resolve(&subject(), &policies, NOW)
    }

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn infrastructure() -> Infrastructure {
        Infrastructure::new([ip("10.8.0.1"), ip("fd08::1")], [ip("10.8.0.53")])
    }

    fn texts(prefixes: &[Cidr]) -> Vec<String> {
        prefixes.iter().map(Cidr::to_string).collect()
    }

    #[test]
    fn gateway_and_dns_are_reached_whatever_policies_say_until_that_is_turned_off() {
        let nothing = access([NewPolicy::deny("all").full_tunnel().priority(0)]);
        assert_eq!(
            texts(&nothing.allowed_ips(&infrastructure(), &AddressSet::empty(), PerFamily::default())),
            ["10.8.0.1/32", "10.8.0.53/32", "fd08::1/128"]
        );
        let enforcement = nothing.enforcement(vec![ip("10.8.0.2")], &infrastructure());
        assert!(enforcement.admits(ip("10.8.0.2"), ip("10.8.0.53")));
        assert!(!enforcement.admits(ip("10.8.0.3"), ip("10.8.0.53")), "another device's address");
        assert!(!enforcement.admits(ip("10.8.0.2"), ip("10.8.0.54")));
        let off = infrastructure().left_to_policies();
        assert!(nothing.reachable(&off).is_empty());
    }

    #[test]
    fn a_barred_device_reaches_and_routes_nothing() {
        let policy = NewPolicy::allow("all").full_tunnel().target(USER);
        let policy = policy.build(PolicyId::from_uuid(uuid::Uuid::from_u128(1))).unwrap();
        let barred = resolve(&subject().barred(Bar::UserSuspended), [&policy], NOW);
        let peers = AddressSet::from(cidr("10.8.0.9/32"));
        assert!(barred.allowed_ips(&infrastructure(), &peers, PerFamily::default()).is_empty());
        assert!(barred.enforcement(vec![ip("10.8.0.2")], &infrastructure()).destinations.is_empty());
    }

    #[test]
    fn a_full_tunnel_is_routed_whole_and_enforced_with_its_holes() {
        let access = access([
            NewPolicy::allow("internet").full_tunnel(),
            NewPolicy::deny("upper half").destination(cidr("128.0.0.0/1")).priority(1),
        ]);
        let route =
            |routes| texts(&access.allowed_ips(&Infrastructure::default(), &AddressSet::empty(), routes));
        assert_eq!(route(PerFamily::default()), ["0.0.0.0/0", "::/0"]);
        assert_eq!(route(PerFamily::both(Routes::Exact)), ["0.0.0.0/1", "::/0"]);
        assert_eq!(route(PerFamily { v4: Routes::Exact, v6: Routes::Full }), ["0.0.0.0/1", "::/0"]);
        let gateway = access.enforcement(vec![ip("10.8.0.2")], &Infrastructure::default());
        for denied in ["128.0.0.0", "255.255.255.255", "::ffff:128.0.0.0"] {
            assert!(!gateway.admits(ip("10.8.0.2"), ip(denied)), "{denied}");
        }
        assert!(gateway.admits(ip("10.8.0.2"), ip("127.255.255.255")));
    }

    #[test]
    fn a_family_that_no_policy_allows_whole_is_routed_exactly() {
        let access = access([
            NewPolicy::allow("v4 only").destination(Cidr::ALL_V4),
            NewPolicy::deny("x").full_tunnel(),
        ]);
        assert_eq!(access.full_tunnel, PerFamily { v4: true, v6: false });
        assert_eq!(
            texts(&access.allowed_ips(
                &Infrastructure::default(),
                &AddressSet::empty(),
                PerFamily::default()
            )),
            ["0.0.0.0/0"]
        );
    }

    #[test]
    fn devices_that_reach_this_one_are_routed_back_and_not_thereby_reachable() {
        let access = access([NewPolicy::allow("net").destination(cidr("10.1.0.0/25"))]);
        let admins: AddressSet = [ip("10.8.0.7")].into_iter().collect();
        let none = Infrastructure::default();
        assert_eq!(
            texts(&access.allowed_ips(&none, &admins, PerFamily::default())),
            ["10.1.0.0/25", "10.8.0.7/32"]
        );
        assert!(!access.reachable(&none).contains(ip("10.8.0.7")));
    }
}
