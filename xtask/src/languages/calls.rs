//! `cargo xtask calls`: what a call costs from each language, as a multiple of the same call in Rust, all in one run.

use std::process::ExitCode;

use crate::failure::{Failure, Result};
use crate::languages::{kotlin, node, python, swift};
use crate::options::Options;
use crate::process::{capture, cargo};

/// What is measured: its name in the programs' output, and in the table.
const MEASURED: &[(&str, &str)] = &[
    ("sync_ns", "a call that does not wait: `version()`"),
    ("async_ns", "an async call that does nothing: `EventStream.close`"),
    ("read_ns", "one row from the database: `Identity.get_user`"),
    ("page_ns", "a page of 1,000 records: `Identity.list_users`"),
];

/// Prints the table of `bindings/README.md`, in Markdown.
pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    let columns = [
        ("Rust", in_rust()?),
        ("Python", python::bench()?),
        ("Node", node::bench()?),
        ("Kotlin", kotlin::bench()?),
        ("Swift", swift::bench()?),
    ];
    println!("| call | {} |", columns.each_ref().map(|(name, _)| *name).join(" | "));
    println!("|---|{}", "---|".repeat(columns.len()));
    for (key, what) in MEASURED {
        let costs = columns.iter().map(|(name, line)| {
            cost(line, key).ok_or_else(|| Failure::new(format!("{name} gives no {key}: {line}")))
        });
        let costs = costs.collect::<Result<Vec<_>>>()?;
        let reference = costs.first().copied().unwrap_or_default();
        let cells = costs.iter().enumerate().map(|(at, cost)| match at {
            0 => shown(*cost),
            _ => format!("{} ({:.1}×)", shown(*cost), ratio(*cost, reference)),
        });
        println!("| {what} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    Ok(ExitCode::SUCCESS)
}

fn in_rust() -> Result<String> {
    let build =
        ["run", "--release", "--quiet", "--package", "nexa-ffi", "--features", "json", "--example", "calls"];
    capture(&mut cargo(&build))
}

/// A number of a line such as `{"async_ns":12,"sync_ns":3}`.
fn cost(line: &str, key: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!("\"{key}\":"))?;
    let digits = rest.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of durations needs no more digits")]
fn ratio(cost: u64, reference: u64) -> f64 {
    cost as f64 / reference.max(1) as f64
}

fn shown(nanoseconds: u64) -> String {
    match nanoseconds {
        0..10_000 => format!("{nanoseconds} ns"),
        10_000..10_000_000 => format!("{} µs", nanoseconds / 1_000),
        _ => format!("{} ms", nanoseconds / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_read_by_its_name() {
        let line = "{\"async_ns\": 12, \"sync_ns\":3}\n";
        assert_eq!(cost(line, "async_ns"), Some(12));
        assert_eq!(cost(line, "sync_ns"), Some(3));
        assert_eq!(cost(line, "page_ns"), None);
    }

    #[test]
    fn a_cost_is_shown_in_the_unit_that_reads_best() {
        assert_eq!([300, 12_345, 12_345_678].map(shown), ["300 ns", "12 µs", "12 ms"]);
    }
}
