//! Bodies of requests of the service: several parts, one of them `mcptt-info` (TS 24.379 clause 4.2, annex F.1).

use protocol::mc::info::{McpttInfo, SessionType};
use protocol::mc::names::{INFO_CONTENT_TYPE, MCPTT_ICSI};
use protocol::mime::{MediaType, Multipart, Part};
use protocol::sip::Headers;
use protocol::sip::proxy::Refusal;

/// The parts of a body; a body that is not of several parts is one.
pub(super) fn parts_of(headers: &Headers, body: &[u8], most: usize) -> Result<Vec<Part>, Refusal> {
    if body.len() > most {
        return Err(Refusal::new(413));
    }
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let bad = |why: String| Refusal::new(400).because(&why);
    let media = MediaType::of(headers).map_err(|why| bad(why.to_string()))?;
    let media = media.ok_or_else(|| bad("A body without Content-Type".to_owned()))?;
    if media.is_multipart() {
        return Ok(Multipart::parse(&media, body).map_err(|why| bad(why.to_string()))?.parts);
    }
    Ok(vec![Part::new(&media.to_string(), body)])
}

/// The text of the part of this type.
pub(super) fn text_of<'a>(parts: &'a [Part], kind: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(part) = parts.iter().find(|part| part.is(kind)) else { return Ok(None) };
    let text = std::str::from_utf8(&part.body);
    text.map(Some).map_err(|_| Refusal::new(400).because(&format!("{kind} is no UTF-8")))
}

/// What the request says of the call; nothing without such a part.
pub(super) fn info_of(parts: &[Part]) -> Result<McpttInfo, Refusal> {
    let Some(text) = text_of(parts, INFO_CONTENT_TYPE)? else { return Ok(McpttInfo::default()) };
    McpttInfo::parse(text).map_err(|why| Refusal::new(400).because(&format!("mcptt-info: {why}")))
}

/// A part of it.
pub(super) fn info_part(info: &McpttInfo) -> Part {
    Part::new(INFO_CONTENT_TYPE, info.to_document())
}

/// What an INVITE to `wanted` says in the call of a prearranged group that `caller` has begun.
pub(super) fn call_info(wanted: &str, caller: &str, group: &str) -> McpttInfo {
    McpttInfo {
        session_type: Some(SessionType::Prearranged),
        request_uri: Some(wanted.to_owned()),
        calling_user_id: Some(caller.to_owned()),
        calling_group_id: Some(group.to_owned()),
        ..McpttInfo::default()
    }
}

/// Headers of requests of a server (TS 24.379 clause 6.3.2.1.3): who it is, and of what service it speaks.
pub(super) fn service_headers(own: &str) -> Vec<(String, String)> {
    let mut headers = vec![
        ("P-Asserted-Identity".to_owned(), format!("<{own}>")),
        ("P-Asserted-Service".to_owned(), MCPTT_ICSI.to_owned()),
    ];
    headers.extend(protocol::mc::names::ACCEPT_CONTACT.map(|value| ("Accept-Contact".to_owned(), value.to_owned())));
    headers
}
