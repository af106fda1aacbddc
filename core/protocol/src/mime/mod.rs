//! Message bodies of several parts and with headers of their own (RFC 2045, RFC 2046 as RFC 5621 uses them, RFC 3862).
//!
//! Own code, because what is passed on must stay as it came: readers of mail decode and do not give the octets back.

mod cpim;
mod multipart;

pub use cpim::{CPIM_CONTENT_TYPE, Cpim, IMDN_NAMESPACE};
pub use multipart::{Multipart, Part};

use std::fmt;

use crate::sip::{Headers, Params};

/// A body that does not follow its grammar.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct MimeProblem {
    /// The part of the body.
    pub what: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl MimeProblem {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }
}

/// The value of Content-Type (RFC 2045 clause 5.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaType {
    /// Type and subtype in lower case: `text/plain`.
    pub essence: String,
    /// Its parameters.
    pub params: Params,
}

impl MediaType {
    /// A type without parameters.
    pub fn new(essence: &str) -> Self {
        Self { essence: essence.to_ascii_lowercase(), params: Params::new() }
    }

    /// Reads a value.
    pub fn parse(value: &str) -> Result<Self, MimeProblem> {
        let (essence, params) = split_params(value, "Content-Type")?;
        let is_type = essence.split_once('/').is_some_and(|(a, b)| [a, b].into_iter().all(is_token));
        if !is_type {
            return Err(MimeProblem::new("Content-Type", "is not type/subtype"));
        }
        Ok(Self { essence: essence.to_ascii_lowercase(), params })
    }

    /// The type that headers tell; `None` without one.
    pub fn of(headers: &Headers) -> Result<Option<Self>, MimeProblem> {
        headers.get("Content-Type").map(Self::parse).transpose()
    }

    /// True for `multipart/…`.
    pub fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.essence, self.params)
    }
}

/// The disposition type that headers tell, in lower case, and its parameters (RFC 3261 clause 20.11); `None` without one.
pub fn disposition(headers: &Headers) -> Result<Option<(String, Params)>, MimeProblem> {
    let Some(value) = headers.get("Content-Disposition") else { return Ok(None) };
    let (kind, params) = split_params(value, "Content-Disposition")?;
    Ok(Some((kind.to_ascii_lowercase(), params)))
}

fn split_params<'a>(value: &'a str, what: &'static str) -> Result<(&'a str, Params), MimeProblem> {
    let at = value.find(';').unwrap_or(value.len());
    let (head, tail) = value.split_at(at);
    // A last ';' with nothing after it is common.
    let tail = tail.trim_end().trim_end_matches(';');
    let params = Params::parse(tail, what).map_err(|problem| MimeProblem::new(what, problem.why))?;
    Ok((head.trim(), params))
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
}

/// Headers at the start of `octets` up to the empty line, and where the body starts. Without an empty line all is headers.
fn read_head(octets: &[u8], what: &'static str) -> Result<(Headers, usize), MimeProblem> {
    if octets.len() > MAX_HEAD
        && !octets[..MAX_HEAD].windows(4).any(|w| w == b"\r\n\r\n")
        && !octets.starts_with(b"\r\n")
    {
        return Err(MimeProblem::new(what, "the headers are longer than the limit"));
    }
    Headers::parse_block(octets).map_err(|problem| MimeProblem::new(what, problem.why))
}

const MAX_HEAD: usize = 16 << 10;

#[cfg(test)]
mod tests;
