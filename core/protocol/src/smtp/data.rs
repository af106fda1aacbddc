//! The content of a mail in a stream.
