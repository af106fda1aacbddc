//! UEs that can receive MBMS bearers: how they say that they can, and where they are.
//!
//! No standard has a feature tag for it (RFC 3840), so there is one of our own, [`MBMS_FEATURE`], without value, in the Contact
//! of REGISTER, INVITE, UPDATE and their 2xx responses. Where a UE is stands in its P-Access-Network-Info (TS 24.229 clause
//! 7.2A.4): the cell, which the network knows the service areas of.

use std::fmt;
use std::str::FromStr;

use super::{NameAddr, PAccessNetworkInfo};
use crate::Plmn;

/// Feature tag of a Contact: "I can receive MBMS bearers".
pub const MBMS_FEATURE: &str = "+g.castbench.mbms";

/// Access type of E-UTRAN with frequency division duplex (TS 24.229 clause 7.2A.4).
pub const EUTRAN_FDD: &str = "3GPP-E-UTRAN-FDD";

/// The parameter with the cell.
const CELL: &str = "utran-cell-id-3gpp";

/// A cell of E-UTRAN as `utran-cell-id-3gpp` names it (TS 24.229 clause 7.2A.4): MCC, MNC, tracking area code in four and
/// E-UTRAN cell identity in seven hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EutranCell {
    /// PLMN.
    pub plmn: Plmn,
    /// Tracking area code.
    pub tac: u16,
    /// E-UTRAN cell identity, 28 bits.
    pub eci: u32,
}

/// The text names no cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a cell is written as MCC, MNC, four hexadecimal digits of TAC and seven of ECI: 0010100a101a2b3c")]
pub struct ParseCellError;

impl FromStr for EutranCell {
    type Err = ParseCellError;

    fn from_str(text: &str) -> Result<Self, ParseCellError> {
        // The length tells an MNC of two digits from one of three.
        let mnc_digits = match text.len() {
            16 => 2,
            17 => 3,
            _ => return Err(ParseCellError),
        };
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ParseCellError);
        }
        let (mcc, rest) = text.split_at(3);
        let (mnc, rest) = rest.split_at(mnc_digits);
        let (tac, eci) = rest.split_at(4);
        Ok(Self {
            plmn: Plmn::new(mcc, mnc).ok_or(ParseCellError)?,
            tac: u16::from_str_radix(tac, 16).map_err(|_| ParseCellError)?,
            eci: u32::from_str_radix(eci, 16).map_err(|_| ParseCellError)?,
        })
    }
}

impl fmt::Display for EutranCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.plmn.mcc().iter().chain(self.plmn.mnc());
        digits.into_iter().try_for_each(|digit| write!(f, "{digit}"))?;
        write!(f, "{:04x}{:07x}", self.tac, self.eci & ECI)
    }
}

/// Bits of an E-UTRAN cell identity (TS 23.003 clause 19.6).
const ECI: u32 = 0x0fff_ffff;

impl PAccessNetworkInfo {
    /// Of a UE in this cell.
    pub fn of_cell(cell: EutranCell) -> Self {
        let mut info = Self::new(EUTRAN_FDD);
        info.params.set(CELL, &cell.to_string());
        info
    }

    /// The cell, when it is one of E-UTRAN.
    pub fn cell(&self) -> Option<EutranCell> {
        let is_eutran = self.access.get(..12).is_some_and(|access| access.eq_ignore_ascii_case("3GPP-E-UTRAN"));
        if !is_eutran {
            return None;
        }
        self.params.text(CELL)?.parse().ok()
    }
}

impl NameAddr {
    /// Whether this Contact has [`MBMS_FEATURE`].
    pub fn has_mbms(&self) -> bool {
        self.params.has(MBMS_FEATURE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_with_mnc_of_two_and_three_digits() {
        let two: EutranCell = "0010100a101a2b3c".parse().unwrap();
        assert_eq!(two, EutranCell { plmn: Plmn::new("001", "01").unwrap(), tac: 0x00a1, eci: 0x1a2b3c });
        let three: EutranCell = "31041000a101a2b3C".parse().unwrap();
        assert_eq!((three.plmn, three.tac, three.eci), (Plmn::new("310", "410").unwrap(), 0x00a1, 0x1a2b3c));
        assert_eq!((two.to_string(), three.to_string()), ("0010100a101a2b3c".into(), "31041000a101a2b3c".into()));
        for wrong in ["", "0010100a101a2b3", "00a0100a101a2b3c", "0010100a101a2b3g", "0010100a101a2b3c00"] {
            assert_eq!(wrong.parse::<EutranCell>(), Err(ParseCellError), "{wrong}");
        }
    }

    #[test]
    fn a_header_field_names_a_cell() {
        let cell: EutranCell = "0010100a101a2b3c".parse().unwrap();
        let info = PAccessNetworkInfo::of_cell(cell);
        assert_eq!(info.to_string(), "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100a101a2b3c");
        let read = |value: &str| PAccessNetworkInfo::parse(value).unwrap().cell();
        assert_eq!(read(&info.to_string()), Some(cell));
        assert_eq!(read("3GPP-E-UTRAN-TDD; utran-cell-id-3gpp=\"0010100A101A2B3C\""), Some(cell));
        assert_eq!(read("3GPP-UTRAN-FDD; utran-cell-id-3gpp=0010100a101a2b3c"), None);
        assert_eq!(read("IEEE-802.11a"), None);
    }

    #[test]
    fn a_contact_says_what_its_ue_can_do() {
        let contact = NameAddr::parse("<sip:ue@10.45.0.1>;+g.castbench.mbms;expires=60").unwrap();
        assert!(contact.has_mbms());
        assert!(!NameAddr::parse("<sip:ue@10.45.0.1>;+g.3gpp.smsip").unwrap().has_mbms());
    }

    proptest! {
        #[test]
        fn cells_survive(mcc in 0u16..1000, mnc in 0u16..1000, long in any::<bool>(), tac in any::<u16>(), eci in 0..=ECI) {
            let mnc = if long { format!("{mnc:03}") } else { format!("{:02}", mnc % 100) };
            let cell = EutranCell { plmn: Plmn::new(&format!("{mcc:03}"), &mnc).unwrap(), tac, eci };
            prop_assert_eq!(cell.to_string().parse(), Ok(cell));
        }
    }
}
