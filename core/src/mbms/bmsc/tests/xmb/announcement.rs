//! The user service description (TS 26.346 clauses 5.2 and 11.2) that everybody can read.

use protocol::usd::{Announcement, Bundle, Delivered, DeliveryDescription, Envelope, Schedule};

use super::*;

#[test]
fn everybody_can_read_what_ues_need_to_know() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let shown: Service = net.rest(0, ("GET", &service), &json!(null), 200);
    let url = shown.service_announcement_url.unwrap();
    let path = url.strip_prefix(BASE).unwrap().to_owned();
    let (start, stop) = (net.utc_ms() / 1000 + 60, net.utc_ms() / 1000 + 120);
    let description =
        "v=0\r\no=- 1 1 IN IP4 10.46.0.41\r\ns=-\r\nt=0 0\r\nm=audio 5004 RTP/AVP 96\r\na=rtpmap:96 AMR-WB/16000\r\n";
    let mut body = streaming(&[1, 2]);
    (body["session-start"], body["session-stop"]) = (json!(start), json!(stop));
    body["streaming-session"] = json!({ "session-description": description });
    let (_, radio) = net.new_session(0, &service, &body);
    let body = json!({ "session-type": "Files", "max-bitrate": 500_000, "castbench": { "delivery": { "fec": { "raptor": 20 }, "tsi": 9 } } });
    let (files_path, files) = net.new_session(0, &service, &body);
    // Another content provider, who is none, may read it, too.
    net.config.xmb.as_mut().unwrap().providers.pop();
    net.restart();
    net.run_ms(1000);
    let request = Request::get(&path).body(Vec::new()).unwrap();
    let response = net.try_http(1, request).unwrap();
    let media = response.headers()["content-type"].to_str().unwrap().to_owned();
    let announcement = Announcement::parse(&media, response.body()).unwrap();
    let envelope = Envelope::parse(&announcement.fragments[0].body).unwrap();
    assert_eq!((announcement.fragments.len(), envelope.items.len()), (5, 4));
    let bundle = Bundle::parse(&announcement.find(&format!("{url}/usd.xml")).unwrap().body).unwrap();
    let own = &bundle.services[0];
    assert_eq!((own.names[0].text.as_str(), own.methods.len(), own.areas.as_slice()), ("News", 2, &[1, 2][..]));
    let schedule = Schedule::parse(&announcement.find(own.schedule_uri.as_ref().unwrap()).unwrap().body).unwrap();
    assert_eq!((schedule.sessions[0].start_ms, schedule.sessions[0].stop_ms), (start * 1000, stop * 1000));
    for (session, method) in [&radio, &files].into_iter().zip(&own.methods) {
        let sdp = &announcement.find(&method.session_description_uri).unwrap().body;
        assert_eq!(session.castbench.sdp.as_ref().map(String::as_bytes), Some(sdp.as_slice()));
        assert!(String::from_utf8_lossy(sdp).contains("\r\ns=News\r\n"), "the name, not its language");
        let read = DeliveryDescription::parse(sdp).unwrap();
        assert_eq!((Some(read.mode.tmgi()), read.source), (session.castbench.tmgi, Some(ip(31))));
        assert_eq!(Some(read.destination.port()), session.castbench.multicast_port);
        match read.delivered {
            Delivered::Files { tsi, fec } => assert_eq!((tsi, fec), (9, 1)),
            Delivered::Media(media) => {
                assert_eq!((read.start_ms, media.attribute("rtpmap")), (Some(start * 1000), Some("96 AMR-WB/16000")));
            }
        }
        let one = net.http("GET", method.session_description_uri.strip_prefix(BASE).unwrap(), "");
        assert_eq!((one.body(), one.headers()["content-type"].as_bytes()), (sdp, &b"application/sdp"[..]));
    }
    // What changes is another version; what is gone is not in it.
    let _: Session = net.rest(0, ("PATCH", &files_path), &json!({ "max-bitrate": 600_000 }), 200);
    let response = net.http("GET", &format!("{path}/envelope.xml"), "");
    let changed = Envelope::parse(response.body()).unwrap();
    let versions: Vec<_> = envelope.items.iter().zip(&changed.items).map(|(a, b)| b.version - a.version).collect();
    assert_eq!(versions, [1, 0, 1, 1]);
    assert_eq!(net.http("DELETE", &files_path, "").status(), 204);
    assert_eq!(net.http("GET", &format!("{path}/{}.sdp", files.id), "").status(), 404);
    assert_eq!(net.http("PUT", &path, "").status(), 405);
    assert_eq!(net.http("GET", "/announcement/9", "").status(), 404);
}

#[test]
fn a_name_with_a_colon_is_not_taken_for_a_language() {
    let mut net = Net::with(xmb_config());
    let names = json!(["10:30 News", "News: today", "zh-Hant-TW:Xinwen", "d-e:Text", "deu:Nachrichten"]);
    let service: Service = net.rest(0, ("POST", "/xmb/v1.0/services"), &json!({ "service-names": names }), 201);
    let (path, _) = net.new_session(0, &format!("/xmb/v1.0/services/{}", service.id), &streaming(&[1]));
    let document = net.session(&path).castbench.user_service_description.unwrap();
    let bundle = Bundle::parse(document.as_bytes()).unwrap();
    let read: Vec<_> = bundle.services[0].names.iter().map(|n| (n.language.as_deref(), n.text.as_str())).collect();
    let plain = |text| (None, text);
    assert_eq!(read[..2], [plain("10:30 News"), plain("News: today")]);
    assert_eq!(read[2..], [(Some("zh-Hant-TW"), "Xinwen"), plain("d-e:Text"), (Some("deu"), "Nachrichten")]);
}
