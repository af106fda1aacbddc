//! One MBSFN area of an eNB: layer 2 and the encoders of its PMCHs.

use super::{AreaSetup, EnbError};
use crate::cell::CellConfig;
use crate::mch::{BlockInfo, MchTx};
use crate::phch::{PmchEncoder, PmchParams};
use crate::rrc::{MbsfnAreaConfiguration, MbsfnAreaInfo};
use crate::tbs::{Mcs, TransportFormat};

/// An area on air.
pub(super) struct Area {
    cell: CellConfig,
    pub(super) mch: MchTx,
    /// One for each MCS in use.
    encoders: Vec<PmchEncoder>,
    tb: Vec<u8>,
}

impl Area {
    pub(super) fn new(cell: CellConfig, setup: &AreaSetup) -> Result<Self, EnbError> {
        let AreaSetup { info, mcch } = setup;
        let mut encoders = Vec::new();
        plan_encoders(cell, info, mcch, &mut encoders)?;
        let mch = MchTx::new(info, mcch, &|mcs| octets(cell, mcs))?;
        let mut area = Self { cell, mch, encoders, tb: Vec::new() };
        area.make_room();
        Ok(area)
    }

    /// Changes the MCCH from a radio frame on; nothing changes on an error.
    pub(super) fn change(&mut self, mcch: &MbsfnAreaConfiguration, from: u64) -> Result<(), EnbError> {
        let (cell, info) = (self.cell, *self.mch.info());
        plan_encoders(cell, &info, mcch, &mut self.encoders)?;
        self.mch.change(mcch, &|mcs| octets(cell, mcs), from)?;
        self.make_room();
        Ok(())
    }

    fn make_room(&mut self) {
        let longest = self.encoders.iter().map(|encoder| encoder.params().format.octets()).max();
        self.tb.resize(longest.unwrap_or(0), 0);
    }

    /// The transport block of a subframe and the encoder for it.
    pub(super) fn next_block(&mut self, frame: u64, subframe: u8) -> Option<(&mut PmchEncoder, &[u8])> {
        let BlockInfo { mcs, octets, .. } = self.mch.next_block(frame, subframe, &mut self.tb)?;
        let encoder = self.encoders.iter_mut().find(|encoder| encoder.params().format.mcs == mcs)?;
        Some((encoder, &self.tb[..octets]))
    }
}

/// Adds the encoders that are not there yet.
fn plan_encoders(
    cell: CellConfig,
    info: &MbsfnAreaInfo,
    mcch: &MbsfnAreaConfiguration,
    encoders: &mut Vec<PmchEncoder>,
) -> Result<(), EnbError> {
    for mcs in mcch.pmch.iter().map(|pmch| pmch.data_mcs).chain([info.mcch.signalling_mcs.into()]) {
        if encoders.iter().all(|encoder| encoder.params().format.mcs != mcs) {
            let params = PmchParams::new(cell, info.n_id_mbsfn, info.non_mbsfn_region, mcs)?;
            encoders.push(PmchEncoder::new(params)?);
        }
    }
    Ok(())
}

/// Size of a transport block; an MCS that there is not has no encoder either.
fn octets(cell: CellConfig, mcs: Mcs) -> usize {
    TransportFormat::new(cell.n_rb_dl, mcs).map_or(0, |format| format.octets())
}
