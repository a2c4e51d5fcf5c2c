//! `cargo xtask chaos kill`: processes that use a control plane are killed at random, and what they leave is looked at. The
//! last line says what was found.

use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::failure::{Failure, Result};
use crate::options::{Depth, Options};
use crate::process::{cargo, run as run_command, stream, target_directory};
use crate::selection::workspace_and;
use crate::servers::Servers;
use crate::tally::Tally;

const DATABASES: [&str; 3] = ["sqlite", "postgres", "mysql"];
/// As many in a run of the tests, and in the long form of that.
const USUAL_ROUNDS: u64 = 50;
const FULL_ROUNDS: u64 = 500;

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.words != ["kill"] {
        return Err(Failure::new("say what happens to the processes: kill"));
    }
    let database = options.value("--db").unwrap_or("sqlite");
    if !DATABASES.contains(&database) {
        return Err(Failure::new(format!("--db is one of {}", DATABASES.join(", "))));
    }
    let rounds = number(options, "--rounds")?.unwrap_or(USUAL_ROUNDS);
    let seed = number(options, "--seed")?.unwrap_or_else(of_this_moment);
    build()?;
    let servers = if database == "sqlite" { Servers::default() } else { Servers::start()? };
    match kill(database, rounds, seed, &servers) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(_) => Ok(ExitCode::FAILURE),
    }
}

/// Each database in turn; one that is not clean is a failed test.
pub(crate) fn stage(options: &Options) -> Result<Tally> {
    let rounds = if options.depth == Depth::Full { FULL_ROUNDS } else { USUAL_ROUNDS };
    build()?;
    let servers = Servers::start()?;
    let mut tally = Tally::default();
    for database in DATABASES {
        match kill(database, rounds, of_this_moment(), &servers) {
            Ok(()) => tally.passed += 1,
            Err(_) => tally.failed += 1,
        }
    }
    Ok(tally)
}

fn build() -> Result {
    run_command(cargo(&["build"]).args(workspace_and(&["--bin", "nexa-chaos"])))
}

fn kill(database: &str, rounds: u64, seed: u64, servers: &Servers) -> Result {
    println!("{database}: {rounds} rounds of seed {seed}");
    let mut command = Command::new(target_directory()?.join("debug").join("nexa-chaos"));
    command.args(["kill", database, &rounds.to_string(), &seed.to_string()]);
    command.args(servers.url_of(database)).envs(servers.urls.iter().map(|(name, value)| (name, value)));
    stream(&mut command, |_| {})?
}

fn number(options: &Options, flag: &str) -> Result<Option<u64>> {
    let value = options.value(flag).map(str::parse);
    value.transpose().map_err(|_| Failure::new(format!("{flag} needs a number")))
}

/// Another each time, and printed, so that a run can be had again.
#[expect(clippy::disallowed_methods, reason = "nothing is decided by it but what is tried")]
fn of_this_moment() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.subsec_nanos().into())
}
