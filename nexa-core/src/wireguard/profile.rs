use std::fmt::{self, Display, Write as _};
use std::net::IpAddr;

use super::{Endpoint, PresharedKey, PrivateKey, PublicKey};
use crate::error::{Classify, Code, Error, Result};
use crate::id::DeviceId;
use crate::net::Cidr;
use crate::secret::Secret;

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
    /// What of that it may not reach and is routed only because a device of its platform takes no more prefixes. Nobody denied it, and
    /// the gateway drops it.
    pub added_ips: Vec<Cidr>,
    /// Seconds between packets that keep a NAT's mapping open; `None` for none.
    pub persistent_keepalive: Option<u16>,
}

impl ProfilePeer {
    /// A gateway that nothing is sent to yet.
    #[must_use]
    pub const fn new(public_key: PublicKey, endpoint: Endpoint) -> Self {
        ProfilePeer {
            public_key,
            preshared_key: None,
            endpoint,
            allowed_ips: Vec::new(),
            added_ips: Vec::new(),
            persistent_keepalive: None,
        }
    }
}

impl Profile {
    /// Stands where the private key would be. `wg` refuses it, so a file without its key does not come up in silence.
    pub const KEY_PLACEHOLDER: &'static str = "(the private key of this device)";

    /// The first revision of a profile, without addresses yet.
    #[must_use]
    pub const fn new(device: DeviceId, public_key: PublicKey, peer: ProfilePeer) -> Self {
        Profile { device, revision: 1, public_key, addresses: Vec::new(), dns: Vec::new(), mtu: None, peer }
    }

    /// The profile as text for `wg-quick` and the WireGuard apps; without the key, with
    /// [`KEY_PLACEHOLDER`](Profile::KEY_PLACEHOLDER) in its place.
    ///
    /// A peer without AllowedIPs has no such line: `wg` refuses an empty one and takes its absence for none.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when `private_key` is not the one of the profile's public key.
    pub fn render(&self, private_key: Option<&PrivateKey>) -> Result<Secret<String>> {
        if let Some(key) = private_key {
            self.check_key(key)?;
        }
        let mut text = String::with_capacity(self.capacity());
        self.write(&mut text, private_key)
            .map_err(|fmt::Error| Error::invalid("profile", "cannot be written as text"))?;
        Ok(Secret::new(text))
    }

    /// Refuses a private key that is not the one of the profile's public key.
    pub(crate) fn check_key(&self, private_key: &PrivateKey) -> Result<()> {
        match private_key.public_key() {
            key if key == self.public_key => Ok(()),
            got => Err(WrongKey { expected: self.public_key, got }.into()),
        }
    }

    fn write(&self, text: &mut String, private_key: Option<&PrivateKey>) -> fmt::Result {
        text.push_str("[Interface]\n");
        match private_key {
            Some(key) => line(text, "PrivateKey", key.to_base64().expose())?,
            None => line(text, "PrivateKey", Profile::KEY_PLACEHOLDER)?,
        }
        list(text, "Address", self.addresses.iter().copied().map(Cidr::host))?;
        list(text, "DNS", &self.dns)?;
        option(text, "MTU", self.mtu)?;
        text.push_str("\n[Peer]\n");
        line(text, "PublicKey", self.peer.public_key)?;
        if let Some(key) = &self.peer.preshared_key {
            line(text, "PresharedKey", key.to_base64().expose())?;
        }
        line(text, "Endpoint", &self.peer.endpoint)?;
        list(text, "AllowedIPs", &self.peer.allowed_ips)?;
        option(text, "PersistentKeepalive", self.peer.persistent_keepalive)
    }

    /// Room for the longest text it can have, so that growing leaves no copy of the keys behind.
    fn capacity(&self) -> usize {
        const LONGEST_CIDR: usize = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128, ".len();
        const ALL_ELSE: usize = 1_024;
        let listed = self.addresses.len() + self.dns.len() + self.peer.allowed_ips.len();
        ALL_ELSE + listed * LONGEST_CIDR
    }
}

fn line(text: &mut String, name: &str, value: impl Display) -> fmt::Result {
    writeln!(text, "{name} = {value}")
}

fn option(text: &mut String, name: &str, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| line(text, name, value))
}

/// A line of values with commas, or none for no values.
fn list<T: Display>(text: &mut String, name: &str, values: impl IntoIterator<Item = T>) -> fmt::Result {
    let mut values = values.into_iter();
    let Some(first) = values.next() else { return Ok(()) };
    write!(text, "{name} = {first}")?;
    values.try_for_each(|value| write!(text, ", {value}"))?;
    text.write_char('\n')
}

#[derive(Debug, thiserror::Error)]
#[error("is the key of {got}, and the profile was issued to {expected}")]
struct WrongKey {
    expected: PublicKey,
    got: PublicKey,
}

impl Classify for WrongKey {
    fn code(&self) -> Code {
        Code::ProfileWrongKey
    }

    fn field(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some("private_key".into())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::error::ErrorKind;

    pub(in crate::wireguard) fn private_key() -> PrivateKey {
        PrivateKey::from_bytes(&[7; 32]).unwrap()
    }

    pub(in crate::wireguard) fn profile() -> Profile {
        let gateway = PrivateKey::from_bytes(&[9; 32]).unwrap().public_key();
        let mut peer = ProfilePeer::new(gateway, "vpn.example.org:51820".parse().unwrap());
        peer.preshared_key = Some(PresharedKey::from_bytes(&[5; 32]).unwrap());
        peer.allowed_ips =
            ["10.8.0.0/24", "10.40.0.0/16", "fd08::/64"].map(|cidr| cidr.parse().unwrap()).into();
        peer.persistent_keepalive = Some(25);
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
        let mut profile = Profile::new(device, private_key().public_key(), peer);
        profile.addresses = vec!["10.8.0.2".parse().unwrap(), "fd08::2".parse().unwrap()];
        profile.dns = vec!["10.8.0.53".parse().unwrap(), "fd08::53".parse().unwrap()];
        profile.mtu = Some(1_420);
        profile
    }

    #[test]
    fn a_profile_is_what_wg_quick_reads() {
        insta::assert_snapshot!(profile().render(Some(&private_key())).unwrap().expose(), @r"
        [Interface]
        PrivateKey = AAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB0c=
        Address = 10.8.0.2/32, fd08::2/128
        DNS = 10.8.0.53, fd08::53
        MTU = 1420

        [Peer]
        PublicKey = V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=
        PresharedKey = BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=
        Endpoint = vpn.example.org:51820
        AllowedIPs = 10.8.0.0/24, 10.40.0.0/16, fd08::/64
        PersistentKeepalive = 25
        ");
    }

    #[test]
    fn without_its_key_and_options_a_profile_says_so_and_no_more() {
        let mut bare = profile();
        bare.peer = ProfilePeer::new(bare.peer.public_key, Endpoint::new("2001:db8::1", 51820).unwrap());
        (bare.dns, bare.mtu) = (Vec::new(), None);
        insta::assert_snapshot!(bare.render(None).unwrap().expose(), @r"
        [Interface]
        PrivateKey = (the private key of this device)
        Address = 10.8.0.2/32, fd08::2/128

        [Peer]
        PublicKey = V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=
        Endpoint = [2001:db8::1]:51820
        ");
    }

    #[test]
    fn a_private_key_of_another_device_is_refused() {
        let other = PrivateKey::from_bytes(&[8; 32]).unwrap();
        let error = profile().render(Some(&other)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("private_key")));
        assert!(!error.to_string().contains(other.to_base64().expose()));
    }

    #[test]
    fn nothing_secret_prints() {
        let profile = profile();
        let text = profile.render(Some(&private_key())).unwrap();
        let printed = format!("{profile:?} {profile:#?} {text:?}");
        let preshared = profile.peer.preshared_key.as_ref().unwrap().to_base64();
        for secret in [preshared, private_key().to_base64()] {
            assert!(text.expose().contains(secret.expose()) && !printed.contains(secret.expose()));
        }
        assert!(printed.contains("PresharedKey([redacted])"));
    }

    #[test]
    fn the_longest_profile_is_written_without_moving_it() {
        let mut long = profile();
        let name = [["a"; 31].concat(), ["b"; 63].concat(), ["c"; 63].concat(), ["d"; 63].concat()].join(".");
        long.peer.endpoint = Endpoint::new(&name, 65_535).unwrap();
        let host: IpAddr = "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
        (long.addresses, long.dns) = (vec![host; 50], vec![host; 50]);
        long.peer.allowed_ips = vec![Cidr::host(host); 1_000];
        (long.mtu, long.peer.persistent_keepalive) = (Some(u16::MAX), Some(u16::MAX));
        let text = long.render(Some(&private_key())).unwrap();
        assert!(text.expose().len() <= long.capacity());
        assert_eq!(text.expose().capacity(), String::with_capacity(long.capacity()).capacity());
    }
}
