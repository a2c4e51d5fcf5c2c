//! `cargo xtask lint`: everything that can be said about the code without running it.

use std::process::ExitCode;

use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::process::{cargo, root, run as run_command};
use crate::selection::WORKSPACE;
use crate::stage::{Finished, Stage, run_all, seconds};
use crate::tools::{CARGO_DENY, CLIPPY, FMT};
use crate::{duplicates, layering, package, tree};

/// A new check, or a tool that one needs, is one entry here.
pub(crate) const STAGES: &[Stage<()>] = &[
    Stage {
        name: "lock",
        about: "Cargo.lock is up to date",
        needs: &[],
        run: |_| run_command(&mut cargo(&["fetch"])),
    },
    Stage { name: "toolchain", about: "no file pins a toolchain", needs: &[], run: |_| no_toolchain_file() },
    Stage { name: "layering", about: "which file may name what", needs: &[], run: |_| layering::check() },
    Stage {
        name: "format",
        about: "cargo fmt changes nothing",
        needs: &[&FMT],
        run: |_| run_command(FMT.command()?.args(["--all", "--check"])),
    },
    Stage {
        name: "deny",
        about: "licences, sources, bans",
        needs: &[&CARGO_DENY],
        run: |_| {
            let check = [
                "--workspace",
                "--all-features",
                "--locked",
                "--log-level",
                "error",
                "check",
                "licenses",
                "sources",
                "bans",
            ];
            run_command(CARGO_DENY.command()?.args(check))
        },
    },
    Stage { name: "duplicates", about: "no new duplicate crate", needs: &[], run: |_| duplicates::check() },
    Stage {
        name: "tunnel-tree",
        about: "the data plane's tree stays small",
        needs: &[],
        run: |_| tree::check_tunnel(),
    },
    Stage {
        name: "clippy",
        about: "what is tested from Rust, all targets, the features of the core",
        needs: &[&CLIPPY],
        run: |_| clippy(WORKSPACE),
    },
    Stage {
        name: "clippy-tunnel",
        about: "the data plane alone",
        needs: &[&CLIPPY],
        run: |_| clippy(&["-p", "nexa-core", "--no-default-features", "--features", "tunnel"]),
    },
    Stage {
        name: "clippy-bare",
        about: "no feature at all",
        needs: &[&CLIPPY],
        run: |_| clippy(&["-p", "nexa-core", "--no-default-features"]),
    },
    Stage {
        name: "clippy-python",
        about: "the extension module",
        needs: &[&CLIPPY],
        run: |_| clippy(&["-p", "nexa-ffi", "-p", "nexa-python"]),
    },
    Stage {
        name: "clippy-node",
        about: "the native addon",
        needs: &[&CLIPPY],
        run: |_| clippy(&["-p", "nexa-ffi", "-p", "nexa-node"]),
    },
    Stage {
        name: "clippy-uniffi",
        about: "the library behind Kotlin and Swift, and its part for phones",
        needs: &[&CLIPPY],
        run: |_| {
            clippy(&["-p", "nexa-ffi", "-p", "nexa-uniffi"])?;
            clippy(&["-p", "nexa-uniffi", "--no-default-features", "--features", "mobile"])
        },
    },
    Stage { name: "docs", about: "documentation without a warning", needs: &[], run: |_| docs() },
    Stage {
        name: "package",
        about: "nexa-core as it would be published",
        needs: &[],
        run: |_| package::check(),
    },
];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let Some(stages) = run_all(&STAGES.iter().collect::<Vec<_>>(), options)? else {
        return Ok(ExitCode::SUCCESS);
    };
    println!();
    for Finished { name, took, outcome } in &stages {
        println!("{:<18}{:<8}{}", name, if outcome.is_ok() { "ok" } else { "FAILED" }, seconds(*took));
    }
    let holds = stages.iter().all(|stage| stage.outcome.is_ok());
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn clippy(selection: &[&str]) -> Result {
    let mut command = CLIPPY.command()?;
    command.args(["--locked", "--all-targets"]).args(selection).args(["--", "-D", "warnings"]);
    run_command(&mut command)
}

fn docs() -> Result {
    let mut command = cargo(&["doc", "--no-deps"]);
    run_command(command.args(WORKSPACE).env("RUSTDOCFLAGS", "-D warnings"))
}

/// A pin would send every newcomer to download one more compiler; `rust-version` says which will do.
fn no_toolchain_file() -> Result {
    let found = ["rust-toolchain.toml", "rust-toolchain"].into_iter().find(|name| root().join(name).exists());
    found.map_or(Ok(()), |name| Err(Failure::new(format!("{name} must not exist"))))
}
