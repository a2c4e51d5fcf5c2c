//! Node: napi builds the addon beside the package's own JavaScript.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::languages::{Language, prepared, run_tests};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{command, run};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::NODE;

pub(super) const LANGUAGE: Language = Language { name: "node", needs: &[&NODE], prepare, generate };

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: LANGUAGE.name,
    about: "the Node package: what is generated, types by tsc, node --test",
    needs: LANGUAGE.needs,
    run: test,
};

fn test(options: &Options) -> Result<Tally> {
    let package = LANGUAGE.package()?;
    prepare()?;
    let mut tally = Tally::default();
    LANGUAGE.check_generated(&mut tally);
    let mut tsc = program("npx", &package);
    tally.count("tsc", run(tsc.args(["--no", "--", "tsc", "--strict", "--noEmit", "--project", "test"])));
    let mut tests = program("node", &package);
    tests.args(["--test", "--test-reporter=spec"]).args(test_files(&package)?);
    tally += run_tests(&mut tests, options, Tally::of_node)?;
    Ok(tally)
}

/// The versions are those of the package's lock file, so that is the recipe.
fn prepare() -> Result {
    let package = LANGUAGE.package()?;
    let lock = package.join("package-lock.json");
    let locked = fs::read_to_string(&lock)
        .map_err(|error| Failure::new(format!("bindings/node/package-lock.json: {error}")))?;
    prepared::once(&package.join("node_modules"), &locked, || {
        run(program("npm", &package).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
    })
}

/// Builds in the development profile, outside the checkout; the addon is then put where the loader looks for it.
fn generate() -> Result<Generated> {
    prepare()?;
    let (package, output) = (LANGUAGE.package()?, LANGUAGE.output()?);
    let mut build = program("npx", &package);
    build.args(["--no", "--", "napi", "build", "--platform", "--output-dir"]).arg(&output);
    run(build.args(["--", "--locked"]))?;
    let mut generated = Generated::default();
    for made in files_under(&output)? {
        let committed = package.join(made.strip_prefix(&output).unwrap_or(&made));
        if made.extension() == Some(OsStr::new("node")) {
            fs::copy(&made, &committed)?;
        } else {
            generated.add(made, committed);
        }
    }
    Ok(generated)
}

fn test_files(package: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = files_under(&package.join("test"))?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    Ok(files)
}

fn program(name: &str, package: &Path) -> Command {
    let mut program = command(name);
    program.current_dir(package);
    program
}
