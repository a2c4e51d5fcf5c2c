//! The scenarios of `tests/parity`: what they call, and which of their steps a language plays.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::Inventory;
use crate::exceptions::OWN;
use crate::language::LANGUAGES;
use crate::source::root;

const FOLDER: &str = "tests/parity";
/// The languages that a step leaves out.
const NOT_IN: &str = "not_in";

/// Every scenario, in order of their names.
///
/// # Errors
/// A file that cannot be read or is no JSON.
pub fn all() -> anyhow::Result<Vec<Value>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(root().join(FOLDER))? {
        paths.extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|ext| ext == "json")));
    }
    paths.sort();
    let scenarios = paths.iter().map(|path| {
        let text = std::fs::read_to_string(path)?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    });
    scenarios.collect()
}

/// Every operation that the scenarios call. Whoever calls a domain on a handle calls the handle's getter of it.
#[must_use]
pub fn called(inventory: &Inventory, scenarios: &[Value]) -> BTreeSet<String> {
    let ops = scenarios.iter().flat_map(steps).filter_map(|step| op(step).ok());
    let mut called: BTreeSet<String> = ops.map(str::to_owned).collect();
    let classes: BTreeSet<_> =
        called.iter().filter_map(|op| op.split_once('.')).map(|(class, _)| class).collect();
    let getters = inventory.operations.iter().filter(|(name, operation)| {
        let is_getter = name.starts_with("Handle.") && operation.parameters.is_empty();
        is_getter && classes.contains(operation.returns.as_str())
    });
    let getters: Vec<_> = getters.map(|(name, _)| name.clone()).collect();
    called.extend(getters);
    called
}

/// A scenario as a language plays it, and the operations of the steps that it leaves out with what it has instead.
///
/// # Errors
/// A step that leaves out a language which has the operation, or does not leave out one that says it in its own way.
pub fn played(scenario: &Value, language: &str) -> anyhow::Result<(Value, Vec<(String, &'static str)>)> {
    ensure!(LANGUAGES.iter().any(|known| known.name == language), "{language} is none of the languages");
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for step in steps(scenario) {
        let op = op(step)?;
        for known in LANGUAGES {
            let instead = own(known.name, op);
            match (instead, is_not_in(step, known.name)) {
                (Some(instead), true) => {
                    left_out.extend((known.name == language).then(|| (op.to_owned(), instead)));
                }
                (None, false) => {}
                (Some(_), false) => bail!("{} says this in its own way: {step}", known.name),
                (None, true) => bail!("{} has this, and must play it: {step}", known.name),
            }
        }
        if !is_not_in(step, language) {
            kept.push(step.clone());
        }
    }
    let mut played = scenario.clone();
    *played.get_mut("steps").context("a scenario has steps")? = Value::Array(kept);
    Ok((played, left_out))
}

fn steps(scenario: &Value) -> impl Iterator<Item = &Value> {
    scenario.get("steps").and_then(Value::as_array).into_iter().flatten()
}

fn op(step: &Value) -> anyhow::Result<&str> {
    step.get("op").and_then(Value::as_str).with_context(|| format!("{step} has no op"))
}

fn is_not_in(step: &Value, language: &str) -> bool {
    let languages = step.get(NOT_IN).and_then(Value::as_array);
    languages.is_some_and(|languages| languages.iter().any(|other| other == language))
}

/// What a language has in place of an operation.
fn own(language: &str, op: &str) -> Option<&'static str> {
    let is_meant = |name: &str| name == op || op.split_once('.').is_some_and(|(class, _)| name == class);
    OWN.iter().find(|own| own.language == language && is_meant(own.name)).map(|own| own.instead)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_language_leaves_out_only_what_it_says_in_its_own_way() {
        let scenario = json!({ "about": "a", "steps": [
            { "op": "Nexa.open" },
            { "op": "CancelHandle.create", "not_in": ["node"] },
        ] });
        let (of_node, left_out) = played(&scenario, "node").unwrap();
        assert_eq!(of_node, json!({ "about": "a", "steps": [{ "op": "Nexa.open" }] }));
        assert_eq!(left_out.iter().map(|(op, _)| op.as_str()).collect::<Vec<_>>(), ["CancelHandle.create"]);
        let (of_swift, left_out) = played(&scenario, "swift").unwrap();
        assert_eq!((of_swift, left_out.len()), (scenario, 0));
    }

    #[test]
    fn a_step_that_leaves_out_too_much_or_too_little_is_refused() {
        for step in [
            json!({ "op": "CancelHandle.create" }),
            json!({ "op": "CancelHandle.create", "not_in": ["swift"] }),
            json!({ "op": "CancelHandle.create", "not_in": ["node", "swift"] }),
            json!({ "op": "Nexa.open", "not_in": ["node"] }),
            json!({ "on": "nexa" }),
        ] {
            for language in ["node", "swift"] {
                assert!(played(&json!({ "steps": [step] }), language).is_err(), "{step}");
            }
        }
        assert!(played(&json!({ "steps": [] }), "cobol").is_err());
        assert!(played(&json!({}), "node").is_err());
    }
}
