//! The two octets that one family of transmitters puts before every SDU of an MTCH: a PDCP data header with a 12-bit
//! sequence number (TS 36.323 clause 6.2.4). The standard has no PDCP on MTCHs (TS 36.300 clause 15.3.1).

/// Octets of the header.
const HEADER: usize = 2;

/// Are SDUs of MTCHs preceded by a PDCP header?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PdcpPrefix {
    /// Where an IP datagram begins after the header and none before it.
    #[default]
    Auto,
    /// All are.
    Yes,
    /// None is, as the standard has it.
    No,
}

impl PdcpPrefix {
    /// The SDU without the header.
    pub fn strip(self, sdu: &[u8]) -> &[u8] {
        match self {
            Self::Yes => sdu.get(HEADER..).unwrap_or_default(),
            Self::Auto if has_prefix(sdu) => &sdu[HEADER..],
            Self::Auto | Self::No => sdu,
        }
    }
}

/// Is this an IP datagram behind a PDCP header? The first octet of the header is 0x8n or 0x0n, which no version of IP
/// begins with, and the length of the datagram has to be that of the rest.
pub(crate) fn has_prefix(sdu: &[u8]) -> bool {
    sdu.len() > HEADER && sdu[0] & 0x70 == 0 && is_datagram(&sdu[HEADER..])
}

/// An IPv4 or IPv6 header that tells the right length.
pub(crate) fn is_datagram(sdu: &[u8]) -> bool {
    let length = |at: usize| sdu.get(at..at + 2).map(|octets| usize::from(u16::from_be_bytes([octets[0], octets[1]])));
    match sdu.first().map(|octet| octet >> 4) {
        Some(4) => sdu.len() >= 20 && length(2) == Some(sdu.len()),
        Some(6) => sdu.len() >= 40 && length(4) == Some(sdu.len() - 40),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_off_where_they_are() {
        let mut ipv4 = [0u8; 33];
        (ipv4[0], ipv4[3]) = (0x45, 33);
        let mut ipv6 = [0u8; 47];
        (ipv6[0], ipv6[5]) = (0x60, 7);
        let with = |header: [u8; 2], datagram: &[u8]| [&header, datagram].concat();
        for datagram in [&ipv4[..], &ipv6] {
            for header in [[0x80, 0x00], [0x8f, 0xff], [0x01, 0x02]] {
                let sdu = with(header, datagram);
                assert_eq!(PdcpPrefix::Auto.strip(&sdu), datagram);
                assert_eq!(PdcpPrefix::Yes.strip(&sdu), datagram);
                assert_eq!(PdcpPrefix::No.strip(&sdu), sdu);
            }
            assert_eq!(PdcpPrefix::Auto.strip(datagram), datagram);
            assert_eq!(PdcpPrefix::Auto.strip(&with([0x45, 0x00], datagram)), with([0x45, 0x00], datagram));
        }
    }

    #[test]
    fn what_is_no_datagram_stays_as_it_is() {
        for sdu in [&[][..], &[0x80], &[0x80, 0], &[0x80, 0, 0x45], &[0x80, 0, 0x45, 0, 0, 9], &[1, 2, 3]] {
            assert_eq!(PdcpPrefix::Auto.strip(sdu), sdu);
            assert!(PdcpPrefix::Yes.strip(sdu).len() <= sdu.len().saturating_sub(HEADER));
        }
    }
}
