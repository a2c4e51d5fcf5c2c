//! The library behind Kotlin and Swift: the facade's symbols and nothing else.

nexa_ffi::uniffi_reexport_scaffolding!();
