//! The table of what wireguard-tools make of small files, checked again with the tools that are installed.
//!
//! `wg` parses a file before it opens the interface's UAPI socket, so a socket that answers `errno=0` is enough of an
//! interface to learn what `wg` read, without a kernel module. Needs `wg`, `wg-quick`, `bash`, `sed`, and write access
//! to `/var/run/wireguard`.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::IpAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, Sender, channel};

use nexa_core::net::Cidr;
use nexa_core::wireguard::Conf;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[path = "../../nexa-core/src/wireguard/conf/verdicts.rs"]
mod verdicts;

use crate::support::CEILING;
use crate::support::namespace::unique;
use verdicts::{Outcome, ROWS};

/// Runs wg-quick's own `parse_options` and prints what it kept for itself; the rest, for `wg`, goes to a file.
const WG_QUICK: &str = r#"
source <(sed '/^# ~~ function override/q' "$(command -v wg-quick)")
parse_options "$1" 2>/dev/null
echo "$WG_CONFIG" > "$2"
show() { local name="$1" value; shift; for value in "$@"; do [[ -z $value ]] || printf '%s %s\n' "$name" "$value"; done; }
show Address "${ADDRESSES[@]}"
show DNS "${DNS[@]}"
show Search "${DNS_SEARCH[@]}"
show MTU "$MTU"
show Table "$TABLE"
show PreUp "${PRE_UP[@]}"
show PostUp "${POST_UP[@]}"
show PreDown "${PRE_DOWN[@]}"
show PostDown "${POST_DOWN[@]}"
[[ $SAVE_CONFIG -eq 0 ]] || show SaveConfig true
"#;

/// What `wg` always writes or writes for a value that is not there, which the table leaves out.
const DEFAULTS: [&str; 9] = [
    "",
    "set=1",
    "replace_peers=true",
    "replace_allowed_ips=true",
    "listen_port=0",
    "fwmark=0",
    "persistent_keepalive_interval=0",
    "private_key=0000000000000000000000000000000000000000000000000000000000000000",
    "preshared_key=0000000000000000000000000000000000000000000000000000000000000000",
];

#[test]
fn the_tools_read_what_the_table_says() {
    let tools = Tools::new();
    for row in ROWS {
        assert_eq!(tools.read(&row.text()), row.read_by_tools(), "{}", row.name);
    }
}

#[test]
fn the_tools_take_what_we_print() {
    let tools = Tools::new();
    for row in ROWS.iter().filter(|row| matches!(row.outcome, Outcome::Read(_))) {
        let printed = Conf::parse(&row.text()).unwrap().to_text();
        let lines = tools.read(printed.expose()).unwrap_or_else(|| panic!("{} is refused", row.name));
        let again = Conf::parse(printed.expose()).unwrap().to_text();
        assert_eq!(tools.read(again.expose()), Some(lines), "{}", row.name);
    }
}

#[test]
fn we_read_what_the_tools_read_but_for_the_stated_reasons() {
    for row in ROWS {
        let reason = if let Outcome::Stricter(_, reason) = row.outcome { reason } else { "" };
        let read = matches!(row.outcome, Outcome::Read(_));
        assert_eq!(Conf::parse(&row.text()).is_ok(), read, "{}: {reason}", row.name);
    }
}

#[test]
fn whatever_we_read_the_tools_read_alike() {
    let tools = Tools::new();
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let file = proptest::collection::vec(line(), 0..8).prop_map(|lines| lines.join("\n"));
    let outcome = runner.run(&file, |text| {
        if let Ok(conf) = Conf::parse(&text) {
            let read = tools.read(&text).as_deref().map(canonical);
            prop_assert!(read.is_some());
            prop_assert_eq!(tools.read(conf.to_text().expose()).as_deref().map(canonical), read);
        }
        Ok(())
    });
    outcome.unwrap();
}

/// A line that is often right. Hosts are addresses, so that nothing is looked up.
fn line() -> impl Strategy<Value = String> {
    const KEY: &str = "V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=";
    let number = || prop_oneof!["[0-9]{1,6}", "0x[0-9a-fA-F]{1,9}", "[oO]ff", "[-+]?[0-9 ]{0,4}"];
    let address = || prop_oneof!["[0-9]{1,3}(\\.[0-9]{1,2}){3}", "fd00:[0-9a-f:]{0,8}", "[0-9a-f:.]{0,9}"];
    let prefix = move || (address(), "(/[0-9]{1,3})?[ ,]{0,2}").prop_map(|(address, len)| address + &len);
    let prefixes = move || proptest::collection::vec(prefix(), 1..3).prop_map(|list| list.concat());
    prop_oneof![
        3 => "\\[(Interface|INTERFACE)\\][ \t\r]?(#x)?",
        3 => Just(format!("[Peer]\nPublicKey = {KEY}")),
        1 => "\\[ ?(Peer|Interface|Foo) ?\\]?",
        1 => Just("PrivateKey = AAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB0c=".to_owned()),
        1 => Just(format!("presharedkey\t={KEY} # key")),
        1 => "[ \t\x0b]*#?[ \t]*",
        2 => number().prop_map(|number| format!("ListenPort = {number}")),
        2 => number().prop_map(|number| format!("FwMark = {number}")),
        2 => number().prop_map(|number| format!("PersistentKeepalive = {number}")),
        3 => prefixes().prop_map(|list| format!("AllowedIPs = {list}")),
        3 => prefixes().prop_map(|list| format!("Address={list}")),
        2 => prefixes().prop_map(|list| format!("DNS = {list}")),
        1 => "Endpoint = [0-9]{1,3}(\\.[0-9]{1,2}){3}:[0-9]{1,5}",
        1 => "Endpoint = \\[[0-9a-f:]{2,6}\\]:[0-9]{1,5}",
        1 => "(MTU|Table|SaveConfig) ?= ?(true|FALSE|auto|off|main|[0-9]{0,5})",
        2 => "(Pre|post)(up|Down) ?= ?[a-z =\"'\\\\$#%&;*?~é]{0,12}",
        1 => "[A-Za-z =#]{0,6}",
    ]
}

/// The lines after what the kernel and `ip` make of them: host bits are cut off allowed IPs, an address without a
/// length is a host, and `auto` is the table that is meant anyway.
fn canonical(lines: &str) -> String {
    let lines = lines.lines().filter(|line| *line != "Table auto").map(|line| {
        if let Some((address, len)) = line.strip_prefix("allowed_ip=").and_then(|value| value.split_once('/'))
        {
            let cidr = Cidr::containing(address.parse().unwrap(), len.parse().unwrap()).unwrap();
            format!("allowed_ip={cidr}")
        } else if let Some(value) = line.strip_prefix("Address ") {
            let (address, len) =
                value.split_once('/').map_or((value, None), |(address, len)| (address, Some(len)));
            let address: IpAddr = address.parse().unwrap();
            let len = len.map_or(Cidr::host(address).prefix_len(), |len| len.parse().unwrap());
            format!("Address {address}/{len}")
        } else if let Some(server) = line.strip_prefix("DNS ") {
            format!("DNS {}", server.parse::<IpAddr>().unwrap())
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The tools, and an interface that notes what `wg` sets on it.
struct Tools {
    interface: String,
    socket: PathBuf,
    requests: Receiver<String>,
}

impl Tools {
    fn new() -> Self {
        let interface = unique("nxc");
        let directory = Path::new("/var/run/wireguard");
        fs::create_dir_all(directory).unwrap();
        let socket = directory.join(&interface).with_extension("sock");
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            listener.incoming().try_for_each(|stream| answer(&stream.unwrap(), &sender))
        });
        Tools { interface, socket, requests }
    }

    /// What the tools read, in the table's lines, or `None` when one of them refuses the file.
    fn read(&self, text: &str) -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(&self.interface).with_extension("conf");
        let stripped = directory.path().join("stripped");
        fs::write(&file, text).unwrap();
        let quick = succeeded(
            Command::new("bash")
                .current_dir(&directory)
                .args(["-c", WG_QUICK, "wg-quick"])
                .args([&file, &stripped]),
        )?;
        succeeded(
            Command::new("wg")
                .args(["setconf", &self.interface])
                .arg(&stripped)
                .env("WG_ENDPOINT_RESOLUTION_RETRIES", "0"),
        )?;
        let request = self.requests.recv_timeout(CEILING).unwrap();
        let quick = String::from_utf8(quick.stdout).unwrap();
        let lines = quick.lines().chain(request.lines()).filter(|line| !DEFAULTS.contains(line));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

fn succeeded(command: &mut Command) -> Option<Output> {
    Some(command.output().unwrap()).filter(|output| output.status.success())
}

/// Notes a request and grants it. `wg` also connects without one, to see whether the interface is there.
fn answer(mut stream: &UnixStream, requests: &Sender<String>) -> Option<()> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let request = lines.collect::<Vec<_>>().join("\n");
    if !request.is_empty() {
        requests.send(request).ok()?;
        stream.write_all(b"errno=0\n\n").ok()?;
    }
    Some(())
}
