//! Who may reach what.
//!
//! A [`Policy`] names subjects (its targets) and addresses (its destinations), and allows or denies. It applies to a
//! device when it is active, inside its validity window, and one of its targets is the device, the device's user or a
//! group of that user.
//!
//! For each address, among the policies that apply and contain it:
//!
//! 1. the **lowest priority number wins**;
//! 2. at equal priority **deny beats allow**;
//! 3. **no match is deny**.
//!
//! Nothing else counts: not the order of rows, not the length of a prefix, not the kind of target. A policy without
//! destinations matches nothing; only `full_tunnel` means everything. [`resolve`] turns this into sets, [`explain`]
//! says it for one address in words; both are pure.

mod access;
#[cfg(feature = "control")]
mod asking;
#[cfg(feature = "control")]
mod assertions;
#[cfg(feature = "control")]
mod cases;
#[cfg(feature = "control")]
mod changing;
mod destination;
#[cfg(feature = "control")]
pub mod document;
mod equivalent;
#[cfg(feature = "control")]
mod error;
mod explain;
mod fleet;
mod lint;
#[cfg(feature = "control")]
mod matrix;
mod model;
mod places;
mod resolutions;
mod resolve;
mod rules;
#[cfg(feature = "control")]
mod service;
mod service_range;
#[cfg(feature = "control")]
mod store;
mod subject;
#[cfg(feature = "control")]
mod testing;
mod traffic;
#[cfg(feature = "control")]
mod transfer;
mod why_not;

#[cfg(test)]
mod oracle;

pub use access::{
    ClientRoutes, Enforcement, Infrastructure, InfrastructurePart, InfrastructureRule, RouteOptions, Routes,
};
#[cfg(feature = "control")]
pub(crate) use asking::infrastructure;
#[cfg(feature = "control")]
pub use asking::{AccessChange, Reacher};
#[cfg(feature = "control")]
pub use assertions::{NewPolicyTest, PolicyTest, PolicyTestResult};
pub use destination::{Destination, Place, Reference, ReferenceKind};
pub use equivalent::{Counterexample, equivalent};
pub use explain::{Answer, Explanation, Loser, LossReason, Matched, PolicySummary, Verdict, Winner, explain};
pub use fleet::{Difference, Fleet, Part};
pub use lint::{Finding, Surroundings, lint};
#[cfg(feature = "control")]
pub use matrix::{Extent, Matrix, MatrixRow};
pub use model::{Effect, NewPolicy, Policy, PolicyChanges, Target};
pub use places::{Locator, LocatorError, Places};
pub use resolutions::{ResolutionCounts, Resolutions};
#[cfg(feature = "control")]
pub(crate) use resolve::resolve_with;
pub use resolve::{Access, resolve};
pub use rules::{Rule, resolve_rules};
#[cfg(feature = "control")]
pub use service::Policies;
#[cfg(feature = "control")]
pub(crate) use service::{InForce, in_force};
pub use service_range::{Protocol, ServiceRange};
pub use subject::{Bar, Standing, Subject, TargetPath};
#[cfg(feature = "control")]
pub(crate) use testing::{begin as begin_change, end as end_change, note_failing, watch};
pub use traffic::Traffic;
pub use why_not::{Remedy, WhyNot, why_not};
