use nexa_core::net::Cidr;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::{PresharedKey, Profile};

use crate::support::control::Control;
use crate::support::namespace::Namespace;
use crate::support::wireguard_go::WireGuardGo;

/// Every shape that a profile can have, after what Nexa issued.
fn shapes(issued: &Profile) -> Vec<Profile> {
    let changed = |change: fn(&mut Profile)| {
        let mut profile = issued.clone();
        change(&mut profile);
        profile
    };
    vec![
        issued.clone(),
        changed(|profile| profile.peer.allowed_ips.clear()),
        changed(|profile| profile.peer.allowed_ips = vec![Cidr::ALL_V4, Cidr::ALL_V6]),
        changed(|profile| profile.peer.persistent_keepalive = None),
        changed(|profile| profile.peer.persistent_keepalive = Some(u16::MAX)),
        changed(|profile| profile.peer.endpoint = "[2001:db8::1]:1".parse().unwrap()),
        changed(|profile| profile.peer.endpoint = "localhost:65535".parse().unwrap()),
        changed(|profile| profile.peer.preshared_key = PresharedKey::generate(&SystemRandom).ok()),
        changed(|profile| {
            profile.mtu = Some(1280);
            profile.dns = ["10.66.0.53", "fd66::53"].map(|address| address.parse().unwrap()).into();
        }),
        changed(|profile| {
            profile.addresses = vec!["fd66::2".parse().unwrap()];
            let networks = (0..1_000).map(|n| format!("10.{}.{}.0/24", n / 250, n % 250).parse().unwrap());
            profile.peer.allowed_ips = networks.collect();
        }),
    ]
}

#[test]
fn wg_and_wg_quick_take_every_profile_as_nexa_prints_it() {
    let namespace = Namespace::new("conf");
    let control = Control::new("198.51.100.1:51820");
    let far = WireGuardGo::start(&namespace);
    for profile in shapes(&control.profile) {
        far.set_conf(&profile, &control.device_key);
        assert_eq!(far.wg("show INTERFACE private-key").trim(), control.device_key.to_base64().expose());
        let peer = far.peer();
        assert_eq!(peer[0], profile.peer.public_key.to_string());
        let preshared = profile.peer.preshared_key.as_ref().map(|key| key.to_base64());
        assert_eq!(peer[1], preshared.map_or("(none)".to_owned(), |key| key.expose().clone()));
        if let Some(address) = profile.peer.endpoint.address() {
            assert_eq!(peer[2], std::net::SocketAddr::new(address, profile.peer.endpoint.port()).to_string());
        }
        let keepalive = profile.peer.persistent_keepalive.map_or("off".to_owned(), |s| s.to_string());
        assert_eq!(peer[7], keepalive);
        assert_eq!(prefixes(&peer[3]), profile.peer.allowed_ips.iter().copied().collect());
    }
}

fn prefixes(listed: &str) -> std::collections::BTreeSet<Cidr> {
    listed.split(',').filter(|text| *text != "(none)").map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_profile_without_its_key_does_not_come_up_in_silence() {
    let namespace = Namespace::new("conf");
    let control = Control::new("198.51.100.1:51820");
    let far = WireGuardGo::start(&namespace);
    let refused = far.try_set_conf(control.profile.render(None).unwrap().expose());
    assert!(refused.unwrap_err().contains("Key is not the correct length or format"));
}
