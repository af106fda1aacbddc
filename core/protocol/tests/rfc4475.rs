//! The torture messages of RFC 4475, each taken or refused as its clause says.

use protocol::sip::sdp::Sdp;
use protocol::sip::{Credentials, Limits, SipMessage, SipProblem, StreamFramer, StreamItem, Uri};

/// What a receiver does.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Verdict {
    /// Takes it as well formed; what follows is for the layers above.
    Taken,
    /// Answers the request with this status.
    Answered(u16),
    /// Drops the response.
    Dropped,
}
use Verdict::{Answered, Dropped, Taken};

macro_rules! message {
    ($name:literal, $clause:literal, $verdict:expr) => {
        ($name, $clause, $verdict, include_bytes!(concat!("rfc4475/", $name, ".dat")))
    };
}

type Case = (&'static str, &'static str, Verdict, &'static [u8]);

const MESSAGES: [Case; 49] = [
    message!("wsinv", "3.1.1.1", Taken),
    message!("intmeth", "3.1.1.2", Taken),
    message!("esc01", "3.1.1.3", Taken),
    message!("escnull", "3.1.1.4", Taken),
    message!("esc02", "3.1.1.5", Taken),
    message!("lwsdisp", "3.1.1.6", Taken),
    message!("longreq", "3.1.1.7", Taken),
    message!("dblreq", "3.1.1.8", Taken),
    message!("semiuri", "3.1.1.9", Taken),
    message!("transports", "3.1.1.10", Taken),
    message!("mpart01", "3.1.1.11", Taken),
    message!("unreason", "3.1.1.12", Taken),
    message!("noreason", "3.1.1.13", Taken),
    message!("badinv01", "3.1.2.1", Answered(400)),
    message!("clerr", "3.1.2.2", Answered(400)),
    message!("ncl", "3.1.2.3", Answered(400)),
    message!("scalar02", "3.1.2.4", Answered(400)),
    message!("scalarlg", "3.1.2.5", Dropped),
    message!("quotbal", "3.1.2.6", Answered(400)),
    message!("ltgtruri", "3.1.2.7", Answered(400)),
    message!("lwsruri", "3.1.2.8", Answered(400)),
    message!("lwsstart", "3.1.2.9", Answered(400)),
    message!("trws", "3.1.2.10", Answered(400)),
    message!("escruri", "3.1.2.11", Answered(400)),
    message!("baddate", "3.1.2.12", Answered(400)),
    message!("regbadct", "3.1.2.13", Answered(400)),
    message!("badaspec", "3.1.2.14", Answered(400)),
    message!("baddn", "3.1.2.15", Answered(400)),
    message!("badvers", "3.1.2.16", Answered(505)),
    message!("mismatch01", "3.1.2.17", Answered(400)),
    message!("mismatch02", "3.1.2.18", Answered(400)),
    message!("bigcode", "3.1.2.19", Dropped),
    message!("badbranch", "3.2.1", Taken),
    message!("insuf", "3.3.1", Answered(400)),
    message!("unkscm", "3.3.2", Taken),
    message!("novelsc", "3.3.3", Taken),
    message!("unksm2", "3.3.4", Taken),
    message!("bext01", "3.3.5", Taken),
    message!("invut", "3.3.6", Taken),
    message!("regaut01", "3.3.7", Taken),
    message!("multi01", "3.3.8", Answered(400)),
    message!("mcl01", "3.3.9", Answered(400)),
    message!("bcast", "3.3.10", Taken),
    message!("zeromf", "3.3.11", Taken),
    message!("cparam01", "3.3.12", Taken),
    message!("cparam02", "3.3.13", Taken),
    message!("regescrt", "3.3.14", Taken),
    message!("sdp01", "3.3.15", Taken),
    message!("inv2543", "3.4.1", Taken),
];

fn receive(octets: &[u8]) -> Result<SipMessage, SipProblem> {
    let message = SipMessage::parse(octets)?;
    match &message {
        SipMessage::Request(request) => request.check()?,
        SipMessage::Response(response) => response.check()?,
    }
    Ok(message)
}

fn octets(name: &str) -> &'static [u8] {
    MESSAGES.iter().find(|(own, ..)| *own == name).unwrap().3
}

fn taken(name: &str) -> SipMessage {
    receive(octets(name)).unwrap()
}

#[test]
fn every_message_is_taken_or_refused_as_its_clause_says() {
    for (name, clause, verdict, octets) in MESSAGES {
        match (receive(octets), verdict) {
            (Ok(message), Taken) => {
                let out = message.to_bytes();
                assert_eq!(out, octets[..out.len()], "{clause} {name} does not come out as it came");
                assert!(out.len() == octets.len() || name == "dblreq", "{clause} {name} lost its end");
            }
            (Err(problem), Answered(status)) => {
                let response =
                    problem.response().unwrap_or_else(|| panic!("{clause} {name} gets no answer: {problem}"));
                assert_eq!(response.status, status, "{clause} {name}: {problem}");
                assert!(!response.to_bytes().is_empty());
            }
            (Err(problem), Dropped) => assert_eq!(problem.response(), None, "{clause} {name}: {problem}"),
            (outcome, _) => panic!("{clause} {name}: {verdict:?} expected, {outcome:?}"),
        }
    }
}

/// What makes a refused message wrong is what it is refused for.
#[test]
fn the_reason_of_a_refusal_is_the_one_of_the_clause() {
    for (name, what) in [
        ("badinv01", "Via"),
        ("clerr", "Content-Length"),
        ("ncl", "Content-Length"),
        ("scalar02", "CSeq"),
        ("scalarlg", "CSeq"),
        ("quotbal", "To"),
        ("ltgtruri", "Request-URI"),
        ("lwsruri", "start line"),
        ("lwsstart", "start line"),
        ("trws", "start line"),
        ("escruri", "Request-URI"),
        ("baddate", "Date"),
        ("regbadct", "Contact"),
        ("badaspec", "To"),
        ("baddn", "From"),
        ("badvers", "start line"),
        ("mismatch01", "CSeq"),
        ("mismatch02", "CSeq"),
        ("bigcode", "start line"),
        ("insuf", "From"),
        ("mcl01", "Content-Length"),
    ] {
        assert_eq!(receive(octets(name)).unwrap_err().what, what, "{name}");
    }
    // Its body is two octets short of its l; with them, the repeated fields are what is wrong.
    let whole = [octets("multi01"), b"\r\n"].concat();
    assert_eq!(receive(&whole).unwrap_err().why, "is there more than once");
}

#[test]
fn a_short_tortuous_invite() {
    let message = taken("wsinv");
    let request = message.as_request().unwrap();
    assert_eq!(request.headers.vias().unwrap().len(), 3);
    assert_eq!(request.headers.vias().unwrap()[1].branch(), Some("z9hG4bK9ikj8"));
    assert_eq!(request.from().unwrap().unwrap().display_name().unwrap(), "J Rosenberg \\\"");
    assert_eq!(request.to().unwrap().unwrap().tag(), Some("1918181833n"));
    assert_eq!((request.max_forwards().unwrap(), request.cseq().unwrap().unwrap().seq), (Some(68), 9));
    assert_eq!(request.headers.get("Subject"), Some(""));
    assert_eq!(request.headers.get("NewFangledHeader"), Some("newfangled value continued newfangled value"));
    assert_eq!(request.headers.get("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    assert!(request.routes().unwrap()[0].uri.as_sip().unwrap().is_loose_router());
    let contact = request.contact().unwrap().unwrap();
    assert_eq!((contact.display_name().unwrap().as_ref(), contact.q_thousandths()), ("Quoted string \"\"", 330));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(Sdp::parse(&request.body).unwrap().media.len(), 2);
}

#[test]
fn escapes_and_unusual_characters() {
    let message = taken("intmeth");
    let request = message.as_request().unwrap();
    assert_eq!(request.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri = request.uri.as_sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(request.from().unwrap().unwrap().params.text("fromParam''~+*_!.-%").unwrap(), "работающий");
    assert_eq!(request.to().unwrap().unwrap().display_name().unwrap(), "BEL:\u{7} NUL:\0 DEL:\u{7f}");

    let uri = taken("esc01").as_request().unwrap().uri.clone();
    assert_eq!(uri.as_sip().unwrap().user_text().unwrap(), "sips:user@example.com");
    let nulls = taken("escnull");
    let contacts: Vec<_> = nulls.headers().addresses("Contact").unwrap();
    assert!(!contacts[0].uri.equivalent(&contacts[1].uri));
    assert_eq!(contacts[1].uri.as_sip().unwrap().user_text().unwrap(), "\0\0");
    // '%' means nothing in a method, a display name or a name of a field.
    let esc02 = taken("esc02");
    assert_eq!(esc02.as_request().unwrap().method.as_str(), "RE%47IST%45R");
    assert_eq!(esc02.headers().addresses("Contact").unwrap().len(), 2);
    let semiuri = taken("semiuri").as_request().unwrap().uri.clone();
    assert_eq!(semiuri.as_sip().unwrap().user_text().unwrap(), "user;par=u@example.net");
    assert!(semiuri.as_sip().unwrap().params.is_empty());
}

#[test]
fn what_the_layers_above_must_see() {
    let method = |name| taken(name).as_request().unwrap().method.to_string();
    assert_eq!(method("dblreq"), "REGISTER");
    let unreason = taken("unreason");
    assert_eq!(unreason.as_response().unwrap().reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
    assert_eq!(taken("noreason").as_response().unwrap().reason, "");
    assert!(taken("mpart01").as_request().unwrap().body.contains(&0));
    assert_eq!(taken("longreq").headers().vias().unwrap().len(), 34);
    let transports = taken("transports").headers().vias().unwrap();
    assert_eq!(transports[3].transport, "UNKNOWN");
    assert!(!taken("badbranch").headers().via().unwrap().unwrap().has_cookie());
    // 416, 420 with Unsupported, 415, 401, 483, 406.
    for name in ["unkscm", "novelsc"] {
        assert!(matches!(taken(name).as_request().unwrap().uri, Uri::Other(_)), "{name}");
    }
    assert_eq!(taken("unksm2").headers().to().unwrap().unwrap().uri.scheme(), "isbn");
    assert_eq!(taken("bext01").headers().values("Require").count(), 2);
    assert!(taken("bext01").headers().lists("Proxy-Require", "norDoAnyProxiesSupportThis"));
    assert_eq!(taken("invut").headers().get("c"), Some("application/unknownformat"));
    let scheme = Credentials::parse(taken("regaut01").headers().get("Authorization").unwrap()).unwrap().scheme;
    assert_eq!(scheme, "NoOneKnowsThisScheme");
    assert_eq!(taken("zeromf").headers().max_forwards().unwrap(), Some(0));
    assert_eq!(taken("bcast").headers().vias().unwrap()[1].host, "255.255.255.255");
    // Without angle brackets the parameter is the header's, with them the URI's.
    let contact = |name: &str| taken(name).headers().contact().unwrap().unwrap();
    assert!(contact("cparam01").params.has("unknownparam"));
    assert!(contact("cparam02").uri.as_sip().unwrap().params.has("unknownparam"));
    let route = contact("regescrt").uri.as_sip().unwrap().header("route");
    assert_eq!(route.as_deref(), Some("<sip:sip.example.com>"));
    assert_eq!(Sdp::parse(&taken("sdp01").as_request().unwrap().body).unwrap().media.len(), 2);
    assert_eq!(taken("inv2543").headers().max_forwards().unwrap(), None);
}

/// On a stream the octets after a message are the next one, and a length that nobody knows ends the connection.
#[test]
fn in_a_stream() {
    let mut framer = StreamFramer::new(Limits::default());
    framer.push(octets("dblreq"));
    let Ok(Some(StreamItem::Message(first))) = framer.poll() else { panic!() };
    assert!(first.starts_with(b"REGISTER"));
    let Ok(Some(StreamItem::Message(second))) = framer.poll() else { panic!() };
    assert_eq!(receive(&second).unwrap().as_request().unwrap().method.as_str(), "INVITE");
    for name in ["ncl", "mcl01", "inv2543"] {
        let mut framer = StreamFramer::new(Limits::default());
        framer.push(octets(name));
        assert!(framer.poll().is_err(), "{name}");
    }
}
