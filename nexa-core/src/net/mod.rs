//! Addresses, prefixes and sets of addresses, as every domain of this crate speaks of them.
//!
//! A [`Cidr`] has no host bits: `10.0.0.1/24` is refused, not masked, so that what was typed is what is meant on every
//! database. An [`AddressSet`] is canonical: equal sets are equal values, whatever they were built from.

pub(crate) mod algebra;
mod cidr;
mod count;
mod cover;
mod interface;
mod per_family;
mod set;

pub use cidr::Cidr;
pub(crate) use cidr::is_mapped;
pub use count::Count;
pub use cover::Cover;
pub use interface::InterfaceAddress;
pub use per_family::PerFamily;
pub use set::{AddressRange, AddressSet, Family};
