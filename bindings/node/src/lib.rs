//! The native addon: the facade's classes register themselves when it is loaded.

// Links the facade, which holds everything.
extern crate nexa_ffi as _;
