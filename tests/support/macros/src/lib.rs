//! One test of the public API becomes one for each database that the build has.

#![forbid(unsafe_code)]

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemFn, parse_macro_input};

/// Expands `async fn name()` to `name::sqlite`, `name::postgres` and `name::mysql`, each run by Tokio with its database as
/// the one that the tests' worlds are made on. What stands in parentheses goes to `#[tokio::test]`.
#[proc_macro_attribute]
pub fn every_database(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = proc_macro2::TokenStream::from(arguments);
    let function = parse_macro_input!(item as ItemFn);
    let (name, block, attributes, output) =
        (&function.sig.ident, &function.block, &function.attrs, &function.sig.output);
    let databases = ["sqlite", "postgres", "mysql"].map(|feature| {
        let (test, variant) = (format_ident!("{feature}"), format_ident!("{}", capitalised(feature)));
        quote! {
            #[cfg(feature = #feature)]
            #[tokio::test(#arguments)]
            async fn #test() #output {
                crate::support::on(crate::support::Backend::#variant, super::#name()).await
            }
        }
    });
    quote! {
        #(#attributes)*
        async fn #name() #output #block

        mod #name {
            #[allow(unused_imports, reason = "for what the test returns")]
            use super::*;

            #(#databases)*
        }
    }
    .into()
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
