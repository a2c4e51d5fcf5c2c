//! Where the keys come from, and what happens without them.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nexa_core::sealed::{DataKey, KeyProvider, KeySet, ProviderError, WrappedKey};
use nexa_core::{ErrorKind, Nexa};

use crate::support::{Backend, Place, World, parts};
use crate::{all_of, devices, open_with, preshared_keys, some_keys};

#[tokio::test]
async fn a_file_has_its_keys_beside_it_for_its_owner_alone() {
    let world = World::new().await;
    let path = world.place.folder().join("nexa.db.key");
    KeySet::from_file(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    world.gateway().await;
    let ids = devices(&world, world.ada, 1).await;
    let before = preshared_keys(&world.system(), &ids).await;
    world.nexa.close().await;
    let again = world.open_again().await;
    assert_eq!(preshared_keys(&again.system("again"), &ids).await, before);
}

/// One process number says nothing: two containers may have the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_that_one_process_opens_several_times_at_once_gets_one_key_file() {
    for _ in 0..20 {
        let place = Place::new().await;
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let url = place.url().to_owned();
            opening.spawn(async move { Nexa::open(&url).await.unwrap() });
        }
        for nexa in opening.join_all().await {
            nexa.system("test").audit().public_keys().await.unwrap();
            nexa.close().await;
        }
        let files = std::fs::read_dir(place.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        let keys = files.filter(|name| name.to_string_lossy().contains(".key")).count();
        assert_eq!(keys, 1, "nothing is left beside it");
        Nexa::open(place.url()).await.unwrap().close().await;
    }
}

#[tokio::test]
async fn a_file_whose_keys_are_gone_waits_for_them_to_be_put_back() {
    let world = World::new().await;
    let path = world.place.folder().join("nexa.db.key");
    world.nexa.close().await;
    let elsewhere = world.place.folder().join("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();
    let error = Nexa::open(&world.url()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NeedsOperator, "sealed.file_missing"));
    assert!(error.to_string().contains("nexa.db.key"), "{error}");
    assert!(!path.exists(), "no other keys are made in their place");
    std::fs::rename(&elsewhere, &path).unwrap();
    Nexa::open(&world.url()).await.unwrap().close().await;
}

#[tokio::test]
async fn a_file_of_keys_that_holds_something_else_is_refused_without_repeating_it() {
    let world = World::new().await;
    world.nexa.close().await;
    let path = world.place.folder().join("nexa.db.key");
    std::fs::write(&path, "planted secret").unwrap();
    let error = Nexa::open(&world.url()).await.unwrap_err();
    assert_eq!(parts(&error), (ErrorKind::InvalidInput, Some("keys".to_owned())));
    assert!(!error.to_string().contains("planted"), "{error}");
    some_keys().create_file(world.place.folder().join("other")).unwrap();
    std::fs::rename(world.place.folder().join("other"), &path).unwrap();
    let error = Nexa::open(&world.url()).await.unwrap_err();
    assert_eq!((error.code(), error.field()), ("sealed.wrong_keys", Some("keys")));
}

/// The variable is the whole process's, so this one looks from another.
#[nexa_test_macros::every_database]
async fn a_database_on_a_server_is_not_opened_without_keys() {
    const URL: &str = "NEXA_TEST_WITHOUT_KEYS";
    if let Ok(url) = std::env::var(URL) {
        let error = Nexa::open(&url).await.unwrap_err();
        assert_eq!((error.code(), error.field()), ("sealed.no_keys", Some("keys")));
        assert!(error.to_string().contains("NEXA_KEYS"), "{error}");
        Nexa::builder(url).keys(Arc::new(some_keys())).open().await.unwrap().close().await;
        return;
    }
    let backend = Backend::current();
    if backend == Backend::Sqlite {
        // A file needs none named.
        let place = Place::new().await;
        return Nexa::open(place.url()).await.unwrap().close().await;
    }
    let place = Place::new().await;
    let name = match backend {
        Backend::Postgres => "postgres",
        _ => "mysql",
    };
    let test = format!("keys::a_database_on_a_server_is_not_opened_without_keys::{name}");
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", &test]).env(URL, place.url()).env_remove("NEXA_KEYS");
    let output = tokio::task::spawn_blocking(move || again.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[nexa_test_macros::every_database]
async fn other_keys_open_nothing_and_more_keys_do_no_harm() {
    let place = Place::new().await;
    let (ours, other) = (some_keys(), some_keys());
    let open = |keys: &KeySet| Nexa::builder(place.url()).keys(Arc::new(keys.clone())).open();
    open(&ours).await.unwrap().close().await;
    let error = open(&other).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "sealed.wrong_keys"));
    assert_eq!(error.field(), Some("keys"));
    open(&all_of(&[&other, &ours])).await.unwrap().close().await;
    open(&ours).await.unwrap().close().await;
}

#[nexa_test_macros::every_database]
async fn the_provider_s_key_is_changed_by_opening_with_both_and_finishing() {
    let world = World::new().await;
    let (old, new) = (some_keys(), some_keys());
    let place = Place::new().await;
    let open = |keys: &KeySet| Nexa::builder(place.url()).keys(Arc::new(keys.clone())).open();
    open(&old).await.unwrap().close().await;
    let both = open(&all_of(&[&new, &old])).await.unwrap();
    let done = both.system("rotation").sealing().finish_rotation().await.unwrap();
    assert_eq!((done.rewrapped, done.resealed, done.deleted), (5, 0, 0));
    assert_eq!(both.system("rotation").sealing().finish_rotation().await.unwrap().rewrapped, 0);
    both.close().await;
    assert_eq!(open(&old).await.unwrap_err().code(), "sealed.wrong_keys");
    open(&new).await.unwrap().close().await;
    // A database under other keys is none of theirs.
    assert_eq!(open_with(&world, &new).await.unwrap_err().code(), "sealed.wrong_keys");
}

/// Somebody else's service of keys, which may be out of reach.
struct Service {
    keys: KeySet,
    is_out_of_reach: Arc<AtomicBool>,
}

impl Service {
    fn reach(&self) -> Result<&KeySet, ProviderError> {
        if self.is_out_of_reach.load(Ordering::SeqCst) {
            Err("it does not answer".into())
        } else {
            Ok(&self.keys)
        }
    }
}

impl KeyProvider for Service {
    fn current(&self) -> Result<String, ProviderError> {
        self.reach()?.current()
    }

    fn wrap(&self, key: &DataKey, context: &str) -> Result<WrappedKey, ProviderError> {
        assert!(context.starts_with("nexa data key "), "{context}");
        self.reach()?.wrap(key, context)
    }

    fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<Option<DataKey>, ProviderError> {
        self.reach()?.unwrap(wrapped, context)
    }
}

#[nexa_test_macros::every_database]
async fn a_host_s_own_provider_that_fails_is_unavailable_and_nothing_is_half_done() {
    let place = Place::new().await;
    let is_out_of_reach = Arc::new(AtomicBool::new(true));
    let service = Arc::new(Service { keys: some_keys(), is_out_of_reach: Arc::clone(&is_out_of_reach) });
    let open = || Nexa::builder(place.url()).keys(Arc::clone(&service) as _).open();
    let error = open().await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("sealed.provider", true));
    is_out_of_reach.store(false, Ordering::SeqCst);
    let nexa = open().await.unwrap();
    let sealing = nexa.system("rotation").sealing();
    let before = sealing.list_keys().await.unwrap();
    is_out_of_reach.store(true, Ordering::SeqCst);
    assert_eq!(sealing.rotate().await.unwrap_err().code(), "sealed.provider");
    assert_eq!(sealing.list_keys().await.unwrap(), before);
    is_out_of_reach.store(false, Ordering::SeqCst);
    assert_eq!(sealing.rotate().await.unwrap().len(), 5);
}
