//! The control plane, end to end.

fn main() {}
