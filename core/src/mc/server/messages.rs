//! MESSAGE of users and servers, which is about bearers, and MESSAGEs that bearers send (TS 24.379 clause 14).

use protocol::Instant;
use protocol::mime::{Multipart, Part};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Method, Request, Response, ServerKey, Uri};

use super::body::{parts_of, service_headers};
use super::node::{Asked, McServer, Sender};
use crate::ims::service::Caller;

impl McServer {
    pub(super) fn message(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
    ) -> Result<(), Refusal> {
        let from = match self.sender(request, flow) {
            Ok(Sender::User(user)) => {
                self.learn(now, &user, &request.headers);
                user
            }
            Ok(Sender::Server(server)) => server,
            // A user of another server, for whom a bearer of ours was announced on its behalf, reports here as well
            // (TS 23.280 clause 10.7.3.9.2.2 step 4).
            Err(refusal) => self.guest(request, flow).ok_or(refusal)?,
        };
        let parts = parts_of(&request.headers, &request.body, self.config.limits.body)?;
        self.bearers.message(now, &from, &parts)?;
        self.ua.respond(now, key, Response::to(request, 200, None));
        Ok(())
    }

    fn guest(&self, request: &Request, flow: Flow) -> Option<String> {
        let caller = Caller::of(request, flow, &self.config.sip.trusted).ok()?;
        let guest = caller.identities().find_map(|impu| self.directory.by_impu(&impu).map(str::to_owned))?;
        self.directory.own(&guest).is_none().then_some(guest)
    }

    pub(super) fn send_message(&mut self, now: Instant, token: u64, to: &str, mut parts: Vec<Part>) {
        let Ok(target) = Uri::parse(to) else {
            self.say(format!("{to} gets no MESSAGE: it is no URI"));
            return self.bearers.answered(now, token, None);
        };
        self.speak_to(&target, None);
        let mut request = self.ua.request(Method::MESSAGE, target);
        for (name, value) in service_headers(&self.psi) {
            request.headers.append(&name, &value);
        }
        match (parts.pop(), parts.is_empty()) {
            (Some(part), true) => {
                let kind = part.headers.get("Content-Type").unwrap_or("text/plain").to_owned();
                request.set_body(&kind, part.body);
            }
            (Some(last), false) => {
                parts.push(last);
                let (kind, body) = Multipart { parts, ..Multipart::default() }.to_body("mixed", &mut self.entropy);
                request.set_body(&kind, body);
            }
            (None, _) => {}
        }
        self.ask(now, Asked::Bearers(token), request);
    }
}
