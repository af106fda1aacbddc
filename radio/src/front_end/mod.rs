//! Front ends: where IQ comes from and goes to.

mod file;

pub use file::{IqFileError, read_cf32, write_cf32};
