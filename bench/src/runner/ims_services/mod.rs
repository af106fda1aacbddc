//! Steps that need services, and what UEs hear of them. Each service has a file of its own.

mod conference;
mod exposure;
mod identity;
mod listening;
mod mbms;
mod messaging;
mod presence;
mod web;
mod xdm;

use hil::agent::sip::{AgentCommand, WatchId};
use protocol::Instant;
use protocol::sip::SubscriptionRequest;

use super::Runner;
use crate::errors::CommandError;
use crate::ims::agent::ImsUe;
use crate::scenario::{Selector, ServiceStep};

pub(super) use mbms::speech;
pub(super) use messaging::{chatted, disposed};
pub(super) use presence::published;
pub(super) use web::ask_to;

/// Expiry that UEs ask for, seconds.
const EXPIRES_S: u32 = 3600;

impl Runner<'_> {
    /// Does a step that needs a service.
    pub(super) fn service_step(&mut self, step: &ServiceStep) -> Result<&'static str, CommandError> {
        let places = self.those_who_act(&step.ues());
        match step {
            ServiceStep::Presence(step) => self.presence_step(&places, step)?,
            ServiceStep::Xdm(step) => self.xdm_step(&places, step)?,
            ServiceStep::Conference(step) => self.conference_step(&places, step)?,
            ServiceStep::Messaging(step) => self.messaging_step(&places, step)?,
            ServiceStep::Identity(step) => self.identity_step(&places, step)?,
            ServiceStep::Mbms(step) => self.mbms_step(&places, step)?,
            ServiceStep::Exposure(step) => return self.exposure_step(step),
        }
        self.drain_network(self.now)?;
        Ok("done")
    }

    /// Places of the UEs that a step names first: they do what it says.
    fn those_who_act(&self, ues: &[(&'static str, Selector)]) -> Vec<usize> {
        let Some((ims, (_, first))) = self.ims.as_ref().zip(ues.first()) else { return Vec::new() };
        ims.selected(first)
    }
}

/// A UE subscribes to what a service tells.
fn watch(now: Instant, own: &mut ImsUe, to: &str, event: &str, accept: &str) {
    let wanted = SubscriptionRequest {
        to: to.to_owned(),
        event: event.to_owned(),
        accept: accept.to_owned(),
        expires_s: EXPIRES_S,
        headers: Vec::new(),
    };
    let watch = WatchId(own.state.new_watch(event));
    own.command(now, AgentCommand::Watch { watch, wanted });
}
