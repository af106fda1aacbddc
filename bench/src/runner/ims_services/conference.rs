//! Conferences: UEs have them made, join, watch and leave them.

use hil::agent::sip::{AgentCommand, ReferRequest, WatchId};
use protocol::Instant;

use super::watch;
use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::agent::ImsUe;
use crate::ims::services::conference;
use crate::runner::Runner;
use crate::runner::ims::RunNetwork;
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
                    let other = ims.network.ues.named(to);
                    let conference = other.and_then(|ue| ue.state.conference.clone()).unwrap_or_default();
                    call(now, &mut ims.network.ues[place], conference);
                }
                ConferenceStep::ConferenceWatch { .. } => {
                    let own = &mut ims.network.ues[place];
                    let conference = own.state.conference.clone().unwrap_or_default();
                    watch(now, own, &conference, "conference", "application/conference-info+xml");
                }
                ConferenceStep::ConferenceInvite { to, .. } => refer(now, ims, place, to, "INVITE"),
                ConferenceStep::ConferenceExpel { to, .. } => refer(now, ims, place, to, "BYE"),
                ConferenceStep::ConferenceListen { .. } => {
                    let (ue, fact) = hearing(&ims.network.ues, place);
                    self.observer.fact(now, What::Ims { ue, fact })?;
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
    own.state.has_audio = true;
    let sdp = own.audio.offer();
    own.command(now, AgentCommand::Call { call, to, sdp, headers: Vec::new(), parts: Vec::new() });
}

/// The focus of a UE is to call another one, or to let it go.
fn refer(now: Instant, ims: &mut RunNetwork, place: usize, to: &str, method: &str) {
    let other = ims.network.ues.named(to).map(|ue| ue.impu.clone());
    let own = &mut ims.network.ues[place];
    let wanted = ReferRequest {
        to: own.state.conference.clone().unwrap_or_default(),
        refer_to: format!("<{};method={method}>", other.unwrap_or_default()),
        ..ReferRequest::default()
    };
    let watch = WatchId(own.state.new_watch("refer"));
    own.command(now, AgentCommand::Refer { watch, wanted });
}

/// How loud each UE with audio is where this one hears it; who is not in a conference says nothing.
fn hearing(ues: &[ImsUe], place: usize) -> (String, ImsFact) {
    let tones: Vec<_> = ues.iter().map(|ue| ue.audio.tone_hz()).collect();
    let parts = ues[place].audio.hearing(&tones);
    let heard = ues.iter().zip(parts).map(|(ue, part)| (ue.name.clone(), part)).collect();
    (ues[place].name.clone(), ImsFact::Heard { parts: heard })
}
