//! An ESME of the SM-SC: it binds, submits, submits again what was not answered, and binds anew when its session is gone.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::Instant;
use protocol::smpp::{
    Bind, BindKind, Body, MessageOctets, ShortMessage, SmeAddress, SmppConfig, SmppEvent, SmppInput, SmppOutput,
    SmppRole, SmppSession,
};

use crate::node::{Node, NodeInput, NodeOutput, StreamId, StreamInput, StreamOutput};

/// Time until it binds anew.
const RETRY: Duration = Duration::from_secs(2);

/// What it knows, and what it is to do.
#[derive(Debug, Default)]
pub(super) struct EsmeDesk {
    /// Token, number and text.
    pub(super) orders: VecDeque<(u64, String, String)>,
    /// Submitted and not answered.
    waiting: BTreeMap<u64, (String, String)>,
    /// Tokens of what the SM-SC has taken.
    pub(super) accepted: Vec<u64>,
    pub(super) refused: Vec<u64>,
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
        for (token, to, text) in orders {
            self.desk.lock().unwrap().waiting.insert(token, (to, text));
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
                let waiting: Vec<u64> = self.desk.lock().unwrap().waiting.keys().copied().collect();
                for token in waiting {
                    self.submit(now, token);
                }
            }
            SmppEvent::Response { token, pdu } => {
                let mut desk = self.desk.lock().unwrap();
                desk.waiting.remove(&token);
                if pdu.status.is_ok() {
                    desk.accepted.push(token);
                } else {
                    desk.refused.push(token);
                }
            }
            SmppEvent::Ended(_) => {
                self.session = None;
                self.again = Some(now + RETRY);
            }
            _ => {}
        }
    }

    fn submit(&mut self, now: Instant, token: u64) {
        let Some((_, session)) = &mut self.session else { return };
        let Some((to, text)) = self.desk.lock().unwrap().waiting.get(&token).cloned() else { return };
        let message = ShortMessage {
            source: SmeAddress::international("358501").unwrap(),
            destination: SmeAddress::international(&to).unwrap(),
            message: MessageOctets::new(text.as_bytes()).unwrap(),
            ..ShortMessage::default()
        };
        let _ = session.request(now, token, Body::SubmitSm(message), Vec::new());
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
