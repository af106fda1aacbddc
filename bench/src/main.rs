//! The `castbench` binary.

fn main() {}
