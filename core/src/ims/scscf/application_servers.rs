//! Requests go to application servers one after the other, as the filter criteria say (TS 24.229 clauses 5.4.3.2, 5.4.3.3
//! and 5.4.3.4; TS 23.218 clause 6.4).

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{ClientKey, NameAddr, Request, Response, ServerKey, Uri};

use super::Scscf;
use super::charged::Side;
use super::delivery::Call;
use super::isc::Chain;
use crate::ims::FilterSubject;
use crate::ims::profile::{DefaultHandling, SessionCase};

/// User part before an original dialog identifier.
pub(super) const DIALOG_PREFIX: &str = "odi_";

/// An application server that has a request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) handling: DefaultHandling,
    /// How long it may be silent; none once it has said something.
    pub(super) deadline: Option<Instant>,
    /// It has let the request go on or has said more than that it has it: what fails from now on is not the server.
    pub(super) has_spoken: bool,
    pub(super) client: ClientKey,
}

impl Scscf {
    /// The next application server, or the end of the chain.
    pub(super) fn proceed(&mut self, now: Instant, key: ServerKey, request: Request, mut chain: Chain) {
        loop {
            let mut problems = Vec::new();
            let uri = request.uri.to_string();
            let subject = subject(&request, &uri, chain.case);
            let found = self.evaluator.next_match(&chain.services, chain.next, &subject, &mut problems);
            let server = found.map(|(position, criterion)| (position, criterion.server.clone()));
            problems.into_iter().for_each(|p| self.say(p.to_string()));
            let Some((position, server)) = server else { break };
            chain.next = position + 1;
            if self.ask(now, key, &request, &chain, &server.name, server.default_handling) {
                return;
            }
            if server.default_handling == DefaultHandling::Terminated {
                return self.finish(now, key, &Refusal::new(408).because("Application server not reached"));
            }
        }
        if chain.is_originating() {
            self.route_out(now, key, request);
        } else if chain.is_registered() {
            self.reach_contacts(now, key, request, &chain);
        } else {
            self.finish(now, key, &Refusal::new(480));
        }
    }

    /// Gives a request to an application server (clause 5.4.3.4 and RFC 5502); false when that cannot be.
    fn ask(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        chain: &Chain,
        name: &str,
        handling: DefaultHandling,
    ) -> bool {
        let Ok(Uri::Sip(mut server)) = Uri::parse(name) else {
            self.say(format!("application server {name} is no SIP URI"));
            return false;
        };
        if !server.is_loose_router() {
            server.params.set_flag("lr");
        }
        let chain = &Chain { asked_by: Some(key), ..chain.clone() };
        let token = self.dialogs.insert(now, &mut self.entropy, chain.clone());
        let mut back = self.own.clone();
        back.user = Some(format!("{DIALOG_PREFIX}{token}"));
        back.params.set_flag("lr");
        let mut asked = request.clone();
        asked.headers.prepend("Route", &NameAddr::new(Uri::Sip(back)).to_string());
        asked.headers.prepend("Route", &NameAddr::new(Uri::Sip(server)).to_string());
        let case = if chain.is_originating() { "orig" } else { "term" };
        let state = if chain.is_registered() { "reg" } else { "unreg" };
        let served = format!("<{}>;sescase={case};regstate={state}", chain.impu_text);
        asked.headers.set("P-Served-User", &served);
        self.label(key, &mut asked, Side::Service);
        self.stay_in_path(&mut asked);
        match self.proxy.forward(now, &mut self.stack, key, asked, None) {
            Ok(client) => {
                self.charging.asked(key, name);
                let call = self.calls.entry(key).or_insert_with(|| Call::new(request.clone(), None));
                call.request = request.clone();
                call.chain = Some(chain.clone());
                let deadline = Some(now + self.config.as_timeout);
                self.silences.set(&key, deadline);
                call.server = Some(Asked { name: name.to_owned(), handling, deadline, has_spoken: false, client });
                true
            }
            Err(error) => {
                self.say(format!("application server {name}: {error}"));
                false
            }
        }
    }

    /// Default handling SESSION_CONTINUED: as if the criterion had not matched.
    pub(super) fn without_server(&mut self, now: Instant, key: ServerKey, response: Response) {
        let Some(call) = self.calls.get_mut(&key).filter(|c| !c.cancelled) else {
            return self.pass_back(now, key, response);
        };
        let request = call.request.clone();
        match call.chain.take() {
            Some(chain) => self.proceed(now, key, request, chain),
            None => self.pass_back(now, key, response),
        }
    }

    /// A server that has sent its request back is not silent: whoever is slow now comes after it.
    pub(super) fn came_back(&mut self, chain: &Chain) {
        let Some(key) = chain.asked_by else { return };
        let Some(call) = self.calls.get_mut(&key) else { return };
        // It may be that another server has been asked since.
        if call.chain.as_ref().is_some_and(|c| c.next == chain.next)
            && let Some(server) = &mut call.server
        {
            (server.deadline, server.has_spoken) = (None, true);
            self.silences.set(&key, None);
        }
    }

    /// A server that has a request and works on it (100) is not silent: it may take its time, and it may still fail.
    pub(super) fn is_working(&mut self, key: ServerKey, client: ClientKey) {
        let server = self.calls.get_mut(&key).and_then(|call| call.server.as_mut());
        if let Some(server) = server.filter(|server| server.client == client) {
            server.deadline = None;
            self.silences.set(&key, None);
        }
    }

    /// Application servers that have been silent for too long.
    pub(super) fn expire_servers(&mut self, now: Instant) {
        for key in self.silences.until(now) {
            self.silences.set(&key, None);
            let Some(call) = self.calls.get_mut(&key) else { continue };
            let Some(server) = call.server.take_if(|s| s.deadline.is_some_and(|d| d <= now)) else { continue };
            let why = format!("application server {} does not answer", server.name);
            self.say(why);
            self.proxy.abandon(now, &mut self.stack, server.client);
            let Some(response) = self.stack.prepare(key, 408, None) else { continue };
            match server.handling {
                DefaultHandling::Continued => self.without_server(now, key, response),
                DefaultHandling::Terminated => {
                    self.finish(now, key, &Refusal::new(408).because("Application server does not answer"));
                }
            }
        }
    }
}

fn subject<'a>(request: &'a Request, uri: &'a str, case: SessionCase) -> FilterSubject<'a> {
    let is_sdp = request
        .headers
        .get("Content-Type")
        .is_some_and(|t| t.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/sdp")));
    FilterSubject {
        method: request.method.as_str(),
        request_uri: uri,
        headers: request.headers.iter().map(|f| (f.name(), f.value())).collect(),
        session_description: is_sdp.then(|| std::str::from_utf8(&request.body).ok()).flatten(),
        case,
        registration: None,
    }
}
