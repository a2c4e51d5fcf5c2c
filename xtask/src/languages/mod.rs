//! The languages that Nexa speaks besides Rust: for each what it needs, what is generated for it, and how it is tested.

mod bindgen;
pub(crate) mod calls;
mod generated;
mod inventory;
pub(crate) mod kotlin;
pub(crate) mod mobile;
pub(crate) mod node;
mod normal;
pub(crate) mod prepared;
pub(crate) mod python;
mod same;
pub(crate) mod swift;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::failure::{Failure, Result};
use crate::languages::generated::Generated;
use crate::options::{Depth, Options};
use crate::process::{root, stream_both, target_directory};
use crate::tally::Tally;
use crate::tools::Tool;

/// The word of `cargo xtask bindings` that compares and writes nothing.
pub(crate) const CHECK: &str = "--check";

const ALL: &[&Language] = &[&python::LANGUAGE, &node::LANGUAGE, &kotlin::LANGUAGE, &swift::LANGUAGE];

struct Language {
    /// Also of its folder in `bindings/`.
    name: &'static str,
    needs: &'static [&'static Tool],
    /// Makes in the cache what is not of the system's packages; quick when that is there.
    prepare: fn() -> Result,
    /// Makes, outside the checkout, what is generated and committed.
    generate: fn() -> Result<Generated>,
}

impl Language {
    fn ready(&self) -> Result {
        self.needs.iter().try_for_each(|tool| tool.ensure())?;
        (self.prepare)()
    }

    /// Its package in the checkout.
    fn package(&self) -> Result<PathBuf> {
        let package = root().join("bindings").join(self.name);
        if package.is_dir() {
            return Ok(package);
        }
        Err(Failure::new(format!("bindings/{} does not exist", self.name)))
    }

    /// Where what is built for it goes.
    fn output(&self) -> Result<PathBuf> {
        let output = target_directory()?.join("bindings").join(self.name);
        std::fs::create_dir_all(&output)?;
        Ok(output)
    }

    /// What was generated is what is committed: one test.
    fn check_generated(&self, tally: &mut Tally) {
        let outcome = (self.generate)().and_then(|generated| generated.check());
        tally.count(&format!("{}: generated files", self.name), outcome);
    }
}

/// `cargo xtask setup <language>…`
pub(crate) fn setup(names: &[String]) -> Result<ExitCode> {
    for language in ALL.iter().filter(|language| names.iter().any(|name| name == language.name)) {
        language.ready()?;
        println!("{}: ready", language.name);
    }
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask bindings`: generates every committed file anew, or with `--check` says which would change.
pub(crate) fn bindings(options: &Options) -> Result<ExitCode> {
    let only_compares = options.words.iter().any(|word| word == CHECK);
    let done = |name: &str, generated: &Generated| -> Result {
        if only_compares {
            generated.check()?;
        } else {
            generated.write()?;
        }
        println!("{name}: {}", generated.summary());
        Ok(())
    };
    done("inventory", &inventory::generate()?)?;
    for language in ALL {
        language.package()?;
        language.needs.iter().try_for_each(|tool| tool.ensure())?;
        done(language.name, &(language.generate)()?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a test program with the terminal's output; `read` takes the counts from both of its outputs.
fn run_tests(command: &mut Command, options: &Options, read: fn(&str) -> Tally) -> Result<Tally> {
    if options.depth == Depth::Full {
        command.env("NEXA_TEST_FULL", "1");
    }
    let (mut said, mut complained) = (String::new(), String::new());
    let exit = stream_both(command, |line| append(&mut said, line), |line| append(&mut complained, line))?;
    read(&format!("{said}{complained}")).with_exit(exit)
}

fn append(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::command;

    fn tests_of(script: &str) -> Result<Tally> {
        run_tests(command("sh").args(["-c", script]), &Options::default(), Tally::of_summary)
    }

    #[test]
    fn counts_are_read_from_either_output() {
        let expected = Tally { passed: 3, failed: 0, ignored: 0 };
        assert_eq!(tests_of("echo 3 passed in 0.1s"), Ok(expected));
        assert_eq!(tests_of("echo 3 passed >&2"), Ok(expected));
    }

    #[test]
    fn a_program_that_fails_after_its_tests_passed_is_a_failure() {
        assert!(tests_of("echo 3 passed; exit 1").is_err());
    }

    #[test]
    fn a_language_without_a_package_is_a_failure() {
        let cobol =
            Language { name: "cobol", needs: &[], prepare: || Ok(()), generate: || Err(Failure::new("no")) };
        assert_eq!(cobol.package(), Err(Failure::new("bindings/cobol does not exist")));
    }
}
