//! What a run has shown of each UE on the IMS.

use serde::Serialize;

use super::model::{Model, ModelError};
use crate::event::{ImsFact, McFigures, SpeechHeard};

/// A UE on the IMS.
#[derive(Clone, PartialEq, Debug)]
pub struct ImsRun {
    /// UE.
    pub ue: String,
    /// It is registered now.
    pub is_registered: bool,
    /// Successful registrations, refreshes among them.
    pub registrations: u64,
    /// The same at the IP-Message-GW, over R2.
    pub gateway_registrations: u64,
    /// Seconds from the first step that asked for it to the first registration.
    pub registration_s: Option<f64>,
    /// When it was first registered, nanoseconds of run time.
    pub registered_ns: Option<u64>,
    /// Notifications of the reg event package.
    pub reg_infos: u64,
    /// What the last one said.
    pub reg_states: Vec<String>,
    /// Messages that it has sent, and those of them that were answered with success.
    pub messages_sent: (u64, u64),
    /// Messages that came as they were sent.
    pub messages_received: u64,
    /// Calls that it made or got, that were set up, and that have ended.
    pub calls: (u64, u64, u64),
    /// Requests to services that were answered with success, and that were not.
    pub answers: (u64, u64),
    /// Notifications of services.
    pub notifications: u64,
    /// Tones of UEs that it heard when that was last measured, as parts of the amplitude with which they are said.
    pub heard: Option<Vec<(String, f64)>>,
    /// What it has said: packets, first and last sequence number, of each source that it has had.
    pub spoke: Vec<(u64, u16, u16)>,
    /// What of the speech of others has come to it.
    pub listened: Vec<SpeechHeard>,
    /// What its MC client has measured.
    pub mc: Option<McFigures>,
    /// When it changed over, nanoseconds of run time, and whether to an MBMS bearer.
    pub ways_ns: Vec<(u64, bool)>,
    /// What its own way to the network has done.
    pub unicast: Option<UnicastRun>,
    /// When messages came, the first ones, nanoseconds of run time.
    pub messages_ns: Vec<u64>,
    /// When calls were set up and ended, the first ones, nanoseconds of run time.
    pub calls_ns: Vec<(u64, Option<u64>)>,
    /// Seconds from the start of its last call until it was set up.
    pub setup_s: Option<f64>,
    /// How calls have ended and what has failed, the last ones.
    pub troubles: Vec<String>,
}

/// What the way of a UE to the network has done.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct UnicastRun {
    /// Messages that went by.
    pub messages: u64,
    /// Their octets.
    pub octets: u64,
    /// Datagrams lost by chance.
    pub lost: u64,
    /// Segments of streams that came later, since they were lost by chance at first.
    pub repeated: u64,
    /// Dropped since the queue was full.
    pub dropped: u64,
    /// Gone without coverage.
    pub uncovered: u64,
    /// The longest wait in the queue, milliseconds.
    pub waited_ms: f64,
}

impl ImsRun {
    /// UEs that it hears, and how loud its own tone is.
    pub fn audible(&self) -> Option<(usize, f64)> {
        let heard = self.heard.as_ref()?;
        let own = heard.iter().find(|(ue, _)| *ue == self.ue).map_or(0.0, |(_, part)| *part);
        let others = heard.iter().filter(|(ue, part)| *ue != self.ue && *part >= AUDIBLE);
        Some((others.count(), own))
    }

    pub(super) fn new(ue: &str) -> Self {
        Self {
            ue: ue.to_owned(),
            is_registered: false,
            registrations: 0,
            gateway_registrations: 0,
            registration_s: None,
            registered_ns: None,
            reg_infos: 0,
            reg_states: Vec::new(),
            messages_sent: (0, 0),
            messages_received: 0,
            calls: (0, 0, 0),
            answers: (0, 0),
            notifications: 0,
            heard: None,
            spoke: Vec::new(),
            listened: Vec::new(),
            mc: None,
            ways_ns: Vec::new(),
            unicast: None,
            messages_ns: Vec::new(),
            calls_ns: Vec::new(),
            setup_s: None,
            troubles: Vec::new(),
        }
    }

    fn trouble(&mut self, words: String) {
        if self.troubles.len() < TROUBLES_MAX {
            self.troubles.push(words);
        }
    }
}

impl Model {
    pub(super) fn apply_ims(&mut self, t: u64, ue: &str, fact: &ImsFact) -> Result<(), ModelError> {
        self.ue_mut(ue)?;
        let is_of_message = self.apply_short_message(t, ue, fact) || self.apply_multimedia_message(t, ue, fact);
        if is_of_message || self.apply_identity_hop(ue, fact) {
            return Ok(());
        }
        let run = self.ims_mut(ue);
        match fact {
            ImsFact::Registered { after_s, .. } => {
                run.is_registered = true;
                run.registrations += 1;
                run.registration_s.get_or_insert(*after_s);
                run.registered_ns.get_or_insert(t);
            }
            ImsFact::RegistrationFailed { why } => run.trouble(format!("registration failed: {why}")),
            ImsFact::Unregistered { why } => {
                run.is_registered = false;
                run.trouble(format!("unregistered: {why}"));
            }
            ImsFact::RegInfo { states } => {
                run.reg_infos += 1;
                run.reg_states.clone_from(states);
            }
            ImsFact::MessageSent { .. } => run.messages_sent.0 += 1,
            ImsFact::MessageAnswered { number, status, why } => match (status, why) {
                (Some(_), _) => run.messages_sent.1 += 1,
                (None, why) => run.trouble(format!("message {number}: {}", why.as_deref().unwrap_or("no answer"))),
            },
            ImsFact::MessageReceived { number, .. } => {
                run.messages_received += u64::from(number.is_some());
                if run.messages_ns.len() < TIMES_MAX {
                    run.messages_ns.push(t);
                }
            }
            ImsFact::Calls { .. } | ImsFact::Incoming { .. } => run.calls.0 += 1,
            ImsFact::Established { after_s } => {
                run.calls.1 += 1;
                run.setup_s = Some(*after_s);
                if run.calls_ns.len() < TIMES_MAX {
                    run.calls_ns.push((t, None));
                }
            }
            ImsFact::Ended { why } => {
                run.calls.2 += 1;
                if let Some((_, to_ns @ None)) = run.calls_ns.last_mut() {
                    *to_ns = Some(t);
                }
                run.trouble(format!("call ended: {why}"));
            }
            ImsFact::Answered { what, why } => match why {
                None => run.answers.0 += 1,
                Some(why) => {
                    run.answers.1 += 1;
                    run.trouble(format!("{what}: {why}"));
                }
            },
            ImsFact::Notified { package, state, .. } => {
                run.notifications += 1;
                run.trouble(format!("notified: {package} {state}"));
            }
            ImsFact::Heard { parts } => {
                let audible = parts.iter().filter(|(_, part)| *part >= AUDIBLE).map(|(ue, _)| ue.as_str());
                let words = format!("hears {}", audible.collect::<Vec<_>>().join(" and "));
                run.trouble(words);
                run.heard = Some(parts.clone());
            }
            ImsFact::McCall(figures) => run.mc = Some(*figures),
            ImsFact::Mc { what } | ImsFact::Migration { what } => run.trouble(what.clone()),
            ImsFact::Talks { content } => run.trouble(format!("says {content}")),
            ImsFact::Spoke { packets, first, last, .. } => run.spoke.push((*packets, *first, *last)),
            ImsFact::Listened(heard) => {
                if run.listened.len() < TIMES_MAX {
                    run.listened.push(heard.clone());
                }
            }
            ImsFact::Listens { over_mbms } => {
                if run.ways_ns.len() < TIMES_MAX {
                    run.ways_ns.push((t, *over_mbms));
                }
            }
            ImsFact::ChangeRefused { why } => run.trouble(format!("change of the session refused: {why}")),
            ImsFact::CoverageLost { access } => run.trouble(format!("coverage of the {access} lost")),
            ImsFact::CoverageBack { access } => run.trouble(format!("coverage of the {access} back")),
            &ImsFact::Unicast { messages, octets, lost, repeated, dropped, uncovered, waited_ms } => {
                run.unicast = Some(UnicastRun { messages, octets, lost, repeated, dropped, uncovered, waited_ms });
            }
            ImsFact::SmsRegistered { expires_s, refreshed } => {
                run.gateway_registrations += 1;
                let how = if *refreshed { "again " } else { "" };
                run.trouble(format!("registered {how}with the IP-Message-GW for {expires_s} s"));
            }
            ImsFact::SmsUnregistered { why } => run.trouble(format!("left the IP-Message-GW: {why}")),
            ImsFact::SmsReceived { from, by, .. } => {
                run.trouble(format!("a short message of {from} that nobody waits for, by {by}"))
            }
            ImsFact::SmsReported { status, .. } => {
                run.trouble(format!("status report of an unknown message: {status}"))
            }
            ImsFact::Sms { what } | ImsFact::Mms { what } => run.trouble(what.clone()),
            ImsFact::MmsNotified { from, .. } => run.trouble(format!("a message of {from} waits that nobody has sent")),
            ImsFact::MmsReceived { from, by, .. } => {
                run.trouble(format!("a multimedia message of {from} that nobody waits for, by {by}"));
            }
            ImsFact::MmsReported { status, .. } | ImsFact::MmsWasRead { status, .. } => {
                run.trouble(format!("report about an unknown multimedia message: {status}"));
            }
            ImsFact::MmsSent { .. } | ImsFact::MmsTaken { .. } | ImsFact::MmsResponded { .. } => {}
            ImsFact::SmsSent { .. } | ImsFact::SmsPartTaken { .. } | ImsFact::SmsTaken { .. } => {}
            ImsFact::WatchEnded { package, why } => run.trouble(format!("{package} ended: {why}")),
            ImsFact::BearerLost => run.trouble("radio bearer lost".into()),
            ImsFact::Progress { .. } | ImsFact::Hold { .. } | ImsFact::BearerRestored | ImsFact::IdentityHop(_) => {}
        }
        Ok(())
    }
}

/// From this part of its amplitude on a tone is heard: half.
pub(crate) const AUDIBLE: f64 = 0.5;
/// Words that are kept of each UE.
const TROUBLES_MAX: usize = 20;
/// Instants that are kept of each UE and kind.
const TIMES_MAX: usize = 200;
