//! Requests other than REGISTER at the I-CSCF (TS 24.229 clause 5.3.2, TS 29.228 clause 6.1.4).

use protocol::Instant;
use protocol::diameter::cx::{Lia, Lir, UserAuthorizationType, code};
use protocol::diameter::{Message, RequestFailure, ResultCode, result};
use protocol::sip::proxy::Refusal;
use protocol::sip::{NameAddr, Request, ServerKey, SipUri, TelUri, Uri};

use super::Icscf;
use super::query::{Query, Search};
use crate::ims::charging;

impl Icscf {
    /// Asks the HSS whose S-CSCF serves the user that a request is for, or, with `originating`, that it is sent for.
    pub(super) fn locate(&mut self, now: Instant, key: ServerKey, mut request: Request, originating: bool) {
        if !request.headers.contains("P-Charging-Vector") {
            let vector = charging::identifier(&mut self.entropy, &self.config.name);
            request.headers.append("P-Charging-Vector", &vector.to_string());
        }
        let identity = if originating {
            match served_user(&request) {
                Some(user) => user.identity(),
                None => return self.reply(now, key, &Refusal::new(403).because("No served user")),
            }
        } else {
            if let Some(number) = phone_number(&request.uri) {
                request.uri = Uri::Tel(number);
            }
            match &request.uri {
                Uri::Sip(uri) if !self.is_our_domain(&uri.host) => {
                    return self.reply(now, key, &Refusal::new(404).because("Not a user of this network"));
                }
                Uri::Other(_) => return self.reply(now, key, &Refusal::new(416)),
                uri => uri.identity(),
            }
        };
        let search = Search::Scscf {
            is_register: false,
            identity,
            originating,
            tried: Vec::new(),
            left: Vec::new(),
            asked_capabilities: false,
            translated: false,
        };
        self.ask_lir(now, key, request, search, None);
    }

    /// The Location-Info-Request.
    pub(super) fn ask_lir(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: Request,
        search: Search,
        authorization: Option<UserAuthorizationType>,
    ) {
        let Search::Scscf { identity, originating, .. } = &search else { return };
        let (impu, originating) = (identity.clone(), *originating);
        let named = impu.clone();
        self.ask(now, (key, request), search, (None, &named), |routing| {
            Lir { routing, impu, originating, authorization }.to_message()
        });
    }

    /// The Location-Info-Answer (TS 24.229 clauses 5.3.2.1 and 5.3.2.2).
    pub(super) fn on_lia(&mut self, now: Instant, query: Query, answer: Result<Message, RequestFailure>) {
        let Query { server, request, mut search } = query;
        let lia = match answer
            .map_err(|failure| failure.to_string())
            .and_then(|answer| Lia::from_message(&answer).map_err(|problem| problem.to_string()))
        {
            Ok(lia) => lia,
            Err(why) => {
                self.said(format!("no use of the HSS: {why}"));
                return self.reply(now, server, &Refusal::new(480));
            }
        };
        match lia.outcome.result {
            result if result.is_success() => {
                if self.fill(&mut search, lia.server.as_ref(), lia.capabilities.as_ref()) {
                    self.continue_search(now, server, request, search, &Refusal::new(504));
                } else {
                    self.said("no S-CSCF has the capabilities that the HSS demands");
                    self.reply(now, server, &Refusal::new(480));
                }
            }
            // No service for unregistered users.
            ResultCode::Experimental(code::IDENTITY_NOT_REGISTERED) => {
                self.reply(now, server, &Refusal::new(480));
            }
            ResultCode::Experimental(code::USER_UNKNOWN) => self.translate(now, server, request, search),
            result => {
                self.said(format!("LIA {result:?}"));
                let (status, reason) =
                    if is_final(result) { (404, "Not Found") } else { (480, "Temporarily Unavailable") };
                self.reply(now, server, &Refusal::new(status).because(reason));
            }
        }
    }

    /// The HSS does not know an identity: a number may stand in the table (where TS 24.229 clause 5.3.2.1 has ENUM).
    fn translate(&mut self, now: Instant, server: ServerKey, mut request: Request, mut search: Search) {
        let found = match (&request.uri, &mut search) {
            (Uri::Tel(number), Search::Scscf { identity, translated: translated @ false, originating: false, .. }) => {
                let uri = self.config.numbers.get(&number.digits()).and_then(|uri| Uri::parse(uri).ok());
                uri.inspect(|uri| {
                    *translated = true;
                    *identity = uri.identity();
                })
            }
            _ => None,
        };
        let Some(uri) = found else { return self.reply(now, server, &Refusal::new(404)) };
        let ours = matches!(&uri, Uri::Sip(sip) if self.is_our_domain(&sip.host));
        request.uri = uri;
        if ours {
            self.ask_lir(now, server, request, search, None);
        } else {
            // Another network's user: its entry point knows more.
            self.send(now, server, request, Search::Routed);
        }
    }

    /// Sends a request to an S-CSCF; the Request-URI stays.
    pub(super) fn send_by_route(
        &mut self,
        now: Instant,
        key: ServerKey,
        mut request: Request,
        uri: SipUri,
        search: Search,
    ) {
        // A second S-CSCF takes the place of the first.
        request.headers.remove("Route");
        let mut route = if uri.is_loose_router() { uri } else { uri.with_flag("lr") };
        if matches!(search, Search::Scscf { originating: true, .. }) && !route.params.has("orig") {
            route = route.with_flag("orig");
        }
        request.headers.prepend("Route", &NameAddr::new(Uri::Sip(route)).to_string());
        self.send(now, key, request, search);
    }

    fn is_our_domain(&self, host: &str) -> bool {
        self.config.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host))
    }
}

/// The user that a request is sent for (RFC 5502; TS 24.229 clause 5.3.2.1).
fn served_user(request: &Request) -> Option<Uri> {
    let of = |name: &str| request.headers.address(name).ok().flatten().map(|user| user.uri);
    of("P-Served-User").or_else(|| of("P-Asserted-Identity"))
}

/// The number of a SIP URI that stands for one (RFC 3261 clause 19.1.6, TS 23.228 clause 5.15).
fn phone_number(uri: &Uri) -> Option<TelUri> {
    let Uri::Sip(sip) = uri else { return None };
    if !sip.params.get("user").is_some_and(|user| user.eq_ignore_ascii_case("phone")) {
        return None;
    }
    let user = sip.user.as_deref()?;
    match Uri::parse(&format!("tel:{user}")) {
        Ok(Uri::Tel(number)) if number.is_global() => Some(number),
        _ => None,
    }
}

/// Result codes that say no for good: 5xxx, other than those of an HSS or a relay that has troubles of its own (RFC 6733
/// clause 7.1.5).
const fn is_final(result: ResultCode) -> bool {
    let (ResultCode::Base(code) | ResultCode::Experimental(code)) = result;
    code / 1000 == 5 && code != result::UNABLE_TO_COMPLY
}
