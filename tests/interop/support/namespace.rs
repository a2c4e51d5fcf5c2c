use std::fs::{self, File};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace of this test's own. Dropping it removes it with every interface in it.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    pub(crate) fn new(role: &str) -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _held = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let namespace = Namespace { name: unique(&format!("nexa-{role}-")) };
        run(Command::new("ip").args(["netns", "add", &namespace.name]));
        namespace.ip("link set lo up");
        namespace
    }

    /// Two interfaces, named `to` each other's role, that are the ends of one cable.
    pub(crate) fn connect(&self, interface: &str, other: &Namespace, others_interface: &str) {
        run(Command::new("ip").args(["link", "add", interface, "netns", &self.name, "type", "veth"]).args([
            "peer",
            "name",
            others_interface,
            "netns",
            &other.name,
        ]));
        self.ip(&format!("link set {interface} up"));
        other.ip(&format!("link set {others_interface} up"));
    }

    pub(crate) fn add_address(&self, interface: &str, address: &str) {
        let family = if address.contains(':') { "nodad" } else { "" };
        self.ip(&format!("addr add {address} dev {interface} {family}"));
    }

    /// Lets the kernel forward between this namespace's interfaces.
    pub(crate) fn forward(&self) {
        self.switch_on("ipv4/ip_forward");
        self.switch_on("ipv6/conf/all/forwarding");
    }

    /// Sets one of the namespace's own sysctls, below `net`, to 1.
    pub(crate) fn switch_on(&self, sysctl: &str) {
        self.enter(|| fs::write(format!("/proc/sys/net/{sysctl}"), "1").unwrap());
    }

    /// `ip` with these arguments, in the namespace; what it printed.
    pub(crate) fn ip(&self, arguments: &str) -> String {
        run(Command::new("ip").args(["-n", &self.name]).args(arguments.split_whitespace()))
    }

    /// A program to be run in the namespace.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Runs this on a thread in the namespace. Sockets opened there stay in it, and so do threads.
    pub(crate) fn enter<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let file = File::open(format!("/run/netns/{}", self.name)).unwrap();
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                act()
            });
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Whether a ping is answered within a second.
    pub(crate) fn reaches(&self, to: IpAddr) -> bool {
        let status = self.command("ping").args(["-n", "-q", "-c1", "-W1"]).arg(to.to_string()).output();
        status.unwrap().status.success()
    }

    pub(crate) fn ping(&self, to: IpAddr) {
        run(self.command("ping").args(["-n", "-c1", "-w20"]).arg(to.to_string()));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing is left to be told when it fails.
        let _ = Command::new("ip").args(["netns", "del", &self.name]).output();
    }
}

/// A name that no other test, and no other run, has.
pub(crate) fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (process, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!("{prefix}{process}-{next}")
}

/// Runs to the end and gives what was printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.into_owned()
}
