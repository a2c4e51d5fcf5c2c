//! UniFFI: the one library behind Kotlin and Swift, and the sources that it describes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Result;
use crate::process::{cache, cargo, run, target_directory};

const BINDGEN: &str = "nexa-ffi/bindgen/Cargo.toml";

/// The folder with `libnexa.so` and `libnexa.a`, in the development profile.
///
/// What the library says of itself is in its symbols, so a profile that strips them would leave nothing to generate from.
pub(crate) fn library_folder() -> Result<PathBuf> {
    let mut build = cargo(&["build", "--package", "nexa-uniffi"]);
    run(build.env("CARGO_PROFILE_DEV_STRIP", "none"))?;
    Ok(target_directory()?.join("debug"))
}

/// Generates the sources of one language into a folder that holds nothing else.
pub(crate) fn generate(language: &str, folder: &Path) -> Result {
    generate_from(&library_folder()?.join("libnexa.so"), language, folder)
}

/// The same from a library that was built before.
pub(crate) fn generate_from(library: &Path, language: &str, folder: &Path) -> Result {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    // The generator has a heavy tree of its own, which an optimised build would take many minutes for.
    let mut bindgen = cargo(&["run", "--quiet", "--manifest-path", BINDGEN]);
    bindgen.arg("--target-dir").arg(cache()?.join("bindgen"));
    bindgen.args(["--", "generate", "--language", language, "--no-format", "--out-dir"]).arg(folder);
    run(bindgen.arg(library))
}
