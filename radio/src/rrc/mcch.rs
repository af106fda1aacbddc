//! TS 36.331 clauses 6.2.2 and 6.3.7: MBSFNAreaConfiguration, the message that says what runs on the (P)MCHs of an area.

use asn1_codecs::uper::UperCodec;
use asn1_codecs::{PerCodecData, PerCodecError};
use bitvec::prelude::*;

use super::generated::mcch as asn;
use super::mbsfn_area::SubframeSet;

/// `radioframeAllocationPeriod` of MBSFN-SubframeConfig (clause 6.3.7), radio frames.
const ALLOCATION_PERIOD_RF: [u16; 6] = [1, 2, 4, 8, 16, 32];
/// `commonSF-AllocPeriod-r9` (clause 6.2.2), radio frames.
const COMMON_SF_ALLOC_PERIOD_RF: [u16; 7] = [4, 8, 16, 32, 64, 128, 256];
/// `mch-SchedulingPeriod-r9` (clause 6.3.7), radio frames.
const MCH_SCHEDULING_PERIOD_RF: [u16; 8] = [8, 16, 32, 64, 128, 256, 512, 1024];
/// `maxMBSFN-Allocations` (clause 6.4).
const MAX_MBSFN_ALLOCATIONS: usize = 8;
/// `maxPMCH-PerMBSFN` (clause 6.4).
const MAX_PMCH_PER_MBSFN: usize = 15;
/// `maxSessionPerPMCH` (clause 6.4).
const MAX_SESSION_PER_PMCH: usize = 29;
/// `maxPLMN-r11` (clause 6.4).
const MAX_PLMN: u8 = 6;

/// MBSFNAreaConfiguration-r9. Later extensions (v930 to v1610: PMCH-InfoListExt-r12, additional subframes) are skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbsfnAreaConfiguration {
    /// `commonSF-Alloc-r9`: the subframes of the area, 1 to 8 patterns.
    pub common_sf_alloc: Vec<MbsfnSubframeConfig>,
    /// `commonSF-AllocPeriod-r9`: the period in which the subframes are shared out, radio frames: 4, 8 .. 256.
    pub common_sf_alloc_period_rf: u16,
    /// `pmch-InfoList-r9`: at most 15 (P)MCHs, in the order in which they take their subframes.
    pub pmch: Vec<PmchInfo>,
}

/// MBSFN-SubframeConfig: subframes of the radio frames with `SFN mod period = offset`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbsfnSubframeConfig {
    /// `radioframeAllocationPeriod`, radio frames: 1, 2 .. 32.
    pub radioframe_allocation_period_rf: u16,
    /// `radioframeAllocationOffset`, radio frames, 0 to 7.
    pub radioframe_allocation_offset_rf: u8,
    /// Which subframes.
    pub subframes: SubframeAllocation,
}

/// `subframeAllocation`: six bits a radio frame, first to last for subframes 1, 2, 3, 6, 7, 8 (FDD).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubframeAllocation {
    /// Six bits, bit 5 is subframe 1.
    OneFrame(u8),
    /// Four radio frames of six bits, bit 23 is subframe 1 of the first.
    FourFrames(u32),
}

/// PMCH-Info-r9: one (P)MCH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PmchInfo {
    /// `sf-AllocEnd-r9`: its last subframe in a common allocation period, counted over the area's subframes, 0 to 1535.
    pub sf_alloc_end: u16,
    /// `dataMCS-r9`, 0 to 28.
    pub data_mcs: u8,
    /// `mch-SchedulingPeriod-r9`, radio frames: 8, 16 .. 1024.
    pub mch_scheduling_period_rf: u16,
    /// `mbms-SessionInfoList-r9`: at most 29.
    pub sessions: Vec<SessionInfo>,
}

/// MBMS-SessionInfo-r9.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionInfo {
    /// `tmgi-r9`.
    pub tmgi: Tmgi,
    /// `sessionId-r9`.
    pub session_id: Option<u8>,
    /// `logicalChannelIdentity-r9` of the MTCH, 0 to 28.
    pub lcid: u8,
}

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

/// The configuration cannot be said in an MBSFNAreaConfiguration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeMcchError {
    /// A value that the field does not have.
    #[error("{field} is {value}: TS 36.331 allows {allowed}")]
    Value {
        /// ASN.1 name.
        field: &'static str,
        /// What was given.
        value: u64,
        /// What the field can hold.
        allowed: &'static str,
    },
    /// The PLMN octets are not decimal digits.
    #[error("PLMN octets {0:02x?} are not digits coded as in TS 24.008 clause 10.5.1.13")]
    Plmn([u8; 3]),
    /// The codec refused.
    #[error("MCCH message does not encode: {0}")]
    Codec(String),
}

/// What came on the MCCH is not an MBSFNAreaConfiguration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum McchError {
    /// Another message of the MCCH (MBMSCountingRequest, or one of a later release); not a fault.
    #[error("MCCH message other than MBSFNAreaConfiguration")]
    OtherMessage,
    /// Not decodable.
    #[error("MCCH message does not decode: {0}")]
    Codec(String),
    /// Decodable, with a value that the field does not have.
    #[error("MCCH message: {field} is {value}, which TS 36.331 does not define")]
    Value {
        /// ASN.1 name.
        field: &'static str,
        /// What was received.
        value: u64,
    },
    /// The first PLMN of the message has no MCC to take over.
    #[error("MCCH message: the first PLMN-Identity has no mcc")]
    MccAbsent,
}

impl From<PerCodecError> for McchError {
    fn from(e: PerCodecError) -> Self {
        Self::Codec(e.to_string())
    }
}

impl From<PerCodecError> for EncodeMcchError {
    fn from(e: PerCodecError) -> Self {
        Self::Codec(e.to_string())
    }
}

impl MbsfnAreaConfiguration {
    /// One (P)MCH that has these subframes of every radio frame.
    pub fn single_pmch(
        subframes: SubframeSet,
        data_mcs: u8,
        mch_scheduling_period_rf: u16,
        sessions: Vec<SessionInfo>,
    ) -> Self {
        let common_sf_alloc_period_rf = 64;
        let in_period = subframes.bits().count_ones() as u16 * common_sf_alloc_period_rf;
        Self {
            common_sf_alloc: vec![MbsfnSubframeConfig {
                radioframe_allocation_period_rf: 1,
                radioframe_allocation_offset_rf: 0,
                subframes: SubframeAllocation::OneFrame(subframes.bits()),
            }],
            common_sf_alloc_period_rf,
            pmch: vec![PmchInfo {
                sf_alloc_end: in_period.saturating_sub(1),
                data_mcs,
                mch_scheduling_period_rf,
                sessions,
            }],
        }
    }

    /// The MCCH-Message in UPER, whole octets, zero bits at the end.
    ///
    /// # Errors
    /// A value or a count outside of what the field can hold.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeMcchError> {
        check_count("commonSF-Alloc-r9", self.common_sf_alloc.len(), 1, MAX_MBSFN_ALLOCATIONS, "1 to 8 entries")?;
        check_count("pmch-InfoList-r9", self.pmch.len(), 0, MAX_PMCH_PER_MBSFN, "at most 15 entries")?;
        let period = self.common_sf_alloc_period_rf;
        let period =
            index_of("commonSF-AllocPeriod-r9", &COMMON_SF_ALLOC_PERIOD_RF, period, "4, 8, 16, 32, 64, 128, 256")?;
        let message = asn::MBSFNAreaConfiguration_r9 {
            common_sf_alloc_r9: asn::CommonSF_AllocPatternList_r9(
                self.common_sf_alloc.iter().map(|alloc| alloc.to_asn()).collect::<Result<_, _>>()?,
            ),
            common_sf_alloc_period_r9: asn::MBSFNAreaConfiguration_r9CommonSF_AllocPeriod_r9(period),
            pmch_info_list_r9: asn::PMCH_InfoList_r9(self.pmch.iter().map(PmchInfo::to_asn).collect::<Result<_, _>>()?),
            non_critical_extension: None,
        };
        let message = asn::MCCH_Message {
            message: asn::MCCH_MessageType::C1(asn::MCCH_MessageType_c1::MbsfnAreaConfiguration_r9(message)),
        };
        let mut bits = PerCodecData::new_uper();
        message.uper_encode(&mut bits)?;
        // Clause 8.5: zero bits up to a whole octet.
        let mut octets = PerCodecData::new_uper();
        octets.append_aligned(&mut bits);
        Ok(octets.into_bytes())
    }

    /// From the UPER octets of an MCCH-Message. Extensions are skipped, octets after the message ignored.
    ///
    /// # Errors
    /// Another message, or one that breaks the standard. Never panics, whatever the octets.
    pub fn decode(octets: &[u8]) -> Result<Self, McchError> {
        let message = asn::MCCH_Message::uper_decode(&mut PerCodecData::from_slice_uper(octets))?;
        let asn::MCCH_MessageType::C1(asn::MCCH_MessageType_c1::MbsfnAreaConfiguration_r9(message)) = message.message
        else {
            return Err(McchError::OtherMessage);
        };
        let period = message.common_sf_alloc_period_r9.0;
        let mut mcc = None;
        Ok(Self {
            common_sf_alloc: message
                .common_sf_alloc_r9
                .0
                .iter()
                .map(MbsfnSubframeConfig::from_asn)
                .collect::<Result<_, _>>()?,
            common_sf_alloc_period_rf: value_at("commonSF-AllocPeriod-r9", &COMMON_SF_ALLOC_PERIOD_RF, period)?,
            pmch: message
                .pmch_info_list_r9
                .0
                .iter()
                .map(|p| PmchInfo::from_asn(p, &mut mcc))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl MbsfnSubframeConfig {
    fn to_asn(self) -> Result<asn::MBSFN_SubframeConfig, EncodeMcchError> {
        let period = self.radioframe_allocation_period_rf;
        let period = index_of("radioframeAllocationPeriod", &ALLOCATION_PERIOD_RF, period, "1, 2, 4, 8, 16, 32")?;
        let offset = self.radioframe_allocation_offset_rf;
        check("radioframeAllocationOffset", offset.into(), 0..=7, "0 to 7")?;
        use asn::MBSFN_SubframeConfigSubframeAllocation as Choice;
        let subframe_allocation = match self.subframes {
            SubframeAllocation::OneFrame(bits) => {
                check("oneFrame", bits.into(), 0..=0x3f, "6 bits")?;
                Choice::OneFrame(asn::MBSFN_SubframeConfigSubframeAllocation_oneFrame(bit_string(bits.into(), 6)))
            }
            SubframeAllocation::FourFrames(bits) => {
                check("fourFrames", bits.into(), 0..=0xff_ffff, "24 bits")?;
                Choice::FourFrames(asn::MBSFN_SubframeConfigSubframeAllocation_fourFrames(bit_string(bits, 24)))
            }
        };
        Ok(asn::MBSFN_SubframeConfig {
            radioframe_allocation_period: asn::MBSFN_SubframeConfigRadioframeAllocationPeriod(period),
            radioframe_allocation_offset: asn::MBSFN_SubframeConfigRadioframeAllocationOffset(offset),
            subframe_allocation,
        })
    }

    fn from_asn(config: &asn::MBSFN_SubframeConfig) -> Result<Self, McchError> {
        use asn::MBSFN_SubframeConfigSubframeAllocation as Choice;
        let period = config.radioframe_allocation_period.0;
        Ok(Self {
            radioframe_allocation_period_rf: value_at("radioframeAllocationPeriod", &ALLOCATION_PERIOD_RF, period)?,
            radioframe_allocation_offset_rf: config.radioframe_allocation_offset.0,
            subframes: match &config.subframe_allocation {
                Choice::OneFrame(bits) => SubframeAllocation::OneFrame(bits.0.load_be()),
                Choice::FourFrames(bits) => SubframeAllocation::FourFrames(bits.0.load_be()),
            },
        })
    }
}

impl PmchInfo {
    fn to_asn(&self) -> Result<asn::PMCH_Info_r9, EncodeMcchError> {
        check("sf-AllocEnd-r9", self.sf_alloc_end.into(), 0..=1535, "0 to 1535")?;
        check("dataMCS-r9", self.data_mcs.into(), 0..=28, "0 to 28")?;
        check_count("mbms-SessionInfoList-r9", self.sessions.len(), 0, MAX_SESSION_PER_PMCH, "at most 29 entries")?;
        let period = index_of(
            "mch-SchedulingPeriod-r9",
            &MCH_SCHEDULING_PERIOD_RF,
            self.mch_scheduling_period_rf,
            "8, 16, 32, 64, 128, 256, 512, 1024",
        )?;
        Ok(asn::PMCH_Info_r9 {
            pmch_config_r9: asn::PMCH_Config_r9 {
                sf_alloc_end_r9: asn::PMCH_Config_r9Sf_AllocEnd_r9(self.sf_alloc_end),
                data_mcs_r9: asn::PMCH_Config_r9DataMCS_r9(self.data_mcs),
                mch_scheduling_period_r9: asn::PMCH_Config_r9Mch_SchedulingPeriod_r9(period),
            },
            mbms_session_info_list_r9: asn::MBMS_SessionInfoList_r9(
                self.sessions.iter().map(|session| session.to_asn()).collect::<Result<_, _>>()?,
            ),
        })
    }

    fn from_asn(info: &asn::PMCH_Info_r9, mcc: &mut Option<[u8; 3]>) -> Result<Self, McchError> {
        let config = &info.pmch_config_r9;
        let period = config.mch_scheduling_period_r9.0;
        Ok(Self {
            sf_alloc_end: within("sf-AllocEnd-r9", config.sf_alloc_end_r9.0, 1535)?,
            data_mcs: within("dataMCS-r9", config.data_mcs_r9.0, 28)?,
            mch_scheduling_period_rf: value_at("mch-SchedulingPeriod-r9", &MCH_SCHEDULING_PERIOD_RF, period)?,
            sessions: info
                .mbms_session_info_list_r9
                .0
                .iter()
                .map(|s| SessionInfo::from_asn(s, mcc))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl SessionInfo {
    fn to_asn(self) -> Result<asn::MBMS_SessionInfo_r9, EncodeMcchError> {
        check("logicalChannelIdentity-r9", self.lcid.into(), 0..=28, "0 to 28")?;
        let plmn_id_r9 = match self.tmgi.plmn {
            PlmnId::Index(index) => {
                check("plmn-Index-r9", index.into(), 1..=MAX_PLMN.into(), "1 to 6")?;
                asn::TMGI_r9Plmn_Id_r9::Plmn_Index_r9(asn::TMGI_r9Plmn_Id_r9_plmn_Index_r9(index))
            }
            PlmnId::Explicit(octets) => asn::TMGI_r9Plmn_Id_r9::ExplicitValue_r9(plmn_to_asn(octets)?),
        };
        Ok(asn::MBMS_SessionInfo_r9 {
            tmgi_r9: asn::TMGI_r9 {
                plmn_id_r9,
                service_id_r9: asn::TMGI_r9ServiceId_r9(self.tmgi.service_id.to_vec()),
            },
            session_id_r9: self.session_id.map(|id| asn::MBMS_SessionInfo_r9SessionId_r9(vec![id])),
            logical_channel_identity_r9: asn::MBMS_SessionInfo_r9LogicalChannelIdentity_r9(self.lcid),
        })
    }

    fn from_asn(info: &asn::MBMS_SessionInfo_r9, mcc: &mut Option<[u8; 3]>) -> Result<Self, McchError> {
        let mut service_id = [0; 3];
        for (to, from) in service_id.iter_mut().zip(&info.tmgi_r9.service_id_r9.0) {
            *to = *from;
        }
        let plmn = match &info.tmgi_r9.plmn_id_r9 {
            asn::TMGI_r9Plmn_Id_r9::Plmn_Index_r9(index) => PlmnId::Index(within("plmn-Index-r9", index.0, MAX_PLMN)?),
            asn::TMGI_r9Plmn_Id_r9::ExplicitValue_r9(plmn) => PlmnId::Explicit(plmn_from_asn(plmn, mcc)?),
        };
        Ok(Self {
            tmgi: Tmgi { service_id, plmn },
            session_id: info.session_id_r9.as_ref().and_then(|id| id.0.first().copied()),
            lcid: within("logicalChannelIdentity-r9", info.logical_channel_identity_r9.0, 28)?,
        })
    }
}

/// Octets MCC2 MCC1, MNC3 MCC3, MNC2 MNC1 (TS 24.008 clause 10.5.1.13; MNC3 = 0xf: two digits) to digits.
fn plmn_to_asn(octets: [u8; 3]) -> Result<asn::PLMN_Identity, EncodeMcchError> {
    let [mcc1, mcc2, mcc3] = [octets[0] & 0xf, octets[0] >> 4, octets[1] & 0xf];
    let [mnc1, mnc2, mnc3] = [octets[2] & 0xf, octets[2] >> 4, octets[1] >> 4];
    if [mcc1, mcc2, mcc3, mnc1, mnc2].iter().any(|&d| d > 9) || (mnc3 > 9 && mnc3 != 0xf) {
        return Err(EncodeMcchError::Plmn(octets));
    }
    let digits = |d: &[u8]| d.iter().map(|&d| asn::MCC_MNC_Digit(d)).collect();
    let mnc: &[u8] = if mnc3 == 0xf { &[mnc1, mnc2] } else { &[mnc1, mnc2, mnc3] };
    Ok(asn::PLMN_Identity { mcc: Some(asn::MCC(digits(&[mcc1, mcc2, mcc3]))), mnc: asn::MNC(digits(mnc)) })
}

/// Inverse of [`plmn_to_asn`]; an absent mcc is that of the PLMN before (clause 6.3.4).
fn plmn_from_asn(plmn: &asn::PLMN_Identity, mcc: &mut Option<[u8; 3]>) -> Result<[u8; 3], McchError> {
    let digit = |d: &asn::MCC_MNC_Digit| within("MCC-MNC-Digit", d.0, 9);
    if let Some(asn::MCC(digits)) = &plmn.mcc {
        let [a, b, c] = digits.as_slice() else {
            return Err(McchError::Value { field: "mcc", value: digits.len() as u64 });
        };
        *mcc = Some([digit(a)?, digit(b)?, digit(c)?]);
    }
    let [c1, c2, c3] = mcc.ok_or(McchError::MccAbsent)?;
    let (n1, n2, n3) = match plmn.mnc.0.as_slice() {
        [a, b] => (digit(a)?, digit(b)?, 0xf),
        [a, b, c] => (digit(a)?, digit(b)?, digit(c)?),
        other => return Err(McchError::Value { field: "mnc", value: other.len() as u64 }),
    };
    Ok([c2 << 4 | c1, n3 << 4 | c3, n2 << 4 | n1])
}

/// The low `len` bits of `bits`, most significant first.
fn bit_string(bits: u32, len: usize) -> BitVec<u8, Msb0> {
    let mut string = bitvec![u8, Msb0; 0; len];
    string.store_be(bits);
    string
}

fn check(
    field: &'static str,
    value: u64,
    range: std::ops::RangeInclusive<u64>,
    allowed: &'static str,
) -> Result<(), EncodeMcchError> {
    if range.contains(&value) { Ok(()) } else { Err(EncodeMcchError::Value { field, value, allowed }) }
}

fn check_count(
    field: &'static str,
    count: usize,
    min: usize,
    max: usize,
    allowed: &'static str,
) -> Result<(), EncodeMcchError> {
    check(field, count as u64, min as u64..=max as u64, allowed)
}

fn index_of(field: &'static str, values: &[u16], value: u16, allowed: &'static str) -> Result<u8, EncodeMcchError> {
    let index = values.iter().position(|&v| v == value);
    index.map(|i| i as u8).ok_or_else(|| EncodeMcchError::Value { field, value: value.into(), allowed })
}

fn value_at(field: &'static str, values: &[u16], index: u8) -> Result<u16, McchError> {
    values.get(usize::from(index)).copied().ok_or_else(|| McchError::Value { field, value: index.into() })
}

fn within<T: PartialOrd + Into<u64> + Copy>(field: &'static str, value: T, max: T) -> Result<T, McchError> {
    if value <= max { Ok(value) } else { Err(McchError::Value { field, value: value.into() }) }
}

#[cfg(test)]
#[path = "mcch_tests.rs"]
mod tests;
