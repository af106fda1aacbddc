//! UEs on the IMS in `report.json`.

use serde::Serialize;

use super::ims_runs::{ImsRun, UnicastRun};
use super::json::ms;
use crate::event::{McFigures, SpeechHeard};

/// What became of a UE on the IMS, as its own agent saw it.
#[derive(Serialize)]
pub(super) struct ImsReport<'a> {
    registered: bool,
    /// Successful registrations, refreshes among them.
    registrations: u64,
    /// The same at the IP-Message-GW.
    gateway_registrations: u64,
    registered_ms: Option<f64>,
    /// From the step that asked for it to the first registration.
    registration_s: Option<f64>,
    /// Notifications of the reg event package, and what the last one said.
    reg_infos: u64,
    reg_states: &'a [String],
    messages_sent: u64,
    messages_answered: u64,
    messages_received: u64,
    messages_received_ms: Vec<f64>,
    /// Requests to services: answered with success, and not.
    service_answers: u64,
    service_failures: u64,
    notifications: u64,
    /// Tones of UEs as it heard them when that was last measured: parts of the amplitude with which they are said.
    #[serde(skip_serializing_if = "Option::is_none")]
    heard: Option<std::collections::BTreeMap<&'a str, f64>>,
    /// Packets of speech that it has said, the first sequence number, and the last one: of its last source where it has had several.
    #[serde(skip_serializing_if = "Option::is_none")]
    spoke: Option<Spoke>,
    /// What of the speech of others has come to it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    listened: &'a [SpeechHeard],
    /// What its MC client has measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    mc: Option<McFigures>,
    /// When the network knew that it listens another way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<WayReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unicast: Option<UnicastRun>,
    calls: u64,
    calls_established: u64,
    calls_ended: u64,
    /// When its calls were set up.
    sessions: Vec<CallReport>,
    setup_s: Option<f64>,
    /// How calls have ended and what has failed.
    what_happened: &'a [String],
}

#[derive(Serialize)]
struct Spoke {
    packets: u64,
    first: u16,
    last: u16,
}

impl Spoke {
    const fn of((packets, first, last): (u64, u16, u16)) -> Self {
        Self { packets, first, last }
    }

    const fn and(self, later: Self) -> Self {
        Self { packets: self.packets + later.packets, first: self.first, last: later.last }
    }
}

#[derive(Serialize)]
struct WayReport {
    at_ms: f64,
    over_mbms: bool,
}

#[derive(Serialize)]
struct CallReport {
    established_ms: f64,
    ended_ms: Option<f64>,
}

impl<'a> ImsReport<'a> {
    pub(super) fn of(run: &'a ImsRun) -> Self {
        let call = |&(from_ns, to_ns): &(u64, Option<u64>)| CallReport {
            established_ms: ms(from_ns),
            ended_ms: to_ns.map(ms),
        };
        Self {
            registered: run.is_registered,
            registrations: run.registrations,
            gateway_registrations: run.gateway_registrations,
            registered_ms: run.registered_ns.map(ms),
            registration_s: run.registration_s,
            reg_infos: run.reg_infos,
            reg_states: &run.reg_states,
            messages_sent: run.messages_sent.0,
            messages_answered: run.messages_sent.1,
            messages_received: run.messages_received,
            messages_received_ms: run.messages_ns.iter().map(|&t| ms(t)).collect(),
            service_answers: run.answers.0,
            service_failures: run.answers.1,
            notifications: run.notifications,
            heard: run.heard.as_ref().map(|all| all.iter().map(|(ue, part)| (ue.as_str(), *part)).collect()),
            spoke: run.spoke.iter().copied().map(Spoke::of).reduce(Spoke::and),
            listened: &run.listened,
            mc: run.mc,
            changes: run.ways_ns.iter().map(|&(t, over_mbms)| WayReport { at_ms: ms(t), over_mbms }).collect(),
            unicast: run.unicast,
            calls: run.calls.0,
            calls_established: run.calls.1,
            calls_ended: run.calls.2,
            sessions: run.calls_ns.iter().map(call).collect(),
            setup_s: run.setup_s,
            what_happened: &run.troubles,
        }
    }
}
