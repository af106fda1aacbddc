//! TS 36.331 clause 6.3.1: SystemInformationBlockType3, cell reselection.

use bitvec::prelude::*;

use super::codec::{EncodeRrcError, RrcError, bit_string, check, index_of, value_at};
use super::generated::eutra_rrc as asn;
use super::sib1::{q_rx_lev_min_from_asn, q_rx_lev_min_to_asn};

/// `q-Hyst`, dB.
const Q_HYST_DB: [u16; 16] = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

/// SystemInformationBlockType3. Speed-dependent scaling, search thresholds, p-Max and allowedMeasBandwidth are left out and
/// ignored on reception, as are its extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemInformationBlockType3 {
    /// `q-Hyst`, dB: 0 to 6, 8, 10 .. 24.
    pub q_hyst_db: u8,
    /// `threshServingLow`, dB, even, 0 to 62.
    pub thresh_serving_low_db: u8,
    /// `cellReselectionPriority`, 0 to 7.
    pub cell_reselection_priority: u8,
    /// `q-RxLevMin` of neighbours, dBm, even, -140 to -44.
    pub q_rx_lev_min_dbm: i16,
    /// `presenceAntennaPort1`: every neighbour has at least two antenna ports.
    pub presence_antenna_port1: bool,
    /// `neighCellConfig`, two bits: 0b00 not every neighbour has the MBSFN subframes of this cell, 0b10 they have the same or
    /// fewer, 0b01 they have none, 0b11 TDD (clause 6.3.4).
    pub neigh_cell_config: u8,
    /// `t-ReselectionEUTRA`, s, 0 to 7.
    pub t_reselection_eutra_s: u8,
}

impl Default for SystemInformationBlockType3 {
    /// Hysteresis 4 dB, neighbours with the same MBSFN subframes, reselection after 1 s.
    fn default() -> Self {
        Self {
            q_hyst_db: 4,
            thresh_serving_low_db: 4,
            cell_reselection_priority: 6,
            q_rx_lev_min_dbm: -130,
            presence_antenna_port1: false,
            neigh_cell_config: 0b10,
            t_reselection_eutra_s: 1,
        }
    }
}

impl SystemInformationBlockType3 {
    pub(super) fn to_asn(self) -> Result<asn::SystemInformationBlockType3, EncodeRrcError> {
        let allowed = "0 to 6, 8, 10, 12, 14, 16, 18, 20, 22, 24";
        let q_hyst = index_of("q-Hyst", &Q_HYST_DB, self.q_hyst_db.into(), allowed)?;
        let (field, value) = ("threshServingLow", self.thresh_serving_low_db.into());
        if value > 62 || value % 2 != 0 {
            return Err(EncodeRrcError::Value { field, value, allowed: "even values from 0 to 62 dB" });
        }
        check("cellReselectionPriority", self.cell_reselection_priority.into(), 0..=7, "0 to 7")?;
        check("neighCellConfig", self.neigh_cell_config.into(), 0..=3, "2 bits")?;
        check("t-ReselectionEUTRA", self.t_reselection_eutra_s.into(), 0..=7, "0 to 7")?;
        Ok(asn::SystemInformationBlockType3 {
            cell_reselection_info_common: asn::SystemInformationBlockType3CellReselectionInfoCommon {
                q_hyst: asn::SystemInformationBlockType3CellReselectionInfoCommonQ_Hyst(q_hyst),
                speed_state_reselection_pars: None,
            },
            cell_reselection_serving_freq_info: asn::SystemInformationBlockType3CellReselectionServingFreqInfo {
                s_non_intra_search: None,
                thresh_serving_low: asn::ReselectionThreshold(self.thresh_serving_low_db / 2),
                cell_reselection_priority: asn::CellReselectionPriority(self.cell_reselection_priority),
            },
            intra_freq_cell_reselection_info: asn::SystemInformationBlockType3IntraFreqCellReselectionInfo {
                q_rx_lev_min: q_rx_lev_min_to_asn(self.q_rx_lev_min_dbm)?,
                p_max: None,
                s_intra_search: None,
                allowed_meas_bandwidth: None,
                presence_antenna_port1:
                    asn::SystemInformationBlockType3IntraFreqCellReselectionInfoPresenceAntennaPort1(
                        self.presence_antenna_port1,
                    ),
                neigh_cell_config: asn::NeighCellConfig(bit_string(self.neigh_cell_config.into(), 2)),
                t_reselection_eutra: asn::T_Reselection(self.t_reselection_eutra_s),
                t_reselection_eutra_sf: None,
            },
        })
    }

    pub(super) fn from_asn(sib: &asn::SystemInformationBlockType3) -> Result<Self, RrcError> {
        let serving = &sib.cell_reselection_serving_freq_info;
        let intra = &sib.intra_freq_cell_reselection_info;
        Ok(Self {
            q_hyst_db: value_at("q-Hyst", &Q_HYST_DB, sib.cell_reselection_info_common.q_hyst.0)? as u8,
            thresh_serving_low_db: serving.thresh_serving_low.0.saturating_mul(2),
            cell_reselection_priority: serving.cell_reselection_priority.0,
            q_rx_lev_min_dbm: q_rx_lev_min_from_asn(&intra.q_rx_lev_min)?,
            presence_antenna_port1: intra.presence_antenna_port1.0,
            neigh_cell_config: intra.neigh_cell_config.0.load_be(),
            t_reselection_eutra_s: intra.t_reselection_eutra.0,
        })
    }
}
