//! Bodies of several parts: WAP-230 clause 8.5.

use std::borrow::Cow;

use super::wsp::{
    HeaderName, lengthened, name, parameters, put_lengthened, put_parameters, put_text_string, put_text_value,
    put_uintvar, text_value, uintvar, without_brackets,
};
use super::{ContentType, Parameter, WspHeader};
use crate::octets::Octets;

/// A part: its headers and its body, which is a slice of the octets it was read from, or one of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part<'a> {
    /// What it is.
    pub content_type: ContentType,
    /// Its Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Its Content-Location: most often the name of its file.
    pub content_location: Option<String>,
    /// Its Content-Disposition.
    pub disposition: Option<Disposition>,
    /// Other headers, as they came.
    pub headers: Vec<WspHeader>,
    /// Its octets.
    pub body: Cow<'a, [u8]>,
}

/// Content-Disposition (WAP-230 clause 8.4.2.53).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Disposition {
    /// `inline`, `attachment` or another one.
    pub kind: String,
    /// Its parameters, a file name among them.
    pub parameters: Vec<Parameter>,
}

/// A body is not what it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MultipartProblem {
    /// It ends within something.
    #[error("the body ends within part {0}")]
    Short(usize),
    /// More than [`MAX_MMS_PARTS`].
    #[error("a body of {0} parts has more than {MAX_MMS_PARTS}")]
    TooMany(u32),
    /// The headers of a part do not follow their grammar, or are more than a part may have.
    #[error("the headers of part {0} are not understood")]
    Headers(usize),
}

impl<'a> Part<'a> {
    /// A part without more than its type.
    pub fn new(content_type: ContentType, body: impl Into<Cow<'a, [u8]>>) -> Self {
        Self {
            content_type,
            content_id: None,
            content_location: None,
            disposition: None,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// A text in UTF-8.
    pub fn text(text: &str) -> Part<'static> {
        Part::new(ContentType::text(), text.as_bytes().to_vec())
    }

    /// The same with a Content-ID, and a Content-Location.
    #[must_use]
    pub fn named(mut self, content_id: &str, content_location: &str) -> Self {
        self.content_id = Some(content_id.to_owned());
        self.content_location = Some(content_location.to_owned());
        self
    }

    /// A name for its file: its Content-Location, that of its type or its disposition, its Content-ID.
    pub fn name(&self) -> Option<&str> {
        let of_disposition = || {
            let parameters = &self.disposition.as_ref()?.parameters;
            parameters.iter().find_map(|parameter| match parameter {
                Parameter::Filename(name) | Parameter::Name(name) => Some(name.as_str()),
                _ => None,
            })
        };
        let location = self.content_location.as_deref().or_else(|| self.content_type.name());
        location.or_else(of_disposition).or(self.content_id.as_deref())
    }

    /// The same with octets of its own.
    pub fn into_owned(self) -> Part<'static> {
        Part {
            content_type: self.content_type,
            content_id: self.content_id,
            content_location: self.content_location,
            disposition: self.disposition,
            headers: self.headers,
            body: Cow::Owned(self.body.into_owned()),
        }
    }

    fn read(head: &[u8], body: &'a [u8]) -> Option<Self> {
        let mut octets = Octets(head);
        let mut part = Self::new(ContentType::read(&mut octets)?, body);
        let mut count = 0;
        while !octets.is_empty() {
            count += 1;
            let (name, value) = WspHeader::read(&mut octets).filter(|_| count <= MAX_HEADERS)?;
            if !part.take(&name, value) {
                part.headers.push(WspHeader::of(name, value));
            }
        }
        Some(part)
    }

    /// Is the header one of those that have a place? Else, and when it does not make sense, it is kept as it is.
    fn take(&mut self, name: &HeaderName, value: &[u8]) -> bool {
        let is = |code: &[u8], text: &str| match name {
            HeaderName::Code(own) => code.contains(own),
            HeaderName::Text(own) => own.eq_ignore_ascii_case(text),
        };
        let text = || {
            let mut octets = Octets(value);
            (value[0] < 0x80 && !(1..0x20).contains(&value[0])).then(|| text_value(&mut octets)).flatten()
        };
        let missing = |slot: &Option<String>| slot.is_none();
        if is(&[CONTENT_ID], "Content-ID") && missing(&self.content_id) {
            self.content_id = text().map(|id| without_brackets(&id).to_owned());
            return self.content_id.is_some();
        }
        if is(&[CONTENT_LOCATION], "Content-Location") && missing(&self.content_location) {
            self.content_location = text();
            return self.content_location.is_some();
        }
        if is(&[CONTENT_DISPOSITION, OLD_CONTENT_DISPOSITION], "") && self.disposition.is_none() {
            self.disposition = Disposition::read(value);
            return self.disposition.is_some();
        }
        false
    }

    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.content_type.put(&mut out);
        if let Some(id) = &self.content_id {
            out.push(CONTENT_ID | 0x80);
            put_text_value(&mut out, &format!("<{id}>"), true);
        }
        if let Some(location) = &self.content_location {
            out.push(CONTENT_LOCATION | 0x80);
            put_text_value(&mut out, location, false);
        }
        if let Some(disposition) = &self.disposition {
            out.push(CONTENT_DISPOSITION | 0x80);
            disposition.put(&mut out);
        }
        self.headers.iter().for_each(|header| header.put(&mut out));
        out
    }
}

impl Disposition {
    /// `inline`.
    pub fn inline() -> Self {
        Self { kind: "inline".to_owned(), parameters: Vec::new() }
    }

    /// `attachment` with the name of its file.
    pub fn attachment(name: &str) -> Self {
        Self { kind: "attachment".to_owned(), parameters: vec![Parameter::Filename(name.to_owned())] }
    }

    fn read(value: &[u8]) -> Option<Self> {
        let mut octets = Octets(value);
        // Without parameters some leave the length out.
        let mut octets = if value[0] < 0x20 { Octets(lengthened(&mut octets)?) } else { octets };
        let kind = match octets.0.first()? {
            code @ 0x80.. => {
                let known = DISPOSITIONS.get(usize::from(code & 0x7F))?;
                octets.octet()?;
                (*known).to_owned()
            }
            0x20.. => name(&mut octets)?,
            _ => return None,
        };
        Some(Self { kind: kind.to_ascii_lowercase(), parameters: parameters(&mut octets)? })
    }

    fn put(&self, out: &mut Vec<u8>) {
        let mut value = Vec::new();
        match DISPOSITIONS.iter().position(|known| *known == self.kind) {
            Some(code) => value.push(code as u8 | 0x80),
            None => put_text_string(&mut value, self.kind.as_bytes()),
        }
        put_parameters(&mut value, &self.parameters);
        put_lengthened(out, &value);
    }
}

/// The parts of a body in the form of WSP. What stands behind the last one is nothing.
pub fn parse_parts(body: &[u8]) -> Result<Vec<Part<'_>>, MultipartProblem> {
    let mut octets = Octets(body);
    let count = uintvar(&mut octets).ok_or(MultipartProblem::Short(0))?;
    let number = usize::try_from(count).ok().filter(|number| *number <= MAX_MMS_PARTS);
    let number = number.ok_or(MultipartProblem::TooMany(count))?;
    let mut parts = Vec::with_capacity(number);
    for at in 1..=number {
        let mut entry = || {
            let (head, data) = (uintvar(&mut octets)?, uintvar(&mut octets)?);
            Some((octets.take(usize::try_from(head).ok()?)?, octets.take(usize::try_from(data).ok()?)?))
        };
        let (head, data) = entry().ok_or(MultipartProblem::Short(at))?;
        let head = Some(head).filter(|head| head.len() <= MAX_HEAD_OCTETS);
        parts.push(head.and_then(|head| Part::read(head, data)).ok_or(MultipartProblem::Headers(at))?);
    }
    Ok(parts)
}

/// The parts of a body of this type: those in it, or itself.
pub fn parts_of<'a>(content_type: &ContentType, body: &'a [u8]) -> Result<Vec<Part<'a>>, MultipartProblem> {
    if content_type.is_multipart() {
        return parse_parts(body);
    }
    Ok(vec![Part::new(content_type.clone(), body)])
}

/// The body that parts make, in the form of WSP.
pub fn emit_parts(parts: &[Part<'_>]) -> Vec<u8> {
    let heads: Vec<_> = parts.iter().map(Part::head).collect();
    let octets: usize = parts.iter().zip(&heads).map(|(part, head)| part.body.len() + head.len() + 10).sum();
    let mut out = Vec::with_capacity(octets + 5);
    put_uintvar(&mut out, length(parts.len()));
    for (part, head) in parts.iter().zip(&heads) {
        put_uintvar(&mut out, length(head.len()));
        put_uintvar(&mut out, length(part.body.len()));
        out.extend_from_slice(head);
        out.extend_from_slice(&part.body);
    }
    out
}

fn length(octets: usize) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

/// Of one body.
pub const MAX_MMS_PARTS: usize = 64;
/// Of one part.
const MAX_HEAD_OCTETS: usize = 16 << 10;
/// Of one part.
const MAX_HEADERS: usize = 64;

// WAP-230 table 39.
const CONTENT_LOCATION: u8 = 0x0E;
const OLD_CONTENT_DISPOSITION: u8 = 0x2E;
const CONTENT_ID: u8 = 0x40;
const CONTENT_DISPOSITION: u8 = 0x45;
/// Clause 8.4.2.53; their places are their numbers.
const DISPOSITIONS: [&str; 3] = ["form-data", "attachment", "inline"];
