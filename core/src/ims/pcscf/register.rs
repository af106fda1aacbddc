//! REGISTER (TS 24.229 clause 5.2.2): what the P-CSCF adds, checks and keeps.

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{
    Challenge, Contacts, Credentials, Flow, NameAddr, NextHop, Request, Response, ServerKey, SipUri, Transport, Uri,
};

use super::registration::Registration;
use super::sec_agree::{self, Agreement, Checked, Known};
use super::{AfterStore, GmSecurity, Pcscf, Purpose, REG_AWAIT_AUTH, screening};
use crate::ims::{authorization, charging};

/// Length of the token in Path: nobody guesses it.
const TOKEN: usize = 24;
/// Lifetime of a registration whose 200 says none (RFC 3261 clause 10.2.1.1).
const DEFAULT_EXPIRES: u32 = 3600;

/// What is remembered of a REGISTER until its response comes.
#[derive(Clone, Debug)]
pub(super) struct PendingRegister {
    aor: String,
    /// Contact of the UE; none with `*`.
    contact: Option<Uri>,
    impi: Option<String>,
    flow: Flow,
    token: String,
    path: String,
    home: String,
    /// What the UE has proposed: a challenge tells it our answer.
    offered: Option<Agreement>,
    /// What it has confirmed.
    confirmed: Option<Agreement>,
}

impl PendingRegister {
    /// The identity to be registered.
    pub(super) fn who(&self) -> &str {
        &self.aor
    }

    /// Domain of the home network.
    pub(super) fn home(&self) -> &str {
        &self.home
    }
}

impl Pcscf {
    /// A REGISTER of a UE.
    pub(super) fn on_register(&mut self, now: Instant, key: ServerKey, mut request: Request, flow: Flow) {
        match self.prepare_register(now, key, &mut request, flow) {
            Ok((pending, entry)) => {
                let next_hop = Some(NextHop::Uri(Uri::Sip(SipUri::new(None, &entry))));
                let purpose = Purpose::Register(Box::new(pending));
                if let Err(error) = self.forward(now, key, request, next_hop, purpose) {
                    self.said(format!("the entry point {entry} is not reached: {error}"));
                    self.reply(now, key, &Refusal::new(504).because("No way to the home network"));
                }
            }
            Err(refusal) => self.reply(now, key, &refusal),
        }
    }

    /// Makes the request what the home network gets; remembers what its response needs, and the entry point.
    fn prepare_register(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &mut Request,
        flow: Flow,
    ) -> Result<(PendingRegister, String), Refusal> {
        let refuse = |status, why: &str| Refusal::new(status).because(why);
        let domain = match &request.uri {
            Uri::Sip(uri) => uri.host.to_ascii_lowercase(),
            _ => return Err(refuse(400, "Request-URI of REGISTER is no SIP URI")),
        };
        let Some(home) = self.config.homes.iter().find(|home| home.domain.eq_ignore_ascii_case(&domain)).cloned()
        else {
            self.said(format!("REGISTER for {domain}: no home network of this configuration"));
            return Err(refuse(403, "No roaming agreement with this home network"));
        };
        let (aor, contact) = identities(request).map_err(|why| refuse(400, &why))?;
        if let Some(Uri::Sip(contact)) = &contact
            && contact.params.has("sos")
        {
            return Err(refuse(403, "Emergency registration is not supported"));
        }
        let taken = screening::from_ue(&mut request.headers);
        self.note_taken(&taken, &aor);
        let credentials = authorization::digest_credentials(&request.headers)?;
        let impi = credentials.as_ref().and_then(authorization::private_identity);
        let (offered, confirmed) = self.agree(now, request, flow, impi.as_deref())?;
        sec_agree::strip(&mut request.headers);
        self.proxy.admit(&self.stack, Some(key), request)?;
        let known = contact.as_ref().and_then(|contact| self.registrations.of_register(&aor, contact));
        let token = known.map_or_else(|| self.entropy.token(TOKEN), |known| known.token.clone());
        let path = NameAddr::new(Uri::Sip(self.own.core_uri(Some(&token)))).to_string();
        request.headers.remove("Authorization");
        if let Some(credentials) = credentials {
            let credentials = self.say_protection(credentials, flow, impi.as_deref(), confirmed.as_ref());
            request.headers.append("Authorization", &credentials.to_string());
        }
        self.dress_register(request, &path);
        let pending = PendingRegister { aor, contact, impi, flow, token, path, home: home.domain, offered, confirmed };
        Ok((pending, home.entry))
    }

    /// Checks the security agreement and that a protected flow belongs to one private identity (TS 24.229 clause 5.2.2.2).
    fn agree(
        &mut self,
        now: Instant,
        request: &Request,
        flow: Flow,
        impi: Option<&str>,
    ) -> Result<(Option<Agreement>, Option<Agreement>), Refusal> {
        let mode = self.config.security;
        let bound = self.registrations.at_flow(flow).cloned();
        if mode != GmSecurity::Off
            && let (Some(bound), Some(impi)) = (bound.as_ref().and_then(|bound| bound.impi.as_ref()), impi)
            && bound != impi
        {
            return Err(Refusal::new(403).because("This flow belongs to another private identity"));
        }
        let place = impi.map(|impi| (impi.to_owned(), flow.remote.ip()));
        let pending = place.as_ref().and_then(|place| self.offered.get(place)).filter(|(_, until)| *until > now);
        let pending = pending.map(|(agreement, _)| agreement.clone());
        // The UE may come from another port than before, so its agreement is found by its private identity too.
        let current = bound.and_then(|bound| bound.agreement).or_else(|| {
            let mut own = impi.into_iter().flat_map(|impi| self.registrations.of_impi(impi));
            own.find(|known| known.flow.remote.ip() == flow.remote.ip()).and_then(|known| known.agreement.clone())
        });
        let known = Known { pending: pending.as_ref(), current: current.as_ref() };
        let port = self.own.ue_port(flow.transport);
        let entropy = &mut self.entropy;
        let ours = || sec_agree::mechanisms(mode, port, entropy);
        match sec_agree::check_register(mode, request, flow.transport, known, ours) {
            Checked::Plain => Ok((None, None)),
            Checked::Offered(agreement) => Ok((Some(agreement), None)),
            Checked::Verified { confirmed, proposal } => Ok((proposal, Some(confirmed))),
            Checked::Refused(refusal) => Err(refusal),
        }
    }

    /// `integrity-protected`: the P-CSCF alone says it (TS 24.229 clauses 5.2.2.2 to 5.2.2.4 and 7.2A.2). Nothing is said of
    /// a request without credentials.
    ///
    /// Without ESP a confirmed list proves that nobody has made it shorter, and not who has sent it: anybody gets one with a
    /// challenge. So `yes`, which spares the UE a challenge, is for the flow of a registration whose agreement it is.
    fn say_protection(
        &self,
        mut credentials: Credentials,
        flow: Flow,
        impi: Option<&str>,
        confirmed: Option<&Agreement>,
    ) -> Credentials {
        let own = || impi.into_iter().flat_map(|impi| self.registrations.of_impi(impi));
        let bound = own().any(|known| known.is_at(flow));
        credentials.params.remove("integrity-protected");
        let answers = credentials.params.text("response").is_some_and(|response| !response.is_empty());
        let aka = credentials.params.text("algorithm").is_some_and(|name| name.to_ascii_uppercase().starts_with("AKA"));
        let said = match (self.config.security, flow.transport) {
            (GmSecurity::SecAgree, _) => Some(match confirmed {
                None => "no",
                Some(list) if own().any(|known| known.is_from(flow) && known.agreement.as_ref() == Some(list)) => "yes",
                Some(_) => "ip-assoc-pending",
            }),
            (GmSecurity::Tls, Transport::Tls) if bound => Some("tls-yes"),
            (GmSecurity::Tls, Transport::Tls) if answers => Some("tls-pending"),
            (GmSecurity::Tls, _) => None,
            _ if aka => Some("no"),
            // Without TLS or a security association an address proves nothing: whoever shares or forges it would be taken
            // for the UE. The S-CSCF checks each response.
            _ if answers => Some("ip-assoc-pending"),
            _ => None,
        };
        if let Some(said) = said {
            credentials.params.set_quoted("integrity-protected", said);
        }
        credentials
    }

    /// What the home network learns from the P-CSCF (TS 24.229 clause 5.2.2.1).
    fn dress_register(&mut self, request: &mut Request, path: &str) {
        let headers = &mut request.headers;
        headers.remove("Route");
        headers.append("Path", path);
        for name in ["Require", "Supported"] {
            if !headers.lists(name, "path") {
                headers.append(name, "path");
            }
        }
        let vector = charging::vector(&mut self.entropy, &self.config.name, &self.config.network);
        headers.set("P-Charging-Vector", &vector.to_string());
        headers.set("P-Visited-Network-ID", &format!("\"{}\"", self.config.network));
    }

    /// The response to a REGISTER (TS 24.229 clause 5.2.2.1 and 5.2.2.2).
    pub(super) fn on_register_response(
        &mut self,
        now: Instant,
        server: ServerKey,
        pending: &PendingRegister,
        mut response: Response,
    ) {
        screening::to_ue(&mut response.headers);
        if response.is_success() {
            return self.registered(now, server, pending.clone(), response);
        }
        if matches!(response.status, 401 | 407) {
            drop_keys(&mut response);
            if let (Some(agreement), Some(impi)) = (pending.offered.clone(), pending.impi.clone()) {
                response.headers.append("Security-Server", &agreement.server.join(", "));
                self.offered.insert((impi, pending.flow.remote.ip()), agreement, now + REG_AWAIT_AUTH);
            }
        }
        self.respond(now, server, response);
    }

    fn registered(&mut self, now: Instant, server: ServerKey, pending: PendingRegister, response: Response) {
        let expires = pending.contact.as_ref().map_or(0, |contact| granted(&response, contact));
        if expires == 0 {
            return self.deregistered(now, server, &pending, response);
        }
        let texts = |name: &str| {
            let list = response.headers.addresses(name).unwrap_or_default();
            list.iter().map(|entry| entry.uri.to_string()).collect::<Vec<_>>()
        };
        if let Some(impi) = &pending.impi {
            self.offered.remove(&(impi.clone(), pending.flow.remote.ip()));
        }
        let before = self.registrations.by_token(&pending.token);
        let registration = Registration {
            impi: pending.impi.or_else(|| before.and_then(|before| before.impi.clone())),
            subscription: before.and_then(|before| before.subscription.clone()),
            agreement: pending.confirmed.or_else(|| before.and_then(|before| before.agreement.clone())),
            token: pending.token,
            aor: pending.aor,
            contact: pending.contact.map(|contact| contact.to_string()).unwrap_or_default(),
            flow: pending.flow.into(),
            path: pending.path,
            home: pending.home,
            service_route: response.headers.values("Service-Route").map(ToOwned::to_owned).collect(),
            associated: texts("P-Associated-URI"),
            expires_utc_ms: self.utc_ms(now).saturating_add(u64::from(expires) * 1000),
        };
        let fresh = registration.subscription.is_none().then(|| registration.token.clone());
        let Some(put) = Self::put_op(&registration) else {
            self.said("a registration cannot be written: please report this");
            return self.respond(now, server, response);
        };
        self.registrations.put(registration);
        self.store(vec![put], AfterStore::Answer(server, Box::new(response), fresh));
    }

    fn deregistered(&mut self, now: Instant, server: ServerKey, pending: &PendingRegister, response: Response) {
        let of_ue = |known: &&Registration| match &pending.contact {
            Some(_) => known.token == pending.token,
            // `Contact: *` takes all bindings of the identity away; those of this UE are ours.
            None => known.aor == pending.aor && known.flow.remote == pending.flow.remote,
        };
        let known = self.registrations.of_identity(&pending.aor).filter(of_ue);
        let gone: Vec<_> = known.map(|known| known.token.clone()).collect();
        if gone.is_empty() {
            return self.respond(now, server, response);
        }
        for token in &gone {
            self.drop_registration(now, token);
        }
        let ops = gone.iter().map(|token| Self::delete_op(token)).collect();
        self.store(ops, AfterStore::Answer(server, Box::new(response), None));
    }

    pub(super) fn note_taken(&mut self, taken: &[&str], who: &str) {
        if !taken.is_empty() {
            self.said(format!("{who} may not assert {}: removed", taken.join(", ")));
        }
    }
}

/// The identity to be registered, and the Contact of the UE.
fn identities(request: &Request) -> Result<(String, Option<Uri>), String> {
    let to = request.to().map_err(|problem| problem.to_string())?.ok_or("no To")?;
    let contact = match request.contacts().map_err(|problem| problem.to_string())? {
        Contacts::Star => None,
        Contacts::List(list) => match list.into_iter().next() {
            Some(contact) => Some(contact.uri),
            // Asks for the bindings and changes none (RFC 3261 clause 10.2.3): the UE is where it says in From.
            None => return Err("a REGISTER without Contact registers nothing here".to_owned()),
        },
    };
    Ok((to.uri.identity(), contact))
}

/// CK and IK are for the P-CSCF (TS 24.229 clause 7.2A.1): no UE gets them. Without ESP nobody here needs them.
fn drop_keys(response: &mut Response) {
    for name in ["WWW-Authenticate", "Proxy-Authenticate"] {
        let all: Vec<_> = response.headers.all(name).map(ToOwned::to_owned).collect();
        response.headers.remove(name);
        for value in all {
            // What cannot be read might hide keys: it goes no further.
            let Ok(mut challenge) = Challenge::parse(&value) else { continue };
            challenge.params.remove("ck");
            challenge.params.remove("ik");
            response.headers.append(name, &challenge.to_string());
        }
    }
}

/// Seconds that a 200 grants to a Contact; 0: it is not registered.
fn granted(response: &Response, contact: &Uri) -> u32 {
    let Ok(Contacts::List(list)) = response.contacts() else { return 0 };
    let Some(binding) = list.iter().find(|binding| binding.uri.equivalent(contact)) else { return 0 };
    binding.expires().or_else(|| response.expires().ok().flatten()).unwrap_or(DEFAULT_EXPIRES)
}
