//! `nexa-inventory write <file>` writes the inventory. `nexa-inventory check <artefact> <language> <file>` says what a
//! generated file lacks of an artefact, or has beyond it. `nexa-inventory scenario <language> <scenario> <file>` writes a
//! scenario without the steps that the language leaves out, naming them, or nothing when it plays them all.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, bail};
use nexa_inventory::language::{Found, LANGUAGES, Language};
use nexa_inventory::{Artefact, Inventory, scenario};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let inventory = nexa_inventory::read()?;
    match arguments.as_slice() {
        ["write", file] => Ok(fs::write(file, inventory.to_json()?)?),
        ["check", artefact, language, file] => {
            let artefact = match *artefact {
                "full" => Artefact::Full,
                "mobile" => Artefact::Mobile,
                other => bail!("{other}: the artefacts are full and mobile"),
            };
            let known = LANGUAGES.iter().find(|known| known.name == *language);
            let language = known.with_context(|| format!("{language} is none of the languages"))?;
            let text = fs::read_to_string(file).with_context(|| (*file).to_owned())?;
            check(&inventory, artefact, language, &(language.read)(&text))
        }
        ["scenario", language, scenario, file] => play(language, scenario, file),
        _ => bail!(
            "usage: nexa-inventory write <file> | check <artefact> <language> <file> \
             | scenario <language> <scenario> <file>"
        ),
    }
}

fn check(
    inventory: &Inventory,
    artefact: Artefact,
    language: &Language,
    found: &Found,
) -> anyhow::Result<()> {
    let lacks = language.lacks(inventory, artefact, found);
    let wanted: BTreeSet<_> = inventory.members(artefact).into_keys().collect();
    let others = inventory.members(Artefact::Full).into_keys().filter(|name| !wanted.contains(name));
    let beyond: Vec<_> = others.filter(|name| found.contains_key(*name)).collect();
    if lacks.is_empty() && beyond.is_empty() {
        return Ok(());
    }
    bail!("{artefact:?}, {}: lacks {lacks:?}, has beyond it {beyond:?}", language.name)
}

#[allow(clippy::print_stdout, reason = "what is not tested must be seen")]
fn play(language: &str, scenario: &str, file: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(scenario).with_context(|| scenario.to_owned())?;
    let (played, left_out) = scenario::played(&serde_json::from_str(&text)?, language)?;
    for (op, instead) in &left_out {
        println!("{language} leaves out {op}: it has {instead}");
    }
    if left_out.is_empty() {
        return Ok(());
    }
    Ok(fs::write(file, played.to_string())?)
}
