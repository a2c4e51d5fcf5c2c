//! Enrolling a device, and the profile it runs with.

#[path = "../support/mod.rs"]
mod support;

mod enrol;
mod keys;
mod profile;
