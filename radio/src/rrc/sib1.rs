//! TS 36.331 clause 6.2.2: SystemInformationBlockType1, who the cell belongs to and when the other blocks come.

use bitvec::prelude::*;

use super::codec::{EncodeRrcError, RrcError, bit_string, check, check_count, index_of, value_at, within};
use super::generated::eutra_rrc as asn;
use super::plmn::{plmn_from_asn, plmn_to_asn};
use super::si_window::SiWindow;

/// `si-Periodicity`, radio frames.
const SI_PERIODICITY_RF: [u16; 7] = [8, 16, 32, 64, 128, 256, 512];
/// `si-WindowLength`, ms.
const SI_WINDOW_LENGTH_MS: [u16; 7] = [1, 2, 5, 10, 15, 20, 40];
/// `SIB-Type`: the root, then the additions as of V17.1.0 (`sibType19-v1250` and on).
const SIB_TYPE_ADDITIONS: [u8; 6] = [19, 20, 21, 24, 25, 26];
/// First and last block of the root of `SIB-Type`.
const SIB_TYPE_ROOT: (u8, u8) = (3, 18);

/// SystemInformationBlockType1.
///
/// Sent besides what is here: no PLMN reserved for operator use, intra-frequency reselection allowed, no closed subscriber
/// group, no q-RxLevMinOffset, no p-Max, no TDD-Config (FDD). These, and v890 and later extensions, are ignored on reception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemInformationBlockType1 {
    /// `plmn-IdentityList`: 1 to 6 PLMNs as three octets of TS 24.008 clause 10.5.1.13.
    pub plmns: Vec<[u8; 3]>,
    /// `trackingAreaCode`.
    pub tracking_area_code: u16,
    /// `cellIdentity`, 28 bits.
    pub cell_identity: u32,
    /// `cellBarred`.
    pub cell_barred: bool,
    /// `q-RxLevMin`: lowest RSRP at which the cell may be chosen, dBm, even, -140 to -44.
    pub q_rx_lev_min_dbm: i16,
    /// `freqBandIndicator`: E-UTRA band, 1 to 64.
    pub freq_band_indicator: u8,
    /// `schedulingInfoList`: 1 to 32 SI messages, in the order that gives their windows.
    pub scheduling_info: Vec<SchedulingInfo>,
    /// `si-WindowLength`, ms: 1, 2, 5, 10, 15, 20, 40.
    pub si_window_length_ms: u8,
    /// `systemInfoValueTag`, 0 to 31: changes when a block other than SIB1 and SIB10 to 12 changes.
    pub system_info_value_tag: u8,
}

/// SchedulingInfo: one SI message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchedulingInfo {
    /// `si-Periodicity`, radio frames: 8, 16 .. 512.
    pub si_periodicity_rf: u16,
    /// `sib-MappingInfo`: numbers of its blocks (3 to 21, 24 to 26), at most 31. SIB2 is not listed: it is always the first
    /// block of the first SI message.
    pub sibs: Vec<u8>,
}

impl SystemInformationBlockType1 {
    /// Where SI message number `index` (from 0) of `scheduling_info` is sent; `None` when there is no such message or its
    /// window would begin after its period (clause 5.2.3).
    pub fn si_window(&self, index: usize) -> Option<SiWindow> {
        let info = self.scheduling_info.get(index)?;
        SiWindow::new(index, info.si_periodicity_rf, self.si_window_length_ms)
    }

    pub(super) fn to_asn(&self) -> Result<asn::SystemInformationBlockType1, EncodeRrcError> {
        check_count("plmn-IdentityList", self.plmns.len(), 1..=6, "1 to 6 entries")?;
        check("cellIdentity", self.cell_identity.into(), 0..=0xfff_ffff, "28 bits")?;
        check("freqBandIndicator", self.freq_band_indicator.into(), 1..=64, "1 to 64")?;
        check("systemInfoValueTag", self.system_info_value_tag.into(), 0..=31, "0 to 31")?;
        check_count("schedulingInfoList", self.scheduling_info.len(), 1..=32, "1 to 32 entries")?;
        let window = self.si_window_length_ms.into();
        let window = index_of("si-WindowLength", &SI_WINDOW_LENGTH_MS, window, "1, 2, 5, 10, 15, 20, 40")?;
        let plmns = self.plmns.iter().map(|&plmn| {
            Ok(asn::PLMN_IdentityInfo {
                plmn_identity: plmn_to_asn(plmn)?,
                cell_reserved_for_operator_use: asn::PLMN_IdentityInfoCellReservedForOperatorUse(
                    asn::PLMN_IdentityInfoCellReservedForOperatorUse::NOT_RESERVED,
                ),
            })
        });
        use asn::SystemInformationBlockType1CellAccessRelatedInfoCellBarred as CellBarred;
        use asn::SystemInformationBlockType1CellAccessRelatedInfoIntraFreqReselection as IntraFreqReselection;
        Ok(asn::SystemInformationBlockType1 {
            cell_access_related_info: asn::SystemInformationBlockType1CellAccessRelatedInfo {
                plmn_identity_list: asn::PLMN_IdentityList(plmns.collect::<Result<_, EncodeRrcError>>()?),
                tracking_area_code: asn::SystemInformationBlockType1CellAccessRelatedInfoTrackingAreaCode(bit_string(
                    self.tracking_area_code.into(),
                    16,
                )),
                cell_identity: asn::SystemInformationBlockType1CellAccessRelatedInfoCellIdentity(bit_string(
                    self.cell_identity,
                    28,
                )),
                cell_barred: CellBarred(if self.cell_barred { CellBarred::BARRED } else { CellBarred::NOT_BARRED }),
                intra_freq_reselection: IntraFreqReselection(IntraFreqReselection::ALLOWED),
                csg_indication: asn::SystemInformationBlockType1CellAccessRelatedInfoCsg_Indication(false),
                csg_identity: None,
            },
            cell_selection_info: asn::SystemInformationBlockType1CellSelectionInfo {
                q_rx_lev_min: q_rx_lev_min_to_asn(self.q_rx_lev_min_dbm)?,
                q_rx_lev_min_offset: None,
            },
            p_max: None,
            freq_band_indicator: asn::SystemInformationBlockType1FreqBandIndicator(self.freq_band_indicator),
            scheduling_info_list: asn::SchedulingInfoList(
                self.scheduling_info.iter().enumerate().map(|(i, s)| s.to_asn(i, self)).collect::<Result<_, _>>()?,
            ),
            tdd_config: None,
            si_window_length: asn::SystemInformationBlockType1Si_WindowLength(window),
            system_info_value_tag: asn::SystemInformationBlockType1SystemInfoValueTag(self.system_info_value_tag),
            non_critical_extension: None,
        })
    }

    pub(super) fn from_asn(sib: &asn::SystemInformationBlockType1) -> Result<Self, RrcError> {
        let access = &sib.cell_access_related_info;
        let mut mcc = None;
        let plmns = access.plmn_identity_list.0.iter().map(|info| plmn_from_asn(&info.plmn_identity, &mut mcc));
        use asn::SystemInformationBlockType1CellAccessRelatedInfoCellBarred as CellBarred;
        Ok(Self {
            plmns: plmns.collect::<Result<_, _>>()?,
            tracking_area_code: access.tracking_area_code.0.load_be(),
            cell_identity: access.cell_identity.0.load_be(),
            cell_barred: access.cell_barred.0 == CellBarred::BARRED,
            q_rx_lev_min_dbm: q_rx_lev_min_from_asn(&sib.cell_selection_info.q_rx_lev_min)?,
            freq_band_indicator: within("freqBandIndicator", sib.freq_band_indicator.0, 64)?,
            scheduling_info: sib
                .scheduling_info_list
                .0
                .iter()
                .map(SchedulingInfo::from_asn)
                .collect::<Result<_, _>>()?,
            si_window_length_ms: value_at("si-WindowLength", &SI_WINDOW_LENGTH_MS, sib.si_window_length.0)? as u8,
            system_info_value_tag: sib.system_info_value_tag.0,
        })
    }
}

impl SchedulingInfo {
    fn to_asn(&self, index: usize, sib1: &SystemInformationBlockType1) -> Result<asn::SchedulingInfo, EncodeRrcError> {
        let period = self.si_periodicity_rf;
        let period = index_of("si-Periodicity", &SI_PERIODICITY_RF, period, "8, 16, 32, 64, 128, 256, 512")?;
        check_count("sib-MappingInfo", self.sibs.len(), 0..=31, "at most 31 entries")?;
        if sib1.si_window(index).is_none() {
            let (field, value) = ("si-Periodicity", self.si_periodicity_rf.into());
            return Err(EncodeRrcError::Value { field, value, allowed: "a period in which the SI window begins" });
        }
        Ok(asn::SchedulingInfo {
            si_periodicity: asn::SchedulingInfoSi_Periodicity(period),
            sib_mapping_info: asn::SIB_MappingInfo(
                self.sibs.iter().map(|&sib| sib_type_to_asn(sib)).collect::<Result<_, _>>()?,
            ),
        })
    }

    /// Blocks of later releases are left out: they have no number here.
    fn from_asn(info: &asn::SchedulingInfo) -> Result<Self, RrcError> {
        Ok(Self {
            si_periodicity_rf: value_at("si-Periodicity", &SI_PERIODICITY_RF, info.si_periodicity.0)?,
            sibs: info.sib_mapping_info.0.iter().filter_map(sib_type_from_asn).collect(),
        })
    }
}

fn sib_type_to_asn(sib: u8) -> Result<asn::SIB_Type, EncodeRrcError> {
    let (first, last) = SIB_TYPE_ROOT;
    if (first..=last).contains(&sib) {
        return Ok(asn::SIB_Type::Root(asn::SIB_Type_root(sib - first)));
    }
    let addition = SIB_TYPE_ADDITIONS.iter().position(|&s| s == sib);
    let (field, value) = ("SIB-Type", sib.into());
    let addition = addition.ok_or(EncodeRrcError::Value { field, value, allowed: "3 to 21, 24, 25, 26" })?;
    Ok(asn::SIB_Type::Addition(asn::SIB_Type_addition(addition as u8)))
}

fn sib_type_from_asn(sib: &asn::SIB_Type) -> Option<u8> {
    match sib {
        asn::SIB_Type::Root(index) => Some(SIB_TYPE_ROOT.0 + index.0),
        asn::SIB_Type::Addition(index) => SIB_TYPE_ADDITIONS.get(usize::from(index.0)).copied(),
    }
}

/// Q-RxLevMin (clause 6.3.4): the field is half of the value in dBm.
pub(super) fn q_rx_lev_min_to_asn(dbm: i16) -> Result<asn::Q_RxLevMin, EncodeRrcError> {
    if dbm % 2 != 0 || !(-140..=-44).contains(&dbm) {
        let (field, value) = ("q-RxLevMin", dbm.into());
        return Err(EncodeRrcError::Value { field, value, allowed: "even values from -140 to -44 dBm" });
    }
    Ok(asn::Q_RxLevMin((dbm / 2) as i8))
}

/// Inverse of [`q_rx_lev_min_to_asn`].
pub(super) fn q_rx_lev_min_from_asn(field: &asn::Q_RxLevMin) -> Result<i16, RrcError> {
    within("q-RxLevMin", (i16::from(field.0) + 70).unsigned_abs(), 48)?;
    Ok(i16::from(field.0) * 2)
}
