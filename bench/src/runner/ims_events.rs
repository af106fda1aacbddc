//! What UE agents tell becomes facts, and what steps wait for.

use hil::agent::media::Way;
use hil::agent::sip::{AgentCommand, AgentEvent, CallId, HoldState};
use protocol::Instant;

use super::Runner;
use super::ims_services::{chatted, disposed, published};
use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::agent::{Attended, ImsUe, ImsUeState, is_chat};
use crate::ims::services::mbms::group_of;
use crate::ims::services::messaging::words;

impl Runner<'_> {
    /// An agent has something to tell.
    pub(super) fn ims_event(&mut self, now: Instant, index: usize, event: AgentEvent) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let own = &mut ims.network.ues[index];
        let ue = own.name.clone();
        let fact = match event {
            AgentEvent::Ignored { what, why } => {
                let text = format!("{ue}: {what} ignored: {why}");
                return self.observer.fact(now, What::Note { text });
            }
            event => told(now, own, event),
        };
        fact.map_or(Ok(()), |fact| self.observer.fact(now, What::Ims { ue, fact }))
    }
}

/// The fact in an event, and what the UE does of itself.
fn told(now: Instant, own: &mut ImsUe, event: AgentEvent) -> Option<ImsFact> {
    let since = |from: Instant| now.saturating_duration_since(from).as_secs_f64();
    let fact = match event {
        AgentEvent::Registered(registered) => {
            own.state.is_registered = true;
            own.state.registered_in_step += 1;
            let (expires_s, refreshed) = (registered.expires_s, registered.refreshed);
            ImsFact::Registered { expires_s, refreshed, after_s: since(own.state.register_from) }
        }
        AgentEvent::RegistrationFailed { why, .. } => ImsFact::RegistrationFailed { why },
        AgentEvent::Unregistered(why) => {
            (own.state.is_registered, own.state.is_subscribed) = (false, false);
            ImsFact::Unregistered { why: format!("{why:?}") }
        }
        AgentEvent::RegInfo(info) => {
            own.state.is_subscribed = true;
            let states = info.registrations.iter().map(|r| format!("{} {:?}", r.aor, r.state)).collect();
            ImsFact::RegInfo { states }
        }
        AgentEvent::MessageResult { token, result } => {
            own.state.unanswered = own.state.unanswered.saturating_sub(1);
            let (status, why) = match result {
                Ok(status) => (Some(status), None),
                Err(why) => (None, Some(why.to_string())),
            };
            ImsFact::MessageAnswered { number: token, status, why }
        }
        AgentEvent::MessageReceived(message) => {
            let text = words(&message.content_type, &message.body);
            own.received(now, message.from, &text)
        }
        AgentEvent::PublishResult { token, result } => return published(own, token, result),
        AgentEvent::Disposition { imdn, .. } => disposed(own, &imdn),
        AgentEvent::Chat { event, .. } => return chatted(now, own, event),
        AgentEvent::Notified { watch, state, content_type, body } => {
            own.state.notified_in_step += 1;
            let package = own.state.watches.get(&watch.0).cloned().unwrap_or_default();
            let text = String::from_utf8_lossy(&body).chars().take(CONTENT_MAX).collect();
            ImsFact::Notified { package, state, content_type, text }
        }
        AgentEvent::WatchEnded { watch, why } => {
            let package = own.state.watches.remove(&watch.0).unwrap_or_default();
            ImsFact::WatchEnded { package, why }
        }
        other => return call(now, own, other),
    };
    Some(fact)
}

/// The fact in an event of a call.
fn call(now: Instant, own: &mut ImsUe, event: AgentEvent) -> Option<ImsFact> {
    Some(match event {
        AgentEvent::Incoming { call, from, sdp, .. } => {
            own.state.begin_call(now, call, true);
            own.state.group = group_of(&from, own.domain());
            own.state.is_chat = sdp.as_deref().is_some_and(is_chat);
            own.state.offer = sdp;
            own.answers_at = own.answers_after.map(|after| now + after);
            own.command(now, AgentCommand::Ring(call));
            ImsFact::Incoming { from }
        }
        AgentEvent::Progress { status, .. } => {
            own.state.is_ringing |= status == 180;
            ImsFact::Progress { status }
        }
        AgentEvent::Established { sdp, .. } => {
            if own.state.has_audio {
                own.audio.begin(now, &sdp);
            }
            (own.state.is_established, own.state.is_incoming) = (true, false);
            if let Some(group) = own.state.group.clone() {
                own.state.attended.push(Attended { group, from: now, until: None });
                own.agreed(now, &sdp);
            }
            let after_s = now.saturating_duration_since(own.state.call_from).as_secs_f64();
            ImsFact::Established { after_s }
        }
        AgentEvent::Modified { hold, sdp, .. } => {
            own.state.hold = hold;
            if own.state.group.is_some() {
                let over_mbms = own.agreed(now, &sdp).then(|| own.choice.way() == Way::Mbms)?;
                return Some(ImsFact::Listens { over_mbms });
            }
            ImsFact::Hold { local: hold.local, remote: hold.remote }
        }
        AgentEvent::ModifyRefused { why, .. } if own.state.group.is_some() => {
            own.choice.done(now, false);
            ImsFact::ChangeRefused { why: why.to_string() }
        }
        AgentEvent::Ended { call, why } => {
            if own.state.call == Some(call) {
                own.choice.end();
                own.state.end_call(now);
                own.audio.stop(now);
                own.answers_at = None;
            }
            ImsFact::Ended { why: why.to_string() }
        }
        _ => return None,
    })
}

impl ImsUeState {
    /// A call begins.
    pub(super) fn begin_call(&mut self, now: Instant, call: CallId, is_incoming: bool) {
        self.end_call(now);
        (self.call, self.is_incoming, self.call_from, self.is_ended) = (Some(call), is_incoming, now, false);
    }

    fn end_call(&mut self, now: Instant) {
        if let Some(attended) = self.attended.last_mut() {
            attended.until.get_or_insert(now);
        }
        (self.call, self.is_incoming, self.is_ringing, self.is_established) = (None, false, false, false);
        (self.hold, self.is_chat, self.has_audio, self.offer) = (HoldState::default(), false, false, None);
        self.group = None;
        self.is_ended = true;
    }
}

/// Characters of a notification that are told.
const CONTENT_MAX: usize = 2000;
