mod json;
mod method;
mod node;
mod python;
mod uniffi;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser as _;
use syn::{Ident, ImplItem, Item, ItemImpl, ItemStruct, Result};

use method::Method;

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    match syn::parse2(item)? {
        Item::Struct(item) => class(arguments, &item),
        Item::Impl(item) => methods(&item),
        other => Err(syn::Error::new_spanned(other, "an object is a struct and its impl")),
    }
}

/// The class. `#[object(calls)]` is one with a `handle`, through which its calls have a deadline.
fn class(arguments: TokenStream, item: &ItemStruct) -> Result<TokenStream> {
    let name = &item.ident;
    let has_handle = !arguments.is_empty();
    if has_handle {
        let word = (|input: syn::parse::ParseStream<'_>| input.parse::<Ident>()).parse2(arguments)?;
        if word != "calls" {
            return Err(syn::Error::new(word.span(), "expected `calls`"));
        }
    }
    let mut derives = TokenStream::new();
    if cfg!(feature = "python") {
        derives.extend(quote! { #[::pyo3::pyclass(frozen, from_py_object, module = "nexa")] });
    }
    if cfg!(feature = "node") {
        derives.extend(quote! { #[::napi_derive::napi] });
    }
    if cfg!(feature = "uniffi") {
        derives.extend(quote! { #[derive(::uniffi::Object)] });
    }
    let until = has_handle.then(|| {
        quote! {
            const WATCHES_TIME: bool = true;

            fn until(mut self, deadline: crate::runtime::Deadline) -> Self {
                self.handle = self.handle.until(deadline);
                self
            }
        }
    });
    Ok(quote! {
        #[derive(Clone, Debug)]
        #derives
        #item

        impl crate::runtime::Until for #name {
            #until
        }
    })
}

fn methods(item: &ItemImpl) -> Result<TokenStream> {
    let class = &item.self_ty;
    let mut methods = Vec::new();
    for inner in &item.items {
        match inner {
            ImplItem::Fn(function) if matches!(function.vis, syn::Visibility::Public(_)) => {
                methods.push(Method::parse(function)?);
            }
            _ => {}
        }
    }
    let mut languages = TokenStream::new();
    if cfg!(feature = "python") {
        languages.extend(python::block(class, &methods));
    }
    if cfg!(feature = "node") {
        languages.extend(node::block(class, &methods));
    }
    if cfg!(feature = "uniffi") {
        languages.extend(uniffi::block(class, &methods));
    }
    if cfg!(feature = "json") {
        languages.extend(json::block(class, &methods));
    }
    Ok(quote! {
        #item
        #languages
    })
}
