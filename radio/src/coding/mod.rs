//! Channel coding of transport channels, TS 36.212 5.1 and 5.3.2.

mod bits;
pub mod conv;
mod crc;
mod plan;
mod qpp;
mod rate_match;
mod segment;
mod soft_buffer;
mod transport_block;
mod turbo;

pub(crate) use bits::pack;
pub use crc::{CRC8, CRC16, CRC24A, CRC24B, Crc};
pub use plan::{CodingError, TransportBlockParams};
pub use segment::Segmentation;
pub use soft_buffer::SoftBuffer;
pub use transport_block::{DEFAULT_MAX_ITERATIONS, Decoded, TransportBlockDecoder, TransportBlockEncoder};

#[cfg(test)]
mod tests;
