//! What `cargo tree` says about the dependency tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::{Failure, Result};
use crate::process::{capture, cargo};

/// What a device that only takes the data plane must not have to build. A name stands for its family: `sqlx` is
/// `sqlx-core` too.
const NOT_IN_TUNNEL: &[&str] =
    &["argon2", "hyper", "libsqlite3-sys", "reqwest", "rusqlite", "sea-query", "sqlx", "tokio"];

/// The versions of each crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<String, BTreeSet<String>>);

impl Tree {
    /// Everything that any target and any feature of the workspace can pull in.
    pub(crate) fn of_workspace() -> Result<Self> {
        Self::read(&["--workspace", "--all-features"])
    }

    fn read(selection: &[&str]) -> Result<Self> {
        let mut command = cargo(&["tree", "--target", "all", "--prefix", "none", "--format", "{p}"]);
        Ok(Self::parse(&capture(command.args(selection))?))
    }

    /// Lines such as `syn v2.0.119` and `nexa-core v0.1.0 (/path) (*)`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut tree = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                let version = version.trim_start_matches('v').to_owned();
                tree.0.entry(name.to_owned()).or_default().insert(version);
            }
        }
        tree
    }

    /// Crates in more than one version.
    pub(crate) fn duplicated(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.0
            .iter()
            .filter(|(_, versions)| versions.len() > 1)
            .map(|(name, versions)| (name.as_str(), versions))
    }

    fn of_families<'a>(&'a self, families: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| families.iter().any(|family| is_of_family(name, family)))
    }
}

fn is_of_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The data plane alone carries neither the control plane's crates nor an async runtime.
pub(crate) fn check_tunnel() -> Result {
    without(
        &["-p", "nexa-core", "--no-default-features", "--features", "tunnel", "--edges", "normal"],
        NOT_IN_TUNNEL,
    )
}

/// The library for phones has the facade's runtime, and nothing of the control plane.
pub(crate) fn check_mobile() -> Result {
    let unwanted: Vec<_> = NOT_IN_TUNNEL.iter().copied().filter(|family| *family != "tokio").collect();
    without(
        &["-p", "nexa-uniffi", "--no-default-features", "--features", "mobile", "--edges", "normal"],
        &unwanted,
    )
}

fn without(selection: &[&str], unwanted: &[&str]) -> Result {
    let tree = Tree::read(selection)?;
    let found: Vec<_> = tree.of_families(unwanted).collect();
    if found.is_empty() {
        return Ok(());
    }
    let command = format!("cargo tree {} --invert {}", selection.join(" "), found.first().unwrap_or(&""));
    Err(Failure::new(format!("{} may not be there; see `{command}`", found.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "nexa-core v0.1.0 (/there)
syn v2.0.119
syn v3.0.10 (*)
sqlx-core v0.9.0

serde v1.0.0
serde v1.0.0 (*)
";

    #[test]
    fn a_crate_in_two_versions_is_duplicated_and_one_listed_twice_is_not() {
        let tree = Tree::parse(TEXT);
        let duplicated: Vec<_> = tree.duplicated().map(|(name, versions)| (name, versions.len())).collect();
        assert_eq!(duplicated, [("syn", 2)]);
    }

    #[test]
    fn a_family_is_its_name_and_what_hangs_on_it() {
        let tree = Tree::parse(TEXT);
        assert_eq!(tree.of_families(NOT_IN_TUNNEL).collect::<Vec<_>>(), ["sqlx-core"]);
        assert!(!is_of_family("hyperloglog", "hyper"));
    }
}
