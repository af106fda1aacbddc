//! The model of a run: a fold over its events in bounded memory. Every report is made from it alone.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Joint;

use super::ims_runs::ImsRun;
use super::mms_runs::{MultimediaMessageCount, MultimediaMessageRun};
use super::modem_runs::{MessageRun, ModemRun};
use super::radio_sum::RadioSum;
pub(crate) use super::runs::{
    Constellation, Delivery, Diagnosis, ImpulseResponse, Loss, McchChange, Note, Outcome, Progress, SessionRun,
    SessionStop, Spectrum, StepRun, UeRun,
};
use super::series::Merge;
use super::sms_runs::{ShortMessageCount, ShortMessageRun};
use crate::event::{Event, FrontEndStatus, IdentityHop, Measurement, RunHeader, SessionInfo, What};
use crate::ladder::{Ladder, Tick};
use crate::scenario::MeasurementName;

/// What is known about a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    /// Scenario, rig, ladders.
    pub header: RunHeader,
    /// Time of the last event, nanoseconds of run time.
    pub end_ns: u64,
    /// The record was complete.
    pub finished: bool,
    /// Scenario steps that began, in order.
    pub steps: Vec<StepRun>,
    /// One for each session of the scenario, in its order.
    pub sessions: Vec<SessionRun>,
    /// One for each UE of the scenario, in its order.
    pub ues: Vec<UeRun>,
    /// One for each UE and session: UE by UE, sessions inside.
    pub deliveries: Vec<Delivery>,
    /// The ladders of the header.
    pub ladders: Vec<Ladder>,
    /// Packets and octets per reference point.
    pub captured: BTreeMap<Joint, (u64, u64)>,
    /// Messages between two boxes of the IMS, whichever sent them; all UEs are one.
    pub traffic: BTreeMap<(Joint, String, String), u64>,
    /// Power spectra, the newest of each place.
    pub spectra: Vec<Spectrum>,
    /// Quantities that were measured by a box and not derived here.
    pub measured: Vec<Measurement>,
    /// SHA-256 of the eNB's IQ and the number of samples.
    pub iq: Option<(String, u64)>,
    /// Changes of MCCHs on air, the first ones.
    pub mcch_changes: Vec<McchChange>,
    /// Front ends of a paced run.
    pub front_ends: Vec<FrontEndStatus>,
    /// Why the run broke off: a front end.
    pub front_end_failed: Option<String>,
    /// UEs on the IMS, in the order in which they were first heard of.
    pub ims: Vec<ImsRun>,
    /// Modems, in the order in which they were first heard of.
    pub modems: Vec<ModemRun>,
    /// Text messages, the first ones.
    pub messages: Vec<MessageRun>,
    /// Short messages over IP.
    pub short_messages: Vec<ShortMessageRun>,
    /// How many there were: of the first ones alone more is kept.
    pub short_messages_counted: ShortMessageCount,
    /// Multimedia messages.
    pub multimedia_messages: Vec<MultimediaMessageRun>,
    /// How many there were: of the first ones alone more is kept.
    pub multimedia_messages_counted: MultimediaMessageCount,
    /// What messages on the way to databases of other systems call users who migrate, by UE.
    pub identity_hops: Vec<(String, IdentityHop)>,
    /// Hops that are not kept.
    pub more_identity_hops: u64,
    /// MCH scheduling periods, and the largest backlog after one, octets.
    pub mch_periods: (u64, u64),
    /// Notes to humans, the first ones.
    pub notes: Vec<Note>,
    /// Places of UEs in `ues`, and in `ims`.
    places: BTreeMap<String, usize>,
    ims_places: BTreeMap<String, usize>,
    /// What is in `measured`.
    are_measured: BTreeSet<MeasuredOf>,
}

/// What was measured: of which UE, of which session.
type MeasuredOf = (MeasurementName, Option<String>, Option<String>);

impl Model {
    /// The model of a run that has just started.
    pub fn new(header: RunHeader) -> Self {
        let scenario = &header.scenario;
        let mut places = BTreeMap::new();
        for (place, ue) in scenario.ues.iter().enumerate() {
            places.entry(ue.name.clone()).or_insert(place);
        }
        let pairs = scenario.ues.iter().flat_map(|u| scenario.sessions.iter().map(move |s| (&u.name, &s.name)));
        Self {
            end_ns: 0,
            finished: false,
            steps: Vec::new(),
            sessions: scenario.sessions.iter().map(|s| SessionRun::new(&s.name)).collect(),
            ues: scenario.ues.iter().map(|u| UeRun::new(&u.name)).collect(),
            deliveries: pairs.map(|(ue, session)| Delivery::new(ue, session)).collect(),
            ladders: header.ladders.iter().cloned().map(Ladder::new).collect(),
            captured: BTreeMap::new(),
            traffic: BTreeMap::new(),
            spectra: Vec::new(),
            measured: Vec::new(),
            iq: None,
            mcch_changes: Vec::new(),
            front_ends: Vec::new(),
            front_end_failed: None,
            ims: Vec::new(),
            modems: Vec::new(),
            messages: Vec::new(),
            short_messages: Vec::new(),
            short_messages_counted: ShortMessageCount::default(),
            multimedia_messages: Vec::new(),
            multimedia_messages_counted: MultimediaMessageCount::default(),
            identity_hops: Vec::new(),
            more_identity_hops: 0,
            mch_periods: (0, 0),
            notes: Vec::new(),
            places,
            ims_places: BTreeMap::new(),
            are_measured: BTreeSet::new(),
            header,
        }
    }

    /// Folds a whole record.
    ///
    /// # Errors
    /// The source's own, and an event that the header does not allow.
    pub fn fold<E>(events: impl IntoIterator<Item = Result<Event, E>>) -> Result<Self, FoldError<E>> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(FoldError::Model(ModelError::NotStarted))?.map_err(FoldError::Source)?;
        let What::RunStarted(header) = first.what else { return Err(FoldError::Model(ModelError::NotStarted)) };
        let mut model = Self::new(*header);
        for event in events {
            model.apply(&event.map_err(FoldError::Source)?).map_err(FoldError::Model)?;
        }
        Ok(model)
    }

    /// Messages have gone from one box to another.
    fn carried(&mut self, joint: Joint, (from, to): (&str, &str), packets: u64) {
        let is_ue = |name: &str| self.places.contains_key(name);
        let [from, to] = [from, to].map(|name| if is_ue(name) { UES } else { name });
        let pair = (joint, from.min(to).to_owned(), from.max(to).to_owned());
        if let Some(count) = self.traffic.get_mut(&pair) {
            *count += packets;
        } else if self.traffic.len() < PAIRS_MAX {
            self.traffic.insert(pair, packets);
        }
    }

    /// Takes one event in.
    ///
    /// # Errors
    /// The event names a UE, session, step or ladder that the header does not have.
    pub fn apply(&mut self, event: &Event) -> Result<(), ModelError> {
        self.end_ns = self.end_ns.max(event.t_ns);
        let t = event.t_ns;
        match &event.what {
            What::RunStarted(_) => return Err(ModelError::StartedTwice),
            What::RunFinished => self.finished = true,
            What::StepStarted { index, .. } => {
                self.apply_step(t, &event.what)?;
                self.ladders.iter_mut().for_each(|l| _ = l.step_started(*index));
            }
            What::StepFinished { .. } => self.apply_step(t, &event.what)?,
            What::SessionStarted(info) => {
                self.session_mut(&info.session)?.started = Some((t, info.clone()));
                self.ladders.iter_mut().for_each(|l| l.session_started(info));
            }
            What::SessionStopped { session, sent } => {
                let stop = SessionStop { at_ns: t, sent: *sent };
                self.session_mut(session)?.stopped = Some(stop);
            }
            What::MchScheduled { backlog_octets, .. } => {
                self.mch_periods = (self.mch_periods.0 + 1, self.mch_periods.1.max(*backlog_octets));
            }
            What::LadderTick { ladder, step, packet, bound, decoded } => {
                let tick = Tick { at_ns: t, packet: *packet, bound: bound.clone(), decoded: decoded.clone() };
                self.apply_tick(*ladder, step, tick)?;
            }
            What::Carried { joint, from, to, packets } => self.carried(*joint, (from, to), *packets),
            What::Captured { joint, packets, octets } => {
                self.captured.insert(*joint, (*packets, *octets));
            }
            What::Spectrum { at, span_hz, psd_db } => self.apply_spectrum(at, *span_hz, psd_db),
            What::Measured(measurement) => {
                let Measurement { name, ue, session, .. } = measurement;
                if !self.are_measured.insert((*name, ue.clone(), session.clone())) {
                    let is_it = |m: &Measurement| m.name == *name && m.ue == *ue && m.session == *session;
                    self.measured.retain(|m| !is_it(m));
                }
                self.measured.push(measurement.clone());
            }
            What::IqHash { sha256, samples } => self.iq = Some((sha256.clone(), *samples)),
            What::FrontEnd(status) => {
                self.front_ends.retain(|f| f.at != status.at);
                self.front_ends.push(status.clone());
            }
            What::FrontEndFailed { why } => drop(self.front_end_failed.get_or_insert_with(|| why.clone())),
            What::Modem { ue, fact } => {
                self.ue_mut(ue)?;
                self.apply_modem(t, ue, fact);
            }
            What::Sms { number, fact } => self.apply_sms(t, *number, fact),
            What::Ims { ue, fact } => self.apply_ims(t, ue, fact)?,
            What::Message { joint, from, to, .. } => self.carried(*joint, (from, to), 1),
            What::Note { text } => self.note(t, text.clone()),
            What::McchChange { from_ns, n_id_mbsfn, sessions } => {
                if self.mcch_changes.len() < CHANGES_LIMIT {
                    let (from_ns, n_id_mbsfn, sessions) = (*from_ns, *n_id_mbsfn, sessions.len());
                    self.mcch_changes.push(McchChange { from_ns, n_id_mbsfn, sessions });
                }
            }
            What::SessionMoved { session, mch, from_ns, .. } => {
                let moves = &mut self.session_mut(session)?.moves;
                if moves.len() < CHANGES_LIMIT {
                    moves.push((*from_ns, mch.clone()));
                }
            }
            What::CellAcquired { .. }
            | What::CellLost { .. }
            | What::NotAcquired { .. }
            | What::Diagnosis { .. }
            | What::McchNotified { .. }
            | What::DatagramsLost { .. }
            | What::DatagramTooMany { .. } => self.apply_receiver(t, &event.what)?,
            What::McchAcquired { .. }
            | What::Radio(_)
            | What::BlockLost { .. }
            | What::RlcGap { .. }
            | What::Constellation { .. }
            | What::ImpulseResponse { .. } => self.apply_ue(t, &event.what)?,
            What::FdtReceived { .. }
            | What::ObjectProgress { .. }
            | What::ObjectReceived { .. }
            | What::ObjectMissing { .. } => self.apply_delivery(t, &event.what)?,
        }
        Ok(())
    }

    /// A UE.
    pub fn ue(&self, name: &str) -> Option<&UeRun> {
        self.ues.get(*self.places.get(name)?)
    }

    /// A UE as it was on the IMS.
    pub fn ims_of(&self, ue: &str) -> Option<&ImsRun> {
        self.ims.get(*self.ims_places.get(ue)?)
    }

    /// The delivery of a session to a UE.
    pub fn delivery(&self, ue: &str, session: &str) -> Option<&Delivery> {
        self.deliveries_to(ue).iter().find(|d| d.session == session)
    }

    /// The deliveries to a UE, session by session.
    pub fn deliveries_to(&self, ue: &str) -> &[Delivery] {
        let sessions = self.sessions.len();
        let own = self.places.get(ue).and_then(|place| self.deliveries.get(place * sessions..(place + 1) * sessions));
        own.unwrap_or_default()
    }

    /// What was allocated for the sessions that started.
    pub fn session_infos(&self) -> impl Iterator<Item = &SessionInfo> {
        self.sessions.iter().filter_map(|s| s.started.as_ref().map(|started| &started.1))
    }

    /// UEs that have the object of a session bit for bit, and all.
    pub fn ues_complete(&self, session: &str) -> (u64, u64) {
        let of_session = self.deliveries.iter().filter(|d| d.session == session);
        of_session.fold((0, 0), |(complete, all), d| (complete + u64::from(d.is_complete()), all + 1))
    }

    fn apply_step(&mut self, t: u64, what: &What) -> Result<(), ModelError> {
        let limit = self.header.scenario.steps.len();
        match what {
            What::StepStarted { index, description } => {
                if *index >= limit || self.steps.iter().any(|s| s.index == *index) {
                    return Err(ModelError::NoStep { index: *index, limit });
                }
                let description = description.clone();
                self.steps.push(StepRun { index: *index, description, from_ns: t, end: None });
            }
            What::StepFinished { index, reason } => {
                let step = self.steps.iter_mut().find(|s| s.index == *index);
                step.ok_or(ModelError::NoStep { index: *index, limit })?.end = Some((t, reason.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    fn apply_tick(&mut self, ladder: usize, step: &str, tick: Tick) -> Result<(), ModelError> {
        let limit = self.ladders.len();
        let found = self.ladders.get_mut(ladder).ok_or(ModelError::NoLadder { ladder, limit })?;
        if found.tick(step, tick) { Ok(()) } else { Err(ModelError::NoLadderStep { ladder, step: step.to_owned() }) }
    }

    fn apply_ue(&mut self, t: u64, what: &What) -> Result<(), ModelError> {
        match what {
            What::McchAcquired { ue, sessions, .. } => {
                let ue = self.ue_mut(ue)?;
                let first = ue.mcch.as_ref().map_or(t, |m| m.0);
                ue.mcch = Some((first, sessions.clone()));
            }
            What::Radio(report) => {
                let ue = self.ue_mut(&report.ue)?;
                let sum = RadioSum::of(report, t);
                if ue.radio_series.is_empty() {
                    ue.radio = sum;
                } else {
                    ue.radio.merge(&sum);
                }
                ue.radio_series.push(sum);
                for area in &report.areas {
                    ue.area(area);
                }
            }
            What::BlockLost { ue, .. } => self.ue_mut(ue)?.blocks_lost += 1,
            What::RlcGap { ue, lost_pdus, .. } => {
                let gaps = &mut self.ue_mut(ue)?.rlc_gaps;
                *gaps = (gaps.0 + u64::from(*lost_pdus), gaps.1 + 1);
            }
            What::Constellation { ue, sfn, subframe, modulation, points_milli } => {
                let thin = points_milli.len().div_ceil(CONSTELLATION_POINTS).max(1);
                self.ue_mut(ue)?.constellation = Some(Constellation {
                    at_ns: t,
                    subframe: (*sfn, *subframe),
                    modulation: modulation.clone(),
                    points_milli: points_milli.iter().copied().step_by(thin).collect(),
                });
            }
            What::ImpulseResponse { ue, from_us, step_us, prefix_us, power_db } => {
                self.ue_mut(ue)?.impulse = Some(ImpulseResponse {
                    from_us: *from_us,
                    step_us: *step_us,
                    prefix_us: *prefix_us,
                    power_db: power_db.iter().copied().take(IMPULSE_POINTS).collect(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn apply_receiver(&mut self, t: u64, what: &What) -> Result<(), ModelError> {
        match what {
            What::CellAcquired { ue, n_id_cell, n_ports, .. } => {
                self.ue_mut(ue)?.cell.get_or_insert((t, *n_id_cell, *n_ports));
            }
            What::NotAcquired { ue, within_ms, stage, hint } => {
                let reason = format!("UE {ue} has not acquired the carrier in {within_ms} ms: {stage} fails: {hint}");
                self.ue_mut(ue)?.not_acquired = Some(reason);
            }
            What::Diagnosis { ue, stage, hint, stages } => {
                let (stage, hint, stages) = (stage.clone(), hint.clone(), stages.clone());
                self.ue_mut(ue)?.diagnosis = Some(Diagnosis { stage, hint, stages });
            }
            What::McchNotified { ue, .. } => {
                let ue = self.ue_mut(ue)?;
                ue.notifications += 1;
                if ue.notified_ns.len() < CHANGES_LIMIT {
                    ue.notified_ns.push(t);
                }
            }
            What::DatagramsLost { ue, session, first, count, mch, lcid, rlc_sn } => {
                let ue = self.ue_mut(ue)?;
                ue.losses_all += 1;
                if ue.losses.len() < LOSSES_LIMIT {
                    let (session, mch) = (session.clone(), mch.clone());
                    let (datagrams, lcid, rlc_sn) = ((*first, *count), *lcid, *rlc_sn);
                    ue.losses.push(Loss { at_ns: t, session, datagrams, mch, lcid, rlc_sn });
                }
            }
            What::CellLost { ue } => {
                let text = format!("{ue} lost the cell");
                self.ue_mut(ue)?;
                self.note(t, text);
            }
            What::DatagramTooMany { ue, session, number } => {
                let text = match number {
                    Some(n) => format!("{ue} had datagram {n} of session {session} twice"),
                    None => format!("{ue} had a datagram of session {session} that was never sent"),
                };
                self.ue_mut(ue)?;
                self.note(t, text);
            }
            _ => {}
        }
        Ok(())
    }

    /// A UE on the IMS, which may be heard of for the first time.
    pub(super) fn ims_mut(&mut self, ue: &str) -> &mut ImsRun {
        let place = *self.ims_places.entry(ue.to_owned()).or_insert_with(|| {
            self.ims.push(ImsRun::new(ue));
            self.ims.len() - 1
        });
        &mut self.ims[place]
    }

    fn note(&mut self, t: u64, text: String) {
        if self.notes.len() < NOTES_LIMIT {
            self.notes.push(Note { at_ns: t, text });
        }
    }

    fn apply_delivery(&mut self, t: u64, what: &What) -> Result<(), ModelError> {
        match what {
            What::FdtReceived { ue, session, .. } => {
                self.delivery_mut(ue, session)?.fdt_ns.get_or_insert(t);
            }
            What::ObjectProgress { ue, session, received_octets, written_octets } => {
                let (received_octets, written_octets) = (*received_octets, *written_octets);
                let point = Progress { t_ns: t, received_octets, written_octets };
                self.delivery_mut(ue, session)?.push_progress(point);
            }
            What::ObjectReceived { ue, session, toi, content_location, octets, sha256, intact, after_s } => {
                let delivery = self.delivery_mut(ue, session)?;
                delivery.objects_intact += u64::from(*intact);
                if !matches!(delivery.outcome, Outcome::Received { intact: true, .. }) {
                    delivery.outcome = Outcome::Received {
                        at_ns: t,
                        after_s: *after_s,
                        toi: *toi,
                        content_location: content_location.clone(),
                        octets: *octets,
                        sha256: sha256.clone(),
                        intact: *intact,
                    };
                }
            }
            What::ObjectMissing { ue, session, received_octets, reason } => {
                let delivery = self.delivery_mut(ue, session)?;
                if delivery.outcome == Outcome::Open {
                    let (received_octets, reason) = (*received_octets, reason.clone());
                    delivery.outcome = Outcome::Missing { at_ns: t, received_octets, reason };
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn apply_spectrum(&mut self, at: &str, span_hz: f64, psd_db: &[f32]) {
        let spectrum = Spectrum { at: at.to_owned(), span_hz, psd_db: psd_db.to_vec() };
        // The eNB and each UE have one.
        let full = self.spectra.len() > self.ues.len();
        match self.spectra.iter_mut().find(|s| s.at == at) {
            Some(known) => *known = spectrum,
            None if full => {}
            None => self.spectra.push(spectrum),
        }
    }

    fn session_mut(&mut self, name: &str) -> Result<&mut SessionRun, ModelError> {
        let found = self.sessions.iter_mut().find(|s| s.name == name);
        found.ok_or_else(|| ModelError::NoSession { session: name.to_owned() })
    }

    pub(super) fn ue_mut(&mut self, name: &str) -> Result<&mut UeRun, ModelError> {
        let found = self.places.get(name).and_then(|place| self.ues.get_mut(*place));
        found.ok_or_else(|| ModelError::NoUe { ue: name.to_owned() })
    }

    fn delivery_mut(&mut self, ue: &str, session: &str) -> Result<&mut Delivery, ModelError> {
        let sessions = self.sessions.len();
        let own =
            self.places.get(ue).and_then(|place| self.deliveries.get_mut(place * sessions..(place + 1) * sessions));
        let found = own.unwrap_or_default().iter_mut().find(|d| d.session == session);
        found.ok_or_else(|| ModelError::NoDelivery { ue: ue.to_owned(), session: session.to_owned() })
    }
}

/// An event does not belong to the run that the header describes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ModelError {
    #[error("a record begins with `run_started`")]
    NotStarted,
    #[error("`run_started` a second time in one record")]
    StartedTwice,
    #[error("the scenario has no UE named {ue:?}")]
    NoUe { ue: String },
    #[error("the scenario has no session named {session:?}")]
    NoSession { session: String },
    #[error("the scenario has no UE {ue:?} with a session {session:?}")]
    NoDelivery { ue: String, session: String },
    #[error("step {index}: the scenario has {limit} steps, each begins once and ends after it began")]
    NoStep { index: usize, limit: usize },
    #[error("ladder {ladder}: the header lists {limit}")]
    NoLadder { ladder: usize, limit: usize },
    #[error("ladder {ladder} has no step {step:?}")]
    NoLadderStep { ladder: usize, step: String },
}

/// A record cannot be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError<E> {
    /// It could not be read.
    #[error("{0}")]
    Source(E),
    /// It contradicts itself.
    #[error("the record contradicts itself: {0}")]
    Model(ModelError),
}

const CONSTELLATION_POINTS: usize = 700;
const IMPULSE_POINTS: usize = 256;
const NOTES_LIMIT: usize = 200;
const LOSSES_LIMIT: usize = 200;
const CHANGES_LIMIT: usize = 200;
/// Pairs of boxes whose messages are counted.
const PAIRS_MAX: usize = 500;
/// What stands for all UEs in the traffic between boxes.
pub(crate) const UES: &str = "UEs";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RadioReport;
    use crate::report::runs::SERIES_POINTS;
    use crate::report::synthetic;

    #[test]
    fn long_runs_keep_their_sums_in_bounded_series() {
        let mut model = synthetic::model();
        let ue = model.ues[0].name.clone();
        let before = model.ues[0].radio.mch;
        for i in 0..100_000u64 {
            let report = RadioReport { from_ns: i, mch_blocks: 10, mch_errors: i % 2, ..synthetic::radio_report(&ue) };
            model.apply(&Event { t_ns: 1_000_000_000_000 + i, what: What::Radio(report) }).unwrap();
        }
        let run = &model.ues[0];
        assert!(run.radio_series.points().len() <= SERIES_POINTS);
        assert_eq!(run.radio.mch.trials, before.trials + 1_000_000);
        assert_eq!(run.radio.mch.errors, before.errors + 50_000);
        let summed: u64 = run.radio_series.points().iter().map(|p| p.mch.trials).sum();
        assert_eq!(summed, run.radio.mch.trials);
    }

    #[test]
    fn strangers_are_refused_by_name() {
        let mut model = synthetic::model();
        let what = What::BlockLost { ue: "nobody".into(), sfn: 0, subframe: 1, mch: None, mcs: 9, cinr_db: 3.0 };
        let error = model.apply(&Event { t_ns: 0, what }).unwrap_err();
        assert_eq!(error.to_string(), "the scenario has no UE named \"nobody\"");
        let what = What::LadderTick { ladder: 99, step: "1".into(), packet: 1, bound: Vec::new(), decoded: Vec::new() };
        assert!(model.apply(&Event { t_ns: 0, what }).is_err());
        let what = What::LadderTick { ladder: 0, step: "17".into(), packet: 1, bound: Vec::new(), decoded: Vec::new() };
        assert!(model.apply(&Event { t_ns: 0, what }).is_err());
    }
}
