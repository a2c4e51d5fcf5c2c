//! The whole set of policies as a text that a team keeps beside its code.
//!
//! ```yaml
//! policies:
//!   - name: engineers reach staging
//!     effect: allow
//!     priority: 100
//!     targets: [group:engineers, user:ada]
//!     destinations:
//!       - 10.40.0.0/16
//!       - to: service:git
//!         services: [tcp/22, tcp/443]
//!         description: the forge
//! tests:
//!   - name: the vault is closed
//!     who: group:engineers
//!     to: 10.40.9.1
//!     service: tcp/443
//!     expect: deny
//! ```
//!
//! JSON has the same keys. A text without `tests` leaves the tests alone, and is held to them; one with an empty list takes them away.
//! `policies` must be there, though it may be empty. People and groups go by their names, a device by its id.

mod read;
mod tree;
mod write;

use std::fmt;

#[cfg(feature = "control")]
pub(super) use read::MOST_FAULTS;
pub use read::read;
pub use write::write;

use super::destination::Destination;
use super::model::Effect;
use crate::runtime::Timestamp;

/// What is wrong with a text, and where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The line, from 1; 0 for the text as a whole.
    pub line: u64,
    /// The key.
    pub field: String,
    /// What is the matter.
    pub message: String,
}

impl Fault {
    pub(super) fn new(line: u64, field: impl Into<String>, message: impl Into<String>) -> Self {
        Fault { line, field: field.into(), message: message.into() }
    }
}

/// What is said where nothing more is known.
pub(super) fn refused() -> Fault {
    Fault::new(0, "text", "is refused")
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} {}", self.line, self.field, self.message)
    }
}

/// What an import of a document did, or would do.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct DocumentReport {
    /// How many policies it creates.
    pub created: u64,
    /// How many it changes.
    pub updated: u64,
    /// How many it removes, because the document does not have them.
    pub removed: u64,
    /// How many are as they were.
    pub unchanged: u64,
    /// How many tests there are afterwards: those of the document, or those of before where it says nothing of tests.
    pub tests: u64,
    /// How many tests it takes away, because its list of tests does not have them as they are.
    pub tests_removed: u64,
    /// What is wrong with the text, in order of the lines; with any of it nothing is done. At most 100 are listed.
    pub faults: Vec<Fault>,
    /// How many those are, or 100 where there may be more.
    pub fault_count: u64,
}

/// The whole set of policies, in names.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Document {
    /// The policies, in the order of the text.
    pub policies: Vec<DocumentPolicy>,
    /// What must hold of them. None where the text says nothing of tests: those that there are stay and count.
    pub tests: Option<Vec<DocumentTest>>,
}

/// Somebody, by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Who {
    /// A user, by the username.
    User(String),
    /// A group, by its name.
    Group(String),
    /// A device, by its id.
    Device(crate::id::DeviceId),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::User(name) => write!(f, "user:{name}"),
            Who::Group(name) => write!(f, "group:{name}"),
            Who::Device(id) => write!(f, "device:{id}"),
        }
    }
}

/// A policy of a document. What [`NewPolicy`](super::NewPolicy) says of its fields holds here.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DocumentPolicy {
    /// Where it begins.
    pub line: u64,
    /// A name, once in a document.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The lower number wins.
    pub priority: i64,
    /// Whether what it matches is let through.
    pub effect: Effect,
    /// Whether it counts at all.
    pub is_active: bool,
    /// Whether it matches every address of both families.
    pub full_tunnel: bool,
    /// Whom it is about, each with its line.
    pub targets: Vec<(u64, Who)>,
    /// What it matches.
    pub destinations: Vec<Destination>,
    /// The moment from which it counts.
    pub valid_from: Option<Timestamp>,
    /// The first moment at which it counts no more.
    pub valid_until: Option<Timestamp>,
}

/// Something that must hold of the policies of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DocumentTest {
    /// Where it begins.
    pub line: u64,
    /// A name, once in a document.
    pub name: String,
    /// Who tries.
    pub who: Who,
    /// The address.
    pub to: std::net::IpAddr,
    /// The protocols and ports: all of them must be as expected.
    pub service: super::ServiceRange,
    /// What must come of it.
    pub expect: Effect,
}

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// YAML 1.2.
    Yaml,
    /// JSON, indented.
    Json,
}

impl DocumentFormat {
    /// The word for it: `yaml` or `json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DocumentFormat::Yaml => "yaml",
            DocumentFormat::Json => "json",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: &str = "\
# kept in git
policies:
  - name: engineers reach staging
    effect: allow
    targets: [group:engineers, 'user:ada']
    destinations:
      - 10.40.0.0/16
      - fd40::/16 tcp/443
      - to: service:git
        services: [tcp/22, tcp/443]
        description: the forge
  - name: \"no: vault\"
    effect: deny
    priority: 10
    active: false
    full_tunnel: true
    valid_from: 2026-01-01T00:00:00Z
    valid_until: 2026-06-01T02:00:00+02:00
tests:
  - name: the vault is closed
    who: group:engineers
    to: 10.40.9.1
    service: tcp/443
    expect: deny
";

    fn faults(text: &str) -> Vec<String> {
        read(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_text_is_read_and_written_in_both_forms() {
        let document = read(OFFICE).unwrap();
        insta::assert_snapshot!(write(&document, DocumentFormat::Yaml), @r#"
        policies:
          - name: engineers reach staging
            effect: allow
            targets:
              - group:engineers
              - user:ada
            destinations:
              - 10.40.0.0/16
              - fd40::/16 tcp/443
              - to: service:git
                services:
                  - tcp/22
                  - tcp/443
                description: the forge
          - name: "no: vault"
            effect: deny
            priority: 10
            active: false
            full_tunnel: true
            valid_from: "2026-01-01T00:00:00.000000Z"
            valid_until: "2026-06-01T00:00:00.000000Z"
        tests:
          - name: the vault is closed
            who: group:engineers
            to: 10.40.9.1
            service: tcp/443
            expect: deny
        "#);
        for format in [DocumentFormat::Yaml, DocumentFormat::Json] {
            let text = write(&document, format);
            let again = write(&read(&text).unwrap(), format);
            assert_eq!(text, again);
            assert_eq!(
                write(&read(&text).unwrap(), DocumentFormat::Yaml),
                write(&document, DocumentFormat::Yaml)
            );
        }
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let text = OFFICE
            .replace("effect: deny", "effect: maybe")
            .replace("10.40.0.0/16", "10.40.0.1/16")
            .replace("[tcp/22, tcp/443]", "[tcp/443-22]")
            .replace("active: false", "active: 'false'")
            .replace("group:engineers, ", "team:engineers, ")
            .replace("full_tunnel:", "fulltunnel:")
            .replace("the vault is closed", "the vault is closed\n    name: again");
        assert_eq!(faults(&text), ["line 21: name is there twice, first in line 20"]);
        let text = text.replace("\n    name: again", "");
        insta::assert_snapshot!(faults(&text).join("\n"), @r#"
        line 5: targets "team:engineers" is none of user:<name>, group:<name> and device:<id>
        line 7: destinations 10.40.0.1/16 has host bits; did you mean 10.40.0.0/16?
        line 10: services 443-22 is reversed
        line 13: effect is neither allow nor deny
        line 15: active is neither true nor false
        line 16: fulltunnel is no key that is known here
        "#);
        assert_eq!(faults("policies: [{name: a, effect: allow}, {name: A , effect: deny}]").len(), 1);
        assert_eq!(faults("policies:\n- name: ''\n  effect: deny"), ["line 2: name is empty"]);
        assert_eq!(faults("- a"), ["line 1: text is no map of keys"]);
        assert_eq!(faults("policies: a\ntests: {}").len(), 2);
        let services = |list: &str| {
            faults(&format!(
                "policies:\n- name: a\n  effect: deny\n  destinations:\n  - to: 10.0.0.0/8\n    services: {list}"
            ))
        };
        assert_eq!(services("[]"), ["line 5: services is empty; leave it out for all of them"]);
        assert_eq!(services("[tcp/x]").len(), 1);
        assert_eq!(services("tcp/22").len(), 1);
        let control = "policies:\n- {name: a, effect: deny, description: \"a\\u001b[31m\"}";
        assert!(faults(control)[0].starts_with("line 2: description"), "{:?}", faults(control));
        assert_eq!(faults("{}"), ["line 1: policies is missing"]);
        assert_eq!(read("policies: []").unwrap().tests, None);
        assert_eq!(read("policies: []\ntests: []").unwrap().tests, Some(Vec::new()));
        let zone = "policies:\n- {name: a, effect: deny, destinations: ['fe80::1%eth0/64']}";
        assert!(faults(zone)[0].starts_with("line 2: destinations"), "{:?}", faults(zone));
    }

    #[test]
    fn ten_thousand_destinations_and_a_megabyte_of_anything_are_read_or_refused() {
        let many = (0..10_000_u32)
            .map(|n| format!("      - {}/32\n", std::net::Ipv4Addr::from_bits(n)))
            .collect::<String>();
        let text = format!("policies:\n  - name: many\n    effect: deny\n    destinations:\n{many}");
        assert_eq!(read(&text).unwrap().policies[0].destinations.len(), 10_000);
        let wrong = text.replace("/32\n", "/33\n");
        assert_eq!(faults(&wrong).len(), 100);
        assert!(faults(&"[".repeat(1 << 20))[0].starts_with("line 1: text"));
    }
}
