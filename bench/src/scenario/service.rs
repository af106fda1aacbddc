//! Services of the IMS in a scenario: which there are, and what UEs want of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Selector;
use crate::strict_toml::Table;

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
}

impl Service {
    /// All of them, as scenarios write them.
    pub const ALL: [(&str, Self); 3] =
        [("presence", Self::Presence), ("xdm", Self::Xdm), ("conference", Self::Conference)];

    /// Name of its box.
    pub fn server(self) -> &'static str {
        match self {
            Self::Presence => PRESENCE_SERVER,
            Self::Xdm => XDM_SERVER,
            Self::Conference => CONFERENCE_SERVER,
        }
    }

    /// First label of its host name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Xdm => "xdms",
            Self::Conference => "conference",
        }
    }

    /// Last octet of its address.
    pub fn address(self) -> u8 {
        match self {
            Self::Presence => 11,
            Self::Xdm => 12,
            Self::Conference => 13,
        }
    }
}

/// Boxes of services.
pub(crate) const PRESENCE_SERVER: &str = "presence server";
pub(crate) const XDM_SERVER: &str = "XDM server";
pub(crate) const CONFERENCE_SERVER: &str = "conference server";

/// What UEs and others want of services.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ServiceStep {
    /// UEs publish their state (RFC 3903, RFC 3856).
    Publish {
        /// Which.
        ue: Selector,
        /// Words of the state.
        note: String,
    },
    /// UEs want to know the state of another one (RFC 3856).
    WatchPresence {
        /// UE that watches.
        from: String,
        /// UE that is watched.
        to: String,
    },
    /// UEs want to know who watches them (RFC 3857).
    WatchWatchers {
        /// Which.
        ue: Selector,
    },
    /// A UE has a conference made (RFC 4579 clause 5.4).
    ConferenceCreate {
        /// Which.
        ue: String,
    },
    /// A UE joins the conference that another one is in.
    ConferenceJoin {
        /// UE that joins.
        from: String,
        /// UE that told it of the conference.
        to: String,
    },
    /// A UE watches who is in its conference (RFC 4575).
    ConferenceWatch {
        /// Which.
        ue: String,
    },
    /// A UE leaves its conference.
    ConferenceLeave {
        /// Which.
        ue: String,
    },
    /// A UE puts its list of contacts on the XDM server (RFC 4826).
    XcapPut {
        /// Which.
        ue: String,
        /// UEs on the list.
        contacts: Vec<String>,
        /// On the condition that the document is this one (RFC 4825 clause 7.11).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_match: Option<EntityTag>,
    },
    /// A UE fetches its list of contacts.
    XcapGet {
        /// Which.
        ue: String,
        /// Unless it is this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_none_match: Option<EntityTag>,
    },
}

impl ServiceStep {
    /// UEs that the step names: the key and who.
    pub(crate) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::Publish { ue, .. } | Self::WatchWatchers { ue } => vec![("ue", ue.clone())],
            Self::XcapPut { ue, .. }
            | Self::XcapGet { ue, .. }
            | Self::ConferenceCreate { ue }
            | Self::ConferenceWatch { ue }
            | Self::ConferenceLeave { ue } => vec![("ue", Selector::Name(ue.clone()))],
            Self::WatchPresence { from, to } | Self::ConferenceJoin { from, to } => {
                vec![("from", Selector::Name(from.clone())), ("to", Selector::Name(to.clone()))]
            }
        }
    }

    /// The service that it needs.
    pub(crate) fn service(&self) -> Service {
        match self {
            Self::Publish { .. } | Self::WatchPresence { .. } | Self::WatchWatchers { .. } => Service::Presence,
            Self::XcapPut { .. } | Self::XcapGet { .. } => Service::Xdm,
            Self::ConferenceCreate { .. }
            | Self::ConferenceJoin { .. }
            | Self::ConferenceWatch { .. }
            | Self::ConferenceLeave { .. } => Service::Conference,
        }
    }

    /// Reads the step that `word` names.
    pub(super) fn read(word: ServiceWord, t: &mut Table<'_>) -> Self {
        let ue = |t: &mut Table<'_>| super::read::selector(t, "ue");
        match word {
            ServiceWord::Publish => Self::Publish { ue: ue(t), note: t.text("note") },
            ServiceWord::WatchPresence => Self::WatchPresence { from: t.name("from"), to: t.name("to") },
            ServiceWord::WatchWatchers => Self::WatchWatchers { ue: ue(t) },
            ServiceWord::ConferenceCreate => Self::ConferenceCreate { ue: t.name("ue") },
            ServiceWord::ConferenceJoin => Self::ConferenceJoin { from: t.name("from"), to: t.name("to") },
            ServiceWord::ConferenceWatch => Self::ConferenceWatch { ue: t.name("ue") },
            ServiceWord::ConferenceLeave => Self::ConferenceLeave { ue: t.name("ue") },
            ServiceWord::XcapPut => Self::XcapPut {
                ue: t.name("ue"),
                contacts: t.optional_texts("contacts"),
                if_match: entity_tag(t, "if_match"),
            },
            ServiceWord::XcapGet => Self::XcapGet { ue: t.name("ue"), if_none_match: entity_tag(t, "if_none_match") },
        }
    }
}

/// Which document a condition names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityTag {
    /// The one that the UE has fetched or put last.
    Known,
    /// One that is not there.
    Stale,
}

fn entity_tag(t: &mut Table<'_>, key: &'static str) -> Option<EntityTag> {
    let tags = [("known", EntityTag::Known), ("stale", EntityTag::Stale)];
    if t.has(key) { Some(t.choice(key, &tags)) } else { t.absent(key) }
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum ServiceWord {
    Publish,
    WatchPresence,
    WatchWatchers,
    XcapPut,
    XcapGet,
    ConferenceCreate,
    ConferenceJoin,
    ConferenceWatch,
    ConferenceLeave,
}

/// The words of these steps.
pub(super) const SERVICE_WORDS: [(&str, ServiceWord); 9] = [
    ("publish", ServiceWord::Publish),
    ("watch_presence", ServiceWord::WatchPresence),
    ("watch_watchers", ServiceWord::WatchWatchers),
    ("xcap_put", ServiceWord::XcapPut),
    ("xcap_get", ServiceWord::XcapGet),
    ("conference_create", ServiceWord::ConferenceCreate),
    ("conference_join", ServiceWord::ConferenceJoin),
    ("conference_watch", ServiceWord::ConferenceWatch),
    ("conference_leave", ServiceWord::ConferenceLeave),
];

impl fmt::Display for ServiceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { ue, note } => write!(f, "{ue} publishes \"{note}\""),
            Self::WatchPresence { from, to } => write!(f, "{from} watches the presence of {to}"),
            Self::WatchWatchers { ue } => write!(f, "{ue} watches who watches"),
            Self::ConferenceCreate { ue } => write!(f, "{ue} has a conference made"),
            Self::ConferenceJoin { from, to } => write!(f, "{from} joins the conference of {to}"),
            Self::ConferenceWatch { ue } => write!(f, "{ue} watches who is in its conference"),
            Self::ConferenceLeave { ue } => write!(f, "{ue} leaves its conference"),
            Self::XcapPut { ue, .. } => write!(f, "{ue} puts its list of contacts"),
            Self::XcapGet { ue, .. } => write!(f, "{ue} fetches its list of contacts"),
        }
    }
}
