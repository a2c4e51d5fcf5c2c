//! The allocator in memory, and two that are found elsewhere, written anew here as patterns.

use std::collections::HashSet;
use std::hint::black_box;
use std::net::Ipv6Addr;
use std::time::Instant;

use nexa_core::ipam::space::{Assignable as _, Pick, Space};
use nexa_core::runtime::SystemRandom;

/// How many operations are timed together.
const OPERATIONS: u32 = 20_000;
/// As many of those that walk through everything.
const SLOW: u32 = 20;

pub(crate) fn run(most: u32) -> anyhow::Result<()> {
    for used in [10, most / 100, most] {
        measure(used.max(10))?;
    }
    Ok(())
}

/// A /64 of which so many are used, and every fifth of the used part is free.
fn fragmented(used: u32) -> anyhow::Result<(Space<Ipv6Addr>, Vec<Ipv6Addr>)> {
    let (first, last) = ("fd00::".parse()?, "fd00::ffff:ffff:ffff:ffff".parse()?);
    let mut space = Space::new([first..=last], [])?;
    let all = space.allocate_many((used + used / 4) as usize)?;
    let (mut kept, mut given) = (Vec::with_capacity(used as usize), 0_u32);
    for (nth, address) in all.into_iter().enumerate() {
        if nth % 5 == 4 && given < used / 4 {
            space.release(address..=address)?;
            given += 1;
        } else {
            kept.push(address);
        }
    }
    Ok((space, kept))
}

fn measure(used: u32) -> anyhow::Result<()> {
    let (mut space, kept) = fragmented(used)?;
    let fragments = space.free_ranges().count();
    let operations = OPERATIONS.min(u32::try_from(fragments)?).max(5);
    // Addresses that somebody has, all over the pool, looked up before the clock runs.
    let scattered: Vec<_> =
        (0..operations as usize).filter_map(|at| kept.get(at * 7_919 % kept.len()).copied()).collect();
    let mut row = Vec::new();
    for pick in ["lowest", "next", "random", "sticky"] {
        let mut taken = Vec::with_capacity(operations as usize);
        let begin = now();
        for address in &scattered {
            let pick = match pick {
                "lowest" => Pick::Lowest,
                "next" => Pick::Next,
                "random" => Pick::Random(&SystemRandom),
                _ => Pick::Sticky(*address),
            };
            taken.push(space.allocate(pick)?);
        }
        row.push(each(begin, operations));
        for address in taken {
            space.release(address..=address)?;
        }
    }
    // Each becomes a fragment, or part of one that is next to it.
    let begin = now();
    let mut given = 0;
    for address in &scattered {
        given += u32::from(space.release(*address..=*address)?);
    }
    row.push(each(begin, operations));
    black_box(given);
    let begin = now();
    for _ in 0..operations.min(1_000) {
        black_box(space.allocate_block(4)?);
    }
    row.push(each(begin, operations.min(1_000)));
    let (scan, rebuild) = (scan(used), rebuild(&kept));
    println!("| {used} | {fragments} | {} | {scan} | {rebuild} |", row.join(" | "));
    Ok(())
}

/// The first address that is not in a set of texts, counting up: what go-ipam does in memory.
fn scan(used: u32) -> String {
    let base = Ipv6Addr::from(0xfd00_u128 << 112).number();
    let text = |number: u128| Ipv6Addr::from(number).to_string();
    let mut set: HashSet<String> = (0..u128::from(used)).map(|offset| text(base + offset)).collect();
    let begin = now();
    for _ in 0..SLOW {
        let free = (base..).map(text).find(|address| !set.contains(address)).unwrap_or_default();
        set.insert(black_box(free));
    }
    each(begin, SLOW)
}

/// The set of ranges built anew after each address, as headscale does.
fn rebuild(kept: &[Ipv6Addr]) -> String {
    let mut used: Vec<u128> = kept.iter().map(|address| address.number()).collect();
    let begin = now();
    for _ in 0..SLOW {
        used.sort_unstable();
        let mut ranges: Vec<(u128, u128)> = Vec::new();
        for number in &used {
            match ranges.last_mut() {
                Some(range) if range.1 + 1 >= *number => range.1 = *number,
                _ => ranges.push((*number, *number)),
            }
        }
        let free = ranges.first().map_or(0, |range| range.1 + 1);
        used.push(black_box(free));
    }
    each(begin, SLOW)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds for each operation.
fn each(begin: Instant, operations: u32) -> String {
    let nanos = begin.elapsed().as_secs_f64() * 1e9 / f64::from(operations);
    if nanos < 10_000.0 { format!("{nanos:.0}") } else { format!("{:.2} ms", nanos / 1e6) }
}
