//! A Galera cluster of three nodes: many allocators on all of them, and a node that is killed and comes back.
//! `cargo xtask test --full --only galera` starts the cluster and says where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nexa_core::id::PoolId;
use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;
use nexa_core::runtime::SystemRandom;
use nexa_core::{IdempotencyKey, Nexa, RequestContext};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

/// No event takes this long.
const CEILING: Duration = Duration::from_secs(180);
const TASKS: usize = 4;

struct Node {
    port: u16,
    process: String,
    script: String,
}

fn nodes() -> Vec<Node> {
    let text = std::env::var("NEXA_TEST_GALERA")
        .expect("`cargo xtask test --full --only galera` starts the cluster");
    let node = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let mut word = || words.next().unwrap();
        Node { port: word().parse().unwrap(), process: word(), script: word() }
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
async fn assert_one_truth(
    nodes: &[Node],
    database: &str,
    pool: PoolId,
    acknowledged: &BTreeMap<String, IpAddr>,
) {
    let first = held(&nodes[0], database, pool).await;
    for node in &nodes[1..] {
        assert_eq!(held(node, database, pool).await, first, "node {} has another truth", node.port);
    }
    let addresses: BTreeSet<_> = first.iter().map(|(_, address)| address).collect();
    assert_eq!(addresses.len(), first.len(), "an address has two holders");
    let there: BTreeSet<_> = first.iter().map(|(id, _)| id.clone()).collect();
    let acked: BTreeSet<_> = acknowledged.keys().map(|id| id.replace('-', "")).collect();
    assert_eq!(acked.difference(&there).count(), 0, "acknowledged and lost");
    assert_eq!(there.difference(&acked).count(), 0, "there, and nobody knows of it");
    println!("{} addresses, each once, on {} nodes alike", first.len(), nodes.len());
}

/// Claims one address under a key, however often it takes.
async fn claim(nexa: &Nexa, pool: PoolId, repeated: &AtomicUsize) -> (String, IpAddr) {
    let key = IdempotencyKey::generate(&SystemRandom).unwrap();
    loop {
        let context = RequestContext::default().idempotency_key(key.clone());
        match nexa.system("galera").with(context).ipam().claim(pool).await {
            Ok(claimed) => return (claimed.id.to_string(), claimed.address),
            Err(error) if error.is_retryable() => {
                repeated.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn open(nodes: &[Node], first: usize, database: &str) -> Nexa {
    Nexa::open(&url(nodes, first, database)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn allocators_on_every_node_hand_out_each_address_once() {
    let nodes = nodes();
    let database = "galera_allocators";
    create_database(&nodes, database).await;
    let mut planes = Vec::new();
    for first in 0..nodes.len() {
        planes.push(open(&nodes, first, database).await);
    }
    let pool = NewPool::new("shared", "10.0.0.0/22".parse().unwrap());
    let pool = planes[0].system("galera").ipam().create_pool(pool).await.unwrap().id;
    // What one node has acknowledged is there on the others at once.
    for plane in &planes {
        let pools = plane.system("galera").ipam().list_pools(PageRequest::default()).await.unwrap();
        assert!(pools.items.iter().any(|known| known.id == pool));
    }
    let repeated = Arc::new(AtomicUsize::new(0));
    let mut working = tokio::task::JoinSet::new();
    for plane in planes.iter().flat_map(|plane| std::iter::repeat_n(plane, TASKS)) {
        let (plane, repeated) = (plane.clone(), Arc::clone(&repeated));
        working.spawn(async move {
            let mut claimed = Vec::new();
            for _ in 0..25 {
                claimed.push(claim(&plane, pool, &repeated).await);
            }
            claimed
        });
    }
    let acknowledged: BTreeMap<_, _> = working.join_all().await.into_iter().flatten().collect();
    assert_eq!(acknowledged.len(), nodes.len() * TASKS * 25);
    println!("{} calls had to be made again by their callers", repeated.load(Ordering::SeqCst));
    assert_one_truth(&nodes, database, pool, &acknowledged).await;
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
    let (over, repeated) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let done = Arc::new(AtomicUsize::new(0));
    let mut working = tokio::task::JoinSet::new();
    for first in 0..nodes.len() {
        // Each asks another node first; the last one's is about to be killed.
        let plane = open(&nodes, first, database).await;
        let (over, repeated, done) = (Arc::clone(&over), Arc::clone(&repeated), Arc::clone(&done));
        working.spawn(async move {
            let mut claimed = Vec::new();
            while !over.load(Ordering::SeqCst) {
                claimed.push(claim(&plane, pool, &repeated).await);
                done.fetch_add(1, Ordering::SeqCst);
            }
            plane.close().await;
            claimed
        });
    }
    more(&done, 30).await;
    let victim = nodes.last().unwrap();
    let killed = tokio::process::Command::new("kill").args(["-9", &victim.process]).status().await.unwrap();
    assert!(killed.success());
    // Those that are left go on without it, and it comes back while they do.
    more(&done, 30).await;
    let mut again = tokio::process::Command::new("sh")
        .arg(&victim.script)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    synced(victim, nodes.len()).await;
    more(&done, 30).await;
    over.store(true, Ordering::SeqCst);
    let acknowledged: BTreeMap<_, _> = working.join_all().await.into_iter().flatten().collect();
    println!("{} calls had to be made again by their callers", repeated.load(Ordering::SeqCst));
    assert_one_truth(&nodes, database, pool, &acknowledged).await;
    plane.close().await;
    again.kill().await.unwrap();
}

/// Waits until so many more were done.
async fn more(done: &AtomicUsize, count: usize) {
    let from = done.load(Ordering::SeqCst);
    let enough = async {
        while done.load(Ordering::SeqCst) < from + count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CEILING, enough).await.expect("the cluster serves nobody");
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
