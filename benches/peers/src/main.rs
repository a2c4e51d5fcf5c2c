//! The same input for Nexa and for others, each made to agree before it is timed: `cedar-policy`, `casbin`, `iprange`, `ipnet`, and
//! Python's `ipaddress` and `netaddr`.
//!
//! `bench-peers <python>` prints rows of a table in Markdown. The Python that it is given must have `netaddr`.

#![forbid(unsafe_code)]

mod decisions;
mod prefixes;

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let python = std::env::args().nth(1).context("usage: bench-peers <python>")?;
    println!("| what | with | µs | to Nexa's |\n|---|---|---|---|");
    prefixes::measure(&python)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(decisions::measure())
}

/// The same numbers in every run (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// An address whose bits after the length are zero.
    pub(crate) fn prefix(&mut self, shortest: u8, longest: u8) -> (u32, u8) {
        let length = shortest + (self.next() % u64::from(longest - shortest + 1)) as u8;
        (self.next() as u32 & (u32::MAX << (32 - length)), length)
    }
}

/// One kind of work: Nexa's time first, then each other's beside it.
pub(crate) struct Row {
    what: String,
    ours: Duration,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, ours: Duration) -> Self {
        let row = Row { what: what.into(), ours };
        row.beside("**Nexa**", ours);
        row
    }

    pub(crate) fn beside(&self, whose: &str, time: Duration) {
        let ratio = time.as_secs_f64() / self.ours.as_secs_f64();
        println!("| {} | {whose} | {:.2} | {ratio:.1} |", self.what, time.as_secs_f64() * 1e6);
    }
}

/// How long it takes: the median of several.
pub(crate) fn time<T>(times: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut taken: Vec<_> = (0..times)
        .map(|_| {
            let begin = Instant::now();
            black_box(work());
            begin.elapsed()
        })
        .collect();
    taken.sort_unstable();
    taken[times / 2]
}
