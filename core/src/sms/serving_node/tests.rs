//! A serving node with an SMS-GMSC, an HLR and a service centre by [`MapEndpoint`] around it.

use protocol::map::sccp::SccpMessage;
use protocol::map::{
    AlertReason, CancelLocationArg, ForwardSmRes, InsertSubscriberDataArg, MtForwardSmArg, SmDeliveryFailure,
    SmDeliveryFailureCause, UpdateGprsLocationRes, UserError,
};
use protocol::sms::{Address, Deliver, Timestamp, UserData};

use super::*;

const OWN: &str = "491700003";
const HLR: &str = "491700001";
const GMSC: &str = "491700000";
const CENTRE: &str = "491710000";
const IMSI: &str = "001010000000001";

fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

fn imsi() -> Imsi {
    Imsi::new(IMSI).unwrap()
}

struct Net {
    now: Instant,
    node: ServingNode,
    /// HLR, SMS-GMSC and service centre in one.
    peer: MapEndpoint,
    events: VecDeque<MapEvent>,
    queue: ServingNodeQueue,
}

impl Net {
    fn new(kind: ServingNodeKind, service: Service) -> Self {
        let mut config = ServingNodeConfig::new(kind, OWN, HLR);
        config.subscribers = vec![ServedSubscriber { imsi: IMSI.into(), msisdn: "491721111".into(), service }];
        let contexts = [
            ApplicationContext::GPRS_LOCATION_UPDATE_V3,
            ApplicationContext::MWD_MNGT_V3,
            ApplicationContext::SHORT_MSG_MO_RELAY_V3,
        ];
        let node = ServingNode::new(config, Entropy::of_box(1, "sgsn")).unwrap();
        let queue = node.events();
        let peer = MapEndpoint::new(MapConfig::new(contexts), Entropy::of_box(1, "peer"));
        Self { now: Instant::ZERO, node, peer, events: VecDeque::new(), queue }
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        loop {
            self.turn();
            let next = [self.node.poll_timeout(), self.peer.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.node.handle_timeout(self.now);
            self.peer.handle_timeout(self.now);
        }
        self.now = end;
    }

    fn turn(&mut self) {
        loop {
            if let Some(output) = self.node.poll_output() {
                if let NodeOutput::Sccp { bytes } = output {
                    assert_ne!(SccpMessage::parse(&bytes).unwrap().called().digits(), Some(OWN));
                    self.peer.handle_input(self.now, MapInput::Sccp(&bytes));
                }
            } else if let Some(output) = self.peer.poll_output() {
                match output {
                    MapOutput::Sccp(bytes) => self.node.handle_input(self.now, NodeInput::Sccp { bytes: &bytes }),
                    MapOutput::Event(event) => self.events.push_back(event),
                    MapOutput::Ignored { event, .. } => panic!("{event}"),
                }
            } else {
                return;
            }
        }
    }

    fn order(&mut self, order: ServingNodeOrder) {
        self.node.handle_input(self.now, NodeInput::Admin(Admin::ServingNode(Box::new(order))));
        self.wait(1);
    }

    fn service(&mut self, service: Service) {
        self.order(ServingNodeOrder::Service { imsi: IMSI.into(), service });
    }

    /// The next thing that is asked of the peer.
    fn asked(&mut self) -> Option<(DialogueId, i8, Operation)> {
        let found = self.events.iter().position(|event| matches!(event, MapEvent::Invoked { .. }))?;
        match self.events.remove(found) {
            Some(MapEvent::Invoked { dialogue, invoke_id, operation }) => Some((dialogue, invoke_id, operation)),
            _ => None,
        }
    }

    fn answer(&mut self, asked: &(DialogueId, i8, Operation), answer: Result<OperationResult, UserError>) {
        self.peer.answer(self.now, asked.0, asked.1, &answer).unwrap();
        self.turn();
    }

    /// What came of the last invocation of the peer.
    fn returned(&mut self) -> Option<Result<OperationResult, InvokeFailure>> {
        let found = self.events.iter().position(|event| matches!(event, MapEvent::Returned { .. }))?;
        match self.events.remove(found) {
            Some(MapEvent::Returned { result, .. }) => Some(result),
            _ => None,
        }
    }

    fn called(&self) -> (SccpAddress, SccpAddress) {
        (SccpAddress::e164(GMSC, ssn::MSC).unwrap(), SccpAddress::e164(OWN, ssn::SGSN).unwrap())
    }

    /// The SMS-GMSC has a message.
    fn deliver(&mut self, imsi: &str, tpdu: &[u8]) -> Result<(), String> {
        let da = SmRpDa::Imsi(Imsi::new(imsi).unwrap());
        let argument = MtForwardSmArg::new(da, SmRpOa::ServiceCentreAddress(number(CENTRE)), tpdu.to_vec());
        let (own, called) = self.called();
        self.peer.request(self.now, own, called, &Operation::MtForwardSm(argument)).unwrap();
        self.wait(1000);
        match self.returned() {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("nothing".to_owned()),
        }
    }

    /// The SGSN's first update is taken.
    fn attach(&mut self) {
        self.wait(1);
        let asked = self.asked().unwrap();
        let Operation::UpdateGprsLocation(argument) = &asked.2 else { panic!("{asked:?}") };
        assert_eq!((&argument.imsi, &argument.sgsn_number), (&imsi(), &number(OWN)));
        // The HLR gives its data first.
        let data = Operation::InsertSubscriberData(InsertSubscriberDataArg::default());
        self.peer.invoke(asked.0, &data).unwrap();
        self.peer.delimit(self.now, asked.0).unwrap();
        self.turn();
        assert!(matches!(self.returned(), Some(Ok(OperationResult::InsertSubscriberData(_)))));
        let hlr_number = number(HLR);
        let result = UpdateGprsLocationRes { hlr_number, mme_registered_for_sms: false, extensions: Vec::new() };
        self.answer(&asked, Ok(OperationResult::UpdateGprsLocation(result)));
    }

    fn happened(&self) -> Vec<ServingNodeEvent> {
        std::iter::from_fn(|| self.queue.poll()).collect()
    }

    fn figure(&self, name: &str) -> u64 {
        self.node.figures().into_iter().find(|(own, _)| *own == name).unwrap().1
    }
}

fn text(text: &str, second: u64) -> Vec<u8> {
    let (coding, data) = UserData::of_text(text).unwrap();
    Deliver::new(Address::of_number("+358401").unwrap(), Timestamp::from_utc_ms(second * 1000, 0), coding, data).emit()
}

fn error(error: &UserError) -> Result<(), String> {
    Err(error.to_string())
}

#[test]
fn a_phone_takes_a_message_once() {
    let mut net = Net::new(ServingNodeKind::Msc, Service::Delivers);
    for (tpdu, taken) in [(text("a", 1), true), (text("a", 1), false), (text("a", 2), true)] {
        assert_eq!(net.deliver(IMSI, &tpdu), Ok(()));
        let imsi = IMSI.to_owned();
        let event =
            if taken { ServingNodeEvent::Delivered { imsi, tpdu } } else { ServingNodeEvent::Repeated { imsi } };
        assert_eq!(net.happened(), [event]);
    }
    let long = text(&"x".repeat(160), 3);
    assert_eq!(net.deliver(IMSI, &long), Ok(()));
    assert_eq!((net.figure("serving_node_delivered"), net.figure("serving_node_dialogues")), (3, 0));
    assert!(matches!(net.deliver(IMSI, &[1, 2]), Err(why) if why.contains("32")));
    let stranger = net.deliver("001010000000009", &text("a", 4));
    assert_eq!(stranger, error(&UserError::UnidentifiedSubscriber));
}

#[test]
fn messages_of_one_dialogue_go_to_one_phone() {
    let mut net = Net::new(ServingNodeKind::Msc, Service::Delivers);
    let mut argument =
        MtForwardSmArg::new(SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(number(CENTRE)), text("a", 1));
    argument.more_messages_to_send = true;
    let (own, called) = net.called();
    let (dialogue, _) = net.peer.request(net.now, own, called, &Operation::MtForwardSm(argument)).unwrap();
    net.wait(1000);
    let first = ForwardSmRes::default();
    assert_eq!(net.returned(), Some(Ok(OperationResult::MtForwardSm(first.clone()))));
    let next = MtForwardSmArg::new(SmRpDa::None, SmRpOa::None, text("b", 1));
    net.peer.invoke(dialogue, &Operation::MtForwardSm(next)).unwrap();
    net.peer.delimit(net.now, dialogue).unwrap();
    net.wait(1000);
    assert_eq!(net.returned(), Some(Ok(OperationResult::MtForwardSm(first))));
    assert_eq!((net.happened().len(), net.figure("serving_node_dialogues")), (2, 0));
    assert!(net.node.terminating.is_empty());
}

#[test]
fn what_becomes_of_messages_is_what_is_ordered() {
    let mut net = Net::new(ServingNodeKind::Msc, Service::Silent);
    assert_eq!(net.deliver(IMSI, &text("a", 1)), Err("nothing".to_owned()));
    net.service(Service::NotProvisioned);
    assert_eq!(net.deliver(IMSI, &text("a", 1)), error(&UserError::TeleserviceNotProvisioned));
    net.service(Service::MemoryFull);
    assert_eq!(
        net.deliver(IMSI, &text("a", 1)),
        error(&UserError::SmDeliveryFailure(SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded)))
    );
    assert!(net.asked().is_none());
    // The phone says RP-SMMA, and takes what it refused before.
    net.service(Service::Delivers);
    let asked = net.asked().unwrap();
    let Operation::ReadyForSm(ready) = &asked.2 else { panic!("{asked:?}") };
    assert_eq!((ready.alert_reason, ready.alert_reason_indicator), (AlertReason::MemoryAvailable, false));
    net.answer(&asked, Ok(OperationResult::ReadyForSm(Vec::new())));
    net.happened();
    assert_eq!(net.deliver(IMSI, &text("a", 1)), Ok(()));
    assert!(matches!(net.happened()[..], [ServingNodeEvent::Delivered { .. }]));
}

#[test]
fn who_was_missed_is_told_of_when_there_again() {
    let mut net = Net::new(ServingNodeKind::Sgsn, Service::Delivers);
    net.attach();
    net.service(Service::Absent(Some(6)));
    net.service(Service::Delivers);
    assert!(net.asked().is_none(), "no message was missed");
    net.service(Service::Absent(Some(6)));
    let Err(why) = net.deliver(IMSI, &text("a", 1)) else { panic!() };
    assert!(why.starts_with("absentSubscriberSM"), "{why}");
    net.service(Service::Delivers);
    let asked = net.asked().unwrap();
    let Operation::ReadyForSm(ready) = &asked.2 else { panic!("{asked:?}") };
    assert_eq!((ready.alert_reason, ready.alert_reason_indicator), (AlertReason::MsPresent, true));
    net.answer(&asked, Err(UserError::SystemFailure(None)));
    net.service(Service::Delivers);
    assert!(net.asked().is_none());
}

#[test]
fn an_sgsn_tells_the_hlr_whom_it_serves() {
    let mut net = Net::new(ServingNodeKind::Sgsn, Service::Absent(None));
    net.wait(10);
    assert!(net.asked().is_none(), "nobody has attached");
    assert_eq!(net.deliver(IMSI, &text("a", 1)), error(&UserError::UnidentifiedSubscriber));
    net.service(Service::Delivers);
    let asked = net.asked().unwrap();
    net.answer(&asked, Err(UserError::SystemFailure(None)));
    net.wait(29_000);
    assert!(net.asked().is_none());
    net.wait(1_000);
    net.attach();
    assert_eq!((net.deliver(IMSI, &text("a", 1)), net.figure("serving_node_subscribers")), (Ok(()), 1));
    // The HLR takes it away.
    let cancel = CancelLocationArg { imsi: imsi(), lmsi: None, cancellation_type: None, extensions: Vec::new() };
    let (own, called) = net.called();
    net.peer.request(net.now, own, called, &Operation::CancelLocation(cancel)).unwrap();
    net.wait(10);
    assert!(matches!(net.returned(), Some(Ok(OperationResult::CancelLocation(_)))));
    assert_eq!(net.deliver(IMSI, &text("a", 2)), error(&UserError::UnidentifiedSubscriber));
    // It attaches anew.
    net.service(Service::Delivers);
    net.attach();
    assert_eq!(net.deliver(IMSI, &text("a", 2)), Ok(()));
}

#[test]
fn a_phone_sends() {
    let mut net = Net::new(ServingNodeKind::Msc, Service::Delivers);
    let send = |imsi: &str, centre: &str| ServingNodeOrder::Send {
        imsi: imsi.into(),
        service_centre: centre.into(),
        tpdu: vec![1, 2, 3],
    };
    net.order(send(IMSI, CENTRE));
    let asked = net.asked().unwrap();
    let Operation::MoForwardSm(argument) = &asked.2 else { panic!("{asked:?}") };
    assert_eq!(argument.sm_rp_da, SmRpDa::ServiceCentreAddress(number(CENTRE)));
    assert_eq!((&argument.sm_rp_oa, &argument.sm_rp_ui[..]), (&SmRpOa::Msisdn(number("491721111")), &[1, 2, 3][..]));
    assert_eq!(net.happened(), []);
    let result = ForwardSmRes { sm_rp_ui: Some(vec![1]), extensions: Vec::new() };
    net.answer(&asked, Ok(OperationResult::MoForwardSm(result)));
    assert_eq!(net.happened(), [ServingNodeEvent::Sent { imsi: IMSI.into(), report: Some(vec![1]) }]);
    let full = SmDeliveryFailure {
        diagnostic_info: Some(vec![2]),
        ..SmDeliveryFailure::new(SmDeliveryFailureCause::ScCongestion)
    };
    // TS 23.040 clause 11.2.
    for (error, wanted, with) in [
        (UserError::SystemFailure(None), RpCause::NETWORK_OUT_OF_ORDER, None),
        (UserError::SmDeliveryFailure(full), RpCause::CONGESTION, Some(vec![2])),
        (UserError::TeleserviceNotProvisioned, RpCause::FACILITY_NOT_SUBSCRIBED, None),
    ] {
        net.order(send(IMSI, CENTRE));
        let asked = net.asked().unwrap();
        net.answer(&asked, Err(error));
        let happened = net.happened();
        let [ServingNodeEvent::NotSent { cause, report, .. }] = &happened[..] else { panic!("{happened:?}") };
        assert_eq!((*cause, report), (wanted, &with));
    }
    net.order(send(IMSI, "x"));
    assert!(matches!(net.happened()[..], [ServingNodeEvent::NotSent { .. }]));
    net.order(send("001010000000009", CENTRE));
    net.order(send("", CENTRE));
    assert_eq!((net.happened().len(), net.figure("serving_node_dialogues")), (0, 0));
    net.order(send(IMSI, CENTRE));
    net.wait(121_000);
    assert!(matches!(net.happened()[..], [ServingNodeEvent::NotSent { .. }]));
    assert_eq!((net.figure("serving_node_sent"), net.figure("serving_node_not_sent")), (1, 5));
}

#[test]
fn a_phone_with_memory_again_has_the_hlr_told() {
    for (kind, of_sgsn) in [(ServingNodeKind::Msc, false), (ServingNodeKind::Sgsn, true)] {
        let mut net = Net::new(kind, Service::Delivers);
        if of_sgsn {
            net.attach();
        }
        let told = |result| [ServingNodeEvent::MemoryKnown { imsi: IMSI.into(), result }];
        for (answer, result) in [
            (Ok(OperationResult::ReadyForSm(Vec::new())), Ok(())),
            (Err(UserError::FacilityNotSupported), Err(RpCause::FACILITY_NOT_IMPLEMENTED)),
        ] {
            net.order(ServingNodeOrder::MemoryAvailable { imsi: IMSI.into() });
            let asked = net.asked().unwrap();
            let Operation::ReadyForSm(argument) = &asked.2 else { panic!("{asked:?}") };
            let reason = (argument.alert_reason, argument.alert_reason_indicator);
            assert_eq!(reason, (AlertReason::MemoryAvailable, of_sgsn));
            assert_eq!(net.happened(), []);
            net.answer(&asked, answer);
            assert_eq!(net.happened(), told(result));
        }
        net.order(ServingNodeOrder::MemoryAvailable { imsi: IMSI.into() });
        net.wait(121_000);
        assert_eq!(net.happened(), told(Err(RpCause::NETWORK_OUT_OF_ORDER)));
    }
}
