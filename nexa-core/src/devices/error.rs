use std::borrow::Cow;

use crate::error::{Classify, ErrorKind};
use crate::id::DeviceId;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    #[error("no device {0}")]
    NoDevice(DeviceId),
    #[error("this device is enrolled already")]
    FingerprintTaken,
    #[error("a device or a gateway with this public key is there already")]
    KeyTaken,
    #[error("device {0} is not active")]
    NotActive(DeviceId),
}

impl Classify for DeviceError {
    fn kind(&self) -> ErrorKind {
        match self {
            DeviceError::NoDevice(_) => ErrorKind::NotFound,
            DeviceError::FingerprintTaken | DeviceError::KeyTaken => ErrorKind::AlreadyExists,
            DeviceError::NotActive(_) => ErrorKind::Conflict,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            DeviceError::NoDevice(_) | DeviceError::NotActive(_) => "device_id".into(),
            DeviceError::FingerprintTaken => "fingerprint".into(),
            DeviceError::KeyTaken => "public_key".into(),
        })
    }
}
