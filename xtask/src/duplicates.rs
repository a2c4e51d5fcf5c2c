//! Crates that the tree holds in several versions. Their committed count may shrink and never grow.

use std::collections::BTreeSet;
use std::fs;

use crate::failure::{Failure, Result};
use crate::process::root;
use crate::tree::Tree;

const COMMITTED: &str = "xtask/duplicates.txt";

pub(crate) fn check() -> Result {
    let text = fs::read_to_string(root().join(COMMITTED))?;
    let committed =
        committed_count(&text).ok_or_else(|| Failure::new(format!("{COMMITTED} holds no count")))?;
    let tree = Tree::of_workspace()?;
    match surplus(&tree) {
        now if now > committed => Err(Failure::new(format!(
            "{now} duplicate crate versions, {committed} allowed by {COMMITTED}:\n{}",
            listed(&tree)
        ))),
        now if now < committed => {
            println!("{now} duplicate crate versions: lower {COMMITTED} from {committed} to {now}");
            Ok(())
        }
        now => {
            println!("{now} duplicate crate versions, as committed");
            Ok(())
        }
    }
}

/// Versions beyond the first of each crate.
fn surplus(tree: &Tree) -> usize {
    tree.duplicated().map(|(_, versions)| versions.len() - 1).sum()
}

fn committed_count(text: &str) -> Option<usize> {
    text.lines().find(|line| !line.starts_with('#'))?.trim().parse().ok()
}

fn listed(tree: &Tree) -> String {
    let line = |(name, versions): (&str, &BTreeSet<String>)| {
        format!("  {name} {}", versions.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    tree.duplicated().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_beyond_the_first_counts() {
        let tree = Tree::parse("a v1.0.0\na v2.0.0\na v3.0.0\nb v1.0.0\nc v1.0.0\nc v1.1.0\n");
        assert_eq!(surplus(&tree), 3);
        assert_eq!(listed(&tree), "  a 1.0.0, 2.0.0, 3.0.0\n  c 1.0.0, 1.1.0");
    }

    #[test]
    fn the_committed_count_follows_its_comment() {
        assert_eq!(committed_count("# why\n12\n"), Some(12));
        assert_eq!(committed_count("# why\n"), None);
    }
}
