//! Connectionless push: WAP-230 clause 8.2.4.1 in WDP over short messages (WAP-259, TS 23.040 clause 9.2.3.24.4), as
//! WAP-235 has it for content of applications.

use std::fmt;

use super::wsp::{HeaderName, integer, name, put_integer, put_text_string, put_uintvar, uintvar};
use super::{ContentType, MMS_MEDIA_TYPE, WspHeader};
use crate::octets::Octets;
use crate::sms::{ConcatenationReference, Content, Ports, SegmentError, Segments, UserDataHeader, segment};

/// A push: what a terminal is told without having asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WapPush {
    /// TID: which push of its sender it is.
    pub transaction_id: u8,
    /// Content-Type of its body.
    pub content_type: ContentType,
    /// X-Wap-Application-Id: which application of the terminal it is for.
    pub application_id: Option<ApplicationId>,
    /// Other headers, as they came.
    pub headers: Vec<WspHeader>,
    /// Its body.
    pub body: Vec<u8>,
}

/// X-Wap-Application-Id (WAP-230 clause 8.4.2.54; numbers of OMNA).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ApplicationId {
    /// A number.
    Code(u64),
    /// A URI.
    Uri(String),
}

/// Octets are no push that is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PushProblem {
    /// It ends within something.
    #[error("the push ends too early")]
    Short,
    /// Another PDU of WSP.
    #[error("WSP PDU type {0:#04x} is not Push")]
    Type(u8),
    /// Its headers do not follow their grammar.
    #[error("the headers of the push are not understood")]
    Headers,
}

impl ApplicationId {
    /// `x-wap-application:mms.ua`: the multimedia messages of a terminal.
    pub const MMS_UA: Self = Self::Code(4);

    /// Its URI (WAP-235 clause 6.2.2); of numbers that are not known here a made-up one.
    pub fn uri(&self) -> String {
        match self {
            Self::Uri(uri) => uri.clone(),
            Self::Code(code) => {
                let known = usize::try_from(*code).ok().and_then(|at| APPLICATIONS.get(at));
                known.map_or_else(|| format!("{APPLICATION}0x{code:x}"), |name| format!("{APPLICATION}{name}"))
            }
        }
    }

    /// The one with this URI, or its last part, by its number where it has one.
    pub fn of_uri(uri: &str) -> Self {
        let name = uri.strip_prefix(APPLICATION).unwrap_or(uri);
        match APPLICATIONS.iter().position(|known| *known == name) {
            Some(code) => Self::Code(code as u64),
            None => Self::Uri(uri.to_owned()),
        }
    }

    /// Is it that of multimedia messages, by its number or its URI?
    pub fn is_mms(&self) -> bool {
        matches!(Self::of_uri(&self.uri()), Self::MMS_UA)
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri())
    }
}

impl WapPush {
    /// The push of a PDU of MM1.
    pub fn mms(transaction_id: u8, pdu: Vec<u8>) -> Self {
        Self {
            transaction_id,
            content_type: ContentType::new(MMS_MEDIA_TYPE),
            application_id: Some(ApplicationId::MMS_UA),
            headers: Vec::new(),
            body: pdu,
        }
    }

    /// Is its body a PDU of MM1?
    pub fn is_mms(&self) -> bool {
        self.content_type.essence == MMS_MEDIA_TYPE
    }

    /// Reads the octets of a datagram.
    pub fn parse(octets: &[u8]) -> Result<Self, PushProblem> {
        let mut octets = Octets(octets);
        let transaction_id = octets.octet().ok_or(PushProblem::Short)?;
        match octets.octet().ok_or(PushProblem::Short)? {
            PUSH => {}
            other => return Err(PushProblem::Type(other)),
        }
        let length = uintvar(&mut octets).and_then(|length| usize::try_from(length).ok()).ok_or(PushProblem::Short)?;
        let mut head = Octets(octets.take(length).ok_or(PushProblem::Short)?);
        let content_type = ContentType::read(&mut head).ok_or(PushProblem::Headers)?;
        let (mut application_id, mut headers) = (None, Vec::new());
        while !head.is_empty() {
            let (name, value) =
                WspHeader::read(&mut head).filter(|_| headers.len() < MAX_HEADERS).ok_or(PushProblem::Headers)?;
            let is_application = name == HeaderName::Code(APPLICATION_ID) && application_id.is_none();
            match is_application.then(|| application(value)).flatten() {
                Some(application) => application_id = Some(application),
                None => headers.push(WspHeader::of(name, value)),
            }
        }
        Ok(Self { transaction_id, content_type, application_id, headers, body: octets.rest().to_vec() })
    }

    /// The octets of a datagram.
    pub fn emit(&self) -> Vec<u8> {
        let mut head = Vec::new();
        self.content_type.put(&mut head);
        if let Some(application) = &self.application_id {
            head.push(APPLICATION_ID | 0x80);
            match application {
                ApplicationId::Code(code) => put_integer(&mut head, *code),
                ApplicationId::Uri(uri) => put_text_string(&mut head, uri.as_bytes()),
            }
        }
        self.headers.iter().for_each(|header| header.put(&mut head));
        let mut out = vec![self.transaction_id, PUSH];
        put_uintvar(&mut out, u32::try_from(head.len()).unwrap_or(u32::MAX));
        out.extend(head);
        out.extend_from_slice(&self.body);
        out
    }

    /// The short messages that it makes, with the ports of push and, where it takes several, the parts' numbers.
    ///
    /// # Errors
    /// It is longer than 255 of them.
    pub fn segments(&self, reference: ConcatenationReference) -> Result<Segments, SegmentError> {
        let header = UserDataHeader::default().with_ports(MMS_PUSH_PORTS);
        segment(&Content::Octets(self.emit()), &header, reference)
    }

    /// The push in a short message that is whole; `None`: it is not for the port of push, or is a text.
    pub fn of_short_message(header: &UserDataHeader, content: &Content) -> Option<Result<Self, PushProblem>> {
        match content {
            Content::Octets(octets) if header.ports()?.destination == MMS_PUSH_PORTS.destination => {
                Some(Self::parse(octets))
            }
            _ => None,
        }
    }
}

/// The whole value as an Application-id-value: an integer or a URI.
fn application(value: &[u8]) -> Option<ApplicationId> {
    let mut octets = Octets(value);
    let application = match value.first()? {
        0x20..=0x7F => ApplicationId::Uri(name(&mut octets)?),
        _ => ApplicationId::Code(integer(&mut octets)?),
    };
    Some(application).filter(|_| octets.is_empty())
}

/// Connectionless push to a terminal: `wap-push` (WAP-235 clause 8.1), from the port of WSP.
pub const MMS_PUSH_PORTS: Ports = Ports { destination: 2948, originator: 9200 };

/// PDU type (WAP-230 table 34).
const PUSH: u8 = 0x06;
/// X-Wap-Application-Id (WAP-230 table 39).
const APPLICATION_ID: u8 = 0x2F;
/// Of one push.
const MAX_HEADERS: usize = 64;
const APPLICATION: &str = "x-wap-application:";
/// OMNA's push application identifiers; their places are their numbers.
const APPLICATIONS: [&str; 11] =
    ["*", "push.sia", "wml.ua", "wta.ua", "mms.ua", "push.syncml", "loc.ua", "syncml.dm", "drm.ua", "emn.ua", "wv.ua"];
