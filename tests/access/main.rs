//! Who may do what: every public method of every service, by every kind of caller, on their own things and on
//! another's. `permissions.txt` is the contract; a method that is not in it fails.

#[path = "../support/mod.rs"]
mod support;

mod call;
mod cast;
mod cells;
mod ids_swapped;
mod lists;
mod table;
mod takes_effect;
