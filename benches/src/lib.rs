//! Criterion targets; see `benches/`.
