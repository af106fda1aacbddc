//! Third-party registration (TS 24.229 clauses 5.4.1.7 and 5.4.1.7A).

use protocol::Instant;
use protocol::sip::{Method, NameAddr, Request, Response, Uri};
use protocol::xml::Element;

use super::registrar::ImplicitSet;
use super::{ClientUse, Scscf};
use crate::ims::FilterSubject;
use crate::ims::profile::{ApplicationServer, DefaultHandling, RegistrationType, ServiceProfile, SessionCase};

impl Scscf {
    /// REGISTERs with each application server whose criteria match; `told` are the UE's REGISTER and the 200 to it.
    pub(super) fn third_party(
        &mut self,
        now: Instant,
        set: &ImplicitSet,
        impu: &str,
        kind: RegistrationType,
        expires: u32,
        told: Option<(&Request, &Response)>,
    ) {
        for services in &set.profile.service_profiles {
            let same = |i: &&crate::ims::profile::PublicIdentity| super::registrar::canonical(&i.identity) == impu;
            let usable = || services.public_identities.iter().filter(|i| !i.barred);
            let Some(identity) = usable().find(same).or_else(|| usable().next()) else { continue };
            let identity = identity.identity.clone();
            let services = self.whole_services(services);
            for server in self.servers_to_tell(&services, &identity, kind, told.map(|(request, _)| request)) {
                self.register_with(now, set, &server, &identity, expires, told);
            }
        }
    }

    fn servers_to_tell(
        &mut self,
        services: &ServiceProfile,
        identity: &str,
        kind: RegistrationType,
        register: Option<&Request>,
    ) -> Vec<ApplicationServer> {
        let uri = register.map_or_else(|| identity.to_owned(), |r| r.uri.to_string());
        let subject = FilterSubject {
            method: "REGISTER",
            request_uri: &uri,
            headers: register.map(|r| r.headers.iter().map(|f| (f.name(), f.value())).collect()).unwrap_or_default(),
            session_description: None,
            case: SessionCase::Originating,
            registration: Some(kind),
        };
        let (mut servers, mut problems, mut from) = (Vec::new(), Vec::new(), 0);
        while let Some((position, criterion)) = self.evaluator.next_match(services, from, &subject, &mut problems) {
            servers.push(criterion.server.clone());
            from = position + 1;
        }
        problems.into_iter().for_each(|p| self.say(p.to_string()));
        servers
    }

    fn register_with(
        &mut self,
        now: Instant,
        set: &ImplicitSet,
        server: &ApplicationServer,
        identity: &str,
        expires: u32,
        told: Option<(&Request, &Response)>,
    ) {
        let (Ok(uri), Ok(to)) = (Uri::parse(&server.name), Uri::parse(identity)) else {
            return self.say(format!("third-party registration: {} or {identity} is no URI", server.name));
        };
        let mut request = Request::new(Method::REGISTER, uri);
        let own = NameAddr::new(Uri::Sip(self.own.clone()));
        let headers = &mut request.headers;
        headers.append("From", &own.clone().with_param("tag", &self.entropy.token(10)).to_string());
        headers.append("To", &NameAddr::new(to).to_string());
        headers.append("Call-ID", &format!("{}@{}", self.entropy.token(16), self.own.host));
        headers.append("CSeq", "1 REGISTER");
        headers.append("Max-Forwards", "70");
        headers.append("Contact", &own.to_string());
        headers.append("Expires", &expires.to_string());
        match told {
            Some((register, _)) => {
                for name in ["P-Access-Network-Info", "P-Visited-Network-ID", "P-Charging-Vector"] {
                    headers.copy_from(&register.headers, name);
                }
            }
            None => {
                let access = set.bindings.last().map(|b| b.access.as_slice()).unwrap_or_default();
                access.iter().for_each(|(name, value)| headers.append(name, value));
            }
        }
        set.charging.iter().for_each(|c| headers.append("P-Charging-Function-Addresses", c));
        let boundary = self.entropy.token(20);
        if let Some((content_type, body)) = body(server, told, &boundary) {
            request.set_body(&content_type, body);
        }
        let terminates = server.default_handling == DefaultHandling::Terminated && expires > 0;
        let usage = ClientUse::ThirdParty { set: set.key(), server: server.name.clone(), terminates };
        match self.stack.send_request(now, request, None) {
            Ok(client) => {
                self.clients.insert(client, usage);
            }
            Err(error) => {
                self.say(format!("third-party REGISTER to {}: {error}", server.name));
                self.third_party_answered(now, &set.key(), &server.name, terminates, 503);
            }
        }
    }

    /// An application server that takes no registration ends it where its criterion says so.
    pub(super) fn third_party_answered(
        &mut self,
        now: Instant,
        set: &str,
        server: &str,
        terminates: bool,
        status: u16,
    ) {
        if status < 300 {
            return;
        }
        self.say(format!("third-party REGISTER to {server} is answered with {status}"));
        // Clause 5.4.1.7: no answer, 408 and 5xx.
        if terminates && (status == 408 || status / 100 == 5) {
            self.deregister_by_administration(now, set);
        }
    }
}

/// The body that a criterion asks for: one part as it is, several as multipart/mixed (RFC 2046 clause 5.1).
fn body(server: &ApplicationServer, told: Option<(&Request, &Response)>, boundary: &str) -> Option<(String, Vec<u8>)> {
    let mut parts: Vec<(&str, Vec<u8>)> = Vec::new();
    if let Some(information) = &server.service_information {
        // TS 24.229 clause 7.6.
        let document = Element::new("ims-3gpp")
            .attribute("version", 1)
            .child(Element::with_text("service-info", information))
            .to_document();
        parts.push(("application/3gpp-ims+xml", document.into_bytes()));
    }
    if let Some((request, response)) = told {
        if server.include_register_request {
            parts.push(("message/sip", request.to_bytes()));
        }
        if server.include_register_response {
            parts.push(("message/sip", response.to_bytes()));
        }
    }
    if parts.len() < 2 {
        return parts.pop().map(|(kind, octets)| (kind.to_owned(), octets));
    }
    let mut whole = Vec::new();
    for (kind, octets) in parts {
        whole.extend_from_slice(format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n").as_bytes());
        whole.extend_from_slice(&octets);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Some((format!("multipart/mixed;boundary={boundary}"), whole))
}
