// Broadcast messages of TS 36.331 V17.1.0 clauses 6.2.1, 6.2.2 and 6.3: code made by a compiler, not by hand.
// Source: radio/asn1/eutra_rrc.asn. Compiler: crate asn1-compiler 0.7.2 (`cargo install asn1-compiler`), run in radio/ as
//   rs-asn1c --module src/rrc/generated/eutra_rrc.rs --codec uper --visibility crate --derive clone --derive partial-eq -- asn1/eutra_rrc.asn
// then this header put in front and `cargo fmt` run.

pub(crate) const MAX_CDMA_BAND_CLASS: i64 = 32;

pub(crate) const MAX_CELL_BLACK: i64 = 16;

pub(crate) const MAX_CELL_INTER: i64 = 16;

pub(crate) const MAX_CELL_INTRA: i64 = 16;

pub(crate) const MAX_FREQ: i64 = 8;

pub(crate) const MAX_GNFG: i64 = 16;

pub(crate) const MAX_MBSFN_ALLOCATIONS: i64 = 8;

pub(crate) const MAX_MBSFN_AREA: i64 = 8;

pub(crate) const MAX_PLMN_R11: i64 = 6;

pub(crate) const MAX_PMCH_PER_MBSFN: i64 = 15;

pub(crate) const MAX_SAI_MBMS_R11: i64 = 64;

pub(crate) const MAX_SI_MESSAGE: i64 = 32;

pub(crate) const MAX_SIB: i64 = 32;

pub(crate) const MAX_SIB_1: i64 = 31;

pub(crate) const MAX_SERVICE_COUNT: i64 = 16;

pub(crate) const MAX_SESSION_PER_PMCH: i64 = 29;

pub(crate) const MAX_SESSION_PER_PMCH_1: i64 = 28;

pub(crate) const MAX_UTRA_FDD_CARRIER: i64 = 16;

pub(crate) const MAX_UTRA_TDD_CARRIER: i64 = 16;

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct AC_BarringConfig {
    pub(crate) ac_barring_factor: AC_BarringConfigAc_BarringFactor,
    pub(crate) ac_barring_time: AC_BarringConfigAc_BarringTime,
    pub(crate) ac_barring_for_special_ac: AC_BarringConfigAc_BarringForSpecialAC,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "65535")]
pub(crate) struct ARFCN_ValueEUTRA(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "1023")]
pub(crate) struct ARFCN_ValueGERAN(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "16383")]
pub(crate) struct ARFCN_ValueUTRA(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "5")]
pub(crate) struct AllowedMeasBandwidth(pub(crate) u8);
impl AllowedMeasBandwidth {
    pub(crate) const MBW6: u8 = 0u8;
    pub(crate) const MBW15: u8 = 1u8;
    pub(crate) const MBW25: u8 = 2u8;
    pub(crate) const MBW50: u8 = 3u8;
    pub(crate) const MBW75: u8 = 4u8;
    pub(crate) const MBW100: u8 = 5u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct BCCH_BCH_Message {
    pub(crate) message: MasterInformationBlock,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct BCCH_Config {
    pub(crate) modification_period_coeff: BCCH_ConfigModificationPeriodCoeff,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct BCCH_DL_SCH_Message {
    pub(crate) message: BCCH_DL_SCH_MessageType,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum BCCH_DL_SCH_MessageType {
    #[asn(key = 0, extended = false)]
    C1(BCCH_DL_SCH_MessageType_c1),
    #[asn(key = 1, extended = false)]
    MessageClassExtension(BCCH_DL_SCH_MessageType_messageClassExtension),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct BandClassInfoCDMA2000 {
    pub(crate) band_class: BandclassCDMA2000,
    #[asn(optional_idx = 0)]
    pub(crate) cell_reselection_priority: Option<CellReselectionPriority>,
    pub(crate) thresh_x_high: BandClassInfoCDMA2000ThreshX_High,
    pub(crate) thresh_x_low: BandClassInfoCDMA2000ThreshX_Low,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", extensible = true, lb = "0", ub = "31")]
pub(crate) struct BandclassCDMA2000(pub(crate) u8);
impl BandclassCDMA2000 {
    pub(crate) const BC0: u8 = 0u8;
    pub(crate) const BC1: u8 = 1u8;
    pub(crate) const BC2: u8 = 2u8;
    pub(crate) const BC3: u8 = 3u8;
    pub(crate) const BC4: u8 = 4u8;
    pub(crate) const BC5: u8 = 5u8;
    pub(crate) const BC6: u8 = 6u8;
    pub(crate) const BC7: u8 = 7u8;
    pub(crate) const BC8: u8 = 8u8;
    pub(crate) const BC9: u8 = 9u8;
    pub(crate) const BC10: u8 = 10u8;
    pub(crate) const BC11: u8 = 11u8;
    pub(crate) const BC12: u8 = 12u8;
    pub(crate) const BC13: u8 = 13u8;
    pub(crate) const BC14: u8 = 14u8;
    pub(crate) const BC15: u8 = 15u8;
    pub(crate) const BC16: u8 = 16u8;
    pub(crate) const BC17: u8 = 17u8;
    pub(crate) const BC18_V9A0: u8 = 18u8;
    pub(crate) const BC19_V9A0: u8 = 19u8;
    pub(crate) const BC20_V9A0: u8 = 20u8;
    pub(crate) const BC21_V9A0: u8 = 21u8;
    pub(crate) const SPARE10: u8 = 22u8;
    pub(crate) const SPARE9: u8 = 23u8;
    pub(crate) const SPARE8: u8 = 24u8;
    pub(crate) const SPARE7: u8 = 25u8;
    pub(crate) const SPARE6: u8 = 26u8;
    pub(crate) const SPARE5: u8 = 27u8;
    pub(crate) const SPARE4: u8 = 28u8;
    pub(crate) const SPARE3: u8 = 29u8;
    pub(crate) const SPARE2: u8 = 30u8;
    pub(crate) const SPARE1: u8 = 31u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct CSFB_RegistrationParam1XRTT {
    pub(crate) sid: CSFB_RegistrationParam1XRTTSid,
    pub(crate) nid: CSFB_RegistrationParam1XRTTNid,
    pub(crate) multiple_sid: CSFB_RegistrationParam1XRTTMultipleSID,
    pub(crate) multiple_nid: CSFB_RegistrationParam1XRTTMultipleNID,
    pub(crate) home_reg: CSFB_RegistrationParam1XRTTHomeReg,
    pub(crate) foreign_sid_reg: CSFB_RegistrationParam1XRTTForeignSIDReg,
    pub(crate) foreign_nid_reg: CSFB_RegistrationParam1XRTTForeignNIDReg,
    pub(crate) parameter_reg: CSFB_RegistrationParam1XRTTParameterReg,
    pub(crate) power_up_reg: CSFB_RegistrationParam1XRTTPowerUpReg,
    pub(crate) registration_period: CSFB_RegistrationParam1XRTTRegistrationPeriod,
    pub(crate) registration_zone: CSFB_RegistrationParam1XRTTRegistrationZone,
    pub(crate) total_zone: CSFB_RegistrationParam1XRTTTotalZone,
    pub(crate) zone_timer: CSFB_RegistrationParam1XRTTZoneTimer,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct CarrierFreqUTRA_FDD {
    pub(crate) carrier_freq: ARFCN_ValueUTRA,
    #[asn(optional_idx = 0)]
    pub(crate) cell_reselection_priority: Option<CellReselectionPriority>,
    pub(crate) thresh_x_high: ReselectionThreshold,
    pub(crate) thresh_x_low: ReselectionThreshold,
    pub(crate) q_rx_lev_min: CarrierFreqUTRA_FDDQ_RxLevMin,
    pub(crate) p_max_utra: CarrierFreqUTRA_FDDP_MaxUTRA,
    pub(crate) q_qual_min: CarrierFreqUTRA_FDDQ_QualMin,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct CarrierFreqUTRA_TDD {
    pub(crate) carrier_freq: ARFCN_ValueUTRA,
    #[asn(optional_idx = 0)]
    pub(crate) cell_reselection_priority: Option<CellReselectionPriority>,
    pub(crate) thresh_x_high: ReselectionThreshold,
    pub(crate) thresh_x_low: ReselectionThreshold,
    pub(crate) q_rx_lev_min: CarrierFreqUTRA_TDDQ_RxLevMin,
    pub(crate) p_max_utra: CarrierFreqUTRA_TDDP_MaxUTRA,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct CarrierFreqsGERAN {
    pub(crate) starting_arfcn: ARFCN_ValueGERAN,
    pub(crate) band_indicator: CarrierFreqsGERANBandIndicator,
    pub(crate) following_arfc_ns: CarrierFreqsGERANFollowingARFCNs,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct CarrierFreqsInfoGERAN {
    pub(crate) carrier_freqs: CarrierFreqsGERAN,
    pub(crate) common_info: CarrierFreqsInfoGERANCommonInfo,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct CellReselectionParametersCDMA2000 {
    pub(crate) band_class_list: CellReselectionParametersCDMA2000BandClassList,
    pub(crate) neigh_cell_list: CellReselectionParametersCDMA2000NeighCellList,
    pub(crate) t_reselection_cdma2000: T_Reselection,
    #[asn(optional_idx = 0)]
    pub(crate) t_reselection_cdma2000_sf: Option<SpeedStateScaleFactors>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "7")]
pub(crate) struct CellReselectionPriority(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct CommonSF_AllocPatternList_r9(pub(crate) Vec<MBSFN_SubframeConfig>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct CommonSF_AllocPatternList_v1430(pub(crate) Vec<MBSFN_SubframeConfig_v1430>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct CommonSF_AllocPatternList_v1610(pub(crate) Vec<MBSFN_SubframeConfig_v1610>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct CountingRequestInfo_r10 {
    pub(crate) tmgi_r10: TMGI_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct CountingRequestList_r10(pub(crate) Vec<CountingRequestInfo_r10>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 6)]
pub(crate) struct InterFreqCarrierFreqInfo {
    pub(crate) dl_carrier_freq: ARFCN_ValueEUTRA,
    pub(crate) q_rx_lev_min: Q_RxLevMin,
    #[asn(optional_idx = 0)]
    pub(crate) p_max: Option<P_Max>,
    pub(crate) t_reselection_eutra: T_Reselection,
    #[asn(optional_idx = 1)]
    pub(crate) t_reselection_eutra_sf: Option<SpeedStateScaleFactors>,
    pub(crate) thresh_x_high: ReselectionThreshold,
    pub(crate) thresh_x_low: ReselectionThreshold,
    pub(crate) allowed_meas_bandwidth: AllowedMeasBandwidth,
    pub(crate) presence_antenna_port1: InterFreqCarrierFreqInfoPresenceAntennaPort1,
    #[asn(optional_idx = 2)]
    pub(crate) cell_reselection_priority: Option<CellReselectionPriority>,
    pub(crate) neigh_cell_config: NeighCellConfig,
    #[asn(optional_idx = 3)]
    pub(crate) q_offset_freq: Option<Q_OffsetRange>,
    #[asn(optional_idx = 4)]
    pub(crate) inter_freq_neigh_cell_list: Option<InterFreqCarrierFreqInfoInterFreqNeighCellList>,
    #[asn(optional_idx = 5)]
    pub(crate) inter_freq_black_cell_list: Option<InterFreqCarrierFreqInfoInterFreqBlackCellList>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct InterFreqNeighCellInfo {
    pub(crate) phys_cell_id: PhysCellId,
    pub(crate) q_offset_cell: Q_OffsetRange,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct IntraFreqNeighCellInfo {
    pub(crate) phys_cell_id: PhysCellId,
    pub(crate) q_offset_cell: Q_OffsetRange,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBMS_NotificationConfig_r9 {
    pub(crate) notification_repetition_coeff_r9: MBMS_NotificationConfig_r9NotificationRepetitionCoeff_r9,
    pub(crate) notification_offset_r9: MBMS_NotificationConfig_r9NotificationOffset_r9,
    pub(crate) notification_sf_index_r9: MBMS_NotificationConfig_r9NotificationSF_Index_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBMS_SAI_InterFreq_r11 {
    pub(crate) dl_carrier_freq_r11: MBMS_SAI_InterFreq_r11Dl_CarrierFreq_r11,
    pub(crate) mbms_sai_list_r11: MBMS_SAI_List_r11,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "64")]
pub(crate) struct MBMS_SAI_List_r11(pub(crate) Vec<MBMS_SAI_r11>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "65535")]
pub(crate) struct MBMS_SAI_r11(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct MBMS_SessionInfo_r9 {
    pub(crate) tmgi_r9: TMGI_r9,
    #[asn(optional_idx = 0)]
    pub(crate) session_id_r9: Option<MBMS_SessionInfo_r9SessionId_r9>,
    pub(crate) logical_channel_identity_r9: MBMS_SessionInfo_r9LogicalChannelIdentity_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "0", sz_ub = "29")]
pub(crate) struct MBMS_SessionInfoList_r9(pub(crate) Vec<MBMS_SessionInfo_r9>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct MBMSCountingRequest_r10 {
    pub(crate) counting_request_list_r10: CountingRequestList_r10,
    #[asn(optional_idx = 0)]
    pub(crate) late_non_critical_extension: Option<MBMSCountingRequest_r10LateNonCriticalExtension>,
    #[asn(optional_idx = 1)]
    pub(crate) non_critical_extension: Option<MBMSCountingRequest_r10NonCriticalExtension>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct MBSFN_AreaInfo_r9 {
    pub(crate) mbsfn_area_id_r9: MBSFN_AreaInfo_r9Mbsfn_AreaId_r9,
    pub(crate) non_mbsf_nregion_length: MBSFN_AreaInfo_r9Non_MBSFNregionLength,
    pub(crate) notification_indicator_r9: MBSFN_AreaInfo_r9NotificationIndicator_r9,
    pub(crate) mcch_config_r9: MBSFN_AreaInfo_r9Mcch_Config_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBSFN_SubframeConfig {
    pub(crate) radioframe_allocation_period: MBSFN_SubframeConfigRadioframeAllocationPeriod,
    pub(crate) radioframe_allocation_offset: MBSFN_SubframeConfigRadioframeAllocationOffset,
    pub(crate) subframe_allocation: MBSFN_SubframeConfigSubframeAllocation,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBSFN_SubframeConfig_v1430 {
    pub(crate) subframe_allocation_v1430: MBSFN_SubframeConfig_v1430SubframeAllocation_v1430,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBSFN_SubframeConfig_v1610 {
    pub(crate) subframe_allocation_v1610: MBSFN_SubframeConfig_v1610SubframeAllocation_v1610,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct MBSFN_SubframeConfigList(pub(crate) Vec<MBSFN_SubframeConfig>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct MBSFNAreaConfiguration_r9 {
    pub(crate) common_sf_alloc_r9: CommonSF_AllocPatternList_r9,
    pub(crate) common_sf_alloc_period_r9: MBSFNAreaConfiguration_r9CommonSF_AllocPeriod_r9,
    pub(crate) pmch_info_list_r9: PMCH_InfoList_r9,
    #[asn(optional_idx = 0)]
    pub(crate) non_critical_extension: Option<MBSFNAreaConfiguration_v930_IEs>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct MBSFNAreaConfiguration_v1250_IEs {
    #[asn(optional_idx = 0)]
    pub(crate) pmch_info_list_ext_r12: Option<PMCH_InfoListExt_r12>,
    #[asn(optional_idx = 1)]
    pub(crate) non_critical_extension: Option<MBSFNAreaConfiguration_v1430_IEs>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct MBSFNAreaConfiguration_v1430_IEs {
    pub(crate) common_sf_alloc_v1430: CommonSF_AllocPatternList_v1430,
    #[asn(optional_idx = 0)]
    pub(crate) non_critical_extension: Option<MBSFNAreaConfiguration_v1610_IEs>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct MBSFNAreaConfiguration_v1610_IEs {
    #[asn(optional_idx = 0)]
    pub(crate) common_sf_alloc_v1610: Option<CommonSF_AllocPatternList_v1610>,
    #[asn(optional_idx = 1)]
    pub(crate) non_critical_extension: Option<MBSFNAreaConfiguration_v1610_IEsNonCriticalExtension>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct MBSFNAreaConfiguration_v930_IEs {
    #[asn(optional_idx = 0)]
    pub(crate) late_non_critical_extension: Option<MBSFNAreaConfiguration_v930_IEsLateNonCriticalExtension>,
    #[asn(optional_idx = 1)]
    pub(crate) non_critical_extension: Option<MBSFNAreaConfiguration_v1250_IEs>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "3", sz_ub = "3")]
pub(crate) struct MCC(pub(crate) Vec<MCC_MNC_Digit>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "9")]
pub(crate) struct MCC_MNC_Digit(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MCCH_Message {
    pub(crate) message: MCCH_MessageType,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum MCCH_MessageType {
    #[asn(key = 0, extended = false)]
    C1(MCCH_MessageType_c1),
    #[asn(key = 1, extended = false)]
    Later(MCCH_MessageType_later),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "2", sz_ub = "3")]
pub(crate) struct MNC(pub(crate) Vec<MCC_MNC_Digit>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MasterInformationBlock {
    pub(crate) dl_bandwidth: MasterInformationBlockDl_Bandwidth,
    pub(crate) phich_config: PHICH_Config,
    pub(crate) system_frame_number: MasterInformationBlockSystemFrameNumber,
    pub(crate) spare: MasterInformationBlockSpare,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MobilityStateParameters {
    pub(crate) t_evaluation: MobilityStateParametersT_Evaluation,
    pub(crate) t_hyst_normal: MobilityStateParametersT_HystNormal,
    pub(crate) n_cell_change_medium: MobilityStateParametersN_CellChangeMedium,
    pub(crate) n_cell_change_high: MobilityStateParametersN_CellChangeHigh,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct NeighCellCDMA2000 {
    pub(crate) band_class: BandclassCDMA2000,
    pub(crate) neigh_cells_per_freq_list: NeighCellCDMA2000NeighCellsPerFreqList,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "2", sz_ub = "2")]
pub(crate) struct NeighCellConfig(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct NeighCellsPerBandclassCDMA2000 {
    pub(crate) arfcn: NeighCellsPerBandclassCDMA2000Arfcn,
    pub(crate) phys_cell_id_list: NeighCellsPerBandclassCDMA2000PhysCellIdList,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-30", ub = "33")]
pub(crate) struct P_Max(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PCCH_Config {
    pub(crate) default_paging_cycle: PCCH_ConfigDefaultPagingCycle,
    pub(crate) nb: PCCH_ConfigNB,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PDSCH_ConfigCommon {
    pub(crate) reference_signal_power: PDSCH_ConfigCommonReferenceSignalPower,
    pub(crate) p_b: PDSCH_ConfigCommonP_b,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PHICH_Config {
    pub(crate) phich_duration: PHICH_ConfigPhich_Duration,
    pub(crate) phich_resource: PHICH_ConfigPhich_Resource,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct PLMN_Identity {
    #[asn(optional_idx = 0)]
    pub(crate) mcc: Option<MCC>,
    pub(crate) mnc: MNC,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PLMN_IdentityInfo {
    pub(crate) plmn_identity: PLMN_Identity,
    pub(crate) cell_reserved_for_operator_use: PLMN_IdentityInfoCellReservedForOperatorUse,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "6")]
pub(crate) struct PLMN_IdentityList(pub(crate) Vec<PLMN_IdentityInfo>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct PMCH_Config_r12 {
    pub(crate) sf_alloc_end_r12: PMCH_Config_r12Sf_AllocEnd_r12,
    pub(crate) data_mcs_r12: PMCH_Config_r12DataMCS_r12,
    pub(crate) mch_scheduling_period_r12: PMCH_Config_r12Mch_SchedulingPeriod_r12,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct PMCH_Config_r9 {
    pub(crate) sf_alloc_end_r9: PMCH_Config_r9Sf_AllocEnd_r9,
    pub(crate) data_mcs_r9: PMCH_Config_r9DataMCS_r9,
    pub(crate) mch_scheduling_period_r9: PMCH_Config_r9Mch_SchedulingPeriod_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct PMCH_Info_r9 {
    pub(crate) pmch_config_r9: PMCH_Config_r9,
    pub(crate) mbms_session_info_list_r9: MBMS_SessionInfoList_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct PMCH_InfoExt_r12 {
    pub(crate) pmch_config_r12: PMCH_Config_r12,
    pub(crate) mbms_session_info_list_r12: MBMS_SessionInfoList_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "0", sz_ub = "15")]
pub(crate) struct PMCH_InfoList_r9(pub(crate) Vec<PMCH_Info_r9>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "0", sz_ub = "15")]
pub(crate) struct PMCH_InfoListExt_r12(pub(crate) Vec<PMCH_InfoExt_r12>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PRACH_ConfigSIB {
    pub(crate) root_sequence_index: PRACH_ConfigSIBRootSequenceIndex,
    pub(crate) prach_config_info: PRACH_ConfigSIBPrach_ConfigInfo,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PUCCH_ConfigCommon {
    pub(crate) delta_pucch_shift: PUCCH_ConfigCommonDeltaPUCCH_Shift,
    pub(crate) nrb_cqi: PUCCH_ConfigCommonNRB_CQI,
    pub(crate) ncs_an: PUCCH_ConfigCommonNCS_AN,
    pub(crate) n1pucch_an: PUCCH_ConfigCommonN1PUCCH_AN,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PUSCH_ConfigCommon {
    pub(crate) pusch_config_basic: PUSCH_ConfigCommonPusch_ConfigBasic,
    pub(crate) ul_reference_signals_pusch: PUSCH_ConfigCommonUl_ReferenceSignalsPUSCH,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "503")]
pub(crate) struct PhysCellId(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "511")]
pub(crate) struct PhysCellIdCDMA2000(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct PhysCellIdRange {
    pub(crate) start: PhysCellId,
    #[asn(optional_idx = 0)]
    pub(crate) range: Option<PhysCellIdRangeRange>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct PreRegistrationInfoHRPD {
    pub(crate) pre_registration_allowed: PreRegistrationInfoHRPDPreRegistrationAllowed,
    #[asn(optional_idx = 0)]
    pub(crate) pre_registration_zone_id: Option<PreRegistrationInfoHRPDPreRegistrationZoneId>,
    #[asn(optional_idx = 1)]
    pub(crate) secondary_pre_registration_zone_id_list:
        Option<PreRegistrationInfoHRPDSecondaryPreRegistrationZoneIdList>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "255")]
pub(crate) struct PreRegistrationZoneIdHRPD(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "30")]
pub(crate) struct Q_OffsetRange(pub(crate) u8);
impl Q_OffsetRange {
    pub(crate) const D_B_24: u8 = 0u8;
    pub(crate) const D_B_22: u8 = 1u8;
    pub(crate) const D_B_20: u8 = 2u8;
    pub(crate) const D_B_18: u8 = 3u8;
    pub(crate) const D_B_16: u8 = 4u8;
    pub(crate) const D_B_14: u8 = 5u8;
    pub(crate) const D_B_12: u8 = 6u8;
    pub(crate) const D_B_10: u8 = 7u8;
    pub(crate) const D_B_8: u8 = 8u8;
    pub(crate) const D_B_6: u8 = 9u8;
    pub(crate) const D_B_5: u8 = 10u8;
    pub(crate) const D_B_4: u8 = 11u8;
    pub(crate) const D_B_3: u8 = 12u8;
    pub(crate) const D_B_2: u8 = 13u8;
    pub(crate) const D_B_1: u8 = 14u8;
    pub(crate) const D_B0: u8 = 15u8;
    pub(crate) const D_B1: u8 = 16u8;
    pub(crate) const D_B2: u8 = 17u8;
    pub(crate) const D_B3: u8 = 18u8;
    pub(crate) const D_B4: u8 = 19u8;
    pub(crate) const D_B5: u8 = 20u8;
    pub(crate) const D_B6: u8 = 21u8;
    pub(crate) const D_B8: u8 = 22u8;
    pub(crate) const D_B10: u8 = 23u8;
    pub(crate) const D_B12: u8 = 24u8;
    pub(crate) const D_B14: u8 = 25u8;
    pub(crate) const D_B16: u8 = 26u8;
    pub(crate) const D_B18: u8 = 27u8;
    pub(crate) const D_B20: u8 = 28u8;
    pub(crate) const D_B22: u8 = 29u8;
    pub(crate) const D_B24: u8 = 30u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-70", ub = "-22")]
pub(crate) struct Q_RxLevMin(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct RACH_ConfigCommon {
    pub(crate) preamble_info: RACH_ConfigCommonPreambleInfo,
    pub(crate) power_ramping_parameters: RACH_ConfigCommonPowerRampingParameters,
    pub(crate) ra_supervision_info: RACH_ConfigCommonRa_SupervisionInfo,
    pub(crate) max_harq_msg3_tx: RACH_ConfigCommonMaxHARQ_Msg3Tx,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct RadioResourceConfigCommonSIB {
    pub(crate) rach_config_common: RACH_ConfigCommon,
    pub(crate) bcch_config: BCCH_Config,
    pub(crate) pcch_config: PCCH_Config,
    pub(crate) prach_config: PRACH_ConfigSIB,
    pub(crate) pdsch_config_common: PDSCH_ConfigCommon,
    pub(crate) pusch_config_common: PUSCH_ConfigCommon,
    pub(crate) pucch_config_common: PUCCH_ConfigCommon,
    pub(crate) sounding_rs_ul_config_common: SoundingRS_UL_ConfigCommon,
    pub(crate) uplink_power_control_common: UplinkPowerControlCommon,
    pub(crate) ul_cyclic_prefix_length: RadioResourceConfigCommonSIBUl_CyclicPrefixLength,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "31")]
pub(crate) struct ReselectionThreshold(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "0", sz_ub = "31")]
pub(crate) struct SIB_MappingInfo(pub(crate) Vec<SIB_Type>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum SIB_Type {
    #[asn(key = 0, extended = false)]
    Root(SIB_Type_root),
    #[asn(key = 1, extended = false)]
    Addition(SIB_Type_addition),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum SIB_TypeAndInfo {
    #[asn(key = 0, extended = false)]
    Root(SIB_TypeAndInfo_root),
    #[asn(key = 1, extended = false)]
    Addition(SIB_TypeAndInfo_addition),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SchedulingInfo {
    pub(crate) si_periodicity: SchedulingInfoSi_Periodicity,
    pub(crate) sib_mapping_info: SIB_MappingInfo,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "32")]
pub(crate) struct SchedulingInfoList(pub(crate) Vec<SchedulingInfo>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum SoundingRS_UL_ConfigCommon {
    #[asn(key = 0, extended = false)]
    Release(SoundingRS_UL_ConfigCommon_release),
    #[asn(key = 1, extended = false)]
    Setup(SoundingRS_UL_ConfigCommon_setup),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SpeedStateScaleFactors {
    pub(crate) sf_medium: SpeedStateScaleFactorsSf_Medium,
    pub(crate) sf_high: SpeedStateScaleFactorsSf_High,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemInformation {
    pub(crate) critical_extensions: SystemInformationCriticalExtensions,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SystemInformation_r8_IEs {
    pub(crate) sib_type_and_info: SystemInformation_r8_IEsSib_TypeAndInfo,
    #[asn(optional_idx = 0)]
    pub(crate) non_critical_extension: Option<SystemInformation_v8a0_IEs>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct SystemInformation_v8a0_IEs {
    #[asn(optional_idx = 0)]
    pub(crate) late_non_critical_extension: Option<SystemInformation_v8a0_IEsLateNonCriticalExtension>,
    #[asn(optional_idx = 1)]
    pub(crate) non_critical_extension: Option<SystemInformation_v8a0_IEsNonCriticalExtension>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 3)]
pub(crate) struct SystemInformationBlockType1 {
    pub(crate) cell_access_related_info: SystemInformationBlockType1CellAccessRelatedInfo,
    pub(crate) cell_selection_info: SystemInformationBlockType1CellSelectionInfo,
    #[asn(optional_idx = 0)]
    pub(crate) p_max: Option<P_Max>,
    pub(crate) freq_band_indicator: SystemInformationBlockType1FreqBandIndicator,
    pub(crate) scheduling_info_list: SchedulingInfoList,
    #[asn(optional_idx = 1)]
    pub(crate) tdd_config: Option<TDD_Config>,
    pub(crate) si_window_length: SystemInformationBlockType1Si_WindowLength,
    pub(crate) system_info_value_tag: SystemInformationBlockType1SystemInfoValueTag,
    #[asn(optional_idx = 2)]
    pub(crate) non_critical_extension: Option<SystemInformationBlockType1_v890_IEs>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct SystemInformationBlockType1_v890_IEs {
    #[asn(optional_idx = 0)]
    pub(crate) late_non_critical_extension: Option<SystemInformationBlockType1_v890_IEsLateNonCriticalExtension>,
    #[asn(optional_idx = 1)]
    pub(crate) non_critical_extension: Option<SystemInformationBlockType1_v890_IEsNonCriticalExtension>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType10 {
    pub(crate) message_identifier: SystemInformationBlockType10MessageIdentifier,
    pub(crate) serial_number: SystemInformationBlockType10SerialNumber,
    pub(crate) warning_type: SystemInformationBlockType10WarningType,
    #[asn(optional_idx = 0)]
    pub(crate) dummy: Option<SystemInformationBlockType10Dummy>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType11 {
    pub(crate) message_identifier: SystemInformationBlockType11MessageIdentifier,
    pub(crate) serial_number: SystemInformationBlockType11SerialNumber,
    pub(crate) warning_message_segment_type: SystemInformationBlockType11WarningMessageSegmentType,
    pub(crate) warning_message_segment_number: SystemInformationBlockType11WarningMessageSegmentNumber,
    pub(crate) warning_message_segment: SystemInformationBlockType11WarningMessageSegment,
    #[asn(optional_idx = 0)]
    pub(crate) data_coding_scheme: Option<SystemInformationBlockType11DataCodingScheme>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType13_r9 {
    pub(crate) mbsfn_area_info_list_r9: SystemInformationBlockType13_r9Mbsfn_AreaInfoList_r9,
    pub(crate) notification_config_r9: MBMS_NotificationConfig_r9,
    #[asn(optional_idx = 0)]
    pub(crate) late_non_critical_extension: Option<SystemInformationBlockType13_r9LateNonCriticalExtension>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 3)]
pub(crate) struct SystemInformationBlockType15_r11 {
    #[asn(optional_idx = 0)]
    pub(crate) mbms_sai_intra_freq_r11: Option<MBMS_SAI_List_r11>,
    #[asn(optional_idx = 1)]
    pub(crate) mbms_sai_inter_freq_list_r11: Option<SystemInformationBlockType15_r11Mbms_SAI_InterFreqList_r11>,
    #[asn(optional_idx = 2)]
    pub(crate) late_non_critical_extension: Option<SystemInformationBlockType15_r11LateNonCriticalExtension>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 2)]
pub(crate) struct SystemInformationBlockType2 {
    #[asn(optional_idx = 0)]
    pub(crate) ac_barring_info: Option<SystemInformationBlockType2Ac_BarringInfo>,
    pub(crate) radio_resource_config_common: RadioResourceConfigCommonSIB,
    pub(crate) ue_timers_and_constants: UE_TimersAndConstants,
    pub(crate) freq_info: SystemInformationBlockType2FreqInfo,
    #[asn(optional_idx = 1)]
    pub(crate) mbsfn_subframe_config_list: Option<MBSFN_SubframeConfigList>,
    pub(crate) time_alignment_timer_common: SystemInformationBlockType2TimeAlignmentTimerCommon,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct SystemInformationBlockType3 {
    pub(crate) cell_reselection_info_common: SystemInformationBlockType3CellReselectionInfoCommon,
    pub(crate) cell_reselection_serving_freq_info: SystemInformationBlockType3CellReselectionServingFreqInfo,
    pub(crate) intra_freq_cell_reselection_info: SystemInformationBlockType3IntraFreqCellReselectionInfo,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 3)]
pub(crate) struct SystemInformationBlockType4 {
    #[asn(optional_idx = 0)]
    pub(crate) intra_freq_neigh_cell_list: Option<SystemInformationBlockType4IntraFreqNeighCellList>,
    #[asn(optional_idx = 1)]
    pub(crate) intra_freq_black_cell_list: Option<SystemInformationBlockType4IntraFreqBlackCellList>,
    #[asn(optional_idx = 2)]
    pub(crate) csg_phys_cell_id_range: Option<PhysCellIdRange>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct SystemInformationBlockType5 {
    pub(crate) inter_freq_carrier_freq_list: SystemInformationBlockType5InterFreqCarrierFreqList,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 3)]
pub(crate) struct SystemInformationBlockType6 {
    #[asn(optional_idx = 0)]
    pub(crate) carrier_freq_list_utra_fdd: Option<SystemInformationBlockType6CarrierFreqListUTRA_FDD>,
    #[asn(optional_idx = 1)]
    pub(crate) carrier_freq_list_utra_tdd: Option<SystemInformationBlockType6CarrierFreqListUTRA_TDD>,
    pub(crate) t_reselection_utra: T_Reselection,
    #[asn(optional_idx = 2)]
    pub(crate) t_reselection_utra_sf: Option<SpeedStateScaleFactors>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 2)]
pub(crate) struct SystemInformationBlockType7 {
    pub(crate) t_reselection_geran: T_Reselection,
    #[asn(optional_idx = 0)]
    pub(crate) t_reselection_geran_sf: Option<SpeedStateScaleFactors>,
    #[asn(optional_idx = 1)]
    pub(crate) carrier_freqs_info_list: Option<SystemInformationBlockType7CarrierFreqsInfoList>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 4)]
pub(crate) struct SystemInformationBlockType8 {
    #[asn(optional_idx = 0)]
    pub(crate) system_time_info: Option<SystemTimeInfoCDMA2000>,
    #[asn(optional_idx = 1)]
    pub(crate) search_window_size: Option<SystemInformationBlockType8SearchWindowSize>,
    #[asn(optional_idx = 2)]
    pub(crate) parameters_hrpd: Option<SystemInformationBlockType8ParametersHRPD>,
    #[asn(optional_idx = 3)]
    pub(crate) parameters1_xrtt: Option<SystemInformationBlockType8Parameters1XRTT>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType9 {
    #[asn(optional_idx = 0)]
    pub(crate) hnb_name: Option<SystemInformationBlockType9Hnb_Name>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemTimeInfoCDMA2000 {
    pub(crate) cdma_eutra_synchronisation: SystemTimeInfoCDMA2000Cdma_EUTRA_Synchronisation,
    pub(crate) cdma_system_time: SystemTimeInfoCDMA2000Cdma_SystemTime,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "7")]
pub(crate) struct T_Reselection(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct TDD_Config {
    pub(crate) subframe_assignment: TDD_ConfigSubframeAssignment,
    pub(crate) special_subframe_patterns: TDD_ConfigSpecialSubframePatterns,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct TMGI_r9 {
    pub(crate) plmn_id_r9: TMGI_r9Plmn_Id_r9,
    pub(crate) service_id_r9: TMGI_r9ServiceId_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct UE_TimersAndConstants {
    pub(crate) t300: UE_TimersAndConstantsT300,
    pub(crate) t301: UE_TimersAndConstantsT301,
    pub(crate) t310: UE_TimersAndConstantsT310,
    pub(crate) n310: UE_TimersAndConstantsN310,
    pub(crate) t311: UE_TimersAndConstantsT311,
    pub(crate) n311: UE_TimersAndConstantsN311,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct UplinkPowerControlCommon {
    pub(crate) p0_nominal_pusch: UplinkPowerControlCommonP0_NominalPUSCH,
    pub(crate) alpha: UplinkPowerControlCommonAlpha,
    pub(crate) p0_nominal_pucch: UplinkPowerControlCommonP0_NominalPUCCH,
    pub(crate) delta_f_list_pucch: UplinkPowerControlCommonDeltaFList_PUCCH,
    pub(crate) delta_preamble_msg3: UplinkPowerControlCommonDeltaPreambleMsg3,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct AC_BarringConfigAc_BarringFactor(pub(crate) u8);
impl AC_BarringConfigAc_BarringFactor {
    pub(crate) const P00: u8 = 0u8;
    pub(crate) const P05: u8 = 1u8;
    pub(crate) const P10: u8 = 2u8;
    pub(crate) const P15: u8 = 3u8;
    pub(crate) const P20: u8 = 4u8;
    pub(crate) const P25: u8 = 5u8;
    pub(crate) const P30: u8 = 6u8;
    pub(crate) const P40: u8 = 7u8;
    pub(crate) const P50: u8 = 8u8;
    pub(crate) const P60: u8 = 9u8;
    pub(crate) const P70: u8 = 10u8;
    pub(crate) const P75: u8 = 11u8;
    pub(crate) const P80: u8 = 12u8;
    pub(crate) const P85: u8 = 13u8;
    pub(crate) const P90: u8 = 14u8;
    pub(crate) const P95: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct AC_BarringConfigAc_BarringTime(pub(crate) u8);
impl AC_BarringConfigAc_BarringTime {
    pub(crate) const S4: u8 = 0u8;
    pub(crate) const S8: u8 = 1u8;
    pub(crate) const S16: u8 = 2u8;
    pub(crate) const S32: u8 = 3u8;
    pub(crate) const S64: u8 = 4u8;
    pub(crate) const S128: u8 = 5u8;
    pub(crate) const S256: u8 = 6u8;
    pub(crate) const S512: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "5", sz_ub = "5")]
pub(crate) struct AC_BarringConfigAc_BarringForSpecialAC(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct BCCH_ConfigModificationPeriodCoeff(pub(crate) u8);
impl BCCH_ConfigModificationPeriodCoeff {
    pub(crate) const N2: u8 = 0u8;
    pub(crate) const N4: u8 = 1u8;
    pub(crate) const N8: u8 = 2u8;
    pub(crate) const N16: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum BCCH_DL_SCH_MessageType_c1 {
    #[asn(key = 0, extended = false)]
    SystemInformation(SystemInformation),
    #[asn(key = 1, extended = false)]
    SystemInformationBlockType1(SystemInformationBlockType1),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct BCCH_DL_SCH_MessageType_messageClassExtension {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "63")]
pub(crate) struct BandClassInfoCDMA2000ThreshX_High(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "63")]
pub(crate) struct BandClassInfoCDMA2000ThreshX_Low(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "15", sz_ub = "15")]
pub(crate) struct CSFB_RegistrationParam1XRTTSid(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "16", sz_ub = "16")]
pub(crate) struct CSFB_RegistrationParam1XRTTNid(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTMultipleSID(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTMultipleNID(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTHomeReg(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTForeignSIDReg(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTForeignNIDReg(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTParameterReg(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct CSFB_RegistrationParam1XRTTPowerUpReg(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "7", sz_ub = "7")]
pub(crate) struct CSFB_RegistrationParam1XRTTRegistrationPeriod(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "12", sz_ub = "12")]
pub(crate) struct CSFB_RegistrationParam1XRTTRegistrationZone(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "3", sz_ub = "3")]
pub(crate) struct CSFB_RegistrationParam1XRTTTotalZone(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "3", sz_ub = "3")]
pub(crate) struct CSFB_RegistrationParam1XRTTZoneTimer(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-60", ub = "-13")]
pub(crate) struct CarrierFreqUTRA_FDDQ_RxLevMin(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-50", ub = "33")]
pub(crate) struct CarrierFreqUTRA_FDDP_MaxUTRA(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-24", ub = "0")]
pub(crate) struct CarrierFreqUTRA_FDDQ_QualMin(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-60", ub = "-13")]
pub(crate) struct CarrierFreqUTRA_TDDQ_RxLevMin(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-50", ub = "33")]
pub(crate) struct CarrierFreqUTRA_TDDP_MaxUTRA(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct CarrierFreqsGERANBandIndicator(pub(crate) u8);
impl CarrierFreqsGERANBandIndicator {
    pub(crate) const DCS1800: u8 = 0u8;
    pub(crate) const PCS1900: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "0", sz_ub = "31")]
pub(crate) struct CarrierFreqsGERANFollowingARFCNs_explicitListOfARFCNs(pub(crate) Vec<ARFCN_ValueGERAN>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "8")]
pub(crate) struct CarrierFreqsGERANFollowingARFCNs_equallySpacedARFCNsArfcn_Spacing(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "31")]
pub(crate) struct CarrierFreqsGERANFollowingARFCNs_equallySpacedARFCNsNumberOfFollowingARFCNs(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct CarrierFreqsGERANFollowingARFCNs_equallySpacedARFCNs {
    pub(crate) arfcn_spacing: CarrierFreqsGERANFollowingARFCNs_equallySpacedARFCNsArfcn_Spacing,
    pub(crate) number_of_following_arfc_ns: CarrierFreqsGERANFollowingARFCNs_equallySpacedARFCNsNumberOfFollowingARFCNs,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct CarrierFreqsGERANFollowingARFCNs_variableBitMapOfARFCNs(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "2", extensible = false)]
pub(crate) enum CarrierFreqsGERANFollowingARFCNs {
    #[asn(key = 0, extended = false)]
    ExplicitListOfARFCNs(CarrierFreqsGERANFollowingARFCNs_explicitListOfARFCNs),
    #[asn(key = 1, extended = false)]
    EquallySpacedARFCNs(CarrierFreqsGERANFollowingARFCNs_equallySpacedARFCNs),
    #[asn(key = 2, extended = false)]
    VariableBitMapOfARFCNs(CarrierFreqsGERANFollowingARFCNs_variableBitMapOfARFCNs),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "8", sz_ub = "8")]
pub(crate) struct CarrierFreqsInfoGERANCommonInfoNcc_Permitted(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "45")]
pub(crate) struct CarrierFreqsInfoGERANCommonInfoQ_RxLevMin(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "39")]
pub(crate) struct CarrierFreqsInfoGERANCommonInfoP_MaxGERAN(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct CarrierFreqsInfoGERANCommonInfo {
    #[asn(optional_idx = 0)]
    pub(crate) cell_reselection_priority: Option<CellReselectionPriority>,
    pub(crate) ncc_permitted: CarrierFreqsInfoGERANCommonInfoNcc_Permitted,
    pub(crate) q_rx_lev_min: CarrierFreqsInfoGERANCommonInfoQ_RxLevMin,
    #[asn(optional_idx = 1)]
    pub(crate) p_max_geran: Option<CarrierFreqsInfoGERANCommonInfoP_MaxGERAN>,
    pub(crate) thresh_x_high: ReselectionThreshold,
    pub(crate) thresh_x_low: ReselectionThreshold,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "32")]
pub(crate) struct CellReselectionParametersCDMA2000BandClassList(pub(crate) Vec<BandClassInfoCDMA2000>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct CellReselectionParametersCDMA2000NeighCellList(pub(crate) Vec<NeighCellCDMA2000>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct InterFreqCarrierFreqInfoPresenceAntennaPort1(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct InterFreqCarrierFreqInfoInterFreqNeighCellList(pub(crate) Vec<InterFreqNeighCellInfo>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct InterFreqCarrierFreqInfoInterFreqBlackCellList(pub(crate) Vec<PhysCellIdRange>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct MBMS_NotificationConfig_r9NotificationRepetitionCoeff_r9(pub(crate) u8);
impl MBMS_NotificationConfig_r9NotificationRepetitionCoeff_r9 {
    pub(crate) const N2: u8 = 0u8;
    pub(crate) const N4: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "10")]
pub(crate) struct MBMS_NotificationConfig_r9NotificationOffset_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "6")]
pub(crate) struct MBMS_NotificationConfig_r9NotificationSF_Index_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "262143")]
pub(crate) struct MBMS_SAI_InterFreq_r11Dl_CarrierFreq_r11(pub(crate) u32);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "1", sz_ub = "1")]
pub(crate) struct MBMS_SessionInfo_r9SessionId_r9(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "28")]
pub(crate) struct MBMS_SessionInfo_r9LogicalChannelIdentity_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct MBMSCountingRequest_r10LateNonCriticalExtension(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBMSCountingRequest_r10NonCriticalExtension {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "255")]
pub(crate) struct MBSFN_AreaInfo_r9Mbsfn_AreaId_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct MBSFN_AreaInfo_r9Non_MBSFNregionLength(pub(crate) u8);
impl MBSFN_AreaInfo_r9Non_MBSFNregionLength {
    pub(crate) const S1: u8 = 0u8;
    pub(crate) const S2: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "7")]
pub(crate) struct MBSFN_AreaInfo_r9NotificationIndicator_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_RepetitionPeriod_r9(pub(crate) u8);
impl MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_RepetitionPeriod_r9 {
    pub(crate) const RF32: u8 = 0u8;
    pub(crate) const RF64: u8 = 1u8;
    pub(crate) const RF128: u8 = 2u8;
    pub(crate) const RF256: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "10")]
pub(crate) struct MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_Offset_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_ModificationPeriod_r9(pub(crate) u8);
impl MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_ModificationPeriod_r9 {
    pub(crate) const RF512: u8 = 0u8;
    pub(crate) const RF1024: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "6", sz_ub = "6")]
pub(crate) struct MBSFN_AreaInfo_r9Mcch_Config_r9Sf_AllocInfo_r9(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct MBSFN_AreaInfo_r9Mcch_Config_r9SignallingMCS_r9(pub(crate) u8);
impl MBSFN_AreaInfo_r9Mcch_Config_r9SignallingMCS_r9 {
    pub(crate) const N2: u8 = 0u8;
    pub(crate) const N7: u8 = 1u8;
    pub(crate) const N13: u8 = 2u8;
    pub(crate) const N19: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBSFN_AreaInfo_r9Mcch_Config_r9 {
    pub(crate) mcch_repetition_period_r9: MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_RepetitionPeriod_r9,
    pub(crate) mcch_offset_r9: MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_Offset_r9,
    pub(crate) mcch_modification_period_r9: MBSFN_AreaInfo_r9Mcch_Config_r9Mcch_ModificationPeriod_r9,
    pub(crate) sf_alloc_info_r9: MBSFN_AreaInfo_r9Mcch_Config_r9Sf_AllocInfo_r9,
    pub(crate) signalling_mcs_r9: MBSFN_AreaInfo_r9Mcch_Config_r9SignallingMCS_r9,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "5")]
pub(crate) struct MBSFN_SubframeConfigRadioframeAllocationPeriod(pub(crate) u8);
impl MBSFN_SubframeConfigRadioframeAllocationPeriod {
    pub(crate) const N1: u8 = 0u8;
    pub(crate) const N2: u8 = 1u8;
    pub(crate) const N4: u8 = 2u8;
    pub(crate) const N8: u8 = 3u8;
    pub(crate) const N16: u8 = 4u8;
    pub(crate) const N32: u8 = 5u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "7")]
pub(crate) struct MBSFN_SubframeConfigRadioframeAllocationOffset(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "6", sz_ub = "6")]
pub(crate) struct MBSFN_SubframeConfigSubframeAllocation_oneFrame(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "24", sz_ub = "24")]
pub(crate) struct MBSFN_SubframeConfigSubframeAllocation_fourFrames(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum MBSFN_SubframeConfigSubframeAllocation {
    #[asn(key = 0, extended = false)]
    OneFrame(MBSFN_SubframeConfigSubframeAllocation_oneFrame),
    #[asn(key = 1, extended = false)]
    FourFrames(MBSFN_SubframeConfigSubframeAllocation_fourFrames),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "2", sz_ub = "2")]
pub(crate) struct MBSFN_SubframeConfig_v1430SubframeAllocation_v1430_oneFrame_v1430(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "8", sz_ub = "8")]
pub(crate) struct MBSFN_SubframeConfig_v1430SubframeAllocation_v1430_fourFrames_v1430(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum MBSFN_SubframeConfig_v1430SubframeAllocation_v1430 {
    #[asn(key = 0, extended = false)]
    OneFrame_v1430(MBSFN_SubframeConfig_v1430SubframeAllocation_v1430_oneFrame_v1430),
    #[asn(key = 1, extended = false)]
    FourFrames_v1430(MBSFN_SubframeConfig_v1430SubframeAllocation_v1430_fourFrames_v1430),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "2", sz_ub = "2")]
pub(crate) struct MBSFN_SubframeConfig_v1610SubframeAllocation_v1610_oneFrame_v1610(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "8", sz_ub = "8")]
pub(crate) struct MBSFN_SubframeConfig_v1610SubframeAllocation_v1610_fourFrames_v1610(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum MBSFN_SubframeConfig_v1610SubframeAllocation_v1610 {
    #[asn(key = 0, extended = false)]
    OneFrame_v1610(MBSFN_SubframeConfig_v1610SubframeAllocation_v1610_oneFrame_v1610),
    #[asn(key = 1, extended = false)]
    FourFrames_v1610(MBSFN_SubframeConfig_v1610SubframeAllocation_v1610_fourFrames_v1610),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "6")]
pub(crate) struct MBSFNAreaConfiguration_r9CommonSF_AllocPeriod_r9(pub(crate) u8);
impl MBSFNAreaConfiguration_r9CommonSF_AllocPeriod_r9 {
    pub(crate) const RF4: u8 = 0u8;
    pub(crate) const RF8: u8 = 1u8;
    pub(crate) const RF16: u8 = 2u8;
    pub(crate) const RF32: u8 = 3u8;
    pub(crate) const RF64: u8 = 4u8;
    pub(crate) const RF128: u8 = 5u8;
    pub(crate) const RF256: u8 = 6u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MBSFNAreaConfiguration_v1610_IEsNonCriticalExtension {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct MBSFNAreaConfiguration_v930_IEsLateNonCriticalExtension(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "0", extensible = false)]
pub(crate) enum MCCH_MessageType_c1 {
    #[asn(key = 0, extended = false)]
    MbsfnAreaConfiguration_r9(MBSFNAreaConfiguration_r9),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "0", extensible = false)]
pub(crate) enum MCCH_MessageType_later_c2 {
    #[asn(key = 0, extended = false)]
    MbmsCountingRequest_r10(MBMSCountingRequest_r10),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct MCCH_MessageType_later_messageClassExtension {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum MCCH_MessageType_later {
    #[asn(key = 0, extended = false)]
    C2(MCCH_MessageType_later_c2),
    #[asn(key = 1, extended = false)]
    MessageClassExtension(MCCH_MessageType_later_messageClassExtension),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "5")]
pub(crate) struct MasterInformationBlockDl_Bandwidth(pub(crate) u8);
impl MasterInformationBlockDl_Bandwidth {
    pub(crate) const N6: u8 = 0u8;
    pub(crate) const N15: u8 = 1u8;
    pub(crate) const N25: u8 = 2u8;
    pub(crate) const N50: u8 = 3u8;
    pub(crate) const N75: u8 = 4u8;
    pub(crate) const N100: u8 = 5u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "8", sz_ub = "8")]
pub(crate) struct MasterInformationBlockSystemFrameNumber(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "10", sz_ub = "10")]
pub(crate) struct MasterInformationBlockSpare(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct MobilityStateParametersT_Evaluation(pub(crate) u8);
impl MobilityStateParametersT_Evaluation {
    pub(crate) const S30: u8 = 0u8;
    pub(crate) const S60: u8 = 1u8;
    pub(crate) const S120: u8 = 2u8;
    pub(crate) const S180: u8 = 3u8;
    pub(crate) const S240: u8 = 4u8;
    pub(crate) const SPARE3: u8 = 5u8;
    pub(crate) const SPARE2: u8 = 6u8;
    pub(crate) const SPARE1: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct MobilityStateParametersT_HystNormal(pub(crate) u8);
impl MobilityStateParametersT_HystNormal {
    pub(crate) const S30: u8 = 0u8;
    pub(crate) const S60: u8 = 1u8;
    pub(crate) const S120: u8 = 2u8;
    pub(crate) const S180: u8 = 3u8;
    pub(crate) const S240: u8 = 4u8;
    pub(crate) const SPARE3: u8 = 5u8;
    pub(crate) const SPARE2: u8 = 6u8;
    pub(crate) const SPARE1: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "16")]
pub(crate) struct MobilityStateParametersN_CellChangeMedium(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "16")]
pub(crate) struct MobilityStateParametersN_CellChangeHigh(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct NeighCellCDMA2000NeighCellsPerFreqList(pub(crate) Vec<NeighCellsPerBandclassCDMA2000>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "2047")]
pub(crate) struct NeighCellsPerBandclassCDMA2000Arfcn(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct NeighCellsPerBandclassCDMA2000PhysCellIdList(pub(crate) Vec<PhysCellIdCDMA2000>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct PCCH_ConfigDefaultPagingCycle(pub(crate) u8);
impl PCCH_ConfigDefaultPagingCycle {
    pub(crate) const RF32: u8 = 0u8;
    pub(crate) const RF64: u8 = 1u8;
    pub(crate) const RF128: u8 = 2u8;
    pub(crate) const RF256: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct PCCH_ConfigNB(pub(crate) u8);
impl PCCH_ConfigNB {
    pub(crate) const FOUR_T: u8 = 0u8;
    pub(crate) const TWO_T: u8 = 1u8;
    pub(crate) const ONE_T: u8 = 2u8;
    pub(crate) const HALF_T: u8 = 3u8;
    pub(crate) const QUARTER_T: u8 = 4u8;
    pub(crate) const ONE_EIGHTH_T: u8 = 5u8;
    pub(crate) const ONE_SIXTEENTH_T: u8 = 6u8;
    pub(crate) const ONE_THIRTY_SECOND_T: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-60", ub = "50")]
pub(crate) struct PDSCH_ConfigCommonReferenceSignalPower(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "3")]
pub(crate) struct PDSCH_ConfigCommonP_b(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct PHICH_ConfigPhich_Duration(pub(crate) u8);
impl PHICH_ConfigPhich_Duration {
    pub(crate) const NORMAL: u8 = 0u8;
    pub(crate) const EXTENDED: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct PHICH_ConfigPhich_Resource(pub(crate) u8);
impl PHICH_ConfigPhich_Resource {
    pub(crate) const ONE_SIXTH: u8 = 0u8;
    pub(crate) const HALF: u8 = 1u8;
    pub(crate) const ONE: u8 = 2u8;
    pub(crate) const TWO: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct PLMN_IdentityInfoCellReservedForOperatorUse(pub(crate) u8);
impl PLMN_IdentityInfoCellReservedForOperatorUse {
    pub(crate) const RESERVED: u8 = 0u8;
    pub(crate) const NOT_RESERVED: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "1535")]
pub(crate) struct PMCH_Config_r12Sf_AllocEnd_r12(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "28")]
pub(crate) struct PMCH_Config_r12DataMCS_r12_normal_r12(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "27")]
pub(crate) struct PMCH_Config_r12DataMCS_r12_higerOrder_r12(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum PMCH_Config_r12DataMCS_r12 {
    #[asn(key = 0, extended = false)]
    Normal_r12(PMCH_Config_r12DataMCS_r12_normal_r12),
    #[asn(key = 1, extended = false)]
    HigerOrder_r12(PMCH_Config_r12DataMCS_r12_higerOrder_r12),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "8")]
pub(crate) struct PMCH_Config_r12Mch_SchedulingPeriod_r12(pub(crate) u8);
impl PMCH_Config_r12Mch_SchedulingPeriod_r12 {
    pub(crate) const RF4: u8 = 0u8;
    pub(crate) const RF8: u8 = 1u8;
    pub(crate) const RF16: u8 = 2u8;
    pub(crate) const RF32: u8 = 3u8;
    pub(crate) const RF64: u8 = 4u8;
    pub(crate) const RF128: u8 = 5u8;
    pub(crate) const RF256: u8 = 6u8;
    pub(crate) const RF512: u8 = 7u8;
    pub(crate) const RF1024: u8 = 8u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "1535")]
pub(crate) struct PMCH_Config_r9Sf_AllocEnd_r9(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "28")]
pub(crate) struct PMCH_Config_r9DataMCS_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct PMCH_Config_r9Mch_SchedulingPeriod_r9(pub(crate) u8);
impl PMCH_Config_r9Mch_SchedulingPeriod_r9 {
    pub(crate) const RF8: u8 = 0u8;
    pub(crate) const RF16: u8 = 1u8;
    pub(crate) const RF32: u8 = 2u8;
    pub(crate) const RF64: u8 = 3u8;
    pub(crate) const RF128: u8 = 4u8;
    pub(crate) const RF256: u8 = 5u8;
    pub(crate) const RF512: u8 = 6u8;
    pub(crate) const RF1024: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "837")]
pub(crate) struct PRACH_ConfigSIBRootSequenceIndex(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "63")]
pub(crate) struct PRACH_ConfigSIBPrach_ConfigInfoPrach_ConfigIndex(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct PRACH_ConfigSIBPrach_ConfigInfoHighSpeedFlag(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "15")]
pub(crate) struct PRACH_ConfigSIBPrach_ConfigInfoZeroCorrelationZoneConfig(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "94")]
pub(crate) struct PRACH_ConfigSIBPrach_ConfigInfoPrach_FreqOffset(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PRACH_ConfigSIBPrach_ConfigInfo {
    pub(crate) prach_config_index: PRACH_ConfigSIBPrach_ConfigInfoPrach_ConfigIndex,
    pub(crate) high_speed_flag: PRACH_ConfigSIBPrach_ConfigInfoHighSpeedFlag,
    pub(crate) zero_correlation_zone_config: PRACH_ConfigSIBPrach_ConfigInfoZeroCorrelationZoneConfig,
    pub(crate) prach_freq_offset: PRACH_ConfigSIBPrach_ConfigInfoPrach_FreqOffset,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "2")]
pub(crate) struct PUCCH_ConfigCommonDeltaPUCCH_Shift(pub(crate) u8);
impl PUCCH_ConfigCommonDeltaPUCCH_Shift {
    pub(crate) const DS1: u8 = 0u8;
    pub(crate) const DS2: u8 = 1u8;
    pub(crate) const DS3: u8 = 2u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "98")]
pub(crate) struct PUCCH_ConfigCommonNRB_CQI(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "7")]
pub(crate) struct PUCCH_ConfigCommonNCS_AN(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "2047")]
pub(crate) struct PUCCH_ConfigCommonN1PUCCH_AN(pub(crate) u16);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "4")]
pub(crate) struct PUSCH_ConfigCommonPusch_ConfigBasicN_SB(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct PUSCH_ConfigCommonPusch_ConfigBasicHoppingMode(pub(crate) u8);
impl PUSCH_ConfigCommonPusch_ConfigBasicHoppingMode {
    pub(crate) const INTER_SUB_FRAME: u8 = 0u8;
    pub(crate) const INTRA_AND_INTER_SUB_FRAME: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "98")]
pub(crate) struct PUSCH_ConfigCommonPusch_ConfigBasicPusch_HoppingOffset(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct PUSCH_ConfigCommonPusch_ConfigBasicEnable64QAM(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PUSCH_ConfigCommonPusch_ConfigBasic {
    pub(crate) n_sb: PUSCH_ConfigCommonPusch_ConfigBasicN_SB,
    pub(crate) hopping_mode: PUSCH_ConfigCommonPusch_ConfigBasicHoppingMode,
    pub(crate) pusch_hopping_offset: PUSCH_ConfigCommonPusch_ConfigBasicPusch_HoppingOffset,
    pub(crate) enable64_qam: PUSCH_ConfigCommonPusch_ConfigBasicEnable64QAM,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHGroupHoppingEnabled(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "29")]
pub(crate) struct PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHGroupAssignmentPUSCH(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHSequenceHoppingEnabled(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "7")]
pub(crate) struct PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHCyclicShift(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct PUSCH_ConfigCommonUl_ReferenceSignalsPUSCH {
    pub(crate) group_hopping_enabled: PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHGroupHoppingEnabled,
    pub(crate) group_assignment_pusch: PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHGroupAssignmentPUSCH,
    pub(crate) sequence_hopping_enabled: PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHSequenceHoppingEnabled,
    pub(crate) cyclic_shift: PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHCyclicShift,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct PhysCellIdRangeRange(pub(crate) u8);
impl PhysCellIdRangeRange {
    pub(crate) const N4: u8 = 0u8;
    pub(crate) const N8: u8 = 1u8;
    pub(crate) const N12: u8 = 2u8;
    pub(crate) const N16: u8 = 3u8;
    pub(crate) const N24: u8 = 4u8;
    pub(crate) const N32: u8 = 5u8;
    pub(crate) const N48: u8 = 6u8;
    pub(crate) const N64: u8 = 7u8;
    pub(crate) const N84: u8 = 8u8;
    pub(crate) const N96: u8 = 9u8;
    pub(crate) const N128: u8 = 10u8;
    pub(crate) const N168: u8 = 11u8;
    pub(crate) const N252: u8 = 12u8;
    pub(crate) const N504: u8 = 13u8;
    pub(crate) const SPARE2: u8 = 14u8;
    pub(crate) const SPARE1: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct PreRegistrationInfoHRPDPreRegistrationAllowed(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "255")]
pub(crate) struct PreRegistrationInfoHRPDPreRegistrationZoneId(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "2")]
pub(crate) struct PreRegistrationInfoHRPDSecondaryPreRegistrationZoneIdList(pub(crate) Vec<PreRegistrationZoneIdHRPD>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct RACH_ConfigCommonPreambleInfoNumberOfRA_Preambles(pub(crate) u8);
impl RACH_ConfigCommonPreambleInfoNumberOfRA_Preambles {
    pub(crate) const N4: u8 = 0u8;
    pub(crate) const N8: u8 = 1u8;
    pub(crate) const N12: u8 = 2u8;
    pub(crate) const N16: u8 = 3u8;
    pub(crate) const N20: u8 = 4u8;
    pub(crate) const N24: u8 = 5u8;
    pub(crate) const N28: u8 = 6u8;
    pub(crate) const N32: u8 = 7u8;
    pub(crate) const N36: u8 = 8u8;
    pub(crate) const N40: u8 = 9u8;
    pub(crate) const N44: u8 = 10u8;
    pub(crate) const N48: u8 = 11u8;
    pub(crate) const N52: u8 = 12u8;
    pub(crate) const N56: u8 = 13u8;
    pub(crate) const N60: u8 = 14u8;
    pub(crate) const N64: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "14")]
pub(crate) struct RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigSizeOfRA_PreamblesGroupA(pub(crate) u8);
impl RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigSizeOfRA_PreamblesGroupA {
    pub(crate) const N4: u8 = 0u8;
    pub(crate) const N8: u8 = 1u8;
    pub(crate) const N12: u8 = 2u8;
    pub(crate) const N16: u8 = 3u8;
    pub(crate) const N20: u8 = 4u8;
    pub(crate) const N24: u8 = 5u8;
    pub(crate) const N28: u8 = 6u8;
    pub(crate) const N32: u8 = 7u8;
    pub(crate) const N36: u8 = 8u8;
    pub(crate) const N40: u8 = 9u8;
    pub(crate) const N44: u8 = 10u8;
    pub(crate) const N48: u8 = 11u8;
    pub(crate) const N52: u8 = 12u8;
    pub(crate) const N56: u8 = 13u8;
    pub(crate) const N60: u8 = 14u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigMessageSizeGroupA(pub(crate) u8);
impl RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigMessageSizeGroupA {
    pub(crate) const B56: u8 = 0u8;
    pub(crate) const B144: u8 = 1u8;
    pub(crate) const B208: u8 = 2u8;
    pub(crate) const B256: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigMessagePowerOffsetGroupB(pub(crate) u8);
impl RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigMessagePowerOffsetGroupB {
    pub(crate) const MINUSINFINITY: u8 = 0u8;
    pub(crate) const D_B0: u8 = 1u8;
    pub(crate) const D_B5: u8 = 2u8;
    pub(crate) const D_B8: u8 = 3u8;
    pub(crate) const D_B10: u8 = 4u8;
    pub(crate) const D_B12: u8 = 5u8;
    pub(crate) const D_B15: u8 = 6u8;
    pub(crate) const D_B18: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = true)]
pub(crate) struct RACH_ConfigCommonPreambleInfoPreamblesGroupAConfig {
    pub(crate) size_of_ra_preambles_group_a: RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigSizeOfRA_PreamblesGroupA,
    pub(crate) message_size_group_a: RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigMessageSizeGroupA,
    pub(crate) message_power_offset_group_b: RACH_ConfigCommonPreambleInfoPreamblesGroupAConfigMessagePowerOffsetGroupB,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct RACH_ConfigCommonPreambleInfo {
    pub(crate) number_of_ra_preambles: RACH_ConfigCommonPreambleInfoNumberOfRA_Preambles,
    #[asn(optional_idx = 0)]
    pub(crate) preambles_group_a_config: Option<RACH_ConfigCommonPreambleInfoPreamblesGroupAConfig>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct RACH_ConfigCommonPowerRampingParametersPowerRampingStep(pub(crate) u8);
impl RACH_ConfigCommonPowerRampingParametersPowerRampingStep {
    pub(crate) const D_B0: u8 = 0u8;
    pub(crate) const D_B2: u8 = 1u8;
    pub(crate) const D_B4: u8 = 2u8;
    pub(crate) const D_B6: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct RACH_ConfigCommonPowerRampingParametersPreambleInitialReceivedTargetPower(pub(crate) u8);
impl RACH_ConfigCommonPowerRampingParametersPreambleInitialReceivedTargetPower {
    pub(crate) const D_BM_120: u8 = 0u8;
    pub(crate) const D_BM_118: u8 = 1u8;
    pub(crate) const D_BM_116: u8 = 2u8;
    pub(crate) const D_BM_114: u8 = 3u8;
    pub(crate) const D_BM_112: u8 = 4u8;
    pub(crate) const D_BM_110: u8 = 5u8;
    pub(crate) const D_BM_108: u8 = 6u8;
    pub(crate) const D_BM_106: u8 = 7u8;
    pub(crate) const D_BM_104: u8 = 8u8;
    pub(crate) const D_BM_102: u8 = 9u8;
    pub(crate) const D_BM_100: u8 = 10u8;
    pub(crate) const D_BM_98: u8 = 11u8;
    pub(crate) const D_BM_96: u8 = 12u8;
    pub(crate) const D_BM_94: u8 = 13u8;
    pub(crate) const D_BM_92: u8 = 14u8;
    pub(crate) const D_BM_90: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct RACH_ConfigCommonPowerRampingParameters {
    pub(crate) power_ramping_step: RACH_ConfigCommonPowerRampingParametersPowerRampingStep,
    pub(crate) preamble_initial_received_target_power:
        RACH_ConfigCommonPowerRampingParametersPreambleInitialReceivedTargetPower,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "10")]
pub(crate) struct RACH_ConfigCommonRa_SupervisionInfoPreambleTransMax(pub(crate) u8);
impl RACH_ConfigCommonRa_SupervisionInfoPreambleTransMax {
    pub(crate) const N3: u8 = 0u8;
    pub(crate) const N4: u8 = 1u8;
    pub(crate) const N5: u8 = 2u8;
    pub(crate) const N6: u8 = 3u8;
    pub(crate) const N7: u8 = 4u8;
    pub(crate) const N8: u8 = 5u8;
    pub(crate) const N10: u8 = 6u8;
    pub(crate) const N20: u8 = 7u8;
    pub(crate) const N50: u8 = 8u8;
    pub(crate) const N100: u8 = 9u8;
    pub(crate) const N200: u8 = 10u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct RACH_ConfigCommonRa_SupervisionInfoRa_ResponseWindowSize(pub(crate) u8);
impl RACH_ConfigCommonRa_SupervisionInfoRa_ResponseWindowSize {
    pub(crate) const SF2: u8 = 0u8;
    pub(crate) const SF3: u8 = 1u8;
    pub(crate) const SF4: u8 = 2u8;
    pub(crate) const SF5: u8 = 3u8;
    pub(crate) const SF6: u8 = 4u8;
    pub(crate) const SF7: u8 = 5u8;
    pub(crate) const SF8: u8 = 6u8;
    pub(crate) const SF10: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct RACH_ConfigCommonRa_SupervisionInfoMac_ContentionResolutionTimer(pub(crate) u8);
impl RACH_ConfigCommonRa_SupervisionInfoMac_ContentionResolutionTimer {
    pub(crate) const SF8: u8 = 0u8;
    pub(crate) const SF16: u8 = 1u8;
    pub(crate) const SF24: u8 = 2u8;
    pub(crate) const SF32: u8 = 3u8;
    pub(crate) const SF40: u8 = 4u8;
    pub(crate) const SF48: u8 = 5u8;
    pub(crate) const SF56: u8 = 6u8;
    pub(crate) const SF64: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct RACH_ConfigCommonRa_SupervisionInfo {
    pub(crate) preamble_trans_max: RACH_ConfigCommonRa_SupervisionInfoPreambleTransMax,
    pub(crate) ra_response_window_size: RACH_ConfigCommonRa_SupervisionInfoRa_ResponseWindowSize,
    pub(crate) mac_contention_resolution_timer: RACH_ConfigCommonRa_SupervisionInfoMac_ContentionResolutionTimer,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "8")]
pub(crate) struct RACH_ConfigCommonMaxHARQ_Msg3Tx(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct RadioResourceConfigCommonSIBUl_CyclicPrefixLength(pub(crate) u8);
impl RadioResourceConfigCommonSIBUl_CyclicPrefixLength {
    pub(crate) const LEN1: u8 = 0u8;
    pub(crate) const LEN2: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct SIB_Type_root(pub(crate) u8);
impl SIB_Type_root {
    pub(crate) const SIB_TYPE3: u8 = 0u8;
    pub(crate) const SIB_TYPE4: u8 = 1u8;
    pub(crate) const SIB_TYPE5: u8 = 2u8;
    pub(crate) const SIB_TYPE6: u8 = 3u8;
    pub(crate) const SIB_TYPE7: u8 = 4u8;
    pub(crate) const SIB_TYPE8: u8 = 5u8;
    pub(crate) const SIB_TYPE9: u8 = 6u8;
    pub(crate) const SIB_TYPE10: u8 = 7u8;
    pub(crate) const SIB_TYPE11: u8 = 8u8;
    pub(crate) const SIB_TYPE12_V920: u8 = 9u8;
    pub(crate) const SIB_TYPE13_V920: u8 = 10u8;
    pub(crate) const SIB_TYPE14_V1130: u8 = 11u8;
    pub(crate) const SIB_TYPE15_V1130: u8 = 12u8;
    pub(crate) const SIB_TYPE16_V1130: u8 = 13u8;
    pub(crate) const SIB_TYPE17_V1250: u8 = 14u8;
    pub(crate) const SIB_TYPE18_V1250: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "127")]
pub(crate) struct SIB_Type_addition(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "9", extensible = false)]
pub(crate) enum SIB_TypeAndInfo_root {
    #[asn(key = 0, extended = false)]
    Sib2(SystemInformationBlockType2),
    #[asn(key = 1, extended = false)]
    Sib3(SystemInformationBlockType3),
    #[asn(key = 2, extended = false)]
    Sib4(SystemInformationBlockType4),
    #[asn(key = 3, extended = false)]
    Sib5(SystemInformationBlockType5),
    #[asn(key = 4, extended = false)]
    Sib6(SystemInformationBlockType6),
    #[asn(key = 5, extended = false)]
    Sib7(SystemInformationBlockType7),
    #[asn(key = 6, extended = false)]
    Sib8(SystemInformationBlockType8),
    #[asn(key = 7, extended = false)]
    Sib9(SystemInformationBlockType9),
    #[asn(key = 8, extended = false)]
    Sib10(SystemInformationBlockType10),
    #[asn(key = 9, extended = false)]
    Sib11(SystemInformationBlockType11),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "127")]
pub(crate) struct SIB_TypeAndInfo_additionIndex(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct SIB_TypeAndInfo_additionOpenType(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SIB_TypeAndInfo_addition {
    pub(crate) index: SIB_TypeAndInfo_additionIndex,
    pub(crate) open_type: SIB_TypeAndInfo_additionOpenType,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "6")]
pub(crate) struct SchedulingInfoSi_Periodicity(pub(crate) u8);
impl SchedulingInfoSi_Periodicity {
    pub(crate) const RF8: u8 = 0u8;
    pub(crate) const RF16: u8 = 1u8;
    pub(crate) const RF32: u8 = 2u8;
    pub(crate) const RF64: u8 = 3u8;
    pub(crate) const RF128: u8 = 4u8;
    pub(crate) const RF256: u8 = 5u8;
    pub(crate) const RF512: u8 = 6u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "NULL")]
pub(crate) struct SoundingRS_UL_ConfigCommon_release;

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct SoundingRS_UL_ConfigCommon_setupSrs_BandwidthConfig(pub(crate) u8);
impl SoundingRS_UL_ConfigCommon_setupSrs_BandwidthConfig {
    pub(crate) const BW0: u8 = 0u8;
    pub(crate) const BW1: u8 = 1u8;
    pub(crate) const BW2: u8 = 2u8;
    pub(crate) const BW3: u8 = 3u8;
    pub(crate) const BW4: u8 = 4u8;
    pub(crate) const BW5: u8 = 5u8;
    pub(crate) const BW6: u8 = 6u8;
    pub(crate) const BW7: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct SoundingRS_UL_ConfigCommon_setupSrs_SubframeConfig(pub(crate) u8);
impl SoundingRS_UL_ConfigCommon_setupSrs_SubframeConfig {
    pub(crate) const SC0: u8 = 0u8;
    pub(crate) const SC1: u8 = 1u8;
    pub(crate) const SC2: u8 = 2u8;
    pub(crate) const SC3: u8 = 3u8;
    pub(crate) const SC4: u8 = 4u8;
    pub(crate) const SC5: u8 = 5u8;
    pub(crate) const SC6: u8 = 6u8;
    pub(crate) const SC7: u8 = 7u8;
    pub(crate) const SC8: u8 = 8u8;
    pub(crate) const SC9: u8 = 9u8;
    pub(crate) const SC10: u8 = 10u8;
    pub(crate) const SC11: u8 = 11u8;
    pub(crate) const SC12: u8 = 12u8;
    pub(crate) const SC13: u8 = 13u8;
    pub(crate) const SC14: u8 = 14u8;
    pub(crate) const SC15: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct SoundingRS_UL_ConfigCommon_setupAckNackSRS_SimultaneousTransmission(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "0")]
pub(crate) struct SoundingRS_UL_ConfigCommon_setupSrs_MaxUpPts(pub(crate) u8);
impl SoundingRS_UL_ConfigCommon_setupSrs_MaxUpPts {
    pub(crate) const TRUE: u8 = 0u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SoundingRS_UL_ConfigCommon_setup {
    pub(crate) srs_bandwidth_config: SoundingRS_UL_ConfigCommon_setupSrs_BandwidthConfig,
    pub(crate) srs_subframe_config: SoundingRS_UL_ConfigCommon_setupSrs_SubframeConfig,
    pub(crate) ack_nack_srs_simultaneous_transmission:
        SoundingRS_UL_ConfigCommon_setupAckNackSRS_SimultaneousTransmission,
    #[asn(optional_idx = 0)]
    pub(crate) srs_max_up_pts: Option<SoundingRS_UL_ConfigCommon_setupSrs_MaxUpPts>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct SpeedStateScaleFactorsSf_Medium(pub(crate) u8);
impl SpeedStateScaleFactorsSf_Medium {
    pub(crate) const O_DOT25: u8 = 0u8;
    pub(crate) const O_DOT5: u8 = 1u8;
    pub(crate) const O_DOT75: u8 = 2u8;
    pub(crate) const L_DOT0: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct SpeedStateScaleFactorsSf_High(pub(crate) u8);
impl SpeedStateScaleFactorsSf_High {
    pub(crate) const O_DOT25: u8 = 0u8;
    pub(crate) const O_DOT5: u8 = 1u8;
    pub(crate) const O_DOT75: u8 = 2u8;
    pub(crate) const L_DOT0: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemInformationCriticalExtensions_criticalExtensionsFuture {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum SystemInformationCriticalExtensions {
    #[asn(key = 0, extended = false)]
    SystemInformation_r8(SystemInformation_r8_IEs),
    #[asn(key = 1, extended = false)]
    CriticalExtensionsFuture(SystemInformationCriticalExtensions_criticalExtensionsFuture),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "32")]
pub(crate) struct SystemInformation_r8_IEsSib_TypeAndInfo(pub(crate) Vec<SIB_TypeAndInfo>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct SystemInformation_v8a0_IEsLateNonCriticalExtension(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemInformation_v8a0_IEsNonCriticalExtension {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "16", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfoTrackingAreaCode(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "28", sz_ub = "28")]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfoCellIdentity(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfoCellBarred(pub(crate) u8);
impl SystemInformationBlockType1CellAccessRelatedInfoCellBarred {
    pub(crate) const BARRED: u8 = 0u8;
    pub(crate) const NOT_BARRED: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfoIntraFreqReselection(pub(crate) u8);
impl SystemInformationBlockType1CellAccessRelatedInfoIntraFreqReselection {
    pub(crate) const ALLOWED: u8 = 0u8;
    pub(crate) const NOT_ALLOWED: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfoCsg_Indication(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "27", sz_ub = "27")]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfoCsg_Identity(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType1CellAccessRelatedInfo {
    pub(crate) plmn_identity_list: PLMN_IdentityList,
    pub(crate) tracking_area_code: SystemInformationBlockType1CellAccessRelatedInfoTrackingAreaCode,
    pub(crate) cell_identity: SystemInformationBlockType1CellAccessRelatedInfoCellIdentity,
    pub(crate) cell_barred: SystemInformationBlockType1CellAccessRelatedInfoCellBarred,
    pub(crate) intra_freq_reselection: SystemInformationBlockType1CellAccessRelatedInfoIntraFreqReselection,
    pub(crate) csg_indication: SystemInformationBlockType1CellAccessRelatedInfoCsg_Indication,
    #[asn(optional_idx = 0)]
    pub(crate) csg_identity: Option<SystemInformationBlockType1CellAccessRelatedInfoCsg_Identity>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "8")]
pub(crate) struct SystemInformationBlockType1CellSelectionInfoQ_RxLevMinOffset(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType1CellSelectionInfo {
    pub(crate) q_rx_lev_min: Q_RxLevMin,
    #[asn(optional_idx = 0)]
    pub(crate) q_rx_lev_min_offset: Option<SystemInformationBlockType1CellSelectionInfoQ_RxLevMinOffset>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "64")]
pub(crate) struct SystemInformationBlockType1FreqBandIndicator(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "6")]
pub(crate) struct SystemInformationBlockType1Si_WindowLength(pub(crate) u8);
impl SystemInformationBlockType1Si_WindowLength {
    pub(crate) const MS1: u8 = 0u8;
    pub(crate) const MS2: u8 = 1u8;
    pub(crate) const MS5: u8 = 2u8;
    pub(crate) const MS10: u8 = 3u8;
    pub(crate) const MS15: u8 = 4u8;
    pub(crate) const MS20: u8 = 5u8;
    pub(crate) const MS40: u8 = 6u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "31")]
pub(crate) struct SystemInformationBlockType1SystemInfoValueTag(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct SystemInformationBlockType1_v890_IEsLateNonCriticalExtension(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemInformationBlockType1_v890_IEsNonCriticalExtension {}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "16", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType10MessageIdentifier(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "16", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType10SerialNumber(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "2", sz_ub = "2")]
pub(crate) struct SystemInformationBlockType10WarningType(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "50", sz_ub = "50")]
pub(crate) struct SystemInformationBlockType10Dummy(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "16", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType11MessageIdentifier(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "16", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType11SerialNumber(pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "1")]
pub(crate) struct SystemInformationBlockType11WarningMessageSegmentType(pub(crate) u8);
impl SystemInformationBlockType11WarningMessageSegmentType {
    pub(crate) const NOT_LAST_SEGMENT: u8 = 0u8;
    pub(crate) const LAST_SEGMENT: u8 = 1u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "63")]
pub(crate) struct SystemInformationBlockType11WarningMessageSegmentNumber(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct SystemInformationBlockType11WarningMessageSegment(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "1", sz_ub = "1")]
pub(crate) struct SystemInformationBlockType11DataCodingScheme(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct SystemInformationBlockType13_r9Mbsfn_AreaInfoList_r9(pub(crate) Vec<MBSFN_AreaInfo_r9>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct SystemInformationBlockType13_r9LateNonCriticalExtension(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct SystemInformationBlockType15_r11Mbms_SAI_InterFreqList_r11(pub(crate) Vec<MBMS_SAI_InterFreq_r11>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING")]
pub(crate) struct SystemInformationBlockType15_r11LateNonCriticalExtension(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct SystemInformationBlockType2Ac_BarringInfoAc_BarringForEmergency(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct SystemInformationBlockType2Ac_BarringInfo {
    pub(crate) ac_barring_for_emergency: SystemInformationBlockType2Ac_BarringInfoAc_BarringForEmergency,
    #[asn(optional_idx = 0)]
    pub(crate) ac_barring_for_mo_signalling: Option<AC_BarringConfig>,
    #[asn(optional_idx = 1)]
    pub(crate) ac_barring_for_mo_data: Option<AC_BarringConfig>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "5")]
pub(crate) struct SystemInformationBlockType2FreqInfoUl_Bandwidth(pub(crate) u8);
impl SystemInformationBlockType2FreqInfoUl_Bandwidth {
    pub(crate) const N6: u8 = 0u8;
    pub(crate) const N15: u8 = 1u8;
    pub(crate) const N25: u8 = 2u8;
    pub(crate) const N50: u8 = 3u8;
    pub(crate) const N75: u8 = 4u8;
    pub(crate) const N100: u8 = 5u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "32")]
pub(crate) struct SystemInformationBlockType2FreqInfoAdditionalSpectrumEmission(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 2)]
pub(crate) struct SystemInformationBlockType2FreqInfo {
    #[asn(optional_idx = 0)]
    pub(crate) ul_carrier_freq: Option<ARFCN_ValueEUTRA>,
    #[asn(optional_idx = 1)]
    pub(crate) ul_bandwidth: Option<SystemInformationBlockType2FreqInfoUl_Bandwidth>,
    pub(crate) additional_spectrum_emission: SystemInformationBlockType2FreqInfoAdditionalSpectrumEmission,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct SystemInformationBlockType2TimeAlignmentTimerCommon(pub(crate) u8);
impl SystemInformationBlockType2TimeAlignmentTimerCommon {
    pub(crate) const SF500: u8 = 0u8;
    pub(crate) const SF750: u8 = 1u8;
    pub(crate) const SF1280: u8 = 2u8;
    pub(crate) const SF1920: u8 = 3u8;
    pub(crate) const SF2560: u8 = 4u8;
    pub(crate) const SF5120: u8 = 5u8;
    pub(crate) const SF10240: u8 = 6u8;
    pub(crate) const INFINITY: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "15")]
pub(crate) struct SystemInformationBlockType3CellReselectionInfoCommonQ_Hyst(pub(crate) u8);
impl SystemInformationBlockType3CellReselectionInfoCommonQ_Hyst {
    pub(crate) const D_B0: u8 = 0u8;
    pub(crate) const D_B1: u8 = 1u8;
    pub(crate) const D_B2: u8 = 2u8;
    pub(crate) const D_B3: u8 = 3u8;
    pub(crate) const D_B4: u8 = 4u8;
    pub(crate) const D_B5: u8 = 5u8;
    pub(crate) const D_B6: u8 = 6u8;
    pub(crate) const D_B8: u8 = 7u8;
    pub(crate) const D_B10: u8 = 8u8;
    pub(crate) const D_B12: u8 = 9u8;
    pub(crate) const D_B14: u8 = 10u8;
    pub(crate) const D_B16: u8 = 11u8;
    pub(crate) const D_B18: u8 = 12u8;
    pub(crate) const D_B20: u8 = 13u8;
    pub(crate) const D_B22: u8 = 14u8;
    pub(crate) const D_B24: u8 = 15u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSFSf_Medium(
    pub(crate) u8,
);
impl SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSFSf_Medium {
    pub(crate) const D_B_6: u8 = 0u8;
    pub(crate) const D_B_4: u8 = 1u8;
    pub(crate) const D_B_2: u8 = 2u8;
    pub(crate) const D_B0: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSFSf_High(
    pub(crate) u8,
);
impl SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSFSf_High {
    pub(crate) const D_B_6: u8 = 0u8;
    pub(crate) const D_B_4: u8 = 1u8;
    pub(crate) const D_B_2: u8 = 2u8;
    pub(crate) const D_B0: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSF {
    pub(crate) sf_medium:
        SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSFSf_Medium,
    pub(crate) sf_high: SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSFSf_High,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionPars {
    pub(crate) mobility_state_parameters: MobilityStateParameters,
    pub(crate) q_hyst_sf: SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionParsQ_HystSF,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType3CellReselectionInfoCommon {
    pub(crate) q_hyst: SystemInformationBlockType3CellReselectionInfoCommonQ_Hyst,
    #[asn(optional_idx = 0)]
    pub(crate) speed_state_reselection_pars:
        Option<SystemInformationBlockType3CellReselectionInfoCommonSpeedStateReselectionPars>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType3CellReselectionServingFreqInfo {
    #[asn(optional_idx = 0)]
    pub(crate) s_non_intra_search: Option<ReselectionThreshold>,
    pub(crate) thresh_serving_low: ReselectionThreshold,
    pub(crate) cell_reselection_priority: CellReselectionPriority,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct SystemInformationBlockType3IntraFreqCellReselectionInfoPresenceAntennaPort1(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 4)]
pub(crate) struct SystemInformationBlockType3IntraFreqCellReselectionInfo {
    pub(crate) q_rx_lev_min: Q_RxLevMin,
    #[asn(optional_idx = 0)]
    pub(crate) p_max: Option<P_Max>,
    #[asn(optional_idx = 1)]
    pub(crate) s_intra_search: Option<ReselectionThreshold>,
    #[asn(optional_idx = 2)]
    pub(crate) allowed_meas_bandwidth: Option<AllowedMeasBandwidth>,
    pub(crate) presence_antenna_port1: SystemInformationBlockType3IntraFreqCellReselectionInfoPresenceAntennaPort1,
    pub(crate) neigh_cell_config: NeighCellConfig,
    pub(crate) t_reselection_eutra: T_Reselection,
    #[asn(optional_idx = 3)]
    pub(crate) t_reselection_eutra_sf: Option<SpeedStateScaleFactors>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType4IntraFreqNeighCellList(pub(crate) Vec<IntraFreqNeighCellInfo>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType4IntraFreqBlackCellList(pub(crate) Vec<PhysCellIdRange>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "8")]
pub(crate) struct SystemInformationBlockType5InterFreqCarrierFreqList(pub(crate) Vec<InterFreqCarrierFreqInfo>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType6CarrierFreqListUTRA_FDD(pub(crate) Vec<CarrierFreqUTRA_FDD>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType6CarrierFreqListUTRA_TDD(pub(crate) Vec<CarrierFreqUTRA_TDD>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE-OF", sz_extensible = false, sz_lb = "1", sz_ub = "16")]
pub(crate) struct SystemInformationBlockType7CarrierFreqsInfoList(pub(crate) Vec<CarrierFreqsInfoGERAN>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "0", ub = "15")]
pub(crate) struct SystemInformationBlockType8SearchWindowSize(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct SystemInformationBlockType8ParametersHRPD {
    pub(crate) pre_registration_info_hrpd: PreRegistrationInfoHRPD,
    #[asn(optional_idx = 0)]
    pub(crate) cell_reselection_parameters_hrpd: Option<CellReselectionParametersCDMA2000>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "42", sz_ub = "42")]
pub(crate) struct SystemInformationBlockType8Parameters1XRTTLongCodeState1XRTT(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 3)]
pub(crate) struct SystemInformationBlockType8Parameters1XRTT {
    #[asn(optional_idx = 0)]
    pub(crate) csfb_registration_param1_xrtt: Option<CSFB_RegistrationParam1XRTT>,
    #[asn(optional_idx = 1)]
    pub(crate) long_code_state1_xrtt: Option<SystemInformationBlockType8Parameters1XRTTLongCodeState1XRTT>,
    #[asn(optional_idx = 2)]
    pub(crate) cell_reselection_parameters1_xrtt: Option<CellReselectionParametersCDMA2000>,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "1", sz_ub = "48")]
pub(crate) struct SystemInformationBlockType9Hnb_Name(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BOOLEAN")]
pub(crate) struct SystemTimeInfoCDMA2000Cdma_EUTRA_Synchronisation(pub(crate) bool);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "39", sz_ub = "39")]
pub(crate) struct SystemTimeInfoCDMA2000Cdma_SystemTime_synchronousSystemTime(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "BITSTRING", sz_extensible = false, sz_lb = "49", sz_ub = "49")]
pub(crate) struct SystemTimeInfoCDMA2000Cdma_SystemTime_asynchronousSystemTime(
    pub(crate) bitvec::vec::BitVec<u8, bitvec::order::Msb0>,
);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum SystemTimeInfoCDMA2000Cdma_SystemTime {
    #[asn(key = 0, extended = false)]
    SynchronousSystemTime(SystemTimeInfoCDMA2000Cdma_SystemTime_synchronousSystemTime),
    #[asn(key = 1, extended = false)]
    AsynchronousSystemTime(SystemTimeInfoCDMA2000Cdma_SystemTime_asynchronousSystemTime),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "6")]
pub(crate) struct TDD_ConfigSubframeAssignment(pub(crate) u8);
impl TDD_ConfigSubframeAssignment {
    pub(crate) const SA0: u8 = 0u8;
    pub(crate) const SA1: u8 = 1u8;
    pub(crate) const SA2: u8 = 2u8;
    pub(crate) const SA3: u8 = 3u8;
    pub(crate) const SA4: u8 = 4u8;
    pub(crate) const SA5: u8 = 5u8;
    pub(crate) const SA6: u8 = 6u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "8")]
pub(crate) struct TDD_ConfigSpecialSubframePatterns(pub(crate) u8);
impl TDD_ConfigSpecialSubframePatterns {
    pub(crate) const SSP0: u8 = 0u8;
    pub(crate) const SSP1: u8 = 1u8;
    pub(crate) const SSP2: u8 = 2u8;
    pub(crate) const SSP3: u8 = 3u8;
    pub(crate) const SSP4: u8 = 4u8;
    pub(crate) const SSP5: u8 = 5u8;
    pub(crate) const SSP6: u8 = 6u8;
    pub(crate) const SSP7: u8 = 7u8;
    pub(crate) const SSP8: u8 = 8u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "1", ub = "6")]
pub(crate) struct TMGI_r9Plmn_Id_r9_plmn_Index_r9(pub(crate) u8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "CHOICE", lb = "0", ub = "1", extensible = false)]
pub(crate) enum TMGI_r9Plmn_Id_r9 {
    #[asn(key = 0, extended = false)]
    Plmn_Index_r9(TMGI_r9Plmn_Id_r9_plmn_Index_r9),
    #[asn(key = 1, extended = false)]
    ExplicitValue_r9(PLMN_Identity),
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "OCTET-STRING", sz_extensible = false, sz_lb = "3", sz_ub = "3")]
pub(crate) struct TMGI_r9ServiceId_r9(pub(crate) Vec<u8>);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct UE_TimersAndConstantsT300(pub(crate) u8);
impl UE_TimersAndConstantsT300 {
    pub(crate) const MS100: u8 = 0u8;
    pub(crate) const MS200: u8 = 1u8;
    pub(crate) const MS300: u8 = 2u8;
    pub(crate) const MS400: u8 = 3u8;
    pub(crate) const MS600: u8 = 4u8;
    pub(crate) const MS1000: u8 = 5u8;
    pub(crate) const MS1500: u8 = 6u8;
    pub(crate) const MS2000: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct UE_TimersAndConstantsT301(pub(crate) u8);
impl UE_TimersAndConstantsT301 {
    pub(crate) const MS100: u8 = 0u8;
    pub(crate) const MS200: u8 = 1u8;
    pub(crate) const MS300: u8 = 2u8;
    pub(crate) const MS400: u8 = 3u8;
    pub(crate) const MS600: u8 = 4u8;
    pub(crate) const MS1000: u8 = 5u8;
    pub(crate) const MS1500: u8 = 6u8;
    pub(crate) const MS2000: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "6")]
pub(crate) struct UE_TimersAndConstantsT310(pub(crate) u8);
impl UE_TimersAndConstantsT310 {
    pub(crate) const MS0: u8 = 0u8;
    pub(crate) const MS50: u8 = 1u8;
    pub(crate) const MS100: u8 = 2u8;
    pub(crate) const MS200: u8 = 3u8;
    pub(crate) const MS500: u8 = 4u8;
    pub(crate) const MS1000: u8 = 5u8;
    pub(crate) const MS2000: u8 = 6u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct UE_TimersAndConstantsN310(pub(crate) u8);
impl UE_TimersAndConstantsN310 {
    pub(crate) const N1: u8 = 0u8;
    pub(crate) const N2: u8 = 1u8;
    pub(crate) const N3: u8 = 2u8;
    pub(crate) const N4: u8 = 3u8;
    pub(crate) const N6: u8 = 4u8;
    pub(crate) const N8: u8 = 5u8;
    pub(crate) const N10: u8 = 6u8;
    pub(crate) const N20: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "6")]
pub(crate) struct UE_TimersAndConstantsT311(pub(crate) u8);
impl UE_TimersAndConstantsT311 {
    pub(crate) const MS1000: u8 = 0u8;
    pub(crate) const MS3000: u8 = 1u8;
    pub(crate) const MS5000: u8 = 2u8;
    pub(crate) const MS10000: u8 = 3u8;
    pub(crate) const MS15000: u8 = 4u8;
    pub(crate) const MS20000: u8 = 5u8;
    pub(crate) const MS30000: u8 = 6u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct UE_TimersAndConstantsN311(pub(crate) u8);
impl UE_TimersAndConstantsN311 {
    pub(crate) const N1: u8 = 0u8;
    pub(crate) const N2: u8 = 1u8;
    pub(crate) const N3: u8 = 2u8;
    pub(crate) const N4: u8 = 3u8;
    pub(crate) const N5: u8 = 4u8;
    pub(crate) const N6: u8 = 5u8;
    pub(crate) const N8: u8 = 6u8;
    pub(crate) const N10: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-126", ub = "24")]
pub(crate) struct UplinkPowerControlCommonP0_NominalPUSCH(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "7")]
pub(crate) struct UplinkPowerControlCommonAlpha(pub(crate) u8);
impl UplinkPowerControlCommonAlpha {
    pub(crate) const AL0: u8 = 0u8;
    pub(crate) const AL04: u8 = 1u8;
    pub(crate) const AL05: u8 = 2u8;
    pub(crate) const AL06: u8 = 3u8;
    pub(crate) const AL07: u8 = 4u8;
    pub(crate) const AL08: u8 = 5u8;
    pub(crate) const AL09: u8 = 6u8;
    pub(crate) const AL1: u8 = 7u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-127", ub = "-96")]
pub(crate) struct UplinkPowerControlCommonP0_NominalPUCCH(pub(crate) i8);

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "2")]
pub(crate) struct UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1(pub(crate) u8);
impl UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1 {
    pub(crate) const DELTA_F_2: u8 = 0u8;
    pub(crate) const DELTA_F0: u8 = 1u8;
    pub(crate) const DELTA_F2: u8 = 2u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "2")]
pub(crate) struct UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1b(pub(crate) u8);
impl UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1b {
    pub(crate) const DELTA_F1: u8 = 0u8;
    pub(crate) const DELTA_F3: u8 = 1u8;
    pub(crate) const DELTA_F5: u8 = 2u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "3")]
pub(crate) struct UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2(pub(crate) u8);
impl UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2 {
    pub(crate) const DELTA_F_2: u8 = 0u8;
    pub(crate) const DELTA_F0: u8 = 1u8;
    pub(crate) const DELTA_F1: u8 = 2u8;
    pub(crate) const DELTA_F2: u8 = 3u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "2")]
pub(crate) struct UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2a(pub(crate) u8);
impl UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2a {
    pub(crate) const DELTA_F_2: u8 = 0u8;
    pub(crate) const DELTA_F0: u8 = 1u8;
    pub(crate) const DELTA_F2: u8 = 2u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "ENUMERATED", lb = "0", ub = "2")]
pub(crate) struct UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2b(pub(crate) u8);
impl UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2b {
    pub(crate) const DELTA_F_2: u8 = 0u8;
    pub(crate) const DELTA_F0: u8 = 1u8;
    pub(crate) const DELTA_F2: u8 = 2u8;
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "SEQUENCE", extensible = false)]
pub(crate) struct UplinkPowerControlCommonDeltaFList_PUCCH {
    pub(crate) delta_f_pucch_format1: UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1,
    pub(crate) delta_f_pucch_format1b: UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1b,
    pub(crate) delta_f_pucch_format2: UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2,
    pub(crate) delta_f_pucch_format2a: UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2a,
    pub(crate) delta_f_pucch_format2b: UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2b,
}

#[derive(asn1_codecs_derive :: UperCodec, Clone, PartialEq, Debug)]
#[asn(type = "INTEGER", lb = "-1", ub = "6")]
pub(crate) struct UplinkPowerControlCommonDeltaPreambleMsg3(pub(crate) i8);
