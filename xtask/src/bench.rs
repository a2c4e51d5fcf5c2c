//! `cargo xtask bench <what>`: what Nexa costs, as ratios in one run.

use std::process::{Command, ExitCode};

use crate::failure::{Failure, Result};
use crate::options::{Depth, Options};
use crate::process::{cargo, run as run_command, target_directory};
use crate::selection::workspace_and;
use crate::servers::{Durability, Servers};
use crate::tally::Tally;

const DATABASES: [&str; 3] = ["sqlite", "postgres", "mysql"];

/// How often each pair takes turns, and for how many milliseconds.
struct Turns {
    slices: u32,
    milliseconds: u32,
}

const USUAL: Turns = Turns { slices: 5, milliseconds: 1_000 };
const FULL: Turns = Turns { slices: 15, milliseconds: 2_000 };
/// As little as shows that it runs.
const SMOKE: Turns = Turns { slices: 1, milliseconds: 50 };

/// Optimised, on servers that keep what they acknowledge.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.words != ["storage"] {
        return Err(Failure::new("say what is measured: storage"));
    }
    run_command(cargo(&["build", "--release"]).args(workspace_and(&["--bin", "bench-storage"])))?;
    let servers = Servers::start_as(Durability::Kept)?;
    println!(
        "| database | what | tasks | Nexa, 1/s | the driver alone, 1/s | ratio |\n|---|---|---|---|---|---|"
    );
    let turns = if options.depth == Depth::Full { FULL } else { USUAL };
    for database in DATABASES {
        measure("release", database, &turns, &servers)?;
    }
    println!("bench storage: ok");
    Ok(ExitCode::SUCCESS)
}

/// That it still runs; what it measures then means nothing.
pub(crate) fn smoke(_: &Options) -> Result<Tally> {
    run_command(cargo(&["build"]).args(workspace_and(&["--bin", "bench-storage"])))?;
    let servers = Servers::start()?;
    let mut tally = Tally::default();
    for database in DATABASES {
        measure("debug", database, &SMOKE, &servers)?;
        tally.passed += 1;
    }
    Ok(tally)
}

fn measure(profile: &str, database: &str, turns: &Turns, servers: &Servers) -> Result {
    let mut command = Command::new(target_directory()?.join(profile).join("bench-storage"));
    command.args([database, &turns.slices.to_string(), &turns.milliseconds.to_string()]);
    command.args(servers.url_of(database)).envs(servers.urls.iter().map(|(name, value)| (name, value)));
    run_command(&mut command)
}
