//! Keys, profiles, configuration files, and the secrets that hold them.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use nexa_core::Secret as CoreSecret;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::{self, QrCode};
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::{Error, Result};
use crate::ids::DeviceId;
use crate::outward::Outward;

/// Reads a value, naming the field when it is refused.
pub(crate) fn parsed<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T> {
    text.parse().map_err(|cause: T::Err| Error::invalid(field, &reason(&cause)))
}

/// Reads several values of one field.
pub(crate) fn parsed_all<T: FromStr<Err: Display>>(field: &str, texts: &[String]) -> Result<Vec<T>> {
    texts.iter().map(|text| parsed(field, text)).collect()
}

/// What a parser of the core says begins with its own name for the field; the caller's name stands for it.
fn reason(cause: &dyn Display) -> String {
    let said = cause.to_string();
    match said.split_once(": ") {
        Some((field, reason)) if field.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {
            reason.to_owned()
        }
        _ => said,
    }
}

/// A text that prints nothing of itself.
#[object]
pub struct Secret {
    text: Arc<CoreSecret<String>>,
}

#[object]
impl Secret {
    /// Takes charge of a text.
    ///
    /// # Errors
    /// None.
    pub fn create(text: String) -> Result<Arc<Secret>> {
        Ok(Arc::new(Secret::from(CoreSecret::from(text))))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn reveal(&self) -> String {
        self.text.expose().clone()
    }
}

impl From<CoreSecret<String>> for Secret {
    fn from(text: CoreSecret<String>) -> Self {
        Secret { text: Arc::new(text) }
    }
}

/// A WireGuard private key. It prints nothing of itself and is overwritten when it goes.
#[object]
pub struct PrivateKey {
    key: Arc<wireguard::PrivateKey>,
}

#[object]
impl PrivateKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// `unavailable` when the system gives none.
    pub fn generate() -> Result<Arc<PrivateKey>> {
        Ok(Arc::new(PrivateKey { key: Arc::new(wireguard::PrivateKey::generate(&SystemRandom)?) }))
    }

    /// A key from its 44 characters of base64.
    ///
    /// # Errors
    /// `invalid_input` (`private_key`).
    pub fn parse(text: String) -> Result<Arc<PrivateKey>> {
        let text = CoreSecret::from(text);
        let key = wireguard::PrivateKey::from_str(text.expose());
        // The cause could quote what it was given.
        let key = key.map_err(|_| Error::invalid("private_key", "is not 32 bytes in base64"))?;
        Ok(Arc::new(PrivateKey { key: Arc::new(key) }))
    }

    /// The public half, in base64.
    pub fn public_key(&self) -> String {
        self.key.public_key().to_string()
    }

    /// The key in base64. Whoever calls this answers for where it goes.
    pub fn reveal(&self) -> String {
        self.key.to_base64().expose().clone()
    }
}

impl PrivateKey {
    pub(crate) fn core(&self) -> &wireguard::PrivateKey {
        &self.key
    }
}

/// Which way round a QR code is drawn on a terminal.
#[enumeration(from = wireguard::TerminalTheme, otherwise = LightOnDark)]
pub enum TerminalTheme {
    /// The terminal writes light on dark.
    LightOnDark,
    /// The terminal writes dark on light.
    DarkOnLight,
}

/// What a device needs to join: everything but its private key, which stays on the device.
#[object]
pub struct Profile {
    profile: Arc<wireguard::Profile>,
}

#[object]
impl Profile {
    /// What can be shown of it, as a value.
    pub fn details(&self) -> ProfileDetails {
        (*self.profile).clone().outward()
    }

    /// As text for `wg-quick` and the WireGuard apps; without the key, with a placeholder that `wg` refuses.
    ///
    /// # Errors
    /// `invalid_input` (`private_key`) for a key that is not the profile's.
    pub fn render(&self, private_key: Option<&PrivateKey>) -> Result<Arc<Secret>> {
        Ok(Arc::new(self.profile.render(private_key.map(PrivateKey::core))?.into()))
    }

    /// As a QR code in an SVG picture, dark on white with its quiet zone.
    ///
    /// # Errors
    /// As `render`, and `invalid_input` (`text`) for a profile of more than 2,953 bytes.
    pub fn qr_svg(&self, private_key: Option<&PrivateKey>) -> Result<Arc<Secret>> {
        Ok(Arc::new(self.qr(private_key)?.to_svg().into()))
    }

    /// As a QR code in half blocks, two modules to a character.
    ///
    /// # Errors
    /// As `qr_svg`.
    pub fn qr_terminal(
        &self,
        private_key: Option<&PrivateKey>,
        theme: Option<TerminalTheme>,
    ) -> Result<Arc<Secret>> {
        let theme = match theme {
            Some(TerminalTheme::DarkOnLight) => wireguard::TerminalTheme::DarkOnLight,
            Some(TerminalTheme::LightOnDark) | None => wireguard::TerminalTheme::LightOnDark,
        };
        Ok(Arc::new(self.qr(private_key)?.to_terminal(theme).into()))
    }
}

impl Profile {
    fn qr(&self, private_key: Option<&PrivateKey>) -> Result<QrCode> {
        Ok(QrCode::new(&self.profile.render(private_key.map(PrivateKey::core))?)?)
    }

    pub(crate) fn core(&self) -> &wireguard::Profile {
        &self.profile
    }
}

impl From<wireguard::Profile> for Profile {
    fn from(profile: wireguard::Profile) -> Self {
        Profile { profile: Arc::new(profile) }
    }
}

/// A profile without its secrets.
#[record(from = wireguard::Profile)]
pub struct ProfileDetails {
    /// The device it was issued to.
    pub device: DeviceId,
    /// Goes up with every change of the rest.
    pub revision: i64,
    /// The device's own public key, in base64.
    pub public_key: String,
    /// The device's addresses inside the tunnel.
    pub addresses: Vec<String>,
    /// The name servers to use while the tunnel is up.
    pub dns: Vec<String>,
    /// The packet size inside the tunnel; nothing leaves it to the device.
    pub mtu: Option<u32>,
    /// The gateway, as the device sees it.
    pub peer: ProfilePeer,
}

/// The gateway's side of a profile.
#[record]
pub struct ProfilePeer {
    /// The gateway's public key, in base64.
    pub public_key: String,
    /// Whether a secret is shared beside the keys.
    pub has_preshared_key: bool,
    /// Where the gateway listens.
    pub endpoint: String,
    /// What the device sends into the tunnel and takes out of it. Empty: nothing.
    pub allowed_ips: Vec<String>,
    /// What of that it may not reach and is routed only because a device of its platform takes no more prefixes. Nobody denied it, and
    /// the gateway drops it.
    pub added_ips: Vec<String>,
    /// Seconds between packets that keep a NAT's mapping open; nothing for none.
    pub persistent_keepalive: Option<u32>,
}

impl Outward<ProfilePeer> for wireguard::ProfilePeer {
    fn outward(self) -> ProfilePeer {
        ProfilePeer {
            public_key: self.public_key.outward(),
            has_preshared_key: self.preshared_key.is_some(),
            endpoint: self.endpoint.outward(),
            allowed_ips: self.allowed_ips.outward(),
            added_ips: self.added_ips.outward(),
            persistent_keepalive: self.persistent_keepalive.outward(),
        }
    }
}

/// A configuration file of `wg` or `wg-quick`. It may hold keys, and prints nothing of them.
#[object]
pub struct Conf {
    conf: Arc<wireguard::Conf>,
}

#[object]
impl Conf {
    /// Reads a file as `wg-quick` and then `wg` do.
    ///
    /// # Errors
    /// `invalid_input` naming line and key, for a file that the tools refuse or read as something else than it says.
    pub fn parse(text: String) -> Result<Arc<Conf>> {
        let text = CoreSecret::from(text);
        Ok(Arc::new(Conf { conf: Arc::new(wireguard::Conf::parse(text.expose())?) }))
    }

    /// What can be shown of it, as a value.
    pub fn details(&self) -> ConfDetails {
        let interface = &self.conf.interface;
        ConfDetails {
            public_key: interface.private_key.as_ref().map(|key| key.public_key().outward()),
            listen_port: interface.listen_port.outward(),
            addresses: interface.addresses.iter().map(ToString::to_string).collect(),
            dns: interface.dns.clone().outward(),
            mtu: interface.mtu.outward(),
            peers: self.conf.peers.iter().map(ConfPeerDetails::of).collect(),
        }
    }

    /// The file as Nexa writes it, with its keys.
    pub fn render(&self) -> Arc<Secret> {
        Arc::new(self.conf.to_text().into())
    }
}

impl Conf {
    pub(crate) fn core(&self) -> &wireguard::Conf {
        &self.conf
    }
}

/// A configuration file without its secrets and commands.
#[record]
pub struct ConfDetails {
    /// The public half of the interface's key, in base64.
    pub public_key: Option<String>,
    /// The UDP port; nothing for one that the system picks.
    pub listen_port: Option<u32>,
    /// The interface's addresses, with their prefix lengths.
    pub addresses: Vec<String>,
    /// The name servers to use while the interface is up.
    pub dns: Vec<String>,
    /// The packet size; nothing leaves it to the device.
    pub mtu: Option<u32>,
    /// The peers, in the order of the file.
    pub peers: Vec<ConfPeerDetails>,
}

/// A peer of a configuration file without its secrets.
#[record]
pub struct ConfPeerDetails {
    /// Who it is, in base64.
    pub public_key: String,
    /// Whether a secret is shared beside the keys.
    pub has_preshared_key: bool,
    /// The addresses behind it.
    pub allowed_ips: Vec<String>,
    /// Where it listens.
    pub endpoint: Option<String>,
    /// Seconds between packets that keep a NAT's mapping open; nothing for none.
    pub persistent_keepalive: Option<u32>,
}

impl ConfPeerDetails {
    fn of(peer: &wireguard::ConfPeer) -> Self {
        ConfPeerDetails {
            public_key: peer.public_key.outward(),
            has_preshared_key: peer.preshared_key.is_some(),
            allowed_ips: peer.allowed_ips.clone().outward(),
            endpoint: peer.endpoint.clone().outward(),
            persistent_keepalive: peer.persistent_keepalive.outward(),
        }
    }
}
