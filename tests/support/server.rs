//! Servers that a test ends and starts again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// No server takes this long to end.
const CEILING: Duration = Duration::from_secs(120);

/// Sends a signal to the process whose number a file begins with, and waits until it is gone.
pub(crate) async fn end(signal: &str, pid_file: &Path) {
    let text = std::fs::read_to_string(pid_file).unwrap();
    let pid = text.lines().next().unwrap();
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
    let ended = async {
        while is_running(pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CEILING, ended).await.expect("the server does not end");
}

/// Not so once all that is left of it is what its parent may ask.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z')))
}

/// Runs a script that becomes a server. It ends with this process.
pub(crate) fn start(script: &Path) {
    let script = script.to_owned();
    // The kernel ends it with the thread that started it.
    std::thread::spawn(move || {
        let mut server = Command::new("sh");
        server.arg(script).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = server.spawn().unwrap().wait();
        loop {
            std::thread::park();
        }
    });
}
