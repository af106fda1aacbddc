//! SMTP to other relays (TS 23.140 clause 8.4.5): connections of the relay's own, a mail at a time on each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::Instant;
use protocol::smtp::{
    SmtpClient, SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpInput, SmtpOutcome, SmtpSend,
};

use super::MmsRelay;
use super::budget::Budget;
use super::config::MmsRelayConfig;
use super::mm4_forward::{Leaving, Sent};
use super::task::Work;
use super::ways::WayKind;
use super::work::Event;
use crate::node::{NodeOutput, StreamId, StreamOutput};

/// Connections to other relays, and what waits for them.
#[derive(Debug)]
pub(super) struct Mails {
    open: BTreeMap<StreamId, Out>,
    dirty: BTreeSet<StreamId>,
    /// Connections that are wanted, and to which relay.
    wanted: BTreeMap<u64, usize>,
    next_token: u64,
    /// Mails that wait for a connection.
    waiting: BTreeMap<usize, VecDeque<SmtpSend>>,
    /// Octets of messages that go out.
    pub(super) budget: Budget<u64>,
    /// Messages that wait for their turn in memory.
    pub(super) turns: BTreeMap<u64, Leaving>,
    /// Messages that are on their way, by task: whom each goes to, and for whom it is known already that it does not.
    pub(super) going: BTreeMap<u64, Vec<Sent>>,
    client: SmtpClientConfig,
}

#[derive(Debug)]
struct Out {
    client: SmtpClient,
    relay: usize,
}

impl Mails {
    pub(super) fn new(config: &MmsRelayConfig) -> Self {
        let (open, dirty, wanted, waiting) = Default::default();
        let (turns, going) = Default::default();
        let mut client = SmtpClientConfig::new(&config.domain);
        client.idle_time = config.times.idle;
        let budget = Budget::new(config.limits.memory / 2);
        Self { open, dirty, wanted, next_token: super::SMS_TOKEN, waiting, budget, turns, going, client }
    }

    pub(super) fn received(&mut self, now: Instant, conn: StreamId, bytes: &[u8]) -> bool {
        self.input(now, conn, SmtpInput::Received(bytes))
    }

    pub(super) fn closed(&mut self, now: Instant, conn: StreamId) -> bool {
        self.input(now, conn, SmtpInput::Closed)
    }

    fn input(&mut self, now: Instant, conn: StreamId, input: SmtpInput<'_>) -> bool {
        let Some(out) = self.open.get_mut(&conn) else { return false };
        out.client.handle_input(now, input);
        self.dirty.insert(conn);
        true
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.open.values().filter_map(|out| out.client.poll_timeout()).min()
    }

    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        self.waiting.clear();
        self.going.clear();
        for (conn, out) in &mut self.open {
            out.client.quit(now);
            self.dirty.insert(*conn);
        }
    }
}

impl MmsRelay {
    pub(super) fn mails_timeout(&mut self, now: Instant) {
        for (conn, out) in &mut self.mails.open {
            if out.client.poll_timeout().is_some_and(|at| at <= now) {
                out.client.handle_timeout(now);
                self.mails.dirty.insert(*conn);
            }
        }
    }

    pub(super) fn mails_opened(&mut self, now: Instant, conn: StreamId, token: u64) {
        let Some(relay) = self.mails.wanted.remove(&token).filter(|_| !self.is_over) else {
            return self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn }));
        };
        let client = SmtpClient::new(now, self.mails.client.clone());
        self.mails.open.insert(conn, Out { client, relay });
        self.mails.dirty.insert(conn);
        if let Some(mail) = self.mails.waiting.get_mut(&relay).and_then(VecDeque::pop_front) {
            self.give_mail(now, conn, mail);
        }
    }

    pub(super) fn mails_not_opened(&mut self, now: Instant, token: u64, why: &str) {
        let Some(relay) = self.mails.wanted.remove(&token) else { return };
        let name = self.config.relays.get(relay).map(|relay| relay.name.clone()).unwrap_or_default();
        self.shell.say(format!("MM4: no connection to {name}: {why}"));
        // What waits there fails, and what is due later is not tried in vain meanwhile.
        if let Some(way) = self.ways.iter_mut().find(|way| way.kind == WayKind::Relay(relay)) {
            way.paused_until = Some(now + NO_CONNECTION);
        }
        if let Some(mail) = self.mails.waiting.get_mut(&relay).and_then(VecDeque::pop_front) {
            let failure = SmtpFailure::NotSent(why.to_owned());
            let results = mail.recipients.iter().map(|_| Err(failure.clone())).collect();
            self.mail_done(now, SmtpOutcome { token: mail.token, results });
        }
    }

    /// A mail goes over a connection that has nothing to do, or a new one.
    pub(super) fn send_mail(&mut self, now: Instant, relay: usize, mail: SmtpSend) {
        let is_idle = |out: &Out| out.relay == relay && out.client.pending() == 0 && !out.client.is_closed();
        let idle = self.mails.open.iter().find(|(_, out)| is_idle(out)).map(|(conn, _)| *conn);
        if let Some(conn) = idle {
            return self.give_mail(now, conn, mail);
        }
        let Some(remote) = self.config.relays.get(relay).map(|relay| relay.next_hop) else { return };
        self.mails.waiting.entry(relay).or_default().push_back(mail);
        self.mails.next_token += 1;
        let token = self.mails.next_token;
        self.mails.wanted.insert(token, relay);
        self.shell.output(NodeOutput::Stream(StreamOutput::Connect { token, remote }));
    }

    fn give_mail(&mut self, now: Instant, conn: StreamId, mail: SmtpSend) {
        let Some(out) = self.mails.open.get_mut(&conn) else { return };
        self.mails.dirty.insert(conn);
        if let Err((mail, failure)) = out.client.send(now, mail) {
            let results = mail.recipients.iter().map(|_| Err(failure.clone())).collect();
            self.mail_done(now, SmtpOutcome { token: mail.token, results });
        }
    }

    /// Does what connections have to say.
    pub(super) fn flush_mails(&mut self, now: Instant) {
        while let Some(conn) = self.mails.dirty.pop_first() {
            while let Some(output) = self.mails.open.get_mut(&conn).and_then(|out| out.client.poll_output()) {
                match output {
                    SmtpClientOutput::Send(bytes) => {
                        self.shell.output(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                    }
                    SmtpClientOutput::Close => self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn })),
                    SmtpClientOutput::Event(SmtpClientEvent::Done(outcome)) => self.mail_done(now, outcome),
                    SmtpClientOutput::Event(SmtpClientEvent::Ignored { state, event }) => {
                        self.shell.ignore(state, &event);
                    }
                    SmtpClientOutput::Event(SmtpClientEvent::Ready { .. } | SmtpClientEvent::Ended(_)) => {}
                }
            }
            if self.mails.open.get(&conn).is_some_and(|out| out.client.is_closed()) {
                self.mails.open.remove(&conn);
            }
        }
    }

    /// What has become of a mail.
    fn mail_done(&mut self, now: Instant, outcome: SmtpOutcome) {
        let SmtpOutcome { token: number, results } = outcome;
        self.free_mail(number);
        match results.iter().all(Result::is_ok) {
            true => self.counters.mails_sent += 1,
            false => self.counters.mails_failed += 1,
        }
        let Some(task) = self.running.get(&number).map(|running| running.task.clone()) else { return };
        match task.work {
            Work::Forward { message, .. } => {
                // Not all of the task's recipients were in this mail: some may have had an end meanwhile.
                let mut sent = self.mails.going.remove(&number).unwrap_or_default();
                let gone = sent.iter_mut().filter(|sent| sent.failure.is_none());
                for (sent, result) in gone.zip(results) {
                    sent.failure = result.err();
                }
                self.on_message(message, Event::Forwarded(number, sent));
            }
            Work::Write(letter) => self.letter_sent(now, number, &letter, results.into_iter().find_map(Result::err)),
            _ => {}
        }
    }

    pub(super) fn free_mail(&mut self, task: u64) {
        self.mails.budget.free(&task);
        self.mails.turns.remove(&task);
        while let Some(next) = self.mails.budget.next() {
            match self.mails.turns.remove(&next) {
                Some(leaving) => self.read_content(leaving),
                None => self.mails.budget.free(&next),
            }
        }
    }
}

/// How often a mail goes that was taken and not answered.
pub(super) const RESPONSES: u32 = 3;
/// How long nothing new goes to a relay that was not reached.
const NO_CONNECTION: Duration = Duration::from_secs(5);
