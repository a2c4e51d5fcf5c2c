//! A server that ends while it is used, and comes back.

use nexa_core::Nexa;
use nexa_core::id::PoolId;
use nexa_core::ipam::NewPool;

use crate::servers;
use crate::support::load::{Load, assert_all_there};
use crate::support::{Backend, Database, World};

const TASKS: usize = 8;
const ROUNDS: usize = 3;

async fn under_load() {
    let backend = Backend::current();
    let world = World::new().await;
    let pool = NewPool::new("shared", "10.0.0.0/16".parse().unwrap());
    let pool = world.system().ipam().create_pool(pool).await.unwrap().id;
    let beside = Nexa::open(&world.url()).await.unwrap();
    let planes =
        [&world.nexa, &beside].into_iter().flat_map(|nexa| std::iter::repeat_n(nexa.clone(), TASKS / 2));
    let load = Load::begin(planes, pool);
    for _ in 0..ROUNDS {
        load.more(40).await;
        servers::end(backend).await;
        servers::start(backend).await;
    }
    load.more(40).await;
    let acknowledged = load.end().await;
    assert!(acknowledged.len() >= 40 * (ROUNDS + 1));
    assert_all_there(&held(&world.database().await, pool).await, &acknowledged);
    let report = beside.system("test").audit().verify().await.unwrap();
    assert_eq!(report.problems, []);
    beside.close().await;
    world.nexa.close().await;
}

async fn held(database: &Database, pool: PoolId) -> Vec<(String, String)> {
    let sql = match Backend::current() {
        Backend::Mysql => format!(
            "SELECT CONCAT(LOWER(HEX(id)), ' ', HEX(address)) FROM ip_allocations WHERE live = 1 AND pool_id = x'{}'",
            pool.to_string().replace('-', "")
        ),
        _ => format!(
            "SELECT id::text || ' ' || encode(address, 'hex') FROM ip_allocations WHERE live = 1 AND pool_id = '{pool}'"
        ),
    };
    let split = |line: &String| {
        line.split_once(' ').map(|(id, address)| (id.to_owned(), address.to_owned())).unwrap()
    };
    database.column(sql).await.iter().map(split).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_ends_under_load_and_comes_back_has_lost_nothing_postgres() {
    crate::support::on(Backend::Postgres, Box::pin(under_load())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_ends_under_load_and_comes_back_has_lost_nothing_mysql() {
    crate::support::on(Backend::Mysql, Box::pin(under_load())).await;
}
