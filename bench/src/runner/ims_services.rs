//! Steps that need services, and what UEs hear of them.

use core_network::ims::OutsideEvent;
use hil::agent::sip::{AgentCommand, Publication, Published, Refusal, WatchId};
use http::Request;
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use protocol::Instant;
use protocol::sip::SubscriptionRequest;

use super::Runner;
use super::ims::RunIms;
use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::agent::ImsUe;
use crate::ims::services;
use crate::ims::web::{Ask, Outcome};
use crate::scenario::{EntityTag, Service, ServiceStep};

/// Expiry that UEs ask for, seconds.
const EXPIRES_S: u32 = 3600;

impl Runner<'_> {
    /// Does a step that needs a service.
    pub(super) fn service_step(&mut self, step: &ServiceStep) -> Result<&'static str, CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok("done") };
        let places = step.ues().first().map(|(_, ue)| ims.selected(ue)).unwrap_or_default();
        for place in places {
            match step {
                ServiceStep::Publish { note, .. } => publish(now, &mut ims.network.ues[place], note),
                ServiceStep::WatchPresence { to, .. } => {
                    let other = ims.network.ues.iter().find(|ue| ue.name == *to).map(|ue| ue.impu.clone());
                    let own = &mut ims.network.ues[place];
                    watch(now, own, &other.unwrap_or_default(), "presence", "application/pidf+xml");
                }
                ServiceStep::XcapPut { contacts, if_match, .. } => {
                    let impu = |name: &String| Some(ims.network.ues.iter().find(|ue| ue.name == *name)?.impu.clone());
                    let contacts: Vec<String> = contacts.iter().filter_map(impu).collect();
                    xcap_put(now, ims, place, &contacts, *if_match);
                }
                ServiceStep::ConferenceCreate { .. } => {
                    let own = &mut ims.network.ues[place];
                    let domain = own.impu.split_once('@').map_or("", |(_, domain)| domain);
                    let factory = services::conference_factory(domain);
                    call(now, own, factory);
                }
                ServiceStep::ConferenceJoin { to, .. } => {
                    let other = ims.network.ues.iter().find(|ue| ue.name == *to);
                    let conference = other.and_then(|ue| ue.state.conference.clone()).unwrap_or_default();
                    call(now, &mut ims.network.ues[place], conference);
                }
                ServiceStep::ConferenceWatch { .. } => {
                    let own = &mut ims.network.ues[place];
                    let conference = own.state.conference.clone().unwrap_or_default();
                    watch(now, own, &conference, "conference", "application/conference-info+xml");
                }
                ServiceStep::ConferenceLeave { .. } => {
                    let own = &mut ims.network.ues[place];
                    if let Some(call) = own.state.call {
                        own.command(now, AgentCommand::HangUp(call));
                    }
                }
                ServiceStep::XcapGet { if_none_match, .. } => xcap_get(now, ims, place, *if_none_match),
                ServiceStep::WatchWatchers { .. } => {
                    let own = &mut ims.network.ues[place];
                    let impu = own.impu.clone();
                    watch(now, own, &impu, "presence.winfo", "application/watcherinfo+xml");
                }
            }
        }
        self.drain_ims(now)?;
        Ok("done")
    }
}

/// RFC 3903 clause 4: what was published before is replaced by its entity tag.
fn publish(now: Instant, own: &mut ImsUe, note: &str) {
    let publication = Publication {
        token: own.state.new_request("PUBLISH"),
        to: None,
        event: "presence".into(),
        content_type: "application/pidf+xml".into(),
        body: services::presence_document(&own.impu, note).into_bytes(),
        expires_s: EXPIRES_S,
        etag: own.state.etag.clone(),
    };
    own.command(now, AgentCommand::Publish(publication));
}

fn call(now: Instant, own: &mut ImsUe, to: String) {
    let call = own.new_call();
    own.state.begin_call(now, call, false);
    let sdp = services::conference_description(own.contact);
    own.command(now, AgentCommand::Call { call, to, sdp, headers: Vec::new() });
}

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

fn xcap_put(now: Instant, ims: &mut RunIms, place: usize, contacts: &[String], if_match: Option<EntityTag>) {
    let own = &ims.network.ues[place];
    let path = services::contacts_path(&own.impu);
    let mut request = Request::put(path.as_str()).header(CONTENT_TYPE, "application/resource-lists+xml");
    if let Some(tag) = if_match.and_then(|tag| named(own, &path, tag)) {
        request = request.header(IF_MATCH, tag);
    }
    ask(now, ims, place, request.body(services::contacts_document(contacts).into_bytes()));
}

fn xcap_get(now: Instant, ims: &mut RunIms, place: usize, if_none_match: Option<EntityTag>) {
    let own = &ims.network.ues[place];
    let path = services::contacts_path(&own.impu);
    let mut request = Request::get(path.as_str());
    if let Some(tag) = if_none_match.and_then(|tag| named(own, &path, tag)) {
        request = request.header(IF_NONE_MATCH, tag);
    }
    ask(now, ims, place, request.body(Vec::new()));
}

/// The entity tag itself.
fn named(own: &ImsUe, path: &str, tag: EntityTag) -> Option<String> {
    match tag {
        EntityTag::Known => own.web.etags.get(path).cloned(),
        EntityTag::Stale => Some("\"none-of-these\"".into()),
    }
}

/// A request of a UE to the XDM server goes out.
fn ask(now: Instant, ims: &mut RunIms, place: usize, request: http::Result<Request<Vec<u8>>>) {
    let Ok(request) = request else { return };
    let own = &mut ims.network.ues[place];
    let token = own.state.new_request(request.method().as_str());
    let asked = own.web.ask(token, services::web(Service::Xdm), request);
    send(now, ims, place, asked);
}

fn send(now: Instant, ims: &mut RunIms, place: usize, ask: Ask) {
    let exchange = ims.network.fabric.http(now, ask.from, ask.to, ask.request.clone());
    ims.network.ues[place].web.sent(exchange, ask);
}

impl Runner<'_> {
    /// Something of HTTP or media has come to a box outside.
    pub(super) fn at_outside(&mut self, now: Instant, to: &str, event: OutsideEvent) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let Some(place) = ims.place(to) else { return Ok(()) };
        let own = &mut ims.network.ues[place];
        let (token, what, why) = match event {
            OutsideEvent::Response { exchange, response } => match own.web.answered(exchange, response) {
                Some(Outcome::Again(ask)) => {
                    send(now, ims, place, ask);
                    return Ok(());
                }
                Some(Outcome::Done { token, what, response }) => {
                    let status = response.status();
                    let is_failure = status.is_client_error() || status.is_server_error();
                    (token, what, is_failure.then(|| status.to_string()))
                }
                None => return Ok(()),
            },
            OutsideEvent::RequestFailed { exchange, why } => match own.web.failed(exchange) {
                Some(token) => (token, "HTTP request".to_owned(), Some(why)),
                None => return Ok(()),
            },
            OutsideEvent::Stream(_) | OutsideEvent::Datagram { .. } => return Ok(()),
        };
        let own = &mut ims.network.ues[place];
        own.state.requests.remove(&token);
        let ue = own.name.clone();
        self.observer.fact(now, What::Ims { ue, fact: ImsFact::Answered { what, why } })
    }
}

/// The fact in the answer to a publication.
pub(super) fn published(own: &mut ImsUe, token: u64, result: Result<Published, Refusal>) -> Option<ImsFact> {
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
