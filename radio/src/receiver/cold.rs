//! The receiver as a whole: search, then a cell that is followed, then the search again when it is lost.

use num_complex::Complex32;

use super::acquisition::Acquisition;
use super::carrier::{Carrier, Knowledge, Surroundings};
use super::config::{KnownCarrier, ReceiverConfig};
use super::counters::Counters;
use super::diagnosis::{Diagnosis, Stage};
use super::event::{BlockFilter, ReceiverError, RxEvent};
use super::follow::Follower;
use super::stream::SampleStream;
use crate::measure::PowerDelayProfile;
use crate::modem::Modulation;
use crate::numerology::{CyclicPrefix, SUBFRAMES_PER_FRAME};
use crate::sync::{CellSearch, FoundCell};
use crate::time::SubframeTime;

/// From samples of unknown time and frequency to SDUs of every MTCH; samples are its only clock.
///
/// Finds a cell, follows its time and frequency, reads MIB, system information, MCCH, MSI and every MTCH, and begins
/// anew when the cell is lost. Allocates while it searches and learns; once everything is known, no more.
pub struct Receiver {
    config: ReceiverConfig,
    n_fft: usize,
    stream: SampleStream,
    /// Number in the stream of the sample that comes next; none before the first one.
    next: Option<u64>,
    acquisition: Acquisition,
    carrier: Option<Carrier>,
    /// What is known of a cell that was lost.
    remembered: Option<Knowledge>,
    /// What is known beforehand, until the first samples come.
    known: Option<KnownCarrier>,
    /// What was learnt of the first cell.
    learnt: Option<KnownCarrier>,
    counters: Counters,
    filter: Option<BlockFilter>,
}

impl Receiver {
    /// A receiver that has to find everything out.
    ///
    /// # Errors
    /// A sample rate or a number of antennas that it cannot work with.
    pub fn new(config: ReceiverConfig) -> Result<Self, ReceiverError> {
        let sample_rate_hz = config.sample_rate_hz;
        let n_fft = config.n_fft().ok_or(ReceiverError::SampleRate { sample_rate_hz })?;
        let search = CellSearch::new(n_fft).ok_or(ReceiverError::SampleRate { sample_rate_hz })?;
        if !(1..=2).contains(&config.n_rx) {
            return Err(ReceiverError::Antennas { n_rx: config.n_rx });
        }
        Ok(Self {
            n_fft,
            stream: SampleStream::new(config.n_rx),
            next: None,
            acquisition: Acquisition::new(search, 15 * n_fft, &config),
            carrier: None,
            remembered: None,
            known: None,
            learnt: None,
            counters: Counters::default(),
            filter: None,
            config,
        })
    }

    /// A receiver that begins with what another one learnt from the same samples, so that nothing before the first
    /// system information is lost. It tells what it was told as events before the first samples are looked at.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_known(config: ReceiverConfig, known: KnownCarrier) -> Result<Self, ReceiverError> {
        Ok(Self { known: Some(known), ..Self::new(config)? })
    }

    /// Takes samples of every receive antenna, of which the first is number `at` of the stream; what they tell goes to
    /// `sink`, in order. A stream may begin at any number; a jump of `at` is a loss of samples: the carrier is expected to have gone on meanwhile.
    ///
    /// # Panics
    /// If there are not as many antennas as configured, or they do not have the same number of samples.
    pub fn push(&mut self, at: u64, antennas: &[&[Complex32]], sink: &mut impl FnMut(RxEvent<'_>)) {
        assert_eq!(antennas.len(), usize::from(self.config.n_rx), "receive antennas");
        let len = antennas[0].len();
        assert!(antennas.iter().all(|antenna| antenna.len() == len), "as many samples of every antenna");
        match self.next {
            Some(expected) if expected != at => {
                sink(RxEvent::SamplesLost { expected, at });
                self.jump(at);
            }
            Some(_) => {}
            None => self.jump(at),
        }
        if let Some(known) = self.known.take() {
            self.begin_with(&known, at, sink);
        }
        // No more than a subframe at a time: what is held stays small.
        let step = self.samples_per_subframe();
        for from in (0..len).step_by(step) {
            let part = from..len.min(from + step);
            if self.carrier.is_none() && self.acquisition.rests_at(self.stream.end()) {
                self.stream.leave_out(part.len());
            } else {
                self.stream.push(antennas, part);
            }
            self.next = Some(self.stream.end());
            self.run(false, sink);
        }
    }

    /// The stream has ended: what has come is searched for a cell though it is short, and read.
    pub fn finish(&mut self, sink: &mut impl FnMut(RxEvent<'_>)) {
        self.run(true, sink);
    }

    /// Leaves out samples on purpose: the next one is number `at`, and what is on air is as if all had been heard.
    /// Before a cell is found, the search begins anew.
    pub fn skip_to(&mut self, at: u64) {
        self.jump(at);
    }

    /// Lets `filter` change or drop system information, change notifications and transport blocks of MCHs: a fault put in
    /// on purpose.
    pub fn set_block_filter(&mut self, filter: BlockFilter) {
        self.filter = Some(filter);
    }

    /// Equalised symbols of the transport block of an MCH last tried, and their modulation.
    pub fn symbols(&self) -> Option<(&[Complex32], Modulation)> {
        Some(self.carrier.as_ref()?.last_area()?.symbols())
    }

    /// Impulse response of the MBSFN subframe last tried, first antenna: see [`crate::MbsfnEstimator::impulse_response`].
    pub fn impulse_response(&self) -> &[Complex32] {
        self.carrier.as_ref().and_then(Carrier::last_area).map_or(&[], |area| area.impulse_response())
    }

    /// Power over delay of the MBSFN area that was tried last.
    pub fn power_delay_profile(&self) -> Option<&PowerDelayProfile> {
        Some(self.carrier.as_ref()?.last_area()?.power_delay_profile())
    }

    /// Samples of the subframe last read, first antenna, without the frequency offset.
    pub fn last_subframe(&self) -> &[Complex32] {
        self.carrier.as_ref().and_then(|carrier| carrier.follower.iq().first()).map_or(&[], Vec::as_slice)
    }

    /// Physical layer cell identity of the cell that is followed.
    pub fn n_id_cell(&self) -> Option<u16> {
        self.carrier.as_ref().map(Carrier::n_id_cell)
    }

    /// Carrier frequency offset as followed, Hz.
    pub fn cfo_hz(&self) -> Option<f64> {
        self.carrier.as_ref().map(|carrier| carrier.follower.cfo_hz())
    }

    /// What was learnt of the carrier, for a second pass over the same samples.
    pub fn known(&self) -> Option<KnownCarrier> {
        self.carrier.as_ref().and_then(Carrier::known).or_else(|| self.learnt.clone())
    }

    /// How far it came, and what keeps it from going on.
    pub fn diagnosis(&self) -> Diagnosis {
        super::diagnose::diagnose(&self.counters, self.carrier.as_ref(), &self.config)
    }

    fn samples_per_subframe(&self) -> usize {
        15 * self.n_fft
    }

    /// The next sample is another one than was expected.
    fn jump(&mut self, at: u64) {
        let is_forward = self.next.is_some_and(|next| at >= next);
        self.stream.restart(at);
        self.next = Some(at);
        match &mut self.carrier {
            Some(carrier) if is_forward => carrier.jump(at),
            _ => {
                self.carrier = None;
                self.acquisition.restart();
            }
        }
    }

    /// Follows a cell that is known beforehand from its first whole subframe on.
    fn begin_with(&mut self, known: &KnownCarrier, at: u64, sink: &mut impl FnMut(RxEvent<'_>)) {
        let samples = self.samples_per_subframe();
        let (start, time) = known.beginning(samples);
        let mut follower = Follower::new(samples, self.config.n_rx, start, time, known.cfo_hz);
        follower.skip_to(at);
        let ahead = (SUBFRAMES_PER_FRAME - u64::from(follower.time().subframe())) % SUBFRAMES_PER_FRAME;
        sink(RxEvent::CellFound {
            n_id_cell: known.n_id_cell,
            cyclic_prefix: CyclicPrefix::Normal,
            cfo_hz: known.cfo_hz,
            frame_start: follower.start() + ahead * samples as u64,
        });
        let mut carrier = Carrier::new(&self.config, self.n_fft, known.n_id_cell, follower);
        self.counters.count(Stage::Pss, true);
        carrier.assume(known, sink);
        self.carrier = Some(carrier);
    }

    /// Does everything that the samples at hand allow.
    fn run(&mut self, ended: bool, sink: &mut impl FnMut(RxEvent<'_>)) {
        loop {
            if self.carrier.is_none() && !self.search(ended, sink) {
                return;
            }
            let Some(carrier) = &mut self.carrier else { return };
            while carrier.follower.is_at_hand(&self.stream) && !carrier.is_lost() {
                let (stream, counters, filter) = (&self.stream, &mut self.counters, self.filter.as_mut());
                carrier.subframe(Surroundings { stream, counters, filter }, &mut self.remembered, sink);
            }
            // The window may yet move back a little.
            self.stream.forget_before(carrier.follower.start().saturating_sub(self.n_fft as u64));
            if !carrier.is_lost() {
                return;
            }
            sink(RxEvent::CellLost { time: carrier.follower.time() });
            self.learnt = self.learnt.take().or_else(|| carrier.known());
            self.counters.lost(carrier.carrier().is_some(), carrier.quality());
            match self.carrier.take() {
                Some(carrier) if carrier.carrier().is_some() => self.remembered = carrier.into_knowledge(),
                Some(carrier) => self.acquisition.refuse(carrier.n_id_cell()),
                None => {}
            }
            self.acquisition.restart();
        }
    }

    /// Looks for a cell in the samples at hand.
    fn search(&mut self, ended: bool, sink: &mut impl FnMut(RxEvent<'_>)) -> bool {
        let searches = self.acquisition.searches();
        let found = self.acquisition.poll(&mut self.stream, ended);
        if self.acquisition.searches() > searches {
            self.counters.count(Stage::Pss, found.is_some());
        }
        let Some(found) = found else { return false };
        let follower = self.follower(&found);
        let frame_start = (self.stream.first() as i64 + found.frame_start).max(0) as u64;
        let FoundCell { n_id_cell, cyclic_prefix, cfo_hz, .. } = found;
        self.counters.extended_prefix = cyclic_prefix == CyclicPrefix::Extended;
        sink(RxEvent::CellFound { n_id_cell, cyclic_prefix, cfo_hz, frame_start });
        self.carrier = Some(Carrier::new(&self.config, self.n_fft, n_id_cell, follower));
        true
    }

    /// Follows a cell from the first whole subframe in the samples at hand on.
    fn follower(&self, found: &FoundCell) -> Follower {
        let samples = self.samples_per_subframe() as i64;
        let early = samples / 480; // as the search allows a frame to begin before the samples
        let subframes = (found.frame_start + early).div_euclid(samples);
        let subframe =
            (SUBFRAMES_PER_FRAME as i64 - subframes % SUBFRAMES_PER_FRAME as i64) % SUBFRAMES_PER_FRAME as i64;
        let start = (self.stream.first() as i64 + found.frame_start - subframes * samples).max(0) as u64;
        // Until the MIB tells more, frames count with the samples.
        let time = SubframeTime::new(start / (SUBFRAMES_PER_FRAME * samples as u64), subframe as u8);
        Follower::new(samples as usize, self.config.n_rx, start, time, found.cfo_hz)
    }
}
