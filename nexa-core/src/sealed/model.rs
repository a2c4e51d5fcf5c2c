use crate::error::Error;
use crate::idempotency::wire;
use crate::runtime::Timestamp;

/// What a data key is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
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

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 5] = [
        Purpose::Audit,
        Purpose::Cloudflare,
        Purpose::NodeCredential,
        Purpose::PresharedKey,
        Purpose::SessionSecret,
    ];

    /// The stored and printed spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Purpose::Audit => "audit",
            Purpose::Cloudflare => "cloudflare",
            Purpose::NodeCredential => "node_credential",
            Purpose::PresharedKey => "preshared_key",
            Purpose::SessionSecret => "session_secret",
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text);
        known.ok_or_else(|| Error::invalid("purpose", format!("{text:?} is no purpose of a data key")))
    }
}

/// A data key, without the key.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DataKeyRecord {
    /// Its number, which stands in what is sealed under it.
    pub id: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The name of the provider's key that it is wrapped under.
    pub wrapped_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when another has taken its place; `None` for the one that new values are sealed under.
    pub retired_at: Option<Timestamp>,
}

/// What was done to finish a rotation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Rotation {
    /// How many values were sealed again under the active data key.
    pub resealed: u64,
    /// How many data keys were wrapped again under the provider's current key.
    pub rewrapped: u64,
    /// How many retired data keys were deleted, because nothing is sealed under them.
    pub deleted: u64,
    /// Values that do not open, as `table.column of row`. They were left as they are, and so were their keys.
    pub damaged: Vec<String>,
}

wire! { DataKeyRecord { id, purpose, wrapped_by, created_at, retired_at } }
wire! { Rotation { resealed, rewrapped, deleted, damaged } }
