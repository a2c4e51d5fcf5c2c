use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Ident, ItemEnum, Path, Result, Token};

/// What stands in the attribute's parentheses: nothing, or both.
struct Arguments(Option<(Path, Ident)>);

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Arguments(None));
        }
        let word = |expected: &str| -> Result<()> {
            let found: Ident = input.parse()?;
            if found != expected {
                return Err(syn::Error::new(found.span(), format!("expected `{expected} = ...`")));
            }
            input.parse::<Token![=]>().map(drop)
        };
        word("from")?;
        let core = input.parse()?;
        input.parse::<Token![,]>()?;
        let found: Ident = input.parse()?;
        if found != "otherwise" {
            return Err(syn::Error::new(found.span(), "expected `otherwise = Name`"));
        }
        input.parse::<Token![=]>()?;
        Ok(Arguments(Some((core, input.parse()?))))
    }
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Arguments(from) = Arguments::parse.parse2(arguments)?;
    let mut item: ItemEnum = syn::parse2(item)?;
    if cfg!(feature = "node") {
        // Its own snake case makes a word of a digit.
        for variant in &mut item.variants {
            let spelled = snake(&variant.ident.to_string());
            variant.attrs.push(syn::parse_quote! { #[napi(value = #spelled)] });
        }
    }
    let name = &item.ident;
    let variants: Vec<_> = item.variants.iter().map(|variant| &variant.ident).collect();
    let spelled: Vec<_> = variants.iter().map(|variant| snake(&variant.to_string())).collect();
    let derives = derives();
    let python = if cfg!(feature = "python") { python(name) } else { TokenStream::new() };
    let outward = from.map(|(core, otherwise)| {
        quote! {
            impl crate::outward::Outward<#name> for #core {
                fn outward(self) -> #name {
                    #[allow(unreachable_patterns)]
                    match self {
                        #(#core::#variants { .. } => #name::#variants,)*
                        _ => #name::#otherwise,
                    }
                }
            }
        }
    });
    Ok(quote! {
        #derives
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #item

        impl #name {
            /// Every name.
            pub const ALL: &[#name] = &[#(#name::#variants),*];

            /// The spelling in snake case, the same in every language.
            #[must_use]
            pub const fn as_str(&self) -> &'static str {
                match self { #(#name::#variants => #spelled,)* }
            }
        }
        #python
        #outward
    })
}

fn derives() -> TokenStream {
    let mut derives = TokenStream::new();
    if cfg!(feature = "python") {
        derives.extend(quote! {
            #[::pyo3::pyclass(
                frozen, eq, hash, from_py_object, module = "nexa", rename_all = "SCREAMING_SNAKE_CASE"
            )]
        });
    }
    if cfg!(feature = "node") {
        derives.extend(quote! { #[::napi_derive::napi(string_enum)] });
    }
    if cfg!(feature = "uniffi") {
        derives.extend(quote! { #[derive(::uniffi::Enum)] });
    }
    if cfg!(feature = "json") {
        derives.extend(quote! {
            #[derive(::serde::Serialize, ::serde::Deserialize)]
            #[serde(rename_all = "snake_case")]
        });
    }
    derives
}

fn python(name: &Ident) -> TokenStream {
    let shown = name.to_string();
    quote! {
        #[allow(missing_docs)]
        #[::pyo3::pymethods]
        impl #name {
            /// The spelling in snake case, the same in every language.
            #[getter]
            fn value(&self) -> &'static str {
                self.as_str()
            }

            fn __str__(&self) -> &'static str {
                self.as_str()
            }
        }

        impl crate::python::Repr for #name {
            fn repr(&self) -> String {
                format!("{}.{}", #shown, self.as_str().to_uppercase())
            }
        }
    }
}

/// `NotFound` to `not_found`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
