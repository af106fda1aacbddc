//! Allocation of TMGIs (TS 23.003 clause 15.2, TS 23.246 clause 5.1) and of multicast addresses of user services
//! (TS 26.346 clause 7.3): never two owners at a time, durable before acknowledged.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;

use protocol::{Instant, Plmn, Tmgi};

use self::pools::{Pending, Pools};
use crate::store::{StoreAnswer, StoreError, StoreOp, StoreOutcome, StoreRequest, StoreToken};

mod pools;

/// Requests that wait for the store at a time; more are refused.
const MAX_WAITING: usize = 256;
/// Longest name of a user service, octets.
const MAX_NAME_OCTETS: usize = 255;

/// What the BM-SC may give away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvisioningConfig {
    /// Network of the TMGIs.
    pub plmn: Plmn,
    /// MBMS service ids that the BM-SC gives; an AS may bring others.
    pub service_ids: RangeInclusive<u32>,
    /// Multicast addresses of user services.
    pub addresses: RangeInclusive<Ipv4Addr>,
    /// UDP ports on each of the addresses.
    pub ports: RangeInclusive<u16>,
}

/// What a user service owns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allocation {
    /// Name of the user service.
    pub user_service: String,
    /// Temporary mobile group identity of its bearer.
    pub tmgi: Tmgi,
    /// Multicast address and port of its IP datagrams.
    pub destination: SocketAddrV4,
}

impl Allocation {
    /// Transport session identifier of its FLUTE session (RFC 3926 clause 2): the MBMS service id, unique in the PLMN.
    pub fn tsi(&self) -> u64 {
        let [a, b, c] = self.tmgi.service_id;
        u64::from(u32::from_be_bytes([0, a, b, c]))
    }
}

/// Why nothing was allocated or released.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// No name, or one that is too long.
    #[error("a user service needs a name of 1 to {MAX_NAME_OCTETS} octets")]
    Name,
    /// The user service has another TMGI or address than the request brings.
    #[error("user service {user_service} already has {tmgi} and {destination}: release it first")]
    OtherAllocation {
        /// Name of the user service.
        user_service: String,
        /// What it has.
        tmgi: Tmgi,
        /// What it has.
        destination: SocketAddrV4,
    },
    /// A request for the same user service has not been answered yet.
    #[error("a request for user service {0} is being processed: wait for its answer")]
    Pending(String),
    /// The TMGI that the AS brings has an owner.
    #[error("TMGI {tmgi} belongs to user service {owner}")]
    TmgiTaken {
        /// TMGI.
        tmgi: Tmgi,
        /// Its owner.
        owner: String,
    },
    /// The TMGI that the AS brings is of another network.
    #[error("TMGI {tmgi} is not of PLMN {plmn}")]
    ForeignTmgi {
        /// TMGI.
        tmgi: Tmgi,
        /// Network of the BM-SC.
        plmn: Plmn,
    },
    /// The address that the AS brings has an owner.
    #[error("{destination} belongs to user service {owner}")]
    DestinationTaken {
        /// Address and port.
        destination: SocketAddrV4,
        /// Its owner.
        owner: String,
    },
    /// The address that the AS brings cannot be used.
    #[error("{0} is not an IPv4 multicast address with a port")]
    NotMulticast(SocketAddrV4),
    /// All TMGIs of the pool are given.
    #[error("no TMGI is free: release a user service or widen service_ids")]
    NoTmgi,
    /// All addresses of the pool are given.
    #[error("no multicast address is free: release a user service or widen addresses or ports")]
    NoDestination,
    /// There is nothing to release.
    #[error("there is no user service {0}")]
    UnknownUserService(String),
    /// Too many requests wait for the store.
    #[error("{MAX_WAITING} requests are waiting for the store: try again later")]
    Busy,
    /// The store failed; nothing was allocated or released.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProvisioningInput {
    /// Allocates for a user service. What the AS brings along (`Some`) is taken or refused, the rest is assigned.
    /// Asking again for what the user service already has gives the same answer again.
    Allocate {
        /// Comes back in the answer.
        request: u64,
        /// Name of the user service.
        user_service: String,
        /// TMGI that the AS brings.
        tmgi: Option<Tmgi>,
        /// Address that the AS brings.
        destination: Option<SocketAddrV4>,
    },
    /// Releases what a user service has.
    Release {
        /// Comes back in the answer.
        request: u64,
        /// Name of the user service.
        user_service: String,
    },
    /// Answer of the store.
    Store(StoreAnswer),
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProvisioningOutput {
    /// For the store.
    Store(StoreRequest),
    /// The allocation is durable.
    Allocated {
        /// Of the request.
        request: u64,
        /// What was allocated.
        allocation: Allocation,
    },
    /// The release is durable.
    Released {
        /// Of the request.
        request: u64,
        /// Name of the user service.
        user_service: String,
    },
    /// Nothing was done.
    Refused {
        /// Of the request.
        request: u64,
        /// Why.
        refusal: Refusal,
    },
}

/// Machine over the pools. It has no timers: only `handle_input` and `poll_output`.
#[derive(Debug)]
pub struct Provisioning {
    config: ProvisioningConfig,
    state: State,
    outputs: VecDeque<ProvisioningOutput>,
    next_token: u64,
}

#[derive(Debug)]
enum State {
    /// The store has been asked what is allocated already; requests wait.
    Loading {
        token: StoreToken,
        waiting: VecDeque<ProvisioningInput>,
    },
    Ready(Pools),
    /// The store could not say what is allocated: giving anything away could give it twice.
    Failed(StoreError),
}

impl Provisioning {
    /// Starts by asking the store what is allocated already.
    pub fn new(config: ProvisioningConfig) -> Self {
        let token = StoreToken(0);
        let load = StoreRequest { token, op: StoreOp::FetchAllocations };
        Self {
            config,
            state: State::Loading { token, waiting: VecDeque::new() },
            outputs: VecDeque::from([ProvisioningOutput::Store(load)]),
            next_token: 1,
        }
    }

    /// Takes a request or an answer of the store.
    pub fn handle_input(&mut self, _now: Instant, input: ProvisioningInput) {
        if let ProvisioningInput::Store(answer) = input {
            self.stored(answer);
            return;
        }
        match &mut self.state {
            State::Loading { waiting, .. } if waiting.len() < MAX_WAITING => waiting.push_back(input),
            State::Loading { .. } => self.refuse(input, Refusal::Busy),
            State::Failed(e) => {
                let refusal = Refusal::Store(e.clone());
                self.refuse(input, refusal);
            }
            State::Ready(_) => self.request(input),
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<ProvisioningOutput> {
        self.outputs.pop_front()
    }

    /// What a user service has, once that is durable.
    pub fn allocation(&self, user_service: &str) -> Option<&Allocation> {
        let State::Ready(pools) = &self.state else { return None };
        let durable = !pools.pending.values().any(|p| p.user_service == user_service);
        pools.services.get(user_service).filter(|_| durable)
    }

    fn refuse(&mut self, input: ProvisioningInput, refusal: Refusal) {
        if let ProvisioningInput::Allocate { request, .. } | ProvisioningInput::Release { request, .. } = input {
            self.outputs.push_back(ProvisioningOutput::Refused { request, refusal });
        }
    }

    fn request(&mut self, input: ProvisioningInput) {
        let (request, output) = match input {
            ProvisioningInput::Allocate { request, user_service, tmgi, destination } => {
                (request, self.allocate(request, user_service, tmgi, destination))
            }
            ProvisioningInput::Release { request, user_service } => (request, self.release(request, user_service)),
            ProvisioningInput::Store(_) => return,
        };
        self.outputs.push_back(output.unwrap_or_else(|refusal| ProvisioningOutput::Refused { request, refusal }));
    }

    fn allocate(
        &mut self,
        request: u64,
        user_service: String,
        tmgi: Option<Tmgi>,
        destination: Option<SocketAddrV4>,
    ) -> Result<ProvisioningOutput, Refusal> {
        let State::Ready(pools) = &mut self.state else { return Err(Refusal::Busy) };
        pools.admit(&user_service)?;
        if let Some(has) = pools.services.get(&user_service) {
            if tmgi.is_none_or(|t| t == has.tmgi) && destination.is_none_or(|d| d == has.destination) {
                return Ok(ProvisioningOutput::Allocated { request, allocation: has.clone() });
            }
            let (tmgi, destination) = (has.tmgi, has.destination);
            return Err(Refusal::OtherAllocation { user_service, tmgi, destination });
        }
        let tmgi = match tmgi {
            Some(tmgi) => pools.check_tmgi(tmgi, self.config.plmn)?,
            None => pools.free_tmgi(&self.config)?,
        };
        let destination = match destination {
            Some(destination) => pools.check_destination(destination)?,
            None => pools.free_destination(&self.config)?,
        };
        let allocation = Allocation { user_service, tmgi, destination };
        pools.insert(allocation.clone(), &self.config);
        let token = StoreToken(self.next_token);
        self.next_token += 1;
        let pending = Pending { request, user_service: allocation.user_service.clone(), releases: false };
        pools.pending.insert(token, pending);
        Ok(ProvisioningOutput::Store(StoreRequest { token, op: StoreOp::PutAllocation(allocation) }))
    }

    fn release(&mut self, request: u64, user_service: String) -> Result<ProvisioningOutput, Refusal> {
        let State::Ready(pools) = &mut self.state else { return Err(Refusal::Busy) };
        pools.admit(&user_service)?;
        if !pools.services.contains_key(&user_service) {
            return Err(Refusal::UnknownUserService(user_service));
        }
        let token = StoreToken(self.next_token);
        self.next_token += 1;
        pools.pending.insert(token, Pending { request, user_service: user_service.clone(), releases: true });
        Ok(ProvisioningOutput::Store(StoreRequest { token, op: StoreOp::DeleteAllocation { user_service } }))
    }

    fn stored(&mut self, answer: StoreAnswer) {
        match &mut self.state {
            State::Loading { token, waiting } if *token == answer.token => {
                let waiting = std::mem::take(waiting);
                self.state = match answer.result {
                    Ok(StoreOutcome::Fetched(allocations)) => {
                        let mut pools = Pools::default();
                        allocations.into_iter().for_each(|a| pools.insert(a, &self.config));
                        State::Ready(pools)
                    }
                    Ok(StoreOutcome::Stored) => {
                        State::Failed(StoreError::Sqlite("answered a read with a write".into()))
                    }
                    Err(e) => State::Failed(e),
                };
                waiting.into_iter().for_each(|input| self.handle_input(Instant::ZERO, input));
            }
            State::Ready(pools) => {
                if let Some(pending) = pools.pending.remove(&answer.token) {
                    let output = pools.complete(pending, answer.result);
                    self.outputs.push_back(output);
                }
            }
            State::Loading { .. } | State::Failed(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
