//! Offline charging (TS 32.270): each thing makes its record, once, whoever dies, and says whether it went over an IP access.

use protocol::diameter::charging::NodeFunctionality;
use protocol::diameter::dictionary::APP_RF;
use protocol::diameter::{DiameterConfig, PeerConfig};
use protocol::mms::{AcknowledgeInd, ForwardReq, MmsTime, ReadRecInd, ReadStatus};

use super::*;
use crate::charging::{Cdf, CdfConfig, Cdr, CdrCause, ChargingConfig, MmsCdr, list_records};
use crate::mms::IP_ACCESS_HEADER;
use crate::node::NodeStore;

const REALM: &str = "ims.test";
const CDF: &str = "10.46.0.15";

fn diameter(host: &str, at: &str) -> DiameterConfig {
    DiameterConfig::new(host, REALM, ip(at), vec![APP_RF])
}

/// Charging of a relay.
fn charged(config: &mut MmsRelayConfig) {
    let mut diameter = diameter(&format!("rf.{}", config.domain), &config.base[7..]);
    let connect = Some(SocketAddr::new(ip(CDF), 3868));
    diameter.peers = vec![PeerConfig { host: "cdf.ims.test".to_owned(), realm: REALM.to_owned(), connect }];
    diameter.retry = std::time::Duration::from_secs(3);
    config.charging = Some(ChargingConfig::new(NodeFunctionality::As, diameter, REALM));
}

/// What the CDF has written down.
struct Books(Arc<Mutex<NodeStore>>);

impl Books {
    fn open(net: &mut Net) -> Self {
        let store = Arc::new(Mutex::new(NodeStore::in_memory().unwrap()));
        let mut config = CdfConfig::new(DiameterConfig { accept_unknown: true, ..diameter("cdf.ims.test", CDF) });
        config.utc_ms_at_zero = START_MS;
        let cdf = Box::new(Cdf::new(config, Entropy::of_box(net.seed, "cdf")));
        let books = Arc::clone(&store);
        let driver = Box::new(move |request| books.lock().unwrap().execute(&request));
        net.fabric.add(net.now, "CDF", Role::Cdf, ip(CDF), cdf, driver);
        net.run_ms(5_000);
        Self(store)
    }

    fn records(&self) -> Vec<Cdr> {
        list_records(&self.0.lock().unwrap()).unwrap()
    }

    /// The types of records of a relay, in their order.
    fn types(&self, relay: &str) -> Vec<String> {
        let own = self.records().into_iter().filter(|record| record.node == format!("rf.mms.{relay}.example"));
        own.map(|record| record.record_type).collect()
    }

    #[track_caller]
    fn one(&self, kind: &str) -> (Cdr, MmsCdr) {
        let own: Vec<_> = self.records().into_iter().filter(|record| record.record_type == kind).collect();
        let [record] = &own[..] else { panic!("{kind}: {own:#?}") };
        (record.clone(), *record.mms.clone().unwrap())
    }
}

fn of(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("mM{name}Record")).collect()
}

/// From relay to relay, deferred, fetched, reported and read.
fn through_two_relays(net: &mut Net) -> String {
    let (req, body) = send_req("t1", &[CAROL]);
    let sent = net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let ind = net.notification(CAROL);
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::DEFERRED)), 200);
    let (conf, _) = net.get(CAROL, &ind.content_location);
    let ack = AcknowledgeInd::new(conf.transaction_id.as_deref().unwrap(), MmsVersion::V1_2);
    assert_eq!((net.tell(CAROL, ack.clone()), net.tell(CAROL, ack)), (200, 200));
    net.run_ms(2_000);
    let read = ReadRecInd::new(conf.message_id.as_deref().unwrap(), phone(ALICE), ReadStatus::READ);
    assert_eq!((net.tell(CAROL, read.clone()), net.tell(CAROL, read)), (200, 200));
    net.run_ms(5_000);
    assert_eq!(net.pushes(ALICE).len(), 2);
    sent.message_id.unwrap()
}

#[test]
fn each_thing_makes_its_record() {
    let mut net = Net::with(1, charged);
    let books = Books::open(&mut net);
    let message_id = through_two_relays(&mut net);
    assert_eq!(books.types("a"), of(&["O1S", "O4FRq", "O4FRs", "O4D", "O1D", "O4R", "O1R"]), "{:#?}", net.notes);
    let of_recipient = ["R4F", "R1NRq", "R1NRs", "R1Rt", "R1A", "R4DRq", "R4DRs", "R1RR", "R4RRq", "R4RRs"];
    assert_eq!(books.types("b"), of(&of_recipient), "{:#?}", net.notes);
    for record in books.records() {
        let mms = record.mms.as_ref().unwrap();
        assert_eq!(mms.message_id.as_ref(), Some(&message_id), "{record:#?}");
        assert_eq!(mms.originator_relay.as_deref(), Some("mms.a.example"), "{record:#?}");
        let to = mms.recipients.iter().map(|own| own.msisdn.as_deref()).collect::<Vec<_>>();
        assert_eq!(to, [Some(CAROL)], "{record:#?}");
        assert_eq!(record.cause, CdrCause::ServiceDeliveryEndSuccessfully);
    }
    let (record, sent) = books.one("mMO1SRecord");
    let line = serde_json::to_string(&record).unwrap();
    println!("{line}");
    for member in [
        "\"originatorAddress\":{\"mSISDN\":\"491721000001\"}",
        "\"recipientAddresses\":[{\"mSISDN\":\"491731000001\",\"mMSRecipientType\":\"tO\"}]",
        "\"contentType\":\"application/vnd.wap.multipart.mixed\"",
        "{\"mediaType\":\"text/plain\",\"mediaSize\":7},{\"mediaType\":\"image/jpeg\",\"mediaSize\":5000}",
        "\"messageClass\":\"personal\"",
        "\"deliveryReportRequested\":true,\"readReplyRequested\":true",
        "\"requestStatusCode\":0",
        "\"iPAccess\":false",
    ] {
        assert!(line.contains(member), "{member}: {line}");
    }
    assert_eq!(serde_json::from_str::<Cdr>(&line).unwrap(), record);
    assert_eq!(record.subscriptions, [ALICE]);
    assert_eq!(sent.came_by.unwrap().text.as_deref(), Some("MM1"));
    for (kind, status, payer) in [
        ("R1NRs", "deferred", CAROL),
        ("R1A", "retrieved", CAROL),
        ("R4DRq", "retrieved", CAROL),
        ("R4DRs", "retrieved", CAROL),
        ("O4D", "retrieved", ALICE),
        ("O1D", "retrieved", ALICE),
        ("R1RR", "read", CAROL),
        ("R4RRs", "read", CAROL),
        ("O4R", "read", ALICE),
        ("O1R", "read", ALICE),
    ] {
        let (record, mms) = books.one(&format!("mM{kind}Record"));
        assert_eq!(
            (mms.status.as_deref(), &record.subscriptions[..]),
            (Some(status), &[payer.to_owned()][..]),
            "{kind}"
        );
    }
    for kind in ["O4FRs", "R4DRs", "R4RRs"] {
        let (record, mms) = books.one(&format!("mM{kind}Record"));
        assert_eq!((mms.request_status, record.reason_code), (Some(0), Some(0)), "{kind}");
        assert_eq!(mms.recipient_relay.as_deref(), Some("mms.b.example"), "{kind}");
    }
    let reference = books.one("mMR1NRqRecord").1.reference.unwrap();
    assert_eq!(books.one("mMR1RtRecord").1.reference.as_ref(), Some(&reference));
    assert!(reference.starts_with(B), "{reference}");
}

#[test]
fn one_relay_alone_has_no_records_of_mm4() {
    let mut net = Net::with(1, charged);
    let books = Books::open(&mut net);
    let (req, body) = send_req("t1", &[BOB]);
    assert_eq!(net.send(ALICE, req.clone(), &body), net.send(ALICE, req, &body));
    let ind = net.notification(BOB);
    // Sent on, and fetched all the same, twice.
    let req = ForwardReq::new("f1", vec![phone(CAROL)], &ind.content_location);
    let token = net.ask(BOB, post(A, &req.into(), &[]));
    net.answer(BOB, token);
    for _ in 0..2 {
        assert!(net.get(BOB, &ind.content_location).0.is_ok());
    }
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    net.run_ms(2_000);
    let ind = net.notification(CAROL);
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::REJECTED)), 200);
    net.run_ms(5_000);
    let mut own = books.types("a");
    own.sort();
    let mut expected = of(&["O1S", "R1NRq", "F", "O4FRq", "O4FRs", "R1Rt", "R1NRs", "O1D", "O1D"]);
    expected.sort();
    assert_eq!(own, expected, "{:#?}", net.notes);
    let (record, sent_on) = books.one("mMFRecord");
    assert_eq!((&record.subscriptions[..], sent_on.forward_counter), (&[BOB.to_owned()][..], Some(1)));
    assert!(sent_on.reference.is_some());
    assert_eq!(books.types("b"), of(&["R4F", "R1NRq", "R1NRs"]));
    assert_eq!(books.one("mMR4FRecord").1.forward_counter, Some(1));
}

#[test]
fn what_is_refused_or_given_up_is_told() {
    let mut net = Net::with(1, |config| {
        charged(config);
        if config.domain == "mms.b.example" {
            config.media_types = vec!["text/*".to_owned()];
        }
    });
    let books = Books::open(&mut net);
    // What a relay refuses its subscriber has no Message-ID, and no record.
    let (req, body) = send_req("t0", &["4999999999"]);
    assert!(!net.send(ALICE, req, &body).response_status.is_ok());
    let (mut req, body) = send_req("t1", &[BOB, CAROL]);
    req.expiry = Some(MmsTime::Relative(3_600));
    net.send(ALICE, req, &body);
    net.run_ms(3_700_000);
    assert_eq!(books.types("b"), of(&[]));
    let own = books.types("a").into_iter().filter(|own| own != "mMO1DRecord").collect::<Vec<_>>();
    let mut expected = of(&["O1S", "O4FRq", "O4FRs", "OMD", "R1NRq", "RMD"]);
    let mut sorted = own.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected, "{own:?} {:#?}", net.notes);
    let (record, refused) = books.one("mMO4FRsRecord");
    assert_eq!((record.cause, record.reason_code), (CdrCause::UnSuccessfulServiceDelivery, Some(35)));
    assert!(refused.status_text.unwrap().contains("not accepted"));
    let (lost, gone) = (books.one("mMOMDRecord").1, books.one("mMRMDRecord").1);
    assert_eq!((lost.status.as_deref(), lost.recipients[0].msisdn.as_deref()), (Some("rejected"), Some(CAROL)));
    assert_eq!((gone.status.as_deref(), gone.recipients[0].msisdn.as_deref()), (Some("expired"), Some(BOB)));
}

#[test]
fn the_ip_access_flag_is_what_the_gateway_says() {
    let mut net = Net::with(1, |config| {
        charged(config);
        config.trusted.push(TrustedPeer::host(place(ALICE)));
    });
    let books = Books::open(&mut net);
    // Alice's place is that of a gateway; Bob may say what he wants.
    for (msisdn, is_ip, transaction) in [(ALICE, true, "t1"), (BOB, false, "t2")] {
        let (req, body) = send_req(transaction, &[BOB]);
        let mut request = post(A, &req.into(), &body);
        request.headers_mut().insert(IP_ACCESS_HEADER, "1".parse().unwrap());
        if is_ip {
            let asserted = format!("\"tel:+{msisdn}\"").parse().unwrap();
            request.headers_mut().insert("x-3gpp-asserted-identity", asserted);
        }
        let token = net.ask(msisdn, request);
        net.answer(msisdn, token);
        net.run_ms(3_000);
        let records = books.records();
        let sent = records.iter().rfind(|record| record.record_type == "mMO1SRecord").unwrap();
        let mms = sent.mms.as_ref().unwrap();
        assert_eq!((mms.ip_access, &sent.subscriptions[..]), (is_ip, &[msisdn.to_owned()][..]), "{mms:#?}");
        // Bob is pushed through the gateway.
        let told = records.iter().rfind(|record| record.record_type == "mMR1NRqRecord").unwrap();
        let interface = told.mms.as_ref().unwrap().goes_by.clone().unwrap();
        assert_eq!((interface.id.as_deref(), interface.text.as_deref()), (Some("IP"), Some("ISC")));
    }
}

#[test]
fn records_wait_for_the_cdf_and_are_taken_once() {
    let mut net = Net::with(1, charged);
    let books = Books::open(&mut net);
    assert!(net.fabric.set_down(net.now, "CDF", true));
    through_two_relays(&mut net);
    assert_eq!(books.records(), []);
    assert_eq!(
        (net.figure("A", "accounting_records_buffered"), net.figure("B", "accounting_records_buffered")),
        (7, 10)
    );
    // What is durable survives.
    net.restart("A");
    net.restart("B");
    net.run_ms(10_000);
    assert_eq!(
        (net.figure("A", "accounting_records_buffered"), net.figure("B", "accounting_records_buffered")),
        (7, 10)
    );
    assert!(net.fabric.set_down(net.now, "CDF", false));
    // It has not seen that their connections ended, and takes new ones once it has asked (RFC 3539 clause 3.4.1).
    net.run_ms(300_000);
    assert_eq!((books.types("a").len(), books.types("b").len()), (7, 10), "{:#?}", net.notes);
    assert!(books.records().iter().all(|record| record.retransmission), "they may have been sent before");
    net.restart("A");
    net.run_ms(60_000);
    assert_eq!((books.types("a").len(), net.figure("A", "accounting_records_buffered")), (7, 0));
}

#[test]
fn a_response_counts_though_its_request_is_refused_when_it_comes_again() {
    let mut net = Net::with(1, charged);
    let books = Books::open(&mut net);
    net.lost = &["MM4 A>B MM4_delivery_report.RES"];
    let (req, body) = send_req("t1", &[CAROL]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let ind = net.notification(CAROL);
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::REJECTED)), 200);
    net.run_ms(890_000);
    // The report goes again when its time is over. Its response comes first now, and then: no.
    net.lost = &[];
    net.hold = |log, line| {
        let reports = log.iter().filter(|line| *line == "MM4 B>A MM4_delivery_report.REQ").count();
        reports == 2 && line == "MM4 A>B 250"
    };
    net.run_ms(20_000);
    let [mut reply] = <[WireMessage; 1]>::try_from(std::mem::take(&mut net.held)).unwrap();
    net.hold = |_, _| false;
    net.seen(&["MM4 B>A MM4_delivery_report.REQ", "MM4 A>B MM4_delivery_report.RES"]);
    reply.bytes = b"554 5.3.0 No more\r\n".to_vec();
    net.fabric.carry(net.now, reply);
    net.run_ms(5_000);
    let (record, mms) = books.one("mMR4DRsRecord");
    assert_eq!((record.reason_code, mms.status.as_deref()), (Some(0), Some("rejected")));
    assert!(!net.notes.iter().any(|note| note.contains("is given up")), "{:#?}", net.notes);
}

/// Relay, type and recipients of all records.
fn keys(books: &Books) -> Vec<(String, String, Vec<String>)> {
    let key = |record: Cdr| {
        let mms = record.mms.unwrap();
        let to = mms.recipients.into_iter().filter_map(|own| own.msisdn).collect();
        (record.node, record.record_type, to)
    };
    books.records().into_iter().map(key).collect()
}

/// Kills a relay at every third message of a message each way, those on Rf among them.
fn at_many_messages(relay: &'static str, dies_silently: bool) {
    let quick = |config: &mut MmsRelayConfig| {
        charged(config);
        config.times.mm4_response = std::time::Duration::from_secs(60);
    };
    let mut net = Net::with(1, quick);
    let books = Books::open(&mut net);
    kills::story(&mut net);
    net.run_ms(60_000);
    // The record of a notification follows from its result, which a relay that is killed may never hear.
    let certain = |keys: Vec<_>| -> BTreeSet<_> {
        keys.into_iter().filter(|(_, kind, _): &(String, String, Vec<String>)| kind != "mMR1NRqRecord").collect()
    };
    let expected = certain(keys(&books));
    assert_eq!(expected.len(), 13, "{expected:#?}");
    for step in (0..).step_by(3) {
        let mut net = Net::with(step as u64, quick);
        let books = Books::open(&mut net);
        (net.kill, net.dies_silently) = (Some((step, relay)), dies_silently);
        kills::story(&mut net);
        let is_over = net.kill.take().is_some();
        net.run_ms(600_000);
        let found = keys(&books);
        let once: BTreeSet<_> = found.iter().cloned().collect();
        assert_eq!(once.len(), found.len(), "{relay} at {step}: {found:#?}");
        assert_eq!(certain(found), expected, "{relay} at {step}: {:#?}", net.notes);
        if is_over {
            break;
        }
    }
}

#[test]
fn the_relay_of_the_sender_is_killed_and_each_record_is_there_once() {
    at_many_messages("A", true);
}

#[test]
fn the_relay_of_the_recipient_is_killed_and_each_record_is_there_once() {
    at_many_messages("B", false);
}
