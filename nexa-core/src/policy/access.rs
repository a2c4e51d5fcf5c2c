use std::net::IpAddr;

use super::resolve::Access;
use super::service_range::Protocol;
use super::traffic::Traffic;
use crate::net::{AddressSet, Cidr, Cover, Family, PerFamily};
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

/// How a client's routes are made of what it may reach.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct RouteOptions {
    /// How much of a family goes into the tunnel under a full tunnel.
    pub routes: PerFamily<Routes>,
    /// Addresses that stay outside although a full tunnel has them, such as [`RouteOptions::local_networks`], unless a policy, the
    /// built-in rule or a device that waits for replies names them more narrowly.
    pub local: AddressSet,
    /// Addresses that are always outside: the gateway's public ones, where a client cannot keep its encrypted packets off the tunnel
    /// by other means.
    pub endpoints: AddressSet,
    /// The most prefixes that the client takes, as phones have such bounds. What has to be covered beside the exact set is never an
    /// address that a policy denies, and the gateway lets nothing more through for it. Where what is denied needs more prefixes, it is as
    /// few as it needs: a deny takes nobody's profile away.
    pub max_prefixes: Option<usize>,
}

impl RouteOptions {
    /// The networks that a household or an office has for itself: RFC 1918, RFC 4193 and the link-local ones.
    #[must_use]
    pub fn local_networks() -> AddressSet {
        const NETWORKS: [([u8; 4], u8); 4] =
            [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16), ([169, 254, 0, 0], 16)];
        let v4 = NETWORKS.into_iter().map(|(first, len)| (IpAddr::from(first), len));
        let v6 = [(0xfc00, 7), (0xfe80, 10)];
        let v6 = v6.into_iter().map(|(first, len)| (IpAddr::from([first, 0, 0, 0, 0, 0, 0, 0_u16]), len));
        v4.chain(v6).filter_map(|(first, len)| Cidr::containing(first, len).ok()).collect()
    }
}

/// What a client sends into the tunnel.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct ClientRoutes {
    /// Its AllowedIPs, sorted, IPv4 before IPv6.
    pub allowed_ips: Vec<Cidr>,
    /// What of them it may not reach and is routed only because the client takes no more prefixes. Nobody denied it, and the gateway
    /// drops it.
    pub added: AddressSet,
}

/// What a gateway lets through for one device. Replies to what was let through are let back.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Enforcement {
    /// The device's addresses at this gateway.
    pub sources: Vec<IpAddr>,
    /// What it may open connections to.
    pub destinations: Traffic,
    /// The moment from which nothing may be let through on the ground of this value.
    pub valid_until: Option<Timestamp>,
}

impl Enforcement {
    /// Whether a packet that opens a connection is let through; `port` is the destination's, and does not matter to a protocol that has
    /// none. An IPv4-mapped destination is judged as the IPv4 address that a socket would connect it to.
    #[must_use]
    pub fn admits(&self, source: IpAddr, destination: IpAddr, protocol: Protocol, port: u16) -> bool {
        self.sources.contains(&source)
            && self.destinations.contains(protocol, port, destination.to_canonical())
    }
}

impl Access {
    /// What a device may reach through a gateway: what policies allow, and what the built-in rule grants.
    #[must_use]
    pub fn reachable(&self, infrastructure: &Infrastructure) -> Traffic {
        match self.barred {
            Some(_) => Traffic::empty(),
            None => self.allowed.union(&infrastructure.granted().into()),
        }
    }

    /// What a gateway lets through for a device with these addresses. This alone protects; a client routes what it likes.
    #[must_use]
    pub fn enforcement(&self, sources: Vec<IpAddr>, infrastructure: &Infrastructure) -> Enforcement {
        Enforcement { sources, destinations: self.reachable(infrastructure), valid_until: self.valid_until }
    }

    /// What a client sends into the tunnel: the fewest prefixes over what it may reach and over `reached_by`, the addresses of devices
    /// that may reach it and wait for its replies. Nothing for a barred device. A route is no permission.
    #[must_use]
    pub fn client_routes(
        &self,
        infrastructure: &Infrastructure,
        reached_by: &AddressSet,
        options: &RouteOptions,
    ) -> ClientRoutes {
        if self.barred.is_some() {
            return ClientRoutes::default();
        }
        let needed = self.reachable(infrastructure).addresses().union(reached_by);
        let tunnelled: AddressSet =
            Family::ALL.into_iter().filter(|family| *self.full_tunnel.get(*family)).map(Cidr::all).collect();
        let is_full = |family: &Family| *options.routes.get(*family) == Routes::Full;
        let whole: AddressSet = Family::ALL.into_iter().filter(is_full).map(Cidr::all).collect();
        // The local network stays local where only a full tunnel would take it in, and not where somebody named an address of it.
        let named = self.named.union(&infrastructure.granted()).union(reached_by);
        let local = options.local.intersection(&tunnelled).difference(&named);
        let outside = local.union(&options.endpoints);
        let routed = needed.union(&whole.intersection(&tunnelled)).difference(&outside);
        let Some(most) = options.max_prefixes else {
            return ClientRoutes { allowed_ips: routed.to_cidrs(), added: AddressSet::empty() };
        };
        let never = self.denied.difference(&routed).union(&outside);
        let Cover { cidrs, added, .. } = routed.cover_nearly(most, &never);
        ClientRoutes { allowed_ips: cidrs, added }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DeviceId, PolicyId, UserId};
    use crate::policy::{Bar, Destination, NewPolicy, Places, Subject, resolve};

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
        resolve(&subject(), &policies, &Places::none(), NOW)
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

    fn routed(access: &Access, to: &Infrastructure, back: &AddressSet, routes: Routes) -> Vec<String> {
        let options = RouteOptions { routes: PerFamily::both(routes), ..RouteOptions::default() };
        texts(&access.client_routes(to, back, &options).allowed_ips)
    }

    #[test]
    fn gateway_and_dns_are_reached_whatever_policies_say_until_that_is_turned_off() {
        let nothing = access([NewPolicy::deny("all").full_tunnel().priority(0)]);
        assert_eq!(
            routed(&nothing, &infrastructure(), &AddressSet::empty(), Routes::Full),
            ["10.8.0.1/32", "10.8.0.53/32", "fd08::1/128"]
        );
        let enforcement = nothing.enforcement(vec![ip("10.8.0.2")], &infrastructure());
        assert!(enforcement.admits(ip("10.8.0.2"), ip("10.8.0.53"), Protocol::TCP, 443));
        assert!(
            !enforcement.admits(ip("10.8.0.3"), ip("10.8.0.53"), Protocol::TCP, 443),
            "another device's address"
        );
        assert!(!enforcement.admits(ip("10.8.0.2"), ip("10.8.0.54"), Protocol::TCP, 443));
        let off = infrastructure().left_to_policies();
        assert!(nothing.reachable(&off).is_empty());
    }

    #[test]
    fn a_barred_device_reaches_and_routes_nothing() {
        let policy = NewPolicy::allow("all").full_tunnel().target(USER);
        let policy = policy.build(PolicyId::from_uuid(uuid::Uuid::from_u128(1))).unwrap();
        let barred = resolve(&subject().barred(Bar::UserSuspended), [&policy], &Places::none(), NOW);
        let peers = AddressSet::from(cidr("10.8.0.9/32"));
        assert!(routed(&barred, &infrastructure(), &peers, Routes::Full).is_empty());
        assert!(barred.enforcement(vec![ip("10.8.0.2")], &infrastructure()).destinations.is_empty());
    }

    #[test]
    fn a_full_tunnel_is_routed_whole_and_enforced_with_its_holes() {
        let access = access([
            NewPolicy::allow("internet").full_tunnel(),
            NewPolicy::deny("upper half").destination(cidr("128.0.0.0/1")).priority(1),
        ]);
        let route = |routes| {
            let options = RouteOptions { routes, ..RouteOptions::default() };
            let routes = access.client_routes(&Infrastructure::default(), &AddressSet::empty(), &options);
            texts(&routes.allowed_ips)
        };
        assert_eq!(route(PerFamily::default()), ["0.0.0.0/0", "::/0"]);
        assert_eq!(route(PerFamily::both(Routes::Exact)), ["0.0.0.0/1", "::/0"]);
        assert_eq!(route(PerFamily { v4: Routes::Exact, v6: Routes::Full }), ["0.0.0.0/1", "::/0"]);
        let gateway = access.enforcement(vec![ip("10.8.0.2")], &Infrastructure::default());
        for denied in ["128.0.0.0", "255.255.255.255", "::ffff:128.0.0.0"] {
            assert!(!gateway.admits(ip("10.8.0.2"), ip(denied), Protocol::TCP, 443), "{denied}");
        }
        assert!(gateway.admits(ip("10.8.0.2"), ip("127.255.255.255"), Protocol::TCP, 443));
    }

    #[test]
    fn a_family_that_no_policy_allows_whole_is_routed_exactly() {
        let access = access([
            NewPolicy::allow("v4 only").destination(Cidr::ALL_V4),
            NewPolicy::deny("x").full_tunnel(),
        ]);
        assert_eq!(access.full_tunnel, PerFamily { v4: true, v6: false });
        assert_eq!(
            routed(&access, &Infrastructure::default(), &AddressSet::empty(), Routes::Full),
            ["0.0.0.0/0"]
        );
    }

    #[test]
    fn devices_that_reach_this_one_are_routed_back_and_not_thereby_reachable() {
        let access = access([NewPolicy::allow("net").destination(cidr("10.1.0.0/25"))]);
        let admins: AddressSet = [ip("10.8.0.7")].into_iter().collect();
        let none = Infrastructure::default();
        assert_eq!(routed(&access, &none, &admins, Routes::Full), ["10.1.0.0/25", "10.8.0.7/32"]);
        assert!(!access.reachable(&none).addresses().contains(ip("10.8.0.7")));
    }

    #[test]
    fn only_named_services_are_let_through_and_their_addresses_are_routed() {
        let web = Destination::new(cidr("10.1.0.0/24")).by("tcp/443".parse().unwrap());
        let access = access([NewPolicy::allow("web").destination(web)]);
        let enforcement = access.enforcement(vec![ip("10.8.0.2")], &Infrastructure::default());
        let admits = |protocol, port| enforcement.admits(ip("10.8.0.2"), ip("10.1.0.9"), protocol, port);
        assert!(admits(Protocol::TCP, 443));
        assert!(!admits(Protocol::TCP, 80) && !admits(Protocol::UDP, 443) && !admits(Protocol::ICMP, 0));
        assert_eq!(
            routed(&access, &Infrastructure::default(), &AddressSet::empty(), Routes::Full),
            ["10.1.0.0/24"]
        );
    }

    #[test]
    fn the_local_network_stays_local_under_a_full_tunnel_but_for_what_is_named() {
        let access = access([
            NewPolicy::allow("internet").destination(Cidr::ALL_V4),
            NewPolicy::allow("office").destination(cidr("10.20.0.0/16")),
        ]);
        let options = RouteOptions { local: RouteOptions::local_networks(), ..RouteOptions::default() };
        let peers = AddressSet::from(cidr("192.168.7.9/32"));
        let routes = access.client_routes(&infrastructure(), &peers, &options);
        let routed: AddressSet = routes.allowed_ips.iter().copied().collect();
        for (address, inside) in [
            ("8.8.8.8", true),
            ("10.20.3.4", true),
            ("10.21.0.1", false),
            ("10.8.0.1", true),
            ("10.8.0.53", true),
            ("10.8.0.2", false),
            ("192.168.7.9", true),
            ("192.168.7.8", false),
            ("172.31.0.1", false),
            ("172.32.0.1", true),
            ("169.254.1.1", false),
        ] {
            assert_eq!(routed.contains(ip(address)), inside, "{address}");
        }
        assert!(routes.added.is_empty());
        // Without a full tunnel nothing of it was routed by accident.
        let office = self::access([NewPolicy::allow("office").destination(cidr("10.20.0.0/16"))]);
        let routes = office.client_routes(&Infrastructure::default(), &AddressSet::empty(), &options);
        assert_eq!(texts(&routes.allowed_ips), ["10.20.0.0/16"]);
    }

    #[test]
    fn the_endpoint_is_left_out_and_a_phone_gets_as_few_prefixes_as_it_takes() {
        let access = access([
            NewPolicy::allow("nets")
                .destination(cidr("10.0.0.0/24"))
                .destination(cidr("10.0.2.0/24"))
                .destination(cidr("10.0.9.0/24")),
            NewPolicy::deny("vault").destination(cidr("10.0.8.0/24")),
        ]);
        let none = Infrastructure::default();
        let few = |most| RouteOptions { max_prefixes: Some(most), ..RouteOptions::default() };
        let routes = access.client_routes(&none, &AddressSet::empty(), &few(2));
        assert_eq!(texts(&routes.allowed_ips), ["10.0.0.0/22", "10.0.9.0/24"]);
        assert_eq!(texts(&routes.added.to_cidrs()), ["10.0.1.0/24", "10.0.3.0/24"]);
        // The only prefix over all three has the denied one in it.
        assert_eq!(access.client_routes(&none, &AddressSet::empty(), &few(1)), routes);
        let options =
            RouteOptions { endpoints: [ip("10.0.2.7")].into_iter().collect(), ..RouteOptions::default() };
        let routes = access.client_routes(&none, &AddressSet::empty(), &options);
        let routed: AddressSet = routes.allowed_ips.into_iter().collect();
        assert!(!routed.contains(ip("10.0.2.7")) && routed.contains(ip("10.0.2.6")));
    }
}
