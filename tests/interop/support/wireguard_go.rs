use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use nexa_core::wireguard::{PrivateKey, Profile, PublicKey};
use tempfile::TempDir;

use super::namespace::{Namespace, run, unique};
use super::program::Program;

/// The far side's UDP port, where it has to be known beforehand.
pub(crate) const PORT: u16 = 51_821;

/// Debian's wireguard-go in a namespace, set up with Debian's `wg`.
pub(crate) struct WireGuardGo<'a> {
    namespace: &'a Namespace,
    interface: String,
    folder: TempDir,
    program: Program,
}

impl<'a> WireGuardGo<'a> {
    pub(crate) fn start(namespace: &'a Namespace) -> Self {
        // Its control socket is one file for the whole machine, whatever the namespace.
        let interface = unique("wg");
        let mut command = namespace.command("wireguard-go");
        let mut program = Program::start(
            command.arg(&interface).envs([("LOG_LEVEL", "verbose"), ("WG_PROCESS_FOREGROUND", "1")]),
        );
        program.wait_for("UAPI listener started");
        WireGuardGo { namespace, interface, folder: tempfile::tempdir().unwrap(), program }
    }

    /// What `wg-quick up` does with a profile: `wg setconf` what `wg-quick strip` leaves of it, then the addresses, the
    /// MTU and the routes.
    pub(crate) fn bring_up(&self, profile: &Profile, key: &PrivateKey) {
        self.set_conf(profile, key);
        self.wg(&format!("set INTERFACE listen-port {PORT}"));
        for address in &profile.addresses {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            self.namespace.add_address(&self.interface, &format!("{address}/{bits}"));
        }
        let mtu = profile.mtu.unwrap_or(1420);
        self.namespace.ip(&format!("link set {} mtu {mtu} up", self.interface));
        for cidr in &profile.peer.allowed_ips {
            self.namespace.ip(&format!("route add {cidr} dev {}", self.interface));
        }
    }

    pub(crate) fn set_conf(&self, profile: &Profile, key: &PrivateKey) {
        self.try_set_conf(profile.render(Some(key)).unwrap().expose()).unwrap();
    }

    /// Gives `wg setconf` what `wg-quick strip` leaves of a text; what it complained about when it refused.
    pub(crate) fn try_set_conf(&self, text: &str) -> Result<(), String> {
        let file = self.write(&format!("{}.conf", self.interface), text);
        let stripped = self.write("stripped", &run(Command::new("wg-quick").arg("strip").arg(file)));
        let mut command = self.namespace.command("wg");
        let output = command.args(["setconf", &self.interface]).arg(stripped).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(complaint) }
    }

    /// Sends everything to the gateway, whatever the profile says, as a person might who wants more than is allowed.
    pub(crate) fn claim_everything(&self, gateway: &PublicKey, denied: &[IpAddr]) {
        self.wg(&format!("set INTERFACE peer {gateway} allowed-ips 0.0.0.0/0,::/0"));
        for address in denied {
            self.namespace.ip(&format!("route replace {address} dev {}", self.interface));
        }
    }

    /// `wg` with these arguments, with the interface's name for `INTERFACE`.
    pub(crate) fn wg(&self, arguments: &str) -> String {
        let arguments = arguments.replace("INTERFACE", &self.interface);
        run(self.namespace.command("wg").args(arguments.split_whitespace()))
    }

    /// The line that `wg show dump` has for its only peer: key, preshared key, endpoint, allowed IPs, time of the last
    /// handshake, bytes received, bytes sent, keepalive.
    pub(crate) fn peer(&self) -> Vec<String> {
        let dump = self.wg("show INTERFACE dump");
        let lines: Vec<_> = dump.lines().collect();
        assert_eq!(lines.len(), 2, "{dump}");
        lines[1].split('\t').map(str::to_owned).collect()
    }

    pub(crate) fn wait_for_log(&mut self, text: &str) {
        self.program.wait_for(text);
    }

    pub(crate) fn has_logged(&mut self, text: &str) -> bool {
        self.program.has_said(text)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

impl Drop for WireGuardGo<'_> {
    fn drop(&mut self) {
        // Killed by its `Program`, it leaves its control socket behind.
        let _ = fs::remove_file(format!("/var/run/wireguard/{}.sock", self.interface));
    }
}
