//! Why blocks of an MBSFN area fail: the last one that did is tried under other area identities and other transport
//! formats.

use num_complex::Complex32;

use super::area::AreaReceiver;
use super::diagnosis::Stage;
use super::event::BlockReport;
use crate::cell::NRbDl;
use crate::grid::Grid;
use crate::numerology::{MbsfnNumerology, SubframeLayout};
use crate::ofdm::OfdmDemodulator;
use crate::phch::{MbsfnSubframeDemodulator, PmchDecoder, PmchParams};
use crate::refsignal::MbsfnReference;
use crate::tbs::{Mcs, TransportFormat};

/// Share of the power in which neighbouring reference symbols agree that noise does not reach, times the square root of
/// their number: once in e^16 by chance.
const AGREES: f32 = 4.0;

/// Samples of a subframe whose block failed.
pub(super) struct FailedBlock {
    report: BlockReport,
    antennas: Vec<Vec<Complex32>>,
}

impl FailedBlock {
    /// Room for a subframe.
    pub(super) fn new(report: &BlockReport, antennas: &[Vec<Complex32>]) -> Self {
        Self { report: *report, antennas: antennas.to_vec() }
    }

    /// Keeps this one instead of the one before.
    pub(super) fn keep(&mut self, report: &BlockReport, antennas: &[Vec<Complex32>]) {
        self.report = *report;
        self.antennas.iter_mut().zip(antennas).for_each(|(kept, iq)| kept.clone_from(iq));
    }

    /// The MBSFN area whose reference signals are in the subframe, when they stand out of noise.
    fn n_id_mbsfn(&self, area: &AreaReceiver) -> Option<u8> {
        let cell = area.cell();
        let region = usize::from(area.info().non_mbsfn_region);
        let layout = SubframeLayout::mbsfn(cell.n_fft, region, MbsfnNumerology::Khz15);
        let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
        let rows = region..layout.rows();
        OfdmDemodulator::new(layout, 0).demodulate(self.antennas.first()?, rows, &mut grid);
        let subframe = self.report.time.subframe();
        let agreement = |id: u8| {
            let reference = MbsfnReference::new(cell.n_rb_dl, id, MbsfnNumerology::Khz15);
            let (mut together, mut power, mut pairs) = (Complex32::ZERO, 0.0, 0);
            for (row, first, values) in reference.symbols(subframe) {
                let elements = grid.row(row)[first..].iter().step_by(2);
                let mut last = None;
                for h in elements.zip(values).map(|(y, r)| y * r.conj()) {
                    if let Some(last) = last.replace(h) {
                        together += h * last.conj();
                        power += (h.norm_sqr() + last.norm_sqr()) / 2.0;
                        pairs += 1;
                    }
                }
            }
            if power > 0.0 { together.norm() / power * (pairs as f32).sqrt() } else { 0.0 }
        };
        let best = (0..=u8::MAX).map(|id| (agreement(id), id)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 > AGREES).then_some(best.1)
    }

    /// The MCS with which the block can be decoded.
    fn mcs(&self, area: &AreaReceiver) -> Option<Mcs> {
        let (cell, info) = (area.cell(), area.info());
        let (id, region, subframe) = (info.n_id_mbsfn, info.non_mbsfn_region, self.report.time.subframe());
        let demodulator = |iq: &Vec<Complex32>| {
            let mut demodulator = MbsfnSubframeDemodulator::new(cell, id, region, MbsfnNumerology::Khz15);
            demodulator.demodulate(subframe, iq);
            demodulator
        };
        let antennas: Vec<_> = self.antennas.iter().map(demodulator).collect();
        Mcs::all().filter(|&mcs| !are_alike(cell.n_rb_dl, mcs, self.report.mcs)).find(|&mcs| {
            let Ok(params) = PmchParams::new(*cell, id, region, mcs) else { return false };
            let Ok(mut decoder) = PmchDecoder::new(params, area.isa()) else { return false };
            let mut tb = vec![0; params.format.octets()];
            MbsfnSubframeDemodulator::decode_combined(&antennas, &mut decoder, subframe, &mut tb).crc_ok
        })
    }
}

/// Do both stand for the same modulation and size? Some do, in different tables.
fn are_alike(n_rb_dl: NRbDl, one: Mcs, other: Mcs) -> bool {
    let format = |mcs| TransportFormat::new(n_rb_dl, mcs).ok().map(|format| (format.modulation, format.tbs_bits));
    format(one) == format(other)
}

/// Why blocks of a stage fail in an area, and what to look at.
pub(super) fn likely_cause(area: &AreaReceiver, stage: Stage) -> Option<String> {
    let failed = area.failed(stage)?;
    let (report, own) = (&failed.report, area.info().n_id_mbsfn);
    let (cinr_db, mcs) = (report.estimate.cinr_db(), report.mcs);
    let told = if report.signalling { "SIB13 says (signallingMCS)" } else { "the MCCH says (dataMCS)" };
    Some(match failed.n_id_mbsfn(area) {
        Some(id) if id != own => format!(
            "the reference signals in its subframes are those of MBSFN area {id}: the transmitter uses another area \
             identity than SIB13 tells"
        ),
        None => {
            "no MBSFN reference signals are in its subframes: nothing is sent there, or other subframes or another \
                 non-MBSFN region than SIB13 and the MCCH tell"
                .to_string()
        }
        Some(_) if report.quality.crc_ok => {
            "its blocks pass the CRC, but what is expected in them is missing".to_string()
        }
        Some(_) => match failed.mcs(area) {
            Some(other) => format!("blocks are sent with MCS {other}, not with MCS {mcs} as {told}"),
            None => format!("CINR {cinr_db:.1} dB may be too little for MCS {mcs}, or the non-MBSFN region is another"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tbs::McsTable;

    #[test]
    fn a_name_of_the_other_table_for_the_same_format_is_no_cause() {
        let of = |table, index| Mcs { table, index };
        let four = of(McsTable::Qam64, 4);
        let alike: Vec<_> = Mcs::all().filter(|&mcs| are_alike(NRbDl::ALL[2], mcs, four)).collect();
        assert_eq!(alike, [four, of(McsTable::Qam256, 2)]); // I_TBS 4, QPSK (TS 36.213 tables 7.1.7.1-1 and -1A)
    }
}
