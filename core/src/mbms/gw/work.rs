//! Session start, update and stop through the gateway (TS 23.246 clauses 8.3.2, 8.5.2 and 8.8.4): MCEs are asked, then the
//! store, then the BM-SC has its answer. What one MCE carries runs, whatever the others say.

use protocol::Instant;
use protocol::diameter::sgmb::code;
use protocol::diameter::{DiameterProblem, result};
use protocol::m3ap::{Cause, CauseRadioNetwork};

use super::session::{Failure, Kind, Leg, Live, Parameters, Session, Work};
use super::sgmb::{RESOURCES_EXCEEDED, Refusal};
use super::{MbmsGwNode, Waiting};
use crate::node::{NodeStoreOp, StreamId, Table};
use crate::store::StoreError;

impl MbmsGwNode {
    /// MCEs that have one of the service areas.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn involved(&self, parameters: &Parameters) -> Result<Vec<StreamId>, Refusal> {
        if !self.mces.values().any(super::Mce::is_up) {
            let none = DiameterProblem::new(result::TOO_BUSY, "no MCE is connected");
            return Err(none.into());
        }
        let serves = self.mces.iter().filter(|(_, mce)| mce.serves(&parameters.area));
        let serves: Vec<StreamId> = serves.map(|(conn, _)| *conn).collect();
        if serves.is_empty() { Err(Refusal::Experimental(code::SERVICE_AREA)) } else { Ok(serves) }
    }

    pub(super) fn begin_start(&mut self, now: Instant, session: Session) {
        let id = session.id.clone();
        let involved = self.involved(&session.parameters).unwrap_or_default();
        let until = now + self.config.m3_timeout;
        let mut live = Live::new(session);
        live.work = Some(Work::Asking { kind: Kind::Start, until, accepted: 0, failures: Vec::new() });
        self.insert(live);
        for conn in involved {
            self.start_leg(conn, &id, false);
        }
    }

    pub(super) fn begin_update(&mut self, now: Instant, id: &str, new: Parameters) {
        let involved = self.involved(&new).unwrap_or_default();
        let until = now + self.config.m3_timeout;
        let Some(live) = self.sessions.get_mut(id) else { return };
        let old = Box::new(std::mem::replace(&mut live.session.parameters, new));
        live.work = Some(Work::Asking { kind: Kind::Update { old }, until, accepted: 0, failures: Vec::new() });
        let (legs, mme_id) = (live.legs.clone(), live.session.mme_id);
        for (conn, leg) in &legs {
            match leg {
                Leg::Up { mce_id } if involved.contains(conn) => self.update_leg(*conn, id, *mce_id),
                _ if involved.contains(conn) => {}
                _ => {
                    self.end_leg(*conn, mme_id, *leg);
                    self.sessions.get_mut(id).map(|live| live.legs.remove(conn));
                }
            }
        }
        for conn in involved.into_iter().filter(|conn| !legs.contains_key(conn)) {
            self.start_leg(conn, id, false);
        }
    }

    pub(super) fn begin_stop(&mut self, id: &str) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        live.work = Some(Work::Storing { kind: Kind::Stop });
        let op = NodeStoreOp::Delete { table: Table::MbmsGwSession, key: id.to_owned() };
        self.store(vec![op], Waiting::Session(id.to_owned()));
    }

    /// An MCE has accepted what it was asked, or has not.
    pub(super) fn answered(&mut self, now: Instant, id: &str, failure: Option<Failure>) {
        if let Some(Work::Asking { accepted, failures, .. }) =
            self.sessions.get_mut(id).and_then(|live| live.work.as_mut())
        {
            *accepted += usize::from(failure.is_none());
            failures.extend(failure);
        }
        self.check(now, id);
    }

    /// Looks whether all MCEs have answered, and when the session is due.
    pub(super) fn check(&mut self, now: Instant, id: &str) {
        let Some(live) = self.sessions.get_mut(id) else { return self.due.set(&id.to_owned(), None) };
        let asks = live.legs.values().any(|leg| !matches!(leg, Leg::Up { .. }));
        if matches!(live.work, Some(Work::Asking { .. })) && !asks {
            return self.finish(now, id);
        }
        let has_leg = !live.legs.is_empty();
        if has_leg || live.work.is_some() {
            live.lost_until = None;
        } else if live.lost_until.is_none() {
            live.lost_until = Some(now + self.config.mce_loss);
        }
        let due = live.due();
        self.due.set(&id.to_owned(), due);
    }

    /// All have answered, or had their time.
    fn finish(&mut self, now: Instant, id: &str) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        let Some(Work::Asking { kind, accepted, mut failures, .. }) = live.work.take() else { return };
        let late = live.legs.values().filter(|leg| !matches!(leg, Leg::Up { .. })).count();
        failures.extend(std::iter::repeat_n(Failure::Timeout, late));
        // Who has not answered an update goes on with what it had.
        for leg in live.legs.values_mut() {
            if let Leg::Updating { mce_id } = *leg {
                *leg = Leg::Up { mce_id };
            }
        }
        if accepted > 0 {
            match serde_json::to_vec(&live.session) {
                Ok(value) => {
                    live.work = Some(Work::Storing { kind });
                    let op = NodeStoreOp::Put { table: Table::MbmsGwSession, key: id.to_owned(), value };
                    self.store(vec![op], Waiting::Session(id.to_owned()));
                    return self.check(now, id);
                }
                Err(e) => self.say(format!("session {id} cannot be written: {e}")),
            }
        }
        self.fail(now, id, kind, &refusal_of(&failures));
    }

    /// What was asked for is refused: it is as it was before.
    fn fail(&mut self, now: Instant, id: &str, kind: Kind, refusal: &Refusal) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        live.work = None;
        let asked = live.asked.take();
        let queue = std::mem::take(&mut live.queue);
        match kind {
            Kind::Start => self.release(id),
            Kind::Update { old } => {
                live.session.parameters = *old;
                self.match_mces(id);
                self.check(now, id);
            }
            Kind::Stop => self.check(now, id),
        }
        if let Some(asked) = asked {
            self.refuse(now, asked, refusal);
        }
        for (handle, message) in queue {
            self.on_request(now, handle, message);
        }
    }

    pub(super) fn on_session_stored(&mut self, now: Instant, id: &str, error: Option<StoreError>) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        let Some(Work::Storing { kind }) = live.work.take() else { return self.ignored("what is stored late") };
        if let Some(error) = error {
            let what = format!("the session cannot be stored: {error}");
            let problem = DiameterProblem::new(result::UNABLE_TO_COMPLY, what);
            let is_update = matches!(kind, Kind::Update { .. });
            self.fail(now, id, kind, &problem.into());
            if is_update {
                self.update_again(id);
            }
            return;
        }
        let asked = live.asked.take();
        let queue = std::mem::take(&mut live.queue);
        let port = live.session.port;
        live.unconfirmed_until = None;
        if matches!(kind, Kind::Stop) {
            self.release(id);
        } else {
            self.check(now, id);
        }
        if let Some(asked) = asked {
            self.answer_success(now, &asked, (!matches!(kind, Kind::Stop)).then_some(port));
        }
        for (handle, message) in queue {
            self.on_request(now, handle, message);
        }
    }

    /// MCEs that have accepted what could not be kept get the old parameters.
    fn update_again(&mut self, id: &str) {
        let legs = self.sessions.get(id).map(|live| live.legs.clone()).unwrap_or_default();
        for (conn, leg) in legs {
            if let Leg::Up { mce_id } = leg {
                self.update_leg(conn, id, mce_id);
            }
        }
    }

    /// The time of a session has come: MCEs were silent, or all are lost, or the BM-SC has forgotten it.
    pub(super) fn on_due(&mut self, now: Instant, id: &str) {
        let Some(live) = self.sessions.get_mut(id) else { return self.due.set(&id.to_owned(), None) };
        if matches!(&live.work, Some(Work::Asking { until, .. }) if *until <= now) {
            return self.finish(now, id);
        }
        let is_over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        if is_over(live.unconfirmed_until) {
            self.give_up(now, id, "the BM-SC has restarted and does not know it");
        } else if is_over(live.lost_until) {
            let lost = Live::new(live.session.clone());
            self.send_str(now, &lost);
            self.give_up(now, id, "no MCE carries it");
        } else {
            self.check(now, id);
        }
    }

    /// The MCEs that have a session are those that are involved: after an update that was refused, or when one comes.
    fn match_mces(&mut self, id: &str) {
        let Some(live) = self.sessions.get(id) else { return };
        let involved = self.involved(&live.session.parameters).unwrap_or_default();
        let (legs, mme_id) = (live.legs.clone(), live.session.mme_id);
        for (conn, leg) in &legs {
            if !involved.contains(conn) {
                self.end_leg(*conn, mme_id, *leg);
                self.sessions.get_mut(id).map(|live| live.legs.remove(conn));
            }
        }
        for conn in involved.into_iter().filter(|conn| !legs.contains_key(conn)) {
            self.start_leg(conn, id, true);
        }
    }
}

/// What a BM-SC is told when no MCE carries a session: what it can do something about first.
fn refusal_of(failures: &[Failure]) -> Refusal {
    use CauseRadioNetwork as R;
    let problem = |code, what: &str| Refusal::from(DiameterProblem::new(code, what));
    let has = |cause| failures.contains(&Failure::Refused(Cause::RadioNetwork(cause)));
    if has(R::RadioResourcesNotAvailable) {
        problem(RESOURCES_EXCEEDED, "no MCE has the radio resources")
    } else if has(R::NotSupportedQciValue) {
        problem(result::INVALID_AVP_VALUE, "no MCE supports the QCI")
    } else if has(R::InvalidQosCombination) {
        problem(result::INVALID_AVP_VALUE, "the bit rates do not go with the QCI, or with each other")
    } else if has(R::UninvolvedMce) {
        Refusal::Experimental(code::SERVICE_AREA)
    } else if failures.iter().all(|failure| matches!(failure, Failure::Timeout | Failure::Lost)) {
        problem(result::TOO_BUSY, "no MCE has answered in time")
    } else {
        problem(result::UNABLE_TO_COMPLY, "no MCE carries the session")
    }
}
