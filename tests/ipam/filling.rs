//! Eight processes of eight tasks each fill one pool to the last address.

use std::collections::BTreeSet;
use std::path::Path;

use nexa_core::id::PoolId;
use nexa_core::ipam::{NewPool, Strategy};
use nexa_core::{Error, ErrorKind, Nexa};

use crate::support::{Place, empty};
use crate::worker::{self, Worker};

const PROCESSES: usize = 8;
const TASKS: usize = 8;

/// A /16 with `--full`.
fn prefix() -> u8 {
    if std::env::var_os("NEXA_TEST_FULL").is_some() { 16 } else { 22 }
}

#[nexa_test_macros::every_database]
async fn eight_processes_of_eight_tasks_fill_a_pool_exactly() {
    fill("filling::eight_processes_of_eight_tasks_fill_a_pool_exactly", false).await;
}

#[nexa_test_macros::every_database]
async fn they_do_so_too_where_claims_go_on_beside_each_other() {
    fill("filling::they_do_so_too_where_claims_go_on_beside_each_other", true).await;
}

async fn fill(test: &str, is_parallel: bool) {
    if let Some(asked) = worker::asked() {
        return Box::pin(claim_until_exhausted(&asked)).await;
    }
    let place = Place::new().await;
    let nexa = Nexa::open(place.url()).await.unwrap();
    let ipam = nexa.system("test").ipam();
    let new = NewPool::new("shared", format!("10.0.0.0/{}", prefix()).parse().unwrap());
    let pool = ipam.create_pool(if is_parallel { new.parallel() } else { new }).await.unwrap().id;
    let backend = format!("{:?}", place.backend()).to_lowercase();
    let test = format!("{test}::{backend}");
    let mut workers: Vec<_> =
        (0..PROCESSES).map(|_| Worker::start(&test, Path::new(&format!("{pool} {}", place.url())))).collect();
    for worker in &mut workers {
        assert_eq!(worker.next().await.as_deref(), Some("ready"));
    }
    for worker in &mut workers {
        worker.tell("go").await;
    }
    // All are heard at once: whoever is not would wait while it speaks, with what its tasks have locked.
    let mut finishing = tokio::task::JoinSet::new();
    for worker in workers {
        finishing.spawn(worker.finish());
    }
    let (mut claimed, mut repeats) = (Vec::new(), 0);
    for mut said in finishing.join_all().await {
        let last = said.pop().unwrap();
        repeats += last.strip_prefix("repeats ").unwrap().parse::<u64>().unwrap();
        claimed.extend(said);
    }
    let size = (1_usize << (32 - prefix())) - 2;
    assert_eq!(
        claimed.iter().collect::<BTreeSet<_>>().len(),
        claimed.len(),
        "an address was handed out twice"
    );
    assert_eq!(claimed.len(), size);
    let usage = ipam.usage(pool).await.unwrap();
    assert_eq!((usage.allocated, usage.free), (size as u128, 0));
    assert_eq!(ipam.verify().await.unwrap(), vec![]);
    let wasted = repeats as f64 / size as f64;
    println!("{backend}: {wasted:.3} wasted tries per success");
    assert!(wasted <= 0.2, "{wasted} wasted tries per success");
}

async fn claim_until_exhausted(asked: &Path) {
    let (pool, url) = asked.to_str().unwrap().split_once(' ').unwrap();
    let (pool, nexa): (PoolId, _) = (pool.parse().unwrap(), Nexa::open(url).await.unwrap());
    worker::say("ready");
    assert_eq!(worker::hear().as_deref(), Some("go"));
    let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(task(nexa.system("filling").ipam(), pool))).collect();
    for task in tasks {
        let refused = task.await.unwrap();
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::Exhausted, Some("pool_id")), "{refused:?}");
        assert_eq!((refused.details()["free"].as_str(), refused.is_retryable()), ("0", false));
    }
    worker::say(&format!("repeats {}", nexa.repeats()));
    nexa.close().await;
}

async fn task(ipam: nexa_core::ipam::Ipam, pool: PoolId) -> Error {
    loop {
        match ipam.claim(pool).await {
            Ok(claimed) => worker::say(&claimed.value.to_string()),
            Err(refused) => return refused,
        }
    }
}

#[nexa_test_macros::every_database]
async fn the_last_free_address_of_a_pool_is_found_by_every_strategy() {
    let (_place, nexa, _clock) = empty().await;
    let ipam = nexa.system("test").ipam();
    for (nth, strategy) in Strategy::ALL.into_iter().enumerate() {
        let new = NewPool::new(format!("{strategy:?}"), format!("10.{nth}.0.0/20").parse().unwrap());
        let pool = ipam.create_pool(new.strategy(strategy)).await.unwrap().id;
        let claimed = ipam.claim_many(pool, 4_094).await.unwrap();
        let one = &claimed[2_345];
        ipam.release(one.id, one.generation).await.unwrap();
        assert_eq!(ipam.claim(pool).await.unwrap().value, one.value, "{strategy:?}");
        assert_eq!(ipam.claim(pool).await.unwrap_err().kind(), ErrorKind::Exhausted);
    }
}
