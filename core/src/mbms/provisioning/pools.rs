//! The pools of TMGIs (TS 23.003 clause 15.2) and of multicast addresses with ports: who has what, what is free.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use protocol::{Plmn, Tmgi};

use super::{Allocation, MAX_NAME_OCTETS, MAX_WAITING, ProvisioningConfig, ProvisioningOutput, Refusal};
use crate::store::{StoreError, StoreOutcome, StoreToken};

/// Largest MBMS service id: 24 bits (TS 23.003 clause 15.2).
const MAX_SERVICE_ID: u32 = 0xff_ffff;

/// Who has what.
#[derive(Debug, Default)]
pub(super) struct Pools {
    pub(super) services: BTreeMap<String, Allocation>,
    tmgi_owner: BTreeMap<Tmgi, String>,
    destination_owner: BTreeMap<SocketAddrV4, String>,
    /// Positions in the pools from which the next free one is sought: a released one rests as long as possible.
    next_service_id: u64,
    next_destination: u64,
    pub(super) pending: BTreeMap<StoreToken, Pending>,
}

/// A request whose change is on its way to the store.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) request: u64,
    pub(super) user_service: String,
    pub(super) releases: bool,
}

impl Pools {
    pub(super) fn admit(&self, user_service: &str) -> Result<(), Refusal> {
        if user_service.is_empty() || user_service.len() > MAX_NAME_OCTETS {
            return Err(Refusal::Name);
        }
        if self.pending.len() >= MAX_WAITING {
            return Err(Refusal::Busy);
        }
        match self.pending.values().any(|p| p.user_service == user_service) {
            true => Err(Refusal::Pending(user_service.to_owned())),
            false => Ok(()),
        }
    }

    pub(super) fn check_tmgi(&self, tmgi: Tmgi, plmn: Plmn) -> Result<Tmgi, Refusal> {
        if tmgi.plmn != plmn {
            return Err(Refusal::ForeignTmgi { tmgi, plmn });
        }
        match self.tmgi_owner.get(&tmgi) {
            Some(owner) => Err(Refusal::TmgiTaken { tmgi, owner: owner.clone() }),
            None => Ok(tmgi),
        }
    }

    pub(super) fn check_destination(&self, destination: SocketAddrV4) -> Result<SocketAddrV4, Refusal> {
        if !destination.ip().is_multicast() || destination.port() == 0 {
            return Err(Refusal::NotMulticast(destination));
        }
        match self.destination_owner.get(&destination) {
            Some(owner) => Err(Refusal::DestinationTaken { destination, owner: owner.clone() }),
            None => Ok(destination),
        }
    }

    pub(super) fn free_tmgi(&self, config: &ProvisioningConfig) -> Result<Tmgi, Refusal> {
        let (first, count) = service_id_pool(config);
        positions(self.next_service_id, count, self.tmgi_owner.len())
            .map(|i| tmgi(config.plmn, first + i as u32))
            .find(|t| !self.tmgi_owner.contains_key(t))
            .ok_or(Refusal::NoTmgi)
    }

    pub(super) fn free_destination(&self, config: &ProvisioningConfig) -> Result<SocketAddrV4, Refusal> {
        let (first, ports, count) = destination_pool(config);
        positions(self.next_destination, count, self.destination_owner.len())
            .map(|i| {
                let ip = Ipv4Addr::from(first + (i / ports) as u32);
                SocketAddrV4::new(ip, config.ports.start() + (i % ports) as u16)
            })
            .find(|d| !self.destination_owner.contains_key(d))
            .ok_or(Refusal::NoDestination)
    }

    pub(super) fn insert(&mut self, allocation: Allocation, config: &ProvisioningConfig) {
        let (first, count) = service_id_pool(config);
        if let Some(i) = allocation.tsi().checked_sub(u64::from(first)).filter(|&i| i < count) {
            self.next_service_id = i + 1;
        }
        let (first, ports, count) = destination_pool(config);
        let (ip, port) = (u32::from(*allocation.destination.ip()), allocation.destination.port());
        if let (Some(a), Some(p)) = (ip.checked_sub(first), port.checked_sub(*config.ports.start()))
            && u64::from(p) < ports
            && u64::from(a) * ports < count
        {
            self.next_destination = u64::from(a) * ports + u64::from(p) + 1;
        }
        self.tmgi_owner.insert(allocation.tmgi, allocation.user_service.clone());
        self.destination_owner.insert(allocation.destination, allocation.user_service.clone());
        self.services.insert(allocation.user_service.clone(), allocation);
    }

    fn remove(&mut self, user_service: &str) {
        if let Some(allocation) = self.services.remove(user_service) {
            self.tmgi_owner.remove(&allocation.tmgi);
            self.destination_owner.remove(&allocation.destination);
        }
    }

    pub(super) fn complete(
        &mut self,
        pending: Pending,
        result: Result<StoreOutcome, StoreError>,
    ) -> ProvisioningOutput {
        let Pending { request, user_service, releases } = pending;
        let allocation = self.services.get(&user_service).cloned();
        // A release that succeeded and an allocation that failed free what the user service has.
        if releases == result.is_ok() {
            self.remove(&user_service);
        }
        match (result, allocation) {
            (Err(e), _) => ProvisioningOutput::Refused { request, refusal: Refusal::Store(e) },
            (Ok(_), Some(allocation)) if !releases => ProvisioningOutput::Allocated { request, allocation },
            (Ok(_), _) => ProvisioningOutput::Released { request, user_service },
        }
    }
}

/// All positions of a pool of `count`, `start` first; no more than are needed to find one that none of `taken` has.
fn positions(start: u64, count: u64, taken: usize) -> impl Iterator<Item = u64> {
    (0..count.min(taken as u64 + 1)).map(move |i| (start + i) % count)
}

fn service_id_pool(config: &ProvisioningConfig) -> (u32, u64) {
    let (first, last) = (*config.service_ids.start(), (*config.service_ids.end()).min(MAX_SERVICE_ID));
    (first, (u64::from(last) + 1).saturating_sub(u64::from(first)))
}

/// First address, ports per address, destinations in all.
fn destination_pool(config: &ProvisioningConfig) -> (u32, u64, u64) {
    let (first, last) = (u32::from(*config.addresses.start()), u32::from(*config.addresses.end()));
    let ports = (u64::from(*config.ports.end()) + 1).saturating_sub(u64::from(*config.ports.start()));
    (first, ports, (u64::from(last) + 1).saturating_sub(u64::from(first)) * ports)
}

fn tmgi(plmn: Plmn, service_id: u32) -> Tmgi {
    let [_, a, b, c] = service_id.to_be_bytes();
    Tmgi { service_id: [a, b, c], plmn }
}
