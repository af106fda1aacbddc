//! MBMS synchronisation protocol, SYNC version 1: TS 25.446 clause 5.5 (frames) and 5.6.2 (CRCs).

use std::time::Duration;

use crate::Instant;

/// Unit of the timestamp (TS 25.446 clause 5.5.3.2).
const TIMESTAMP_UNIT_NANOS: u64 = 10_000_000;
/// Timestamps run from 0 to 59 999 (TS 25.446 clause 5.5.3.2): a synchronisation period is at most 600 s.
const TIMESTAMPS: u64 = 60_000;
/// Type, timestamp, packet number, elapsed octet counter (TS 25.446 clause 5.5.2).
const COMMON_OCTETS: usize = 9;
/// Total number of packets and of octets (TS 25.446 clause 5.5.2.1).
const TOTALS_OCTETS: usize = 8;
/// Largest spare extension of types 1, 2 and 3 (TS 25.446 clause 5.5.3.14).
const SPARE_EXTENSION_OCTETS: usize = 4;
/// D^6 + D^5 + D^3 + D^2 + D + 1 (TS 25.446 clause 5.5.3.10), the leading term left out.
const HEADER_CRC6: u16 = 0x2f;
/// D^10 + D^9 + D^5 + D^4 + D + 1 (TS 25.446 clause 5.5.3.11), the leading term left out.
const PAYLOAD_CRC10: u16 = 0x233;

/// Octets that a SYNC PDU of type 1 adds to the user data (TS 25.446 clause 5.5.2.2).
pub const SYNC_USER_DATA_HEADER_OCTETS: usize = COMMON_OCTETS + 2;
/// Largest length of a packet that a SYNC PDU of type 3 can tell (TS 25.446 clause 5.5.3.16: 12 bits).
pub const SYNC_MAX_PACKET_LENGTH: u16 = 0xfff;

/// The octets are not a SYNC PDU for M1, or cannot become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SyncError {
    /// Fewer octets than the type needs.
    #[error("SYNC PDU type {pdu_type} needs {needed} octets, there are {octets}")]
    Truncated {
        /// PDU type.
        pdu_type: u8,
        /// Octets that the type needs.
        needed: usize,
        /// Octets that are there.
        octets: usize,
    },
    /// More octets than the type and a spare extension can have.
    #[error("SYNC PDU type {pdu_type} has {octets} octets, at most {allowed} are allowed")]
    TooLong {
        /// PDU type.
        pdu_type: u8,
        /// Octets that are allowed.
        allowed: usize,
        /// Octets that are there.
        octets: usize,
    },
    /// Type 2 (not allowed on M1, TS 25.446 clause 5.5.2.3) or a reserved type.
    #[error("SYNC PDU type {0} is not used on M1")]
    PduType(u8),
    /// The header CRC is wrong.
    #[error("SYNC header CRC is {found:#04x}, should be {expected:#04x}")]
    HeaderCrc {
        /// As received.
        found: u16,
        /// As computed.
        expected: u16,
    },
    /// The payload CRC is wrong.
    #[error("SYNC payload CRC is {found:#05x}, should be {expected:#05x}")]
    PayloadCrc {
        /// As received.
        found: u16,
        /// As computed.
        expected: u16,
    },
    /// The timestamp is above 59 999.
    #[error("SYNC timestamp {0} is above 59999")]
    Timestamp(u16),
    /// A field has not enough bits for the value.
    #[error("{field} {value} does not fit its SYNC field")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Value.
        value: u64,
    },
}

/// Start of a synchronisation sequence, in units of 10 ms within the synchronisation period (TS 25.446 clause 5.5.3.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SyncTimestamp(pub u16);

/// How run time maps to synchronisation sequences and timestamps, known to BM-SC and eNB alike.
///
/// A synchronisation sequence lasts one MCH scheduling period (TS 36.300 clause 15.3.3); the synchronisation period
/// is the largest multiple of it within 600 s; both start at the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SyncPlan {
    sequence_units: u64,
}

impl SyncPlan {
    /// For an MCH scheduling period in radio frames of 10 ms (TS 36.331: 8, 16, ... 1024). `None` for 0 or above 600 s.
    pub fn new(mch_scheduling_period_rf: u16) -> Option<Self> {
        let sequence_units = u64::from(mch_scheduling_period_rf);
        (1..=TIMESTAMPS).contains(&sequence_units).then_some(Self { sequence_units })
    }

    /// Length of a synchronisation sequence.
    pub fn sequence(&self) -> Duration {
        Duration::from_nanos(self.sequence_units * TIMESTAMP_UNIT_NANOS)
    }

    /// Length of the synchronisation period, after which timestamps repeat.
    pub fn period(&self) -> Duration {
        Duration::from_nanos(self.period_units() * TIMESTAMP_UNIT_NANOS)
    }

    /// Start of the synchronisation sequence that contains `at`.
    pub fn sequence_start(&self, at: Instant) -> Instant {
        let length = self.sequence_units * TIMESTAMP_UNIT_NANOS;
        Instant::from_nanos(at.as_nanos() / length * length)
    }

    /// Timestamp of the synchronisation sequence that starts at `start`.
    pub fn timestamp(&self, start: Instant) -> SyncTimestamp {
        SyncTimestamp((start.as_nanos() / TIMESTAMP_UNIT_NANOS % self.period_units()) as u16)
    }

    /// The instant nearest to `now` that `timestamp` stands for; `None` when no sequence starts there.
    pub fn instant(&self, timestamp: SyncTimestamp, now: Instant) -> Option<Instant> {
        let units = u64::from(timestamp.0);
        if units >= self.period_units() || !units.is_multiple_of(self.sequence_units) {
            return None;
        }
        let period = self.period_units() * TIMESTAMP_UNIT_NANOS;
        let offset = units * TIMESTAMP_UNIT_NANOS;
        let base = now.as_nanos() / period * period;
        [base.checked_sub(period), Some(base), base.checked_add(period)]
            .into_iter()
            .flatten()
            .filter_map(|start| start.checked_add(offset))
            .min_by_key(|&candidate| candidate.abs_diff(now.as_nanos()))
            .map(Instant::from_nanos)
    }

    fn period_units(&self) -> u64 {
        TIMESTAMPS / self.sequence_units * self.sequence_units
    }
}

/// Fields common to all SYNC PDUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SyncHeader {
    /// The synchronisation sequence.
    pub timestamp: SyncTimestamp,
    /// PDUs with user data before this one in the sequence (TS 25.446 clause 5.5.3.3).
    pub packet_number: u16,
    /// Octets of user data before this PDU in the sequence (TS 25.446 clause 5.5.3.4).
    pub elapsed_octets: u32,
}

/// Sums over the synchronisation period so far (TS 25.446 clause 5.5.3.5 and 5.5.3.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SyncTotals {
    /// PDUs with user data, 24 bits.
    pub packets: u32,
    /// Octets of user data, 40 bits.
    pub octets: u64,
}

/// A SYNC PDU as used on M1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SyncRepr<'a> {
    /// Type 0: end of a sequence (TS 25.446 clause 5.5.2.1).
    Information {
        /// Header; its counters are those of the whole sequence.
        header: SyncHeader,
        /// Sums.
        totals: SyncTotals,
    },
    /// Type 1: user data with uncompressed header (TS 25.446 clause 5.5.2.2).
    UserData {
        /// Header.
        header: SyncHeader,
        /// An IP datagram; up to four octets of a later version's spare extension may follow it.
        payload: &'a [u8],
    },
    /// Type 3: end of a sequence with the length of each of its packets (TS 25.446 clause 5.5.2.4).
    LengthOfPackets {
        /// Header; its counters are those of the whole sequence.
        header: SyncHeader,
        /// Sums.
        totals: SyncTotals,
        /// Length of every SYNC PDU of type 1 of the sequence, its header included (clause 5.5.3.16).
        lengths: Vec<u16>,
    },
}

impl<'a> SyncRepr<'a> {
    /// From the octets of one PDU; both CRCs are verified.
    pub fn parse(octets: &'a [u8]) -> Result<Self, SyncError> {
        let pdu_type = octets.first().map_or(0, |o| o >> 4);
        let control = match pdu_type {
            0 | 3 => COMMON_OCTETS + TOTALS_OCTETS,
            1 => COMMON_OCTETS,
            other => return Err(SyncError::PduType(other)),
        };
        let needed = control + if pdu_type == 0 { 1 } else { 2 };
        if octets.len() < needed {
            return Err(SyncError::Truncated { pdu_type, needed, octets: octets.len() });
        }
        let (found, expected) = (u16::from(octets[control] >> 2), crc6(&octets[..control]));
        if found != expected {
            return Err(SyncError::HeaderCrc { found, expected });
        }
        let header = parse_header(octets)?;
        if pdu_type == 0 {
            return match octets.len() {
                n if n > needed => Err(SyncError::TooLong { pdu_type, allowed: needed, octets: n }),
                _ => Ok(Self::Information { header, totals: parse_totals(octets) }),
            };
        }
        let payload = &octets[needed..];
        let found = u16::from(octets[control] & 3) << 8 | u16::from(octets[control + 1]);
        let expected = crc10(payload);
        if found != expected {
            return Err(SyncError::PayloadCrc { found, expected });
        }
        if pdu_type == 1 {
            return Ok(Self::UserData { header, payload });
        }
        let lengths = parse_lengths(usize::from(header.packet_number), payload, needed)?;
        Ok(Self::LengthOfPackets { header, totals: parse_totals(octets), lengths })
    }

    /// The octets of the PDU. Fails when a value does not fit its field.
    pub fn emit(&self) -> Result<Vec<u8>, SyncError> {
        match self {
            Self::Information { header, totals } => {
                let mut out = emit_header(0, header)?;
                emit_totals(&mut out, totals)?;
                let header_crc = crc6(&out);
                out.push((header_crc << 2) as u8);
                Ok(out)
            }
            Self::UserData { header, payload } => Ok(finish(emit_header(1, header)?, payload)),
            Self::LengthOfPackets { header, totals, lengths } => {
                if lengths.len() != usize::from(header.packet_number) {
                    return Err(SyncError::Field { field: "number of packet lengths", value: lengths.len() as u64 });
                }
                let mut out = emit_header(3, header)?;
                emit_totals(&mut out, totals)?;
                Ok(finish(out, &emit_lengths(lengths)?))
            }
        }
    }

    /// Header of the PDU.
    pub fn header(&self) -> &SyncHeader {
        match self {
            Self::Information { header, .. } | Self::UserData { header, .. } | Self::LengthOfPackets { header, .. } => {
                header
            }
        }
    }
}

fn parse_header(o: &[u8]) -> Result<SyncHeader, SyncError> {
    let timestamp = u16::from_be_bytes([o[1], o[2]]);
    if u64::from(timestamp) >= TIMESTAMPS {
        return Err(SyncError::Timestamp(timestamp));
    }
    Ok(SyncHeader {
        timestamp: SyncTimestamp(timestamp),
        packet_number: u16::from_be_bytes([o[3], o[4]]),
        elapsed_octets: u32::from_be_bytes([o[5], o[6], o[7], o[8]]),
    })
}

fn emit_header(pdu_type: u8, header: &SyncHeader) -> Result<Vec<u8>, SyncError> {
    if u64::from(header.timestamp.0) >= TIMESTAMPS {
        return Err(SyncError::Timestamp(header.timestamp.0));
    }
    let mut out = vec![pdu_type << 4];
    out.extend(header.timestamp.0.to_be_bytes());
    out.extend(header.packet_number.to_be_bytes());
    out.extend(header.elapsed_octets.to_be_bytes());
    Ok(out)
}

fn parse_totals(o: &[u8]) -> SyncTotals {
    SyncTotals {
        packets: u32::from_be_bytes([0, o[9], o[10], o[11]]),
        octets: u64::from_be_bytes([0, 0, 0, o[12], o[13], o[14], o[15], o[16]]),
    }
}

fn emit_totals(out: &mut Vec<u8>, totals: &SyncTotals) -> Result<(), SyncError> {
    if totals.packets >> 24 != 0 {
        return Err(SyncError::Field { field: "total number of packets", value: u64::from(totals.packets) });
    }
    if totals.octets >> 40 != 0 {
        return Err(SyncError::Field { field: "total number of octets", value: totals.octets });
    }
    out.extend(&totals.packets.to_be_bytes()[1..]);
    out.extend(&totals.octets.to_be_bytes()[3..]);
    Ok(())
}

/// Twelve bits each, two in three octets; an odd one ends with four bits of padding (figures 5.5.2.4-1 and -2).
fn parse_lengths(packets: usize, payload: &[u8], header_octets: usize) -> Result<Vec<u16>, SyncError> {
    let needed = (packets * 12).div_ceil(8);
    let octets = header_octets + payload.len();
    if payload.len() < needed {
        return Err(SyncError::Truncated { pdu_type: 3, needed: header_octets + needed, octets });
    }
    let allowed = header_octets + needed + SPARE_EXTENSION_OCTETS;
    if octets > allowed {
        return Err(SyncError::TooLong { pdu_type: 3, allowed, octets });
    }
    let length = |i: usize| {
        let at = i / 2 * 3;
        if i.is_multiple_of(2) {
            u16::from(payload[at]) << 4 | u16::from(payload[at + 1] >> 4)
        } else {
            u16::from(payload[at + 1] & 0xf) << 8 | u16::from(payload[at + 2])
        }
    };
    Ok((0..packets).map(length).collect())
}

fn emit_lengths(lengths: &[u16]) -> Result<Vec<u8>, SyncError> {
    if let Some(&long) = lengths.iter().find(|&&l| l > SYNC_MAX_PACKET_LENGTH) {
        return Err(SyncError::Field { field: "length of packet", value: u64::from(long) });
    }
    let mut out = Vec::with_capacity((lengths.len() * 12).div_ceil(8));
    for pair in lengths.chunks(2) {
        let second = pair.get(1).copied().unwrap_or(0);
        out.extend([(pair[0] >> 4) as u8, (pair[0] << 4 | second >> 8) as u8]);
        if pair.len() == 2 {
            out.push(second as u8);
        }
    }
    Ok(out)
}

/// Appends the check sums and the payload to the frame control part.
fn finish(mut control: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    let checks = crc6(&control) << 10 | crc10(payload);
    control.extend(checks.to_be_bytes());
    control.extend_from_slice(payload);
    control
}

/// CRC of the header (TS 25.446 clause 5.6.2).
fn crc6(octets: &[u8]) -> u16 {
    const REMAINDERS: [u16; 256] = remainders(6, HEADER_CRC6);
    remainder(&REMAINDERS, octets) >> (u16::BITS - 6)
}

/// CRC of the payload (TS 25.446 clause 5.6.2).
fn crc10(octets: &[u8]) -> u16 {
    const REMAINDERS: [u16; 256] = remainders(10, PAYLOAD_CRC10);
    remainder(&REMAINDERS, octets) >> (u16::BITS - 10)
}

/// Remainder of a polynomial over GF(2), in the highest bits, octet by octet.
fn remainder(remainders: &[u16; 256], octets: &[u8]) -> u16 {
    octets.iter().fold(0, |r, octet| r << 8 ^ remainders[usize::from((r >> 8) as u8 ^ octet)])
}

/// What every octet leaves, in the highest bits, when it is divided by D^`width` + `polynomial`.
const fn remainders(width: u32, polynomial: u16) -> [u16; 256] {
    let polynomial = polynomial << (u16::BITS - width);
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < table.len() {
        let mut r = (octet as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            r = if r >> 15 == 1 { r << 1 ^ polynomial } else { r << 1 };
            bit += 1;
        }
        table[octet] = r;
        octet += 1;
    }
    table
}

#[cfg(test)]
mod tests;
