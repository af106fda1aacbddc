//! Steps of mission critical services: what clients do, where UEs go, servers that die.

use super::Runner;
use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::scenario::{Access, McStep, mc_box};

impl Runner<'_> {
    /// Does a step of mission critical services.
    pub(super) fn mc_step(&mut self, step: &McStep) -> Result<&'static str, CommandError> {
        match step {
            McStep::Move { area, .. } => {
                for name in self.clients_of(step) {
                    self.mc_move(&name, area.is_some())?;
                }
            }
            McStep::Kill { server } => {
                if let (Some(ims), Some(own)) = (&mut self.ims, mc_box(*server)) {
                    ims.network.fabric.set_down(self.now, own.name, true);
                }
            }
            _ => {
                return Err(CommandError::Usage(format!(
                    "{step}: this version has no MC clients and servers to do it"
                )));
            }
        }
        self.drain_ims(self.now)?;
        Ok("done")
    }

    /// Names of the UEs with an MC client that a step names.
    fn clients_of(&self, step: &McStep) -> Vec<String> {
        let Some(selector) = step.ue() else { return Vec::new() };
        let ues = self.loaded.scenario.ues.iter().filter(|ue| ue.mc.is_some() && selector.selects(&ue.name));
        ues.map(|ue| ue.name.clone()).collect()
    }

    /// A UE has the coverage of the carrier from here on, or has not.
    fn mc_move(&mut self, ue: &str, is_covered: bool) -> Result<(), CommandError> {
        self.air.iter_mut().for_each(|air| air.set_covered(ue, is_covered));
        let access = Access::Mbms;
        let fact = if is_covered { ImsFact::CoverageBack { access } } else { ImsFact::CoverageLost { access } };
        self.observer.fact(self.now, What::Ims { ue: ue.to_owned(), fact })
    }
}
