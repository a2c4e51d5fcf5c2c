//! Calls by name, for the parity tests. Swift calls no method by its name, so the table of them all is written out, from
//! what UniFFI generated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What every call that waits takes; the scenarios say nothing of it.
const LIMITS: &[&str] = &["timeoutMs", "cancel"];
/// The object whose methods without parameters give the domains.
const HANDLE: &str = "Handle";

const HEAD: &str =
    "// Written by `cargo xtask bindings` from the generated sources of NexaKit.\n\nimport NexaKit\n";

/// What the generated sources declare.
#[derive(Default)]
struct Api<'a> {
    classes: BTreeMap<&'a str, Vec<Method<'a>>>,
    records: BTreeMap<&'a str, Vec<Parameter<'a>>>,
    enums: BTreeSet<&'a str>,
}

struct Method<'a> {
    name: &'a str,
    parameters: Vec<Parameter<'a>>,
    is_static: bool,
    is_async: bool,
    output: Option<&'a str>,
}

/// A parameter, or a record's field.
struct Parameter<'a> {
    name: &'a str,
    ty: &'a str,
}

/// The Swift that calls each method of these sources by its name in the facade.
pub(super) fn written(sources: &str) -> String {
    let api = Api::read(sources);
    let mut out = String::from(HEAD);
    api.write_arguments(&mut out);
    api.write_domains(&mut out);
    let head = "construct(_ op: String, _ arguments: inout Arguments)";
    api.write_calls(&mut out, head, |class, method| method.is_static.then(|| class.to_owned()));
    let head = "invoke(_ op: String, on object: AnyObject, _ arguments: inout Arguments)";
    api.write_calls(&mut out, head, |class, method| {
        (!method.is_static).then(|| format!("cast(object, to: {class}.self)"))
    });
    out
}

impl<'a> Api<'a> {
    /// UniFFI writes what is public at the line's beginning, and a record's fields four blanks in.
    fn read(sources: &'a str) -> Self {
        let mut api = Api::default();
        let (mut class, mut record) = (None, None);
        for line in sources.lines() {
            if let Some(rest) = line.strip_prefix("open class ") {
                (class, record) = (name_of(rest), None);
            } else if line.starts_with("public struct ") && line.ends_with(": Equatable, Hashable {") {
                (class, record) = (None, line.strip_prefix("public struct ").and_then(name_of));
            } else if let Some(rest) = line.strip_prefix("public enum ") {
                (class, record) = (None, None);
                api.enums.extend(name_of(rest));
            } else if line.starts_with("public struct ") || line.starts_with("public func ") {
                (class, record) = (None, None);
            } else if let (Some(class), Some(method)) = (class, Method::read(line)) {
                api.classes.entry(class).or_default().push(method);
            } else if let (Some(record), Some(field)) = (record, line.strip_prefix("    public var ")) {
                api.records.entry(record).or_default().extend(Parameter::read(field));
            }
        }
        api
    }

    fn methods(&self) -> impl Iterator<Item = (&'a str, &Method<'a>)> {
        self.classes.iter().flat_map(|(class, methods)| methods.iter().map(|method| (*class, method)))
    }

    /// How each type that a method takes is made of JSON or of what was saved.
    fn write_arguments(&self, out: &mut String) {
        let mut wanted: Vec<_> = self.methods().flat_map(|(_, method)| &method.parameters).collect();
        let mut known = BTreeSet::new();
        while let Some(parameter) = wanted.pop() {
            let ty = parameter.ty.trim_matches(['[', ']', '?']);
            if known.insert(ty) {
                wanted.extend(self.records.get(ty).into_iter().flatten());
            }
        }
        for ty in known {
            if self.classes.contains_key(ty) {
                let _ = write!(out, "\nextension {ty}: ObjectArgument {{}}\n");
            } else if self.enums.contains(ty) {
                let _ = write!(out, "\nextension {ty}: Choice {{}}\n");
            } else if let Some(fields) = self.records.get(ty) {
                let taken = taken(fields, "try fields");
                let _ = write!(
                    out,
                    "\nextension {ty}: Argument {{\n    static func of(_ value: Value) throws -> {ty} {{\n        \
                     var fields = try Arguments(value)\n        let record = {ty}({taken})\n        \
                     try fields.finish()\n        return record\n    }}\n}}\n"
                );
            }
        }
    }

    fn write_domains(&self, out: &mut String) {
        out.push_str("\n/// What hangs on a handle, by its class.\n");
        out.push_str("func domain(_ name: String, of handle: Handle) -> AnyObject? {\n    switch name {\n");
        for method in self.classes.get(HANDLE).into_iter().flatten() {
            if let (Some(class), []) = (method.output, method.parameters.as_slice()) {
                let _ = writeln!(out, "    case \"{class}\": handle.{}()", method.name);
            }
        }
        out.push_str("    default: nil\n    }\n}\n");
    }

    /// `receiver` gives what a method is called on, if it belongs here.
    fn write_calls(
        &self,
        out: &mut String,
        head: &str,
        receiver: impl Fn(&str, &Method<'_>) -> Option<String>,
    ) {
        let _ = write!(out, "\nfunc {head} async throws -> Value {{\n    switch op {{\n");
        for (class, method) in self.methods() {
            let Some(receiver) = receiver(class, method) else { continue };
            let waits = if method.is_async { " await" } else { "" };
            let taken = taken(&method.parameters, "arguments");
            let call = format!("try{waits} {receiver}.{}({taken})", method.name);
            let _ = writeln!(out, "    case \"{class}.{}\":", snake(method.name));
            let _ = match method.output {
                Some(_) => writeln!(out, "        return Value({call})"),
                None => writeln!(out, "        {call}\n        return .json(.null)"),
            };
        }
        out.push_str("    default: throw Broken(\"there is no \\(op)\")\n    }\n}\n");
    }
}

impl<'a> Method<'a> {
    /// Of a line such as `open func get(id: UserId, timeoutMs: UInt32? = nil)async throws  -> User  {`.
    fn read(line: &'a str) -> Option<Self> {
        let (is_static, rest) = match line.strip_prefix("open func ") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("public static func ")?),
        };
        let (name, rest) = rest.split_once('(')?;
        let (parameters, rest) = rest.split_once(')')?;
        let (effects, _) = rest.split_once('{')?;
        let parameters = parameters.split(", ").filter_map(Parameter::read);
        Some(Method {
            name: name.trim_matches('`'),
            parameters: parameters.filter(|parameter| !LIMITS.contains(&parameter.name)).collect(),
            is_static,
            is_async: effects.contains("async"),
            output: effects.split_once("-> ").map(|(_, output)| output.trim()),
        })
    }
}

impl<'a> Parameter<'a> {
    /// Of `id: UserId` or `limit: UInt32? = nil`.
    fn read(text: &'a str) -> Option<Self> {
        let (name, ty) = text.split_once(": ")?;
        let ty = ty.split_once(" = ").map_or(ty, |(ty, _)| ty);
        Some(Parameter { name: name.trim_matches('`'), ty: ty.trim() })
    }
}

/// The name at the beginning of what follows a keyword.
fn name_of(rest: &str) -> Option<&str> {
    rest.split(|letter: char| !letter.is_alphanumeric()).next()
}

fn taken(parameters: &[Parameter<'_>], from: &str) -> String {
    let each =
        parameters.iter().map(|Parameter { name, .. }| format!("{name}: {from}.take(\"{}\")", snake(name)));
    each.collect::<Vec<_>>().join(", ")
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &str = "\
public protocol HandleProtocol: AnyObject, Sendable {
    func people() -> People
}
open class Handle: HandleProtocol, @unchecked Sendable {
public static func `open`(url: String, timeoutMs: UInt32? = nil)async throws  -> Handle  {
open func people() -> People  {
}
open class People: PeopleProtocol, @unchecked Sendable {
    public func uniffiCloneHandle() -> UInt64 {
open func addAll(group: [NewPerson], onTop: Bool? = nil, cancel: CancelHandle? = nil)async throws   {
}
public struct FfiConverterTypePeople: FfiConverter {
    public static func lift(_ handle: UInt64) throws -> People {
}
public struct NewPerson: Equatable, Hashable {
    public var fullName: String
    public var role: Role?
}
public struct Person: Equatable, Hashable {
    public var fullName: String
}
public enum Role: Equatable, Hashable, CaseIterable {
}
";

    #[test]
    fn each_method_is_called_by_its_name_in_the_facade() {
        let written = written(SOURCES);
        for line in [
            "case \"Handle.open\":\n        return Value(try await Handle.open(url: arguments.take(\"url\")))",
            "case \"Handle.people\":\n        return Value(try cast(object, to: Handle.self).people())",
            "case \"People.add_all\":\n        try await cast(object, to: People.self).addAll(group: \
             arguments.take(\"group\"), onTop: arguments.take(\"on_top\"))\n        return .json(.null)",
            "case \"People\": handle.people()",
        ] {
            assert!(written.contains(line), "{line}\nis not in\n{written}");
        }
        assert!(!written.contains("uniffi") && !written.contains("lift"), "{written}");
    }

    #[test]
    fn only_what_methods_take_is_read() {
        let written = written(SOURCES);
        assert!(written.contains("extension Role: Choice {}"), "{written}");
        assert!(written.contains(
            "NewPerson(fullName: try fields.take(\"full_name\"), role: try fields.take(\"role\"))"
        ));
        assert!(!written.contains("extension Person"), "{written}");
    }
}
