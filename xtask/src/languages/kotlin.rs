//! Kotlin on the JVM: npm carries the compiler, Debian carries JNA and JUnit 4.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::languages::{Language, bindgen, inventory, prepared, run_tests, same};
use crate::layering::files_under;
use crate::options::Options;
use crate::process::{cache, capture, cargo, command, root, run, target_directory};
use crate::stage::Stage;
use crate::tally::Tally;
use crate::tools::{HAMCREST, JAVAC, JNA, JUNIT, NODE};

/// Of npm's package `kotlin-compiler`, whose `lib` holds coroutines, reflection and kotlin-test too.
const VERSION: &str = "2.4.20";
/// The oldest Java that the package runs on.
const JVM_TARGET: &str = "17";
const COMPILER_JARS: &[&str] = &[
    "kotlin-stdlib.jar",
    "kotlinx-coroutines-core-jvm.jar",
    "kotlin-reflect.jar",
    "kotlin-test.jar",
    "kotlin-test-junit.jar",
];

pub(super) const LANGUAGE: Language =
    Language { name: "kotlin", needs: &[&NODE, &JAVAC, &JNA, &JUNIT, &HAMCREST], prepare, generate };

pub(crate) const STAGE: Stage<Tally> = Stage {
    name: LANGUAGE.name,
    about: "the Kotlin package on the JVM: what is generated, JUnit tests, parity, quickstart",
    needs: LANGUAGE.needs,
    run: test,
};

fn test(options: &Options) -> Result<Tally> {
    let package = LANGUAGE.package()?;
    prepare()?;
    let mut tally = Tally::default();
    LANGUAGE.check_generated(&mut tally);
    let offers = inventory::check("full", LANGUAGE.name, &package.join("generated/org/nexa/nexa.kt"));
    tally.count("kotlin: offers everything", offers);

    let built = Built { jar: LANGUAGE.output()?.join("nexa.jar"), native: Some(bindgen::library_folder()?) };
    run(build(&built.jar)?.env("CLASSPATH", class_path(&[])?))?;
    let tests = Tests::under(&package.join("test"))?;
    let jar = LANGUAGE.output()?.join("nexa-tests.jar");
    // The measuring program comes along so that it is known to compile.
    compile(&built, &["test", "bench"].map(|folder| package.join(folder)), &jar)?;
    let mut junit = built.java(&jar)?;
    junit.args(["-ea", "org.junit.runner.JUnitCore"]).args(&tests.classes).current_dir(&package);
    tally += run_tests(&mut junit, options, Tally::of_junit)?;
    tally.ignored += tests.ignored;

    same::parity(LANGUAGE.name, &mut tally, |scenario, transcript| {
        run(built.java(&jar)?.arg("org.nexa.test.ParityKt").args([scenario, transcript]))
    })?;
    same::quickstart(LANGUAGE.name, &mut tally, &mut built.quickstart()?);
    Ok(tally)
}

/// Compiles what was generated from the library for phones with the part of the package that is not the control plane's.
pub(super) fn compile_mobile(generated: &Path) -> Result {
    LANGUAGE.ready()?;
    let jar = LANGUAGE.output()?.join("nexa-mobile.jar");
    run(build(&jar)?.env("MOBILE", generated).env("CLASSPATH", class_path(&[])?))
}

/// What calls cost, as `bench/calls.kt` prints it. It runs as an application does: with the library inside the package.
pub(super) fn bench() -> Result<String> {
    LANGUAGE.ready()?;
    run(&mut cargo(&["build", "--release", "--package", "nexa-uniffi"]))?;
    let built = Built { jar: LANGUAGE.output()?.join("nexa-release.jar"), native: None };
    let library = target_directory()?.join("release").join("libnexa.so");
    run(build(&built.jar)?.arg(library).env("CLASSPATH", class_path(&[])?))?;
    let jar = LANGUAGE.output()?.join("nexa-bench.jar");
    compile(&built, &[LANGUAGE.package()?.join("bench")], &jar)?;
    Ok(capture(built.java(&jar)?.arg("CallsKt"))?.trim().to_owned())
}

/// The package as a program has it on its class path.
struct Built {
    jar: PathBuf,
    /// The folder of a library that is not in the jar.
    native: Option<PathBuf>,
}

impl Built {
    /// Java, ready to be told the main class of a program that was compiled against the package.
    fn java(&self, program: &Path) -> Result<Command> {
        let mut java = command("java");
        if let Some(folder) = &self.native {
            let mut option = OsString::from("-Djna.library.path=");
            option.push(folder);
            java.arg(option);
        }
        java.arg("-cp").arg(class_path(&[program, &self.jar])?);
        Ok(java)
    }

    /// The quickstart, by the script that a newcomer starts.
    fn quickstart(&self) -> Result<Command> {
        let mut script = command(root().join("examples").join(LANGUAGE.name).join("run.sh"));
        script.arg(&self.jar).args(&self.native).env("KOTLINC", kotlinc()?);
        script.env("CLASSPATH", class_path(&[])?);
        Ok(script)
    }
}

/// The script that makes the package.
fn build(jar: &Path) -> Result<Command> {
    let mut script = command(LANGUAGE.package()?.join("build.sh"));
    script.arg(jar).env("KOTLINC", kotlinc()?);
    Ok(script)
}

/// Compiles what uses the package, without a warning.
fn compile(built: &Built, sources: &[PathBuf], jar: &Path) -> Result {
    let mut kotlinc = command(kotlinc()?);
    kotlinc.args(["-Werror", "-jvm-target", JVM_TARGET, "-cp"]).arg(class_path(&[&built.jar])?);
    run(kotlinc.arg("-d").arg(jar).args(sources))
}

fn prepare() -> Result {
    let folder = cache()?.join("kotlin");
    prepared::once(&folder, VERSION, || {
        let install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"];
        run(command("npm").args(install).arg(&folder).arg(format!("kotlin-compiler@{VERSION}")))?;
        let programs = compiler()?.join("bin");
        for program in files_under(&programs)? {
            fs::set_permissions(program, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    })
}

fn generate() -> Result<Generated> {
    let (committed, output) = (LANGUAGE.package()?.join("generated"), LANGUAGE.output()?.join("generated"));
    bindgen::generate("kotlin", &output)?;
    let mut generated = Generated::default();
    for made in files_under(&output)? {
        let inside = made.strip_prefix(&output).unwrap_or(&made).to_owned();
        generated.add(made, committed.join(inside));
    }
    generated.owns(committed);
    Ok(generated)
}

fn class_path(own: &[&Path]) -> Result<OsString> {
    let libraries = compiler()?.join("lib");
    let own = own.iter().map(|jar| jar.to_path_buf());
    let of_compiler = COMPILER_JARS.iter().map(|jar| libraries.join(jar));
    let of_system = [&JNA, &JUNIT, &HAMCREST].map(|tool| tool.path().to_owned());
    env::join_paths(own.chain(of_compiler).chain(of_system)).map_err(|error| Failure::new(error.to_string()))
}

fn kotlinc() -> Result<PathBuf> {
    Ok(compiler()?.join("bin").join("kotlinc"))
}

fn compiler() -> Result<PathBuf> {
    Ok(cache()?.join("kotlin").join("node_modules").join("kotlin-compiler"))
}

/// What JUnit is told to run, and what it would leave out without a word in its counts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tests {
    classes: Vec<String>,
    ignored: u64,
}

impl Tests {
    fn under(folder: &Path) -> Result<Self> {
        let mut tests = Self::default();
        for path in files_under(folder)? {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension == "kt") && stem.ends_with("Test") {
                tests.add(&stem, &fs::read_to_string(&path)?);
            }
        }
        if tests.classes.is_empty() {
            return Err(Failure::new(format!("{} holds no …Test.kt", folder.display())));
        }
        Ok(tests)
    }

    fn add(&mut self, stem: &str, source: &str) {
        let package = source.lines().find_map(|line| line.strip_prefix("package "));
        self.classes.push(package.map_or_else(
            || stem.to_owned(),
            |package| format!("{}.{stem}", package.trim().trim_end_matches(';')),
        ));
        self.ignored += source.lines().filter(|line| line.contains("@Ignore")).map(|_| 1).sum::<u64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_class_is_named_by_its_package_and_its_file() {
        let mut tests = Tests::default();
        tests.add("ClientTest", "// why\npackage app.nexa\n\nclass ClientTest\n");
        tests.add("BareTest", "class BareTest\n");
        assert_eq!(tests.classes, ["app.nexa.ClientTest", "BareTest"]);
    }

    #[test]
    fn a_test_that_junit_would_leave_out_counts_as_ignored() {
        let mut tests = Tests::default();
        tests
            .add("ClientTest", "class ClientTest {\n  @Ignore @Test fun one() {}\n  @Test fun two() {}\n}\n");
        assert_eq!(tests.ignored, 1);
    }
}
