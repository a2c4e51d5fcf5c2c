//! Eight processes on one file.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;
use nexa_core::{ErrorKind, Handle, Nexa};

use crate::stored::Stored;
use crate::worker::{self, Worker};
use crate::{thoroughness, world};

const PROCESSES: usize = 8;

#[tokio::test]
async fn eight_processes_fill_one_pool_without_a_duplicate() {
    if let Some(file) = worker::asked() {
        return claim_until_exhausted(&file).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nexa.db");
    let mut workers = start("racing::eight_processes_fill_one_pool_without_a_duplicate", &file).await;
    for worker in &mut workers {
        worker.tell("go").await;
    }
    let mut claimed = Vec::new();
    for worker in workers {
        let mut said = worker.finish().await;
        assert_eq!(said.pop().as_deref(), Some("exhausted pool_id"));
        claimed.extend(said.into_iter().map(|line| line.parse::<IpAddr>().unwrap()));
    }
    let distinct: BTreeSet<_> = claimed.iter().copied().collect();
    assert_eq!(claimed.len(), distinct.len(), "an address was handed out twice");
    let pool: BTreeSet<_> = assignable().map(IpAddr::from).collect();
    assert_eq!(distinct, pool);
    Stored::open(&file).await.assert_sound().await;
}

async fn claim_until_exhausted(file: &Path) {
    worker::say("ready");
    assert_eq!(worker::hear().as_deref(), Some("go"));
    let nexa = Nexa::open(&world::url(file)).await.unwrap();
    let system = nexa.system("racing");
    let pool = shared_pool(&system).await;
    let refused = loop {
        match system.ipam().claim(pool).await {
            Ok(allocation) => worker::say(&allocation.value.to_string()),
            Err(refused) => break refused,
        }
    };
    worker::say(&format!("{} {}", refused.kind(), refused.field().unwrap_or_default()));
    nexa.close().await;
}

/// The pool that all processes claim from, created by whichever comes first.
async fn shared_pool(system: &Handle) -> nexa_core::id::PoolId {
    let cidr = format!("10.0.0.0/{}", prefix()).parse().unwrap();
    match system.ipam().create_pool(NewPool::new("shared", cidr)).await {
        Ok(pool) => pool.id,
        Err(taken) => {
            assert_eq!((taken.kind(), taken.field()), (ErrorKind::Conflict, Some("ranges")));
            system.ipam().list_pools(PageRequest::default()).await.unwrap().items[0].id
        }
    }
}

fn prefix() -> u32 {
    if thoroughness() > 1 { 20 } else { 23 }
}

/// Every address of the pool but network and broadcast.
fn assignable() -> impl Iterator<Item = [u8; 4]> {
    let first = u32::from_be_bytes([10, 0, 0, 0]);
    (1..(1 << (32 - prefix())) - 1).map(move |host: u32| (first + host).to_be_bytes())
}

#[tokio::test]
async fn eight_processes_open_one_new_file_and_one_gets_the_setup_token() {
    if let Some(folder) = worker::asked() {
        return open_what_is_asked(&folder).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let test = "racing::eight_processes_open_one_new_file_and_one_gets_the_setup_token";
    let mut workers = start(test, folder.path()).await;
    for round in 0..20 * thoroughness() {
        let name = format!("{round}.db");
        for worker in &mut workers {
            worker.tell(&name).await;
        }
        let mut tokens = 0;
        for worker in &mut workers {
            match worker.next().await.as_deref() {
                Some("opened with a setup token") => tokens += 1,
                said => assert_eq!(said, Some("opened"), "round {round}"),
            }
        }
        assert_eq!(tokens, 1, "round {round}");
        let mut stored = Stored::open(&folder.path().join(name)).await;
        assert_eq!(stored.number("SELECT count(*) FROM one_time_tokens").await, 1);
        assert_eq!(stored.number("SELECT count(*) FROM groups").await, 2);
        assert_eq!(stored.number("SELECT count(*) FROM roles").await, 3);
    }
    for worker in workers {
        assert!(worker.finish().await.is_empty());
    }
}

async fn open_what_is_asked(folder: &Path) {
    worker::say("ready");
    while let Some(name) = worker::hear() {
        let nexa = Nexa::open(&world::url(&folder.join(name))).await.unwrap();
        let token = nexa.take_setup_token();
        nexa.close().await;
        worker::say(if token.is_some() { "opened with a setup token" } else { "opened" });
    }
}

/// Workers that are all ready to begin.
async fn start(test: &str, file: &Path) -> Vec<Worker> {
    let mut workers: Vec<_> = (0..PROCESSES).map(|_| Worker::start(test, file)).collect();
    for worker in &mut workers {
        assert_eq!(worker.next().await.as_deref(), Some("ready"));
    }
    workers
}
