//! SIP messages as another program reads them: what tshark finds in a message is what we find in it.

use protocol::UdpDatagram;
use protocol::sip::sdp::{Media, Origin, Sdp};
use protocol::sip::{
    Algorithm, Challenge, DigestClient, Method, NameAddr, Request, Response, SipMessage, SipUri, Via, aka_nonce,
};

use super::RAW_IP;
use super::capture::{capture, tshark};

type Find = fn(&SipMessage) -> String;

/// Fields that tshark names, and how we find them; several of one kind are joined by `|`.
const FIELDS: [(&str, Find); 14] = [
    ("sip.Method", |m| m.as_request().map_or(String::new(), |r| r.method.to_string())),
    ("sip.r-uri", |m| m.as_request().map_or(String::new(), |r| r.uri.to_string())),
    ("sip.Status-Code", |m| m.as_response().map_or(String::new(), |r| r.status.to_string())),
    ("sip.Call-ID", |m| m.headers().call_id().unwrap_or_default().to_owned()),
    ("sip.CSeq.seq", |m| m.headers().cseq().unwrap().unwrap().seq.to_string()),
    ("sip.CSeq.method", |m| m.headers().cseq().unwrap().unwrap().method.to_string()),
    ("sip.from.addr", |m| m.headers().from().unwrap().unwrap().uri.to_string()),
    ("sip.from.tag", |m| tag(m.headers().from().unwrap())),
    ("sip.to.addr", |m| m.headers().to().unwrap().unwrap().uri.to_string()),
    ("sip.to.tag", |m| tag(m.headers().to().unwrap())),
    ("sip.Via.transport", |m| vias(m, |via| Some(via.transport.clone()))),
    ("sip.Via.branch", |m| vias(m, |via| via.branch().map(ToOwned::to_owned))),
    ("sip.auth.digest.response", |m| credentials(m, "response")),
    ("sip.auth.username", |m| credentials(m, "username")),
];

fn tag(address: Option<NameAddr>) -> String {
    address.unwrap().tag().unwrap_or_default().to_owned()
}

fn vias(message: &SipMessage, part: fn(&Via) -> Option<String>) -> String {
    message.headers().vias().unwrap().iter().filter_map(part).collect::<Vec<_>>().join("|")
}

fn credentials(message: &SipMessage, name: &str) -> String {
    let Some(value) = message.headers().get("Authorization") else { return String::new() };
    let credentials = protocol::sip::Credentials::parse(value).unwrap();
    // tshark keeps the quotes.
    credentials.params.get(name).unwrap_or_default().to_owned()
}

/// A line of tab-separated `fields` for each of `messages`, or `None` without tshark.
fn dissected(messages: &[Vec<u8>], fields: &[&str]) -> Option<Vec<String>> {
    let (source, destination) = ("10.45.0.1:5060".parse().unwrap(), "10.46.0.1:5060".parse().unwrap());
    let datagram = |message| UdpDatagram { source, destination, payload: message }.emit().unwrap();
    let arguments = ["-T", "fields", "-E", "aggregator=|"].into_iter();
    let arguments: Vec<_> = arguments.chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let text = tshark(&capture(RAW_IP, messages.iter().map(|message| datagram(message))), &arguments)?;
    Some(text.lines().map(ToOwned::to_owned).collect())
}

/// Well-formed torture messages. tshark 4.0 does not read the folds of `wsinv`.
const TORTURE: [&str; 17] = [
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "semiuri",
    "transports",
    "mpart01",
    "unreason",
    "badbranch",
    "unkscm",
    "novelsc",
    "bext01",
    "invut",
    "zeromf",
    "bcast",
    "cparam01",
    "inv2543",
];

fn read(message: &[u8]) -> SipMessage {
    SipMessage::parse(message).unwrap()
}

/// A registration as we write it, with the answer to an AKA challenge, and its 401.
fn own() -> [Vec<u8>; 2] {
    let home = SipUri::new(None, "ims.mnc001.mcc001.3gppnetwork.org");
    let user = NameAddr::new(SipUri::new(Some("+999001"), "ims.mnc001.mcc001.3gppnetwork.org").into());
    let mut request = Request::new(Method::REGISTER, home.clone().into());
    let h = &mut request.headers;
    h.append("Via", &Via::new("UDP", "10.45.0.1:5060", "z9hG4bKnashds7").to_string());
    h.append("Max-Forwards", "70");
    h.append("From", &user.clone().with_param("tag", "4fa3").to_string());
    h.append("To", &user.to_string());
    h.append("Call-ID", "apb03a0s09dkjdfglkj49111");
    h.append("CSeq", "2 REGISTER");
    let challenge = Challenge::digest(&home.host, &aka_nonce(&[1; 16], &[2; 16], b""), &Algorithm::AkaV1Md5, "auth");
    let answer = challenge.answer(&DigestClient {
        username: "001010000000001@ims.mnc001.mcc001.3gppnetwork.org",
        password: &[3; 8],
        method: &Method::REGISTER,
        uri: &home.to_string(),
        nonce_count: 1,
        cnonce: "0a4f113b",
        body: b"",
    });
    h.append("Authorization", &answer.unwrap().to_string());
    let origin = Origin { username: "-".into(), session_id: 1, version: 1, ipv6: false, address: "10.45.0.1".into() };
    let mut sdp = Sdp::new(&origin);
    sdp.media.push(Media::new("audio", 3456, "RTP/AVP", &["97"]));
    request.set_body("application/sdp", sdp.to_bytes());
    let mut response = Response::to(&request, 401, None);
    response.set_to_tag("5ef4");
    response.headers.append("WWW-Authenticate", &challenge.to_string());
    [request.to_bytes(), response.to_bytes()]
}

#[test]
fn tshark_finds_what_we_find() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc4475");
    let mut messages: Vec<_> =
        TORTURE.iter().map(|name| std::fs::read(format!("{folder}/{name}.dat")).unwrap()).collect();
    messages.extend(own());
    let names: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
    let Some(lines) = dissected(&messages, &names) else { return };
    assert_eq!(lines.len(), messages.len());
    let mut differ = Vec::new();
    for (line, octets) in lines.iter().zip(&messages) {
        let message = read(octets);
        for (theirs, (name, ours)) in line.split('\t').zip(FIELDS) {
            let ours = ours(&message);
            if theirs != ours {
                differ.push(format!("{} {name}: tshark {theirs:?}, we {ours:?}", message.headers().call_id().unwrap()));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn what_we_write_is_not_malformed() {
    let Some(lines) =
        dissected(&own(), &["sip.auth.algorithm", "sdp.media.port", "_ws.malformed", "_ws.expert.severity"])
    else {
        return;
    };
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].split('\t').nth(1), Some("3456"));
    for line in &lines {
        let columns: Vec<_> = line.split('\t').collect();
        assert_eq!((columns[0], columns[2]), ("AKAv1-MD5", ""), "{line}");
        // 0x00600000 and 0x00800000 are warnings and errors; chats and notes are remarks.
        assert!(!columns[3].split('|').any(|severity| ["6291456", "8388608"].contains(&severity)), "{line}");
    }
}
