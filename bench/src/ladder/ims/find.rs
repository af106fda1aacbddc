//! Whether a message is the one that a step waits for, and the display filter that finds it.

use std::collections::BTreeMap;

use protocol::TapEvent;
use protocol::diameter::dictionary::{AvpDef, AvpKind};
use protocol::diameter::{Avp, Message, dictionary};
use protocol::mime::{MediaType, Multipart};
use protocol::mms::{MMS_MEDIA_TYPE, MessageType};
use protocol::sip::{Headers, PChargingVector, SipMessage};
use protocol::sms::SMS_MEDIA_TYPE;

use super::mms::{TARGET, is_push, pdu_filter, push_filter, said};
use super::{Diameter, Has, ImsCast, Of, RpKind, Sip, Status};
use crate::ladder::Seen;

/// What steps have learned for those after them: Call-IDs by the names of calls, the Session-Id of the last request.
pub(crate) type Bound = BTreeMap<String, String>;

/// Name under which the Session-Id of a Diameter request is kept, before the name of the session.
const SESSION: &str = "Session-Id";
/// Name under which the charging identifier of a session is kept.
const ICID: &str = "ICID";
/// Depth of groups of AVPs that are looked into.
const DEPTH_MAX: usize = 6;

/// A SIP message as far as steps ask.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SipSeen {
    pub(crate) method: String,
    pub(crate) status: Option<u16>,
    call_id: String,
    cseq: u32,
    message: SipMessage,
}

impl SipSeen {
    /// None: no SIP.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let message = SipMessage::parse(bytes).ok()?;
        let headers = message.headers();
        let call_id = headers.call_id()?.to_owned();
        let cseq = headers.cseq().ok()??;
        let method = match &message {
            SipMessage::Request(request) => request.method.to_string(),
            SipMessage::Response(_) => cseq.method.to_string(),
        };
        let status = message.as_response().map(|response| response.status);
        Some(Self { method, status, call_id, cseq: cseq.seq, message })
    }

    /// The body of a request, or its part, that is of this content type, as text.
    pub(super) fn document(&self, content_type: &str) -> Option<String> {
        let SipMessage::Request(request) = &self.message else { return None };
        let media = MediaType::of(&request.headers).ok()??;
        if media.is_multipart() {
            let parts = Multipart::parse(&media, &request.body).ok()?.parts;
            let part = parts.into_iter().find(|part| part.is(content_type))?;
            return String::from_utf8(part.body).ok();
        }
        let is_it = media.essence.eq_ignore_ascii_case(content_type);
        is_it.then(|| String::from_utf8_lossy(&request.body).into_owned())
    }
}

/// Identifiers in a message, of calls, sessions and users: a step may ask for one of them.
pub(crate) fn identifiers(seen: &Seen) -> Vec<String> {
    let call = seen.sip.iter().map(|sip| sip.call_id.clone());
    let of_diameter = seen.diameter.iter().flat_map(|message| {
        let named = [&dictionary::SESSION_ID, &dictionary::USER_NAME, &dictionary::PUBLIC_IDENTITY];
        let at_top = named.into_iter().filter_map(|def| Some(message.text(def).ok().flatten()?.to_owned()));
        at_top.chain(user_identity(message))
    });
    call.chain(of_diameter).collect()
}

/// The public identity that a message on Sh is about (TS 29.329 clause 6.3.1).
fn user_identity(message: &Message) -> Option<String> {
    let group = message.get(&dictionary::USER_IDENTITY)?.as_group().ok()?;
    let identity = group.iter().find(|avp| avp.is(&dictionary::PUBLIC_IDENTITY))?;
    identity.as_text().ok().map(str::to_owned)
}

impl Sip {
    /// One of [`identifiers`] that the message must have; empty: it may be any message.
    pub(crate) fn identifier(&self, bound: &Bound) -> String {
        bound.get(self.call).cloned().unwrap_or_default()
    }

    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &SipSeen, cast: &ImsCast, bound: &Bound) -> Option<Vec<(String, String)>> {
        let status = match (self.status, seen.status) {
            (None, None) => true,
            (Some(Status::Is(wanted)), Some(status)) => status == wanted,
            (Some(Status::Class(wanted)), Some(status)) => status / 100 == wanted,
            _ => false,
        };
        let call = bound.get(self.call).is_none_or(|call_id| *call_id == seen.call_id);
        let all =
            || self.is_of_transaction(seen, bound) && self.has.iter().all(|has| has.holds(&seen.message, cast, bound));
        if seen.method != self.method || !status || !call || !all() {
            return None;
        }
        let mut learned =
            vec![(self.call.to_owned(), seen.call_id.clone()), (self.bound_cseq(), seen.cseq.to_string())];
        if self.has.contains(&Has::ChargingVector) {
            let icid = icid(seen.message.headers())?;
            if bound.get(ICID).is_some_and(|known| *known != icid) {
                return None;
            }
            learned.push((ICID.to_owned(), icid));
        }
        for has in self.has {
            match has {
                Has::Mms(kind) => learned.extend(said_in(&seen.message, *kind, bound)?),
                Has::Retrieval => learned.push((TARGET.to_owned(), target_in(&seen.message, bound)?)),
                _ => {}
            }
        }
        Some(learned)
    }

    /// Under what the CSeq of its transaction is kept.
    fn bound_cseq(&self) -> String {
        format!("{}{}", self.bound_cseqs(), self.transaction)
    }

    /// What those of its call and method begin with.
    fn bound_cseqs(&self) -> String {
        let opens = if matches!(self.method, "ACK" | "CANCEL") { "INVITE" } else { self.method };
        format!("CSeq {} {opens} ", self.call)
    }

    fn is_of_transaction(&self, seen: &SipSeen, bound: &Bound) -> bool {
        let (own, cseq, all) = (self.bound_cseq(), seen.cseq.to_string(), self.bound_cseqs());
        match bound.get(&own) {
            Some(known) => *known == cseq,
            None => !bound.iter().any(|(name, known)| name.starts_with(&all) && *known == cseq),
        }
    }

    /// The display filter.
    pub(crate) fn filter(&self, cast: &ImsCast, bound: &Bound) -> String {
        let mut filter = match self.status {
            None => format!("sip.Method == \"{}\"", self.method),
            Some(Status::Is(status)) => {
                format!("sip.Status-Code == {status} && sip.CSeq.method == \"{}\"", self.method)
            }
            Some(Status::Class(class)) => {
                let (from, to) = (class * 100, class * 100 + 99);
                format!(
                    "sip.Status-Code >= {from} && sip.Status-Code <= {to} && sip.CSeq.method == \"{}\"",
                    self.method
                )
            }
        };
        for has in self.has {
            filter += " && ";
            filter += &has.filter(cast, bound);
        }
        if let Some(icid) = bound.get(ICID).filter(|_| self.has.contains(&Has::ChargingVector)) {
            filter += &format!(" && sip.P-Charging-Vector contains \"{}\"", escape(icid));
        }
        if let Some(call_id) = bound.get(self.call) {
            filter += &format!(" && sip.Call-ID == \"{}\"", escape(call_id));
        }
        if let Some(cseq) = bound.get(&self.bound_cseq()) {
            filter += &format!(" && sip.CSeq.seq == {cseq}");
        }
        filter
    }
}

impl Has {
    fn holds(self, message: &SipMessage, cast: &ImsCast, bound: &Bound) -> bool {
        let headers = message.headers();
        let has_response = || headers.all("Authorization").any(has_digest_response);
        let is_zero = || {
            headers.get("Expires").is_some_and(|v| v.trim() == "0")
                || headers.all("Contact").any(|c| c.contains(";expires=0"))
        };
        let to_tag = || headers.to().ok().flatten().is_some_and(|to| to.params.get("tag").is_some());
        let words = |name: &str, words: &str| headers.all(name).any(|value| value.contains(words));
        match self {
            Self::Response => has_response(),
            Self::NoResponse => !has_response(),
            Self::ExpiresZero => is_zero(),
            Self::Expires => !is_zero(),
            Self::ToTag => to_tag(),
            Self::NoToTag => !to_tag(),
            Self::Header(name) => headers.contains(name),
            Self::ChargingVector => icid(headers).is_some(),
            Self::Words(name, wanted) => words(name, wanted),
            Self::Identity(name) => words(name, &cast.ue.impu),
            Self::PeerIdentity(name) => cast.peer.as_ref().is_some_and(|peer| words(name, &peer.impu)),
            Self::Called(party) => message.as_request().is_some_and(|request| {
                let called = request.uri.as_sip().and_then(|uri| uri.user.as_deref());
                called == Some(cast.user(party))
            }),
            Self::Number(party) => {
                message.as_request().is_some_and(|request| request.uri.to_string() == cast.number(party))
            }
            Self::UserUri(user) => {
                let wanted = format!("sip:{user}");
                message.as_request().is_some_and(|request| request.uri.to_string().starts_with(&wanted))
            }
            Self::PeerInBody => cast.peer.as_ref().is_some_and(|peer| is_in_body(message, &peer.impu)),
            Self::Body(wanted) => is_in_body(message, wanted),
            Self::Rp(kind) => relayed(message) == Some(kind as u8),
            Self::Push(kind) => {
                relayed(message) == Some(RpKind::DataToMs as u8)
                    && message.as_request().is_some_and(|request| is_push(&request.body, kind, bound))
            }
            Self::Mms(kind) => said_in(message, kind, bound).is_some(),
            Self::Retrieval => target_in(message, bound).is_some(),
        }
    }

    fn filter(self, cast: &ImsCast, bound: &Bound) -> String {
        const RESPONSE: &str = r#"sip.Authorization matches "response=\"[0-9a-fA-F]""#;
        const ZERO: &str = "(sip.Expires == 0 || sip.Contact contains \";expires=0\")";
        match self {
            Self::Response => RESPONSE.into(),
            Self::NoResponse => format!("!({RESPONSE})"),
            Self::ExpiresZero => ZERO.into(),
            Self::Expires => format!("!{ZERO}"),
            Self::ToTag => "sip.to.tag".into(),
            Self::NoToTag => "!sip.to.tag".into(),
            // Wireshark names these in its own way.
            Self::Header("SIP-ETag") => "sip.ETag".into(),
            Self::Header("Referred-By") => "sip.Referred-by".into(),
            Self::Header(name) => format!("sip.{name}"),
            Self::ChargingVector => "sip.P-Charging-Vector".into(),
            Self::Words(name, words) => format!("sip.{name} contains \"{}\"", escape(words)),
            Self::Identity(name) => format!("sip.{name} contains \"{}\"", escape(&cast.ue.impu)),
            Self::PeerIdentity(name) => {
                let impu = cast.peer.as_ref().map_or("", |peer| &peer.impu);
                format!("sip.{name} contains \"{}\"", escape(impu))
            }
            Self::PeerInBody => {
                let impu = cast.peer.as_ref().map_or("", |peer| &peer.impu);
                format!("frame contains \"{}\"", escape(impu))
            }
            Self::Called(party) => format!("sip.r-uri.user == \"{}\"", escape(cast.user(party))),
            Self::Number(party) => format!("sip.r-uri == \"{}\"", cast.number(party)),
            Self::UserUri(user) => format!("sip.r-uri contains \"sip:{user}\""),
            Self::Body(words) => format!("frame contains \"{}\"", escape(words)),
            Self::Rp(kind) => format!("gsm_a.rp.msg_type == {}", kind as u8),
            Self::Push(kind) => format!("gsm_a.rp.msg_type == 1{}", push_filter(kind, bound)),
            Self::Mms(kind) => pdu_filter(kind, bound),
            Self::Retrieval => {
                let target = bound.get(TARGET).map_or("", String::as_str);
                format!("sip.Content-Type contains \"message/http\" && frame contains \"GET {}\"", escape(target))
            }
        }
    }
}

fn is_in_body(message: &SipMessage, wanted: &str) -> bool {
    let body = match message {
        SipMessage::Request(request) => &request.body,
        SipMessage::Response(response) => &response.body,
    };
    body.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

/// The message type of the relay layer in a body of its media type; its upper five bits say nothing (TS 24.011 clause 8.2.2).
fn relayed(message: &SipMessage) -> Option<u8> {
    let SipMessage::Request(request) = message else { return None };
    let media = MediaType::of(&request.headers).ok()??;
    let is_sms = media.essence.eq_ignore_ascii_case(SMS_MEDIA_TYPE);
    request.body.first().filter(|_| is_sms).map(|octet| octet & 7)
}

/// What a PDU of MM1 in a body of its media type teaches.
fn said_in(message: &SipMessage, kind: MessageType, bound: &Bound) -> Option<Vec<(String, String)>> {
    let SipMessage::Request(request) = message else { return None };
    let media = MediaType::of(&request.headers).ok()??;
    media.essence.eq_ignore_ascii_case(MMS_MEDIA_TYPE).then(|| said(&request.body, kind, bound)).flatten()
}

/// The target of a GET in a body (RFC 9112 clause 10.1), if it is the one that is known.
fn target_in(message: &SipMessage, bound: &Bound) -> Option<String> {
    let SipMessage::Request(request) = message else { return None };
    let media = MediaType::of(&request.headers).ok()??;
    let line = request.body.split(|&octet| octet == b'\r').next()?;
    let target = std::str::from_utf8(line).ok()?.strip_prefix("GET ")?.split(' ').next()?;
    let is_it = bound.get(TARGET).is_none_or(|known| known == target);
    (media.essence.eq_ignore_ascii_case("message/http") && is_it).then(|| target.to_owned())
}

/// Digest credentials whose response is not empty (RFC 7616 clause 3.4).
fn has_digest_response(value: &str) -> bool {
    value.split("response=\"").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()))
}

/// The charging identifier in P-Charging-Vector (RFC 7315 clause 5.6).
fn icid(headers: &Headers) -> Option<String> {
    let vector = headers.whole("P-Charging-Vector", PChargingVector::parse).ok()??;
    Some(vector.icid().into_owned())
}

impl Diameter {
    /// One of [`identifiers`] that the message must have; empty: it may be any message; none: there is none yet.
    pub(crate) fn identifier(&self, cast: &ImsCast, bound: &Bound) -> Option<String> {
        match self.of {
            Of::Ue => Some(cast.ue.impi.clone()),
            Of::Identity => Some(cast.ue.impu.clone()),
            Of::PeerIdentity => cast.peer.as_ref().map(|peer| peer.impu.clone()),
            Of::Request => bound.get(&self.bound_session()).cloned(),
            Of::Anybody | Of::Charging => Some(String::new()),
        }
    }

    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &Message, cast: &ImsCast, bound: &Bound) -> Option<Vec<(String, String)>> {
        if seen.name() != self.command {
            return None;
        }
        let text = |def| seen.text(def).ok().flatten();
        let session = text(&dictionary::SESSION_ID)?.to_owned();
        let known = bound.get(&self.bound_session());
        let mut learned = vec![(self.bound_session(), session.clone())];
        let own = match self.of {
            Of::Ue => text(&dictionary::USER_NAME) == Some(&cast.ue.impi),
            Of::Identity => {
                let own = user_identity(seen);
                let is_it =
                    own.as_deref().or_else(|| text(&dictionary::PUBLIC_IDENTITY)) == Some(cast.ue.impu.as_str());
                is_it && known.is_none_or(|known| *known == session)
            }
            Of::PeerIdentity => {
                let peer = cast.peer.as_ref().map(|peer| peer.impu.as_str());
                peer.is_some() && text(&dictionary::PUBLIC_IDENTITY) == peer
            }
            Of::Request => known == Some(&session),
            Of::Anybody => known.is_none_or(|known| *known == session),
            Of::Charging => {
                let icid = all(&seen.avps, avp_named("IMS-Charging-Identifier")?, 0).into_iter().next()?;
                let icid = String::from_utf8(icid.data).ok()?;
                let is_it = bound.get(ICID).is_none_or(|known| *known == icid);
                learned.push((ICID.to_owned(), icid));
                is_it && known.is_none_or(|known| *known == session)
            }
        };
        let has_number = |(name, values): &(&str, &[u32])| {
            let found = avp_named(name).map(|def| all(&seen.avps, def, 0)).unwrap_or_default();
            found.iter().filter_map(|avp| avp.as_u32().ok()).any(|value| values.contains(&value))
        };
        let has_avp = |name: &&str| avp_named(name).is_some_and(|def| !all(&seen.avps, def, 0).is_empty());
        let says = |(words, is_there): &(&str, bool)| {
            let has = |avp: &Avp| avp.data.windows(words.len()).any(|window| window == words.as_bytes());
            seen.avps.iter().any(has) == *is_there
        };
        let is_all = self.numbers.iter().all(has_number) && self.has.iter().all(has_avp);
        (own && is_all && self.words.iter().all(says)).then_some(learned)
    }

    /// Under what its Session-Id is kept.
    fn bound_session(&self) -> String {
        format!("{SESSION}{}{}", if self.session.is_empty() { "" } else { " " }, self.session)
    }

    /// The display filter.
    pub(crate) fn filter(&self, cast: &ImsCast, bound: &Bound) -> String {
        let letters = &self.command[..self.command.len() - 1];
        let code = dictionary::COMMANDS.iter().find(|c| c.letters == letters).map_or(0, |c| c.code);
        let request = u8::from(self.command.ends_with('R'));
        let mut filter = format!("diameter.cmd.code == {code} && diameter.flags.request == {request}");
        match self.of {
            Of::Ue => filter += &format!(" && diameter.User-Name == \"{}\"", cast.ue.impi),
            Of::Identity => filter += &format!(" && diameter.Public-Identity == \"{}\"", escape(&cast.ue.impu)),
            Of::PeerIdentity => {
                let peer = cast.peer.as_ref().map_or("", |peer| &peer.impu);
                filter += &format!(" && diameter.Public-Identity == \"{peer}\"");
            }
            Of::Charging => {
                if let Some(icid) = bound.get(ICID) {
                    filter += &format!(" && diameter.IMS-Charging-Identifier == \"{}\"", escape(icid));
                }
            }
            Of::Request | Of::Anybody => {}
        }
        for (name, values) in self.numbers {
            let any: Vec<String> = values.iter().map(|value| format!("diameter.{name} == {value}")).collect();
            filter += &format!(" && ({})", any.join(" || "));
        }
        for name in self.has {
            filter += &format!(" && diameter.{name}");
        }
        for (words, is_there) in self.words {
            let contains = format!("frame contains \"{}\"", escape(words));
            filter += &if *is_there { format!(" && {contains}") } else { format!(" && !({contains})") };
        }
        let session = bound.get(&self.bound_session());
        if let Some(session) = session.filter(|_| self.of == Of::Request || !self.session.is_empty()) {
            filter += &format!(" && diameter.Session-Id == \"{}\"", escape(session));
        }
        filter
    }
}

/// Definition of an AVP.
fn avp_named(name: &str) -> Option<&'static AvpDef> {
    let known = dictionary::AVPS.iter().chain(dictionary::charging::CHARGING_AVPS).chain(dictionary::mbms::MBMS_AVPS);
    known.copied().find(|def| def.name == name)
}

/// All AVPs of a definition, in groups too.
fn all(avps: &[Avp], def: &AvpDef, depth: usize) -> Vec<Avp> {
    let mut found = Vec::new();
    for avp in avps {
        if avp.is(def) {
            found.push(avp.clone());
        }
        let is_group = avp.definition().is_some_and(|own| own.kind == AvpKind::Grouped);
        if is_group && depth < DEPTH_MAX {
            found.extend(all(&avp.as_group().unwrap_or_default(), def, depth + 1));
        }
    }
    found
}

/// A text between double quotes of a display filter.
pub(super) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Diameter of a tap.
pub(crate) fn diameter(event: &TapEvent) -> Option<Message> {
    Message::parse(&event.bytes).ok()
}
