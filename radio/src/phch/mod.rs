//! Physical channels, TS 36.211 clause 6.

mod mbsfn_subframe;
mod pmch;

pub use mbsfn_subframe::{MbsfnSubframeDemodulator, MbsfnSubframeModulator, UnicastSubframeModulator};
pub use pmch::{PmchDecoder, PmchEncoder, PmchParams, PmchQuality};
