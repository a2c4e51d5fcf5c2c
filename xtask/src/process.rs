//! Child processes: nothing reads standard input, and every cargo call insists on the committed lock file.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::LazyLock;

use crate::failure::{Failure, Result};

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    // Asked for when it runs: a program that a shared target folder keeps may have been built in another checkout.
    static MANIFEST: LazyLock<PathBuf> = LazyLock::new(|| {
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
    });
    MANIFEST.parent().unwrap_or(&MANIFEST)
}

/// Where everything that is built once per machine lives.
pub(crate) fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    base.map(|base| base.join("nexa")).ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set"))
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = capture(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let (_, rest) = metadata.split_once(r#""target_directory":""#).unwrap_or_default();
    let (path, _) =
        rest.split_once('"').ok_or_else(|| Failure::new("cargo metadata names no target directory"))?;
    Ok(PathBuf::from(path))
}

pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = bare_cargo(arguments);
    command.arg("--locked");
    command
}

/// Cargo without `--locked`, for the few subcommands that do not know it.
pub(crate) fn bare_cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = command(program);
    command.args(arguments);
    command
}

pub(crate) fn command(program: impl Into<OsString>) -> Command {
    let mut command = Command::new(program.into());
    command.current_dir(root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_left_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

/// Some build scripts rerun when these change, so they must look the same here as under a plain `cargo build`.
fn is_left_by_cargo_run(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

/// Runs to the end with the terminal's output.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    exit(command, status)
}

/// Runs to the end and returns what it printed; a failure carries what it complained about.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("`{}`: {}\n{}", line(command), output.status, complaint.trim())))
}

/// Runs to the end, printing each line as it comes and handing it to `each`. The inner result is the exit's.
pub(crate) fn stream(command: &mut Command, mut each: impl FnMut(&str)) -> Result<Result> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    read_lines(child.stdout.take(), |line| {
        print!("{line}");
        each(line.trim_end());
    })?;
    Ok(exit(command, child.wait()?))
}

/// The same for both outputs: `complaint` gets each line of standard error.
pub(crate) fn stream_both(
    command: &mut Command,
    mut each: impl FnMut(&str),
    mut complaint: impl FnMut(&str) + Send,
) -> Result<Result> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let complaints = scope.spawn(move || {
            read_lines(stderr, |line| {
                eprint!("{line}");
                complaint(line.trim_end());
            })
        });
        read_lines(stdout, |line| {
            print!("{line}");
            each(line.trim_end());
        })?;
        complaints.join().unwrap_or_else(|_| Err(Failure::new("standard error could not be read")))
    })?;
    Ok(exit(command, child.wait()?))
}

fn read_lines(from: Option<impl io::Read>, mut each: impl FnMut(&str)) -> Result {
    let Some(from) = from else { return Ok(()) };
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        each(&String::from_utf8_lossy(&bytes));
        bytes.clear();
    }
    Ok(())
}

fn exit(command: &Command, status: ExitStatus) -> Result {
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}`: {status}", line(command)))) }
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("`{}` did not start: {error}", line(command)))
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streamed_lines_arrive_in_order_and_the_exit_is_kept() {
        let mut seen = Vec::new();
        let exit = stream(command("sh").args(["-c", "echo one; echo two; exit 3"]), |line| {
            seen.push(line.to_owned());
        });
        assert_eq!(seen, ["one", "two"]);
        assert!(exit.unwrap().is_err());
    }

    #[test]
    fn both_outputs_are_streamed_to_their_end() {
        let (mut said, mut complained) = (Vec::new(), Vec::new());
        let exit = stream_both(
            command("sh").args(["-c", "echo one; echo two >&2; echo three"]),
            |line| said.push(line.to_owned()),
            |line| complained.push(line.to_owned()),
        );
        assert_eq!((said, complained), (vec!["one".to_owned(), "three".to_owned()], vec!["two".to_owned()]));
        exit.unwrap().unwrap();
    }

    #[test]
    fn a_captured_failure_tells_what_the_child_complained_about() {
        let failure = capture(command("sh").args(["-c", "echo no luck >&2; exit 1"])).unwrap_err();
        assert!(failure.to_string().ends_with("no luck"), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = run(&mut command("nexa-no-such-program")).unwrap_err();
        assert!(failure.to_string().starts_with("`nexa-no-such-program` did not start"), "{failure}");
    }
}
