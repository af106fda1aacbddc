//! TS 36.331 clause 6.3.1: SystemInformationBlockType15-r11, MBMS service areas of this and of other carriers.

use super::codec::{EncodeRrcError, RrcError, check, check_count};
use super::generated::eutra_rrc as asn;

/// `maxSAI-MBMS-r11` (clause 6.4).
const MAX_SAI: i64 = 64;
/// `maxFreq` (clause 6.4).
const MAX_FREQ: i64 = 8;

/// SystemInformationBlockType15-r11; its extensions (v1140, r14) are ignored on reception.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SystemInformationBlockType15 {
    /// `mbms-SAI-IntraFreq-r11`: MBMS service area identities of this carrier, at most 64; empty: left out.
    pub intra_freq_sais: Vec<u16>,
    /// `mbms-SAI-InterFreqList-r11`: other carriers, at most 8; empty: left out.
    pub inter_freq: Vec<MbmsSaiInterFreq>,
}

/// MBMS-SAI-InterFreq-r11.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbmsSaiInterFreq {
    /// `dl-CarrierFreq-r11`: EARFCN, 0 to 262143.
    pub dl_carrier_freq: u32,
    /// `mbms-SAI-List-r11`: 1 to 64.
    pub sais: Vec<u16>,
}

impl SystemInformationBlockType15 {
    pub(super) fn to_asn(&self) -> Result<asn::SystemInformationBlockType15_r11, EncodeRrcError> {
        check_count("mbms-SAI-InterFreqList-r11", self.inter_freq.len(), 0..=MAX_FREQ, "at most 8 entries")?;
        let intra = (!self.intra_freq_sais.is_empty()).then(|| sais_to_asn(&self.intra_freq_sais)).transpose()?;
        let inter: Vec<_> = self.inter_freq.iter().map(MbmsSaiInterFreq::to_asn).collect::<Result<_, _>>()?;
        Ok(asn::SystemInformationBlockType15_r11 {
            mbms_sai_intra_freq_r11: intra,
            mbms_sai_inter_freq_list_r11: (!inter.is_empty())
                .then_some(asn::SystemInformationBlockType15_r11Mbms_SAI_InterFreqList_r11(inter)),
            late_non_critical_extension: None,
        })
    }

    pub(super) fn from_asn(sib: &asn::SystemInformationBlockType15_r11) -> Result<Self, RrcError> {
        let inter = sib.mbms_sai_inter_freq_list_r11.iter().flat_map(|list| &list.0);
        Ok(Self {
            intra_freq_sais: sib.mbms_sai_intra_freq_r11.as_ref().map(sais_from_asn).unwrap_or_default(),
            inter_freq: inter
                .map(|freq| MbmsSaiInterFreq {
                    dl_carrier_freq: freq.dl_carrier_freq_r11.0,
                    sais: sais_from_asn(&freq.mbms_sai_list_r11),
                })
                .collect(),
        })
    }
}

impl MbmsSaiInterFreq {
    fn to_asn(&self) -> Result<asn::MBMS_SAI_InterFreq_r11, EncodeRrcError> {
        check("dl-CarrierFreq-r11", self.dl_carrier_freq.into(), 0..=262_143, "0 to 262143")?;
        Ok(asn::MBMS_SAI_InterFreq_r11 {
            dl_carrier_freq_r11: asn::MBMS_SAI_InterFreq_r11Dl_CarrierFreq_r11(self.dl_carrier_freq),
            mbms_sai_list_r11: sais_to_asn(&self.sais)?,
        })
    }
}

fn sais_to_asn(sais: &[u16]) -> Result<asn::MBMS_SAI_List_r11, EncodeRrcError> {
    check_count("MBMS-SAI-List-r11", sais.len(), 1..=MAX_SAI, "1 to 64 entries")?;
    Ok(asn::MBMS_SAI_List_r11(sais.iter().map(|&sai| asn::MBMS_SAI_r11(sai)).collect()))
}

fn sais_from_asn(list: &asn::MBMS_SAI_List_r11) -> Vec<u16> {
    list.0.iter().map(|sai| sai.0).collect()
}
