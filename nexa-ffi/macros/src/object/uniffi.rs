use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::method::{Method, Output, Parameter, Shape};

/// Kotlin's `close` belongs to the handle that UniFFI makes, so that of the object has a name of its own.
const CLOSE: (&str, &str) = ("close", "close_and_wait");

pub(crate) fn block(class: &Type, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| function(class, method));
    quote! {
        #[allow(missing_docs, clippy::too_many_arguments, clippy::missing_errors_doc)]
        #[::uniffi::export]
        impl #class {
            #(#functions)*
        }
    }
}

fn function(class: &Type, method: &Method) -> TokenStream {
    let Method { docs, output, .. } = method;
    let name = method.name.to_string();
    let spelled = if name == CLOSE.0 { CLOSE.1 } else { &name };
    let function = format_ident!("ffi_{}", method.name);
    let parameters: Vec<_> = method.parameters.iter().map(parameter).collect();
    let defaults = defaults(method);
    let kind = match method.is_static {
        true => quote! { #[uniffi::constructor(name = #spelled #defaults)] },
        false => quote! { #[uniffi::method(name = #spelled #defaults)] },
    };
    let receiver = (!method.is_static).then(|| quote! { &self, });
    let ok = match output {
        Output::Value(ty) => quote! { #ty },
        Output::Object(_) if method.is_static => quote! { ::std::sync::Arc<Self> },
        Output::Object(ty) => quote! { ::std::sync::Arc<#ty> },
        Output::OptionalObject(ty) => quote! { Option<::std::sync::Arc<#ty>> },
    };
    if method.is_async {
        let this = (!method.is_static).then(|| quote! { let this = self.clone(); });
        let until =
            (!method.is_static).then(|| quote! { let this = crate::runtime::Until::until(this, until); });
        let call = method.call(&quote! { this });
        return quote! {
            #(#docs)*
            #kind
            pub async fn #function(
                #receiver
                #(#parameters,)*
                timeout_ms: Option<u32>,
                cancel: Option<::std::sync::Arc<crate::runtime::CancelHandle>>,
            ) -> Result<#ok, crate::error::NexaError> {
                #this
                let is_watched = <#class as crate::runtime::Until>::WATCHES_TIME;
                let limits = crate::runtime::Limits { timeout_ms, cancel, is_watched };
                let outcome = crate::runtime::call(limits, move |until| async move {
                    let _ = until;
                    #until
                    #call.await
                });
                Ok(outcome.await?)
            }
        };
    }
    let call = method.call(&quote! { self });
    if method.is_fallible {
        return quote! {
            #(#docs)*
            #kind
            pub fn #function(#receiver #(#parameters),*) -> Result<#ok, crate::error::NexaError> {
                Ok(crate::runtime::guard(|| #call)?)
            }
        };
    }
    quote! {
        #(#docs)*
        #kind
        pub fn #function(#receiver #(#parameters),*) -> #ok {
            #call
        }
    }
}

fn defaults(method: &Method) -> TokenStream {
    let optional = method.parameters.iter().filter(|parameter| parameter.is_optional());
    let mut names: Vec<_> = optional.map(|parameter| parameter.name.clone()).collect();
    if method.is_async {
        names.extend([format_ident!("timeout_ms"), format_ident!("cancel")]);
    }
    if names.is_empty() {
        TokenStream::new()
    } else {
        quote! { , default(#(#names = None),*) }
    }
}

fn parameter(Parameter { name, shape }: &Parameter) -> TokenStream {
    match shape {
        Shape::Value(ty) => quote! { #name: #ty },
        Shape::Object(ty) => quote! { #name: ::std::sync::Arc<#ty> },
        Shape::OptionalObject(ty) => quote! { #name: Option<::std::sync::Arc<#ty>> },
    }
}
