//! BM-SC: TS 23.246 clause 5.1 (membership apart), TS 26.346 (delivery), TS 36.300 clause 15.3.3 and TS 25.446 (SYNC).

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddrV4;
use std::time::{Duration, SystemTime};

use protocol::{Instant, SyncPlan, Tmgi};

use super::flute_sender::{Content, Delivery, DeliveryError, DeliveryStats, FluteOutput, FluteSender};
use super::provisioning::{
    Allocation, Provisioning, ProvisioningConfig, ProvisioningInput, ProvisioningOutput, Refusal,
};
use super::sequence_clock::SequenceClock;
use super::sync_framer::SyncFramer;
use crate::store::StoreRequest;

/// The BM-SC's plan.
#[derive(Clone, Debug)]
pub struct BmscConfig {
    /// What it may give away.
    pub provisioning: ProvisioningConfig,
    /// Source address and port of user data.
    pub source: SocketAddrV4,
    /// Longest transfer to an eNB, its processing included: a sequence is complete this long before it is on the air.
    pub max_transfer_delay: Duration,
    /// Close sequences with the length of each packet (SYNC type 3) instead of type 0.
    pub packet_lengths: bool,
    /// UTC at the start of the run.
    pub wall_clock: SystemTime,
}

/// What the BM-SC tells about a session that it started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionDescription {
    /// User service, TMGI, destination.
    pub allocation: Allocation,
    /// Transport session identifier of the FLUTE session.
    pub tsi: u64,
    /// Length of the content, octets.
    pub content_octets: u64,
    /// SHA-256 of the content.
    pub content_sha256: [u8; 32],
    /// How it is delivered.
    pub delivery: Delivery,
}

/// Why a session did not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum SessionRefusal {
    /// No allocation, or one that is not durable yet.
    #[error("user service {0} has no TMGI: provision it first and wait for the answer")]
    NotProvisioned(String),
    /// It runs already.
    #[error("the session of user service {0} is running: stop it first")]
    Running(String),
    /// It does not run.
    #[error("the session of user service {0} is not running")]
    NotRunning(String),
    /// The object cannot be delivered that way.
    #[error("user service {user_service}: {source}")]
    Delivery {
        /// User service.
        user_service: String,
        /// Why.
        source: DeliveryError,
    },
}

/// What comes in.
#[derive(Debug)]
pub enum BmscInput {
    /// Allocation, release, answers of the store.
    Provisioning(ProvisioningInput),
    /// Starts the MBMS session of a provisioned user service.
    StartSession {
        /// User service.
        user_service: String,
        /// What is delivered.
        content: Content,
        /// How.
        delivery: Delivery,
        /// Synchronisation sequences, one per scheduling period of the MCH that will carry the bearer.
        sync: SyncPlan,
        /// No data before then: the session start tells it as `MBMS Time to Data Transfer` (TS 23.246 clause 8.3), so
        /// that the bearer is set up and every UE knows of it.
        first_data: Instant,
    },
    /// Stops a session. What was sent stays on its way.
    StopSession {
        /// User service.
        user_service: String,
    },
}

/// What comes out.
#[derive(Debug)]
pub enum BmscOutput {
    /// For the store.
    Store(StoreRequest),
    /// An allocation is durable.
    Allocated {
        /// Of the request.
        request: u64,
        /// What was allocated.
        allocation: Allocation,
    },
    /// A release is durable.
    Released {
        /// Of the request.
        request: u64,
        /// User service.
        user_service: String,
    },
    /// Nothing was allocated or released.
    Refused {
        /// Of the request.
        request: u64,
        /// Why.
        refusal: Refusal,
    },
    /// A session started: the MBMS-GW sets its bearer up.
    SessionStarted(SessionDescription),
    /// A session did not start or stop.
    SessionRefused(SessionRefusal),
    /// A SYNC PDU for the MBMS-GW.
    SgiMb {
        /// Bearer.
        tmgi: Tmgi,
        /// The PDU.
        pdu: Vec<u8>,
    },
    /// The session has sent as many octets as it may; the bearer stays.
    LimitReached {
        /// User service.
        user_service: String,
    },
    /// A session stopped: the MBMS-GW takes its bearer down.
    SessionStopped {
        /// User service.
        user_service: String,
        /// Bearer.
        tmgi: Tmgi,
        /// What was sent.
        stats: DeliveryStats,
    },
}

/// The BM-SC.
#[derive(Debug)]
pub struct Bmsc {
    config: BmscConfig,
    provisioning: Provisioning,
    sessions: BTreeMap<String, Session>,
    outputs: VecDeque<BmscOutput>,
}

#[derive(Debug)]
struct Session {
    tmgi: Tmgi,
    clock: SequenceClock,
    sender: FluteSender,
    framer: SyncFramer,
}

impl Bmsc {
    /// A BM-SC without sessions; its first output asks the store what is allocated.
    pub fn new(config: BmscConfig) -> Self {
        let provisioning = Provisioning::new(config.provisioning.clone());
        let mut bmsc = Self { config, provisioning, sessions: BTreeMap::new(), outputs: VecDeque::new() };
        bmsc.drain_provisioning();
        bmsc
    }

    /// Takes a request or an answer of the store.
    pub fn handle_input(&mut self, now: Instant, input: BmscInput) {
        let outcome = match input {
            BmscInput::Provisioning(input) => {
                self.provisioning.handle_input(now, input);
                self.drain_provisioning();
                return;
            }
            BmscInput::StartSession { user_service, content, delivery, sync, first_data } => {
                self.start(now.max(first_data), user_service, content, delivery, sync)
            }
            BmscInput::StopSession { user_service } => self.stop(now, user_service),
        };
        self.outputs.push_back(outcome.unwrap_or_else(BmscOutput::SessionRefused));
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        for (user_service, session) in &mut self.sessions {
            session.advance(now, user_service, &mut self.outputs);
        }
    }

    /// When a packet or the end of a sequence is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.values().map(|session| session.next()).min()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<BmscOutput> {
        self.outputs.pop_front()
    }

    /// What the session of a user service has sent so far.
    pub fn stats(&mut self, user_service: &str) -> Option<DeliveryStats> {
        self.sessions.get_mut(user_service).map(|session| session.sender.stats())
    }

    fn drain_provisioning(&mut self) {
        while let Some(output) = self.provisioning.poll_output() {
            self.outputs.push_back(match output {
                ProvisioningOutput::Store(request) => BmscOutput::Store(request),
                ProvisioningOutput::Allocated { request, allocation } => BmscOutput::Allocated { request, allocation },
                ProvisioningOutput::Released { request, user_service } => {
                    BmscOutput::Released { request, user_service }
                }
                ProvisioningOutput::Refused { request, refusal } => BmscOutput::Refused { request, refusal },
            });
        }
    }

    fn start(
        &mut self,
        first_data: Instant,
        user_service: String,
        content: Content,
        delivery: Delivery,
        sync: SyncPlan,
    ) -> Result<BmscOutput, SessionRefusal> {
        if self.sessions.contains_key(&user_service) {
            return Err(SessionRefusal::Running(user_service));
        }
        let Some(allocation) = self.provisioning.allocation(&user_service).cloned() else {
            return Err(SessionRefusal::NotProvisioned(user_service));
        };
        let addresses = (self.config.source, allocation.destination);
        let (tsi, wall_clock) = (allocation.tsi(), self.config.wall_clock);
        let clock = SequenceClock { plan: sync, max_transfer_delay: self.config.max_transfer_delay };
        let sender = FluteSender::new(first_data, addresses, tsi, &delivery, content, clock, wall_clock)
            .map_err(|source| SessionRefusal::Delivery { user_service: user_service.clone(), source })?;
        let framer = SyncFramer::new(sync, self.config.packet_lengths, clock.on_air(first_data));
        let (content_octets, content_sha256) = sender.content();
        self.sessions.insert(user_service, Session { tmgi: allocation.tmgi, clock, sender, framer });
        Ok(BmscOutput::SessionStarted(SessionDescription { allocation, tsi, content_octets, content_sha256, delivery }))
    }

    fn stop(&mut self, now: Instant, user_service: String) -> Result<BmscOutput, SessionRefusal> {
        let Some(mut session) = self.sessions.remove(&user_service) else {
            return Err(SessionRefusal::NotRunning(user_service));
        };
        session.advance(now, &user_service, &mut self.outputs);
        session.close_sequence(&mut self.outputs);
        Ok(BmscOutput::SessionStopped { user_service, tmgi: session.tmgi, stats: session.sender.stats() })
    }
}

impl Session {
    fn next(&self) -> Instant {
        let end = self.clock.window_end(self.framer.sequence());
        self.sender.poll_timeout().map_or(end, |due| due.min(end))
    }

    /// Packets and ends of sequences up to `now`, in the order in which they are due.
    fn advance(&mut self, now: Instant, user_service: &str, outputs: &mut VecDeque<BmscOutput>) {
        let clock = self.clock;
        if now > clock.window_end(self.framer.sequence()) + clock.plan.sequence() {
            // The clock leapt over a whole sequence: what should have been sent in it is sent from now on.
            self.sender.postpone(now);
            self.framer.start(clock.on_air(now));
        }
        loop {
            let end = clock.window_end(self.framer.sequence());
            match self.sender.poll_timeout() {
                Some(due) if due <= now && due < end => self.sender.handle_timeout(due),
                _ if end <= now => self.close_sequence(outputs),
                _ => return,
            }
            while let Some(output) = self.sender.poll_output() {
                match output {
                    FluteOutput::Datagram(datagram) => {
                        // Cannot fail: the delivery was checked, and a sequence is at most 10.24 s long.
                        if let Ok(pdu) = self.framer.user_data(&datagram) {
                            outputs.push_back(BmscOutput::SgiMb { tmgi: self.tmgi, pdu });
                        }
                    }
                    FluteOutput::LimitReached => {
                        outputs.push_back(BmscOutput::LimitReached { user_service: user_service.to_owned() });
                    }
                }
            }
        }
    }

    fn close_sequence(&mut self, outputs: &mut VecDeque<BmscOutput>) {
        if let Ok(pdu) = self.framer.close_sequence() {
            outputs.push_back(BmscOutput::SgiMb { tmgi: self.tmgi, pdu });
        }
    }
}

#[cfg(test)]
mod tests;
