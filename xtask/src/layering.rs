//! SQL lives in `store.rs` files and under `db/`: only they may name the crates that speak it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::process::root;

const SQL_CRATES: &[&str] = &["sea_query", "sqlx"];

pub(crate) fn check() -> Result {
    let source = root().join("nexa-core").join("src");
    let mut found = Vec::new();
    for file in files_under(&source)? {
        let inside = file.strip_prefix(&source).unwrap_or(&file);
        if may_speak_sql(inside) {
            continue;
        }
        let shown = file.strip_prefix(root()).unwrap_or(&file).display();
        found.extend(
            mentions(&fs::read_to_string(&file)?).map(|(line, name)| format!("  {shown}:{line}: {name}")),
        );
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "SQL lives only in store.rs files and under db/; move these there:\n{}",
        found.join("\n")
    )))
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

/// `path` is relative to the crate's `src`.
fn may_speak_sql(path: &Path) -> bool {
    path.starts_with("db") || path.file_name().is_some_and(|name| name == "store.rs")
}

/// Line numbers with the crate that each names.
fn mentions(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    let numbered = (1..).zip(text.lines());
    numbered.filter_map(|(number, line)| {
        SQL_CRATES.iter().find(|name| line.contains(**name)).map(|name| (number, *name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_and_the_database_folder_may_speak_sql_and_nothing_else() {
        for path in ["db/dialect.rs", "db/mod.rs", "ipam/store.rs"] {
            assert!(may_speak_sql(Path::new(path)), "{path}");
        }
        for path in ["lib.rs", "ipam/service.rs", "ipam/db/rows.rs", "restore.rs"] {
            assert!(!may_speak_sql(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_mention_is_reported_with_its_line() {
        let text = "use std::fmt;\nuse sqlx::Row;\n\n// sea_query::Query\n";
        assert_eq!(mentions(text).collect::<Vec<_>>(), [(2, "sqlx"), (4, "sea_query")]);
    }
}
