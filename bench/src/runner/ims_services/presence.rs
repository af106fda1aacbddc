//! Presence: UEs publish and watch.

use hil::agent::sip::{AgentCommand, Publication, Published, Refusal};
use protocol::Instant;

use super::{EXPIRES_S, watch};
use crate::errors::CommandError;
use crate::event::ImsFact;
use crate::ims::agent::ImsUe;
use crate::ims::services::presence;
use crate::runner::Runner;
use crate::scenario::PresenceStep;

impl Runner<'_> {
    pub(super) fn presence_step(&mut self, places: &[usize], step: &PresenceStep) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        for &place in places {
            match step {
                PresenceStep::Publish { note, .. } => publish(now, &mut ims.network.ues[place], note),
                PresenceStep::WatchPresence { to, .. } => {
                    let other = ims.network.ues.named(to).map(|ue| ue.impu.clone());
                    let own = &mut ims.network.ues[place];
                    watch(now, own, &other.unwrap_or_default(), "presence", "application/pidf+xml");
                }
                PresenceStep::WatchWatchers { .. } => {
                    let own = &mut ims.network.ues[place];
                    let impu = own.impu.clone();
                    watch(now, own, &impu, "presence.winfo", "application/watcherinfo+xml");
                }
            }
        }
        Ok(())
    }
}

/// RFC 3903 clause 4: what was published before is replaced by its entity tag.
fn publish(now: Instant, own: &mut ImsUe, note: &str) {
    let publication = Publication {
        token: own.state.new_request("PUBLISH"),
        to: None,
        event: "presence".into(),
        content_type: "application/pidf+xml".into(),
        body: presence::document(&own.impu, note).into_bytes(),
        expires_s: EXPIRES_S,
        etag: own.state.etag.clone(),
        headers: Vec::new(),
    };
    own.command(now, AgentCommand::Publish(publication));
}

/// The fact in the answer to a publication.
pub(in crate::runner) fn published(own: &mut ImsUe, token: u64, result: Result<Published, Refusal>) -> Option<ImsFact> {
    let what = own.state.requests.remove(&token)?;
    let why = match result {
        Ok(published) => {
            own.state.etag = Some(published.etag);
            None
        }
        Err(why) => Some(why.to_string()),
    };
    Some(ImsFact::Answered { what, why })
}
