//! Calls that are made again with the same key: done once, and answered as they were.

#[path = "../support/mod.rs"]
mod support;

mod refused;
mod repeated;

use nexa_core::{IdempotencyKey, RequestContext};

/// A key that is the same for the same number.
fn key(number: u32) -> IdempotencyKey {
    format!("idempotency-key-of-a-test-{number}").parse().unwrap()
}

fn with_key(number: u32) -> RequestContext {
    RequestContext::default().idempotency_key(key(number))
}
