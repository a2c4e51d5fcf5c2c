//! `cargo xtask audit`: the dependency tree against the database of known vulnerabilities.

use crate::failure::Result;
use crate::options::Options;
use crate::process::{self, capture};
use crate::tools::{CARGO_DENY, GIT, Tool};

pub(crate) const NEEDS: &[&Tool] = &[&CARGO_DENY, &GIT];

/// Without the database there is nothing to say, which is told but is no failure; a finding is one.
pub(crate) fn run(_: &Options) -> Result {
    NEEDS.iter().try_for_each(|tool| tool.ensure())?;
    if let Err(failure) = capture(CARGO_DENY.command()?.args(["--locked", "fetch", "db"])) {
        println!("not run: {}", last_line(&failure.to_string()));
        return Ok(());
    }
    process::run(CARGO_DENY.command()?.args(["--all-features", "--locked", "check", "advisories"]))
}

fn last_line(text: &str) -> &str {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("the database was not fetched")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_last_line_that_says_something() {
        assert_eq!(last_line("cloning\nfatal: no such host\n\n"), "fatal: no such host");
    }
}
