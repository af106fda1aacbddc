//! The MIB on the PBCH: TS 36.331 clauses 5.2.1.2 and 6.2.2, TS 36.211 clause 6.6.

use crate::cell::CarrierConfig;
use crate::grid::Grid;
use crate::phch::{PBCH_FRAMES, PbchEncoder};
use crate::rrc::MasterInformationBlock;

/// The system frame number of the MIB is the eight most significant of ten bits (TS 36.331 clause 6.2.2); it lies after
/// dl-Bandwidth and phich-Config (3 bits each), before ten spare bits.
const SFN_SHIFT: u32 = 10;

/// Sends the MIB of a carrier; allocates in `new` only.
pub(super) struct MibSender {
    /// With SFN 0.
    mib: u32,
    encoder: PbchEncoder,
    /// Which MIB the encoder holds: radio frame / 4.
    period: Option<u64>,
}

impl MibSender {
    pub(super) fn new(carrier: &CarrierConfig) -> Self {
        let mib = MasterInformationBlock { n_rb_dl: carrier.cell.n_rb_dl, phich: carrier.phich, sfn_msb: 0 };
        let [a, b, c] = mib.encode();
        Self { mib: u32::from_be_bytes([0, a, b, c]), encoder: PbchEncoder::new(carrier), period: None }
    }

    /// Puts the PBCH of radio frame `frame` into subframe 0, one grid for each antenna port.
    pub(super) fn put(&mut self, frame: u64, grids: &mut [Grid]) {
        let period = frame / PBCH_FRAMES as u64;
        if self.period.replace(period) != Some(period) {
            self.encoder.encode(self.octets(period));
        }
        for (port, grid) in (0u8..).zip(grids) {
            self.encoder.put((frame % PBCH_FRAMES as u64) as usize, port, grid);
        }
    }

    fn octets(&self, period: u64) -> [u8; 3] {
        let [_, a, b, c] = (self.mib | (period as u32 & 0xff) << SFN_SHIFT).to_be_bytes();
        [a, b, c]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{CellConfig, NRbDl, PhichConfig, PhichDuration, PhichResource, SampleRateFamily};

    #[test]
    fn mib_of_any_frame_is_the_encoded_one() {
        let cell = CellConfig::new(NRbDl::ALL[3], 7, SampleRateFamily::Standard).unwrap();
        let phich = PhichConfig { duration: PhichDuration::Extended, resource: PhichResource::Two };
        let sender = MibSender::new(&CarrierConfig { cell, n_ports: 2, phich });
        for frame in [0u64, 3, 4, 1023, 1024, 5000] {
            let mib = MasterInformationBlock { n_rb_dl: cell.n_rb_dl, phich, sfn_msb: (frame % 1024 / 4) as u8 };
            assert_eq!(sender.octets(frame / 4), mib.encode(), "frame {frame}");
        }
    }
}
