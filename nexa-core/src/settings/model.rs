use crate::error::Error;
use crate::idempotency::wire;
use crate::net::Cidr;
use crate::runtime::Timestamp;

/// What a setting's text has to be.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SettingType {
    /// A whole number within bounds.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// One of these words.
    Word(Vec<String>),
    /// Prefixes with spaces between them, or none.
    Prefixes,
    /// A setting that this build does not know.
    Unknown,
}

/// One setting as it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// What it belongs to, such as `gateway`.
    pub category: String,
    /// Its name there, such as `state_lifetime_seconds`.
    pub key: String,
    /// What holds.
    pub value: String,
    /// What holds until somebody decides; `None` for a setting that this build does not know.
    pub default: Option<String>,
    /// What it decides.
    pub description: String,
    /// What its text has to be.
    pub setting_type: SettingType,
    /// When it was decided; `None` while the default holds.
    pub updated_at: Option<Timestamp>,
}

/// What a setting's text has to be, as the registry says it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Integer { min: i64, max: i64 },
    Word(&'static [&'static str]),
    Prefixes,
}

/// Who may decide it, besides whoever may decide settings at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Writer {
    /// Nobody else is asked.
    Settings,
    /// It deletes rows of the audit.
    AuditPrune,
}

/// A setting as the registry has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    pub(super) category: &'static str,
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) default: &'static str,
    pub(super) description: &'static str,
    pub(super) writer: Writer,
}

impl Definition {
    /// The text in its one spelling, or why it is none.
    pub(super) fn parse(&self, text: &str) -> Result<String, String> {
        match self.kind {
            Kind::Integer { min, max } => match text.parse::<i64>() {
                Ok(number) if (min..=max).contains(&number) => Ok(number.to_string()),
                Ok(_) => Err(format!("is not between {min} and {max}")),
                Err(_) => Err("is no whole number".to_owned()),
            },
            Kind::Word(words) if words.contains(&text) => Ok(text.to_owned()),
            Kind::Word(words) => Err(format!("is none of {}", words.join(", "))),
            Kind::Prefixes => {
                let prefixes = text.split_whitespace().map(str::parse::<Cidr>);
                let prefixes: Result<Vec<_>, _> = prefixes.collect();
                let mut prefixes = prefixes.map_err(|refused| refused.to_string())?;
                prefixes.sort_unstable();
                prefixes.dedup();
                Ok(prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
        }
    }

    pub(super) fn setting_type(&self) -> SettingType {
        match self.kind {
            Kind::Integer { min, max } => SettingType::Integer { min, max },
            Kind::Word(words) => SettingType::Word(words.iter().map(|word| (*word).to_owned()).collect()),
            Kind::Prefixes => SettingType::Prefixes,
        }
    }

    /// `category.key`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.category, self.key)
    }
}

impl std::fmt::Display for SettingType {
    /// `integer 60..=86400`, `full | exact`, `prefixes`, or `unknown`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SettingType::Integer { min, max } => write!(f, "integer {min}..={max}"),
            SettingType::Word(words) => f.write_str(&words.join(" | ")),
            SettingType::Prefixes => f.write_str("prefixes"),
            SettingType::Unknown => f.write_str("unknown"),
        }
    }
}

impl std::str::FromStr for SettingType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::invalid("setting_type", "is not one");
        if text == "prefixes" {
            return Ok(SettingType::Prefixes);
        }
        if text == "unknown" {
            return Ok(SettingType::Unknown);
        }
        match text.strip_prefix("integer ").and_then(|bounds| bounds.split_once("..=")) {
            Some((min, max)) => {
                let [min, max] = [min, max].map(|bound| bound.parse().map_err(|_| bad()));
                Ok(SettingType::Integer { min: min?, max: max? })
            }
            None => Ok(SettingType::Word(text.split(" | ").map(str::to_owned).collect())),
        }
    }
}

wire! { Setting { category, key, value, default, description, setting_type, updated_at } }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_back_from_what_it_prints() {
        let words = SettingType::Word(vec!["full".to_owned(), "exact".to_owned()]);
        for kind in [SettingType::Integer { min: -1, max: 86_400 }, words, SettingType::Unknown] {
            assert_eq!(kind.to_string().parse::<SettingType>().unwrap(), kind);
        }
    }
}
