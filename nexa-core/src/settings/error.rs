use std::borrow::Cow;

use crate::error::{Classify, Code};

/// Why a setting cannot be had or decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("there is no setting {0}")]
    Unknown(String),
    #[error("{name} {why}")]
    BadValue { name: String, why: String },
    #[error("the setting {name}, as it is stored, {why}; set it anew, or reset it")]
    Unreadable { name: String, why: String },
}

impl Classify for SettingsError {
    fn code(&self) -> Code {
        match self {
            SettingsError::Unknown(_) => Code::SettingsUnknown,
            SettingsError::BadValue { .. } => Code::SettingsBadValue,
            SettingsError::Unreadable { .. } => Code::SettingsUnreadable,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        match self {
            SettingsError::Unknown(_) => Some("key".into()),
            SettingsError::BadValue { .. } => Some("value".into()),
            SettingsError::Unreadable { .. } => None,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            SettingsError::Unknown(name)
            | SettingsError::BadValue { name, .. }
            | SettingsError::Unreadable { name, .. } => vec![("setting", name.clone())],
        }
    }
}
