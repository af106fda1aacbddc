//! Push over short messages (WAP-259, TS 23.140 annex B.2): the relay is an ESME of the SM-SC.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::mms::WapPush;
use protocol::smpp::{
    Bind, BindKind, Body, COctetString, EsmClass, INTERFACE_VERSION, MessageOctets, ShortMessage, SmeAddress,
    SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession, SystemId, data_coding_of, octets_of,
};
use protocol::sms::{ConcatenationReference, NumberingPlan, TypeOfNumber};
use protocol::{Instant, Secret};

use super::config::MmsRelayConfig;
use super::push::Pushed;
use super::{MmsRelay, SMS_TOKEN};
use crate::node::{NodeOutput, StreamId, StreamOutput};
use crate::sms::SmppPeer;

/// The session with the SM-SC.
#[derive(Debug)]
pub(super) struct SmsLink {
    peer: Option<SmppPeer>,
    session: Option<(StreamId, SmppSession)>,
    /// When it is opened; none: it is open, or being opened.
    at: Option<Instant>,
    pause: Duration,
    /// Requests that are unanswered, and the tasks that they are for.
    asked: BTreeMap<u64, u64>,
    next_token: u64,
}

impl SmsLink {
    pub(super) fn new(config: &MmsRelayConfig) -> Self {
        let (session, at, asked) = Default::default();
        Self { peer: config.sm_sc.clone(), session, at, pause: FIRST_PAUSE, asked, next_token: 0 }
    }

    /// It is opened as soon as there is time for it.
    pub(super) fn open(&mut self, now: Instant) {
        self.at = self.peer.as_ref().map(|_| now);
    }

    /// The SM-SC is there.
    pub(super) fn is_bound(&self) -> bool {
        self.session.as_ref().is_some_and(|(_, session)| session.bound().is_some())
    }

    /// Pushes that can go now.
    pub(super) fn room(&self) -> usize {
        let session = self.session.as_ref().filter(|(_, session)| session.bound().is_some());
        // A push has some parts.
        session.map_or(0, |(_, session)| session.room() / PARTS)
    }

    pub(super) fn received(&mut self, now: Instant, conn: StreamId, bytes: &[u8]) -> bool {
        self.input(now, conn, SmppInput::Received(bytes))
    }

    pub(super) fn closed(&mut self, now: Instant, conn: StreamId) -> bool {
        self.input(now, conn, SmppInput::Closed)
    }

    fn input(&mut self, now: Instant, conn: StreamId, input: SmppInput<'_>) -> bool {
        let own = self.session.as_mut().filter(|(own, _)| *own == conn);
        own.is_some_and(|(_, session)| {
            session.handle_input(now, input);
            true
        })
    }

    pub(super) fn unbind(&mut self, now: Instant) {
        (self.peer, self.at) = (None, None);
        if let Some((_, session)) = &mut self.session {
            session.unbind(now);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let Some((_, session)) = self.session.as_mut()
            && session.poll_timeout().is_some_and(|at| at <= now)
        {
            session.handle_timeout(now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let session = self.session.as_ref().and_then(|(_, session)| session.poll_timeout());
        [session, self.at].into_iter().flatten().min()
    }
}

impl MmsRelay {
    /// Opens the session when it is time.
    pub(super) fn open_sms(&mut self, now: Instant) {
        let Some(peer) = &self.sms.peer else { return };
        if self.sms.at.take_if(|at| *at <= now).is_some() {
            let output = StreamOutput::Connect { token: SMS_TOKEN, remote: peer.address };
            self.shell.output(NodeOutput::Stream(output));
        }
    }

    pub(super) fn sms_opened(&mut self, now: Instant, conn: StreamId) {
        let Some(peer) = &self.sms.peer else {
            return self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn }));
        };
        let mut config = SmppConfig::new(SmppRole::Esme);
        config.window = peer.window.max(PARTS);
        config.response_time = self.config.times.push_result;
        let mut session = SmppSession::new(now, config);
        let bind = Bind {
            system_id: SystemId::new(&peer.system_id).unwrap_or_default(),
            password: Secret::new(COctetString::new(peer.password.expose()).unwrap_or_default()),
            system_type: COctetString::default(),
            interface_version: INTERFACE_VERSION,
            addr_ton: TypeOfNumber::UNKNOWN.0,
            addr_npi: NumberingPlan::UNKNOWN.0,
            address_range: COctetString::default(),
        };
        // A session that is new can be bound.
        let _ = session.bind(now, BindKind::Transceiver, bind);
        self.sms.session = Some((conn, session));
    }

    pub(super) fn sms_not_opened(&mut self, now: Instant, why: &str) {
        self.shell.say(format!("no connection to the SM-SC: {why}"));
        self.open_sms_later(now);
    }

    fn open_sms_later(&mut self, now: Instant) {
        self.sms.at = self.sms.peer.as_ref().map(|_| now + self.sms.pause);
        self.sms.pause = (self.sms.pause * 2).min(LONGEST_PAUSE);
    }

    /// Does what the session has to say.
    pub(super) fn flush_sms(&mut self, now: Instant) {
        self.open_sms(now);
        while let Some((conn, session)) = &mut self.sms.session {
            let conn = *conn;
            match session.poll_output() {
                None => return,
                Some(SmppOutput::Send(bytes)) => {
                    self.shell.output(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                }
                Some(SmppOutput::Close) => self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn })),
                Some(SmppOutput::Event(event)) => self.on_smpp(now, event),
            }
        }
    }

    fn on_smpp(&mut self, now: Instant, event: SmppEvent) {
        match event {
            SmppEvent::Bound { .. } => {
                self.sms.pause = FIRST_PAUSE;
                self.shell.say("bound to the SM-SC");
            }
            SmppEvent::BindRefused(status) => {
                self.shell.say(format!("the SM-SC does not let the relay bind: {status}"));
                if let Some((_, session)) = &mut self.sms.session {
                    session.close();
                }
            }
            SmppEvent::Response { token, pdu } => {
                let refused = (!pdu.status.is_ok()).then(|| pdu.status.to_string());
                self.part_answered(now, token, refused);
            }
            SmppEvent::Unanswered { token } => {
                self.part_answered(now, token, Some("the SM-SC does not answer".to_owned()));
            }
            // Nothing that comes from mobiles is for a relay: it is answered, and dropped.
            SmppEvent::Request(pdu) => {
                if let Some((_, session)) = &mut self.sms.session {
                    session.refuse(pdu.sequence_number, protocol::smpp::CommandStatus::INVALID_DESTINATION);
                }
            }
            SmppEvent::Ended(why) => {
                self.shell.say(format!("the session with the SM-SC is over: {why:?}"));
                self.sms.session = None;
                let asked = std::mem::take(&mut self.sms.asked);
                let tasks: BTreeSet<u64> = asked.into_values().collect();
                for task in tasks {
                    self.push_ended(now, task, &Pushed::Failed("the session with the SM-SC is over".to_owned()));
                }
                self.open_sms_later(now);
            }
            SmppEvent::Ignored { state, event } => self.shell.ignore(state, &event),
            _ => {}
        }
    }

    /// A part of a push was taken, or not.
    fn part_answered(&mut self, now: Instant, token: u64, refused: Option<String>) {
        let Some(task) = self.sms.asked.remove(&token) else { return };
        let Some(running) = self.running.get_mut(&task) else { return };
        running.parts = running.parts.saturating_sub(1);
        running.is_refused |= refused.is_some();
        if let Some(why) = &refused {
            self.shell.say(format!("the SM-SC does not take a part of push {task:x}: {why}"));
        }
        let Some(running) = self.running.get(&task).filter(|running| running.parts == 0) else { return };
        let pushed = match running.is_refused {
            true => Pushed::Failed("the SM-SC has not taken all of it".to_owned()),
            false => Pushed::Delivered,
        };
        self.push_ended(now, task, &pushed);
    }

    pub(super) fn push_by_sms(&mut self, now: Instant, task: u64, msisdn: &str, pdu: Vec<u8>) {
        let Some(messages) = self.parts_of_push(task, msisdn, pdu) else {
            return self.push_ended(now, task, &Pushed::Failed("it is too long for short messages".to_owned()));
        };
        let count = messages.len();
        // All of it, or nothing: half a push is of no use, and is paid for.
        if count > self.sms.session.as_ref().map_or(0, |(_, session)| session.room()) {
            return self.push_ended(now, task, &Pushed::Failed(format!("no room for {count} short messages now")));
        }
        let mut sent = 0;
        for message in messages {
            self.sms.next_token += 1;
            let token = self.sms.next_token;
            let session = self.sms.session.as_mut();
            let done = session
                .is_some_and(|(_, session)| session.request(now, token, Body::SubmitSm(message), Vec::new()).is_ok());
            if !done {
                break;
            }
            self.sms.asked.insert(token, task);
            sent += 1;
        }
        if let Some(running) = self.running.get_mut(&task) {
            (running.parts, running.is_refused) = (sent, sent < count);
        }
        if sent == 0 {
            self.push_ended(now, task, &Pushed::Failed("the SM-SC takes nothing now".to_owned()));
        }
    }

    fn parts_of_push(&self, task: u64, msisdn: &str, pdu: Vec<u8>) -> Option<Vec<ShortMessage>> {
        // The same each time: parts of a push that is repeated fit to those that came before.
        let reference = task as u8;
        let segments = WapPush::mms(reference, pdu).segments(ConcatenationReference::Short(reference)).ok()?;
        let source = match SmeAddress::international(&self.config.push_number) {
            Some(_) if self.config.push_number.len() <= SHORT_NUMBER => SmeAddress {
                ton: TypeOfNumber::UNKNOWN,
                npi: NumberingPlan::ISDN,
                address: COctetString::new(&self.config.push_number)?,
            },
            source => source?,
        };
        let destination = SmeAddress::international(msisdn)?;
        let coding = segments.coding;
        let part = |data| {
            Some(ShortMessage {
                source: source.clone(),
                destination: destination.clone(),
                esm_class: EsmClass::default().with_features(true, false),
                data_coding: data_coding_of(coding),
                message: MessageOctets::new(octets_of(coding, data))?,
                ..ShortMessage::default()
            })
        };
        segments.parts.iter().map(part).collect()
    }
}

/// Parts that a push has at most, as a rule.
const PARTS: usize = 4;
/// Digits of a number that is no international one.
const SHORT_NUMBER: usize = 6;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
