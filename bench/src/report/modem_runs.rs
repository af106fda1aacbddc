//! What is known of the modems of a run and of the messages that went through them.

use super::model::Model;
use crate::backends::REAL_MODEM;
use crate::event::{BoxBackend, ModemFact, SmsFact};
use crate::report::text;

/// The modem of a UE.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ModemRun {
    /// UE.
    pub ue: String,
    /// Who it says it is, and the profile that it was driven by.
    pub identity: Option<(String, String)>,
    /// Where it was last.
    pub state: Option<String>,
    /// Registrations, the newest of each domain.
    pub registrations: Vec<(String, String)>,
    /// Signal of its unicast cell, the newest: RSRP in dBm, RSRQ in dB.
    pub signal: Option<(Option<f32>, Option<f32>)>,
    /// Sessions that it was told to receive, and what it said when it refused.
    pub services: Vec<(String, Option<String>)>,
    /// What was done to bring it back: when, what, why; the first ones.
    pub rungs: Vec<(u64, String, String)>,
    /// Why it was given up.
    pub failed: Option<String>,
}

/// A text message.
#[derive(Clone, PartialEq, Debug)]
pub struct MessageRun {
    /// From 1.
    pub number: u64,
    /// UE that sends.
    pub from: String,
    /// UE that it is for.
    pub to: String,
    /// The text.
    pub text: String,
    /// When it was submitted.
    pub at_ns: u64,
    /// TP-MR, or why it was not sent; `None`: nothing was said.
    pub sent: Option<Result<u8, String>>,
    /// Seconds to its arrival.
    pub after_s: Option<f64>,
}

impl MessageRun {
    /// What became of it, after "message N".
    pub fn fate(&self) -> String {
        let whose = format!("from {} to {}", self.from, self.to);
        match (&self.sent, self.after_s) {
            (_, Some(after_s)) => format!("{whose} arrived after {}", text::seconds(after_s)),
            (Some(Ok(_)), None) => format!("{whose} was sent and did not arrive"),
            (Some(Err(why)), None) => format!("{whose} was not sent: {why}"),
            (None, None) => format!("{whose} was not sent: the modem has not said what became of it"),
        }
    }
}

impl Model {
    pub(super) fn apply_modem(&mut self, t: u64, ue: &str, fact: &ModemFact) {
        let place = self.modems.iter().position(|m| m.ue == ue).unwrap_or_else(|| {
            self.modems.push(ModemRun { ue: ue.to_owned(), ..ModemRun::default() });
            self.modems.len() - 1
        });
        if let ModemFact::Identified { device, .. } = fact {
            self.identify_box(ue, device);
        }
        let modem = &mut self.modems[place];
        match fact.clone() {
            ModemFact::Identified { device, profile } => modem.identity = Some((device, profile)),
            ModemFact::State { state } => modem.state = Some(state),
            ModemFact::Registration { domain, status } => {
                match modem.registrations.iter_mut().find(|r| r.0 == domain) {
                    Some(known) => known.1 = status,
                    None => modem.registrations.push((domain, status)),
                }
            }
            ModemFact::Signal { rsrp_dbm, rsrq_db, .. } => modem.signal = Some((rsrp_dbm, rsrq_db)),
            ModemFact::ServiceActivated { session } => modem.set_service(session, None),
            ModemFact::ServiceRefused { session, why } => modem.set_service(session, Some(why)),
            ModemFact::Rung { rung, why } => {
                if modem.rungs.len() < RUNGS_LIMIT {
                    modem.rungs.push((t, rung, why));
                }
            }
            ModemFact::Failed { why } => drop(modem.failed.get_or_insert(why)),
        }
    }

    /// Who the real modem of a UE is, known from now on.
    fn identify_box(&mut self, ue: &str, device: &str) {
        let is_its = |own: &&mut BoxBackend| own.name == "modem" && own.ue.as_deref() == Some(ue);
        if let Some(own) = self.header.boxes.iter_mut().find(is_its)
            && own.backend.starts_with(REAL_MODEM)
            && !own.backend.contains(device)
        {
            own.backend = format!("{}, {device}", own.backend);
        }
    }

    pub(super) fn apply_sms(&mut self, t: u64, number: u64, fact: &SmsFact) {
        if let SmsFact::Submitted { from, to, text } = fact {
            if self.messages.len() < MESSAGES_LIMIT {
                let (from, to, text) = (from.clone(), to.clone(), text.clone());
                self.messages.push(MessageRun { number, from, to, text, at_ns: t, sent: None, after_s: None });
            }
            return;
        }
        let Some(message) = self.messages.iter_mut().find(|m| m.number == number) else { return };
        match fact {
            SmsFact::Submitted { .. } => {}
            SmsFact::Sent { reference } => message.sent = Some(Ok(*reference)),
            SmsFact::NotSent { why } => message.sent = Some(Err(why.clone())),
            SmsFact::Delivered { after_s } => drop(message.after_s.get_or_insert(*after_s)),
        }
    }
}

impl ModemRun {
    fn set_service(&mut self, session: String, refusal: Option<String>) {
        match self.services.iter_mut().find(|s| s.0 == session) {
            Some(known) => known.1 = refusal,
            None => self.services.push((session, refusal)),
        }
    }
}

const RUNGS_LIMIT: usize = 200;
const MESSAGES_LIMIT: usize = 10_000;
