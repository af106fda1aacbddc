//! castbench: the bench.
