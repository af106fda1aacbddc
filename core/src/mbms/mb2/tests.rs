//! A store that does not work, or not yet.

use protocol::diameter::DiameterConfig;
use protocol::diameter::mbms::QosInformation;
use protocol::sip::sdp::Sdp;

use super::*;
use crate::store::StoreError;

fn client() -> Mb2Client {
    let own = std::net::IpAddr::from([10, 46, 0, 21]);
    let diameter = DiameterConfig::new("as.test", "test", own, Vec::new());
    Mb2Client::new(Mb2Config::new(diameter, "bmsc.test", own), Entropy::from_seed([1; 32]))
}

fn demand() -> Demand {
    let sdp = b"v=0\r\no=u 1 1 IN IP4 10.46.0.21\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    let media = Sdp::parse(sdp).unwrap().media.remove(0);
    let qos = QosInformation { qci: Some(1), mbr: None, gbr: None, arp: None, other: Vec::new() };
    Demand { group: "group1".to_owned(), areas: [1].into(), qos, media }
}

#[test]
fn what_nobody_was_asked_for_leaves_nothing_behind() {
    let (mut mb2, now) = (client(), Instant::ZERO);
    let ids: Vec<u64> = (0..100).map(|_| mb2.start(now, demand())).collect();
    let (ended, wanted) = ids.split_at(50);
    ended.iter().for_each(|id| mb2.stop(now, *id));
    assert_eq!(mb2.len(), 50);
    let token = std::iter::from_fn(|| mb2.poll_output()).find_map(|output| match output {
        NodeOutput::Store(request) => Some(request.token),
        _ => None,
    });
    let result = Err(StoreError::Sqlite("disk full".to_owned()));
    mb2.stored(now, NodeStoreAnswer { token: token.unwrap(), result });
    assert_eq!((mb2.len(), mb2.poll_timeout()), (0, None));
    let lost: Vec<_> = std::iter::from_fn(|| mb2.poll_event()).collect();
    assert_eq!(lost, wanted.iter().map(|id| BearerEvent::Lost(*id)).collect::<Vec<_>>());
    let id = mb2.start(now, demand());
    assert_eq!((mb2.len(), mb2.poll_event()), (0, Some(BearerEvent::Lost(id))));
}
