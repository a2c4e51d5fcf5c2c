//! Kills processes at random while they use one control plane, and looks for what must never happen: an acknowledged change
//! that is not there, a thing that is there twice, and a thing that is there and belongs to no call.
//!
//! `nexa-chaos kill <sqlite|postgres|mysql> <rounds> <seed> [<server's URL>]`; what it finds is its last line.

#![forbid(unsafe_code)]

mod database;
mod journal;
mod kill;
mod model;
mod op;
mod random;
mod worker;

use std::env;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["kill", database, rounds, seed, ref server @ ..] => {
            let database = database::Database::create(database, server.first().copied()).await?;
            let rounds = rounds.parse().context("the rounds are no number")?;
            let found = kill::run(&database, rounds, seed.parse().context("the seed is no number")?).await?;
            database.remove().await?;
            println!("chaos kill {}: {found}", database.name());
            Ok(if found.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        ["work", url, journal, seed] => {
            worker::run(url, journal.as_ref(), seed.parse()?).await?;
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("usage: nexa-chaos kill <sqlite|postgres|mysql> <rounds> <seed> [<url>]"),
    }
}
