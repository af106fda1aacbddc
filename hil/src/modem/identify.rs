//! Who a modem is, whether that is the one that is expected, and which profile it is driven by.

use super::ModemOutput;
use super::bring_up::{Flow, Step};
use super::machine::Modem;
use super::profile::ModemProfile;
use crate::at::ts27007::{Identity, ReadIccid, ReadIdentity, Request};
use crate::at::{AtConfig, AtResponse};

impl Modem {
    pub(super) fn identified(&mut self, step: Step, response: &AtResponse) -> Flow {
        let identity = match step {
            Step::Manufacturer => Identity::Manufacturer,
            Step::Model => Identity::Model,
            Step::Revision => Identity::Revision,
            Step::Imei => Identity::Imei,
            _ => Identity::Imsi,
        };
        let told = ReadIdentity(identity).answer(response);
        if let Err(why) = &told {
            self.note(why.to_string());
        }
        let told = told.ok();
        match step {
            Step::Manufacturer => self.identity.manufacturer = told,
            Step::Model => self.identity.model = told,
            Step::Revision => self.identity.revision = told,
            Step::Imei => self.identity.imei = told,
            _ => self.identity.imsi = told,
        }
        let is_untold = match step {
            Step::Imei => self.config.expected.imei.is_some() && self.identity.imei.is_none(),
            Step::Imsi => self.config.expected.imsi.is_some() && self.identity.imsi.is_none(),
            _ => false,
        };
        if is_untold {
            return Flow::Again;
        }
        if step == Step::Imei {
            if let Some(why) = self.is_another() {
                return Flow::Hopeless(why);
            }
            self.choose_profile();
        }
        Flow::Go(self.after(step))
    }

    /// The ICCID was asked for in one of two ways.
    pub(super) fn card_told(&mut self, how: ReadIccid, response: &AtResponse) -> Flow {
        self.identity.iccid = how.answer(response).ok();
        let is_untold = self.identity.iccid.is_none() && self.config.expected.iccid.is_some();
        if is_untold && how == ReadIccid::Ccid { Flow::Again } else { Flow::Go(self.after(Step::Iccid(how))) }
    }

    /// What it does not tell although it is expected to be somebody.
    pub(super) fn untold(&self) -> Option<String> {
        let (expected, told) = (&self.config.expected, &self.identity);
        let all = [
            ("IMEI", &expected.imei, &told.imei),
            ("IMSI", &expected.imsi, &told.imsi),
            ("SIM's ICCID", &expected.iccid, &told.iccid),
        ];
        let (what, expected) = all
            .into_iter()
            .find_map(|(what, expected, told)| Some((what, expected.as_ref().filter(|_| told.is_none())?)))?;
        Some(format!("it does not tell its {what}, and the rig expects {expected}"))
    }

    /// Why it is not the one that is expected, as far as it has told.
    fn is_another(&self) -> Option<String> {
        let (expected, told) = (&self.config.expected, &self.identity);
        mismatch("IMEI", expected.imei.as_ref(), told.imei.as_ref())
            .or_else(|| mismatch("IMSI", expected.imsi.as_ref(), told.imsi.as_ref()))
            .or_else(|| mismatch("SIM's ICCID", expected.iccid.as_ref(), told.iccid.as_ref()))
    }

    /// The profile of who it is, unless one was given.
    fn choose_profile(&mut self) {
        if self.config.profile.is_some() {
            return;
        }
        let known = self.config.profiles.iter().cloned().chain(ModemProfile::all_shipped());
        let chosen = known.into_iter().find(|profile| profile.is_for(&self.identity));
        self.profile = chosen.unwrap_or_else(ModemProfile::generic);
        self.identity.profile.clone_from(&self.profile.name);
        self.embms.grammar = self.profile.embms_grammar();
        let terminator = self.engine.terminator();
        let config = self.profile.at_config();
        // What it has been answering to is better than what it should answer to.
        let terminator = if terminator == "\r" { config.terminator } else { terminator };
        self.engine.reconfigure(AtConfig { terminator, ..config });
    }

    pub(super) fn tell_identity(&mut self) {
        self.put(ModemOutput::Identity(self.identity.clone()));
        // What it was not asked, as that hangs, it has not told either.
        if let Some(why) = self.is_another().or_else(|| self.untold()) {
            self.quarantine(why);
        }
    }

    /// How its port is spoken to.
    pub(super) fn at_config(&self) -> AtConfig {
        self.config.profile.as_ref().map_or_else(|| of_any(&self.config.profiles), ModemProfile::at_config)
    }
}

/// Why a modem that has told something is not the one that is expected.
fn mismatch(what: &str, expected: Option<&String>, told: Option<&String>) -> Option<String> {
    let (expected, told) = (expected?, told?);
    let why = format!("its {what} is {told}, and the rig expects {expected}: is another modem on this port?");
    (told != expected).then_some(why)
}

/// How a modem of which nothing is known is listened to: what any kind may say is no answer.
pub(super) fn of_any(profiles: &[ModemProfile]) -> AtConfig {
    let mut config = ModemProfile::generic().at_config();
    let shipped = ModemProfile::all_shipped();
    profiles.iter().chain(&shipped).flat_map(|profile| &profile.urcs).for_each(|name| config.urcs.add(name));
    config
}
