//! Documents as trees whose nodes know their octets; bounded, and without anything that grows when it is read.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use roxmltree::{Document, Error, ParsingOptions};

use super::XcapConflict;

/// Nodes of a document.
pub const MAX_NODES: u32 = 20_000;
/// Elements around an element.
pub const MAX_DEPTH: usize = 64;
/// Attributes of an element.
const MAX_ATTRIBUTES: usize = 128;

/// Reads a document in UTF-8 without a document type declaration.
///
/// # Errors
/// What is no such document, as the conflict that a PUT of it is.
pub fn parse_document(octets: &[u8]) -> Result<Document<'_>, XcapConflict> {
    let text = std::str::from_utf8(octets).map_err(|_| XcapConflict::NotUtf8)?;
    if declares_other_encoding(text) {
        return Err(XcapConflict::NotUtf8);
    }
    parse(text).map_err(XcapConflict::NotWellFormed)
}

/// The same of a text; the words of the error are for the client.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    check_shape(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, entity_resolver: None };
    Document::parse_with_options(text, options).map_err(|error| match error {
        Error::DtdDetected => NO_DTD.to_owned(),
        Error::NodesLimitReached => format!("more than {MAX_NODES} nodes are refused"),
        other => other.to_string(),
    })
}

/// What makes a tree dear is refused before it is built: namespaces are kept per element, attributes compared in pairs.
fn check_shape(text: &str) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                check_attributes(&start)?;
            }
            Ok(Event::Empty(start)) => check_attributes(&start)?,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::DocType(_)) => return Err(NO_DTD.to_owned()),
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} elements in each other are refused"));
        }
    }
}

fn check_attributes(start: &BytesStart<'_>) -> Result<(), String> {
    match start.attributes().with_checks(false).take(MAX_ATTRIBUTES + 1).count() > MAX_ATTRIBUTES {
        true => Err(format!("more than {MAX_ATTRIBUTES} attributes of an element are refused")),
        false => Ok(()),
    }
}

const NO_DTD: &str = "a document type declaration is refused";

/// Whether the XML declaration names an encoding that is not UTF-8 (RFC 4825 clause 8.2.1: documents are in UTF-8).
fn declares_other_encoding(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(declaration) = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) else { return false };
    let Some((_, after)) = declaration.0.split_once("encoding") else { return false };
    let name = after.trim_start().trim_start_matches('=').trim_start();
    let quote = name.chars().next().unwrap_or('"');
    let name = name.trim_start_matches(quote).split(quote).next().unwrap_or_default();
    !["UTF-8", "UTF8", "US-ASCII"].iter().any(|known| name.eq_ignore_ascii_case(known))
}
