//! The tunnel as a program that links it sees it: real UDP sockets on loopback, the network stack on both ends.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod close;
mod filter;
mod outer;
mod ping;
mod socket_lost;
mod support;
mod tcp;
mod udp;
