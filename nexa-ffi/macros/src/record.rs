use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Field, Fields, Ident, ItemStruct, Path, Result, Token, Type};

/// What stands in the attribute's parentheses.
#[derive(Default)]
struct Arguments {
    input: bool,
    from: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Arguments::default();
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            if word == "input" {
                arguments.input = true;
            } else if word == "from" {
                input.parse::<Token![=]>()?;
                arguments.from = Some(input.parse()?);
            } else {
                return Err(syn::Error::new(word.span(), "expected `input` or `from = path`"));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let arguments = Arguments::parse.parse2(arguments)?;
    let mut item: ItemStruct = syn::parse2(item)?;
    let Fields::Named(fields) = &mut item.fields else {
        return Err(syn::Error::new_spanned(&item, "a record has named fields"));
    };
    for field in &mut fields.named {
        annotate(field, &arguments);
    }
    let fields: Vec<_> = fields.named.iter().cloned().collect();
    let derives = derives(&arguments);
    let python = if cfg!(feature = "python") { python(&item.ident, &fields) } else { TokenStream::new() };
    let outward = arguments.from.map(|core| outward(&item.ident, &core, &fields));
    Ok(quote! {
        #[derive(Clone, PartialEq, Debug)]
        #derives
        #item
        #python
        #outward
    })
}

fn derives(arguments: &Arguments) -> TokenStream {
    let mut derives = TokenStream::new();
    if cfg!(feature = "python") {
        derives.extend(quote! { #[::pyo3::pyclass(frozen, get_all, eq, from_py_object, module = "nexa")] });
    }
    if cfg!(feature = "node") {
        let nullable = !arguments.input;
        derives.extend(quote! { #[::napi_derive::napi(object, use_nullable = #nullable)] });
    }
    if cfg!(feature = "uniffi") {
        derives.extend(quote! { #[derive(::uniffi::Record)] });
    }
    if cfg!(feature = "json") {
        derives.extend(quote! { #[derive(::serde::Serialize, ::serde::Deserialize)] });
    }
    derives
}

fn annotate(field: &mut Field, arguments: &Arguments) {
    if cfg!(feature = "uniffi") && arguments.input && is_option(&field.ty) {
        field.attrs.push(syn::parse_quote!(#[uniffi(default = None)]));
    }
}

/// A constructor with keywords, and a `repr` that shows the fields.
fn python(name: &Ident, fields: &[Field]) -> TokenStream {
    let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let signature = fields.iter().map(|Field { ident, ty, .. }| match is_option(ty) {
        true => quote! { #ident = None },
        false => quote! { #ident },
    });
    let texts = names.iter().map(|name| name.to_token_stream().to_string());
    let shown = name.to_string();
    quote! {
        #[allow(missing_docs, clippy::too_many_arguments, clippy::fn_params_excessive_bools)]
        #[::pyo3::pymethods]
        impl #name {
            #[new]
            #[pyo3(signature = (*, #(#signature),*))]
            fn py_new(#(#names: #types),*) -> Self {
                #name { #(#names),* }
            }

            fn __repr__(&self) -> String {
                crate::python::Repr::repr(self)
            }
        }

        impl crate::python::Repr for #name {
            fn repr(&self) -> String {
                let fields = [#(format!("{}={}", #texts, crate::python::Repr::repr(&self.#names))),*];
                format!("{}({})", #shown, fields.join(", "))
            }
        }
    }
}

/// From the core's value, field by field.
fn outward(name: &Ident, core: &Path, fields: &[Field]) -> TokenStream {
    let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let value = format_ident!("value");
    quote! {
        impl crate::outward::Outward<#name> for #core {
            fn outward(self) -> #name {
                let #value = self;
                #name { #(#names: crate::outward::Outward::outward(#value.#names)),* }
            }
        }
    }
}

pub(crate) fn is_option(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Option")
}

pub(crate) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}
