//! Content types and their parameters: WAP-230 clauses 8.4.2.24 and 8.4.2.4.

use std::fmt;

use super::{
    Charset, any_value, integer, lengthened, media_types, name, put_integer, put_lengthened, put_text_string,
    put_text_value, text_value, uintvar, without_brackets,
};
use crate::mime::{MediaType, MimeProblem};
use crate::octets::Octets;
use crate::sip::Params;

/// A content type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ContentType {
    /// Type and subtype in lower case: `text/plain`. One of which only the number is known reads `application/x-wsp-` and
    /// the number in hex.
    pub essence: String,
    /// Its parameters in order.
    pub parameters: Vec<Parameter>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Parameter {
    /// `charset`.
    Charset(Charset),
    /// `type`: of a multipart/related, what its first part is.
    Type(String),
    /// `start`: of a multipart/related, the Content-ID of the part to begin with.
    Start(String),
    /// `start-info`.
    StartInfo(String),
    /// `name`.
    Name(String),
    /// `filename`.
    Filename(String),
    /// Another one by its name.
    Text(String, String),
    /// Another one by its number, with the octets of its value.
    Coded(u8, Vec<u8>),
}

impl ContentType {
    /// WSP's multipart/mixed.
    pub const MIXED: &'static str = "application/vnd.wap.multipart.mixed";
    /// WSP's multipart/related: a message with a presentation part.
    pub const RELATED: &'static str = "application/vnd.wap.multipart.related";
    /// WSP's multipart/alternative.
    pub const ALTERNATIVE: &'static str = "application/vnd.wap.multipart.alternative";

    /// A type without parameters.
    pub fn new(essence: &str) -> Self {
        Self { essence: essence.to_ascii_lowercase(), parameters: Vec::new() }
    }

    /// The well-known type with this number (WAP-230 table 40).
    pub fn well_known(code: u32) -> Self {
        Self::new(&media_types::name_of(code.into()))
    }

    /// The number of a well-known type.
    pub fn well_known_code(&self) -> Option<u32> {
        media_types::code_of(&self.essence).and_then(|code| u32::try_from(code).ok())
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A body of several parts, of which the one with the Content-ID `start` presents the others.
    pub fn related(start: &str, start_type: &str) -> Self {
        Self::new(Self::RELATED)
            .with(Parameter::Start(format!("<{}>", without_brackets(start))))
            .with(Parameter::Type(start_type.to_owned()))
    }

    /// Plain text in UTF-8.
    pub fn text() -> Self {
        Self::new("text/plain").with(Parameter::Charset(Charset::UTF_8))
    }

    /// Is it a body of several parts in the form of WSP?
    pub fn is_multipart(&self) -> bool {
        // Some senders name the type of MIME and mean this.
        self.essence.starts_with("application/vnd.wap.multipart.") || self.essence.starts_with("multipart/")
    }

    /// Its character set.
    pub fn charset(&self) -> Option<Charset> {
        self.parameters.iter().find_map(|parameter| match parameter {
            Parameter::Charset(charset) => Some(*charset),
            _ => None,
        })
    }

    /// Its `start` without angle brackets.
    pub fn start(&self) -> Option<&str> {
        self.parameters.iter().find_map(|parameter| match parameter {
            Parameter::Start(start) => Some(without_brackets(start)),
            _ => None,
        })
    }

    /// Its `name`, or its `filename`.
    pub fn name(&self) -> Option<&str> {
        let name = self.parameters.iter().find_map(|parameter| match parameter {
            Parameter::Name(name) => Some(name.as_str()),
            _ => None,
        });
        name.or_else(|| {
            self.parameters.iter().find_map(|parameter| match parameter {
                Parameter::Filename(name) => Some(name.as_str()),
                _ => None,
            })
        })
    }

    /// Reads the value of a Content-Type of MIME.
    pub fn of_mime(value: &str) -> Result<Self, MimeProblem> {
        let media = MediaType::parse(value)?;
        let parameters = media.params.iter().map(|param| {
            let value = media.params.text(&param.name).unwrap_or_default();
            Parameter::of_text(&param.name, &value)
        });
        Ok(Self { parameters: parameters.collect(), essence: media.essence })
    }

    /// As a Content-Type of MIME; a parameter of which only the number is known has no place there.
    pub fn to_mime(&self) -> String {
        let mut params = Params::new();
        for parameter in &self.parameters {
            if let Some((name, value)) = parameter.to_text() {
                params.set_quoted(&name, &value);
            }
        }
        format!("{}{params}", self.essence)
    }

    pub(in crate::mms) fn read(octets: &mut Octets<'_>) -> Option<Self> {
        match *octets.0.first()? {
            0x20.. => Some(Self { essence: media(octets)?, parameters: Vec::new() }),
            _ => {
                let mut value = Octets(lengthened(octets)?);
                Some(Self { essence: media(&mut value)?, parameters: parameters(&mut value)? })
            }
        }
    }

    pub(in crate::mms) fn put(&self, out: &mut Vec<u8>) {
        if self.parameters.is_empty() && media_types::code_of(&self.essence).is_none_or(|code| code < 0x80) {
            put_media(out, &self.essence);
            return;
        }
        let mut value = Vec::new();
        put_media(&mut value, &self.essence);
        put_parameters(&mut value, &self.parameters);
        put_lengthened(out, &value);
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_mime())
    }
}

impl Parameter {
    /// A parameter by its name; one that has a number is that one.
    pub fn of_text(name: &str, value: &str) -> Self {
        let text = value.to_owned();
        match name.to_ascii_lowercase().as_str() {
            "charset" => Charset::of_name(value).map_or_else(|| Self::Text("charset".to_owned(), text), Self::Charset),
            "type" => Self::Type(text.to_ascii_lowercase()),
            "start" => Self::Start(text),
            "start-info" => Self::StartInfo(text),
            "name" => Self::Name(text),
            "filename" => Self::Filename(text),
            other => Self::Text(other.to_owned(), text),
        }
    }

    /// Name and value; `None`: only its number is known.
    pub fn to_text(&self) -> Option<(String, String)> {
        let (name, value) = match self {
            Self::Charset(charset) => ("charset", charset.to_string()),
            Self::Type(text) => ("type", text.clone()),
            Self::Start(text) => ("start", text.clone()),
            Self::StartInfo(text) => ("start-info", text.clone()),
            Self::Name(text) => ("name", text.clone()),
            Self::Filename(text) => ("filename", text.clone()),
            Self::Text(name, value) => (name.as_str(), value.clone()),
            Self::Coded(..) => return None,
        };
        Some((name.to_owned(), value))
    }

    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        if (0x20..0x80).contains(octets.0.first()?) {
            let name = name(octets)?;
            return Some(Self::of_text(&name, &untyped(octets)?));
        }
        let code = u8::try_from(integer(octets)?).ok()?;
        Some(match code {
            CHARSET if octets.0.first().is_some_and(|first| (0x20..0x80).contains(first)) => {
                Self::of_text("charset", &text_value(octets)?)
            }
            CHARSET => Self::Charset(Charset(u32::try_from(integer(octets)?).ok()?)),
            TYPE => Self::Type(media(octets)?),
            START | START_TEXT => Self::Start(text_value(octets)?),
            START_INFO | START_INFO_TEXT => Self::StartInfo(text_value(octets)?),
            NAME | NAME_TEXT => Self::Name(text_value(octets)?),
            FILENAME | FILENAME_TEXT => Self::Filename(text_value(octets)?),
            Q => {
                let whole = octets.0;
                uintvar(octets)?;
                Self::Coded(Q, whole[..whole.len() - octets.0.len()].to_vec())
            }
            _ => Self::Coded(code, any_value(octets)?.to_vec()),
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        let mut text = |code: u8, text: &str| {
            out.push(code | 0x80);
            put_text_value(out, text, false);
        };
        match self {
            Self::Charset(charset) => {
                out.push(CHARSET | 0x80);
                put_integer(out, charset.0.into());
            }
            Self::Type(essence) => {
                out.push(TYPE | 0x80);
                put_media(out, essence);
            }
            Self::Start(value) => text(START, value),
            Self::StartInfo(value) => text(START_INFO, value),
            Self::Name(value) => text(NAME, value),
            Self::Filename(value) => text(FILENAME, value),
            Self::Text(name, value) => {
                put_text_string(out, name.as_bytes());
                put_text_value(out, value, !value.bytes().all(|octet| octet.is_ascii_alphanumeric()));
            }
            Self::Coded(code, value) => {
                put_integer(out, (*code).into());
                out.extend_from_slice(value);
            }
        }
    }
}

/// All parameters that are left.
pub(in crate::mms) fn parameters(octets: &mut Octets<'_>) -> Option<Vec<Parameter>> {
    let mut parameters = Vec::new();
    while !octets.is_empty() {
        if parameters.len() >= MAX_PARAMETERS {
            return None;
        }
        parameters.push(Parameter::read(octets)?);
    }
    Some(parameters)
}

/// Appends parameters.
pub(in crate::mms) fn put_parameters(out: &mut Vec<u8>, parameters: &[Parameter]) {
    parameters.iter().for_each(|parameter| parameter.put(out));
}

/// Well-known-media or Extension-media.
fn media(octets: &mut Octets<'_>) -> Option<String> {
    if (0x20..0x80).contains(octets.0.first()?) {
        return Some(name(octets)?.to_ascii_lowercase());
    }
    integer(octets).map(media_types::name_of)
}

fn put_media(out: &mut Vec<u8>, essence: &str) {
    match media_types::code_of(essence) {
        Some(code) => put_integer(out, code),
        None => put_text_string(out, essence.as_bytes()),
    }
}

/// Untyped-value: a number or a text.
fn untyped(octets: &mut Octets<'_>) -> Option<String> {
    match octets.0.first()? {
        0 | 0x20..0x80 => text_value(octets),
        _ => integer(octets).map(|number| number.to_string()),
    }
}

// WAP-230 table 38. Those with TEXT are of version 1.4 of the encoding; the others are what everybody reads.
const Q: u8 = 0x00;
const CHARSET: u8 = 0x01;
const NAME: u8 = 0x05;
const FILENAME: u8 = 0x06;
const TYPE: u8 = 0x09;
const START: u8 = 0x0A;
const START_INFO: u8 = 0x0B;
const NAME_TEXT: u8 = 0x17;
const FILENAME_TEXT: u8 = 0x18;
const START_TEXT: u8 = 0x19;
const START_INFO_TEXT: u8 = 0x1A;
/// Of one value.
const MAX_PARAMETERS: usize = 32;
