use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::Type;

use super::method::{Method, Output, Parameter, Shape};
use crate::record::is_option;

pub(crate) fn block(class: &Type, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| function(class, method));
    quote! {
        #[allow(missing_docs, clippy::too_many_arguments, clippy::missing_errors_doc)]
        #[::napi_derive::napi]
        impl #class {
            #(#functions)*
        }
    }
}

fn function(class: &Type, method: &Method) -> TokenStream {
    let Method { docs, output, .. } = method;
    let spelled = camel(&method.name.to_string());
    let function = format_ident!("js_{}", method.name);
    let parameters: Vec<_> = method.parameters.iter().map(parameter).collect();
    let receiver = (!method.is_static).then(|| quote! { &self, });
    let ok = crossing(output);
    // The package wraps every method, and napi lets a static one be replaced only where that is said.
    let writable = method.is_static.then(|| quote! { , writable });
    if method.is_async {
        let owned = owned(method);
        let this = (!method.is_static).then(|| quote! { let this = self.clone(); });
        let until =
            (!method.is_static).then(|| quote! { let this = crate::runtime::Until::until(this, until); });
        let call = method.call(&quote! { this });
        let value = crossed(output, quote! { value });
        return quote! {
            #(#docs)*
            #[napi(js_name = #spelled #writable)]
            pub fn #function<'env>(
                #receiver
                env: &'env ::napi::Env,
                #(#parameters,)*
                call_options: Option<crate::node::CallOptions>,
            ) -> ::napi::Result<::napi::bindgen_prelude::PromiseRaw<'env, #ok>> {
                #owned
                #this
                let is_watched = <#class as crate::runtime::Until>::WATCHES_TIME;
                crate::node::call(env, call_options, is_watched, move |until| async move {
                    let _ = until;
                    #until
                    #call.await.map(|value| #value)
                })
            }
        };
    }
    let owned = owned(method);
    let call = method.call(&quote! { self });
    let value = crossed(output, quote! { value });
    // Also what cannot fail may panic, which is a defect and must not end the program.
    let call = if method.is_fallible {
        call
    } else {
        quote! { Ok(#call) }
    };
    quote! {
        #(#docs)*
        #[napi(js_name = #spelled #writable)]
        pub fn #function(#receiver env: &::napi::Env, #(#parameters),*) -> ::napi::Result<#ok> {
            #owned
            let outcome = crate::runtime::guard(|| #call);
            outcome.map(|value| #value).map_err(|error| crate::node::thrown(env, error))
        }
    }
}

fn parameter(Parameter { name, shape }: &Parameter) -> TokenStream {
    match shape {
        Shape::Value(ty) if is_bytes(ty) => quote! { #name: ::napi::bindgen_prelude::Buffer },
        Shape::Value(ty) if is_whole(ty) => match is_option(ty) {
            true => quote! { #name: Option<f64> },
            false => quote! { #name: f64 },
        },
        Shape::Value(ty) => quote! { #name: #ty },
        Shape::Object(ty) => quote! { #name: &#ty },
        Shape::OptionalObject(ty) => {
            quote! { #name: Option<::napi::bindgen_prelude::ClassInstance<'_, #ty>> }
        }
    }
}

/// Objects are copied out of what JavaScript lends for the call, so that they live as long as a promise does; a number
/// that does not fit is refused.
fn owned(method: &Method) -> TokenStream {
    let lines = method.parameters.iter().map(|Parameter { name, shape }| match shape {
        Shape::Value(ty) if is_bytes(ty) => quote! { let #name: Vec<u8> = #name.into(); },
        Shape::Value(ty) if is_whole(ty) => {
            let field = name.to_string();
            quote! {
                let #name: #ty = crate::node::whole(#field, #name).map_err(|error| crate::node::thrown(env, error))?;
            }
        }
        Shape::Value(_) => TokenStream::new(),
        Shape::Object(_) => quote! { let #name = #name.clone(); },
        Shape::OptionalObject(ty) => {
            quote! { let #name: Option<::std::sync::Arc<#ty>> = #name.map(|object| ::std::sync::Arc::new((*object).clone())); }
        }
    });
    quote! { #(#lines)* }
}

fn crossing(output: &Output) -> TokenStream {
    match output {
        Output::Value(ty) if is_bytes(ty) => quote! { ::napi::bindgen_prelude::Buffer },
        other => other.unshared(),
    }
}

fn crossed(output: &Output, value: TokenStream) -> TokenStream {
    match output {
        Output::Value(ty) if is_bytes(ty) => quote! { ::napi::bindgen_prelude::Buffer::from(#value) },
        other => other.unshare(value),
    }
}

fn is_bytes(ty: &Type) -> bool {
    spelled(ty) == "Vec<u8>"
}

fn is_whole(ty: &Type) -> bool {
    matches!(spelled(ty).as_str(), "u32" | "i64" | "Option<u32>" | "Option<i64>")
}

fn spelled(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}

/// `create_user` to `createUser`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}
