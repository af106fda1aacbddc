//! Sh at the HSS (TS 29.328 clause 6.1): UDR, PUR, SNR, and the documents in them (annexes C and D).

use protocol::Instant;
use protocol::diameter::cx::code as cx_code;
use protocol::diameter::sh::{
    IdentitySet, Pur, ShAnswer, Snr, SubscriptionRequest, Udr, UserIdentity, code, reference,
};
use protocol::diameter::{Message, ResultCode, result};
use protocol::xml::Element;

use super::data::{Entry, Subscription};
use super::registration::{IdentityState, set_key};
use super::subscriber::{Subscriber, canonical};
use super::{Hss, NTP_OFFSET, Reply};
use crate::ims::profile::{ServiceProfile, UserProfile};
use crate::node::NodeStoreOp;

/// The highest value of Data-Reference that is known (TS 29.329 clause 6.3.4).
const LAST_REFERENCE: u32 = reference::IMS_PRIVATE_USER_IDENTITY;

/// What an application server wants to do with data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Read,
    Update,
    Notify,
}

impl Operation {
    /// Which data it can be done with (TS 29.328 table 7.6.1).
    fn takes(self, data_reference: u32) -> bool {
        let readable = [
            reference::REPOSITORY_DATA,
            reference::IMS_PUBLIC_IDENTITY,
            reference::IMS_USER_STATE,
            reference::SCSCF_NAME,
            reference::INITIAL_FILTER_CRITERIA,
            reference::CHARGING_INFORMATION,
            reference::MSISDN,
            reference::SMS_REGISTRATION_INFO,
            reference::IMS_PRIVATE_USER_IDENTITY,
        ];
        match self {
            Self::Read => readable.contains(&data_reference),
            Self::Update => data_reference == reference::REPOSITORY_DATA,
            Self::Notify => {
                let all = [
                    reference::REPOSITORY_DATA,
                    reference::IMS_USER_STATE,
                    reference::SCSCF_NAME,
                    // Not in the table: TR 23.804 clause 8.1 step 4 wants somebody to be told.
                    reference::SMS_REGISTRATION_INFO,
                ];
                all.contains(&data_reference)
            }
        }
    }

    const fn refusal(self) -> u32 {
        match self {
            Self::Read => code::USER_DATA_CANNOT_BE_READ,
            Self::Update => code::USER_DATA_CANNOT_BE_MODIFIED,
            Self::Notify => code::USER_DATA_CANNOT_BE_NOTIFIED,
        }
    }
}

impl Hss {
    pub(super) fn udr(&self, request: &Message, udr: &Udr) -> Reply {
        let found = self.read(udr);
        Reply::now(self.sh_answer(request, found.map(Some), None))
    }

    fn sh_answer(&self, request: &Message, found: Result<Option<Vec<u8>>, ResultCode>, expiry: Option<u32>) -> Message {
        let (result, user_data) = match found {
            Ok(user_data) => (ResultCode::SUCCESS, user_data),
            Err(result) => (result, None),
        };
        ShAnswer { outcome: self.outcome(result), user_data, expiry }.to_message(request)
    }

    /// Clause 6.1.1.1.
    fn read(&self, udr: &Udr) -> Result<Vec<u8>, ResultCode> {
        let impu = self.user(&udr.user)?;
        self.permit(&udr.routing.origin_host, &udr.references, Operation::Read)?;
        if udr.references.contains(&reference::REPOSITORY_DATA) && udr.services.is_empty()
            || udr.references.contains(&reference::INITIAL_FILTER_CRITERIA) && udr.server.is_none()
        {
            return Err(ResultCode::Base(result::MISSING_AVP));
        }
        let mut document = Element::new("Sh-Data");
        for service in udr.services.iter().map(Some).chain(udr.services.is_empty().then_some(None)) {
            let part = self.sh_element(
                &impu,
                &udr.references,
                service.map(Vec::as_slice),
                udr.server.as_deref(),
                &udr.identity_sets,
            );
            // Further services add their data alone.
            let is_first = document.children.is_empty();
            document.children.extend(part.children.into_iter().filter(|c| is_first || c.name == "RepositoryData"));
        }
        Ok(self.with_service_data(&document, &impu, &udr.services))
    }

    /// The document about an identity as a notification carries it.
    pub(super) fn sh_data(
        &self,
        impu: &str,
        references: &[u32],
        service: Option<&[u8]>,
        server: Option<&str>,
    ) -> Option<Vec<u8>> {
        self.directory.by_impu(impu).next()?;
        let document = self.sh_element(impu, references, service, server, &[]);
        let services: Vec<_> = service.map(<[u8]>::to_vec).into_iter().collect();
        Some(self.with_service_data(&document, impu, &services))
    }

    fn sh_element(
        &self,
        impu: &str,
        references: &[u32],
        service: Option<&[u8]>,
        server: Option<&str>,
        sets: &[IdentitySet],
    ) -> Element {
        let mut document = Element::new("Sh-Data");
        let Some(subscriber) = self.directory.by_impu(impu).next() else { return document };
        let wants = |wanted| references.contains(&wanted);
        let mut identifiers = Element::new("PublicIdentifiers");
        if wants(reference::IMS_PUBLIC_IDENTITY) {
            let identities = self.identities(subscriber, impu, sets);
            identifiers.children.extend(identities.iter().map(|i| Element::with_text("IMSPublicIdentity", i)));
        }
        if wants(reference::MSISDN) {
            identifiers.children.extend(subscriber.msisdn.iter().map(|m| Element::with_text("MSISDN", m)));
        }
        document.children.extend(Some(identifiers).filter(|e| !e.children.is_empty()));
        if let Some(service) = service.filter(|_| wants(reference::REPOSITORY_DATA)) {
            document.children.push(self.repository_element(impu, service));
        }
        let ims = self.ims_element(subscriber, impu, references, server);
        document.children.extend(Some(ims).filter(|e| !e.children.is_empty()));
        let mut extension = Element::new("Extension");
        if wants(reference::SMS_REGISTRATION_INFO) {
            extension.children.push(self.sms_registration_info(impu));
        }
        if wants(reference::IMS_PRIVATE_USER_IDENTITY) {
            let impis = self.directory.by_impu(impu).map(|s| Element::with_text("IMSPrivateUserIdentity", &s.impi));
            extension.children.extend(impis);
        }
        document.children.extend(Some(extension).filter(|e| !e.children.is_empty()));
        document
    }

    /// RepositoryData without its ServiceData, which is kept as it came.
    fn repository_element(&self, impu: &str, service: &[u8]) -> Element {
        let entry = self.repository.get(impu, service);
        Element::new("RepositoryData")
            .child(Element::with_text("ServiceIndication", String::from_utf8_lossy(service)))
            .child(Element::with_text("SequenceNumber", entry.map_or(0, |e| e.sequence)))
    }

    /// Puts ServiceData in its place, octet for octet.
    fn with_service_data(&self, document: &Element, impu: &str, services: &[Vec<u8>]) -> Vec<u8> {
        let mut text = document.to_document();
        let mut from = 0;
        for service in services {
            let Some(end) = text[from..].find("</RepositoryData>").map(|at| from + at) else { break };
            let content = self.repository.get(impu, service).map_or("", |e| e.content.as_str());
            text.insert_str(end, content);
            from = end + content.len() + "</RepositoryData>".len();
        }
        text.into_bytes()
    }

    fn ims_element(&self, subscriber: &Subscriber, impu: &str, references: &[u32], server: Option<&str>) -> Element {
        let wants = |wanted| references.contains(&wanted);
        let mut ims = Element::new("Sh-IMS-Data");
        let registration = self.registrations.get(&subscriber.subscription);
        if wants(reference::SCSCF_NAME) {
            let name = registration.and_then(|r| r.server.as_deref()).unwrap_or("");
            ims.children.push(Element::with_text("SCSCFName", name));
        }
        if wants(reference::INITIAL_FILTER_CRITERIA) {
            ims.children.push(criteria(subscriber, impu, server.unwrap_or("")));
        }
        if wants(reference::IMS_USER_STATE) {
            let set = subscriber.set_of(impu).and_then(|i| subscriber.sets.get(i)).map(set_key).unwrap_or_default();
            // TS 29.328 annex D, tIMSUserState.
            let state = match registration.map_or(IdentityState::NotRegistered, |r| r.state(&set)) {
                IdentityState::NotRegistered => 0,
                IdentityState::Registered => 1,
                IdentityState::Unregistered => 2,
            };
            ims.children.push(Element::with_text("IMSUserState", state));
        }
        if wants(reference::CHARGING_INFORMATION) {
            let charging = &subscriber.charging;
            let names = [
                ("PrimaryEventChargingFunctionName", &charging.primary_ecf),
                ("SecondaryEventChargingFunctionName", &charging.secondary_ecf),
                ("PrimaryChargingCollectionFunctionName", &charging.primary_ccf),
                ("SecondaryChargingCollectionFunctionName", &charging.secondary_ccf),
            ];
            let mut element = Element::new("ChargingInformation");
            let names = names.iter().filter_map(|(name, value)| Some(Element::with_text(name, value.as_ref()?)));
            element.children.extend(names);
            ims.children.push(element);
        }
        ims
    }

    /// Identities that are asked for (TS 29.328 clause 7.1.1): never barred ones.
    fn identities(&self, subscriber: &Subscriber, impu: &str, wanted: &[IdentitySet]) -> Vec<String> {
        let all = [IdentitySet::All];
        let wanted = if wanted.is_empty() { &all[..] } else { wanted };
        let own = subscriber.set_of(impu);
        let registration = self.registrations.get(&subscriber.subscription);
        let fits = |index: usize, set: &super::ImplicitSet| {
            wanted.iter().any(|w| match w {
                IdentitySet::All => true,
                IdentitySet::Registered => {
                    registration.is_some_and(|r| r.state(&set_key(set)) == IdentityState::Registered)
                }
                // Identities of one set share their profile here, and so are aliases.
                IdentitySet::Implicit | IdentitySet::Alias => own == Some(index),
            })
        };
        let sets = subscriber.sets.iter().enumerate().filter(|(i, set)| fits(*i, set));
        sets.flat_map(|(_, set)| set.identities.iter().filter(|i| !i.barred)).map(|i| i.uri.clone()).collect()
    }

    pub(super) fn pur(&mut self, now: Instant, request: &Message, pur: &Pur) -> Reply {
        match self.update(now, pur) {
            Ok(ops) => Reply { answer: self.sh_answer(request, Ok(None), None), ops },
            Err(result) => Reply::now(self.sh_answer(request, Err(result), None)),
        }
    }

    /// Clause 6.1.2.1.
    fn update(&mut self, now: Instant, pur: &Pur) -> Result<Vec<NodeStoreOp>, ResultCode> {
        let impu = self.user(&pur.user)?;
        self.permit(&pur.routing.origin_host, &pur.references, Operation::Update)?;
        if pur.user_data.len() > self.config.max_repository_octets {
            return Err(ResultCode::Experimental(cx_code::TOO_MUCH_DATA));
        }
        let unreadable = ResultCode::Experimental(code::USER_DATA_NOT_RECOGNIZED);
        let text = std::str::from_utf8(&pur.user_data).map_err(|_| unreadable)?;
        let document = Element::parse(text).map_err(|_| unreadable)?;
        let data = document.first("RepositoryData").ok_or(unreadable)?;
        let service = data.text_of("ServiceIndication").ok_or(unreadable)?.as_bytes().to_vec();
        let sequence: u16 = data.text_of("SequenceNumber").and_then(|n| n.parse().ok()).ok_or(unreadable)?;
        let content = data.first("ServiceData").map(|_| service_data(text).ok_or(unreadable)).transpose()?;
        let before = self.repository.get(&impu, &service).map(|e| e.sequence);
        let in_step = match before {
            None => sequence == 0,
            // After 65535 comes 1: 0 is for data that are not there yet.
            Some(u16::MAX) => sequence == 1,
            Some(before) => sequence == before + 1,
        };
        if !in_step {
            return Err(ResultCode::Experimental(code::TRANSPARENT_DATA_OUT_OF_SYNC));
        }
        let op = match (content, before) {
            (None, None) => return Err(ResultCode::Experimental(code::OPERATION_NOT_ALLOWED)),
            (None, Some(_)) => self.repository.remove(&impu, &service),
            (Some(content), _) => {
                let entry = Entry { impu: impu.clone(), service: service.clone(), sequence, content };
                self.repository.put(entry)
            }
        };
        self.notify(now, &impu, reference::REPOSITORY_DATA, Some(&service));
        Ok(vec![op])
    }

    pub(super) fn snr(&mut self, now: Instant, request: &Message, snr: &Snr) -> Reply {
        match self.subscribe(now, snr) {
            Ok((user_data, ops)) => {
                let expiry = snr.expiry.filter(|_| snr.request == SubscriptionRequest::Subscribe);
                Reply { answer: self.sh_answer(request, Ok(user_data), expiry), ops }
            }
            Err(result) => Reply::now(self.sh_answer(request, Err(result), None)),
        }
    }

    /// Clause 6.1.3.1.
    fn subscribe(&mut self, now: Instant, snr: &Snr) -> Result<(Option<Vec<u8>>, Vec<NodeStoreOp>), ResultCode> {
        let impu = self.user(&snr.user)?;
        self.permit(&snr.routing.origin_host, &snr.references, Operation::Notify)?;
        let until = snr.expiry.map(|t| u64::from(t).saturating_sub(NTP_OFFSET.as_secs()).saturating_mul(1000));
        let is_over = until.is_some_and(|until| until <= self.utc_ms(now));
        let is_wanted = snr.request == SubscriptionRequest::Subscribe;
        let mut ops = Vec::new();
        for &data_reference in &snr.references {
            let services: Vec<Option<&Vec<u8>>> = match data_reference {
                reference::REPOSITORY_DATA if snr.services.is_empty() => {
                    return Err(ResultCode::Base(result::MISSING_AVP));
                }
                reference::REPOSITORY_DATA => snr.services.iter().map(Some).collect(),
                _ => vec![None],
            };
            for service in services {
                if is_wanted && service.is_some_and(|s| self.repository.get(&impu, s).is_none()) {
                    return Err(ResultCode::Experimental(code::SUBS_DATA_ABSENT));
                }
                let (host, realm) = (snr.routing.origin_host.clone(), snr.routing.origin_realm.clone());
                if is_wanted && !is_over {
                    ops.push(self.repository.subscribe(Subscription {
                        impu: impu.clone(),
                        reference: data_reference,
                        service: service.cloned(),
                        host,
                        realm,
                        until,
                        one_time: snr.one_time,
                    }));
                } else {
                    let service = service.map(Vec::as_slice);
                    let ended = self.repository.unsubscribe(&impu, data_reference, service, &host);
                    ops.push(ended.ok_or(ResultCode::Experimental(code::NO_SUBSCRIPTION_TO_DATA))?);
                }
            }
        }
        let service = snr.services.first().map(Vec::as_slice);
        let user_data = (is_wanted && snr.send_data).then(|| self.sh_data(&impu, &snr.references, service, None));
        Ok((user_data.flatten(), ops))
    }

    /// The public identity that is meant.
    fn user(&self, user: &UserIdentity) -> Result<String, ResultCode> {
        let unknown = ResultCode::Experimental(cx_code::USER_UNKNOWN);
        match user {
            UserIdentity::Public(impu) => self.directory.by_impu(impu).next().map(|_| canonical(impu)).ok_or(unknown),
            UserIdentity::Msisdn(digits) => {
                let subscriber = self.directory.by_msisdn(digits).ok_or(unknown)?;
                let identities = subscriber.sets.iter().flat_map(|s| &s.identities);
                identities.into_iter().find(|i| !i.barred).map(|i| canonical(&i.uri)).ok_or(unknown)
            }
        }
    }

    /// Whether an application server may do that (TS 29.328 clause 6.2), and whether it can be done at all.
    fn permit(&self, host: &str, references: &[u32], operation: Operation) -> Result<(), ResultCode> {
        for wanted in references {
            if *wanted > LAST_REFERENCE || (1..reference::IMS_PUBLIC_IDENTITY).contains(wanted) {
                return Err(ResultCode::Experimental(code::USER_DATA_NOT_RECOGNIZED));
            }
            let listed = |all: &std::collections::BTreeMap<String, Vec<u32>>| {
                all.get(host).is_some_and(|references| references.contains(wanted))
            };
            if !self.config.application_servers.as_ref().is_none_or(listed) {
                return Err(ResultCode::Experimental(code::OPERATION_NOT_ALLOWED));
            }
            if !operation.takes(*wanted) {
                return Err(ResultCode::Experimental(operation.refusal()));
            }
        }
        Ok(())
    }
}

/// Filter criteria of a subscriber that name an application server.
fn criteria(subscriber: &Subscriber, impu: &str, server: &str) -> Element {
    let mut element = Element::new("IFCs");
    let set = subscriber.set_of(impu).and_then(|i| subscriber.sets.get(i));
    let mut criteria = set.and_then(|s| s.filter_criteria().ok()).unwrap_or_default();
    criteria.retain(|c| canonical(&c.server.name) == canonical(server));
    // The profile's own writer makes them; they are taken out of its document.
    let profile = ServiceProfile { criteria, ..ServiceProfile::default() };
    let document = UserProfile { private_id: "-".to_owned(), service_profiles: vec![profile] }.to_document();
    if let Ok(root) = Element::parse(&document) {
        let profile = root.children.into_iter().filter(|c| c.name == "ServiceProfile");
        element.children.extend(profile.flat_map(|p| p.children).filter(|c| c.name == "InitialFilterCriteria"));
    }
    element
}

/// The ServiceData element as it stands in a document that has been found well-formed.
fn service_data(text: &str) -> Option<String> {
    let start = text.match_indices('<').find_map(|(at, _)| {
        let name = text[at + 1..].split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()?;
        (name.rsplit(':').next() == Some("ServiceData")).then_some((at, name))
    });
    let (start, name) = start?;
    let close = format!("</{name}");
    let Some(end) = text.rfind(&close) else {
        // An empty element.
        return text[start..].find("/>").map(|end| text[start..start + end + 2].to_owned());
    };
    let tail = text[end..].find('>')?;
    (end > start).then(|| text[start..=end + tail].to_owned())
}
