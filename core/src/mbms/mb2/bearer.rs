//! One bearer: what was asked for, what there is, and what is done next (TR 23.847 clause 2: first TMGI and multicast address,
//! then what the BM-SC has to know of the service).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use protocol::diameter::mbms::{FlowId, QosInformation};
use protocol::sip::sdp::Media;
use protocol::{Instant, Tmgi};

/// A bearer that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// For whom, in the log.
    pub(crate) group: String,
    /// Service areas, one at least.
    pub(crate) areas: BTreeSet<u16>,
    pub(crate) qos: QosInformation,
    /// What goes over it, as unicast has it.
    pub(crate) media: Media,
}

/// Where a bearer is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BearerPlace {
    pub(crate) tmgi: Tmgi,
    /// Multicast address and port.
    pub(crate) destination: SocketAddr,
    /// Where MB2-U goes.
    pub(crate) to: SocketAddr,
    /// Service areas.
    pub(crate) areas: BTreeSet<u16>,
}

/// What is done, and what is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The store is told that there will be something.
    Record,
    Allocate,
    RecordTmgi,
    Start,
    RecordBearer,
    /// The BM-SC is activating it: an event says when it is active.
    Ongoing,
    Active,
    Update,
    Stop,
    Deallocate,
    Forget,
}

#[derive(Debug)]
pub(super) struct Bearer {
    pub(super) demand: Demand,
    pub(super) is_wanted: bool,
    pub(super) step: Step,
    /// Somebody's answer is waited for.
    pub(super) is_busy: bool,
    /// Not before.
    pub(super) again_at: Option<Instant>,
    /// Session-Id of the request of this step, when it is not the first one.
    pub(super) session: Option<String>,
    /// Allocations of our own that were refused.
    pub(super) refusals: u32,
    pub(super) tmgi: Option<Tmgi>,
    pub(super) destination: Option<SocketAddr>,
    pub(super) flow: Option<FlowId>,
    pub(super) place: Option<BearerPlace>,
    pub(super) refresh_at: Option<Instant>,
    /// The activation goes on after its answer.
    pub(super) is_ongoing: bool,
    /// Areas of the update that is under way, or that was refused.
    pub(super) updating: BTreeSet<u16>,
}

impl Bearer {
    pub(super) const fn new(demand: Demand) -> Self {
        Self {
            demand,
            is_wanted: true,
            step: Step::Record,
            is_busy: false,
            again_at: None,
            session: None,
            refusals: 0,
            tmgi: None,
            destination: None,
            flow: None,
            place: None,
            refresh_at: None,
            is_ongoing: false,
            updating: BTreeSet::new(),
        }
    }

    /// Where it is, when data may go over it.
    pub(super) const fn place(&self) -> Option<&BearerPlace> {
        match self.step {
            Step::Active | Step::Update if self.is_wanted => self.place.as_ref(),
            _ => None,
        }
    }

    pub(super) fn go(&mut self, step: Step) {
        (self.step, self.is_busy, self.again_at, self.session) = (step, false, None, None);
    }

    /// The step was not done: it is tried again then.
    pub(super) const fn again(&mut self, at: Instant) {
        (self.is_busy, self.again_at) = (false, Some(at));
    }

    /// When it wants to go on.
    pub(super) fn due(&self) -> Option<Instant> {
        let again = self.again_at.filter(|_| !self.is_busy);
        [again, self.refresh_at].into_iter().flatten().min()
    }

    /// The step that follows from what is wanted; a step that waits for nothing and has nothing to do stays.
    pub(super) fn decide(&mut self) {
        match self.step {
            Step::Record if !self.is_wanted => self.go(Step::Forget),
            // One that was asked for may be there, though nobody has said so: it is asked for again, and given back.
            Step::Allocate if !self.is_wanted && self.session.is_none() => self.go(Step::Forget),
            Step::Deallocate if self.tmgi.is_none() => self.go(Step::Forget),
            Step::RecordTmgi | Step::Start if !self.is_wanted => self.go(Step::Deallocate),
            Step::RecordBearer | Step::Ongoing | Step::Active | Step::Update if !self.is_wanted => self.go(Step::Stop),
            // One that was refused waits for its time.
            Step::Active
                if self.place.as_ref().is_some_and(|place| place.areas != self.demand.areas)
                    && (self.again_at.is_none() || self.updating != self.demand.areas) =>
            {
                self.updating.clone_from(&self.demand.areas);
                self.go(Step::Update);
            }
            _ => {}
        }
    }
}
