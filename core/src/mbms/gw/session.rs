//! A session of the gateway: what is durable of it (TS 23.246 clause 6.2), and what is going on with it.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;

use protocol::diameter::mbms::{Arp, Ecgi, MbmsServiceArea, SessionDuration};
use protocol::diameter::sgmb::Rar;
use protocol::diameter::{DiameterProblem, Message, RequestHandle, dictionary, result};
use protocol::m3ap::{Cause, M3QosParameters, MceMbmsM3apId};
use protocol::mbms_ap::GbrQos;
use protocol::{Instant, Plmn, Tmgi};
use serde::{Deserialize, Serialize};

use crate::node::StreamId;

/// MBMS bearer context: what survives.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Session {
    /// Session-Id of SGmb.
    pub(super) id: String,
    pub(super) bmsc_host: String,
    pub(super) bmsc_realm: String,
    pub(super) tmgi: Tmgi,
    pub(super) flow: Option<u16>,
    pub(super) parameters: Parameters,
    pub(super) mme_id: u16,
    pub(super) multicast: Ipv4Addr,
    pub(super) c_teid: u32,
    pub(super) port: u16,
}

/// What an update may change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Parameters {
    pub(super) area: Vec<u16>,
    /// Cells: octets of the PLMN, cell identity.
    pub(super) cells: Vec<([u8; 3], u32)>,
    pub(super) qci: u8,
    /// Maximum and guaranteed bit rate, in bit/s.
    pub(super) rates: Option<(u32, u32)>,
    pub(super) priority: u8,
    pub(super) may_preempt: bool,
    pub(super) preemptable: bool,
    pub(super) duration: [u8; 3],
    pub(super) session_identity: Option<u8>,
    pub(super) time_to_data: u8,
}

/// An ARP that a BM-SC does not give (TS 36.444 clause 9.2.1.8: no priority).
const NO_ARP: Arp = Arp { priority: 15, may_preempt: false, preemptable: false };

impl Parameters {
    /// Of a start, or of an update: what that does not say stays as it was.
    pub(super) fn read(rar: &Rar, old: Option<&Self>) -> Result<Self, DiameterProblem> {
        use dictionary::mbms as m;
        let area = rar.area.as_ref().map(|area| area.areas().to_vec()).or_else(|| old.map(|old| old.area.clone()));
        let mut parameters = Self {
            area: area.ok_or_else(|| DiameterProblem::missing(&m::MBMS_SERVICE_AREA))?,
            cells: old.map(|old| old.cells.clone()).unwrap_or_default(),
            qci: old.map_or(0, |old| old.qci),
            rates: old.and_then(|old| old.rates),
            priority: old.map_or(NO_ARP.priority, |old| old.priority),
            may_preempt: old.is_some_and(|old| old.may_preempt),
            preemptable: old.is_some_and(|old| old.preemptable),
            duration: rar.duration.map_or_else(|| old.map_or([0; 3], |old| old.duration), SessionDuration::to_octets),
            session_identity: rar.session_identity.or_else(|| old.and_then(|old| old.session_identity)),
            time_to_data: rar.time_to_data.or_else(|| old.map(|old| old.time_to_data)).unwrap_or(0),
        };
        if let Some(cells) = &rar.cells {
            parameters.cells = cells.cells().iter().map(|cell| (cell.plmn.to_octets(), cell.cell)).collect();
        }
        let Some(qos) = &rar.qos else {
            return old.map(|_| parameters).ok_or_else(|| DiameterProblem::missing(&m::QOS_INFORMATION));
        };
        if let Some(qci) = qos.qci {
            let wrong = || DiameterProblem::new(result::INVALID_AVP_VALUE, format!("QCI {qci} is not in 1 to 254"));
            parameters.qci = u8::try_from(qci).ok().filter(|qci| (1..255).contains(qci)).ok_or_else(wrong)?;
        } else if old.is_none() {
            return Err(DiameterProblem::missing(&m::QOS_CLASS_IDENTIFIER));
        }
        if let Some(gbr) = qos.gbr {
            parameters.rates = Some((qos.mbr.unwrap_or(gbr), gbr));
        }
        if let Some(arp) = qos.arp {
            parameters.priority = arp.priority;
            (parameters.may_preempt, parameters.preemptable) = (arp.may_preempt, arp.preemptable);
        }
        Ok(parameters)
    }

    pub(super) fn qos(&self) -> M3QosParameters {
        let &Self { qci, priority, may_preempt, preemptable, .. } = self;
        let gbr = self.rates.map(|(mbr, gbr)| GbrQos { maximum: mbr.into(), guaranteed: gbr.into() });
        M3QosParameters { qci, gbr, arp: Some(Arp { priority, may_preempt, preemptable }) }
    }

    /// The service area; the whole network when what is stored is none.
    pub(super) fn service_area(&self) -> Option<MbmsServiceArea> {
        MbmsServiceArea::new(self.area.clone())
    }

    pub(super) fn cell_list(&self) -> Option<Vec<Ecgi>> {
        let cell = |(plmn, cell): &([u8; 3], u32)| Some(Ecgi { plmn: Plmn::from_octets(*plmn)?, cell: *cell });
        let cells: Vec<_> = self.cells.iter().filter_map(cell).collect();
        (!cells.is_empty()).then_some(cells)
    }
}

/// Connection of M3 of a session to an MCE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leg {
    /// Session start is not answered yet.
    Starting,
    /// It runs.
    Up { mce_id: MceMbmsM3apId },
    /// It runs, and session update is not answered yet.
    Updating { mce_id: MceMbmsM3apId },
}

/// What is going on with a session.
#[derive(Debug)]
pub(super) enum Work {
    /// MCEs are asked; then comes the store.
    Asking { kind: Kind, until: Instant, accepted: usize, failures: Vec<Failure> },
    /// What was asked for is being stored.
    Storing { kind: Kind },
}

/// What the BM-SC wants.
#[derive(Debug)]
pub(super) enum Kind {
    Start,
    /// With what there was before.
    Update {
        old: Box<Parameters>,
    },
    Stop,
}

/// Why an MCE does not carry a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    Refused(Cause),
    Timeout,
    Lost,
}

/// A session with what is going on.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) legs: BTreeMap<StreamId, Leg>,
    /// The request that is being worked on.
    pub(super) asked: Option<(RequestHandle, Message)>,
    pub(super) work: Option<Work>,
    /// Requests that wait for the end of it.
    pub(super) queue: VecDeque<(RequestHandle, Message)>,
    /// No MCE carries it: until then one has to.
    pub(super) lost_until: Option<Instant>,
    /// The BM-SC has restarted: until then it has to say that the session goes on.
    pub(super) unconfirmed_until: Option<Instant>,
}

/// Requests of one session that wait at a time.
pub(super) const MAX_QUEUE: usize = 4;

impl Live {
    pub(super) const fn new(session: Session) -> Self {
        Self {
            session,
            legs: BTreeMap::new(),
            asked: None,
            work: None,
            queue: VecDeque::new(),
            lost_until: None,
            unconfirmed_until: None,
        }
    }

    /// One of the store.
    pub(super) const fn restored(session: Session) -> Self {
        Self::new(session)
    }

    /// Whether it is being started: nobody may rely on it yet.
    pub(super) const fn is_starting(&self) -> bool {
        matches!(&self.work, Some(Work::Asking { kind: Kind::Start, .. } | Work::Storing { kind: Kind::Start }))
    }

    pub(super) fn due(&self) -> Option<Instant> {
        let asking = match &self.work {
            Some(Work::Asking { until, .. }) => Some(*until),
            _ => None,
        };
        [asking, self.lost_until, self.unconfirmed_until].into_iter().flatten().min()
    }
}
