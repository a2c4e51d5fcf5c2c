//! PostgreSQL and MariaDB for the tests: those that are already there, or ones of our own on private ports of the loopback
//! address, with fresh data, which end with the stage that started them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::process::{cache, command, run};
use crate::tools::{MARIADB, POSTGRES, is_root};

/// Where PostgreSQL's programs are; Debian leaves them out of the path.
pub(crate) const POSTGRES_PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// The user and the group that own nothing: PostgreSQL refuses to run as root.
pub(crate) const NOBODY: u32 = 65_534;
/// The keys that databases on a server are opened with, of nothing but the tests' own.
pub(crate) const KEYS: (&str, &str) = ("NEXA_KEYS", "tests:bmV4YSB0ZXN0cyBvbmx5LCBub3QgYSBzZWNyZXQgLi4=");
/// How long a server may take to answer.
const CEILING: Duration = Duration::from_secs(60);

/// Servers that run as long as the value lives.
#[derive(Default)]
pub(crate) struct Servers {
    /// Variables for the tests, with the servers' URLs.
    pub(crate) urls: Vec<(&'static str, String)>,
    running: Vec<Running>,
}

/// Whether a server writes to the disk before it acknowledges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Kept,
    Skipped,
}

struct Running {
    server: Child,
    data: PathBuf,
}

impl Servers {
    /// Takes what the environment names, and starts the rest, for tests: what is tested is not that the machine's disk keeps its
    /// word.
    pub(crate) fn start() -> Result<Self> {
        Self::start_as(Durability::Skipped)
    }

    pub(crate) fn start_as(durability: Durability) -> Result<Self> {
        let mut servers = Servers::default();
        if env::var_os(KEYS.0).is_none() {
            servers.urls.push((KEYS.0, KEYS.1.to_owned()));
        }
        servers.provide("NEXA_TEST_POSTGRES", |data, port| postgres(data, port, durability))?;
        servers.provide("NEXA_TEST_MYSQL", |data, port| mariadb(data, port, durability))?;
        Ok(servers)
    }

    /// That of a database.
    pub(crate) fn url_of(&self, database: &str) -> Option<&str> {
        let variable = format!("NEXA_TEST_{}", database.to_ascii_uppercase());
        self.urls.iter().find(|(name, _)| *name == variable).map(|(_, url)| url.as_str())
    }

    fn provide(
        &mut self,
        variable: &'static str,
        start: impl Fn(&Path, u16) -> Result<(Child, String)>,
    ) -> Result {
        if let Ok(url) = env::var(variable) {
            self.urls.push((variable, url));
            return Ok(());
        }
        let data = fresh_folder(variable)?;
        let port = free_port()?;
        let (server, url) = start(&data, port)?;
        self.running.push(Running { server, data });
        wait_until_it_listens(variable, port)?;
        self.urls.push((variable, url));
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended already needs no ending.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if let Err(error) = fs::remove_dir_all(&self.data) {
            eprintln!("{} is left behind: {error}", self.data.display());
        }
    }
}

/// A folder for one run, which whoever the server runs as owns: in the cache, or where root's own cache is closed to
/// others beside the system's.
pub(crate) fn fresh_folder(name: &str) -> Result<PathBuf> {
    let base = if is_root()? { PathBuf::from("/var/cache/nexa") } else { cache()?.join("servers") };
    remove_what_was_left(&base)?;
    let folder = base.join(format!("{}-{}", name.to_lowercase(), std::process::id()));
    fs::create_dir_all(&folder)?;
    own(&folder)?;
    Ok(folder)
}

/// Gives a folder to whoever the servers run as.
pub(crate) fn own(folder: &Path) -> Result {
    if is_root()? {
        chown(folder, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}

/// Folders of runs that were killed: each ends with the number of a process, which is no more.
fn remove_what_was_left(base: &Path) -> Result {
    let Ok(entries) = fs::read_dir(base) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let run = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.rsplit_once('-'));
        let Some((_, process)) = run else { continue };
        if process.bytes().all(|b| b.is_ascii_digit()) && !Path::new("/proc").join(process).exists() {
            // What is no mount needs no unmounting.
            let _ = command("umount").arg(&path).stderr(Stdio::null()).status();
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

/// One that is free at this moment.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn postgres(data: &Path, port: u16, durability: Durability) -> Result<(Child, String)> {
    init_postgres(data)?;
    let server = spawn(&mut postgres_server(data, port, durability)?, data)?;
    Ok((server, postgres_url(port)))
}

pub(crate) fn postgres_url(port: u16) -> String {
    format!("postgres://nexa@127.0.0.1:{port}/postgres")
}

/// Makes PostgreSQL's data below the folder.
pub(crate) fn init_postgres(data: &Path) -> Result {
    POSTGRES.ensure()?;
    let mut init = postgres_program("initdb", data)?;
    init.args(["--username=nexa", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
    run(init.arg(data.join("data")).stdout(Stdio::null()))
}

pub(crate) fn postgres_server(data: &Path, port: u16, durability: Durability) -> Result<Command> {
    let mut server = postgres_program("postgres", data)?;
    server.arg("-D").arg(data.join("data")).args(["-p", &port.to_string()]);
    for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"] {
        server.args(["-c", setting]);
    }
    if durability == Durability::Skipped {
        for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
            server.args(["-c", setting]);
        }
    }
    Ok(server)
}

fn postgres_program(name: &str, data: &Path) -> Result<Command> {
    as_nobody(&Path::new(POSTGRES_PROGRAMS).join(name), data)
}

fn mariadb(data: &Path, port: u16, durability: Durability) -> Result<(Child, String)> {
    init_mariadb(data)?;
    let server = spawn(&mut mariadb_server(data, port, durability)?, data)?;
    Ok((server, mariadb_url(port)))
}

pub(crate) fn mariadb_url(port: u16) -> String {
    format!("mysql://root@127.0.0.1:{port}/mysql")
}

/// Makes MariaDB's data below the folder.
pub(crate) fn init_mariadb(data: &Path) -> Result {
    MARIADB.ensure()?;
    let mut init = as_nobody(Path::new("mariadb-install-db"), data)?;
    init.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    run(init.arg(option("--datadir=", &data.join("data"))).stdout(Stdio::null()))
}

pub(crate) fn mariadb_server(data: &Path, port: u16, durability: Durability) -> Result<Command> {
    let mut server = as_nobody(Path::new("mariadbd"), data)?;
    server.arg("--no-defaults").arg(option("--datadir=", &data.join("data")));
    server.arg(option("--socket=", &data.join("socket"))).arg(option("--pid-file=", &data.join("pid")));
    server.args([
        "--bind-address=127.0.0.1",
        &format!("--port={port}"),
        "--skip-log-bin",
        "--max-connections=300",
        &format!("--innodb-flush-log-at-trx-commit={}", u8::from(durability == Durability::Kept)),
        "--innodb-buffer-pool-size=128M",
    ]);
    Ok(server)
}

pub(crate) fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

/// The kernel ends it when this program ends, in whatever way.
pub(crate) fn as_nobody(program: &Path, folder: &Path) -> Result<Command> {
    let mut wrapped = command("setpriv");
    wrapped.args(["--pdeathsig", "QUIT"]);
    if is_root()? {
        let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        wrapped.args([&user, &group, "--clear-groups"]);
    }
    wrapped.arg(program).current_dir(folder).env("HOME", folder).env("TMPDIR", folder);
    Ok(wrapped)
}

/// In a process group of its own, so that a terminal's interrupt ends it only with us.
pub(crate) fn spawn(server: &mut Command, data: &Path) -> Result<Child> {
    let log = fs::File::create(data.join("log"))?;
    server.stdout(log.try_clone()?).stderr(log).process_group(0);
    server.spawn().map_err(|error| Failure::new(format!("the server did not start: {error}")))
}

/// Writes a script that does what the command would, and says where it is.
pub(crate) fn script_of(command: &Command, folder: &Path) -> Result<PathBuf> {
    let quoted = |word: &OsStr| format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"));
    let words: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).map(quoted).collect();
    let at = command.get_current_dir().map(|folder| quoted(folder.as_os_str())).unwrap_or_default();
    let script = folder.join("start");
    fs::write(&script, format!("cd {at}\nexport HOME=$PWD TMPDIR=$PWD\nexec {}\n", words.join(" ")))?;
    Ok(script)
}

#[expect(clippy::disallowed_methods, reason = "a server that starts tells nobody when it is ready")]
pub(crate) fn wait_until_it_listens(name: &str, port: u16) -> Result {
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if began.elapsed() > CEILING {
            return Err(Failure::new(format!("{name}: the server does not listen on port {port}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
