//! Channel coding of transport channels, TS 36.212 5.1 and 5.3.2.

mod bits;
pub mod conv;
mod crc;
mod dematch;
mod plan;
mod qpp;
mod rate_match;
mod segment;
mod slices;
mod soft_buffer;
mod transport_block;
#[cfg(target_arch = "x86_64")]
mod transpose;
mod turbo;

use bits::bits_from;
pub(crate) use bits::{pack, put_word, word_at};
pub use crc::{CRC8, CRC16, CRC24A, CRC24B, Crc};
pub use plan::{CodingError, TransportBlockParams};
pub use segment::Segmentation;
pub use soft_buffer::SoftBuffer;
pub use transport_block::{DEFAULT_MAX_ITERATIONS, Decoded, TransportBlockDecoder, TransportBlockEncoder};

#[cfg(test)]
mod tests;
