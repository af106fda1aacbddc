//! Thousands of allocations, releases, expiries and restarts of several application servers: never two services with one TMGI
//! or with one port of an address, and what was refused was refused for its reason.

use std::net::SocketAddr;

use protocol::diameter::mb2c::mask::TmgiAllocationResult;
use protocol::diameter::mbms::provisioning::{AllocationMode, ConflictReason, ServiceProvisioning};

use super::*;

/// What was acknowledged: owner, address, how many ports from that on, and when it expires.
#[derive(Debug, Default)]
struct Model {
    services: BTreeMap<Tmgi, (&'static str, SocketAddr, u16, Instant)>,
}

/// Ports of a service that the BM-SC gives an address.
const BLOCK: u16 = 2;

/// Whether these ports of an address are some of those.
fn meet((one, ports): (SocketAddr, u16), (other, others): (SocketAddr, u16)) -> bool {
    one.ip() == other.ip() && one.port() < other.port() + others && other.port() < one.port() + ports
}

impl Model {
    fn expire(&mut self, now: Instant) {
        self.services.retain(|_, (.., until)| *until > now);
    }

    /// Takes what was acknowledged in; nobody else may have any of it.
    fn add(&mut self, owner: &'static str, service: &ServiceProvisioning, until: Instant) {
        let (tmgi, socket) = (service.tmgi.unwrap(), service.socket().unwrap());
        let ports = if service.mode == Some(AllocationMode::AsAssigned) { 1 } else { BLOCK };
        for (other, (whose, address, others, _)) in &self.services {
            let is_same = *other == tmgi && *whose == owner && *address == socket;
            let is_free = *other != tmgi && !meet((*address, *others), (socket, ports));
            assert!(is_same || is_free, "{tmgi} {socket} is of {whose} already");
        }
        self.services.insert(tmgi, (owner, socket, ports, until));
    }

    fn of(&self, owner: &str, at: u32) -> Option<Tmgi> {
        let own: Vec<_> =
            self.services.iter().filter(|(_, (whose, ..))| *whose == owner).map(|(tmgi, _)| *tmgi).collect();
        own.get(at as usize % own.len().max(1)).copied()
    }

    /// Why something that an application server assigns is to be refused; none: it is not.
    fn conflict(&self, owner: &str, tmgi: Tmgi, socket: SocketAddr) -> Option<ConflictReason> {
        match self.services.get(&tmgi) {
            Some((whose, ..)) if *whose != owner => return Some(ConflictReason::TmgiInUse),
            Some((_, address, ..)) if *address != socket => return Some(ConflictReason::OtherAddress),
            Some(_) => return None,
            None => {}
        }
        let is_taken = self.services.values().any(|(_, address, ports, _)| meet((*address, *ports), (socket, 1)));
        is_taken.then_some(ConflictReason::AddressInUse)
    }
}

#[test]
fn ten_thousand_operations_of_several_servers() {
    let mut config = config();
    config.tmgi_lifetime = Duration::from_secs(40);
    config.pool.service_ids = 1..=60;
    config.pool.addresses = [239, 1, 0, 0].into()..=[239, 1, 0, 19].into();
    config.pool.port_block = BLOCK;
    let mut net = Net::with(config);
    let mut model = Model::default();
    let mut random = Entropy::of_box(8, "campaign");
    let mut counts = [0usize; 6];
    for _ in 0..10_000 {
        let host = [AS, AS2][random.below(2) as usize];
        let kind = match random.below(100) {
            0..35 => 0,
            35..60 => 1,
            60..85 => 2,
            85..97 => 3,
            97..99 => 4,
            _ => 5,
        };
        counts[kind] += 1;
        let lifetime = net.config.tmgi_lifetime;
        match kind {
            0 => allocate(&mut net, &mut model, host, random.below(4)),
            1 => assign(&mut net, &mut model, host, &mut random),
            2 => {
                let Some(tmgi) = model.of(host, random.below(1000)) else { continue };
                net.release(host, &[tmgi]);
                model.services.remove(&tmgi);
            }
            3 => {
                let Some(tmgi) = model.of(host, random.below(1000)) else { continue };
                let refresh = TmgiAllocationRequest { refresh: vec![tmgi], ..TmgiAllocationRequest::default() };
                let at = net.now;
                let response = net.allocate(host, refresh);
                model.expire(net.now);
                if response.tmgis == [tmgi] {
                    model.services.entry(tmgi).and_modify(|service| service.3 = at + lifetime);
                } else {
                    assert!(!model.services.contains_key(&tmgi), "{response:?}");
                }
            }
            4 => net.run_ms(u64::from(random.below(30_000))),
            _ => {
                net.restart();
                net.run_ms(1000);
            }
        }
        model.expire(net.now);
        net.audit();
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    assert!(net.figure("tmgis") as usize >= model.services.len());
    net.run_ms(60_000);
    assert_eq!(net.figure("tmgis"), 0);
}

fn allocate(net: &mut Net, model: &mut Model, host: &'static str, number: u32) {
    let at = net.now;
    let response = net.allocate(host, TmgiAllocationRequest { number, ..TmgiAllocationRequest::default() });
    model.expire(net.now);
    // It may be a little later that it expires: no matter, as long as nobody else has it before.
    let until = at + net.config.tmgi_lifetime;
    response.provisioning.iter().for_each(|service| model.add(host, service, until));
    if (response.tmgis.len() as u32) < number {
        assert!(response.result.unwrap().has(TmgiAllocationResult::RESOURCES_EXCEEDED), "{response:?}");
    }
}

/// One that the application server assigns itself, from numbers so few that they meet.
fn assign(net: &mut Net, model: &mut Model, host: &'static str, random: &mut Entropy) {
    let tmgi = Tmgi { service_id: [0, 0, random.below(80) as u8], plmn: Plmn::new("001", "01").unwrap() };
    let socket = SocketAddr::new([239, 1, 0, random.below(25) as u8].into(), 5000 + random.below(4) as u16);
    let asked = ServiceProvisioning {
        tmgi: Some(tmgi),
        mode: Some(AllocationMode::AsAssigned),
        address: Some(socket.ip()),
        port: Some(socket.port()),
        ..ServiceProvisioning::default()
    };
    let before = model.conflict(host, tmgi, socket);
    let at = net.now;
    let provisioning = vec![asked];
    let response = net.allocate(host, TmgiAllocationRequest { number: 0, refresh: Vec::new(), provisioning });
    model.expire(net.now);
    match response.provisioning[0].conflict {
        None => model.add(host, &response.provisioning[0], at + net.config.tmgi_lifetime),
        // What stood in the way may have expired in between, or expires a little later than the model knows.
        Some(reason) => assert!(before == Some(reason) || before.is_none(), "{reason:?}, not {before:?}"),
    }
}
