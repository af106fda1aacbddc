//! xmllint validates what the codecs of presence and of user service descriptions write, and finds what would be wrong.

use std::process::Command;

use protocol::usd::{Bundle, DeliveryMethod, Envelope, EnvelopeItem, Name, Schedule, ScheduledSession, UserService};
use protocol::utc::to_rfc3339;
use protocol::xml::{
    Basic, BenchState, Contact, DATA_MODEL_NAMESPACE, Note, Pidf, Qualified, RPID_NAMESPACE, Tuple, Watcher,
    WatcherEvent, WatcherInfo, WatcherList, WatcherStatus,
};

/// What xmllint says of a document; none: it is not here.
fn validates(schema: &str, document: &str) -> Option<Result<(), String>> {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let digest = document.bytes().fold(7_u64, |sum, octet| sum.wrapping_mul(31).wrapping_add(octet.into()));
    let path = folder.join(format!("{schema}.{digest:x}.xml"));
    std::fs::write(&path, document).unwrap();
    let schema = format!("{}/tests/schemas/{schema}.xsd", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("xmllint").args(["--nonet", "--noout", "--schema", &schema]).arg(&path).output();
    let output = match output {
        Ok(output) => output,
        Err(why) => {
            println!("skipped: xmllint: {why}");
            return None;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

fn pidf() -> Pidf {
    let mut tuple = Tuple::new("ue", Basic::Open);
    BenchState {
        location_area: Some("001-01-1a2b".into()),
        mbms_listening: Some(vec!["000001@262-01".parse().unwrap()]),
        ip_connected: Some(true),
    }
    .put(&mut tuple);
    tuple.others.push(Qualified::new(RPID_NAMESPACE, "relationship").child(Qualified::new(RPID_NAMESPACE, "self")));
    tuple.contact = Some(Contact { uri: "sip:a@ims.example".into(), priority: Some("0.8".into()) });
    tuple.notes.push(Note { language: Some("de".into()), text: "<da> & \"dort\"".into() });
    tuple.timestamp = Some(to_rfc3339(1_767_225_600_123));
    let person = Qualified::new(DATA_MODEL_NAMESPACE, "person").attribute("id", "p1");
    let mood = Qualified::new(RPID_NAMESPACE, "mood").child(Qualified::new(RPID_NAMESPACE, "happy"));
    Pidf {
        tuples: vec![tuple, Tuple { id: "other".into(), ..Tuple::default() }],
        notes: vec![Note { language: None, text: "n".into() }],
        others: vec![person.child(mood)],
        ..Pidf::new("sip:a@ims.example")
    }
}

#[test]
fn presence_documents() {
    let good = pidf();
    let Some(said) = validates("pidf", &good.to_document()) else { return };
    assert_eq!(said, Ok(()));
    assert_eq!(validates("pidf", &Pidf::new("sip:a@ims.example").to_document()), Some(Ok(())));
    let wrong = good.to_document().replace("open", "ajar");
    assert!(validates("pidf", &wrong).unwrap().is_err());
}

#[test]
fn watcher_information_documents() {
    let watchers =
        WatcherStatus::ALL.iter().flat_map(|status| WatcherEvent::ALL.iter().map(move |event| (status, event)));
    let watchers = watchers.enumerate().map(|(n, (status, event))| Watcher {
        id: format!("w{n}"),
        status: *status,
        event: *event,
        expiration: (n % 2 == 0).then_some(3600),
        duration_subscribed: (n % 3 == 0).then_some(0),
        display_name: (n % 5 == 0).then(|| "A & \"B\"".to_owned()),
        uri: format!("sip:u{n}@ims.example"),
    });
    let resource = "sip:a@ims.example".to_owned();
    let list = WatcherList { resource, package: "presence".into(), watchers: watchers.collect() };
    for (version, is_full, lists) in [(0, true, vec![list]), (u32::MAX, false, Vec::new())] {
        let info = WatcherInfo { version, is_full, lists };
        let Some(said) = validates("watcherinfo", &info.to_document()) else { return };
        assert_eq!(said, Ok(()));
        let wrong = info.to_document().replace("state=", "condition=");
        assert!(validates("watcherinfo", &wrong).unwrap().is_err());
    }
}

#[test]
fn error_documents_of_xcap_are_of_their_schema() {
    use protocol::xcap::{Taken, XcapConflict};
    let words = || "<\"&'>\u{1} ä".to_owned();
    let taken = |alternatives| Taken { field: "a/*%5B1%5D/@uri".to_owned(), alternatives };
    let all = [
        XcapConflict::NotWellFormed(words()),
        XcapConflict::NotXmlFragment(words()),
        XcapConflict::NoParent { ancestor: None },
        XcapConflict::NoParent { ancestor: Some("http://x.test/a/global/b/~~/c%5B1%5D?xmlns(a=b)".to_owned()) },
        XcapConflict::SchemaValidation(words()),
        XcapConflict::NotXmlAttributeValue(words()),
        XcapConflict::CannotInsert(words()),
        XcapConflict::CannotDelete(words()),
        XcapConflict::Uniqueness(vec![taken(Vec::new()), taken(vec![words(), "b".to_owned()])]),
        XcapConflict::Constraint(words()),
        XcapConflict::NotUtf8,
    ];
    for conflict in all {
        let document = conflict.to_document();
        let Some(result) = validates("xcap-error", &document) else { return };
        assert_eq!(result, Ok(()), "{document}");
    }
    let wrong = "<xcap-error xmlns=\"urn:ietf:params:xml:ns:xcap-error\"><other/></xcap-error>";
    assert!(validates("xcap-error", wrong).is_some_and(|result| result.is_err()), "the schema finds nothing");
}

#[test]
fn user_service_descriptions() {
    let service = UserService {
        service_id: "urn:a".into(),
        service_class: Some("urn:b".into()),
        is_receive_only: true,
        names: vec![Name { language: Some("de".into()), text: "<N> & \"M\"".into() }],
        languages: vec!["de".into()],
        methods: vec![DeliveryMethod { session_description_uri: "http://a/1.sdp".into() }],
        schedule_uri: Some("http://a/schedule.xml".into()),
        areas: vec![1, 2],
    };
    let bundle = Bundle { services: vec![service.clone(), service] }.to_document();
    let Some(said) = validates("mbms-usd", &bundle) else { return };
    assert_eq!(said, Ok(()));
    assert!(validates("mbms-usd", &bundle.replace("serviceId", "id")).unwrap().is_err());
    let sessions = vec![ScheduledSession { start_ms: 1_767_225_600_123, stop_ms: 1_767_225_700_000 }];
    let schedule = Schedule { update_ms: Some(1_767_225_600_000), sessions }.to_document();
    assert_eq!(validates("mbms-schedule", &schedule), Some(Ok(())));
    assert!(validates("mbms-schedule", &schedule.replace("2026", "soon")).unwrap().is_err());
    let item = EnvelopeItem {
        metadata_uri: "http://a/1.sdp".into(),
        version: 3,
        content_type: Some("application/sdp".into()),
        valid_from_ms: Some(1_767_225_600_000),
        valid_until_ms: None,
    };
    let envelope = Envelope { items: vec![item] }.to_document();
    assert_eq!(validates("mbms-envelope", &envelope), Some(Ok(())));
    assert!(validates("mbms-envelope", &envelope.replace("version=\"3\"", "version=\"-3\"")).unwrap().is_err());
}
