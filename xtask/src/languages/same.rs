//! What every language must say alike: the answers to the scenarios of `tests/parity`, and the lines of the quickstart.
//! Rust is the reference, and runs beside the language, so nothing that is compared is stored.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::inventory;
use crate::languages::normal::{lines_of_quickstart, lines_of_transcript};
use crate::layering::files_under;
use crate::process::{capture, cargo, command, root, run, target_directory};
use crate::selection::workspace_and;
use crate::tally::Tally;

/// Below the checkout's root.
const SCENARIOS: &str = "tests/parity";

/// Plays each scenario in Rust and in the language: one test each. `play` writes the transcript of a scenario to a file.
/// A step about something that the language says in its own way is left out for both, which the output tells.
pub(crate) fn parity(language: &str, tally: &mut Tally, play: impl Fn(&Path, &Path) -> Result) -> Result {
    let scenarios = scenarios()?;
    let folder = target_directory()?.join("parity").join(language);
    fs::create_dir_all(&folder)?;
    for scenario in &scenarios {
        let name = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (of_rust, of_language) =
            (folder.join(format!("{name}.rust")), folder.join(format!("{name}.{language}")));
        let played = folder.join(format!("{name}.json"));
        let outcome = fresh(&played)
            .and_then(|()| inventory::scenario(language, scenario, &played))
            // It is written only for a language that leaves something out.
            .map(|()| if played.exists() { &played } else { scenario })
            .and_then(|scenario| {
                play_in_rust(scenario, &of_rust)?;
                fresh(&of_language)?;
                play(scenario, &of_language)?;
                let (expected, got) = (read(&of_rust)?, read(&of_language)?);
                compare(&lines_of_transcript(&expected), &lines_of_transcript(&got))
            });
        tally.count(&format!("{language}: parity {name}"), outcome);
    }
    Ok(())
}

/// Runs the quickstart in Rust and in the language: one test.
pub(crate) fn quickstart(language: &str, tally: &mut Tally, program: &mut Command) {
    let outcome = built("quickstart").and_then(|reference| {
        let (expected, got) = (capture(&mut command(reference))?, capture(program)?);
        let expected = lines_of_quickstart(&expected);
        if !expected.last().is_some_and(|line| line.starts_with("quickstart: ok")) {
            return Err(Failure::new("the quickstart in Rust does not end with `quickstart: ok`"));
        }
        compare(&expected, &lines_of_quickstart(&got))
    });
    tally.count(&format!("{language}: quickstart"), outcome);
}

fn scenarios() -> Result<Vec<PathBuf>> {
    let mut scenarios = files_under(&root().join(SCENARIOS))?;
    scenarios.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    scenarios.sort();
    if scenarios.is_empty() {
        return Err(Failure::new(format!("{SCENARIOS} holds no scenario")));
    }
    Ok(scenarios)
}

fn play_in_rust(scenario: &Path, transcript: &Path) -> Result {
    fresh(transcript)?;
    run(command(built("parity")?).arg(scenario).arg(transcript))
}

/// A program in Rust, built as the other stages build: in the development profile, with the workspace's features.
fn built(example: &str) -> Result<PathBuf> {
    run(cargo(&["build", "--quiet"]).args(workspace_and(&["--example", example])))?;
    Ok(target_directory()?.join("debug").join("examples").join(example))
}

/// What an earlier run wrote must not pass for this one's.
fn fresh(file: &Path) -> Result {
    if file.exists() {
        fs::remove_file(file)?;
    }
    Ok(())
}

fn read(transcript: &Path) -> Result<String> {
    fs::read_to_string(transcript).map_err(|error| Failure::new(format!("{}: {error}", transcript.display())))
}

fn compare(expected: &[String], got: &[String]) -> Result {
    if expected.is_empty() {
        return Err(Failure::new("Rust said nothing"));
    }
    for (number, (expected, got)) in (1..).zip(expected.iter().zip(got)) {
        if expected != got {
            return Err(Failure::new(format!("line {number} differs\n  Rust: {expected}\n  here: {got}")));
        }
    }
    if expected.len() == got.len() {
        return Ok(());
    }
    Err(Failure::new(format!("{} lines, and Rust has {}", got.len(), expected.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_first_line_that_differs_is_shown_from_both_sides() {
        let failure = compare(&lines("a\nb\nc"), &lines("a\nx\ny")).unwrap_err().to_string();
        assert_eq!(failure, "line 2 differs\n  Rust: b\n  here: x");
    }

    #[test]
    fn a_missing_or_an_additional_line_and_silence_do_not_hold() {
        assert_eq!(compare(&lines("a\nb"), &lines("a\nb")), Ok(()));
        assert!(compare(&lines("a\nb"), &lines("a")).is_err());
        assert!(compare(&lines("a"), &lines("a\nb")).is_err());
        assert!(compare(&[], &[]).is_err());
    }
}
