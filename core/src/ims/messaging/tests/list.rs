//! Messages to lists.

use protocol::mime::{MediaType, Multipart};
use protocol::xml::{ANONYMOUS_URI, CopyControl, ResourceLists};

use super::*;

/// A MESSAGE to the list service with these entries.
fn to_list(n: u32, require: &str, entries: &str, content: &str) -> String {
    let body = format!(
        "--b\n{content}--b\nContent-Type: application/resource-lists+xml\nContent-Disposition: recipient-list\n\n\
         <resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists' xmlns:cp='urn:ietf:params:xml:ns:copycontrol'>\
         <list>{entries}</list></resource-lists>\n--b--"
    );
    let headers = format!("Content-Type: multipart/mixed;boundary=b\nRequire: {require}");
    message(n, "reg", &headers, &body)
        .replace("MESSAGE sip:b@ims.test", "MESSAGE sip:list@messaging.ims.test")
        .replace("P-Served-User: <sip:b@ims.test>;sescase=term;regstate=reg\n        ", "")
}

const TEXT: &str = "Content-Type: text/plain\n\nHello world!\n";
const REQUIRE: &str = "recipient-list-message";

fn refused(entries: &str, status: u16) -> String {
    let mut rig = rig();
    rig.udp(SCSCF, &to_list(1, REQUIRE, entries, TEXT));
    let response = rig.response(status, SCSCF);
    rig.is_silent();
    response.reason
}

#[test]
fn one_for_each_recipient_and_none_twice() {
    let mut rig = rig();
    let entries = "<entry uri='sip:bill@ims.test' cp:copyControl='to'/><entry uri='sip:joe@ims.test' cp:copyControl='cc'/>\
        <entry uri='sip:Bill@IMS.test;x=y' cp:copyControl='to'/><entry uri='sip:bill@IMS.TEST' cp:copyControl='cc'/>\
        <entry uri='sip:ted@ims.test?Subject=x' cp:copyControl='bcc'/><entry uri='sip:list@messaging.ims.test'/>\
        <entry uri='sip:ann@ims.test' cp:copyControl='to' cp:anonymize='true'/><entry uri='mailto:x@y'/>";
    rig.udp(SCSCF, &to_list(1, REQUIRE, entries, TEXT));
    assert_eq!(waiting(&rig), 5);
    rig.response(202, SCSCF);
    let mut calls = Vec::new();
    let mut recipients = Vec::new();
    for _ in 0..5 {
        let sent = rig.request("MESSAGE", ICSCF);
        assert_eq!(sent.to_address().unwrap().unwrap().uri, sent.uri);
        assert_eq!(sent.from().unwrap().unwrap().uri.to_string(), "sip:a@ims.test");
        assert_eq!(sent.headers.get("P-Asserted-Identity"), Some("<sip:a@ims.test>"));
        assert!(!sent.headers.contains("Require"));
        recipients.push(sent.uri.to_string());
        calls.push(sent.call_id().unwrap().to_owned());
        let body = Multipart::parse(&MediaType::of(&sent.headers).unwrap().unwrap(), &sent.body).unwrap();
        let [text, history] = &body.parts[..] else { panic!("{body:?}") };
        assert_eq!((text.is("text/plain"), text.body.as_slice()), (true, b"Hello world!".as_slice()));
        assert!(history.is_disposed("recipient-list-history"));
        let history = ResourceLists::parse(std::str::from_utf8(&history.body).unwrap()).unwrap();
        let told: Vec<_> = history.entries().iter().map(|e| (e.uri.clone(), e.copy_control, e.count)).collect();
        let entry = |uri: &str, control, count| (uri.to_owned(), Some(control), count);
        assert_eq!(
            told,
            [
                entry("sip:bill@ims.test", CopyControl::To, None),
                entry("sip:joe@ims.test", CopyControl::Cc, None),
                entry("sip:Bill@IMS.test;x=y", CopyControl::To, None),
                entry(ANONYMOUS_URI, CopyControl::To, Some(1)),
            ]
        );
        rig.answer(ICSCF, &sent, 200, &[]);
    }
    recipients.sort();
    let wanted =
        ["sip:Bill@IMS.test;x=y", "sip:ann@ims.test", "sip:bill@ims.test", "sip:joe@ims.test", "sip:ted@ims.test"];
    assert_eq!(recipients, wanted);
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), 5);
    rig.is_silent();
    assert_eq!(waiting(&rig), 0);
}

#[test]
fn without_copies_to_tell_the_text_goes_alone() {
    let mut rig = rig();
    rig.udp(SCSCF, &to_list(1, REQUIRE, "<entry uri='sip:ted@ims.test'/>", TEXT));
    rig.response(202, SCSCF);
    let sent = rig.request("MESSAGE", ICSCF);
    assert_eq!((sent.headers.get("Content-Type"), text(&sent).as_str()), (Some("text/plain"), "Hello world!"));
}

#[test]
fn who_is_not_there_gets_it_later() {
    let mut rig = rig();
    rig.udp(SCSCF, &to_list(1, REQUIRE, "<entry uri='sip:b@ims.test'/><entry uri='sip:c@ims.test'/>", TEXT));
    rig.response(202, SCSCF);
    let (b, c) = (rig.request("MESSAGE", ICSCF), rig.request("MESSAGE", ICSCF));
    rig.answer(ICSCF, &c, 200, &[]);
    rig.answer(ICSCF, &b, 480, &[]);
    rig.is_silent();
    register(&mut rig, 1, 600);
    assert_eq!(rig.request("MESSAGE", ICSCF).call_id(), b.call_id());
}

#[test]
fn lists_that_are_refused() {
    let mut rig = rig();
    rig.udp(SCSCF, &to_list(1, "recipient-list-message, eventlist", "<entry uri='sip:b@ims.test'/>", TEXT));
    assert_eq!(rig.response(420, SCSCF).headers.get("Unsupported"), Some("eventlist"));
    rig.udp(SCSCF, &to_list(2, REQUIRE, "<entry uri='sip:b@ims.test'/>", ""));
    rig.response(400, SCSCF);
    rig.udp(SCSCF, &to_list(3, REQUIRE, "", TEXT).replace("sip:list@", "sip:nobody@"));
    rig.response(404, SCSCF);
    assert!(refused("", 400).contains("no recipient-list body"));
    assert!(refused("<entry/>", 400).contains("no uri"));
    assert!(refused("<external anchor='http://x'/><entry uri='sip:b@ims.test'/>", 400).contains("refers to others"));
    assert!(refused("<entry uri='sip:list@messaging.ims.test'/>", 403).contains("No recipient"));
    assert!(refused("<entry uri='sip:b@other.test'/>", 403).contains("No recipient"));
    assert!(refused(&"<entry uri='sip:b@ims.test'/>".repeat(101), 403).contains("More than 100"));
    let bomb =
        to_list(4, REQUIRE, "&x;", TEXT).replace("<resource-lists", "<!DOCTYPE l [<!ENTITY x 'y'>]><resource-lists");
    rig.udp(SCSCF, &bomb);
    rig.response(400, SCSCF);
    assert!(rig.rows.is_empty());
}
