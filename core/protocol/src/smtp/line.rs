//! Lines of a stream.
