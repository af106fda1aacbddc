//! Cx and Sh as another program reads them: tshark names every AVP, and finds nothing malformed.

use std::net::Ipv4Addr;

use protocol::Secret;
use protocol::diameter::cx::{
    AuthData, AuthItem, Capabilities, ChargingInformation, DeregistrationReason, DigestAuthenticate, Lia, Lir, Maa,
    Mar, Ppa, Ppr, Rta, Rtr, SCHEME_AKA, Saa, Sar, ServerAssignmentType, Uaa, Uar, UserAuthorizationType, code,
};
use protocol::diameter::sh::{IdentitySet, Pnr, Pur, ShAnswer, Snr, SubscriptionRequest, Udr, UserIdentity, reference};
use protocol::diameter::{
    Avp, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterProblem, DiameterTransport, Message,
    Outcome, PeerConfig, ResultCode, Routing, dictionary, problem_answer, result,
};
use protocol::{Entropy, Instant};

use super::dlt::dissect;

fn routing() -> Routing {
    Routing {
        session_id: "scscf.ims.test;1;1".to_owned(),
        origin_host: "scscf.ims.test".to_owned(),
        origin_realm: "ims.test".to_owned(),
        destination_host: Some("hss.ims.test".to_owned()),
        destination_realm: "ims.test".to_owned(),
    }
}

fn outcome(result: ResultCode) -> Outcome {
    Outcome { origin_host: "hss.ims.test".to_owned(), origin_realm: "ims.test".to_owned(), result }
}

const IMPU: &str = "sip:alice@ims.test";

fn text(text: &str) -> String {
    text.to_owned()
}

fn cx() -> Vec<Message> {
    let uar = Uar {
        routing: routing(),
        impi: text("1@ims.test"),
        impu: text(IMPU),
        visited_network: b"visited.test".to_vec(),
        authorization: Some(UserAuthorizationType::Registration),
        flags: 1,
    }
    .to_message();
    let capabilities = Capabilities { mandatory: vec![1], optional: vec![2], servers: vec![text("sip:s.ims.test")] };
    let first = outcome(ResultCode::Experimental(code::FIRST_REGISTRATION));
    let uaa = Uaa { outcome: first, server: None, capabilities: Some(capabilities.clone()) }.to_message(&uar);
    let lir = Lir { routing: routing(), impu: text(IMPU), originating: true, authorization: None }.to_message();
    let success = || outcome(ResultCode::SUCCESS);
    let lia = Lia { outcome: success(), server: Some(text("sip:s.ims.test")), capabilities: None }.to_message(&lir);
    let mar = Mar {
        routing: routing(),
        impi: text("1@ims.test"),
        impu: text(IMPU),
        scheme: text(SCHEME_AKA),
        authorization: Some(vec![7; 30]),
        items: 1,
        server: text("sip:s.ims.test"),
    }
    .to_message();
    let vector = AuthData::Aka {
        rand: [1; 16],
        autn: [2; 16],
        xres: Secret::new(vec![3; 8]),
        ck: Secret::new([4; 16]),
        ik: Secret::new([5; 16]),
    };
    let digest = AuthItem {
        number: None,
        data: AuthData::Digest(DigestAuthenticate {
            realm: text("ims.test"),
            algorithm: Some(text("MD5")),
            qop: text("auth"),
            ha1: Secret::new("0".repeat(32)),
        }),
    };
    let items = vec![AuthItem { number: Some(1), data: vector }, digest.clone()];
    let maa =
        Maa { outcome: success(), impi: Some(text("1@ims.test")), impu: Some(text(IMPU)), items }.to_message(&mar);
    let sar = Sar {
        routing: routing(),
        impi: Some(text("1@ims.test")),
        impus: vec![text(IMPU)],
        server: text("sip:s.ims.test"),
        assignment: ServerAssignmentType::Registration,
        has_user_data: false,
    }
    .to_message();
    let charging = ChargingInformation { primary_ccf: Some(text("aaa://ccf.ims.test")), ..Default::default() };
    let saa = Saa {
        outcome: success(),
        impi: Some(text("1@ims.test")),
        user_data: Some(b"<IMSSubscription><PrivateID>1@ims.test</PrivateID></IMSSubscription>".to_vec()),
        charging: Some(charging.clone()),
        associated: vec![text("2@ims.test")],
        server: None,
    }
    .to_message(&sar);
    let rtr = Rtr {
        routing: routing(),
        impi: text("1@ims.test"),
        associated: vec![text("2@ims.test")],
        impus: vec![text(IMPU)],
        reason: DeregistrationReason::PermanentTermination,
        info: Some(text("gone")),
    }
    .to_message();
    let rta = Rta { outcome: success(), associated: vec![text("2@ims.test")] }.to_message(&rtr);
    let ppr = Ppr {
        routing: routing(),
        impi: text("1@ims.test"),
        user_data: Some(b"<IMSSubscription/>".to_vec()),
        charging: Some(charging),
        auth: Some(digest),
    }
    .to_message();
    let ppa = Ppa { outcome: success() }.to_message(&ppr);
    let problem = DiameterProblem::missing(&dictionary::SERVER_NAME);
    let refused = problem_answer(&sar, "hss.ims.test", "ims.test", &problem);
    let problem = DiameterProblem::new(result::REALM_NOT_SERVED, "no");
    let not_served = problem_answer(&lir, "hss.ims.test", "ims.test", &problem);
    vec![uar, uaa, lir, lia, mar, maa, sar, saa, rtr, rta, ppr, ppa, refused, not_served]
}

fn sh() -> Vec<Message> {
    let user = || UserIdentity::Public(text(IMPU));
    let udr = Udr {
        routing: routing(),
        user: UserIdentity::Msisdn(text("99912345678")),
        impi: None,
        references: vec![reference::IMS_PUBLIC_IDENTITY, reference::REPOSITORY_DATA],
        services: vec![b"s".to_vec()],
        server: Some(text("sip:as.ims.test")),
        identity_sets: vec![IdentitySet::Implicit],
    }
    .to_message();
    let data = b"<Sh-Data></Sh-Data>".to_vec();
    let answer = |request: &Message, user_data, expiry| {
        ShAnswer { outcome: outcome(ResultCode::SUCCESS), user_data, expiry }.to_message(request)
    };
    let uda = answer(&udr, Some(data.clone()), None);
    let pur = Pur { routing: routing(), user: user(), impi: None, references: vec![0], user_data: data.clone() };
    let pur = pur.to_message();
    let pua = answer(&pur, None, None);
    let snr = Snr {
        routing: routing(),
        user: user(),
        impi: Some(text("1@ims.test")),
        references: vec![reference::IMS_USER_STATE],
        services: Vec::new(),
        server: None,
        request: SubscriptionRequest::Subscribe,
        send_data: true,
        expiry: Some(4_000_000_000),
        one_time: true,
    }
    .to_message();
    let sna = answer(&snr, Some(data.clone()), Some(4_000_000_000));
    let pnr = Pnr { routing: routing(), user: user(), user_data: data }.to_message();
    let pna = answer(&pnr, None, None);
    vec![udr, uda, pur, pua, snr, sna, pnr, pna]
}

/// CER, CEA, DWR, DWA, DPR and DPA as two endpoints send them.
fn base() -> Vec<Message> {
    let config = |host: &str, peer: &str| {
        let mut config = DiameterConfig::new(host, "ims.test", Ipv4Addr::LOCALHOST.into(), vec![dictionary::APP_CX]);
        config.peers = vec![PeerConfig {
            host: text(peer),
            realm: text("ims.test"),
            connect: host.starts_with('a').then(|| ([127, 0, 0, 1], 3868).into()),
        }];
        config
    };
    let mut nodes = [
        DiameterEndpoint::new(config("a.ims.test", "b.ims.test"), Entropy::from_seed([1; 32])),
        DiameterEndpoint::new(config("b.ims.test", "a.ims.test"), Entropy::from_seed([2; 32])),
    ];
    let conn = protocol::diameter::ConnectionId(1);
    let mut messages = Vec::new();
    let mut drain = |nodes: &mut [DiameterEndpoint; 2], now| {
        while let Some((from, output)) = (0..2).find_map(|n| Some((n, nodes[n].poll_output()?))) {
            match output {
                DiameterOutput::Transport(DiameterTransport::Connect { .. }) => {
                    nodes[1].handle_input(now, DiameterInput::Connected { conn, peer: None });
                    nodes[0].handle_input(now, DiameterInput::Connected { conn, peer: Some(0) });
                }
                DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                    messages.push(Message::parse(&bytes).unwrap());
                    nodes[1 - from].handle_input(now, DiameterInput::Received { conn, bytes: &bytes });
                }
                _ => {}
            }
        }
    };
    let mut now = Instant::ZERO;
    for _ in 0..2 {
        nodes[0].handle_timeout(now);
        drain(&mut nodes, now);
        now = nodes[0].poll_timeout().unwrap();
    }
    nodes[0].disconnect(now, protocol::diameter::DisconnectCause::Rebooting);
    drain(&mut nodes, now);
    messages
}

/// A capture of link type 147 whose packets tshark is told are Diameter.
fn tshark(messages: &[Message], arguments: &[&str]) -> Option<String> {
    dissect("diameter", messages.iter().map(Message::emit), arguments)
}

#[test]
fn every_message_is_dissected_without_complaint() {
    let messages = [base(), cx(), sh()].concat();
    for message in &messages {
        let judged = if message.is_request() {
            protocol::diameter::check_request(message)
        } else {
            protocol::diameter::check_answer(message)
        };
        assert_eq!(judged, Ok(()), "{}", message.name());
    }
    let fields = [
        "-T",
        "fields",
        "-e",
        "diameter.cmd.code",
        "-e",
        "diameter.flags.request",
        "-e",
        "_ws.expert",
        "-e",
        "_ws.malformed",
    ];
    let Some(found) = tshark(&messages, &fields) else { return };
    let wanted: Vec<_> = messages.iter().map(|m| format!("{}\t{}\t\t", m.command, u8::from(m.is_request()))).collect();
    assert_eq!(found.lines().collect::<Vec<_>>(), wanted);
    let commands: std::collections::BTreeSet<_> = messages.iter().map(|m| m.command).collect();
    let others = [dictionary::APP_RF, dictionary::APP_RO, dictionary::APP_MB2C, dictionary::APP_SGMB];
    let all = dictionary::COMMANDS.iter().filter(|command| !others.contains(&command.application)).count();
    assert_eq!(commands.len(), all, "every command of Cx, Sh and the base is here");
}

#[test]
fn names_and_values_are_those_of_the_standard() {
    let messages = [cx(), sh()].concat();
    let Some(found) = tshark(&messages, &["-V"]) else { return };
    for wanted in [
        "3GPP-SIP-Authentication-Scheme: Digest-AKAv1-MD5",
        "Experimental-Result-Code: DIAMETER_FIRST_REGISTRATION (2001)",
        "Server-Assignment-Type: REGISTRATION (1)",
        "User-Authorization-Type: REGISTRATION (0)",
        "Reason-Code: PERMANENT_TERMINATION (0)",
        "Public-Identity: sip:alice@ims.test",
        "Auth-Session-State: NO_STATE_MAINTAINED (1)",
        "Data-Reference: IMSUserState (11)",
        "Subs-Req-Type: Subscribe (0)",
        "Result-Code: DIAMETER_REALM_NOT_SERVED (3003)",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
    // No AVP of ours is one that tshark does not know.
    let known: Vec<_> = found.lines().filter(|l| l.contains("AVP: Unknown")).collect();
    assert_eq!(known, Vec::<&str>::new());
    assert!(messages.iter().flat_map(|m| &m.avps).all(|a: &Avp| a.definition().is_some()));
}
