//! TS 36.331 clauses 6.2.2 and 6.3.7: MBSFNAreaConfiguration, the message that says what runs on the (P)MCHs of an area.

use super::codec::{self, EncodeRrcError, RrcError, check, check_count, index_of, value_at, within};
use super::generated::eutra_rrc as asn;
use super::mbsfn_area::SubframeSet;
use super::mbsfn_subframe_config::{self, MbsfnSubframeConfig, SubframeAllocation};
use super::plmn::{PlmnId, Tmgi, plmn_from_asn, plmn_to_asn};
use crate::tbs::{Mcs, McsTable};

/// `commonSF-AllocPeriod-r9` (clause 6.2.2), radio frames.
const COMMON_SF_ALLOC_PERIOD_RF: [u16; 7] = [4, 8, 16, 32, 64, 128, 256];
/// `mch-SchedulingPeriod-r12` (clause 6.3.7), radio frames; `mch-SchedulingPeriod-r9` has all but the first.
const MCH_SCHEDULING_PERIOD_RF: [u16; 9] = [4, 8, 16, 32, 64, 128, 256, 512, 1024];
/// `maxPMCH-PerMBSFN` (clause 6.4).
const MAX_PMCH_PER_MBSFN: i64 = 15;
/// `maxSessionPerPMCH` (clause 6.4).
const MAX_SESSION_PER_PMCH: i64 = 29;
/// `maxPLMN-r11` (clause 6.4).
const MAX_PLMN: u8 = 6;

/// MBSFNAreaConfiguration-r9 with PMCH-InfoListExt-r12. Other extensions (v1430, v1610: additional subframes) are skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbsfnAreaConfiguration {
    /// `commonSF-Alloc-r9`: the subframes of the area, 1 to 8 patterns.
    pub common_sf_alloc: Vec<MbsfnSubframeConfig>,
    /// `commonSF-AllocPeriod-r9`: the period in which the subframes are shared out, radio frames: 4, 8 .. 256.
    pub common_sf_alloc_period_rf: u16,
    /// At most 15 (P)MCHs, in the order in which they take their subframes: those of `pmch-InfoList-r9`, then those of
    /// `pmch-InfoListExt-r12`, which begins with the first that needs it.
    pub pmch: Vec<PmchInfo>,
}

/// PMCH-Info-r9 or PMCH-InfoExt-r12: one (P)MCH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PmchInfo {
    /// `sf-AllocEnd-r9`: its last subframe in a common allocation period, counted over the area's subframes, 0 to 1535.
    pub sf_alloc_end: u16,
    /// `dataMCS`: 0 to 28 of the table up to 64QAM, or 0 to 27 of that up to 256QAM (`higerOrder-r12`).
    pub data_mcs: Mcs,
    /// `mch-SchedulingPeriod`, radio frames: 8, 16 .. 1024; 4 is one of Release 12.
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

impl MbsfnAreaConfiguration {
    /// One (P)MCH that has these subframes of every radio frame.
    pub fn single_pmch(
        subframes: SubframeSet,
        data_mcs: impl Into<Mcs>,
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
                data_mcs: data_mcs.into(),
                mch_scheduling_period_rf,
                sessions,
            }],
        }
    }

    /// Does (P)MCH `i` have the same subframes, MCS and scheduling period here and there?
    pub(crate) fn has_same_pmch(&self, other: &Self, i: usize) -> bool {
        let format = |pmch: &PmchInfo| (pmch.sf_alloc_end, pmch.data_mcs, pmch.mch_scheduling_period_rf);
        let before = |c: &Self| i.checked_sub(1).and_then(|i| c.pmch.get(i)).map(|pmch| pmch.sf_alloc_end);
        self.common_sf_alloc == other.common_sf_alloc
            && self.common_sf_alloc_period_rf == other.common_sf_alloc_period_rf
            && before(self) == before(other)
            && self.pmch.get(i).is_some_and(|pmch| other.pmch.get(i).map(format) == Some(format(pmch)))
    }

    /// The MCCH-Message in UPER, whole octets, zero bits at the end.
    ///
    /// # Errors
    /// A value or a count outside of what the field can hold.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeRrcError> {
        check_count("pmch-InfoList-r9", self.pmch.len(), 0..=MAX_PMCH_PER_MBSFN, "at most 15 entries")?;
        let first_ext = self.pmch.iter().position(PmchInfo::needs_r12).unwrap_or(self.pmch.len());
        let (list, list_ext) = self.pmch.split_at(first_ext);
        let list_ext = list_ext.iter().map(PmchInfo::to_asn_ext).collect::<Result<Vec<_>, _>>()?;
        let period = self.common_sf_alloc_period_rf;
        let period =
            index_of("commonSF-AllocPeriod-r9", &COMMON_SF_ALLOC_PERIOD_RF, period, "4, 8, 16, 32, 64, 128, 256")?;
        let message = asn::MBSFNAreaConfiguration_r9 {
            common_sf_alloc_r9: asn::CommonSF_AllocPatternList_r9(mbsfn_subframe_config::to_asn(
                "commonSF-Alloc-r9",
                &self.common_sf_alloc,
            )?),
            common_sf_alloc_period_r9: asn::MBSFNAreaConfiguration_r9CommonSF_AllocPeriod_r9(period),
            pmch_info_list_r9: asn::PMCH_InfoList_r9(list.iter().map(PmchInfo::to_asn).collect::<Result<_, _>>()?),
            non_critical_extension: (!list_ext.is_empty()).then(|| asn::MBSFNAreaConfiguration_v930_IEs {
                late_non_critical_extension: None,
                non_critical_extension: Some(asn::MBSFNAreaConfiguration_v1250_IEs {
                    pmch_info_list_ext_r12: Some(asn::PMCH_InfoListExt_r12(list_ext)),
                    non_critical_extension: None,
                }),
            }),
        };
        let message = asn::MCCH_Message {
            message: asn::MCCH_MessageType::C1(asn::MCCH_MessageType_c1::MbsfnAreaConfiguration_r9(message)),
        };
        codec::encode(&message)
    }

    /// From the UPER octets of an MCCH-Message. Extensions are skipped, octets after the message ignored.
    ///
    /// # Errors
    /// Another message, or one that breaks the standard. Never panics, whatever the octets.
    pub fn decode(octets: &[u8]) -> Result<Self, RrcError> {
        let message: asn::MCCH_Message = codec::decode(octets)?;
        let asn::MCCH_MessageType::C1(asn::MCCH_MessageType_c1::MbsfnAreaConfiguration_r9(message)) = message.message
        else {
            return Err(RrcError::OtherMessage);
        };
        let period = message.common_sf_alloc_period_r9.0;
        let mut mcc = None;
        let extension = message.non_critical_extension.and_then(|v930| v930.non_critical_extension);
        let list_ext = extension.and_then(|v1250| v1250.pmch_info_list_ext_r12).map_or_else(Vec::new, |list| list.0);
        let mut pmch = Vec::new();
        for info in &message.pmch_info_list_r9.0 {
            pmch.push(PmchInfo::from_asn(info, &mut mcc)?);
        }
        for info in &list_ext {
            pmch.push(PmchInfo::from_asn_ext(info, &mut mcc)?);
        }
        within("number of (P)MCHs", pmch.len() as u8, MAX_PMCH_PER_MBSFN as u8)?;
        Ok(Self {
            common_sf_alloc: mbsfn_subframe_config::from_asn(&message.common_sf_alloc_r9.0)?,
            common_sf_alloc_period_rf: value_at("commonSF-AllocPeriod-r9", &COMMON_SF_ALLOC_PERIOD_RF, period)?,
            pmch,
        })
    }
}

impl PmchInfo {
    /// Has a value that only PMCH-InfoExt-r12 can say.
    fn needs_r12(&self) -> bool {
        self.data_mcs.table == McsTable::Qam256 || self.mch_scheduling_period_rf == MCH_SCHEDULING_PERIOD_RF[0]
    }

    fn to_asn(&self) -> Result<asn::PMCH_Info_r9, EncodeRrcError> {
        check("sf-AllocEnd-r9", self.sf_alloc_end.into(), 0..=1535, "0 to 1535")?;
        check("dataMCS-r9", self.data_mcs.index.into(), 0..=28, "0 to 28")?;
        let period = index_of(
            "mch-SchedulingPeriod-r9",
            &MCH_SCHEDULING_PERIOD_RF[1..],
            self.mch_scheduling_period_rf,
            "8, 16, 32, 64, 128, 256, 512, 1024",
        )?;
        Ok(asn::PMCH_Info_r9 {
            pmch_config_r9: asn::PMCH_Config_r9 {
                sf_alloc_end_r9: asn::PMCH_Config_r9Sf_AllocEnd_r9(self.sf_alloc_end),
                data_mcs_r9: asn::PMCH_Config_r9DataMCS_r9(self.data_mcs.index),
                mch_scheduling_period_r9: asn::PMCH_Config_r9Mch_SchedulingPeriod_r9(period),
            },
            mbms_session_info_list_r9: self.sessions_to_asn()?,
        })
    }

    fn to_asn_ext(&self) -> Result<asn::PMCH_InfoExt_r12, EncodeRrcError> {
        check("sf-AllocEnd-r12", self.sf_alloc_end.into(), 0..=1535, "0 to 1535")?;
        let mcs = self.data_mcs.index;
        let data_mcs_r12 = match self.data_mcs.table {
            McsTable::Qam64 => {
                check("normal-r12", mcs.into(), 0..=28, "0 to 28")?;
                asn::PMCH_Config_r12DataMCS_r12::Normal_r12(asn::PMCH_Config_r12DataMCS_r12_normal_r12(mcs))
            }
            McsTable::Qam256 => {
                check("higerOrder-r12", mcs.into(), 0..=27, "0 to 27")?;
                asn::PMCH_Config_r12DataMCS_r12::HigerOrder_r12(asn::PMCH_Config_r12DataMCS_r12_higerOrder_r12(mcs))
            }
        };
        let period = index_of(
            "mch-SchedulingPeriod-r12",
            &MCH_SCHEDULING_PERIOD_RF,
            self.mch_scheduling_period_rf,
            "4, 8, 16, 32, 64, 128, 256, 512, 1024",
        )?;
        Ok(asn::PMCH_InfoExt_r12 {
            pmch_config_r12: asn::PMCH_Config_r12 {
                sf_alloc_end_r12: asn::PMCH_Config_r12Sf_AllocEnd_r12(self.sf_alloc_end),
                data_mcs_r12,
                mch_scheduling_period_r12: asn::PMCH_Config_r12Mch_SchedulingPeriod_r12(period),
            },
            mbms_session_info_list_r12: self.sessions_to_asn()?,
        })
    }

    fn sessions_to_asn(&self) -> Result<asn::MBMS_SessionInfoList_r9, EncodeRrcError> {
        check_count("mbms-SessionInfoList", self.sessions.len(), 0..=MAX_SESSION_PER_PMCH, "at most 29 entries")?;
        self.sessions.iter().map(|session| session.to_asn()).collect::<Result<_, _>>().map(asn::MBMS_SessionInfoList_r9)
    }

    fn from_asn(info: &asn::PMCH_Info_r9, mcc: &mut Option<[u8; 3]>) -> Result<Self, RrcError> {
        let config = &info.pmch_config_r9;
        let period = config.mch_scheduling_period_r9.0;
        Ok(Self {
            sf_alloc_end: within("sf-AllocEnd-r9", config.sf_alloc_end_r9.0, 1535)?,
            data_mcs: within("dataMCS-r9", config.data_mcs_r9.0, 28)?.into(),
            mch_scheduling_period_rf: value_at("mch-SchedulingPeriod-r9", &MCH_SCHEDULING_PERIOD_RF[1..], period)?,
            sessions: sessions_from_asn(&info.mbms_session_info_list_r9, mcc)?,
        })
    }

    fn from_asn_ext(info: &asn::PMCH_InfoExt_r12, mcc: &mut Option<[u8; 3]>) -> Result<Self, RrcError> {
        let config = &info.pmch_config_r12;
        let period = config.mch_scheduling_period_r12.0;
        let (table, index) = match &config.data_mcs_r12 {
            asn::PMCH_Config_r12DataMCS_r12::Normal_r12(mcs) => (McsTable::Qam64, within("normal-r12", mcs.0, 28)?),
            asn::PMCH_Config_r12DataMCS_r12::HigerOrder_r12(mcs) => {
                (McsTable::Qam256, within("higerOrder-r12", mcs.0, 27)?)
            }
        };
        Ok(Self {
            sf_alloc_end: within("sf-AllocEnd-r12", config.sf_alloc_end_r12.0, 1535)?,
            data_mcs: Mcs { table, index },
            mch_scheduling_period_rf: value_at("mch-SchedulingPeriod-r12", &MCH_SCHEDULING_PERIOD_RF, period)?,
            sessions: sessions_from_asn(&info.mbms_session_info_list_r12, mcc)?,
        })
    }
}

fn sessions_from_asn(
    list: &asn::MBMS_SessionInfoList_r9,
    mcc: &mut Option<[u8; 3]>,
) -> Result<Vec<SessionInfo>, RrcError> {
    list.0.iter().map(|session| SessionInfo::from_asn(session, mcc)).collect()
}

impl SessionInfo {
    fn to_asn(self) -> Result<asn::MBMS_SessionInfo_r9, EncodeRrcError> {
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

    fn from_asn(info: &asn::MBMS_SessionInfo_r9, mcc: &mut Option<[u8; 3]>) -> Result<Self, RrcError> {
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

#[cfg(test)]
#[path = "mcch_tests.rs"]
mod tests;
