//! Registration information documents of the reg event package (RFC 3680 clause 5), with the wildcarded identity of
//! TS 24.229 clause 7.10.

use std::fmt;

use super::{Element, XmlProblem};

/// Content type of the documents (RFC 3680 clause 4.5).
pub const REGINFO_CONTENT_TYPE: &str = "application/reginfo+xml";

/// A `reginfo` document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegInfo {
    /// Counts the documents of one subscription, from 0.
    pub version: u32,
    /// All registrations, or those that changed.
    pub state: RegInfoState,
    /// One for each address of record.
    pub registrations: Vec<Registration>,
}

/// Whether a document tells everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegInfoState {
    /// All registrations that the subscriber may see.
    Full,
    /// Those that changed since the document before.
    Partial,
}

/// A `registration`: one address of record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    /// The address of record.
    pub aor: String,
    /// Names the registration in all documents of a subscription.
    pub id: String,
    /// Its state.
    pub state: RegistrationState,
    /// A wildcarded public user identity that this one stands for.
    pub wildcarded_identity: Option<String>,
    /// Its contacts.
    pub contacts: Vec<RegContact>,
}

/// State of a registration (RFC 3680 clause 5.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationState {
    /// Never had a contact.
    Init,
    /// Has one.
    Active,
    /// Has none any more.
    Terminated,
}

/// A `contact` of a registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegContact {
    /// Names the contact in all documents of a subscription.
    pub id: String,
    /// Its state.
    pub state: ContactState,
    /// What brought it there.
    pub event: ContactEvent,
    /// Seconds until it expires.
    pub expires: Option<u32>,
    /// Seconds after which to register again, with `probation`.
    pub retry_after: Option<u32>,
    /// Seconds since it was registered.
    pub duration_registered: Option<u32>,
    /// Preference.
    pub q: Option<String>,
    /// Call-ID of the REGISTER.
    pub call_id: Option<String>,
    /// CSeq of the REGISTER.
    pub cseq: Option<u32>,
    /// Where it is.
    pub uri: String,
    /// Display name of the Contact header field.
    pub display_name: Option<String>,
    /// Parameters of the Contact header field that the schema does not know, feature tags among them.
    pub unknown_params: Vec<(String, Option<String>)>,
}

/// State of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactState {
    /// Requests may be sent to it.
    Active,
    /// It is gone.
    Terminated,
}

/// Event that changed a contact (RFC 3680 clause 5.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactEvent {
    /// Registered by a REGISTER of its own.
    Registered,
    /// Registered implicitly or by administration.
    Created,
    /// Registered again.
    Refreshed,
    /// The registrar made its expiry shorter: register again.
    Shortened,
    /// Not refreshed in time.
    Expired,
    /// Removed by the network; register again at once.
    Deactivated,
    /// Removed by the network; register again later.
    Probation,
    /// Removed by the UE.
    Unregistered,
    /// Removed by the network; do not register again.
    Rejected,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegInfoProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As reginfo.
    #[error("reginfo: {what} is missing or wrong: {value:?}")]
    Field {
        /// Element or attribute.
        what: &'static str,
        /// What was there.
        value: String,
    },
}

impl RegInfo {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, RegInfoProblem> {
        let root = Element::parse(document)?;
        if root.name != "reginfo" {
            return Err(field("reginfo", Some(&root.name)));
        }
        let state = match root.value_of("state") {
            Some("full") => RegInfoState::Full,
            Some("partial") => RegInfoState::Partial,
            other => return Err(field("state of reginfo", other)),
        };
        let version = number("version", root.value_of("version"))?.ok_or_else(|| field("version", None))?;
        let registrations = root.all("registration").map(Registration::read).collect::<Result<_, _>>()?;
        Ok(Self { version, state, registrations })
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        let wildcards = self.registrations.iter().any(|r| r.wildcarded_identity.is_some());
        let mut root = Element::new("reginfo").attribute("xmlns", REGINFO_NAMESPACE);
        if wildcards {
            root = root.attribute("xmlns:ere", EXTENSION_NAMESPACE);
        }
        let state = match self.state {
            RegInfoState::Full => "full",
            RegInfoState::Partial => "partial",
        };
        root = root.attribute("version", self.version).attribute("state", state);
        root.children = self.registrations.iter().map(Registration::write).collect();
        root.to_document()
    }
}

impl Registration {
    fn read(element: &Element) -> Result<Self, RegInfoProblem> {
        let state = match element.value_of("state") {
            Some("init") => RegistrationState::Init,
            Some("active") => RegistrationState::Active,
            Some("terminated") => RegistrationState::Terminated,
            other => return Err(field("state of registration", other)),
        };
        Ok(Self {
            aor: mandatory(element, "aor")?,
            id: mandatory(element, "id")?,
            state,
            wildcarded_identity: element.text_of("wildcardedIdentity").map(str::to_owned),
            contacts: element.all("contact").map(RegContact::read).collect::<Result<_, _>>()?,
        })
    }

    fn write(&self) -> Element {
        let state = match self.state {
            RegistrationState::Init => "init",
            RegistrationState::Active => "active",
            RegistrationState::Terminated => "terminated",
        };
        let mut element = Element::new("registration")
            .attribute("aor", &self.aor)
            .attribute("id", &self.id)
            .attribute("state", state);
        element.children = self.contacts.iter().map(RegContact::write).collect();
        if let Some(wildcard) = &self.wildcarded_identity {
            element = element.child(Element::with_text("ere:wildcardedIdentity", wildcard));
        }
        element
    }
}

impl RegContact {
    fn read(element: &Element) -> Result<Self, RegInfoProblem> {
        let state = match element.value_of("state") {
            Some("active") => ContactState::Active,
            Some("terminated") => ContactState::Terminated,
            other => return Err(field("state of contact", other)),
        };
        let event = element.value_of("event");
        let event = ContactEvent::ALL
            .into_iter()
            .find(|e| event == Some(e.name()))
            .ok_or_else(|| field("event of contact", event))?;
        let unknown_params = element
            .all("unknown-param")
            .map(|p| Ok::<_, RegInfoProblem>((mandatory(p, "name")?, (!p.text.is_empty()).then(|| p.text.clone()))))
            .collect::<Result<_, _>>()?;
        let number_of = |name| number(name, element.value_of(name));
        Ok(Self {
            id: mandatory(element, "id")?,
            state,
            event,
            expires: number_of("expires")?,
            retry_after: number_of("retry-after")?,
            duration_registered: number_of("duration-registered")?,
            q: element.value_of("q").map(str::to_owned),
            call_id: element.value_of("callid").map(str::to_owned),
            cseq: number_of("cseq")?,
            uri: element.text_of("uri").map(str::to_owned).ok_or_else(|| field("uri", None))?,
            display_name: element.text_of("display-name").map(str::to_owned),
            unknown_params,
        })
    }

    fn write(&self) -> Element {
        let state = match self.state {
            ContactState::Active => "active",
            ContactState::Terminated => "terminated",
        };
        let mut element = Element::new("contact")
            .attribute("id", &self.id)
            .attribute("state", state)
            .attribute("event", self.event.name());
        let numbers = [
            ("expires", self.expires),
            ("retry-after", self.retry_after),
            ("duration-registered", self.duration_registered),
            ("cseq", self.cseq),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                element = element.attribute(name, value);
            }
        }
        for (name, value) in [("q", &self.q), ("callid", &self.call_id)] {
            if let Some(value) = value {
                element = element.attribute(name, value);
            }
        }
        element = element.child(Element::with_text("uri", &self.uri));
        if let Some(name) = &self.display_name {
            element = element.child(Element::with_text("display-name", name));
        }
        for (name, value) in &self.unknown_params {
            let value = value.as_deref().unwrap_or_default();
            element = element.child(Element::with_text("unknown-param", value).attribute("name", name));
        }
        element
    }
}

impl ContactEvent {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Registered,
        Self::Created,
        Self::Refreshed,
        Self::Shortened,
        Self::Expired,
        Self::Deactivated,
        Self::Probation,
        Self::Unregistered,
        Self::Rejected,
    ];

    /// As the document has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Created => "created",
            Self::Refreshed => "refreshed",
            Self::Shortened => "shortened",
            Self::Expired => "expired",
            Self::Deactivated => "deactivated",
            Self::Probation => "probation",
            Self::Unregistered => "unregistered",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for ContactEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn mandatory(element: &Element, name: &'static str) -> Result<String, RegInfoProblem> {
    element.value_of(name).map(str::to_owned).ok_or_else(|| field(name, None))
}

fn number(what: &'static str, value: Option<&str>) -> Result<Option<u32>, RegInfoProblem> {
    value.map(|v| v.trim().parse().map_err(|_| field(what, Some(v)))).transpose()
}

fn field(what: &'static str, value: Option<&str>) -> RegInfoProblem {
    RegInfoProblem::Field { what, value: value.unwrap_or_default().to_owned() }
}

/// RFC 3680 clause 9.2.
const REGINFO_NAMESPACE: &str = "urn:ietf:params:xml:ns:reginfo";

/// TS 24.229 clause 7.10.
const EXTENSION_NAMESPACE: &str = "urn:3gpp:ns:extRegExp:1.0";

#[cfg(test)]
mod tests {
    use super::*;

    /// The document of RFC 3680 clause 6, NOTIFY with version 1.
    const RFC_3680: &str = r#"<?xml version="1.0"?>
        <reginfo xmlns="urn:ietf:params:xml:ns:reginfo" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          version="1" state="partial">
          <registration aor="sip:joe@example.com" id="a7" state="active">
            <contact id="76" state="active" event="registered" duration-registered="0">
               <uri>sip:joe@pc34.example.com</uri>
            </contact>
          </registration>
        </reginfo>"#;

    #[test]
    fn reads_the_example_of_the_rfc() {
        let info = RegInfo::parse(RFC_3680).unwrap();
        assert_eq!((info.version, info.state), (1, RegInfoState::Partial));
        let contact = &info.registrations[0].contacts[0];
        assert_eq!(contact.uri, "sip:joe@pc34.example.com");
        assert_eq!(contact.event, ContactEvent::Registered);
        assert_eq!(contact.duration_registered, Some(0));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let contact = RegContact {
            id: "c1".to_owned(),
            state: ContactState::Terminated,
            event: ContactEvent::Deactivated,
            expires: Some(0),
            retry_after: None,
            duration_registered: Some(7),
            q: Some("0.5".to_owned()),
            call_id: Some("a<b@c".to_owned()),
            cseq: Some(9),
            uri: "sip:u@10.45.0.1:5060;transport=udp?x=1&y=2".to_owned(),
            display_name: Some("\"A\"".to_owned()),
            unknown_params: vec![
                ("+g.3gpp.smsip".to_owned(), None),
                ("+sip.instance".to_owned(), Some("\"<urn:uuid:1>\"".to_owned())),
            ],
        };
        let info = RegInfo {
            version: 3,
            state: RegInfoState::Full,
            registrations: vec![Registration {
                aor: "tel:+99970000001".to_owned(),
                id: "r1".to_owned(),
                state: RegistrationState::Terminated,
                wildcarded_identity: Some("sip:!.*!@x".to_owned()),
                contacts: vec![contact],
            }],
        };
        assert_eq!(RegInfo::parse(&info.to_document()).unwrap(), info);
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = RFC_3680.replace("registered\"", "invented\"");
        assert_eq!(RegInfo::parse(&wrong).unwrap_err(), field("event of contact", Some("invented")));
        let wrong = RFC_3680.replace("version=\"1\" state", "version=\"-1\" state");
        assert_eq!(RegInfo::parse(&wrong).unwrap_err(), field("version", Some("-1")));
    }
}
