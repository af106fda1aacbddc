//! The air between one eNB and the UEs: IQ in memory through a channel model for each UE, or over front ends.
//!
//! The radio work of one radio frame fans out over scoped threads, UE by UE, and what was heard is told in UE order, so a
//! run does not depend on how many cores there are.

mod frame;

use std::num::NonZero;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use num_complex::Complex32;
use radio::{
    BlockReport, ChannelConfig, ChannelModel, Diagnosis, Enb, FrontEndError, MbsfnAreaConfiguration, MchRxEvent,
    Modulation, PowerDelayProfile, Receiver, RxEvent, SpectrumAnalyzer, SubframeTime,
};
use sha2::{Digest, Sha256};

use self::frame::{Frame, Maker};
use crate::front_ends::{Arrived, FrontEnds};
use crate::perf::{Load, Stopwatch};

/// Subframes of one turn of the air: a radio frame.
pub(crate) const SUBFRAMES_PER_TURN: usize = 10;
/// Subframes after which the system frame number comes round.
const SFN_CYCLE_SUBFRAMES: u64 = 10_240;
/// Resolution of spectra, bins.
const SPECTRUM_BINS: usize = 256;
/// One in so many stretches of samples goes into a spectrum: a frame of 5 MHz has 300, so all parts of it have their turn.
const SPECTRUM_ONE_IN: usize = 29;

/// What a UE heard, in which subframe, and when that was at hand.
#[derive(Debug)]
pub(crate) struct Heard {
    /// As the UE counts.
    pub(crate) time: SubframeTime,
    /// Milliseconds of run time.
    pub(crate) at_ms: u64,
    pub(crate) what: HeardWhat,
}

/// What a UE heard.
#[derive(Debug)]
pub(crate) enum HeardWhat {
    /// A cell was found.
    Cell { n_id_cell: u16, cfo_hz: f64 },
    /// Its master information block.
    Mib { bytes: [u8; 3], n_ports: u8 },
    /// A message of the BCCH on the DL-SCH.
    SystemInformation(Vec<u8>),
    /// A change notification.
    Notification(u8),
    /// An MBSFN area that cannot be listened to.
    AreaRefused { n_id_mbsfn: u8, why: String },
    /// The cell is gone.
    CellLost,
    /// A transport block was tried; its octets when the CRC passed.
    Block(BlockReport, Option<Vec<u8>>),
    /// Equalised symbols, thinned out, of the block just tried.
    Symbols(Modulation, Vec<Complex32>),
    /// Samples of the subframe whose data block just failed, without the frequency offset.
    LostIq(BlockReport, Vec<Complex32>),
    /// An MCCH message, decoded when it is new.
    Mcch { n_id_mbsfn: u8, message: Vec<u8>, configuration: Option<MbsfnAreaConfiguration> },
    /// An SDU of an MTCH.
    Sdu { mtch: HeardMtch, sdu: Vec<u8> },
    /// RLC found a gap: the sequence number that was due and the one that came.
    RlcGap { mtch: HeardMtch, expected_sn: u8, received_sn: u8, lost_pdus: u32 },
    /// Layer 2 could not make sense of something.
    Trouble(String),
}

/// An MTCH as a UE knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct HeardMtch {
    pub(crate) n_id_mbsfn: u8,
    pub(crate) pmch: usize,
    pub(crate) lcid: u8,
}

/// One UE's side of the air.
pub(crate) struct Link {
    name: String,
    channel: ChannelModel,
    /// Samples that it takes while the eNB gives one.
    clock: f64,
    receiver: Receiver,
    /// Of each of its antennas.
    received: Vec<Vec<Complex32>>,
    /// Samples that the UE's stream begins after the eNB's.
    offset: u64,
    /// Of those, left out still.
    to_leave_out: usize,
    /// Number in the UE's stream of the sample that comes next.
    position: u64,
    /// Samples still in the channel that belong to before a skip.
    of_the_past: usize,
    /// The subframe last decoded.
    now: SubframeTime,
    spectrum: SpectrumAnalyzer,
    /// A constellation is wanted of the next data block.
    wants_symbols: bool,
    /// Lost data blocks whose samples are still to be kept.
    lost_left: u32,
    heard: Vec<Heard>,
    load: Load,
}

/// Lost data blocks of which a UE keeps the samples.
const LOST_KEPT: u32 = 2;
/// Symbols that a constellation shows.
const SYMBOLS_SHOWN: usize = 400;

impl Link {
    /// The UE's stream begins `offset` samples after the eNB's.
    pub(crate) fn new(name: &str, channel: &ChannelConfig, offset: usize, receiver: Receiver) -> Self {
        Self {
            name: name.to_owned(),
            channel: ChannelModel::new(channel),
            clock: 1.0 + channel.impairments.clock_error_ppm * 1e-6,
            receiver,
            received: vec![Vec::new(); channel.n_rx],
            offset: offset as u64,
            to_leave_out: offset,
            position: 0,
            of_the_past: 0,
            now: SubframeTime::default(),
            spectrum: SpectrumAnalyzer::with_one_in(SPECTRUM_BINS, SPECTRUM_ONE_IN),
            wants_symbols: false,
            lost_left: LOST_KEPT,
            heard: Vec::new(),
            load: Load::default(),
        }
    }

    /// Goes on at sample `position` of the eNB's stream.
    fn skip_to(&mut self, position: u64) {
        self.position = ((position as f64 * self.clock).round() as u64).saturating_sub(self.offset);
        self.receiver.skip_to(self.position);
        self.to_leave_out = self.offset.saturating_sub(position) as usize;
        self.of_the_past = self.channel.pending();
    }

    /// Takes what arrived in a radio frame; this is UE number `ue`.
    fn hear(&mut self, arrived: &Arrived<'_>, ue: usize, samples_per_subframe: usize, stopwatch: Option<Stopwatch>) {
        match arrived {
            // A subframe at a time stays in the cache.
            Arrived::BeforeChannels(antennas) => {
                for from in (0..antennas[0].len()).step_by(samples_per_subframe) {
                    let sent: Vec<_> = antennas.iter().map(|a| &a[from..from + samples_per_subframe]).collect();
                    self.hear_subframe(&sent, stopwatch);
                }
            }
            // A receiver that UEs share may have more antennas than this one.
            Arrived::AtAll(antennas) => {
                copy(antennas, &mut self.received);
                self.listen(samples_per_subframe, stopwatch);
            }
            Arrived::AtEach(ues) => {
                copy(&ues[ue], &mut self.received);
                self.listen(samples_per_subframe, stopwatch);
            }
        }
    }

    /// Takes a subframe by way of the channel.
    fn hear_subframe(&mut self, sent: &[impl AsRef<[Complex32]>], stopwatch: Option<Stopwatch>) {
        let sent: Vec<_> = sent.iter().map(AsRef::as_ref).collect();
        let ((), time) = timed(stopwatch, || self.channel.process(&sent, &mut self.received));
        time.into_iter().for_each(|time| self.load.channel.add(time));
        self.listen(sent[0].len(), stopwatch);
    }

    /// Takes what was received.
    fn listen(&mut self, samples_per_subframe: usize, stopwatch: Option<Stopwatch>) {
        let count = self.received[0].len();
        let past = std::mem::take(&mut self.of_the_past) + std::mem::take(&mut self.to_leave_out);
        let left_out = past.min(count);
        self.to_leave_out = past - left_out;
        self.spectrum.push(&self.received[0][left_out..]);
        // One subframe at a time, so that the symbols of a block can be looked at before the next one.
        let received = std::mem::take(&mut self.received);
        for from in (left_out..count).step_by(samples_per_subframe) {
            let part = from..count.min(from + samples_per_subframe);
            let is_whole = part.len() == samples_per_subframe;
            let (is_mbsfn, time) = timed(stopwatch, || self.hear_part(&received, part, samples_per_subframe as u64));
            if let Some(time) = time.filter(|_| is_whole) {
                self.load.receive.add(time, is_mbsfn);
            }
        }
        self.received = received;
    }

    /// Takes `part` of the samples of each antenna; tells whether the transport block of an MCH was in it.
    fn hear_part(&mut self, received: &[Vec<Complex32>], part: Range<usize>, samples_per_subframe: u64) -> bool {
        let end = self.position + part.len() as u64;
        let end_ms = (end + self.offset).div_ceil(samples_per_subframe);
        let (heard, now, offset) = (&mut self.heard, &mut self.now, self.offset);
        let (mut is_mbsfn, mut data_block, mut lost) = (false, false, None);
        let antennas: Vec<_> = received.iter().map(|antenna| &antenna[part.clone()]).collect();
        self.receiver.push(self.position, &antennas, &mut |event| {
            if let Some(time) = time_of(&event) {
                *now = time;
            }
            if let RxEvent::Block(report, _) = &event {
                is_mbsfn = true;
                data_block |= !report.signalling && report.quality.crc_ok;
                if !report.signalling && report.announced && !report.quality.crc_ok {
                    lost = Some(*report);
                }
            }
            let at_ms = match event {
                RxEvent::CellFound { frame_start, .. } => (frame_start + offset) / samples_per_subframe,
                _ => at_ms(*now, end_ms),
            };
            heard.extend(owned(event).map(|what| Heard { time: *now, at_ms, what }));
        });
        self.position = end;
        let (time, at_ms) = (self.now, at_ms(self.now, end_ms));
        if let Some(report) = lost.filter(|_| self.lost_left > 0) {
            self.lost_left -= 1;
            let what = HeardWhat::LostIq(report, self.receiver.last_subframe().to_vec());
            self.heard.push(Heard { time, at_ms, what });
        }
        if let Some((symbols, modulation)) = self.receiver.symbols().filter(|_| data_block && self.wants_symbols) {
            self.wants_symbols = false;
            let shown = symbols.iter().copied().step_by(symbols.len().div_ceil(SYMBOLS_SHOWN).max(1)).collect();
            self.heard.push(Heard { time, at_ms, what: HeardWhat::Symbols(modulation, shown) });
        }
        is_mbsfn
    }
}

/// Does `work` and, where there is a stopwatch, tells how long it took.
fn timed<T>(stopwatch: Option<Stopwatch>, work: impl FnOnce() -> T) -> (T, Option<Duration>) {
    match stopwatch {
        Some(stopwatch) => {
            let (done, time) = stopwatch.time(work);
            (done, Some(time))
        }
        None => (work(), None),
    }
}

/// What the eNB has sent so far.
struct Sent {
    hash: Sha256,
    samples: u64,
    spectrum: SpectrumAnalyzer,
}

impl Default for Sent {
    fn default() -> Self {
        let spectrum = SpectrumAnalyzer::with_one_in(SPECTRUM_BINS, SPECTRUM_ONE_IN);
        Self { hash: Sha256::new(), samples: 0, spectrum }
    }
}

impl Sent {
    fn add(&mut self, frame: &Frame) {
        frame.antenna(0).for_each(|samples| self.spectrum.push(samples));
        self.samples += frame.antenna(0).map(|samples| samples.len() as u64).sum::<u64>();
        for antenna in 0..frame.antennas() {
            frame.antenna(antenna).for_each(|samples| hash_cf32(&mut self.hash, samples));
        }
    }
}

/// The transmitter and everybody who listens.
pub(crate) struct Air {
    enb: Enb,
    links: Vec<Link>,
    frame: Frame,
    sent: Sent,
    threads: usize,
    stopwatch: Option<Stopwatch>,
    load: Load,
    /// Of a paced run.
    front_ends: Option<FrontEnds>,
}

impl Air {
    pub(crate) fn new(enb: Enb, links: Vec<Link>) -> Self {
        Self {
            enb,
            links,
            frame: Frame::default(),
            sent: Sent::default(),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            stopwatch: None,
            load: Load::default(),
            front_ends: None,
        }
    }

    /// From here on samples go over front ends, which take all of them: silence is sent too.
    pub(crate) fn go_over(&mut self, front_ends: FrontEnds) {
        self.front_ends = Some(front_ends);
    }

    /// From here on it is measured what the work costs.
    pub(crate) fn measure(&mut self, stopwatch: Stopwatch) {
        self.stopwatch = Some(stopwatch);
    }

    /// What the work has cost since then.
    pub(crate) fn load(&self) -> Load {
        let mut load = self.load.clone();
        self.links.iter().for_each(|link| load.merge(&link.load));
        load
    }

    /// The front ends of a paced run.
    pub(crate) fn front_ends(&mut self) -> Option<&mut FrontEnds> {
        self.front_ends.as_mut()
    }

    pub(crate) fn enb(&mut self) -> &mut Enb {
        &mut self.enb
    }

    /// Leaves out whole radio frames in which nothing is on air.
    pub(crate) fn skip_to_frame(&mut self, frame: u64) {
        let samples = (self.enb.cell().samples_per_subframe() * SUBFRAMES_PER_TURN) as u64;
        let (time, position) = (SubframeTime::new(frame, 0), frame * samples);
        self.enb.skip_to(time);
        self.links.iter_mut().for_each(|link| link.skip_to(position));
    }

    /// Sends and hears one radio frame.
    ///
    /// # Errors
    /// A front end of a paced run is gone, silent or at its end.
    pub(crate) fn turn(&mut self) -> Result<(), FrontEndError> {
        let step = self.enb.cell().samples_per_subframe();
        let (antennas, stopwatch) = (usize::from(self.enb.carrier().n_ports), self.stopwatch);
        let (frame, maker) = self.frame.begin(antennas, step);
        let (enb, load, sent) = (&mut self.enb, &mut self.load, &mut self.sent);
        let mut make = move |mut maker: Maker<'_>| {
            for _ in 0..SUBFRAMES_PER_TURN {
                maker.make(|antennas| {
                    let (time, took) = timed(stopwatch, || enb.next_subframe(antennas));
                    took.into_iter().for_each(|took| load.transmit.add(took, enb.is_mbsfn(time)));
                });
            }
        };
        let threads = self.threads.min(self.links.len());
        let links = self.links.iter_mut().enumerate();
        match &mut self.front_ends {
            None => share(
                threads,
                || make(maker),
                (links, |_, link| frame.heard().for_each(|subframe| link.hear_subframe(subframe, stopwatch))),
                || sent.add(frame),
            ),
            Some(front_ends) => {
                make(maker);
                let antennas: Vec<_> = (0..antennas).map(|a| frame.antenna(a).flatten().copied().collect()).collect();
                let arrived = front_ends.pass(&antennas)?;
                let hear = |ue, link: &mut Link| link.hear(&arrived, ue, step, stopwatch);
                share(threads, || (), (links, hear), || sent.add(frame));
            }
        }
        Ok(())
    }

    /// What was heard since the last call, UE by UE.
    pub(crate) fn take_heard(&mut self) -> impl Iterator<Item = (usize, Vec<Heard>)> + '_ {
        self.links.iter_mut().enumerate().map(|(ue, link)| (ue, std::mem::take(&mut link.heard)))
    }

    /// Asks for the constellation of the next data block of every UE.
    pub(crate) fn want_symbols(&mut self) {
        self.links.iter_mut().for_each(|link| link.wants_symbols = true);
    }

    /// How far the receiver of a UE came.
    pub(crate) fn diagnosis(&self, ue: usize) -> Diagnosis {
        self.links[ue].receiver.diagnosis()
    }

    /// Power over delay at each UE, by name.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = (&str, &PowerDelayProfile)> {
        self.links.iter().filter_map(|l| Some((l.name.as_str(), l.receiver.power_delay_profile()?)))
    }

    /// SHA-256 of all IQ sent so far, as cf32, antenna by antenna in each radio frame, and how many samples of an antenna
    /// that were.
    pub(crate) fn iq_hash(&self) -> ([u8; 32], u64) {
        (self.sent.hash.clone().finalize().into(), self.sent.samples)
    }

    /// Power spectral densities: of the eNB's first antenna, then of each UE by name.
    pub(crate) fn spectra(&self) -> impl Iterator<Item = (&str, Vec<f32>)> {
        let enb = self.sent.spectrum.psd_db().map(|psd| ("eNB", psd));
        enb.into_iter().chain(self.links.iter().filter_map(|l| Some((l.name.as_str(), l.spectrum.psd_db()?))))
    }
}

/// Lets `threads` threads have the UEs hear, one UE after the other, while this one does `first`; whoever finds no UE left
/// before the others does `last`.
fn share<'a>(
    threads: usize,
    first: impl FnOnce() + Send,
    (links, hear): (impl Iterator<Item = (usize, &'a mut Link)> + Send, impl Fn(usize, &mut Link) + Sync),
    last: impl FnOnce() + Send,
) {
    let (links, last) = (Mutex::new(links), Mutex::new(Some(last)));
    let next = || links.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take_last = || last.lock().unwrap_or_else(PoisonError::into_inner).take();
    let work = || {
        while let Some((ue, link)) = next() {
            hear(ue, link);
        }
        if let Some(last) = take_last() {
            last();
        }
    };
    let work = &work;
    rayon::scope(|scope| {
        (1..threads).for_each(|_| scope.spawn(move |_| work()));
        first();
        work();
    });
}

/// Adds samples to a digest: little-endian cf32.
fn hash_cf32(hash: &mut Sha256, samples: &[Complex32]) {
    if cfg!(target_endian = "little") {
        hash.update(bytemuck::cast_slice::<_, u8>(samples));
        return;
    }
    for sample in samples {
        hash.update(sample.re.to_le_bytes());
        hash.update(sample.im.to_le_bytes());
    }
}

/// Copies samples of as many antennas as there are places for.
fn copy(antennas: &[Vec<Complex32>], to: &mut [Vec<Complex32>]) {
    to.iter_mut().zip(antennas).for_each(|(to, from)| to.clone_from(from));
}

/// The subframe that an event tells.
fn time_of(event: &RxEvent<'_>) -> Option<SubframeTime> {
    match event {
        RxEvent::Block(report, _) => Some(report.time),
        RxEvent::Mib { time, .. }
        | RxEvent::SystemInformation { time, .. }
        | RxEvent::McchNotification { time, .. } => Some(*time),
        _ => None,
    }
}

/// End of a subframe in run time, which lies near `near_ms`: a UE knows the system frame number and no more.
fn at_ms(time: SubframeTime, near_ms: u64) -> u64 {
    let phase = (time.subframes() + 1) % SFN_CYCLE_SUBFRAMES;
    let cycle = (near_ms + SFN_CYCLE_SUBFRAMES / 2).saturating_sub(phase) / SFN_CYCLE_SUBFRAMES;
    cycle * SFN_CYCLE_SUBFRAMES + phase
}

/// What outlives the call.
fn owned(event: RxEvent<'_>) -> Option<HeardWhat> {
    Some(match event {
        RxEvent::CellFound { n_id_cell, cfo_hz, .. } => HeardWhat::Cell { n_id_cell, cfo_hz },
        RxEvent::Mib { bytes, n_ports, .. } => HeardWhat::Mib { bytes, n_ports },
        RxEvent::SystemInformation { bytes, .. } => HeardWhat::SystemInformation(bytes.to_vec()),
        RxEvent::McchNotification { bitmap, .. } => HeardWhat::Notification(bitmap),
        RxEvent::Area { info, error } => {
            HeardWhat::AreaRefused { n_id_mbsfn: info.n_id_mbsfn, why: error?.to_string() }
        }
        RxEvent::CellLost { .. } => HeardWhat::CellLost,
        RxEvent::Block(report, tb) => HeardWhat::Block(report, tb.map(<[u8]>::to_vec)),
        RxEvent::Mch { n_id_mbsfn, event } => return of_mch(n_id_mbsfn, event),
        RxEvent::SamplesLost { expected, at } => {
            HeardWhat::Trouble(format!("samples lost: {at} came where {expected} was expected"))
        }
    })
}

fn of_mch(n_id_mbsfn: u8, event: MchRxEvent<'_>) -> Option<HeardWhat> {
    let mtch = |pmch, lcid| HeardMtch { n_id_mbsfn, pmch, lcid };
    Some(match event {
        MchRxEvent::McchMessage { bytes, config, changed, .. } => {
            HeardWhat::Mcch { n_id_mbsfn, message: bytes.to_vec(), configuration: changed.then(|| config.clone()) }
        }
        MchRxEvent::Msi { .. } => return None,
        MchRxEvent::Sdu { pmch, lcid, bytes } => HeardWhat::Sdu { mtch: mtch(pmch, lcid), sdu: bytes.to_vec() },
        MchRxEvent::RlcGap { pmch, lcid, expected_sn, received_sn, lost_pdus } => {
            HeardWhat::RlcGap { mtch: mtch(pmch, lcid), expected_sn, received_sn, lost_pdus: lost_pdus.into() }
        }
        MchRxEvent::Malformed { what } => HeardWhat::Trouble(what.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subframe_number_of_a_ue_is_found_in_run_time() {
        let time = |subframes| SubframeTime::from_subframes(subframes);
        assert_eq!(at_ms(time(0), 1), 1);
        assert_eq!(at_ms(time(4999), 5001), 5000);
        // SFN came round three times before the UE was switched on.
        assert_eq!(at_ms(time(10), 30_731), 30_731);
        assert_eq!(at_ms(time(10_239), 30_721), 30_720);
        assert_eq!(at_ms(time(3 * 10_240 + 10), 30_731), 30_731);
    }
}
