//! A Galera cluster of three MariaDB nodes on the loopback address, for `cargo xtask test --full`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::options::{Depth, Options};
use crate::process::{capture, command};
use crate::selection::workspace_and;
use crate::servers::{
    KEYS, Servers, as_nobody, free_port, fresh_folder, init_mariadb, own, script_of, spawn,
};
use crate::tally::Tally;
use crate::test::{api_on, cargo_test_with};

const NODES: usize = 3;
const PROVIDER: &str = "/usr/lib/galera/libgalera_smm.so";
/// How long a node may take until it is a part of the cluster.
const CEILING: Duration = Duration::from_secs(120);

/// Three nodes that run as long as the value lives.
struct Cluster {
    nodes: Vec<Node>,
    data: PathBuf,
}

struct Node {
    port: u16,
    server: Child,
    folder: PathBuf,
}

/// The ports of one node.
struct Ports {
    sql: u16,
    group: u16,
    state: u16,
    copy: u16,
}

/// The suite on the cluster, and what only a cluster can show.
pub(crate) fn stage(options: &Options) -> Result<Tally> {
    if options.depth != Depth::Full {
        return Err(Failure::new("this stage is part of the long form: add --full"));
    }
    let cluster = Cluster::start()?;
    let mut variables = cluster.variables();
    // The other databases are there for the tests that are expanded for them, and have been tested.
    let servers = Servers::start()?;
    variables.extend(servers.urls.iter().filter(|(name, _)| *name == "NEXA_TEST_POSTGRES").cloned());
    let mut tally = api_on(options, &variables, &["::mysql"])?;
    // The last of these kills a node. One after the other, because of that.
    let alone = workspace_and(&["--test", "galera", "--", "--test-threads=1", "--nocapture"]);
    tally += cargo_test_with(options, &alone, &variables, |_| {})?;
    Ok(tally)
}

impl Cluster {
    fn start() -> Result<Self> {
        let data = fresh_folder("galera")?;
        let ports = (0..NODES).map(|_| Ports::free()).collect::<Result<Vec<_>>>()?;
        let mut cluster = Cluster { nodes: Vec::new(), data };
        for (number, port) in ports.iter().enumerate() {
            let folder = cluster.data.join(format!("node{number}"));
            let node = start_node(number, port, &ports, &folder)?;
            cluster.nodes.push(node);
            wait_until_synced(port.sql, number + 1)?;
        }
        Ok(cluster)
    }

    /// What the tests know of it: a URL that names every node, and for each its port and its folder, where its process's
    /// number is and a script that starts it again.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let hosts: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        let each: Vec<_> =
            self.nodes.iter().map(|node| format!("{} {}", node.port, node.folder.display())).collect();
        vec![
            ("NEXA_TEST_MYSQL", format!("mysql://root@{}/mysql", hosts.join(","))),
            ("NEXA_TEST_GALERA", each.join("\n")),
            (KEYS.0, KEYS.1.to_owned()),
        ]
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            // What has ended already needs no ending.
            let _ = node.server.kill();
            let _ = node.server.wait();
        }
        if let Err(error) = fs::remove_dir_all(&self.data) {
            eprintln!("{} is left behind: {error}", self.data.display());
        }
    }
}

impl Ports {
    fn free() -> Result<Self> {
        Ok(Ports { sql: free_port()?, group: free_port()?, state: free_port()?, copy: free_port()? })
    }
}

/// The first one makes the cluster; the others join it and copy its data.
fn start_node(number: usize, ports: &Ports, all: &[Ports], folder: &Path) -> Result<Node> {
    let data = folder.join("data");
    fs::create_dir_all(&data)?;
    fs::create_dir_all(folder.join("tmp"))?;
    for path in [folder, &data, &folder.join("tmp")] {
        own(path)?;
    }
    let settings = folder.join("my.cnf");
    fs::write(&settings, configuration(number, ports, all, folder))?;
    let defaults = format!("--defaults-file={}", settings.display());
    let server = || -> Result<Command> {
        let mut server = as_nobody(Path::new("mariadbd"), folder)?;
        server.arg(&defaults);
        Ok(server)
    };
    script_of(&server()?, folder)?;
    let mut first = server()?;
    if number == 0 {
        init_mariadb(folder)?;
        first.arg("--wsrep-new-cluster");
    }
    Ok(Node { port: ports.sql, server: spawn(&mut first, folder)?, folder: folder.to_owned() })
}

fn configuration(number: usize, ports: &Ports, all: &[Ports], folder: &Path) -> String {
    let Ports { sql, group, state, copy } = ports;
    let members: Vec<_> = all.iter().map(|node| format!("127.0.0.1:{}", node.group)).collect();
    let at = |name: &str| folder.join(name).display().to_string();
    let provider = format!(
        "base_host=127.0.0.1;base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};\
         ist.recv_addr=127.0.0.1:{state};ist.recv_bind=127.0.0.1:{state};gcache.size=32M;gcache.recover=yes;\
         socket.ssl=no;evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.1S;evs.suspect_timeout=PT1S;\
         evs.inactive_timeout=PT3S;evs.install_timeout=PT1.5S"
    );
    [
        "[mysqld]".to_owned(),
        format!("datadir={}", at("data")),
        format!("tmpdir={}", at("tmp")),
        format!("socket={}", at("socket")),
        format!("pid-file={}", at("pid")),
        "bind-address=127.0.0.1".to_owned(),
        format!("port={sql}"),
        "skip-name-resolve".to_owned(),
        "max-connections=300".to_owned(),
        "binlog_format=ROW".to_owned(),
        "default_storage_engine=InnoDB".to_owned(),
        "innodb_autoinc_lock_mode=2".to_owned(),
        // What a cluster promises when all of its nodes are lost at once rests on this one.
        "innodb_flush_log_at_trx_commit=1".to_owned(),
        "innodb_buffer_pool_size=64M".to_owned(),
        "innodb_log_file_size=16M".to_owned(),
        "performance_schema=OFF".to_owned(),
        "wsrep_on=ON".to_owned(),
        format!("wsrep_provider={PROVIDER}"),
        "wsrep_cluster_name=nexa-test".to_owned(),
        format!("wsrep_cluster_address=gcomm://{}", members.join(",")),
        format!("wsrep_node_name=node{number}"),
        format!("wsrep_node_address=127.0.0.1:{group}"),
        format!("wsrep_node_incoming_address=127.0.0.1:{sql}"),
        format!("wsrep_provider_options=\"{provider}\""),
        "wsrep_sst_method=rsync".to_owned(),
        format!("wsrep_sst_receive_address=127.0.0.1:{copy}"),
        "wsrep_slave_threads=1".to_owned(),
        "wsrep_retry_autocommit=0".to_owned(),
        String::new(),
    ]
    .join("\n")
}

#[expect(clippy::disallowed_methods, reason = "a node that joins a cluster tells nobody when it has")]
fn wait_until_synced(port: u16, size: usize) -> Result {
    let end = Instant::now() + CEILING;
    let asked = "SELECT GROUP_CONCAT(variable_value ORDER BY variable_name) FROM information_schema.global_status \
                 WHERE variable_name IN ('WSREP_CLUSTER_SIZE', 'WSREP_LOCAL_STATE_COMMENT')";
    let expected = format!("{size},Synced");
    loop {
        let mut client = command("mariadb");
        client.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--user=root", "--batch"]);
        client.args(["--skip-column-names", &format!("--port={port}"), &format!("--execute={asked}")]);
        let said = capture(&mut client).unwrap_or_default();
        if said.trim() == expected {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(Failure::new(format!("a node is not part of the cluster: it says {said:?}")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
