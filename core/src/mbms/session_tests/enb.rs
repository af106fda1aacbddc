//! An eNB whose MCE the test plays: each refusal on M2.

use protocol::m2ap::{
    Cause, CauseMisc, CauseRadioNetwork, CauseTransport, Connection, EnbMbmsM2apId, M2SetupResponse, M2apPdu, MceId,
    MceMbmsM2apId, Reset, ResetType, SessionStartRequest, SessionStopRequest, SessionUpdateRequest,
};
use protocol::mbms_ap::TnlInformation;

use super::*;
use crate::node::{Membership, StreamId, StreamInput, StreamOutput};

const M2: StreamId = StreamId(1);

struct Rig {
    enb: EnbNode,
    groups: BTreeSet<IpAddr>,
}

impl Rig {
    fn new(max_sessions: usize) -> Self {
        let enb = EnbNode::new(EnbNodeConfig { max_sessions, ..enb_config(1) });
        let mut rig = Self { enb, groups: BTreeSet::new() };
        rig.enb.handle_timeout(ms(0));
        let remote = SocketAddr::new(ip(33), 36_443);
        let connected = StreamInput::Connected { conn: M2, token: Some(1), local: remote, remote };
        rig.enb.handle_input(ms(1), NodeInput::Stream(connected));
        let response = M2SetupResponse {
            mce: protocol::m2ap::GlobalMceId { plmn: plmn(), mce: MceId(1) },
            name: None,
            bcch: vec![area(1, &[1]).bcch],
            diagnostics: None,
        };
        rig.ask(&M2apPdu::M2SetupResponse(response));
        rig
    }

    /// What the eNB answers.
    fn ask(&mut self, pdu: &M2apPdu) -> Vec<M2apPdu> {
        let bytes = pdu.emit().unwrap();
        self.enb.handle_input(ms(2), NodeInput::Stream(StreamInput::Received { conn: M2, bytes: &bytes }));
        let mut answers = Vec::new();
        while let Some(output) = self.enb.poll_output() {
            match output {
                NodeOutput::Stream(StreamOutput::Send { bytes, .. }) => answers.push(M2apPdu::parse(&bytes).unwrap()),
                NodeOutput::Membership(Membership { group, is_member: true, .. }) => {
                    assert!(self.groups.insert(group));
                }
                NodeOutput::Membership(Membership { group, .. }) => assert!(self.groups.remove(&group)),
                _ => {}
            }
        }
        answers
    }

    fn start(&mut self, id: u32, n: u8, areas: &[u16]) -> Result<EnbMbmsM2apId, Cause> {
        let request = SessionStartRequest {
            mce_id: MceMbmsM2apId(id),
            tmgi: tmgi(n),
            session: None,
            area: MbmsServiceArea::new(areas.to_vec()).unwrap(),
            tnl: TnlInformation { group: IpAddr::from([232, 0, 0, n]), source: ip(32), teid: n.into() },
            alternative_tnl: None,
        };
        match &self.ask(&M2apPdu::SessionStartRequest(request))[..] {
            [M2apPdu::SessionStartResponse(m)] => Ok(m.enb_id),
            [M2apPdu::SessionStartFailure(m)] => Err(m.cause),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_cause_of_a_session_start_failure() {
    use CauseRadioNetwork as R;
    let mut rig = Rig::new(2);
    rig.start(1, 1, &[1, 7]).unwrap();
    for (id, n, areas, cause) in [
        (1, 2, 1, R::UnknownOrAlreadyAllocatedMceMbmsM2apId.into()),
        (2, 1, 1, R::InteractionWithOtherProcedure.into()),
        (2, 2, 2, R::RadioResourcesNotAvailable.into()),
    ] {
        assert_eq!(rig.start(id, n, &[areas]), Err(cause));
    }
    rig.start(2, 2, &[0]).unwrap();
    assert_eq!(rig.start(3, 3, &[1]), Err(CauseTransport::TransportResourceUnavailable.into()));
    assert_eq!(rig.groups.len(), 2);
}

#[test]
fn updates_stops_and_resets_of_what_is_there_and_what_is_not() {
    let mut rig = Rig::new(9);
    let enb_id = rig.start(1, 1, &[1]).unwrap();
    let update = |mce_id, enb_id, areas: &[u16]| {
        M2apPdu::SessionUpdateRequest(SessionUpdateRequest {
            mce_id: MceMbmsM2apId(mce_id),
            enb_id,
            tmgi: tmgi(1),
            session: None,
            area: MbmsServiceArea::new(areas.to_vec()),
            tnl: None,
        })
    };
    let unknown = CauseRadioNetwork::UnknownOrInconsistentPairOfMbmsM2apIds.into();
    let [M2apPdu::SessionUpdateFailure(failure)] = &rig.ask(&update(2, enb_id, &[1]))[..] else { panic!() };
    assert_eq!(failure.cause, unknown);
    // Out of the service area the group is left, in it again joined.
    assert!(matches!(rig.ask(&update(1, enb_id, &[2]))[..], [M2apPdu::SessionUpdateResponse(_)]));
    assert!(rig.groups.is_empty());
    assert!(matches!(rig.ask(&update(1, enb_id, &[1]))[..], [M2apPdu::SessionUpdateResponse(_)]));
    assert_eq!(rig.groups.len(), 1);

    let stop = |id| M2apPdu::SessionStopRequest(SessionStopRequest { mce_id: MceMbmsM2apId(id), enb_id });
    let [M2apPdu::ErrorIndication(error)] = &rig.ask(&stop(7))[..] else { panic!() };
    assert_eq!(error.cause, Some(unknown));
    let other = rig.start(2, 2, &[1]).unwrap();
    let cause = CauseMisc::HardwareFailure.into();
    let part = vec![Connection { enb: Some(other), mce: None }, Connection { enb: None, mce: Some(MceMbmsM2apId(8)) }];
    let answers = rig.ask(&M2apPdu::Reset(Reset { cause, kind: ResetType::Part(part.clone()) }));
    let [M2apPdu::ResetAcknowledge(acknowledge)] = &answers[..] else { panic!() };
    assert_eq!((acknowledge.connections.as_ref(), rig.groups.len()), (Some(&part), 1));
    assert!(matches!(rig.ask(&stop(1))[..], [M2apPdu::SessionStopResponse(_)]));
    rig.start(3, 3, &[1]).unwrap();
    rig.ask(&M2apPdu::Reset(Reset { cause, kind: ResetType::All }));
    assert!(rig.groups.is_empty());
}

#[test]
fn datagrams_of_nobody_are_counted_and_early_ones_are_held() {
    let mut rig = Rig::new(9);
    rig.start(1, 1, &[1]).unwrap();
    let packet = protocol::GtpuRepr::g_pdu(1).emit(b"no SYNC").unwrap();
    let (local, remote) = (SocketAddr::from(([232, 0, 0, 1], 2152)), SocketAddr::new(ip(32), 2152));
    for (local, remote) in [
        (local, SocketAddr::new(ip(31), 2152)),
        (SocketAddr::from(([232, 0, 0, 2], 2152)), remote),
        (SocketAddr::from(([232, 0, 0, 1], 2153)), remote),
    ] {
        rig.enb.handle_input(ms(3), NodeInput::Datagram { local, remote, bytes: &packet });
    }
    for _ in 0..70 {
        rig.enb.handle_input(ms(3), NodeInput::Datagram { local, remote, bytes: &packet });
    }
    let figures = rig.enb.figures();
    let figure = |name| figures.iter().find(|(own, _)| *own == name).unwrap().1;
    assert_eq!((figure("m1_of_others"), figure("m1_discarded"), figure("m1_datagrams")), (3, 6, 0));
}
