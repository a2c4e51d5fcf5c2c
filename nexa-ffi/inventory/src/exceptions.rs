//! What is known to be missing, and why. Nothing is missing without a word here, and a word that is no longer needed
//! fails the tests.

use std::collections::BTreeSet;

/// Something of the core that does not cross, and why.
pub struct Kept {
    /// `Class.function`, `Type.field` or `Type.name`.
    pub name: &'static str,
    /// The reason, or under which name it does cross.
    pub why: &'static str,
}

/// Operations, fields and names of the core that the facade has under another name, or not.
pub const KEPT: &[Kept] = &[
    Kept { name: "Builder.open", why: "crosses as Nexa.open" },
    Kept { name: "Destination.described", why: "crosses as the field description" },
    Kept { name: "NewPolicy.described", why: "crosses as the field description" },
    Kept { name: "NewPolicy.inactive", why: "crosses as the field is_active" },
    Kept { name: "RequestContext.deadline", why: "crosses as the parameter timeout_ms of each call" },
    Kept {
        name: "Nexa.builder",
        why: "takes a clock and a source of random bytes, which are the host's in Rust alone",
    },
];

/// Something that a language says in its own way.
pub struct Own {
    /// The language.
    pub language: &'static str,
    /// `Type` or `Type.member`.
    pub name: &'static str,
    /// What stands in its place.
    pub instead: &'static str,
}

/// What a language has something better for.
pub const OWN: &[Own] =
    &[Own { language: "node", name: "CancelHandle", instead: "an AbortSignal, as `signal` of each call" }];

/// A language that lags behind.
pub struct Lag {
    /// The language; Python and Node never lag.
    pub language: &'static str,
    /// `Type` or `Type.member`.
    pub name: &'static str,
    /// The day it was put here, as `2026-11-25`.
    pub since: &'static str,
    /// What it waits for.
    pub why: &'static str,
}

/// What a language is allowed to lack for now.
pub const LAGS: &[Lag] = &[];

/// The names that a language may lack.
#[must_use]
pub fn may_lack(language: &str) -> BTreeSet<String> {
    let own = OWN.iter().filter(|own| own.language == language).map(|own| own.name);
    let lags = LAGS.iter().filter(|lag| lag.language == language).map(|lag| lag.name);
    own.chain(lags).map(str::to_owned).collect()
}
