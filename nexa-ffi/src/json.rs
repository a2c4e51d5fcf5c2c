//! Values as JSON and calls by name: the Rust side of the parity tests, which every language is compared with.

use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// An object's methods, by name.
#[allow(async_fn_in_trait, reason = "called on one thread, by the runner alone")]
pub trait Called: Sized {
    /// Every public method.
    const METHODS: &'static [&'static str];

    /// Calls a function without `self`.
    ///
    /// # Errors
    /// What it gives; `unsupported` for a name that is none.
    async fn construct(name: &str, arguments: &mut Arguments) -> Result<Value>;

    /// Calls a method.
    ///
    /// # Errors
    /// What it gives; `unsupported` for a name that is none.
    async fn call(&self, name: &str, arguments: &mut Arguments) -> Result<Value>;
}

/// What a call gave.
#[derive(Clone)]
pub enum Value {
    /// A value.
    Json(serde_json::Value),
    /// An object, with the name of its class.
    Object(&'static str, Arc<dyn Any + Send + Sync>),
}

impl Value {
    /// A value as JSON.
    ///
    /// # Errors
    /// `internal` for what JSON cannot say.
    pub fn of(value: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_value(value);
        Ok(Value::Json(json.map_err(|cause| refused(&cause.to_string()))?))
    }

    /// An object.
    #[must_use]
    pub fn object<T: Send + Sync + 'static>(object: Arc<T>) -> Self {
        let class = type_name::<T>();
        Value::Object(class.rsplit("::").next().unwrap_or(class), object)
    }

    /// An object, or nothing.
    #[must_use]
    pub fn optional_object<T: Send + Sync + 'static>(object: Option<Arc<T>>) -> Self {
        object.map_or(Value::Json(serde_json::Value::Null), Value::object)
    }
}

/// What a call is given, by name.
#[derive(Default)]
pub struct Arguments(pub BTreeMap<String, Value>);

impl Arguments {
    /// A value; one that is missing reads as null.
    ///
    /// # Errors
    /// `internal` for another type.
    pub fn value<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let json = match self.0.remove(name) {
            Some(Value::Json(json)) => json,
            None => serde_json::Value::Null,
            Some(Value::Object(class, _)) => return Err(refused(&format!("{name} is a {class}"))),
        };
        serde_json::from_value(json).map_err(|cause| refused(&format!("{name}: {cause}")))
    }

    /// An object.
    ///
    /// # Errors
    /// `internal` when there is none of that class.
    pub fn object<T: Send + Sync + 'static>(&mut self, name: &str) -> Result<Arc<T>> {
        self.optional_object(name)?.ok_or_else(|| refused(&format!("{name} is missing")))
    }

    /// An object that may be left out.
    ///
    /// # Errors
    /// `internal` for another class.
    pub fn optional_object<T: Send + Sync + 'static>(&mut self, name: &str) -> Result<Option<Arc<T>>> {
        match self.0.remove(name) {
            None | Some(Value::Json(serde_json::Value::Null)) => Ok(None),
            Some(Value::Object(class, object)) => match object.downcast() {
                Ok(object) => Ok(Some(object)),
                Err(_) => Err(refused(&format!("{name} is a {class}"))),
            },
            Some(Value::Json(_)) => Err(refused(&format!("{name} is no object"))),
        }
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// `internal`, naming it.
    pub fn finish(&self) -> Result<()> {
        match self.0.keys().next() {
            Some(name) => Err(refused(&format!("no argument is called {name}"))),
            None => Ok(()),
        }
    }
}

fn refused(reason: &str) -> Error {
    Error::new("json.refused", nexa_core::ErrorKind::Internal, reason)
}

/// The refusal of a name that no method has.
#[must_use]
pub fn no_method(name: &str) -> Error {
    Error::new("json.no_method", nexa_core::ErrorKind::Unsupported, format!("there is no {name}"))
}
