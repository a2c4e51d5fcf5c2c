use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::method::{Method, Output, Parameter, Shape};

/// Calls by name, and the names that there are.
pub(crate) fn block(class: &Type, methods: &[Method]) -> TokenStream {
    let (constructors, calls): (Vec<_>, Vec<_>) = methods.iter().partition(|method| method.is_static);
    let constructors = constructors.iter().map(|method| arm(class, method));
    let calls = calls.iter().map(|method| arm(class, method));
    let names = methods.iter().map(|method| method.name.to_string());
    quote! {
        impl crate::json::Called for #class {
            const METHODS: &'static [&'static str] = &[#(#names),*];

            async fn construct(
                name: &str,
                arguments: &mut crate::json::Arguments,
            ) -> crate::error::Result<crate::json::Value> {
                let _ = &arguments;
                match name {
                    #(#constructors)*
                    _ => Err(crate::json::no_method(name)),
                }
            }

            async fn call(
                &self,
                name: &str,
                arguments: &mut crate::json::Arguments,
            ) -> crate::error::Result<crate::json::Value> {
                let _ = &arguments;
                let this = self.clone();
                match name {
                    #(#calls)*
                    _ => { let _ = this; Err(crate::json::no_method(name)) }
                }
            }
        }
    }
}

fn arm(class: &Type, method: &Method) -> TokenStream {
    let spelled = method.name.to_string();
    let taken = method.parameters.iter().map(|Parameter { name, shape }| {
        let field = name.to_string();
        match shape {
            Shape::Value(_) => quote! { let #name = arguments.value(#field)?; },
            Shape::Object(ty) => quote! { let #name = arguments.object::<#ty>(#field)?; },
            Shape::OptionalObject(ty) => quote! { let #name = arguments.optional_object::<#ty>(#field)?; },
        }
    });
    let called = method.call(&quote! { this });
    let called = match method.is_static {
        // `Self` is the trait's here.
        true => {
            let text = called.to_string().replacen("Self", &quote! { #class }.to_string(), 1);
            text.parse().unwrap_or(called)
        }
        false => called,
    };
    let called = if method.is_async {
        quote! { #called.await }
    } else {
        called
    };
    let called = if method.is_fallible {
        quote! { #called? }
    } else {
        called
    };
    let value = match &method.output {
        Output::Value(_) => quote! { crate::json::Value::of(&value) },
        Output::Object(ty) => quote! { Ok(crate::json::Value::object::<#ty>(value)) },
        Output::OptionalObject(ty) => quote! { Ok(crate::json::Value::optional_object::<#ty>(value)) },
    };
    quote! {
        #spelled => {
            #(#taken)*
            let value = #called;
            #value
        }
    }
}
