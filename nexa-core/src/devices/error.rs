use std::borrow::Cow;

use crate::error::{Classify, Code};
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
    fn code(&self) -> Code {
        match self {
            DeviceError::NoDevice(_) => Code::DevicesNotFound,
            DeviceError::FingerprintTaken => Code::DevicesFingerprintTaken,
            DeviceError::KeyTaken => Code::DevicesKeyTaken,
            DeviceError::NotActive(_) => Code::DevicesNotActive,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            DeviceError::NoDevice(_) | DeviceError::NotActive(_) => "device_id".into(),
            DeviceError::FingerprintTaken => "fingerprint".into(),
            DeviceError::KeyTaken => "public_key".into(),
        })
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            DeviceError::NoDevice(id) | DeviceError::NotActive(id) => vec![("id", id.to_string())],
            DeviceError::FingerprintTaken | DeviceError::KeyTaken => Vec::new(),
        }
    }
}
