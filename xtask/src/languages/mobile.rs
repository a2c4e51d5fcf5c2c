//! The library for phones: the data plane without a database.

use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::languages::{bindgen, inventory};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{cargo, run, target_directory};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tree;

/// The languages of phones, and how their files end.
const LANGUAGES: &[(&str, &str)] = &[("kotlin", "kt"), ("swift", "swift")];

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: "mobile",
    about: "the library for phones: what it offers in Kotlin and Swift, and no database in its tree",
    needs: &[],
    run: test,
};

fn test(_: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    tally.count("mobile: its tree", tree::check_mobile());
    let library = library()?;
    for (language, extension) in LANGUAGES {
        tally.count(&format!("mobile: {language} offers its part"), offers(&library, language, extension));
    }
    Ok(tally)
}

/// Under the same name as the whole library, so in a folder of its own.
fn library() -> Result<PathBuf> {
    let target = target_directory()?.join("mobile");
    let mut build =
        cargo(&["build", "--package", "nexa-uniffi", "--no-default-features", "--features", "mobile"]);
    run(build.arg("--target-dir").arg(&target).env("CARGO_PROFILE_DEV_STRIP", "none"))?;
    Ok(target.join("debug").join("libnexa.so"))
}

fn offers(library: &std::path::Path, language: &str, extension: &str) -> Result {
    let output = target_directory()?.join("bindings").join("mobile").join(language);
    bindgen::generate_from(library, language, &output)?;
    let mut made = files_under(&output)?;
    made.retain(|path| path.extension().is_some_and(|of_path| of_path == extension));
    let file = made.first().ok_or_else(|| Failure::new(format!("no .{extension} was generated")))?;
    inventory::check("mobile", language, file)
}
