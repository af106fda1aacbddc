//! Whatever comes to an end of MAP in the midst of dialogues: all of them end, and every invocation has one outcome.

use std::collections::BTreeMap;

use super::map::{address, imsi, invoke, number, packet};
use crate::map::sccp::{ReturnCause, SccpMessage};
use crate::map::tcap::{
    AbortReason, Code, Component, Diagnostic, DialoguePdu, PAbortCause, TcapMessage, TransactionId,
};
use crate::map::*;
use crate::{Entropy, Instant};

/// Feeds `octets` twice to an endpoint that has asked, has asked and was answered, and is asked.
///
/// # Panics
/// When a dialogue stays, when an invocation has two outcomes or none, or when it talks without end.
pub fn map_endpoint(octets: &[u8]) {
    let mut bench = Bench::new();
    for _ in 0..2 {
        bench.endpoint.handle_input(bench.now, MapInput::Sccp(octets));
        bench.drain();
    }
    bench.end();
}

/// Messages that mean something to the endpoint of [`map_endpoint`].
pub fn map_endpoint_corpus() -> Vec<Vec<u8>> {
    let bench = Bench::new();
    let mut messages = vec![bench.opening(1), bench.opening(2)];
    for (sent, context) in bench.sent.iter().zip([SRI, MT, MT]) {
        let TcapMessage::Begin { otid, .. } = tcap_of(sent) else { continue };
        let pdu = || Some(DialoguePdu::accept(context.arcs()));
        let (other, dtid) = (|| TransactionId::from(9), || otid.clone());
        for components in [routing_result(), Vec::new(), vec![reject()], vec![inform()]] {
            messages.push(TcapMessage::End { dtid: dtid(), dialogue: pdu(), components: components.clone() });
            let (otid, dtid) = (other(), dtid());
            messages.push(TcapMessage::Continue { otid, dtid, dialogue: pdu(), components: components.clone() });
        }
        let refusal = DialoguePdu::refuse(context.arcs(), Diagnostic::CONTEXT_NOT_SUPPORTED);
        for reason in [AbortReason::User(Some(refusal)), AbortReason::Provider(PAbortCause(4))] {
            messages.push(TcapMessage::Abort { dtid: dtid(), reason });
        }
    }
    // In the dialogue that goes on already.
    let dtid = bench.active.clone();
    messages.push(TcapMessage::Continue { otid: 9.into(), dtid, dialogue: None, components: vec![reject()] });
    let mut corpus: Vec<_> = messages.iter().map(packet).collect();
    corpus.extend(bench.sent.iter().filter_map(|sent| match SccpMessage::parse(sent) {
        Ok(SccpMessage::UnitData(unitdata)) => unitdata.undelivered(ReturnCause::NO_TRANSLATION)?.emit().ok(),
        _ => None,
    }));
    corpus
}

const SRI: ApplicationContext = ApplicationContext::SHORT_MSG_GATEWAY_V3;
const MT: ApplicationContext = ApplicationContext::SHORT_MSG_MT_RELAY_V3;

struct Bench {
    endpoint: MapEndpoint,
    now: Instant,
    sent: Vec<Vec<u8>>,
    /// Outcomes of what we have invoked.
    outcomes: BTreeMap<(DialogueId, i8), u32>,
    /// Transaction ID of the dialogue that goes on.
    active: TransactionId,
    told: usize,
}

impl Bench {
    fn new() -> Self {
        let config = MapConfig { max_dialogues: 8, ..MapConfig::new([SRI, MT]) };
        let endpoint = MapEndpoint::new(config, Entropy::from_seed([1; 32]));
        let (now, active) = (Instant::ZERO, TransactionId::from(0));
        let mut bench = Self { endpoint, now, sent: Vec::new(), outcomes: BTreeMap::new(), active, told: 0 };
        for operation in [routing(), forward(20), forward(164)] {
            let (ours, theirs) = (address(0), address(1));
            let (dialogue, id) = bench.endpoint.request(now, ours, theirs, &operation).expect("there is room");
            bench.outcomes.insert((dialogue, id), 0);
        }
        bench.drain();
        // The last one was an empty Begin: its answer makes it go on.
        if let Some(TcapMessage::Begin { otid, .. }) = bench.sent.last().map(|s| tcap_of(s)) {
            let pdu = Some(DialoguePdu::accept(MT.arcs()));
            bench.active = otid.clone();
            let answer = TcapMessage::Continue { otid: 9.into(), dtid: otid, dialogue: pdu, components: Vec::new() };
            bench.endpoint.handle_input(now, MapInput::Sccp(&packet(&answer)));
            bench.drain();
        }
        let opening = packet(&bench.opening(7));
        bench.endpoint.handle_input(now, MapInput::Sccp(&opening));
        bench.drain();
        bench
    }

    /// Somebody asks for a route.
    fn opening(&self, otid: u32) -> TcapMessage {
        let dialogue = Some(DialoguePdu::request(SRI.arcs()));
        TcapMessage::Begin { otid: otid.into(), dialogue, components: vec![invoke(&routing())] }
    }

    /// What is asked is answered by turns with an error, with a result and more to come, or not at all.
    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            self.told += 1;
            assert!(self.told < 500, "there is no end of outputs");
            let event = match output {
                MapOutput::Sccp(bytes) => {
                    assert!(SccpMessage::parse(&bytes).is_ok(), "a message that nobody can read");
                    self.sent.push(bytes);
                    continue;
                }
                MapOutput::Event(event) => event,
                MapOutput::Ignored { .. } => continue,
            };
            match event {
                MapEvent::Invoked { dialogue, invoke_id, .. } => {
                    let error = Err(UserError::SystemFailure(Some(1)));
                    // The dialogue may have ended with this very message.
                    let _gone = match invoke_id % 3 {
                        0 => self.endpoint.answer(self.now, dialogue, invoke_id, &error),
                        1 => self
                            .endpoint
                            .respond(dialogue, invoke_id, &error)
                            .and_then(|()| self.endpoint.delimit(self.now, dialogue)),
                        _ => Ok(()),
                    };
                }
                MapEvent::Returned { dialogue, invoke_id, .. } => {
                    let outcome = self.outcomes.get_mut(&(dialogue, invoke_id)).expect("the outcome of nothing");
                    *outcome += 1;
                }
                _ => {}
            }
        }
    }

    /// Time passes until there is nothing to be done.
    fn end(mut self) {
        for _ in 0..100 {
            let Some(at) = self.endpoint.poll_timeout() else { break };
            assert!(at >= self.now, "time goes back");
            self.now = at;
            self.endpoint.handle_timeout(at);
            self.drain();
        }
        assert_eq!((self.endpoint.dialogues(), self.endpoint.poll_timeout()), (0, None), "a dialogue stays");
        assert!(self.outcomes.values().all(|&outcomes| outcomes == 1), "{:?}", self.outcomes);
    }
}

fn routing() -> Operation {
    Operation::SendRoutingInfoForSm(RoutingInfoForSmArg::new(number(), true, number()))
}

fn forward(octets: usize) -> Operation {
    let (da, oa) = (SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(number()));
    Operation::MtForwardSm(MtForwardSmArg::new(da, oa, vec![4; octets]))
}

fn inform() -> Component {
    invoke(&Operation::InformServiceCentre(InformServiceCentreArg::default()))
}

fn routing_result() -> Vec<Component> {
    let location_info_with_lmsi = LocationInfoWithLmsi::new(number());
    let extensions = Vec::new();
    let result = RoutingInfoForSmRes { imsi: imsi(), location_info_with_lmsi, ip_sm_gw_guidance: None, extensions };
    let result = OperationResult::SendRoutingInfoForSm(result);
    let result = result.emit().map(|octets| (Code::Local(result.code().0), octets));
    vec![Component::ReturnResult { invoke_id: 1, is_last: true, result }]
}

fn reject() -> Component {
    let problem = tcap::Problem::Invoke(tcap::InvokeProblem::MISTYPED_PARAMETER);
    Component::Reject { invoke_id: Some(1), problem }
}

fn tcap_of(octets: &[u8]) -> TcapMessage {
    TcapMessage::parse(SccpMessage::parse(octets).expect("a message").data()).expect("a message")
}
