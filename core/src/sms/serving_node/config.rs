//! What a serving node is made with, is ordered and tells.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::map::MapTimers;
use protocol::sms::RpCause;

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ServingNodeKind {
    /// MSC with its VLR: where the HLR has it from its own data, for there is no updateLocation.
    Msc,
    /// SGSN: it tells the HLR whom it serves.
    Sgsn,
}

/// Settings of a serving node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServingNodeConfig {
    /// Which of the two it is.
    pub kind: ServingNodeKind,
    /// Its E.164 number, digits alone.
    pub global_title: String,
    /// The number of the HLR.
    pub hlr: String,
    /// sgsn-Address of an SGSN.
    pub address: IpAddr,
    /// Whom it serves.
    pub subscribers: Vec<ServedSubscriber>,
    /// How long a phone takes for a message.
    pub delivery_time: Duration,
    /// Time until an SGSN tells the HLR again what the HLR did not take.
    pub retry: Duration,
    /// Messages that a phone knows again (TS 23.040 clause 9.2.3.11).
    pub known_messages: usize,
    /// How long invocations wait for their answers.
    pub map_timers: MapTimers,
    /// How many dialogues of MAP there may be at a time.
    pub max_dialogues: usize,
}

impl ServingNodeConfig {
    /// The usual settings.
    #[must_use]
    pub fn new(kind: ServingNodeKind, global_title: &str, hlr: &str) -> Self {
        Self {
            kind,
            global_title: global_title.to_owned(),
            hlr: hlr.to_owned(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            subscribers: Vec::new(),
            delivery_time: Duration::from_millis(500),
            retry: Duration::from_secs(30),
            known_messages: 1000,
            map_timers: MapTimers::default(),
            max_dialogues: 10_000,
        }
    }
}

/// A subscriber and its phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServedSubscriber {
    /// Its IMSI.
    pub imsi: String,
    /// Its number, digits alone.
    pub msisdn: String,
    /// What becomes of messages for it.
    pub service: Service,
}

/// What becomes of messages for a subscriber.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    /// Its phone takes them.
    Delivers,
    /// It is absent, with this diagnostic (TS 23.040 clause 3.3.2; [`protocol::map::diagnostic`]).
    Absent(Option<u8>),
    /// The memory of its phone is full.
    MemoryFull,
    /// Nothing is heard of them.
    Silent,
    /// It may not receive any.
    NotProvisioned,
}

/// What the operator, or a subscriber, wants of a serving node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServingNodeOrder {
    /// From now on this becomes of messages.
    Service {
        /// Whose.
        imsi: String,
        /// What.
        service: Service,
    },
    /// A subscriber sends a message.
    Send {
        /// Who.
        imsi: String,
        /// Address of the service centre, digits alone.
        service_centre: String,
        /// SMS-SUBMIT or SMS-COMMAND.
        tpdu: Vec<u8>,
    },
    /// The phone of a subscriber says that it has memory again: RP-SMMA (TS 24.011 clause 7.3.2).
    MemoryAvailable {
        /// Whose.
        imsi: String,
    },
}

/// What has happened at a serving node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServingNodeEvent {
    /// A phone has taken a message.
    Delivered {
        /// Whose.
        imsi: String,
        /// SMS-DELIVER or SMS-STATUS-REPORT.
        tpdu: Vec<u8>,
    },
    /// A phone has acknowledged a message that it had already.
    Repeated {
        /// Whose.
        imsi: String,
    },
    /// A message was not taken.
    Refused {
        /// Whose.
        imsi: String,
        /// Name of the error.
        error: String,
    },
    /// The service centre has taken a message of a subscriber.
    Sent {
        /// Whose.
        imsi: String,
        /// SMS-SUBMIT-REPORT, if one came.
        report: Option<Vec<u8>>,
    },
    /// It has not.
    NotSent {
        /// Whose.
        imsi: String,
        /// What the phone is told: RP-Cause.
        cause: RpCause,
        /// SMS-SUBMIT-REPORT, if one came.
        report: Option<Vec<u8>>,
        /// Why not, in words.
        error: String,
    },
    /// The HLR knows that the phone has memory again, or why not.
    MemoryKnown {
        /// Whose.
        imsi: String,
        /// RP-Cause where the HLR has refused.
        result: Result<(), RpCause>,
    },
}

/// Entries that wait at most; then the oldest go.
const MAX_WAITING: usize = 1 << 16;

/// What has happened and nobody has asked for yet. Clones are the same queue.
#[derive(Clone, Debug, Default)]
pub struct ServingNodeQueue(Arc<Mutex<VecDeque<ServingNodeEvent>>>);

impl ServingNodeQueue {
    /// The next, in order.
    pub fn poll(&self) -> Option<ServingNodeEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn push(&self, event: ServingNodeEvent) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() >= MAX_WAITING {
            queue.pop_front();
        }
        queue.push_back(event);
    }
}
