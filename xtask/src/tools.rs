//! The programs that stages need: how to see that one is there, and how to get it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::process::{bare_cargo, cache, capture, command, run};

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    source: Source,
}

enum Source {
    /// A component of the Rust toolchain that adds the cargo subcommand `name`.
    Component { package: &'static str },
    /// A binary of a crate at exactly this version, kept in the cache.
    Crate { version: &'static str },
    /// A program of the system's packages, there when it takes these arguments.
    Apt { package: &'static str, probe: &'static [&'static str] },
    /// A file of the system's packages that no program stands for.
    AptFile { package: &'static str, path: &'static str },
    /// A program that the machine must have, for the system's packages may be too old.
    Machine { what: &'static str, probe: &'static [&'static str] },
}

pub(crate) static FMT: Tool = Tool { name: "fmt", source: Source::Component { package: "rustfmt" } };
pub(crate) static CLIPPY: Tool = Tool { name: "clippy", source: Source::Component { package: "clippy" } };
pub(crate) static CARGO_DENY: Tool = Tool { name: "cargo-deny", source: Source::Crate { version: "0.20.2" } };
pub(crate) static DEBOOTSTRAP: Tool = apt("debootstrap", "debootstrap", &["--version"]);
pub(crate) static GIT: Tool = apt("git", "git", &["--version"]);
pub(crate) static IP: Tool = apt("ip", "iproute2", &["-V"]);
pub(crate) static JAVAC: Tool = apt("javac", "default-jdk-headless", &["-version"]);
pub(crate) static JNA: Tool = apt_file("jna", "libjna-java", "/usr/share/java/jna.jar");
pub(crate) static JUNIT: Tool = apt_file("junit", "junit4", "/usr/share/java/junit4.jar");
/// JUnit's own dependency, which comes with its package.
pub(crate) static HAMCREST: Tool =
    apt_file("hamcrest", "libhamcrest-java", "/usr/share/java/hamcrest-core.jar");
const NODE_PROBE: &str = "const [major, minor] = process.versions.node.split('.').map(Number)
const npm = require('node:child_process').spawnSync('npm', ['--version'])
process.exit((major > 20 || (major === 20 && minor >= 11)) && npm.status === 0 ? 0 : 1)";
pub(crate) static NODE: Tool = Tool {
    name: "node",
    source: Source::Machine { what: "Node.js 20.11 or newer, with npm", probe: &["--eval", NODE_PROBE] },
};
pub(crate) static OPENSSL: Tool = apt("openssl", "openssl", &["version"]);
pub(crate) static MOUNT: Tool = apt("mount", "mount", &["--version"]);
pub(crate) static PING: Tool = apt("ping", "iputils-ping", &["-V"]);
/// Debian keeps the module that makes environments in a package of its own.
pub(crate) static POSTGRES: Tool =
    apt_file("postgres", "postgresql-15", "/usr/lib/postgresql/15/bin/postgres");
pub(crate) static MARIADB: Tool = apt("mariadbd", "mariadb-server", &["--version"]);
pub(crate) static GALERA_LIBRARY: Tool = apt_file("galera", "galera-4", "/usr/lib/galera/libgalera_smm.so");
pub(crate) static RSYNC: Tool = apt("rsync", "rsync", &["--version"]);
pub(crate) static PYTHON: Tool = apt(
    "python3",
    "python3-venv",
    &["-c", "import ensurepip, sys, venv; assert sys.version_info >= (3, 10)"],
);
pub(crate) static SETPRIV: Tool = apt("setpriv", "util-linux", &["--version"]);
pub(crate) static UNSHARE: Tool = apt("unshare", "util-linux", &["--version"]);
pub(crate) static WG: Tool = apt("wg", "wireguard-tools", &["--version"]);
pub(crate) static WIREGUARD_GO: Tool = apt("wireguard-go", "wireguard-go", &["--version"]);

const fn apt(name: &'static str, package: &'static str, probe: &'static [&'static str]) -> Tool {
    Tool { name, source: Source::Apt { package, probe } }
}

const fn apt_file(name: &'static str, package: &'static str, path: &'static str) -> Tool {
    Tool { name, source: Source::AptFile { package, path } }
}

impl Tool {
    /// Installs the tool unless it is there; a tool that cannot be had is a failure, never a skipped stage.
    pub(crate) fn ensure(&self) -> Result {
        if self.is_there() {
            return Ok(());
        }
        println!("installing {}", self.name);
        self.install().map_err(|failure| Failure::new(format!("{} is missing: {failure}", self.name)))?;
        if self.is_there() {
            return Ok(());
        }
        Err(Failure::new(format!("{} is still missing after it was installed", self.name)))
    }

    /// The program with no argument yet.
    pub(crate) fn command(&self) -> Result<Command> {
        Ok(match self.source {
            Source::Component { .. } => bare_cargo(&[self.name]),
            Source::Crate { .. } => command(installed(self.name)?),
            Source::Apt { .. } | Source::Machine { .. } => command(self.name),
            Source::AptFile { path, .. } => {
                return Err(Failure::new(format!("{path} is a file and no program")));
            }
        })
    }

    /// Where the file is that this tool is; a program is found by its name.
    pub(crate) fn path(&self) -> &'static Path {
        match self.source {
            Source::AptFile { path, .. } => Path::new(path),
            _ => Path::new(self.name),
        }
    }

    fn is_there(&self) -> bool {
        let probe = match self.source {
            Source::AptFile { path, .. } => return Path::new(path).is_file(),
            Source::Apt { probe, .. } | Source::Machine { probe, .. } => probe,
            Source::Component { .. } | Source::Crate { .. } => &["--version"],
        };
        let version = self.command().and_then(|mut command| capture(command.args(probe)));
        match (&self.source, version) {
            (Source::Crate { version: pinned }, Ok(text)) => {
                text.split_whitespace().any(|word| word == *pinned)
            }
            (_, version) => version.is_ok(),
        }
    }

    fn install(&self) -> Result {
        match self.source {
            Source::Component { package } => run(command("rustup").args(["component", "add", package]))
                .map_err(|failure| advice(&format!("the toolchain's component `{package}`"), &failure)),
            Source::Crate { version } => install_crate(self.name, version),
            Source::Apt { package, .. } | Source::AptFile { package, .. } => install_package(package),
            Source::Machine { what, .. } => Err(Failure::new(format!("install {what}"))),
        }
    }
}

fn installed(program: &str) -> Result<PathBuf> {
    Ok(cache()?.join("tools").join("bin").join(program))
}

/// A development build: an optimised one takes several times longer to compile than it will ever save.
fn install_crate(name: &str, version: &str) -> Result {
    let tools = cache()?.join("tools");
    let target = tools.join("target");
    let mut install =
        bare_cargo(&["install", "--locked", "--debug", "--quiet", name, "--version", version, "--root"]);
    install.arg(&tools).env("CARGO_TARGET_DIR", &target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    run(&mut install)?;
    Ok(std::fs::remove_dir_all(target)?)
}

fn install_package(package: &str) -> Result {
    let what = format!("the system package `{package}`");
    if !is_root()? {
        return Err(Failure::new(format!("install {what}, or run as root")));
    }
    for arguments in
        [&["update", "--quiet"][..], &["install", "--quiet", "--yes", "--no-install-recommends", package]]
    {
        let mut apt = command("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        run(&mut apt).map_err(|failure| advice(&what, &failure))?;
    }
    Ok(())
}

/// Refuses anyone but root, who alone can do `what`.
pub(crate) fn needs_root(what: &str) -> Result {
    if is_root()? { Ok(()) } else { Err(Failure::new(format!("needs root, to {what}; run it with sudo"))) }
}

pub(crate) fn is_root() -> Result<bool> {
    Ok(capture(command("id").arg("-u"))?.trim() == "0")
}

fn advice(what: &str, failure: &Failure) -> Failure {
    Failure::new(format!("install {what} ({failure})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_of_another_version_counts_as_missing() {
        let other = Tool { name: CARGO_DENY.name, source: Source::Crate { version: "0.0.0" } };
        assert!(!other.is_there());
    }

    #[test]
    fn a_program_that_is_not_installed_is_not_there() {
        let absent = apt("nexa-no-such-program", "none", &["--version"]);
        assert!(!absent.is_there());
    }
}
