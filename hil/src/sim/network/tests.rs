//! Messages between UEs that are there, away or full; TPDUs as tshark reads them.

use std::io::Write;
use std::process::{Command, Stdio};

use tpdu::{SMSAddress, SmsDeliver, SmsStatusReport, SmsSubmit};

use super::*;

/// Causes of `+CMS ERROR`, and TP-ST.
const UNASSIGNED_NUMBER: u16 = 1;
const CONGESTION: u16 = 42;
const SEMANTICALLY_INCORRECT: u16 = 95;
const RECEIVED: u8 = 0x00;
const EXPIRED: u8 = 0x46;

const ALICE: &str = "358401111111";
const BOB: &str = "358402222222";

struct Office {
    network: SimNetwork,
    now: Instant,
    /// Came with the answer of a submission.
    came: Vec<SimNetworkOutput>,
}

impl Office {
    fn new() -> Self {
        // 2026-01-01.
        let wall_clock = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let mut network = SimNetwork::new(SimNetworkConfig { wall_clock, capacity: 3, ..SimNetworkConfig::default() });
        assert_eq!([network.add_ue(ALICE), network.add_ue(BOB)], [0, 1]);
        let mut office = Self { network, now: Instant::ZERO, came: Vec::new() };
        office.does(SimNetworkInput::Attached(0, true));
        office
    }

    fn does(&mut self, input: SimNetworkInput<'_>) -> Vec<SimNetworkOutput> {
        self.network.handle_input(self.now, input);
        std::iter::from_fn(|| self.network.poll_output()).collect()
    }

    /// Lets time pass until something is done, `limit_s` at most.
    fn wait(&mut self, limit_s: u64) -> Vec<SimNetworkOutput> {
        let end = self.now + Duration::from_secs(limit_s);
        while let Some(due) = self.network.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.network.handle_timeout(self.now);
            let done: Vec<_> = std::iter::from_fn(|| self.network.poll_output()).collect();
            if !done.is_empty() {
                return done;
            }
        }
        self.now = end;
        Vec::new()
    }

    /// Alice sends; the answer.
    fn submit(&mut self, pdu: &[u8]) -> Result<u8, u16> {
        assert_eq!(self.does(SimNetworkInput::Submit { ue: 0, token: 7, pdu }), []);
        let answer = self.wait(1);
        let SimNetworkOutput::Submitted { ue: 0, token: 7, result } = answer[0] else { panic!("{answer:?}") };
        self.came.extend_from_slice(&answer[1..]);
        result
    }
}

/// "hello" with a status report asked for, to a number of type `ton`; validity as given.
fn submit(to: &str, ton: u8, validity: Option<u8>) -> Vec<u8> {
    let address = SMSAddress { ton, npi: 1, address: to.into() };
    let mut submit = SmsSubmit::builder().destination_address(address).srr(true).gsm7_text("hello");
    if let Some(validity) = validity {
        submit = submit.vpf(2).validity_period(validity);
    }
    [vec![0], submit.build().unwrap().encode().unwrap()].concat()
}

fn delivered(output: &SimNetworkOutput) -> SmsDeliver {
    let SimNetworkOutput::Deliver { ue: 1, pdu } = output else { panic!("{output:?}") };
    SmsDeliver::decode(&pdu[1 + usize::from(pdu[0])..]).unwrap()
}

fn reported(output: &SimNetworkOutput) -> SmsStatusReport {
    let SimNetworkOutput::StatusReport { ue: 0, pdu } = output else { panic!("{output:?}") };
    SmsStatusReport::decode(&pdu[1 + usize::from(pdu[0])..]).unwrap()
}

#[test]
fn a_message_waits_for_its_ue_and_the_sender_is_told() {
    let mut office = Office::new();
    assert_eq!(office.submit(&submit(BOB, 1, None)), Ok(1));
    assert_eq!(office.submit(&submit(BOB, 1, None)), Ok(2));
    assert_eq!(office.wait(3600), [], "Bob is away");
    let first = office.does(SimNetworkInput::Attached(1, true));
    let message = delivered(&first[0]);
    assert_eq!((first.len(), message.tp_originating_address.address.as_str()), (1, ALICE), "one at a time");
    assert_eq!((message.tp_service_centre_timestamp.as_str(), message.tp_mms), ("26010100000000", false));
    assert_eq!(message.tp_user_data, [0xE8, 0x32, 0x9B, 0xFD, 0x06]);
    let second = office.does(SimNetworkInput::Taken(1));
    assert!(delivered(&second[0]).tp_mms, "no more to come");
    let report = reported(&office.wait(1)[0]);
    assert_eq!((report.tp_mr, report.tp_status, report.tp_recipient_address.address.as_str()), (1, RECEIVED, BOB));
    assert_eq!(report.tp_discharge_time, "26010101000000");
    office.does(SimNetworkInput::Taken(1));
    assert_eq!(
        reported(&office.does(SimNetworkInput::Taken(0)).pop().or_else(|| office.wait(1).pop()).unwrap()).tp_mr,
        2
    );
    office.does(SimNetworkInput::Taken(0));
    let stats = SimNetworkStats { accepted: 2, delivered: 2, reported: 2, ..SimNetworkStats::default() };
    assert_eq!((office.network.stats(), office.network.kept()), (stats, 0));
    assert_eq!(office.network.poll_timeout(), None);
}

#[test]
fn what_is_not_taken_comes_again_when_it_makes_sense() {
    let mut office = Office::new();
    office.does(SimNetworkInput::Attached(1, true));
    office.submit(&submit(BOB, 1, None)).unwrap();
    delivered(&office.came.pop().unwrap());
    // Full: when there is room, or after a while.
    assert_eq!(office.does(SimNetworkInput::Refused(1, SmsRefusal::MemoryFull)), []);
    delivered(&office.does(SimNetworkInput::MemoryAvailable(1))[0]);
    office.does(SimNetworkInput::Refused(1, SmsRefusal::NotAcknowledged));
    let before = office.now;
    delivered(&office.wait(60)[0]);
    assert_eq!(office.now - before, Duration::from_secs(30));
    // Nothing is said at all: given up, and again.
    delivered(&office.wait(100)[0]);
    assert_eq!(office.now - before, Duration::from_secs(30 + 40 + 30));
    // Gone: not before it is back.
    office.does(SimNetworkInput::Refused(1, SmsRefusal::Absent));
    office.does(SimNetworkInput::Attached(1, false));
    assert_eq!(office.wait(600), []);
    delivered(&office.does(SimNetworkInput::Attached(1, true))[0]);
    office.does(SimNetworkInput::Taken(1));
    // What nobody asked for changes nothing.
    office.does(SimNetworkInput::Taken(1));
    office.does(SimNetworkInput::Refused(9, SmsRefusal::Absent));
    assert_eq!(reported(&office.wait(1)[0]).tp_status, RECEIVED);
    assert_eq!(office.network.stats().delivered, 1);
}

#[test]
fn a_message_that_is_too_late_is_reported_as_such() {
    let mut office = Office::new();
    office.submit(&submit(BOB, 1, Some(0))).unwrap();
    office.submit(&submit(BOB, 1, None)).unwrap();
    let report = reported(&office.wait(600)[0]);
    assert_eq!((report.tp_mr, report.tp_status, office.now.as_secs_f64().round()), (1, EXPIRED, 300.0));
    let left = office.does(SimNetworkInput::Attached(1, true));
    assert_eq!((left.len(), delivered(&left[0]).tp_sri), (1, true));
    assert_eq!(office.network.stats().expired, 1);
}

#[test]
fn submissions_that_cannot_be_are_refused_with_their_cause() {
    let mut office = Office::new();
    assert_eq!(office.submit(&submit("358409999999", 1, None)), Err(UNASSIGNED_NUMBER));
    assert_eq!(office.submit(&[0, 0x01]), Err(SEMANTICALLY_INCORRECT));
    assert_eq!(office.submit(&[0, 0x02, 0, 0]), Err(SEMANTICALLY_INCORRECT), "SMS-COMMAND");
    assert_eq!(office.submit(&[9]), Err(SEMANTICALLY_INCORRECT));
    // National and unknown forms of the number.
    for (to, ton) in [("0402222222", 0), ("402222222", 2), ("00358402222222", 0)] {
        assert!(office.submit(&submit(to, ton, None)).is_ok(), "{to}");
    }
    assert_eq!(office.submit(&submit(BOB, 1, None)), Err(CONGESTION));
    assert_eq!(office.submit(&submit("2222222", 1, None)), Err(UNASSIGNED_NUMBER), "international numbers are whole");
}

/// Alice asks for reports and has no room for them.
#[test]
fn status_reports_that_nobody_takes_do_not_pile_up() {
    let mut office = Office::new();
    office.does(SimNetworkInput::Attached(1, true));
    for _ in 0..10 {
        office.submit(&submit(BOB, 1, None)).unwrap();
        office.does(SimNetworkInput::Taken(1));
        office.wait(1);
        office.does(SimNetworkInput::Refused(0, SmsRefusal::MemoryFull));
    }
    assert_eq!((office.network.kept(), office.network.stats().unreported), (3, 7));
    // Messages for Alice go first, as long as there are reports that give way.
    let for_alice = submit(ALICE, 1, None);
    let send = |office: &mut Office| {
        let answers: Vec<_> = office.does(SimNetworkInput::Submit { ue: 1, token: 8, pdu: &for_alice });
        answers.into_iter().chain(office.wait(1)).find_map(|output| match output {
            SimNetworkOutput::Submitted { result, .. } => Some(result.map(|_| ())),
            _ => None,
        })
    };
    let results = [(); 4].map(|()| send(&mut office).unwrap());
    assert_eq!(results, [Ok(()), Ok(()), Ok(()), Err(CONGESTION)]);
    assert_eq!((office.network.kept(), office.network.stats().unreported), (3, 10));
}

#[test]
fn a_status_report_for_a_ue_that_stays_away_is_not_kept_for_ever() {
    let mut office = Office::new();
    office.does(SimNetworkInput::Attached(1, true));
    office.submit(&submit(BOB, 1, None)).unwrap();
    office.does(SimNetworkInput::Attached(0, false));
    office.does(SimNetworkInput::Taken(1));
    assert_eq!((office.wait(23 * 3600), office.network.kept()), (Vec::new(), 1));
    assert_eq!((office.wait(2 * 3600), office.network.kept()), (Vec::new(), 0));
    let stats = office.network.stats();
    assert_eq!((stats.expired, stats.unreported, office.network.poll_timeout()), (0, 1, None));
}

/// TPDUs from the service centre in tshark's words; `None`: it is not there.
fn tshark(tpdus: &[Vec<u8>]) -> Option<String> {
    // pcap with DLT 147, which is told to be SMS.
    let mut pcap = Vec::new();
    for word in [0xA1B2_C3D4u32, 0x0004_0002, 0, 0, 65_535, 147] {
        pcap.extend(word.to_le_bytes());
    }
    for tpdu in tpdus {
        let length = tpdu.len() as u32;
        [0, 0, length, length].into_iter().for_each(|word: u32| pcap.extend(word.to_le_bytes()));
        pcap.extend(tpdu);
    }
    let is_sms = "uat:user_dlts:\"User 0 (DLT=147)\",\"gsm_sms\",\"0\",\"\",\"0\",\"\"";
    let mut command = Command::new("tshark");
    command.args(["-r", "-", "-o", is_sms, "-V"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else {
        println!("skipped: tshark is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(&pcap).unwrap();
    Some(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

#[test]
fn tshark_reads_what_modems_get() {
    let mut office = Office::new();
    office.does(SimNetworkInput::Attached(1, true));
    office.submit(&submit(BOB, 1, None)).unwrap();
    let mut outputs = vec![office.came.pop().unwrap()];
    office.does(SimNetworkInput::Taken(1));
    outputs.extend(office.wait(1));
    let tpdus: Vec<_> = outputs
        .iter()
        .map(|output| match output {
            SimNetworkOutput::Deliver { pdu, .. } | SimNetworkOutput::StatusReport { pdu, .. } => {
                assert_eq!(pdu[..8], [7, 0x91, 0x53, 0x48, 0x50, 0x02, 0x02, 0x00], "the service centre");
                pdu[8..].to_vec()
            }
            SimNetworkOutput::Submitted { .. } => panic!("{output:?}"),
        })
        .collect();
    let Some(said) = tshark(&tpdus) else { return };
    let mut rest = said.as_str();
    for wanted in [
        "SMS-DELIVER",
        "TP-SRI: A status report shall be returned to the SME",
        "TP-MMS: No more messages are waiting",
        "TP-OA Digits: 358401111111",
        "Timezone: GMT + 0 hours 0 minutes",
        "SMS text: hello",
        "SMS-STATUS REPORT",
        "TP-MR: 1\n",
        "TP-RA Digits: 358402222222",
        "Short message received by the SME (0)",
    ] {
        let at = rest.find(wanted).unwrap_or_else(|| panic!("{wanted:?} is missing, in this order, in:\n{said}"));
        rest = &rest[at..];
    }
    assert!(!said.contains("Malformed") && !said.contains("Expert"), "{said}");
}
