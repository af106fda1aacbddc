//! Sessions with a medium over an MBMS bearer: what a UE says of itself, takes, and answers.

use protocol::sip::sdp::{Direction, MbmsMedia, MbmsMode, Sdp};
use protocol::sip::{Method, SipMessage};
use protocol::{Plmn, Tmgi};

use super::network::{Network, impu};
use crate::agent::sip::*;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
const CALL: CallId = CallId(1);
const ELSEWHERE: &str = "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100a10000002";

fn mbms() -> MbmsMedia {
    let tmgi = Tmgi { service_id: [0, 1, 2], plmn: Plmn::new("001", "01").unwrap() };
    let destination = "239.1.0.7:5002".parse().unwrap();
    MbmsMedia { destination, source: None, mode: MbmsMode::Broadcast { tmgi, counting: 0 } }
}

/// UE 0 has called UE 1, which can receive MBMS bearers and has answered.
fn established() -> (Network, CallId) {
    let mut network = Network::with(2, |n, config| config.receives_mbms = n == 1);
    network.register_all();
    network.command(
        0,
        AgentCommand::Call { call: CALL, to: impu(1), sdp: SDP.into(), headers: Vec::new(), parts: Vec::new() },
    );
    network.run(1);
    let call = network.told(1).iter().find_map(|event| match event {
        AgentEvent::Incoming { call, .. } => Some(*call),
        _ => None,
    });
    let call = call.unwrap();
    network.command(1, AgentCommand::Answer { call, sdp: SDP.replace("10.45.0.1", "10.45.0.2").into() });
    network.run(1);
    (network, call)
}

/// UE 0 offers a medium over MBMS beside its own, in the place of an application server.
fn offer(network: &mut Network, media: Option<MbmsMedia>) {
    let mut sdp = Sdp::parse(SDP.as_bytes()).unwrap();
    let own = match media {
        Some(media) => media.to_media(&sdp.media[0]),
        None => sdp.media[0].refused(),
    };
    sdp.media.push(own);
    sdp.bump_version();
    network.command(0, AgentCommand::Modify { call: CALL, sdp: sdp.to_bytes() });
    network.run(1);
}

fn last_modified(network: &Network, n: usize) -> Sdp {
    let of = |event: &AgentEvent| match event {
        AgentEvent::Modified { sdp, .. } => Some(Sdp::parse(sdp).unwrap()),
        _ => None,
    };
    network.told(n).iter().filter_map(of).next_back().unwrap()
}

#[test]
fn it_says_what_it_can_receive_and_where_it_is() {
    let mut network = Network::with(2, |n, config| config.receives_mbms = n == 1);
    for n in 0..2 {
        network.command(n, AgentCommand::Register);
    }
    network.run(1);
    let has_tag = |request: &&protocol::sip::Request| request.contact().unwrap().unwrap().has_mbms();
    let registers = network.of_method(&Method::REGISTER);
    assert_eq!((registers.len(), registers.into_iter().filter(has_tag).count()), (4, 2));
    let (mut network, call) = established();
    let answer = network.said.iter().rev().find_map(|bytes| match SipMessage::parse(bytes).unwrap() {
        SipMessage::Response(response) if response.status == 200 => Some(response),
        _ => None,
    });
    let answer = answer.unwrap();
    assert!(answer.contact().unwrap().unwrap().has_mbms());
    assert!(answer.headers.contains("P-Access-Network-Info"));
    network.command(1, AgentCommand::Locate(ELSEWHERE.into()));
    network.command(1, AgentCommand::Modify { call, sdp: SDP.replace("10.45.0.1", "10.45.0.2").into() });
    network.command(1, AgentCommand::Register);
    network.run(1);
    for method in [Method::INVITE, Method::REGISTER] {
        let last = *network.of_method(&method).last().unwrap();
        assert_eq!(last.headers.get("P-Access-Network-Info"), Some(ELSEWHERE), "{method}");
        assert!(last.contact().unwrap().unwrap().has_mbms(), "{method}");
    }
}

#[test]
fn it_listens_to_the_bearer_and_comes_back() {
    let (mut network, call) = established();
    // Nothing to change over to yet.
    network.command(1, AgentCommand::Listen { call, over_mbms: true });
    network.run(1);
    assert!(network.told(1).iter().any(|event| matches!(event, AgentEvent::ModifyRefused { .. })));
    offer(&mut network, Some(mbms()));
    let (at_as, at_ue) = (last_modified(&network, 0), last_modified(&network, 1));
    assert_eq!(MbmsMedia::find(&at_ue), Some((1, mbms())));
    assert_eq!(MbmsMedia::find(&at_as), Some((1, mbms())), "taken as it was offered");
    assert_eq!(at_as.direction_of(0), Direction::SendRecv, "unicast goes on");
    for (over_mbms, direction) in [(true, Direction::SendOnly), (false, Direction::SendRecv)] {
        network.command(1, AgentCommand::Listen { call, over_mbms });
        network.run(1);
        let said = last_modified(&network, 0);
        assert_eq!((said.direction_of(0), MbmsMedia::find(&said)), (direction, Some((1, mbms()))));
    }
    offer(&mut network, None);
    assert_eq!(MbmsMedia::find(&last_modified(&network, 1)), None);
    assert_eq!(last_modified(&network, 0).media[1].port, 0);
}

#[test]
fn a_ue_without_mbms_refuses_the_medium() {
    let mut network = Network::registered(2);
    network.command(
        0,
        AgentCommand::Call { call: CALL, to: impu(1), sdp: SDP.into(), headers: Vec::new(), parts: Vec::new() },
    );
    network.run(1);
    network.command(1, AgentCommand::Answer { call: CallId::FIRST_INCOMING, sdp: SDP.into() });
    network.run(1);
    offer(&mut network, Some(mbms()));
    assert_eq!(last_modified(&network, 0).media[1].port, 0);
}
