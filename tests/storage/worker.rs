//! A test in several processes: the test starts its own binary again with a database file to work on, and the same
//! test, finding the file, does the worker's part.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const FILE: &str = "NEXA_TEST_WORKER_FILE";
/// What each line of a worker begins with, to tell it from what the test harness prints.
const MARK: &str = "worker: ";
/// No event takes this long.
const CEILING: Duration = Duration::from_secs(120);

/// The file to work on, if this process is a worker.
pub(crate) fn asked() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Tells the test something. It is out when this returns.
pub(crate) fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    write!(output, "\n{MARK}{line}\n").unwrap();
    output.flush().unwrap();
}

/// Waits for the test to say something; `None` when it will say nothing more.
pub(crate) fn hear() -> Option<String> {
    std::io::stdin().lock().lines().next().map(Result::unwrap)
}

/// Another process, seen from the test.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts the test of this name, such as `racing::a_test`, as a worker.
    pub(crate) fn start(test: &str, file: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(FILE, file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Worker { child, input, output: BufReader::new(output) }
    }

    pub(crate) async fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next thing it says; `None` when it has ended. A line that its end cut short was not said.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(CEILING, self.output.read_line(&mut line)).await;
            read.expect("a worker is silent").unwrap();
            let line = line.strip_suffix('\n')?;
            if let Some(said) = line.strip_prefix(MARK) {
                return Some(said.to_owned());
            }
        }
    }

    /// Kills it in the middle of whatever it does (SIGKILL), and gives what it had still said.
    pub(crate) async fn kill(mut self) -> Vec<String> {
        self.child.kill().await.unwrap();
        self.rest().await
    }

    /// Tells it that there is nothing more to do, and gives what it says until it ends well.
    pub(crate) async fn finish(self) -> Vec<String> {
        let Worker { mut child, input, output } = self;
        drop(input);
        let mut said = Vec::new();
        let mut lines = output.lines();
        while let Some(line) = tokio::time::timeout(CEILING, lines.next_line()).await.unwrap().unwrap() {
            said.extend(line.strip_prefix(MARK).map(str::to_owned));
        }
        assert!(child.wait().await.unwrap().success(), "a worker failed");
        said
    }

    async fn rest(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(line) = self.next().await {
            said.push(line);
        }
        said
    }
}
