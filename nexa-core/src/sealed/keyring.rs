use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;
use zeroize::Zeroizing;

use super::column::Column;
use super::error::SealedError;
use super::model::{DataKeyRecord, Purpose};
use super::provider::{DataKey, KeyProvider, ProviderError, WrappedKey};
use super::store::{self, StoredKey};
use crate::db::{DbError, Tx, counter};
use crate::error::Result;
use crate::runtime::{Random, Timestamp, random_bytes};
use crate::secret::Secret;

/// The data keys of one database, unwrapped as they are needed.
pub(crate) struct Keyring {
    provider: Arc<dyn KeyProvider>,
    unwrapped: RwLock<BTreeMap<i64, Arc<OpenKey>>>,
    /// What rows of the audit are written under, which would otherwise be asked for with each of them.
    audit: RwLock<Option<Arc<OpenKey>>>,
}

/// A data key that can be used.
#[derive(Debug)]
pub(crate) struct OpenKey {
    pub(crate) id: i64,
    purpose: Purpose,
    key: DataKey,
}

impl OpenKey {
    pub(crate) const fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }
}

impl Keyring {
    pub(crate) fn new(provider: Arc<dyn KeyProvider>) -> Self {
        Keyring { provider, unwrapped: RwLock::default(), audit: RwLock::default() }
    }

    /// Unwraps every data key there is, so that keys which are not this database's are found when it is opened, and makes
    /// one for each purpose that has none.
    pub(crate) async fn set_up(&self, tx: &mut Tx, random: &dyn Random, now: Timestamp) -> Result<()> {
        let keys = store::all(tx).await?;
        for key in &keys {
            self.unwrapped(key).await?;
        }
        let is_active =
            |key: &StoredKey, purpose| key.record.purpose == purpose && key.record.retired_at.is_none();
        for purpose in Purpose::ALL {
            if !keys.iter().any(|key| is_active(key, purpose)) {
                let id = counter::next(tx, counter::DATA_KEYS).await?;
                self.make(tx, (id, purpose), random, now).await?;
            }
        }
        Ok(())
    }

    /// Makes the active data key of a purpose. It is not remembered: whether it is stored is not known yet, and if it is
    /// not, another will have its number.
    pub(crate) async fn make(
        &self,
        tx: &mut Tx,
        (id, purpose): (i64, Purpose),
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<DataKeyRecord> {
        let key = DataKey::new(Secret::new(random_bytes(random)?));
        let wrapped = self.wrap(key, purpose, id).await?;
        let record =
            DataKeyRecord { id, purpose, wrapped_by: wrapped.by.clone(), created_at: now, retired_at: None };
        let stored = StoredKey { record, wrapped };
        store::insert(tx, &stored).await?;
        Ok(stored.record)
    }

    /// The key that new values of a purpose are sealed under, as the transaction sees it.
    pub(crate) async fn active(&self, tx: &mut Tx, purpose: Purpose) -> Result<Arc<OpenKey>> {
        let id = store::active(tx, purpose).await?;
        let missing = || DbError::corrupt("data_keys.active", format!("{} has none", purpose.as_str()));
        let id = id.ok_or_else(missing)?;
        self.find(tx, id).await?.ok_or_else(|| missing().into())
    }

    /// The key that rows of the audit are written under. After a rotation it is the one before for a while: it vouches for
    /// them as well.
    pub(crate) async fn audit_key(&self, tx: &mut Tx) -> Result<Arc<OpenKey>> {
        match self.known_audit_key() {
            Some(key) => Ok(key),
            None => self.refresh_audit_key(tx).await,
        }
    }

    /// The same without asking; every transaction that may write has asked.
    pub(crate) fn known_audit_key(&self) -> Option<Arc<OpenKey>> {
        self.audit.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the database which key that is now, in a transaction that has made none itself: what is remembered must be stored.
    pub(crate) async fn refresh_audit_key(&self, tx: &mut Tx) -> Result<Arc<OpenKey>> {
        let key = self.active(tx, Purpose::Audit).await?;
        *self.audit.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&key));
        Ok(key)
    }

    /// Every key of a purpose, in the order of their numbers.
    pub(crate) async fn all_of(&self, tx: &mut Tx, purpose: Purpose) -> Result<Vec<Arc<OpenKey>>> {
        let mut keys = Vec::new();
        for stored in store::all(tx).await?.iter().filter(|key| key.record.purpose == purpose) {
            keys.push(self.unwrapped(stored).await?);
        }
        Ok(keys)
    }

    /// The key of this number; `None` when there is none.
    pub(crate) async fn find(&self, tx: &mut Tx, id: i64) -> Result<Option<Arc<OpenKey>>> {
        if let Some(key) = self.remembered(id) {
            return Ok(Some(key));
        }
        match store::find(tx, id).await? {
            Some(stored) => self.unwrapped(&stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// A value as it is stored in this column of this row.
    pub(crate) async fn seal(
        &self,
        tx: &mut Tx,
        column: &Column,
        row: Uuid,
        plain: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>> {
        let key = self.active(tx, column.purpose).await?;
        column.seal(row, (key.id, key.expose()), plain, random)
    }

    /// The value that is stored in this column of this row.
    pub(crate) async fn open(
        &self,
        tx: &mut Tx,
        column: &Column,
        row: Uuid,
        stored: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let id = column.key_of(row, stored)?;
        let key = self.find(tx, id).await?.filter(|key| key.purpose == column.purpose);
        let key = key.ok_or_else(|| SealedError::NoDataKey {
            column: column.name(),
            row: row.to_string(),
            key: id,
        })?;
        Ok(column.open(row, (key.id, key.expose()), stored)?)
    }

    /// The same key wrapped under the provider's current one; `None` when it is that already.
    pub(super) async fn rewrapped(&self, stored: &StoredKey) -> Result<Option<WrappedKey>> {
        if self.ask(|provider| provider.current()).await? == stored.wrapped.by {
            return Ok(None);
        }
        let key = self.unwrapped(stored).await?;
        self.wrap(key.key.clone(), stored.record.purpose, stored.record.id).await.map(Some)
    }

    async fn wrap(&self, key: DataKey, purpose: Purpose, id: i64) -> Result<WrappedKey> {
        let context = context(purpose, id);
        self.ask(move |provider| provider.wrap(&key, &context)).await
    }

    async fn unwrapped(&self, stored: &StoredKey) -> Result<Arc<OpenKey>> {
        let DataKeyRecord { id, purpose, .. } = stored.record;
        if let Some(key) = self.remembered(id) {
            return Ok(key);
        }
        let (wrapped, context) = (stored.wrapped.clone(), context(purpose, id));
        let key = self.ask(move |provider| provider.unwrap(&wrapped, &context)).await?;
        let key = key.ok_or_else(|| SealedError::WrongKeys { by: stored.wrapped.by.clone() })?;
        let key = Arc::new(OpenKey { id, purpose, key });
        self.unwrapped.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&key));
        Ok(key)
    }

    fn remembered(&self, id: i64) -> Option<Arc<OpenKey>> {
        self.unwrapped.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// On a thread that may block, because a provider may ask another machine.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn KeyProvider) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T> {
        let provider = Arc::clone(&self.provider);
        let answer = tokio::task::spawn_blocking(move || question(provider.as_ref())).await;
        let answer = answer.map_err(|_| SealedError::Provider("it panicked".to_owned()))?;
        Ok(answer.map_err(|cause| SealedError::Provider(cause.to_string()))?)
    }
}

/// What a data key is bound to when it is wrapped.
fn context(purpose: Purpose, id: i64) -> String {
    format!("nexa data key {id} for {}", purpose.as_str())
}
