//! What a host decides for its whole control plane: a registry of typed settings over a table of texts.
//!
//! - `registry` says which there are: their type, their bounds, what holds until somebody decides, and who may.
//! - A text that is not of its setting's type is refused when it is written. One that is stored all the same, by another hand
//!   or an older build, makes the calls that need it fail and name it: nothing falls back to a default that nobody chose.
//! - What another build stored and this one does not know is kept and listed.

mod error;
mod model;
pub(crate) mod registry;
mod service;
mod store;

pub use model::{Setting, SettingType};
pub use service::Settings;
pub(crate) use service::{Values, load};
