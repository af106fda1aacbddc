//! TS 36.331 clause 6.3.1: SystemInformationBlockType2, common radio resources and which subframes are MBSFN.

use super::codec::{EncodeRrcError, RrcError, check, index_of, value_at};
use super::generated::eutra_rrc as asn;
use super::mbsfn_subframe_config::{self, MbsfnSubframeConfig};

/// `modificationPeriodCoeff` (clause 6.3.2).
const MODIFICATION_PERIOD_COEFF: [u16; 4] = [2, 4, 8, 16];
/// `defaultPagingCycle` (clause 6.3.2), radio frames.
const DEFAULT_PAGING_CYCLE_RF: [u16; 4] = [32, 64, 128, 256];

/// SystemInformationBlockType2: what matters on a carrier without uplink. The uplink part (random access, PUSCH, PUCCH, power
/// control, timers) is sent with the constants at the end of this file; it, access class barring and the extensions are ignored
/// on reception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemInformationBlockType2 {
    /// `modificationPeriodCoeff`: 2, 4, 8, 16.
    pub modification_period_coeff: u8,
    /// `defaultPagingCycle`, radio frames: 32, 64, 128, 256.
    pub default_paging_cycle_rf: u16,
    /// `referenceSignalPower`: energy per resource element of the reference signals, dBm, -60 to 50.
    pub reference_signal_power_dbm: i8,
    /// `p-b`: P_B of TS 36.213 table 5.2-1, 0 to 3.
    pub p_b: u8,
    /// `mbsfn-SubframeConfigList`: at most 8; empty: left out, no subframe is MBSFN.
    pub mbsfn_subframe_config_list: Vec<MbsfnSubframeConfig>,
}

impl SystemInformationBlockType2 {
    /// Radio frames from one boundary to the next at which system information may change (clause 5.2.1.3).
    pub fn bcch_modification_period_rf(&self) -> u16 {
        u16::from(self.modification_period_coeff) * self.default_paging_cycle_rf
    }

    pub(super) fn to_asn(&self) -> Result<asn::SystemInformationBlockType2, EncodeRrcError> {
        let (field, allowed) = ("modificationPeriodCoeff", "2, 4, 8, 16");
        let coeff = index_of(field, &MODIFICATION_PERIOD_COEFF, self.modification_period_coeff.into(), allowed)?;
        let (field, allowed) = ("defaultPagingCycle", "32, 64, 128, 256");
        let cycle = index_of(field, &DEFAULT_PAGING_CYCLE_RF, self.default_paging_cycle_rf, allowed)?;
        check("referenceSignalPower", self.reference_signal_power_dbm.into(), -60..=50, "-60 to 50")?;
        check("p-b", self.p_b.into(), 0..=3, "0 to 3")?;
        let (field, list) = ("mbsfn-SubframeConfigList", &self.mbsfn_subframe_config_list);
        let list = (!list.is_empty()).then(|| mbsfn_subframe_config::to_asn(field, list)).transpose()?;
        Ok(asn::SystemInformationBlockType2 {
            ac_barring_info: None,
            radio_resource_config_common: asn::RadioResourceConfigCommonSIB {
                rach_config_common: rach_config_common(),
                bcch_config: asn::BCCH_Config {
                    modification_period_coeff: asn::BCCH_ConfigModificationPeriodCoeff(coeff),
                },
                pcch_config: asn::PCCH_Config {
                    default_paging_cycle: asn::PCCH_ConfigDefaultPagingCycle(cycle),
                    nb: asn::PCCH_ConfigNB(asn::PCCH_ConfigNB::ONE_T),
                },
                prach_config: prach_config(),
                pdsch_config_common: asn::PDSCH_ConfigCommon {
                    reference_signal_power: asn::PDSCH_ConfigCommonReferenceSignalPower(
                        self.reference_signal_power_dbm,
                    ),
                    p_b: asn::PDSCH_ConfigCommonP_b(self.p_b),
                },
                pusch_config_common: pusch_config_common(),
                pucch_config_common: asn::PUCCH_ConfigCommon {
                    delta_pucch_shift: asn::PUCCH_ConfigCommonDeltaPUCCH_Shift(
                        asn::PUCCH_ConfigCommonDeltaPUCCH_Shift::DS1,
                    ),
                    nrb_cqi: asn::PUCCH_ConfigCommonNRB_CQI(1),
                    ncs_an: asn::PUCCH_ConfigCommonNCS_AN(0),
                    n1pucch_an: asn::PUCCH_ConfigCommonN1PUCCH_AN(12),
                },
                sounding_rs_ul_config_common: asn::SoundingRS_UL_ConfigCommon::Release(
                    asn::SoundingRS_UL_ConfigCommon_release,
                ),
                uplink_power_control_common: uplink_power_control_common(),
                ul_cyclic_prefix_length: asn::RadioResourceConfigCommonSIBUl_CyclicPrefixLength(
                    asn::RadioResourceConfigCommonSIBUl_CyclicPrefixLength::LEN1,
                ),
            },
            ue_timers_and_constants: ue_timers_and_constants(),
            freq_info: asn::SystemInformationBlockType2FreqInfo {
                ul_carrier_freq: None,
                ul_bandwidth: None,
                additional_spectrum_emission: asn::SystemInformationBlockType2FreqInfoAdditionalSpectrumEmission(1),
            },
            mbsfn_subframe_config_list: list.map(asn::MBSFN_SubframeConfigList),
            time_alignment_timer_common: asn::SystemInformationBlockType2TimeAlignmentTimerCommon(
                asn::SystemInformationBlockType2TimeAlignmentTimerCommon::INFINITY,
            ),
        })
    }

    pub(super) fn from_asn(sib: &asn::SystemInformationBlockType2) -> Result<Self, RrcError> {
        let common = &sib.radio_resource_config_common;
        let coeff = common.bcch_config.modification_period_coeff.0;
        let cycle = common.pcch_config.default_paging_cycle.0;
        let list = sib.mbsfn_subframe_config_list.as_ref();
        Ok(Self {
            modification_period_coeff: value_at("modificationPeriodCoeff", &MODIFICATION_PERIOD_COEFF, coeff)? as u8,
            default_paging_cycle_rf: value_at("defaultPagingCycle", &DEFAULT_PAGING_CYCLE_RF, cycle)?,
            reference_signal_power_dbm: reference_signal_power(&common.pdsch_config_common)?,
            p_b: common.pdsch_config_common.p_b.0,
            mbsfn_subframe_config_list: list
                .map(|list| mbsfn_subframe_config::from_asn(&list.0))
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

impl Default for SystemInformationBlockType2 {
    /// System information may change every 2 x 128 radio frames; no MBSFN subframes; P_B = 0 (one antenna port: equal power).
    fn default() -> Self {
        Self {
            modification_period_coeff: 2,
            default_paging_cycle_rf: 128,
            reference_signal_power_dbm: 0,
            p_b: 0,
            mbsfn_subframe_config_list: Vec::new(),
        }
    }
}

fn reference_signal_power(config: &asn::PDSCH_ConfigCommon) -> Result<i8, RrcError> {
    let dbm = config.reference_signal_power.0;
    if (-60..=50).contains(&dbm) {
        Ok(dbm)
    } else {
        Err(RrcError::Value { field: "referenceSignalPower", value: (i64::from(dbm) + 60).unsigned_abs() })
    }
}

/// 52 preambles, no group A; 6 dB steps from -104 dBm, 10 attempts; response window 10, contention resolution 48 subframes.
fn rach_config_common() -> asn::RACH_ConfigCommon {
    use asn::RACH_ConfigCommonPowerRampingParametersPowerRampingStep as Step;
    use asn::RACH_ConfigCommonPowerRampingParametersPreambleInitialReceivedTargetPower as TargetPower;
    use asn::RACH_ConfigCommonPreambleInfoNumberOfRA_Preambles as Preambles;
    use asn::RACH_ConfigCommonRa_SupervisionInfoMac_ContentionResolutionTimer as ContentionTimer;
    use asn::RACH_ConfigCommonRa_SupervisionInfoPreambleTransMax as TransMax;
    use asn::RACH_ConfigCommonRa_SupervisionInfoRa_ResponseWindowSize as ResponseWindow;
    asn::RACH_ConfigCommon {
        preamble_info: asn::RACH_ConfigCommonPreambleInfo {
            number_of_ra_preambles: Preambles(Preambles::N52),
            preambles_group_a_config: None,
        },
        power_ramping_parameters: asn::RACH_ConfigCommonPowerRampingParameters {
            power_ramping_step: Step(Step::D_B6),
            preamble_initial_received_target_power: TargetPower(TargetPower::D_BM_104),
        },
        ra_supervision_info: asn::RACH_ConfigCommonRa_SupervisionInfo {
            preamble_trans_max: TransMax(TransMax::N10),
            ra_response_window_size: ResponseWindow(ResponseWindow::SF10),
            mac_contention_resolution_timer: ContentionTimer(ContentionTimer::SF48),
        },
        max_harq_msg3_tx: asn::RACH_ConfigCommonMaxHARQ_Msg3Tx(4),
    }
}

/// Root sequence 128, configuration 3 (format 0, every frame), zero correlation zone 5.
fn prach_config() -> asn::PRACH_ConfigSIB {
    asn::PRACH_ConfigSIB {
        root_sequence_index: asn::PRACH_ConfigSIBRootSequenceIndex(128),
        prach_config_info: asn::PRACH_ConfigSIBPrach_ConfigInfo {
            prach_config_index: asn::PRACH_ConfigSIBPrach_ConfigInfoPrach_ConfigIndex(3),
            high_speed_flag: asn::PRACH_ConfigSIBPrach_ConfigInfoHighSpeedFlag(false),
            zero_correlation_zone_config: asn::PRACH_ConfigSIBPrach_ConfigInfoZeroCorrelationZoneConfig(5),
            prach_freq_offset: asn::PRACH_ConfigSIBPrach_ConfigInfoPrach_FreqOffset(0),
        },
    }
}

/// One subband, no hopping of frequency, group or sequence, no 64QAM.
fn pusch_config_common() -> asn::PUSCH_ConfigCommon {
    use asn::PUSCH_ConfigCommonPusch_ConfigBasicHoppingMode as HoppingMode;
    asn::PUSCH_ConfigCommon {
        pusch_config_basic: asn::PUSCH_ConfigCommonPusch_ConfigBasic {
            n_sb: asn::PUSCH_ConfigCommonPusch_ConfigBasicN_SB(1),
            hopping_mode: HoppingMode(HoppingMode::INTER_SUB_FRAME),
            pusch_hopping_offset: asn::PUSCH_ConfigCommonPusch_ConfigBasicPusch_HoppingOffset(0),
            enable64_qam: asn::PUSCH_ConfigCommonPusch_ConfigBasicEnable64QAM(false),
        },
        ul_reference_signals_pusch: asn::PUSCH_ConfigCommonUl_ReferenceSignalsPUSCH {
            group_hopping_enabled: asn::PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHGroupHoppingEnabled(false),
            group_assignment_pusch: asn::PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHGroupAssignmentPUSCH(0),
            sequence_hopping_enabled: asn::PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHSequenceHoppingEnabled(false),
            cyclic_shift: asn::PUSCH_ConfigCommonUl_ReferenceSignalsPUSCHCyclicShift(0),
        },
    }
}

/// Nominal -85 dBm on PUSCH with alpha 0.7, -107 dBm on PUCCH, offsets of 0 dB (format 1b: 1 dB), message 3: 2 dB x 3.
fn uplink_power_control_common() -> asn::UplinkPowerControlCommon {
    use asn::UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1 as Format1;
    use asn::UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format1b as Format1b;
    use asn::UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2 as Format2;
    use asn::UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2a as Format2a;
    use asn::UplinkPowerControlCommonDeltaFList_PUCCHDeltaF_PUCCH_Format2b as Format2b;
    asn::UplinkPowerControlCommon {
        p0_nominal_pusch: asn::UplinkPowerControlCommonP0_NominalPUSCH(-85),
        alpha: asn::UplinkPowerControlCommonAlpha(asn::UplinkPowerControlCommonAlpha::AL07),
        p0_nominal_pucch: asn::UplinkPowerControlCommonP0_NominalPUCCH(-107),
        delta_f_list_pucch: asn::UplinkPowerControlCommonDeltaFList_PUCCH {
            delta_f_pucch_format1: Format1(Format1::DELTA_F0),
            delta_f_pucch_format1b: Format1b(Format1b::DELTA_F1),
            delta_f_pucch_format2: Format2(Format2::DELTA_F0),
            delta_f_pucch_format2a: Format2a(Format2a::DELTA_F0),
            delta_f_pucch_format2b: Format2b(Format2b::DELTA_F0),
        },
        delta_preamble_msg3: asn::UplinkPowerControlCommonDeltaPreambleMsg3(3),
    }
}

/// T300 and T301 1000 ms, T310 1000 ms after one indication, T311 1000 ms.
fn ue_timers_and_constants() -> asn::UE_TimersAndConstants {
    asn::UE_TimersAndConstants {
        t300: asn::UE_TimersAndConstantsT300(asn::UE_TimersAndConstantsT300::MS1000),
        t301: asn::UE_TimersAndConstantsT301(asn::UE_TimersAndConstantsT301::MS1000),
        t310: asn::UE_TimersAndConstantsT310(asn::UE_TimersAndConstantsT310::MS1000),
        n310: asn::UE_TimersAndConstantsN310(asn::UE_TimersAndConstantsN310::N1),
        t311: asn::UE_TimersAndConstantsT311(asn::UE_TimersAndConstantsT311::MS1000),
        n311: asn::UE_TimersAndConstantsN311(asn::UE_TimersAndConstantsN311::N1),
    }
}
