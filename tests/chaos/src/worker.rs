//! A process that is killed: several tasks, each of which makes one call after the other.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;

use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::PrivateKey;
use nexa_core::{IdempotencyKey, Nexa};

use crate::journal::Journal;
use crate::op::{Made, Op};
use crate::random::Choices;

const TASKS: u64 = 3;

/// What a task may use up: it is this task's alone.
#[derive(Default)]
struct Owned {
    pool: String,
    ada: String,
    /// Operations that take something back, such as the release of an address.
    undoing: Vec<Op>,
    /// People who may be given a policy or be suspended.
    users: Vec<String>,
}

/// Works until it is killed. The first lines that it hears say what there is to work with.
pub(crate) async fn run(url: &str, journal: &Path, seed: u64) -> anyhow::Result<()> {
    let nexa = Nexa::open(url).await?;
    let journal = Arc::new(Journal::create(journal)?);
    let mut tasks = tokio::task::JoinSet::new();
    for (number, owned) in (0..).zip(heard()?) {
        let choices = Choices::seeded(seed.wrapping_add(number * 7_919));
        tasks.spawn(work(nexa.clone(), Arc::clone(&journal), owned, choices));
    }
    println!("working");
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// `pool <id>`, `ada <id>`, `user <id>`, `undo <operation>`, until an empty line; spread over the tasks.
fn heard() -> anyhow::Result<Vec<Owned>> {
    let mut all: Vec<_> = (0..TASKS).map(|_| Owned::default()).collect();
    let mut turn = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("pool", id)) => all.iter_mut().for_each(|owned| owned.pool = id.to_owned()),
            Some(("ada", id)) => all.iter_mut().for_each(|owned| owned.ada = id.to_owned()),
            Some(("user", id)) => all[turn].users.push(id.to_owned()),
            Some(("undo", op)) => all[turn].undoing.push(op.parse()?),
            _ => break,
        }
        turn = (turn + 1) % all.len();
    }
    Ok(all)
}

async fn work(
    nexa: Nexa,
    journal: Arc<Journal>,
    mut owned: Owned,
    mut choices: Choices,
) -> anyhow::Result<()> {
    loop {
        let op = choose(&mut owned, &mut choices)?;
        let key = IdempotencyKey::generate(&SystemRandom)?;
        journal.intend(&key, &op)?;
        match op.call(&nexa, &key).await {
            Ok(made) => {
                journal.acknowledge(&key, &made)?;
                keep(&mut owned, &op, &made);
            }
            // It may pass later, and is asked again by whoever reads the journal.
            Err(error) if error.is_retryable() => {}
            Err(error) => journal.fail(&key, error.kind(), &error.to_string())?,
        }
    }
}

fn choose(owned: &mut Owned, choices: &mut Choices) -> anyhow::Result<Op> {
    let name = format!("n{:016x}", choices.next());
    let undo = |owned: &mut Owned, choices: &mut Choices| {
        let count = owned.undoing.len() as u64;
        (count > 0).then(|| owned.undoing.swap_remove(usize::try_from(choices.below(count)).unwrap_or(0)))
    };
    Ok(match choices.below(100) {
        0..30 => Op::Claim { pool: owned.pool.clone() },
        30..70 => match undo(owned, choices) {
            Some(op) => op,
            None => Op::Claim { pool: owned.pool.clone() },
        },
        70..82 => {
            let public_key = PrivateKey::generate(&SystemRandom)?.public_key().to_string();
            Op::Enrol { name, public_key, user: owned.ada.clone() }
        }
        82..89 => Op::CreateUser { name },
        89..93 => match owned.users.pop() {
            Some(user) => Op::Suspend { user },
            None => Op::CreateUser { name },
        },
        93..99 => Op::CreatePolicy { name, user: owned.ada.clone() },
        _ => Op::Rotate,
    })
}

/// What was made can be taken back later.
fn keep(owned: &mut Owned, op: &Op, made: &Made) {
    if let Some(undo) = undoing(op, made) {
        owned.undoing.push(undo);
    } else if matches!(op, Op::CreateUser { .. }) {
        owned.users.push(made.id.clone());
    }
}

/// The operation that takes back what another made.
pub(crate) fn undoing(op: &Op, made: &Made) -> Option<Op> {
    match op {
        Op::Claim { .. } => {
            let generation = made.more.split(' ').next()?.parse().ok()?;
            Some(Op::Release { allocation: made.id.clone(), generation })
        }
        Op::Enrol { .. } => Some(Op::Revoke { device: made.id.clone() }),
        Op::CreatePolicy { .. } => Some(Op::RemovePolicy { policy: made.id.clone() }),
        _ => None,
    }
}
