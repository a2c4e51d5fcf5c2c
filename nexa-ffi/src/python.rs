//! What Python needs beside the annotations: ids as types, `repr`, and errors as exceptions of the package.

use std::collections::HashMap;
use std::convert::Infallible;
use std::marker::PhantomData;

use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Error, ErrorInfo};

/// An id crosses as `str`; the stubs name its type, which is a `NewType` of the package.
macro_rules! id {
    ($name:ident) => {
        impl ::pyo3::FromPyObject<'_, '_> for $name {
            type Error = ::pyo3::PyErr;
            const INPUT_TYPE: ::pyo3::inspect::PyStaticExpr = $crate::python::id_type(stringify!($name));

            fn extract(object: ::pyo3::Borrowed<'_, '_, ::pyo3::PyAny>) -> ::pyo3::PyResult<Self> {
                object.extract().map($name)
            }
        }

        impl<'py> ::pyo3::IntoPyObject<'py> for $name {
            type Target = ::pyo3::types::PyString;
            type Output = ::pyo3::Bound<'py, Self::Target>;
            type Error = std::convert::Infallible;
            const OUTPUT_TYPE: ::pyo3::inspect::PyStaticExpr = $crate::python::id_type(stringify!($name));

            fn into_pyobject(self, py: ::pyo3::Python<'py>) -> Result<Self::Output, Self::Error> {
                self.0.into_pyobject(py)
            }
        }

        impl<'py> ::pyo3::IntoPyObject<'py> for &$name {
            type Target = ::pyo3::types::PyString;
            type Output = ::pyo3::Bound<'py, Self::Target>;
            type Error = std::convert::Infallible;
            const OUTPUT_TYPE: ::pyo3::inspect::PyStaticExpr = $crate::python::id_type(stringify!($name));

            fn into_pyobject(self, py: ::pyo3::Python<'py>) -> Result<Self::Output, Self::Error> {
                (&self.0).into_pyobject(py)
            }
        }

        impl $crate::python::Repr for $name {
            fn repr(&self) -> String {
                self.0.repr()
            }
        }
    };
}
pub(crate) use id;

/// The stub's name of an id.
pub(crate) const fn id_type(name: &'static str) -> PyStaticExpr {
    PyStaticExpr::Attribute { value: &PyStaticExpr::Name { id: "nexa.ids" }, attr: name }
}

/// What `await` gives a `T` of.
pub(crate) struct Awaitable<T>(Py<PyAny>, PhantomData<T>);

impl<T> Awaitable<T> {
    pub(crate) const fn of(awaitable: Py<PyAny>) -> Self {
        Awaitable(awaitable, PhantomData)
    }
}

impl<'py, T: IntoPyObject<'py>> IntoPyObject<'py> for Awaitable<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;
    const OUTPUT_TYPE: PyStaticExpr = PyStaticExpr::Subscript {
        value: &PyStaticExpr::Attribute {
            value: &PyStaticExpr::Name { id: "collections.abc" },
            attr: "Awaitable",
        },
        slice: &T::OUTPUT_TYPE,
    };

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        Ok(self.0.into_bound(py))
    }
}

/// The value as Python writes it.
pub(crate) trait Repr {
    fn repr(&self) -> String;
}

macro_rules! repr_of {
    ($($ty:ty = $value:ident => $text:expr;)*) => {$(
        impl Repr for $ty {
            fn repr(&self) -> String {
                let $value = self;
                $text
            }
        }
    )*};
}

repr_of! {
    bool = value => if *value { "True" } else { "False" }.to_owned();
    u32 = value => value.to_string();
    i64 = value => value.to_string();
    f64 = value => format!("{value:?}");
    String = value => format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"));
}

impl<T: Repr> Repr for Option<T> {
    fn repr(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_owned(), Repr::repr)
    }
}

impl<T: Repr> Repr for Vec<T> {
    fn repr(&self) -> String {
        format!("[{}]", self.iter().map(Repr::repr).collect::<Vec<_>>().join(", "))
    }
}

impl Repr for HashMap<String, String> {
    fn repr(&self) -> String {
        let mut pairs: Vec<_> = self.iter().map(|(k, v)| format!("{}: {}", k.repr(), v.repr())).collect();
        pairs.sort();
        format!("{{{}}}", pairs.join(", "))
    }
}

impl From<Error> for PyErr {
    /// The exception class of the error's kind, from `nexa.errors`.
    fn from(error: Error) -> Self {
        Python::attach(|py| exception(py, *error.0).unwrap_or_else(|cause| cause))
    }
}

fn exception(py: Python<'_>, error: ErrorInfo) -> PyResult<PyErr> {
    let details = PyDict::new(py);
    for (name, value) in &error.details {
        details.set_item(name, value)?;
    }
    let make = py.import("nexa.errors")?.getattr("from_parts")?;
    let made = make.call1((error.code, error.kind, error.message, details, error.retryable))?;
    Ok(PyErr::from_value(made))
}

/// Ends the runtime's threads. What is open is closed; the next call starts a new runtime.
#[pyfunction]
#[pyo3(name = "shutdown")]
pub fn shutdown(py: Python<'_>) {
    py.detach(crate::runtime::shutdown);
}

/// The version of this library.
#[pyfunction]
#[pyo3(name = "version")]
#[must_use]
pub fn version() -> String {
    crate::runtime::version()
}
