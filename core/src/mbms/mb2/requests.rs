//! What an AS asks a BM-SC for (TS 29.468 clauses 5.2, 5.3), one request for each step of a bearer, the same again when nobody
//! has answered.

use protocol::Instant;
use protocol::diameter::Flags;
use protocol::diameter::mb2c::{GcsActionRequest, MbmsBearerRequest, TmgiAllocationRequest, TmgiDeallocationRequest};
use protocol::diameter::mbms::provisioning::{AllocationMode, ServiceProvisioning, SessionTime};
use protocol::diameter::mbms::{MbmsServiceArea, StartStop};
use protocol::sip::sdp::{MbmsMedia, MbmsMode, Origin, Sdp, SdpLine};

use super::assign::Exhausted;
use super::bearer::{Bearer, Step};
use super::{Asked, BearerRecord, Mb2Client, Phase, Stored};
use crate::node::{NodeStoreOp, Table};

impl Mb2Client {
    pub(super) fn run_all(&mut self, now: Instant) {
        for id in self.bearers.keys().copied().collect::<Vec<_>>() {
            self.run(now, id);
        }
    }

    /// Does what a bearer needs next, unless something is waited for.
    pub(super) fn run(&mut self, now: Instant, id: u64) {
        if !matches!(self.phase, Phase::Ready) {
            return;
        }
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        if bearer.is_busy {
            return;
        }
        if bearer.step == Step::Active && bearer.again_at.is_some_and(|at| at <= now) {
            bearer.again_at = None;
        }
        bearer.decide();
        if bearer.again_at.is_some_and(|at| at > now) || matches!(bearer.step, Step::Ongoing | Step::Active) {
            return;
        }
        bearer.is_busy = true;
        bearer.again_at = None;
        let step = bearer.step;
        match step {
            Step::Record | Step::RecordTmgi | Step::RecordBearer => self.record(id, step),
            Step::Forget => {
                let delete = NodeStoreOp::Delete { table: Table::Mb2Bearer, key: id.to_string() };
                self.store(vec![delete], Stored::Bearer(id, step));
            }
            Step::Allocate => self.ask_allocation(now, id),
            Step::Start => self.ask_bearer(now, id, step, StartStop::Start),
            Step::Update => self.ask_bearer(now, id, step, StartStop::Update),
            Step::Stop => self.ask_bearer(now, id, step, StartStop::Stop),
            Step::Deallocate => {
                let tmgis = self.bearers.get(&id).and_then(|bearer| bearer.tmgi).into_iter().collect();
                let deallocation = Some(TmgiDeallocationRequest { tmgis });
                self.ask(now, Asked::Step(id, step), GcsActionRequest { deallocation, ..Default::default() }, true);
            }
            Step::Ongoing | Step::Active => {}
        }
    }

    fn record(&mut self, id: u64, step: Step) {
        let Some(bearer) = self.bearers.get(&id) else { return };
        let flow = bearer.flow.map(|flow| flow.0);
        let record = BearerRecord { group: bearer.demand.group.clone(), tmgi: bearer.tmgi, flow };
        // Cannot fail: neither maps with odd keys nor errors of their own are in there.
        let value = serde_json::to_vec(&record).unwrap_or_default();
        self.store(
            vec![NodeStoreOp::Put { table: Table::Mb2Bearer, key: id.to_string(), value }],
            Stored::Bearer(id, step),
        );
    }

    /// TMGI, multicast address and port: assigned by the BM-SC, or by us.
    fn ask_allocation(&mut self, now: Instant, id: u64) {
        let step = Step::Allocate;
        let others = self.bearers.iter().filter(|(other, _)| **other != id);
        let used = others.filter_map(|(_, bearer)| Some((bearer.tmgi?, bearer.destination?)));
        let used = used.collect::<Vec<_>>();
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        // Who asks again asks for the same.
        let own = match bearer.tmgi.zip(bearer.destination) {
            Some(own) => Some(own),
            None => match self.assigner.candidate(&used) {
                Ok(next) => next,
                Err(Exhausted) => {
                    self.fail(id, "all TMGIs or addresses that it may assign are in use: let it assign more");
                    return self.run(now, id);
                }
            },
        };
        let allocation = match own {
            None => {
                let provisioning = vec![ServiceProvisioning {
                    mode: Some(AllocationMode::BmscAssigns),
                    ..ServiceProvisioning::default()
                }];
                TmgiAllocationRequest { number: 1, refresh: Vec::new(), provisioning }
            }
            Some(own) => {
                // Known from the first request on: a second session must not try the same.
                (bearer.tmgi, bearer.destination) = (Some(own.0), Some(own.1));
                let provisioning = vec![assigned(own)];
                TmgiAllocationRequest { number: 0, refresh: Vec::new(), provisioning }
            }
        };
        let request = GcsActionRequest { allocation: Some(allocation), ..GcsActionRequest::default() };
        self.ask(now, Asked::Step(id, step), request, false);
    }

    fn ask_bearer(&mut self, now: Instant, id: u64, step: Step, indication: StartStop) {
        let local = self.config.local;
        let is_own = self.assigner.assigns();
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        // Who asks again asks for the same.
        if indication != StartStop::Stop && bearer.session.is_none() {
            bearer.updating.clone_from(&bearer.demand.areas);
        }
        let areas: Vec<u16> = bearer.updating.iter().copied().collect();
        let mut request =
            MbmsBearerRequest { tmgi: bearer.tmgi, flow: bearer.flow, ..MbmsBearerRequest::new(indication) };
        match indication {
            StartStop::Start => {
                request.qos = Some(bearer.demand.qos.clone());
                request.area = MbmsServiceArea::new(areas);
                request.flow = None;
                request.provisioning = provisioning(bearer, local, is_own);
            }
            StartStop::Update => request.area = MbmsServiceArea::new(areas),
            StartStop::Stop | StartStop::Heartbeat => {}
        }
        let request = GcsActionRequest { bearers: vec![request], ..GcsActionRequest::default() };
        self.ask(now, Asked::Step(id, step), request, indication == StartStop::Stop);
    }

    /// More time for TMGIs, before they expire (TS 29.468 clause 5.2.1).
    pub(super) fn refresh(&mut self, now: Instant) {
        let mut due = Vec::new();
        for (id, bearer) in &mut self.bearers {
            if bearer.refresh_at.take_if(|at| *at <= now).is_some()
                && let Some(tmgi) = bearer.tmgi.filter(|_| bearer.is_wanted)
            {
                due.push((*id, tmgi));
            }
        }
        for (id, tmgi) in due {
            let allocation = TmgiAllocationRequest { number: 0, refresh: vec![tmgi], provisioning: Vec::new() };
            let request = GcsActionRequest { allocation: Some(allocation), ..GcsActionRequest::default() };
            self.ask(now, Asked::Refresh(id), request, false);
        }
    }

    /// Gives back all that this AS has.
    pub(super) fn clean(&mut self, now: Instant) {
        let deallocation = Some(TmgiDeallocationRequest::default());
        self.ask(now, Asked::Cleaning, GcsActionRequest { deallocation, ..GcsActionRequest::default() }, false);
    }

    /// Sends a request; one for a step that was asked for before has the same Session-Id. `marks` those that do no harm when
    /// they are served twice, so that the BM-SC may say that it has been done.
    pub(super) fn ask(&mut self, now: Instant, asked: Asked, mut request: GcsActionRequest, marks: bool) {
        request.routing = self.endpoint.routing(Some(&self.config.bmsc), &self.config.realm);
        request.restart_counter = Some(self.counter);
        let mut is_again = false;
        if let Asked::Step(id, _) = asked
            && let Some(bearer) = self.bearers.get_mut(&id)
        {
            match &bearer.session {
                Some(session) => {
                    request.routing.session_id.clone_from(session);
                    is_again = true;
                }
                None => bearer.session = Some(request.routing.session_id.clone()),
            }
        }
        let mut message = request.to_message();
        if is_again && marks {
            message.flags.0 |= Flags::RETRANSMITTED;
        }
        self.next += 1;
        self.asked.insert(self.next, asked);
        self.endpoint.send_request(now, self.next, message);
    }
}

fn assigned((tmgi, destination): (protocol::Tmgi, std::net::SocketAddr)) -> ServiceProvisioning {
    ServiceProvisioning {
        tmgi: Some(tmgi),
        mode: Some(AllocationMode::AsAssigned),
        address: Some(destination.ip()),
        port: Some(destination.port()),
        ..ServiceProvisioning::default()
    }
}

/// What the BM-SC has to know of the service: description, times, multicast address and port, TMGI.
fn provisioning(bearer: &Bearer, local: std::net::SocketAddr, is_own: bool) -> Option<ServiceProvisioning> {
    let (tmgi, destination) = (bearer.tmgi?, bearer.destination?);
    let mode = if is_own { AllocationMode::AsAssigned } else { AllocationMode::BmscAssigns };
    Some(ServiceProvisioning {
        mode: Some(mode),
        sdp: Some(description(bearer, local).to_string()),
        start: Some(SessionTime::RealTime),
        end: Some(SessionTime::RealTime),
        ..assigned((tmgi, destination))
    })
}

/// The session as it comes over the bearer (TS 26.346 clause 8.3.1).
fn description(bearer: &Bearer, local: std::net::SocketAddr) -> Sdp {
    let address = local.ip().to_string();
    let (username, ipv6) = ("-".to_owned(), local.is_ipv6());
    let mut sdp = Sdp::new(&Origin { username, session_id: u64::from(local.port()), version: 1, ipv6, address });
    if let Some(name) = sdp.lines.iter_mut().find(|line| line.kind == 's') {
        *name = SdpLine::new('s', &bearer.demand.group);
    }
    if let (Some(tmgi), Some(destination)) = (bearer.tmgi, bearer.destination) {
        let media = MbmsMedia { destination, source: Some(local.ip()), mode: mode_of(tmgi) };
        sdp.media.push(media.to_media(&bearer.demand.media));
    }
    sdp
}

/// Broadcast, without counting: UEs are not asked to answer (TS 26.346 clause 7.3.2.7).
pub(crate) const fn mode_of(tmgi: protocol::Tmgi) -> MbmsMode {
    MbmsMode::Broadcast { tmgi, counting: 0 }
}
