//! URLs and files that cannot be a control plane, and that they are left as they were.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nexa_core::{ErrorKind, Nexa};

use crate::support::{World, parts, refusal};

async fn opened(url: &str) -> (ErrorKind, Option<String>) {
    refusal(Nexa::open(url).await)
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused() {
    let bad = (ErrorKind::InvalidInput, Some("url".to_owned()));
    for url in [
        "",
        "nexa.db",
        "/var/lib/nexa.db",
        "sqlite",
        "sqlite:",
        "sqlite://",
        "sqlite:folder/",
        "sqlite:nexa.db?mode=ro",
        "sqlite:nexa\0.db",
        ":memory:",
        "http://example.org/nexa",
        "sql ite:nexa.db",
    ] {
        assert_eq!(opened(url).await, bad, "{url:?}");
    }
}

#[tokio::test]
async fn a_database_that_this_build_has_no_feature_for_is_unsupported() {
    for url in ["postgres://u:p@localhost/nexa", "postgresql://localhost/nexa", "mysql://localhost/nexa"] {
        let refused = opened(url).await;
        let supported = matches!(refused.0, ErrorKind::Unavailable | ErrorKind::InvalidInput);
        assert!(
            supported || refused == (ErrorKind::Unsupported, Some("url".to_owned())),
            "{url}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_place_where_no_file_can_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bad = (ErrorKind::InvalidInput, Some("url".to_owned()));
    let absent = folder.path().join("no/such/folder/nexa.db");
    assert_eq!(opened(&format!("sqlite:{}", absent.display())).await, bad);
    assert!(contents(folder.path()).is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_was() {
    let texts = [
        b"# notes\nnot a database at all, and longer than the header of one would be; it goes on like this.\n"
            .repeat(60),
        b"SQLite format 3\0 and then something else".repeat(40),
        b"x".to_vec(),
    ];
    for text in texts {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nexa.db");
        std::fs::write(&path, &text).unwrap();
        let refused = opened(&format!("sqlite:{}", path.display())).await;
        assert_eq!(refused, (ErrorKind::Corrupt, Some("url".to_owned())), "{} bytes", text.len());
        assert_eq!(std::fs::read(&path).unwrap(), text);
        assert_eq!(names(folder.path()), ["nexa.db", "nexa.db.lock"]);
    }
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nexa.db");
    {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query("CREATE TABLE recipes (name TEXT)").execute(&pool).await.unwrap();
        sqlx::query("INSERT INTO recipes VALUES ('soup')").execute(&pool).await.unwrap();
        pool.close().await;
    }
    let before = std::fs::read(&path).unwrap();
    let refused = opened(&format!("sqlite:{}", path.display())).await;
    assert_eq!(refused, (ErrorKind::Corrupt, Some("url".to_owned())));
    assert!(std::fs::read(&path).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_was() {
    let world = World::new().await;
    let database = world.database().await;
    world.nexa.close().await;
    let newer = "INSERT INTO nexa_migrations (version, name, checksum, oldest) \
                 SELECT 9999, 'later', checksum, 9999 FROM nexa_migrations WHERE version = 1";
    assert_eq!(database.tamper(newer).await, 1);
    let before = database.snapshot().await;
    assert_eq!(opened(&world.url()).await, (ErrorKind::Unsupported, Some("url".to_owned())));
    before.assert_unchanged(&database.snapshot().await, "a refused open changed something");
}

#[nexa_test_macros::every_database]
async fn a_newer_schema_that_leaves_older_builds_their_columns_is_used() {
    let world = World::new().await;
    let newer = "INSERT INTO nexa_migrations (version, name, checksum, oldest) \
                 SELECT 9999, 'later', checksum, 1 FROM nexa_migrations WHERE version = 1";
    assert_eq!(world.database().await.tamper(newer).await, 1);
    assert_eq!(
        world
            .open_again()
            .await
            .system("test")
            .identity()
            .list_users(Default::default())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[nexa_test_macros::every_database]
async fn a_column_that_is_missing_is_named_and_a_table_that_is_more_is_nobody_s_business() {
    let world = World::new().await;
    let database = world.database().await;
    database.tamper("CREATE TABLE somebody_elses (id INTEGER)").await;
    world.open_again().await.close().await;
    database.tamper("ALTER TABLE sites DROP COLUMN dhcp_range").await;
    let refused = Nexa::open(&world.url()).await.unwrap_err();
    assert_eq!(parts(&refused), (ErrorKind::Corrupt, Some("url".to_owned())));
    assert!(refused.to_string().contains("sites has no column dhcp_range"), "{refused}");
}

const READ_ONLY: &str = "NEXA_TEST_READ_ONLY_URL";
const NOBODY: u32 = 65_534;

/// Root may write anywhere, so root lets nobody try: the test's own program runs again as nobody, for the test below.
#[tokio::test]
async fn a_read_only_directory_is_refused_and_nothing_is_left_in_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, Permissions::from_mode(0o555)).unwrap();
    let url = format!("sqlite:{}", locked.join("nexa.db").display());
    if std::fs::metadata(folder.path()).unwrap().uid() == 0 {
        as_nobody(folder.path(), &url);
    } else {
        assert_eq!(opened(&url).await, (ErrorKind::InvalidInput, Some("url".to_owned())));
    }
    assert!(contents(&locked).is_empty());
    std::fs::set_permissions(&locked, Permissions::from_mode(0o755)).unwrap();
}

fn as_nobody(folder: &Path, url: &str) {
    // A copy, because nobody may not be let into where it was built.
    let program = folder.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(&program)
        .args(["--exact", "files::what_nobody_does_in_a_read_only_directory", "--nocapture"])
        .env(READ_ONLY, url)
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("refused as nobody"), "{output:?}");
}

/// The half of the test above that runs as nobody. Started without it, the URL is that of a folder under /proc, where
/// nobody may create anything, not even root.
#[tokio::test]
async fn what_nobody_does_in_a_read_only_directory() {
    let url = std::env::var(READ_ONLY).unwrap_or_else(|_| "sqlite:/proc/self/nexa.db".to_owned());
    assert_eq!(opened(&url).await, (ErrorKind::InvalidInput, Some("url".to_owned())));
    println!("refused as nobody");
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.path(), entry.metadata().unwrap().len())).collect()
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).keys().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}
