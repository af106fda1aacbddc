//! What a BM-SC answers, what it tells without being asked, and what the store says.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::mb2c::mask::{MbmsBearerEvent, MbmsBearerResult, TmgiAllocationResult, TmgiDeallocationResult};
use protocol::diameter::mb2c::{GcsActionAnswer, GcsNotificationRequest, MbmsBearerResponse, TmgiAllocationResponse};
use protocol::diameter::{Message, RequestFailure, ResultCode};
use protocol::{Instant, Tmgi};

use super::bearer::{BearerPlace, Step};
use super::{Asked, BearerEvent, Mb2Client, Phase, Stored};
use crate::node::{NodeStoreOp, Table};

/// How often an AS tries TMGIs and addresses of its own that others have.
const MAX_REFUSALS: u32 = 64;

impl Mb2Client {
    pub(super) fn answered(&mut self, now: Instant, asked: Asked, answer: Result<Message, RequestFailure>) {
        let read = answer.map_err(|failure| failure.to_string()).and_then(|message| {
            GcsActionAnswer::from_message(&message).map_err(|problem| format!("GAA is unusable: {problem}"))
        });
        if let Ok(gaa) = &read {
            self.note_bmsc(now, gaa.restart_counter);
        }
        match asked {
            Asked::Step(id, step) => self.step_answered(now, id, step, read),
            Asked::Refresh(id) => self.refreshed(now, id, read),
            Asked::Cleaning => self.cleaned(now, read),
            Asked::Heartbeat => {
                if let Err(why) = read {
                    self.say(format!("heartbeat of the BM-SC: {why}"));
                }
            }
        }
    }

    fn step_answered(&mut self, now: Instant, id: u64, step: Step, read: Result<GcsActionAnswer, String>) {
        let retry = now + self.config.retry;
        let Some(bearer) = self.bearers.get_mut(&id).filter(|bearer| bearer.step == step && bearer.is_busy) else {
            return;
        };
        let refused = match read {
            Ok(gaa) if gaa.outcome.result.is_success() => return self.step_done(now, id, step, gaa),
            Ok(gaa) if !is_transient(gaa.outcome.result) => format!("{:?}", gaa.outcome.result),
            Ok(gaa) => {
                bearer.again(retry);
                return self.say(format!("the BM-SC answers {:?}: asked again", gaa.outcome.result));
            }
            Err(why) => {
                bearer.again(retry);
                return self.say(format!("the BM-SC does not answer: {why}"));
            }
        };
        match step {
            Step::Stop => bearer.go(Step::Deallocate),
            Step::Deallocate => bearer.go(Step::Forget),
            Step::Update => self.keep_areas(now, id, &refused),
            _ => self.fail(id, &refused),
        }
        self.run(now, id);
    }

    fn step_done(&mut self, now: Instant, id: u64, step: Step, gaa: GcsActionAnswer) {
        let response = gaa.bearers.into_iter().next().unwrap_or_default();
        let result = response.result.unwrap_or(MbmsBearerResult::SUCCESS);
        let again = now + self.config.retry;
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        match step {
            Step::Allocate => self.allocated(now, id, gaa.allocation.unwrap_or_default()),
            Step::Start if result.has(MbmsBearerResult::SUCCESS) => self.started(id, &response, result),
            Step::Update if result.has(MbmsBearerResult::SUCCESS) => {
                let areas = bearer.updating.clone();
                if let Some(place) = &mut bearer.place {
                    place.areas = areas;
                }
                bearer.go(Step::Active);
                self.events.push_back(BearerEvent::Up(id));
            }
            Step::Update => self.keep_areas(now, id, &format!("{result}")),
            Step::Stop if result.has(MbmsBearerResult::SYSTEM_ERROR) => {
                bearer.again(again);
            }
            Step::Stop => bearer.go(Step::Deallocate),
            Step::Deallocate => {
                let result = gaa.deallocations.first().and_then(|item| item.result).unwrap_or_default();
                if result.has(TmgiDeallocationResult::SYSTEM_ERROR) {
                    bearer.again(again);
                } else {
                    bearer.go(Step::Forget);
                }
            }
            _ => {
                let conflict = response.provisioning.and_then(|provisioning| provisioning.conflict);
                let why = conflict.map_or_else(|| format!("{result}"), |why| format!("{result}, {why:?}"));
                self.fail(id, &why);
            }
        }
        self.run(now, id);
    }

    fn allocated(&mut self, now: Instant, id: u64, response: TmgiAllocationResponse) {
        let is_own = self.assigner.assigns();
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        let result = response.result.unwrap_or(TmgiAllocationResult::SUCCESS);
        let Some(&tmgi) = response.tmgis.first().filter(|tmgi| !is_own || bearer.tmgi == Some(**tmgi)) else {
            (bearer.tmgi, bearer.destination) = (None, None);
            let conflict = response.provisioning.iter().find_map(|provisioning| provisioning.conflict);
            let why = conflict.map_or_else(|| format!("{result}"), |why| format!("{result}, {why:?}"));
            let goes_on = bearer.refusals < MAX_REFUSALS && conflict.is_some_and(|why| self.assigner.refused(why));
            if goes_on {
                bearer.refusals += 1;
                bearer.go(Step::Allocate);
                return self.say(format!("the BM-SC refuses what we assign: {why}; the next one is tried"));
            }
            return self.fail(id, &why);
        };
        bearer.tmgi = Some(tmgi);
        let own = response.provisioning.iter().find(|provisioning| provisioning.tmgi == Some(tmgi));
        let told = own.and_then(|provisioning| provisioning.socket());
        bearer.destination = told.or(bearer.destination);
        bearer.refresh_at = response.duration.and_then(|d| d.seconds()).map(|seconds| now + refresh_after(seconds));
        if bearer.destination.is_none() {
            let why = "it assigns no multicast address: it does not know Service-Provisioning, so assign here";
            return self.fail(id, why);
        }
        bearer.go(Step::RecordTmgi);
    }

    fn started(&mut self, id: u64, response: &MbmsBearerResponse, result: MbmsBearerResult) {
        let local = self.config.local;
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        bearer.flow = response.flow;
        let address = response.addresses.iter().find(|ip| ip.is_ipv4() == local.is_ipv4());
        let to = address.zip(response.port).map(|(ip, port)| SocketAddr::new(*ip, port));
        let (Some(tmgi), Some(destination), Some(to), true) =
            (bearer.tmgi, bearer.destination, to, response.flow.is_some())
        else {
            return self.fail(id, "its answer lacks flow, address or port of MB2-U");
        };
        bearer.place = Some(BearerPlace { tmgi, destination, to, areas: bearer.updating.clone() });
        bearer.is_ongoing = result.has(MbmsBearerResult::ACTIVATION_ONGOING);
        bearer.go(Step::RecordBearer);
    }

    /// An update was refused: the bearer stays where it is, and it is tried again later.
    fn keep_areas(&mut self, now: Instant, id: u64, why: &str) {
        let again = now + self.config.retry;
        if let Some(bearer) = self.bearers.get_mut(&id) {
            bearer.go(Step::Active);
            bearer.again_at = Some(again);
        }
        self.say(format!("the BM-SC does not change the service areas: {why}"));
    }

    /// There is no bearer; what there is of it is given back.
    pub(super) fn fail(&mut self, id: u64, why: &str) {
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        let group = bearer.demand.group.clone();
        if std::mem::replace(&mut bearer.is_wanted, false) {
            self.events.push_back(BearerEvent::Lost(id));
        }
        bearer.place = None;
        bearer.go(if bearer.flow.is_some() { Step::Stop } else { Step::Deallocate });
        self.say(format!("{group}: no MBMS bearer: {why}"));
    }

    /// The store has answered.
    pub(super) fn recorded(&mut self, now: Instant, id: u64, step: Step, is_durable: bool) {
        let Some(bearer) = self.bearers.get_mut(&id).filter(|bearer| bearer.step == step) else { return };
        match step {
            Step::Forget => drop(self.bearers.remove(&id)),
            _ if !is_durable => self.fail(id, "it is not durable"),
            Step::Record => bearer.go(Step::Allocate),
            Step::RecordTmgi => bearer.go(Step::Start),
            Step::RecordBearer if bearer.is_ongoing => bearer.go(Step::Ongoing),
            Step::RecordBearer => self.activate(id),
            _ => {}
        }
        self.run(now, id);
    }

    fn activate(&mut self, id: u64) {
        if let Some(bearer) = self.bearers.get_mut(&id) {
            bearer.go(Step::Active);
            if bearer.is_wanted {
                self.events.push_back(BearerEvent::Up(id));
            }
        }
    }

    fn refreshed(&mut self, now: Instant, id: u64, read: Result<GcsActionAnswer, String>) {
        let again = now + self.config.retry;
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        let response = read.ok().filter(|gaa| gaa.outcome.result.is_success()).and_then(|gaa| gaa.allocation);
        match response {
            Some(response) if bearer.tmgi.is_some_and(|tmgi| response.tmgis.contains(&tmgi)) => {
                bearer.refresh_at = response.duration.and_then(|d| d.seconds()).map(|s| now + refresh_after(s));
            }
            Some(response) if response.result.unwrap_or_default().has(TmgiAllocationResult::UNKNOWN_TMGI) => {
                if let Some(tmgi) = bearer.tmgi {
                    self.expired(now, &BTreeSet::from([tmgi]), "the BM-SC does not know its TMGI any more");
                }
            }
            _ => bearer.refresh_at = Some(again),
        }
    }

    fn cleaned(&mut self, now: Instant, read: Result<GcsActionAnswer, String>) {
        let retry = now + self.config.retry;
        let Phase::Cleaning { keys, again_at } = &mut self.phase else { return };
        let failed = |gaa: &GcsActionAnswer| {
            gaa.deallocations
                .iter()
                .any(|item| item.result.unwrap_or_default().has(TmgiDeallocationResult::SYSTEM_ERROR))
        };
        match read {
            Ok(gaa) if gaa.outcome.result.is_success() && !failed(&gaa) => {
                let keys = std::mem::take(keys);
                let delete = |key| NodeStoreOp::Delete { table: Table::Mb2Bearer, key };
                self.store(keys.into_iter().map(delete).collect(), Stored::Cleaned);
            }
            Ok(gaa) => {
                *again_at = Some(retry);
                self.say(format!("bearers of before are not given back: {:?}", gaa.outcome.result));
            }
            Err(why) => {
                *again_at = Some(retry);
                self.say(format!("bearers of before are not given back: {why}"));
            }
        }
    }

    /// A BM-SC that has restarted may have forgotten what we had: whoever asks for more time is told.
    fn note_bmsc(&mut self, now: Instant, counter: Option<u32>) {
        let before = self.bmsc_counter;
        self.bmsc_counter = counter.or(before);
        if matches!((before, counter), (Some(before), Some(counter)) if counter > before) {
            self.say("the BM-SC has restarted: does it know our TMGIs?");
            let held = self.bearers.values_mut().filter(|bearer| bearer.place.is_some());
            held.for_each(|bearer| bearer.refresh_at = Some(now));
        }
    }

    /// GNR.
    pub(super) fn notified(&mut self, now: Instant, gnr: &GcsNotificationRequest) {
        self.note_bmsc(now, gnr.restart_counter);
        if let Some(expiry) = &gnr.expiry {
            self.expired(now, &expiry.tmgis.iter().copied().collect(), "its TMGI has expired");
        }
        for event in &gnr.events {
            let is_it = |bearer: &super::Bearer| bearer.tmgi == Some(event.tmgi) && bearer.flow == Some(event.flow);
            let Some(id) = self.bearers.iter().find(|(_, bearer)| is_it(bearer)).map(|(id, _)| *id) else { continue };
            let Some(bearer) = self.bearers.get_mut(&id) else { continue };
            if event.event.has(MbmsBearerEvent::TERMINATED) || event.event.has(MbmsBearerEvent::ACTIVATION_FAILURE) {
                bearer.flow = None;
                let why = event.diagnostic.map_or_else(|| format!("{}", event.event), |why| format!("{why:?}"));
                self.fail(id, &why);
            } else if event.event.has(MbmsBearerEvent::ACTIVATED) {
                match bearer.step {
                    Step::Ongoing => self.activate(id),
                    _ => bearer.is_ongoing = false,
                }
            }
            self.run(now, id);
        }
    }

    fn expired(&mut self, now: Instant, tmgis: &BTreeSet<Tmgi>, why: &str) {
        let is_it = |bearer: &super::Bearer| bearer.tmgi.is_some_and(|tmgi| tmgis.contains(&tmgi));
        let ids: Vec<u64> = self.bearers.iter().filter(|(_, bearer)| is_it(bearer)).map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(bearer) = self.bearers.get_mut(&id) {
                (bearer.tmgi, bearer.flow, bearer.refresh_at) = (None, None, None);
            }
            self.fail(id, why);
            self.run(now, id);
        }
    }
}

/// Three quarters of the time that a TMGI lasts.
const fn refresh_after(seconds: u64) -> Duration {
    Duration::from_millis(seconds.saturating_mul(750))
}

/// Protocol errors and transient failures (RFC 6733 clauses 7.1.3, 7.1.4).
const fn is_transient(result: ResultCode) -> bool {
    matches!(result, ResultCode::Base(3000..=4999))
}
