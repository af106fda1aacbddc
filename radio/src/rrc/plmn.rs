//! TS 36.331 clause 6.3.4 PLMN-Identity and clause 6.3.7 TMGI-r9.

use super::codec::{EncodeRrcError, RrcError, within};
use super::generated::eutra_rrc as asn;

/// TMGI-r9.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tmgi {
    /// `serviceId-r9`.
    pub service_id: [u8; 3],
    /// `plmn-Id-r9`.
    pub plmn: PlmnId,
}

/// `plmn-Id-r9`: a PLMN, or a place in the list of SIB1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlmnId {
    /// `plmn-Index-r9`, 1 to 6: entry of the plmn-IdentityList in SystemInformationBlockType1.
    Index(u8),
    /// `explicitValue-r9` as three octets of TS 24.008 clause 10.5.1.13.
    Explicit([u8; 3]),
}

impl Tmgi {
    /// Service identity and PLMN, six octets; `None` when the PLMN is named by its index in SIB1.
    pub fn octets(&self) -> Option<[u8; 6]> {
        let ([a, b, c], PlmnId::Explicit([x, y, z])) = (self.service_id, self.plmn) else { return None };
        Some([a, b, c, x, y, z])
    }
}

impl From<[u8; 6]> for Tmgi {
    /// From service identity (3 octets) and PLMN (3 octets of TS 24.008 clause 10.5.1.13).
    fn from([a, b, c, x, y, z]: [u8; 6]) -> Self {
        Self { service_id: [a, b, c], plmn: PlmnId::Explicit([x, y, z]) }
    }
}

/// Octets MCC2 MCC1, MNC3 MCC3, MNC2 MNC1 (TS 24.008 clause 10.5.1.13; MNC3 = 0xf: two digits) to digits.
pub(super) fn plmn_to_asn(octets: [u8; 3]) -> Result<asn::PLMN_Identity, EncodeRrcError> {
    let [mcc1, mcc2, mcc3] = [octets[0] & 0xf, octets[0] >> 4, octets[1] & 0xf];
    let [mnc1, mnc2, mnc3] = [octets[2] & 0xf, octets[2] >> 4, octets[1] >> 4];
    if [mcc1, mcc2, mcc3, mnc1, mnc2].iter().any(|&d| d > 9) || (mnc3 > 9 && mnc3 != 0xf) {
        return Err(EncodeRrcError::Plmn(octets));
    }
    let digits = |d: &[u8]| d.iter().map(|&d| asn::MCC_MNC_Digit(d)).collect();
    let mnc: &[u8] = if mnc3 == 0xf { &[mnc1, mnc2] } else { &[mnc1, mnc2, mnc3] };
    Ok(asn::PLMN_Identity { mcc: Some(asn::MCC(digits(&[mcc1, mcc2, mcc3]))), mnc: asn::MNC(digits(mnc)) })
}

/// Inverse of [`plmn_to_asn`]; an absent mcc is that of the PLMN before (clause 6.3.4).
pub(super) fn plmn_from_asn(plmn: &asn::PLMN_Identity, mcc: &mut Option<[u8; 3]>) -> Result<[u8; 3], RrcError> {
    let digit = |d: &asn::MCC_MNC_Digit| within("MCC-MNC-Digit", d.0, 9);
    if let Some(asn::MCC(digits)) = &plmn.mcc {
        let [a, b, c] = digits.as_slice() else {
            return Err(RrcError::Value { field: "mcc", value: digits.len() as u64 });
        };
        *mcc = Some([digit(a)?, digit(b)?, digit(c)?]);
    }
    let [c1, c2, c3] = mcc.ok_or(RrcError::MccAbsent)?;
    let (n1, n2, n3) = match plmn.mnc.0.as_slice() {
        [a, b] => (digit(a)?, digit(b)?, 0xf),
        [a, b, c] => (digit(a)?, digit(b)?, digit(c)?),
        other => return Err(RrcError::Value { field: "mnc", value: other.len() as u64 }),
    };
    Ok([c2 << 4 | c1, n3 << 4 | c3, n2 << 4 | n1])
}
