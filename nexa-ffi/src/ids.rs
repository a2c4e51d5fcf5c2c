//! Ids: a type for each kind of thing, over the text of a UUID.

use std::str::FromStr;

use crate::error::Result;
use crate::outward::Outward;

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(pub String);

        impl $name {
            /// The core's id.
            ///
            /// # Errors
            /// `invalid_input` for text that is no UUID.
            #[allow(dead_code, reason = "some ids are only given out")]
            pub(crate) fn parse(&self) -> Result<nexa_core::id::$name> {
                Ok(nexa_core::id::$name::from_str(&self.0)?)
            }
        }

        impl Outward<$name> for nexa_core::id::$name {
            fn outward(self) -> $name {
                $name(self.to_string())
            }
        }

        #[cfg(feature = "uniffi")]
        ::uniffi::custom_newtype!($name, String);

        #[cfg(feature = "node")]
        crate::node::id!($name);

        #[cfg(feature = "python")]
        crate::python::id!($name);
    )*};
}

ids! {
    /// A person or a service account.
    UserId
    /// A group of users.
    GroupId
    /// A role: a named set of permissions.
    RoleId
    /// A sign-in that has not ended.
    SessionId
    /// A device of a user.
    DeviceId
    /// A WireGuard gateway.
    GatewayId
    /// A pool of addresses.
    PoolId
    /// One address or number handed out of a pool.
    AllocationId
    /// What is kept out of a pool.
    ReservationId
    /// A policy.
    PolicyId
    /// Something that must hold of the policies.
    PolicyTestId
    /// One row of the audit.
    AuditId
}
