//! Processes that are killed.

use std::collections::BTreeMap;
use std::path::Path;

use nexa_core::id::PoolId;
use nexa_core::ipam::NewPool;
use nexa_core::page::PageRequest;
use nexa_core::{Handle, Nexa};

use crate::stored::Stored;
use crate::worker::{self, Worker};
use crate::{thoroughness, world};

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    if let Some(file) = worker::asked() {
        return claim_and_release_for_ever(&file).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nexa.db");
    let nexa = Nexa::open(&world::url(&file)).await.unwrap();
    let new = NewPool::new("shared", "10.0.0.0/16".parse().unwrap());
    let pool = nexa.system("killing").ipam().create_pool(new).await.unwrap().id;
    nexa.close().await;
    let mut acknowledged = Acknowledged::default();
    for round in 0..30 * thoroughness() {
        for line in killed_after(&file, 1 + round * 7 % 23).await {
            acknowledged.add(&line);
        }
        Stored::open(&file).await.assert_sound().await;
        let nexa = Nexa::open(&world::url(&file)).await.unwrap();
        acknowledged.assert_kept(&live(&nexa.system("killing"), pool).await);
        nexa.close().await;
    }
}

/// What two processes said before both were killed, the first of them after its `lines`th line.
async fn killed_after(file: &Path, lines: usize) -> Vec<String> {
    let test = "killing::nothing_acknowledged_is_lost_when_processes_are_killed";
    let (mut first, second) = (Worker::start(test, file), Worker::start(test, file));
    let mut said = Vec::new();
    while said.len() < lines {
        said.push(first.next().await.expect("a worker ended by itself"));
    }
    said.extend(first.kill().await);
    said.extend(second.kill().await);
    said
}

/// Claims addresses and gives every third one back, and says so when it is acknowledged.
async fn claim_and_release_for_ever(file: &Path) {
    let nexa = Nexa::open(&world::url(file)).await.unwrap();
    let system = nexa.system("killing");
    let pool = system.ipam().list_pools(PageRequest::default()).await.unwrap().items[0].id;
    for turn in 1_u64.. {
        let claimed = system.ipam().claim(pool).await.unwrap();
        worker::say(&format!("claimed {} {}", claimed.id, claimed.value));
        if turn % 3 == 0 {
            worker::say(&format!("releasing {}", claimed.id));
            system.ipam().release(claimed.id, claimed.generation).await.unwrap();
            worker::say(&format!("released {}", claimed.id));
        }
    }
}

/// Live allocations by id, with their addresses.
type Live = BTreeMap<String, String>;

async fn live(system: &Handle, pool: PoolId) -> Live {
    let mut request = PageRequest::first(1_000);
    let mut live = Live::new();
    loop {
        let page = system.ipam().list_allocations(pool, request.clone()).await.unwrap();
        live.extend(page.items.iter().map(|held| (held.id.to_string(), held.value.to_string())));
        match page.next {
            Some(next) => request = request.after(next),
            None => return live,
        }
    }
}

/// What processes were told before they died.
#[derive(Default)]
struct Acknowledged {
    claimed: Live,
    /// Asked for; killed before the answer, it may have happened or not.
    releasing: BTreeMap<String, Release>,
}

#[derive(PartialEq, Eq)]
enum Release {
    Asked,
    Done,
}

impl Acknowledged {
    fn add(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["claimed", id, address] => {
                self.claimed.insert(id.to_owned(), address.to_owned());
            }
            ["releasing", id] => {
                self.releasing.insert(id.to_owned(), Release::Asked);
            }
            ["released", id] => {
                self.releasing.insert(id.to_owned(), Release::Done);
            }
            _ => panic!("what is {line:?}?"),
        }
    }

    fn assert_kept(&self, live: &Live) {
        for (id, address) in &self.claimed {
            match (self.releasing.get(id), live.get(id)) {
                (None, held) => assert_eq!(held, Some(address), "the claim of {id} was lost"),
                (Some(Release::Asked), held) => assert!(held.is_none_or(|held| held == address)),
                (Some(Release::Done), held) => assert_eq!(held, None, "the release of {id} was lost"),
            }
        }
    }
}
