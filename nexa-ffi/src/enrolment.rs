//! Enrolling devices and issuing their profiles.

use std::sync::Arc;

use nexa_core::enrolment;
use nexa_ffi_macros::{object, record};

use crate::devices::Device;
use crate::error::Result;
use crate::ids::{DeviceId, GatewayId, UserId};
use crate::nexa::Caller;
use crate::outward::Outward as _;
use crate::wireguard::{Profile, Secret, parsed};

/// A device to enrol.
#[record(input)]
pub struct NewEnrolment {
    /// The name.
    pub name: String,
    /// The public half of a key made on the device, in base64.
    pub public_key: String,
    /// What its client recognises it by: a text that stays the same across reinstalls.
    pub fingerprint: String,
    /// What it runs, such as `linux` or `ios`.
    pub platform: Option<String>,
    /// Whose it is, which takes the right to enrol for others; without it, the caller's.
    pub user_id: Option<UserId>,
    /// The gateway; without it, the active one with the fewest peers.
    pub gateway_id: Option<GatewayId>,
    /// Whether the device and its gateway share a secret beside their keys; without it, they do not.
    pub with_preshared_key: Option<bool>,
}

impl NewEnrolment {
    fn parse(self) -> Result<enrolment::NewEnrolment> {
        let public_key = parsed("public_key", &self.public_key)?;
        let mut new = enrolment::NewEnrolment::new(self.name, public_key, self.fingerprint);
        if let Some(platform) = self.platform {
            new = new.platform(platform);
        }
        if let Some(user) = self.user_id {
            new = new.user(user.parse()?);
        }
        if let Some(gateway) = self.gateway_id {
            new = new.gateway(gateway.parse()?);
        }
        if self.with_preshared_key.unwrap_or(false) {
            new = new.with_preshared_key();
        }
        Ok(new)
    }
}

/// A device that was enrolled.
#[object]
pub struct Enrolled {
    device: Device,
    profile: Arc<Profile>,
    token: Arc<Secret>,
}

#[object]
impl Enrolled {
    /// The device.
    pub fn device(&self) -> Device {
        self.device.clone()
    }

    /// What it runs with.
    pub fn profile(&self) -> Arc<Profile> {
        Arc::clone(&self.profile)
    }

    /// The device's own token, with which it asks for its profile later; shown once.
    pub fn token(&self) -> Arc<Secret> {
        Arc::clone(&self.token)
    }
}

/// Enrolment, as one caller may do it.
#[object(calls)]
pub struct Enrolment {
    pub(crate) handle: Caller,
}

#[object]
impl Enrolment {
    /// Enrols a device in one transaction: it has a gateway, addresses and a profile, or nothing of it is stored.
    ///
    /// # Errors
    /// `invalid_input` naming the field, `already_exists` for a known fingerprint or key, `not_found` for a person or
    /// gateway that is not there, `conflict` for one that is not active, `exhausted` without a free address.
    pub async fn enrol(&self, device: NewEnrolment) -> Result<Arc<Enrolled>> {
        let enrolled = self.core().enrol(device.parse()?).await?;
        Ok(Arc::new(Enrolled {
            device: enrolled.device.outward(),
            profile: Arc::new(enrolled.profile.into()),
            token: Arc::new(enrolled.token.into()),
        }))
    }

    /// Issues a device's profile again, as it is now.
    ///
    /// # Errors
    /// `not_found`, `conflict` for a device or person that is not active.
    pub async fn profile(&self, device: DeviceId) -> Result<Arc<Profile>> {
        Ok(Arc::new(self.core().profile(device.parse()?).await?.into()))
    }
}

impl Enrolment {
    fn core(&self) -> enrolment::Enrolment {
        self.handle.core().enrolment()
    }
}
