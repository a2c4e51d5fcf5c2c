use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::method::{Method, Output, Parameter, Shape};

pub(crate) fn block(class: &Type, methods: &[Method]) -> TokenStream {
    let functions = methods.iter().map(|method| function(class, method));
    let manager = methods.iter().any(|method| method.name == "close" && method.is_async).then(manager);
    let iterator = methods.iter().find(|method| method.name == "next" && method.is_async).map(iterator);
    quote! {
        const _: () = {
            // The code that pyo3 writes for an async function names these.
            #[allow(unused_imports)]
            use ::pyo3::prelude::*;

            #[allow(missing_docs, clippy::too_many_arguments, clippy::missing_errors_doc)]
            #[::pyo3::pymethods]
            impl #class {
                #(#functions)*
                #manager
                #iterator
            }
        };
    }
}

fn function(class: &Type, method: &Method) -> TokenStream {
    let Method { docs, output, .. } = method;
    let spelled = method.name.to_string();
    let function = format_ident!("py_{}", method.name);
    let signature = signature(method);
    let parameters: Vec<_> = method.parameters.iter().map(parameter).collect();
    let prepared = prepared(method);
    let kind = method.is_static.then(|| quote! { #[staticmethod] });
    let receiver = (!method.is_static).then(|| quote! { &self, });
    let ok = output.unshared();
    let head = quote! { #(#docs)* #kind #[pyo3(name = #spelled, signature = #signature)] };
    if method.is_async {
        let this = (!method.is_static).then(|| quote! { let this = self.clone(); });
        let until =
            (!method.is_static).then(|| quote! { let this = crate::runtime::Until::until(this, until); });
        let call = method.call(&quote! { this });
        let value = output.unshare(quote! { value });
        return quote! {
            #head
            async fn #function(
                #receiver #(#parameters,)* timeout_ms: Option<u32>, cancel: Option<crate::runtime::CancelHandle>,
            ) -> ::pyo3::PyResult<#ok> {
                #prepared
                #this
                let cancel = cancel.map(::std::sync::Arc::new);
                let is_watched = <#class as crate::runtime::Until>::WATCHES_TIME;
                let limits = crate::runtime::Limits { timeout_ms, cancel, is_watched };
                let outcome = crate::runtime::call(limits, move |until| async move {
                    let _ = until;
                    #until
                    #call.await.map(|value| #value)
                });
                outcome.await.map_err(::pyo3::PyErr::from)
            }
        };
    }
    let call = method.call(&quote! { self });
    let value = output.unshare(quote! { value });
    // Also what cannot fail may panic, which is a defect and must not end the program.
    let call = if method.is_fallible {
        call
    } else {
        quote! { Ok(#call) }
    };
    quote! {
        #head
        fn #function(#receiver #(#parameters),*) -> ::pyo3::PyResult<#ok> {
            #prepared
            let outcome = crate::runtime::guard(|| #call);
            outcome.map(|value| #value).map_err(::pyo3::PyErr::from)
        }
    }
}

fn signature(method: &Method) -> TokenStream {
    let mut parts: Vec<_> = method
        .parameters
        .iter()
        .map(|parameter| {
            let name = &parameter.name;
            if parameter.is_optional() {
                quote! { #name = None }
            } else {
                quote! { #name }
            }
        })
        .collect();
    if method.is_async {
        parts.push(quote! { * });
        parts.push(quote! { timeout_ms = None });
        parts.push(quote! { cancel = None });
    }
    quote! { (#(#parts),*) }
}

fn parameter(Parameter { name, shape }: &Parameter) -> TokenStream {
    match shape {
        Shape::Value(ty) | Shape::Object(ty) => quote! { #name: #ty },
        Shape::OptionalObject(ty) => quote! { #name: Option<#ty> },
    }
}

/// `Option<T>` to something that `as_deref` lends as `Option<&T>`.
fn prepared(method: &Method) -> TokenStream {
    let optional =
        method.parameters.iter().filter(|parameter| matches!(parameter.shape, Shape::OptionalObject(_)));
    let names = optional.map(|parameter| &parameter.name);
    quote! { #(let #names = #names.map(::std::sync::Arc::new);)* }
}

fn manager() -> TokenStream {
    quote! {
        async fn __aenter__(slf: ::pyo3::Py<Self>) -> ::pyo3::Py<Self> {
            slf
        }

        async fn __aexit__(
            &self,
            exc_type: Option<::pyo3::Py<::pyo3::PyAny>>,
            exc_value: Option<::pyo3::Py<::pyo3::PyAny>>,
            traceback: Option<::pyo3::Py<::pyo3::PyAny>>,
        ) -> ::pyo3::PyResult<()> {
            let _ = (exc_type, exc_value, traceback);
            self.py_close(None, None).await
        }
    }
}

fn iterator(next: &Method) -> TokenStream {
    let Output::Value(optional) = &next.output else { return TokenStream::new() };
    let Some(item) = super::method::argument_of(optional, "Option") else { return TokenStream::new() };
    quote! {
        fn __aiter__(slf: ::pyo3::Py<Self>) -> ::pyo3::Py<Self> {
            slf
        }

        async fn _anext(&self) -> ::pyo3::PyResult<#item> {
            match self.py_next(None, None).await? {
                Some(item) => Ok(item),
                None => Err(::pyo3::exceptions::PyStopAsyncIteration::new_err(())),
            }
        }

        // A slot cannot be an async function, so it hands on the coroutine of one.
        fn __anext__(slf: &::pyo3::Bound<'_, Self>) -> ::pyo3::PyResult<crate::python::Awaitable<#item>> {
            slf.call_method0("_anext").map(|coroutine| crate::python::Awaitable::of(coroutine.unbind()))
        }
    }
}
