//! TS 36.331 clause 6.3.1 SystemInformationBlockType13-r9 and clause 6.3.7: the MBSFN areas of the cell and their MCCHs.

use bitvec::prelude::*;

use super::codec::{EncodeRrcError, RrcError, bit_string, check, check_count, index_of, value_at, within};
use super::generated::eutra_rrc as asn;
use super::mbsfn_area::{MbsfnAreaInfo, McchConfig, NotificationConfig, SubframeSet};

/// `mcch-RepetitionPeriod-r9`, radio frames.
const MCCH_REPETITION_PERIOD_RF: [u16; 4] = [32, 64, 128, 256];
/// `mcch-ModificationPeriod-r9`, radio frames.
const MCCH_MODIFICATION_PERIOD_RF: [u16; 2] = [512, 1024];
/// `signallingMCS-r9`.
const SIGNALLING_MCS: [u16; 4] = [2, 7, 13, 19];
/// `non-MBSFNregionLength`, symbols.
const NON_MBSFN_REGION: [u16; 2] = [1, 2];
/// `notificationRepetitionCoeff-r9`.
const NOTIFICATION_REPETITION_COEFF: [u16; 2] = [2, 4];
/// `maxMBSFN-Area` (clause 6.4).
const MAX_MBSFN_AREA: i64 = 8;

/// SystemInformationBlockType13-r9; its extensions (v1430, and `mcch-Config-r14` of an area) are ignored on reception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemInformationBlockType13 {
    /// `mbsfn-AreaInfoList-r9`: 1 to 8 areas.
    pub areas: Vec<MbsfnAreaInfo>,
    /// `notificationConfig-r9`, for all areas.
    pub notification: NotificationConfig,
}

impl SystemInformationBlockType13 {
    pub(super) fn to_asn(&self) -> Result<asn::SystemInformationBlockType13_r9, EncodeRrcError> {
        check_count("mbsfn-AreaInfoList-r9", self.areas.len(), 1..=MAX_MBSFN_AREA, "1 to 8 entries")?;
        let notification = &self.notification;
        let coeff = notification.repetition_coeff.into();
        let coeff = index_of("notificationRepetitionCoeff-r9", &NOTIFICATION_REPETITION_COEFF, coeff, "2, 4")?;
        check("notificationOffset-r9", notification.offset_rf.into(), 0..=10, "0 to 10")?;
        check("notificationSF-Index-r9", notification.sf_index.into(), 1..=6, "1 to 6")?;
        Ok(asn::SystemInformationBlockType13_r9 {
            mbsfn_area_info_list_r9: asn::SystemInformationBlockType13_r9Mbsfn_AreaInfoList_r9(
                self.areas.iter().map(|area| area.to_asn()).collect::<Result<_, _>>()?,
            ),
            notification_config_r9: asn::MBMS_NotificationConfig_r9 {
                notification_repetition_coeff_r9: asn::MBMS_NotificationConfig_r9NotificationRepetitionCoeff_r9(coeff),
                notification_offset_r9: asn::MBMS_NotificationConfig_r9NotificationOffset_r9(notification.offset_rf),
                notification_sf_index_r9: asn::MBMS_NotificationConfig_r9NotificationSF_Index_r9(notification.sf_index),
            },
            late_non_critical_extension: None,
        })
    }

    pub(super) fn from_asn(sib: &asn::SystemInformationBlockType13_r9) -> Result<Self, RrcError> {
        let config = &sib.notification_config_r9;
        let coeff = config.notification_repetition_coeff_r9.0;
        let sf_index = within("notificationSF-Index-r9", config.notification_sf_index_r9.0, 6)?;
        Ok(Self {
            areas: sib.mbsfn_area_info_list_r9.0.iter().map(MbsfnAreaInfo::from_asn).collect::<Result<_, _>>()?,
            notification: NotificationConfig {
                repetition_coeff: value_at("notificationRepetitionCoeff-r9", &NOTIFICATION_REPETITION_COEFF, coeff)?
                    as u8,
                offset_rf: within("notificationOffset-r9", config.notification_offset_r9.0, 10)?,
                sf_index,
            },
        })
    }
}

impl MbsfnAreaInfo {
    fn to_asn(self) -> Result<asn::MBSFN_AreaInfo_r9, EncodeRrcError> {
        let mcch = &self.mcch;
        let region = index_of("non-MBSFNregionLength", &NON_MBSFN_REGION, self.non_mbsfn_region.into(), "1, 2")?;
        check("notificationIndicator-r9", self.notification_indicator.into(), 0..=7, "0 to 7")?;
        let (field, allowed) = ("mcch-RepetitionPeriod-r9", "32, 64, 128, 256");
        let repetition = index_of(field, &MCCH_REPETITION_PERIOD_RF, mcch.repetition_period_rf, allowed)?;
        let (field, allowed) = ("mcch-ModificationPeriod-r9", "512, 1024");
        let modification = index_of(field, &MCCH_MODIFICATION_PERIOD_RF, mcch.modification_period_rf, allowed)?;
        check("mcch-Offset-r9", mcch.offset_rf.into(), 0..=10, "0 to 10")?;
        let mcs = index_of("signallingMCS-r9", &SIGNALLING_MCS, mcch.signalling_mcs.into(), "2, 7, 13, 19")?;
        Ok(asn::MBSFN_AreaInfo_r9 {
            mbsfn_area_id_r9: asn::MBSFN_AreaInfo_r9Mbsfn_AreaId_r9(self.n_id_mbsfn),
            non_mbsf_nregion_length: asn::MBSFN_AreaInfo_r9Non_MBSFNregionLength(region),
            notification_indicator_r9: asn::MBSFN_AreaInfo_r9NotificationIndicator_r9(self.notification_indicator),
            mcch_config_r9: asn::MBSFN_AreaInfo_r9Mcch_Config_r9 {
                mcch_repetition_period_r9: asn::MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_RepetitionPeriod_r9(repetition),
                mcch_offset_r9: asn::MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_Offset_r9(mcch.offset_rf),
                mcch_modification_period_r9: asn::MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_ModificationPeriod_r9(
                    modification,
                ),
                sf_alloc_info_r9: asn::MBSFN_AreaInfo_r9Mcch_Config_r9Sf_AllocInfo_r9(bit_string(
                    mcch.subframes.bits().into(),
                    6,
                )),
                signalling_mcs_r9: asn::MBSFN_AreaInfo_r9Mcch_Config_r9SignallingMCS_r9(mcs),
            },
        })
    }

    fn from_asn(info: &asn::MBSFN_AreaInfo_r9) -> Result<Self, RrcError> {
        let mcch = &info.mcch_config_r9;
        let (repetition, modification) = (mcch.mcch_repetition_period_r9.0, mcch.mcch_modification_period_r9.0);
        Ok(Self {
            n_id_mbsfn: info.mbsfn_area_id_r9.0,
            non_mbsfn_region: value_at("non-MBSFNregionLength", &NON_MBSFN_REGION, info.non_mbsf_nregion_length.0)?
                as u8,
            notification_indicator: info.notification_indicator_r9.0,
            mcch: McchConfig {
                repetition_period_rf: value_at("mcch-RepetitionPeriod-r9", &MCCH_REPETITION_PERIOD_RF, repetition)?,
                offset_rf: within("mcch-Offset-r9", mcch.mcch_offset_r9.0, 10)?,
                modification_period_rf: value_at(
                    "mcch-ModificationPeriod-r9",
                    &MCCH_MODIFICATION_PERIOD_RF,
                    modification,
                )?,
                subframes: SubframeSet::from_bits(mcch.sf_alloc_info_r9.0.load_be()),
                signalling_mcs: value_at("signallingMCS-r9", &SIGNALLING_MCS, mcch.signalling_mcs_r9.0)? as u8,
            },
        })
    }
}
