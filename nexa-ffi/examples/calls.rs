//! What calls cost in Rust itself, which the languages' costs are compared with: one line of JSON, in nanoseconds.
//!
//! `cargo run --release -p nexa-ffi --features json --example calls`

#![allow(clippy::print_stdout, reason = "a command-line program speaks by printing")]

use std::hint::black_box;
use std::time::Instant;

use nexa_core::Nexa;
use nexa_core::identity::NewUser;
use nexa_core::page::PageRequest;
use nexa_ffi::{Result, nexa, runtime};

const PEOPLE: u32 = 1000;
const BATCHES: usize = 15;

#[tokio::main]
async fn main() -> Result<()> {
    let core = Nexa::open("sqlite::memory:").await?;
    let identity = core.system("calls").identity();
    let first = identity.create_first_user(NewUser::without_password("user0")).await?;
    for number in 1..PEOPLE {
        identity.create_user(NewUser::without_password(format!("user{number}"))).await?;
    }
    let facade = nexa::Nexa::open("sqlite::memory:".to_owned()).await?;
    let stream = facade.system("calls".to_owned()).events().stream(None, None)?;

    let mut sync = Costs::default();
    let mut waiting = Costs::default();
    let mut read = Costs::default();
    let mut page = Costs::default();
    for _ in 0..BATCHES {
        sync.begin();
        for _ in 0..10_000 {
            black_box(runtime::version());
        }
        sync.end(10_000);
        waiting.begin();
        for _ in 0..1_000 {
            stream.close().await?;
        }
        waiting.end(1_000);
        read.begin();
        for _ in 0..200 {
            black_box(identity.get_user(first.id).await?);
        }
        read.end(200);
        page.begin();
        for _ in 0..5 {
            let people = identity.list_users(PageRequest::first(PEOPLE)).await?;
            assert_eq!(black_box(people).items.len(), PEOPLE as usize);
        }
        page.end(5);
    }
    let [sync, waiting, read, page] = [sync, waiting, read, page].map(Costs::median);
    println!(
        "{}",
        serde_json::json!({ "async_ns": waiting, "page_ns": page, "read_ns": read, "sync_ns": sync })
    );
    facade.close().await?;
    core.close().await;
    Ok(())
}

/// Nanoseconds for each call, a batch at a time.
#[derive(Default)]
struct Costs {
    began: Option<Instant>,
    batches: Vec<u64>,
}

#[expect(clippy::disallowed_methods, reason = "measuring time is what this is for")]
impl Costs {
    fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    fn end(&mut self, calls: u32) {
        let took = self.began.take().map(|began| began.elapsed() / calls).unwrap_or_default();
        self.batches.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    fn median(mut self) -> u64 {
        self.batches.sort_unstable();
        self.batches.get(self.batches.len() / 2).copied().unwrap_or_default()
    }
}
