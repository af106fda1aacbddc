//! A PMCH from transport block to transport block: modulator, channel model, receivers of one or two antennas, decoder.
//!
//! This is what block error rates are measured with (TS 36.101 clause 10.1): each transport block is random, and what is
//! decoded is held against what was sent.

use num_complex::Complex32;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::channel::{ChannelConfig, ChannelModel, Evolution};
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
    /// Subframes of a radio frame that carry the PMCH, at least one. Where fading goes on by itself the others pass in
    /// silence; otherwise they are left out, one block follows the other.
    pub subframes: Vec<u8>,
    /// The channel. Its sample rate has to be that of the cell. Fading by [`Evolution::PerBlock`] is drawn anew for each
    /// block; a stream is that of a transmitter of its own, all send the same.
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

/// When subframes are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Those that carry the PMCH, one after the other.
    BackToBack,
    /// As those, each after the one before has died away, through a channel of its own.
    NewChannelEach,
    /// All of a radio frame: time passes.
    Frames,
}

/// One PMCH through one channel; allocates in `new` only.
pub struct PmchLink {
    subframes: Vec<u8>,
    pace: Pace,
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
    /// The subframe of the last block.
    last: u8,
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
    /// If there is no subframe, one is not below 10, or the channel has another sample rate than the cell
    /// or more than 16 streams.
    pub fn new(config: &PmchLinkConfig) -> Result<Self, CodingError> {
        let PmchLinkConfig { params, subframes, channel, .. } = config;
        let cell = &params.cell;
        assert!(!subframes.is_empty() && subframes.iter().all(|&s| s < 10), "subframes {subframes:?}");
        assert_eq!(channel.sample_rate_hz, cell.sample_rate_hz(), "sample rate of the channel");
        let evolves = |evolution| {
            channel.paths.iter().any(|p| p.fading.as_ref().is_some_and(|fading| fading.evolution == evolution))
        };
        let pace = match () {
            () if evolves(Evolution::Continuous) => Pace::Frames,
            () if evolves(Evolution::PerBlock) => Pace::NewChannelEach,
            () => Pace::BackToBack,
        };
        let model = ChannelModel::new(channel);
        assert!(model.n_inputs() <= MAX_STREAMS, "{} streams", model.n_inputs());
        let samples = cell.samples_per_subframe();
        let n_rx = channel.n_rx;
        let demodulator =
            || MbsfnSubframeDemodulator::new(cell, params.n_id_mbsfn, params.non_mbsfn_region, params.numerology);
        let queues = || (0..n_rx).map(|_| Vec::with_capacity(3 * samples)).collect();
        Ok(Self {
            subframes: subframes.clone(),
            pace,
            seed: config.seed,
            encoder: PmchEncoder::new(*params)?,
            modulator: MbsfnSubframeModulator::new(cell, config.cell_cp, params.non_mbsfn_region, params.numerology),
            channel: model,
            antennas: (0..n_rx).map(|_| demodulator()).collect(),
            estimates: vec![EstimateQuality::default(); n_rx],
            decoder: PmchDecoder::new(*params, config.isa)?,
            meter: Meter::new(cell, params.numerology),
            iq: vec![Complex32::default(); samples],
            given: queues(),
            heard: queues(),
            sent: 0,
            read: 0,
            last: 0,
            tb: vec![0; params.format.octets()],
            decoded: vec![0; params.format.octets()],
        })
    }

    /// Sends and receives one block.
    pub fn next_block(&mut self) -> LinkBlock {
        let samples = self.iq.len();
        let subframe = loop {
            while self.heard[0].len() < samples {
                self.send();
            }
            match self.subframe(self.read) {
                Some(subframe) => break subframe,
                None => self.forget(samples),
            }
            self.read += 1;
        };
        for ((antenna, heard), estimate) in self.antennas.iter_mut().zip(&self.heard).zip(&mut self.estimates) {
            *estimate = antenna.demodulate(subframe, &heard[..samples]);
        }
        self.forget(samples);
        let antennas = &self.antennas;
        let quality =
            MbsfnSubframeDemodulator::decode_combined(antennas, &mut self.decoder, subframe, &mut self.decoded);
        random_block(self.seed, self.read, &mut self.tb);
        self.read += 1;
        self.last = subframe;
        let undetected_error = quality.crc_ok && self.tb != self.decoded;
        LinkBlock { crc_ok: quality.crc_ok, undetected_error, subframe, estimate: self.estimates[0], quality }
    }

    /// What each antenna measured on the last block.
    pub fn estimates(&self) -> &[EstimateQuality] {
        &self.estimates
    }

    /// Measures the last block, whose content is known whatever the CRC says.
    pub fn measure(&mut self) -> SubframeMeasurement {
        self.meter.measure_all(&self.antennas, &mut self.decoder, self.last, Some(&self.tb))
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
        match self.subframe(self.sent) {
            Some(subframe) => {
                random_block(self.seed, self.sent, &mut self.tb);
                self.modulator.modulate(subframe, Some((&mut self.encoder, &self.tb)), &mut self.iq);
            }
            None => self.iq.fill(Complex32::ZERO),
        }
        self.sent += 1;
        if self.pace != Pace::NewChannelEach {
            return self.transmit(self.iq.len());
        }
        let (samples, before) = (self.iq.len(), self.channel.pending());
        self.transmit(samples);
        self.iq.fill(Complex32::ZERO);
        while self.heard[0].len() < before + samples {
            self.transmit(self.channel.pending().clamp(1, samples));
        }
        self.forget(before);
        self.heard.iter_mut().for_each(|heard| heard.truncate(samples));
        self.channel.new_realisation();
    }

    /// Puts the first samples of `iq` into the channel.
    fn transmit(&mut self, samples: usize) {
        let inputs = [&self.iq[..samples]; MAX_STREAMS];
        self.channel.process(&inputs[..self.channel.n_inputs()], &mut self.given);
        self.heard.iter_mut().zip(&self.given).for_each(|(heard, given)| heard.extend_from_slice(given));
    }

    /// Takes away what was heard first.
    fn forget(&mut self, samples: usize) {
        self.heard.iter_mut().for_each(|heard| drop(heard.drain(..samples)));
    }

    /// The number of a subframe sent, if it carries the PMCH.
    fn subframe(&self, index: u64) -> Option<u8> {
        match self.pace {
            Pace::Frames => Some((index % 10) as u8).filter(|subframe| self.subframes.contains(subframe)),
            _ => Some(self.subframes[(index % self.subframes.len() as u64) as usize]),
        }
    }
}

/// The octets of a block: a stream of its own for each, so that they can be made again.
fn random_block(seed: u64, index: u64, tb: &mut [u8]) {
    // An odd multiplier keeps neighbouring seeds and blocks apart before the generator spreads them.
    Pcg64Mcg::seed_from_u64(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)).fill_bytes(tb);
}

/// Transmitters of a single-frequency network, or antennas of them.
const MAX_STREAMS: usize = 16;
