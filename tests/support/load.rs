//! Tasks that claim addresses, each under a key of its own and however often it takes, and what became of what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nexa_core::id::PoolId;
use nexa_core::runtime::SystemRandom;
use nexa_core::{IdempotencyKey, Nexa, RequestContext};
use tokio::task::JoinSet;

/// No event takes this long.
const CEILING: Duration = Duration::from_secs(180);

/// Ids of what was claimed, and the addresses.
pub(crate) type Acknowledged = BTreeMap<String, IpAddr>;

/// What the tasks share.
#[derive(Default)]
struct State {
    over: AtomicBool,
    done: AtomicUsize,
    repeated: AtomicUsize,
}

pub(crate) struct Load {
    state: Arc<State>,
    working: JoinSet<Vec<(String, IpAddr)>>,
}

impl Load {
    /// One task for each plane.
    pub(crate) fn begin(planes: impl IntoIterator<Item = Nexa>, pool: PoolId) -> Self {
        let state = Arc::new(State::default());
        let mut working = JoinSet::new();
        for plane in planes {
            let state = Arc::clone(&state);
            working.spawn(async move {
                let mut claimed = Vec::new();
                while !state.over.load(Ordering::SeqCst) {
                    claimed.push(state.claim(&plane, pool).await);
                }
                claimed
            });
        }
        Load { state, working }
    }

    /// Waits until so many more were claimed.
    pub(crate) async fn more(&self, count: usize) {
        let done = &self.state.done;
        let from = done.load(Ordering::SeqCst);
        let enough = async {
            while done.load(Ordering::SeqCst) < from + count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(CEILING, enough).await.expect("nobody is served");
    }

    /// Lets every task finish what it is at.
    pub(crate) async fn end(self) -> Acknowledged {
        self.state.over.store(true, Ordering::SeqCst);
        let all = self.working.join_all().await.into_iter().flatten().collect();
        let repeated = self.state.repeated.load(Ordering::SeqCst);
        println!("{repeated} calls had to be made again by their callers");
        all
    }
}

impl State {
    async fn claim(&self, nexa: &Nexa, pool: PoolId) -> (String, IpAddr) {
        let key = IdempotencyKey::generate(&SystemRandom).unwrap();
        loop {
            let context = RequestContext::default().idempotency_key(key.clone());
            match nexa.system("load").with(context).ipam().claim(pool).await {
                Ok(claimed) => {
                    self.done.fetch_add(1, Ordering::SeqCst);
                    return (claimed.id.to_string(), claimed.address().unwrap());
                }
                Err(error) if error.is_retryable() => {
                    self.repeated.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

/// What the database has is what was acknowledged, and each address once. `held` are ids and addresses, each as the database
/// writes it.
pub(crate) fn assert_all_there(held: &[(String, String)], acknowledged: &Acknowledged) {
    let addresses: BTreeSet<_> = held.iter().map(|(_, address)| address).collect();
    assert_eq!(addresses.len(), held.len(), "an address has two holders");
    let there: BTreeSet<_> = held.iter().map(|(id, _)| id.replace('-', "")).collect();
    let acked: BTreeSet<_> = acknowledged.keys().map(|id| id.replace('-', "")).collect();
    assert_eq!(acked.difference(&there).count(), 0, "acknowledged and lost");
    assert_eq!(there.difference(&acked).count(), 0, "there, and nobody knows of it");
}
