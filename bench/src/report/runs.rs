//! What the model of a run knows of steps, sessions, UEs and deliveries.

use protocol::Tmgi;

use super::area_sum::AreaSum;
use super::radio_sum::RadioSum;
use super::series::{Merge, Series};
use crate::event::{AreaMeasured, SessionInfo, SessionSent};

/// A scenario step that began.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepRun {
    /// Position in the scenario, from 0.
    pub index: usize,
    /// The scenario's words.
    pub description: String,
    /// When it began.
    pub from_ns: u64,
    /// When and why it ended.
    pub end: Option<(u64, String)>,
}

/// A session as the BM-SC ran it.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionRun {
    /// Name in the scenario.
    pub name: String,
    /// When it started and what was allocated.
    pub started: Option<(u64, SessionInfo)>,
    /// When it stopped and what it had sent.
    pub stopped: Option<SessionStop>,
    /// Since when it goes on on another MCH, and which: the first times.
    pub moves: Vec<(u64, String)>,
}

/// The MCCH of an area lists other sessions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct McchChange {
    /// Start of the modification period.
    pub from_ns: u64,
    /// MBSFN area identity.
    pub n_id_mbsfn: u8,
    /// How many sessions it lists from then on.
    pub sessions: usize,
}

/// What a session had sent when it stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionStop {
    /// When.
    pub at_ns: u64,
    /// What the BM-SC has reported.
    pub sent: Option<SessionSent>,
}

/// What a UE measured.
#[derive(Clone, PartialEq, Debug)]
pub struct UeRun {
    /// Name in the scenario.
    pub name: String,
    /// Over the whole run.
    pub radio: RadioSum,
    /// Over time.
    pub radio_series: Series<RadioSum>,
    /// MBSFN areas, by identity.
    pub areas: Vec<AreaSum>,
    /// The newest impulse response.
    pub impulse: Option<ImpulseResponse>,
    /// Blocks whose loss was recorded one by one.
    pub blocks_lost: u64,
    /// When MCCH was first there, and what it listed last.
    pub mcch: Option<(u64, Vec<(Tmgi, u8)>)>,
    /// UMD PDUs missing, and in how many gaps.
    pub rlc_gaps: (u64, u64),
    /// The newest constellation.
    pub constellation: Option<Constellation>,
    /// The cell, once it is found: when, identity, antenna ports.
    pub cell: Option<(u64, u16, u8)>,
    /// Why it had not acquired the carrier in its time.
    pub not_acquired: Option<String>,
    /// How its receiver saw itself at the end.
    pub diagnosis: Option<Diagnosis>,
    /// Change notifications found on the PDCCH.
    pub notifications: u64,
    /// When the first ones were found.
    pub notified_ns: Vec<u64>,
    /// Datagrams lost, the first ones, and in how many places.
    pub losses: Vec<Loss>,
    /// Places at which datagrams were lost.
    pub losses_all: u64,
}

/// How a receiver saw itself at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnosis {
    /// The first stage that fails.
    pub stage: Option<String>,
    /// The receiver's own words.
    pub hint: String,
    /// Each stage: name, how often it was tried, how often that went well.
    pub stages: Vec<(String, u64, u64)>,
}

/// Datagrams that did not reach a UE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// When that was clear.
    pub at_ns: u64,
    /// Session.
    pub session: String,
    /// Number of the first one in the session, and how many.
    pub datagrams: (u64, u64),
    /// Name of the MCH.
    pub mch: String,
    /// Logical channel.
    pub lcid: u8,
    /// RLC sequence numbers, first and last.
    pub rlc_sn: Option<(u8, u8)>,
}

impl Loss {
    /// In words: which datagrams, MCH, logical channel, RLC sequence numbers.
    pub fn words(&self) -> String {
        let (first, count) = self.datagrams;
        let datagrams = match count {
            1 => format!("datagram {first}"),
            n => format!("datagrams {first} to {}", first + n - 1),
        };
        let rlc = match self.rlc_sn {
            Some((first, last)) if first == last => format!("RLC SN {first}"),
            Some((first, last)) => format!("RLC SN {first} to {last}"),
            None => "RLC had every PDU".to_owned(),
        };
        format!("{datagrams} of session {}: MCH {}, logical channel {}, {rlc}", self.session, self.mch, self.lcid)
    }
}

/// Equalised symbols of one subframe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Constellation {
    /// When.
    pub at_ns: u64,
    /// System frame number and subframe.
    pub subframe: (u32, u8),
    /// `QPSK`, `16QAM`, `64QAM`, `256QAM`.
    pub modulation: String,
    /// I and Q in thousandths of the unit-power constellation.
    pub points_milli: Vec<[i16; 2]>,
}

/// Power over delay at a UE.
#[derive(Clone, PartialEq, Debug)]
pub struct ImpulseResponse {
    /// Delay of the first value against the subframe as the UE follows it, microseconds.
    pub from_us: f64,
    /// From one value to the next, microseconds.
    pub step_us: f64,
    /// Delays between which a path is inside of the cyclic prefix, microseconds.
    pub prefix_us: (f64, f64),
    /// Relative to the strongest value, dB.
    pub power_db: Vec<f32>,
}

/// Power spectral density at a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Spectrum {
    /// `eNB` or a UE.
    pub at: String,
    /// Width, Hz.
    pub span_hz: f64,
    /// From -span/2 to +span/2, dB.
    pub psd_db: Vec<f32>,
}

/// A file on its way to a UE.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivery {
    /// UE.
    pub ue: String,
    /// Session.
    pub session: String,
    /// When the first FDT instance was there.
    pub fdt_ns: Option<u64>,
    /// How far the object had come over time.
    pub progress: Series<Progress>,
    /// Objects that arrived bit for bit.
    pub objects_intact: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How far an object had come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// When.
    pub t_ns: u64,
    /// Octets of encoding symbols received, repeats included.
    pub received_octets: u64,
    /// Octets written out, in order.
    pub written_octets: u64,
}

impl Merge for Progress {
    fn merge(&mut self, later: &Self) {
        *self = *later;
    }
}

/// How a delivery ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Neither received nor given up.
    Open,
    /// The whole object is there.
    Received {
        /// When.
        at_ns: u64,
        /// Seconds since the session started.
        after_s: f64,
        /// Transport object identifier.
        toi: u64,
        /// Content location of the FDT.
        content_location: String,
        /// Octets.
        octets: u64,
        /// SHA-256, hexadecimal.
        sha256: String,
        /// Bit for bit what was sent.
        intact: bool,
    },
    /// The session ended without it.
    Missing {
        /// When that was clear.
        at_ns: u64,
        /// Octets of encoding symbols received.
        received_octets: u64,
        /// Why.
        reason: String,
    },
}

/// A note to humans.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// When.
    pub at_ns: u64,
    /// The words.
    pub text: String,
}

impl SessionRun {
    /// What it had sent when it stopped, as far as that is known.
    pub fn sent(&self) -> Option<SessionSent> {
        self.stopped?.sent
    }

    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), started: None, stopped: None, moves: Vec::new() }
    }
}

impl UeRun {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            radio: RadioSum::default(),
            radio_series: Series::new(SERIES_POINTS),
            areas: Vec::new(),
            impulse: None,
            blocks_lost: 0,
            mcch: None,
            rlc_gaps: (0, 0),
            constellation: None,
            cell: None,
            not_acquired: None,
            diagnosis: None,
            notifications: 0,
            notified_ns: Vec::new(),
            losses: Vec::new(),
            losses_all: 0,
        }
    }

    /// Takes in what was measured in an area; a cell has at most eight, by an identity of eight bits each.
    pub(super) fn area(&mut self, measured: &AreaMeasured) {
        let known = self.areas.iter().position(|a| a.n_id_mbsfn == measured.n_id_mbsfn);
        let index = known.unwrap_or_else(|| {
            self.areas.push(AreaSum::default());
            self.areas.len() - 1
        });
        self.areas[index].add(measured);
    }
}

impl Delivery {
    pub(super) fn new(ue: &str, session: &str) -> Self {
        Self {
            ue: ue.to_owned(),
            session: session.to_owned(),
            fdt_ns: None,
            progress: Series::new(SERIES_POINTS),
            objects_intact: 0,
            outcome: Outcome::Open,
        }
    }

    /// True when the object is there bit for bit.
    pub fn is_complete(&self) -> bool {
        self.objects_intact > 0
    }

    /// Octets of encoding symbols that had been received when the object was complete or given up.
    pub fn received_octets(&self) -> u64 {
        match &self.outcome {
            Outcome::Missing { received_octets, .. } => *received_octets,
            _ => self.progress.last().map_or(0, |p| p.received_octets),
        }
    }

    /// Takes a report of progress in. What comes after completion only serves to find, between two reports, how much had
    /// been received at completion.
    pub(super) fn push_progress(&mut self, point: Progress) {
        let Outcome::Received { at_ns, .. } = self.outcome else { return self.progress.push(point) };
        let Some(before) = self.progress.last().copied().filter(|p| p.t_ns < at_ns && at_ns < point.t_ns) else {
            return;
        };
        let part = (at_ns - before.t_ns) as f64 / (point.t_ns - before.t_ns) as f64;
        let gained = point.received_octets.saturating_sub(before.received_octets) as f64 * part;
        let received_octets = before.received_octets + gained.round() as u64;
        self.progress.push(Progress { t_ns: at_ns, received_octets, written_octets: point.written_octets });
    }
}

/// Points of a curve that are kept: more than a screen shows.
pub(super) const SERIES_POINTS: usize = 240;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_at_completion_lie_between_two_reports() {
        let mut delivery = Delivery::new("a", "b");
        let point = |t_ns, received_octets| Progress { t_ns, received_octets, written_octets: 0 };
        delivery.push_progress(point(100, 1000));
        delivery.outcome = Outcome::Received {
            at_ns: 150,
            after_s: 0.0,
            toi: 1,
            content_location: String::new(),
            octets: 1200,
            sha256: String::new(),
            intact: true,
        };
        delivery.push_progress(point(200, 2000));
        delivery.push_progress(point(300, 3000));
        assert_eq!(delivery.received_octets(), 1500);
        assert_eq!(delivery.progress.points(), [point(100, 1000), point(150, 1500)]);
    }
}
