//! Charging of short messages at an IP-Message-GW: TR 23.804 clause 7, TS 32.274, TS 32.299.
//!
//! Offline (Rf, TS 32.274 clause 5.2): an event record for each message from a UE and each attempt to deliver one to a UE,
//! with what became of it. It is stored together with the outcome itself, and goes until a CDF has taken it. A message that
//! the gateway refuses before it takes it (barred, no service centre, too many) has one as well.
//!
//! Online (Ro, TS 32.274 clause 5.3): before a message from a UE goes, the OCS is asked for one piece, by IEC (debit, and
//! refund when the message does not arrive) or by ECUR (reservation, and its end). Parts of concatenated messages are
//! messages: when there is no credit in the middle, the parts before it are sent and paid for, that one and those behind it
//! are refused.
//!
//! | the OCS | the message | the record (Service-Specific-Info 1) |
//! |---|---|---|
//! | grants one piece | goes; given back when it fails | `granted`, `granted; given back` |
//! | 4011 | goes | `free of charge` |
//! | 4012 | RP-ERROR 21, parts behind it too | `refused 4012`, `refused: part N was refused` |
//! | 4010, 5003; 5030; other refusals | RP-ERROR 8; 50; 38 | `refused CODE` |
//! | dead, slower than Tx, 3xxx, 5012 | failure handling | `continued: WHY; to be paid for`, `terminated: WHY; given back` |
//! | was not asked: no peer, too many questions | failure handling | the same; nothing is given back |
//! | nonsense | failure handling | `continued: unusable answer: WHY`, `terminated: unusable answer: WHY; given back` |
//!
//! Nonsense is a CCA with another Session-Id, CC-Request-Type or CC-Request-Number, success without units or with another
//! number of pieces than one, below zero among them, and a Result-Code that is none. Failure handling (RFC 8506 clause 8.14;
//! for IEC in the place of Direct-Debiting-Failure-Handling) is as configured until the OCS says otherwise: CONTINUE: the
//! message goes, and the OCS hears of it when it is there again; TERMINATE: RP-ERROR 41, and what may have been taken is given
//! back; RETRY_AND_TERMINATE: the same after a second try with the T bit.
//!
//! The IP access flag of TR 23.804 clause 7 is Interface-Id `IP` of Originator-Interface (from a UE) or Destination-Interface
//! (to a UE), `iPAccess` in a record. Towards the service centre it is in mo-ForwardSM on R6 and in deliver_sm.

mod config;
mod credit;
mod online;
mod parts;
mod settling;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod usage;
mod verdict;

use std::collections::{BTreeMap, VecDeque};

use protocol::diameter::DiameterInput;
use protocol::sms::RpCause;
use protocol::{Entropy, Instant};

pub use config::{SmsChargingConfig, SmsCreditConfig};
pub use usage::{ONLINE_OUTCOME, ONLINE_SESSION, SmsOutcome, SmsUsage};

use crate::charging::{ChargingClient, ChargingCounters};
use crate::node::{NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table};
use crate::store::StoreToken;
use credit::{Credit, said};
use settling::Settling;
use usage::conclude;

/// What may become of a message that waits for the OCS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmsDecision {
    /// It may go.
    Granted,
    /// It may not: what the UE is told.
    Refused(RpCause),
}

/// A decision that was waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmsChargingEvent {
    /// Of the message.
    pub token: u64,
    /// What may become of it.
    pub decision: SmsDecision,
}

/// What has to be kept of a message that is over: given back when it is durable ([`SmsCharging::kept`]).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use]
pub struct SmsTicket {
    record: Option<u64>,
    settling: Option<String>,
}

/// The charging of short messages; [`SmsCharging::off`] charges nothing.
#[derive(Debug, Default)]
pub struct SmsCharging {
    rf: ChargingClient,
    /// Origin-Host on Rf, when there is one.
    rf_host: Option<String>,
    ro: Option<Box<Credit>>,
    gateway: String,
    entropy: Option<Entropy>,
    last_charge: u64,
    utc_ms_at_zero: u64,
    waiting: BTreeMap<u64, Waiting>,
    next_token: u64,
    outputs: VecDeque<NodeOutput>,
}

/// What waits for the store.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    Load,
    Nothing,
}

/// Its tokens of the store: below are those of the node itself, above those of the records.
const OWN_TOKENS: u64 = 1 << 61;
const END_OF_TOKENS: u64 = 1 << 62;

impl SmsCharging {
    /// Charging as configured. It first asks the store for what an earlier run has left.
    #[must_use]
    pub fn new(config: SmsChargingConfig, mut entropy: Entropy) -> Self {
        let rf_host = config.rf.as_ref().map(|rf| rf.diameter.origin_host.clone());
        let rf = config.rf.map_or_else(ChargingClient::off, |mut rf| {
            rf.utc_ms_at_zero = config.utc_ms_at_zero;
            ChargingClient::new(rf, entropy.split())
        });
        let zero = (config.gateway.as_str(), config.utc_ms_at_zero);
        let ro = config.ro.map(|ro| Box::new(Credit::new(ro, zero, entropy.split())));
        let mut own = Self {
            rf,
            rf_host,
            ro,
            gateway: config.gateway,
            entropy: Some(entropy),
            last_charge: 0,
            utc_ms_at_zero: config.utc_ms_at_zero,
            waiting: BTreeMap::new(),
            next_token: OWN_TOKENS,
            outputs: VecDeque::new(),
        };
        if own.ro.is_some() {
            own.store(vec![NodeStoreOp::Scan { table: Table::SmsCredit }], Waiting::Load);
        }
        own
    }

    /// No charging at all.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// What names a new message in charging; the node keeps it with the message. Never the same again, whatever restarts
    /// (RFC 6733 clause 8.8).
    pub fn new_charge(&mut self, now: Instant) -> String {
        self.last_charge += 1;
        let token = self.entropy.as_mut().map(|entropy| entropy.token(8)).unwrap_or_default();
        format!("{};{};{token}", self.utc_ms(now) / 1000, self.last_charge)
    }

    /// May a message from a UE go? None: the OCS is asked, and an event says it. `is_again`: it may have been asked before,
    /// in an earlier run.
    pub fn authorise(&mut self, now: Instant, token: u64, usage: &SmsUsage, is_again: bool) -> Option<SmsDecision> {
        let utc_ms = self.utc_ms(now);
        let Some(ro) = &mut self.ro else { return Some(SmsDecision::Granted) };
        ro.authorise(now, utc_ms, token, usage, is_again);
        self.drain(now);
        None
    }

    /// The next decision.
    pub fn poll_event(&mut self) -> Option<SmsChargingEvent> {
        self.ro.as_mut()?.events.pop_front()
    }

    /// It is known what became of a message: what the node has to store together with that. Of a message from a UE, `token`
    /// is the one of [`Self::authorise`].
    pub fn done(
        &mut self,
        now: Instant,
        token: Option<u64>,
        usage: &SmsUsage,
        outcome: SmsOutcome,
    ) -> (Vec<NodeStoreOp>, SmsTicket) {
        let utc_ms = self.utc_ms(now);
        let mut ticket = SmsTicket::default();
        let mut ops = Vec::new();
        let online = match (&mut self.ro, token) {
            (Some(ro), Some(token)) => ro.done(utc_ms, token, usage, outcome.is_success()),
            _ => None,
        };
        let online = online.map(|(said, session, settling)| {
            if let (Some(ro), Some((session_id, settling))) = (&mut self.ro, settling) {
                ops.push(settling.put(&session_id));
                ro.settling.insert(session_id.clone(), settling);
                ticket.settling = Some(session_id);
            }
            (said, session)
        });
        if let Some(host) = &self.rf_host {
            let mut information = usage.information(&self.gateway);
            conclude(&mut information, outcome, online);
            let session_id = format!("{host};{}", usage.charge);
            if let Some((number, op)) = self.rf.event(now, &session_id, information) {
                ops.push(op);
                ticket.record = Some(number);
            }
        }
        self.drain(now);
        (ops, ticket)
    }

    /// What [`Self::done`] has asked for is durable, or the node has done what it could.
    pub fn kept(&mut self, now: Instant, ticket: SmsTicket) {
        if let Some(number) = ticket.record {
            self.rf.event_kept(now, number);
        }
        if let (Some(ro), Some(session_id)) = (&mut self.ro, ticket.settling) {
            ro.ready.set(&session_id, Some(now));
            ro.settle(now);
        }
        self.drain(now);
    }

    /// Diameter input; what is not for it comes back.
    pub fn diameter<'a>(&mut self, now: Instant, input: DiameterInput<'a>) -> Option<DiameterInput<'a>> {
        let input = self.rf.diameter(now, input)?;
        let Some(ro) = &mut self.ro else { return Some(input) };
        ro.input(now, input);
        self.drain(now);
        None
    }

    /// An answer of the store; what is not for it comes back.
    pub fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) -> Option<NodeStoreAnswer> {
        if !(OWN_TOKENS..END_OF_TOKENS).contains(&answer.token.0) {
            return self.rf.stored(now, answer);
        }
        match (self.waiting.remove(&answer.token.0), answer.result) {
            (Some(Waiting::Load), Ok(tables)) => self.restore(now, tables.into_iter().flatten().collect()),
            (Some(_), Err(error)) => self.outputs.push_back(said(&format!("the store has failed: {error}"))),
            (Some(Waiting::Nothing) | None, Ok(_)) | (None, Err(_)) => {}
        }
        None
    }

    /// The node ends in order.
    pub fn shut_down(&mut self, now: Instant) {
        if let Some(ro) = &mut self.ro {
            ro.disconnect(now);
        }
        self.drain(now);
    }

    /// Time has come to what [`Self::poll_timeout`] said, or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.rf.handle_timeout(now);
        if let Some(ro) = &mut self.ro {
            ro.handle_timeout(now);
        }
        self.drain(now);
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ro = self.ro.as_ref().and_then(|ro| ro.poll_timeout());
        [self.rf.poll_timeout(), ro].into_iter().flatten().min()
    }

    /// What it has to say, for the node to pass on.
    pub fn poll_output(&mut self) -> Option<NodeOutput> {
        let own = self.outputs.pop_front();
        let ro = || self.ro.as_mut().and_then(|ro| ro.outputs.pop_front());
        own.or_else(ro).or_else(|| self.rf.poll_output())
    }

    /// What it counts of records.
    pub fn records(&self) -> ChargingCounters {
        self.rf.counters()
    }

    /// What it counts, for the figures of the node.
    pub fn figures(&self) -> Vec<(&'static str, u64)> {
        let ro = self.ro.as_ref();
        let counters = ro.map(|ro| ro.counters).unwrap_or_default();
        let credit = [
            ("waiting_for_credit", ro.map_or(0, |ro| ro.asking()) as u64),
            ("credit_granted", counters.granted),
            ("credit_refused", counters.refused),
            ("credit_unanswered", counters.unanswered),
            ("credit_to_settle", ro.map_or(0, |ro| ro.settling.len()) as u64),
            ("credit_never_settled", counters.lost),
        ];
        self.rf.figures().into_iter().chain(credit).collect()
    }

    fn drain(&mut self, now: Instant) {
        let Some(ro) = &mut self.ro else { return };
        ro.drain(now);
        let over = std::mem::take(&mut ro.over);
        if !over.is_empty() {
            let delete = |key| NodeStoreOp::Delete { table: Table::SmsCredit, key };
            self.store(over.into_iter().map(delete).collect(), Waiting::Nothing);
        }
    }

    /// What an earlier run has left.
    fn restore(&mut self, now: Instant, rows: Rows) {
        let Some(ro) = &mut self.ro else { return };
        let prefix = format!("{};", ro.config.diameter.origin_host);
        for (session_id, value) in rows.into_iter().filter(|(key, _)| key.starts_with(&prefix)) {
            match serde_json::from_slice::<Settling>(&value) {
                // What was added since is newer.
                Ok(own) if !ro.settling.contains_key(&session_id) => {
                    ro.ready.set(&session_id, Some(now));
                    ro.settling.insert(session_id, own);
                }
                Ok(_) => {}
                Err(error) => ro.outputs.push_back(said(&format!("{session_id} in the store is unreadable: {error}"))),
            }
        }
        ro.settle(now);
        self.drain(now);
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, waiting: Waiting) {
        self.next_token += 1;
        self.waiting.insert(self.next_token, waiting);
        let token = StoreToken(self.next_token);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    const fn utc_ms(&self, now: Instant) -> u64 {
        self.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }
}
