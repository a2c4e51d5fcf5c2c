//! Each `examples/*.rs` is a program that runs to its end by itself, as a newcomer would start it. None of them needs
//! root, so where this is run by root each is run once more by nobody.

use std::env;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process::{capture, cargo, command, root, run as run_command, stream_both};
use crate::tally::Tally;
use crate::tools::is_root;

/// The user and the group that own nothing.
const NOBODY: u32 = 65_534;

/// One passed or failed per example and user.
pub(crate) fn run() -> Result<Tally> {
    let mut tally = Tally::default();
    let root = is_root()?;
    for name in names()? {
        tally.count(&format!("example {name}"), run_as_newcomer(&name));
        if root {
            let what = format!("example {name} as user {NOBODY}");
            println!("\n{what}");
            tally.count(&what, run_as_nobody(&name));
        }
    }
    Ok(tally)
}

fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("examples"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

fn run_as_newcomer(name: &str) -> Result {
    run_command(&mut cargo(&["build", "--release", "--example", name]))?;
    let mut example = cargo(&["run", "--release", "--example", name]);
    ends_with_ok(name, example.arg("--").args(arguments(name)))
}

/// What an example is told where it is run as its own documentation says.
fn arguments(name: &str) -> &'static [&'static str] {
    match name {
        "policy_lab" => &["examples/data/office.yaml"],
        _ => &[],
    }
}

/// Runs a copy of what was built, in a folder of its own: the folders that it was built in may be closed to others.
fn run_as_nobody(name: &str) -> Result {
    let messages = ["build", "--release", "--message-format", "json-render-diagnostics", "--example", name];
    let built = capture(&mut cargo(&messages))?;
    let built = executable(&built).ok_or_else(|| Failure::new("cargo does not say what it built"))?;
    let home = NobodysFolder::new(name)?;
    let program = home.0.join(name);
    fs::copy(built, &program)?;
    let mut example = command(program);
    example.current_dir(&home.0).env("HOME", &home.0).env("TMPDIR", &home.0).uid(NOBODY).gid(NOBODY);
    ends_with_ok(name, &mut example)
}

/// The last program that cargo says it built. Its paths are those of this machine, in which JSON escapes nothing.
fn executable(messages: &str) -> Option<&str> {
    let (_, after) = messages.rsplit_once(r#""executable":""#)?;
    after.split_once('"').map(|(path, _)| path)
}

/// A folder that only nobody may write to; goes with the value.
struct NobodysFolder(PathBuf);

impl NobodysFolder {
    fn new(name: &str) -> Result<Self> {
        let path = shared_folder().join(format!("nexa-{name}-{}", std::process::id()));
        fs::create_dir(&path)?;
        let folder = NobodysFolder(path);
        chown(&folder.0, Some(NOBODY), Some(NOBODY))?;
        Ok(folder)
    }
}

impl Drop for NobodysFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}

/// Where a folder can be reached by every user: root's own `TMPDIR` may be closed to others.
fn shared_folder() -> PathBuf {
    let shared = Path::new("/tmp");
    if shared.is_dir() { shared.to_owned() } else { env::temp_dir() }
}

fn ends_with_ok(name: &str, example: &mut Command) -> Result {
    let (mut last, mut panicked) = (String::new(), false);
    stream_both(
        example,
        |line| {
            if !line.is_empty() {
                line.clone_into(&mut last);
            }
        },
        |complaint| panicked |= complaint.contains("panicked at"),
    )??;
    if panicked {
        return Err(Failure::new("a thread of it panicked"));
    }
    if says_ok(&last, name) {
        return Ok(());
    }
    Err(Failure::new(format!("its last line must start with `{name}: ok`, and is `{last}`")))
}

fn says_ok(last: &str, name: &str) -> bool {
    last.strip_prefix(name).is_some_and(|rest| rest.starts_with(": ok"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_ends_well_without_a_panic_in_any_thread() {
        let ends = |script: &str| ends_with_ok("tour", command("sh").args(["-c", script]));
        ends("echo 'tour: ok, 12 steps'; echo 'a warning' >&2").unwrap();
        let failure = ends("echo \"thread 'w' panicked at src/a.rs:1:1:\" >&2; echo 'tour: ok'").unwrap_err();
        assert_eq!(failure, Failure::new("a thread of it panicked"));
        assert!(ends("echo 'tour: ok'; exit 1").is_err());
        assert!(ends("echo 'tour: o'").is_err());
    }

    #[test]
    fn the_built_program_is_the_last_that_cargo_names() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","executable":"/t/build-script"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/t/examples/tour","fresh":true}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":null}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages), Some("/t/examples/tour"));
        assert_eq!(executable(r#"{"reason":"build-finished"}"#), None);
    }

    #[test]
    fn an_example_ends_with_its_own_ok() {
        assert!(says_ok("control_tour: ok, 12 steps", "control_tour"));
        assert!(!says_ok("control_tour: failed", "control_tour"));
        assert!(!says_ok("", "control_tour"));
    }
}
