//! A PMCH from transport block to transport block: modulator, channel model, receivers of one or two antennas, decoder.
//!
//! This is what block error rates are measured with (TS 36.101 clause 10.1): each transport block is random, and what is
//! decoded is held against what was sent.

use num_complex::Complex32;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::channel::{ChannelConfig, ChannelModel};
use crate::coding::CodingError;
use crate::estimate::EstimateQuality;
use crate::isa::Isa;
use crate::measure::{Meter, SubframeMeasurement};
use crate::numerology::CyclicPrefix;
use crate::phch::{
    MbsfnSubframeDemodulator, MbsfnSubframeModulator, PmchDecoder, PmchEncoder, PmchParams, PmchQuality,
};

/// What a link is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct PmchLinkConfig {
    /// The PMCH.
    pub params: PmchParams,
    /// Cyclic prefix of the cell, which seeds its cell-specific reference signals.
    pub cell_cp: CyclicPrefix,
    /// Subframes that carry the PMCH, one after the other and over again; at least one.
    pub subframes: Vec<u8>,
    /// The channel. Its sample rate has to be that of the cell.
    pub channel: ChannelConfig,
    /// Kernels of the decoder.
    pub isa: Isa,
    /// Seed of the transport blocks.
    pub seed: u64,
}

/// What became of one block.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LinkBlock {
    /// The CRC passes.
    pub crc_ok: bool,
    /// The CRC passes, but the block is not the one that was sent.
    pub undetected_error: bool,
    /// Subframe that carried it.
    pub subframe: u8,
    /// What the first antenna measured; see [`PmchLink::estimates`].
    pub estimate: EstimateQuality,
    /// What the decoder found.
    pub quality: PmchQuality,
}

impl LinkBlock {
    /// The block counts as an error.
    pub fn is_error(&self) -> bool {
        !self.crc_ok || self.undetected_error
    }
}

/// One PMCH through one channel; allocates in `new` only.
pub struct PmchLink {
    subframes: Vec<u8>,
    seed: u64,
    encoder: PmchEncoder,
    modulator: MbsfnSubframeModulator,
    channel: ChannelModel,
    antennas: Vec<MbsfnSubframeDemodulator>,
    estimates: Vec<EstimateQuality>,
    decoder: PmchDecoder,
    meter: Meter,
    /// One subframe as sent.
    iq: Vec<Complex32>,
    /// What the channel gave last, for each antenna.
    given: Vec<Vec<Complex32>>,
    /// What each antenna has heard and nobody has read; begins with the subframe that is read next.
    heard: Vec<Vec<Complex32>>,
    /// Subframes sent and read so far.
    sent: u64,
    read: u64,
    tb: Vec<u8>,
    decoded: Vec<u8>,
}

impl PmchLink {
    /// Plans a link.
    ///
    /// # Errors
    /// The PMCH cannot be coded.
    ///
    /// # Panics
    /// If there is no subframe, one is not below 10, or the channel has another sample rate than the cell.
    pub fn new(config: &PmchLinkConfig) -> Result<Self, CodingError> {
        let PmchLinkConfig { params, subframes, channel, .. } = config;
        let cell = &params.cell;
        assert!(!subframes.is_empty() && subframes.iter().all(|&s| s < 10), "subframes {subframes:?}");
        assert_eq!(channel.sample_rate_hz, cell.sample_rate_hz(), "sample rate of the channel");
        let samples = cell.samples_per_subframe();
        let n_rx = channel.n_rx;
        let demodulator =
            || MbsfnSubframeDemodulator::new(cell, params.n_id_mbsfn, params.non_mbsfn_region, params.numerology);
        let queues = || (0..n_rx).map(|_| Vec::with_capacity(3 * samples)).collect();
        Ok(Self {
            subframes: subframes.clone(),
            seed: config.seed,
            encoder: PmchEncoder::new(*params)?,
            modulator: MbsfnSubframeModulator::new(cell, config.cell_cp, params.non_mbsfn_region, params.numerology),
            channel: ChannelModel::new(channel),
            antennas: (0..n_rx).map(|_| demodulator()).collect(),
            estimates: vec![EstimateQuality::default(); n_rx],
            decoder: PmchDecoder::new(*params, config.isa)?,
            meter: Meter::new(cell, params.numerology),
            iq: vec![Complex32::default(); samples],
            given: queues(),
            heard: queues(),
            sent: 0,
            read: 0,
            tb: vec![0; params.format.octets()],
            decoded: vec![0; params.format.octets()],
        })
    }

    /// Sends and receives one block.
    pub fn next_block(&mut self) -> LinkBlock {
        let samples = self.iq.len();
        while self.heard[0].len() < samples {
            self.send();
        }
        let subframe = self.subframe(self.read);
        for ((antenna, heard), estimate) in self.antennas.iter_mut().zip(&self.heard).zip(&mut self.estimates) {
            *estimate = antenna.demodulate(subframe, &heard[..samples]);
        }
        self.heard.iter_mut().for_each(|heard| drop(heard.drain(..samples)));
        let antennas = &self.antennas;
        let quality =
            MbsfnSubframeDemodulator::decode_combined(antennas, &mut self.decoder, subframe, &mut self.decoded);
        random_block(self.seed, self.read, &mut self.tb);
        self.read += 1;
        let undetected_error = quality.crc_ok && self.tb != self.decoded;
        LinkBlock { crc_ok: quality.crc_ok, undetected_error, subframe, estimate: self.estimates[0], quality }
    }

    /// What each antenna measured on the last block.
    pub fn estimates(&self) -> &[EstimateQuality] {
        &self.estimates
    }

    /// Measures the last block, whose content is known whatever the CRC says.
    pub fn measure(&mut self) -> SubframeMeasurement {
        let subframe = self.subframe(self.read.saturating_sub(1));
        self.meter.measure_all(&self.antennas, &mut self.decoder, subframe, Some(&self.tb))
    }

    /// The receivers of the antennas, as the last block left them.
    pub fn antennas(&self) -> &[MbsfnSubframeDemodulator] {
        &self.antennas
    }

    /// The decoder, as the last block left it.
    pub fn decoder(&self) -> &PmchDecoder {
        &self.decoder
    }

    /// The transport block that was sent last and read.
    pub fn transport_block(&self) -> &[u8] {
        &self.tb
    }

    /// Sends the next subframe, after which more has been heard.
    fn send(&mut self) {
        random_block(self.seed, self.sent, &mut self.tb);
        let subframe = self.subframe(self.sent);
        self.modulator.modulate(subframe, Some((&mut self.encoder, &self.tb)), &mut self.iq);
        self.sent += 1;
        self.channel.process(&[&self.iq], &mut self.given);
        self.heard.iter_mut().zip(&self.given).for_each(|(heard, given)| heard.extend_from_slice(given));
    }

    fn subframe(&self, index: u64) -> u8 {
        self.subframes[(index % self.subframes.len() as u64) as usize]
    }
}

/// The octets of a block: a stream of its own for each, so that they can be made again.
fn random_block(seed: u64, index: u64, tb: &mut [u8]) {
    // An odd multiplier keeps neighbouring seeds and blocks apart before the generator spreads them.
    Pcg64Mcg::seed_from_u64(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)).fill_bytes(tb);
}
