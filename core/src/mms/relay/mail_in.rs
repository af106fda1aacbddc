//! SMTP from other relays (TS 23.140 clause 8.4.5): connections that they open, who may, and how many octets may come at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::Instant;
use protocol::mm4::Mm4Address;
use protocol::smtp::{
    SmtpInput, SmtpMail, SmtpRecipient, SmtpReply, SmtpServer, SmtpServerConfig, SmtpServerEvent, SmtpServerOutput,
};

use super::MmsRelay;
use super::budget::Budget;
use super::config::{MmsRelayConfig, OtherRelay};
use crate::node::{NodeOutput, StreamId, StreamOutput};

/// Connections that others have opened.
#[derive(Debug)]
pub(super) struct Posts {
    open: BTreeMap<StreamId, Post>,
    /// Those that may have something to say.
    dirty: BTreeSet<StreamId>,
    /// Octets of mails that come, or that are not durable yet.
    pub(super) budget: Budget<StreamId>,
    /// Connections whose mail is in work: its octets are there as long, even when the connection is not.
    working: BTreeSet<StreamId>,
    server: SmtpServerConfig,
    most: usize,
}

#[derive(Debug)]
struct Post {
    server: SmtpServer,
    /// The relays of the settings that may send from there.
    relays: Vec<usize>,
}

impl Posts {
    pub(super) fn new(config: &MmsRelayConfig) -> Self {
        let (open, dirty, working) = Default::default();
        // Base64 makes four octets of three, and lines have ends.
        let largest = config.limits.octets / 5 * 7 + config.limits.header_octets * 4 + MAIL_HEAD;
        let mut server = SmtpServerConfig::new(&config.domain, largest);
        server.max_recipients = config.limits.recipients;
        let budget = Budget::new(config.limits.memory / 2);
        Self { open, dirty, budget, working, server, most: config.limits.connections }
    }

    pub(super) fn received(&mut self, now: Instant, conn: StreamId, bytes: &[u8]) {
        self.input(now, conn, SmtpInput::Received(bytes));
    }

    pub(super) fn closed(&mut self, now: Instant, conn: StreamId) {
        self.input(now, conn, SmtpInput::Closed);
    }

    fn input(&mut self, now: Instant, conn: StreamId, input: SmtpInput<'_>) {
        if let Some(post) = self.open.get_mut(&conn) {
            post.server.handle_input(now, input);
            self.dirty.insert(conn);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for (conn, post) in &mut self.open {
            if post.server.poll_timeout().is_some_and(|at| at <= now) {
                post.server.handle_timeout(now);
                self.dirty.insert(*conn);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.open.values().filter_map(|post| post.server.poll_timeout()).min()
    }

    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn shut_down(&mut self, _now: Instant) {
        for (conn, post) in &mut self.open {
            post.server.shut_down();
            self.dirty.insert(*conn);
        }
    }
}

impl OtherRelay {
    /// Whether mail of it may come from there.
    fn may_send_from(&self, remote: SocketAddr) -> bool {
        match self.from.as_slice() {
            [] => self.next_hop.ip() == remote.ip(),
            from => from.iter().any(|own| own.is(remote)),
        }
    }
}

impl MmsRelay {
    pub(super) fn posts_opened(&mut self, now: Instant, conn: StreamId, remote: SocketAddr) {
        let relays = self.config.relays.iter().enumerate().filter(|(_, relay)| relay.may_send_from(remote));
        let relays: Vec<usize> = relays.map(|(n, _)| n).collect();
        let config = self.posts.server.clone();
        let server = if self.posts.open.len() >= self.posts.most || !self.is_ready || self.is_over {
            SmtpServer::turn_away(
                now,
                config,
                &SmtpReply::new(421, None, "too many connections, or starting: try again"),
            )
        } else if relays.is_empty() {
            self.shell.say(format!("MM4: {remote} is no relay that is known"));
            SmtpServer::turn_away(now, config, &SmtpReply::new(554, None, "no relay that is known"))
        } else {
            SmtpServer::new(now, config)
        };
        self.posts.open.insert(conn, Post { server, relays });
        self.posts.dirty.insert(conn);
    }

    /// Does what connections have to say.
    pub(super) fn flush_posts(&mut self, now: Instant) {
        while let Some(conn) = self.posts.dirty.pop_first() {
            let mut mails = VecDeque::new();
            while let Some(output) = self.posts.open.get_mut(&conn).and_then(|post| post.server.poll_output()) {
                match output {
                    SmtpServerOutput::Send(bytes) => {
                        self.shell.output(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                    }
                    SmtpServerOutput::Close => self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn })),
                    SmtpServerOutput::Event(event) => self.on_post(now, conn, event, &mut mails),
                }
            }
            if self.posts.open.get(&conn).is_some_and(|post| post.server.is_closed()) {
                self.posts.open.remove(&conn);
                if !self.posts.working.contains(&conn) {
                    self.free_post(now, conn);
                }
            }
            // Whatever comes of a mail, its connection has said all that came before.
            for mail in mails {
                let relays = self.posts.open.get(&conn).map(|post| post.relays.clone()).unwrap_or_default();
                self.on_mail(now, conn, &relays, mail);
            }
        }
    }

    fn on_post(&mut self, now: Instant, conn: StreamId, event: SmtpServerEvent, mails: &mut VecDeque<SmtpMail>) {
        match event {
            SmtpServerEvent::Recipient(recipient) => {
                let answer = self.recipient(&recipient);
                self.decide(now, conn, answer);
            }
            SmtpServerEvent::Data { size } => {
                let most = self.posts.server.max_size;
                let octets = size.and_then(|size| usize::try_from(size).ok()).map_or(most, |size| size.min(most));
                // Without room the client waits: it has not been told to begin.
                if self.posts.budget.take(conn, octets) {
                    self.decide(now, conn, None);
                }
            }
            SmtpServerEvent::Mail(mail) => {
                self.posts.working.insert(conn);
                mails.push_back(*mail);
            }
            SmtpServerEvent::Abandoned { why } => {
                self.shell.say(format!("MM4: a mail that had begun does not come: {why}"));
                self.free_post(now, conn);
            }
            SmtpServerEvent::Ignored { state, event } => self.shell.ignore(state, &event),
            SmtpServerEvent::Greeted { .. } => {}
            SmtpServerEvent::Ended(why) => self.shell.say(format!("MM4: a connection is over: {why:?}")),
        }
    }

    /// Whether there is such a recipient; none: there is.
    fn recipient(&self, recipient: &SmtpRecipient) -> Option<SmtpReply> {
        let Some(address) = Mm4Address::parse(&recipient.to) else {
            return Some(SmtpReply::no_mailbox("no address that is known here"));
        };
        // RFC 5321 clause 4.5.1: that one is always there.
        if self.routes.is_system(&address) || self.routes.is_postmaster(&address) {
            return None;
        }
        let Some(own) = self.routes.of_recipient(&address).and_then(|n| self.config.subscribers.get(n)) else {
            return Some(SmtpReply::no_mailbox("no subscriber of this relay"));
        };
        // Of its size in base64 as much as is content for sure: another recipient may have room for it.
        let size = recipient.size.unwrap_or_default();
        let octets = size.saturating_sub(MAIL_HEAD as u64) / 10 * 7;
        let is_full = !self.has_room(&own.msisdn, octets.max(1));
        is_full.then(|| SmtpReply::no_room("there is no room left for the recipient"))
    }

    fn decide(&mut self, now: Instant, conn: StreamId, refusal: Option<SmtpReply>) -> bool {
        let Some(post) = self.posts.open.get_mut(&conn) else { return false };
        self.posts.dirty.insert(conn);
        match refusal {
            None => post.server.accept(now),
            Some(reply) => post.server.refuse(now, reply),
        }
    }

    /// A mail is taken, or not; the next one may come.
    pub(super) fn answer_mail(&mut self, now: Instant, conn: StreamId, refusal: Option<SmtpReply>) {
        self.decide(now, conn, refusal);
        self.posts.working.remove(&conn);
        self.free_post(now, conn);
    }

    fn free_post(&mut self, now: Instant, conn: StreamId) {
        self.posts.budget.free(&conn);
        while let Some(next) = self.posts.budget.next() {
            // Who has waited for too long was told so.
            if !self.decide(now, next, None) {
                self.posts.budget.free(&next);
            }
        }
    }
}

/// Octets of the header fields of a mail that MTAs add.
const MAIL_HEAD: usize = 64 << 10;
