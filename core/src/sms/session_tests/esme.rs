//! An ESME of the SM-SC: it binds, submits, submits again what was not answered, and binds anew when its session is gone.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::Instant;
use protocol::smpp::{
    Bind, BindKind, Body, CommandStatus, DeliveryReceipt, MessageId, MessageState, Pdu, RegisteredDelivery,
    ShortMessage, SmeAddress, SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession, SmppTime, Tlv,
    TlvTag,
};

use crate::node::{Node, NodeInput, NodeOutput, StreamId, StreamInput, StreamOutput};

/// Time until it binds anew.
const RETRY: Duration = Duration::from_secs(2);

/// A message of an ESME.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub(super) to: String,
    pub(super) text: String,
    /// How long it is held.
    pub(super) validity: Option<Duration>,
}

impl Submission {
    pub(super) fn new(to: &str, text: &str) -> Self {
        Self { to: to.to_owned(), text: text.to_owned(), validity: None }
    }
}

/// What it knows, and what it is to do.
#[derive(Debug, Default)]
pub(super) struct EsmeDesk {
    pub(super) orders: VecDeque<(u16, Submission)>,
    /// Submitted and not answered.
    waiting: BTreeMap<u16, Submission>,
    /// Tokens of what the SM-SC has taken, and the names that it gave them.
    pub(super) accepted: BTreeMap<u16, MessageId>,
    pub(super) refused: Vec<u16>,
    /// What became of messages: states and how many parts were delivered, as often as it was told.
    pub(super) receipts: Vec<(MessageId, MessageState, u16)>,
}

impl EsmeDesk {
    /// What it was told of a message; a receipt that comes again says the same.
    pub(super) fn told(&self, token: u16) -> Option<(MessageState, u16)> {
        let id = self.accepted.get(&token)?;
        let mut own = self.receipts.iter().filter(|(of, ..)| of == id).map(|(_, state, parts)| (*state, *parts));
        let first = own.next()?;
        assert!(own.all(|other| other == first), "{:?}", self.receipts);
        Some(first)
    }
}

#[derive(Debug)]
pub(super) struct Esme {
    far: SocketAddr,
    desk: Arc<Mutex<EsmeDesk>>,
    session: Option<(StreamId, SmppSession)>,
    again: Option<Instant>,
    out: VecDeque<NodeOutput>,
}

impl Esme {
    pub(super) fn new(far: SocketAddr, desk: Arc<Mutex<EsmeDesk>>) -> Self {
        Self { far, desk, session: None, again: Some(Instant::ZERO), out: VecDeque::new() }
    }

    fn drain(&mut self, now: Instant) {
        let orders = std::mem::take(&mut self.desk.lock().unwrap().orders);
        for (token, submission) in orders {
            self.desk.lock().unwrap().waiting.insert(token, submission);
            self.submit(now, token);
        }
        while let Some((conn, session)) = &mut self.session {
            let conn = *conn;
            match session.poll_output() {
                None => return,
                Some(SmppOutput::Send(bytes)) => {
                    self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                }
                Some(SmppOutput::Close) => self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn })),
                Some(SmppOutput::Event(event)) => self.on_event(now, event),
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: SmppEvent) {
        match event {
            SmppEvent::Bound { .. } => {
                let waiting: Vec<u16> = self.desk.lock().unwrap().waiting.keys().copied().collect();
                for token in waiting {
                    self.submit(now, token);
                }
            }
            SmppEvent::Response { token, pdu } => {
                let mut desk = self.desk.lock().unwrap();
                let token = token as u16;
                desk.waiting.remove(&token);
                match pdu.body {
                    Body::SubmitSmResp(Some(id)) if pdu.status.is_ok() => {
                        desk.accepted.insert(token, id);
                    }
                    _ => desk.refused.push(token),
                }
            }
            SmppEvent::Request(pdu) => {
                let told = match &pdu.body {
                    Body::DeliverSm(message) => DeliveryReceipt::of(message, &pdu.tlvs),
                    _ => None,
                };
                let told = told.map(|told| (told.message_id, told.state, told.delivered));
                self.desk.lock().unwrap().receipts.extend(told);
                let body = Body::DeliverSmResp(Some(MessageId::default()));
                if let Some((_, session)) = &mut self.session {
                    session.respond(Pdu::response(pdu.sequence_number, CommandStatus::OK, body));
                }
            }
            SmppEvent::Ended(_) => {
                self.session = None;
                self.again = Some(now + RETRY);
            }
            _ => {}
        }
    }

    fn submit(&mut self, now: Instant, token: u16) {
        let Some((_, session)) = &mut self.session else { return };
        let Some(Submission { to, text, validity }) = self.desk.lock().unwrap().waiting.get(&token).cloned() else {
            return;
        };
        let period = validity.and_then(SmppTime::after).map(SmppTime::to_time_string);
        let message = ShortMessage {
            source: SmeAddress::international("358501").unwrap(),
            destination: SmeAddress::international(&to).unwrap(),
            validity_period: period.unwrap_or_default(),
            registered_delivery: RegisteredDelivery::ALWAYS,
            ..ShortMessage::default()
        };
        // Its own name tells what comes again.
        let tlvs =
            vec![Tlv::word(TlvTag::USER_MESSAGE_REFERENCE, token), Tlv::new(TlvTag::MESSAGE_PAYLOAD, text.as_bytes())];
        let _ = session.request(now, token.into(), Body::SubmitSm(message), tlvs);
    }
}

impl Node for Esme {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Stream(StreamInput::Connected { conn, .. }) => {
                let mut session = SmppSession::new(now, SmppConfig::new(SmppRole::Esme));
                session.bind(now, BindKind::Transceiver, Bind::new("bank", "pw").unwrap()).unwrap();
                self.session = Some((conn, session));
            }
            NodeInput::Stream(StreamInput::ConnectFailed { .. }) => self.again = Some(now + RETRY),
            NodeInput::Stream(StreamInput::Received { bytes, .. }) => {
                if let Some((_, session)) = &mut self.session {
                    session.handle_input(now, SmppInput::Received(bytes));
                }
            }
            NodeInput::Stream(StreamInput::Closed { .. }) => {
                if let Some((_, session)) = &mut self.session {
                    session.handle_input(now, SmppInput::Closed);
                }
            }
            _ => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.again.take_if(|again| *again <= now).is_some() {
            self.out.push_back(NodeOutput::Stream(StreamOutput::Connect { token: 1, remote: self.far }));
        }
        if let Some((_, session)) = &mut self.session {
            session.handle_timeout(now);
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let session = self.session.as_ref().and_then(|(_, session)| session.poll_timeout());
        [self.again, session].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}
