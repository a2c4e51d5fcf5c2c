//! The keys that secrets are kept under in the database.

use nexa_core::sealed;
use nexa_ffi_macros::{enumeration, object, record};

use crate::error::Result;
use crate::nexa::Caller;
use crate::outward::Outward as _;

/// What a data key is for.
#[enumeration(from = sealed::Purpose, otherwise = Audit)]
pub enum Purpose {
    /// Vouching for the rows of the audit.
    Audit,
    /// Credentials at Cloudflare.
    Cloudflare,
    /// Credentials of the nodes of a cluster.
    NodeCredential,
    /// WireGuard's preshared keys.
    PresharedKey,
    /// What access tokens are signed with.
    SessionSecret,
}

/// A data key, without the key.
#[record(from = sealed::DataKeyRecord)]
pub struct DataKeyRecord {
    /// Its number, which stands in what is sealed under it.
    pub id: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The name of the provider's key that it is wrapped under.
    pub wrapped_by: String,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
    /// Since when another has taken its place; nothing for the one that new values are sealed under.
    pub retired_at: Option<i64>,
}

/// What was done to finish a rotation.
#[record(from = sealed::Rotation)]
pub struct Rotation {
    /// How many values were sealed again under the active data key.
    pub resealed: i64,
    /// How many data keys were wrapped again under the provider's current key.
    pub rewrapped: i64,
    /// How many retired data keys were deleted, because nothing is sealed under them.
    pub deleted: i64,
    /// Values that do not open, as `table.column of row`. They were left as they are, and so were their keys.
    pub damaged: Vec<String>,
}

/// The keys that secrets are kept under, as one caller may see and change them.
#[object(calls)]
pub struct Sealing {
    pub(crate) handle: Caller,
}

#[object]
impl Sealing {
    /// The data keys there are, without the keys themselves, in the order they were made.
    ///
    /// # Errors
    /// None of its own.
    pub async fn list_keys(&self) -> Result<Vec<DataKeyRecord>> {
        Ok(self.core().list_keys().await?.outward())
    }

    /// Puts a new data key in the place of each active one. What was sealed before stays readable, and is sealed again by
    /// `finish_rotation`.
    ///
    /// # Errors
    /// `unavailable` when the provider of keys fails.
    pub async fn rotate(&self) -> Result<Vec<DataKeyRecord>> {
        Ok(self.core().rotate().await?.outward())
    }

    /// Seals every value again that is sealed under a retired data key, wraps data keys again that are not under the
    /// provider's current one, and deletes retired ones that nothing is sealed under, an hour after they were retired. It may
    /// end at any moment, and the next call goes on.
    ///
    /// # Errors
    /// `invalid_input` (`keys`) for a data key that the provider does not unwrap, `unavailable` when it fails.
    pub async fn finish_rotation(&self) -> Result<Rotation> {
        Ok(self.core().finish_rotation().await?.outward())
    }
}

impl Sealing {
    fn core(&self) -> sealed::Sealing {
        self.handle.core().sealing()
    }
}
