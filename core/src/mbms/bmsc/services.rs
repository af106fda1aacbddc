//! Who has which TMGI and which multicast address (TS 29.468 clauses 5.1 and 5.2, TS 23.003 clause 15.2): never two services
//! with one of either.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use protocol::diameter::mbms::provisioning::ConflictReason;
use protocol::{Plmn, Tmgi};

use super::config::ServerRules;
use super::records::Service;
use crate::mbms::ProvisioningConfig;

/// Largest MBMS service id: 24 bits (TS 23.003 clause 15.2).
const MAX_SERVICE_ID: u32 = 0xff_ffff;

/// When TMGIs expire that do not.
pub(super) const NEVER: u64 = u64::MAX;

/// Why a TMGI cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotYours {
    /// Nobody has it.
    Unknown,
    /// Another application server has it.
    Other,
}

/// All services.
#[derive(Debug)]
pub(super) struct Services {
    pool: ProvisioningConfig,
    services: BTreeMap<Tmgi, Service>,
    destinations: BTreeMap<SocketAddr, Tmgi>,
    /// Those that are not released.
    of_owner: BTreeMap<String, BTreeSet<Tmgi>>,
    of_request: BTreeMap<(String, String), Vec<Tmgi>>,
    due: BTreeSet<(u64, Tmgi)>,
    /// Positions in the pools from which the next free one is sought: a released one rests as long as possible.
    next_service_id: u64,
    next_destination: u64,
    /// How many positions of the pool of destinations the services can stand in the way of.
    blocked: u64,
}

impl Services {
    pub(super) fn new(pool: ProvisioningConfig) -> Self {
        Self {
            pool,
            services: BTreeMap::new(),
            destinations: BTreeMap::new(),
            of_owner: BTreeMap::new(),
            of_request: BTreeMap::new(),
            due: BTreeSet::new(),
            next_service_id: 0,
            next_destination: 0,
            blocked: 0,
        }
    }

    pub(super) fn get(&self, tmgi: Tmgi) -> Option<&Service> {
        self.services.get(&tmgi)
    }

    pub(super) fn len(&self) -> usize {
        self.services.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// A service of an application server.
    pub(super) fn of(&self, owner: &str, tmgi: Tmgi) -> Result<&Service, NotYours> {
        match self.services.get(&tmgi) {
            None => Err(NotYours::Unknown),
            Some(service) if service.owner != owner => Err(NotYours::Other),
            Some(service) if service.is_released => Err(NotYours::Unknown),
            Some(service) => Ok(service),
        }
    }

    /// All that an application server has.
    pub(super) fn owned(&self, owner: &str) -> Vec<Tmgi> {
        self.of_owner.get(owner).into_iter().flatten().copied().collect()
    }

    pub(super) fn count(&self, owner: &str) -> usize {
        self.of_owner.get(owner).map_or(0, BTreeSet::len)
    }

    /// What a request has brought about already.
    pub(super) fn of_request(&self, owner: &str, session: &str) -> Vec<Tmgi> {
        let key = (owner.to_owned(), session.to_owned());
        let all = self.of_request.get(&key).into_iter().flatten().copied();
        all.filter(|tmgi| self.of(owner, *tmgi).is_ok()).collect()
    }

    /// The first TMGI that expires.
    pub(super) fn first_due(&self) -> Option<(u64, Tmgi)> {
        self.due.first().copied()
    }

    /// A service is there, or has changed.
    pub(super) fn put(&mut self, service: Service) {
        let tmgi = service.tmgi;
        if !self.services.contains_key(&tmgi) {
            self.note_used(&service);
        }
        self.forget(tmgi);
        self.destinations.insert(service.destination, tmgi);
        self.blocked += self.blocks(&service);
        if !service.is_released {
            self.of_owner.entry(service.owner.clone()).or_default().insert(tmgi);
            if service.expires_utc_ms != NEVER {
                self.due.insert((service.expires_utc_ms, tmgi));
            }
        }
        let request = (service.owner.clone(), service.request.clone());
        self.of_request.entry(request).or_default().push(tmgi);
        self.services.insert(tmgi, service);
    }

    /// A service is gone.
    pub(super) fn remove(&mut self, tmgi: Tmgi) {
        self.forget(tmgi);
    }

    fn forget(&mut self, tmgi: Tmgi) {
        let Some(old) = self.services.remove(&tmgi) else { return };
        self.destinations.remove(&old.destination);
        self.blocked -= self.blocks(&old);
        self.due.remove(&(old.expires_utc_ms, tmgi));
        if let Some(own) = self.of_owner.get_mut(&old.owner) {
            own.remove(&tmgi);
            if own.is_empty() {
                self.of_owner.remove(&old.owner);
            }
        }
        let request = (old.owner, old.request);
        if let Some(all) = self.of_request.get_mut(&request) {
            all.retain(|other| *other != tmgi);
            if all.is_empty() {
                self.of_request.remove(&request);
            }
        }
    }

    /// A TMGI that nobody has.
    pub(super) fn free_tmgi(&self) -> Option<Tmgi> {
        let (first, count) = self.service_ids();
        positions(self.next_service_id, count, self.services.len() as u64)
            .map(|at| tmgi_of(self.pool.plmn, first + at as u32))
            .find(|tmgi| !self.services.contains_key(tmgi))
    }

    /// A multicast address with a block of ports none of which anybody has. Addresses come before ports.
    pub(super) fn free_destination(&self) -> Option<SocketAddr> {
        let (first, addresses, count) = self.addresses();
        positions(self.next_destination, count, self.blocked)
            .map(|at| {
                let ip = Ipv4Addr::from(first + (at % addresses) as u32);
                SocketAddr::new(ip.into(), self.pool.ports.start() + (at / addresses) as u16 * self.block())
            })
            .find(|destination| {
                let last = destination.port() + (self.block_at(destination.port()) - 1);
                let last = SocketAddr::new(destination.ip(), last);
                self.holder(*destination).is_none() && self.destinations.range(*destination..=last).next().is_none()
            })
    }

    /// How many ports a service has that the BM-SC gives this one.
    pub(super) const fn block_at(&self, port: u16) -> u16 {
        let above = u16::MAX - port;
        if above < self.block() - 1 { above + 1 } else { self.block() }
    }

    const fn block(&self) -> u16 {
        if self.pool.port_block == 0 { 1 } else { self.pool.port_block }
    }

    /// Positions of the pool of destinations that ports of a service can be in.
    fn blocks(&self, service: &Service) -> u64 {
        1 + u64::from(service.ports.max(1) - 1).div_ceil(self.block().into())
    }

    /// The service that a port of a multicast address belongs to.
    fn holder(&self, place: SocketAddr) -> Option<&Service> {
        let (before, tmgi) = self.destinations.range(..=place).next_back()?;
        let service = self.services.get(tmgi)?;
        (before.ip() == place.ip() && place.port() - before.port() < service.ports.max(1)).then_some(service)
    }

    /// Whether an application server may have what it has assigned itself.
    pub(super) fn admit(
        &self,
        owner: &str,
        rules: &ServerRules,
        tmgi: Tmgi,
        destination: SocketAddr,
    ) -> Result<(), ConflictReason> {
        if tmgi.plmn != self.pool.plmn {
            return Err(ConflictReason::OtherPlmn);
        }
        if !destination.ip().is_multicast() || destination.port() == 0 {
            return Err(ConflictReason::NotMulticast);
        }
        if let Some(service) = self.services.get(&tmgi) {
            let is_own = service.owner == owner && !service.is_released;
            return match (is_own, service.destination == destination) {
                (true, true) => Ok(()),
                (true, false) => Err(ConflictReason::OtherAddress),
                (false, _) => Err(ConflictReason::TmgiInUse),
            };
        }
        if !rules.service_ids.as_ref().is_some_and(|ids| ids.contains(&service_id(tmgi))) {
            return Err(ConflictReason::TmgiNotOfAs);
        }
        let may = rules.addresses.as_ref().is_some_and(|addresses| match destination.ip() {
            IpAddr::V4(ip) => addresses.contains(&ip),
            IpAddr::V6(_) => true,
        });
        match self.holder(destination).is_some() {
            true => Err(ConflictReason::AddressInUse),
            false if may => Ok(()),
            false => Err(ConflictReason::AddressNotOfAs),
        }
    }

    /// Whether all indices say the same: a service each, one owner of each TMGI and each destination.
    pub(super) fn audit(&self) -> Result<(), String> {
        for (tmgi, service) in &self.services {
            let owned = self.of_owner.get(&service.owner).is_some_and(|own| own.contains(tmgi));
            if self.destinations.get(&service.destination) != Some(tmgi) || owned == service.is_released {
                return Err(format!("{service:?} is not what the indices say"));
            }
        }
        for (place, tmgi) in &self.destinations {
            let ports = self.services.get(tmgi).map_or(1, |service| service.ports.max(1));
            let last = SocketAddr::new(place.ip(), place.port().saturating_add(ports - 1));
            if self.destinations.range(*place..=last).count() != 1 {
                return Err(format!("{tmgi} has {ports} ports from {place} on, and so have others"));
            }
        }
        let owned: usize = self.of_owner.values().map(BTreeSet::len).sum();
        let requests: usize = self.of_request.values().map(Vec::len).sum();
        let counts = [self.destinations.len(), requests, self.services.len()];
        let released = self.services.values().filter(|service| service.is_released).count();
        let live = self.services.values().filter(|service| !service.is_released);
        let due = live.filter(|service| service.expires_utc_ms != NEVER).count();
        if counts != [self.services.len(); 3] || owned + released != self.services.len() || self.due.len() != due {
            return Err(format!("indices of {counts:?}, {owned} owned, {} due", self.due.len()));
        }
        Ok(())
    }

    fn note_used(&mut self, service: &Service) {
        if service.by_server {
            return;
        }
        let (first, count) = self.service_ids();
        let at = u64::from(service_id(service.tmgi)).checked_sub(u64::from(first)).filter(|at| *at < count);
        self.next_service_id = at.map_or(self.next_service_id, |at| at + 1);
        let (first, addresses, count) = self.addresses();
        if let IpAddr::V4(ip) = service.destination.ip()
            && let Some(address) = u32::from(ip).checked_sub(first)
            && let Some(port) = service.destination.port().checked_sub(*self.pool.ports.start())
        {
            let at = u64::from(port / self.block()) * addresses + u64::from(address);
            if u64::from(address) < addresses && at < count {
                self.next_destination = at + 1;
            }
        }
    }

    fn service_ids(&self) -> (u32, u64) {
        let (first, last) = (*self.pool.service_ids.start(), (*self.pool.service_ids.end()).min(MAX_SERVICE_ID));
        (first, (u64::from(last) + 1).saturating_sub(u64::from(first)))
    }

    /// First address, addresses in all, destinations in all.
    fn addresses(&self) -> (u32, u64, u64) {
        let (first, last) = (u32::from(*self.pool.addresses.start()), u32::from(*self.pool.addresses.end()));
        let ports = (u64::from(*self.pool.ports.end()) + 1).saturating_sub(u64::from(*self.pool.ports.start()));
        let blocks = ports.div_ceil(self.block().into());
        let addresses = (u64::from(last) + 1).saturating_sub(u64::from(first));
        (first, addresses, addresses * blocks)
    }
}

/// All positions of a pool of `count`, `start` first; no more than are needed to find one that none of `taken` has.
pub(super) fn positions(start: u64, count: u64, taken: u64) -> impl Iterator<Item = u64> {
    (0..count.min(taken + 1)).map(move |i| (start + i) % count)
}

pub(super) fn service_id(tmgi: Tmgi) -> u32 {
    let [a, b, c] = tmgi.service_id;
    u32::from_be_bytes([0, a, b, c])
}

fn tmgi_of(plmn: Plmn, service_id: u32) -> Tmgi {
    let [_, a, b, c] = service_id.to_be_bytes();
    Tmgi { service_id: [a, b, c], plmn }
}
