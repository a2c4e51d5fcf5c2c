//! From a document to a text.

use std::fmt::Write as _;

use super::{Document, DocumentFormat, DocumentPolicy, DocumentTest};
use crate::policy::destination::Destination;
use crate::policy::model::Policy;
use crate::policy::service_range::ServiceRange;

/// A part of the text, in the order in which it is written.
enum Part {
    Text(String),
    /// A number or a word.
    Bare(String),
    List(Vec<Part>),
    Map(Vec<(&'static str, Part)>),
}

/// Writes a document so that it can be read again. What is as it is when nobody says it is left out.
#[must_use]
pub fn write(document: &Document, format: DocumentFormat) -> String {
    let root = root(document);
    let mut text = String::new();
    match format {
        DocumentFormat::Json => {
            json(&root, 0, &mut text);
            text.push('\n');
        }
        DocumentFormat::Yaml => yaml(&root, 0, &mut text),
    }
    text
}

fn root(document: &Document) -> Part {
    let mut root = vec![("policies", Part::List(document.policies.iter().map(policy).collect()))];
    if let Some(tests) = &document.tests {
        root.push(("tests", Part::List(tests.iter().map(test).collect())));
    }
    Part::Map(root)
}

fn policy(policy: &DocumentPolicy) -> Part {
    let text = |text: &dyn std::fmt::Display| Part::Text(text.to_string());
    let mut map = vec![("name", text(&policy.name))];
    let mut put = |key, is_said: bool, value: Part| {
        if is_said {
            map.push((key, value));
        }
    };
    put("description", !policy.description.is_empty(), text(&policy.description));
    put("effect", true, text(&policy.effect));
    put("priority", policy.priority != Policy::PRIORITY_DEFAULT, Part::Bare(policy.priority.to_string()));
    put("active", !policy.is_active, Part::Bare("false".to_owned()));
    put("full_tunnel", policy.full_tunnel, Part::Bare("true".to_owned()));
    for (key, at) in [("valid_from", policy.valid_from), ("valid_until", policy.valid_until)] {
        put(key, at.is_some(), text(&at.unwrap_or_default()));
    }
    let targets = policy.targets.iter().map(|(_, who)| text(who)).collect();
    put("targets", !policy.targets.is_empty(), Part::List(targets));
    let destinations: Vec<_> = policy
        .destinations
        .chunk_by(|one, next| one.to == next.to && one.description == next.description)
        .map(destination)
        .collect();
    put("destinations", !destinations.is_empty(), Part::List(destinations));
    Part::Map(map)
}

/// Destinations of one place, which differ in their services.
fn destination(alike: &[Destination]) -> Part {
    let text = |text: &dyn std::fmt::Display| Part::Text(text.to_string());
    let first = match alike {
        [only] if only.description.is_empty() => return text(only),
        [first, ..] => first,
        [] => return Part::List(Vec::new()),
    };
    let mut map = vec![("to", text(&first.to))];
    if alike.iter().all(|destination| destination.services != ServiceRange::ANY) {
        let spelled = alike.iter().flat_map(|destination| destination.services.spelled());
        map.push(("services", Part::List(spelled.map(|services| text(&services)).collect())));
    }
    if !first.description.is_empty() {
        map.push(("description", text(&first.description)));
    }
    Part::Map(map)
}

fn test(test: &DocumentTest) -> Part {
    let text = |text: &dyn std::fmt::Display| Part::Text(text.to_string());
    let mut map = vec![("name", text(&test.name)), ("who", text(&test.who)), ("to", text(&test.to))];
    if test.service != ServiceRange::ANY {
        map.push(("service", text(&test.service)));
    }
    map.push(("expect", text(&test.expect)));
    Part::Map(map)
}

/// In blocks, two spaces a level. Texts that could be anything else are quoted as JSON does it, which YAML reads.
fn yaml(part: &Part, depth: usize, to: &mut String) {
    let indent = "  ".repeat(depth);
    // Writing into a text does not fail.
    match part {
        Part::List(items) if items.is_empty() => to.push_str(" []\n"),
        Part::List(items) => {
            to.push('\n');
            for item in items {
                match item {
                    Part::Map(entries) => {
                        for (at, (key, value)) in entries.iter().enumerate() {
                            let lead = if at == 0 { "- " } else { "  " };
                            let _ = write!(to, "{indent}{lead}{key}:");
                            yaml(value, depth + 2, to);
                        }
                    }
                    one => {
                        let _ = write!(to, "{indent}-");
                        yaml(one, depth + 1, to);
                    }
                }
            }
        }
        Part::Map(entries) => {
            for (key, value) in entries {
                let _ = write!(to, "{indent}{key}:");
                yaml(value, depth + 1, to);
            }
        }
        Part::Text(text) if !is_plain(text) => {
            let _ = writeln!(to, " {}", quoted(text));
        }
        Part::Text(text) | Part::Bare(text) => {
            let _ = writeln!(to, " {text}");
        }
    }
}

fn json(part: &Part, depth: usize, to: &mut String) {
    let (indent, inner) = ("  ".repeat(depth), "  ".repeat(depth + 1));
    let close = |to: &mut String, is_empty: bool, bracket| {
        if !is_empty {
            let _ = write!(to, "\n{indent}");
        }
        to.push(bracket);
    };
    match part {
        Part::Text(text) => to.push_str(&quoted(text)),
        Part::Bare(text) => to.push_str(text),
        Part::List(items) => {
            to.push('[');
            for (at, item) in items.iter().enumerate() {
                let _ = write!(to, "{}\n{inner}", if at == 0 { "" } else { "," });
                json(item, depth + 1, to);
            }
            close(to, items.is_empty(), ']');
        }
        Part::Map(entries) => {
            to.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                let _ = write!(to, "{}\n{inner}{}: ", if at == 0 { "" } else { "," }, quoted(key));
                json(value, depth + 1, to);
            }
            close(to, entries.is_empty(), '}');
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text means itself without quotes to every reader of YAML 1.1 and 1.2.
fn is_plain(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_word = words.contains(&text.to_ascii_lowercase().as_str());
    // What begins like a number and is none: an address or a prefix.
    let is_address = text.starts_with(|c: char| c.is_ascii_digit()) && text.split('.').count() > 2;
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic()) || is_address;
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '/' | '@' | '+');
    // A colon is one of a key only before a space.
    let has_key = text.contains(": ") || text.ends_with(':');
    begins && !is_word && !has_key && !text.ends_with(' ') && text.chars().all(|c| is_safe(c) || c == ':')
}
