//! Mails by hand as TS 23.140 clause 8.4 has them, what MTAs make of them, and what must hold for any.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Entropy;
use crate::mms::{ContentType, Disposition, Parameter, Part, emit_parts, parse_parts};

const LIMITS: Mm4Limits = Mm4Limits { header: 64 << 10, parts: 64, depth: 8, octets: 10 << 20, recipients: 100 };

fn lines(mail: &str) -> Vec<u8> {
    mail.replace('\n', "\r\n").into_bytes()
}

fn entropy() -> Entropy {
    Entropy::from_seed([4; 32])
}

fn number(number: &str, domain: &str) -> Mm4Address {
    Mm4Address::plmn(number, domain)
}

const FORWARD: &str = "\
From: +4915112345678/TYPE=PLMN@mms.example.net
Sender: system-user@mms.example.net
To: +447700900123/TYPE=PLMN@mms.example.org, jane@example.com
Cc: +447700900124/TYPE=PLMN@mms.example.org
Date: Fri, 21 Nov 1997 09:55:06 -0600
Message-ID: <m1@mms.example.net>
Subject: =?iso-8859-1?Q?Gr=FC=DFe?=
MIME-Version: 1.0
X-Mms-3GPP-MMS-Version: 6.10.0
X-Mms-Message-Type: MM4_forward.REQ
X-Mms-Transaction-ID: \"tid1\"
X-Mms-Message-ID: <id1@mms.example.net>
X-Mms-Message-Class: Personal
X-Mms-Expiry: 86400
X-Mms-Delivery-Report: Yes
X-Mms-Originator-R/S-Delivery-Report: No
X-Mms-Read-Reply: Yes
X-Mms-Priority: Normal
X-Mms-Sender-Visibility: Show
X-Mms-Ack-Request: Yes
X-Mms-Forward-Counter: 1
X-Mms-Previously-sent-by: 1, +4930123456/TYPE=PLMN@mms.example.de
X-Mms-Previously-sent-date-and-time: 1, Thu, 20 Nov 1997 09:55:06 -0600
X-Mms-Originator-System: system-user@mms.example.net
X-Mms-Charged-Party: Sender
Content-Type: multipart/related; start=\"<smil>\";
 type=\"application/smil\"; boundary=\"b1\"

This is the preamble.
--b1
Content-Type: application/smil; charset=utf-8
Content-ID: <smil>
Content-Location: pres.smil

<smil/>

--b1
Content-Type: text/plain; charset=utf-8; name=\"a.txt\"
Content-Transfer-Encoding: quoted-printable
Content-Location: a.txt

Gr=C3=BC=C3=9Fe=20=
=0D=0A.
--b1
Content-Type: image/gif; name=\"b.gif\"
Content-Disposition: attachment; filename=\"b.gif\"
Content-Transfer-Encoding: base64
Content-ID: <b.gif>

R0lG
ODlh
--b1--
The epilogue.
";

#[test]
fn a_forward_request_is_read() {
    let mail = Mm4Mail::parse(&lines(FORWARD), &LIMITS).unwrap();
    assert_eq!((mail.version.as_str(), mail.transaction_id.as_str()), ("6.10.0", "tid1"));
    assert_eq!(mail.message_id.as_deref(), Some("id1@mms.example.net"));
    assert_eq!(mail.from, Some(number("+4915112345678", "mms.example.net")));
    let jane = Mm4Address { local: "jane".to_owned(), domain: Some("example.com".to_owned()) };
    assert_eq!(mail.to, [number("+447700900123", "mms.example.org"), jane]);
    assert_eq!(mail.cc, [number("+447700900124", "mms.example.org")]);
    assert_eq!(mail.sender, Some(Mm4Address::system("mms.example.net")));
    assert_eq!((mail.mail_id.as_deref(), mail.date), (Some("m1@mms.example.net"), Some(880_127_706_000)));
    assert_eq!(mail.others, [("X-Mms-Charged-Party".to_owned(), "Sender".to_owned())]);
    let Mm4Body::ForwardReq(request) = mail.body else { panic!("{:?}", mail.body) };
    let content = &request.content;
    assert_eq!(content.content_type, "multipart/related; start=\"<smil>\"; type=\"application/smil\"");
    let octets: Vec<_> = content.parts.iter().map(|part| content.octets_of(part)).collect();
    assert_eq!(octets, [&b"<smil/>\r\n"[..], "Gr\u{fc}\u{df}e \r\n.".as_bytes(), b"GIF89a"]);
    let [smil, text, gif] = &content.parts[..] else { panic!("{content:?}") };
    assert_eq!((smil.content_id.as_deref(), smil.content_location.as_deref()), (Some("smil"), Some("pres.smil")));
    assert_eq!(text.content_type, "text/plain; charset=utf-8; name=\"a.txt\"");
    assert_eq!(gif.others, [("Content-Disposition".to_owned(), "attachment; filename=\"b.gif\"".to_owned())]);
    let want = ForwardReq {
        message_class: Some("Personal".to_owned()),
        expiry: Some(Expiry::After(Duration::from_secs(86_400))),
        delivery_report: Some(true),
        originator_rs_delivery_report: Some(false),
        read_reply: Some(true),
        priority: Some(Priority::Normal),
        sender_visible: Some(true),
        subject: Some("Gr\u{fc}\u{df}e".to_owned()),
        ack_request: Some(true),
        forward_counter: Some(1),
        previously_sent: vec![PreviousSender {
            index: 1,
            sender: Some("+4930123456/TYPE=PLMN@mms.example.de".to_owned()),
            date: Some("Thu, 20 Nov 1997 09:55:06 -0600".to_owned()),
        }],
        originator_system: Some(Mm4Address::system("mms.example.net")),
        adaptation_allowed: None,
        content: content.clone(),
    };
    assert_eq!(*request, want);
}

#[test]
fn what_an_mta_may_do_changes_nothing() {
    let plain = Mm4Mail::parse(&lines(FORWARD), &LIMITS).unwrap();
    // Other case, other folding, trace fields, another encoding of the same octets.
    let changed = FORWARD
        .replace("X-Mms-", "x-mms-")
        .replace("MM4_forward.REQ", "mm4_FORWARD.req")
        .replace("Content-Type: ", "CONTENT-TYPE:\n ")
        .replace(
            "To: +447700900123/TYPE=PLMN@mms.example.org, jane",
            "To:\n\t+447700900123/TYPE=PLMN@mms.example.org,\n jane",
        )
        .replace("\n\n<smil/>\n\n", "\nContent-Transfer-Encoding: quoted-printable\n\n<smil=\n/>\n\n")
        .replace("R0lG\nODlh", "R0lGODlh");
    let received = "Received: from a by b; Fri, 21 Nov 1997 09:55:07 -0600\nReturn-Path: <>\n";
    let mut mail = Mm4Mail::parse(&lines(&format!("{received}{changed}")), &LIMITS).unwrap();
    let trace: Vec<_> = mail.others.drain(..2).map(|(name, _)| name).collect();
    assert_eq!(trace, ["Received", "Return-Path"]);
    mail.others[0].0 = "X-Mms-Charged-Party".to_owned();
    assert_eq!(mail, plain);
    // Lines that end with LF alone in a file.
    assert_eq!(
        Mm4Mail::parse(FORWARD.as_bytes(), &LIMITS).map(|mail| mail.transaction_id),
        Ok(plain.transaction_id.clone())
    );
    // What we write reads the same, and is plain enough for everybody.
    let out = plain.emit(&mut entropy());
    assert!(out.is_ascii() && crate::smtp::is_sendable(&out));
    assert!(out.split(|b| *b == b'\n').all(|line| line.len() <= 79), "{}", String::from_utf8_lossy(&out));
    assert_eq!(Mm4Mail::parse(&out, &LIMITS), Ok(plain));
}

#[test]
fn reports_and_responses_are_read() {
    let head = "From: +447700900123/TYPE=PLMN@b\nTo: +4915112345678/TYPE=PLMN@a\nSender: system-user@b\n\
        X-Mms-3GPP-MMS-Version: 5.6.0\nX-Mms-Transaction-ID: t\nX-Mms-Message-ID: m\n";
    let body = |rest: &str| Mm4Mail::parse(&lines(&format!("{head}{rest}\n")), &LIMITS).map(|mail| mail.body);
    assert_eq!(
        body(
            "X-Mms-Message-Type: MM4_delivery_report.REQ\nX-Mms-MM-Status-Code: retrieved\nX-Mms-Status-Text: ok\n\
            X-Mms-Ack-Request: 1\nX-Mms-Forward-To-Originator-UA: No\nX-Mms-MM-Status-Extension: Rejection-by-Other-RS\n"
        ),
        Ok(Mm4Body::DeliveryReportReq(DeliveryReportReq {
            status: MmStatus::Retrieved,
            extension: Some("Rejection-by-Other-RS".to_owned()),
            text: Some("ok".to_owned()),
            ack_request: Some(true),
            forward_to_originator: Some(false),
        }))
    );
    assert_eq!(
        body("X-Mms-Message-Type: MM4_read_reply_report.REQ\nX-Mms-Read-Status: Eaten\n"),
        Ok(Mm4Body::ReadReplyReportReq(ReadReplyReportReq {
            status: ReadStatus::Other("Eaten".to_owned()),
            text: None,
            ack_request: None,
        }))
    );
    let response = |status, text: Option<&str>| Response { status, text: text.map(ToOwned::to_owned) };
    assert_eq!(
        body("X-Mms-Message-Type: MM4_forward.RES\nX-Mms-Request-Status-Code: Ok\n"),
        Ok(Mm4Body::ForwardRes(response(RequestStatus::Ok, None)))
    );
    assert_eq!(
        body(
            "X-Mms-Message-Type: MM4_delivery_report.RES\nX-Mms-Request-Status-Code: Error-service-denied\n\
            X-Mms-Status-Text: no\n"
        ),
        Ok(Mm4Body::DeliveryReportRes(response(RequestStatus::ErrorServiceDenied, Some("no"))))
    );
    let problem = |rest: &str| body(rest).unwrap_err();
    assert!(matches!(problem("X-Mms-Message-Type: MM4_forward.RES\n"), Mm4Problem::Header(_)));
    assert!(matches!(problem("X-Mms-Message-Type: MM4_delivery_report.REQ\n"), Mm4Problem::Header(_)));
    assert_eq!(problem("X-Mms-Message-Type: MM4_x.REQ\n"), Mm4Problem::Unsupported("MM4_x.REQ".to_owned()));
    assert!(matches!(problem("Subject: hello\n"), Mm4Problem::NotMm4(_)));
}

#[test]
fn requests_are_answered_when_they_ask_for_it() {
    let ours = Mm4Address::system("mms.example.org");
    let mail = Mm4Mail::parse(&lines(FORWARD), &LIMITS).unwrap();
    let response = mail.response(&ours, RequestStatus::Ok, None).unwrap();
    let out = response.emit(&mut entropy());
    assert_eq!(
        str::from_utf8(&out),
        Ok("From: system-user@mms.example.org\r\n\
            Sender: system-user@mms.example.org\r\n\
            To: system-user@mms.example.net\r\n\
            X-Mms-3GPP-MMS-Version: 6.10.0\r\n\
            X-Mms-Message-Type: MM4_forward.RES\r\n\
            X-Mms-Transaction-ID: tid1\r\n\
            X-Mms-Message-ID: id1@mms.example.net\r\n\
            X-Mms-Request-Status-Code: Ok\r\n\r\n")
    );
    assert_eq!(Mm4Mail::parse(&out, &LIMITS), Ok(response.clone()));
    assert_eq!(response.response(&ours, RequestStatus::Ok, None), None);
    let silent = lines(&FORWARD.replace("X-Mms-Ack-Request: Yes\n", ""));
    assert_eq!(Mm4Mail::parse(&silent, &LIMITS).unwrap().response(&ours, RequestStatus::Ok, None), None);
    // A request that cannot be read is answered all the same.
    let broken = lines(&FORWARD.replace("R0lG", "R0*lG"));
    let problem = Mm4Mail::parse(&broken, &LIMITS).unwrap_err();
    assert_eq!(problem, Mm4Problem::Content("a part is no base64".to_owned()));
    let failure = Mm4Mail::failure(&broken, &problem, &LIMITS, &ours).unwrap();
    let corrupt =
        Response { status: RequestStatus::ErrorMessageFormatCorrupt, text: Some("a part is no base64".to_owned()) };
    assert_eq!(failure, Mm4Mail { body: Mm4Body::ForwardRes(corrupt), ..response });
    let broken = lines(&FORWARD.replace("R0lG", "R0*lG").replace("X-Mms-Ack-Request: Yes\n", ""));
    assert_eq!(Mm4Mail::failure(&broken, &problem, &LIMITS, &ours), None);
}

/// A forward request with this Content-Type and body.
fn forward(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "X-Mms-Message-Type: MM4_forward.REQ\r\nX-Mms-Transaction-ID: t\r\nX-Mms-Message-ID: m\r\n\
        Content-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn content_of(mail: &[u8], limits: &Mm4Limits) -> Result<MmContent, Mm4Problem> {
    Mm4Mail::parse(mail, limits).map(|mail| match mail.body {
        Mm4Body::ForwardReq(request) => request.content,
        other => panic!("{other:?}"),
    })
}

#[test]
fn multiparts_in_multiparts_are_resolved() {
    let body = b"--a\r\n\r\nplain\r\n--a\r\nContent-Type: multipart/alternative; boundary=ab\r\n\r\n--ab\r\n\
        Content-Type: text/html\r\n\r\nx\r\n--abc\r\ny\r\n--a b\r\n--ab \r\n\r\n--ab--\r\n--a--";
    let content = content_of(&forward("multipart/mixed; boundary=a", body), &LIMITS).unwrap();
    let parts: Vec<_> =
        content.parts.iter().map(|part| (part.content_type.as_str(), content.octets_of(part))).collect();
    let plain = "text/plain; charset=us-ascii";
    assert_eq!(parts, [(plain, &b"plain"[..]), ("text/html", b"x\r\n--abc\r\ny\r\n--a b"), (plain, b"")]);
    // One part that is no multipart.
    let content = content_of(&forward("text/plain", b"a\r\n"), &LIMITS).unwrap();
    assert!(!content.is_multipart() && content.octets_of(&content.parts[0]) == b"a\r\n");
}

#[test]
fn bombs_do_not_go_off() {
    let too_much = |mail: &[u8]| matches!(content_of(mail, &LIMITS), Err(Mm4Problem::TooMuch(_)));
    let mut deep = Vec::new();
    for level in 0..1000 {
        deep.extend(
            format!("--b{level}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", level + 1).into_bytes(),
        );
    }
    let closing: String = (0..=1000).rev().map(|level| format!("\r\n--b{level}--\r\n")).collect();
    deep.extend(closing.into_bytes());
    assert!(too_much(&forward("multipart/mixed; boundary=b0", &deep)));
    let many = [b"--b\r\n\r\n".repeat(100_000), b"--b--".to_vec()].concat();
    assert!(too_much(&forward("multipart/mixed; boundary=b", &many)));
    let parts = [b"--b\r\n\r\n\r\n".repeat(64), b"--b--".to_vec()].concat();
    assert_eq!(content_of(&forward("multipart/mixed; boundary=b", &parts), &LIMITS).map(|c| c.parts.len()), Ok(64));
    let heads = [b"--b\r\n".to_vec(), b"X: y\r\n".repeat(100_000), b"\r\n--b--".to_vec()].concat();
    assert!(too_much(&forward("multipart/mixed; boundary=b", &heads)));
    assert!(too_much(&forward("text/plain", &vec![b'x'; (10 << 20) + 1])));
    let two =
        [&b"--b\r\n\r\n"[..], &vec![b'x'; 6 << 20], b"\r\n--b\r\n\r\n", &vec![b'x'; 6 << 20], b"\r\n--b--"].concat();
    assert!(too_much(&forward("multipart/mixed; boundary=b", &two)));
    let recipients = format!("To: {}\r\n", "a@b, ".repeat(101));
    assert!(too_much(&[recipients.as_bytes(), &forward("text/plain", b"")].concat()));
    for (content_type, body) in [
        ("multipart/mixed", &b"--b--"[..]),
        ("multipart/mixed; boundary=\"\"", b"----"),
        ("multipart/mixed; boundary=b", b""),
        ("multipart/mixed; boundary=b", b"--b\r\n\r\nx"),
        ("multipart/mixed; boundary=b", b"x--b--"),
    ] {
        let read = content_of(&forward(content_type, body), &LIMITS);
        assert!(matches!(read, Err(Mm4Problem::Content(_))), "{content_type}: {read:?}");
    }
}

#[test]
fn parts_go_to_mm1_and_back() {
    let octets: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let related = ContentType::related("smil", "application/smil");
    let mut picture = Part::new(ContentType::new("image/jpeg").with(Parameter::Name("\u{e4}.jpg".to_owned())), &octets);
    picture.disposition = Some(Disposition::attachment("a b.jpg"));
    let parts = [
        Part::new(ContentType::new("application/smil"), b"<smil/>\n").named("smil", "pres.smil"),
        Part::text("a\rb\nc").named("t\u{fc}", "t\u{fc}.txt"),
        picture,
        Part::new(ContentType::new("application/vnd.wap.multipart.alternative"), emit_parts(&[Part::text("x")])),
    ];
    let body = emit_parts(&parts);
    let content = MmContent::from_mm1(&related, &body).unwrap();
    assert!(content.is_multipart());
    let request = ForwardReq { content: content.clone(), ..ForwardReq::default() };
    let out = Mm4Mail::new("t", "m", Mm4Body::ForwardReq(Box::new(request))).emit(&mut entropy());
    assert!(out.is_ascii());
    let again = content_of(&out, &LIMITS).unwrap();
    assert_eq!(again, content);
    let (content_type, own) = again.to_mm1_body();
    assert_eq!((&content_type, parse_parts(&own)), (&related, Ok(parts.to_vec())));
    assert_eq!(own, body);

    // A content of one part, and types that are none.
    let text = ContentType::text();
    let content = MmContent::from_mm1(&text, b"hello").unwrap();
    assert_eq!((content.is_multipart(), content.to_mm1_body()), (false, (text, b"hello".to_vec())));
    let mut content = MmContent::new("multipart/report; report-type=x");
    content.push(MmPart { content_type: "what".to_owned(), ..MmPart::default() }, b"x");
    content.push(MmPart { content_type: "text/x; a=1; a=2".to_owned(), ..MmPart::default() }, b"y");
    let (whole, parts) = content.to_mm1();
    assert_eq!(whole.essence, ContentType::MIXED);
    let types: Vec<_> = parts.iter().map(|part| part.content_type.essence.as_str()).collect();
    assert_eq!(types, ["application/octet-stream", "text/x"]);
}

#[test]
fn a_multipart_in_a_part_passes_whatever_it_is_called() {
    let inner = emit_parts(&[Part::text("a"), Part::new(ContentType::new("text/html"), b"<p>a</p>")]);
    for kind in ["alternative", "related", "mixed"] {
        let nested = |prefix: &str| Part::new(ContentType::new(&format!("{prefix}{kind}")), inner.clone());
        let mixed = ContentType::new(ContentType::MIXED);
        let content = MmContent::from_mm1(&mixed, &emit_parts(&[Part::text("x"), nested("multipart/")])).unwrap();
        let request = ForwardReq { content, ..ForwardReq::default() };
        let out = Mm4Mail::new("t", "m", Mm4Body::ForwardReq(Box::new(request))).emit(&mut entropy());
        let (of, body) = content_of(&out, &LIMITS).unwrap().to_mm1_body();
        let want = [Part::text("x"), nested("application/vnd.wap.multipart.")];
        assert_eq!((of, parse_parts(&body)), (mixed, Ok(want.to_vec())));
    }
}

#[test]
fn no_line_is_longer_than_any_mta_takes() {
    // RFC 5321 clause 4.5.3.1.6: 1000 with CRLF.
    let long = "x".repeat(1500);
    let part = Part::text("a").named(&long, &format!("{long}.txt"));
    let of = ContentType::new("text/plain").with(Parameter::Name(long.clone()));
    let body = emit_parts(&[part, Part::new(of, b"b")]);
    let content = MmContent::from_mm1(&ContentType::related("a", "text/plain"), &body).unwrap();
    let request = ForwardReq {
        subject: Some(format!("a {long}")),
        message_class: Some(long.clone()),
        content: content.clone(),
        ..ForwardReq::default()
    };
    let mail = Mm4Mail::new("t", "m", Mm4Body::ForwardReq(Box::new(request)));
    let out = mail.emit(&mut entropy());
    let longest = out.split(|octet| *octet == b'\n').map(<[u8]>::len).max();
    assert!(longest.is_some_and(|octets| octets <= 999), "{longest:?}");
    let Mm4Body::ForwardReq(own) = Mm4Mail::parse(&out, &LIMITS).unwrap().body else { panic!() };
    assert_eq!((own.subject, own.message_class), (Some(format!("a {long}")), Some(long)));
    assert_eq!(own.content.to_mm1(), content.to_mm1());
}

fn any_address() -> impl Strategy<Value = Mm4Address> {
    let local = prop_oneof!["\\+[1-9][0-9]{3,14}/TYPE=PLMN", "[a-z0-9.: \"(),;<>@\\\\]{1,20}", "[a-z]{1,40}"];
    (local, prop::option::of("[a-z]{1,10}(\\.[a-z]{1,10}){0,3}")).prop_filter_map("an address", |(local, domain)| {
        // White space at the ends, and two in a row, do not survive a header field.
        let is_kept = local.trim() == local && !local.contains("  ") && !local.is_empty();
        let is_bare = domain.is_some() || !local.contains('@');
        (is_kept && is_bare).then_some(Mm4Address { local, domain })
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{1,30}( [!-~]{1,30}){0,5}", "\\PC{1,60}"].prop_map(|text| text.trim().to_owned())
}

fn any_id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.@-]{1,40}"
}

prop_compose! {
    fn any_part()(
        kind in "[a-z]{1,8}/[a-z0-9.+-]{1,12}(; name=\"[a-z \u{e4}\u{20ac}]{1,30}\")?",
        content_id in prop::option::of(any_id()),
        content_location in prop::option::of(any_text().prop_filter("a name", |text| !text.is_empty())),
        octets in prop::collection::vec(any::<u8>(), 0..300),
    ) -> (MmPart, Vec<u8>) {
        let content_type = if kind.starts_with("multipart/") { "a/b".to_owned() } else { kind };
        (MmPart { content_type, content_id, content_location, others: Vec::new(), octets: 0..0 }, octets)
    }
}

prop_compose! {
    fn any_content()(parts in prop::collection::vec(any_part(), 0..6)) -> MmContent {
        let mut content = MmContent::new("multipart/mixed");
        for (part, octets) in parts {
            content.push(part, &octets);
        }
        content
    }
}

fn any_body() -> impl Strategy<Value = Mm4Body> {
    let response = (any_text(), prop::option::of(any_text()))
        .prop_map(|(status, text)| Response { status: RequestStatus::parse(&status), text })
        .boxed();
    let flags = prop::array::uniform6(any::<Option<bool>>());
    let forward =
        (flags, prop::option::of(any_text()), any::<Option<u32>>(), prop::option::of(any_address()), any_content());
    prop_oneof![
        forward.prop_map(|(flags, subject, counter, originator_system, content)| {
            let [
                delivery_report,
                originator_rs_delivery_report,
                read_reply,
                sender_visible,
                ack_request,
                adaptation_allowed,
            ] = flags;
            Mm4Body::ForwardReq(Box::new(ForwardReq {
                message_class: subject.clone(),
                expiry: counter.map(|seconds| match seconds % 2 {
                    0 => Expiry::After(Duration::from_secs(seconds.into())),
                    _ => Expiry::At(u64::from(seconds) * 1000),
                }),
                delivery_report,
                originator_rs_delivery_report,
                read_reply,
                priority: subject.as_deref().map(Priority::parse),
                sender_visible,
                previously_sent: counter
                    .map(|index| PreviousSender { index, sender: subject.clone(), date: None })
                    .into_iter()
                    .filter(|previous| {
                        previous.sender.as_ref().is_some_and(|sender| !sender.starts_with([',', ';', ' ']))
                    })
                    .collect(),
                subject,
                ack_request,
                forward_counter: counter,
                originator_system,
                adaptation_allowed,
                content,
            }))
        }),
        response.clone().prop_map(Mm4Body::ForwardRes),
        response.clone().prop_map(Mm4Body::DeliveryReportRes),
        response.prop_map(Mm4Body::ReadReplyReportRes),
        (any_text(), prop::option::of(any_text()), any::<Option<bool>>()).prop_map(|(status, text, ack_request)| {
            Mm4Body::DeliveryReportReq(DeliveryReportReq {
                status: MmStatus::parse(&status),
                extension: text.clone(),
                text,
                ack_request,
                forward_to_originator: ack_request,
            })
        }),
        (any_text(), prop::option::of(any_text()), any::<Option<bool>>()).prop_map(|(status, text, ack_request)| {
            Mm4Body::ReadReplyReportReq(ReadReplyReportReq { status: ReadStatus::parse(&status), text, ack_request })
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        (transaction_id, message_id, mail_id) in (any_id(), any_id(), prop::option::of(any_id())),
        from in prop::option::of(any_address()),
        to in prop::collection::vec(any_address(), 0..6),
        cc in prop::collection::vec(any_address(), 0..3),
        sender in prop::option::of(any_address()),
        seconds in any::<Option<u32>>(),
        body in any_body(),
        others in prop::collection::vec(("X-[A-Z][a-z]{1,8}", "([!-~]{1,40}( [!-~]{1,40}){0,4})?"), 0..4),
    ) {
        let mail = Mm4Mail {
            from, to, cc, sender, mail_id, others,
            date: seconds.map(|seconds| u64::from(seconds) * 1000),
            ..Mm4Mail::new(&transaction_id, &message_id, body)
        };
        let out = mail.emit(&mut entropy());
        prop_assert!(crate::smtp::is_sendable(&out) && out.is_ascii());
        prop_assert_eq!(Mm4Mail::parse(&out, &LIMITS), Ok(mail), "{}", String::from_utf8_lossy(&out));
    }
}
