//! The air between one eNB and the UEs: IQ in memory through a channel model for each UE, or over front ends; or, for many
//! UEs, what one receiver makes of the IQ and measured tables of block errors.
//!
//! The radio work of one radio frame fans out over scoped threads, UE by UE, and what was heard is told in UE order, so a
//! run does not depend on how many cores there are.

mod bler;
mod frame;
mod heard;
mod link;
mod table;

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use num_complex::Complex32;
use radio::{Diagnosis, Enb, FrontEndError, PowerDelayProfile, SpectrumAnalyzer, SubframeTime};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub(crate) use self::bler::MCS_MAX as TABLE_MCS_MAX;
use self::frame::{Frame, Maker};
pub(crate) use self::heard::{Heard, HeardMtch, HeardWhat};
pub(crate) use self::link::Link;
use self::table::Carrier;
pub(crate) use self::table::TableLink;
use crate::front_ends::FrontEnds;
use crate::perf::{Load, Stopwatch};

/// Subframes of one turn of the air: a radio frame.
pub(crate) const SUBFRAMES_PER_TURN: usize = 10;
/// Resolution of spectra, bins.
const SPECTRUM_BINS: usize = 256;
/// One in so many stretches of samples goes into a spectrum: a frame of 5 MHz has 300, so all parts of it have their turn.
const SPECTRUM_ONE_IN: usize = 29;

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

/// How a UE listens.
pub(crate) enum Listener {
    /// To samples.
    Samples(Box<Link>),
    /// To what a reference receiver has heard.
    Table(Box<TableLink>),
}

/// UEs without samples and whom they listen to.
struct Tables {
    /// Place of the reference receiver among the links, the last one.
    reference: usize,
    carrier: Carrier,
    ues: Vec<TableLink>,
}

/// Place of a UE's listener.
#[derive(Clone, Copy)]
enum Place {
    Link(usize),
    Table(usize),
}

/// The transmitter and everybody who listens.
pub(crate) struct Air {
    enb: Enb,
    links: Vec<Link>,
    tables: Option<Tables>,
    /// Of each UE.
    places: Vec<Place>,
    /// When the next radio frame begins.
    now_ms: u64,
    frame: Frame,
    sent: Sent,
    threads: usize,
    stopwatch: Option<Stopwatch>,
    load: Load,
    /// Of a paced run.
    front_ends: Option<FrontEnds>,
}

impl Air {
    /// The UEs in their order; `reference` is there when one of them listens to it.
    pub(crate) fn new(enb: Enb, listeners: Vec<Listener>, reference: Option<Link>) -> Self {
        let (mut links, mut ues, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for listener in listeners {
            match listener {
                Listener::Samples(link) => {
                    places.push(Place::Link(links.len()));
                    links.push(*link);
                }
                Listener::Table(link) => {
                    places.push(Place::Table(ues.len()));
                    ues.push(*link);
                }
            }
        }
        let tables = reference.map(|reference| {
            links.push(reference);
            Tables { reference: links.len() - 1, carrier: Carrier::default(), ues }
        });
        Self {
            enb,
            links,
            tables,
            places,
            now_ms: 0,
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
        self.now_ms = frame * SUBFRAMES_PER_TURN as u64;
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
        self.now_ms += SUBFRAMES_PER_TURN as u64;
        if let Some(Tables { reference, carrier, ues }) = &mut self.tables {
            let (heard, now_ms) = (std::mem::take(&mut self.links[*reference].heard), self.now_ms);
            carrier.learn(&heard);
            let carrier = &*carrier;
            ues.par_iter_mut().for_each(|ue| ue.hear(carrier, &heard, now_ms));
        }
        Ok(())
    }

    /// What was heard since the last call, UE by UE.
    pub(crate) fn take_heard(&mut self) -> Vec<VecDeque<Heard>> {
        (0..self.places.len()).map(|ue| self.heard_of(ue).map(std::mem::take).unwrap_or_default().into()).collect()
    }

    /// Gets the lists back when all in them was told, so that they need not grow again.
    pub(crate) fn give_back(&mut self, told: Vec<VecDeque<Heard>>) {
        for (ue, told) in told.into_iter().enumerate() {
            if let Some(heard) = self.heard_of(ue) {
                *heard = told.into();
            }
        }
    }

    fn heard_of(&mut self, ue: usize) -> Option<&mut Vec<Heard>> {
        match *self.places.get(ue)? {
            Place::Link(at) => Some(&mut self.links.get_mut(at)?.heard),
            Place::Table(at) => Some(&mut self.tables.as_mut()?.ues.get_mut(at)?.heard),
        }
    }

    /// A UE of this name has the carrier's coverage from here on, or hears noise alone.
    pub(crate) fn set_covered(&mut self, ue: &str, is_covered: bool) {
        let now_ms = self.now_ms;
        self.listeners_mut().filter(|link| link.name == ue).for_each(|link| link.set_covered(is_covered));
        let tables = self.tables.iter_mut().flat_map(|tables| &mut tables.ues);
        tables.filter(|link| link.name == ue).for_each(|link| link.set_covered(now_ms, is_covered));
    }

    /// Links of UEs: the reference receiver is none.
    fn listeners_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        let count = self.tables.as_ref().map_or(self.links.len(), |tables| tables.reference);
        self.links.iter_mut().take(count)
    }

    fn listeners(&self) -> impl Iterator<Item = &Link> {
        let count = self.tables.as_ref().map_or(self.links.len(), |tables| tables.reference);
        self.links.iter().take(count)
    }

    /// Asks for the constellation of the next data block of every UE.
    pub(crate) fn want_symbols(&mut self) {
        self.listeners_mut().for_each(|link| link.wants_symbols = true);
    }

    /// How far the receiver of a UE came; of one without samples, the reference receiver.
    pub(crate) fn diagnosis(&self, ue: usize) -> Diagnosis {
        let link = match (self.places[ue], &self.tables) {
            (Place::Table(_), Some(tables)) => tables.reference,
            (Place::Link(at) | Place::Table(at), _) => at,
        };
        self.links[link].receiver.diagnosis()
    }

    /// Power over delay at each UE, by name.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = (&str, &PowerDelayProfile)> {
        self.listeners().filter_map(|l| Some((l.name.as_str(), l.receiver.power_delay_profile()?)))
    }

    /// SHA-256 of all IQ sent so far, as cf32, antenna by antenna in each radio frame, and how many samples of an antenna
    /// that were.
    pub(crate) fn iq_hash(&self) -> ([u8; 32], u64) {
        (self.sent.hash.clone().finalize().into(), self.sent.samples)
    }

    /// Power spectral densities: of the eNB's first antenna, then of each UE by name.
    pub(crate) fn spectra(&self) -> impl Iterator<Item = (&str, Vec<f32>)> {
        let enb = self.sent.spectrum.psd_db().map(|psd| ("eNB", psd));
        enb.into_iter().chain(self.listeners().filter_map(|l| Some((l.name.as_str(), l.spectrum.psd_db()?))))
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
