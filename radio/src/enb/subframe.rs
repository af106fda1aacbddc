//! The subframes of a mixed carrier, antenna by antenna: what is the same in every radio frame is made once, the rest is
//! put on top (TS 36.211 clauses 6.10.1, 6.11 and 6.12).

use num_complex::Complex32;

use super::EnbError;
use super::si_sender::common_level;
use crate::cell::CarrierConfig;
use crate::dci::{M_RNTI, pack_mcch_change_notification};
use crate::grid::Grid;
use crate::numerology::{CyclicPrefix, MbsfnNumerology, SubframeLayout};
use crate::ofdm::OfdmModulator;
use crate::phch::{ControlRegion, Pcfich, Pdcch, PdcchEncoder};
use crate::refsignal::{crs, crs_symbols};
use crate::sync::{put_pss, put_sss};

/// Subframes of a radio frame.
const SUBFRAMES: usize = 10;
/// Symbols of a slot with normal cyclic prefix (TS 36.211 table 6.2.3-1).
const SYMBOLS_PER_SLOT: usize = 7;

/// Makes the samples of one kind of subframes; allocates in `new` only.
pub(super) struct SubframeComposer {
    /// By subframe and antenna: what every radio frame has.
    base: Vec<Vec<Grid>>,
    /// By antenna: the subframe at hand.
    grids: Vec<Grid>,
    ofdm: OfdmModulator,
    region: ControlRegion,
    cfi: u8,
    pdcch: PdcchEncoder,
}

impl SubframeComposer {
    /// Unicast subframes: cell-specific reference signals of each antenna port on its antenna, PCFICH, synchronization
    /// signals on the first antenna.
    pub(super) fn unicast(carrier: &CarrierConfig, region: ControlRegion, cfi: u8) -> Self {
        let layout = SubframeLayout::normal(carrier.cell.n_fft);
        let mut composer = Self::new(carrier, layout, region, cfi);
        for (subframe, grids) in composer.base.iter_mut().enumerate() {
            for (port, grid) in (0u8..).zip(grids.iter_mut()) {
                for n_s in [2 * subframe, 2 * subframe + 1] {
                    crs_symbols(port).iter().for_each(|&l| put_crs(carrier, port, n_s, l, grid));
                }
            }
            if subframe % 5 == 0 {
                put_pss(carrier.cell.n_id_cell, &mut grids[0]);
                put_sss(carrier.cell.n_id_cell, subframe as u8, &mut grids[0]);
            }
        }
        composer
    }

    /// MBSFN subframes: cell-specific reference signals and PCFICH in the non-MBSFN region, which has `symbols` symbols.
    ///
    /// # Errors
    /// TS 36.211 table 6.7-1 does not allow so many.
    pub(super) fn mbsfn(carrier: &CarrierConfig, symbols: u8, numerology: MbsfnNumerology) -> Result<Self, EnbError> {
        let region = ControlRegion::new(carrier, true);
        let symbols = usize::from(symbols);
        let cfi = region.allowed_cfis().iter().copied().find(|&cfi| region.symbols(cfi) == symbols);
        let cfi = cfi.ok_or(EnbError::ControlRegion { cfi: symbols as u8 })?;
        let layout = SubframeLayout::mbsfn(carrier.cell.n_fft, symbols, numerology);
        let mut composer = Self::new(carrier, layout, region, cfi);
        for (subframe, grids) in composer.base.iter_mut().enumerate() {
            for (port, grid) in (0u8..).zip(grids) {
                let in_region = crs_symbols(port).iter().filter(|&&l| l < symbols);
                in_region.for_each(|&l| put_crs(carrier, port, 2 * subframe, l, grid));
            }
        }
        Ok(composer)
    }

    fn new(carrier: &CarrierConfig, layout: SubframeLayout, region: ControlRegion, cfi: u8) -> Self {
        let grid = Grid::new(layout.rows(), carrier.cell.n_rb_dl.subcarriers());
        let grids = vec![grid; carrier.n_ports.into()];
        let mut base = vec![grids.clone(); SUBFRAMES];
        let mut pcfich = Pcfich::new();
        for (subframe, grids) in (0u8..).zip(&mut base) {
            pcfich.encode(&region, subframe, cfi, grids);
        }
        Self { base, grids, ofdm: OfdmModulator::new(layout), region, cfi, pdcch: PdcchEncoder::new() }
    }

    /// Has the control region room for a PDCCH in the common search space?
    pub(super) fn has_room_for_pdcch(&self) -> bool {
        common_level(&self.region, self.cfi).is_some()
    }

    /// Puts an MCCH change notification into the subframe begun last; nothing where there is no room.
    pub(super) fn put_change_notification(&mut self, subframe: u8, bitmap: u8) {
        let Some(level) = common_level(&self.region, self.cfi) else { return };
        let dci = pack_mcch_change_notification(self.region.carrier().cell.n_rb_dl, bitmap);
        let pdcch = Pdcch { rnti: M_RNTI, first_cce: 0, level, dci: &dci };
        self.pdcch.encode(&self.region, subframe, self.cfi, &pdcch, &mut self.grids);
    }

    /// Begins a subframe: its grids with what every radio frame has, one for each antenna.
    pub(super) fn begin(&mut self, subframe: u8) -> &mut [Grid] {
        for (grid, base) in self.grids.iter_mut().zip(&self.base[usize::from(subframe)]) {
            grid.copy_from(base);
        }
        &mut self.grids
    }

    /// Samples of the subframe begun last.
    ///
    /// # Panics
    /// If the antennas are not those of the carrier or their samples not one subframe.
    pub(super) fn modulate(&mut self, antennas: &mut [&mut [Complex32]]) {
        assert_eq!(antennas.len(), self.grids.len(), "antennas, one for each antenna port");
        for (grid, iq) in self.grids.iter().zip(antennas) {
            self.ofdm.modulate(grid, iq);
        }
    }
}

fn put_crs(carrier: &CarrierConfig, port: u8, n_s: usize, l: usize, grid: &mut Grid) {
    let row = grid.row_mut(n_s % 2 * SYMBOLS_PER_SLOT + l);
    crs(&carrier.cell, CyclicPrefix::Normal, port, n_s, l).for_each(|(k, r)| row[k] = r);
}
