//! Both sides of a session, joined in memory: what goes, what does not, and what time does.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{DataSm, MessageId, MessageOctets, QuerySm, ShortMessage, SmeAddress, SystemId, Tlvs};
use super::*;

/// A message centre and an ESME.
struct Pair {
    now: Instant,
    sides: [SmppSession; 2],
    events: [Vec<SmppEvent>; 2],
    /// Pieces that octets come in.
    piece: usize,
    /// Nothing comes through any more.
    is_cut: bool,
    closed: [bool; 2],
}

const CENTRE: usize = 0;
const ESME: usize = 1;

impl Pair {
    fn new(change: impl Fn(&mut SmppConfig)) -> Self {
        let side = |role| {
            let mut config = SmppConfig::new(role);
            config.system_id = SystemId::new("centre").unwrap();
            change(&mut config);
            SmppSession::new(Instant::ZERO, config)
        };
        let sides = [side(SmppRole::MessageCentre), side(SmppRole::Esme)];
        Self {
            now: Instant::ZERO,
            sides,
            events: Default::default(),
            piece: usize::MAX,
            is_cut: false,
            closed: [false; 2],
        }
    }

    fn bound(kind: BindKind, change: impl Fn(&mut SmppConfig)) -> Self {
        let mut pair = Self::new(change);
        pair.sides[ESME].bind(pair.now, kind, Bind::new("esme", "secret").unwrap()).unwrap();
        let asked = pair.turn();
        assert_eq!(asked[CENTRE], [SmppEvent::BindRequested(kind, Bind::new("esme", "secret").unwrap())]);
        assert!(pair.sides[CENTRE].accept_bind(pair.now));
        let [centre, esme] = pair.turn();
        assert!(matches!(centre[..], [SmppEvent::Bound { .. }]), "{centre:?}");
        let [SmppEvent::Bound { system_id: Some(system_id), tlvs, .. }] = &esme[..] else { panic!("{esme:?}") };
        assert_eq!(
            (system_id.to_string().as_str(), tlvs.integer(TlvTag::SC_INTERFACE_VERSION)),
            ("centre", Some(0x34))
        );
        pair
    }

    /// Lets octets go to and fro until there are none; what the owners are told.
    fn turn(&mut self) -> [Vec<SmppEvent>; 2] {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for side in [CENTRE, ESME] {
                while let Some(output) = self.sides[side].poll_output() {
                    quiet = false;
                    match output {
                        SmppOutput::Send(octets) if !self.is_cut => {
                            for piece in octets.chunks(self.piece) {
                                self.sides[1 - side].handle_input(self.now, SmppInput::Received(piece));
                            }
                        }
                        SmppOutput::Send(_) => {}
                        SmppOutput::Close => {
                            self.closed[side] = true;
                            self.sides[1 - side].handle_input(self.now, SmppInput::Closed);
                        }
                        SmppOutput::Event(event) => self.events[side].push(event),
                    }
                }
            }
        }
        std::mem::take(&mut self.events)
    }

    /// Lets time pass; what the owners are told.
    fn wait(&mut self, seconds: u64) -> [Vec<SmppEvent>; 2] {
        let end = self.now + Duration::from_secs(seconds);
        let mut all = <[Vec<SmppEvent>; 2]>::default();
        while let Some(due) = self.sides.iter().filter_map(SmppSession::poll_timeout).min().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.sides.iter_mut().for_each(|side| side.handle_timeout(self.now));
            let told = self.turn();
            all.iter_mut().zip(told).for_each(|(all, told)| all.extend(told));
        }
        self.now = end;
        all
    }
}

fn submit(text: &str) -> Body {
    let destination = SmeAddress::international("+358401234567").unwrap();
    Body::SubmitSm(ShortMessage { destination, message: MessageOctets::new(text).unwrap(), ..Default::default() })
}

fn request(told: &[SmppEvent]) -> &Pdu {
    let [SmppEvent::Request(pdu)] = told else { panic!("{told:?}") };
    pdu
}

const RESPONSE: Body = Body::SubmitSmResp(None);

#[test]
fn messages_go_both_ways_in_pieces_of_one_octet() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    pair.piece = 1;
    let vendor = Tlv::new(TlvTag(0x1401), [1, 2, 3]);
    pair.sides[ESME].request(pair.now, 70, submit("hello"), vec![vendor.clone()]).unwrap();
    let told = pair.turn();
    let asked = request(&told[CENTRE]);
    assert_eq!((&asked.body, &asked.tlvs), (&submit("hello"), &vec![vendor]));
    let response = Body::SubmitSmResp(MessageId::new("42"));
    let answer = Pdu::response(asked.sequence_number, CommandStatus::OK, response);
    assert!(pair.sides[CENTRE].respond(answer.clone()) && !pair.sides[CENTRE].respond(answer.clone()));
    assert_eq!(pair.turn()[ESME], [SmppEvent::Response { token: 70, pdu: answer.into() }]);
    let deliver = Body::DeliverSm(ShortMessage::default());
    pair.sides[CENTRE].request(pair.now, 71, deliver, Vec::new()).unwrap();
    let told = pair.turn();
    let sequence_number = request(&told[ESME]).sequence_number;
    assert!(pair.sides[ESME].refuse(sequence_number, CommandStatus::REJECTED_BY_APPLICATION));
    let told = pair.turn();
    let [SmppEvent::Response { token: 71, pdu }] = &told[CENTRE][..] else { panic!("{told:?}") };
    assert_eq!((pdu.status, &pdu.body), (CommandStatus::REJECTED_BY_APPLICATION, &Body::DeliverSmResp(None)));
    pair.sides[CENTRE].alert(pair.now, AlertNotification::default(), Vec::new()).unwrap();
    assert!(matches!(pair.turn()[ESME][..], [SmppEvent::Alert(..)]));
}

#[test]
fn who_may_bind_is_the_owners_decision() {
    let mut pair = Pair::new(|_| {});
    let bind = |password: &str| Bind::new("esme", password).unwrap();
    assert!(!pair.sides[CENTRE].accept_bind(pair.now) && !pair.sides[CENTRE].refuse_bind(CommandStatus::BIND_FAILED));
    pair.sides[ESME].bind(pair.now, BindKind::Receiver, bind("wrong")).unwrap();
    let told = pair.turn();
    assert!(!format!("{told:?}").contains("wrong"), "a password in a log");
    assert!(pair.sides[CENTRE].refuse_bind(CommandStatus::INVALID_PASSWORD));
    assert_eq!(pair.turn()[ESME], [SmppEvent::BindRefused(CommandStatus::INVALID_PASSWORD)]);
    // Before it is bound nothing else goes.
    let request = pair.sides[ESME].request(pair.now, 1, submit("x"), Vec::new());
    assert_eq!(request, Err(SmppRefusal::State("open")));
    pair.sides[ESME].send_request(submit("x"), Vec::new());
    assert!(matches!(pair.turn()[CENTRE][..], [SmppEvent::Ignored { state: "open", .. }]));
    pair.sides[ESME].bind(pair.now, BindKind::Receiver, bind("secret")).unwrap();
    pair.turn();
    assert!(pair.sides[CENTRE].accept_bind(pair.now));
    pair.turn();
    assert_eq!(pair.sides[ESME].bound(), Some(BindKind::Receiver));
    assert_eq!(
        pair.sides[ESME].bind(pair.now, BindKind::Receiver, bind("secret")),
        Err(SmppRefusal::State("bound as receiver"))
    );
    // A second bind.
    pair.sides[ESME].send_request(Body::Bind(BindKind::Receiver, bind("secret")), Vec::new());
    let told = pair.turn();
    assert!(matches!(&told[ESME][..], [SmppEvent::Ignored { .. }]) && told[CENTRE].is_empty(), "{told:?}");
    assert_eq!(pair.sides[CENTRE].bound(), Some(BindKind::Receiver));
    let name = CommandId::SUBMIT_SM;
    assert_eq!(pair.sides[ESME].request(pair.now, 1, submit("x"), Vec::new()), Err(SmppRefusal::NotAllowed(name)));
}

#[test]
fn a_message_centre_asks_to_be_bound_to() {
    let mut pair = Pair::new(|_| {});
    let outbind = Outbind::new("centre", "secret").unwrap();
    assert!(pair.sides[ESME].outbind(outbind.clone()).is_err());
    pair.sides[CENTRE].outbind(outbind.clone()).unwrap();
    assert_eq!(pair.turn()[ESME], [SmppEvent::OutbindRequested(outbind)]);
    pair.sides[ESME].bind(pair.now, BindKind::Receiver, Bind::new("esme", "").unwrap()).unwrap();
    assert!(matches!(pair.turn()[CENTRE][..], [SmppEvent::BindRequested(..)]));
}

#[test]
fn what_goes_depends_on_how_it_is_bound() {
    let data = || Body::DataSm(DataSm::default());
    let deliver = || Body::DeliverSm(ShortMessage::default());
    let query = || Body::QuerySm(QuerySm::default());
    for (kind, esme, centre) in [
        (BindKind::Transmitter, [true, true, true, false], [false, false, false]),
        (BindKind::Receiver, [false, false, false, false], [true, true, false]),
        (BindKind::Transceiver, [true, true, true, false], [true, true, false]),
    ] {
        let mut pair = Pair::bound(kind, |_| {});
        let mut may = |side: usize, body: Body| pair.sides[side].request(Instant::ZERO, 1, body, Vec::new()).is_ok();
        assert_eq!([submit("x"), data(), query(), deliver()].map(|body| may(ESME, body)), esme, "{kind:?}");
        assert_eq!([deliver(), data(), submit("x")].map(|body| may(CENTRE, body)), centre, "{kind:?}");
        assert_eq!([Body::EnquireLink, Body::Unbind, RESPONSE].map(|body| may(ESME, body)), [false; 3]);
        assert_eq!(
            pair.sides[CENTRE].alert(pair.now, AlertNotification::default(), Vec::new()).is_ok(),
            kind.receives()
        );
    }
}

#[test]
fn a_window_is_full_until_something_is_answered() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| (config.window, config.peer_window) = (3, 2));
    for token in 0..3 {
        assert_eq!(pair.sides[ESME].room(), 3 - token as usize);
        pair.sides[ESME].request(pair.now, token, submit("x"), Vec::new()).unwrap();
    }
    assert_eq!(pair.sides[ESME].request(pair.now, 9, submit("x"), Vec::new()), Err(SmppRefusal::WindowFull));
    // The other side takes two.
    let told = pair.turn();
    assert_eq!(told[CENTRE].len(), 2);
    let [SmppEvent::Response { token: 2, pdu }] = &told[ESME][..] else { panic!("{told:?}") };
    assert_eq!((pdu.status, pair.sides[ESME].room()), (CommandStatus::THROTTLED, 1));
    // Answers may come in another order.
    let numbers: Vec<_> =
        told[CENTRE].iter().map(|event| request(std::slice::from_ref(event)).sequence_number).collect();
    for number in numbers.into_iter().rev() {
        pair.sides[CENTRE].respond(Pdu::response(number, CommandStatus::OK, RESPONSE));
    }
    let tokens: Vec<_> = pair.turn()[ESME]
        .iter()
        .map(|event| match event {
            SmppEvent::Response { token, .. } => *token,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((tokens, pair.sides[ESME].room()), (vec![1, 0], 3));
}

#[test]
fn a_request_that_is_not_answered() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| config.response_time = Duration::from_secs(5));
    pair.sides[ESME].request(pair.now, 1, submit("x"), Vec::new()).unwrap();
    let told = pair.turn();
    let number = request(&told[CENTRE]).sequence_number;
    assert_eq!(pair.wait(4), [Vec::new(), Vec::new()]);
    assert_eq!(pair.wait(1)[ESME], [SmppEvent::Unanswered { token: 1 }]);
    // The answer comes too late, and the session goes on.
    assert!(pair.sides[CENTRE].respond(Pdu::response(number, CommandStatus::OK, RESPONSE)));
    assert!(matches!(pair.turn()[ESME][..], [SmppEvent::Ignored { .. }]));
    assert_eq!((pair.sides[ESME].room(), pair.sides[ESME].deadlines.len()), (10, 0));
}

#[test]
fn silence_is_asked_about() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    assert_eq!(pair.wait(3600), [Vec::new(), Vec::new()]);
    assert!(pair.sides.iter().all(|side| side.bound().is_some()));
    pair.sides[ESME].request(pair.now, 1, submit("x"), Vec::new()).unwrap();
    pair.is_cut = true;
    let [centre, esme] = pair.wait(61);
    assert_eq!(esme, [SmppEvent::Unanswered { token: 1 }, SmppEvent::Ended(SmppEnd::NoAnswer)]);
    assert!(matches!(centre[..], [SmppEvent::Ended(_)]) && pair.sides.iter().all(SmppSession::is_closed));
    assert_eq!(pair.sides.each_ref().map(SmppSession::poll_timeout), [None, None]);
}

#[test]
fn sessions_that_nobody_needs_end() {
    let mut pair = Pair::bound(BindKind::Transceiver, |config| {
        config.inactivity_time = (config.role == SmppRole::MessageCentre).then_some(Duration::from_secs(300));
    });
    assert_eq!(pair.wait(299), [Vec::new(), Vec::new()]);
    assert_eq!(
        pair.wait(1),
        [vec![SmppEvent::Ended(SmppEnd::Unbound)], vec![SmppEvent::Ended(SmppEnd::UnboundByPeer)]]
    );
    // Nobody binds.
    let mut pair = Pair::new(|_| {});
    assert_eq!(pair.wait(10)[CENTRE], [SmppEvent::Ended(SmppEnd::NotBound)]);
    // Nobody decides.
    let mut pair = Pair::new(|_| {});
    pair.sides[ESME].bind(pair.now, BindKind::Receiver, Bind::new("esme", "").unwrap()).unwrap();
    pair.turn();
    let [centre, esme] = pair.wait(10);
    assert_eq!(centre, [SmppEvent::Ended(SmppEnd::NotBound)]);
    assert_eq!(esme, [SmppEvent::BindRefused(CommandStatus::BIND_FAILED), SmppEvent::Ended(SmppEnd::ConnectionLost)]);
}

#[test]
fn unbinding_from_either_side_tells_what_was_not_answered() {
    for side in [CENTRE, ESME] {
        let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
        pair.sides[ESME].request(pair.now, 5, submit("x"), Vec::new()).unwrap();
        pair.turn();
        pair.sides[side].unbind(pair.now);
        assert_eq!(pair.sides[side].room(), 0);
        let told = pair.turn();
        let ends = [SmppEvent::Ended(SmppEnd::Unbound), SmppEvent::Ended(SmppEnd::UnboundByPeer)];
        let [own, other] = if side == ESME { [ESME, CENTRE] } else { [CENTRE, ESME] };
        assert_eq!((told[own].last(), told[other].last()), (Some(&ends[0]), Some(&ends[1])));
        assert_eq!(told[ESME][0], SmppEvent::Unanswered { token: 5 });
        assert!(pair.closed.contains(&true) && pair.sides.iter().all(SmppSession::is_closed));
        // After that nothing happens.
        pair.sides[side].unbind(pair.now);
        pair.sides[side].close();
        pair.sides[side].handle_input(pair.now, SmppInput::Received(&[0; 99]));
        assert_eq!(pair.sides[side].poll_output(), None);
    }
    // Nobody answers unbind.
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    pair.is_cut = true;
    pair.sides[ESME].unbind(pair.now);
    assert_eq!(pair.wait(30)[ESME], [SmppEvent::Ended(SmppEnd::Unbound)]);
}

#[test]
fn what_cannot_be_read_is_answered() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let mut answer = |octets: &[u8]| {
        pair.sides[CENTRE].handle_input(Instant::ZERO, SmppInput::Received(octets));
        let outputs: Vec<_> = std::iter::from_fn(|| pair.sides[CENTRE].poll_output()).collect();
        let sent = outputs.iter().find_map(|output| match output {
            SmppOutput::Send(octets) => Some(Pdu::parse(octets).unwrap()),
            _ => None,
        });
        let pdu = sent.unwrap_or_else(|| panic!("{outputs:?}"));
        ((pdu.command_id(), pdu.sequence_number, pdu.status), outputs.contains(&SmppOutput::Close))
    };
    let pdu = |id: u32, body: &[u8]| {
        let words = [16 + body.len() as u32, id, 0, 7].map(u32::to_be_bytes);
        [words.as_flattened(), body].concat()
    };
    let nack = |status| (CommandId::GENERIC_NACK, 7, status);
    assert_eq!(answer(&pdu(0x0111, &[1])), (nack(CommandStatus::INVALID_COMMAND_ID), false));
    let broken = (CommandId::SUBMIT_SM_RESP, 7, CommandStatus::INVALID_SERVICE_TYPE);
    assert_eq!(answer(&pdu(4, b"too long")), (broken, false));
    let unbind = (CommandId::UNBIND_RESP, 7, CommandStatus::INVALID_OPTIONAL_PART);
    assert_eq!(answer(&pdu(6, &[2, 4, 0])), (unbind, false));
    let huge = [&[0, 2, 0, 0], &pdu(4, &[])[4..]].concat();
    // Its number is known whatever pieces it comes in.
    pair.sides[CENTRE].handle_input(Instant::ZERO, SmppInput::Received(&huge[..5]));
    assert_eq!(pair.sides[CENTRE].poll_output(), None);
    pair.sides[CENTRE].handle_input(Instant::ZERO, SmppInput::Received(&huge[5..]));
    let nack = Pdu::response(7, CommandStatus::INVALID_COMMAND_LENGTH, Body::GenericNack);
    assert_eq!(pair.sides[CENTRE].poll_output(), Some(SmppOutput::Send(nack.emit())));
    assert_eq!(pair.sides[CENTRE].poll_output(), Some(SmppOutput::Close));
}

#[test]
fn an_older_esme_gets_no_optional_parameters() {
    let mut pair = Pair::new(|_| {});
    let bind = Bind { interface_version: 0x33, ..Bind::new("esme", "").unwrap() };
    pair.sides[ESME].bind(pair.now, BindKind::Transceiver, bind).unwrap();
    pair.turn();
    pair.sides[CENTRE].accept_bind(pair.now);
    let told = pair.turn();
    let [SmppEvent::Bound { tlvs, .. }] = &told[ESME][..] else { panic!("{told:?}") };
    assert_eq!(tlvs[..], []);
    let state = vec![Tlv::octet(TlvTag::MESSAGE_STATE, 2)];
    pair.sides[CENTRE].request(pair.now, 1, Body::DeliverSm(ShortMessage::default()), state).unwrap();
    assert_eq!(request(&pair.turn()[ESME]).tlvs[..], []);
}

/// The bind response to an older ESME names no version, so that both sides take the other one for older.
#[test]
fn an_older_side_gets_no_message_without_its_content() {
    let mut pair = Pair::new(|_| {});
    let bind = Bind { interface_version: 0x33, ..Bind::new("esme", "").unwrap() };
    pair.sides[ESME].bind(pair.now, BindKind::Transceiver, bind).unwrap();
    pair.turn();
    pair.sides[CENTRE].accept_bind(pair.now);
    pair.turn();
    let content =
        [TlvTag::MESSAGE_PAYLOAD, TlvTag::SAR_MSG_REF_NUM, TlvTag::SAR_TOTAL_SEGMENTS, TlvTag::SAR_SEGMENT_SEQNUM];
    for (side, body) in [(CENTRE, Body::DeliverSm(ShortMessage::default())), (ESME, submit("x"))] {
        let mut refused = |body: Body, tlvs: Vec<Tlv>| {
            let id = body.command_id();
            assert_eq!(pair.sides[side].request(Instant::ZERO, 1, body, tlvs), Err(SmppRefusal::TooOld(id)));
        };
        content.into_iter().for_each(|tag| refused(body.clone(), vec![Tlv::octet(tag, 1)]));
        refused(Body::DataSm(DataSm::default()), Vec::new());
        assert_eq!((pair.sides[side].room(), pair.sides[side].poll_output()), (10, None));
        let vendor = Tlv::octet(TlvTag(0x1401), 1);
        pair.sides[side].request(pair.now, 1, body, vec![vendor]).unwrap();
        assert_eq!(request(&pair.turn()[1 - side]).tlvs[..], []);
    }
}

#[test]
fn a_sequence_number_that_is_used_again_is_refused() {
    let mut pair = Pair::bound(BindKind::Transceiver, |_| {});
    let pdu = Pdu::request(9, submit("x")).emit();
    pair.sides[CENTRE].handle_input(pair.now, SmppInput::Received(&[&pdu[..], &pdu].concat()));
    let told = pair.turn();
    assert!(matches!(told[CENTRE][..], [SmppEvent::Request(_), SmppEvent::Ignored { .. }]), "{told:?}");
    pair.sides[ESME].sequence_number = 0x7FFF_FFFE;
    let mut next = || pair.sides[ESME].request(pair.now, 1, submit("x"), Vec::new()).unwrap();
    assert_eq!([next(), next()], [0x7FFF_FFFF, 1]);
}

proptest! {
    /// Whatever pieces the octets come in, the session does the same.
    #[test]
    fn pieces_make_no_difference(pieces in proptest::collection::vec(1_usize..40, 1..20), texts in proptest::collection::vec("[a-z]{0,30}", 1..9)) {
        let mut stream = Pdu::request(1, Body::Bind(BindKind::Transceiver, Bind::new("esme", "pw").unwrap())).emit();
        for (text, number) in texts.iter().zip(2..) {
            stream.extend(Pdu::request(number, submit(text)).emit());
        }
        let outputs = |mut pieces: Box<dyn Iterator<Item = usize>>| {
            let mut session = SmppSession::new(Instant::ZERO, SmppConfig::new(SmppRole::MessageCentre));
            let (mut outputs, mut rest) = (Vec::new(), &stream[..]);
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(pieces.next().unwrap_or(1).min(rest.len()));
                session.handle_input(Instant::ZERO, SmppInput::Received(piece));
                session.accept_bind(Instant::ZERO);
                outputs.extend(std::iter::from_fn(|| session.poll_output()));
                rest = behind;
            }
            outputs
        };
        let first = Pdu::request(1, Body::Bind(BindKind::Transceiver, Bind::new("esme", "pw").unwrap())).emit().len();
        let whole = outputs(Box::new([first, usize::MAX].into_iter()));
        prop_assert_eq!(whole.len(), 3 + texts.len());
        let cut = outputs(Box::new(std::iter::repeat_n(1, first).chain(pieces.into_iter().cycle())));
        prop_assert_eq!(cut, whole);
    }
}
