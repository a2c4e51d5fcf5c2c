use std::fmt::Display;

use super::{Conf, ConfInterface, ConfPeer, HookCommand, RoutingTable, SearchDomain};
use crate::secret::Secret;

impl Conf {
    /// The file as text for `wg-quick`; without `Address`, `DNS`, `MTU`, `Table`, commands and `SaveConfig` also for
    /// `wg`. What has no value has no line, a key of zeros included.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let mut text = String::with_capacity(self.capacity());
        self.interface.write(&mut text);
        for peer in &self.peers {
            peer.write(&mut text);
        }
        Secret::new(text)
    }

    /// Room for the longest text it can have, so that growing leaves no copy of the keys behind.
    fn capacity(&self) -> usize {
        const LONGEST_CIDR: usize = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128, ".len();
        const HOOK_LINE: usize = "PostDown = \n".len();
        const ALL_ELSE: usize = 512;
        let interface = &self.interface;
        let listed = interface.addresses.len()
            + interface.dns.len()
            + self.peers.iter().map(|peer| peer.allowed_ips.len()).sum::<usize>();
        let search: usize = interface.dns_search.iter().map(|domain| domain.as_str().len() + 2).sum();
        let hooks: usize = interface
            .hooks()
            .iter()
            .flat_map(|(_, hooks)| *hooks)
            .map(|hook| HOOK_LINE + hook.expose().len())
            .sum();
        ALL_ELSE * (1 + self.peers.len()) + LONGEST_CIDR * listed + search + hooks
    }
}

impl ConfInterface {
    fn write(&self, text: &mut String) {
        text.push_str("[Interface]\n");
        if let Some(key) = &self.private_key {
            line(text, "PrivateKey", key.to_base64().expose());
        }
        option(text, "ListenPort", self.listen_port);
        option(text, "FwMark", self.fwmark);
        list(text, "Address", self.addresses.iter().map(ToString::to_string));
        let search = self.dns_search.iter().map(SearchDomain::as_str).map(str::to_owned);
        list(text, "DNS", self.dns.iter().map(ToString::to_string).chain(search));
        option(text, "MTU", self.mtu);
        if self.table != RoutingTable::Auto {
            line(text, "Table", &self.table.to_string());
        }
        for (name, hooks) in self.hooks() {
            for hook in hooks {
                line(text, name, hook.expose());
            }
        }
        if self.save_config {
            line(text, "SaveConfig", "true");
        }
    }

    fn hooks(&self) -> [(&'static str, &[HookCommand]); 4] {
        [
            ("PreUp", &self.pre_up),
            ("PostUp", &self.post_up),
            ("PreDown", &self.pre_down),
            ("PostDown", &self.post_down),
        ]
    }
}

impl ConfPeer {
    fn write(&self, text: &mut String) {
        text.push_str("\n[Peer]\n");
        line(text, "PublicKey", &self.public_key.to_string());
        if let Some(key) = self.preshared_key.as_ref().filter(|key| *key.expose() != [0; 32]) {
            line(text, "PresharedKey", key.to_base64().expose());
        }
        option(text, "Endpoint", self.endpoint.as_ref());
        list(text, "AllowedIPs", self.allowed_ips.iter().map(ToString::to_string));
        option(text, "PersistentKeepalive", self.persistent_keepalive);
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    text.extend([name, " = ", value, "\n"]);
}

fn option(text: &mut String, name: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        line(text, name, &value.to_string());
    }
}

/// A line of values with commas, or none for no values.
fn list(text: &mut String, name: &str, values: impl Iterator<Item = String>) {
    for (position, value) in values.enumerate() {
        if position == 0 {
            text.extend([name, " = ", &value]);
        } else {
            text.extend([", ", &value]);
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::num::{NonZeroU16, NonZeroU32};

    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::super::TableName;
    use super::*;
    use crate::id::DeviceId;
    use crate::net::{Cidr, Family, InterfaceAddress};
    use crate::wireguard::{Endpoint, PresharedKey, PrivateKey, Profile, ProfilePeer, PublicKey};

    fn private_key() -> impl Strategy<Value = PrivateKey> {
        any::<[u8; 32]>().prop_map(|bytes| PrivateKey::from_bytes(&bytes).unwrap())
    }

    fn public_key() -> impl Strategy<Value = PublicKey> {
        // Any point but the few of small order.
        any::<[u8; 32]>().prop_filter_map("small order", |bytes| PublicKey::from_bytes(&bytes).ok())
    }

    fn preshared_key() -> impl Strategy<Value = PresharedKey> {
        any::<[u8; 32]>().prop_map(|mut bytes| {
            bytes[0] |= 1;
            PresharedKey::from_bytes(&bytes).unwrap()
        })
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        let v6 = any::<u128>().prop_map(Ipv6Addr::from);
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
            v6.prop_filter("mapped", |v6| v6.to_ipv4_mapped().is_none()).prop_map(IpAddr::V6),
        ]
    }

    fn interface_address() -> impl Strategy<Value = InterfaceAddress> {
        (address(), any::<u8>()).prop_map(|(address, len)| {
            InterfaceAddress::new(address, len % (Family::of(address).bits() + 1)).unwrap()
        })
    }

    fn cidr() -> impl Strategy<Value = Cidr> {
        interface_address().prop_map(Cidr::from)
    }

    fn endpoint() -> impl Strategy<Value = Endpoint> {
        let host = prop_oneof![
            address().prop_map(|address| address.to_string()),
            "[a-z]([a-z0-9_-]{0,20}[a-z0-9])?(\\.[a-z][a-z0-9]{0,10}){0,3}",
        ];
        (host, 1..=u16::MAX).prop_filter_map("not a host", |(host, port)| Endpoint::new(&host, port).ok())
    }

    fn search_domain() -> impl Strategy<Value = SearchDomain> {
        "~?[a-zA-Z0-9._-]{1,20}".prop_filter_map("an address", |text| SearchDomain::new(&text).ok())
    }

    fn table() -> impl Strategy<Value = RoutingTable> {
        let name = "[a-zA-Z][a-zA-Z0-9_.-]{0,10}"
            .prop_filter_map("a word with a meaning", |text| TableName::new(&text).ok());
        prop_oneof![
            Just(RoutingTable::Auto),
            Just(RoutingTable::Off),
            any::<u32>().prop_map(RoutingTable::Id),
            name.prop_map(RoutingTable::Name),
        ]
    }

    fn hooks() -> impl Strategy<Value = Vec<HookCommand>> {
        vec("[^\n\0#]{1,30}".prop_filter_map("blank", |text| HookCommand::new(&text).ok()), 0..3)
    }

    fn interface() -> impl Strategy<Value = ConfInterface> {
        let of_wg = (of(private_key()), of(any::<NonZeroU16>()), of(any::<NonZeroU32>()));
        let lists = (vec(interface_address(), 0..4), vec(address(), 0..4), vec(search_domain(), 0..4));
        let rest = (of(any::<u16>()), table(), any::<bool>());
        (of_wg, lists, rest, [hooks(), hooks(), hooks(), hooks()]).prop_map(
            |(
                (private_key, listen_port, fwmark),
                (addresses, dns, dns_search),
                (mtu, table, save),
                hooks,
            )| {
                let [pre_up, post_up, pre_down, post_down] = hooks;
                ConfInterface {
                    private_key,
                    listen_port,
                    fwmark,
                    addresses,
                    dns,
                    dns_search,
                    mtu,
                    table,
                    pre_up,
                    post_up,
                    pre_down,
                    post_down,
                    save_config: save,
                }
            },
        )
    }

    fn peer() -> impl Strategy<Value = ConfPeer> {
        let parts =
            (public_key(), of(preshared_key()), vec(cidr(), 0..5), of(endpoint()), of(any::<NonZeroU16>()));
        parts.prop_map(|(public_key, preshared_key, allowed_ips, endpoint, persistent_keepalive)| ConfPeer {
            public_key,
            preshared_key,
            allowed_ips,
            endpoint,
            persistent_keepalive,
        })
    }

    pub(in super::super) fn conf() -> impl Strategy<Value = Conf> {
        (interface(), vec(peer(), 0..3)).prop_map(|(interface, peers)| Conf { interface, peers })
    }

    fn profile() -> impl Strategy<Value = (Profile, PrivateKey)> {
        let lists = (vec(address(), 0..4), vec(address(), 0..4), vec(cidr(), 0..9));
        let options = (of(preshared_key()), of(any::<u16>()), of(any::<u16>()));
        (private_key(), public_key(), endpoint(), lists, options).prop_map(
            |(key, gateway, endpoint, (addresses, dns, allowed_ips), (preshared_key, mtu, keepalive))| {
                let mut peer = ProfilePeer::new(gateway, endpoint);
                (peer.preshared_key, peer.allowed_ips) = (preshared_key, allowed_ips);
                peer.persistent_keepalive = keepalive;
                let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
                let mut profile = Profile::new(device, key.public_key(), peer);
                (profile.addresses, profile.dns, profile.mtu) = (addresses, dns, mtu);
                (profile, key)
            },
        )
    }

    /// All that a file says, secrets included: what hides its value from `Debug` is appended.
    pub(in super::super) fn facts(conf: &Conf) -> String {
        let keys: Vec<_> =
            conf.peers.iter().map(|peer| peer.preshared_key.as_ref().map(PresharedKey::expose)).collect();
        let hooks = conf
            .interface
            .hooks()
            .map(|(_, hooks)| hooks.iter().map(HookCommand::expose).collect::<Vec<_>>());
        format!(
            "{conf:?} {:?} {keys:?} {hooks:?}",
            conf.interface.private_key.as_ref().map(PrivateKey::expose)
        )
    }

    proptest! {
        #[test]
        fn a_conf_survives_its_text(conf in conf()) {
            let text = conf.to_text();
            prop_assert!(text.expose().len() <= conf.capacity());
            let again = Conf::parse(text.expose()).unwrap();
            prop_assert_eq!(facts(&again), facts(&conf));
            let printed = again.to_text();
            prop_assert_eq!(printed.expose(), text.expose());
        }

        #[test]
        fn a_profile_is_read_as_the_values_it_was_made_of((profile, key) in profile()) {
            let mut expected = Conf::from(&profile);
            expected.interface.private_key = Some(key.clone());
            let read = Conf::parse(profile.render(Some(&key)).unwrap().expose()).unwrap();
            prop_assert_eq!(facts(&read), facts(&expected));
        }
    }

    #[test]
    fn a_conf_is_what_wg_quick_reads() {
        let text = "[interface]\nprivatekey=AAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB0c=\nlistenport=51820\nfwmark=0xca6c\n\
                    address=10.0.0.2/24,fd00::2/64\ndns=10.0.0.53,corp.example\nmtu=1420\ntable=off\nsaveconfig=true\n\
                    postdown=true\npreup=echo 1\npreup=echo 2\npostup=:\npredown=:\n\
                    [peer]\nallowedips=10.0.0.1/8\npublickey=V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=\n\
                    presharedkey=BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=\nendpoint=vpn.example.org:51820\n\
                    allowedips=::1\npersistentkeepalive=25\n\
                    [peer]\npublickey=V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=\n";
        insta::assert_snapshot!(Conf::parse(text).unwrap().to_text().expose(), @r"
        [Interface]
        PrivateKey = AAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB0c=
        ListenPort = 51820
        FwMark = 51820
        Address = 10.0.0.2/24, fd00::2/64
        DNS = 10.0.0.53, corp.example
        MTU = 1420
        Table = off
        PreUp = echo 1
        PreUp = echo 2
        PostUp = :
        PreDown = :
        PostDown = true
        SaveConfig = true

        [Peer]
        PublicKey = V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=
        PresharedKey = BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=
        Endpoint = vpn.example.org:51820
        AllowedIPs = 10.0.0.0/8, ::1/128
        PersistentKeepalive = 25

        [Peer]
        PublicKey = V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=
        ");
    }

    #[test]
    fn what_has_no_value_has_no_line() {
        assert_eq!(Conf::default().to_text().expose(), "[Interface]\n");
        let mut conf = Conf::default();
        let mut peer = ConfPeer::new(PublicKey::from_bytes(&[9; 32]).unwrap());
        peer.preshared_key = Some(PresharedKey::from_bytes(&[0; 32]).unwrap());
        conf.peers.push(peer);
        assert!(!conf.to_text().expose().contains("PresharedKey"));
    }

    #[test]
    fn nothing_secret_prints() {
        let mut conf = Conf::default();
        let key = PrivateKey::from_bytes(&[7; 32]).unwrap();
        conf.interface.post_up.push(HookCommand::new("curl -u me:hunter2 example.org").unwrap());
        conf.interface.private_key = Some(key.clone());
        let printed = format!("{conf:?} {conf:#?} {:?}", conf.to_text());
        assert!(!printed.contains("hunter2") && !printed.contains(key.to_base64().expose().as_str()));
        assert!(conf.to_text().expose().contains("hunter2"));
    }
}
