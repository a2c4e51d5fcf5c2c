use crate::devices::Device;
use crate::error::{Error, Result};
use crate::id::{GatewayId, UserId};
use crate::idempotency::{put, wire};
use crate::name::{Name, free_text};
use crate::secret::Secret;
use crate::wireguard::{Profile, PublicKey};

const MAX_FINGERPRINT: usize = 200;

/// A device to enrol.
#[derive(Clone, Debug)]
pub struct NewEnrolment {
    name: String,
    public_key: PublicKey,
    fingerprint: String,
    platform: String,
    user_id: Option<UserId>,
    gateway_id: Option<GatewayId>,
    preshared_key: bool,
}

impl NewEnrolment {
    /// A device of the caller, by its name, the public half of a key made on it, and what its client recognises it
    /// by: a text that stays the same across reinstalls.
    #[must_use]
    pub fn new(name: impl Into<String>, public_key: PublicKey, fingerprint: impl Into<String>) -> Self {
        NewEnrolment {
            name: name.into(),
            public_key,
            fingerprint: fingerprint.into(),
            platform: "unknown".to_owned(),
            user_id: None,
            gateway_id: None,
            preshared_key: false,
        }
    }

    /// Says what the device runs, such as `linux` or `ios`.
    #[must_use]
    pub fn platform(mut self, name: impl Into<String>) -> Self {
        self.platform = name.into();
        self
    }

    /// Enrols it for this person, which takes the right to enrol for others.
    #[must_use]
    pub fn user(mut self, id: UserId) -> Self {
        self.user_id = Some(id);
        self
    }

    /// Enrols it at this gateway; without it, at the active one with the fewest peers.
    #[must_use]
    pub fn gateway(mut self, id: GatewayId) -> Self {
        self.gateway_id = Some(id);
        self
    }

    /// Gives the device and its gateway a secret that they share beside their keys, against a future break of Curve25519. It
    /// is made by the control plane, kept sealed, and stands in the device's profile and the gateway's desired state.
    #[must_use]
    pub fn with_preshared_key(mut self) -> Self {
        self.preshared_key = true;
        self
    }

    pub(super) fn checked(self) -> Result<CheckedEnrolment> {
        let fingerprint = free_text("fingerprint", &self.fingerprint)?;
        if fingerprint.is_empty() || fingerprint.len() > MAX_FINGERPRINT {
            return Err(Error::invalid("fingerprint", format!("is not 1 to {MAX_FINGERPRINT} bytes")));
        }
        Ok(CheckedEnrolment {
            name: Name::parse("name", &self.name)?,
            public_key: self.public_key,
            fingerprint,
            platform: free_text("platform", &self.platform)?,
            user_id: self.user_id,
            gateway_id: self.gateway_id,
            preshared_key: self.preshared_key,
        })
    }
}

/// A device whose every field was accepted.
pub(super) struct CheckedEnrolment {
    pub(super) name: Name,
    pub(super) public_key: PublicKey,
    pub(super) fingerprint: String,
    pub(super) platform: String,
    pub(super) user_id: Option<UserId>,
    pub(super) gateway_id: Option<GatewayId>,
    pub(super) preshared_key: bool,
}

/// A device that was enrolled.
#[derive(Debug)]
#[non_exhaustive]
pub struct Enrolled {
    /// The device.
    pub device: Device,
    /// What it runs with.
    pub profile: Profile,
    /// The device's own token, with which it asks for its profile later; shown once.
    pub token: Secret<String>,
}

put! { NewEnrolment { name, public_key, fingerprint, platform, user_id, gateway_id, preshared_key } }
wire! { Enrolled { device, profile, token } }
