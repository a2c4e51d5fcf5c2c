//! Inputs and answers as bytes: fields in order, texts with their length.
//!
//! Two inputs give the same bytes when they are the same. What was written by one version is read by that version: an
//! answer lives for hours, and says who wrote it.

use zeroize::Zeroizing;

use crate::policy::document::{DocumentReport, Fault};
use crate::policy::{Destination, NewPolicy, NewPolicyTest, Policy, PolicyChanges, PolicyTest, Target};
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::wireguard::{PresharedKey, Profile, ProfilePeer};

/// Bytes that may hold secrets.
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(crate) fn of(value: &impl Put) -> Zeroizing<Vec<u8>> {
        // Room for what there is: growing would leave copies behind.
        let mut writer = Writer(Zeroizing::new(Vec::with_capacity(4_096)));
        value.put(&mut writer);
        writer.0
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}

/// What is left to read.
pub(crate) struct Reader<'a>(&'a [u8]);

/// The bytes are not what was asked for.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl<'a> Reader<'a> {
    /// Reads a value that the bytes hold and nothing else.
    pub(crate) fn whole<T: Take>(bytes: &'a [u8]) -> Result<T, Unreadable> {
        let mut reader = Reader(bytes);
        let value = T::take(&mut reader)?;
        if reader.0.is_empty() { Ok(value) } else { Err(Unreadable) }
    }

    fn split(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Unreadable)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        let bytes = self.split(8)?.try_into().map_err(|_| Unreadable)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn text(&mut self) -> Result<&'a str, Unreadable> {
        let length = usize::try_from(self.number()?).map_err(|_| Unreadable)?;
        std::str::from_utf8(self.split(length)?).map_err(|_| Unreadable)
    }
}

/// A value that can be written.
pub(crate) trait Put {
    fn put(&self, to: &mut Writer);
}

/// A value that can be read back.
pub(crate) trait Take: Sized {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable>;
}

/// A struct by its fields, to be written. A field that is not named does not compile.
macro_rules! put {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::idempotency::Put for $name {
            fn put(&self, to: &mut $crate::idempotency::Writer) {
                let $name { $($field),* } = self;
                $($crate::idempotency::Put::put($field, to);)*
            }
        }
    };
}
pub(crate) use put;

/// The same to be written and read.
macro_rules! wire {
    ($name:ident { $($field:ident),* $(,)? }) => {
        $crate::idempotency::put!($name { $($field),* });

        impl $crate::idempotency::Take for $name {
            fn take(
                from: &mut $crate::idempotency::Reader<'_>,
            ) -> Result<Self, $crate::idempotency::Unreadable> {
                Ok($name { $($field: $crate::idempotency::Take::take(from)?),* })
            }
        }
    };
}
pub(crate) use wire;

/// Types that have a word for each value, by `as_str` and `FromStr`.
macro_rules! words {
    ($($name:ty)*) => {$(
        impl $crate::idempotency::Put for $name {
            fn put(&self, to: &mut $crate::idempotency::Writer) {
                $crate::idempotency::Put::put(self.as_str(), to);
            }
        }

        $crate::idempotency::shown!(read $name);
    )*};
}

/// Types that are read back from what they print.
macro_rules! shown {
    (read $name:ty) => {
        impl $crate::idempotency::Take for $name {
            fn take(
                from: &mut $crate::idempotency::Reader<'_>,
            ) -> Result<Self, $crate::idempotency::Unreadable> {
                let text: String = $crate::idempotency::Take::take(from)?;
                text.parse().map_err(|_| $crate::idempotency::Unreadable)
            }
        }
    };
    ($($name:ty)*) => {$(
        impl $crate::idempotency::Put for $name {
            fn put(&self, to: &mut $crate::idempotency::Writer) {
                $crate::idempotency::Put::put(self.to_string().as_str(), to);
            }
        }

        $crate::idempotency::shown!(read $name);
    )*};
}
pub(crate) use shown;

shown! {
    bool i64 u8 u16 u32 u64 u128 std::net::IpAddr
    crate::id::AllocationId crate::id::DeviceId crate::id::GatewayId crate::id::GroupId crate::id::PolicyId crate::id::PolicyTestId
    crate::id::PoolId crate::id::ReservationId crate::id::RoleId crate::id::SessionId crate::id::UserId
    crate::policy::Place crate::policy::ServiceRange crate::settings::SettingType crate::net::Cidr crate::wireguard::Endpoint crate::wireguard::PublicKey
}

words! { crate::devices::DeviceStatus crate::identity::UserStatus crate::ipam::AllocationStatus crate::ipam::ImportFormat crate::ipam::PoolKind crate::ipam::Strategy crate::policy::Effect crate::sealed::Purpose }

wire! { Policy { id, revision, name, description, priority, effect, is_active, full_tunnel, targets, destinations, valid_from, valid_until } }
put! { NewPolicy { name, description, priority, effect, is_active, full_tunnel, targets, destinations, valid_from, valid_until } }
put! { PolicyChanges { name, description, priority, effect, is_active, full_tunnel, targets, destinations, valid_from, valid_until } }
wire! { PolicyTest { id, name, who, to, service, expect } }
put! { NewPolicyTest { name, who, to, service, expect } }
wire! { DocumentReport { created, updated, removed, unchanged, tests, tests_removed, faults, fault_count } }
wire! { Fault { line, field, message } }
wire! { Destination { to, services, description } }
wire! { Profile { device, revision, public_key, addresses, dns, mtu, peer } }
wire! { ProfilePeer { public_key, preshared_key, endpoint, allowed_ips, added_ips, persistent_keepalive } }

impl Put for Target {
    fn put(&self, to: &mut Writer) {
        self.kind().put(to);
        self.as_uuid().to_string().put(to);
    }
}

impl Take for Target {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let kind = String::take(from)?;
        let id = String::take(from)?.parse().map_err(|_| Unreadable)?;
        Target::from_parts(&kind, id).map_err(|_| Unreadable)
    }
}

impl Put for PresharedKey {
    fn put(&self, to: &mut Writer) {
        self.to_base64().put(to);
    }
}

impl Take for PresharedKey {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Secret::<String>::take(from)?.expose().parse().map_err(|_| Unreadable)
    }
}

impl Put for std::time::Duration {
    fn put(&self, to: &mut Writer) {
        self.as_nanos().put(to);
    }
}

impl Take for std::time::Duration {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let nanos = u64::try_from(u128::take(from)?).map_err(|_| Unreadable)?;
        Ok(std::time::Duration::from_nanos(nanos))
    }
}

impl Put for () {
    fn put(&self, _to: &mut Writer) {}
}

impl Take for () {
    fn take(_from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(())
    }
}

impl Put for str {
    fn put(&self, to: &mut Writer) {
        to.bytes(self.as_bytes());
    }
}

impl Put for String {
    fn put(&self, to: &mut Writer) {
        self.as_str().put(to);
    }
}

impl Take for String {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(from.text()?.to_owned())
    }
}

impl Put for Secret<String> {
    fn put(&self, to: &mut Writer) {
        self.expose().put(to);
    }
}

impl Take for Secret<String> {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        String::take(from).map(Secret::new)
    }
}

impl Put for Timestamp {
    fn put(&self, to: &mut Writer) {
        self.as_micros().put(to);
    }
}

impl Take for Timestamp {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        i64::take(from).map(Timestamp::from_micros)
    }
}

impl<T: Put> Put for Option<T> {
    fn put(&self, to: &mut Writer) {
        to.number(u64::from(self.is_some()));
        if let Some(value) = self {
            value.put(to);
        }
    }
}

impl<T: Take> Take for Option<T> {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        match from.number()? {
            0 => Ok(None),
            1 => T::take(from).map(Some),
            _ => Err(Unreadable),
        }
    }
}

impl<T: Put> Put for Vec<T> {
    fn put(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        for value in self {
            value.put(to);
        }
    }
}

impl<T: Take> Take for Vec<T> {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let length = from.number()?;
        (0..length).map(|_| T::take(from)).collect()
    }
}

impl<T: Put + ?Sized> Put for &T {
    fn put(&self, to: &mut Writer) {
        (**self).put(to);
    }
}

impl<A: Put, B: Put> Put for (A, B) {
    fn put(&self, to: &mut Writer) {
        self.0.put(to);
        self.1.put(to);
    }
}

impl<A: Take, B: Take> Take for (A, B) {
    fn take(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<A: Put, B: Put, C: Put> Put for (A, B, C) {
    fn put(&self, to: &mut Writer) {
        self.0.put(to);
        self.1.put(to);
        self.2.put(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_back_as_it_was_written() {
        let value = (vec!["a".to_owned(), String::new()], Some(-7_i64));
        let bytes = Writer::of(&value);
        let mut reader = Reader(&bytes);
        assert_eq!(Vec::<String>::take(&mut reader).unwrap(), value.0);
        assert_eq!(<Option<i64> as Take>::take(&mut reader).unwrap(), value.1);
    }

    #[test]
    fn different_inputs_are_different_bytes() {
        let bytes = |a: &str, b: &str| Writer::of(&(a, b)).to_vec();
        assert_ne!(bytes("ab", "c"), bytes("a", "bc"));
        assert_ne!(*Writer::of(&None::<String>), *Writer::of(&Some(String::new())));
    }

    #[test]
    fn bytes_that_were_cut_or_have_more_are_unreadable() {
        let bytes = Writer::of(&vec!["one".to_owned(), "two".to_owned()]);
        for cut in 0..bytes.len() {
            assert!(Reader::whole::<Vec<String>>(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let more = [bytes.as_slice(), &[0]].concat();
        assert!(Reader::whole::<Vec<String>>(&more).is_err());
        assert!(Reader::whole::<Vec<String>>(&u64::MAX.to_le_bytes()).is_err());
    }
}
