//! From the core's values to those that cross.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;

use nexa_core::net::{AddressSet, Cidr};
use nexa_core::runtime::Timestamp;
use nexa_core::wireguard::{Endpoint, PublicKey};

/// The way out, field by field.
pub(crate) trait Outward<T> {
    /// What crosses.
    fn outward(self) -> T;
}

macro_rules! as_it_is {
    ($($ty:ty)*) => {$(
        impl Outward<$ty> for $ty {
            fn outward(self) -> $ty {
                self
            }
        }
    )*};
}

macro_rules! as_text {
    ($($ty:ty)*) => {$(
        impl Outward<String> for $ty {
            fn outward(self) -> String {
                text(&self)
            }
        }
    )*};
}

as_it_is! { String bool i64 u32 f64 }
as_text! { IpAddr SocketAddr Cidr Endpoint PublicKey uuid::Uuid u128 }

fn text(value: &dyn Display) -> String {
    value.to_string()
}

#[cfg(feature = "control")]
as_text! { nexa_core::policy::Place nexa_core::policy::ServiceRange }

#[cfg(feature = "control")]
impl Outward<String> for nexa_core::page::Cursor {
    fn outward(self) -> String {
        text(&self)
    }
}

impl Outward<i64> for Timestamp {
    fn outward(self) -> i64 {
        self.as_micros()
    }
}

impl Outward<i64> for std::time::Duration {
    fn outward(self) -> i64 {
        i64::try_from(self.as_micros()).unwrap_or(i64::MAX)
    }
}

impl Outward<i64> for u64 {
    /// Counters stay far below what a double holds exactly, which is what JavaScript counts in.
    fn outward(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl Outward<u32> for u16 {
    fn outward(self) -> u32 {
        self.into()
    }
}

impl Outward<u32> for NonZeroU16 {
    fn outward(self) -> u32 {
        self.get().into()
    }
}

impl Outward<Vec<String>> for AddressSet {
    fn outward(self) -> Vec<String> {
        self.to_cidrs().outward()
    }
}

impl<A: Outward<B>, B> Outward<Option<B>> for Option<A> {
    fn outward(self) -> Option<B> {
        self.map(A::outward)
    }
}

impl<A: Outward<B>, B> Outward<Vec<B>> for Vec<A> {
    fn outward(self) -> Vec<B> {
        self.into_iter().map(A::outward).collect()
    }
}
