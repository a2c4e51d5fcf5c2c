//! The project's own commands, run as `cargo xtask <command>`. Only the standard library, so that they start at once.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program speaks by printing")]

mod audit;
mod bench;
mod chaos;
mod duplicates;
mod examples;
mod failure;
mod faults;
mod galera;
mod languages;
mod layering;
mod lint;
mod options;
mod package;
mod process;
mod selection;
mod servers;
mod stage;
mod tally;
mod test;
mod tools;
mod tree;

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;

use crate::failure::Result;
use crate::options::Options;

struct Command {
    name: &'static str,
    about: &'static str,
    /// What it takes besides the flags that all share.
    words: &'static [&'static str],
    /// The same, each with a value after it.
    flags: &'static [&'static str],
    /// Tells what it found and exits by it; an error is a request that could not be carried out.
    run: fn(&Options) -> Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "lint",
        about: "format, lints, licences, docs, package, architecture rules",
        words: &[],
        flags: &[],
        run: lint::run,
    },
    Command {
        name: "test",
        about: "every test; --full adds the long forms",
        words: &[],
        flags: &[],
        run: test::run,
    },
    Command {
        name: "bindings",
        about: "write what is generated for the languages and committed; --check compares",
        words: &[languages::CHECK],
        flags: &[],
        run: languages::bindings,
    },
    Command {
        name: "bench",
        about: "what a write costs beside the bare driver, on each database; --full takes longer turns",
        words: bench::SUBJECTS,
        flags: &[],
        run: bench::run,
    },
    Command {
        name: "chaos",
        about: "kill processes that use a database, and look for what is lost: kill --db <database> --rounds <n>",
        words: &["kill"],
        flags: &["--db", "--rounds", "--seed"],
        run: chaos::run,
    },
    Command {
        name: "calls",
        about: "what a call costs from each language, as a table",
        words: &[],
        flags: &[],
        run: languages::calls::run,
    },
    Command {
        name: "audit",
        about: "known vulnerabilities in the dependency tree",
        words: &[],
        flags: &[],
        run: audit::run,
    },
    Command {
        name: "setup",
        about: "install every tool that the other commands need; or what one language needs",
        words: &["python", "node", "kotlin", "swift"],
        flags: &[],
        run: setup,
    },
];

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("{}", usage());
        return ExitCode::from(2);
    };
    match Options::parse(arguments, command.words, command.flags).and_then(|options| (command.run)(&options))
    {
        Ok(exit) => exit,
        Err(failure) => {
            eprintln!("cargo xtask {name}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask <command> [--list] [--only <stage>] [--full]\n");
    for Command { name, about, words, .. } in COMMANDS {
        text.push_str(&format!("\n  {name:<10}{about}"));
        if !words.is_empty() {
            text.push_str(&format!(" [{}]", words.join("|")));
        }
    }
    text
}

fn setup(options: &Options) -> Result<ExitCode> {
    if !options.words.is_empty() {
        return languages::setup(&options.words);
    }
    let needs =
        lint::STAGES.iter().map(|stage| stage.needs).chain(test::STAGES.iter().map(|stage| stage.needs));
    let tools: BTreeMap<_, _> = needs.flatten().chain(audit::NEEDS).map(|tool| (tool.name, tool)).collect();
    for (name, tool) in tools {
        tool.ensure()?;
        println!("{name}: ready");
    }
    Ok(ExitCode::SUCCESS)
}
