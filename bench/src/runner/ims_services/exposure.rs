//! Third parties: what they ask of the exposure, and what users write to them.

use std::time::Duration;

use core_network::node::OutsideEvent;
use hil::agent::sip::{AgentCommand, OutgoingMessage};
use http::Method;
use protocol::Instant;
use serde_json::{Value, json};

use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::services;
use crate::runner::Runner;
use crate::scenario::{ExposureStep, Service};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

impl Runner<'_> {
    /// Does a step of a third party, until it has its answer.
    pub(super) fn exposure_step(&mut self, step: &ExposureStep) -> Result<&'static str, CommandError> {
        if let ExposureStep::WriteToClient { from, client, text } = step {
            return self.write_to_client(from, client, text);
        }
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok("done") };
        let impu = |name: &str| ims.network.ues.named(name).map(|ue| ue.impu.clone());
        let (get, post, nothing) = (Method::GET, Method::POST, Value::Null);
        let name = step.client();
        let Some(place) = ims.network.third_parties.iter().position(|own| own.name == name) else { return Ok("done") };
        let own = &ims.network.third_parties[place];
        let (service, request) = match step {
            ExposureStep::ApiToken { .. } => (Service::Identity, own.token_request()),
            ExposureStep::ApiMessage { to, text, .. } => {
                (Service::Exposure, own.request(post, "/v1/messages", &json!({"to": impu(to), "text": text})))
            }
            ExposureStep::ApiMessageState { .. } => {
                (Service::Exposure, own.request(get, &own.message_path(), &nothing))
            }
            ExposureStep::ApiIncoming { .. } => (Service::Exposure, own.request(get, "/v1/incoming", &nothing)),
            ExposureStep::ApiPresence { to, .. } => {
                let path = format!("/v1/presence/{}", impu(to).unwrap_or_default());
                (Service::Exposure, own.request(get, &path, &nothing))
            }
            ExposureStep::ApiCall { from, to, .. } => {
                (Service::Exposure, own.request(post, "/v1/sessions", &json!({"a": impu(from), "b": impu(to)})))
            }
            ExposureStep::ApiCallState { .. } => (Service::Exposure, own.request(get, &own.call_path(), &nothing)),
            ExposureStep::ApiCallEnd { .. } => {
                (Service::Exposure, own.request(Method::DELETE, &own.call_path(), &nothing))
            }
            ExposureStep::WriteToClient { .. } => return Ok("done"),
        };
        let Ok(request) = request else { return Ok("done") };
        let asked = format!("{} {}", request.method(), request.uri().path());
        let from = ims.network.third_parties[place].socket();
        let exchange = ims.network.fabric.http(now, from, services::web(0, service), request);
        ims.network.third_parties[place].sent(exchange, asked);
        self.drain_network(now)?;
        let is_answered = |runner: &Self| {
            let ims = runner.ims.as_ref()?;
            (!ims.network.third_parties[place].is_waiting()).then_some("answered")
        };
        self.advance(now + PATIENCE, "timeout", is_answered)
    }

    /// A user writes to a third party.
    fn write_to_client(&mut self, from: &str, client: &str, text: &str) -> Result<&'static str, CommandError> {
        let now = self.now;
        let Some(own_ims) = &self.loaded.scenario.ims else { return Ok("done") };
        let Some(ims) = &mut self.ims else { return Ok("done") };
        let Some(place) = ims.place(from) else { return Ok("done") };
        ims.messages += 1;
        let number = ims.messages;
        let message = OutgoingMessage {
            token: number,
            to: own_ims.client_uri(client),
            content_type: "text/plain".into(),
            body: text.as_bytes().to_vec(),
            headers: Vec::new(),
        };
        let sender = &mut ims.network.ues[place];
        sender.state.unanswered += 1;
        sender.command(now, AgentCommand::Message(message));
        let fact = ImsFact::MessageSent { number, to: client.to_owned(), text: text.to_owned() };
        self.observer.fact(now, What::Ims { ue: from.to_owned(), fact })?;
        self.drain_network(now)?;
        Ok("done")
    }

    /// Something has come to a third party.
    pub(super) fn at_third_party(&mut self, now: Instant, to: &str, event: OutsideEvent) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let Some(own) = ims.network.third_parties.iter_mut().find(|own| own.name == to) else { return Ok(()) };
        let said = match event {
            OutsideEvent::Response { exchange, response } => own.answered(exchange, &response),
            OutsideEvent::RequestFailed { exchange, why } => own.failed(exchange, &why),
            _ => None,
        };
        said.map_or(Ok(()), |said| self.observer.fact(now, What::Note { text: format!("{to}: {said}") }))
    }
}
