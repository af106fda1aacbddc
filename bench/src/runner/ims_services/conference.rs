//! Conferences: UEs have them made, join, watch and leave them.

use hil::agent::sip::AgentCommand;
use protocol::Instant;

use super::watch;
use crate::errors::CommandError;
use crate::ims::agent::ImsUe;
use crate::ims::services::conference;
use crate::runner::Runner;
use crate::scenario::ConferenceStep;

impl Runner<'_> {
    pub(super) fn conference_step(&mut self, places: &[usize], step: &ConferenceStep) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        for &place in places {
            match step {
                ConferenceStep::ConferenceCreate { .. } => {
                    let own = &mut ims.network.ues[place];
                    let factory = conference::factory(own.domain());
                    call(now, own, factory);
                }
                ConferenceStep::ConferenceJoin { to, .. } => {
                    let other = ims.network.ues.iter().find(|ue| ue.name == *to);
                    let conference = other.and_then(|ue| ue.state.conference.clone()).unwrap_or_default();
                    call(now, &mut ims.network.ues[place], conference);
                }
                ConferenceStep::ConferenceWatch { .. } => {
                    let own = &mut ims.network.ues[place];
                    let conference = own.state.conference.clone().unwrap_or_default();
                    watch(now, own, &conference, "conference", "application/conference-info+xml");
                }
                ConferenceStep::ConferenceLeave { .. } => {
                    let own = &mut ims.network.ues[place];
                    if let Some(call) = own.state.call {
                        own.command(now, AgentCommand::HangUp(call));
                    }
                }
            }
        }
        Ok(())
    }
}

fn call(now: Instant, own: &mut ImsUe, to: String) {
    let call = own.new_call();
    own.state.begin_call(now, call, false);
    let sdp = conference::description(own.contact);
    own.command(now, AgentCommand::Call { call, to, sdp, headers: Vec::new() });
}
