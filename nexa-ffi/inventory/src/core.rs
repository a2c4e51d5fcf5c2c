//! What the core offers, as far as it has to cross: the services that hang on a handle, the data plane, and the values that
//! they take and give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::{Fields, FnArg, ImplItem, Item, ItemImpl, ReturnType, UseTree, Visibility};

use crate::source::{files, names_of_ids, snake, written};

const SOURCES: &str = "nexa-core/src";
/// Whose public functions are operations: every `service.rs`, the way in, and the gateway of this program.
const SERVICE: &str = "service.rs";
const OTHERS: &[&str] = &["nexa.rs", "gateway/embedded.rs"];
/// The modules of the data plane. What they show of themselves has operations as well.
const DATA_PLANE: &[&str] = &["tunnel", "wireguard"];
const IDS: &str = "id.rs";

/// The core, by the names that the facade must know.
#[derive(Default, Debug)]
pub struct Core {
    /// `Class.method` of every service and of the data plane, or a function's name.
    pub operations: BTreeSet<String>,
    /// The public fields of each public struct.
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// The names of each public enum, in snake case.
    pub names: BTreeMap<String, BTreeSet<String>>,
    /// The named fields inside each public enum, whichever of its names has them.
    pub said: BTreeMap<String, BTreeSet<String>>,
    /// UUIDs with a type of their own.
    pub ids: BTreeSet<String>,
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
    let files = files(SOURCES)?;
    let shown = shown_of_data_plane(&files);
    for (path, file) in &files {
        let is_service = path.file_name().is_some_and(|name| name == SERVICE);
        let whose = match DATA_PLANE.iter().any(|module| path.starts_with(module)) {
            true => Whose::These(&shown),
            false if is_service || OTHERS.iter().any(|other| path == Path::new(other)) => Whose::Everyones,
            false => Whose::Nobodys,
        };
        for item in &file.items {
            add(&mut core, item, whose);
            if let Item::Macro(item) = item
                && path == Path::new(IDS)
                && item.mac.path.is_ident("ids")
            {
                core.ids.extend(names_of_ids(item));
            }
        }
    }
    Ok(core)
}

/// Whose public functions in a file are operations.
#[derive(Clone, Copy)]
enum Whose<'a> {
    Nobodys,
    Everyones,
    These(&'a BTreeSet<String>),
}

impl Whose<'_> {
    fn has(self, name: &str) -> bool {
        match self {
            Whose::Nobodys => false,
            Whose::Everyones => true,
            Whose::These(names) => names.contains(name),
        }
    }
}

/// What the data plane's modules name in `pub use`.
fn shown_of_data_plane(files: &[(std::path::PathBuf, syn::File)]) -> BTreeSet<String> {
    let roots = DATA_PLANE.iter().map(|module| Path::new(module).join("mod.rs"));
    let roots: Vec<_> = roots.collect();
    let items = files.iter().filter(|(path, _)| roots.contains(path)).flat_map(|(_, file)| &file.items);
    let mut shown = BTreeSet::new();
    for item in items {
        if let Item::Use(item) = item
            && is_public(&item.vis)
        {
            add_names(&item.tree, &mut shown);
        }
    }
    shown
}

fn add_names(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => add_names(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| add_names(tree, names)),
        UseTree::Name(name) => names.extend([name.ident.to_string()]),
        UseTree::Rename(rename) => names.extend([rename.rename.to_string()]),
        UseTree::Glob(_) => {}
    }
}

fn add(core: &mut Core, item: &Item, whose: Whose<'_>) {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let fields = item.fields.iter().filter(|field| is_public(&field.vis));
            let fields = fields.filter_map(|field| field.ident.as_ref().map(ToString::to_string));
            core.fields.entry(item.ident.to_string()).or_default().extend(fields);
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let names = item.variants.iter().map(|variant| snake(&variant.ident.to_string()));
            core.names.entry(item.ident.to_string()).or_default().extend(names);
            let named = item.variants.iter().filter(|variant| matches!(variant.fields, Fields::Named(_)));
            let fields = named.flat_map(|variant| &variant.fields);
            let fields = fields.filter_map(|field| field.ident.as_ref().map(ToString::to_string));
            core.said.entry(item.ident.to_string()).or_default().extend(fields);
        }
        Item::Fn(item) if is_public(&item.vis) && whose.has(&item.sig.ident.to_string()) => {
            core.operations.insert(item.sig.ident.to_string());
        }
        Item::Impl(item) if item.trait_.is_none() => add_functions(core, item, whose),
        _ => {}
    }
}

fn add_functions(core: &mut Core, item: &ItemImpl, whose: Whose<'_>) {
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
        } else if whose.has(&class) {
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
            pub fn helper() {}
            pub struct Pool { pub name: String, inner: u8 }
            pub enum Bar { UserGone }
            impl Pools { pub async fn create(&self) {} pub(crate) fn inner(&self) {} }
            impl NewPool { pub fn new() -> Self { NewPool } pub fn reserve(mut self) -> Self { self } }
        ";
        let mut core = Core::default();
        for item in &syn::parse_file(source).unwrap().items {
            add(&mut core, item, Whose::Everyones);
        }
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(core.operations, of(&["NewPool.new", "Pools.create", "helper"]));
        assert_eq!(core.fields["Pool"], of(&["name"]));
        assert_eq!(core.names["Bar"], of(&["user_gone"]));
        assert_eq!(core.built_with["NewPool"], of(&["reserve"]));
    }

    #[test]
    fn a_module_of_the_data_plane_has_the_operations_of_what_it_shows() {
        let root =
            "mod engine; pub use driver::{Tunnel, bring_up}; pub use a::B as Shown; use engine::Wheel;";
        let files = [("tunnel/mod.rs", root), ("db/mod.rs", "pub use store::Store;")];
        let files = files.map(|(path, text)| (path.into(), syn::parse_file(text).unwrap()));
        let shown = shown_of_data_plane(&files);
        assert_eq!(shown.iter().collect::<Vec<_>>(), ["Shown", "Tunnel", "bring_up"]);
        let source = r"
            impl Tunnel { pub const fn local_addr(&self) {} fn inner(&self) {} }
            impl Wheel { pub fn turn(&self) {} }
            impl Drop for Tunnel { fn drop(&mut self) {} }
            pub fn bring_up() {}
            pub fn oil() {}
        ";
        let mut core = Core::default();
        for item in &syn::parse_file(source).unwrap().items {
            add(&mut core, item, Whose::These(&shown));
        }
        assert_eq!(core.operations.iter().collect::<Vec<_>>(), ["Tunnel.local_addr", "bring_up"]);
    }

    #[test]
    fn what_an_enum_says_beside_its_names_is_read() {
        let source = "pub enum Event { Moved { peer: u8, to: u8 }, Lost { reason: u8 }, Other(u8) }";
        let mut core = Core::default();
        for item in &syn::parse_file(source).unwrap().items {
            add(&mut core, item, Whose::Nobodys);
        }
        assert_eq!(core.said["Event"].iter().collect::<Vec<_>>(), ["peer", "reason", "to"]);
    }
}
