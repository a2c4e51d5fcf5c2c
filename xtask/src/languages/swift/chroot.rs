//! A Debian trixie in the cache: made once, and entered so that nothing of it stays mounted.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::languages::prepared;
use crate::process::{cache, capture, command, run};
use crate::tools::needs_root;

/// The first Debian release with a Swift compiler.
const SUITE: &str = "trixie";
/// The compiler, and the C and C++ libraries that it links against without depending on their packages.
const PACKAGES: &[&str] = &["swiftlang", "swiftlang-dev", "libc6-dev", "libstdc++-14-dev"];

/// Its programs ask /proc where they are. The mount lives as long as the program does.
const ENTER: &str = r#"
root=$1 directory=$2
shift 2
mount -t proc proc "$root/proc"
exec chroot "$root" /usr/bin/env --chdir="$directory" "$@"
"#;

/// Where the Debian is.
pub(super) fn folder() -> Result<PathBuf> {
    Ok(cache()?.join("swift").join(SUITE))
}

pub(super) fn prepare() -> Result {
    needs_root("make a Debian for Swift and to enter it")?;
    let folder = folder()?;
    prepared::once(&folder, &format!("{SUITE} {}", PACKAGES.join(" ")), || {
        bootstrap()?;
        fs::copy("/etc/resolv.conf", folder.join("etc/resolv.conf"))?;
        fs::write(folder.join("etc/apt/apt.conf.d/90machine"), network_settings(&apt_settings()?))?;
        run(&mut apt(&["update", "--quiet"])?)?;
        let install = ["install", "--quiet", "--yes", "--no-install-recommends"];
        run(&mut apt(&[&install, PACKAGES].concat())?)?;
        run(&mut apt(&["clean"])?)
    })
}

/// A program inside, started in `directory`.
pub(super) fn inside(directory: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = unshared();
    command.args(["sh", "-eu", "-c", ENTER, "sh"]).arg(folder()?).arg(directory).args(arguments);
    command.env_clear().envs([
        ("HOME", "/root"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("DEBIAN_FRONTEND", "noninteractive"),
    ]);
    Ok(command)
}

/// A program that sees its own mounts, which end with it.
fn unshared() -> Command {
    let mut command = command("unshare");
    command.args(["--mount", "--"]);
    command
}

fn apt(arguments: &[&str]) -> Result<Command> {
    let mut apt = inside("/", &[&["apt-get"], arguments].concat())?;
    apt.stdout(std::process::Stdio::null());
    Ok(apt)
}

fn bootstrap() -> Result {
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    let mut debootstrap = unshared();
    debootstrap.args(["debootstrap", "--variant=minbase", "--force-check-gpg", SUITE]).arg(&folder);
    debootstrap.arg(mirror()?).stdout(std::process::Stdio::null());
    if let Some(proxy) = proxy(&apt_settings()?) {
        debootstrap.env("http_proxy", proxy);
    }
    run(&mut debootstrap)
}

/// Where this machine has its own packages from. What it does not know before an update, it knows after.
fn mirror() -> Result<String> {
    let without_sources = |why: &str| {
        Failure::new(format!(
            "Swift's Debian is made from the sources of this machine's apt, which must name a site of Debian: {why}"
        ))
    };
    let known = index_targets().map_err(|failure| without_sources(&failure.to_string()))?;
    if let Some(mirror) = debian_site(&known) {
        return Ok(mirror);
    }
    run(command("apt-get").args(["update", "--quiet"]).stdout(std::process::Stdio::null()))?;
    debian_site(&index_targets()?).ok_or_else(|| {
        without_sources("`apt-get indextargets` has no line of the origin Debian with the component main")
    })
}

fn index_targets() -> Result<String> {
    let format = "$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)";
    capture(command("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]))
}

/// Of lines such as `Debian http://site/debian bookworm main`, the first of a release itself, which is where others are
/// too; its updates and security fixes may be elsewhere.
fn debian_site(targets: &str) -> Option<String> {
    targets.lines().find_map(|line| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["Debian", site, release, "main"] if !release.contains('-') => Some(String::from(*site)),
        _ => None,
    })
}

fn apt_settings() -> Result<String> {
    capture(command("apt-config").arg("dump"))
}

/// How this machine's apt reaches its mirror, of what `apt-config dump` prints.
fn network_settings(settings: &str) -> String {
    const PREFIXES: &[&str] =
        &["Acquire::http::", "Acquire::https::", "Acquire::Check-", "Acquire::Retries "];
    let ours = settings.lines().filter(|line| PREFIXES.iter().any(|prefix| line.starts_with(prefix)));
    ours.map(|line| format!("{line}\n")).collect()
}

fn proxy(settings: &str) -> Option<&str> {
    let value = settings.lines().find_map(|line| line.strip_prefix("Acquire::http::Proxy \""))?;
    value.strip_suffix("\";").filter(|proxy| !proxy.is_empty() && *proxy != "DIRECT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_site_of_a_debian_release_itself() {
        let targets = "Node http://node.example/deb nodistro main
Debian http://security.example/debian-security bookworm-security main
Debian http://mirror.example/debian bookworm-updates main
Debian http://mirror.example/debian bookworm main
";
        assert_eq!(debian_site(targets).as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(debian_site("Node http://node.example/deb nodistro main\n"), None);
    }

    const SETTINGS: &str = r#"APT::Architecture "amd64";
Acquire::Check-Valid-Until "false";
Acquire::CompressionTypes::gz "gzip";
Acquire::http::Proxy "http://proxy.example:3142";
"#;

    #[test]
    fn only_what_concerns_the_network_is_taken_along() {
        let taken = network_settings(SETTINGS);
        assert_eq!(
            taken,
            "Acquire::Check-Valid-Until \"false\";\nAcquire::http::Proxy \"http://proxy.example:3142\";\n"
        );
    }

    #[test]
    fn a_proxy_is_one_that_is_named() {
        assert_eq!(proxy(SETTINGS), Some("http://proxy.example:3142"));
        assert_eq!(proxy("Acquire::http::Proxy \"DIRECT\";\n"), None);
        assert_eq!(proxy(""), None);
    }
}
