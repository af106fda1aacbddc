//! Files over xMB (TS 29.116 clause 6.2): pushed and fetched, sent by FLUTE, read again by a receiver of FLUTE.

use std::rc::Rc;
use std::time::SystemTime;

use flute::core::UDPEndpoint;
use flute::receiver::writer::ObjectWriterBufferBuilder;
use flute::receiver::{Config, MultiReceiver};
use protocol::SyncRepr;
use protocol::xmb::{FileState, Problem, Report};

use super::*;

fn files(own: &serde_json::Value) -> serde_json::Value {
    json!({ "session-type": "Files", "session-start": 0, "geographical-areas": [1], "max-bitrate": 400_000,
        "file-session": own, "castbench": { "delivery": { "symbol-octets": 512, "source-block-symbols": 32 } } })
}

fn put(net: &mut Net, url: &str, content: &[u8]) -> u16 {
    let path = url.strip_prefix("http://10.46.0.31:8080").unwrap();
    let request = Request::put(path).header("content-type", "text/plain").body(content.to_vec()).unwrap();
    net.try_http(0, request).unwrap().status().as_u16()
}

fn received(net: &Net) -> BTreeMap<String, Vec<u8>> {
    received_at(net, GW)
}

/// What a receiver of FLUTE makes of all that an MBMS-GW has got: files by their locations.
fn received_at(net: &Net, gateway: &str) -> BTreeMap<String, Vec<u8>> {
    let writer = Rc::new(ObjectWriterBufferBuilder::new(false));
    let mut receiver = MultiReceiver::new(writer.clone(), Some(Config::default()), false);
    let utc = SystemTime::UNIX_EPOCH + Duration::from_millis(net.utc_ms());
    for octets in &net.at(gateway).datagrams {
        let Ok(SyncRepr::UserData { payload, .. }) = SyncRepr::parse(octets) else { continue };
        let datagram = protocol::UdpDatagram::parse(payload).unwrap();
        let group = datagram.destination;
        let endpoint = UDPEndpoint::new(None, group.ip().to_string(), group.port());
        receiver.push(&endpoint, datagram.payload, utc).unwrap();
    }
    let objects = writer.objects.borrow();
    let whole = objects.iter().map(|object| object.borrow()).filter(|object| object.complete);
    whole.map(|object| (object.meta.content_location.to_string(), object.data.clone())).collect()
}

#[test]
fn pushed_files_go_out_again_and_again_and_change_on_the_way() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let (path, session) = net.new_session(0, &service, &files(&json!({ "display-base-url": "http://tv.example/a/" })));
    let push = session.file_session.unwrap().push_url.unwrap();
    let first: Vec<u8> = (0..20_000u32).map(|n| n as u8).collect();
    assert_eq!(put(&mut net, &format!("{push}one.bin"), &first), 201);
    assert_eq!(put(&mut net, &format!("{push}one.bin"), &first), 204, "the same again");
    assert_eq!(put(&mut net, &format!("{push}dir/two.txt"), b"two"), 201);
    assert_eq!(put(&mut net, &format!("{push}none"), b""), 400);
    // Nothing before the time to data.
    net.run_ms(800);
    assert!(net.at(GW).datagrams.iter().all(|octets| octets[0] >> 4 != 1));
    net.run_ms(3000);
    let there = received(&net);
    assert_eq!(there.get("http://tv.example/a/one.bin"), Some(&first));
    assert_eq!(there.get("http://tv.example/a/dir/two.txt"), Some(&b"two".to_vec()));
    let shown = net.session(&path).file_session.unwrap().file_list;
    let shown: Vec<_> = shown.iter().map(|file| (file.file_url.as_str(), file.file_size, file.file_status)).collect();
    let accepted = Some(FileState::Accepted);
    assert_eq!(shown[0], ("http://tv.example/a/one.bin", Some(20_000), accepted));
    // Another content in its place, and one less.
    net.at(GW).datagrams.clear();
    assert_eq!(put(&mut net, &format!("{push}one.bin"), b"other"), 204);
    let two = format!("{}dir/two.txt", push.strip_prefix("http://10.46.0.31:8080").unwrap());
    assert_eq!(net.http("DELETE", &two, "").status(), 204);
    net.run_ms(3000);
    let there = received(&net);
    assert_eq!(there.get("http://tv.example/a/one.bin"), Some(&b"other".to_vec()), "{there:?}");
    // Killed: the content is there, and goes on.
    net.at(GW).datagrams.clear();
    net.restart();
    net.run_ms(4000);
    assert_eq!(received(&net).get("http://tv.example/a/one.bin"), Some(&b"other".to_vec()));
    net.audit();
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": null }), 200);
    net.run_ms(1000);
    let events: Vec<&str> = net.told().into_iter().map(|(event, _)| event).collect();
    for event in ["file-accepted", "state", "delivery-started", "file-delivered", "file-removed", "delivery-stopped"] {
        assert!(events.contains(&event), "{event}: {events:?}");
    }
    let reports: Vec<Report> = net.rest(0, ("GET", "/xmb/v1.0/reports"), &json!(null), 200);
    assert!(
        reports[0].packets > 10 && reports[0].files["http://tv.example/a/one.bin"].as_u64() > Some(1),
        "{reports:?}"
    );
    // The rate is kept: never more than 400 kbit/s.
    let rate = reports[0].ip_octets * 8 * 1000 / (reports[0].stop_ms - reports[0].start_ms);
    assert!(rate < 400_000, "{rate}");
    net.audit();
}

#[test]
fn a_limit_ends_delivery_and_content_is_bounded() {
    let mut config = xmb_config();
    let xmb = config.xmb.as_mut().unwrap();
    (xmb.max_files, xmb.max_octets) = (2, 10_000);
    let mut net = Net::with(config);
    let service = net.new_service(0);
    let mut body = files(&json!({}));
    body["castbench"]["delivery"]["ip-octet-limit"] = json!(30_000);
    body["castbench"]["time-to-data-ms"] = json!(100);
    let (path, session) = net.new_session(0, &service, &body);
    let push = session.file_session.unwrap().push_url.unwrap();
    assert_eq!(put(&mut net, &format!("{push}a"), &[1; 6000]), 201);
    assert_eq!(put(&mut net, &format!("{push}b"), &[2; 6000]), 507);
    assert_eq!(put(&mut net, &format!("{push}b"), &[2; 600]), 201);
    assert_eq!(put(&mut net, &format!("{push}c"), &[3; 600]), 403);
    net.run_ms(5000);
    assert!(net.told().iter().any(|(event, _)| *event == "limit-reached"), "{:?}", net.told());
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": null }), 200);
    net.run_ms(500);
    let reports: Vec<Report> = net.rest(0, ("GET", "/xmb/v1.0/reports"), &json!(null), 200);
    assert!((28_000..=30_000).contains(&reports[0].ip_octets), "{reports:?}");
    // It begins again with the same TMGI, and the limit, anew.
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": 0 }), 200);
    net.run_ms(3000);
    assert_eq!(net.told().iter().filter(|(event, _)| *event == "limit-reached").count(), 2);
    assert_eq!(net.session(&path).session_state, SessionState::Active);
    // A session of another type takes no files.
    let (_, other) = net.new_session(0, &service, &streaming(&[1]));
    let url = format!("http://10.46.0.31:8080/xmb-u/{}/{}/a", service.rsplit('/').next().unwrap(), other.id);
    assert_eq!(put(&mut net, &url, b"x"), 409);
    net.audit();
}

#[test]
fn files_are_fetched_once_in_their_time() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.web.files.insert("/a.txt".to_owned(), b"fetched".to_vec());
    let later = net.utc_ms() / 1000 + 5;
    let list = json!({ "ingest-mode": "Pull", "file-list": [
        { "file-url": format!("{URL}/a.txt") },
        { "file-url": format!("{URL}/missing") },
        { "file-url": format!("{URL}/later"), "earliest-fetch-time": later },
    ] });
    let (path, _) = net.new_session(0, &service, &files(&list));
    net.run_ms(3000);
    assert_eq!(net.web.fetched.iter().filter(|path| *path == "/a.txt").count(), 1);
    assert!(!net.web.fetched.contains(&"/later".to_owned()));
    assert_eq!(received(&net).get(&format!("{URL}/a.txt")), Some(&b"fetched".to_vec()));
    net.web.files.insert("/later".to_owned(), b"late".to_vec());
    net.restart();
    net.run_ms(30_000);
    let shown = net.session(&path).file_session.unwrap().file_list;
    let states: Vec<_> = shown.iter().map(|file| file.file_status.unwrap()).collect();
    assert_eq!(states, [FileState::Accepted, FileState::Failed, FileState::Accepted]);
    assert_eq!(net.web.fetched.iter().filter(|path| *path == "/a.txt").count(), 1, "{:?}", net.web.fetched);
    assert!(net.told().iter().any(|(event, _)| *event == "file-failed"));
    // One that is not wanted any more goes.
    let list = json!({ "file-session": { "file-list": [{ "file-url": format!("{URL}/later") }] } });
    let _: Session = net.rest(0, ("PATCH", &path), &list, 200);
    assert_eq!(net.figure("xmb_files"), 1);
    let _: Problem =
        net.rest(0, ("PATCH", &path), &json!({ "file-session": { "file-list": [{ "file-url": "a" }] } }), 400);
    net.audit();
}

#[test]
fn a_session_that_moves_to_another_mch_is_paced_by_its_sequences() {
    let mut config = xmb_config();
    config.sync_by_area = [(3, SyncPlan::new(8).unwrap())].into();
    let mut net = Net::with(config);
    let service = net.new_service(0);
    let (path, session) = net.new_session(0, &service, &files(&json!({})));
    let push = session.file_session.unwrap().push_url.unwrap();
    assert_eq!(put(&mut net, &format!("{push}a"), &[5; 9000]), 201);
    net.run_ms(3000);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "geographical-areas": [3] }), 200);
    net.run_ms(4000);
    assert_eq!((net.session(&path).session_state, net.at(GW).sessions.len()), (SessionState::Active, 0));
    assert_eq!(received_at(&net, GW2).get(&format!("{push}a")), Some(&vec![5; 9000]));
    // 400 kbit/s are 4000 octets in 80 ms: no sequence has more.
    let mut sequences: BTreeMap<u16, usize> = BTreeMap::new();
    for octets in &net.at(GW2).datagrams {
        if let Ok(SyncRepr::UserData { header, payload }) = SyncRepr::parse(octets) {
            *sequences.entry(header.timestamp.0).or_default() += payload.len();
        }
    }
    assert!(sequences.len() > 20 && sequences.values().all(|octets| *octets <= 4000), "{sequences:?}");
    net.audit();
}

/// Asks until there is an answer.
fn insist(net: &mut Net, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    for _ in 0..20 {
        match net.try_http(0, request.clone()) {
            Ok(response) if response.status() != 503 => return response,
            _ => net.run_ms(500),
        }
    }
    panic!("{request:?}: {:#?}", net.notes)
}

/// A session that has begun gets a file pushed, and one that it fetches; what is acknowledged is in the answer.
fn deliver(net: &mut Net, push: &str, pull: &str) {
    let put = Request::put(push).header("content-type", "text/plain").body(vec![7; 3000]).unwrap();
    assert!(insist(net, &put).status().is_success());
    let list = json!({ "file-session": { "file-list": [{ "file-url": format!("{URL}/a.txt") }] } }).to_string();
    let patch = Request::patch(pull).body(list.into_bytes()).unwrap();
    assert_eq!(insist(net, &patch).status(), 200);
    net.run_ms(2000);
}

#[test]
fn killed_at_any_message_files_are_there_and_go_out() {
    let begin = || {
        let mut net = Net::with(xmb_config());
        net.web.files.insert("/a.txt".to_owned(), b"fetched".to_vec());
        let service = net.new_service(0);
        let (_, session) = net.new_session(0, &service, &files(&json!({})));
        let push = session.file_session.unwrap().push_url.unwrap();
        let mut body = files(&json!({ "ingest-mode": "Pull" }));
        body["geographical-areas"] = json!([1]);
        let (pull, _) = net.new_session(0, &service, &body);
        net.run_ms(500);
        (net, push.strip_prefix("http://10.46.0.31:8080").unwrap().to_owned() + "own.bin", pull)
    };
    let (mut whole, push, pull) = begin();
    let before = whole.messages;
    deliver(&mut whole, &push, &pull);
    let messages = whole.messages;
    assert!(messages - before >= 10, "{messages}");
    // Every third: sending is slow without optimisation.
    for kill_at in (before + 1..=messages).step_by(3) {
        let (mut net, push, pull) = begin();
        net.kill_at = Some(kill_at);
        deliver(&mut net, &push, &pull);
        net.run_ms(8000);
        net.audit();
        net.at(GW).datagrams.clear();
        net.run_ms(4000);
        let there = received(&net);
        let location = format!("http://10.46.0.31:8080{push}");
        assert_eq!(there.get(&location), Some(&vec![7; 3000]), "killed at {kill_at}: {:#?}", net.notes);
        assert_eq!(there.get(&format!("{URL}/a.txt")), Some(&b"fetched".to_vec()), "killed at {kill_at}");
        let accepted = net.told().iter().filter(|(event, _)| *event == "file-accepted").count();
        assert!((2..=4).contains(&accepted), "killed at {kill_at}: {:?}", net.told());
    }
}

#[test]
fn a_session_that_is_sent_is_sent_as_it_is_described() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let mut body = files(&json!({}));
    body["castbench"]["qos"] = json!({ "qci": 4, "gbr": 500_000 });
    let (path, session) = net.new_session(0, &service, &body);
    let push = session.file_session.unwrap().push_url.unwrap();
    assert_eq!(put(&mut net, &format!("{push}a"), b"content"), 201);
    net.run_ms(3000);
    let sdp = net.session(&path).castbench.sdp;
    for change in [json!({ "castbench": { "delivery": { "tsi": 7 } } }), json!({ "max-bitrate": 450_000 })] {
        let problem: Problem = net.rest(0, ("PATCH", &path), &change, 409);
        assert!(problem.detail.contains("session-start"), "{problem:?}");
        assert_eq!(net.session(&path).castbench.sdp, sdp);
    }
    // No faster than the bearer, ever.
    let _: Problem = net.rest(0, ("PATCH", &path), &json!({ "max-bitrate": 600_000 }), 400);
    let change = json!({ "session-start": null, "max-bitrate": 450_000, "castbench": { "delivery": { "tsi": 7 } } });
    let _: Session = net.rest(0, ("PATCH", &path), &change, 200);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": 0 }), 200);
    net.at(GW).datagrams.clear();
    net.run_ms(3000);
    assert!(net.session(&path).castbench.sdp.unwrap().contains("a=flute-tsi:7"));
    assert_eq!(received(&net).get(&format!("{push}a")), Some(&b"content".to_vec()));
    net.audit();
}

#[test]
fn files_that_were_fetched_go_when_files_are_to_be_pushed() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.web.files.insert("/a.txt".to_owned(), b"fetched".to_vec());
    let list = json!({ "ingest-mode": "Pull", "file-list": [{ "file-url": format!("{URL}/a.txt") }] });
    let (path, _) = net.new_session(0, &service, &files(&list));
    net.run_ms(2000);
    assert_eq!(net.figure("xmb_files"), 1);
    let session: Session = net.rest(0, ("PATCH", &path), &json!({ "file-session": { "ingest-mode": "Push" } }), 200);
    let push = session.file_session.unwrap().push_url.unwrap();
    assert_eq!(net.figure("xmb_files"), 0);
    assert_eq!(put(&mut net, &format!("{push}b"), b"pushed"), 201);
    // What is pushed stays, whatever else changes.
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "geographical-areas": [1, 3] }), 200);
    net.restart();
    net.at(GW).datagrams.clear();
    net.run_ms(4000);
    assert_eq!(received(&net).into_keys().collect::<Vec<_>>(), [format!("{push}b")]);
    net.audit();
}

#[test]
fn files_are_not_fetched_when_it_is_too_late() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.web.files.insert("/a.txt".to_owned(), b"fetched".to_vec());
    let past = net.utc_ms() / 1000 - 5;
    let file = json!({ "file-url": format!("{URL}/a.txt"), "latest-fetch-time": past });
    let list = json!({ "ingest-mode": "Pull", "file-list": [file] });
    let (path, _) = net.new_session(0, &service, &files(&list));
    net.run_ms(3000);
    assert_eq!((net.web.fetched.len(), net.figure("xmb_files")), (0, 0));
    assert_eq!(net.session(&path).file_session.unwrap().file_list[0].file_status, Some(FileState::Failed));
    assert!(net.told().iter().any(|(event, _)| *event == "file-failed"));
    net.audit();
}

#[test]
fn a_file_that_is_fetched_may_be_as_long_as_one_that_is_pushed() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.web.files.insert("/a.txt".to_owned(), vec![7; 3 << 20]);
    let list = json!({ "ingest-mode": "Pull", "file-list": [{ "file-url": format!("{URL}/a.txt") }] });
    let mut body = files(&list);
    body["session-start"] = json!(null);
    let (path, _) = net.new_session(0, &service, &body);
    net.run_ms(3000);
    let shown = net.session(&path).file_session.unwrap().file_list;
    assert_eq!((shown[0].file_status, shown[0].file_size), (Some(FileState::Accepted), Some(3 << 20)));
}
