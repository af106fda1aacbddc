use super::*;

const OFFER: &str = "v=0\r\no=- 2890844526 2890842807 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nb=AS:64\r\nt=0 0\r\n\
    a=x-own:kept\r\nm=audio 49170 RTP/AVP 97 98\r\nb=AS:41\r\na=rtpmap:97 AMR-WB/16000/1\r\na=rtpmap:98 telephone-event/8000\r\n\
    a=sendrecv\r\nm=application 3400 udp MCPTT\r\nc=IN IP6 2001:db8::1\r\na=fmtp:MCPTT mc_queueing;mc_priority=5\r\n\
    m=message 9 TCP/MSRP *\r\na=path:msrp://10.45.0.1:9/x;tcp\r\ny=odd\r\n";

fn sdp(text: &str) -> Sdp {
    Sdp::parse(text.as_bytes()).unwrap()
}

#[test]
fn lines_come_out_as_they_came() {
    let offer = sdp(OFFER);
    assert_eq!(offer.to_string(), OFFER);
    assert_eq!(sdp(&OFFER.replace("\r\n", "\n")).to_string(), OFFER);
    let audio = &offer.media[0];
    assert_eq!((audio.kind.as_str(), audio.port, audio.formats.len()), ("audio", 49170, 2));
    assert_eq!(audio.rtp_maps()[0], RtpMap { payload_type: 97, encoding: "AMR-WB/16000/1".into() });
    assert_eq!(offer.connection_of(0).unwrap().address, "10.45.0.1");
    assert!(offer.connection_of(1).unwrap().ipv6);
    assert_eq!(offer.media[1].attribute("fmtp"), Some("MCPTT mc_queueing;mc_priority=5"));
    assert_eq!(offer.attributes().next().unwrap().value, Some("kept"));
    let ports = sdp("v=0\no=- 1 1 IN IP4 a\ns=-\nt=0 0\nm=video 49170/2 RTP/AVP 31\n");
    assert_eq!((ports.media[0].port, ports.media[0].ports), (49170, Some(2)));
}

#[test]
fn what_is_no_description() {
    for (bad, line) in [
        ("", 0),
        ("v=1\r\n", 1),
        ("o=- 1 1 IN IP4 a\r\nv=0\r\n", 1),
        ("v=0\r\ns=-\r\n", 0),
        ("v=0\r\no=- 1 1 IN IP4 a\r\n", 0),
        ("v=0\r\no=- 1 1 IN IP4\r\ns=-\r\n", 2),
        ("v=0\r\no=- 1 99999999999999999999 IN IP4 a\r\ns=-\r\n", 2),
        ("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nm=audio RTP/AVP 0\r\n", 4),
        ("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nm=audio 65536 RTP/AVP 0\r\n", 4),
        ("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nm=audio 5 RTP/AVP\r\n", 4),
        ("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nnonsense\r\n", 4),
        ("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nc=IN IP9 a\r\n", 4),
        ("v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nm=audio 5 RTP/AVP 0\r\ns=-\r\n", 5),
    ] {
        assert_eq!(Sdp::parse(bad.as_bytes()).unwrap_err().line, line, "{bad}");
    }
}

#[test]
fn hold_and_resume() {
    let mut held = sdp(OFFER);
    assert!(!held.is_hold());
    for at in 0..held.media.len() {
        let direction = held.direction_of(at).on_hold();
        held.media[at].set_direction(direction);
    }
    assert!(held.is_hold());
    assert_eq!(held.direction_of(0), Direction::SendOnly);
    assert!(held.to_string().contains("telephone-event/8000\r\na=sendonly\r\nm=application"));
    assert!(check_new_offer(&sdp(OFFER), &held).is_err(), "the version is the old one");
    held.bump_version();
    check_new_offer(&sdp(OFFER), &held).unwrap();
    held.set_direction(Direction::SendRecv);
    assert!(!held.is_hold());
    let old_way = OFFER.replacen("c=IN IP4 10.45.0.1", "c=IN IP4 0.0.0.0", 1);
    assert!(sdp(&old_way[..old_way.find("m=application").unwrap()]).is_hold());
}

#[test]
fn directions_answer_each_other() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (offer, own, answer) in [
        (SendRecv, SendRecv, SendRecv),
        (SendOnly, SendRecv, RecvOnly),
        (RecvOnly, SendRecv, SendOnly),
        (Inactive, SendRecv, Inactive),
        (SendRecv, SendOnly, SendOnly),
        (SendOnly, SendOnly, Inactive),
    ] {
        assert_eq!(offer.answer(own), answer, "{offer} {own}");
    }
}

#[test]
fn an_answer_keeps_to_its_offer() {
    let offer = sdp(OFFER);
    let mut good = sdp(OFFER);
    good.media[0].formats.truncate(1);
    good.media[1] = good.media[1].refused();
    check_answer(&offer, &good).unwrap();
    assert!(good.to_string().contains("m=application 0 udp MCPTT\r\nm=message"));
    type Change = fn(&mut Sdp);
    let changes: [Change; 6] = [
        |answer| drop(answer.media.pop()),
        |answer| answer.media.swap(0, 1),
        |answer| answer.media[0].protocol = "RTP/SAVP".into(),
        |answer| answer.media[0].formats = vec!["0".into()],
        |answer| set(&mut answer.lines, 't', "1 2"),
        |answer| answer.lines.retain(|line| line.kind != 'c'),
    ];
    for change in changes {
        let mut answer = sdp(OFFER);
        change(&mut answer);
        assert!(check_answer(&offer, &answer).is_err(), "{answer}");
    }
    let mut held = sdp(OFFER);
    held.set_direction(Direction::SendOnly);
    assert!(check_answer(&held, &offer).is_err());
    let mut answer = sdp(OFFER);
    answer.set_direction(Direction::RecvOnly);
    check_answer(&held, &answer).unwrap();
}

#[test]
fn a_new_offer_goes_on_with_its_session() {
    let before = sdp(OFFER);
    check_new_offer(&before, &before).unwrap();
    let mut fewer = sdp(OFFER);
    fewer.media.pop();
    fewer.bump_version();
    assert!(check_new_offer(&before, &fewer).is_err());
    let mut unchanged = sdp(OFFER);
    unchanged.bump_version();
    // Only the version differs, which is a change of its own.
    check_new_offer(&before, &unchanged).unwrap();
    unchanged.bump_version();
    assert!(check_new_offer(&before, &unchanged).is_err());
    assert!(check_new_offer(&before, &sdp(&OFFER.replace("2890844526", "1"))).is_err());
}

#[test]
fn a_description_of_ones_own() {
    let origin = Origin { username: "-".into(), session_id: 1, version: 1, ipv6: false, address: "10.45.0.2".into() };
    let mut own = Sdp::new(&origin);
    let mut audio = Media::new("audio", 4000, "RTP/AVP", &["96"]);
    audio.add_attribute("rtpmap", Some("96 AMR/8000\r\nm=evil 1 x y"));
    audio.set_connection(&own.connection().unwrap());
    own.media.push(audio);
    let back = sdp(&own.to_string());
    assert_eq!((back.media.len(), &back), (1, &own));
}
