//! `cargo xtask audit`: the dependency tree against the database of known vulnerabilities.

use std::process::ExitCode;

use crate::failure::Result;
use crate::options::Options;
use crate::process::{self, capture};
use crate::tools::{CARGO_DENY, GIT, Tool};

pub(crate) const NEEDS: &[&Tool] = &[&CARGO_DENY, &GIT];

/// Without the database there is nothing to say, which is told but is no failure; a finding is one.
pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    NEEDS.iter().try_for_each(|tool| tool.ensure())?;
    if let Err(failure) = capture(CARGO_DENY.command()?.args(["--locked", "fetch", "db"])) {
        let complaint = failure.to_string();
        let Some(why) = unreachable_database(&complaint) else { return Err(failure) };
        println!("not run: {why}");
        return Ok(ExitCode::SUCCESS);
    }
    process::run(CARGO_DENY.command()?.args(["--all-features", "--locked", "check", "advisories"]))?;
    Ok(ExitCode::SUCCESS)
}

/// Why the database could not be fetched: the last thing that was said. `None` when something else is wrong.
fn unreachable_database(complaint: &str) -> Option<&str> {
    let is_about_fetching = complaint.contains("failed to fetch advisory database");
    complaint.lines().rfind(|line| !line.trim().is_empty()).filter(|_| is_about_fetching)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_out_of_reach_is_told_with_the_reason() {
        let complaint =
            "[ERROR] failed to fetch advisory database x: failed to clone\nfatal: no such host\n\n";
        assert_eq!(unreachable_database(complaint), Some("fatal: no such host"));
    }

    #[test]
    fn any_other_complaint_stays_a_failure() {
        assert_eq!(unreachable_database("error: deny.toml: unexpected key"), None);
    }
}
