//! The node between a service centre by [`SmppSession`] and peers on SS7 by [`MapEndpoint`], which do what a test says.

mod alerts;
mod bounds;
mod failures;
mod originating;
mod terminating;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::map::sccp::{ReturnCause, SccpMessage};
use protocol::map::{
    AdditionalNumber, AlertServiceCentreArg, DialogueId, ForwardSmRes, Imsi, LocationInfoWithLmsi, MapError,
    MtForwardSmArg, OperationResult, ReportSmDeliveryStatusArg, ReportSmDeliveryStatusRes, RoutingInfoForSmArg,
    RoutingInfoForSmRes, SmsAccess, SmsPreferences, UserError,
};
use protocol::smpp::{
    Bind, BindKind, Body, COctetString, CommandStatus, EsmClass, MessageOctets, Pdu, ShortMessage, SmeAddress,
    SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession, Tlv, Tlvs,
};
use protocol::sms::{Address, Deliver, Timestamp, UserData};

use super::*;
use crate::node::{StreamInput, StreamOutput};
use crate::sms::tlv;

const GMSC: &str = "491700000";
const HLR: &str = "491700001";
const GATEWAY: &str = "491700002";
const SGSN: &str = "491700003";
const MSC: &str = "491700004";
const CENTRE: &str = "491710000";
const SUBSCRIBER: &str = "491721111";
const IMSI: &str = "001010000000001";
const PEERS: [&str; 4] = [HLR, GATEWAY, SGSN, MSC];

fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

fn conn(number: u64) -> StreamId {
    StreamId(number)
}

/// An invocation that came to a peer.
type Invoked = (DialogueId, i8, Operation);

struct Net {
    now: Instant,
    gmsc: SmsGmsc,
    peers: BTreeMap<&'static str, MapEndpoint>,
    centres: BTreeMap<StreamId, SmppSession>,
    invoked: BTreeMap<&'static str, VecDeque<Invoked>>,
    told: BTreeMap<StreamId, VecDeque<SmppEvent>>,
    /// Other events of peers.
    events: Vec<MapEvent>,
    notes: Vec<String>,
}

impl Net {
    fn new(change: impl FnOnce(&mut SmsGmscConfig)) -> Self {
        let centre = |address: &str, name: &str| ServiceCentre {
            address: address.into(),
            system_id: name.into(),
            password: "secret".to_owned().into(),
            from: Vec::new(),
        };
        let mut config = SmsGmscConfig::new(GMSC, HLR, vec![centre(CENTRE, "smsc"), centre("491710001", "other")]);
        change(&mut config);
        let contexts = [ApplicationContext::SHORT_MSG_GATEWAY_V3, ApplicationContext::SHORT_MSG_MT_RELAY_V3];
        let peer = |name: &'static str| (name, MapEndpoint::new(MapConfig::new(contexts), Entropy::of_box(1, name)));
        Self {
            now: Instant::ZERO,
            gmsc: SmsGmsc::new(config, Entropy::of_box(1, "gmsc")).unwrap(),
            peers: PEERS.into_iter().map(peer).collect(),
            centres: BTreeMap::new(),
            invoked: BTreeMap::new(),
            told: BTreeMap::new(),
            events: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With the service centre bound.
    fn bound(change: impl FnOnce(&mut SmsGmscConfig)) -> Self {
        let mut net = Self::new(change);
        let told = net.bind(1, "smsc", "secret", "", BindKind::Transceiver);
        assert!(matches!(told, Some(SmppEvent::Bound { .. })), "{told:?}");
        net
    }

    fn bind(&mut self, id: u64, name: &str, password: &str, range: &str, kind: BindKind) -> Option<SmppEvent> {
        let address = SocketAddr::from(([192, 0, 2, 1], 2775));
        let connected = StreamInput::Connected { conn: conn(id), token: None, local: address, remote: address };
        self.gmsc.handle_input(self.now, NodeInput::Stream(connected));
        let config =
            SmppConfig { response_time: Duration::from_secs(900), window: 2000, ..SmppConfig::new(SmppRole::Esme) };
        let mut session = SmppSession::new(self.now, config);
        let mut bind = Bind::new(name, password).unwrap();
        bind.address_range = COctetString::new(range).unwrap();
        session.bind(self.now, kind, bind).unwrap();
        self.centres.insert(conn(id), session);
        self.turn();
        self.heard(id)
    }

    /// All that has been said arrives.
    fn turn(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.gmsc.poll_output() {
                quiet = false;
                self.carry(output);
            }
            for (name, peer) in &mut self.peers {
                while let Some(output) = peer.poll_output() {
                    quiet = false;
                    match output {
                        MapOutput::Sccp(bytes) => self.gmsc.handle_input(self.now, NodeInput::Sccp { bytes: &bytes }),
                        MapOutput::Event(MapEvent::Invoked { dialogue, invoke_id, operation }) => {
                            self.invoked.entry(name).or_default().push_back((dialogue, invoke_id, operation));
                        }
                        MapOutput::Event(event) => self.events.push(event),
                        MapOutput::Ignored { event, .. } => self.notes.push(format!("{name} ignores {event}")),
                    }
                }
            }
            for (conn, session) in &mut self.centres {
                while let Some(output) = session.poll_output() {
                    quiet = false;
                    match output {
                        SmppOutput::Send(bytes) => {
                            let input = StreamInput::Received { conn: *conn, bytes: &bytes };
                            self.gmsc.handle_input(self.now, NodeInput::Stream(input));
                        }
                        SmppOutput::Close => {
                            let input = StreamInput::Closed { conn: *conn };
                            self.gmsc.handle_input(self.now, NodeInput::Stream(input));
                        }
                        SmppOutput::Event(event) => self.told.entry(*conn).or_default().push_back(event),
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn carry(&mut self, output: NodeOutput) {
        match output {
            NodeOutput::Sccp { bytes } => {
                let message = SccpMessage::parse(&bytes).unwrap();
                match message.called().digits().and_then(|digits| self.peers.get_mut(digits)) {
                    Some(peer) => peer.handle_input(self.now, MapInput::Sccp(&bytes)),
                    None => {
                        let bytes = message.returned(ReturnCause::NO_TRANSLATION).unwrap();
                        self.gmsc.handle_input(self.now, NodeInput::Sccp { bytes: &bytes });
                    }
                }
            }
            NodeOutput::Stream(StreamOutput::Send { conn, bytes }) => {
                if let Some(session) = self.centres.get_mut(&conn) {
                    session.handle_input(self.now, SmppInput::Received(&bytes));
                }
            }
            NodeOutput::Stream(StreamOutput::Close { conn }) => {
                if let Some(session) = self.centres.get_mut(&conn) {
                    session.handle_input(self.now, SmppInput::Closed);
                }
            }
            NodeOutput::Note(note) => self.notes.push(note.to_string()),
            other => panic!("{other:?}"),
        }
    }

    /// Time passes; whoever wants to be called in it is.
    fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        loop {
            self.turn();
            let peers = self.peers.values().filter_map(MapEndpoint::poll_timeout);
            let centres = self.centres.values().filter_map(SmppSession::poll_timeout);
            let next = peers.chain(centres).chain(self.gmsc.poll_timeout()).min().filter(|at| *at <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            self.gmsc.handle_timeout(self.now);
            self.peers.values_mut().for_each(|peer| peer.handle_timeout(self.now));
            self.centres.values_mut().for_each(|session| session.handle_timeout(self.now));
        }
        self.now = end;
    }

    /// What the service centre hears next.
    fn heard(&mut self, id: u64) -> Option<SmppEvent> {
        self.told.get_mut(&conn(id))?.pop_front()
    }

    /// The response that it hears next.
    #[track_caller]
    fn response(&mut self) -> Pdu {
        match self.heard(1) {
            Some(SmppEvent::Response { pdu, .. }) => *pdu,
            other => panic!("{other:?}, {:#?}", self.notes),
        }
    }

    /// What a peer was asked next.
    #[track_caller]
    fn asked(&mut self, peer: &str) -> Invoked {
        let asked = self.invoked.get_mut(peer).and_then(VecDeque::pop_front);
        asked.unwrap_or_else(|| panic!("{peer} was asked nothing: {:#?}", self.notes))
    }

    fn is_asked(&self, peer: &str) -> bool {
        self.invoked.get(peer).is_some_and(|queue| !queue.is_empty())
    }

    /// A peer answers and ends the dialogue.
    fn answer(&mut self, peer: &str, (dialogue, invoke_id, _): &Invoked, answer: Result<OperationResult, UserError>) {
        let answered: Result<(), MapError> =
            self.peers.get_mut(peer).unwrap().answer(self.now, *dialogue, *invoke_id, &answer);
        answered.unwrap();
        self.turn();
    }

    /// A peer answers, and the dialogue goes on.
    fn answer_on(
        &mut self,
        peer: &str,
        (dialogue, invoke_id, _): &Invoked,
        answer: Result<OperationResult, UserError>,
    ) {
        let endpoint = self.peers.get_mut(peer).unwrap();
        endpoint.respond(*dialogue, *invoke_id, &answer).unwrap();
        endpoint.delimit(self.now, *dialogue).unwrap();
        self.turn();
    }

    fn submit(&mut self, token: u64, message: ShortMessage, tlvs: Vec<Tlv>) {
        self.centres.get_mut(&conn(1)).unwrap().request(self.now, token, Body::SubmitSm(message), tlvs).unwrap();
        self.turn();
    }

    /// The service centre submits a text with its TPDU, and `more` parameters.
    fn deliver(&mut self, text: &str, more: impl IntoIterator<Item = Tlv>) {
        let tlvs = [tlv::tpdu(deliver(text))].into_iter().chain(more).collect();
        self.submit(1, submit_sm(SUBSCRIBER), tlvs);
    }

    /// The HLR is asked, and says this.
    #[track_caller]
    fn route(&mut self, location: LocationInfoWithLmsi) -> RoutingInfoForSmArg {
        self.route_by(location, &[])
    }

    /// The same with the accesses that these addresses are for.
    #[track_caller]
    fn route_by(&mut self, location: LocationInfoWithLmsi, order: &[SmsAccess]) -> RoutingInfoForSmArg {
        let asked = self.asked(HLR);
        let Operation::SendRoutingInfoForSm(argument) = &asked.2 else { panic!("{:?}", asked.2) };
        let preferences = SmsPreferences { mt: order.to_vec(), ..SmsPreferences::default() };
        let result = RoutingInfoForSmRes {
            imsi: Imsi::new(IMSI).unwrap(),
            location_info_with_lmsi: location,
            ip_sm_gw_guidance: None,
            extensions: if order.is_empty() { Vec::new() } else { vec![preferences.to_extension()] },
        };
        self.answer(HLR, &asked, Ok(OperationResult::SendRoutingInfoForSm(result)));
        argument.clone()
    }

    /// A node is to deliver, and does, or does not.
    #[track_caller]
    fn forward(&mut self, peer: &str, answer: Result<(), UserError>) -> MtForwardSmArg {
        let asked = self.asked(peer);
        let Operation::MtForwardSm(argument) = &asked.2 else { panic!("{:?}", asked.2) };
        self.answer(peer, &asked, answer.map(|()| OperationResult::MtForwardSm(ForwardSmRes::default())));
        argument.clone()
    }

    /// The HLR takes a report.
    #[track_caller]
    fn report(&mut self) -> ReportSmDeliveryStatusArg {
        let asked = self.asked(HLR);
        let Operation::ReportSmDeliveryStatus(argument) = &asked.2 else { panic!("{:?}", asked.2) };
        let result = ReportSmDeliveryStatusRes::default();
        self.answer(HLR, &asked, Ok(OperationResult::ReportSmDeliveryStatus(result)));
        argument.clone()
    }

    fn figure(&self, name: &str) -> u64 {
        self.gmsc.figures().into_iter().find(|(own, _)| *own == name).unwrap().1
    }

    /// Nothing is left of what was done.
    #[track_caller]
    fn is_clean(&self) {
        for name in ["sms_gmsc_dialogues", "sms_gmsc_delivering", "sms_gmsc_dialogues_held", "sms_gmsc_originating"] {
            assert_eq!(self.figure(name), 0, "{name}: {:#?}", self.notes);
        }
        assert!(self.gmsc.by_dialogue.is_empty() && self.gmsc.queues.is_empty() && self.gmsc.ready.is_empty());
    }
}

/// SMS-DELIVER.
fn deliver(text: &str) -> Vec<u8> {
    let (coding, data) = UserData::of_text(text).unwrap();
    Deliver::new(Address::of_number("+358401").unwrap(), Timestamp::from_utc_ms(0, 0), coding, data).emit()
}

fn submit_sm(to: &str) -> ShortMessage {
    ShortMessage {
        source: SmeAddress::international("358401").unwrap(),
        destination: SmeAddress::international(to).unwrap(),
        esm_class: EsmClass(EsmClass::FORWARD),
        ..ShortMessage::default()
    }
}

/// Gateway, SGSN and MSC, in this order.
fn everywhere() -> LocationInfoWithLmsi {
    LocationInfoWithLmsi {
        network_node_number: number(GATEWAY),
        lmsi: None,
        gprs_node_indicator: false,
        additional_number: Some(AdditionalNumber::Sgsn(number(SGSN))),
        third_number: Some(AdditionalNumber::Msc(number(MSC))),
        ims_node_indicator: true,
    }
}

/// An MSC alone.
fn at_msc() -> LocationInfoWithLmsi {
    LocationInfoWithLmsi {
        network_node_number: number(MSC),
        additional_number: None,
        third_number: None,
        ims_node_indicator: false,
        ..everywhere()
    }
}
