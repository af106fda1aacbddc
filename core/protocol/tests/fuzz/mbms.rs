//! Bounded fuzz runs of what MBMS nodes and content providers say.

use protocol::fuzz;

use super::run;

#[test]
fn mbms() {
    use protocol::diameter::mb2c::{GcsActionAnswer, GcsActionRequest, MbmsBearerRequest, MbmsBearerResponse, mask};
    use protocol::diameter::mb2c::{RohcRequest, TmgiAllocationRequest, TmgiAllocationResponse};
    use protocol::diameter::mbms::provisioning::{ServiceProvisioning, SessionTime};
    use protocol::diameter::mbms::{Arp, FlowId, MbmsServiceArea, QosInformation, SessionDuration, StartStop};
    use protocol::diameter::sgmb::{Raa, Rar};
    use protocol::diameter::{Outcome, ResultCode, Routing};
    let routing = Routing { session_id: "a;1;2".into(), destination_host: Some("b".into()), ..Default::default() };
    let outcome = Outcome { origin_host: "b".into(), origin_realm: "r".into(), result: ResultCode::SUCCESS };
    let tmgi = Some("00abcd@262-01".parse().unwrap());
    let arp = Some(Arp { priority: 1, may_preempt: true, preemptable: false });
    let qos = QosInformation { qci: Some(1), gbr: Some(1), arp, ..Default::default() };
    let (start, end) = (Some(SessionTime::RealTime), Some(SessionTime::At(5000)));
    let address = Some("239.1.2.3".parse().unwrap());
    let provisioning = ServiceProvisioning { tmgi, address, port: Some(1), start, end, ..Default::default() };
    let mut bearer = MbmsBearerRequest::new(StartStop::Start);
    (bearer.tmgi, bearer.flow, bearer.qos) = (tmgi, Some(FlowId(1)), Some(qos.clone()));
    (bearer.area, bearer.provisioning) = (MbmsServiceArea::new([1]), Some(provisioning.clone()));
    bearer.rohc = vec![RohcRequest { flows: vec!["permit".into()], full_header_periodicity: None, profile: 1 }];
    let allocation = TmgiAllocationRequest { number: 1, refresh: vec![], provisioning: vec![provisioning] };
    let gar = GcsActionRequest {
        routing: routing.clone(),
        allocation: Some(allocation),
        bearers: vec![bearer],
        restart_counter: Some(1),
        ..Default::default()
    };
    let gar = gar.to_message();
    let mut gaa = GcsActionAnswer::new(outcome.clone());
    gaa.allocation = Some(TmgiAllocationResponse { tmgis: tmgi.into_iter().collect(), ..Default::default() });
    let result = Some(mask::MbmsBearerResult::SUCCESS);
    gaa.bearers =
        vec![MbmsBearerResponse { tmgi, result, addresses: address.into_iter().collect(), ..Default::default() }];
    let rar = Rar {
        routing,
        indication: Some(StartStop::Update),
        area: MbmsServiceArea::new([1]),
        qos: Some(qos),
        duration: Some(SessionDuration::from_seconds(9)),
        tmgi,
        ..Default::default()
    };
    let rar = rar.to_message();
    let raa = Raa { port: Some(1), ..Raa::new(outcome) };
    let corpus = [gar.emit(), gaa.to_message(&gar).emit(), rar.emit(), raa.to_message(&rar).emit()];
    let words = [[0_u8, 0, 3, 0x84].as_slice(), &[0, 0, 0x0d, 0xb0], &[0, 0, 0x7e, 0xd9], &[0xff, 0xff, 0xff, 0xff]];
    run("mbms", fuzz::mbms, &corpus, &words);
}

#[test]
fn m2ap() {
    use protocol::m2ap::*;
    use protocol::mbms_ap::Name;
    let tmgi = "00abcd@262-01".parse().unwrap();
    let plmn = protocol::Plmn::new("262", "01").unwrap();
    let configuration =
        PmchConfiguration { allocated_subframes_end: 3, data_mcs: 9, scheduling_period: 4, higher_mcs: Some(5) };
    let area = MbsfnAreaConfiguration {
        pmchs: vec![PmchItem { configuration, sessions: vec![PmchSession { tmgi, lcid: 1 }] }],
        subframes: vec![MbsfnSubframeConfiguration {
            period: RadioframeAllocationPeriod::N1,
            offset: 1,
            allocation: SubframeAllocation::OneFrame(1),
        }],
        period: CommonSubframeAllocationPeriod::Rf8,
        area: MbsfnAreaId(1),
        suspensions: Some(vec![SuspensionNotification { sfn: 1, sessions: vec![tmgi] }]),
    };
    let cell = protocol::diameter::mbms::Ecgi { plmn, cell: 1 };
    let bcch = McchRelatedBcchConfig {
        area: MbsfnAreaId(1),
        pdcch_length: 1,
        repetition_period: 1,
        offset: 0,
        modification_period: 1,
        subframes: 1,
        mcs: 2,
        cells: vec![CellInformation { cell, reservation: CellReservation::Reserved }],
    };
    let cells =
        EnbMbmsConfiguration { cell, synchronisation_area: SynchronisationAreaId(1), areas: vec![ServiceAreaId(1)] };
    let mce = GlobalMceId { plmn, mce: MceId(1) };
    let connection = Connection { enb: Some(EnbMbmsM2apId(1)), mce: Some(MceMbmsM2apId(1)) };
    let corpus = [
        M2apPdu::MbmsSchedulingInformation(MbmsSchedulingInformation {
            update_time: McchUpdateTime(1),
            areas: vec![area],
        }),
        M2apPdu::M2SetupResponse(M2SetupResponse { mce, name: Name::new("a"), bcch: vec![bcch], diagnostics: None }),
        M2apPdu::EnbConfigurationUpdate(EnbConfigurationUpdate {
            enb: Some(GlobalEnbId { plmn, id: EnbId::ShortMacro(1) }),
            name: None,
            cells: Some(vec![EnbConfigurationItem::Changed(cells)]),
        }),
        M2apPdu::Reset(Reset { cause: CauseNas::Unspecified.into(), kind: ResetType::Part(vec![connection]) }),
    ];
    let words: [&[u8]; 6] = [&[0], &[0xff], &[0x80], &[0xbf, 0xff], &[0, 0, 0], &[0x62, 0xf2, 0x10]];
    run("m2ap", fuzz::m2ap, &corpus.map(|pdu| pdu.emit().unwrap()), &words);
}

#[test]
fn m3ap() {
    use protocol::diameter::mbms::{Arp, Ecgi, MbmsServiceArea, SessionDuration};
    use protocol::diameter::sgmb::NtpTime;
    use protocol::m3ap::*;
    use protocol::mbms_ap::{GbrQos, Name, SessionId, TnlInformation};
    let tmgi: protocol::Tmgi = "00abcd@262-01".parse().unwrap();
    let arp = Some(Arp { priority: 1, may_preempt: true, preemptable: false });
    let address = "232.1.2.3".parse().unwrap();
    let start = MbmsSessionStartRequest {
        mme_id: MmeMbmsM3apId(1),
        tmgi,
        session: Some(SessionId(1)),
        qos: M3QosParameters { qci: 1, gbr: Some(GbrQos { maximum: 1, guaranteed: 1 }), arp },
        duration: SessionDuration::from_seconds(9),
        area: MbmsServiceArea::new([1]).unwrap(),
        minimum_time: MinimumTimeToDataTransfer(1),
        tnl: TnlInformation { group: address, source: address, teid: 1 },
        data_start: Some(NtpTime(1)),
        reestablishment: Some(Reestablishment::True),
        alternative_tnl: None,
        cells: Some(vec![Ecgi { plmn: tmgi.plmn, cell: 1 }]),
    };
    let (mce, areas) = (GlobalMceId { plmn: tmgi.plmn, mce: 1, extended: Some(1) }, vec![ServiceAreaId(1)]);
    let diagnostics = Some(protocol::mbms_ap::CriticalityDiagnostics { procedure: Some(1), ..Default::default() });
    let cause = CauseRadioNetwork::UninvolvedMce.into();
    let failure = MbmsSessionStartFailure { mme_id: MmeMbmsM3apId(1), cause, diagnostics };
    let connection = Connection { mme: Some(MmeMbmsM3apId(1)), mce: None };
    let corpus = [
        M3apPdu::MbmsSessionStartRequest(start),
        M3apPdu::MbmsSessionStartFailure(failure),
        M3apPdu::M3SetupRequest(M3SetupRequest { mce, name: Name::new("mce"), areas }),
        M3apPdu::ResetAcknowledge(ResetAcknowledge { connections: Some(vec![connection]), diagnostics: None }),
    ];
    let words: [&[u8]; 6] = [&[0], &[0xff], &[0x80], &[0xbf, 0xff], &[0, 0, 0], &[0x62, 0xf2, 0x10]];
    run("m3ap", fuzz::m3ap, &corpus.map(|pdu| pdu.emit().unwrap()), &words);
}

#[test]
fn xmb() {
    let corpus = [
        br#"{"id":"1","service-names":["en:A"],"push-notification-url":"http://a/","x":{"y":[1,null,true]}}"#.to_vec(),
        br#"{"session-start":0,"session-type":"Files","geographical-areas":[1,"2"],"file-session":{"ingest-mode":"Pull",
            "file-list":[{"file-url":"http://a/b"}]},"castbench":{"tmgi":"00abcd@262-01","delivery":{"fec":{"raptor":20}},
            "qos":{"qci":1,"gbr":1,"arp":{"priority":1}}}}"#
            .to_vec(),
        b"/xmb/v1.0/services/1/sessions/2".to_vec(),
        b"/xmb-u/1/2/a/b%20c".to_vec(),
    ];
    let words = [b"castbench".as_slice(), b"\"session-stop\":", b"null", b"1e999", b"{\"", b"..", b"%2e", b"/"];
    run("xmb", fuzz::xmb, &corpus, &words);
}

#[test]
fn usd() {
    use protocol::sip::sdp::MbmsMode;
    use protocol::usd::{
        Announcement, Bundle, Delivered, DeliveryDescription, DeliveryMethod, Envelope, EnvelopeItem, Fragment,
        Schedule, ScheduledSession, UserService,
    };
    let service = UserService {
        service_id: "urn:a".into(),
        methods: vec![DeliveryMethod { session_description_uri: "http://a/s.sdp".into() }],
        areas: vec![1],
        ..UserService::default()
    };
    let bundle = Bundle { services: vec![service] }.to_document();
    let sessions = vec![ScheduledSession { start_ms: 1000, stop_ms: 2000 }];
    let schedule = Schedule { update_ms: Some(1000), sessions }.to_document();
    let item = EnvelopeItem { metadata_uri: "a".into(), version: 1, ..EnvelopeItem::default() };
    let envelope = Envelope { items: vec![item] }.to_document();
    let description = DeliveryDescription {
        mode: MbmsMode::Broadcast { tmgi: "00abcd@262-01".parse().unwrap(), counting: 0 },
        destination: ([239, 1, 2, 3], 5000).into(),
        source: Some([10, 0, 0, 1].into()),
        start_ms: Some(1000),
        stop_ms: None,
        bandwidth_kbps: Some(1),
        delivered: Delivered::Files { tsi: 1, fec: 1 },
    };
    let sdp = description.to_sdp("a", 1).to_string();
    let fragment = |body: &str| Fragment { location: "a".into(), content_type: "text/xml".into(), body: body.into() };
    let (media, body) = Announcement { fragments: vec![fragment(&envelope), fragment(&bundle)] }.to_body();
    let mut file = format!("Content-Type: {media}\r\n\r\n").into_bytes();
    file.extend(body);
    let corpus = [bundle.into_bytes(), schedule.into_bytes(), envelope.into_bytes(), sdp.into_bytes(), file];
    let words =
        [b"<r9:serviceArea>".as_slice(), b"9999999", b"--castbench-usd", b"c=IN IP6 ff0e::1/9", b"a=mbms-mode:", b"/>"];
    run("usd", fuzz::usd, &corpus, &words);
}
