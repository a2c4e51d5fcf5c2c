//! From a text to a document, with everything that is wrong with it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::tree::{self, Entry, Node, Quoting, Value};
use super::{Document, DocumentPolicy, DocumentTest, Fault, Who};
use crate::id::{DeviceId, PolicyId};
use crate::name::check_lines;
use crate::policy::destination::{Destination, Place};
use crate::policy::model::{Effect, NewPolicy, Policy};
use crate::policy::service_range::ServiceRange;
use crate::runtime::Timestamp;

/// How many faults are listed.
pub(in crate::policy) const MOST_FAULTS: usize = 100;

/// Reads YAML or JSON.
///
/// # Errors
/// What is wrong, in order of the lines; at most 100 of it. A text that is no YAML at all has one fault.
pub fn read(text: &str) -> Result<Document, Vec<Fault>> {
    let root = tree::parse(text).map_err(|fault| vec![fault])?;
    let mut faults = Faults(Vec::new());
    let document = document(&root, &mut faults);
    match (document, faults.0) {
        (Some(document), faults) if faults.is_empty() => Ok(document),
        (_, mut faults) => {
            faults.sort();
            faults.truncate(MOST_FAULTS);
            Err(faults)
        }
    }
}

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, line: u64, field: &str, message: impl Into<String>) {
        self.0.push(Fault::new(line, field, message));
    }

    /// The value, or nothing and a fault.
    fn keep<T>(&mut self, line: u64, field: &str, parsed: Result<T, impl fmt::Display>) -> Option<T> {
        parsed.map_err(|cause| self.add(line, field, reason(&cause.to_string()))).ok()
    }
}

/// What an error says after the name that the value has elsewhere.
fn reason(said: &str) -> &str {
    let is_name = |head: &str| head.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    said.split_once(": ").filter(|(head, _)| is_name(head)).map_or(said, |(_, reason)| reason)
}

fn document(root: &Node, faults: &mut Faults) -> Option<Document> {
    let mut fields = Fields::of(root, "text", faults)?;
    if !fields.has("policies") {
        faults.add(root.line, "policies", "is missing");
    }
    let policies = fields.list("policies", faults).map(|node| policy(node, faults)).collect::<Vec<_>>();
    let has_tests = fields.has("tests");
    let tests = fields.list("tests", faults).map(|node| test(node, faults)).collect::<Vec<_>>();
    fields.end(faults);
    let policies: Vec<_> = policies.into_iter().flatten().collect();
    let tests: Vec<_> = tests.into_iter().flatten().collect();
    once(policies.iter().map(|policy| (policy.line, policy.name.as_str())), faults);
    once(tests.iter().map(|test| (test.line, test.name.as_str())), faults);
    Some(Document { policies, tests: has_tests.then_some(tests) })
}

/// Names are compared as the database compares them.
fn once<'a>(names: impl Iterator<Item = (u64, &'a str)>, faults: &mut Faults) {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    for (line, name) in names {
        let key = crate::name::Name::derived(name).key;
        if let Some(first) = known.get(&key) {
            faults.add(line, "name", format!("{name:?} is there twice, first in line {first}"));
        } else {
            known.insert(key, line);
        }
    }
}

fn policy(node: &Node, faults: &mut Faults) -> Option<DocumentPolicy> {
    let mut fields = Fields::of(node, "policies", faults)?;
    let name = fields.needed("name", faults);
    let effect = fields.needed::<Effect>("effect", faults);
    let mut policy = DocumentPolicy {
        line: node.line,
        name: String::new(),
        effect: Effect::Deny,
        description: fields.text("description", faults).unwrap_or_default(),
        priority: fields.parsed("priority", faults).unwrap_or(Policy::PRIORITY_DEFAULT),
        is_active: fields.flag("active", faults).unwrap_or(true),
        full_tunnel: fields.flag("full_tunnel", faults).unwrap_or(false),
        targets: fields.list("targets", faults).filter_map(|node| who(node, "targets", faults)).collect(),
        destinations: fields
            .list("destinations", faults)
            .flat_map(|node| destinations(node, faults))
            .collect(),
        valid_from: fields.parsed::<Timestamp>("valid_from", faults),
        valid_until: fields.parsed::<Timestamp>("valid_until", faults),
    };
    fields.end(faults);
    (policy.name, policy.effect) = (name?, effect?);
    check(&policy, faults);
    Some(policy)
}

/// What a policy of this kind is refused for, whoever makes it.
fn check(policy: &DocumentPolicy, faults: &mut Faults) {
    let mut new =
        NewPolicy::allow(policy.name.clone()).described(policy.description.clone()).priority(policy.priority);
    (new.valid_from, new.valid_until) = (policy.valid_from, policy.valid_until);
    new.destinations.clone_from(&policy.destinations);
    let texts = policy.destinations.iter().map(|destination| &destination.description);
    let mut texts = texts.chain([&policy.description]);
    if let Err(refused) = texts.try_for_each(|text| check_lines("description", text)) {
        faults.add(policy.line, "description", reason(&refused.to_string()));
    }
    if let Err(refused) = new.build(PolicyId::from_uuid(uuid::Uuid::nil())) {
        faults.add(policy.line, refused.field().unwrap_or("policies"), reason(&refused.to_string()));
    }
}

fn test(node: &Node, faults: &mut Faults) -> Option<DocumentTest> {
    let mut fields = Fields::of(node, "tests", faults)?;
    let name = fields.needed("name", faults);
    let who = match fields.take("who") {
        Some(entry) => who(&entry.value, "who", faults).map(|(_, who)| who),
        None => {
            faults.add(node.line, "who", "is missing");
            None
        }
    };
    let to = fields.needed("to", faults);
    let service = fields.parsed("service", faults).unwrap_or(ServiceRange::ANY);
    let expect = fields.needed("expect", faults);
    fields.end(faults);
    Some(DocumentTest { line: node.line, name: name?, who: who?, to: to?, service, expect: expect? })
}

fn who(node: &Node, field: &str, faults: &mut Faults) -> Option<(u64, Who)> {
    let text = text_of(node, field, faults)?;
    let who = match text.split_once(':') {
        Some(("user", name)) if !name.is_empty() => Who::User(name.to_owned()),
        Some(("group", name)) if !name.is_empty() => Who::Group(name.to_owned()),
        Some(("device", id)) => Who::Device(faults.keep(node.line, field, id.parse::<DeviceId>())?),
        _ => {
            faults.add(
                node.line,
                field,
                format!("{text:?} is none of user:<name>, group:<name> and device:<id>"),
            );
            return None;
        }
    };
    Some((node.line, who))
}

/// One place by one range of services or several, which are as many destinations.
fn destinations(node: &Node, faults: &mut Faults) -> Vec<Destination> {
    if let Value::Text(text, _) = &node.value {
        let parsed = faults.keep(node.line, "destinations", text.parse::<Destination>());
        return parsed.into_iter().collect();
    }
    let Some(mut fields) = Fields::of(node, "destinations", faults) else { return Vec::new() };
    let to = fields.needed::<Place>("to", faults);
    let description = fields.text("description", faults).unwrap_or_default();
    let (has_services, before) = (fields.has("services"), faults.0.len());
    let services: Vec<_> = fields
        .list("services", faults)
        .filter_map(|node| {
            let text = text_of(node, "services", faults)?;
            faults.keep(node.line, "services", text.parse::<ServiceRange>())
        })
        .collect();
    if has_services && services.is_empty() && faults.0.len() == before {
        // A deny that is left out would open something.
        faults.add(node.line, "services", "is empty; leave it out for all of them");
    }
    fields.end(faults);
    let Some(to) = to else { return Vec::new() };
    let one = |services| Destination::new(to.clone()).by(services).described(description.clone());
    match has_services {
        true => services.into_iter().map(one).collect(),
        false => vec![one(ServiceRange::ANY)],
    }
}

fn text_of<'n>(node: &'n Node, field: &str, faults: &mut Faults) -> Option<&'n str> {
    match &node.value {
        Value::Text(text, _) => Some(text),
        Value::List(_) | Value::Map(_) => {
            faults.add(node.line, field, "is no text");
            None
        }
    }
}

/// The keys of a map that nobody has asked for yet.
struct Fields<'n> {
    line: u64,
    left: Vec<&'n Entry>,
}

impl<'n> Fields<'n> {
    fn of(node: &'n Node, field: &str, faults: &mut Faults) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Fields { line: node.line, left: entries.iter().collect() }),
            Value::Text(..) | Value::List(_) => {
                faults.add(node.line, field, "is no map of keys");
                None
            }
        }
    }

    fn has(&self, key: &str) -> bool {
        self.left.iter().any(|entry| entry.key == key)
    }

    fn take(&mut self, key: &str) -> Option<&'n Entry> {
        let at = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.swap_remove(at))
    }

    fn text(&mut self, key: &str, faults: &mut Faults) -> Option<String> {
        let entry = self.take(key)?;
        text_of(&entry.value, key, faults).map(str::to_owned)
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, key: &str, faults: &mut Faults) -> Option<T> {
        let entry = self.take(key)?;
        let text = text_of(&entry.value, key, faults)?;
        faults.keep(entry.value.line, key, text.parse())
    }

    fn needed<T: FromStr<Err: fmt::Display>>(&mut self, key: &str, faults: &mut Faults) -> Option<T> {
        if !self.has(key) {
            faults.add(self.line, key, "is missing");
        }
        self.parsed(key, faults)
    }

    fn flag(&mut self, key: &str, faults: &mut Faults) -> Option<bool> {
        let entry = self.take(key)?;
        match &entry.value.value {
            Value::Text(text, Quoting::Plain) if text == "true" => Some(true),
            Value::Text(text, Quoting::Plain) if text == "false" => Some(false),
            _ => {
                faults.add(entry.value.line, key, "is neither true nor false");
                None
            }
        }
    }

    fn list(&mut self, key: &str, faults: &mut Faults) -> std::slice::Iter<'n, Node> {
        match self.take(key).map(|entry| &entry.value) {
            None => [].iter(),
            Some(Node { value: Value::List(items), .. }) => items.iter(),
            Some(node) => {
                faults.add(node.line, key, "is no list");
                [].iter()
            }
        }
    }

    /// What is left is a mistake: a key that is misspelled would otherwise open or close nothing, in silence.
    fn end(self, faults: &mut Faults) {
        for entry in self.left {
            faults.add(entry.line, &entry.key, "is no key that is known here");
        }
    }
}
