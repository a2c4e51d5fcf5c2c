//! Nexa against what nobody here wrote: wireguard-go, `wg` and `wg-quick` as Debian ships them, and the kernel's
//! forwarding, in network namespaces that each test makes and removes. Run by `cargo xtask test --only interop`.

#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod conf;
mod exchange;
mod forwarding;
mod interface;
mod profile;
mod support;
