//! The library for phones: the data plane without a database.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::languages::{bindgen, inventory, kotlin, swift};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{cargo, run, target_directory};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::{DEBOOTSTRAP, HAMCREST, JAVAC, JNA, JUNIT, NODE, UNSHARE};
use crate::tree;

/// A language of phones.
struct Language {
    name: &'static str,
    /// How its files end.
    extension: &'static str,
    /// Compiles what was generated, with the sources that are written by hand.
    compile: fn(&Path) -> Result,
}

const LANGUAGES: &[Language] = &[
    Language { name: "kotlin", extension: "kt", compile: kotlin::compile_mobile },
    Language { name: "swift", extension: "swift", compile: swift::check_mobile },
];

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: "mobile",
    about: "the library for phones: no database in its tree, and its Kotlin and Swift compile; needs root",
    needs: &[&NODE, &JAVAC, &JNA, &JUNIT, &HAMCREST, &UNSHARE, &DEBOOTSTRAP],
    run: test,
};

fn test(_: &Options) -> Result<Tally> {
    let mut tally = Tally::default();
    tally.count("mobile: its tree", tree::check_mobile());
    let library = library()?;
    for Language { name, extension, compile } in LANGUAGES {
        let generated = target_directory()?.join("bindings").join("mobile").join(name);
        bindgen::generate_from(&library, name, &generated)?;
        tally.count(&format!("mobile: {name} offers its part"), offers(&generated, name, extension));
        tally.count(&format!("mobile: {name} compiles"), compile(&generated));
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

fn offers(generated: &Path, language: &str, extension: &str) -> Result {
    let mut made = files_under(generated)?;
    made.retain(|path| path.extension().is_some_and(|of_path| of_path == extension));
    let file = made.first().ok_or_else(|| Failure::new(format!("no .{extension} was generated")))?;
    inventory::check("mobile", language, file)
}
