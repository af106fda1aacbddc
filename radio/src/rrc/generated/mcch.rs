// MCCH-Message of TS 36.331 V17.1.0 clauses 6.2.1, 6.2.2 and 6.3.7: code made by a compiler, not by hand.
// Source: radio/asn1/mcch.asn. Compiler: crate asn1-compiler 0.7.2 (`cargo install asn1-compiler`), run in radio/ as
//   rs-asn1c --module src/rrc/generated/mcch.rs --codec uper --visibility crate --derive clone --derive partial-eq -- asn1/mcch.asn
// then this header put in front and `cargo fmt` run.

pub(crate) const MAX_MBSFN_ALLOCATIONS: i64 = 8;

pub(crate) const MAX_PLMN_R11: i64 = 6;

pub(crate) const MAX_PMCH_PER_MBSFN: i64 = 15;

pub(crate) const MAX_SERVICE_COUNT: i64 = 16;

pub(crate) const MAX_SESSION_PER_PMCH: i64 = 29;

pub(crate) const MAX_SESSION_PER_PMCH_1: i64 = 28;

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
#[asn(type = "SEQUENCE", extensible = false, optional_fields = 1)]
pub(crate) struct PLMN_Identity {
    #[asn(optional_idx = 0)]
    pub(crate) mcc: Option<MCC>,
    pub(crate) mnc: MNC,
}

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
pub(crate) struct TMGI_r9 {
    pub(crate) plmn_id_r9: TMGI_r9Plmn_Id_r9,
    pub(crate) service_id_r9: TMGI_r9ServiceId_r9,
}

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
