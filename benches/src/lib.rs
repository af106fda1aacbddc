//! Criterion targets; see `benches/`. What several of them need is here.

pub mod growth;
