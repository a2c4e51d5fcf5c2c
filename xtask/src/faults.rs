//! Servers that the tests may break: each on a small disk of its own, with a certificate of an authority of our own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::failure::Result;
use crate::options::Options;
use crate::process::{command, run};
use crate::selection::workspace_and;
use crate::servers::{
    Durability, KEYS, NOBODY, free_port, fresh_folder, init_mariadb, init_postgres, mariadb_server,
    mariadb_url, option, own, postgres_server, postgres_url, script_of, spawn, wait_until_it_listens,
};
use crate::tally::Tally;
use crate::test::cargo_test_with;
use crate::tools::needs_root;

/// Room for what a new server has, and for some megabytes of ours.
const DISK: &str = "size=400M";
/// Everybody comes from the same address; who is `guarded` comes with a password and over TLS alone.
const ADMITTED: &str = "host all nexa 127.0.0.1/32 trust\nhostssl all guarded 127.0.0.1/32 scram-sha-256\n";

/// A server that runs as long as the value lives, unless a test ended it and started it anew.
struct Fragile {
    disk: PathBuf,
    server: Child,
}

pub(crate) fn stage(options: &Options) -> Result<Tally> {
    needs_root("give each server a small disk of its own")?;
    let certificates = Certificates::make()?;
    let (postgres, mysql) = (disk("postgres")?, disk("mysql")?);
    let (postgres_port, mysql_port) = (free_port()?, free_port()?);
    let commands = [
        start_postgres(&postgres, postgres_port, &certificates)?,
        start_mariadb(&mysql, mysql_port, &certificates)?,
    ];
    let mut running = Vec::new();
    for (mut command, disk) in commands.into_iter().zip([&postgres, &mysql]) {
        running.push(Fragile { disk: disk.clone(), server: spawn(&mut command, disk)? });
    }
    wait_until_it_listens("PostgreSQL", postgres_port)?;
    wait_until_it_listens("MariaDB", mysql_port)?;
    let variables = [
        ("NEXA_TEST_POSTGRES", postgres_url(postgres_port)),
        ("NEXA_TEST_MYSQL", mariadb_url(mysql_port)),
        ("NEXA_TEST_POSTGRES_DISK", postgres.display().to_string()),
        ("NEXA_TEST_MYSQL_DISK", mysql.display().to_string()),
        ("NEXA_TEST_CERTIFICATES", certificates.folder.display().to_string()),
        (KEYS.0, KEYS.1.to_owned()),
    ];
    // One after the other: a test that ends a server would take it from the others.
    let alone = workspace_and(&["--test", "faults", "--", "--test-threads=1"]);
    cargo_test_with(options, &alone, &variables, |_| {})
}

impl Drop for Fragile {
    fn drop(&mut self) {
        // What a test has ended already needs no ending, and what it started ended with it.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let unmounted = run(command("umount").arg("--lazy").arg(&self.disk));
        let removed = unmounted.and_then(|()| Ok(fs::remove_dir_all(&self.disk)?));
        if let Err(error) = removed {
            eprintln!("{} is left behind: {error}", self.disk.display());
        }
    }
}

/// A small disk in memory.
fn disk(name: &str) -> Result<PathBuf> {
    let folder = fresh_folder(&format!("faults_{name}"))?;
    run(command("mount").args(["-t", "tmpfs", "-o", DISK, "nexa-faults"]).arg(&folder))?;
    own(&folder)?;
    Ok(folder)
}

fn start_postgres(disk: &Path, port: u16, certificates: &Certificates) -> Result<Command> {
    init_postgres(disk)?;
    fs::write(disk.join("data").join("pg_hba.conf"), ADMITTED)?;
    // What was acknowledged must be there after a crash, which takes no part of the disk's cache along.
    let mut server = postgres_server(disk, port, Durability::Kept)?;
    let (certificate, key) = certificates.of_server();
    for (name, path) in [("ssl_cert_file", certificate), ("ssl_key_file", key)] {
        server.args(["-c", &format!("{name}={}", path.display())]);
    }
    server.args(["-c", "ssl=on"]);
    script_of(&server, disk)?;
    Ok(server)
}

fn start_mariadb(disk: &Path, port: u16, certificates: &Certificates) -> Result<Command> {
    init_mariadb(disk)?;
    let mut server = mariadb_server(disk, port, Durability::Kept)?;
    let (certificate, key) = certificates.of_server();
    server.arg(option("--ssl-cert=", &certificate)).arg(option("--ssl-key=", &key));
    script_of(&server, disk)?;
    Ok(server)
}

/// An authority, a server's certificate of it, and an authority that signed nothing here.
struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    fn make() -> Result<Self> {
        let certificates = Certificates { folder: fresh_folder("faults_certificates")? };
        for (authority, name) in [("ca", "/CN=Nexa's tests"), ("stranger", "/CN=Somebody else")] {
            certificates.openssl(&[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                name,
                "-keyout",
                &format!("{authority}.key"),
                "-out",
                &format!("{authority}.pem"),
            ])?;
        }
        certificates.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=database",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
        ])?;
        certificates.openssl(&[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-copy_extensions",
            "copy",
            "-out",
            "server.pem",
        ])?;
        let (_, key) = certificates.of_server();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        chown(&key, Some(NOBODY), Some(NOBODY))?;
        Ok(certificates)
    }

    fn of_server(&self) -> (PathBuf, PathBuf) {
        (self.folder.join("server.pem"), self.folder.join("server.key"))
    }

    fn openssl(&self, arguments: &[&str]) -> Result {
        run(command("openssl").args(arguments).current_dir(&self.folder).stderr(Stdio::null()))
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} is left behind: {error}", self.folder.display());
        }
    }
}
