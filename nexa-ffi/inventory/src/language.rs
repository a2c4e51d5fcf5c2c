//! What a language's committed files offer: names of types and of their members, by the shape that its generator writes.
//!
//! Only names are looked at. How a type is crossed is the macros' affair, and each language's type checker proves it.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::root;
use crate::{Artefact, Inventory};

/// Members by type; functions under the empty name.
pub type Found = BTreeMap<String, BTreeSet<String>>;

/// A language, and where its package declares what it offers.
pub struct Language {
    /// The name of its folder in `bindings`.
    pub name: &'static str,
    /// The file that declares everything, below that folder.
    pub declarations: &'static str,
    /// Reads it.
    pub read: fn(&str) -> Found,
    /// The file that declares the types of ids, below the folder, and what stands before and behind each name.
    pub ids: (&'static str, &'static str, &'static str),
    /// How a member is spelled; whether it is a name of an enumeration is said too.
    pub spelled: fn(&str, bool) -> String,
}

/// Every language.
pub const LANGUAGES: &[Language] = &[
    Language {
        name: "python",
        declarations: "nexa/_nexa.pyi",
        read: python,
        ids: ("nexa/ids.py", "\n", " = NewType("),
        spelled: |name, of_enumeration| if of_enumeration { name.to_uppercase() } else { name.to_owned() },
    },
    Language {
        name: "node",
        declarations: "generated.d.ts",
        read: node,
        ids: ("ids.d.ts", "export type ", " = "),
        spelled: |name, of_enumeration| {
            let name = camel(name);
            if of_enumeration { capitalised(&name) } else { name }
        },
    },
    Language {
        name: "kotlin",
        declarations: "generated/org/nexa/nexa.kt",
        read: kotlin,
        ids: ("src/org/nexa/id/Ids.kt", "value class ", "("),
        spelled: |name, of_enumeration| match name {
            // `AutoCloseable` has a `close` of its own.
            "close" => "closeAndWait".to_owned(),
            _ if of_enumeration => name.to_uppercase(),
            _ => camel(name),
        },
    },
    Language {
        name: "swift",
        declarations: "Sources/NexaKit/Generated/NexaKit.swift",
        read: swift,
        ids: ("Sources/NexaKit/Generated/NexaKit.swift", "public typealias ", " = "),
        spelled: |name, _| camel(name),
    },
];

impl Language {
    /// What it lacks of an artefact, as `Type` or `Type.member` in the inventory's own spelling.
    #[must_use]
    pub fn lacks(&self, inventory: &Inventory, artefact: Artefact, found: &Found) -> BTreeSet<String> {
        let mut lacks = BTreeSet::new();
        for (class, members) in inventory.members(artefact) {
            let Some(has) = found.get(class) else {
                lacks.insert(class.to_owned());
                continue;
            };
            let of_enumeration = inventory.enumerations.contains_key(class);
            for member in members {
                if !has.contains(&(self.spelled)(member, of_enumeration)) {
                    lacks.insert(if class.is_empty() {
                        member.to_owned()
                    } else {
                        format!("{class}.{member}")
                    });
                }
            }
        }
        lacks
    }

    /// Which types of ids a text lacks.
    #[must_use]
    pub fn lacks_ids(&self, inventory: &Inventory, text: &str) -> BTreeSet<String> {
        let (_, before, behind) = self.ids;
        let lacks = inventory.ids.iter().filter(|id| !text.contains(&format!("{before}{id}{behind}")));
        lacks.cloned().collect()
    }

    /// Its committed types of ids.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn committed_ids(&self) -> anyhow::Result<String> {
        self.file(self.ids.0)
    }

    /// Its committed declarations.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn committed(&self) -> anyhow::Result<Found> {
        Ok((self.read)(&self.file(self.declarations)?))
    }

    fn file(&self, below: &str) -> anyhow::Result<String> {
        let path = root().join("bindings").join(self.name).join(below);
        std::fs::read_to_string(&path).map_err(|cause| anyhow::anyhow!("{}: {cause}", path.display()))
    }
}

/// `class Name:` and what is indented below it; `def name(` at the margin.
fn python(text: &str) -> Found {
    let mut found = Reader::default();
    for line in text.lines() {
        let inner = line.strip_prefix("    ").filter(|inner| !inner.starts_with(' '));
        if let Some(name) = line.strip_prefix("class ") {
            found.enter(name);
        } else if let Some(name) = line.strip_prefix("def ") {
            found.function(name);
        } else if let Some(inner) = inner {
            let name = inner.strip_prefix("async def ").or_else(|| inner.strip_prefix("def "));
            if let Some(name) = name.or_else(|| inner.contains(": Final[").then_some(inner)) {
                found.member(name);
            }
        }
    }
    found.all
}

/// `export declare class Name {`, `export interface Name {`, `export declare const enum Name {`, up to the closing brace.
fn node(text: &str) -> Found {
    let mut found = Reader::default();
    for line in text.lines() {
        if let Some(name) = after_first(line, &["export declare function ", "export function "]) {
            found.function(name);
        } else if let Some(name) = after_first(
            line,
            &[
                "export declare class ",
                "export interface ",
                "export declare const enum ",
                "export const enum ",
                "export declare enum ",
            ],
        ) {
            found.enter(name);
        } else if line == "}" {
            found.leave();
        } else if let Some(inner) =
            line.strip_prefix("  ").filter(|inner| !inner.starts_with([' ', '*', '/']))
        {
            let name = ["static ", "get ", "readonly "]
                .iter()
                .fold(inner, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
            found.member(name);
        }
    }
    found.all
}

/// `interface NameInterface`, `open class Name`, whose companion holds what needs no object, `data class Name` and
/// `enum class Name`, up to the next of them; a function that follows its comment on the same line belongs to none.
fn kotlin(text: &str) -> Found {
    let mut found = Reader::default();
    for line in text.lines() {
        let inner = line.trim_start();
        if let Some(name) = line.strip_prefix("public interface ") {
            let name = name.split([' ', '{', ':']).next().unwrap_or_default();
            found.enter(name.strip_suffix("Interface").unwrap_or(name));
        } else if let Some(name) = after_first(line, &["open class ", "data class ", "enum class "]) {
            found.enter(name);
        } else if let Some(name) = inner.strip_prefix("*/ fun `") {
            found.function(name);
        } else if let Some(name) = inner.strip_prefix("val `") {
            found.member(name);
        } else if let Some((_, name)) = inner.split_once("fun `") {
            found.member(name);
        } else if inner.starts_with(|letter: char| letter.is_ascii_uppercase()) && inner.ends_with([',', ';'])
        {
            found.member(inner);
        }
    }
    found.all
}

/// `open class Name`, `public struct Name`, `public enum Name`, up to the next of them, for the generator does not indent
/// what is inside; `public func name(` at the margin belongs to none.
fn swift(text: &str) -> Found {
    let mut found = Reader::default();
    for line in text.lines() {
        let inner = line.trim_start();
        if let Some(name) = after_first(line, &["open class ", "public struct ", "public enum "]) {
            found.enter(name);
        } else if let Some(name) = line.strip_prefix("public func ") {
            found.function(name);
        } else if let Some(name) =
            after_first(inner, &["open func ", "public static func ", "public var ", "public let ", "case "])
        {
            found.member(name);
        }
    }
    found.all
}

fn after_first<'a>(line: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| line.strip_prefix(prefix))
}

#[derive(Default)]
struct Reader {
    all: Found,
    current: String,
}

impl Reader {
    fn enter(&mut self, text: &str) {
        self.current = identifier(text);
        self.all.entry(self.current.clone()).or_default();
    }

    fn leave(&mut self) {
        self.current.clear();
    }

    fn function(&mut self, text: &str) {
        self.all.entry(String::new()).or_default().insert(identifier(text));
    }

    fn member(&mut self, text: &str) {
        self.all.entry(self.current.clone()).or_default().insert(identifier(text));
    }
}

/// The name that a text begins with.
fn identifier(text: &str) -> String {
    let text = text.trim_start_matches('`');
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// `created_at` to `createdAt`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + &capitalised(part))
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(found: &Found, class: &str) -> Vec<String> {
        found[class].iter().cloned().collect()
    }

    #[test]
    fn python_is_read_from_its_stub() {
        let found = python(
            "@final\nclass Bar:\n    \"\"\"\n    def not_this\n    \"\"\"\n    USER_GONE: Final[Bar]\n    @property\n    def value(self, /) -> str:\n\nclass Nexa:\n    @staticmethod\n    async def open(url: str) -> Nexa: ...\n\ndef version() -> str: ...\n",
        );
        assert!(members(&found, "Bar").contains(&"USER_GONE".to_owned()));
        assert_eq!(members(&found, "Nexa"), ["open"]);
        assert_eq!(members(&found, ""), ["version"]);
    }

    #[test]
    fn node_is_read_from_its_declarations() {
        let found = node(
            "/** Of a person. */\nexport declare class Nexa {\n  static open(url: string): Promise<Nexa>\n  /** Closes. */\n  close(): Promise<void>\n}\n\nexport interface User {\n  createdAt: number\n  email?: string\n}\n\nexport declare const enum Bar {\n  UserGone = 'user_gone'\n}\n\nexport declare function version(): string\n",
        );
        assert_eq!(members(&found, "Nexa"), ["close", "open"]);
        assert_eq!(members(&found, "User"), ["createdAt", "email"]);
        assert_eq!(members(&found, "Bar"), ["UserGone"]);
        assert_eq!(members(&found, ""), ["version"]);
    }

    #[test]
    fn kotlin_is_read_from_what_uniffi_writes() {
        let found = kotlin(
            "public interface NexaInterface {\n    suspend fun `closeAndWait`(`timeoutMs`: UInt?)\n    companion object\n}\n\nopen class Nexa: Disposable, NexaInterface\n{\n    companion object {\n        suspend fun `open`(`url`: String): Nexa {\n        }\n    }\n}\n\ndata class User (\n    val `createdAt`: kotlin.Long\n    , \n){\n    companion object\n}\n\nenum class Bar {\n    USER_GONE,\n    OTHER;\n}\n        /**\n         * The version.\n         */ fun `version`(): kotlin.String {\n",
        );
        assert_eq!(members(&found, "Nexa"), ["closeAndWait", "open"]);
        assert_eq!(members(&found, "User"), ["createdAt"]);
        assert_eq!(members(&found, "Bar"), ["OTHER", "USER_GONE"]);
        assert_eq!(members(&found, ""), ["version"]);
    }

    #[test]
    fn swift_is_read_from_what_uniffi_writes() {
        let found = swift(
            "open class Nexa: NexaProtocol {\npublic static func open(url: String)async throws  -> Nexa  {\n}\nopen func close(timeoutMs: UInt32? = nil)async throws  {\n}\n}\n\npublic struct User: Equatable {\n    public var createdAt: Int64\n}\npublic enum Bar: Equatable {\n    case userGone\n}\npublic func version() -> String  {\n",
        );
        assert_eq!(members(&found, "Nexa"), ["close", "open"]);
        assert_eq!(members(&found, "User"), ["createdAt"]);
        assert_eq!(members(&found, "Bar"), ["userGone"]);
        assert_eq!(members(&found, ""), ["version"]);
    }

    #[test]
    fn each_language_spells_a_name_its_own_way() {
        let spelled = |name: &str, member: &str, of_enumeration: bool| {
            let language = LANGUAGES.iter().find(|language| language.name == name).unwrap();
            (language.spelled)(member, of_enumeration)
        };
        assert_eq!(spelled("python", "user_gone", true), "USER_GONE");
        assert_eq!(spelled("node", "user_gone", true), "UserGone");
        assert_eq!(spelled("node", "created_at", false), "createdAt");
        assert_eq!(spelled("kotlin", "close", false), "closeAndWait");
        assert_eq!(spelled("swift", "user_gone", true), "userGone");
    }
}
