//! No secret in a `Debug`, a `Display`, an error, the audit, the outbox or the file.

#[path = "../support/mod.rs"]
mod support;

mod complete;
mod errors;
mod needle;
mod printed;
mod stored;
