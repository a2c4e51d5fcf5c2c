//! A rotation that is killed with its process, at any moment.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nexa_core::Nexa;
use nexa_core::sealed::Purpose;

use crate::support::{Backend, World};
use crate::{devices, preshared_keys};

const URL: &str = "NEXA_TEST_ROTATE_FOR_EVER";
/// What a line of the process begins with, to tell it from what the test harness prints.
const MARK: &str = "done: ";

#[nexa_test_macros::every_database(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_killed_at_any_moment_leaves_everything_readable_and_the_next_one_ends_it() {
    if let Ok(url) = std::env::var(URL) {
        return rotate_for_ever(&url).await;
    }
    let world = World::new().await;
    world.gateway().await;
    let ids = devices(&world, world.ada, 40).await;
    let before = preshared_keys(&world.system(), &ids).await;
    world.nexa.close().await;
    for round in 0..10_usize {
        let url = world.url();
        tokio::task::spawn_blocking(move || kill_after(&url, 1 + round % 4)).await.unwrap();
        let nexa = another(&world).await;
        assert_eq!(preshared_keys(&nexa.system("reader"), &ids).await, before, "round {round}");
        nexa.close().await;
    }
    let nexa = another(&world).await;
    let sealing = nexa.system("rotation").sealing();
    sealing.finish_rotation().await.unwrap();
    world.clock.advance(Duration::from_secs(100_000_000));
    let done = sealing.finish_rotation().await.unwrap();
    assert_eq!((done.resealed, done.damaged.len()), (0, 0));
    let keys = sealing.list_keys().await.unwrap();
    assert_eq!(
        keys.iter().filter(|key| key.purpose != Purpose::Audit).count(),
        4,
        "only the active ones are left"
    );
    assert_eq!(preshared_keys(&nexa.system("reader"), &ids).await, before);
}

/// With the machine's own randomness, which does not begin anew.
async fn another(world: &World) -> Nexa {
    Nexa::builder(world.url()).clock(Arc::clone(&world.clock) as _).open().await.unwrap()
}

/// Lets the process of its own get through so many steps, and kills it in the next.
fn kill_after(url: &str, steps: usize) {
    let name = match Backend::from_url(url) {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
        Backend::Mysql => "mysql",
    };
    let test = format!(
        "killed::a_rotation_killed_at_any_moment_leaves_everything_readable_and_the_next_one_ends_it::{name}"
    );
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &test, "--nocapture"]).env(URL, url).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map(Result::unwrap).filter(|line| line.starts_with(MARK)).take(steps).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said, steps, "it ended by itself");
}

/// With the machine's own clock and randomness: it is another process.
async fn rotate_for_ever(url: &str) {
    let nexa = Nexa::open(url).await.unwrap();
    let sealing = nexa.system("killed").sealing();
    loop {
        sealing.rotate().await.unwrap();
        println!("\n{MARK}rotated");
        sealing.finish_rotation().await.unwrap();
        println!("\n{MARK}finished");
    }
}
