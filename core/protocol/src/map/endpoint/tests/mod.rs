mod dialogues;
mod faults;

use super::*;
use crate::map::sccp::{ReturnCause, SccpMessage, ssn};
use crate::map::tcap::{Code, Diagnostic, InvokeProblem, PAbortCause, Problem};
use crate::map::*;

const CONTEXTS: [ApplicationContext; 4] = [
    ApplicationContext::SHORT_MSG_GATEWAY_V3,
    ApplicationContext::SHORT_MSG_MT_RELAY_V3,
    ApplicationContext::GPRS_LOCATION_UPDATE_V3,
    ApplicationContext::MWD_MNGT_V3,
];

fn address(node: usize) -> SccpAddress {
    SccpAddress::e164(["491700060", "491700040"][node], [ssn::MSC, ssn::HLR][node]).unwrap()
}

/// Two endpoints and the network between them.
struct Pair {
    nodes: [MapEndpoint; 2],
    now: Instant,
    /// What went over the network, with who sent it.
    sent: Vec<(usize, Vec<u8>)>,
    events: [Vec<MapEvent>; 2],
    ignored: Vec<String>,
}

impl Pair {
    fn new() -> Self {
        Self::with(MapConfig::new(CONTEXTS))
    }

    fn with(config: MapConfig) -> Self {
        let nodes = [1, 2].map(|seed| MapEndpoint::new(config.clone(), Entropy::from_seed([seed; 32])));
        Self { nodes, now: Instant::ZERO, sent: Vec::new(), events: Default::default(), ignored: Vec::new() }
    }

    fn request(&mut self, operation: &Operation) -> (DialogueId, i8) {
        self.nodes[0].request(self.now, address(0), address(1), operation).unwrap()
    }

    /// What a node has to say, without delivering it.
    fn take(&mut self, node: usize) -> Vec<Vec<u8>> {
        let mut octets = Vec::new();
        while let Some(output) = self.nodes[node].poll_output() {
            match output {
                MapOutput::Sccp(bytes) => octets.push(bytes),
                MapOutput::Event(event) => self.events[node].push(event),
                MapOutput::Ignored { state, event } => self.ignored.push(format!("{state}: {event}")),
            }
        }
        octets
    }

    /// Delivers until nobody has anything to say.
    fn run(&mut self) {
        loop {
            let from = [0, 1].map(|node| self.take(node));
            if from.iter().all(Vec::is_empty) {
                return;
            }
            for (node, messages) in from.into_iter().enumerate() {
                for bytes in messages {
                    self.nodes[1 - node].handle_input(self.now, MapInput::Sccp(&bytes));
                    self.sent.push((node, bytes));
                }
            }
        }
    }

    fn events(&mut self, node: usize) -> Vec<MapEvent> {
        std::mem::take(&mut self.events[node])
    }

    /// The names of the messages, and the codes of what is invoked in them.
    fn names(&self) -> Vec<String> {
        let name = |(node, bytes): &(usize, Vec<u8>)| {
            let message = TcapMessage::parse(SccpMessage::parse(bytes).unwrap().data()).unwrap();
            let codes = message.components().iter().map(|component| match component {
                Component::Invoke { code, .. } => format!(" {code}"),
                Component::ReturnResult { .. } => " result".to_owned(),
                Component::ReturnError { code, .. } => format!(" error {code}"),
                Component::Reject { .. } => " reject".to_owned(),
            });
            format!("{node} {}{}", message.name(), codes.collect::<String>())
        };
        self.sent.iter().map(name).collect()
    }

    fn is_idle(&self) -> bool {
        self.nodes.iter().all(|node| node.dialogues() == 0 && node.poll_timeout().is_none())
    }
}

fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

fn imsi() -> Imsi {
    Imsi::new("001010123456789").unwrap()
}

fn routing() -> Operation {
    Operation::SendRoutingInfoForSm(RoutingInfoForSmArg::new(number("491700001"), true, number("491700099")))
}

fn routing_result() -> OperationResult {
    OperationResult::SendRoutingInfoForSm(RoutingInfoForSmRes {
        imsi: imsi(),
        location_info_with_lmsi: LocationInfoWithLmsi::new(number("491700060")),
        ip_sm_gw_guidance: None,
        extensions: Vec::new(),
    })
}

fn forward(octets: usize, more_messages_to_send: bool) -> Operation {
    let (da, oa) = (SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(number("491700099")));
    Operation::MtForwardSm(MtForwardSmArg { more_messages_to_send, ..MtForwardSmArg::new(da, oa, vec![4; octets]) })
}

fn forwarded() -> OperationResult {
    OperationResult::MtForwardSm(ForwardSmRes::default())
}

/// The dialogue and the number of the last invocation.
fn invoked(events: &[MapEvent]) -> (DialogueId, i8) {
    let found = events.iter().rev().find_map(|event| match event {
        MapEvent::Invoked { dialogue, invoke_id, .. } => Some((*dialogue, *invoke_id)),
        _ => None,
    });
    found.unwrap()
}
