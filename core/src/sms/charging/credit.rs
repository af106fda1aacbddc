//! Online charging on Ro: TS 32.274 clause 5.3, RFC 8506 clauses 6.3 (IEC) and 5 (ECUR).
//!
//! Each short message, and each part of a concatenated one, is asked for by itself, under a Session-Id that the message keeps:
//! asked again after a restart it is the same request, with the T bit, which an OCS answers as before. What has to be said
//! afterwards ([`Settling`]) is durable together with what became of the message.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::diameter::charging::ChargingHeader;
use protocol::diameter::dictionary::{APP_RO, ORIGIN_STATE_ID};
use protocol::diameter::ro::{Ccr, FailureHandling, RequestType, RequestedAction, ServiceUnits, Units};
use protocol::diameter::{
    Avp, DiameterEndpoint, DiameterInput, DiameterOutput, DisconnectCause, Flags, Message, RequestFailure,
};
use protocol::{Due, Entropy, Instant};

use super::config::SmsCreditConfig;
use super::online::Online;
use super::parts::RefusedParts;
use super::settling::Settling;
use super::usage::{SmsUsage, WholeName};
use super::verdict::{NO_OCS, Verdict, cause_of, judge};
use super::{SmsChargingEvent, SmsDecision};
use crate::charging::MessageCharging;
use crate::node::{NodeNote, NodeOutput};

/// DIAMETER_LOGOUT (RFC 6733 clause 8.15).
const LOGOUT: u32 = 1;

/// The side of Ro.
#[derive(Debug)]
pub(super) struct Credit {
    pub(super) config: SmsCreditConfig,
    gateway: String,
    pub(super) utc_ms_at_zero: u64,
    pub(super) endpoint: DiameterEndpoint,
    pub(super) failure_handling: FailureHandling,
    pub(super) asking: BTreeMap<u64, Asking>,
    /// Requests by the token that the endpoint has.
    pub(super) asked: BTreeMap<u64, Asked>,
    next: u64,
    parts: RefusedParts,
    pub(super) settling: BTreeMap<String, Settling>,
    /// Of those, what is durable and can be sent, and when; and what is sent.
    pub(super) ready: Due<Instant, String>,
    pub(super) sent: BTreeSet<String>,
    /// Sessions that are settled: their rows can go.
    pub(super) over: Vec<String>,
    /// There was no OCS: nothing is settled before.
    pub(super) not_before: Option<Instant>,
    pub(super) events: VecDeque<SmsChargingEvent>,
    pub(super) outputs: VecDeque<NodeOutput>,
    pub(super) counters: CreditCounters,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CreditCounters {
    pub(super) granted: u64,
    pub(super) refused: u64,
    /// Without an OCS that can be believed.
    pub(super) unanswered: u64,
    /// What the OCS has never heard of.
    pub(super) lost: u64,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Asked {
    /// Whether this message may go.
    Message(u64),
    /// To settle this session.
    Settling(String),
}

/// A message for which the OCS was asked.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) session_id: String,
    pub(super) request: Message,
    part: Option<(WholeName, u8)>,
    /// It was asked for once more (RETRY_AND_TERMINATE).
    is_repeated: bool,
    /// The OCS may know of it: it was asked, now or in an earlier run.
    pub(super) may_be_known: bool,
    pub(super) online: Online,
}

impl Credit {
    pub(super) fn new(mut config: SmsCreditConfig, (gateway, utc_ms_at_zero): (&str, u64), entropy: Entropy) -> Self {
        config.diameter.applications = vec![APP_RO];
        Self {
            endpoint: DiameterEndpoint::new(config.diameter.clone(), entropy),
            gateway: gateway.to_owned(),
            utc_ms_at_zero,
            failure_handling: config.failure_handling,
            config,
            asking: BTreeMap::new(),
            asked: BTreeMap::new(),
            next: 0,
            parts: RefusedParts::default(),
            settling: BTreeMap::new(),
            ready: Due::default(),
            sent: BTreeSet::new(),
            over: Vec::new(),
            not_before: None,
            events: VecDeque::new(),
            outputs: VecDeque::new(),
            counters: CreditCounters::default(),
        }
    }

    /// Session-Id of a message (RFC 6733 clause 8.8).
    fn session_id(&self, usage: &SmsUsage) -> String {
        format!("{};{}", self.config.diameter.origin_host, usage.charge)
    }

    /// Asks whether a message may go. The answer is an event, in the end.
    pub(super) fn authorise(&mut self, now: Instant, utc_ms: u64, token: u64, usage: &SmsUsage, is_again: bool) {
        let part = usage.part();
        let (kind, action) = match self.config.charging {
            MessageCharging::Immediate => (RequestType::Event, Some(RequestedAction::DirectDebiting)),
            MessageCharging::Reserved => (RequestType::Initial, None),
        };
        let request = self.request(utc_ms, usage, (kind, action, 0), None);
        let session_id = self.session_id(usage);
        let missing = part.as_ref().and_then(|part| self.parts.before(now, part));
        let (is_repeated, may_be_known) = (false, is_again);
        let asking = Asking { session_id, request, part, is_repeated, may_be_known, online: Online::Asking };
        let is_full = self.asking.len() >= self.config.max_asking;
        self.asking.insert(token, asking);
        if let Some(part) = missing {
            self.refused(now, token, Online::PartMissing(part), cause_of_credit());
        } else if is_full {
            self.unanswered(token, "too many messages are asked about".to_owned(), true);
        } else {
            self.ask(now, token, is_again);
        }
    }

    fn ask(&mut self, now: Instant, token: u64, is_again: bool) {
        let Some(asking) = self.asking.get(&token) else { return };
        let request = asking.request.clone();
        self.send(now, Asked::Message(token), request, is_again);
    }

    /// Sends a request; with the T bit when it may have been sent before.
    pub(super) fn send(&mut self, now: Instant, asked: Asked, mut request: Message, is_again: bool) {
        if is_again {
            request.flags = request.flags.with(Flags::RETRANSMITTED);
        }
        self.next += 1;
        self.asked.insert(self.next, asked);
        self.endpoint.send_request(now, self.next, request);
    }

    /// A request about one piece. `used`: what of it was used, when that is known.
    pub(super) fn request(
        &self,
        utc_ms: u64,
        usage: &SmsUsage,
        (kind, action, number): (RequestType, Option<RequestedAction>, u32),
        used: Option<u64>,
    ) -> Message {
        let diameter = &self.config.diameter;
        let services = ServiceUnits {
            requested: used.is_none().then_some(Units::pieces(1)),
            used: used.map(Units::pieces),
            service: self.config.service,
            rating_group: Some(self.config.rating_group),
            ..ServiceUnits::default()
        };
        let ccr = Ccr {
            header: ChargingHeader {
                session_id: self.session_id(usage),
                origin_host: diameter.origin_host.clone(),
                origin_realm: diameter.origin_realm.clone(),
                destination_host: self.config.ocs_host.clone(),
                destination_realm: self.config.ocs_realm.clone(),
                origin_state: Some(diameter.origin_state),
                user_name: None,
                at_utc_ms: utc_ms,
                retransmitted: false,
            },
            kind,
            number,
            action,
            subscriptions: usage.subscriptions(),
            termination: (kind == RequestType::Termination).then_some(LOGOUT),
            services: vec![services],
            information: usage.information(&self.gateway),
        };
        ccr.to_message()
    }

    fn answered(&mut self, now: Instant, asked: Asked, answer: Result<Message, RequestFailure>) {
        match asked {
            Asked::Settling(session_id) => self.settled(now, session_id, answer),
            Asked::Message(token) => {
                let Some(asking) = self.asking.get_mut(&token) else { return };
                asking.may_be_known |= !matches!(answer, Err(RequestFailure::NoPeer));
                let (verdict, wanted) = judge(&asking.request, answer);
                self.failure_handling = wanted.unwrap_or(self.failure_handling);
                match verdict {
                    Verdict::Granted => self.granted(token, Online::Granted),
                    Verdict::Free => self.granted(token, Online::Free),
                    Verdict::Refused(code) => self.refused(now, token, Online::Refused(code), cause_of(code)),
                    Verdict::Silent(why) => self.silent(now, token, why),
                    // What it would say to the same question again can be believed no more.
                    Verdict::Nonsense(why) => self.unanswered(token, format!("unusable answer: {why}"), false),
                }
            }
        }
    }

    /// No OCS answers: RFC 8506 clause 8.14.
    fn silent(&mut self, now: Instant, token: u64, why: String) {
        let Some(asking) = self.asking.get_mut(&token) else { return };
        if self.failure_handling == FailureHandling::RetryAndTerminate && !asking.is_repeated {
            asking.is_repeated = true;
            return self.ask(now, token, true);
        }
        self.unanswered(token, why, true);
    }

    fn unanswered(&mut self, token: u64, why: String, is_owed: bool) {
        self.counters.unanswered += 1;
        // It may hold anything that came from there.
        let why: String = why.chars().take(MAX_WHY).collect();
        let Some(asking) = self.asking.get_mut(&token) else { return };
        self.outputs.push_back(said(&format!("no OCS for {}: {why}", asking.session_id)));
        let decision = if self.failure_handling == FailureHandling::Continue {
            asking.online = Online::Continued { why, is_owed };
            SmsDecision::Granted
        } else {
            asking.online = Online::Terminated(why);
            SmsDecision::Refused(NO_OCS)
        };
        self.events.push_back(SmsChargingEvent { token, decision });
    }

    fn granted(&mut self, token: u64, online: Online) {
        let Some(asking) = self.asking.get_mut(&token) else { return };
        self.counters.granted += 1;
        asking.online = online;
        if let Some(part) = &asking.part {
            self.parts.granted(part);
        }
        self.events.push_back(SmsChargingEvent { token, decision: SmsDecision::Granted });
    }

    fn refused(&mut self, now: Instant, token: u64, online: Online, cause: protocol::sms::RpCause) {
        let Some(asking) = self.asking.get_mut(&token) else { return };
        self.counters.refused += 1;
        asking.online = online;
        if let Some(part) = asking.part.clone() {
            self.parts.refused(now, part);
        }
        self.events.push_back(SmsChargingEvent { token, decision: SmsDecision::Refused(cause) });
    }

    pub(super) fn input(&mut self, now: Instant, input: DiameterInput<'_>) {
        self.endpoint.handle_input(now, input);
    }

    pub(super) fn disconnect(&mut self, now: Instant) {
        self.endpoint.disconnect(now, DisconnectCause::Rebooting);
    }

    pub(super) fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.outputs.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Answer { token, result } => {
                    if let Some(asked) = self.asked.remove(&token) {
                        self.answered(now, asked, result);
                    }
                }
                DiameterOutput::PeerUp { host } => {
                    self.outputs.push_back(said(&format!("OCS {host} is up")));
                    self.not_before = None;
                    self.settle(now);
                }
                DiameterOutput::PeerDown { host } => self.outputs.push_back(said(&format!("OCS {host} is down"))),
                DiameterOutput::Request { message, .. } => {
                    self.outputs.push_back(said(&format!("{} at a gateway", message.name())));
                }
                DiameterOutput::Ignored { state, event } => {
                    self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
                }
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        self.settle(now);
        self.drain(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.endpoint.poll_timeout(), self.next_settling()].into_iter().flatten().min()
    }

    /// Messages for which an OCS was asked.
    pub(super) fn asking(&self) -> usize {
        self.asking.len()
    }
}

/// A word for the log.
pub(super) fn said(text: &str) -> NodeOutput {
    NodeOutput::Note(NodeNote::Said(format!("short messages: {text}")))
}

/// Origin-State-Id of a request that an earlier run has made: the one of now (RFC 6733 clause 8.16).
pub(super) fn of_now(mut request: Message, origin_state: u32) -> Message {
    for avp in &mut request.avps {
        if avp.is(&ORIGIN_STATE_ID) {
            *avp = Avp::u32(&ORIGIN_STATE_ID, origin_state);
        }
    }
    request
}

const fn cause_of_credit() -> protocol::sms::RpCause {
    cause_of(protocol::diameter::result::CREDIT_LIMIT_REACHED)
}

/// Characters of a reason that go into a record.
const MAX_WHY: usize = 200;
