//! What an allocation costs, in memory and stored, as the pool fills; beside what others do to find a free address.
//!
//! `bench-ipam memory <most>` and `bench-ipam <sqlite|postgres|mysql> <most> <slices> <milliseconds> [<server's URL>]` print rows of
//! tables in Markdown. `most` is how many addresses are used at most.

#![forbid(unsafe_code)]

#[path = "../common/bare.rs"]
mod bare;
mod memory;
#[path = "../common/plan.rs"]
mod plan;
mod raw;
mod stored;

use std::env;
use std::time::Duration;

use anyhow::Context as _;

use crate::plan::Plan;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let mut arguments = arguments.iter().map(String::as_str);
    let mut word =
        || arguments.next().context("usage: bench-ipam <memory|database> <most> [<slices> <ms> [<url>]]");
    let (what, most): (_, u32) = (word()?, word()?.parse()?);
    if what == "memory" {
        return memory::run(most);
    }
    let (slices, milliseconds) = (word()?.parse()?, word()?.parse()?);
    let plan = Plan { slices, slice: Duration::from_millis(milliseconds) };
    stored::run(&plan, what, most, word().ok()).await
}
