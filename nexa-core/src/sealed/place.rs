use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::SealedError;
use super::keyset::KeySet;
use super::provider::KeyProvider;
use super::store;
use crate::db::{Db, Mode, Place};
use crate::error::{ErrorKind, Result};
use crate::runtime::Random;

/// Where the keys of a database on a server are looked for when no provider is named.
const VARIABLE: &str = "NEXA_KEYS";

/// The provider of a database for which none was named: for a file, the file of keys beside it, which is made with it; in
/// memory, keys that go with it; on a server, the environment.
pub(crate) async fn provider_for(db: &Db, random: &dyn Random) -> Result<Arc<dyn KeyProvider>> {
    Ok(match db.place() {
        Place::Memory => Arc::new(KeySet::generate(random)?),
        Place::Server => Arc::new(from_environment()?),
        Place::File(path) => {
            let path = beside(path);
            match exists(&path)? {
                true => Arc::new(KeySet::from_file(&path)?),
                false => Arc::new(make_file(db, &path, random).await?),
            }
        }
    })
}

fn from_environment() -> Result<KeySet> {
    match std::env::var_os(VARIABLE) {
        Some(_) => KeySet::from_env(VARIABLE),
        None => Err(SealedError::NoProvider(VARIABLE).into()),
    }
}

/// A database that has data keys already was made with a file, and a new one would open nothing of it.
async fn make_file(db: &Db, path: &Path, random: &dyn Random) -> Result<KeySet> {
    let mut tx = db.begin(Mode::Read).await?;
    let is_missing = store::has_keys(&mut tx).await?;
    drop(tx);
    // Another process may have made it, and keys under it, since it was looked for.
    if is_missing && !exists(path)? {
        return Err(SealedError::FileMissing(path.display().to_string()).into());
    }
    match KeySet::generate(random)?.create_file(path) {
        Err(refused) if refused.kind() != ErrorKind::AlreadyExists => Err(refused),
        _ => KeySet::from_file(path),
    }
}

/// `<file>.key`.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

/// A file that cannot be looked at is not taken for one that is missing.
fn exists(path: &Path) -> Result<bool> {
    Ok(path.try_exists().map_err(|cause| SealedError::file(path, &cause))?)
}
