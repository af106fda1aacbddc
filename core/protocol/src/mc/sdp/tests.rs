use proptest::prelude::*;

use super::*;

/// In the shape of an offer of a client.
const OFFER: &str = "v=0\r\no=- 1983 678901 IN IP4 10.45.0.7\r\ns=-\r\nc=IN IP4 10.45.0.7\r\nt=0 0\r\n\
    m=audio 37514 RTP/AVP 97\r\na=rtpmap:97 AMR-WB/16000\r\n\
    m=application 44396 udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=7; mc_granted;mc_implicit_request;mc_x=1\r\n";

#[test]
fn an_offer_of_a_client() {
    let sdp = Sdp::parse(OFFER.as_bytes()).unwrap();
    assert_eq!(audio(&sdp), Some((0, "10.45.0.7:37514".parse().unwrap())));
    let (at, floor) = FloorMedia::find(&sdp).unwrap();
    let parameters = FloorParameters {
        queueing: true,
        priority: Some(7),
        granted: true,
        implicit_request: true,
        ssrc: None,
        others: vec!["mc_x=1".into()],
    };
    assert_eq!((at, &floor), (1, &FloorMedia { address: "10.45.0.7:44396".parse().unwrap(), parameters }));
    let media = floor.parameters.to_media(44396).to_string();
    assert_eq!(
        media,
        "m=application 44396 udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=7;mc_granted;mc_implicit_request;mc_x=1\r\n"
    );
    let mut refused = sdp.clone();
    refused.media[1] = refused.media[1].refused();
    assert_eq!(FloorMedia::find(&refused), None);
    assert_eq!(FloorParameters::default().to_media(5).to_string(), "m=application 5 udp MCPTT\r\n");
}

#[test]
fn what_goes_with_an_announcement() {
    let offer = Sdp::parse(OFFER.as_bytes()).unwrap();
    let announced =
        AnnouncedMedia { general_purpose: "239.1.0.7:5000".parse().unwrap(), audio: offer.media[0].clone() };
    let sdp = announced.to_sdp(&offer.origin().unwrap());
    assert!(sdp.to_string().ends_with(
        "t=0 0\r\nm=application 5000 udp MCPTT\r\nc=IN IP4 239.1.0.7/64\r\na=recvonly\r\n\
         m=audio 9 RTP/AVP 97\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:97 AMR-WB/16000\r\na=recvonly\r\n\
         m=application 9 udp MCPTT\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n"
    ));
    let read = Sdp::parse(&sdp.to_bytes()).unwrap();
    let gpms = Some(AnnouncedMedia::GENERAL_PURPOSE_LINE);
    let again = AnnouncedMedia::of(&read, gpms).unwrap();
    assert_eq!(again.general_purpose, announced.general_purpose);
    assert_eq!(again.audio.rtp_maps(), announced.audio.rtp_maps());
    assert_eq!(AnnouncedMedia::of(&read, None), Some(again));
    for line in [0, 2, 3, 4] {
        assert_eq!(AnnouncedMedia::of(&read, Some(line)), None, "line {line}");
    }
    let kind = |line| m_line(&read, line).map(|media| media.kind.as_str());
    assert_eq!(kind(AnnouncedMedia::AUDIO_LINE), Some("audio"));
    assert_eq!(kind(AnnouncedMedia::FLOOR_LINE), Some("application"));
    assert_eq!((kind(0), kind(4)), (None, None));
}

#[test]
fn addresses_of_ip_version_6() {
    let offer = Sdp::parse(OFFER.as_bytes()).unwrap();
    let announced =
        AnnouncedMedia { general_purpose: "[ff0e::7]:5000".parse().unwrap(), audio: offer.media[0].clone() };
    let sdp = announced.to_sdp(&offer.origin().unwrap());
    assert_eq!(AnnouncedMedia::of(&sdp, Some(1)).map(|media| media.general_purpose), Some(announced.general_purpose));
}

proptest! {
    #[test]
    fn parameters_survive(
        flags in any::<[bool; 3]>(), priority in any::<Option<u8>>(), ssrc in any::<Option<u32>>(),
        others in prop::collection::vec("x_[a-z]{1,8}(=[a-z0-9]{1,5})?", 0..3),
    ) {
        let [queueing, granted, implicit_request] = flags;
        let parameters = FloorParameters { queueing, priority, granted, implicit_request, ssrc, others };
        prop_assert_eq!(FloorParameters::parse(&parameters.to_string()), parameters);
    }
}
