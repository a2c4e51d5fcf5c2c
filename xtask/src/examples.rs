//! Each `examples/*.rs` is a program that runs to its end by itself, as a newcomer would start it.

use std::fs;

use crate::failure::{Failure, Result};
use crate::process::{cargo, root, stream};
use crate::tally::Tally;

/// One passed or failed per example.
pub(crate) fn run() -> Result<Tally> {
    let mut tally = Tally::default();
    for name in names()? {
        match run_one(&name) {
            Ok(()) => tally.passed += 1,
            Err(failure) => {
                eprintln!("example {name}: {failure}");
                tally.failed += 1;
            }
        }
    }
    Ok(tally)
}

fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("examples"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

fn run_one(name: &str) -> Result {
    let mut last = String::new();
    let mut example = cargo(&["run", "--release", "--example", name]);
    stream(&mut example, |line| {
        if !line.is_empty() {
            line.clone_into(&mut last);
        }
    })??;
    if says_ok(&last, name) {
        return Ok(());
    }
    Err(Failure::new(format!("its last line must start with `{name}: ok`, and is `{last}`")))
}

fn says_ok(last: &str, name: &str) -> bool {
    last.strip_prefix(name).is_some_and(|rest| rest.starts_with(": ok"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_ends_with_its_own_ok() {
        assert!(says_ok("control_tour: ok, 12 steps", "control_tour"));
        assert!(!says_ok("control_tour: failed", "control_tour"));
        assert!(!says_ok("", "control_tour"));
    }
}
