//! The SIP side: an application server that speaks for its clients (TS 24.229 clause 5.7.3).

use protocol::sip::proxy::Refusal;
use protocol::sip::{
    NameAddr, Request, Response, ServerKey, SessionSettings, StackInput, Uri, UserAgent, UserAgentConfig,
    UserAgentEvent, UserAgentOutput, UserAgentProfile,
};
use protocol::{Entropy, Instant};

use super::{ExposureApi, ExposureConfig};
use crate::ims::service::{Caller, named_stack};
use crate::node::{NodeInput, NodeOutput};

pub(super) fn user_agent(config: &ExposureConfig, entropy: Entropy) -> Result<UserAgent, String> {
    let parse = |uri: &str| Uri::parse(uri).map_err(|_| format!("exposure: {uri:?} is no URI"));
    for client in &config.clients {
        parse(&client.identity)?;
    }
    let (own, stack) = named_stack("exposure", &config.name, &config.local, &config.hosts, config.timers)?;
    let own = NameAddr::new(Uri::Sip(own));
    let mut profile = UserAgentProfile::new(own.clone(), own);
    profile.route = config.route.iter().map(|route| format!("<{route}>")).collect();
    Ok(UserAgent::new(UserAgentConfig { stack, profile, session: SessionSettings::default() }, entropy))
}

impl ExposureApi {
    /// From now on it speaks for a client.
    pub(super) fn speak_for(&mut self, client: &str) -> Vec<(String, String)> {
        let identity = self.clients.get(client).map(|client| client.settings.identity.clone()).unwrap_or_default();
        if let Ok(uri) = Uri::parse(&identity) {
            self.ua.profile_mut().from = NameAddr::new(uri);
        }
        vec![("P-Asserted-Identity".to_owned(), format!("<{identity}>"))]
    }

    pub(super) fn sip_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.ua.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.ua.handle_input(now, StackInput::Failed { target, why }),
            _ => {}
        }
    }

    pub(super) fn drain(&mut self, now: Instant) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                UserAgentOutput::Transmit { target, bytes } => {
                    self.outputs.push_back(NodeOutput::Sip { target, bytes })
                }
                UserAgentOutput::Event(event) => self.on_event(now, event),
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Response { token, result } => self.message_answered(token, result),
            UserAgentEvent::Request { key, request, flow } => match Caller::of(&request, flow, &self.config.trusted) {
                Ok(caller) => self.on_message(now, key, request, &caller),
                Err(refusal) => self.refuse_sip(now, key, &request, &refusal),
            },
            UserAgentEvent::Incoming { session, .. } => {
                // Clients have no terminal that could be called.
                let _ = self.ua.reject(now, session, 488);
            }
            UserAgentEvent::Session(id, event) => self.on_session(now, id, event),
            UserAgentEvent::Subscriber(id, event) => self.on_presence(id, event),
            UserAgentEvent::Notifier(..) => {}
            UserAgentEvent::Ignored { what, why } => self.say(format!("{what} ignored: {why}")),
        }
    }

    pub(super) fn refuse_sip(&mut self, now: Instant, key: ServerKey, request: &Request, refusal: &Refusal) {
        let mut response = Response::to(request, refusal.status, None);
        for (name, value) in &refusal.headers {
            response.headers.append(name, value);
        }
        self.say(format!("{} refused with {}", request.method, refusal.status));
        self.ua.respond(now, key, response);
    }
}
