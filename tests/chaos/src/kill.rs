//! Round after round: processes work, are killed, and what they left is settled and looked at.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use nexa_core::gateway::NewGateway;
use nexa_core::id::PoolId;
use nexa_core::identity::NewUser;
use nexa_core::ipam::NewPool;
use nexa_core::runtime::SystemRandom;
use nexa_core::wireguard::PrivateKey;
use nexa_core::{IdempotencyKey, Nexa};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::journal::{self, Entry, Outcome};
use crate::model::{Found, Things};
use crate::op::{Made, Op, POOL};
use crate::random::Choices;
use crate::worker::undoing;

/// How often a call that may pass later is made again before that is a failure of its own.
const PATIENCE: u32 = 50;
/// Every so many rounds a file is looked through from one end to the other.
const LOOKED_THROUGH: u64 = 25;

struct Chaos<'a> {
    database: &'a Database,
    journals: tempfile::TempDir,
    choices: Choices,
    found: Found,
    pool: PoolId,
    ada: String,
    expected: Things,
    undoing: Vec<Op>,
}

pub(crate) async fn run(database: &Database, rounds: u64, seed: u64) -> anyhow::Result<Found> {
    let nexa = Nexa::open(database.url()).await?;
    let system = nexa.system("chaos");
    let ada = system.identity().create_first_user(NewUser::without_password("ada")).await?.id.to_string();
    let key = PrivateKey::generate(&SystemRandom)?.public_key();
    let gateway =
        NewGateway::new("hq", "vpn.example.org:51820".parse()?, key).vpn_cidr("10.66.0.0/16".parse()?);
    system.gateways().create(gateway.vpn_cidr("fd66::/64".parse()?)).await?;
    let pool = system.ipam().create_pool(NewPool::new(POOL, "10.99.0.0/16".parse()?)).await?.id;
    nexa.close().await;
    let mut chaos = Chaos {
        database,
        journals: tempfile::tempdir()?,
        choices: Choices::seeded(seed),
        found: Found::default(),
        pool,
        ada,
        expected: Things::default(),
        undoing: Vec::new(),
    };
    for round in 0..rounds {
        chaos.round(round).await.with_context(|| format!("round {round} of seed {seed}"))?;
    }
    Ok(chaos.found)
}

impl Chaos<'_> {
    async fn round(&mut self, round: u64) -> anyhow::Result<()> {
        let workers = 1 + self.choices.below(4);
        let journals: Vec<_> =
            (0..workers).map(|worker| self.journals.path().join(format!("{round}-{worker}"))).collect();
        self.work_and_kill(&journals).await?;
        let nexa = Nexa::open(self.database.url()).await.context("the database does not open any more")?;
        for journal in &journals {
            for entry in journal::read(journal)? {
                self.settle(&nexa, entry).await?;
            }
            std::fs::remove_file(journal)?;
        }
        let there = Things::read(&nexa, self.pool).await?;
        self.expected.compare(&there, &mut self.found);
        // What was found once is not to be found again.
        self.expected = there;
        let usage = nexa.system("chaos").ipam().usage(self.pool).await?;
        if usage.allocated + usage.free != usage.assignable {
            println!("leaked: {usage:?}");
            self.found.leaked += 1;
        }
        nexa.close().await;
        if round.is_multiple_of(LOOKED_THROUGH)
            && let Some(damage) = self.database.damage().await?
        {
            println!("damaged: {damage}");
            self.found.wrong += 1;
        }
        Ok(())
    }

    async fn work_and_kill(&mut self, journals: &[PathBuf]) -> anyhow::Result<()> {
        let given = self.given(journals.len());
        let mut children = Vec::new();
        for (journal, given) in journals.iter().zip(&given) {
            children.push(start(self.database.url(), journal, self.choices.next(), given).await?);
        }
        for child in &mut children {
            until_it_works(child).await?;
        }
        let pause = Duration::from_micros(1_000 + self.choices.below(75_000));
        #[expect(clippy::disallowed_methods, reason = "a kill comes at no event")]
        tokio::time::sleep(pause).await;
        for child in &mut children {
            child.start_kill()?;
        }
        for child in &mut children {
            child.wait().await?;
            self.found.kills += 1;
        }
        Ok(())
    }

    /// What each process has to work with; nothing is given to two.
    fn given(&mut self, workers: usize) -> Vec<String> {
        let common = format!("pool {}\nada {}\n", self.pool, self.ada);
        let mut given = vec![common; workers];
        let users = self.expected.active_users().map(|id| format!("user {id}\n"));
        let undoing = std::mem::take(&mut self.undoing);
        // Those that are not taken back in this round are there in the next, by what the journals say.
        for (turn, line) in users.chain(undoing.iter().map(|op| format!("undo {op}\n"))).enumerate() {
            given[turn % workers].push_str(&line);
        }
        self.undoing = undoing;
        given
    }

    /// Counts a call that was answered, and makes one again that was not, until it is known what became of it.
    async fn settle(&mut self, nexa: &Nexa, entry: Entry) -> anyhow::Result<()> {
        let key: IdempotencyKey = entry.key.parse()?;
        match entry.outcome {
            Outcome::Done(made) => {
                self.found.acked += 1;
                self.did(&entry.op, &made);
                // Some of them are asked again: done once, and answered alike.
                if self.choices.below(8) == 0 && entry.op.call(nexa, &key).await? != made {
                    println!("duplicate: {} was answered in another way", entry.op);
                    self.found.duplicates += 1;
                }
            }
            Outcome::Failed(why) => {
                println!("wrong: {} failed: {why}", entry.op);
                self.found.wrong += 1;
            }
            Outcome::Open => match again(nexa, &entry.op, &key).await {
                Ok(made) => self.did(&entry.op, &made),
                Err(error) => {
                    println!("wrong: {} failed when it was made again: {error}", entry.op);
                    self.found.wrong += 1;
                }
            },
        }
        Ok(())
    }

    fn did(&mut self, op: &Op, made: &Made) {
        self.expected.did(op, made);
        self.undoing.retain(|known| known != op);
        self.undoing.extend(undoing(op, made));
    }
}

async fn again(nexa: &Nexa, op: &Op, key: &IdempotencyKey) -> nexa_core::Result<Made> {
    let mut turns = 0;
    loop {
        match op.call(nexa, key).await {
            Err(error) if error.is_retryable() && turns < PATIENCE => turns += 1,
            outcome => return outcome,
        }
    }
}

async fn start(url: &str, journal: &Path, seed: u64, given: &str) -> anyhow::Result<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("work")
        .arg(url)
        .arg(journal)
        .arg(seed.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take().context("it hears nothing")?;
    input.write_all(format!("{given}\n").as_bytes()).await?;
    Ok(child)
}

async fn until_it_works(child: &mut Child) -> anyhow::Result<()> {
    let output = child.stdout.take().context("it says nothing")?;
    let mut lines = BufReader::new(output).lines();
    let said = lines.next_line().await?.context("a process ended by itself")?;
    anyhow::ensure!(said == "working", "a process says {said:?}");
    Ok(())
}
