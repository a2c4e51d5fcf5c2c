//! A Galera cluster of three nodes: many allocators on all of them, and a node that is killed and comes back.
//! `cargo xtask test --full --only galera` starts the cluster and says where it is.

#[path = "../support/load.rs"]
mod load;
#[path = "../support/server.rs"]
mod server;

use std::path::PathBuf;
use std::time::Duration;

use nexa_core::Nexa;
use nexa_core::id::PoolId;
use nexa_core::identity::NewGroup;
use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

use crate::load::{Acknowledged, Load, assert_all_there};

/// No event takes this long.
const CEILING: Duration = Duration::from_secs(180);
const TASKS: usize = 4;
const CLAIMS: usize = 300;

struct Node {
    port: u16,
    folder: PathBuf,
}

impl Node {
    async fn kill(&self) {
        server::end("-KILL", &self.folder.join("pid")).await;
    }

    fn start(&self) {
        server::start(&self.folder.join("start"));
    }
}

fn nodes() -> Vec<Node> {
    let text = std::env::var("NEXA_TEST_GALERA")
        .expect("`cargo xtask test --full --only galera` starts the cluster");
    let node = |line: &str| {
        let (port, folder) = line.split_once(' ').unwrap();
        Node { port: port.parse().unwrap(), folder: folder.into() }
    };
    text.lines().map(node).collect()
}

/// A URL that asks this node first.
fn url(nodes: &[Node], first: usize, database: &str) -> String {
    let hosts: Vec<_> = (0..nodes.len())
        .map(|turn| format!("127.0.0.1:{}", nodes[(first + turn) % nodes.len()].port))
        .collect();
    format!("mysql://root@{}/{database}", hosts.join(","))
}

async fn connect(node: &Node, database: &str) -> Result<MySqlConnection, sqlx::Error> {
    MySqlConnection::connect(&format!("mysql://root@127.0.0.1:{}/{database}", node.port)).await
}

async fn create_database(nodes: &[Node], name: &str) {
    let mut connection = connect(&nodes[0], "mysql").await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    // Every node has it before anybody is sent to one.
    for node in nodes {
        let mut connection = connect(node, "mysql").await.unwrap();
        sqlx::raw_sql("SET SESSION wsrep_sync_wait = 1").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("USE {name}"))).execute(&mut connection).await.unwrap();
    }
}

/// What is held in a pool, as this node has it.
async fn held(node: &Node, database: &str, pool: PoolId) -> Vec<(String, String)> {
    let mut connection = connect(node, database).await.unwrap();
    sqlx::raw_sql("SET SESSION wsrep_sync_wait = 1").execute(&mut connection).await.unwrap();
    let sql = format!(
        "SELECT LOWER(HEX(id)), HEX(address) FROM ip_allocations WHERE live = 1 AND pool_id = x'{}' ORDER BY id",
        pool.to_string().replace('-', "")
    );
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap()
}

/// The same on every node, each address once, and nothing that was acknowledged is missing or was not asked for.
async fn assert_one_truth(nodes: &[Node], database: &str, pool: PoolId, acknowledged: &Acknowledged) {
    let first = held(&nodes[0], database, pool).await;
    for node in &nodes[1..] {
        assert_eq!(held(node, database, pool).await, first, "node {} has another truth", node.port);
    }
    assert_all_there(&first, acknowledged);
    println!("{} addresses, each once, on {} nodes alike", first.len(), nodes.len());
}

async fn open(nodes: &[Node], first: usize, database: &str) -> Nexa {
    Nexa::open(&url(nodes, first, database)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn allocators_on_every_node_hand_out_each_address_once() {
    let pool = NewPool::new("shared", "10.0.0.0/22".parse().unwrap());
    allocators_on_every_node("galera_allocators", pool).await;
}

/// The free ranges that claims lock are locked on one node only: what collides is refused at the commit and begun again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn allocators_do_so_too_where_claims_go_on_beside_each_other() {
    let pool = NewPool::new("shared", "10.0.0.0/22".parse().unwrap()).parallel();
    allocators_on_every_node("galera_beside", pool).await;
}

async fn allocators_on_every_node(database: &str, pool: NewPool) {
    let nodes = nodes();
    create_database(&nodes, database).await;
    let mut planes = Vec::new();
    for first in 0..nodes.len() {
        planes.push(open(&nodes, first, database).await);
    }
    let pool = planes[0].system("galera").ipam().create_pool(pool).await.unwrap().id;
    // What one node has acknowledged is there on the others at once.
    for plane in &planes {
        let pools = plane.system("galera").ipam().list_pools(PageRequest::default()).await.unwrap();
        assert!(pools.items.iter().any(|known| known.id == pool));
    }
    let load = Load::begin(planes.iter().flat_map(|plane| std::iter::repeat_n(plane.clone(), TASKS)), pool);
    load.more(CLAIMS).await;
    let acknowledged = load.end().await;
    assert!(acknowledged.len() >= CLAIMS);
    assert_one_truth(&nodes, database, pool, &acknowledged).await;
    assert_eq!(planes[0].system("galera").ipam().verify().await.unwrap(), vec![]);
    for plane in planes {
        plane.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_loss_of_a_node_that_comes_back_loses_nothing_else() {
    let nodes = nodes();
    let database = "galera_killed";
    create_database(&nodes, database).await;
    let plane = open(&nodes, 0, database).await;
    let pool = NewPool::new("shared", "10.0.0.0/16".parse().unwrap());
    let pool = plane.system("galera").ipam().create_pool(pool).await.unwrap().id;
    let mut planes = Vec::new();
    for first in 0..nodes.len() {
        // Each asks another node first; the last one's is about to be killed.
        planes.push(open(&nodes, first, database).await);
    }
    let load = Load::begin(planes.iter().cloned(), pool);
    load.more(30).await;
    let victim = nodes.last().unwrap();
    victim.kill().await;
    // Those that are left go on without it, and it comes back while they do.
    load.more(30).await;
    victim.start();
    synced(victim, nodes.len()).await;
    load.more(30).await;
    let acknowledged = load.end().await;
    assert_one_truth(&nodes, database, pool, &acknowledged).await;
    for plane in planes.into_iter().chain([plane]) {
        plane.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_loss_of_the_majority_stops_everybody_and_loses_nothing() {
    let nodes = nodes();
    let database = "galera_majority";
    create_database(&nodes, database).await;
    let plane = open(&nodes, 0, database).await;
    let pool = NewPool::new("shared", "10.0.0.0/16".parse().unwrap());
    let pool = plane.system("galera").ipam().create_pool(pool).await.unwrap().id;
    let load = Load::begin([plane.clone(), plane.clone()], pool);
    load.more(30).await;
    for victim in &nodes[1..] {
        victim.kill().await;
    }
    // What is left cannot know that it is not the smaller part of a cluster that goes on elsewhere.
    let mut number = 0;
    let refused = loop {
        number += 1;
        // Until the node has noticed, it goes on.
        if let Err(refused) =
            plane.system("galera").identity().create_group(NewGroup::new(format!("g{number}"))).await
        {
            break refused;
        }
    };
    assert!(refused.is_retryable(), "{refused:?}");
    println!("without a majority it is refused as {}", refused.code());
    for victim in &nodes[1..] {
        victim.start();
    }
    for node in &nodes {
        synced(node, nodes.len()).await;
    }
    load.more(30).await;
    let acknowledged = load.end().await;
    assert_one_truth(&nodes, database, pool, &acknowledged).await;
    plane.close().await;
}

/// Waits until a node is a part of the whole cluster again.
async fn synced(node: &Node, size: usize) {
    let status = "SELECT GROUP_CONCAT(variable_value ORDER BY variable_name) FROM information_schema.global_status \
                  WHERE variable_name IN ('WSREP_CLUSTER_SIZE', 'WSREP_LOCAL_STATE_COMMENT')";
    let joined = async {
        loop {
            if let Ok(mut connection) = connect(node, "mysql").await
                && let Ok(said) = sqlx::query_scalar::<_, String>(status).fetch_one(&mut connection).await
                && said == format!("{size},Synced")
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CEILING, joined).await.expect("the node does not come back");
}
