//! Restart-Counters and heartbeats on MB2-C and SGmb (TS 23.007 clause 29, TS 29.468 clause 5.6, TS 29.061 clause 20.3): who has
//! forgotten what, and what is done about it.

use protocol::Instant;
use protocol::diameter::mbms::StartStop;
use protocol::diameter::sgmb::{DiagnosticInfo, Raa, Rar, SgmbAnswer, Str};
use protocol::diameter::{
    Avp, DiameterProblem, Message, RequestFailure, RequestHandle, ResultCode, dictionary, result,
};

use super::mb2::Work;
use super::notify::Notice;
use super::records::{PeerRecord, delete_peer, put_peer};
use super::sgmb::Failure;
use super::{Asked, BmscNode};
use crate::node::NodeStoreOp;

/// Peers that are remembered.
const MAX_PEERS: usize = 4096;

impl BmscNode {
    /// Whether a host may be an application server: content providers have TMGIs under names that none of them has, and who
    /// comes when there are as many as can be remembered is told to come later.
    pub(super) fn admit_server(&self, host: &str) -> Result<(), DiameterProblem> {
        if Self::is_of_provider(host) {
            let origin = Avp::text(&dictionary::ORIGIN_HOST, host);
            return Err(DiameterProblem::value(&origin, "Origin-Host is that of a content provider on xMB"));
        }
        let is_new = self.config.rules(host).is_some() && !self.peers.contains_key(host);
        if is_new && self.peers.len() >= MAX_PEERS && self.idle_peer().is_none() {
            return Err(DiameterProblem::new(result::TOO_BUSY, format!("{MAX_PEERS} peers are known")));
        }
        Ok(())
    }

    /// One that has nothing here, which can be forgotten.
    fn idle_peer(&self) -> Option<String> {
        let is_idle = |host: &&String| self.services.count(host) == 0 && self.config.gateway(host).is_none();
        self.peers.keys().find(is_idle).cloned()
    }

    /// Whether a peer has restarted; what is known of it is kept.
    fn note_peer(&mut self, ops: &mut Vec<NodeStoreOp>, host: &str, realm: &str, counter: Option<u32>) -> bool {
        let known = self.peers.get(host);
        let before = known.and_then(|peer| peer.restart_counter);
        let peer = PeerRecord { realm: realm.to_owned(), restart_counter: counter.or(before) };
        if known != Some(&peer) {
            if known.is_none()
                && self.peers.len() >= MAX_PEERS
                && let Some(idle) = self.idle_peer()
            {
                ops.push(delete_peer(&idle));
                self.peers.remove(&idle);
            }
            ops.extend(put_peer(host, &peer));
            self.peers.insert(host.to_owned(), peer);
        }
        matches!((before, counter), (Some(before), Some(counter)) if counter > before)
    }

    /// What an application server says of itself. When it has forgotten what it had, that is given back.
    pub(super) fn note_server(&mut self, now: Instant, work: &mut Work, realm: &str, counter: Option<u32>) {
        let owner = work.owner.clone();
        // Of one that may do nothing there is nothing to be forgotten.
        if self.config.rules(&owner).is_none() && self.services.count(&owner) == 0 {
            return;
        }
        if !self.note_peer(&mut work.ops, &owner, realm, counter) {
            return;
        }
        self.counters.restarts_seen += 1;
        let forgets = self.config.rules(&owner).is_none_or(|rules| rules.forget_on_restart);
        let lost = if forgets { self.services.owned(&owner) } else { Vec::new() };
        self.say(format!("{owner} has restarted: {} TMGIs are given back", lost.len()));
        lost.into_iter().for_each(|tmgi| self.release_service(now, work, tmgi));
    }

    /// What an MBMS-GW says of itself. When it has forgotten its sessions, it gets them again.
    pub(super) fn note_gateway(&mut self, now: Instant, host: &str, realm: &str, counter: Option<u32>) {
        // By the name that it is known by: the case of letters says nothing.
        let Some(host) = self.config.gateway(host).map(|gateway| gateway.host.clone()) else { return };
        let host = host.as_str();
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        let has_restarted = self.note_peer(&mut work.ops, host, realm, counter);
        self.apply(now, work);
        if has_restarted {
            self.counters.restarts_seen += 1;
            self.say(format!("{host} has restarted: its sessions are established again"));
            self.establish_again(now, host);
        }
    }

    /// Asks an MBMS-GW whether it is the one that it was.
    pub(super) fn heartbeat_gateway(&mut self, now: Instant, host: &str) {
        let Some(gateway) = self.config.gateway(host) else { return };
        let realm = gateway.realm.clone();
        let routing = self.endpoint.routing(Some(host), &realm);
        let (indication, restart_counter) = (Some(StartStop::Heartbeat), Some(self.restart_counter));
        let rar = Rar { routing, indication, restart_counter, ..Rar::default() };
        self.next += 1;
        self.asked.insert(self.next, Asked::Heartbeat(host.to_owned()));
        self.endpoint.send_request(now, self.next, rar.to_message());
    }

    pub(super) fn on_heartbeat(&mut self, now: Instant, host: &str, answer: Result<Message, RequestFailure>) {
        match answer.map(|message| Raa::from_message(&message)) {
            Ok(Ok(raa)) => self.note_gateway(now, host, &raa.outcome.origin_realm, raa.restart_counter),
            Ok(Err(problem)) => self.say(format!("heartbeat of {host}: {problem}")),
            Err(failure) => self.say(format!("heartbeat of {host}: {failure}")),
        }
    }

    /// Heartbeats that are due.
    pub(super) fn run_heartbeats(&mut self, now: Instant) {
        let Some(interval) = self.config.heartbeat else { return };
        if self.heartbeat_at.is_none_or(|at| at > now) {
            return;
        }
        self.heartbeat_at = Some(now + interval);
        let up: Vec<String> = self.endpoint.peers_up().map(str::to_owned).collect();
        for host in up {
            if self.config.gateway(&host).is_some() {
                self.heartbeat_gateway(now, &host);
            } else if self.services.count(&host) > 0 {
                self.notify(now, &host, Notice::Heartbeat);
            }
        }
    }

    /// RAR of an MBMS-GW: a heartbeat, nothing else.
    pub(super) fn on_rar(&mut self, now: Instant, handle: RequestHandle, message: &Message) {
        let rar = match Rar::from_message(message) {
            Ok(rar) if rar.indication == Some(StartStop::Heartbeat) => rar,
            Ok(_) => {
                let problem = DiameterProblem::new(result::COMMAND_UNSUPPORTED, "sessions are started by the BM-SC");
                return self.refuse(now, handle, message, &problem);
            }
            Err(problem) => return self.refuse(now, handle, message, &problem),
        };
        self.note_gateway(now, &rar.routing.origin_host, &rar.routing.origin_realm, rar.restart_counter);
        let mut raa = Raa::new(self.outcome(ResultCode::SUCCESS));
        raa.indication = Some(StartStop::Heartbeat);
        raa.restart_counter = Some(self.restart_counter);
        self.endpoint.send_answer(now, handle, raa.to_message(message));
    }

    /// STR: an MBMS-GW has ended a session.
    pub(super) fn on_str(&mut self, now: Instant, handle: RequestHandle, message: &Message) {
        let str = match Str::from_message(message) {
            Ok(str) => str,
            Err(problem) => return self.refuse(now, handle, message, &problem),
        };
        let (host, session) = (&str.routing.origin_host, &str.routing.session_id);
        let key = self.bearers.of_session(session);
        let is_its_own = key.and_then(|key| self.bearers.get(key)).is_some_and(|bearer| {
            bearer.record.legs.iter().any(|leg| leg.session == *session && leg.gateway.eq_ignore_ascii_case(host))
        });
        let mut answer = SgmbAnswer {
            outcome: self.outcome(ResultCode::Base(result::UNKNOWN_SESSION_ID)),
            restart_counter: Some(self.restart_counter),
        };
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        if is_its_own {
            answer.outcome.result = ResultCode::SUCCESS;
            let is_user_plane = str.diagnostic.is_some_and(|diagnostic| diagnostic.has(DiagnosticInfo::UPFAIL));
            self.lose_leg(now, &mut work, session, &Failure::ended(is_user_plane));
        }
        work.then.answer = Some((handle, answer.to_message(message)));
        self.note_gateway(now, host, &str.routing.origin_realm, str.restart_counter);
        self.apply(now, work);
    }
}
