//! Services of the IMS in a scenario: which there are, and what UEs want of them. Each has a file of its own.

mod conference;
mod exposure;
mod identity;
mod mbms;
mod messaging;
mod presence;
mod xdm;

use std::fmt;

use core_network::ims::NetworkBox;
use serde::{Deserialize, Serialize};

use super::Selector;
use super::mc::MC_SERVERS;
use super::mms::MMS_BOXES;
use super::sms::SMS_BOXES;
use crate::strict_toml::Table;

pub use conference::ConferenceStep;
pub(super) use exposure::third_party;
pub use exposure::{ExposureStep, ThirdParty};
pub(crate) use identity::GROUP_MANAGEMENT;
pub use identity::IdentityStep;
pub use mbms::{Access, Allocator, Group, GroupBearers, MbmsStep};
pub(super) use mbms::{bearers, group};
pub(crate) use messaging::CHAT_MAX_OCTETS;
pub use messaging::MessagingStep;
pub use presence::PresenceStep;
pub use xdm::{EntityTag, XdmStep};

/// A service of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Presence (TS 24.141).
    Presence,
    /// Documents of users on Ut (TS 24.623).
    Xdm,
    /// Conferences (TS 24.147).
    Conference,
    /// Messages to lists, and messages that wait (TS 24.247).
    Messaging,
    /// Charging (TS 32.260), offline for everybody and online for prepaid users.
    Charging,
    /// Identity of mission critical users (TS 33.180).
    Identity,
    /// Exposure to third parties (OMA-TR IMSinOMA appendix C).
    Exposure,
    /// Group sessions with MBMS bearers (TR 23.847).
    Mbms,
}

/// A box of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceBox {
    /// What it is called in reports.
    pub name: &'static str,
    /// Where it is.
    pub place: NetworkBox,
}

const fn own(name: &'static str, place: NetworkBox) -> ServiceBox {
    ServiceBox { name, place }
}

impl Service {
    /// All of them, as scenarios write them.
    pub const ALL: [(&str, Self); 8] = [
        ("presence", Self::Presence),
        ("xdm", Self::Xdm),
        ("conference", Self::Conference),
        ("messaging", Self::Messaging),
        ("charging", Self::Charging),
        ("identity", Self::Identity),
        ("exposure", Self::Exposure),
        ("mbms", Self::Mbms),
    ];

    /// Its boxes; the one that requests of users come to first.
    pub const fn boxes(self) -> &'static [ServiceBox] {
        match self {
            Self::Presence => const { &[own(PRESENCE_SERVER, NetworkBox::Presence)] },
            Self::Xdm => const { &[own(XDM_SERVER, NetworkBox::Xdms)] },
            Self::Conference => const { &[own(CONFERENCE_SERVER, NetworkBox::Conference)] },
            Self::Messaging => const { &[own(MESSAGING_SERVER, NetworkBox::Messaging)] },
            Self::Charging => {
                const { &[own(IMS_GWF, NetworkBox::Gwf), own(CDF, NetworkBox::Cdf), own(OCS, NetworkBox::Ocs)] }
            }
            Self::Identity => const { &[own(IDENTITY_SERVER, NetworkBox::Idms)] },
            Self::Exposure => const { &[own(EXPOSURE, NetworkBox::Exposure)] },
            Self::Mbms => const { &[own(IMS_AS, NetworkBox::ImsAs)] },
        }
    }

    /// The boxes of all of them, MC servers and those of messages among them.
    pub fn all_boxes() -> impl Iterator<Item = &'static ServiceBox> {
        Self::ALL.iter().flat_map(|(_, service)| service.boxes()).chain(&MC_SERVERS).chain(&SMS_BOXES).chain(&MMS_BOXES)
    }

    /// What its first box is called in reports.
    pub fn server(self) -> &'static str {
        self.boxes()[0].name
    }

    /// Its first box.
    pub fn place(self) -> NetworkBox {
        self.boxes()[0].place
    }
}

/// Boxes of services.
pub(crate) const PRESENCE_SERVER: &str = "presence server";
pub(crate) const XDM_SERVER: &str = "XDM server";
pub(crate) const CONFERENCE_SERVER: &str = "conference server";
pub(crate) const MESSAGING_SERVER: &str = "messaging server";
pub(crate) const CDF: &str = "CDF";
pub(crate) const OCS: &str = "OCS";
pub(crate) const IMS_GWF: &str = "IMS-GWF";
pub(crate) const IDENTITY_SERVER: &str = "identity server";
pub(crate) const EXPOSURE: &str = "exposure";
pub(crate) const IMS_AS: &str = "IMS AS";

/// What UEs and others want of services.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ServiceStep {
    /// Of presence.
    Presence(PresenceStep),
    /// Of documents on Ut.
    Xdm(XdmStep),
    /// Of conferences.
    Conference(ConferenceStep),
    /// Of messaging.
    Messaging(MessagingStep),
    /// Of identities.
    Identity(IdentityStep),
    /// Of third parties.
    Exposure(ExposureStep),
    /// Of group sessions with MBMS bearers.
    Mbms(MbmsStep),
}

impl ServiceStep {
    /// UEs that the step names: the key and who.
    pub(crate) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::Presence(step) => step.ues(),
            Self::Xdm(step) => step.ues(),
            Self::Conference(step) => step.ues(),
            Self::Messaging(step) => step.ues(),
            Self::Identity(step) => step.ues(),
            Self::Exposure(step) => step.ues(),
            Self::Mbms(step) => step.ues(),
        }
    }

    /// The service that it needs.
    pub(crate) fn service(&self) -> Service {
        match self {
            Self::Presence(_) => Service::Presence,
            Self::Xdm(_) => Service::Xdm,
            Self::Conference(_) => Service::Conference,
            Self::Messaging(_) => Service::Messaging,
            Self::Identity(step) => step.service(),
            Self::Exposure(_) => Service::Exposure,
            Self::Mbms(_) => Service::Mbms,
        }
    }

    /// UEs that have a session with each other after it.
    pub(crate) fn calls(&self) -> Option<(&str, &str)> {
        match self {
            Self::Messaging(MessagingStep::Chat { from, to }) => Some((from, to)),
            _ => None,
        }
    }

    /// The third party that it names.
    pub(crate) fn client(&self) -> Option<&str> {
        match self {
            Self::Exposure(step) => Some(step.client()),
            _ => None,
        }
    }

    /// Reads the step that `word` names.
    pub(super) fn read(word: ServiceWord, t: &mut Table<'_>) -> Self {
        match word {
            ServiceWord::Presence(word) => Self::Presence(PresenceStep::read(word, t)),
            ServiceWord::Xdm(word) => Self::Xdm(XdmStep::read(word, t)),
            ServiceWord::Conference(word) => Self::Conference(ConferenceStep::read(word, t)),
            ServiceWord::Messaging(word) => Self::Messaging(MessagingStep::read(word, t)),
            ServiceWord::Identity(word) => Self::Identity(IdentityStep::read(word, t)),
            ServiceWord::Exposure(word) => Self::Exposure(ExposureStep::read(word, t)),
            ServiceWord::Mbms(word) => Self::Mbms(MbmsStep::read(word, t)),
        }
    }
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum ServiceWord {
    Presence(presence::Word),
    Xdm(xdm::Word),
    Conference(conference::Word),
    Messaging(messaging::Word),
    Identity(identity::Word),
    Exposure(exposure::Word),
    Mbms(mbms::Word),
}

/// The words of these steps.
pub(super) fn service_words() -> Vec<(&'static str, ServiceWord)> {
    let mut words = Vec::new();
    words.extend(presence::WORDS.map(|(word, step)| (word, ServiceWord::Presence(step))));
    words.extend(xdm::WORDS.map(|(word, step)| (word, ServiceWord::Xdm(step))));
    words.extend(conference::WORDS.map(|(word, step)| (word, ServiceWord::Conference(step))));
    words.extend(messaging::WORDS.map(|(word, step)| (word, ServiceWord::Messaging(step))));
    words.extend(identity::WORDS.map(|(word, step)| (word, ServiceWord::Identity(step))));
    words.extend(exposure::WORDS.map(|(word, step)| (word, ServiceWord::Exposure(step))));
    words.extend(mbms::WORDS.map(|(word, step)| (word, ServiceWord::Mbms(step))));
    words
}

impl fmt::Display for ServiceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presence(step) => step.fmt(f),
            Self::Xdm(step) => step.fmt(f),
            Self::Conference(step) => step.fmt(f),
            Self::Messaging(step) => step.fmt(f),
            Self::Identity(step) => step.fmt(f),
            Self::Exposure(step) => step.fmt(f),
            Self::Mbms(step) => step.fmt(f),
        }
    }
}

/// UEs of a step in which one has to do with another.
fn two(from: &str, to: &str) -> Vec<(&'static str, Selector)> {
    vec![("from", Selector::Name(from.to_owned())), ("to", Selector::Name(to.to_owned()))]
}

/// The UE of a step that one does alone.
fn one(ue: &str) -> Vec<(&'static str, Selector)> {
    vec![("ue", Selector::Name(ue.to_owned()))]
}
