//! What the facade declares by `#[record]`, `#[enumeration]` and `#[object]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Expr, FnArg, ImplItem, Item, ItemImpl, Lit, Pat, ReturnType, Signature, Type, Visibility};

use crate::source::{arguments, attribute, files, is_control, names_of_ids, snake, written};
use crate::{Artefact, Enumeration, Inventory, Operation, Record};

const SOURCES: &str = "nexa-ffi/src";

/// Reads the facade.
///
/// # Errors
/// A source that cannot be read.
pub fn read() -> anyhow::Result<Inventory> {
    let files = files(SOURCES)?;
    let of_control = modules_of_control(&files);
    let mut inventory = Inventory::default();
    for (path, file) in &files {
        let is_control_file =
            path.file_stem().is_some_and(|stem| of_control.contains(stem.to_string_lossy().as_ref()));
        for item in &file.items {
            add(&mut inventory, item, is_control_file);
        }
    }
    Ok(inventory)
}

/// Every code of the facade's own errors: the texts of that form which stand first in a call of `new`.
///
/// # Errors
/// A source that cannot be read.
pub fn codes() -> anyhow::Result<BTreeSet<String>> {
    struct Calls(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Calls {
        fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
            let is_new = written(&call.func).ends_with("::new");
            if let (true, Some(Expr::Lit(literal))) = (is_new, call.args.first())
                && let Lit::Str(text) = &literal.lit
            {
                self.0.extend(Some(text.value()).filter(|text| text.contains('.')));
            }
            visit::visit_expr_call(self, call);
        }
    }
    let mut calls = Calls(BTreeSet::new());
    // Calls by name exist for the parity tests alone.
    for (_, file) in files(SOURCES)?.iter().filter(|(path, _)| path != Path::new("json.rs")) {
        calls.visit_file(file);
    }
    Ok(calls.0)
}

fn modules_of_control(files: &[(std::path::PathBuf, syn::File)]) -> BTreeSet<String> {
    let items =
        files.iter().filter(|(path, _)| path == Path::new("lib.rs")).flat_map(|(_, file)| &file.items);
    let modules = items.filter_map(|item| match item {
        Item::Mod(module) if is_control(&module.attrs) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

fn artefacts(is_of_control: bool) -> BTreeSet<Artefact> {
    let all = [Artefact::Full, Artefact::Mobile];
    all.into_iter().filter(|artefact| !is_of_control || *artefact == Artefact::Full).collect()
}

fn add(inventory: &mut Inventory, item: &Item, in_control: bool) {
    match item {
        Item::Struct(item) => {
            let artefacts = artefacts(in_control || is_control(&item.attrs));
            let name = item.ident.to_string();
            if let Some(record) = attribute(&item.attrs, "record") {
                let fields = item
                    .fields
                    .iter()
                    .filter_map(|field| Some((field.ident.as_ref()?.to_string(), written(&field.ty))));
                let record = Record { artefacts, fields: fields.collect(), core: from(&arguments(record)) };
                inventory.records.insert(name, record);
            } else if attribute(&item.attrs, "object").is_some() {
                inventory.classes.insert(name, artefacts);
            }
        }
        Item::Enum(item) => {
            if let Some(enumeration) = attribute(&item.attrs, "enumeration") {
                let enumeration = Enumeration {
                    artefacts: artefacts(in_control || is_control(&item.attrs)),
                    names: item.variants.iter().map(|variant| snake(&variant.ident.to_string())).collect(),
                    core: from(&arguments(enumeration)),
                };
                inventory.enumerations.insert(item.ident.to_string(), enumeration);
            }
        }
        Item::Impl(item) if attribute(&item.attrs, "object").is_some() => {
            methods(inventory, item, in_control);
        }
        Item::Fn(item) if exported(&item.attrs) => {
            let operation = operation(&item.sig, artefacts(in_control || is_control(&item.attrs)));
            inventory.operations.insert(item.sig.ident.to_string(), operation);
        }
        Item::Macro(item) if item.mac.path.is_ident("ids") => {
            inventory.ids.extend(names_of_ids(item));
        }
        _ => {}
    }
}

/// A function that the languages get as it is.
fn exported(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| arguments(attribute).contains("uniffi :: export"))
}

/// The last part of the path after `from =`, without what is in its angle brackets.
fn from(arguments: &str) -> Option<String> {
    let (_, path) = arguments.split_once("from =")?;
    let path = path.split([',', '<']).next()?.trim();
    path.rsplit("::").next().map(|name| name.trim().to_owned())
}

fn methods(inventory: &mut Inventory, item: &ItemImpl, in_control: bool) {
    let class = written(&item.self_ty);
    for method in &item.items {
        let ImplItem::Fn(method) = method else { continue };
        if !matches!(method.vis, Visibility::Public(_)) {
            continue;
        }
        let artefacts = artefacts(in_control || is_control(&item.attrs) || is_control(&method.attrs));
        let name = format!("{class}.{}", method.sig.ident);
        inventory.operations.insert(name, operation(&method.sig, artefacts));
    }
}

fn operation(signature: &Signature, artefacts: BTreeSet<Artefact>) -> Operation {
    let parameters = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => match typed.pat.as_ref() {
            Pat::Ident(name) => Some((name.ident.to_string(), outward(&typed.ty))),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let returns = match &signature.output {
        ReturnType::Default => "()".to_owned(),
        ReturnType::Type(_, ty) => outward(ty),
    };
    Operation { artefacts, waits: signature.asyncness.is_some(), parameters: parameters.collect(), returns }
}

/// A type as a caller sees it: neither `Result`, which is an error thrown, nor how an object is passed.
fn outward(ty: &Type) -> String {
    let text = written(ty);
    let text = text.strip_prefix("Result<").and_then(|text| text.strip_suffix('>')).unwrap_or(&text);
    ["&", "Arc<"].iter().fold(text.to_owned(), |text, how| match *how {
        "&" => text.replace('&', ""),
        _ => unwrapped(&text, how),
    })
}

/// Without each `Arc<…>` around something that has no type arguments of its own.
fn unwrapped(text: &str, wrapper: &str) -> String {
    let mut parts = text.split(wrapper);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(&part.replacen('>', "", 1));
    }
    out
}

/// Records and enumerations by the core's name of what they are made of.
#[must_use]
pub fn by_core(inventory: &Inventory) -> BTreeMap<&str, &str> {
    let records = inventory.records.iter().map(|(name, record)| (name, &record.core));
    let enumerations = inventory.enumerations.iter().map(|(name, of)| (name, &of.core));
    records.chain(enumerations).filter_map(|(name, core)| Some((core.as_deref()?, name.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Inventory {
        let mut inventory = Inventory::default();
        for item in &syn::parse_file(source).unwrap().items {
            add(&mut inventory, item, false);
        }
        inventory
    }

    #[test]
    fn an_object_s_public_functions_are_operations() {
        let inventory = of(r#"
            #[object] pub struct Tunnel { inner: u8 }
            #[object] impl Tunnel {
                pub async fn up(profile: &Profile, limit: Option<u32>) -> Result<Arc<Tunnel>> { Self::start(profile, limit) }
                #[cfg(feature = "control")]
                pub fn last(&self) -> Option<Arc<Secret>> { None }
                fn inner(&self) {}
            }
        "#);
        assert_eq!(inventory.operations.keys().collect::<Vec<_>>(), ["Tunnel.last", "Tunnel.up"]);
        let up = &inventory.operations["Tunnel.up"];
        assert!(up.waits && up.artefacts.contains(&Artefact::Mobile));
        let parameters = [("profile", "Profile"), ("limit", "Option<u32>")];
        assert_eq!(up.parameters, parameters.map(|(name, ty)| (name.to_owned(), ty.to_owned())));
        assert_eq!(up.returns, "Tunnel");
        let last = &inventory.operations["Tunnel.last"];
        assert!(!last.waits && !last.artefacts.contains(&Artefact::Mobile));
        assert_eq!(last.returns, "Option<Secret>");
    }

    #[test]
    fn a_record_and_an_enumeration_know_what_of_the_core_they_are_made_of() {
        let inventory = of(r#"
            #[record(from = nexa_core::page::Page<identity::User>)] pub struct UserPage { pub items: Vec<User> }
            #[enumeration(from = policy::Bar, otherwise = DeviceRemoved)] pub enum Bar { DeviceRemoved, UserGone }
            #[record(input)] pub struct NewUser { pub name: String }
        "#);
        assert_eq!(inventory.records["UserPage"].core.as_deref(), Some("Page"));
        assert_eq!(inventory.records["NewUser"].core, None);
        assert_eq!(inventory.enumerations["Bar"].names, ["device_removed", "user_gone"]);
        assert_eq!(by_core(&inventory)["Bar"], "Bar");
    }

    #[test]
    fn ids_are_the_names_given_to_their_macro() {
        let inventory = of("ids! {\n /// A person.\n UserId\n /// A group.\n GroupId\n}");
        assert_eq!(inventory.ids.iter().collect::<Vec<_>>(), ["GroupId", "UserId"]);
    }
}
