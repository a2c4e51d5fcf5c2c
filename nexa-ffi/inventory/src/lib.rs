//! The inventory: every operation, type, field and error that Nexa's bindings offer, for each artefact.
//!
//! It is read from the sources of the facade and of the core, so nobody keeps it by hand. The tests of this crate fail
//! when the core has something that the facade lacks, when a language's committed files lack something of the facade, and
//! when the committed inventory, `bindings/inventory.json`, is not what the sources say.

#![forbid(unsafe_code)]

pub mod core;
pub mod exceptions;
pub mod facade;
pub mod language;
pub mod missing;
pub mod scenario;
pub mod source;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// A library that programs link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Artefact {
    /// The control plane and the data plane.
    Full,
    /// The data plane, for phones.
    Mobile,
}

/// What there is, by name.
#[derive(Default, Debug, Serialize)]
pub struct Inventory {
    /// `Class.method`, or a function's name.
    pub operations: BTreeMap<String, Operation>,
    /// Classes: types that live on the Rust side.
    pub classes: BTreeMap<String, BTreeSet<Artefact>>,
    /// Values with fields.
    pub records: BTreeMap<String, Record>,
    /// Values of a few names.
    pub enumerations: BTreeMap<String, Enumeration>,
    /// Text with a type of its own.
    pub ids: BTreeSet<String>,
    /// Every code that an error can have.
    pub error_codes: BTreeSet<String>,
}

/// One method or function.
#[derive(Debug, Serialize)]
pub struct Operation {
    /// The libraries that have it.
    pub artefacts: BTreeSet<Artefact>,
    /// Whether it waits, and so takes a timeout and can be cancelled.
    pub waits: bool,
    /// Parameters and their types, in order.
    pub parameters: Vec<(String, String)>,
    /// What it gives.
    pub returns: String,
}

/// A value with fields.
#[derive(Debug, Serialize)]
pub struct Record {
    /// The libraries that have it.
    pub artefacts: BTreeSet<Artefact>,
    /// Fields and their types, in order.
    pub fields: Vec<(String, String)>,
    /// The core's type that it is made of, where there is one.
    #[serde(skip)]
    pub core: Option<String>,
}

/// A value of a few names.
#[derive(Debug, Serialize)]
pub struct Enumeration {
    /// The libraries that have it.
    pub artefacts: BTreeSet<Artefact>,
    /// The names in snake case, in order.
    pub names: Vec<String>,
    /// The core's type that it is made of, where there is one.
    #[serde(skip)]
    pub core: Option<String>,
}

impl Inventory {
    /// As it is committed: JSON with one line for each name, so that a change shows as the lines it concerns.
    ///
    /// # Errors
    /// None that the types allow.
    pub fn to_json(&self) -> anyhow::Result<String> {
        let Value::Object(sections) = serde_json::to_value(self)? else { anyhow::bail!("not an object") };
        let sections: Vec<_> =
            sections.iter().map(|(name, section)| section_as_lines(name, section)).collect();
        Ok(format!("{{\n{}\n}}\n", sections.join(",\n")))
    }

    /// Every name that a library must offer: types, and the members of each.
    #[must_use]
    pub fn members(&self, artefact: Artefact) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, artefacts) in &self.classes {
            if artefacts.contains(&artefact) {
                members.entry(name).or_default();
            }
        }
        for (name, operation) in &self.operations {
            if operation.artefacts.contains(&artefact) {
                let (class, method) = name.split_once('.').unwrap_or(("", name));
                members.entry(class).or_default().insert(method);
            }
        }
        for (name, record) in &self.records {
            if record.artefacts.contains(&artefact) {
                members.entry(name).or_default().extend(record.fields.iter().map(|(name, _)| name.as_str()));
            }
        }
        for (name, enumeration) in &self.enumerations {
            if enumeration.artefacts.contains(&artefact) {
                members.entry(name).or_default().extend(enumeration.names.iter().map(String::as_str));
            }
        }
        members
    }
}

fn section_as_lines(name: &str, section: &Value) -> String {
    let (lines, brackets): (Vec<_>, _) = match section {
        Value::Object(entries) => (
            entries
                .iter()
                .map(|(name, entry)| format!("    {}: {entry}", Value::from(name.as_str())))
                .collect(),
            ['{', '}'],
        ),
        Value::Array(entries) => (entries.iter().map(|entry| format!("    {entry}")).collect(), ['[', ']']),
        other => return format!("  \"{name}\": {other}"),
    };
    let [open, close] = brackets;
    format!("  \"{name}\": {open}\n{}\n  {close}", lines.join(",\n"))
}

/// Reads everything.
///
/// # Errors
/// A source that cannot be read.
pub fn read() -> anyhow::Result<Inventory> {
    let mut inventory = facade::read()?;
    inventory.error_codes = core::codes();
    inventory.error_codes.extend(facade::codes()?);
    Ok(inventory)
}
