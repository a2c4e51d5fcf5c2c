//! What the core offers, as far as it has to cross: the services that hang on a handle, and the values that they take and
//! give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::{FnArg, ImplItem, Item, ItemImpl, ReturnType, Visibility};

use crate::source::{files, snake, written};

const SOURCES: &str = "nexa-core/src";
/// Whose public functions are operations: every `service.rs`, and the way in.
const SERVICE: &str = "service.rs";
const ENTRANCE: &str = "nexa.rs";

/// The core, by the names that the facade must know.
#[derive(Default, Debug)]
pub struct Core {
    /// `Class.method` of every service.
    pub operations: BTreeSet<String>,
    /// The public fields of each public struct.
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// The names of each public enum, in snake case.
    pub names: BTreeMap<String, BTreeSet<String>>,
    /// What can be said of each value that callers build: the names of its functions that take it and give it back.
    pub built_with: BTreeMap<String, BTreeSet<String>>,
}

/// Every code that an error of the core can have.
#[must_use]
pub fn codes() -> BTreeSet<String> {
    nexa_core::error::CODES.iter().map(|(code, _)| (*code).to_owned()).collect()
}

/// Reads the core.
///
/// # Errors
/// A source that cannot be read.
pub fn read() -> anyhow::Result<Core> {
    let mut core = Core::default();
    for (path, file) in files(SOURCES)? {
        let has_operations =
            path.file_name().is_some_and(|name| name == SERVICE) || path == Path::new(ENTRANCE);
        for item in &file.items {
            add(&mut core, item, has_operations);
        }
    }
    Ok(core)
}

fn add(core: &mut Core, item: &Item, has_operations: bool) {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let fields = item.fields.iter().filter(|field| is_public(&field.vis));
            let fields = fields.filter_map(|field| field.ident.as_ref().map(ToString::to_string));
            core.fields.entry(item.ident.to_string()).or_default().extend(fields);
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let names = item.variants.iter().map(|variant| snake(&variant.ident.to_string()));
            core.names.entry(item.ident.to_string()).or_default().extend(names);
        }
        Item::Impl(item) if item.trait_.is_none() => add_functions(core, item, has_operations),
        _ => {}
    }
}

fn add_functions(core: &mut Core, item: &ItemImpl, has_operations: bool) {
    let class = written(&item.self_ty);
    for function in &item.items {
        let ImplItem::Fn(function) = function else { continue };
        if !is_public(&function.vis) {
            continue;
        }
        let name = function.sig.ident.to_string();
        let mut inputs = function.sig.inputs.iter();
        let takes_itself = matches!(inputs.next(), Some(FnArg::Receiver(this)) if this.reference.is_none());
        let gives_itself = matches!(&function.sig.output, ReturnType::Type(_, ty) if written(ty) == "Self");
        if takes_itself && gives_itself {
            core.built_with.entry(class.clone()).or_default().insert(name);
        } else if has_operations {
            core.operations.insert(format!("{class}.{name}"));
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_public_functions_of_services_alone() {
        let source = r"
            pub struct Pool { pub name: String, inner: u8 }
            pub enum Bar { UserGone }
            impl Pools { pub async fn create(&self) {} pub(crate) fn inner(&self) {} }
            impl NewPool { pub fn new() -> Self { NewPool } pub fn reserve(mut self) -> Self { self } }
        ";
        let mut core = Core::default();
        for item in &syn::parse_file(source).unwrap().items {
            add(&mut core, item, true);
        }
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(core.operations, of(&["NewPool.new", "Pools.create"]));
        assert_eq!(core.fields["Pool"], of(&["name"]));
        assert_eq!(core.names["Bar"], of(&["user_gone"]));
        assert_eq!(core.built_with["NewPool"], of(&["reserve"]));
    }
}
