//! The LTE eMBMS broadcast carrier: PHY, MAC, RLC, RRC, channel models, front ends.
//!
//! Samples are the only clock in here: no I/O besides front ends, no wall time, no unseeded randomness.

mod cell;
mod channel;
mod coding;
mod estimate;
mod front_end;
mod grid;
mod isa;
mod mac;
mod mch;
mod modem;
mod numerology;
mod ofdm;
mod oscillator;
mod phch;
mod refsignal;
mod rlc;
mod rrc;
mod sequence;
mod sync;
mod tbs;

pub use cell::{CellConfig, ConfigError, NRbDl, SampleRateFamily};
pub use channel::{ChannelConfig, ChannelModel};
pub use coding::CodingError;
pub use estimate::{EstimateQuality, MbsfnEstimator};
pub use front_end::{IqFileError, read_cf32, write_cf32};
pub use grid::Grid;
pub use isa::Isa;
pub use modem::{Demapper, Mapper, Modulation};
pub use numerology::{CyclicPrefix, MbsfnNumerology, SubframeLayout, SymbolPosition};
pub use ofdm::{OfdmDemodulator, OfdmModulator};
pub use oscillator::Oscillator;
pub use phch::{
    MbsfnSubframeDemodulator, MbsfnSubframeModulator, PmchDecoder, PmchEncoder, PmchParams, PmchQuality,
    UnicastSubframeModulator,
};
pub use sequence::GoldSequence;
pub use sync::CyclicPrefixSync;
pub use tbs::TransportFormat;
