//! TS 36.322 clause 5.1.2.2 with UM_Window_Size 0: the receiving UM entity puts SDUs together again and sees losses.

use super::{SDU_MAX_OCTETS, SN_MODULUS, header_octets};

/// Receives UMD PDUs of one logical channel. Memory is bounded by one SDU, in a buffer that is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct UmReceiver {
    /// VR(UR) = VR(UH); none before the first PDU, whose number may be any.
    next_sn: Option<u8>,
    /// Beginning of an SDU whose end has not come.
    partial: Vec<u8>,
}

/// What a PDU told besides its SDUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PduReport {
    /// Sequence number of this PDU.
    pub(crate) sn: u8,
    /// The sequence number that was due; that of this PDU when any will do.
    pub(crate) expected_sn: u8,
    /// PDUs lost before this one, as its sequence number tells: modulo 32.
    pub(crate) lost_pdus: u8,
    /// An SDU was dropped because a part of it is missing, or longer than [`SDU_MAX_OCTETS`].
    pub(crate) sdu_dropped: bool,
}

/// A UMD PDU that breaks clause 6.2.1.3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RlcPduError {
    /// No data after the header.
    #[error("UMD PDU of {0} octets ends before its data")]
    Truncated(usize),
    /// LI 0 is reserved.
    #[error("UMD PDU with the reserved length indicator 0")]
    ReservedLi,
}

impl UmReceiver {
    /// Takes one UMD PDU and hands every SDU that is complete to `deliver`, in order.
    ///
    /// # Errors
    /// The PDU breaks the standard: it counts as lost.
    pub(crate) fn push(&mut self, pdu: &[u8], deliver: &mut impl FnMut(&[u8])) -> Result<PduReport, RlcPduError> {
        let header = match Header::parse(pdu) {
            Ok(header) => header,
            Err(e) => {
                self.lose_partial();
                return Err(e);
            }
        };
        let sn = header.sn;
        let expected_sn = self.next_sn.replace((sn + 1) % SN_MODULUS).unwrap_or(sn);
        let lost_pdus = (SN_MODULUS + sn - expected_sn) % SN_MODULUS;
        let mut report = PduReport { sn, expected_sn, lost_pdus, sdu_dropped: false };
        if lost_pdus > 0 {
            report.sdu_dropped = self.lose_partial();
        }
        let mut rest = &pdu[header_octets(header.li_count)..];
        for element in 0..=header.li_count {
            let octets = if element < header.li_count { length_indicator(pdu, element).1 } else { rest.len() };
            let data;
            (data, rest) = rest.split_at(octets);
            let begins = element > 0 || !header.begins_inside;
            let ends = element < header.li_count || !header.ends_inside;
            report.sdu_dropped |= self.element(data, begins, ends, deliver);
        }
        Ok(report)
    }

    /// One data field element; true when an SDU had to be dropped.
    fn element(&mut self, data: &[u8], begins: bool, ends: bool, deliver: &mut impl FnMut(&[u8])) -> bool {
        if begins {
            let dropped = self.lose_partial();
            if ends {
                deliver(data);
            } else {
                self.partial.extend_from_slice(data);
            }
            return dropped;
        }
        if self.partial.is_empty() {
            // The beginning was lost; count the SDU where it ends.
            return ends;
        }
        if self.partial.len() + data.len() > SDU_MAX_OCTETS {
            return self.lose_partial();
        }
        self.partial.extend_from_slice(data);
        if ends {
            deliver(&self.partial);
            self.partial.clear();
        }
        false
    }

    /// Forgets the beginning of an unfinished SDU; true when there was one.
    pub(crate) fn lose_partial(&mut self) -> bool {
        let was = !self.partial.is_empty();
        self.partial.clear();
        was
    }

    /// As if established anew.
    pub(crate) fn reset(&mut self) {
        self.partial.clear();
        self.next_sn = None;
    }
}

/// Checked header of a UMD PDU with a 5-bit sequence number.
struct Header {
    /// FI, first bit: the data begins inside of an SDU.
    begins_inside: bool,
    /// FI, second bit: the data ends inside of an SDU.
    ends_inside: bool,
    sn: u8,
    li_count: usize,
}

impl Header {
    fn parse(pdu: &[u8]) -> Result<Self, RlcPduError> {
        let truncated = RlcPduError::Truncated(pdu.len());
        let first = *pdu.first().ok_or(truncated)?;
        let (mut more, mut li_count, mut indicated) = (first & 0x20 != 0, 0, 0);
        while more {
            if pdu.len() < header_octets(li_count + 1) {
                return Err(truncated);
            }
            let (another, octets) = length_indicator(pdu, li_count);
            if octets == 0 {
                return Err(RlcPduError::ReservedLi);
            }
            indicated += octets;
            li_count += 1;
            more = another;
        }
        // The last element has at least one octet.
        if header_octets(li_count) + indicated >= pdu.len() {
            return Err(truncated);
        }
        Ok(Self { begins_inside: first & 0x80 != 0, ends_inside: first & 0x40 != 0, sn: first & 0x1f, li_count })
    }
}

/// E and LI number `element` of a header that holds them.
fn length_indicator(pdu: &[u8], element: usize) -> (bool, usize) {
    let at = 1 + element * 12 / 8;
    let pair = u16::from_be_bytes([pdu[at], pdu[at + 1]]);
    let twelve = if element.is_multiple_of(2) { pair >> 4 } else { pair & 0xfff };
    (twelve & 0x800 != 0, usize::from(twelve & 0x7ff))
}
