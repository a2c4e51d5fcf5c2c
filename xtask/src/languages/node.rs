//! Node: the package's own scripts build the addon, and write what is generated from what napi noted meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::languages::{Language, prepared, run_tests, same};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{capture, command, root, run};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::NODE;

/// Where napi's macros note the types that they see; the crate with all of them is the facade.
const NOTES_FOLDER: &str = "NAPI_TYPE_DEF_TMP_FOLDER";
const NOTES: &str = "nexa-ffi";
const GENERATED: &[&str] = &["generated.cjs", "generated.d.ts", "generated.methods.mjs"];
const INSTALL: &[&str] = &["--ignore-scripts", "--no-audit", "--no-fund"];

pub(super) const LANGUAGE: Language = Language { name: "node", needs: &[&NODE], prepare, generate };

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: LANGUAGE.name,
    about: "the Node package: what is generated, types by tsc, node --test, parity, the quickstart",
    needs: LANGUAGE.needs,
    run: test,
};

fn test(options: &Options) -> Result<Tally> {
    let package = LANGUAGE.package()?;
    prepare()?;
    let mut tally = Tally::default();
    LANGUAGE.check_generated(&mut tally);
    let mut tsc = program("npx", &package);
    tally.count("tsc", run(tsc.args(["--no", "--", "tsc", "--project", "test/types"])));
    let mut tests = program("node", &package);
    tests.args(["--test", "--test-reporter=spec"]).args(test_files(&package)?);
    tally += run_tests(&mut tests, options, Tally::of_node)?;
    same::parity(LANGUAGE.name, &mut tally, |scenario, transcript| {
        run(program("node", &package).arg("test/parity.mjs").arg(scenario).arg(transcript))
    })?;
    let examples = root().join("examples").join(LANGUAGE.name);
    tally.count("npm install of the examples", run(program("npm", &examples).arg("install").args(INSTALL)));
    same::quickstart(LANGUAGE.name, &mut tally, program("node", &examples).arg("quickstart.mjs"));
    Ok(tally)
}

/// What calls cost, as `bench/calls.mjs` prints it. It leaves the addon of the release profile in the package.
pub(super) fn bench() -> Result<String> {
    let package = LANGUAGE.package()?;
    run(program("node", &package).args(["build.mjs", "release"]))?;
    capture(program("node", &package).arg("bench/calls.mjs"))
}

/// The versions are those of the package's lock file, so that is the recipe.
fn prepare() -> Result {
    let package = LANGUAGE.package()?;
    let lock = package.join("package-lock.json");
    let locked = fs::read_to_string(&lock)
        .map_err(|error| Failure::new(format!("bindings/node/package-lock.json: {error}")))?;
    prepared::once(&package.join("node_modules"), &locked, || {
        run(program("npm", &package).arg("ci").args(INSTALL))
    })
}

fn generate() -> Result<Generated> {
    prepare()?;
    let (package, output) = (LANGUAGE.package()?, LANGUAGE.output()?);
    let notes = build_with_notes(&package, &output)?;
    let written = output.join("generated");
    fs::create_dir_all(&written)?;
    run(program("node", &package).arg("generate.mjs").arg(notes).arg(&written))?;
    let mut generated = Generated::default();
    for name in GENERATED {
        generated.add(written.join(name), package.join(name));
    }
    Ok(generated)
}

/// Builds in the development profile, and returns the folder with the notes. They are written while the facade compiles,
/// and it compiles anew when the folder is another one than the last time; so where they are missing all the same, they
/// were lost, and another folder brings them back.
fn build_with_notes(package: &Path, output: &Path) -> Result<PathBuf> {
    for name in ["types", "types-again"] {
        let folder = output.join(name);
        fs::create_dir_all(&folder)?;
        run(program("node", package).args(["build.mjs", "dev"]).env(NOTES_FOLDER, &folder))?;
        if folder.join(NOTES).is_file() {
            return Ok(folder);
        }
    }
    Err(Failure::new("napi noted no types"))
}

fn test_files(package: &Path) -> Result<Vec<PathBuf>> {
    let mut files = files_under(&package.join("test"))?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    Ok(files)
}

fn program(name: &str, folder: &Path) -> Command {
    let mut program = command(name);
    program.current_dir(folder);
    program
}
