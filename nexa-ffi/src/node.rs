//! What Node needs beside the annotations: ids as types, promises on our runtime that an `AbortSignal` gives up, and
//! errors with their fields.

use std::future::Future;
use std::sync::Arc;

use napi::bindgen_prelude::{
    FnArgs, Function, FunctionRef, JsObjectValue as _, Object, ObjectRef, PromiseRaw, ToNapiValue, Unknown,
};
use napi::{Env, JsDeferred, JsValue as _};
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

/// Compiled anew when the folder changes that napi's macros note the types in, so that the notes are never missing.
const _: Option<&str> = option_env!("NAPI_TYPE_DEF_TMP_FOLDER");

/// How a call is given up.
#[napi(object)]
pub struct CallOptions {
    /// Milliseconds after which the call fails with the kind `cancelled`.
    pub timeout_ms: Option<f64>,
    /// Gives the call up when it is aborted.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<ObjectRef<false>>,
}

/// Runs one call, and gives its promise.
pub(crate) fn call<'env, T, F>(
    env: &'env Env,
    options: Option<CallOptions>,
    is_watched: bool,
    work: impl FnOnce(Deadline) -> F + Send + 'static,
) -> napi::Result<PromiseRaw<'env, T>>
where
    T: ToNapiValue + Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let options = options.unwrap_or(CallOptions { timeout_ms: None, signal: None });
    let timeout_ms = whole("timeout_ms", options.timeout_ms).map_err(|error| thrown(env, error))?;
    let watched = options.signal.map(|signal| Watched::begin(env, signal)).transpose()?;
    let cancel = watched.as_ref().map(|watched| watched.handle.clone());
    let limits = Limits { timeout_ms, cancel, is_watched };
    let (deferred, promise) = env.create_deferred()?;
    let promise = PromiseRaw::new(env.raw(), promise.raw());
    let mut promised = Promised { deferred: Some(deferred), watched };
    crate::runtime::detach(async move {
        let outcome = crate::runtime::call(limits, work).await;
        promised.settle(outcome);
    });
    Ok(promise)
}

type Settle<T> = Box<dyn FnOnce(Env) -> napi::Result<T> + Send>;

/// What JavaScript waits for. It is settled also when the runtime is shut down under it.
struct Promised<T: ToNapiValue + Send + 'static> {
    deferred: Option<JsDeferred<T, Settle<T>>>,
    watched: Option<Watched>,
}

impl<T: ToNapiValue + Send + 'static> Promised<T> {
    fn settle(&mut self, outcome: Result<T>) {
        let Some(deferred) = self.deferred.take() else { return };
        let watched = self.watched.take();
        deferred.resolve(Box::new(move |env| {
            if let Some(watched) = watched {
                watched.end(&env)?;
            }
            outcome.map_err(|error| thrown(&env, error))
        }));
    }
}

impl<T: ToNapiValue + Send + 'static> Drop for Promised<T> {
    fn drop(&mut self) {
        self.settle(Err(Error::ended()));
    }
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

/// From JavaScript's only kind of number, which napi would cut to fit.
pub(crate) trait Whole<T> {
    /// Nothing when it does not fit.
    fn whole(self) -> Option<T>;
}

impl Whole<u32> for f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at first")]
    fn whole(self) -> Option<u32> {
        (self.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&self)).then_some(self as u32)
    }
}

impl Whole<i64> for f64 {
    #[expect(clippy::cast_possible_truncation, reason = "looked at first")]
    fn whole(self) -> Option<i64> {
        const EXACT: f64 = 9_007_199_254_740_991.0;
        (self.fract() == 0.0 && self.abs() <= EXACT).then_some(self as i64)
    }
}

impl<T> Whole<Option<T>> for Option<f64>
where
    f64: Whole<T>,
{
    fn whole(self) -> Option<Option<T>> {
        self.map_or(Some(None), |number| number.whole().map(Some))
    }
}

/// A whole number that an argument gives, or the refusal of that argument.
pub(crate) fn whole<N: Whole<T>, T>(field: &str, number: N) -> Result<T> {
    number.whole().ok_or_else(|| Error::invalid(field, "is not an integer in range"))
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
