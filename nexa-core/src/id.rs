//! Ids: one type per kind of thing, so that two kinds cannot be swapped.

/// Declares id types over UUIDv7, whose order is about the order of creation.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// From a UUID that was an id of this kind before.
            #[must_use]
            pub const fn from_uuid(uuid: uuid::Uuid) -> Self {
                $name(uuid)
            }

            /// The UUID.
            #[must_use]
            pub const fn as_uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let uuid = uuid::Uuid::try_parse(text)
                    .map_err(|_| $crate::Error::invalid("id", "is not a UUID"))?;
                Ok($name(uuid))
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> uuid::Uuid {
                id.0
            }
        }
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
    /// A device's peer entry at a gateway.
    PeerId
    /// A pool of addresses or numbers.
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

/// Makes a UUIDv7 from the caller's clock and randomness (RFC 9562 §5.7), with the microseconds in `rand_a` (§6.2,
/// method 3) and a counter at the head of `rand_b` (method 1), so that ids of one process sort as its clock ran and
/// those of one moment as they were made. 48 bits stay random.
#[cfg(feature = "control")]
pub(crate) fn new_uuid(
    now: crate::runtime::Timestamp,
    sequence: u8,
    random: &dyn crate::runtime::Random,
) -> crate::Result<uuid::Uuid> {
    let millis = u64::try_from(now.as_micros().div_euclid(1000)).unwrap_or(0);
    let mut bytes = crate::runtime::random_bytes::<10>(random)?;
    let fraction = u16::try_from(now.as_micros().rem_euclid(1000) * 4096 / 1000).unwrap_or(0);
    let [high, low] = fraction.to_be_bytes();
    bytes[0] = high;
    bytes[1] = low;
    bytes[2] = 0;
    bytes[3] = sequence;
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_uuid_in_text() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        let id: UserId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!("01890a5d".parse::<UserId>().unwrap_err().field(), Some("id"));
    }
}
