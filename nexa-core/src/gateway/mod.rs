//! WireGuard gateways and what each of them must enforce.
//!
//! A gateway's desired state is derived from what is stored, at the moment it is asked for: its peers, and for each
//! of them what it may reach. It is the only thing that protects; a client's AllowedIPs are routing.

#[cfg(feature = "tunnel")]
mod embedded;
mod error;
mod model;
mod service;
mod store;

pub use model::{DesiredPeer, DesiredState, Gateway, NewGateway};
pub use service::Gateways;
pub(crate) use store::{all, bump_revision, bump_revisions_of, for_enrolment, of_peer};
