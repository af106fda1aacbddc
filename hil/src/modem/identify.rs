//! Who a modem is, whether that is the one that is expected, and which profile it is driven by.

use super::ModemOutput;
use super::bring_up::{Flow, Step};
use super::machine::Modem;
use super::profile::ModemProfile;
use crate::at::ts27007::{Identity, ReadIdentity, Request};
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
        if step == Step::Imei {
            if let Some(why) = mismatch("IMEI", self.config.expected.imei.as_ref(), self.identity.imei.as_ref()) {
                return Flow::Hopeless(why);
            }
            self.choose_profile();
        }
        Flow::Go(self.after(step))
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
        let (expected, told) = (&self.config.expected, &self.identity);
        let imsi = || mismatch("IMSI", expected.imsi.as_ref(), told.imsi.as_ref());
        let iccid = || mismatch("SIM's ICCID", expected.iccid.as_ref(), told.iccid.as_ref());
        if let Some(why) = imsi().or_else(iccid) {
            self.quarantine(why);
        }
    }

    /// How its port is spoken to.
    pub(super) fn at_config(&self) -> AtConfig {
        self.config.profile.as_ref().map_or_else(|| of_any(&self.config.profiles), ModemProfile::at_config)
    }
}

/// Why a modem is not the one that is expected.
fn mismatch(what: &str, expected: Option<&String>, told: Option<&String>) -> Option<String> {
    let expected = expected?;
    (told != Some(expected)).then(|| match told {
        Some(told) => format!("its {what} is {told}, and the rig expects {expected}: is another modem on this port?"),
        None => format!("it does not tell its {what}, and the rig expects {expected}"),
    })
}

/// How a modem of which nothing is known is listened to: what any kind may say is no answer.
pub(super) fn of_any(profiles: &[ModemProfile]) -> AtConfig {
    let mut config = ModemProfile::generic().at_config();
    let shipped = ModemProfile::all_shipped();
    profiles.iter().chain(&shipped).flat_map(|profile| &profile.urcs).for_each(|name| config.urcs.add(name));
    config
}
