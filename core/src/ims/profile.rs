//! User profile of the Cx interface (TS 29.228 annexes B to E): the `IMSSubscription` document of User-Data.

use std::collections::BTreeSet;

use protocol::xml::{Element, XmlProblem};

/// An `IMSSubscription`: what an S-CSCF knows of an implicit registration set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserProfile {
    /// Private user identity.
    pub private_id: String,
    /// Service profiles.
    pub service_profiles: Vec<ServiceProfile>,
}

/// A service profile: identities that have the same services.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceProfile {
    /// Public identities, at least one.
    pub public_identities: Vec<PublicIdentity>,
    /// Number of the media profile of the core network's service authorization.
    pub subscribed_media_profile: Option<u32>,
    /// Initial filter criteria.
    pub criteria: Vec<InitialFilterCriteria>,
    /// Sets of filter criteria that the S-CSCF has by administration.
    pub shared_criteria: Vec<u32>,
}

/// A public user or service identity.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PublicIdentity {
    /// SIP URI or tel URI.
    pub identity: String,
    /// May not be used but for registration.
    pub barred: bool,
    /// Kind, when it is not a distinct public user identity.
    pub kind: IdentityKind,
    /// Display name of the identity.
    pub display_name: Option<String>,
}

/// Kind of a public identity (TS 29.228 annex F, tIdentityType).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum IdentityKind {
    /// A distinct public user identity.
    #[default]
    PublicUser,
    /// A distinct public service identity.
    PublicService,
    /// A wildcarded public service identity, with the wildcard.
    WildcardedService(String),
    /// A non-distinct public user identity.
    NonDistinctUser,
    /// A wildcarded public user identity, with the wildcard.
    WildcardedUser(String),
}

/// An initial filter criterion: when which application server is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InitialFilterCriteria {
    /// The lower, the earlier.
    pub priority: u32,
    /// Without one, every request matches.
    pub trigger: Option<TriggerPoint>,
    /// Who is asked.
    pub server: ApplicationServer,
    /// For which state of the user; for both when absent.
    pub profile_part: Option<ProfilePart>,
}

/// Part of the profile that a criterion belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProfilePart {
    /// While the user is registered.
    Registered,
    /// While the user is not.
    Unregistered,
}

/// An application server as a criterion names it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApplicationServer {
    /// SIP URI.
    pub name: String,
    /// What happens when it does not answer.
    pub default_handling: DefaultHandling,
    /// Told to the server in third-party registrations.
    pub service_information: Option<String>,
    /// Third-party registrations carry the REGISTER of the UE.
    pub include_register_request: bool,
    /// Third-party registrations carry the 200 to it.
    pub include_register_response: bool,
}

/// What happens to a request when its application server cannot be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DefaultHandling {
    /// SESSION_CONTINUED: as if it had not matched.
    #[default]
    Continued,
    /// SESSION_TERMINATED.
    Terminated,
}

/// A trigger point: an expression of service point triggers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TriggerPoint {
    /// Groups are disjunctions that are all true (CNF); otherwise conjunctions of which one is (DNF).
    pub conjunctive: bool,
    /// The triggers.
    pub triggers: Vec<ServicePointTrigger>,
}

/// A service point trigger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServicePointTrigger {
    /// The condition must not hold.
    pub negated: bool,
    /// Groups that it belongs to.
    pub groups: BTreeSet<u32>,
    /// What is looked at.
    pub condition: Condition,
}

/// Condition of a service point trigger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Request-URI, a regular expression.
    RequestUri(String),
    /// Method; for REGISTER also the types of registration, any when there are none.
    Method {
        /// Name of the method.
        method: String,
        /// Types of registration.
        registration: BTreeSet<RegistrationType>,
    },
    /// Presence of a header field, or its content.
    SipHeader {
        /// Name of the header field, a regular expression.
        header: String,
        /// Content, a regular expression.
        content: Option<String>,
    },
    /// Direction of the request and state of the user.
    SessionCase(SessionCase),
    /// Presence of a line in the session description, or its content.
    SessionDescription {
        /// Type of the line, a regular expression.
        line: String,
        /// Content, a regular expression.
        content: Option<String>,
    },
}

/// Type of a registration (tRegistrationType).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RegistrationType {
    /// INITIAL_REGISTRATION.
    Initial,
    /// RE-REGISTRATION.
    ReRegistration,
    /// DE-REGISTRATION.
    DeRegistration,
}

/// Session case (tDirectionOfRequest).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionCase {
    /// ORIGINATING_SESSION.
    Originating,
    /// TERMINATING_REGISTERED.
    TerminatingRegistered,
    /// TERMINATING_UNREGISTERED.
    TerminatingUnregistered,
    /// ORIGINATING_UNREGISTERED.
    OriginatingUnregistered,
    /// ORIGINATING_CDIV.
    OriginatingCdiv,
}

/// Why a profile was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProfileProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As a user profile.
    #[error("user profile: {element} is missing or wrong: {value:?}")]
    Field {
        /// Name of the element.
        element: &'static str,
        /// What was there.
        value: String,
    },
}

impl UserProfile {
    /// Reads User-Data.
    pub fn parse(document: &str) -> Result<Self, ProfileProblem> {
        let root = Element::parse(document)?;
        if root.name != "IMSSubscription" {
            return Err(field("IMSSubscription", Some(&root.name)));
        }
        let service_profiles =
            root.all("ServiceProfile").map(ServiceProfile::read).collect::<Result<Vec<_>, ProfileProblem>>()?;
        if service_profiles.is_empty() {
            return Err(field("ServiceProfile", None));
        }
        Ok(Self { private_id: mandatory(&root, "PrivateID")?, service_profiles })
    }

    /// Writes User-Data.
    pub fn to_document(&self) -> String {
        let mut root = Element::new("IMSSubscription").child(Element::with_text("PrivateID", &self.private_id));
        root.children.extend(self.service_profiles.iter().map(ServiceProfile::write));
        root.to_document()
    }

    /// All identities, in order.
    pub fn identities(&self) -> impl Iterator<Item = &PublicIdentity> {
        self.service_profiles.iter().flat_map(|p| &p.public_identities)
    }

    /// The service profile that has an identity, found by `same`.
    pub fn service_profile(&self, same: impl Fn(&str) -> bool) -> Option<&ServiceProfile> {
        self.service_profiles.iter().find(|p| p.public_identities.iter().any(|i| same(&i.identity)))
    }
}

impl ServiceProfile {
    fn read(element: &Element) -> Result<Self, ProfileProblem> {
        let public_identities =
            element.all("PublicIdentity").map(PublicIdentity::read).collect::<Result<Vec<_>, ProfileProblem>>()?;
        if public_identities.is_empty() {
            return Err(field("PublicIdentity", None));
        }
        let media = element
            .first("CoreNetworkServicesAuthorization")
            .and_then(|a| a.text_of("SubscribedMediaProfileId"))
            .map(|v| number("SubscribedMediaProfileId", v))
            .transpose()?;
        let mut criteria = element
            .all("InitialFilterCriteria")
            .map(InitialFilterCriteria::read)
            .collect::<Result<Vec<_>, ProfileProblem>>()?;
        criteria.sort_by_key(|c| c.priority);
        let shared_criteria = element
            .first("Extension")
            .into_iter()
            .flat_map(|e| e.all("SharedIFCSetID"))
            .map(|e| number("SharedIFCSetID", &e.text))
            .collect::<Result<_, _>>()?;
        Ok(Self { public_identities, subscribed_media_profile: media, criteria, shared_criteria })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("ServiceProfile");
        element.children.extend(self.public_identities.iter().map(PublicIdentity::write));
        if let Some(media) = self.subscribed_media_profile {
            element = element.child(
                Element::new("CoreNetworkServicesAuthorization")
                    .child(Element::with_text("SubscribedMediaProfileId", media)),
            );
        }
        element.children.extend(self.criteria.iter().map(InitialFilterCriteria::write));
        if !self.shared_criteria.is_empty() {
            let mut extension = Element::new("Extension");
            let ids = self.shared_criteria.iter().map(|id| Element::with_text("SharedIFCSetID", id));
            extension.children.extend(ids);
            element = element.child(extension);
        }
        element
    }
}

impl PublicIdentity {
    fn read(element: &Element) -> Result<Self, ProfileProblem> {
        let extension = element.first("Extension");
        let text = |name| extension.and_then(|e| e.text_of(name)).map(str::to_owned);
        let inner = extension.and_then(|e| e.first("Extension"));
        let inner_text = |name| inner.and_then(|e| e.text_of(name)).map(str::to_owned);
        let kind = match text("IdentityType").as_deref().map(str::trim) {
            None | Some("0") => IdentityKind::PublicUser,
            Some("1") => IdentityKind::PublicService,
            Some("2") => {
                IdentityKind::WildcardedService(text("WildcardedPSI").ok_or_else(|| field("WildcardedPSI", None))?)
            }
            Some("3") => IdentityKind::NonDistinctUser,
            Some("4") => {
                IdentityKind::WildcardedUser(inner_text("WildcardedIMPU").ok_or_else(|| field("WildcardedIMPU", None))?)
            }
            other => return Err(field("IdentityType", other)),
        };
        Ok(Self {
            identity: mandatory(element, "Identity")?,
            barred: flag(element, "BarringIndication")?,
            kind,
            display_name: inner_text("DisplayName"),
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("PublicIdentity");
        if self.barred {
            element = element.child(Element::with_text("BarringIndication", 1));
        }
        element = element.child(Element::with_text("Identity", &self.identity));
        let mut extension = Element::new("Extension");
        let mut inner = Element::new("Extension");
        let code = match &self.kind {
            IdentityKind::PublicUser => None,
            IdentityKind::PublicService => Some(1),
            IdentityKind::WildcardedService(_) => Some(2),
            IdentityKind::NonDistinctUser => Some(3),
            IdentityKind::WildcardedUser(_) => Some(4),
        };
        extension.children.extend(code.map(|c| Element::with_text("IdentityType", c)));
        if let IdentityKind::WildcardedService(wildcard) = &self.kind {
            extension = extension.child(Element::with_text("WildcardedPSI", wildcard));
        }
        inner.children.extend(self.display_name.as_ref().map(|n| Element::with_text("DisplayName", n)));
        if let IdentityKind::WildcardedUser(wildcard) = &self.kind {
            inner = inner.child(Element::with_text("WildcardedIMPU", wildcard));
        }
        if !inner.children.is_empty() {
            // The inner extension follows an identity type, which is mandatory in the outer one.
            if code.is_none() {
                extension = extension.child(Element::with_text("IdentityType", 0));
            }
            extension = extension.child(inner);
        }
        if extension.children.is_empty() { element } else { element.child(extension) }
    }
}

impl InitialFilterCriteria {
    fn read(element: &Element) -> Result<Self, ProfileProblem> {
        let server = element.first("ApplicationServer").ok_or_else(|| field("ApplicationServer", None))?;
        let profile_part = match element.text_of("ProfilePartIndicator").map(str::trim) {
            None => None,
            Some("0") => Some(ProfilePart::Registered),
            Some("1") => Some(ProfilePart::Unregistered),
            other => return Err(field("ProfilePartIndicator", other)),
        };
        Ok(Self {
            priority: number("Priority", &mandatory(element, "Priority")?)?,
            trigger: element.first("TriggerPoint").map(TriggerPoint::read).transpose()?,
            server: ApplicationServer::read(server)?,
            profile_part,
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("InitialFilterCriteria").child(Element::with_text("Priority", self.priority));
        element.children.extend(self.trigger.as_ref().map(TriggerPoint::write));
        element = element.child(self.server.write());
        if let Some(part) = self.profile_part {
            let part = match part {
                ProfilePart::Registered => 0,
                ProfilePart::Unregistered => 1,
            };
            element = element.child(Element::with_text("ProfilePartIndicator", part));
        }
        element
    }
}

impl ApplicationServer {
    fn read(element: &Element) -> Result<Self, ProfileProblem> {
        let default_handling = match element.text_of("DefaultHandling").map(str::trim) {
            None | Some("0") => DefaultHandling::Continued,
            Some("1") => DefaultHandling::Terminated,
            other => return Err(field("DefaultHandling", other)),
        };
        let included =
            |name| element.first(name).is_some() || element.first("Extension").is_some_and(|e| e.first(name).is_some());
        Ok(Self {
            name: mandatory(element, "ServerName")?,
            default_handling,
            service_information: element.text_of("ServiceInfo").map(str::to_owned),
            include_register_request: included("IncludeRegisterRequest"),
            include_register_response: included("IncludeRegisterResponse"),
        })
    }

    fn write(&self) -> Element {
        let handling = match self.default_handling {
            DefaultHandling::Continued => 0,
            DefaultHandling::Terminated => 1,
        };
        let mut element = Element::new("ApplicationServer")
            .child(Element::with_text("ServerName", &self.name))
            .child(Element::with_text("DefaultHandling", handling));
        element.children.extend(self.service_information.as_ref().map(|s| Element::with_text("ServiceInfo", s)));
        let mut extension = Element::new("Extension");
        if self.include_register_request {
            extension = extension.child(Element::new("IncludeRegisterRequest"));
        }
        if self.include_register_response {
            extension = extension.child(Element::new("IncludeRegisterResponse"));
        }
        if extension.children.is_empty() { element } else { element.child(extension) }
    }
}

impl TriggerPoint {
    fn read(element: &Element) -> Result<Self, ProfileProblem> {
        Ok(Self {
            conjunctive: flag(element, "ConditionTypeCNF")?,
            triggers: element.all("SPT").map(ServicePointTrigger::read).collect::<Result<_, _>>()?,
        })
    }

    fn write(&self) -> Element {
        let mut element =
            Element::new("TriggerPoint").child(Element::with_text("ConditionTypeCNF", u8::from(self.conjunctive)));
        element.children.extend(self.triggers.iter().map(ServicePointTrigger::write));
        element
    }
}

impl ServicePointTrigger {
    fn read(element: &Element) -> Result<Self, ProfileProblem> {
        let groups = element.all("Group").map(|g| number("Group", &g.text)).collect::<Result<_, _>>()?;
        Ok(Self { negated: flag(element, "ConditionNegated")?, groups, condition: Condition::read(element)? })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("SPT").child(Element::with_text("ConditionNegated", u8::from(self.negated)));
        element.children.extend(self.groups.iter().map(|g| Element::with_text("Group", g)));
        self.condition.write(element)
    }
}

impl Condition {
    fn read(spt: &Element) -> Result<Self, ProfileProblem> {
        let content = |e: &Element| e.text_of("Content").map(str::to_owned);
        if let Some(uri) = spt.text_of("RequestURI") {
            return Ok(Self::RequestUri(uri.to_owned()));
        }
        if let Some(method) = spt.text_of("Method") {
            let types = spt.first("Extension").into_iter().flat_map(|e| e.all("RegistrationType"));
            let registration = types.map(|e| RegistrationType::read(&e.text)).collect::<Result<_, _>>()?;
            return Ok(Self::Method { method: method.to_owned(), registration });
        }
        if let Some(header) = spt.first("SIPHeader") {
            return Ok(Self::SipHeader { header: mandatory(header, "Header")?, content: content(header) });
        }
        if let Some(case) = spt.text_of("SessionCase") {
            let case = SessionCase::ALL.get(number("SessionCase", case)? as usize);
            return case.map(|c| Self::SessionCase(*c)).ok_or_else(|| field("SessionCase", spt.text_of("SessionCase")));
        }
        if let Some(line) = spt.first("SessionDescription") {
            return Ok(Self::SessionDescription { line: mandatory(line, "Line")?, content: content(line) });
        }
        Err(field("condition of SPT", spt.children.last().map(|c| c.name.as_str())))
    }

    fn write(&self, spt: Element) -> Element {
        let with_content = |mut e: Element, content: &Option<String>| {
            e.children.extend(content.as_ref().map(|c| Element::with_text("Content", c)));
            e
        };
        match self {
            Self::RequestUri(uri) => spt.child(Element::with_text("RequestURI", uri)),
            Self::Method { method, registration } => {
                let spt = spt.child(Element::with_text("Method", method));
                if registration.is_empty() {
                    return spt;
                }
                let mut extension = Element::new("Extension");
                let types = registration.iter().map(|t| Element::with_text("RegistrationType", *t as u8));
                extension.children.extend(types);
                spt.child(extension)
            }
            Self::SipHeader { header, content } => {
                let e = Element::new("SIPHeader").child(Element::with_text("Header", header));
                spt.child(with_content(e, content))
            }
            Self::SessionCase(case) => spt.child(Element::with_text("SessionCase", *case as u8)),
            Self::SessionDescription { line, content } => {
                let e = Element::new("SessionDescription").child(Element::with_text("Line", line));
                spt.child(with_content(e, content))
            }
        }
    }
}

impl RegistrationType {
    fn read(code: &str) -> Result<Self, ProfileProblem> {
        match code.trim() {
            "0" => Ok(Self::Initial),
            "1" => Ok(Self::ReRegistration),
            "2" => Ok(Self::DeRegistration),
            other => Err(field("RegistrationType", Some(other))),
        }
    }
}

impl SessionCase {
    /// In the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::Originating,
        Self::TerminatingRegistered,
        Self::TerminatingUnregistered,
        Self::OriginatingUnregistered,
        Self::OriginatingCdiv,
    ];
}

fn mandatory(element: &Element, name: &'static str) -> Result<String, ProfileProblem> {
    element.text_of(name).map(str::to_owned).ok_or_else(|| field(name, None))
}

fn number(name: &'static str, value: &str) -> Result<u32, ProfileProblem> {
    value.trim().parse().map_err(|_| field(name, Some(value)))
}

fn flag(element: &Element, name: &'static str) -> Result<bool, ProfileProblem> {
    match element.text_of(name).map(str::trim) {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        other => Err(field(name, other)),
    }
}

fn field(element: &'static str, value: Option<&str>) -> ProfileProblem {
    ProfileProblem::Field { element, value: value.unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<?xml version='1.0'?><IMSSubscription><PrivateID>001010000000001@ims</PrivateID>\
        <ServiceProfile><PublicIdentity><BarringIndication>1</BarringIndication><Identity>sip:tmp@ims</Identity>\
        </PublicIdentity><PublicIdentity><Identity>tel:+999123</Identity><Extension><IdentityType>0</IdentityType>\
        <Extension><DisplayName>A &amp; B</DisplayName></Extension></Extension></PublicIdentity>\
        <CoreNetworkServicesAuthorization><SubscribedMediaProfileId>7</SubscribedMediaProfileId>\
        </CoreNetworkServicesAuthorization>\
        <InitialFilterCriteria><Priority>2</Priority><ApplicationServer><ServerName>sip:late@as</ServerName>\
        <DefaultHandling>1</DefaultHandling></ApplicationServer></InitialFilterCriteria>\
        <InitialFilterCriteria><Priority>1</Priority><TriggerPoint><ConditionTypeCNF>1</ConditionTypeCNF>\
        <SPT><ConditionNegated>0</ConditionNegated><Group>0</Group><Group>1</Group><Method>REGISTER</Method>\
        <Extension><RegistrationType>0</RegistrationType><RegistrationType>2</RegistrationType></Extension></SPT>\
        <SPT><Group>1</Group><SIPHeader><Header>Accept-Contact</Header><Content>smsip</Content></SIPHeader></SPT>\
        <SPT><Group>2</Group><SessionCase>4</SessionCase></SPT>\
        <SPT><Group>2</Group><SessionDescription><Line>m</Line></SessionDescription></SPT>\
        <SPT><Group>2</Group><RequestURI>^sip:sc</RequestURI></SPT></TriggerPoint>\
        <ApplicationServer><ServerName>sip:as@ims</ServerName><DefaultHandling>0</DefaultHandling>\
        <ServiceInfo>999</ServiceInfo><Extension><IncludeRegisterRequest/><IncludeRegisterResponse/></Extension>\
        </ApplicationServer><ProfilePartIndicator>0</ProfilePartIndicator></InitialFilterCriteria>\
        <Extension><SharedIFCSetID>5</SharedIFCSetID></Extension></ServiceProfile></IMSSubscription>";

    #[test]
    fn reads_every_element_and_sorts_criteria_by_priority() {
        let profile = UserProfile::parse(DOCUMENT).unwrap();
        let service = &profile.service_profiles[0];
        assert!(service.public_identities[0].barred);
        assert_eq!(service.public_identities[1].display_name.as_deref(), Some("A & B"));
        assert_eq!(service.subscribed_media_profile, Some(7));
        assert_eq!(service.shared_criteria, [5]);
        assert_eq!(service.criteria[0].server.name, "sip:as@ims");
        assert!(service.criteria[0].server.include_register_response);
        assert_eq!(service.criteria[1].server.default_handling, DefaultHandling::Terminated);
        let trigger = service.criteria[0].trigger.as_ref().unwrap();
        assert_eq!(trigger.triggers.len(), 5);
        let registration = [RegistrationType::Initial, RegistrationType::DeRegistration].into();
        assert_eq!(trigger.triggers[0].condition, Condition::Method { method: "REGISTER".to_owned(), registration });
        assert_eq!(trigger.triggers[2].condition, Condition::SessionCase(SessionCase::OriginatingCdiv));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut profile = UserProfile::parse(DOCUMENT).unwrap();
        profile.service_profiles[0].public_identities[0].kind = IdentityKind::WildcardedUser("sip:!.*!@x".to_owned());
        profile.service_profiles[0].public_identities[1].kind = IdentityKind::WildcardedService("sip:a!.!".to_owned());
        assert_eq!(UserProfile::parse(&profile.to_document()).unwrap(), profile);
    }

    #[test]
    fn says_which_element_is_wrong() {
        let wrong = |from: &str, to: &str| UserProfile::parse(&DOCUMENT.replace(from, to)).unwrap_err();
        assert_eq!(wrong("<SessionCase>4", "<SessionCase>5"), field("SessionCase", Some("5")));
        assert_eq!(wrong("<Priority>1", "<Priority>x"), field("Priority", Some("x")));
        assert_eq!(wrong("PrivateID>", "Private>"), field("PrivateID", None));
        assert_eq!(wrong("RequestURI>", "Other>"), field("condition of SPT", Some("Other")));
    }
}
