//! Fuzz bodies as plain functions: they run on the stable toolchain in the tests, on mutations of a corpus, and each is the
//! whole body of a cargo-fuzz target: `fuzz_target!(|octets: &[u8]| protocol::fuzz::sip(octets));`.
//!
//! They take any octets, end in time linear in their number, and panic when a property does not hold.

use crate::sip::sdp::{MbmsMedia, Sdp};
use crate::sip::{
    AcceptContact, AuthenticationInfo, Challenge, Credentials, Event, Limits, PAccessNetworkInfo, PChargingVector,
    RAck, Reason, SecurityMechanism, SessionExpires, SipMessage, StreamFramer, StreamItem, SubscriptionState,
};

mod diameter;
mod mail;
mod map;
mod map_endpoint;
mod mbms;
mod mbms_ap;
mod mc;
mod messaging;
mod mms;
mod mutate;
mod presence;
mod smpp;
mod sms;
mod stack;
mod xcap;
mod xmb;

pub use diameter::{diameter, diameter_corpus};
pub use mail::{mm4, smtp_client, smtp_server};
pub use map::{map, map_corpus};
pub use map_endpoint::{map_endpoint, map_endpoint_corpus};
pub use mbms::mbms;
pub use mbms_ap::{m2ap, m3ap};
pub use mc::{mc_documents, mc_media_plane, mc_sdp};
pub use messaging::{cpim, message_documents, msrp, multipart};
pub use mms::{mms_parts, mms_pdu, mms_push, pap};
pub use mutate::Mutator;
pub use presence::presence;
pub use smpp::{smpp, smpp_session};
pub use sms::{sms_parts, sms_relay, sms_transfer};
pub use stack::{stack, stack_corpus};
pub use xcap::xcap;
pub use xmb::{usd, xmb};

/// A message that parses prints what parses again to the same, and to the same octets; nothing in it makes a typed header
/// panic; the framer cuts it as the parser does.
///
/// # Panics
/// When one of that does not hold.
pub fn sip(octets: &[u8]) {
    let parsed = SipMessage::parse(octets);
    match &parsed {
        Ok(message) => {
            let out = message.to_bytes();
            let again = SipMessage::parse(&out);
            assert_eq!(again.as_ref(), Ok(message), "what was printed reads otherwise");
            assert_eq!(again.map(|again| again.to_bytes()).as_deref(), Ok(out.as_slice()), "printing does not settle");
            typed(message);
            framed(message);
        }
        Err(problem) => {
            let response = problem.response().map(|response| response.to_bytes());
            assert!(response.is_none_or(|response| SipMessage::parse(&response).is_ok()), "an answer nobody can read");
        }
    }
}

/// A description that parses prints what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn sdp(octets: &[u8]) {
    let Ok(sdp) = Sdp::parse(octets) else { return };
    let again = Sdp::parse(&sdp.to_bytes());
    assert_eq!(again.as_ref(), Ok(&sdp), "what was printed reads otherwise");
    for at in 0..sdp.media.len() {
        if let Some(mbms) = MbmsMedia::of(&sdp, at) {
            let mut own = sdp.clone();
            own.media[at] = mbms.to_media(&sdp.media[at]);
            let again = MbmsMedia::of(&own, at).map(|again| (again.destination, again.mode));
            assert_eq!(again, Some((mbms.destination, mbms.mode)), "a medium over MBMS reads otherwise");
        }
    }
    let mut changed = sdp.clone();
    changed.bump_version();
    for at in 0..changed.media.len() {
        let direction = changed.direction_of(at).on_hold();
        changed.media[at].set_direction(direction);
        let _ = (changed.connection_of(at), changed.media[at].rtp_maps(), changed.media[at].refused().to_string());
    }
    let _ = (changed.is_hold(), crate::sip::sdp::check_answer(&sdp, &changed));
    assert!(Sdp::parse(&changed.to_bytes()).is_ok(), "a changed description nobody can read");
}

/// A Diameter message that parses prints what parses again to the same, and so do the typed messages of Rf and Ro in it.
///
/// # Panics
/// When that does not hold.
pub fn charging(octets: &[u8]) {
    use crate::diameter::{Message, check_request, rf::Acr, ro::Ccr};
    let Ok(message) = Message::parse(octets) else { return };
    assert_eq!(Message::parse(&message.emit()).as_ref(), Ok(&message), "what was printed reads otherwise");
    let _ = (check_request(&message), format!("{message:?}"));
    if let Ok(acr) = Acr::from_message(&message) {
        assert_eq!(Acr::from_message(&acr.to_message()), Ok(acr), "an ACR reads otherwise");
    }
    if let Ok(ccr) = Ccr::from_message(&message) {
        assert_eq!(Ccr::from_message(&ccr.to_message()), Ok(ccr), "a CCR reads otherwise");
    }
}

/// A stream is cut in the same places whatever pieces it comes in.
///
/// # Panics
/// When it is not.
pub fn stream(octets: &[u8]) {
    let limits = Limits { head: 4096, fields: 64, body: 4096 };
    let items = |size: usize| {
        let mut framer = StreamFramer::new(limits);
        let (mut messages, mut error) = (Vec::new(), None);
        for piece in octets.chunks(size) {
            framer.push(piece);
            loop {
                match framer.poll() {
                    Ok(Some(StreamItem::Message(message))) => messages.push(message),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(problem) => {
                        error = Some(problem);
                        break;
                    }
                }
            }
        }
        (messages, error)
    };
    let whole = items(octets.len().max(1));
    assert_eq!(items(1), whole, "pieces of one octet");
    assert_eq!(items(7), whole, "pieces of seven");
}

/// RTP and RTCP: what is read prints what reads the same.
///
/// # Panics
/// When it does not.
pub fn rtp(octets: &[u8]) {
    if let Ok(packet) = crate::rtp::RtpPacket::parse(octets) {
        assert_eq!(crate::rtp::RtpPacket::parse(&packet.to_bytes()), Ok(packet), "an RTP packet reads otherwise");
    }
    if let Ok(packets) = crate::rtp::parse_rtcp(octets) {
        let again = crate::rtp::parse_rtcp(&crate::rtp::rtcp_bytes(&packets));
        assert_eq!(again, Ok(packets), "RTCP reads otherwise");
    }
}

/// Everything that looks into a message.
fn typed(message: &SipMessage) {
    let headers = message.headers();
    let checked = match message {
        SipMessage::Request(request) => request.check(),
        SipMessage::Response(response) => response.check(),
    };
    if let Err(problem) = checked {
        let _ = problem.response().map(|response| response.to_bytes());
    }
    for via in headers.vias().into_iter().flatten() {
        assert_eq!(crate::sip::Via::parse(&via.to_string()), Ok(via.clone()), "a Via reads otherwise");
        let _ = (via.has_cookie(), via.received(), via.rport());
    }
    for name in ["From", "To", "Contact", "Route", "Record-Route", "Path", "P-Asserted-Identity"] {
        for address in headers.addresses(name).into_iter().flatten() {
            let again = crate::sip::NameAddr::parse(&address.to_string());
            assert_eq!(again, Ok(address.clone()), "an address reads otherwise");
            assert!(address.uri.equivalent(&address.uri), "a URI is not what it is");
            let _ = (address.uri.identity(), address.expires(), address.q_thousandths(), address.display_name());
        }
    }
    let _ = (headers.contacts(), headers.cseq(), headers.max_forwards(), headers.expires());
    let read = |name: &str, parse: &dyn Fn(&str) -> bool| headers.all(name).filter(|value| parse(value)).count();
    let credentials = |value: &str| {
        let verified = Credentials::parse(value).map(|c| (c.verify(b"p", &crate::sip::Method::INVITE, b""), c.auts()));
        verified.is_ok()
    };
    for name in ["Authorization", "Proxy-Authorization"] {
        read(name, &credentials);
    }
    read("WWW-Authenticate", &|value| Challenge::parse(value).is_ok_and(|c| !c.qops().is_empty() || c.is_stale()));
    read("Authentication-Info", &|value| AuthenticationInfo::parse(value).is_ok());
    read("Event", &|value| Event::parse(value).is_ok());
    read("Subscription-State", &|value| SubscriptionState::parse(value).is_ok());
    read("RAck", &|value| RAck::parse(value).is_ok());
    read("Session-Expires", &|value| SessionExpires::parse(value).is_ok());
    read("Security-Client", &|value| SecurityMechanism::parse(value).is_ok());
    read("P-Access-Network-Info", &|value| PAccessNetworkInfo::parse(value).is_ok_and(|info| info.cell().is_some()));
    read("P-Charging-Vector", &|value| PChargingVector::parse(value).is_ok());
    read("Reason", &|value| Reason::parse(value).is_ok());
    read("Accept-Contact", &|value| AcceptContact::parse(value).is_ok());
}

/// What a message prints for a stream is cut out of it whole.
fn framed(message: &SipMessage) {
    let out = match message {
        SipMessage::Request(request) => request.to_stream_bytes(),
        SipMessage::Response(response) => response.to_stream_bytes(),
    };
    let mut framer = StreamFramer::new(Limits { head: 1 << 20, ..Limits::default() });
    framer.push(&out);
    assert_eq!(framer.poll(), Ok(Some(StreamItem::Message(out))), "a message is cut where it does not end");
}

/// A message of HTTP that parses prints what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn http(octets: &[u8]) {
    use crate::http::{HTTP_MAX_FIELDS, encode_request, encode_response, parse_request, parse_response};
    // The framing that is printed may be a field more.
    if let Some(request) = parse_request(octets).ok().filter(|request| request.headers().len() < HTTP_MAX_FIELDS) {
        let again = parse_request(&encode_request(&request)).expect("a request that nobody can read");
        assert_eq!((again.method(), again.uri(), again.body()), (request.method(), request.uri(), request.body()));
    }
    let to = ::http::Method::GET;
    let fits = |response: &::http::Response<Vec<u8>>| response.headers().len() < HTTP_MAX_FIELDS;
    if let Some(response) = parse_response(&to, octets).ok().filter(fits) {
        let again = parse_response(&to, &encode_response(&to, &response)).expect("a response that nobody can read");
        assert_eq!((again.status(), again.body()), (response.status(), response.body()));
    }
}
