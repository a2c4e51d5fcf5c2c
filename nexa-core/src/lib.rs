//! Nexa: a private-network control plane that is linked, not deployed.
//!
//! It owns the path *person → device → address → policy → WireGuard profile → tunnel* and keeps it in a database that
//! your program opens. There is no server to run: [`Nexa`] is a value.
//!
//! # The story
//!
//! [`Nexa::open`] gives a control plane. A [`Handle`] is somebody's view of it: [`Nexa::anonymous`],
//! [`Nexa::authenticate`] with a token, or [`Nexa::system`] for the program itself; [`Handle::with`] adds where the
//! request came from. The domains hang on the handle:
//!
//! | domain | verbs |
//! |---|---|
//! | [`Handle::identity`] | redeem the setup token, sign in and out, create, suspend and activate people, groups |
//! | [`Handle::gateways`] | create a gateway, derive its desired state |
//! | [`Handle::enrolment`] | enrol a device in one transaction, issue its profile again |
//! | [`Handle::devices`] | get, list, revoke |
//! | [`Handle::ipam`] | create a pool, claim and release an address, usage |
//! | [`Handle::policy`] | create and remove a policy, resolve, explain |
//! | [`Handle::audit`], [`Handle::events`] | who did what; what has changed, in order |
//! | [`Handle::settings`] | list, decide and reset what holds for the whole control plane |
//! | [`Handle::sealing`] | list and rotate the keys that secrets are kept under |
//!
//! [`policy::resolve`] and [`policy::explain`] are also plain functions over values, without a database. The data plane is
//! [`tunnel`]: a device comes up from its profile with [`tunnel::bring_up`], and a gateway enforces what
//! [`gateway::DesiredState::apply_to`] says. What failed is told by [`Error::kind`].
//!
//! # Example
//!
//! ```
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main]
//! # async fn main() -> nexa_core::Result<()> {
//! use nexa_core::enrolment::NewEnrolment;
//! use nexa_core::gateway::NewGateway;
//! use nexa_core::identity::NewUser;
//! use nexa_core::runtime::SystemRandom;
//! use nexa_core::wireguard::PrivateKey;
//!
//! let nexa = nexa_core::Nexa::open("sqlite::memory:").await?;
//! let program = nexa.system("example");
//! let ada = program.identity().create_first_user(NewUser::new("ada", "correct horse battery")).await?;
//!
//! let gateway_key = PrivateKey::generate(&SystemRandom)?.public_key();
//! let hq = NewGateway::new("hq", "vpn.example.org:51820".parse()?, gateway_key).vpn_cidr("10.66.0.0/24".parse()?);
//! program.gateways().create(hq).await?;
//!
//! let device_key = PrivateKey::generate(&SystemRandom)?;
//! let laptop = NewEnrolment::new("laptop", device_key.public_key(), "sha256:laptop").user(ada.id);
//! let enrolled = program.enrolment().enrol(laptop).await?;
//! let conf = enrolled.profile.render(Some(&device_key))?;
//! assert!(conf.expose().contains("Address = 10.66.0.2/32"));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! `sqlite` (default) is the control plane on one SQLite file; it needs a Tokio runtime. `tunnel` is the data plane:
//! no database and no async runtime in its tree. With neither there are keys, prefixes, profiles and the policy
//! resolver.

// Only `tunnel/device/ioctl.rs` lifts the ban, and only where it is compiled.
#![deny(unsafe_code)]
#![cfg_attr(not(all(feature = "tunnel", target_os = "linux")), forbid(unsafe_code))]

#[cfg(feature = "control")]
pub mod actor;
#[cfg(feature = "control")]
pub mod audit;
#[cfg(feature = "control")]
mod db;
#[cfg(feature = "control")]
pub mod devices;
#[cfg(feature = "control")]
pub mod enrolment;
pub mod error;
#[cfg(feature = "control")]
pub mod events;
#[cfg(feature = "control")]
pub mod gateway;
pub mod id;
#[cfg(feature = "control")]
mod idempotency;
#[cfg(feature = "control")]
pub mod identity;
#[cfg(feature = "control")]
pub mod ipam;
#[cfg(feature = "control")]
mod name;
pub mod net;
#[cfg(feature = "control")]
mod nexa;
#[cfg(feature = "control")]
pub mod page;
pub mod policy;
pub mod runtime;
#[cfg(feature = "control")]
pub mod sealed;
pub mod secret;
#[cfg(feature = "control")]
pub mod settings;
#[cfg(feature = "tunnel")]
pub mod tunnel;
#[cfg(feature = "control")]
mod unit;
pub mod wireguard;

#[cfg(feature = "control")]
pub use actor::{Actor, Permission, RequestContext};
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "control")]
pub use idempotency::IdempotencyKey;
#[cfg(feature = "control")]
pub use nexa::{Builder, Handle, Nexa};
pub use secret::Secret;

/// The README's examples, compiled and run.
#[cfg(all(doctest, feature = "sqlite", feature = "tunnel"))]
#[doc = include_str!("../README.md")]
struct Readme;
