//! Enrolling a device, and the profile it runs with.
//!
//! Enrolment is one transaction: the device, its addresses, its peer and its profile are there together or not at
//! all. This is where the domains meet.

mod model;
mod service;
mod store;

pub use model::{Enrolled, NewEnrolment};
pub use service::Enrolment;
pub(crate) use service::preshared_key;
pub(crate) use store::{Peer, end_peers, peers_of_gateway};
