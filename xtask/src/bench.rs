//! `cargo xtask bench <what>`: what Nexa costs, as ratios in one run.

use std::process::{Command, ExitCode};

use crate::failure::{Failure, Result};
use crate::languages::prepared;
use crate::options::{Depth, Options};
use crate::process::{cache, cargo, command, run as run_command, target_directory};
use crate::selection::workspace_and;
use crate::servers::{Durability, Servers};
use crate::tally::Tally;

/// What can be measured.
pub(crate) const SUBJECTS: &[&str] = &["storage", "ipam", "policy", "peers"];
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

/// How many addresses are used at most.
const MOST: u32 = 1_000_000;
const FEW: u32 = 2_000;

/// Optimised, on servers that keep what they acknowledge.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let words: Vec<_> = options.words.iter().map(String::as_str).collect();
    let turns = if options.depth == Depth::Full { FULL } else { USUAL };
    match words[..] {
        ["storage"] => {
            build(&["--release"])?;
            let servers = Servers::start_as(Durability::Kept)?;
            println!(
                "| database | what | tasks | Nexa, 1/s | the driver alone, 1/s | ratio |\n|---|---|---|---|---|---|"
            );
            for database in DATABASES {
                storage("release", database, &turns, &servers)?;
            }
        }
        ["ipam"] => {
            build(&["--release"])?;
            println!("{MEMORY}");
            memory("release", MOST)?;
            let servers = Servers::start_as(Durability::Kept)?;
            println!("{STORED}");
            for database in DATABASES {
                ipam("release", database, (MOST, &turns), &servers)?;
            }
        }
        ["policy"] => {
            build(&["--release"])?;
            println!("{POLICY}");
            policy("release", 1)?;
        }
        ["peers"] => peers()?,
        _ => return Err(Failure::new(format!("say what is measured, one of {}", SUBJECTS.join(", ")))),
    }
    println!("bench {}: ok", words.join(" "));
    Ok(ExitCode::SUCCESS)
}

/// From PyPI, exactly.
const NETADDR: &str = "netaddr==1.3.0";

/// What others make of the same input, in a tree of their own: nothing else builds or runs them.
fn peers() -> Result {
    let target = cache()?.join("peers");
    let mut build = cargo(&["build", "--release", "--locked", "--manifest-path", "benches/peers/Cargo.toml"]);
    run_command(build.arg("--target-dir").arg(&target))?;
    let venv = cache()?.join("peers-venv");
    prepared::once(&venv, NETADDR, || {
        run_command(command("python3").args(["-m", "venv"]).arg(&venv))?;
        let mut pip = command(venv.join("bin").join("pip"));
        run_command(pip.args(["install", "--quiet", "--disable-pip-version-check", NETADDR]))
    })?;
    run_command(command(target.join("release").join("bench-peers")).arg(venv.join("bin").join("python")))
}

const MEMORY: &str = "| used | fragments | lowest, ns | next, ns | random, ns | sticky, ns | release, ns | block, ns | first not in a set of texts, ns | set built anew, ns |\n|---|---|---|---|---|---|---|---|---|---|";
const STORED: &str = "| database | used | fragments | claim, µs | release, µs | claim in fragments, µs | release in fragments, µs | to that at 10 | scan to the first gap, µs |\n|---|---|---|---|---|---|---|---|---|";

const POLICY: &str = "| what | µs | beside it | µs | ratio |\n|---|---|---|---|---|";
/// By how much smaller everything is where only running is shown.
const SMALLER: u32 = 100;

/// That they still run; what they measure then means nothing.
pub(crate) fn smoke(_: &Options) -> Result<Tally> {
    build(&[])?;
    let servers = Servers::start()?;
    let mut tally = Tally::default();
    memory("debug", FEW)?;
    policy("debug", SMALLER)?;
    tally.passed += 2;
    for database in DATABASES {
        storage("debug", database, &SMOKE, &servers)?;
        ipam("debug", database, (FEW, &SMOKE), &servers)?;
        tally.passed += 2;
    }
    Ok(tally)
}

fn build(profile: &[&str]) -> Result {
    let all = workspace_and(&["--bin", "bench-storage", "--bin", "bench-ipam", "--bin", "bench-policy"]);
    run_command(cargo(&["build"]).args(profile).args(all))
}

fn storage(profile: &str, database: &str, turns: &Turns, servers: &Servers) -> Result {
    let mut command = program(profile, "bench-storage")?;
    command.arg(database);
    measure(command, database, turns, servers)
}

fn ipam(profile: &str, database: &str, (most, turns): (u32, &Turns), servers: &Servers) -> Result {
    let mut command = program(profile, "bench-ipam")?;
    command.args([database, &most.to_string()]);
    measure(command, database, turns, servers)
}

fn memory(profile: &str, most: u32) -> Result {
    run_command(program(profile, "bench-ipam")?.args(["memory", &most.to_string()]))
}

fn policy(profile: &str, scale: u32) -> Result {
    run_command(program(profile, "bench-policy")?.arg(scale.to_string()))
}

fn program(profile: &str, name: &str) -> Result<Command> {
    Ok(Command::new(target_directory()?.join(profile).join(name)))
}

fn measure(mut command: Command, database: &str, turns: &Turns, servers: &Servers) -> Result {
    command.args([turns.slices.to_string(), turns.milliseconds.to_string()]);
    command.args(servers.url_of(database)).envs(servers.urls.iter().map(|(name, value)| (name, value)));
    run_command(&mut command)
}
