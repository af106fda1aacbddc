//! Diameter: messages, and a peer that says anything.

use std::net::Ipv4Addr;

use crate::diameter::cx::{
    Lia, Lir, Maa, Mar, Ppa, Ppr, Rta, Rtr, SCHEME_AKA, Saa, Sar, ServerAssignmentType, Uaa, Uar,
};
use crate::diameter::sh::{Pnr, Pur, ShAnswer, Snr, SubscriptionRequest, Udr, UserIdentity};
use crate::diameter::{
    Avp, ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Message,
    Outcome, PeerConfig, ResultCode, Routing, check_answer, check_request, dictionary, problem_answer,
};
use crate::{Entropy, Instant};

const CONN: ConnectionId = ConnectionId(1);

/// A message that parses is emitted as what parses again to the same; its problems can be answered; nothing in it makes a
/// typed reader panic; an endpoint takes it from its peer and says only what is well-formed,
/// and so does one that relays.
///
/// # Panics
/// When one of that does not hold.
pub fn diameter(octets: &[u8]) {
    match Message::parse(octets) {
        Ok(message) => {
            assert_eq!(Message::parse(&message.emit()).as_ref(), Ok(&message), "what was emitted reads otherwise");
            typed(&message);
        }
        Err(problem) => {
            if let Ok(header) = Message::parse_header(octets) {
                let answer = problem_answer(&header, "hss.ims.test", "ims.test", &problem);
                assert!(Message::parse(&answer.emit()).is_ok(), "an answer nobody can read");
            }
        }
    }
    endpoint(octets, vec![dictionary::APP_CX, dictionary::APP_SH]);
    endpoint(octets, vec![dictionary::APP_RELAY]);
}

/// Messages to start from.
pub fn diameter_corpus() -> Vec<Vec<u8>> {
    let routing = || Routing {
        session_id: "peer.ims.test;1;1".to_owned(),
        origin_host: "peer.ims.test".to_owned(),
        origin_realm: "ims.test".to_owned(),
        destination_host: Some("hss.ims.test".to_owned()),
        destination_realm: "ims.test".to_owned(),
    };
    let (impi, impu) = ("1@ims.test".to_owned(), "sip:a@ims.test".to_owned());
    let user = UserIdentity::Public(impu.clone());
    let lir = Lir { routing: routing(), impu: impu.clone(), originating: true, authorization: None };
    let mar = Mar {
        routing: routing(),
        impi: impi.clone(),
        impu: impu.clone(),
        scheme: SCHEME_AKA.to_owned(),
        authorization: Some(vec![1; 30]),
        items: 1,
        server: "sip:s".to_owned(),
    };
    let sar = Sar {
        routing: routing(),
        impi: Some(impi),
        impus: vec![impu],
        server: "sip:s".to_owned(),
        assignment: ServerAssignmentType::Registration,
        has_user_data: false,
    };
    let snr = Snr {
        routing: routing(),
        user,
        impi: None,
        references: vec![0, 11],
        services: vec![b"s".to_vec()],
        server: None,
        request: SubscriptionRequest::Subscribe,
        send_data: true,
        expiry: Some(1),
        one_time: true,
    };
    let outcome = Outcome {
        origin_host: "peer.ims.test".to_owned(),
        origin_realm: "ims.test".to_owned(),
        result: ResultCode::Experimental(5001),
    };
    let lir = lir.to_message();
    let answer = outcome.answer(&lir, vec![Avp::text(&dictionary::SERVER_NAME, "sip:s")]);
    let messages = [lir, mar.to_message(), sar.to_message(), snr.to_message(), answer];
    let mut all: Vec<_> = messages.iter().map(Message::emit).collect();
    let (_, said) = open(vec![dictionary::APP_CX, dictionary::APP_SH]);
    all.extend(said);
    all.push(all.concat());
    all
}

/// Every reader.
fn typed(message: &Message) {
    let _ = (check_request(message), check_answer(message), format!("{message:?}"), message.name());
    let _ = (Uar::from_message(message), Lir::from_message(message), Sar::from_message(message));
    let _ = (Mar::from_message(message), Rtr::from_message(message), Ppr::from_message(message));
    let _ = (Uaa::from_message(message), Lia::from_message(message), Saa::from_message(message));
    let _ = (Maa::from_message(message), Rta::from_message(message), Ppa::from_message(message));
    let _ = (Udr::from_message(message), Pur::from_message(message), Snr::from_message(message));
    let _ = (Pnr::from_message(message), ShAnswer::from_message(message));
}

/// Two endpoints that know each other, connected, the first with these applications; and what the second has said for it.
fn open(first: Vec<u32>) -> (DiameterEndpoint, Vec<Vec<u8>>) {
    let node = |host: &str, peer: &str, connects: bool| {
        let own = vec![dictionary::APP_CX, dictionary::APP_SH];
        let applications = if connects { own } else { first.clone() };
        let mut config = DiameterConfig::new(host, "ims.test", Ipv4Addr::LOCALHOST.into(), applications);
        let connect = connects.then(|| (Ipv4Addr::LOCALHOST, 3868).into());
        config.peers = vec![PeerConfig { host: peer.to_owned(), realm: "ims.test".to_owned(), connect }];
        DiameterEndpoint::new(config, Entropy::from_seed([9; 32]))
    };
    let mut hss = node("hss.ims.test", "peer.ims.test", false);
    let mut peer = node("peer.ims.test", "hss.ims.test", true);
    peer.handle_timeout(Instant::ZERO);
    peer.handle_input(Instant::ZERO, DiameterInput::Connected { conn: CONN, peer: Some(0) });
    hss.handle_input(Instant::ZERO, DiameterInput::Connected { conn: CONN, peer: None });
    let mut said = Vec::new();
    while let Some(output) = peer.poll_output() {
        if let DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) = output {
            hss.handle_input(Instant::ZERO, DiameterInput::Received { conn: CONN, bytes: &bytes });
            said.push(bytes);
        }
    }
    while hss.poll_output().is_some() {}
    (hss, said)
}

fn endpoint(octets: &[u8], applications: Vec<u32>) {
    let relays = applications.contains(&dictionary::APP_RELAY);
    let (mut hss, _) = open(applications);
    let (first, second) = octets.split_at(octets.len() / 2);
    for bytes in [first, second] {
        hss.handle_input(Instant::ZERO, DiameterInput::Received { conn: CONN, bytes });
        while let Some(output) = hss.poll_output() {
            match output {
                DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                    assert!(Message::parse(&bytes).is_ok(), "an endpoint says what nobody can read");
                }
                // It goes back to nobody that it comes from: its answer is a failure.
                DiameterOutput::Request { handle, message } if relays => {
                    let from = hss.peer_of(handle).map(str::to_owned).unwrap_or_default();
                    hss.relay_request(Instant::ZERO, 1, &from, message, &["peer.ims.test".to_owned()]);
                }
                DiameterOutput::Request { handle, message } => {
                    typed(&message);
                    let answer = Message::answer(&message, Vec::new());
                    hss.send_answer(Instant::ZERO, handle, answer);
                }
                _ => {}
            }
        }
    }
    if let Some(at) = hss.poll_timeout() {
        hss.handle_timeout(at);
    }
}
