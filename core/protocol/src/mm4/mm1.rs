//! Contents on MM1: multiparts of MIME and of WSP (WAP-230 clause 8.5), part by part.

use super::MmContent;
use super::content::MmPart;
use super::media::{self, Media};
use crate::mms::{ContentType, Disposition, MultipartProblem, Parameter, Part, WspHeader, emit_parts, parts_of};
use crate::sip::text::{quote, split_outside, unquote};

impl MmContent {
    /// Type and parts as MM1 has them; the octets stay where they are.
    pub fn to_mm1(&self) -> (ContentType, Vec<Part<'_>>) {
        let content_type = match &self.parts[..] {
            [_] if !self.is_multipart() => content_type_of_part(&self.content_type),
            _ => content_type_of_whole(&self.content_type),
        };
        let parts = self.parts.iter().map(|part| {
            let mut to = Part::new(content_type_of_part(&part.content_type), self.octets_of(part));
            (to.content_id, to.content_location) = (part.content_id.clone(), part.content_location.clone());
            for (name, value) in &part.others {
                match disposition(value).filter(|_| name.eq_ignore_ascii_case(DISPOSITION) && to.disposition.is_none())
                {
                    Some(disposition) => to.disposition = Some(disposition),
                    None => to.headers.push(WspHeader::named(name, value)),
                }
            }
            to
        });
        (content_type, parts.collect())
    }

    /// Type and body as MM1 has them: parts in the form of WSP, or the octets of the one that there is.
    pub fn to_mm1_body(&self) -> (ContentType, Vec<u8>) {
        let (content_type, parts) = self.to_mm1();
        match &parts[..] {
            [part] if !self.is_multipart() => (part.content_type.clone(), part.body.to_vec()),
            parts => (content_type, emit_parts(parts)),
        }
    }

    /// A content as MM1 has it. Headers of parts that only have a number there have no place in a mail.
    ///
    /// # Errors
    /// The body is none of that type.
    pub fn from_mm1(content_type: &ContentType, body: &[u8]) -> Result<Self, MultipartProblem> {
        let parts = parts_of(content_type, body)?;
        let mut essence = content_type.clone();
        if let Some(subtype) = essence.essence.strip_prefix(WSP_MULTIPART) {
            essence.essence = format!("multipart/{subtype}");
        }
        let mut content = Self::new(&media::read(&essence.to_mime()));
        content.octets.reserve_exact(parts.iter().map(|part| part.body.len()).sum());
        for part in &parts {
            let disposition = part.disposition.iter().map(|own| (DISPOSITION.to_owned(), disposition_text(own)));
            let named = part.headers.iter().filter_map(|header| match header.name() {
                crate::mms::HeaderName::Text(name) => Some((name.clone(), header.text()?)),
                crate::mms::HeaderName::Code(_) => None,
            });
            // Its octets are in the form of WSP whatever it is called, and no MIME reader could take them apart.
            let mut own = part.content_type.clone();
            if let Some(subtype) = own.essence.strip_prefix("multipart/") {
                own.essence = format!("{WSP_MULTIPART}{subtype}");
            }
            let to = MmPart {
                content_type: media::read(&own.to_mime()),
                content_id: part.content_id.clone(),
                content_location: part.content_location.clone(),
                others: disposition.chain(named).collect(),
                octets: 0..0,
            };
            content.push(to, &part.body);
        }
        Ok(content)
    }
}

/// The type of several parts: one of the multiparts that WSP has, mixed for another one (RFC 2046 clause 5.1.3).
fn content_type_of_whole(value: &str) -> ContentType {
    let mut content_type = content_type_of_part(value);
    let subtype = content_type.essence.strip_prefix("multipart/").unwrap_or_default();
    let known = ["related", "alternative", "form-data"].iter().find(|known| **known == subtype);
    content_type.essence = format!("{WSP_MULTIPART}{}", known.unwrap_or(&"mixed"));
    content_type
}

/// What is no Content-Type keeps its type, or is octets.
fn content_type_of_part(value: &str) -> ContentType {
    ContentType::of_mime(value).unwrap_or_else(|_| {
        let essence = Media::parse(value).essence;
        let is_type = ContentType::of_mime(&essence).is_ok();
        ContentType::new(if is_type { &essence } else { "application/octet-stream" })
    })
}

/// RFC 2183.
fn disposition(value: &str) -> Option<Disposition> {
    let mut pieces = split_outside(value, b';').map(str::trim);
    let kind = pieces.next().filter(|kind| !kind.is_empty())?.to_ascii_lowercase();
    let params = pieces.filter_map(|piece| piece.split_once('='));
    let parameters = params.map(|(name, value)| Parameter::of_text(name.trim(), &unquote(value.trim()))).collect();
    Some(Disposition { kind, parameters })
}

fn disposition_text(disposition: &Disposition) -> String {
    let params = disposition.parameters.iter().filter_map(Parameter::to_text);
    params.fold(disposition.kind.clone(), |out, (name, value)| format!("{out}; {name}={}", quote(&value)))
}

const WSP_MULTIPART: &str = "application/vnd.wap.multipart.";
const DISPOSITION: &str = "Content-Disposition";
