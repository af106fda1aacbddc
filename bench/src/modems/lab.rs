//! Which modem of a lab is which UE, and how it is driven.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hil::modem::{ModemConfig, ModemProfile, RecoveryBudget, Rung};

use super::data_path::DataPath;
use super::link::Link;
use super::real::{OPEN_PATIENCE, RealLine};
use super::{ModemKind, UeModem};
use crate::errors::CommandError;
use crate::rig::{Lab, LabModem, Rig};
use crate::scenario::{Access, MbmsStep, Scenario, ServiceStep, StepAction};

/// For what a power switch takes beside the time that it is off.
const SWITCH_TIME: Duration = Duration::from_secs(30);

/// The modem that is a UE: the one that names it, or the next of those that name none.
pub(crate) fn lab_modem<'r>(rig: &'r Rig, scenario: &Scenario, ue: &str) -> Option<&'r LabModem> {
    let own = |name: &str| rig.lab.modems.iter().find(|modem| modem.ue.as_deref() == Some(name));
    let nameless = rig.lab.modems.iter().filter(|modem| modem.ue.is_none());
    own(ue).or_else(|| {
        let mut left = scenario.ues.iter().filter(|ue| own(&ue.name).is_none()).zip(nameless);
        left.find(|(owner, _)| owner.name == ue).map(|(_, modem)| modem)
    })
}

/// Refuses a scenario whose UEs the modems of the lab cannot be.
///
/// # Errors
/// There are too few, one that has to get messages has no number, a profile cannot be read.
pub(crate) fn check_lab(rig: &Rig, scenario: &Scenario) -> Result<(), CommandError> {
    if ModemKind::of(rig, scenario) != ModemKind::Real {
        return Ok(());
    }
    for ue in &scenario.ues {
        let modem = modem_of(rig, scenario, &ue.name)?;
        modem.profile.as_deref().map(load_profile).transpose()?;
    }
    for step in &scenario.steps {
        if let StepAction::Service(ServiceStep::Mbms(
            MbmsStep::CoverageLost { access: Access::Mbms, .. } | MbmsStep::CoverageBack { access: Access::Mbms, .. },
        )) = &step.action
        {
            return Err(CommandError::Usage(format!(
                "rig {}: nobody takes the coverage of the broadcast carrier away from real modems; leave out: {}",
                rig.name, step.description
            )));
        }
        if let StepAction::SendSms { to, .. } = &step.action {
            let modem = modem_of(rig, scenario, to)?;
            if modem.number.is_none() {
                return Err(CommandError::Usage(format!(
                    "UE {to} is sent a message, and [[modem]] {} has no `number`, the international one of its SIM",
                    modem.name
                )));
            }
        }
    }
    Ok(())
}

fn modem_of<'r>(rig: &'r Rig, scenario: &Scenario, ue: &str) -> Result<&'r LabModem, CommandError> {
    lab_modem(rig, scenario, ue).ok_or_else(|| {
        let (modems, ues) = (rig.lab.modems.len(), scenario.ues.len());
        CommandError::Usage(format!(
            "rig {} has no modem for UE {ue}: {modems} [[modem]] for {ues} UEs, and `ue` says which is whose",
            rig.name
        ))
    })
}

/// A shipped profile or a file.
pub(crate) fn load_profile(name: &str) -> Result<ModemProfile, CommandError> {
    let path = Path::new(name);
    if !path.exists() {
        return ModemProfile::shipped(name).map_err(|e| CommandError::Usage(format!("{e}, and there is no such file")));
    }
    let text = fs::read_to_string(path).map_err(|source| CommandError::Read { path: path.to_owned(), source })?;
    ModemProfile::parse(&text).map_err(|e| CommandError::Usage(format!("{name}: {e}")))
}

/// Opens the modem of each UE.
pub(super) fn open(rig: &Rig, scenario: &Scenario, destinations: &[SocketAddr]) -> Result<Vec<UeModem>, CommandError> {
    let ues = scenario.ues.iter().map(|ue| {
        let modem = modem_of(rig, scenario, &ue.name)?;
        let data = modem.data_interface.as_deref().map(|name| DataPath::open(name, destinations)).transpose()?;
        let line = RealLine::open(&rig.lab, modem, data)?;
        let name = format!("modem of {} ({} at {})", ue.name, modem.name, modem.at());
        let config = ModemConfig {
            name: name.clone(),
            profile: modem.profile.as_deref().map(load_profile).transpose()?,
            pin: modem.pin.clone(),
            recovery: recovery(&rig.lab, modem),
            ..ModemConfig::default()
        };
        let number = modem.number.clone().unwrap_or_default();
        Ok(UeModem::new(name, Link::Real(Box::new(line)), number, config))
    });
    ues.collect()
}

/// What may be done about a modem: its power is switched where the rig names a switch.
fn recovery(lab: &Lab, modem: &LabModem) -> RecoveryBudget {
    let mut budget = RecoveryBudget::default();
    for (rung, name) in [(Rung::UsbPort, &modem.usb_port), (Rung::PowerOutlet, &modem.power)] {
        if let Some(switch) = name.as_deref().and_then(|name| lab.power_switch(name)) {
            let off = Duration::from_secs_f64(switch.off_s);
            budget.rungs.push(rung);
            budget.outside = budget.outside.max(off + SWITCH_TIME + OPEN_PATIENCE);
            budget.whole += off + SWITCH_TIME + OPEN_PATIENCE;
        }
    }
    budget
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rig(modems: &str) -> Rig {
        let text = format!("clock = 'paced'\nradio = 'file'\nues = 'modems'\n[file]\nrecording = 'a'\n{modems}");
        Rig::parse(Path::new("/lab/rig.toml"), &text).unwrap()
    }

    fn messages() -> Scenario {
        let file = fixtures::scenario("sms/over_the_modem.toml");
        let mut scenario = Scenario::load(&file, &crate::scenario::Overrides::default()).unwrap().scenario;
        scenario.ues.truncate(2);
        let ues: Vec<String> = scenario.ues.iter().map(|ue| ue.name.clone()).collect();
        scenario.steps.retain(|step| !matches!(&step.action, StepAction::SendSms { to, .. } if !ues.contains(to)));
        scenario
    }

    #[test]
    fn modems_are_the_ues_that_they_name_and_the_others_in_order() {
        let scenario = messages();
        let names: Vec<&str> = scenario.ues.iter().map(|ue| ue.name.as_str()).collect();
        let [first, second] = names[..] else { panic!("{names:?}") };
        let text = format!(
            "[[modem]]\nname = 'a'\nport = 'a'\nnumber = '+4915112345678'\n[[modem]]\nname = 'b'\nport = 'b'\n\
             number = '4915112345679'\nue = '{first}'\npower = 'p'\n[[power_switch]]\nname = 'p'\nkind = 'simulated'\n\
             file = 'p'\noff_s = 40\n"
        );
        let rig = rig(&text);
        let of = |ue| lab_modem(&rig, &scenario, ue).map(|modem| modem.name.as_str());
        assert_eq!((of(first), of(second), of("nobody")), (Some("b"), Some("a"), None));
        assert!(check_lab(&rig, &scenario).is_ok());
        assert_eq!(rig.lab.modems[0].number.as_deref(), Some("4915112345678"));
        let [without, with] = [0, 1].map(|i| recovery(&rig.lab, &rig.lab.modems[i]));
        assert_eq!(without, RecoveryBudget::default());
        assert!(with.rungs.contains(&Rung::PowerOutlet) && with.outside > Duration::from_secs(60), "{with:?}");
    }

    #[test]
    fn what_a_scenario_needs_and_a_lab_has_not_is_said() {
        let scenario = messages();
        let two = "[[modem]]\nname = 'a'\nport = 'a'\nnumber = '4915112345678'\n[[modem]]\nname = 'b'\nport = 'b'\n";
        for (modems, says) in [
            ("[[modem]]\nname = 'a'\nport = 'a'\n".to_owned(), "has no modem for UE "),
            (two.to_owned(), "[[modem]] b has no `number`"),
            (format!("{two}number = '4915112345679'\nprofile = 'nokia'\n"), "there is no such file"),
        ] {
            let error = check_lab(&rig(&modems), &scenario).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
