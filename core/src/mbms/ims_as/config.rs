//! Settings of an IMS AS.

use std::time::Duration;

use protocol::diameter::mbms::{Arp, QosInformation};
use serde::Deserialize;

use crate::ims::service::SessionServerConfig;
use crate::mbms::bearer_rule::{BearerRule, CellAreas};
use crate::mbms::group_codec::GroupCodec;
use crate::mbms::mb2::Mb2Config;

/// Settings of an IMS AS.
#[derive(Clone, Debug)]
pub struct ImsAsConfig {
    /// SIP and media; the host is that of the URIs of its groups.
    pub sip: SessionServerConfig,
    /// The groups.
    pub groups: Vec<ImsGroup>,
    /// A group session ends after this time in any case.
    pub longest: Duration,
    /// Who speaks has the floor until it has been silent for this time, and others are not heard; none: all are heard.
    pub floor: Option<Duration>,
    /// A UE that comes back from a bearer to unicast is sent again what is not older than this.
    pub replay: Duration,
    /// The service areas of cells.
    pub cells: Vec<CellAreas>,
    /// When a group session gets an MBMS bearer.
    pub rule: BearerRule,
    /// MBMS bearers; none: everything is unicast.
    pub mb2: Option<Mb2Config>,
}

impl ImsAsConfig {
    /// An AS without groups, all of whose media is unicast.
    #[must_use]
    pub fn new(sip: SessionServerConfig) -> Self {
        Self {
            sip,
            groups: Vec::new(),
            longest: Duration::from_secs(86_400),
            floor: Some(Duration::from_secs(1)),
            replay: Duration::from_secs(2),
            cells: Vec::new(),
            rule: BearerRule::default(),
            mb2: None,
        }
    }
}

/// A group: a URI, and who is in it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImsGroup {
    /// User part of its URI.
    pub user: String,
    /// Public identities of its members.
    pub members: Vec<String>,
    /// The other members are called as soon as one calls the group; else each of them calls.
    #[serde(default)]
    pub dial_out: bool,
    /// The session ends when the one leaves who has begun it; else when the last one does.
    #[serde(default)]
    pub ends_with_first: bool,
    /// What may be spoken, the best first. All members of a session have the same: RTP is carried untouched.
    #[serde(default = "GroupCodec::g711")]
    pub codecs: Vec<GroupCodec>,
    /// QCI of its bearers (TS 23.203 table 6.1.7).
    #[serde(default = "conversational")]
    pub qci: u32,
    /// Allocation and retention priority of its bearers, 1 (highest) to 15.
    #[serde(default = "middle")]
    pub priority: u8,
    /// Its bearers may take what others have.
    #[serde(default)]
    pub may_preempt: bool,
    /// Others may take what its bearers have.
    #[serde(default = "yes")]
    pub preemptable: bool,
}

impl ImsGroup {
    /// A group whose members are called, with G.711.
    #[must_use]
    pub fn new(user: &str, members: Vec<String>) -> Self {
        Self {
            user: user.to_owned(),
            members,
            dial_out: true,
            ends_with_first: false,
            codecs: GroupCodec::g711(),
            qci: conversational(),
            priority: middle(),
            may_preempt: false,
            preemptable: true,
        }
    }

    /// QoS of its bearers (TS 29.061 clause 20.4.1).
    pub(super) fn qos(&self, bit_rate: u32) -> QosInformation {
        let (priority, may_preempt, preemptable) = (self.priority, self.may_preempt, self.preemptable);
        let arp = Some(Arp { priority, may_preempt, preemptable });
        QosInformation { qci: Some(self.qci), mbr: Some(bit_rate), gbr: Some(bit_rate), arp, other: Vec::new() }
    }
}

const fn conversational() -> u32 {
    1
}

const fn middle() -> u8 {
    8
}

const fn yes() -> bool {
    true
}
