//! What opening finds: a database in use, of another version, damaged, or none at all.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use nexa_core::identity::NewGroup;
use nexa_core::page::PageRequest;
use nexa_core::{Error, ErrorKind, Nexa};
use tempfile::TempDir;

use crate::stored::Stored;
use crate::worker::{self, Worker};
use crate::world::{self, Start, Templates};

#[tokio::test]
async fn another_processes_write_is_waited_for() {
    if let Some(file) = worker::asked() {
        return hold_a_write(&file).await;
    }
    let world = Templates::new().await.begin(Start::LivedIn).await;
    let mut other = Worker::start("opening::another_processes_write_is_waited_for", &world.file);
    assert_eq!(other.next().await.as_deref(), Some("writing"));
    let opening = tokio::spawn({
        let url = world::url(&world.file);
        async move { Nexa::open(&url).await }
    });
    let claiming = tokio::spawn({
        let (system, pool) = (world.system(), world.known.pool);
        async move { system.ipam().claim(pool).await }
    });
    let pools = world.system().ipam().list_pools(PageRequest::default()).await.unwrap();
    assert_eq!(pools.items.len(), 4, "what only reads does not wait");
    assert!(!claiming.is_finished() && !opening.is_finished());
    other.tell("commit").await;
    assert_eq!(other.finish().await, ["committed"]);
    claiming.await.unwrap().unwrap();
    opening.await.unwrap().unwrap();
    let mut stored = world.stored().await;
    assert_eq!(stored.number("SELECT count(*) FROM settings").await, 1);
    stored.assert_sound().await;
}

async fn hold_a_write(file: &Path) {
    let mut stored = Stored::open(file).await;
    stored.execute("BEGIN IMMEDIATE").await;
    stored.execute("INSERT INTO settings VALUES (x'01', 'theirs', 'key', 'value', 0, 0)").await;
    worker::say("writing");
    assert_eq!(worker::hear().as_deref(), Some("commit"));
    stored.execute("COMMIT").await;
    worker::say("committed");
}

#[tokio::test]
async fn a_database_gives_its_setup_token_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = world::url(&folder.path().join("nexa.db"));
    let nexa = Nexa::open(&url).await.unwrap();
    assert!(nexa.take_setup_token().is_some());
    assert!(nexa.take_setup_token().is_none());
    let beside = Nexa::open(&url).await.unwrap();
    assert!(beside.take_setup_token().is_none());
    nexa.close().await;
    beside.close().await;
    assert!(Nexa::open(&url).await.unwrap().take_setup_token().is_none());
}

#[tokio::test]
async fn tables_of_somebody_else_are_left_alone() {
    let world = Templates::new().await.begin(Start::LivedIn).await;
    let mut stored = world.stored().await;
    stored.execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)").await;
    stored.execute("INSERT INTO _litestream_seq VALUES (1, 7)").await;
    let nexa = Nexa::open(&world::url(&world.file)).await.unwrap();
    nexa.system("test").ipam().claim(world.known.pool).await.unwrap();
    assert_eq!(stored.tables().await["_litestream_seq"], ["1,7"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let world = Templates::new().await.begin(Start::LivedIn).await;
    world.nexa.close().await;
    let mut stored = world.stored().await;
    stored
        .execute(
            "INSERT INTO nexa_migrations (version, name, checksum, oldest) \
             VALUES (9999, 'from the future', x'00', 9999)",
        )
        .await;
    let before = stored.tables().await;
    let refused = Nexa::open(&world::url(&world.file)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Unsupported, Some("url")), "{refused}");
    assert!(refused.to_string().contains("newer version"), "{refused}");
    assert!(stored.tables().await == before);
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_corrupt() {
    let world = Templates::new().await.begin(Start::LivedIn).await;
    world.nexa.close().await;
    world.stored().await.execute("UPDATE nexa_migrations SET checksum = x'00' WHERE version = 1").await;
    assert_corrupt(&Nexa::open(&world::url(&world.file)).await.unwrap_err());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    let text = "Dear diary, today I was taken for a database.\n".repeat(1_000);
    std::fs::write(&file, &text).unwrap();
    assert_corrupt(&Nexa::open(&world::url(&file)).await.unwrap_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn another_programs_database_is_corrupt_and_keeps_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theirs.db");
    std::fs::write(&file, "").unwrap();
    let mut stored = Stored::open(&file).await;
    stored.execute("CREATE TABLE users (name TEXT)").await;
    stored.execute("INSERT INTO users VALUES ('mallory')").await;
    let before = stored.tables().await;
    assert_corrupt(&Nexa::open(&world::url(&file)).await.unwrap_err());
    assert!(stored.tables().await == before, "something was added");
}

#[tokio::test]
async fn a_half_written_file_is_corrupt() {
    let (folder, file) = closed_database().await;
    let whole = std::fs::read(&file).unwrap();
    for part in [whole.len() / 2, 4096, 1_000, 100, 17] {
        let half = folder.path().join(format!("{part}.db"));
        std::fs::write(&half, &whole[..part]).unwrap();
        match Nexa::open(&world::url(&half)).await {
            Err(refused) => assert_corrupt(&refused),
            Ok(_) => panic!("{part} of {} bytes pass for a database", whole.len()),
        }
    }
}

#[tokio::test]
async fn a_damaged_page_is_corrupt_to_whoever_reads_it() {
    let (_folder, file) = closed_database().await;
    let mut stored = Stored::open(&file).await;
    let root = stored.number("SELECT rootpage FROM sqlite_schema WHERE name = 'pools'").await;
    let size = stored.number("PRAGMA page_size").await;
    stored.close().await;
    let at = u64::try_from((root - 1) * size).unwrap();
    let mut page = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    page.seek(SeekFrom::Start(at)).unwrap();
    page.write_all(&vec![0xa5; usize::try_from(size).unwrap()]).unwrap();
    let nexa = Nexa::open(&world::url(&file)).await.unwrap();
    let ipam = nexa.system("test").ipam();
    assert_eq!(ipam.list_pools(PageRequest::default()).await.unwrap_err().kind(), ErrorKind::Corrupt);
    nexa.system("test").identity().list_users(PageRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_stored_value_that_makes_no_sense_is_corrupt() {
    let world = Templates::new().await.begin(Start::LivedIn).await;
    world.stored().await.execute("UPDATE pool_free_ranges SET first = x'04'").await;
    let refused = world.system().ipam().claim(world.known.pool).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused}");
}

/// A lived-in database that nobody has open.
async fn closed_database() -> (TempDir, std::path::PathBuf) {
    let world = Templates::new().await.begin(Start::LivedIn).await;
    world.nexa.close().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nexa.db");
    std::fs::copy(&world.file, &file).unwrap();
    std::fs::copy(world.file.with_extension("db.key"), file.with_extension("db.key")).unwrap();
    (folder, file)
}

fn assert_corrupt(refused: &Error) {
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Corrupt, Some("url")), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let nexa = Nexa::open(&format!("sqlite:{}", folder.path().join("nexa.db").display())).await.unwrap();
    nexa.system("modes").identity().create_group(NewGroup::new("anything")).await.unwrap();
    let mut modes = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        modes.insert(name, entry.metadata().unwrap().permissions().mode() & 0o777);
    }
    let expected = ["nexa.db", "nexa.db-shm", "nexa.db-wal", "nexa.db.key", "nexa.db.lock"];
    assert_eq!(modes, expected.map(|name| (name.to_owned(), 0o600)).into());
    nexa.close().await;
}
