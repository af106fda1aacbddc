//! TS 36.331 clauses 6.2.2 and 6.3.7: MBSFNAreaConfiguration, the message that says what runs on the (P)MCHs of an area.

use super::codec::{self, EncodeRrcError, RrcError, check, check_count, index_of, value_at, within};
use super::generated::eutra_rrc as asn;
use super::mbsfn_area::SubframeSet;
use super::mbsfn_subframe_config::{self, MbsfnSubframeConfig, SubframeAllocation};
use super::plmn::{PlmnId, Tmgi, plmn_from_asn, plmn_to_asn};

/// `commonSF-AllocPeriod-r9` (clause 6.2.2), radio frames.
const COMMON_SF_ALLOC_PERIOD_RF: [u16; 7] = [4, 8, 16, 32, 64, 128, 256];
/// `mch-SchedulingPeriod-r9` (clause 6.3.7), radio frames.
const MCH_SCHEDULING_PERIOD_RF: [u16; 8] = [8, 16, 32, 64, 128, 256, 512, 1024];
/// `maxPMCH-PerMBSFN` (clause 6.4).
const MAX_PMCH_PER_MBSFN: i64 = 15;
/// `maxSessionPerPMCH` (clause 6.4).
const MAX_SESSION_PER_PMCH: i64 = 29;
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
        let period = self.common_sf_alloc_period_rf;
        let period =
            index_of("commonSF-AllocPeriod-r9", &COMMON_SF_ALLOC_PERIOD_RF, period, "4, 8, 16, 32, 64, 128, 256")?;
        let message = asn::MBSFNAreaConfiguration_r9 {
            common_sf_alloc_r9: asn::CommonSF_AllocPatternList_r9(mbsfn_subframe_config::to_asn(
                "commonSF-Alloc-r9",
                &self.common_sf_alloc,
            )?),
            common_sf_alloc_period_r9: asn::MBSFNAreaConfiguration_r9CommonSF_AllocPeriod_r9(period),
            pmch_info_list_r9: asn::PMCH_InfoList_r9(self.pmch.iter().map(PmchInfo::to_asn).collect::<Result<_, _>>()?),
            non_critical_extension: None,
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
        Ok(Self {
            common_sf_alloc: mbsfn_subframe_config::from_asn(&message.common_sf_alloc_r9.0)?,
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

impl PmchInfo {
    fn to_asn(&self) -> Result<asn::PMCH_Info_r9, EncodeRrcError> {
        check("sf-AllocEnd-r9", self.sf_alloc_end.into(), 0..=1535, "0 to 1535")?;
        check("dataMCS-r9", self.data_mcs.into(), 0..=28, "0 to 28")?;
        check_count("mbms-SessionInfoList-r9", self.sessions.len(), 0..=MAX_SESSION_PER_PMCH, "at most 29 entries")?;
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

    fn from_asn(info: &asn::PMCH_Info_r9, mcc: &mut Option<[u8; 3]>) -> Result<Self, RrcError> {
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
