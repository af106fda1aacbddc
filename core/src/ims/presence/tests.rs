use std::collections::BTreeMap;
use std::time::Duration;

use protocol::sip::{Request, Response};
use protocol::xml::{Pidf, PresRule, PresRules, SubHandling, WatcherInfo, WatcherStatus};
use protocol::{Entropy, Instant, Secret};

use super::*;
use crate::ims::rig::{Rig, only};
use crate::ims::xdm::{XdmUser, Xdms, XdmsConfig};
use crate::node::{HttpExchange, NodeStore};

const SCSCF: &str = "10.46.0.3:5060";
const OWN: &str = "10.46.0.11:5060";
const ANNA: &str = "sip:anna@ims.example";
const BEN: &str = "sip:ben@ims.example";

fn config() -> PresenceConfig {
    let mut config = PresenceConfig::new("sip:presence.ims.example", "ims.example", OWN.parse().unwrap());
    config.trusted = vec!["10.46.0.3".parse().unwrap()];
    config.utc_ms_at_zero = 1_767_225_600_000;
    config.without_rules = SubHandling::Allow;
    config.limits.pace = Duration::from_secs(5);
    config
}

fn rig_of(config: PresenceConfig) -> Rig<PresenceServer> {
    Rig::new(PresenceServer::new(config, Entropy::of_box(1, "presence")).unwrap(), OWN, BTreeMap::new())
}

fn pidf(note: &str) -> String {
    format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{ANNA}'><tuple id='t'><status><basic>open</basic></status>\
         <note>{note}</note></tuple></presence>"
    )
}

/// A PUBLISH for anna; `more` are header lines.
fn publish(rig: &mut Rig<PresenceServer>, cseq: u32, more: &str, body: &str) -> Response {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/pidf+xml\n" };
    let text = format!(
        "PUBLISH {ANNA} SIP/2.0\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKp{cseq}\nFrom: <{ANNA}>;tag=a\nTo: <{ANNA}>\n\
         Call-ID: p{cseq}\nCSeq: {cseq} PUBLISH\nMax-Forwards: 70\nP-Asserted-Identity: <{ANNA}>\nEvent: presence\n{more}{kind}\
         Content-Length: {}\n\n{body}",
        if body.is_empty() { 0 } else { body.len() + 2 }
    );
    rig.udp(SCSCF, &text);
    match rig.sent.pop_front() {
        Some((_, protocol::sip::SipMessage::Response(response))) => response,
        other => panic!("a response expected, not {other:?}"),
    }
}

fn subscribe(rig: &mut Rig<PresenceServer>, who: &str, call: &str, package: &str, more: &str) {
    let text = format!(
        "SUBSCRIBE {ANNA} SIP/2.0\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKs{call}\nFrom: <{who}>;tag=w{call}\nTo: <{ANNA}>\n\
         Call-ID: {call}\nCSeq: 1 SUBSCRIBE\nMax-Forwards: 70\nContact: <sip:10.45.0.2:5060>\nP-Asserted-Identity: <{who}>\n\
         Record-Route: <sip:{SCSCF};lr>\nEvent: {package}\n{more}Content-Length: 0\n\n"
    );
    rig.udp(SCSCF, &text);
}

/// The next NOTIFY, answered with 200. What came of it once more meanwhile is gone.
fn notified(rig: &mut Rig<PresenceServer>) -> Request {
    let notify = rig.request("NOTIFY", SCSCF);
    rig.sent.retain(|(_, message)| message.as_request() != Some(&notify));
    rig.answer(SCSCF, &notify, 200, &[]);
    notify
}

fn state(notify: &Request) -> String {
    only(&notify.headers, "Subscription-State").split(';').next().unwrap().to_owned()
}

fn shown(notify: &Request) -> Pidf {
    Pidf::parse(std::str::from_utf8(&notify.body).unwrap()).unwrap()
}

fn note(notify: &Request) -> String {
    shown(notify)
        .tuples
        .first()
        .and_then(|tuple| tuple.notes.first())
        .map_or_else(String::new, |note| note.text.clone())
}

fn winfo(notify: &Request) -> WatcherInfo {
    WatcherInfo::parse(std::str::from_utf8(&notify.body).unwrap()).unwrap()
}

mod sms;

#[test]
fn publications_begin_go_on_and_end() {
    let mut rig = rig_of(config());
    let first = publish(&mut rig, 1, "Expires: 100\n", &pidf("one"));
    assert_eq!((first.status, only(&first.headers, "Expires").as_str()), (200, "100"));
    let etag = only(&first.headers, "SIP-ETag");
    assert_eq!(publish(&mut rig, 2, "SIP-If-Match: other\n", "").status, 412);
    let refreshed = publish(&mut rig, 3, &format!("SIP-If-Match: {etag}\n"), "");
    let etag2 = only(&refreshed.headers, "SIP-ETag");
    assert_eq!((refreshed.status, etag == etag2, only(&refreshed.headers, "Expires").as_str()), (200, false, "3600"));
    assert_eq!(publish(&mut rig, 4, &format!("SIP-If-Match: {etag}\n"), "").status, 412);
    let modified = publish(&mut rig, 5, &format!("SIP-If-Match: {etag2}\n"), &pidf("two"));
    let etag3 = only(&modified.headers, "SIP-ETag");
    assert_eq!(rig.node.figures()[..2], [("presentities", 1), ("publications", 1)]);
    assert_eq!(publish(&mut rig, 6, &format!("SIP-If-Match: {etag3}\nExpires: 0\n"), "").status, 200);
    assert_eq!(rig.node.figures()[..2], [("presentities", 0), ("publications", 0)]);
    assert!(rig.rows.is_empty());
    publish(&mut rig, 7, "Expires: 100\n", &pidf("three"));
    rig.pass(Duration::from_secs(101));
    assert_eq!(rig.node.figures()[0], ("presentities", 0));
}

#[test]
fn what_may_not_be_published_is_refused() {
    let mut rig = rig_of(config());
    let short = publish(&mut rig, 1, "Expires: 10\n", &pidf("x"));
    assert_eq!((short.status, only(&short.headers, "Min-Expires").as_str()), (423, "60"));
    assert_eq!(publish(&mut rig, 2, "Expires: 100\n", "").status, 400);
    assert_eq!(publish(&mut rig, 3, "", "<presence/>").status, 400);
    assert_eq!(publish(&mut rig, 4, "SIP-If-Match: a, b\n", "").status, 400);
    let large = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='a'><note>{}</note></presence>",
        "x".repeat(40_000)
    );
    assert_eq!(publish(&mut rig, 5, "", &large).status, 413);
    let bomb = "<!DOCTYPE a [<!ENTITY b 'cc'><!ENTITY c '&b;&b;'>]><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='&c;'/>";
    assert_eq!(publish(&mut rig, 10, "", bomb).status, 400);
    let deep = format!("<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='a'>{}", "<x:a xmlns:x='u'>".repeat(1000));
    assert_eq!(publish(&mut rig, 11, "", &deep).status, 400);
    let require = publish(&mut rig, 6, "Require: moon\n", "");
    assert_eq!((require.status, only(&require.headers, "Unsupported").as_str()), (420, "moon"));
    let of = |rig: &mut Rig<PresenceServer>, from: &str, who: &str, uri: &str, event: &str| {
        let text = format!(
            "PUBLISH {uri} SIP/2.0\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{}\nFrom: <{who}>;tag=a\nTo: <{uri}>\nCall-ID: {uri}{from}{who}{}\n\
             CSeq: 1 PUBLISH\nMax-Forwards: 70\nP-Asserted-Identity: <{who}>\n{event}Content-Length: 0\n\n",
            who.len() + uri.len() * 100 + event.len() * 1000,
            event.len()
        );
        rig.udp(from, &text);
        match rig.sent.pop_front() {
            Some((_, protocol::sip::SipMessage::Response(response))) => response,
            other => panic!("a response expected, not {other:?}"),
        }
    };
    assert_eq!(of(&mut rig, SCSCF, BEN, ANNA, "Event: presence\n").status, 403);
    assert_eq!(of(&mut rig, "10.45.0.1:5060", ANNA, ANNA, "Event: presence\n").status, 403);
    assert_eq!(of(&mut rig, SCSCF, ANNA, "sip:anna@else.example", "Event: presence\n").status, 404);
    let event = of(&mut rig, SCSCF, ANNA, ANNA, "Event: reg\n");
    assert_eq!((event.status, only(&event.headers, "Allow-Events").as_str()), (489, "presence"));
    assert_eq!(of(&mut rig, SCSCF, ANNA, ANNA, "").status, 489);
    assert!(rig.rows.is_empty());
}

#[test]
fn a_publication_that_cannot_be_kept_is_not_acknowledged() {
    let mut rig = rig_of(config());
    rig.store_fails = true;
    assert_eq!(publish(&mut rig, 1, "", &pidf("x")).status, 500);
    subscribe(&mut rig, BEN, "c1", "presence", "");
    rig.response(500, SCSCF);
    rig.store_fails = false;
    assert_eq!(rig.node.figures()[..3], [("presentities", 0), ("publications", 0), ("subscriptions", 0)]);
    assert_eq!(publish(&mut rig, 2, "", &pidf("x")).status, 200);
}

#[test]
fn watchers_are_told_and_not_too_often() {
    let mut rig = rig_of(config());
    publish(&mut rig, 1, "", &pidf("one"));
    subscribe(&mut rig, BEN, "c1", "presence", "Expires: 1000\nAccept: application/pidf+xml\n");
    let ok = rig.response(200, SCSCF);
    assert_eq!(only(&ok.headers, "Expires"), "1000");
    let notify = notified(&mut rig);
    assert_eq!((only(&notify.headers, "Event").as_str(), note(&notify).as_str()), ("presence", "one"));
    assert_eq!(only(&notify.headers, "Subscription-State"), "active;expires=1000");
    assert_eq!(
        (notify.uri.to_string().as_str(), only(&notify.headers, "Route").as_str()),
        ("sip:10.45.0.2:5060", "<sip:10.46.0.3:5060;lr>")
    );
    for (n, text) in [(2, "two"), (3, "three")] {
        publish(&mut rig, n, "", &pidf(text));
    }
    rig.is_silent();
    rig.pass(Duration::from_secs(6));
    let notify = notified(&mut rig);
    assert_eq!(only(&notify.headers, "CSeq"), "2 NOTIFY");
    assert_eq!(note(&notify), "three");
    // The same once more is no news.
    publish(&mut rig, 4, "", &pidf("three"));
    rig.pass(Duration::from_secs(6));
    rig.is_silent();
    let to = only(&ok.headers, "To");
    let text = format!(
        "SUBSCRIBE sip:presence.ims.example SIP/2.0\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKx\nFrom: <{BEN}>;tag=wc1\nTo: {to}\nCall-ID: c1\n\
         CSeq: 2 SUBSCRIBE\nMax-Forwards: 70\nContact: <sip:10.45.0.2:5060>\nEvent: presence\nExpires: 0\nContent-Length: 0\n\n"
    );
    rig.udp(SCSCF, &text);
    rig.response(200, SCSCF);
    let last = notified(&mut rig);
    assert_eq!(only(&last.headers, "Subscription-State"), "terminated;reason=timeout");
    assert_eq!(rig.node.figures()[2], ("subscriptions", 0));
}

#[test]
fn a_fetch_leaves_nothing_behind() {
    let mut rig = rig_of(config());
    subscribe(&mut rig, BEN, "c1", "presence", "Expires: 0\n");
    rig.response(200, SCSCF);
    let notify = notified(&mut rig);
    assert_eq!((state(&notify).as_str(), shown(&notify)), ("terminated", Pidf::new(ANNA)));
    assert!(rig.rows.is_empty());
}

#[test]
fn rules_decide_who_watches_and_what_he_sees() {
    let mut rig = rig_of(PresenceConfig { without_rules: SubHandling::Confirm, ..config() });
    publish(&mut rig, 1, "", &pidf("one"));
    subscribe(&mut rig, ANNA, "w1", "presence.winfo", "");
    rig.response(200, SCSCF);
    let info = winfo(&notified(&mut rig));
    assert_eq!((info.version, info.is_full, info.lists[0].watchers.len()), (0, true, 0));
    subscribe(&mut rig, BEN, "c1", "presence", "");
    rig.response(200, SCSCF);
    let notify = notified(&mut rig);
    assert_eq!((state(&notify).as_str(), notify.body.len()), ("pending", 0));
    rig.pass(Duration::from_secs(6));
    let info = winfo(&notified(&mut rig));
    let watcher = &info.lists[0].watchers[0];
    assert_eq!((info.version, info.is_full), (1, false));
    assert_eq!((watcher.uri.as_str(), watcher.status), (BEN, WatcherStatus::Pending));
    let rules = |handling| {
        let mut rule = PresRule::allowing("r", &[BEN]);
        rule.handling = Some(handling);
        Some(PresRules { rules: vec![rule] })
    };
    let now = rig.now;
    rig.node.set_rules(now, ANNA, rules(SubHandling::Allow));
    rig.pass(Duration::from_secs(6));
    let (one, other) = (notified(&mut rig), notified(&mut rig));
    let (told, info) = if only(&one.headers, "Event") == "presence" { (one, other) } else { (other, one) };
    assert_eq!((state(&told).as_str(), note(&told).as_str()), ("active", "one"));
    assert_eq!(winfo(&info).lists[0].watchers[0].status, WatcherStatus::Active);
    let now = rig.now;
    rig.node.set_rules(now, ANNA, rules(SubHandling::PoliteBlock));
    rig.pass(Duration::from_secs(6));
    let told = shown(&notified(&mut rig));
    assert_eq!((told.is_open(), told.tuples.len()), (false, 1));
    let now = rig.now;
    rig.node.set_rules(now, ANNA, rules(SubHandling::Block));
    rig.pass(Duration::from_secs(6));
    let last = notified(&mut rig);
    assert_eq!(only(&last.headers, "Subscription-State"), "terminated;reason=rejected");
    assert_eq!(winfo(&notified(&mut rig)).lists[0].watchers[0].status, WatcherStatus::Terminated);
    subscribe(&mut rig, BEN, "c2", "presence", "");
    rig.response(403, SCSCF);
    subscribe(&mut rig, BEN, "c3", "presence.winfo", "");
    rig.response(403, SCSCF);
}

#[test]
fn an_undecided_watcher_waits() {
    let mut rig = rig_of(PresenceConfig { without_rules: SubHandling::Confirm, ..config() });
    subscribe(&mut rig, BEN, "c1", "presence", "Expires: 60\n");
    rig.response(200, SCSCF);
    notified(&mut rig);
    rig.pass(Duration::from_secs(61));
    assert_eq!(state(&notified(&mut rig)), "terminated");
    subscribe(&mut rig, ANNA, "w1", "presence.winfo", "");
    rig.response(200, SCSCF);
    let info = winfo(&notified(&mut rig));
    assert_eq!(info.lists[0].watchers[0].status, WatcherStatus::Waiting);
    let now = rig.now;
    rig.node.set_rules(now, ANNA, Some(PresRules { rules: vec![PresRule::allowing("r", &[BEN])] }));
    rig.pass(Duration::from_secs(6));
    assert_eq!(winfo(&notified(&mut rig)).lists[0].watchers[0].status, WatcherStatus::Terminated);
    assert_eq!(rig.node.figures()[3], ("waiting_watchers", 0));
}

#[test]
fn subscriptions_and_publications_go_on_after_a_restart() {
    let mut rig = rig_of(config());
    publish(&mut rig, 1, "", &pidf("one"));
    subscribe(&mut rig, BEN, "c1", "presence", "");
    let ok = rig.response(200, SCSCF);
    notified(&mut rig);
    subscribe(&mut rig, ANNA, "w1", "presence.winfo", "");
    rig.response(200, SCSCF);
    notified(&mut rig);
    let rows = std::mem::take(&mut rig.rows);
    let node = PresenceServer::new(config(), Entropy::of_box(2, "presence")).unwrap();
    let mut rig = Rig::new(node, OWN, rows);
    rig.pass(Duration::from_secs(1));
    let (presence, info) = (notified(&mut rig), notified(&mut rig));
    assert_eq!((note(&presence).as_str(), only(&presence.headers, "To")), ("one", format!("<{BEN}>;tag=wc1")));
    assert_eq!(only(&presence.headers, "From"), only(&ok.headers, "To"));
    let cseq: u32 = only(&presence.headers, "CSeq").split(' ').next().unwrap().parse().unwrap();
    assert!(cseq > 1);
    assert!(winfo(&info).is_full && winfo(&info).version > 0);
    publish(&mut rig, 2, "", &pidf("two"));
    rig.pass(Duration::from_secs(6));
    assert!(rig.sent.iter().any(|(_, message)| message.headers().contains("Event")));
}

#[test]
fn there_is_an_end_to_publications_watchers_and_subscriptions() {
    let mut config = config();
    (config.limits.publications, config.limits.presentities) = (2, 1);
    (config.limits.watchers, config.limits.watched) = (2, 1);
    let mut rig = rig_of(config);
    let of = |rig: &mut Rig<PresenceServer>, n| publish(rig, n, "", &pidf("x")).status;
    assert_eq!([of(&mut rig, 1), of(&mut rig, 2), of(&mut rig, 3)], [200, 200, 403]);
    for (call, who, status) in [("1", BEN, 200), ("2", BEN, 403), ("3", "sip:c@x", 200), ("4", "sip:d@x", 403)] {
        subscribe(&mut rig, who, call, "presence", "");
        rig.response(status, SCSCF);
        if status == 200 {
            notified(&mut rig);
        }
    }
}

#[test]
fn a_presentity_that_is_private_and_packages_that_are_none() {
    let mut rig = rig_of(PresenceConfig { without_rules: SubHandling::Confirm, ..config() });
    subscribe(&mut rig, BEN, "c1", "presence", "Privacy: id\n");
    rig.response(200, SCSCF);
    notified(&mut rig);
    subscribe(&mut rig, ANNA, "w1", "presence.winfo", "Privacy: id\n");
    rig.response(200, SCSCF);
    let info = winfo(&notified(&mut rig));
    assert_eq!(info.lists[0].watchers[0].uri, "sip:anonymous@anonymous.invalid");
    for (call, package, more, status) in [
        ("a", "presence.winfo.winfo", "", 489),
        ("b", "presence", "Accept: text/plain\n", 406),
        ("c", "presence", "Expires: 1\n", 423),
        ("d", "presence", "Require: eventlist\n", 420),
    ] {
        subscribe(&mut rig, BEN, call, package, more);
        rig.response(status, SCSCF);
    }
}

#[test]
fn rules_and_lists_at_the_xdm_server_count() {
    let mut xdms = XdmsConfig::new("http://xcap.ims.example", "ims.example");
    xdms.trusted_proxies = vec!["10.46.0.20".parse().unwrap()];
    let (username, password) = ("anna@ims.example".to_owned(), Secret::new("x".to_owned()));
    xdms.users = vec![XdmUser { username, password, identities: vec![ANNA.to_owned()] }];
    let documents = Some(xdms.shelf.clone());
    let mut xdms = Xdms::new(xdms, Entropy::from_seed([7; 32])).unwrap();
    let mut store = NodeStore::in_memory().unwrap();
    let mut put = |path: &str, kind: &str, body: &str| {
        let request = http::Request::builder().method("PUT").uri(path).header("Content-Type", kind);
        let request = request.header("X-3GPP-Asserted-Identity", format!("\"{ANNA}\"")).body(body.as_bytes().to_vec());
        let (exchange, peer) = (HttpExchange(1), "10.46.0.20:40000".parse().unwrap());
        let mut input = Some(NodeInput::Http { exchange, peer, request: request.unwrap() });
        let mut status = 0;
        loop {
            while let Some(output) = xdms.poll_output() {
                match output {
                    NodeOutput::Store(request) => {
                        xdms.handle_input(Instant::ZERO, NodeInput::Store(store.execute(&request)));
                    }
                    NodeOutput::Http { response, .. } => status = response.status().as_u16(),
                    _ => {}
                }
            }
            match input.take() {
                Some(input) => xdms.handle_input(Instant::ZERO, input),
                None => return assert_eq!(status / 100, 2, "{path}: {status}"),
            }
        }
    };
    let mut rig = rig_of(PresenceConfig { without_rules: SubHandling::Confirm, documents, ..config() });
    publish(&mut rig, 1, "", &pidf("one"));
    subscribe(&mut rig, BEN, "c1", "presence", "");
    rig.response(200, SCSCF);
    assert_eq!(state(&notified(&mut rig)), "pending");
    let list = "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list name='friends'><list name='old'>\
                <entry uri='sip:ben@IMS.example'/></list></list></resource-lists>";
    put(&format!("/resource-lists/users/{ANNA}/index"), "application/resource-lists+xml", list);
    let mut rule = PresRule::allowing("friends", &[]);
    rule.conditions.identity = None;
    rule.conditions.external_lists = vec![format!(
        "http://xcap.ims.example/resource-lists/users/{ANNA}/index/~~/resource-lists/list%5B@name=%22friends%22%5D"
    )];
    let rules = PresRules { rules: vec![rule] }.to_document();
    let path = format!("/org.openmobilealliance.pres-rules/users/{ANNA}/pres-rules");
    put(&path, "application/auth-policy+xml", &rules);
    rig.pass(Duration::from_secs(6));
    let notify = notified(&mut rig);
    assert_eq!((state(&notify).as_str(), note(&notify).as_str()), ("active", "one"));
    put(&format!("/resource-lists/users/{ANNA}/index"), "application/resource-lists+xml", &list.replace("ben", "eve"));
    rig.pass(Duration::from_secs(6));
    assert_eq!(only(&notified(&mut rig).headers, "Subscription-State"), "terminated;reason=rejected");
}

#[test]
fn who_does_not_know_a_subscription_has_none() {
    let mut rig = rig_of(config());
    subscribe(&mut rig, BEN, "c1", "presence", "");
    rig.response(200, SCSCF);
    let notify = rig.request("NOTIFY", SCSCF);
    rig.answer(SCSCF, &notify, 503, &[("Retry-After", "9")]);
    publish(&mut rig, 1, "", &pidf("one"));
    rig.pass(Duration::from_secs(8));
    rig.is_silent();
    rig.pass(Duration::from_secs(2));
    let notify = rig.request("NOTIFY", SCSCF);
    rig.answer(SCSCF, &notify, 481, &[]);
    assert_eq!(rig.node.figures()[2], ("subscriptions", 0));
    assert!(!rig.rows.keys().any(|(table, _)| *table == Table::PresenceSubscription));
}

#[test]
fn what_a_change_costs_does_not_depend_on_other_presentities() {
    let cost = |presentities: usize| {
        let mut rig = rig_of(config());
        for n in 0..presentities {
            let uri = format!("sip:u{n}@ims.example");
            let text = format!(
                "SUBSCRIBE {uri} SIP/2.0\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bK{n}\nFrom: <{BEN}>;tag=w{n}\nTo: <{uri}>\nCall-ID: {n}\n\
                 CSeq: 1 SUBSCRIBE\nMax-Forwards: 70\nContact: <sip:10.45.0.2:5060>\nP-Asserted-Identity: <{BEN}>\nEvent: presence\n\
                 Record-Route: <sip:{SCSCF};lr>\nContent-Length: 0\n\n"
            );
            rig.udp(SCSCF, &text);
            rig.response(200, SCSCF);
            notified(&mut rig);
        }
        subscribe(&mut rig, BEN, "c1", "presence", "");
        rig.response(200, SCSCF);
        notified(&mut rig);
        let before = rig.node.steps();
        publish(&mut rig, 1, "", &pidf("one"));
        rig.pass(Duration::from_secs(6));
        notified(&mut rig);
        rig.node.steps() - before
    };
    assert_eq!(cost(20), cost(200));
}

#[test]
fn nothing_on_the_wire_harms() {
    let mut rig = rig_of(config());
    let mut draws = Entropy::of_box(3, "damage");
    for n in 0..2000u32 {
        let body = pidf("x");
        let mut text = format!(
            "SUBSCRIBE {ANNA} SIP/2.0\r\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bK{n}\r\nFrom: <{BEN}>;tag=1\r\nTo: <{ANNA}>\r\nCall-ID: {n}\r\n\
             CSeq: 1 SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:10.45.0.2:5060>\r\nP-Asserted-Identity: <{BEN}>\r\nEvent: presence\r\n\
             Expires: 3600\r\nSIP-If-Match: x\r\nContent-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if n % 2 == 0 {
            text = text.replace("SUBSCRIBE", "PUBLISH");
        }
        let mut bytes = text.into_bytes();
        for _ in 0..3 {
            let at = draws.below(u32::try_from(bytes.len()).unwrap()) as usize;
            bytes[at] = draws.next_u64() as u8;
        }
        let (local, remote) = (OWN.parse().unwrap(), SCSCF.parse().unwrap());
        let flow = Flow { transport: protocol::sip::Transport::Udp, local, remote };
        rig.node.handle_input(Instant::from_millis(n.into()), NodeInput::Sip { flow, bytes: &bytes });
        while let Some(output) = rig.node.poll_output() {
            if let NodeOutput::Store(request) = output {
                let answer = crate::node::NodeStoreAnswer { token: request.token, result: Ok(Vec::new()) };
                rig.node.handle_input(Instant::from_millis(n.into()), NodeInput::Store(answer));
            }
        }
    }
}
