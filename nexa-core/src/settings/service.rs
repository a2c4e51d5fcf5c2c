use std::time::Duration;

use super::error::SettingsError;
use super::model::{Definition, Setting, SettingType, Writer};
use super::registry;
use super::store::{self, Stored};
use crate::actor::right;
use crate::db::Tx;
use crate::error::Result;
use crate::events::Change;
use crate::net::{AddressSet, Cidr};
use crate::nexa::Handle;
use crate::unit::Unit;

/// What a host decides for its whole control plane.
pub struct Settings {
    handle: Handle,
}

impl Settings {
    pub(crate) fn new(handle: Handle) -> Self {
        Settings { handle }
    }

    /// Every setting, in the order of their names; also those that are stored and unknown to this build.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn list(&self) -> Result<Vec<Setting>> {
        self.handle.read((), |unit, ()| Box::pin(list(unit))).await
    }

    /// One setting.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`key`) when there is no such setting; what every call can fail with.
    pub async fn get(&self, category: &str, key: &str) -> Result<Setting> {
        let name = (category.to_owned(), key.to_owned());
        self.handle.read(name, |unit, name| Box::pin(get(unit, name))).await
    }

    /// Decides a setting, from the next call on that goes by it.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> nexa_core::Result<()> {
    /// # let nexa = nexa_core::Nexa::open("sqlite::memory:").await?;
    /// let settings = nexa.system("example").settings();
    /// let lifetime = settings.set("gateway", "state_lifetime_seconds", "600").await?;
    /// assert_eq!((lifetime.value.as_str(), lifetime.default.as_deref()), ("600", Some("3600")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`key`) when there is no such setting, (`value`) for a text that is not
    /// of its type; what every call can fail with.
    pub async fn set(&self, category: &str, key: &str, value: &str) -> Result<Setting> {
        let input = (category.to_owned(), (key.to_owned(), value.to_owned()));
        let call = self.handle.call("settings.set", &input);
        let (category, (key, value)) = input;
        let of = known(&category, &key)?;
        let value = of.parse(&value).map_err(|why| SettingsError::BadValue { name: of.name(), why })?;
        call.write((of, Some(value)), |unit, (of, value)| Box::pin(decide(unit, of, value.as_deref()))).await
    }

    /// Takes back what was decided, so that the default holds.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`key`) when there is no such setting; what every call can fail with.
    pub async fn reset(&self, category: &str, key: &str) -> Result<Setting> {
        let input = (category.to_owned(), key.to_owned());
        let call = self.handle.call("settings.reset", &input);
        let of = known(&input.0, &input.1)?;
        call.write((of, None::<String>), |unit, (of, value)| Box::pin(decide(unit, of, value.as_deref())))
            .await
    }
}

fn known(category: &str, key: &str) -> Result<&'static Definition, SettingsError> {
    registry::find(category, key).ok_or_else(|| SettingsError::Unknown(format!("{category}.{key}")))
}

async fn list(unit: &mut Unit) -> Result<Vec<Setting>> {
    unit.authorize::<right::SettingsRead>()?.unowned()?;
    let stored = store::all(&mut unit.tx).await?;
    let mut all: Vec<_> = registry::ALL.iter().map(|of| as_it_is(of, &stored)).collect();
    all.extend(stored.iter().filter(|one| registry::find(&one.category, &one.key).is_none()).map(unknown));
    all.sort_by(|a, b| (&a.category, &a.key).cmp(&(&b.category, &b.key)));
    Ok(all)
}

async fn get(unit: &mut Unit, (category, key): &(String, String)) -> Result<Setting> {
    unit.authorize::<right::SettingsRead>()?.unowned()?;
    let stored = store::all(&mut unit.tx).await?;
    if let Some(of) = registry::find(category, key) {
        return Ok(as_it_is(of, &stored));
    }
    let found = stored.iter().find(|one| one.category == *category && one.key == *key);
    Ok(found.map(unknown).ok_or_else(|| SettingsError::Unknown(format!("{category}.{key}")))?)
}

/// With a value, or back to the default.
async fn decide(unit: &mut Unit, of: &Definition, value: Option<&str>) -> Result<Setting> {
    let authorized = unit.authorize::<right::SettingsWrite>()?;
    authorized.unowned()?;
    if of.writer == Writer::AuditPrune {
        unit.authorize::<right::AuditPrune>()?.unowned()?;
    }
    let id = unit.new_uuid()?;
    let message = match value {
        Some(value) => {
            store::set(&mut unit.tx, &authorized, (id, of), value, unit.now).await?;
            format!("setting {} was set to {value}", of.name())
        }
        None => {
            store::reset(&mut unit.tx, &authorized, of).await?;
            format!("setting {} was reset", of.name())
        }
    };
    unit.record(Change::SettingChanged(id), message).await?;
    Ok(as_it_is(of, &store::all(&mut unit.tx).await?))
}

fn as_it_is(of: &Definition, stored: &[Stored]) -> Setting {
    let decided = stored.iter().find(|one| one.category == of.category && one.key == of.key);
    Setting {
        category: of.category.to_owned(),
        key: of.key.to_owned(),
        value: decided.map_or(of.default, |one| one.value.as_str()).to_owned(),
        default: Some(of.default.to_owned()),
        description: of.description.to_owned(),
        setting_type: of.setting_type(),
        updated_at: decided.map(|one| one.updated_at),
    }
}

fn unknown(stored: &Stored) -> Setting {
    Setting {
        category: stored.category.clone(),
        key: stored.key.clone(),
        value: stored.value.clone(),
        default: None,
        description: String::new(),
        setting_type: SettingType::Unknown,
        updated_at: Some(stored.updated_at),
    }
}

/// What holds in one transaction.
pub(crate) struct Values(Vec<Stored>);

/// Reads what was decided, in one statement for all of it.
pub(crate) async fn load(tx: &mut Tx) -> Result<Values> {
    Ok(Values(store::all(tx).await?))
}

impl Values {
    /// The text of a setting; an error that names it when what is stored is not of its type.
    pub(crate) fn text(&self, of: &Definition) -> Result<String> {
        let decided = self.0.iter().find(|one| one.category == of.category && one.key == of.key);
        let parsed = of.parse(decided.map_or(of.default, |one| one.value.as_str()));
        Ok(parsed.map_err(|why| SettingsError::Unreadable { name: of.name(), why })?)
    }

    /// The same as a number.
    pub(crate) fn number<T: TryFrom<i64>>(&self, of: &Definition) -> Result<T> {
        let number = self.text(of)?.parse::<i64>().ok().and_then(|number| T::try_from(number).ok());
        let unreadable = || SettingsError::Unreadable { name: of.name(), why: "does not fit".to_owned() };
        Ok(number.ok_or_else(unreadable)?)
    }

    /// The same as prefixes.
    pub(crate) fn prefixes(&self, of: &Definition) -> Result<AddressSet> {
        let text = self.text(of)?;
        let prefixes = text.split_whitespace().map(str::parse::<Cidr>);
        Ok(prefixes.collect::<Result<Vec<_>, _>>()?.into_iter().collect())
    }

    /// The same as a time in seconds.
    pub(crate) fn seconds(&self, of: &Definition) -> Result<Duration> {
        self.number(of).map(Duration::from_secs)
    }
}
