//! Rust's own sources, parsed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use quote::ToTokens;
use syn::{Attribute, Meta};

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    // Asked for when it runs: a program that a shared target folder keeps may have been built in another checkout.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let manifest = manifest.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.ancestors().nth(2).unwrap_or(&manifest).to_owned()
}

/// Every Rust file below a folder of the workspace, with its path below that folder, in order.
///
/// # Errors
/// A file that cannot be read or is not Rust.
pub fn files(folder: &str) -> anyhow::Result<Vec<(PathBuf, syn::File)>> {
    let base = root().join(folder);
    let mut paths = Vec::new();
    walk(&base, &mut paths)?;
    paths.sort();
    let parsed = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path)?;
        let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
        Ok((path.strip_prefix(&base)?.to_owned(), file))
    });
    parsed.collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// The attribute of that name, such as `record` of `#[record(input)]`.
#[must_use]
pub fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.path().is_ident(name))
}

/// What stands in an attribute's parentheses, as text.
#[must_use]
pub fn arguments(attribute: &Attribute) -> String {
    match &attribute.meta {
        Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

/// Whether it is compiled only with the control plane.
#[must_use]
pub fn is_control(attributes: &[Attribute]) -> bool {
    attribute(attributes, "cfg").is_some_and(|cfg| arguments(cfg) == "feature = \"control\"")
}

/// The names that are given to the macro `ids`.
pub(crate) fn names_of_ids(item: &syn::ItemMacro) -> impl Iterator<Item = String> {
    let names = item.mac.tokens.clone().into_iter().map(|token| token.to_string());
    names.filter(|name| name.starts_with(char::is_uppercase))
}

/// `NotFound` to `not_found`.
#[must_use]
pub fn snake(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// A type as it is written, without the blanks that printing tokens adds.
#[must_use]
pub fn written(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let mut out = String::new();
    for letter in text.chars() {
        if letter == ' ' && !out.ends_with(',') {
            continue;
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_are_spelled_as_the_languages_expect() {
        assert_eq!(snake("NeedsOperator"), "needs_operator");
        let ty: syn::Type = syn::parse_str("HashMap< String , Option<u32> >").unwrap();
        assert_eq!(written(&ty), "HashMap<String, Option<u32>>");
    }
}
