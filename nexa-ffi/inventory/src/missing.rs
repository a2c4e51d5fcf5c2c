//! What the core has and the facade has not, or not under the same name.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::Core;
use crate::exceptions::{CARRIED, KEPT, MADE_OF, OWN_SHAPE, Part};
use crate::{Inventory, Record};

/// Everything that is missing, as `Class.function`, `Type.field` or a name alone.
#[must_use]
pub fn all(inventory: &Inventory, core: &Core) -> BTreeSet<String> {
    let mut all = operations(inventory, core);
    all.extend(parts(inventory, core));
    all.extend(settings(inventory, core));
    all.extend(core.ids.difference(&inventory.ids).cloned());
    all
}

/// What of it no exception speaks of.
#[must_use]
pub fn unexplained(missing: BTreeSet<String>) -> Vec<String> {
    let is_explained = |name: &String| {
        let kept = KEPT.iter().any(|kept| kept.name == name || is_of(name, kept.name));
        kept || CARRIED.iter().any(|carried| carried.core == name)
    };
    missing.into_iter().filter(|name| !is_explained(name)).collect()
}

/// Whether it is something of a type.
#[must_use]
pub fn is_of(name: &str, ty: &str) -> bool {
    name.split_once('.').is_some_and(|(class, _)| class == ty)
}

/// Whether the facade has an operation, a field or a name.
#[must_use]
pub fn has(inventory: &Inventory, name: &str) -> bool {
    let (ty, member) = name.split_once('.').unwrap_or_default();
    inventory.operations.contains_key(name)
        || inventory.records.get(ty).is_some_and(|record| fields(record).contains(member))
        || inventory.enumerations.get(ty).is_some_and(|of| of.names.iter().any(|name| name == member))
}

/// Operations.
#[must_use]
pub fn operations(inventory: &Inventory, core: &Core) -> BTreeSet<String> {
    core.operations.iter().filter(|name| !inventory.operations.contains_key(*name)).cloned().collect()
}

/// Fields and names of values, by the facade's name of the value.
#[must_use]
pub fn parts(inventory: &Inventory, core: &Core) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    let mut add = |name: &str, has: BTreeSet<&str>, origins: BTreeSet<&String>| {
        let lacks = origins.into_iter().filter(|part| !has.contains(part.as_str()));
        missing.extend(lacks.map(|part| format!("{name}.{part}")));
    };
    for (name, record) in &inventory.records {
        add(name, fields(record), origins(core, &core.fields, name, record.core.as_deref()));
    }
    for (name, of) in &inventory.enumerations {
        let names = of.names.iter().map(String::as_str).collect();
        add(name, names, origins(core, &core.names, name, of.core.as_deref()));
    }
    missing
}

/// Values of the facade of which nobody knows what of the core they are made of.
#[must_use]
pub fn without_origin(inventory: &Inventory, core: &Core) -> Vec<String> {
    let records = inventory.records.iter().map(|(name, record)| (name, &record.core, &core.fields));
    let enumerations = inventory.enumerations.iter().map(|(name, of)| (name, &of.core, &core.names));
    let unknown = records.chain(enumerations).filter(|(name, of_core, likely)| {
        let is_own = OWN_SHAPE.iter().any(|own| own.name == *name);
        let is_built = core.built_with.contains_key(*name);
        !is_own && !is_built && origins(core, likely, name, of_core.as_deref()).is_empty()
    });
    unknown.map(|(name, ..)| name.clone()).collect()
}

/// What the core has for a value of the facade: by the table, by `from`, or by the same name.
fn origins<'a>(
    core: &'a Core,
    likely: &'a BTreeMap<String, BTreeSet<String>>,
    name: &str,
    from: Option<&str>,
) -> BTreeSet<&'a String> {
    if OWN_SHAPE.iter().any(|own| own.name == name) {
        return BTreeSet::new();
    }
    let by_table = MADE_OF.iter().filter(|made| made.name == name).flat_map(|made| made.of);
    let mut origins: BTreeSet<_> = by_table.flat_map(|part| of_part(core, *part)).collect();
    if origins.is_empty() {
        origins.extend(likely.get(from.unwrap_or(name)).into_iter().flatten());
    }
    origins
}

/// What a part of the core has; nothing for one that does not exist.
pub fn of_part(core: &Core, part: Part) -> impl Iterator<Item = &String> {
    let found = match part {
        Part::Fields(name) => core.fields.get(name),
        Part::Names(name) => core.names.get(name),
        Part::Said(name) => core.said.get(name),
    };
    found.into_iter().flatten()
}

fn fields(record: &Record) -> BTreeSet<&str> {
    record.fields.iter().map(|(field, _)| field.as_str()).collect()
}

/// What a caller in Rust can say of a new thing, and a caller in another language cannot.
#[must_use]
pub fn settings(inventory: &Inventory, core: &Core) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for (name, settings) in &core.built_with {
        let Some(record) = inventory.records.get(name) else { continue };
        let has = fields(record);
        let lacks = settings.iter().filter(|setting| {
            ![(*setting).clone(), format!("{setting}s"), format!("{setting}_id")]
                .iter()
                .any(|spelled| has.contains(spelled.as_str()))
        });
        missing.extend(lacks.map(|setting| format!("{name}.{setting}")));
    }
    missing
}
