//! What goes wrong: every refusal, every loss.

use protocol::diameter::sgmb::code;
use protocol::m2ap;
use protocol::m3ap::{
    Cause, CauseMisc, CauseProtocol, CauseRadioNetwork, Connection, ErrorIndication, M3QosParameters, M3SetupResponse,
    M3apPdu, MbmsSessionStartRequest, MbmsSessionStopRequest, MbmsSessionUpdateRequest, MceMbmsM3apId,
    MinimumTimeToDataTransfer, MmeMbmsM3apId, Reset, ResetAcknowledge, ResetType,
};
use protocol::mbms_ap::{GbrQos, TnlInformation};

use super::*;
use crate::node::{StreamId, StreamInput, StreamOutput};

#[test]
fn the_gateway_refuses_with_the_reason() {
    let mut net = Net::new();
    net.start(&start(1, &[1], 60_000, 5));
    let same_flow = Rar { routing: rar("other", StartStop::Start).routing, ..start(1, &[1], 1000, 5) };
    for (rar, result) in [
        (start(2, &[7], 1000, 5), ResultCode::Experimental(code::SERVICE_AREA)),
        (start(2, &[1], 60_000, 5), ResultCode::Base(5006)),
        (Rar { qos: Some(qos(3, 1000, 5)), ..start(2, &[1], 1000, 5) }, ResultCode::Base(5004)),
        (Rar { qos: Some(qos(300, 1000, 5)), ..start(2, &[1], 1000, 5) }, ResultCode::Base(5004)),
        (
            Rar { qos: Some(QosInformation { gbr: None, ..qos(1, 1000, 5) }), ..start(2, &[1], 1000, 5) },
            ResultCode::Base(5004),
        ),
        (Rar { tmgi: None, ..start(2, &[1], 1000, 5) }, ResultCode::Base(5005)),
        (Rar { qos: None, ..start(2, &[1], 1000, 5) }, ResultCode::Base(5005)),
        (Rar { area: None, ..start(2, &[1], 1000, 5) }, ResultCode::Base(5005)),
        (Rar { indication: None, ..start(2, &[1], 1000, 5) }, ResultCode::Base(5005)),
        (same_flow, ResultCode::Experimental(code::START_INDICATION)),
        (stop(2), ResultCode::Experimental(code::UNKNOWN_MBMS_BEARER_SERVICE)),
        (rar("session2", StartStop::Update), ResultCode::Experimental(code::UNKNOWN_MBMS_BEARER_SERVICE)),
        (rar("heartbeat", StartStop::Heartbeat), ResultCode::SUCCESS),
    ] {
        assert_eq!(net.result(&rar), result, "{rar:?}");
        net.audit();
    }
    assert_eq!(net.gateway.lock().unwrap().sessions().collect::<Vec<_>>(), ["session1"]);
    assert_eq!(net.mce.lock().unwrap().admission().len(), 1);
}

#[test]
fn groups_and_channels_come_back() {
    let mut net = Net::new();
    for n in 1..=60 {
        net.start(&start(n, &[1], 1, 5));
        if n > 20 {
            assert_eq!(net.result(&stop(n - 20)), ResultCode::SUCCESS);
            net.run_ms(6000);
        }
    }
    net.audit();
    assert_eq!(net.gateway.lock().unwrap().sessions().count(), 20);
}

#[test]
fn one_enb_is_enough_and_none_is_too_few() {
    let mut net = Net::new();
    net.enb_sessions = 0;
    net.restart("enb1");
    net.run_ms(3000);
    net.start(&start(1, &[1], 40_000, 5));
    assert!(net.notes.iter().any(|note| note.contains("TransportResourceUnavailable")), "{:?}", net.notes);
    assert_eq!(net.result(&stop(1)), ResultCode::SUCCESS);
    net.restart("enb2");
    net.run_ms(3000);
    assert_eq!(net.result(&start(1, &[1], 40_000, 5)), ResultCode::Base(5006));
    net.run_ms(6000);
    net.audit();
    assert!(net.mce.lock().unwrap().admission().is_empty());
}

#[test]
fn who_does_not_answer_in_time_is_not_waited_for() {
    let mut net = Net::new();
    let is_start = |m: &WireMessage| m.joint == Joint::M2 && m.to == "enb1" && m.bytes.starts_with(&[0, 0]);
    net.loses = Box::new(is_start);
    let begun = net.now;
    net.start(&start(1, &[1], 40_000, 5));
    assert!(net.now - begun >= Duration::from_secs(1));
    net.loses = Box::new(|m| m.joint == Joint::M3);
    assert_eq!(net.result(&start(2, &[1], 10_000, 5)), ResultCode::Base(3004));
    net.loses = Box::new(|_| false);
    net.audit();
    assert_eq!(net.gateway.lock().unwrap().sessions().count(), 1);
}

#[test]
fn without_an_mce_nothing_starts_and_what_runs_is_over_after_a_while() {
    let mut net = Net::new();
    net.start(&start(1, &[1], 40_000, 5));
    net.fabric.set_down(net.now, "mce", true);
    net.run_ms(100);
    assert_eq!(net.result(&start(2, &[1], 10_000, 5)), ResultCode::Base(3004));
    net.run_ms(20_000);
    let desk = net.desk.lock().unwrap();
    let last = desk.asked.last().unwrap();
    assert_eq!(last.command, dictionary::SESSION_TERMINATION);
    assert_eq!(last.text(&dictionary::SESSION_ID), Ok(Some("session1")));
    drop(desk);
    assert_eq!(net.gateway.lock().unwrap().sessions().count(), 0);
    net.audit();
}

#[test]
fn a_lost_association_is_not_heard_on_the_air() {
    let mut net = Net::new();
    let port = net.start(&start(1, &[1], 40_000, 5));
    net.run_ms(4000);
    net.radio(1);
    net.log.clear();
    net.mce.lock().unwrap().lose_gateway(net.now);
    net.poke("mce");
    net.run_ms(2000);
    let m3 = net.messages(Joint::M3);
    assert_eq!(m3[..2], ["mce gateway M3 SETUP REQUEST", "gateway mce M3 SETUP RESPONSE"]);
    assert_eq!(m3[2..], ["gateway mce MBMS SESSION START REQUEST", "mce gateway MBMS SESSION START RESPONSE"]);
    assert_eq!(net.messages(Joint::M2), Vec::<String>::new());
    let due = SyncPlan::new(32).unwrap().sequence_start(net.now) + Duration::from_millis(640);
    net.send(port, due, b"data");
    assert!(matches!(net.radio(1)[..], [EnbRadio::Sdu { .. }]));
    net.run_ms(15_000);
    net.audit();
    assert_eq!(net.mce.lock().unwrap().admission().len(), 1);
}

#[test]
fn an_mce_that_resets_gets_its_sessions_again() {
    let mut net = Net::new();
    net.start(&start(1, &[1], 40_000, 5));
    net.log.clear();
    net.mce.lock().unwrap().reset_m3(net.now);
    net.poke("mce");
    net.run_ms(2000);
    let m3 = net.messages(Joint::M3);
    assert_eq!(m3[..2], ["mce gateway RESET", "gateway mce RESET ACKNOWLEDGE"]);
    assert_eq!(m3[2..], ["gateway mce MBMS SESSION START REQUEST", "mce gateway MBMS SESSION START RESPONSE"]);
    net.audit();
    assert_eq!(net.mce.lock().unwrap().admission().len(), 1);
}

#[test]
fn a_bmsc_that_restarts_says_which_sessions_go_on() {
    let mut net = Net::new();
    let first = start(1, &[1], 10_000, 5);
    let port = net.start(&first);
    net.start(&start(2, &[1], 10_000, 5));
    let restarted = |rar| Rar { restart_counter: Some(2), ..rar };
    assert_eq!(net.result(&restarted(rar("heartbeat", StartStop::Heartbeat))), ResultCode::SUCCESS);
    net.run_ms(10_000);
    let again = Rar { flags: Some(protocol::diameter::sgmb::MbmsFlags::MSRI), ..restarted(first) };
    assert_eq!(net.start(&again), port);
    net.run_ms(30_000);
    assert_eq!(net.gateway.lock().unwrap().sessions().collect::<Vec<_>>(), ["session1"]);
    net.audit();
}

/// An MCE between a gateway and an eNB that the test plays.
struct Rig {
    mce: MceNode,
    sent: Vec<(StreamId, Vec<u8>)>,
}

const M3: StreamId = StreamId(1);
const M2: StreamId = StreamId(2);

impl Rig {
    fn new(config: MceNodeConfig) -> Self {
        let mut rig = Self { mce: MceNode::new(config), sent: Vec::new() };
        rig.mce.handle_timeout(ms(0));
        let token = std::iter::from_fn(|| rig.mce.poll_output()).find_map(|output| match output {
            NodeOutput::Stream(StreamOutput::Connect { token, .. }) => Some(token),
            _ => None,
        });
        let remote = SocketAddr::new(ip(32), 36_444);
        rig.stream(StreamInput::Connected { conn: M3, token, local: remote, remote });
        rig.m3(&M3apPdu::M3SetupResponse(M3SetupResponse { diagnostics: None }));
        rig.stream(StreamInput::Connected { conn: M2, token: None, local: remote, remote });
        let EnbNodeConfig { id, cells, .. } = enb_config(2);
        let setup = m2ap::M2SetupRequest { enb: id, name: None, cells };
        rig.m2(&m2ap::M2apPdu::M2SetupRequest(setup));
        rig.sent.clear();
        rig
    }

    fn stream(&mut self, input: StreamInput<'_>) {
        self.mce.handle_input(ms(1), NodeInput::Stream(input));
        while let Some(output) = self.mce.poll_output() {
            if let NodeOutput::Stream(StreamOutput::Send { conn, bytes }) = output {
                self.sent.push((conn, bytes));
            }
        }
    }

    /// The eNB accepts what it is asked; what the gateway hears.
    fn m3(&mut self, pdu: &M3apPdu) -> Vec<M3apPdu> {
        self.stream(StreamInput::Received { conn: M3, bytes: &pdu.emit().unwrap() });
        self.answer()
    }

    fn answer(&mut self) -> Vec<M3apPdu> {
        let mut heard = Vec::new();
        while !self.sent.is_empty() {
            let (conn, bytes) = self.sent.remove(0);
            if conn == M3 {
                heard.push(M3apPdu::parse(&bytes).unwrap());
                continue;
            }
            let answer = match m2ap::M2apPdu::parse(&bytes).unwrap() {
                m2ap::M2apPdu::SessionStartRequest(m) => {
                    m2ap::M2apPdu::SessionStartResponse(m2ap::SessionStartResponse {
                        mce_id: m.mce_id,
                        enb_id: m2ap::EnbMbmsM2apId(m.mce_id.0 as u16),
                        diagnostics: None,
                    })
                }
                m2ap::M2apPdu::SessionStopRequest(m) => m2ap::M2apPdu::SessionStopResponse(m2ap::SessionStopResponse {
                    mce_id: m.mce_id,
                    enb_id: m.enb_id,
                    diagnostics: None,
                }),
                m2ap::M2apPdu::SessionUpdateRequest(m) => {
                    m2ap::M2apPdu::SessionUpdateResponse(m2ap::SessionUpdateResponse {
                        mce_id: m.mce_id,
                        enb_id: m.enb_id,
                        diagnostics: None,
                    })
                }
                _ => continue,
            };
            self.m2(&answer);
        }
        self.mce.audit().unwrap();
        heard
    }

    fn m2(&mut self, pdu: &m2ap::M2apPdu) {
        self.stream(StreamInput::Received { conn: M2, bytes: &pdu.emit().unwrap() });
    }

    /// What becomes of a session start: the identity that the MCE gives, or the cause.
    fn start(&mut self, request: MbmsSessionStartRequest) -> Result<MceMbmsM3apId, Cause> {
        match &self.m3(&M3apPdu::MbmsSessionStartRequest(request))[..] {
            [M3apPdu::MbmsSessionStartResponse(m)] => Ok(m.mce_id),
            [M3apPdu::MbmsSessionStartFailure(m)] => Err(m.cause),
            other => panic!("{other:?}"),
        }
    }
}

fn request(n: u8, rate: u64) -> MbmsSessionStartRequest {
    MbmsSessionStartRequest {
        mme_id: MmeMbmsM3apId(n.into()),
        tmgi: tmgi(n),
        session: None,
        qos: M3QosParameters {
            qci: 1,
            gbr: Some(GbrQos { maximum: rate, guaranteed: rate }),
            arp: Some(Arp { priority: 5, may_preempt: false, preemptable: false }),
        },
        duration: SessionDuration::INDEFINITE,
        area: MbmsServiceArea::new([1]).unwrap(),
        minimum_time: MinimumTimeToDataTransfer(0),
        tnl: TnlInformation { group: IpAddr::from([232, 0, 0, n]), source: ip(32), teid: n.into() },
        data_start: None,
        reestablishment: None,
        alternative_tnl: None,
        cells: None,
    }
}

#[test]
fn each_cause_of_a_session_start_failure() {
    let mut rig = Rig::new(MceNodeConfig { max_sessions: 2, ..mce_config() });
    let own = request(1, 40_000);
    let id = rig.start(own.clone()).unwrap();
    let qos = |change: fn(&mut M3QosParameters)| {
        let mut request = request(2, 1000);
        change(&mut request.qos);
        request
    };
    let elsewhere = Ecgi { plmn: plmn(), cell: 0x999 };
    use CauseRadioNetwork as R;
    for (request, cause) in [
        (own.clone(), R::UnknownOrAlreadyAllocatedMmeMbmsM3apId.into()),
        (MbmsSessionStartRequest { mme_id: MmeMbmsM3apId(9), ..own }, R::InteractionWithOtherProcedure.into()),
        (request(2, 100_001), R::RadioResourcesNotAvailable.into()),
        (qos(|qos| qos.qci = 7), R::NotSupportedQciValue.into()),
        (qos(|qos| qos.gbr = None), R::InvalidQosCombination.into()),
        (qos(|qos| qos.gbr = Some(GbrQos { maximum: 1, guaranteed: 2 })), R::InvalidQosCombination.into()),
        (qos(|qos| qos.arp.as_mut().unwrap().priority = 0), CauseProtocol::SemanticError.into()),
        (
            MbmsSessionStartRequest { area: MbmsServiceArea::new([9]).unwrap(), ..request(2, 1000) },
            R::UninvolvedMce.into(),
        ),
        (MbmsSessionStartRequest { cells: Some(vec![elsewhere]), ..request(2, 1000) }, R::UninvolvedMce.into()),
    ] {
        assert_eq!(rig.start(request), Err(cause));
    }
    rig.start(request(2, 1000)).unwrap();
    assert_eq!(rig.start(request(3, 1000)), Err(CauseMisc::ControlProcessingOverload.into()));

    // Updates, too.
    let update = |mce_id, rate| {
        let request = request(1, rate);
        M3apPdu::MbmsSessionUpdateRequest(MbmsSessionUpdateRequest {
            mme_id: request.mme_id,
            mce_id,
            tmgi: request.tmgi,
            session: None,
            qos: request.qos,
            duration: request.duration,
            area: None,
            minimum_time: request.minimum_time,
            tnl: None,
            data_start: None,
            cells: None,
        })
    };
    let cause = |heard: &[M3apPdu]| match heard {
        [M3apPdu::MbmsSessionUpdateFailure(m)] => Some(m.cause),
        [M3apPdu::MbmsSessionUpdateResponse(_)] => None,
        other => panic!("{other:?}"),
    };
    let unknown = R::UnknownOrInconsistentPairOfMbmsM3apIds.into();
    assert_eq!(cause(&rig.m3(&update(MceMbmsM3apId(77), 1))), Some(unknown));
    assert_eq!(cause(&rig.m3(&update(id, 100_000))), Some(R::RadioResourcesNotAvailable.into()));
    assert_eq!(cause(&rig.m3(&update(id, 90_000))), None);
    assert_eq!(rig.mce.admission().free(0, 0), 9000);
    let stop = MbmsSessionStopRequest { mme_id: MmeMbmsM3apId(5), mce_id: id, data_stop: None };
    let heard = rig.m3(&M3apPdu::MbmsSessionStopRequest(stop));
    let error =
        ErrorIndication { mme_id: Some(MmeMbmsM3apId(5)), mce_id: Some(id), cause: Some(unknown), diagnostics: None };
    assert_eq!(heard, [M3apPdu::ErrorIndication(error)]);
}

#[test]
fn an_mce_is_reset_in_whole_or_in_part() {
    let mut rig = Rig::new(mce_config());
    let ids: Vec<_> = (1..=3).map(|n| rig.start(request(n, 10_000)).unwrap()).collect();
    let part = vec![
        Connection { mme: Some(MmeMbmsM3apId(1)), mce: None },
        Connection { mme: None, mce: Some(ids[1]) },
        Connection { mme: Some(MmeMbmsM3apId(44)), mce: None },
    ];
    let cause = CauseMisc::HardwareFailure.into();
    let heard = rig.m3(&M3apPdu::Reset(Reset { cause, kind: ResetType::Part(part.clone()) }));
    assert_eq!(heard, [M3apPdu::ResetAcknowledge(ResetAcknowledge { connections: Some(part), diagnostics: None })]);
    assert_eq!((rig.mce.admission().len(), rig.mce.admission().free(0, 0)), (1, 90_000));
    rig.m3(&M3apPdu::Reset(Reset { cause, kind: ResetType::All }));
    assert!(rig.mce.admission().is_empty());
    // What is not M3AP is told so.
    rig.stream(StreamInput::Received { conn: M3, bytes: &[0x60, 1, 2] });
    assert!(matches!(rig.answer()[..], [M3apPdu::ErrorIndication(_)]));
}

#[test]
fn setups_that_are_refused_are_tried_again() {
    // An eNB whose cells are in no area of this MCE.
    let mut rig = Rig::new(mce_config());
    let remote = SocketAddr::new(enb_ip(9), 40_000);
    rig.stream(StreamInput::Connected { conn: StreamId(9), token: None, local: remote, remote });
    let EnbNodeConfig { mut cells, .. } = enb_config(1);
    cells[0].areas = vec![ServiceAreaId(9)];
    let id = GlobalEnbId { plmn: plmn(), id: EnbId::Macro(9) };
    let setup = m2ap::M2apPdu::M2SetupRequest(m2ap::M2SetupRequest { enb: id, name: None, cells });
    rig.stream(StreamInput::Received { conn: StreamId(9), bytes: &setup.emit().unwrap() });
    let (conn, bytes) = rig.sent.pop().unwrap();
    assert_eq!(conn, StreamId(9));
    assert!(matches!(m2ap::M2apPdu::parse(&bytes), Ok(m2ap::M2apPdu::M2SetupFailure(_))));

    // A gateway that wants to be left alone for ten seconds.
    let mut mce = MceNode::new(mce_config());
    mce.handle_timeout(ms(0));
    let remote = SocketAddr::new(ip(32), 36_444);
    let connected = StreamInput::Connected { conn: M3, token: Some(1), local: remote, remote };
    mce.handle_input(ms(1), NodeInput::Stream(connected));
    let failure = M3apPdu::M3SetupFailure(protocol::m3ap::M3SetupFailure {
        cause: CauseMisc::ControlProcessingOverload.into(),
        time_to_wait: Some(protocol::mbms_ap::TimeToWait::V10s),
        diagnostics: None,
    });
    let bytes = failure.emit().unwrap();
    mce.handle_input(ms(2), NodeInput::Stream(StreamInput::Received { conn: M3, bytes: &bytes }));
    let closes = |output| matches!(output, NodeOutput::Stream(StreamOutput::Close { conn: M3 }));
    assert!(std::iter::from_fn(|| mce.poll_output()).any(closes));
    assert_eq!(mce.poll_timeout(), Some(ms(10_002)));
}

#[test]
fn an_enb_that_resets_gets_its_sessions_again() {
    let mut rig = Rig::new(mce_config());
    rig.start(request(1, 10_000)).unwrap();
    let reset = m2ap::Reset { cause: m2ap::CauseMisc::HardwareFailure.into(), kind: m2ap::ResetType::All };
    rig.m2(&m2ap::M2apPdu::Reset(reset));
    let names: Vec<_> = rig.sent.iter().map(|(_, bytes)| m2ap::M2apPdu::parse(bytes).unwrap().name()).collect();
    assert_eq!(names, ["RESET ACKNOWLEDGE", "SESSION START REQUEST"]);
    assert_eq!(rig.answer(), []);
    assert_eq!(rig.mce.admission().len(), 1);
}
