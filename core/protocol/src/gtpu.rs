//! GTP-U, user plane of the GPRS tunnelling protocol: TS 29.281 clause 5.1 (header) and 5.2 (extension headers).

use std::fmt;

/// UDP port of GTP-U (TS 29.281 clause 4.4.2.3).
pub const GTPU_PORT: u16 = 2152;

/// Octets of the mandatory part of the header (TS 29.281 clause 5.1).
const MANDATORY_OCTETS: usize = 8;
/// Octets that follow when any of the flags E, S, PN is set (TS 29.281 clause 5.1).
const OPTIONAL_OCTETS: usize = 4;
/// Version 1 and protocol type GTP, flags E, S and PN clear.
const VERSION_1_GTP: u8 = 0x30;
const VERSION_AND_PT_MASK: u8 = 0xf0;
const FLAG_E: u8 = 0x04;
const FLAG_S: u8 = 0x02;
const FLAG_PN: u8 = 0x01;

/// Message type (TS 29.281 clause 6.1). Unknown ones survive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GtpuMessageType(pub u8);

impl GtpuMessageType {
    /// Echo Request.
    pub const ECHO_REQUEST: Self = Self(1);
    /// Echo Response.
    pub const ECHO_RESPONSE: Self = Self(2);
    /// Error Indication.
    pub const ERROR_INDICATION: Self = Self(26);
    /// End Marker.
    pub const END_MARKER: Self = Self(254);
    /// G-PDU: the payload is a T-PDU.
    pub const G_PDU: Self = Self(255);
}

impl fmt::Display for GtpuMessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ECHO_REQUEST => f.write_str("Echo Request"),
            Self::ECHO_RESPONSE => f.write_str("Echo Response"),
            Self::ERROR_INDICATION => f.write_str("Error Indication"),
            Self::END_MARKER => f.write_str("End Marker"),
            Self::G_PDU => f.write_str("G-PDU"),
            Self(other) => write!(f, "message type {other}"),
        }
    }
}

/// The octets are not a GTP-U message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GtpuError {
    /// Fewer octets than the header needs.
    #[error("GTP-U header needs {needed} octets, there are {octets}")]
    Truncated {
        /// Octets that the header needs.
        needed: usize,
        /// Octets that are there.
        octets: usize,
    },
    /// Not version 1, or GTP' (protocol type 0).
    #[error("first octet {0:#04x} is not GTP version 1, protocol type 1")]
    Version(u8),
    /// The length field disagrees with the octets that are there.
    #[error("GTP-U length field says {field} octets after the mandatory header, there are {octets}")]
    Length {
        /// Value of the length field.
        field: usize,
        /// Octets after the mandatory header.
        octets: usize,
    },
    /// An extension header of length zero or one that leaves the message.
    #[error("GTP-U extension header at octet {0} has an impossible length")]
    ExtensionHeader(usize),
}

/// A checked GTP-U message.
#[derive(Clone, Copy, Debug)]
pub struct GtpuPacket<'a> {
    octets: &'a [u8],
    payload_at: usize,
}

impl<'a> GtpuPacket<'a> {
    /// Checks `octets`, a whole UDP payload; extension headers are walked over.
    pub fn new_checked(octets: &'a [u8]) -> Result<Self, GtpuError> {
        let truncated = |needed| GtpuError::Truncated { needed, octets: octets.len() };
        if octets.len() < MANDATORY_OCTETS {
            return Err(truncated(MANDATORY_OCTETS));
        }
        if octets[0] & VERSION_AND_PT_MASK != VERSION_1_GTP {
            return Err(GtpuError::Version(octets[0]));
        }
        let field = usize::from(u16::from_be_bytes([octets[2], octets[3]]));
        let after = octets.len() - MANDATORY_OCTETS;
        if field != after {
            return Err(GtpuError::Length { field, octets: after });
        }
        if octets[0] & (FLAG_E | FLAG_S | FLAG_PN) == 0 {
            return Ok(Self { octets, payload_at: MANDATORY_OCTETS });
        }
        let mut at = MANDATORY_OCTETS + OPTIONAL_OCTETS;
        if octets.len() < at {
            return Err(truncated(at));
        }
        // Clause 5.2.1: length in units of 4 octets, itself and the next type included; type 0 ends the chain.
        let mut next_type = if octets[0] & FLAG_E != 0 { octets[at - 1] } else { 0 };
        while next_type != 0 {
            let length = usize::from(*octets.get(at).ok_or(GtpuError::ExtensionHeader(at))?) * 4;
            let end = at + length;
            if length == 0 || end > octets.len() {
                return Err(GtpuError::ExtensionHeader(at));
            }
            next_type = octets[end - 1];
            at = end;
        }
        Ok(Self { octets, payload_at: at })
    }

    /// Message type.
    pub fn message_type(&self) -> GtpuMessageType {
        GtpuMessageType(self.octets[1])
    }

    /// Tunnel endpoint identifier; on M1 the common one, C-TEID.
    pub fn teid(&self) -> u32 {
        let o = self.octets;
        u32::from_be_bytes([o[4], o[5], o[6], o[7]])
    }

    /// Sequence number, when flag S says that it is meaningful.
    pub fn sequence_number(&self) -> Option<u16> {
        (self.octets[0] & FLAG_S != 0).then(|| u16::from_be_bytes([self.octets[8], self.octets[9]]))
    }

    /// What follows the header and its extensions.
    pub fn payload(&self) -> &'a [u8] {
        &self.octets[self.payload_at..]
    }
}

/// A GTP-U header without extension headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GtpuRepr {
    /// Message type.
    pub message_type: GtpuMessageType,
    /// Tunnel endpoint identifier.
    pub teid: u32,
    /// Sequence number; `None` clears flag S.
    pub sequence_number: Option<u16>,
}

impl GtpuRepr {
    /// A G-PDU into the tunnel `teid`, without sequence number.
    pub fn g_pdu(teid: u32) -> Self {
        Self { message_type: GtpuMessageType::G_PDU, teid, sequence_number: None }
    }

    /// The header of a checked message; extension headers are dropped.
    pub fn parse(packet: &GtpuPacket<'_>) -> Self {
        Self { message_type: packet.message_type(), teid: packet.teid(), sequence_number: packet.sequence_number() }
    }

    /// The message with `payload`. Fails when the length field (16 bits) cannot hold it.
    pub fn emit(&self, payload: &[u8]) -> Result<Vec<u8>, GtpuError> {
        let optional = if self.sequence_number.is_some() { OPTIONAL_OCTETS } else { 0 };
        let octets = payload.len() + optional;
        let length = u16::try_from(octets).map_err(|_| GtpuError::Length { field: usize::from(u16::MAX), octets })?;
        let mut out = Vec::with_capacity(MANDATORY_OCTETS + octets);
        out.push(VERSION_1_GTP | if self.sequence_number.is_some() { FLAG_S } else { 0 });
        out.push(self.message_type.0);
        out.extend(length.to_be_bytes());
        out.extend(self.teid.to_be_bytes());
        if let Some(sequence_number) = self.sequence_number {
            out.extend(sequence_number.to_be_bytes());
            out.extend([0, 0]);
        }
        out.extend_from_slice(payload);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Body of the fuzz target: arbitrary octets never panic, and what parses without extensions is emitted again.
    fn fuzz_gtpu(octets: &[u8]) {
        let Ok(packet) = GtpuPacket::new_checked(octets) else { return };
        assert!(packet.payload().len() <= octets.len());
        let again = GtpuRepr::parse(&packet).emit(packet.payload()).unwrap();
        let reparsed = GtpuPacket::new_checked(&again).unwrap();
        assert_eq!(GtpuRepr::parse(&reparsed), GtpuRepr::parse(&packet));
        assert_eq!(reparsed.payload(), packet.payload());
    }

    #[test]
    fn g_pdu_octets() {
        let octets = GtpuRepr::g_pdu(0x0102_0304).emit(&[0xaa, 0xbb]).unwrap();
        assert_eq!(octets, [0x30, 0xff, 0x00, 0x02, 1, 2, 3, 4, 0xaa, 0xbb]);
    }

    #[test]
    fn extension_headers_are_walked_over() {
        // E and S set, sequence number 7, PDCP PDU number (0xc0) of 4 octets, then a UDP port (0x40) of 4 octets.
        let octets = [
            0x36, 0xff, 0x00, 0x0e, 0, 0, 0, 9, 0x00, 0x07, 0x00, 0xc0, 0x01, 0x12, 0x34, 0x40, 0x01, 0x08, 0x68, 0x00,
            0x55, 0x66,
        ];
        let packet = GtpuPacket::new_checked(&octets).unwrap();
        assert_eq!((packet.teid(), packet.sequence_number()), (9, Some(7)));
        assert_eq!(packet.payload(), [0x55, 0x66]);
        let mut endless = octets;
        endless[16] = 0;
        assert_eq!(GtpuPacket::new_checked(&endless).unwrap_err(), GtpuError::ExtensionHeader(16));
    }

    #[test]
    fn what_is_not_gtpu_is_refused() {
        assert!(matches!(GtpuPacket::new_checked(&[0x30; 7]), Err(GtpuError::Truncated { needed: 8, octets: 7 })));
        assert!(matches!(GtpuPacket::new_checked(&[0x48, 255, 0, 0, 0, 0, 0, 0]), Err(GtpuError::Version(0x48))));
        let short = [0x30, 255, 0, 3, 0, 0, 0, 1, 0, 0];
        assert_eq!(GtpuPacket::new_checked(&short).unwrap_err(), GtpuError::Length { field: 3, octets: 2 });
        assert!(GtpuRepr::g_pdu(1).emit(&vec![0; 65536]).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(teid: u32, kind: u8, sequence_number: Option<u16>, payload: Vec<u8>) {
            let repr = GtpuRepr { message_type: GtpuMessageType(kind), teid, sequence_number };
            let octets = repr.emit(&payload).unwrap();
            let packet = GtpuPacket::new_checked(&octets).unwrap();
            prop_assert_eq!(GtpuRepr::parse(&packet), repr);
            prop_assert_eq!(packet.payload(), &payload[..]);
        }

        #[test]
        fn arbitrary_octets(mut octets in proptest::collection::vec(any::<u8>(), 0..64), valid_start: bool) {
            if valid_start && octets.len() >= 8 {
                octets[0] = 0x30 | octets[0] & 7;
                let after = octets.len() as u16 - 8;
                octets[2..4].copy_from_slice(&after.to_be_bytes());
            }
            fuzz_gtpu(&octets);
        }
    }
}
