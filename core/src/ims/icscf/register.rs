//! REGISTER at the I-CSCF (TS 24.229 clause 5.3.1, TS 29.228 clause 6.1.1).

use protocol::Instant;
use protocol::diameter::cx::{Uaa, Uar, UserAuthorizationType, code};
use protocol::diameter::{Message, RequestFailure, ResultCode};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Contacts, Request, ServerKey, SipUri, Uri};

use super::Icscf;
use super::query::{Query, Search};
use crate::ims::authorization;

/// DIAMETER_AUTHORIZATION_REJECTED (RFC 6733 clause 7.1.5).
const AUTHORIZATION_REJECTED: u32 = 5003;

impl Icscf {
    /// Asks the HSS whether a user may register, and where.
    pub(super) fn register(&mut self, now: Instant, key: ServerKey, request: Request) {
        let identity = match request.to() {
            Ok(Some(to)) => to.uri.identity(),
            Ok(None) => return self.reply(now, key, &Refusal::new(400).because("Missing To")),
            Err(problem) => return self.reply(now, key, &Refusal::new(400).because(&problem.to_string())),
        };
        let kind = if is_deregistration(&request) {
            UserAuthorizationType::DeRegistration
        } else {
            UserAuthorizationType::Registration
        };
        let search = Search::Scscf {
            is_register: true,
            identity,
            originating: false,
            tried: Vec::new(),
            left: Vec::new(),
            asked_capabilities: kind == UserAuthorizationType::DeRegistration,
            translated: false,
        };
        self.ask_uar(now, key, request, search, kind);
    }

    /// The User-Authorization-Request.
    pub(super) fn ask_uar(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: Request,
        search: Search,
        kind: UserAuthorizationType,
    ) {
        let Search::Scscf { identity, .. } = &search else { return };
        let impu = identity.clone();
        let impi = match private_identity(&request, &impu) {
            Ok(impi) => impi,
            Err(refusal) => return self.reply(now, key, &refusal),
        };
        let visited =
            visited_network(&request).unwrap_or_else(|| self.config.domains.first().cloned().unwrap_or_default());
        let named = (Some(impi.clone()), impu.clone());
        self.ask(now, (key, request), search, (named.0.as_deref(), &named.1), |routing| {
            Uar { routing, impi, impu, visited_network: visited.into_bytes(), authorization: Some(kind), flags: 0 }
                .to_message()
        });
    }

    /// The User-Authorization-Answer (TS 24.229 clauses 5.3.1.2 and 5.3.1.3).
    pub(super) fn on_uaa(&mut self, now: Instant, query: Query, answer: Result<Message, RequestFailure>) {
        let Query { server, request, mut search } = query;
        let uaa = match answer
            .map_err(|failure| failure.to_string())
            .and_then(|answer| Uaa::from_message(&answer).map_err(|problem| problem.to_string()))
        {
            Ok(uaa) => uaa,
            Err(why) => {
                self.said(format!("no use of the HSS: {why}"));
                return self.reply(now, server, &Refusal::new(480));
            }
        };
        if !uaa.outcome.result.is_success() {
            let (status, reason) = refusal(uaa.outcome.result);
            self.said(format!("UAA {:?}: {status} {reason}", uaa.outcome.result));
            return self.reply(now, server, &Refusal::new(status).because(reason));
        }
        if self.fill(&mut search, uaa.server.as_ref(), uaa.capabilities.as_ref()) {
            return self.continue_search(now, server, request, search, &Refusal::new(504));
        }
        // TS 24.229 clause 5.3.1.3: nobody is able to do what is mandatory.
        self.said("no S-CSCF has the capabilities that the HSS demands");
        self.reply(now, server, &Refusal::new(600));
    }

    /// Sends a request to an S-CSCF: a REGISTER has it as Request-URI, anything else as Route.
    pub(super) fn send_to(&mut self, now: Instant, key: ServerKey, mut request: Request, uri: SipUri, search: Search) {
        if search.is_register() {
            request.uri = Uri::Sip(uri);
            return self.send(now, key, request, search);
        }
        self.send_by_route(now, key, request, uri, search);
    }

    /// All S-CSCFs that the HSS has named have failed: what is a new one to be able to do?
    pub(super) fn ask_for_capabilities(&mut self, now: Instant, key: ServerKey, request: Request, search: Search) {
        if search.is_register() {
            self.ask_uar(now, key, request, search, UserAuthorizationType::RegistrationAndCapabilities);
        } else {
            self.ask_lir(now, key, request, search, Some(UserAuthorizationType::RegistrationAndCapabilities));
        }
    }
}

/// The private identity: that of the credentials, else made of the public one (TS 24.229 clause 5.3.1.2).
fn private_identity(request: &Request, identity: &str) -> Result<String, Refusal> {
    let credentials = authorization::digest_credentials(&request.headers)?;
    let named = credentials.as_ref().and_then(authorization::private_identity);
    Ok(named.unwrap_or_else(|| identity.split_once(':').map_or(identity, |(_, rest)| rest).to_owned()))
}

/// P-Visited-Network-ID, a token or a quoted string (RFC 7315 clause 5.3).
fn visited_network(request: &Request) -> Option<String> {
    let value = request.headers.values("P-Visited-Network-ID").next()?.trim();
    let text = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default().trim(),
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// True if all that a REGISTER does is take bindings away (RFC 3261 clause 10.2.2).
fn is_deregistration(request: &Request) -> bool {
    let expires = request.expires().ok().flatten();
    match request.contacts() {
        Ok(Contacts::Star) => true,
        Ok(Contacts::List(list)) if !list.is_empty() => {
            list.iter().all(|contact| contact.expires().or(expires) == Some(0))
        }
        _ => false,
    }
}

/// What a negative answer of the HSS becomes (TS 24.229 clause 5.3.1.3): it does not want the user, or it cannot say.
fn refusal(result: ResultCode) -> (u16, &'static str) {
    match result {
        ResultCode::Experimental(code::USER_UNKNOWN) => (403, "Forbidden: unknown user"),
        ResultCode::Experimental(code::IDENTITIES_DONT_MATCH) => (403, "Forbidden: identities do not match"),
        ResultCode::Experimental(code::ROAMING_NOT_ALLOWED) => (403, "Forbidden: roaming is not allowed"),
        ResultCode::Base(AUTHORIZATION_REJECTED) => (403, "Forbidden: identity is barred"),
        ResultCode::Experimental(code::IDENTITY_NOT_REGISTERED) => (403, "Forbidden: identity is not registered"),
        _ => (480, "Temporarily Unavailable"),
    }
}
