use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, FnArg, Ident, ImplItemFn, Pat, PathArguments, Result, ReturnType, Type};

use crate::record::{is_option, last_segment};

/// One public function of an object, as its signature says it.
pub(crate) struct Method {
    pub(crate) name: Ident,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) is_async: bool,
    pub(crate) is_static: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) is_fallible: bool,
    pub(crate) output: Output,
}

pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) shape: Shape,
}

/// How a parameter crosses.
pub(crate) enum Shape {
    /// By value.
    Value(Type),
    /// `&T`: an object.
    Object(Type),
    /// `Option<&T>`: an object that may be left out.
    OptionalObject(Type),
}

/// What is returned, without the `Result`.
pub(crate) enum Output {
    Value(Type),
    /// `Arc<T>`.
    Object(Type),
    /// `Option<Arc<T>>`.
    OptionalObject(Type),
}

impl Method {
    pub(crate) fn parse(function: &ImplItemFn) -> Result<Self> {
        let signature = &function.sig;
        let mut parameters = Vec::new();
        for input in signature.inputs.iter() {
            if let FnArg::Typed(typed) = input {
                let Pat::Ident(pattern) = typed.pat.as_ref() else {
                    return Err(syn::Error::new_spanned(&typed.pat, "a parameter is a name"));
                };
                parameters.push(Parameter { name: pattern.ident.clone(), shape: Shape::of(&typed.ty) });
            }
        }
        let returned = match &signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => ty.as_ref().clone(),
        };
        let ok = argument_of(&returned, "Result");
        let is_async = signature.asyncness.is_some();
        if is_async && ok.is_none() {
            return Err(syn::Error::new_spanned(signature, "an async function of an object is a `Result`"));
        }
        Ok(Method {
            name: signature.ident.clone(),
            docs: function.attrs.iter().filter(|attr| attr.path().is_ident("doc")).cloned().collect(),
            is_async,
            is_static: signature.receiver().is_none(),
            parameters,
            is_fallible: ok.is_some(),
            output: Output::of(&ok.unwrap_or(returned)),
        })
    }

    /// The call of the facade's own function on `this`, with objects lent from what was passed.
    pub(crate) fn call(&self, this: &TokenStream) -> TokenStream {
        let name = &self.name;
        let arguments = self.parameters.iter().map(|Parameter { name, shape }| match shape {
            Shape::Value(_) => quote! { #name },
            Shape::Object(_) => quote! { &#name },
            Shape::OptionalObject(_) => quote! { #name.as_deref() },
        });
        match self.is_static {
            true => quote! { Self::#name(#(#arguments),*) },
            false => quote! { #this.#name(#(#arguments),*) },
        }
    }
}

impl Parameter {
    pub(crate) fn is_optional(&self) -> bool {
        match &self.shape {
            Shape::Value(ty) => is_option(ty),
            Shape::Object(_) => false,
            Shape::OptionalObject(_) => true,
        }
    }
}

impl Shape {
    fn of(ty: &Type) -> Self {
        if let Type::Reference(reference) = ty {
            return Shape::Object(reference.elem.as_ref().clone());
        }
        match argument_of(ty, "Option") {
            Some(Type::Reference(reference)) => Shape::OptionalObject(*reference.elem),
            _ => Shape::Value(ty.clone()),
        }
    }
}

impl Output {
    fn of(ty: &Type) -> Self {
        if let Some(object) = argument_of(ty, "Arc") {
            return Output::Object(object);
        }
        match argument_of(ty, "Option").and_then(|inner| argument_of(&inner, "Arc")) {
            Some(object) => Output::OptionalObject(object),
            None => Output::Value(ty.clone()),
        }
    }

    /// The type where an object is passed by copying its handle.
    pub(crate) fn unshared(&self) -> TokenStream {
        match self {
            Output::Value(ty) | Output::Object(ty) => quote! { #ty },
            Output::OptionalObject(ty) => quote! { Option<#ty> },
        }
    }

    /// From what the facade returns to [`Output::unshared`].
    pub(crate) fn unshare(&self, value: TokenStream) -> TokenStream {
        match self {
            Output::Value(_) => value,
            Output::Object(_) => quote! { (*#value).clone() },
            Output::OptionalObject(_) => quote! { #value.map(|object| (*object).clone()) },
        }
    }
}

/// `T` of `Name<T>`.
pub(crate) fn argument_of(ty: &Type, name: &str) -> Option<Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) => Some(inner.clone()),
        _ => None,
    }
}
