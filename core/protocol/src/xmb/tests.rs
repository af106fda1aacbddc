use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn resources_have_the_names_of_the_standard() {
    let body = json!({
        "session-start": 1_546_362_000, "session-stop": 1_546_365_600, "max-bitrate": 2000, "session-type": "Files",
        "session-state": "Session Idle", "geographical-areas": [7, "8"],
        "file-session": { "ingest-mode": "Pull", "file-list": [{ "file-url": "http://a/b" }] },
        "qoe-reporting": { "a": [1] },
    });
    let session: Session = parse(body.to_string().as_bytes()).unwrap();
    assert_eq!((session.session_start, session.session_type), (Some(1_546_362_000), Some(SessionType::Files)));
    assert_eq!((session.geographical_areas.as_slice(), session.max_bitrate), (&[7, 8][..], Some(2000)));
    let files = session.file_session.as_ref().unwrap();
    assert_eq!((files.ingest_mode, files.file_list[0].file_url.as_str()), (IngestMode::Pull, "http://a/b"));
    assert_eq!(session.other["qoe-reporting"], json!({ "a": [1] }), "what is not known is kept");
    let again: Session = parse(&emit(&session)).unwrap();
    assert_eq!(again, session);

    let body = r#"{"service-id":"urn:a","service-class":"urn:b","service-languages":["en"],"service-names":["a"],
        "service-announcement-mode":"Content Provider","push-notification-url":"http://a/","x":1}"#;
    let service: Service = parse(body.as_bytes()).unwrap();
    assert_eq!(service.service_announcement_mode, AnnouncementMode::ContentProvider);
    assert_eq!((service.service_id.as_deref(), &service.other["x"]), (Some("urn:a"), &json!(1)));
    assert_eq!(parse::<Service>(b" \r\n").unwrap(), Service::default());
}

#[test]
fn a_patch_changes_what_it_names() {
    let session: Session = parse(br#"{"max-bitrate":5,"x":{"a":1,"b":2},"session-type":"Streaming"}"#).unwrap();
    let patched = patch(&session, br#"{"max-bitrate":6,"x":{"a":null},"session-type":null}"#).unwrap();
    assert_eq!((patched.max_bitrate, patched.session_type), (Some(6), None));
    assert_eq!(patched.other["x"], json!({ "b": 2 }));
    assert!(patch(&session, b"[]").is_err() && patch(&session, br#"{"max-bitrate":"a"}"#).is_err());
    // RFC 7396 annex A.
    for (target, change, result) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ] {
        let mut target = target;
        merge(&mut target, change);
        assert_eq!(target, result);
    }
}

#[test]
fn too_much_is_refused() {
    let large = format!("{{\"x\":[{}1]}}", "1,".repeat(MAX_VALUES));
    assert_eq!(parse::<Session>(large.as_bytes()), Err(XmbProblem::TooLarge));
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert!(parse::<Session>(deep.as_bytes()).is_err());
}

#[test]
fn paths_are_read_as_they_are_written() {
    let own = |text: &str| text.to_owned();
    for route in [
        Route::Services,
        Route::Service(own("1")),
        Route::Sessions(own("1")),
        Route::Session(own("1"), own("a-2")),
        Route::Reports,
        Route::Report(own("3")),
        Route::Notifications,
        Route::Notification(own("4")),
        Route::File(own("1"), own("2"), own("a/b%20c.mp4")),
        Route::Announcement(own("1")),
        Route::Fragment(own("1"), own("session-1.sdp")),
    ] {
        assert_eq!(Route::parse(&route.to_string()).as_ref(), Some(&route));
    }
    assert_eq!(Route::parse("/xmb/v1.0/services/"), Some(Route::Services));
    for nothing in [
        "/",
        "/xmb/v1.0",
        "/xmb/v1.0/services//sessions",
        "/xmb/v1.0/services/..",
        "/xmb/v1.0/services/a%2fb",
        "/xmb-u/1/2/",
        "/xmb-u/1/2/../3",
        "/xmb-u/1/2/a%2f..%2fb",
        "/xmb-u/1/2/%2e%2e",
        "/xmb-u/1/2/a//b",
    ] {
        assert_eq!(Route::parse(nothing), None, "{nothing}");
    }
}

proptest! {
    #[test]
    fn what_was_emitted_reads_the_same(
        start in proptest::option::of(any::<u64>()), areas in proptest::collection::vec(any::<u16>(), 0..5),
        name in "\\PC{0,20}", qci in any::<u32>(), raptor in any::<u16>(), tmgi in any::<[u8; 3]>(),
    ) {
        let plmn = crate::Plmn::new("001", "01").unwrap();
        let session = Session {
            session_start: start,
            geographical_areas: areas,
            session_type: Some(SessionType::TransportMode),
            file_session: Some(FileSession { display_base_url: Some(name.clone()), ..FileSession::default() }),
            castbench: Extension {
                allocation_mode: Some(Allocation::Provider),
                tmgi: Some(crate::Tmgi { service_id: tmgi, plmn }),
                multicast_address: Some([239, 1, 2, 3].into()),
                qos: Some(Qos { qci, gbr: None, mbr: Some(1), arp: Arp::default() }),
                delivery: Some(FileDelivery { fec: DeliveryFec::Raptor(raptor), ..FileDelivery::default() }),
                sdp: Some(name),
                ..Extension::default()
            },
            ..Session::default()
        };
        prop_assert_eq!(parse::<Session>(&emit(&session)).unwrap(), session);
    }
}
