//! Requests that wait for their answers, and the peers that they go to (RFC 6733 clauses 5.5.4, 6.1.4 to 6.1.6, 7.1.3).

use std::collections::BTreeSet;

use super::{DiameterEndpoint, DiameterOutput, RequestFailure};
use crate::Instant;
use crate::diameter::dictionary as d;
use crate::diameter::link::{ConnectionId, DiameterTransport};
use crate::diameter::message::{Flags, Message};
use crate::diameter::peer::Peer;
use crate::diameter::watchdog::Health;
use crate::diameter::{grammar, result};

/// Where a request of somebody else may go: next hops, the preferred one first, and peers that it has come from.
#[derive(Debug)]
pub(super) struct Relayed {
    pub(super) next_hops: Vec<usize>,
    pub(super) was_there: BTreeSet<usize>,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) token: u64,
    pub(super) message: Message,
    pub(super) until: Instant,
    /// Where it was sent last: connection, hop-by-hop identifier, peer.
    pub(super) sent: Option<(ConnectionId, u32, usize)>,
    /// It went out over a connection that is gone, or not trusted any more: somebody may have it.
    pub(super) was_lost: bool,
    /// Peers that have said that they cannot deliver it, or that it comes from.
    pub(super) refused: BTreeSet<usize>,
    /// Of a request of somebody else: the peers that it may go to besides the one that it names, the preferred one first.
    pub(super) next_hops: Option<Vec<usize>>,
}

impl DiameterEndpoint {
    pub(super) fn on_answer(&mut self, now: Instant, conn: ConnectionId, peer: usize, message: Message) {
        let Some(i) = self.pending_at(conn, peer, &message) else {
            return self.ignored("Open", format!("{} that nobody waits for", message.name()));
        };
        // What is passed on is not looked into (RFC 6733 clause 2.8.1).
        let judged = self.pending[i].next_hops.is_none().then(|| grammar::check_answer(&message));
        if let Some(Err(problem)) = judged {
            let token = self.pending.remove(i).token;
            let result = Err(RequestFailure::Malformed(problem));
            return self.out.push_back(DiameterOutput::Answer { token, result });
        }
        // RFC 6733 clause 7.1.3: another peer may do better; the T bit is not for this.
        let code = message.number(&d::RESULT_CODE).ok().flatten();
        if message.flags.has(Flags::ERROR) && matches!(code, Some(result::UNABLE_TO_DELIVER | result::TOO_BUSY)) {
            self.pending[i].refused.insert(peer);
            if self.choose(&self.pending[i]).is_some() {
                self.pending[i].sent = None;
                self.is_restless = true;
                return self.settle(now);
            }
            // Whoever was asked before may have it: who has sent it shall not ask others as if nobody had.
            if self.pending[i].was_lost && self.pending[i].next_hops.is_some() {
                let token = self.pending.remove(i).token;
                return self.out.push_back(DiameterOutput::Answer { token, result: Err(RequestFailure::Lost) });
            }
        }
        let token = self.pending.remove(i).token;
        self.out.push_back(DiameterOutput::Answer { token, result: Ok(message) });
    }

    pub(super) fn pending_at(&self, conn: ConnectionId, peer: usize, answer: &Message) -> Option<usize> {
        self.pending.iter().position(|p| {
            p.sent == Some((conn, answer.hop_by_hop, peer))
                && p.message.end_to_end == answer.end_to_end
                && p.message.command == answer.command
        })
    }

    /// Sends a request, and keeps it until it is answered.
    pub(super) fn pend(&mut self, now: Instant, token: u64, message: Message, relayed: Option<Relayed>) {
        let until = now + self.config.answer_timeout;
        let (next_hops, refused) = relayed.map_or((None, BTreeSet::new()), |r| (Some(r.next_hops), r.was_there));
        self.pending.push(Pending { token, message, until, sent: None, was_lost: false, refused, next_hops });
        self.note_peers();
        self.send_if_needed(self.pending.len() - 1);
        self.settle(now);
    }

    /// Brings peers and requests together after anything has changed.
    pub(super) fn settle(&mut self, now: Instant) {
        self.note_peers();
        if std::mem::take(&mut self.is_restless) {
            (0..self.pending.len()).for_each(|i| self.send_if_needed(i));
        }
        self.fail(now);
    }

    /// Sends what is not sent, or not where it can be answered.
    fn send_if_needed(&mut self, i: usize) {
        let Pending { sent, .. } = self.pending[i];
        let there = sent.is_some_and(|(conn, _, _)| self.connections.contains_key(&conn));
        let trusted = sent.is_some_and(|(_, _, peer)| self.up.contains(&peer));
        if there && trusted {
            return;
        }
        match self.choose(&self.pending[i]) {
            // A suspect connection keeps what nobody else takes.
            Some(peer) if !(there && sent.is_some_and(|(_, _, at)| at == peer)) => self.send_pending(i, peer),
            None if !there => self.pending[i].message.flags = self.unsent(i),
            _ => {}
        }
    }

    /// Flags of a request whose connection is gone and that waits for another one.
    fn unsent(&mut self, i: usize) -> Flags {
        let pending = &mut self.pending[i];
        match pending.sent.take() {
            Some(_) => {
                pending.was_lost = true;
                pending.message.flags.with(Flags::RETRANSMITTED)
            }
            None => pending.message.flags,
        }
    }

    /// Gives up requests that nobody takes and those that have waited long enough.
    fn fail(&mut self, now: Instant) {
        let mut i = 0;
        while i < self.pending.len() {
            let pending = &self.pending[i];
            let hopeless = pending.sent.is_none() && !self.may_come(pending) && self.started();
            let failure = match (hopeless, pending.until <= now) {
                (true, _) | (false, true) if pending.sent.is_none() && pending.was_lost => RequestFailure::Lost,
                (true, _) => RequestFailure::NoPeer,
                (false, true) if pending.sent.is_none() => RequestFailure::NoPeer,
                (false, true) => RequestFailure::Timeout,
                (false, false) => {
                    i += 1;
                    continue;
                }
            };
            let token = self.pending.remove(i).token;
            self.out.push_back(DiameterOutput::Answer { token, result: Err(failure) });
        }
    }

    /// Whether a peer is being connected to that may take a request.
    fn may_come(&self, pending: &Pending) -> bool {
        let host = pending.message.text(&d::DESTINATION_HOST).ok().flatten();
        let is_for = |peer: &&Peer| match &pending.next_hops {
            Some(hops) => hops.contains(&peer.index) || host.is_some_and(|host| peer.host.eq_ignore_ascii_case(host)),
            None => true,
        };
        self.peers.iter().filter(is_for).any(Peer::is_connecting)
    }

    /// Whether each peer has been tried once.
    fn started(&self) -> bool {
        self.peers.iter().all(|p| p.poll_timeout() != Some(Instant::ZERO))
    }

    fn send_pending(&mut self, i: usize, peer: usize) {
        let Some((conn, _, _)) = self.peers[peer].open() else { return };
        self.next_id = self.next_id.wrapping_add(1);
        let pending = &mut self.pending[i];
        if pending.sent.is_some() {
            pending.was_lost = true;
            pending.message.flags = pending.message.flags.with(Flags::RETRANSMITTED);
        }
        pending.message.hop_by_hop = self.next_id;
        pending.sent = Some((conn, self.next_id, peer));
        let bytes = pending.message.emit();
        self.transport(DiameterTransport::Send { conn, bytes });
    }

    /// The peer that a request goes to (RFC 6733 clause 6.1.4 to 6.1.6): the one that it names, one of its realm, a relay;
    /// trusted ones first, then in the order of the configuration. What is passed on goes to those only that it may go to.
    fn choose(&self, pending: &Pending) -> Option<usize> {
        let message = &pending.message;
        let text = |def| message.text(def).ok().flatten();
        let (host, realm) = (text(&d::DESTINATION_HOST), text(&d::DESTINATION_REALM).unwrap_or(""));
        let candidates = self.peers.iter().filter(|p| !pending.refused.contains(&p.index)).filter_map(|p| {
            let (_, capabilities, health) = p.open()?;
            let hop = pending.next_hops.as_ref().map(|hops| hops.iter().position(|&hop| hop == p.index));
            let rank = match host {
                _ if !capabilities.takes(message.application) => return None,
                Some(host) if capabilities.host.eq_ignore_ascii_case(host) => 0,
                _ if hop == Some(None) => return None,
                // Only a relay takes what is for somebody else.
                _ if hop.is_some() && (host.is_none() || capabilities.is_relay()) => 1 + hop.flatten().unwrap_or(0),
                None if capabilities.realm.eq_ignore_ascii_case(realm) => 1,
                _ if capabilities.is_relay() => 2,
                _ => return None,
            };
            let distrust = match health {
                Health::Okay => 0,
                Health::Reopen { .. } => 1,
                Health::Suspect => return None,
            };
            Some((distrust, rank, p.index))
        });
        candidates.min().map(|(_, _, index)| index)
    }
}
