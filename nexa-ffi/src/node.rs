//! What Node needs beside the annotations: ids as types, promises on our runtime that an `AbortSignal` gives up, and
//! errors with their fields.

use std::future::Future;
use std::sync::Arc;

use napi::bindgen_prelude::{
    FnArgs, Function, FunctionRef, JsObjectValue as _, Object, ObjectRef, PromiseRaw, ToNapiValue, Unknown,
};
use napi::{Env, JsValue as _};
use napi_derive::napi;

use crate::error::{Error, ErrorInfo, Result};
use crate::runtime::{CancelHandle, Deadline, Limits};

/// An id crosses as a string; TypeScript knows it as a type of its own.
macro_rules! id {
    ($name:ident) => {
        impl ::napi::bindgen_prelude::TypeName for $name {
            fn type_name() -> &'static str {
                stringify!($name)
            }

            fn value_type() -> ::napi::ValueType {
                ::napi::ValueType::String
            }
        }

        impl ::napi::bindgen_prelude::ValidateNapiValue for $name {}

        #[allow(unsafe_code, reason = "napi's conversions are unsafe functions; these only pass a string on")]
        impl ::napi::bindgen_prelude::ToNapiValue for $name {
            unsafe fn to_napi_value(
                env: ::napi::sys::napi_env,
                value: Self,
            ) -> ::napi::Result<::napi::sys::napi_value> {
                // SAFETY: what the caller vouches for is handed on unchanged.
                unsafe { ::napi::bindgen_prelude::ToNapiValue::to_napi_value(env, value.0) }
            }
        }

        #[allow(unsafe_code, reason = "napi's conversions are unsafe functions; these only pass a string on")]
        impl ::napi::bindgen_prelude::FromNapiValue for $name {
            unsafe fn from_napi_value(
                env: ::napi::sys::napi_env,
                value: ::napi::sys::napi_value,
            ) -> ::napi::Result<Self> {
                // SAFETY: what the caller vouches for is handed on unchanged.
                unsafe { <String as ::napi::bindgen_prelude::FromNapiValue>::from_napi_value(env, value) }
                    .map($name)
            }
        }
    };
}
pub(crate) use id;

/// How a call is given up.
#[napi(object)]
pub struct CallOptions {
    /// Milliseconds after which the call fails with the kind `cancelled`.
    pub timeout_ms: Option<u32>,
    /// Gives the call up when it is aborted.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<ObjectRef<false>>,
}

/// Runs one call, and gives its promise.
pub(crate) fn call<'env, T, F>(
    env: &'env Env,
    options: Option<CallOptions>,
    work: impl FnOnce(Deadline) -> F + Send + 'static,
) -> napi::Result<PromiseRaw<'env, T>>
where
    T: ToNapiValue + Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let options = options.unwrap_or(CallOptions { timeout_ms: None, signal: None });
    let watched = options.signal.map(|signal| Watched::begin(env, signal)).transpose()?;
    let cancel = watched.as_ref().map(|watched| watched.handle.clone());
    let limits = Limits { timeout_ms: options.timeout_ms, cancel };
    let (deferred, promise) = env.create_deferred()?;
    let promise = PromiseRaw::new(env.raw(), promise.raw());
    crate::runtime::detach(async move {
        let outcome = crate::runtime::call(limits, work).await;
        deferred.resolve(move |env| {
            if let Some(watched) = watched {
                watched.end(&env)?;
            }
            outcome.map_err(|error| thrown(&env, error))
        });
    });
    Ok(promise)
}

/// A signal that is listened to while a call lasts, so that one signal for many calls keeps nothing of them.
struct Watched {
    handle: Arc<CancelHandle>,
    signal: ObjectRef<false>,
    listener: FunctionRef<(), ()>,
}

impl Watched {
    fn begin(env: &Env, signal: ObjectRef<false>) -> napi::Result<Self> {
        let handle = CancelHandle::create().map_err(|error| thrown(env, error))?;
        let cancel = Arc::clone(&handle);
        let listener: Function<'_, (), ()> = env.create_function_from_closure("abort", move |_| {
            cancel.cancel();
            Ok(())
        })?;
        let target = signal.get_value(env)?;
        if target.get_named_property::<bool>("aborted")? {
            handle.cancel();
        }
        let listener = listener.create_ref()?;
        listen(env, &target, &listener, "addEventListener")?;
        Ok(Watched { handle, signal, listener })
    }

    fn end(self, env: &Env) -> napi::Result<()> {
        listen(env, &self.signal.get_value(env)?, &self.listener, "removeEventListener")
    }
}

fn listen(env: &Env, target: &Object<'_>, listener: &FunctionRef<(), ()>, how: &str) -> napi::Result<()> {
    type Listener<'a> = Function<'a, (), ()>;
    let method: Function<'_, FnArgs<(&str, Listener<'_>)>, Unknown<'_>> = target.get_named_property(how)?;
    method.apply(*target, FnArgs::from(("abort", listener.borrow_back(env)?)))?;
    Ok(())
}

/// The error as JavaScript sees it: an `Error` with the fields of [`ErrorInfo`].
pub(crate) fn thrown(env: &Env, error: Error) -> napi::Error {
    match object(env, *error.0) {
        Ok(object) => napi::Error::from(object.to_unknown()),
        Err(cause) => cause,
    }
}

fn object<'env>(env: &'env Env, error: ErrorInfo) -> napi::Result<Object<'env>> {
    let mut object = env.create_error(napi::Error::from_reason(error.message))?;
    object.set_named_property("name", "NexaError")?;
    object.set_named_property("code", error.code)?;
    object.set_named_property("kind", error.kind)?;
    object.set_named_property("details", error.details)?;
    object.set_named_property("retryable", error.retryable)?;
    Ok(object)
}
