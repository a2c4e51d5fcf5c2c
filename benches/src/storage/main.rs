//! What a write through Nexa costs, beside BEGIN + INSERT + COMMIT on the same driver, in turns within the same minute.
//!
//! `bench-storage <sqlite|postgres|mysql> <slices> <milliseconds> [<server's URL>]` prints rows of a table in Markdown:
//! what, tasks, ours per second, the bare driver's per second, and the median of the ratios of the turns.

#![forbid(unsafe_code)]

#[path = "../common/bare.rs"]
mod bare;
mod ours;
#[path = "../common/plan.rs"]
mod plan;

use std::env;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::bare::Bare;
use crate::ours::{Ours, What};
use crate::plan::Plan;

const TASKS: [usize; 2] = [1, 8];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let mut arguments = arguments.iter().map(String::as_str);
    let mut word = || arguments.next().context("usage: bench-storage <database> <slices> <ms> [<url>]");
    let (database, slices, milliseconds) = (word()?, word()?.parse()?, word()?.parse()?);
    let (server, plan) = (word().ok(), Plan { slices, slice: Duration::from_millis(milliseconds) });
    let bare = Arc::new(Bare::open(database, server).await?);
    let ours = Arc::new(Ours::open(&bare, nexa_core::Nexa::builder(bare.url())).await?);
    // Every enrolment would read the policies that the last of them makes.
    ours.make_values().await?;
    for what in [What::Unit, What::Enrolment, What::Statement] {
        for tasks in TASKS {
            let row = plan.compare(tasks, || turn(&ours, what), || insert(&bare)).await?;
            println!("| {database} | {} | {tasks} | {row} |", what.name());
        }
    }
    let row = plan.compare(1, || reseal(&ours), || insert_many(&bare)).await?;
    println!(
        "| {database} | a batch: sealed values moved to a new key, beside rows inserted, 100 in a transaction | 1 | {row} |"
    );
    ours.close().await;
    audit(&plan, database, &bare).await?;
    bare.remove().await
}

/// The same writers with and without the task that seals what they write.
async fn audit(plan: &Plan, database: &str, bare: &Arc<Bare>) -> anyhow::Result<()> {
    let builder = || nexa_core::Nexa::builder(bare.url());
    let quiet = Arc::new(Ours::open(bare, builder().without_background_work()).await?);
    let alone = plan.measure(8, || turn(&quiet, What::Statement)).await?;
    quiet.close().await;
    let again = Arc::new(Ours::open(bare, builder()).await?);
    let with = plan.measure(8, || turn(&again, What::Statement)).await?;
    let ratio = with / alone;
    println!(
        "| {database} | one row changed while the audit is sealed, beside while it is not | 8 | {with:.0} | {alone:.0} | {ratio:.2} |"
    );
    again.close().await;
    Ok(())
}

async fn turn(ours: &Ours, what: What) -> anyhow::Result<u64> {
    ours.call(what).await.map(|()| 1)
}

async fn reseal(ours: &Ours) -> anyhow::Result<u64> {
    ours.reseal().await
}

async fn insert(bare: &Bare) -> anyhow::Result<u64> {
    bare.insert(1).await.map(|()| 1)
}

async fn insert_many(bare: &Bare) -> anyhow::Result<u64> {
    bare.insert(100).await.map(|()| 100)
}
