//! The air between one eNB and the UEs: IQ in memory through a channel model for each UE.
//!
//! The radio work of one radio frame fans out over scoped threads and joins in UE order, so a run does not depend on
//! how many cores there are.

use std::num::NonZero;
use std::thread;

use num_complex::Complex32;
use radio::{
    AlignedReceiver, BlockReport, ChannelConfig, ChannelModel, Enb, MbsfnAreaConfiguration, MchRxEvent, Modulation,
    RxEvent, SpectrumAnalyzer, SubframeTime,
};
use sha2::{Digest, Sha256};

/// Subframes of one turn of the air: a radio frame.
pub(crate) const SUBFRAMES_PER_TURN: usize = 10;
/// Resolution of spectra, bins.
const SPECTRUM_BINS: usize = 256;

/// What a UE heard, and in which subframe.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) time: SubframeTime,
    pub(crate) what: HeardWhat,
}

/// What a UE heard.
#[derive(Debug)]
pub(crate) enum HeardWhat {
    /// A transport block was tried; its octets when the CRC passed.
    Block(BlockReport, Option<Vec<u8>>),
    /// Equalised symbols, thinned out, of the block just tried.
    Symbols(Modulation, Vec<Complex32>),
    /// Samples of the subframe whose data block just failed, without the frequency offset.
    LostIq(Vec<Complex32>),
    /// An MCCH message, decoded when it is new.
    Mcch { message: Vec<u8>, configuration: Option<MbsfnAreaConfiguration> },
    /// An SDU of an MTCH.
    Sdu(Vec<u8>),
    /// RLC found a gap.
    RlcGap { lcid: u8, lost_pdus: u32 },
    /// Layer 2 could not make sense of something.
    Trouble(String),
}

/// One UE's side of the air.
pub(crate) struct Link {
    name: String,
    channel: ChannelModel,
    receiver: AlignedReceiver,
    received: Vec<Complex32>,
    position: u64,
    /// Samples in the channel that it has taken and not given yet: nothing before its first call.
    in_channel: usize,
    /// Of those, what belongs to before a skip.
    of_the_past: usize,
    /// The subframe last decoded.
    now: SubframeTime,
    spectrum: SpectrumAnalyzer,
    /// A constellation is wanted of the next data block.
    wants_symbols: bool,
    /// Lost data blocks whose samples are still to be kept.
    lost_left: u32,
    heard: Vec<Heard>,
}

/// Lost data blocks of which a UE keeps the samples.
const LOST_KEPT: u32 = 2;
/// Symbols that a constellation shows.
const SYMBOLS_SHOWN: usize = 400;

impl Link {
    pub(crate) fn new(name: &str, channel: &ChannelConfig, receiver: AlignedReceiver) -> Self {
        Self {
            name: name.to_owned(),
            channel: ChannelModel::new(channel),
            receiver,
            received: Vec::new(),
            position: 0,
            in_channel: 0,
            of_the_past: 0,
            now: SubframeTime::default(),
            spectrum: SpectrumAnalyzer::new(SPECTRUM_BINS),
            wants_symbols: false,
            lost_left: LOST_KEPT,
            heard: Vec::new(),
        }
    }

    /// Goes on at a later subframe of the stream.
    fn skip_to(&mut self, time: SubframeTime, position: u64) {
        self.receiver.skip_to(time);
        self.position = position;
        self.of_the_past = self.in_channel;
    }

    fn hear(&mut self, sent: &[Complex32]) {
        self.channel.process(sent, &mut self.received);
        self.in_channel = ChannelModel::LOOKAHEAD;
        self.received.drain(..std::mem::take(&mut self.of_the_past).min(self.received.len()));
        self.spectrum.push(&self.received);
        // One subframe at a time, so that the symbols of a block can be looked at before the next one.
        let step = sent.len() / SUBFRAMES_PER_TURN;
        for part in self.received.chunks(step) {
            let (heard, now) = (&mut self.heard, &mut self.now);
            let (mut data_block, mut lost) = (false, false);
            self.receiver.push(self.position, part, &mut |event| {
                if let RxEvent::Block(report, _) = &event {
                    *now = report.time;
                    data_block |= !report.signalling && report.quality.crc_ok;
                    lost |= !report.signalling && report.announced && !report.quality.crc_ok;
                }
                heard.extend(owned(*now, event));
            });
            self.position += part.len() as u64;
            if lost && self.lost_left > 0 {
                self.lost_left -= 1;
                let what = HeardWhat::LostIq(self.receiver.last_subframe().to_vec());
                self.heard.push(Heard { time: self.now, what });
            }
            if data_block && self.wants_symbols {
                let time = self.now;
                self.wants_symbols = false;
                let (symbols, modulation) = self.receiver.symbols();
                let shown = symbols.iter().copied().step_by(symbols.len().div_ceil(SYMBOLS_SHOWN)).collect();
                self.heard.push(Heard { time, what: HeardWhat::Symbols(modulation, shown) });
            }
        }
    }
}

/// The transmitter and everybody who listens.
pub(crate) struct Air {
    enb: Enb,
    links: Vec<Link>,
    sent: Vec<Complex32>,
    hash: Sha256,
    samples: u64,
    spectrum: SpectrumAnalyzer,
    threads: usize,
}

impl Air {
    pub(crate) fn new(enb: Enb, links: Vec<Link>) -> Self {
        let samples = enb.cell().samples_per_subframe() * SUBFRAMES_PER_TURN;
        Self {
            enb,
            links,
            sent: vec![Complex32::default(); samples],
            hash: Sha256::new(),
            samples: 0,
            spectrum: SpectrumAnalyzer::new(SPECTRUM_BINS),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }

    pub(crate) fn enb(&mut self) -> &mut Enb {
        &mut self.enb
    }

    /// Leaves out whole radio frames in which nothing is on air.
    pub(crate) fn skip_to_frame(&mut self, frame: u64) {
        let (time, position) = (SubframeTime::new(frame, 0), frame * self.sent.len() as u64);
        self.enb.skip_to(time);
        self.links.iter_mut().for_each(|link| link.skip_to(time, position));
    }

    /// Sends and hears one radio frame.
    pub(crate) fn turn(&mut self) {
        for subframe in self.sent.chunks_exact_mut(self.enb.cell().samples_per_subframe()) {
            self.enb.next_subframe(&mut [subframe]);
        }
        self.samples += self.sent.len() as u64;
        self.spectrum.push(&self.sent);
        let sent = &self.sent;
        let hash = &mut self.hash;
        let share = self.links.len().div_ceil(self.threads).max(1);
        thread::scope(|scope| {
            let mut shares = self.links.chunks_mut(share);
            let own = shares.next();
            for links in shares {
                scope.spawn(|| links.iter_mut().for_each(|link| link.hear(sent)));
            }
            own.into_iter().flatten().for_each(|link| link.hear(sent));
            sent.iter().for_each(|s| {
                hash.update(s.re.to_le_bytes());
                hash.update(s.im.to_le_bytes());
            });
        });
    }

    /// What was heard since the last call, UE by UE.
    pub(crate) fn take_heard(&mut self) -> impl Iterator<Item = (usize, Vec<Heard>)> + '_ {
        self.links.iter_mut().enumerate().map(|(ue, link)| (ue, std::mem::take(&mut link.heard)))
    }

    /// Asks for the constellation of the next data block of every UE.
    pub(crate) fn want_symbols(&mut self) {
        self.links.iter_mut().for_each(|link| link.wants_symbols = true);
    }

    /// SHA-256 of all IQ sent so far, as cf32, and how many samples that were.
    pub(crate) fn iq_hash(&self) -> ([u8; 32], u64) {
        (self.hash.clone().finalize().into(), self.samples)
    }

    /// Power spectral densities: of the eNB, then of each UE by name.
    pub(crate) fn spectra(&self) -> impl Iterator<Item = (&str, Vec<f32>)> {
        let enb = self.spectrum.psd_db().map(|psd| ("eNB", psd));
        enb.into_iter().chain(self.links.iter().filter_map(|l| Some((l.name.as_str(), l.spectrum.psd_db()?))))
    }
}

/// What outlives the call, with the subframe that `time` tells.
fn owned(time: SubframeTime, event: RxEvent<'_>) -> Option<Heard> {
    let what = match event {
        RxEvent::Block(report, tb) => HeardWhat::Block(report, tb.map(<[u8]>::to_vec)),
        RxEvent::Mch { event: MchRxEvent::McchMessage { bytes, config, changed, .. }, .. } => {
            HeardWhat::Mcch { message: bytes.to_vec(), configuration: changed.then(|| config.clone()) }
        }
        RxEvent::Mch { event: MchRxEvent::Msi { .. }, .. } => return None,
        RxEvent::Mch { event: MchRxEvent::Sdu { bytes, .. }, .. } => HeardWhat::Sdu(bytes.to_vec()),
        RxEvent::Mch { event: MchRxEvent::RlcGap { lcid, lost_pdus, .. }, .. } => {
            HeardWhat::RlcGap { lcid, lost_pdus: u32::from(lost_pdus) }
        }
        RxEvent::Mch { event: MchRxEvent::Malformed { what }, .. } => HeardWhat::Trouble(what.to_string()),
        RxEvent::SamplesLost { expected, at } => {
            HeardWhat::Trouble(format!("samples lost: {at} came where {expected} was expected"))
        }
        _ => return None,
    };
    Some(Heard { time, what })
}
