//! What the bindings offer, as `nexa-inventory` reads it from the sources.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Result;
use crate::languages::generated::Generated;
use crate::process::{cargo, root, run, target_directory};

const FILE: &str = "bindings/inventory.json";

/// The inventory as a file, beside the committed one.
pub(crate) fn generate() -> Result<Generated> {
    let folder = target_directory()?.join("bindings");
    fs::create_dir_all(&folder)?;
    let made = folder.join("inventory.json");
    run(program().arg("write").arg(&made))?;
    let mut generated = Generated::default();
    generated.add(made, root().join(FILE));
    Ok(generated)
}

/// Fails when a generated file lacks something of an artefact, or has more.
pub(crate) fn check(artefact: &str, language: &str, file: &Path) -> Result {
    run(program().args(["check", artefact, language]).arg(file))
}

/// Writes a scenario as a language plays it: without the steps about what it says in its own way, each of which is named.
pub(crate) fn scenario(language: &str, scenario: &Path, played: &Path) -> Result {
    run(program().args(["scenario", language]).arg(scenario).arg(played))
}

fn program() -> Command {
    let mut program = cargo(&["run", "--quiet", "--package", "nexa-inventory"]);
    program.arg("--");
    program
}
