//! Addresses: the document selector, where it ends, and the namespace bindings (RFC 4825 clause 6).

use super::selector::Bindings;

/// The address of a document or of a part of one, below the XCAP root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XcapUri {
    /// The application usage.
    pub auid: String,
    /// Whose tree.
    pub tree: Tree,
    /// Path segments of the document below the tree, decoded.
    pub document: Vec<String>,
    /// The node selector, decoded.
    pub node: Option<String>,
    /// Prefixes of the node selector (RFC 4825 clause 6.4).
    pub bindings: Bindings,
}

/// A tree of an application usage (RFC 4825 clause 6.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tree {
    /// For all.
    Global,
    /// Of the user with this XCAP User Identifier.
    User(String),
}

/// Why an address is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UriProblem {
    /// Nothing is there.
    #[error("not below the XCAP root, or no document selector")]
    NotFound,
    /// Percent-encoding, control characters, length.
    #[error("{0}")]
    Malformed(&'static str),
    /// It tries to leave its tree.
    #[error("path trick: {0}")]
    Trick(&'static str),
}

impl XcapUri {
    /// Reads the path and query of a request; `root` is the path of the XCAP root, `/` or `/xcap-root`.
    ///
    /// # Errors
    /// What is outside the root or no document selector, and whatever looks as if two programs could read it in two ways.
    pub fn parse(root: &str, path_and_query: &str) -> Result<Self, UriProblem> {
        if path_and_query.len() > MAX_URI {
            return Err(UriProblem::Malformed("longer than 4096 octets"));
        }
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let rest = path.strip_prefix(root.trim_end_matches('/')).ok_or(UriProblem::NotFound)?;
        let rest = rest.strip_prefix('/').ok_or(UriProblem::NotFound)?;
        let raw: Vec<&str> = rest.split('/').collect();
        let is_separator = |segment: &&str| percent_decode(segment).as_deref() == Some("~~");
        let end = raw.iter().position(is_separator);
        let mut segments =
            raw[..end.unwrap_or(raw.len())].iter().map(|raw| segment(raw)).collect::<Result<Vec<_>, _>>()?;
        let node = end.map(|at| raw[at + 1..].join("/")).map(|raw| node_selector(&raw)).transpose()?;
        let mut segments = segments.drain(..);
        let (auid, tree) = (segments.next().unwrap_or_default(), segments.next());
        let tree = match tree.as_deref() {
            Some("global") => Tree::Global,
            Some("users") => Tree::User(segments.next().ok_or(UriProblem::NotFound)?),
            _ => return Err(UriProblem::NotFound),
        };
        let document: Vec<String> = segments.collect();
        if document.is_empty() {
            return Err(UriProblem::NotFound);
        }
        Ok(Self { auid, tree, document, node, bindings: Bindings::parse(query)? })
    }

    /// The path of the document below the root, percent-encoded: one form for one document.
    #[must_use]
    pub fn document_path(&self) -> String {
        let tree = match &self.tree {
            Tree::Global => "global".to_owned(),
            Tree::User(xui) => format!("users/{}", percent_encode(xui)),
        };
        let document: Vec<String> = self.document.iter().map(|segment| percent_encode(segment)).collect();
        format!("{}/{tree}/{}", percent_encode(&self.auid), document.join("/"))
    }
}

/// One segment of the document selector. What is still encoded after one decoding was encoded twice.
fn segment(raw: &str) -> Result<String, UriProblem> {
    let decoded = percent_decode(raw).ok_or(UriProblem::Malformed("percent-encoding that is none"))?;
    match decoded.as_str() {
        "" => Err(UriProblem::Trick("an empty segment")),
        "." | ".." => Err(UriProblem::Trick("a dot segment")),
        text if text.contains(['/', '\\']) => Err(UriProblem::Trick("an encoded slash")),
        text if text.contains('%') => Err(UriProblem::Trick("encoded twice")),
        text if text.chars().any(char::is_control) => Err(UriProblem::Malformed("a control character")),
        _ => Ok(decoded),
    }
}

fn node_selector(raw: &str) -> Result<String, UriProblem> {
    let decoded = percent_decode(raw).ok_or(UriProblem::Malformed("percent-encoding that is none"))?;
    match decoded.chars().any(char::is_control) {
        true => Err(UriProblem::Malformed("a control character")),
        false => Ok(decoded),
    }
}

/// Decodes percent-encoding (RFC 3986 clause 2.1); none when it is none, or not UTF-8 afterwards.
#[must_use]
pub fn percent_decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let value = |digit: u8| char::from(digit).to_digit(16);
        octets.push(u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()?);
        rest = after;
    }
    String::from_utf8(octets).ok()
}

/// Encodes all that a path segment cannot have as it is (RFC 3986 clause 3.3).
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&octet);
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match is_plain(octet) {
            true => out.push(char::from(octet)),
            false => out.push_str(&format!("%{octet:02X}")),
        }
    }
    out
}

/// Longest path and query.
const MAX_URI: usize = 4096;
