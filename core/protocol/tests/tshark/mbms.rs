//! MB2-C and SGmb as another program reads them: tshark names every command, and every AVP that its dictionary has, and finds
//! nothing malformed.

use std::net::{IpAddr, Ipv4Addr};

use protocol::diameter::mb2c::mask::{
    FecResult, MbmsBearerEvent, MbmsBearerResult, RohcResult, TmgiAllocationResult, TmgiDeallocationResult,
};
use protocol::diameter::mb2c::{
    BearerDiagnostic, GcsActionAnswer, GcsActionRequest, GcsNotificationAnswer, GcsNotificationRequest,
    LocalM1Information, LocalMb2UInformation, MbmsBearerEventNotification, MbmsBearerRequest, MbmsBearerResponse,
    RohcRequest, TmgiAllocationRequest, TmgiAllocationResponse, TmgiDeallocationRequest, TmgiDeallocationResponse,
    TmgiExpiry, UserplaneProtocolResult,
};
use protocol::diameter::mbms::provisioning::{AllocationMode, ConflictReason, ServiceProvisioning, SessionTime};
use protocol::diameter::mbms::{
    Arp, Ecgi, FlowId, MbmsCellList, MbmsServiceArea, QosInformation, SessionDuration, StartStop, SupportedFeatures,
};
use protocol::diameter::sgmb::{
    AccessIndicator, Asr, CnIpMulticast, DiagnosticInfo, DualAddress, HeaderCompression, MbmsFlags, NtpTime, Raa, Rar,
    SgmbAnswer, Str, TerminationCause, UserDataMode, code,
};
use protocol::diameter::{
    DiameterProblem, Message, Outcome, ResultCode, Routing, check_answer, check_request, dictionary, problem_answer,
};
use protocol::{Plmn, Tmgi};

use super::dlt::dissect;

fn routing(from: &str, to: &str) -> Routing {
    Routing {
        session_id: format!("{from};1700000000;1"),
        origin_host: from.to_owned(),
        origin_realm: "test".to_owned(),
        destination_host: Some(to.to_owned()),
        destination_realm: "test".to_owned(),
    }
}

fn outcome(host: &str, result: ResultCode) -> Outcome {
    Outcome { origin_host: host.to_owned(), origin_realm: "test".to_owned(), result }
}

fn tmgi(id: u8) -> Tmgi {
    Tmgi { service_id: [0, 0xab, id], plmn: Plmn::new("262", "01").unwrap() }
}

const MULTICAST: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 1, 2, 3));
const BMSC: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 47, 0, 2));

fn qos() -> QosInformation {
    let arp = Some(Arp { priority: 2, may_preempt: true, preemptable: false });
    QosInformation { qci: Some(1), mbr: Some(64_000), gbr: Some(64_000), arp, other: Vec::new() }
}

fn area() -> MbmsServiceArea {
    MbmsServiceArea::new([1, 2]).unwrap()
}

fn cells() -> MbmsCellList {
    MbmsCellList::new([Ecgi { plmn: Plmn::new("262", "01").unwrap(), cell: 0x12_3401 }]).unwrap()
}

fn local_m1() -> LocalM1Information {
    let v6 = Some("ff3e::1".parse().unwrap());
    LocalM1Information {
        multicast: Some(MULTICAST),
        multicast_v6: v6,
        source: Some(BMSC),
        source_v6: v6,
        c_teid: Some(vec![0, 0, 0, 7]),
    }
}

fn provisioning() -> ServiceProvisioning {
    ServiceProvisioning {
        tmgi: Some(tmgi(1)),
        mode: Some(AllocationMode::AsAssigned),
        address: Some(MULTICAST),
        port: Some(5004),
        sdp: Some("v=0\r\n".to_owned()),
        start: Some(SessionTime::RealTime),
        end: Some(SessionTime::At(1_700_000_000_000)),
        conflict: Some(ConflictReason::AddressInUse),
        other: Vec::new(),
    }
}

fn action() -> Message {
    let mut start = MbmsBearerRequest::new(StartStop::Start);
    (start.tmgi, start.qos, start.area, start.cells) = (Some(tmgi(1)), Some(qos()), Some(area()), Some(cells()));
    (start.start_utc_ms, start.security, start.rohc_max_cid) = (Some(1_700_000_000_000), Some(0), Some(15));
    (start.local_m1, start.fec) = (Some(local_m1()), Some(b"v=0\r\n".to_vec()));
    start.local_mb2u = Some(LocalMb2UInformation { addresses: vec![BMSC], port: Some(9000) });
    let flows = vec!["permit out 17 from any to 239.1.2.3 5004".to_owned()];
    start.rohc = vec![RohcRequest { flows, full_header_periodicity: Some(1.5_f32.to_bits()), profile: 1 }];
    start.provisioning = Some(provisioning());
    let mut stop = MbmsBearerRequest::new(StartStop::Stop);
    (stop.tmgi, stop.flow) = (Some(tmgi(2)), Some(FlowId(3)));
    GcsActionRequest {
        routing: routing("as.test", "bmsc.test"),
        features: vec![SupportedFeatures { list: 1, features: 1 }],
        allocation: Some(TmgiAllocationRequest {
            number: 2,
            refresh: vec![tmgi(3)],
            provisioning: vec![provisioning()],
        }),
        deallocation: Some(TmgiDeallocationRequest { tmgis: vec![tmgi(4)] }),
        bearers: vec![start, stop],
        restart_counter: Some(1),
        other: Vec::new(),
    }
    .to_message()
}

fn mb2c() -> Vec<Message> {
    let gar = action();
    let userplane = UserplaneProtocolResult {
        flows: vec!["permit out 17 from any to any".to_owned()],
        rohc: Some(RohcResult::UNKNOWN_PROFILE),
        fec: Some(FecResult::INVALID_SDP),
    };
    let started = MbmsBearerResponse {
        tmgi: Some(tmgi(1)),
        flow: Some(FlowId(1)),
        duration: Some(SessionDuration::from_seconds(90_000)),
        result: Some(MbmsBearerResult::SUCCESS.with(MbmsBearerResult::ACTIVATION_ONGOING)),
        addresses: vec![BMSC],
        port: Some(9000),
        security: Some(0),
        frequencies: vec![6300],
        userplane: vec![userplane.clone()],
        provisioning: Some(provisioning()),
        other: Vec::new(),
    };
    let allocation = TmgiAllocationResponse {
        tmgis: vec![tmgi(5), tmgi(6)],
        duration: Some(SessionDuration::from_seconds(3600)),
        result: Some(TmgiAllocationResult::SUCCESS.with(TmgiAllocationResult::UNKNOWN_TMGI)),
        provisioning: vec![provisioning()],
    };
    let result = Some(TmgiDeallocationResult::UNKNOWN_TMGI);
    let gaa = GcsActionAnswer {
        allocation: Some(allocation),
        deallocations: vec![TmgiDeallocationResponse { tmgi: tmgi(4), result }],
        bearers: vec![started],
        restart_counter: Some(1),
        ..GcsActionAnswer::new(outcome("bmsc.test", ResultCode::SUCCESS))
    }
    .to_message(&gar);
    let event = MbmsBearerEventNotification {
        tmgi: tmgi(1),
        flow: FlowId(1),
        event: MbmsBearerEvent::TERMINATED,
        diagnostic: Some(BearerDiagnostic::TmgiExpiry),
        userplane: vec![userplane],
    };
    let gnr = GcsNotificationRequest {
        routing: routing("bmsc.test", "as.test"),
        expiry: Some(TmgiExpiry { tmgis: vec![tmgi(1)] }),
        events: vec![event],
        restart_counter: Some(2),
        other: Vec::new(),
    }
    .to_message();
    let answer = GcsNotificationAnswer { outcome: outcome("as.test", ResultCode::SUCCESS), restart_counter: Some(1) };
    let gna = answer.to_message(&gnr);
    let refused = problem_answer(&gar, "bmsc.test", "test", &DiameterProblem::missing(&dictionary::mbms::TMGI_NUMBER));
    vec![gar, gaa, gnr, gna, refused]
}

fn sgmb() -> Vec<Message> {
    let both = DualAddress { v4: Some(Ipv4Addr::new(232, 1, 2, 3)), v6: Some("ff3e::1".parse().unwrap()) };
    let start = Rar {
        routing: routing("bmsc.test", "gw.test"),
        called_station: Some("mbms.test".to_owned()),
        indication: Some(StartStop::Start),
        access: Some(AccessIndicator::Eutran),
        area: Some(area()),
        qos: Some(qos()),
        duration: Some(SessionDuration::INDEFINITE),
        session_identity: Some(7),
        repetition: Some(0),
        tmgi: Some(tmgi(1)),
        control_plane_nodes: vec!["10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        time_to_data: Some(0),
        data_start: Some(NtpTime::from_utc_us(1_700_000_000_500_000)),
        data_stop: Some(NtpTime::from_utc_us(1_700_000_100_500_000)),
        flags: Some(MbmsFlags::MSRI),
        mode: Some(UserDataMode::MulticastAndUnicast),
        bmsc_ssm: both,
        flow: Some(FlowId(1)),
        cn_ip_multicast: Some(CnIpMulticast::Yes),
        header_compression: Some(HeaderCompression::Uncompressed),
        udp_port_required: true,
        gw_ssm: both,
        bmsc_ssm_port: Some(5004),
        cells: Some(cells()),
        local_m1: Some(local_m1()),
        features: vec![SupportedFeatures { list: 1, features: 1 }],
        restart_counter: Some(9),
        other: Vec::new(),
    };
    let rar = start.to_message();
    let raa = Raa {
        indication: Some(StartStop::Heartbeat),
        address: both,
        mode: Some(UserDataMode::Unicast),
        port: Some(2153),
        restart_counter: Some(4),
        ..Raa::new(outcome("gw.test", ResultCode::Experimental(code::UNKNOWN_MBMS_BEARER_SERVICE)))
    }
    .to_message(&rar);
    let str = Str {
        routing: routing("gw.test", "bmsc.test"),
        cause: TerminationCause::LinkBroken,
        diagnostic: Some(DiagnosticInfo::UPFAIL),
        restart_counter: Some(4),
    }
    .to_message();
    let answer = SgmbAnswer { outcome: outcome("bmsc.test", ResultCode::SUCCESS), restart_counter: Some(9) };
    let sta = answer.to_message(&str);
    let asr = Asr { routing: routing("bmsc.test", "gw.test"), restart_counter: Some(9) }.to_message();
    let asa = SgmbAnswer { outcome: outcome("gw.test", ResultCode::SUCCESS), ..answer }.to_message(&asr);
    vec![rar, raa, str, sta, asr, asa]
}

fn tshark(messages: &[Message], arguments: &[&str]) -> Option<String> {
    dissect("diameter", messages.iter().map(Message::emit), arguments)
}

#[test]
fn every_message_is_dissected_without_complaint() {
    let messages = [mb2c(), sgmb()].concat();
    for message in &messages {
        let judged = if message.is_request() { check_request(message) } else { check_answer(message) };
        assert_eq!(judged, Ok(()), "{}", message.name());
    }
    let fields = ["diameter.cmd.code", "diameter.flags.request", "_ws.malformed", "_ws.expert.message"];
    let arguments = ["-T", "fields", "-E", "aggregator=;"].into_iter();
    let arguments: Vec<_> = arguments.chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let Some(found) = tshark(&messages, &arguments) else { return };
    assert_eq!(found.lines().count(), messages.len());
    for (line, message) in found.lines().zip(&messages) {
        let start = format!("{}\t{}\t\t", message.command, u8::from(message.is_request()));
        let said = line.strip_prefix(&start).unwrap_or_else(|| panic!("{line} does not start with {start}"));
        // That an AVP or its vendor is not in the dictionary is all that it may say.
        for said in said.split(';').filter(|said| !said.is_empty() && !said.starts_with("Unknown Vendor")) {
            let code = said.strip_prefix("Unknown AVP ").and_then(|said| said.split(' ').next()?.parse().ok());
            let example = said.contains("vendor=Example Enterprise");
            let vendor = if example { dictionary::VENDOR_EXAMPLE } else { dictionary::VENDOR_3GPP };
            assert!(code.is_some_and(|code| unknown_to_tshark(code, vendor)), "{}: {said}", message.name());
        }
    }
}

/// What tshark 4.0 does not have in its dictionary: TS 29.468 from 3518 on, Load, and what is our own.
fn unknown_to_tshark(code: u32, vendor: u32) -> bool {
    (vendor == dictionary::VENDOR_3GPP && (3518..=3533).contains(&code)) || vendor == dictionary::VENDOR_EXAMPLE
}

#[test]
fn names_and_values_are_those_of_the_standard() {
    let messages = [mb2c(), sgmb()].concat();
    let Some(found) = tshark(&messages, &["-V"]) else { return };
    for wanted in [
        "Command Code: GCS-Action (8388662)",
        "Command Code: GCS-Notification (8388663)",
        "ApplicationId: 3GPP MB2c (16777335)",
        "ApplicationId: 3GPP SGmb (16777292)",
        "MBMS-StartStop-Indication: START (0)",
        "MBMS-Bearer-Result: 0x00002001",
        "BMSC-Address Address: 10.47.0.2",
        "BMSC-Port: 9000",
        "MBMS-Start-Time: Nov 14, 2023 22:13:20",
        "MBMS Service ID: 0x00ab01",
        "Mobile Country Code (MCC): Germany (262)",
        "QoS-Class-Identifier: QCI_1 (1)",
        "Priority-Level: 2",
        "Pre-emption-Capability: PRE-EMPTION_CAPABILITY_ENABLED (0)",
        "Pre-emption-Vulnerability: PRE-EMPTION_VULNERABILITY_DISABLED (1)",
        "Estimated session duration days: 1",
        "Estimated session duration seconds: 3600",
        "Termination-Cause: DIAMETER_LINK_BROKEN (5)",
        "MBMS-Access-Indicator: E-UTRAN (1)",
        "Experimental-Result-Code: DIAMETER_ERROR_UNKNOWN_MBMS_BEARER_SERVICE (5122)",
        "MBMS-GW-UDP-Port-Indicator: UDP-PORT-REQUIRED (1)",
        "3GPP-SGSN-Address Address: 10.0.0.1",
        "MBMS-Service-Area: 0100010002",
        // 3,908,988,800.5 seconds since 1900.
        "MBMS-Data-Transfer-Start: 16788979058577768448",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
    // Every AVP of ours that tshark does not know is one that its dictionary lacks.
    for line in found.lines().filter(|line| line.contains("AVP: Unknown")) {
        let code: u32 =
            line.split(['(', ')']).nth(1).and_then(|code| code.parse().ok()).expect("the code is in brackets");
        let vendor = if line.contains("vnd=TGPP") { dictionary::VENDOR_3GPP } else { dictionary::VENDOR_EXAMPLE };
        assert!(unknown_to_tshark(code, vendor), "{line}");
    }
    for def in dictionary::mbms::MBMS_AVPS.iter().filter(|def| !unknown_to_tshark(def.code, def.vendor)) {
        let row = format!("{}({})", def.name, def.code);
        // Not used here, or in groups that it does not know.
        let absent =
            ["Class", "Flow-Description", "Framed-", "Load", "Max-Requested-Bandwidth-UL", "Guaranteed-Bitrate-UL"];
        assert!(
            absent.iter().any(|name| def.name.starts_with(name)) || found.contains(&row),
            "{row} is not in any message"
        );
    }
}
