//! What a write through Nexa costs, beside BEGIN + INSERT + COMMIT on the same driver, in turns within the same minute.
//!
//! `bench-storage <sqlite|postgres|mysql> <slices> <milliseconds> [<server's URL>]` prints rows of a table in Markdown:
//! what, tasks, ours per second, the bare driver's per second, and the median of the ratios of the turns.

#![forbid(unsafe_code)]

mod bare;
mod ours;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::bare::Bare;
use crate::ours::{Ours, What};

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

/// How long, and how often.
struct Plan {
    slices: usize,
    slice: Duration,
}

impl Plan {
    /// Both in turns; what they did in a second, and the median of the ratios of neighbours.
    async fn compare<A, B, F, G>(&self, tasks: usize, ours: A, bare: B) -> anyhow::Result<String>
    where
        A: Fn() -> F,
        B: Fn() -> G,
        F: Future<Output = anyhow::Result<u64>>,
        G: Future<Output = anyhow::Result<u64>>,
    {
        let (mut pairs, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..self.slices {
            let pair = (self.rate(tasks, &ours).await?, self.rate(tasks, &bare).await?);
            ratios.push(pair.0 / pair.1);
            pairs.push(pair);
        }
        let (ours, bare): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Ok(format!("{:.0} | {:.0} | {:.2}", median(ours), median(bare), median(ratios)))
    }

    async fn measure<A, F>(&self, tasks: usize, work: A) -> anyhow::Result<f64>
    where
        A: Fn() -> F,
        F: Future<Output = anyhow::Result<u64>>,
    {
        let mut rates = Vec::new();
        for _ in 0..self.slices {
            rates.push(self.rate(tasks, &work).await?);
        }
        Ok(median(rates))
    }

    /// How many a second, in one slice.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
    async fn rate<A, F>(&self, tasks: usize, work: &A) -> anyhow::Result<f64>
    where
        A: Fn() -> F,
        F: Future<Output = anyhow::Result<u64>>,
    {
        let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let worker = async || {
            while !over.load(Ordering::Relaxed) {
                done.fetch_add(work().await?, Ordering::Relaxed);
            }
            anyhow::Ok(())
        };
        let begin = Instant::now();
        let timer = async {
            tokio::time::sleep(self.slice).await;
            over.store(true, Ordering::Relaxed);
        };
        // The tasks are futures of one: what they wait for is the database, and each call runs in a task of its own.
        let all = async {
            match tasks {
                1 => worker().await,
                _ => tokio::try_join!(
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker()
                )
                .map(drop),
            }
        };
        let (outcome, ()) = tokio::join!(all, timer);
        outcome?;
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        Ok(done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_median_is_the_one_in_the_middle() {
        assert!((super::median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(super::median(Vec::new()).is_nan());
    }
}
