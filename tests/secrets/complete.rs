//! Which public types can hold a secret, read from the sources: those with a field of a secret type, and those with a
//! field of a type that has one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::printed::printed;

/// What a secret is in, however it got there.
const SECRETS: [&str; 4] = ["Secret", "PrivateKey", "PresharedKey", "StaticSecret"];
/// Types that hold a secret in a form that the sources do not show: a drawing of a key, a URL with a password.
const HIDDEN: [&str; 2] = ["wireguard::QrCode", "nexa::Builder"];

#[nexa_test_macros::every_database]
async fn every_public_type_that_can_hold_a_secret_is_printed_by_the_test() {
    let mut expected = holders();
    assert!(expected.contains("identity::SignedIn") && expected.contains("nexa::Handle"), "{expected:?}");
    expected.extend(HIDDEN.map(str::to_owned));
    let listed: BTreeSet<_> = printed().await.1.into_iter().map(|(name, _)| name.to_owned()).collect();
    let missing: Vec<_> = expected.difference(&listed).collect();
    assert!(missing.is_empty(), "printed.rs does not print {missing:?}");
    let stale: Vec<_> = listed.difference(&expected).collect();
    assert!(stale.is_empty(), "printed.rs prints what holds no secret any more: {stale:?}");
}

/// A type as it is declared.
struct Declared {
    file: PathBuf,
    name: String,
    is_public: bool,
    mentions: BTreeSet<String>,
}

impl Declared {
    /// `folder::Type`, or `file::Type` for a file beside `lib.rs`.
    fn key(&self) -> String {
        let top = self.file.iter().next().unwrap().to_str().unwrap();
        format!("{}::{}", top.trim_end_matches(".rs"), self.name)
    }
}

/// The public types from which a secret can be reached, field by field.
fn holders() -> BTreeSet<String> {
    let types = declared_types();
    let mut holds: Vec<bool> = types.iter().map(|it| SECRETS.contains(&it.name.as_str())).collect();
    loop {
        let step: Vec<bool> = types.iter().map(|it| reaches(it, &types, &holds)).collect();
        let next: Vec<bool> = holds.iter().zip(step).map(|(before, now)| *before || now).collect();
        if next == holds {
            break;
        }
        holds = next;
    }
    let public = types.iter().zip(holds).filter(|(it, holds)| it.is_public && *holds);
    public.map(|(it, _)| it.key()).collect()
}

fn reaches(it: &Declared, types: &[Declared], holds: &[bool]) -> bool {
    it.mentions.iter().any(|name| {
        let meant: Vec<_> = types.iter().enumerate().filter(|(_, other)| other.name == *name).collect();
        // Of several types of one name, the one declared closest is meant.
        let closest = meant.iter().map(|(_, other)| closeness(&it.file, &other.file)).max();
        SECRETS.contains(&name.as_str())
            || meant.iter().any(|(at, other)| holds[*at] && Some(closeness(&it.file, &other.file)) == closest)
    })
}

fn closeness(one: &Path, other: &Path) -> usize {
    if one == other { usize::MAX } else { one.iter().zip(other).take_while(|(a, b)| a == b).count() }
}

fn declared_types() -> Vec<Declared> {
    let sources = PathBuf::from("nexa-core/src");
    let mut types = Vec::new();
    let mut folders = vec![sources.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(&sources).unwrap().to_owned();
                types.extend(declared_in(&file, &std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(types.len() > 100, "only {} types were found in the sources", types.len());
    types
}

fn declared_in(file: &Path, source: &str) -> Vec<Declared> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code: String = code.lines().filter(|line| !is_aside(line)).collect::<Vec<_>>().join("\n");
    let words = words(&code);
    let mut types = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let named = words.get(at + 1).filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
        if let ("struct" | "enum", Some(name)) = (*word, named) {
            let is_public = at > 0 && words[at - 1] == "pub";
            let mentions = body(&words[at + 2..]).iter().map(|word| (*word).to_owned()).collect();
            types.push(Declared { file: file.to_owned(), name: (*name).to_owned(), is_public, mentions });
        }
    }
    types
}

fn is_aside(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with("#[")
}

/// Identifiers and single signs.
fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let of_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = match of_word(first) {
            true => rest.find(|c| !of_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

/// What is between the outermost brackets that come next; nothing for a unit struct.
fn body<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let begin = words.iter().position(|word| matches!(*word, "{" | "(" | ";")).unwrap_or(words.len());
    let mut depth = 0;
    for (at, word) in words.iter().enumerate().skip(begin) {
        depth += match *word {
            "{" | "(" => 1,
            "}" | ")" => -1,
            _ => 0,
        };
        if depth == 0 {
            return &words[begin..at];
        }
    }
    &[]
}

#[test]
fn a_field_of_a_field_is_found_and_a_mention_in_a_comment_is_not() {
    let source = "/// Holds no Secret.\npub struct Plain {\n    // Secret\n    name: String,\n}\n\
                  pub(crate) struct Inner(Option<Secret<String>>);\npub enum Outer { Some { inner: Arc<Inner> }, None }\n\
                  pub struct Unit;\n#[cfg(test)]\nmod tests { struct Late(Secret<u8>); }";
    let types = declared_in(Path::new("x.rs"), source);
    let names: Vec<_> = types.iter().map(|it| (it.key(), it.is_public)).collect();
    let expected = [("x::Plain", true), ("x::Inner", false), ("x::Outer", true), ("x::Unit", true)];
    assert_eq!(names, expected.map(|(name, is_public)| (name.to_owned(), is_public)));
    let holds: Vec<_> = types.iter().map(|it| reaches(it, &types, &[false; 4])).collect();
    assert_eq!(holds, [false, true, false, false]);
    assert!(reaches(&types[2], &types, &holds));
}
