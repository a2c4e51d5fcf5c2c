//! Allocations that are stored, each in a transaction of its own with its row in the audit and its event.

use std::sync::Arc;
use std::time::Instant;

use nexa_core::id::PoolId;
use nexa_core::ipam::{Allocation, Ipam, NewPool};
use nexa_core::{Handle, Nexa};

use crate::bare::Bare;
use crate::plan::{Plan, median};
use crate::raw::Raw;

/// How many claims are timed together.
const CLAIMS: u32 = 100;

pub(crate) async fn run(plan: &Plan, database: &str, most: u32, server: Option<&str>) -> anyhow::Result<()> {
    let bare = Arc::new(Bare::open(database, server).await?);
    let nexa = Nexa::open(bare.url()).await?;
    let system = nexa.system("bench");
    let mut raw = Raw::connect(bare.url()).await?;
    cost(plan, database, most, &system, &mut raw).await?;
    rates(plan, database, &system, &bare).await?;
    many(plan, database, most, &system).await?;
    last(plan, database, most, &system).await?;
    nexa.close().await;
    bare.remove().await
}

async fn pool(ipam: &Ipam, new: NewPool) -> anyhow::Result<PoolId> {
    Ok(ipam.create_pool(new).await?.id)
}

/// Claims and releases at few and many used, dense and in fragments, beside the scan for the first gap.
async fn cost(plan: &Plan, database: &str, most: u32, system: &Handle, raw: &mut Raw) -> anyhow::Result<()> {
    let ipam = system.ipam();
    let mut first = None;
    for (nth, used) in [10, most / 100, most].into_iter().enumerate() {
        let new = NewPool::new(format!("cost {nth}"), format!("{}.0.0.0/8", 20 + nth).parse()?);
        let pool = pool(&ipam, new).await?;
        let mut addresses = Vec::new();
        let mut missing = used.max(10);
        while missing > 0 {
            let claimed = ipam.claim_many(pool, missing.min(50_000)).await?;
            missing -= u32::try_from(claimed.len())?;
            addresses.extend(claimed.iter().filter_map(|one| match one.address() {
                Some(std::net::IpAddr::V4(address)) => Some(address),
                _ => None,
            }));
        }
        let begin = now();
        let read = raw.first_gap(pool).await?;
        let naive = begin.elapsed().as_secs_f64() * 1e6;
        let dense = times(plan, &ipam, pool).await?;
        let holes: Vec<_> = addresses.into_iter().step_by(4).collect();
        raw.free(pool, &holes).await?;
        let fragmented = times(plan, &ipam, pool).await?;
        let ratio = fragmented.0 / first.get_or_insert(fragmented).0;
        println!(
            "| {database} | {used} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {ratio:.2} | {naive:.0} ({read} rows) |",
            holes.len(),
            dense.0,
            dense.1,
            fragmented.0,
            fragmented.1,
        );
    }
    Ok(())
}

/// Microseconds of a claim and of a release, each a median.
async fn times(plan: &Plan, ipam: &Ipam, pool: PoolId) -> anyhow::Result<(f64, f64)> {
    let (mut claims, mut releases) = (Vec::new(), Vec::new());
    for _ in 0..plan.slices {
        let begin = now();
        let mut claimed: Vec<Allocation> = Vec::new();
        for _ in 0..CLAIMS {
            claimed.push(ipam.claim(pool).await?);
        }
        claims.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(CLAIMS));
        let begin = now();
        for one in claimed {
            ipam.release(one.id, one.generation).await?;
        }
        releases.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(CLAIMS));
    }
    Ok((median(claims), median(releases)))
}

/// Claims in a second beside BEGIN, one INSERT and COMMIT on the same driver.
async fn rates(plan: &Plan, database: &str, system: &Handle, bare: &Arc<Bare>) -> anyhow::Result<()> {
    let ipam = system.ipam();
    for (nth, is_parallel) in [false, true].into_iter().enumerate() {
        let new = NewPool::new(format!("rate {nth}"), format!("{}.0.0.0/8", 40 + nth).parse()?);
        let pool = pool(&ipam, if is_parallel { new.parallel() } else { new }).await?;
        let mode = if is_parallel { "beside each other" } else { "one after the other" };
        for tasks in [1, 8] {
            let claim = || async { Ok(ipam.claim(pool).await.map(|_| 1)?) };
            let row = plan.compare(tasks, claim, || async { bare.insert(1).await.map(|()| 1) }).await?;
            println!("| {database} | claims, {mode} | {tasks} | {row} |");
        }
    }
    Ok(())
}

/// Many in one call, in rows a second.
async fn many(plan: &Plan, database: &str, most: u32, system: &Handle) -> anyhow::Result<()> {
    let ipam = system.ipam();
    let pool = pool(&ipam, NewPool::new("many", "50.0.0.0/8".parse()?)).await?;
    let count = (most / 100).max(10);
    let mut rates = Vec::new();
    for _ in 0..plan.slices {
        let begin = now();
        ipam.claim_many(pool, count).await?;
        rates.push(f64::from(count) / begin.elapsed().as_secs_f64());
    }
    println!("| {database} | claim_many of {count} | 1 | {:.0} | | |", median(rates));
    Ok(())
}

/// The last free address of a pool that is nearly full.
async fn last(plan: &Plan, database: &str, most: u32, system: &Handle) -> anyhow::Result<()> {
    let ipam = system.ipam();
    let (prefix, size) = if most >= 100_000 { (16, 65_534) } else { (22, 1_022) };
    let pool = pool(&ipam, NewPool::new("nearly full", format!("60.0.0.0/{prefix}").parse()?)).await?;
    ipam.claim_many(pool, size - 1).await?;
    let mut claims = Vec::new();
    for _ in 0..plan.slices * 20 {
        let begin = now();
        let one = ipam.claim(pool).await?;
        claims.push(begin.elapsed().as_secs_f64() * 1e6);
        ipam.release(one.id, one.generation).await?;
    }
    println!(
        "| {database} | the last free address of a /{prefix}, in microseconds | 1 | {:.0} | | |",
        median(claims)
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn now() -> Instant {
    Instant::now()
}
