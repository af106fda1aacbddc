//! Physical channels, TS 36.211 clause 6.

mod fft_window;
mod mapping;
mod mbsfn_subframe;
mod pbch;
mod pcfich;
mod pdcch;
mod pdsch;
mod phich;
mod pmch;
mod reg;
mod soft_bits;
pub mod transmit_diversity;
mod vrb;

pub use mbsfn_subframe::{MbsfnSubframeDemodulator, MbsfnSubframeModulator, UnicastSubframeModulator};
pub use pbch::{PBCH_FRAMES, PbchDecoder, PbchEncoder, PbchMessage};
pub use pcfich::{Pcfich, ReceivedCfi};
pub use pdcch::{DciFormat, FoundPdcch, Pdcch, PdcchDecoder, PdcchEncoder};
pub use pdsch::{PdschDecoder, PdschEncoder, SiAssignment};
pub use pmch::{BitErrors, PmchDecoder, PmchEncoder, PmchParams, PmchQuality};
pub use reg::{AggregationLevel, ControlRegion};
pub use vrb::{Gap, VrbAllocation, VrbError, VrbType};
pub(crate) use vrb::{n_rb_step, riv_bits};

#[cfg(test)]
mod control_tests;
