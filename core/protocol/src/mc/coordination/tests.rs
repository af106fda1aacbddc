use proptest::prelude::*;

use super::*;
use crate::Plmn;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.46.0.51\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 97\r\n";

fn tmgi(n: u8) -> Tmgi {
    Tmgi { service_id: [0xab, 0xcd, n], plmn: Plmn::new("001", "01").unwrap() }
}

fn bearer() -> SharedBearer {
    SharedBearer {
        tmgi: tmgi(1),
        areas: vec![1, 0xff02],
        frequency: Some(3350),
        qci: 65,
        has_bandwidth: true,
        available_bps: 64_000,
        announced_by: AnnouncedBy::ControllingServer,
        sdp: SDP.into(),
    }
}

fn subchannel() -> MbmsSubchannel {
    MbmsSubchannel { audio_m_line: 2, floor: Some((3, 5004)), media: "239.1.0.7:5002".parse().unwrap() }
}

fn every_message() -> Vec<Coordination> {
    let (id, group, call) = (|| "r-1".to_owned(), || "sip:fire@mcptt.example".to_owned(), || "c-9".to_owned());
    let user = LocatedUser { mcptt_id: "sip:a@mcptt.example".into(), uri: "sip:a@ims.example".into(), areas: vec![1] };
    let gone = LocatedUser { areas: Vec::new(), ..user.clone() };
    let response = |outcome| Coordination::MediaDistributionResponse { id: id(), outcome, lease_ms: 30_000 };
    let address = |port: u16| SocketAddr::from(([10, 46, 0, 52], port));
    vec![
        Coordination::DiscoverBearerRequest {
            id: id(),
            areas: vec![1, 2],
            gbr_bps: 32_000,
            qci: 65,
            users: vec![user, gone],
        },
        Coordination::DiscoverBearerResponse { id: id(), bearers: vec![bearer()] },
        Coordination::MediaDistributionRequest {
            id: id(),
            group: group(),
            call: call(),
            tmgi: tmgi(1),
            gbr_bps: 32_000,
            sdp: SDP.into(),
        },
        response(DistributionOutcome::Distribute {
            media: address(6000),
            floor: address(6001),
            general_purpose: address(6002),
            subchannel: subchannel(),
        }),
        response(DistributionOutcome::AlreadyTransmitted {
            server: "sip:mc1.example".into(),
            subchannel: subchannel(),
        }),
        response(DistributionOutcome::InsufficientBandwidth),
        response(DistributionOutcome::Refused { reason: "the bearer is not mine <yet>".into() }),
        Coordination::MediaDistributionReleaseRequest { id: id(), group: group(), call: call() },
        Coordination::MediaDistributionReleaseResponse { id: id(), released: true, reason: None },
        Coordination::MediaDistributionReleaseResponse {
            id: id(),
            released: false,
            reason: Some("call goes on".into()),
        },
        Coordination::BearerChange { bearers: vec![bearer()], gone: vec![tmgi(2), tmgi(3)] },
    ]
}

#[test]
fn every_message_survives() {
    for message in every_message() {
        let document = message.to_document();
        assert_eq!(Coordination::parse(&document).as_ref(), Ok(&message), "{document}");
    }
}

#[test]
fn what_another_program_writes_is_read() {
    let document = "<c:mbms-coordination xmlns:c='urn:castbench:params:xml:ns:mbms-coordination' xmlns:x='urn:x'>
      <x:hello/>
      <c:media-distribution-request priority='1'>
        <c:sdp>v=0\no=- 1 1 IN IP4 10.46.0.51\ns=-\nt=0 0\nm=audio 9 RTP/AVP 97\n</c:sdp>
        <c:gbr>32000</c:gbr> <c:TMGI>abcd0100f110</c:TMGI> <c:later>1</c:later>
        <c:call>c-9</c:call> <c:group>sip:fire@mcptt.example</c:group> <c:id>r-1</c:id>
      </c:media-distribution-request></c:mbms-coordination>";
    assert_eq!(Coordination::parse(document).as_ref(), Ok(&every_message()[2]));
}

#[test]
fn what_is_wrong_is_named() {
    let all = every_message();
    let wrong = |at: usize, from: &str, to: &str| {
        let document = all[at].to_document();
        assert!(document.contains(from), "{document}");
        Coordination::parse(&document.replace(from, to)).unwrap_err().to_string()
    };
    assert!(wrong(0, "discover-bearer-request", "uncover").contains("message of mbms-coordination"));
    assert!(wrong(0, "<gbr>32000</gbr>", "").contains("gbr"));
    assert!(wrong(0, ">0002<", ">2<").contains("service-area"));
    assert!(wrong(1, "controlling-server", "nobody").contains("announced-by"));
    assert!(wrong(3, "10.46.0.52:6000", "mc2.example:6000").contains("media"));
    assert!(wrong(3, "<floor-port>5004</floor-port>", "").contains("floor-port"));
    assert!(wrong(3, "<audio-m-line>2", "<audio-m-line>16").contains("audio-m-line"));
    assert!(wrong(5, "<insufficient-bandwidth/>", "").contains("outcome"));
    assert!(wrong(7, "<id>r-1</id>", "<id/>").contains("id"));
    let user = LocatedUser { mcptt_id: "a".into(), uri: "b".into(), areas: Vec::new() };
    let users = vec![user; MAX_USERS + 1];
    let many = Coordination::DiscoverBearerRequest { id: "1".into(), areas: vec![], gbr_bps: 1, qci: 1, users };
    let problem = Coordination::parse(&many.to_document()).unwrap_err();
    assert_eq!(problem, DocumentProblem::TooMany { what: "user", limit: MAX_USERS });
    assert!(Coordination::parse("<mbms-coordination/>").is_err(), "another namespace");
}

fn bearers() -> impl Strategy<Value = Vec<SharedBearer>> {
    let rest = (any::<Option<u32>>(), any::<u32>(), any::<bool>(), any::<u32>(), any::<bool>());
    let one = (any::<u8>(), prop::collection::vec(any::<u16>(), 0..4), rest);
    let one = one.prop_map(|(n, areas, (frequency, qci, has_bandwidth, available_bps, is_own))| SharedBearer {
        tmgi: tmgi(n),
        areas,
        frequency,
        qci,
        has_bandwidth,
        available_bps,
        announced_by: if is_own { AnnouncedBy::Own } else { AnnouncedBy::ControllingServer },
        sdp: SDP.into(),
    });
    prop::collection::vec(one, 0..4)
}

fn messages() -> impl Strategy<Value = Coordination> {
    let word = || "[a-zA-Z0-9:@.<>&\"']{1,20}";
    let areas = || prop::collection::vec(any::<u16>(), 0..4);
    let user = (word(), word(), areas()).prop_map(|(mcptt_id, uri, areas)| LocatedUser { mcptt_id, uri, areas });
    let subchannel = (1u8..16, prop::option::of((1u8..16, any::<u16>())), any::<SocketAddr>());
    let subchannel = subchannel.prop_map(|(audio_m_line, floor, media)| {
        let media = SocketAddr::new(media.ip(), media.port());
        MbmsSubchannel { audio_m_line, floor, media }
    });
    let addresses = (any::<[u8; 4]>(), any::<u16>(), any::<u16>(), any::<u16>());
    let outcome =
        (0..4, word(), subchannel, addresses).prop_map(|(kind, word, subchannel, (ip, a, b, c))| match kind {
            0 => DistributionOutcome::Distribute {
                media: (ip, a).into(),
                floor: (ip, b).into(),
                general_purpose: (ip, c).into(),
                subchannel,
            },
            1 => DistributionOutcome::AlreadyTransmitted { server: word, subchannel },
            2 => DistributionOutcome::InsufficientBandwidth,
            _ => DistributionOutcome::Refused { reason: word },
        });
    prop_oneof![
        (word(), areas(), any::<u32>(), any::<u32>(), prop::collection::vec(user, 0..4)).prop_map(
            |(id, areas, gbr_bps, qci, users)| Coordination::DiscoverBearerRequest { id, areas, gbr_bps, qci, users }
        ),
        (word(), bearers()).prop_map(|(id, bearers)| Coordination::DiscoverBearerResponse { id, bearers }),
        (word(), outcome, any::<u32>())
            .prop_map(|(id, outcome, lease_ms)| { Coordination::MediaDistributionResponse { id, outcome, lease_ms } }),
        (word(), word(), word())
            .prop_map(|(id, group, call)| { Coordination::MediaDistributionReleaseRequest { id, group, call } }),
        (word(), any::<bool>(), prop::option::of(word())).prop_map(|(id, released, reason)| {
            Coordination::MediaDistributionReleaseResponse { id, released, reason }
        }),
        (bearers(), prop::collection::vec(any::<u8>().prop_map(tmgi), 0..4))
            .prop_map(|(bearers, gone)| Coordination::BearerChange { bearers, gone }),
    ]
}

proptest! {
    #[test]
    fn documents_survive(message in messages()) {
        prop_assert_eq!(Coordination::parse(&message.to_document()), Ok(message));
    }
}
