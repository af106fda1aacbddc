//! Dialogues of two ends of MAP as another program reads them: tshark finds the components that belong together, the short
//! message that goes after an empty Begin, and nothing malformed.

use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::*;
use protocol::{Entropy, Instant};

use super::capture::{capture, tshark};

/// `LINKTYPE_SCCP`.
const SCCP: u32 = 142;

fn address(node: usize) -> SccpAddress {
    SccpAddress::e164(["491700060", "491700040"][node], [ssn::MSC, ssn::HLR][node]).unwrap()
}

fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

fn imsi() -> Imsi {
    Imsi::new("001010123456789").unwrap()
}

/// SMS-DELIVER from +491700000000005 with 140 octets of text, 160 times `@` but the first three: too long for a Begin.
fn long_deliver() -> Vec<u8> {
    let head = [4, 15, 0x91, 0x94, 0x71, 0, 0, 0, 0, 0, 0xf5, 0, 0, 0x62, 0x11, 0x22, 0x41, 0x30, 0, 0x40, 160];
    // "abc" in septets: 61 62 63 are 61 f1 18.
    [&head[..], &[0x61, 0xf1, 0x18], &[0; 137]].concat()
}

/// Two ends; what they say is kept.
struct Pair {
    nodes: [MapEndpoint; 2],
    packets: Vec<Vec<u8>>,
    /// What was invoked and is not answered, newest last.
    invoked: Vec<(usize, DialogueId, i8)>,
}

impl Pair {
    fn run(&mut self) {
        while let Some((node, output)) = (0..2).find_map(|node| Some((node, self.nodes[node].poll_output()?))) {
            match output {
                MapOutput::Sccp(bytes) => {
                    self.nodes[1 - node].handle_input(Instant::ZERO, MapInput::Sccp(&bytes));
                    self.packets.push(bytes);
                }
                MapOutput::Event(MapEvent::Invoked { dialogue, invoke_id, .. }) => {
                    self.invoked.push((node, dialogue, invoke_id));
                }
                _ => {}
            }
        }
    }

    fn request(&mut self, operation: Operation) -> DialogueId {
        let (dialogue, _) = self.nodes[0].request(Instant::ZERO, address(0), address(1), &operation).unwrap();
        self.run();
        dialogue
    }

    fn answer(&mut self, answer: Result<OperationResult, UserError>) {
        let (node, dialogue, invoke_id) = self.invoked.pop().unwrap();
        self.nodes[node].answer(Instant::ZERO, dialogue, invoke_id, &answer).unwrap();
        self.run();
    }
}

/// The registration of an IP-SM-GW, a message that is too long for a Begin, a second one in its dialogue that fails, a version
/// that is refused, an abort.
fn packets() -> Vec<Vec<u8>> {
    let contexts = [ApplicationContext::GPRS_LOCATION_UPDATE_V3, ApplicationContext::SHORT_MSG_MT_RELAY_V3];
    let nodes = [1, 2].map(|seed| MapEndpoint::new(MapConfig::new(contexts), Entropy::from_seed([seed; 32])));
    let mut pair = Pair { nodes, packets: Vec::new(), invoked: Vec::new() };
    let now = Instant::ZERO;
    let update = UpdateGprsLocationArg::new(imsi(), number("491700060"), [10, 46, 0, 7].into());
    pair.request(Operation::UpdateGprsLocation(update));
    let (_, at_hlr, _) = pair.invoked[0];
    let msisdn = Some(number("491700001"));
    let insert = InsertSubscriberDataArg { msisdn, ..InsertSubscriberDataArg::default() };
    pair.nodes[1].invoke(at_hlr, &Operation::InsertSubscriberData(insert)).unwrap();
    pair.nodes[1].delimit(now, at_hlr).unwrap();
    pair.run();
    let (_, at_gateway, insert_id) = pair.invoked.pop().unwrap();
    let inserted = Ok(OperationResult::InsertSubscriberData(InsertSubscriberDataRes::default()));
    pair.nodes[0].respond(at_gateway, insert_id, &inserted).unwrap();
    pair.nodes[0].delimit(now, at_gateway).unwrap();
    pair.run();
    let hlr_number = number("491700040");
    let extensions = Vec::new();
    let updated = UpdateGprsLocationRes { hlr_number, mme_registered_for_sms: false, extensions };
    pair.answer(Ok(OperationResult::UpdateGprsLocation(updated)));

    let (da, oa) = (SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(number("491700000099")));
    let mt = MtForwardSmArg { more_messages_to_send: true, ..MtForwardSmArg::new(da, oa, long_deliver()) };
    let dialogue = pair.request(Operation::MtForwardSm(mt));
    let (node, asked, invoke_id) = pair.invoked.pop().unwrap();
    let report = ForwardSmRes { sm_rp_ui: Some(vec![0, 0]), extensions: Vec::new() };
    pair.nodes[node].respond(asked, invoke_id, &Ok(OperationResult::MtForwardSm(report))).unwrap();
    pair.nodes[node].delimit(now, asked).unwrap();
    pair.run();
    let more = MtForwardSmArg::new(SmRpDa::None, SmRpOa::None, long_deliver());
    pair.nodes[0].invoke(dialogue, &Operation::MtForwardSm(more)).unwrap();
    pair.nodes[0].delimit(now, dialogue).unwrap();
    pair.run();
    let failure = SmDeliveryFailure {
        diagnostic_info: Some(vec![0, 0xd3, 0]),
        ..SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded)
    };
    pair.answer(Err(UserError::SmDeliveryFailure(failure)));

    let old = ApplicationContext { id: 25, version: 2 };
    let dialogue = pair.nodes[0].open(now, address(0), address(1), old).unwrap();
    pair.nodes[0].delimit(now, dialogue).unwrap();
    pair.run();
    pair.request(Operation::UpdateGprsLocation(UpdateGprsLocationArg::new(imsi(), number("1"), [0; 16].into())));
    let (_, asked, _) = pair.invoked.pop().unwrap();
    pair.nodes[1].abort(asked, UserAbortChoice::ApplicationProcedureCancellation(6)).unwrap();
    pair.run();
    pair.packets
}

#[test]
fn dialogues_of_two_ends_are_dissected_without_complaint() {
    let packets = packets();
    let fields = ["_ws.expert", "_ws.malformed", "gsm_old.localValue", "gsm_map.sm.sm_RP_UI", "gsm_sms.sms_text"];
    let arguments: Vec<_> = ["-T", "fields"].into_iter().chain(fields.iter().flat_map(|f| ["-e", f])).collect();
    let Some(found) = tshark(&capture(SCCP, &packets), &arguments) else { return };
    let lines: Vec<Vec<_>> = found.lines().map(|line| line.split('\t').collect()).collect();
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line[..2], ["", ""], "packet {}: {line:?}", number + 1);
    }
    let codes: Vec<_> = lines.iter().map(|line| line[2]).collect();
    // The registration; Begin, Continue, the message, its report, the second message, its error; refusal; abort.
    assert_eq!(codes, ["23", "7", "", "23", "", "", "44", "44", "44", "32", "", "", "23", ""]);
    for at in [6, 8] {
        assert!(lines[at][4].starts_with("abc@@@"), "{:?}", lines[at]);
    }
    let Some(found) = tshark(&capture(SCCP, &packets), &["-V"]) else { return };
    for wanted in [
        "moreMessagesToSend",
        "noSM-RP-OA",
        "sm-EnumeratedDeliveryFailureCause: memoryCapacityExceeded (0)",
        "application-context-name: 0.4.0.0.1.0.25.2 (shortMsgMT-RelayContext-v2)",
        "dialogue-service-user: application-context-name-not-supported (2)",
        "applicationProcedureCancellation: remoteOperationsFailure (6)",
        "SMS-DELIVER REPORT",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
}
