//! Annotates what the facade declares once for each language that the build is for: pyo3 with the feature `python`,
//! napi with `node`, UniFFI with `uniffi`.
//!
//! The features are this crate's own, so the macros write only what the build needs, and a build for no language, as the
//! facade's own tests are, gets the plain Rust types.

#![forbid(unsafe_code)]

mod enumeration;
mod object;
mod record;

use proc_macro::TokenStream;

/// A record: a value with public fields that crosses by copy.
///
/// `#[record(from = path)]` also makes it from the core's value of that path, field by field. `#[record(input)]` is one
/// that callers make: its optional fields may be left out.
#[proc_macro_attribute]
pub fn record(arguments: TokenStream, item: TokenStream) -> TokenStream {
    record::expand(arguments.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// An enumeration of names, spelled in snake case where a language spells it as text.
///
/// `#[enumeration(from = path, otherwise = Name)]` also makes it from the core's enumeration of that path, whose
/// variants must be the same; `otherwise` is what a variant becomes that this build does not know, which the inventory
/// keeps from happening.
#[proc_macro_attribute]
pub fn enumeration(arguments: TokenStream, item: TokenStream) -> TokenStream {
    enumeration::expand(arguments.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// An object: something that lives on the Rust side and is spoken to through methods.
///
/// On a struct it makes the class; `#[object(calls)]` is one with a `handle` that its calls go through, so that they have
/// a deadline. On an `impl` it makes one method per language and public function:
///
/// * what is passed by `&T` is an object, everything else is a value; an object is returned as `Arc<T>`;
/// * an `async fn` becomes a coroutine, promise, suspending or async function that takes a `timeout_ms` and can be
///   cancelled; it must be `Result`;
/// * a function without `self` makes an object of the type;
/// * optional parameters come last and may be left out;
/// * `async fn close` makes it a context manager in Python; `async fn next` an async iterator.
#[proc_macro_attribute]
pub fn object(arguments: TokenStream, item: TokenStream) -> TokenStream {
    object::expand(arguments.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
