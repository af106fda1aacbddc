//! TS 36.322 clauses 5.1.2 and 6.2.1.3: unacknowledged mode with 5-bit sequence numbers, as MCCH and MTCH use it.
//!
//! t-Reordering is 0 (TS 36.331 clause 9.1.1) and UM_Window_Size is 0 (clause 7.2): the receiver takes every PDU as it
//! comes, nothing waits and nothing is put in order.

mod receiver;
mod transmitter;

pub(crate) use receiver::{RlcPduError, UmReceiver};
pub(crate) use transmitter::{Cursor, PduLayout, UmTransmitter};

/// Sequence numbers count modulo 32 (sn-FieldLength 5).
const SN_MODULUS: u8 = 32;
/// Longest data field element that a length indicator of 11 bits can name; a longer one is the last of its PDU.
const LI_MAX: usize = 2047;
/// Longest SDU that is carried: the longest IP datagram.
pub(crate) const SDU_MAX_OCTETS: usize = 65_535;

/// Header of a UMD PDU with `li_count` length indicators: the fixed octet and 12 bits each, to a whole octet.
const fn header_octets(li_count: usize) -> usize {
    1 + (li_count * 12).div_ceil(8)
}

#[cfg(test)]
mod tests;
