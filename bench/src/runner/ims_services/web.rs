//! HTTP of UEs with services: requests go out, responses and what else there is for boxes outside come in.

use std::net::SocketAddr;

use core_network::node::OutsideEvent;
use http::Request;
use protocol::Instant;

use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::agent::ImsUe;
use crate::ims::services;
use crate::ims::web::{Ask, LogIn, Outcome};
use crate::runner::Runner;
use crate::runner::ims::RunNetwork;
use crate::scenario::Service;

/// A request of a UE to a service goes out.
pub(super) fn ask(
    now: Instant,
    ims: &mut RunNetwork,
    place: usize,
    service: Service,
    request: http::Result<Request<Vec<u8>>>,
) {
    let Ok(request) = request else { return };
    let own = &mut ims.network.ues[place];
    let token = own.state.new_request(request.method().as_str());
    ask_as(now, ims, (place, token), service, Ok(request));
}

/// The same with a token that it has already.
pub(super) fn ask_as(
    now: Instant,
    ims: &mut RunNetwork,
    (place, token): (usize, u64),
    service: Service,
    request: http::Result<Request<Vec<u8>>>,
) {
    let Ok(request) = request else { return };
    let to = services::web(ims.network.ues[place].system, service);
    ask_to(now, ims, (place, token), to, request);
}

/// The same, to a box of whichever system.
pub(in crate::runner) fn ask_to(
    now: Instant,
    ims: &mut RunNetwork,
    (place, token): (usize, u64),
    to: SocketAddr,
    request: Request<Vec<u8>>,
) {
    let asked = ims.network.ues[place].web.ask(token, to, request);
    send(now, ims, place, asked);
}

fn send(now: Instant, ims: &mut RunNetwork, place: usize, ask: Ask) {
    let exchange = ims.network.fabric.http(now, ask.from, ask.to, ask.request.clone());
    ims.network.ues[place].web.sent(exchange, ask);
}

/// What the MMS agent of a UE has asked is for it alone; what it has not comes back.
fn of_mms(now: Instant, own: &mut ImsUe, event: OutsideEvent) -> Option<OutsideEvent> {
    let Some(mms) = &mut own.mms else { return Some(event) };
    match event {
        OutsideEvent::Response { exchange, response } => {
            let response = mms.answered(now, exchange, response)?;
            Some(OutsideEvent::Response { exchange, response })
        }
        OutsideEvent::RequestFailed { exchange, why } => {
            (!mms.failed(now, exchange, &why)).then_some(OutsideEvent::RequestFailed { exchange, why })
        }
        other => Some(other),
    }
}

impl Runner<'_> {
    /// Something of HTTP or media has come to a box outside.
    pub(in crate::runner) fn at_outside(
        &mut self,
        now: Instant,
        to: &str,
        event: OutsideEvent,
    ) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let Some(place) = ims.place(to) else { return self.at_third_party(now, to, event) };
        let Some(event) = of_mms(now, &mut ims.network.ues[place], event) else { return Ok(()) };
        let own = &mut ims.network.ues[place];
        let (token, what, why) = match event {
            OutsideEvent::Response { exchange, response } => match own.web.answered(exchange, response) {
                Some(Outcome::Again(ask)) => {
                    send(now, ims, place, ask);
                    return Ok(());
                }
                Some(Outcome::Done { token, to, what, response }) => {
                    let why = match own.web.go_on(token, &response) {
                        Some(LogIn::Ask(request)) => {
                            ask_to(now, ims, (place, token), to, *request);
                            return Ok(());
                        }
                        Some(LogIn::Done(access_token)) => {
                            own.logged_in(now, token, Ok(access_token));
                            None
                        }
                        Some(LogIn::Failed(why)) => {
                            own.logged_in(now, token, Err(why.clone()));
                            Some(why)
                        }
                        None => {
                            own.migrant.iter_mut().for_each(|own| own.answered(now, token, &response));
                            let status = response.status();
                            (status.is_client_error() || status.is_server_error()).then(|| status.to_string())
                        }
                    };
                    (token, what, why)
                }
                None => return Ok(()),
            },
            OutsideEvent::RequestFailed { exchange, why } => match own.web.failed(exchange) {
                Some(token) => {
                    own.migrant.iter_mut().for_each(|own| own.unanswered(now, token, &why));
                    (token, "HTTP request".to_owned(), Some(why))
                }
                None => return Ok(()),
            },
            // No UE is a server of HTTP, and none is on SS7.
            OutsideEvent::Request { .. } | OutsideEvent::Sccp { .. } => return Ok(()),
            OutsideEvent::Stream(event) => {
                own.stream(now, &event);
                return Ok(());
            }
            OutsideEvent::Datagram { local, bytes, .. } => {
                if own.migrant.as_mut().is_some_and(|own| own.datagram(now, local, &bytes)) {
                    return Ok(());
                }
                match &mut own.mc {
                    Some(mc) => mc.datagram(now, local, &bytes),
                    None => own.audio.receive(now, local, &bytes),
                }
                return Ok(());
            }
        };
        let own = &mut ims.network.ues[place];
        own.state.requests.remove(&token);
        let ue = own.name.clone();
        self.observer.fact(now, What::Ims { ue, fact: ImsFact::Answered { what, why } })
    }
}
