//! Physical channels, TS 36.211 clause 6.

mod mbsfn_subframe;
mod pbch;
mod pmch;
pub mod transmit_diversity;
mod vrb;

pub use mbsfn_subframe::{MbsfnSubframeDemodulator, MbsfnSubframeModulator, UnicastSubframeModulator};
pub use pbch::{PBCH_FRAMES, PbchDecoder, PbchEncoder, PbchMessage};
pub use pmch::{PmchDecoder, PmchEncoder, PmchParams, PmchQuality};
pub use vrb::{Gap, VrbAllocation, VrbError, VrbType};
pub(crate) use vrb::{n_rb_step, riv_bits};
