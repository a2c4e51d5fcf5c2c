//! What holds for the whole control plane.

use nexa_core::settings;
use nexa_ffi_macros::{object, record};

use crate::error::Result;
use crate::nexa::Caller;
use crate::outward::Outward;

/// One setting as it is now.
#[record(from = settings::Setting)]
pub struct Setting {
    /// What it belongs to, such as `gateway`.
    pub category: String,
    /// Its name there, such as `state_lifetime_seconds`.
    pub key: String,
    /// What holds.
    pub value: String,
    /// What holds until somebody decides; nothing for a setting that this build does not know.
    pub default: Option<String>,
    /// What it decides.
    pub description: String,
    /// What its text has to be: `integer 60..=86400`, `full | exact`, or `unknown`.
    pub setting_type: String,
    /// When it was decided, in microseconds since 1970; nothing while the default holds.
    pub updated_at: Option<i64>,
}

impl Outward<String> for settings::SettingType {
    fn outward(self) -> String {
        self.to_string()
    }
}

/// Settings, as one caller may see and decide them.
#[object(calls)]
pub struct Settings {
    pub(crate) handle: Caller,
}

#[object]
impl Settings {
    /// Every setting, in the order of their names; also those that are stored and unknown to this build.
    ///
    /// # Errors
    /// None of its own.
    pub async fn list(&self) -> Result<Vec<Setting>> {
        Ok(self.core().list().await?.outward())
    }

    /// One setting.
    ///
    /// # Errors
    /// `invalid_input` (`key`) when there is no such setting.
    pub async fn get(&self, category: String, key: String) -> Result<Setting> {
        Ok(self.core().get(&category, &key).await?.outward())
    }

    /// Decides a setting, from the next call on that goes by it.
    ///
    /// # Errors
    /// `invalid_input` (`key`) when there is no such setting, (`value`) for a text that is not of its type.
    pub async fn set(&self, category: String, key: String, value: String) -> Result<Setting> {
        Ok(self.core().set(&category, &key, &value).await?.outward())
    }

    /// Takes back what was decided, so that the default holds.
    ///
    /// # Errors
    /// `invalid_input` (`key`) when there is no such setting.
    pub async fn reset(&self, category: String, key: String) -> Result<Setting> {
        Ok(self.core().reset(&category, &key).await?.outward())
    }
}

impl Settings {
    fn core(&self) -> settings::Settings {
        self.handle.core().settings()
    }
}
