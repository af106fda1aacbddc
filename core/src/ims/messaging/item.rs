//! A message that waits for its recipient, as it is kept: everything that its delivery needs, so that a delivery that was
//! cut off is the same request again and the recipient knows it (RFC 3261 clause 8.2.2.2: From tag, Call-ID and CSeq).

use protocol::Entropy;
use protocol::mime::{CPIM_CONTENT_TYPE, Cpim, IMDN_NAMESPACE, MediaType};
use protocol::sip::{Method, NameAddr, Request, Uri, base64_decode, base64_encode};
use protocol::utc;
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    /// Request-URI and To.
    pub(super) recipient: String,
    /// From without its tag.
    pub(super) from: String,
    /// Tag of From.
    pub(super) from_tag: String,
    /// Call-ID.
    pub(super) call_id: String,
    /// CSeq.
    cseq: String,
    /// Header fields that go along.
    pub(super) headers: Vec<(String, String)>,
    /// Of the body.
    pub(super) content_type: String,
    /// The body in base64.
    body: String,
    /// When it came, UTC.
    pub(super) received_ms: u64,
    /// Until when it waits, UTC; of one that is done: until when it is remembered.
    pub(super) expires_ms: u64,
    /// The request that it came in, so that the same one, repeated, is not a second message.
    pub(super) origin: Option<String>,
    /// What its sender wants to be told.
    pub(super) wish: Option<Wish>,
    /// It has been delivered, or has failed, and is only remembered.
    pub(super) done: bool,
}

/// What a sender wants to be told (RFC 5438 clause 6.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Wish {
    /// imdn.Message-ID.
    pub(super) message_id: String,
    /// DateTime.
    pub(super) datetime: String,
    /// Who is told.
    pub(super) sender: String,
    /// That it was not delivered.
    pub(super) negative: bool,
    /// That it was stored.
    pub(super) processing: bool,
}

/// What names a request among all (RFC 3261 clause 8.2.2.2).
pub(super) fn name_of(request: &Request) -> String {
    let from = request.from().ok().flatten();
    let tag = from.as_ref().and_then(NameAddr::tag).unwrap_or_default();
    let (call_id, cseq) = (request.call_id().unwrap_or_default(), request.headers.get("CSeq").unwrap_or_default());
    format!("{call_id} {cseq} {tag}")
}

/// Header fields of a MESSAGE that its recipient is to see.
const CARRIED: [&str; 12] = [
    "Subject",
    "Priority",
    "Privacy",
    "Organization",
    "In-Reply-To",
    "Reply-To",
    "Accept-Contact",
    "P-Asserted-Service",
    "P-Charging-Vector",
    "Content-Disposition",
    "Content-Language",
    "Content-Encoding",
];

impl Item {
    /// The message that `request` is, for `recipient`.
    pub(super) fn of(request: &Request, recipient: &Uri, now_ms: u64, expires_ms: u64, entropy: &mut Entropy) -> Self {
        let mut item = Self::new(request, recipient, now_ms, expires_ms, entropy);
        item.set_body(request.headers.get("Content-Type").unwrap_or("text/plain"), &request.body);
        // It stays the message that it is: whoever has got it before knows it again.
        request.call_id().unwrap_or_default().clone_into(&mut item.call_id);
        request.headers.get("CSeq").unwrap_or("1 MESSAGE").clone_into(&mut item.cseq);
        let from = request.headers.from().ok().flatten();
        from.as_ref().and_then(NameAddr::tag).unwrap_or_default().clone_into(&mut item.from_tag);
        item.origin = Some(format!("{} {}", item.name(), recipient.identity()));
        item
    }

    /// A message without a body from the sender of `request`.
    pub(super) fn new(request: &Request, recipient: &Uri, now_ms: u64, expires_ms: u64, entropy: &mut Entropy) -> Self {
        let mut headers = Vec::new();
        for name in CARRIED.into_iter().chain(["P-Asserted-Identity"]) {
            headers.extend(request.headers.all(name).map(|value| (name.to_owned(), value.to_owned())));
        }
        let mut from = request.from().ok().flatten().unwrap_or_else(|| NameAddr::new(recipient.clone()));
        from.params.remove("tag");
        Self {
            recipient: recipient.to_string(),
            from: from.to_string(),
            from_tag: entropy.token(10),
            call_id: entropy.token(24),
            cseq: "1 MESSAGE".to_owned(),
            headers,
            content_type: String::new(),
            body: String::new(),
            received_ms: now_ms,
            expires_ms,
            origin: None,
            wish: None,
            done: false,
        }
    }

    /// A message of the server itself.
    pub(super) fn own(server: &str, recipient: &str, now_ms: u64, expires_ms: u64, entropy: &mut Entropy) -> Self {
        Self {
            recipient: recipient.to_owned(),
            from: format!("<{server}>"),
            from_tag: entropy.token(10),
            call_id: entropy.token(24),
            cseq: "1 MESSAGE".to_owned(),
            headers: vec![("P-Asserted-Identity".to_owned(), format!("<{server}>"))],
            content_type: String::new(),
            body: String::new(),
            received_ms: now_ms,
            expires_ms,
            origin: None,
            wish: None,
            done: false,
        }
    }

    pub(super) fn set_body(&mut self, content_type: &str, body: &[u8]) {
        content_type.clone_into(&mut self.content_type);
        self.body = base64_encode(body);
    }

    /// What names its request among all.
    pub(super) fn name(&self) -> String {
        format!("{} {} {}", self.call_id, self.cseq, self.from_tag)
    }

    /// Octets of the body.
    pub(super) const fn octets(&self) -> usize {
        self.body.len() / 4 * 3
    }

    /// The body goes: what is left says that there was a message.
    pub(super) fn finish(&mut self, until_ms: u64) {
        self.body = String::new();
        self.headers = Vec::new();
        (self.wish, self.done, self.expires_ms) = (None, true, until_ms);
    }

    /// Its recipient, in the form that keys have.
    pub(super) fn identity(&self) -> String {
        Uri::parse(&self.recipient).map_or_else(|_| self.recipient.clone(), |uri| uri.identity())
    }

    /// The request that delivers it; always the same one.
    pub(super) fn to_request(&self, next_hop: Option<&str>) -> Result<Request, String> {
        let uri = Uri::parse(&self.recipient).map_err(|problem| problem.to_string())?;
        let body = base64_decode(&self.body).ok_or("the body is unreadable")?;
        let mut request = Request::new(Method::MESSAGE, uri);
        let headers = &mut request.headers;
        if let Some(route) = next_hop {
            headers.append("Route", route);
        }
        headers.append("Max-Forwards", "70");
        let tag = if self.from_tag.is_empty() { String::new() } else { format!(";tag={}", self.from_tag) };
        headers.append("From", &format!("{}{tag}", self.from));
        headers.append("To", &format!("<{}>", self.recipient));
        headers.append("Call-ID", &self.call_id);
        headers.append("CSeq", &self.cseq);
        headers.append("Date", &utc::to_sip_date(self.received_ms));
        self.headers.iter().for_each(|(name, value)| headers.append(name, value));
        request.set_body(&self.content_type, body);
        Ok(request)
    }
}

impl Wish {
    /// What the message/cpim of a message of `sender` wishes; `None` without any wish, or when it is a notification itself.
    pub(super) fn of(content_type: &str, body: &[u8], sender: &str) -> Option<Self> {
        if MediaType::parse(content_type).ok()?.essence != CPIM_CONTENT_TYPE {
            return None;
        }
        let message = Cpim::parse(body).ok()?;
        if message.content.is(protocol::xml::IMDN_CONTENT_TYPE) {
            return None;
        }
        let asked = message.get(IMDN_NAMESPACE, "Disposition-Notification")?;
        let asks = |kind: &str| asked.split(',').any(|own| own.trim().eq_ignore_ascii_case(kind));
        Some(Self {
            message_id: message.get(IMDN_NAMESPACE, "Message-ID").filter(|id| id.len() <= 128)?.to_owned(),
            datetime: message.headers.get("DateTime").unwrap_or_default().chars().take(64).collect(),
            sender: sender.to_owned(),
            negative: asks("negative-delivery"),
            processing: asks("processing"),
        })
    }
}
