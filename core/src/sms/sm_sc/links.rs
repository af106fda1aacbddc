//! Sessions of SMPP: those that ESMEs open here, and those that the SM-SC opens to SMS-GMSCs and to other SM-SCs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::smpp::{
    Bind, BindKind, COctetString, CommandStatus, INTERFACE_VERSION, Pdu, SmppConfig, SmppEvent, SmppInput, SmppOutput,
    SmppRole, SmppSession, SystemId,
};
use protocol::sms::{NumberingPlan, TypeOfNumber};
use protocol::{Instant, Secret};

use super::SmSc;
use super::config::{SmScConfig, SmppPeer};
use super::routes::Way;
use crate::node::{NodeOutput, StreamId, StreamInput, StreamOutput};
use crate::sms::binding::{Binder, NoAccess};

/// All sessions.
#[derive(Debug, Default)]
pub(super) struct Links {
    open: BTreeMap<StreamId, Link>,
    clients: Vec<Client>,
    /// Sessions that may have something to say.
    dirty: BTreeSet<StreamId>,
}

#[derive(Debug)]
struct Link {
    session: SmppSession,
    side: Side,
}

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// Who has not bound yet.
    Stranger(SocketAddr),
    /// The ESME of an account.
    Esme(usize),
    /// An SMS-GMSC and SMS-IWMSC.
    Gmsc(usize),
    /// Another SM-SC.
    SmSc(usize),
}

/// A session that the SM-SC opens, and opens again.
#[derive(Debug)]
struct Client {
    peer: SmppPeer,
    side: Side,
    /// When it is opened; none: it is open, or being opened.
    at: Option<Instant>,
    pause: Duration,
}

impl Links {
    pub(super) fn new(config: &SmScConfig) -> Self {
        let client = |peer: &SmppPeer, side| Client { peer: peer.clone(), side, at: None, pause: FIRST_PAUSE };
        let gmscs = config.message_centres.iter().enumerate().map(|(n, peer)| client(peer, Side::Gmsc(n)));
        let smscs = config.smscs.iter().enumerate().map(|(n, smsc)| client(&smsc.peer, Side::SmSc(n)));
        Self { clients: gmscs.chain(smscs).collect(), ..Self::default() }
    }

    /// Everything is opened as soon as there is time for it.
    pub(super) fn open_all(&mut self, now: Instant) {
        self.clients.iter_mut().for_each(|client| client.at = Some(now));
    }

    pub(super) fn side(&self, conn: StreamId) -> Option<Side> {
        self.open.get(&conn).map(|link| link.side)
    }

    /// A session that can take a message for this way now: the one with the most room; of SMS-GMSCs the first.
    pub(super) fn with_room(&self, way: Way) -> Option<StreamId> {
        let able = self.open.iter().filter(|(_, link)| link.carries(way) && link.session.room() > 0);
        let (conn, _) = able.max_by_key(|(conn, link)| match link.side {
            Side::Gmsc(n) => (usize::MAX - n, link.session.room(), std::cmp::Reverse(**conn)),
            _ => (0, link.session.room(), std::cmp::Reverse(**conn)),
        })?;
        Some(*conn)
    }

    /// Messages that the sessions for this way can take.
    pub(super) fn room(&self, way: Way) -> usize {
        self.open.values().filter(|link| link.carries(way)).map(|link| link.session.room()).sum()
    }

    /// The session, for whoever makes it say something.
    pub(super) fn session(&mut self, conn: StreamId) -> Option<&mut SmppSession> {
        self.dirty.insert(conn);
        self.open.get_mut(&conn).map(|link| &mut link.session)
    }

    /// Ends all sessions in good order, and opens none again.
    pub(super) fn unbind_all(&mut self, now: Instant) {
        for (conn, link) in &mut self.open {
            link.session.unbind(now);
            self.dirty.insert(*conn);
        }
        self.clients.clear();
    }

    pub(super) fn bound(&self) -> usize {
        self.open.values().filter(|link| link.session.bound().is_some()).count()
    }

    fn of_account(&self, account: usize) -> usize {
        self.open.values().filter(|link| link.side == Side::Esme(account)).count()
    }

    fn of_esmes(&self) -> usize {
        self.open.values().filter(|link| matches!(link.side, Side::Stranger(_) | Side::Esme(_))).count()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let sessions = self.open.values().filter_map(|link| link.session.poll_timeout());
        sessions.chain(self.clients.iter().filter_map(|client| client.at)).min()
    }
}

impl Link {
    /// Whether messages for this way go over it: to an ESME that receives, from an ESME that transmits.
    fn carries(&self, way: Way) -> bool {
        let Some(kind) = self.session.bound() else { return false };
        match (self.side, way) {
            (Side::Gmsc(_), Way::Mobile) => kind.transmits(),
            (Side::Esme(own), Way::Esme(wanted)) => own == wanted && kind.receives(),
            (Side::SmSc(own), Way::SmSc(wanted)) => own == wanted && kind.transmits(),
            _ => false,
        }
    }
}

impl SmSc {
    pub(super) fn take_stream(&mut self, now: Instant, input: StreamInput<'_>) {
        match input {
            StreamInput::Connected { conn, token: None, remote, .. } => self.opened_by_esme(now, conn, remote),
            StreamInput::Connected { conn, token: Some(token), .. } => self.opened(now, conn, token),
            StreamInput::ConnectFailed { token, why } => {
                if let Some(name) = self.postpone(now, token) {
                    self.shell.say(format!("no connection to {name}: {why}"));
                }
            }
            StreamInput::Received { conn, bytes } => {
                if let Some(session) = self.links.session(conn) {
                    session.handle_input(now, SmppInput::Received(bytes));
                }
            }
            StreamInput::Closed { conn } => {
                if let Some(session) = self.links.session(conn) {
                    session.handle_input(now, SmppInput::Closed);
                }
            }
        }
    }

    pub(super) fn links_timeout(&mut self, now: Instant) {
        for (conn, link) in &mut self.links.open {
            if link.session.poll_timeout().is_some_and(|at| at <= now) {
                link.session.handle_timeout(now);
                self.links.dirty.insert(*conn);
            }
        }
        for (token, client) in self.links.clients.iter_mut().enumerate() {
            if client.at.is_some_and(|at| at <= now) {
                client.at = None;
                let output = StreamOutput::Connect { token: token as u64, remote: client.peer.address };
                self.shell.output(NodeOutput::Stream(output));
            }
        }
    }

    /// Does what sessions have to say.
    pub(super) fn flush(&mut self, now: Instant) {
        while let Some(conn) = self.links.dirty.pop_first() {
            while let Some(output) = self.links.open.get_mut(&conn).and_then(|link| link.session.poll_output()) {
                match output {
                    SmppOutput::Send(bytes) => {
                        self.shell.output(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                    }
                    SmppOutput::Close => self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn })),
                    SmppOutput::Event(event) => self.on_event(now, conn, event),
                }
            }
        }
    }

    fn on_event(&mut self, now: Instant, conn: StreamId, event: SmppEvent) {
        match event {
            SmppEvent::BindRequested(kind, bind) => self.bind_requested(now, conn, kind, &bind),
            SmppEvent::Bound { .. } => {
                if let Some(client) = self.client_of(conn) {
                    client.pause = FIRST_PAUSE;
                }
                let who = self.name_of(conn);
                self.shell.say(format!("{who} is bound"));
            }
            SmppEvent::BindRefused(status) => {
                let who = self.name_of(conn);
                self.shell.say(format!("{who} does not let us bind: {status}"));
                if let Some(session) = self.links.session(conn) {
                    session.close();
                }
            }
            SmppEvent::Request(pdu) => self.on_request(now, conn, *pdu),
            SmppEvent::Alert(alert, _) => self.alerted(&alert),
            SmppEvent::Response { token, pdu } => self.answered(now, token, &pdu),
            SmppEvent::Unanswered { token } => self.unanswered(now, token),
            SmppEvent::Ignored { state, event } => self.shell.ignore(state, &event),
            SmppEvent::OutbindRequested(_) => self.shell.ignore("session", "outbind"),
            SmppEvent::Ended(why) => {
                let who = self.name_of(conn);
                self.shell.say(format!("session with {who} is over: {why:?}"));
                let side = self.links.side(conn);
                self.links.open.remove(&conn);
                let token = self.links.clients.iter().position(|client| Some(client.side) == side);
                if let Some(token) = token {
                    self.postpone(now, token as u64);
                }
            }
        }
    }

    /// Answers a request; whoever is gone hears nothing.
    pub(super) fn respond(&mut self, conn: StreamId, pdu: Pdu) {
        if let Some(session) = self.links.session(conn) {
            session.respond(pdu);
        }
    }

    pub(super) fn refuse(&mut self, conn: StreamId, sequence_number: u32, status: CommandStatus) {
        if let Some(session) = self.links.session(conn) {
            session.refuse(sequence_number, status);
        }
    }

    fn opened_by_esme(&mut self, now: Instant, conn: StreamId, remote: SocketAddr) {
        if self.links.of_esmes() >= self.config.limits.connections {
            self.shell.say(format!("{remote} is not served: too many connections"));
            return self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn }));
        }
        let session = SmppSession::new(now, self.session_config(SmppRole::MessageCentre, 1));
        self.links.open.insert(conn, Link { session, side: Side::Stranger(remote) });
    }

    fn opened(&mut self, now: Instant, conn: StreamId, token: u64) {
        let client = usize::try_from(token).ok().and_then(|n| self.links.clients.get(n));
        let Some((peer, side)) = client.map(|client| (client.peer.clone(), client.side)) else { return };
        let mut session = SmppSession::new(now, self.session_config(SmppRole::Esme, peer.window));
        // The IWMSC finds the SM-SC of a message by this.
        let range = if matches!(side, Side::Gmsc(_)) { self.config.address.as_str() } else { "" };
        let bind = Bind {
            system_id: SystemId::new(&peer.system_id).unwrap_or_default(),
            password: Secret::new(COctetString::new(peer.password.expose()).unwrap_or_default()),
            system_type: COctetString::default(),
            interface_version: INTERFACE_VERSION,
            addr_ton: TypeOfNumber::INTERNATIONAL.0,
            addr_npi: NumberingPlan::ISDN.0,
            address_range: COctetString::new(range).unwrap_or_default(),
        };
        // A session that is new can be bound.
        let _ = session.bind(now, BindKind::Transceiver, bind);
        self.links.open.insert(conn, Link { session, side });
        self.links.dirty.insert(conn);
    }

    fn session_config(&self, role: SmppRole, window: usize) -> SmppConfig {
        let mut config = SmppConfig::new(role);
        config.system_id = SystemId::new(&self.config.name).unwrap_or_default();
        config.window = window.max(1);
        config.peer_window = self.config.limits.requests;
        if role == SmppRole::Esme {
            config.response_time = self.config.delivery_time;
        }
        config
    }

    fn bind_requested(&mut self, now: Instant, conn: StreamId, kind: BindKind, bind: &Bind) {
        let Some(Side::Stranger(remote)) = self.links.side(conn) else { return };
        let binders = self.config.accounts.iter().map(|account| Binder {
            system_id: &account.system_id,
            password: &account.password,
            from: &account.from,
        });
        let admitted = self.binding.admit(now, binders, remote, bind);
        if let Err(why) = &admitted {
            self.shell.say(format!("bind of {} from {remote} refused: {}", bind.system_id, why.text()));
        }
        // Accounts have names of their own.
        let admitted = admitted.map_err(NoAccess::status).map(|found| found.first().copied().unwrap_or_default());
        let account = match admitted {
            _ if !self.is_ready => Err(CommandStatus::SYSTEM_ERROR),
            Ok(account) if self.links.of_account(account) >= self.config.accounts[account].sessions => {
                Err(CommandStatus::ALREADY_BOUND)
            }
            other => other,
        };
        match account {
            Ok(account) => {
                let window = self.config.accounts[account].window.max(1);
                let Some(link) = self.links.open.get_mut(&conn) else { return };
                link.side = Side::Esme(account);
                link.session.set_window(window);
                link.session.accept_bind(now);
            }
            Err(status) => {
                self.shell.say(format!("{} at {remote} may not bind as {kind:?}: {status}", bind.system_id));
                if let Some(session) = self.links.session(conn) {
                    session.refuse_bind(status);
                }
            }
        }
        self.links.dirty.insert(conn);
    }

    fn client_of(&mut self, conn: StreamId) -> Option<&mut Client> {
        let side = self.links.side(conn)?;
        self.links.clients.iter_mut().find(|client| client.side == side)
    }

    /// A session is tried again after a pause that doubles; whose.
    fn postpone(&mut self, now: Instant, token: u64) -> Option<String> {
        let jitter = u64::from(self.entropy.below(250));
        let client = usize::try_from(token).ok().and_then(|n| self.links.clients.get_mut(n))?;
        client.at = Some(now + client.pause + Duration::from_millis(jitter));
        client.pause = (client.pause * 2).min(LONGEST_PAUSE);
        Some(client.peer.name.clone())
    }

    fn name_of(&self, conn: StreamId) -> String {
        match self.links.side(conn) {
            Some(Side::Stranger(remote)) => remote.to_string(),
            Some(Side::Esme(account)) => self.config.accounts[account].system_id.clone(),
            Some(Side::Gmsc(n)) => self.config.message_centres[n].name.clone(),
            Some(Side::SmSc(n)) => self.config.smscs[n].peer.name.clone(),
            None => "nobody".to_owned(),
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
