use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// What a provider says when it cannot do its work at this moment.
pub type ProviderError = Box<dyn StdError + Send + Sync>;

/// Keeps the keys that data keys are wrapped under, outside the database: in a file, in the environment
/// ([`KeySet`](super::KeySet)), or wherever the host keeps such things, a key management service for one.
///
/// It is asked when a database is opened, when keys are rotated, and when another process has rotated them; on a thread
/// that may block.
pub trait KeyProvider: Send + Sync + 'static {
    /// The name of the key that [`wrap`](Self::wrap) uses now. No secret: it is stored beside what was wrapped.
    ///
    /// # Errors
    /// When the provider cannot be asked.
    fn current(&self) -> Result<String, ProviderError>;

    /// Wraps a data key under the current key. `context` says what it is for, in words that may be logged; what was wrapped
    /// in one context must not unwrap in another.
    ///
    /// # Errors
    /// When the provider cannot be asked.
    fn wrap(&self, key: &DataKey, context: &str) -> Result<WrappedKey, ProviderError>;

    /// The data key again; `None` when the provider does not have the key it was wrapped under, or it was wrapped under
    /// another of this name, or in another context, or was changed since.
    ///
    /// # Errors
    /// When the provider cannot be asked.
    fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<Option<DataKey>, ProviderError>;
}

/// The key that values of one purpose are sealed under: 32 random bytes.
#[derive(Clone)]
pub struct DataKey(Secret<[u8; 32]>);

impl DataKey {
    /// From 32 bytes.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let array = <[u8; 32]>::try_from(bytes);
        let array =
            array.map_err(|_| Error::invalid("key", format!("is {} bytes; a key is 32", bytes.len())))?;
        Ok(DataKey(Secret::new(array)))
    }

    pub(super) const fn new(bytes: Secret<[u8; 32]>) -> Self {
        DataKey(bytes)
    }

    /// The 32 bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([redacted])")
    }
}

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrappedKey {
    /// The name of the provider's key that it was wrapped under, of at most 255 bytes.
    pub by: String,
    /// What the provider made of it.
    pub bytes: Vec<u8>,
}
