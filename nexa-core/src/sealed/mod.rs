//! What is kept secret in the database.

mod cipher;

pub(crate) use cipher::{open, seal};
