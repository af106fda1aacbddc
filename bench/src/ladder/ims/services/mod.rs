//! Procedures of services, and which of them the steps of a scenario ask for.

mod conference;
mod presence;
mod xdm;

use std::collections::BTreeSet;

use crate::ladder::Procedure;
use crate::scenario::{EntityTag, Selector, ServiceStep};

/// All of them.
pub(crate) const SERVICE_PROCEDURES: [&Procedure; 11] = [
    &presence::PUBLICATION,
    &presence::WATCHING,
    &presence::WATCHER_INFORMATION,
    &xdm::PUT,
    &xdm::GET,
    &xdm::GET_UNCHANGED,
    &xdm::PUT_STALE,
    &conference::FACTORY,
    &conference::JOIN,
    &conference::EVENT,
    &conference::LEAVE,
];

/// A ladder that a step asks for.
pub(super) struct Wanted<'a> {
    pub(super) ue: Selector,
    pub(super) peer: Option<&'a str>,
    pub(super) second: Option<&'a str>,
    pub(super) procedure: &'static Procedure,
}

/// What steps have done so far, as far as it decides about ladders.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// UEs that the XDM server has asked who they are.
    challenged: BTreeSet<String>,
}

impl Known {
    /// Ladders that a step asks for.
    pub(super) fn asked<'a>(&mut self, step: &'a ServiceStep) -> Vec<Wanted<'a>> {
        let of = |ue: &str| Selector::Name(ue.to_owned());
        let alone = |ue: &str, procedure| Wanted { ue: of(ue), peer: None, second: None, procedure };
        match step {
            ServiceStep::Publish { ue, .. } => {
                vec![Wanted { ue: ue.clone(), peer: None, second: None, procedure: &presence::PUBLICATION }]
            }
            ServiceStep::WatchPresence { from, to } => {
                vec![Wanted { ue: of(from), peer: Some(to), second: None, procedure: &presence::WATCHING }]
            }
            ServiceStep::WatchWatchers { ue } => {
                vec![Wanted { ue: ue.clone(), peer: None, second: None, procedure: &presence::WATCHER_INFORMATION }]
            }
            // A server that knows the UE asks no more: that has no ladder of its own.
            ServiceStep::XcapPut { ue, if_match, .. } => match (self.challenged.insert(ue.clone()), if_match) {
                (true, None) => vec![alone(ue, &xdm::PUT)],
                (false, Some(EntityTag::Stale)) => vec![alone(ue, &xdm::PUT_STALE)],
                _ => Vec::new(),
            },
            ServiceStep::ConferenceCreate { ue } => vec![alone(ue, &conference::FACTORY)],
            ServiceStep::ConferenceJoin { from, .. } => vec![alone(from, &conference::JOIN)],
            ServiceStep::ConferenceWatch { ue } => vec![alone(ue, &conference::EVENT)],
            ServiceStep::ConferenceLeave { ue } => vec![alone(ue, &conference::LEAVE)],
            ServiceStep::XcapGet { ue, if_none_match } => match (self.challenged.insert(ue.clone()), if_none_match) {
                (true, _) => Vec::new(),
                (false, Some(EntityTag::Known)) => vec![alone(ue, &xdm::GET_UNCHANGED)],
                (false, _) => vec![alone(ue, &xdm::GET)],
            },
        }
    }
}
