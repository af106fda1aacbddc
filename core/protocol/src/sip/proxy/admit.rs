//! Request validation (RFC 3261 clause 16.3): what a proxy refuses before it looks where a request goes.

use super::Proxy;
use crate::Instant;
use crate::sip::{Request, RespondError, ServerKey, SipStack};

/// An answer instead of forwarding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Its status.
    pub status: u16,
    /// Its reason phrase, when not that of the registry.
    pub reason: Option<String>,
    /// Its headers beside those of every answer.
    pub headers: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal with nothing but a status.
    pub const fn new(status: u16) -> Self {
        Self { status, reason: None, headers: Vec::new() }
    }

    /// The same with a reason phrase of one's own.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers the request with it.
    pub fn send(&self, now: Instant, stack: &mut SipStack, key: ServerKey) -> Result<(), RespondError> {
        let mut response = stack.prepare(key, self.status, self.reason.as_deref()).ok_or(RespondError::Gone)?;
        for (name, value) in &self.headers {
            response.headers.append(name, value);
        }
        stack.respond(now, key, response)
    }
}

impl Proxy {
    /// May `request` be forwarded? Counts Max-Forwards down, finds loops, looks at Proxy-Require. `key`: its transaction;
    /// `None` for an ACK, which is dropped when it is refused.
    pub fn admit(&self, stack: &SipStack, key: Option<ServerKey>, request: &mut Request) -> Result<(), Refusal> {
        match request.max_forwards() {
            Ok(Some(0)) => return Err(Refusal::new(483)),
            Ok(Some(hops)) => request.headers.set("Max-Forwards", &(hops - 1).to_string()),
            Ok(None) => request.headers.append("Max-Forwards", "70"),
            Err(problem) => return Err(Refusal::new(problem.status).because("Bad Max-Forwards")),
        }
        if let Some(mark) = key.and_then(|key| stack.loop_mark(key)).filter(|mark| !mark.is_empty())
            && request.headers.values("Via").any(|via| via.contains(mark) && stack.has_sent(via, mark))
        {
            return Err(Refusal::new(482).because("Loop Detected"));
        }
        let strange: Vec<_> = request
            .headers
            .values("Proxy-Require")
            .filter(|tag| !tag.is_empty() && !self.config.understands.iter().any(|own| own.eq_ignore_ascii_case(tag)))
            .collect();
        if !strange.is_empty() && key.is_some() {
            return Err(Refusal::new(420).with("Unsupported", &strange.join(", ")));
        }
        Ok(())
    }
}
