//! Which file may name what: the rules of the architecture that a search can hold.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::process::root;

const UNSAFE: &[&str] = &["unsafe {", "unsafe fn", "unsafe impl", "(unsafe_code"];

/// Words that only some files below a folder may hold.
struct Rule {
    words: &'static [&'static str],
    /// Of a path relative to that folder.
    may: fn(&Path) -> bool,
    says: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &["sea_query", "sqlx"],
        may: |path| {
            path.starts_with("db") || is_named(path, "store.rs") || path.iter().any(|part| part == "store")
        },
        says: "SQL lives only in store.rs, store/ and db/",
    },
    Rule {
        words: &["on_conflict", "returning", "Expr::cust", "lock_exclusive", "SUM("],
        may: |_| false,
        says: "statements stay in the subset that means the same on every database (ADR 0002)",
    },
    Rule {
        words: &["boringtun::"],
        may: |path| path == Path::new("tunnel/crypto.rs"),
        says: "boringtun is named in tunnel/crypto.rs alone (ADR 0007)",
    },
    Rule {
        words: &["boringtun::device", "boringtun::ffi"],
        may: |_| false,
        says: "boringtun's device layer is never used (ADR 0007)",
    },
    Rule {
        words: UNSAFE,
        may: |path| path == Path::new("tunnel/device/ioctl.rs") || path == Path::new("lib.rs"),
        says: "unsafe code is in tunnel/device/ioctl.rs alone (ADR 0010)",
    },
];

/// The same of the facade.
const RULES_OF_FACADE: &[Rule] = &[Rule {
    words: UNSAFE,
    may: |path| path == Path::new("node.rs"),
    says: "unsafe code is in node.rs alone, where napi asks for it",
}];

pub(crate) fn check() -> Result {
    let mut found = Vec::new();
    for (folder, rules) in [("nexa-core/src", RULES), ("nexa-ffi/src", RULES_OF_FACADE)] {
        search(&root().join(folder), rules, &mut found)?;
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::new(found.join("\n"))) }
}

fn search(source: &Path, rules: &[Rule], found: &mut Vec<String>) -> Result {
    for file in files_under(source)? {
        let inside = file.strip_prefix(source).unwrap_or(&file);
        let shown = file.strip_prefix(root()).unwrap_or(&file).display();
        let text = fs::read_to_string(&file)?;
        for rule in rules.iter().filter(|rule| !(rule.may)(inside)) {
            let mentions = mentions(&text, rule.words);
            found.extend(mentions.map(|(line, word)| format!("  {shown}:{line}: {word}: {}", rule.says)));
        }
    }
    Ok(())
}

/// Every file below a folder, in a stable order.
pub(crate) fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|own| own == name)
}

/// Line numbers with the word that each holds.
fn mentions(text: &str, words: &'static [&'static str]) -> impl Iterator<Item = (usize, &'static str)> {
    let numbered = (1..).zip(text.lines());
    numbered.filter_map(|(number, line)| {
        words.iter().find(|word| line.contains(**word)).map(|word| (number, *word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_and_the_database_folder_may_speak_sql_and_nothing_else() {
        let may_speak_sql = RULES[0].may;
        for path in ["db/row.rs", "db/mod.rs", "ipam/store.rs"] {
            assert!(may_speak_sql(Path::new(path)), "{path}");
        }
        for path in ["lib.rs", "ipam/service.rs", "ipam/db/rows.rs", "restore.rs"] {
            assert!(!may_speak_sql(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_mention_is_reported_with_its_line() {
        let text = "use std::fmt;\nuse sqlx::Row;\n\n// sea_query::Query\n";
        assert_eq!(mentions(text, RULES[0].words).collect::<Vec<_>>(), [(2, "sqlx"), (4, "sea_query")]);
    }
}
