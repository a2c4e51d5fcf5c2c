//! `cargo xtask test`: every test there is. Its last line, `N passed, N failed`, is read by machines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::bench;
use crate::chaos;
use crate::examples;
use crate::failure::Result;
use crate::faults;
use crate::galera;
use crate::languages::{kotlin, mobile, node, python, swift};
use crate::options::{Action, Depth, Options};
use crate::process::{cargo, root, run as run_command, stream};
use crate::selection::{WORKSPACE, workspace_and};
use crate::servers::Servers;
use crate::stage::{Finished, Stage, run_all, seconds};
use crate::tally::Tally;
use crate::tools::{
    GALERA_LIBRARY, IP, MARIADB, MOUNT, OPENSSL, PING, POSTGRES, RSYNC, SETPRIV, WG, WIREGUARD_GO, needs_root,
};

/// A new stage, or a tool that one needs, is one entry here. What can be tested in Rust comes first, and the language
/// that takes longest to set up last.
pub(crate) const STAGES: &[Stage<Tally>] = &[
    Stage {
        name: "unit",
        about: "tests beside the code",
        needs: &[],
        run: |options| cargo_test(options, &workspace_and(&["--lib", "--bins"])),
    },
    Stage {
        name: "api",
        about: "tests of the public API, on SQLite, PostgreSQL and MariaDB",
        needs: &[&POSTGRES, &MARIADB, &SETPRIV],
        run: api,
    },
    Stage {
        name: "chaos",
        about: "processes killed at random on each database, and what they leave",
        needs: &[&POSTGRES, &MARIADB, &SETPRIV],
        run: chaos::stage,
    },
    Stage {
        name: FAULTS,
        about: "servers that end under load, full disks, and who is not let in; needs root",
        needs: &[&POSTGRES, &MARIADB, &SETPRIV, &OPENSSL, &MOUNT],
        run: faults::stage,
    },
    Stage {
        name: "benches",
        about: "that the benchmarks run; what they measure here means nothing",
        needs: &[&POSTGRES, &MARIADB, &SETPRIV],
        run: bench::smoke,
    },
    Stage {
        name: "docs",
        about: "examples in the documentation",
        needs: &[],
        run: |options| cargo_test(options, &workspace_and(&["--doc"])),
    },
    Stage {
        name: "tunnel-only",
        about: "tests beside the code with the data plane alone",
        needs: &[],
        run: |options| {
            cargo_test(
                options,
                &["-p", "nexa-core", "--lib", "--no-default-features", "--features", "tunnel"],
            )
        },
    },
    Stage {
        name: "interop",
        about: "against wireguard-go, wg, wg-quick and the kernel, in network namespaces; needs root",
        needs: &[&IP, &PING, &SETPRIV, &WG, &WIREGUARD_GO],
        run: interop,
    },
    Stage {
        name: "examples",
        about: "the programs in examples/, as a newcomer starts them, and by root also as an unprivileged user",
        needs: &[],
        run: |_| examples::run(),
    },
    python::STAGE,
    node::STAGE,
    mobile::STAGE,
    kotlin::STAGE,
    swift::STAGE,
];

/// What only `--full` runs.
const FULL_STAGES: &[Stage<Tally>] = &[Stage {
    name: GALERA,
    about: "the suite on a Galera cluster of three nodes, and a node that is killed and comes back",
    needs: &[&MARIADB, &GALERA_LIBRARY, &RSYNC, &POSTGRES, &SETPRIV],
    run: galera::stage,
}];

const SLOWEST: usize = 5;
/// Takes root and programs that others need not have, so it is a stage of its own.
const INTEROP: &str = "interop";
/// Breaks the servers that it has.
const FAULTS: &str = "faults";
/// Takes a cluster.
const GALERA: &str = "galera";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let stages: Vec<_> = match options.depth {
        Depth::Full => STAGES.iter().chain(FULL_STAGES).collect(),
        // Asked for by name, it says what it takes.
        Depth::Usual if matches!(&options.action, Action::RunOnly(name) if name == GALERA) => {
            FULL_STAGES.iter().collect()
        }
        Depth::Usual => STAGES.iter().collect(),
    };
    let Some(mut stages) = run_all(&stages, options)? else { return Ok(ExitCode::SUCCESS) };
    stages.sort_by_key(|stage| Reverse(stage.took));
    println!("\nslowest stages");
    for stage in stages.iter().take(SLOWEST) {
        println!("  {:<18}{}", stage.name, seconds(stage.took));
    }
    let problems: Vec<_> = stages.iter().filter_map(problem).collect();
    for problem in &problems {
        println!("FAILED {problem}");
    }
    let mut total = Tally::default();
    stages.iter().for_each(|stage| total += counted(stage));
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where tests of public APIs lie.
const API_TESTS: &[&str] = &["tests", "nexa-ffi/tests", "nexa-ffi/inventory/tests"];

/// Every test there but those of stages of their own; cargo's `--test '*'` would take them along.
fn api(options: &Options) -> Result<Tally> {
    let servers = Servers::start()?;
    api_on(options, &servers.urls, &[])
}

/// The same with these variables, and only those tests whose names have one of these parts.
pub(crate) fn api_on(
    options: &Options,
    variables: &[(&'static str, String)],
    parts: &[&str],
) -> Result<Tally> {
    let mut names = BTreeSet::new();
    for folder in API_TESTS {
        for entry in fs::read_dir(root().join(folder))? {
            names.extend(test_name(&entry?.path()));
        }
    }
    for other in [INTEROP, FAULTS, GALERA] {
        names.remove(other);
    }
    let mut arguments: Vec<_> = WORKSPACE.iter().map(|argument| String::from(*argument)).collect();
    arguments.extend(names.into_iter().flat_map(|name| ["--test".to_owned(), name]));
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if !parts.is_empty() {
        arguments.push("--");
        arguments.extend(parts);
    }
    let mut by_database = BTreeMap::new();
    let tally = cargo_test_with(options, &arguments, variables, |line| {
        if let Some(database) = passed_on(line) {
            *by_database.entry(database).or_insert(0_u64) += 1;
        }
    });
    for (database, count) in by_database {
        println!("{count} tests passed on {database}");
    }
    tally
}

/// The database that a line such as `test users::a_name::postgres ... ok` ends with.
fn passed_on(line: &str) -> Option<&'static str> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... ok")?;
    ["sqlite", "postgres", "mysql"].into_iter().find(|database| name.ends_with(&format!("::{database}")))
}

/// The name of a test program: a folder with a `main.rs`, or a file.
fn test_name(path: &Path) -> Option<String> {
    let is_test =
        path.join("main.rs").exists() || path.extension().is_some_and(|extension| extension == "rs");
    let name = path.file_stem().filter(|_| is_test)?;
    Some(name.to_string_lossy().into_owned())
}

/// The tests start a program of `examples/`, which cargo does not build for them.
fn interop(options: &Options) -> Result<Tally> {
    needs_root("make network namespaces and interfaces")?;
    run_command(cargo(&["build"]).args(workspace_and(&["--example", "gateway_tun"])))?;
    cargo_test(options, &workspace_and(&["--test", INTEROP]))
}

/// Runs `cargo test` with these arguments.
fn cargo_test(options: &Options, arguments: &[&str]) -> Result<Tally> {
    cargo_test_with(options, arguments, &[], |_| {})
}

/// The same with these variables; `each` sees every line of it.
pub(crate) fn cargo_test_with(
    options: &Options,
    arguments: &[&str],
    variables: &[(&'static str, String)],
    mut each: impl FnMut(&str),
) -> Result<Tally> {
    let mut command = cargo(&["test", "--no-fail-fast"]);
    command.args(arguments);
    if options.depth == Depth::Full {
        command.env("NEXA_TEST_FULL", "1");
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let mut tally = Tally::default();
    let exit = stream(&mut command, |line| {
        tally += Tally::from_line(line).unwrap_or_default();
        each(line);
    })?;
    tally.with_exit(exit)
}

/// What keeps a stage from holding, as one sentence.
fn problem(stage: &Finished<Tally>) -> Option<String> {
    let name = stage.name;
    match &stage.outcome {
        Err(failure) => Some(format!("{name}: {failure}")),
        Ok(tally) if tally.failed > 0 => Some(format!("{name}: {} failed", tally.failed)),
        Ok(tally) if tally.ignored > 0 => {
            Some(format!("{name}: {} ignored; a test runs or goes", tally.ignored))
        }
        Ok(tally) if tally.ran() == 0 => Some(format!("{name}: ran no test")),
        Ok(_) => None,
    }
}

/// A stage's share of the totals: one that does not hold counts at least one failure, so that they never look clean.
fn counted(stage: &Finished<Tally>) -> Tally {
    let mut tally = stage.outcome.as_ref().copied().unwrap_or_default();
    if problem(stage).is_some() {
        tally.failed = tally.failed.max(1);
    }
    tally
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::failure::Failure;

    fn finished(outcome: Result<Tally>) -> Finished<Tally> {
        Finished { name: "unit", took: Duration::ZERO, outcome }
    }

    fn tally(passed: u64, failed: u64, ignored: u64) -> Tally {
        Tally { passed, failed, ignored }
    }

    #[test]
    fn a_test_is_counted_for_the_database_that_its_name_ends_with() {
        assert_eq!(passed_on("test users::a_name::postgres ... ok"), Some("postgres"));
        assert_eq!(passed_on("test users::a_name::postgres ... FAILED"), None);
        assert_eq!(passed_on("test users::a_name ... ok"), None);
    }

    #[test]
    fn a_stage_holds_when_tests_ran_and_all_passed() {
        assert_eq!(problem(&finished(Ok(tally(3, 0, 0)))), None);
    }

    #[test]
    fn a_stage_that_failed_ignored_or_ran_nothing_does_not_hold() {
        for outcome in
            [Ok(tally(3, 1, 0)), Ok(tally(3, 0, 1)), Ok(tally(0, 0, 0)), Err(Failure::new("no compiler"))]
        {
            assert!(problem(&finished(outcome)).is_some());
        }
    }

    #[test]
    fn totals_never_look_clean_when_a_stage_does_not_hold() {
        assert_eq!(counted(&finished(Ok(tally(3, 2, 0)))), tally(3, 2, 0));
        assert_eq!(counted(&finished(Ok(tally(3, 0, 1)))), tally(3, 1, 1));
        assert_eq!(counted(&finished(Err(Failure::new("no compiler")))), tally(0, 1, 0));
    }
}
