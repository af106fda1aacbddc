//! kamailio as outbound proxy between our UEs and our core, and as S-CSCF at our HSS.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use hil::agent::sip::{AgentCommand, AgentEvent, CallId};

use super::lab::{DOMAIN, Lab, Program, comes, pause, ports, program};
use super::sipp::assert_well_formed;
use super::ue::Ue;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 97\r\n\
                     a=rtpmap:97 AMR/8000\r\n";

/// Starts kamailio with one of the shipped configurations.
fn kamailio(lab: &Lab, configuration: &str, replace: &[(&str, String)]) -> Program {
    let mut text = fs::read_to_string(fixtures::dir().join("kamailio").join(configuration)).unwrap();
    for (old, new) in replace {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    fs::write(lab.path(configuration), text).unwrap();
    let mut command = Command::new(program("kamailio").unwrap());
    command.current_dir(lab.folder()).args(["-f", configuration, "-DD", "-E", "-m", "32", "-M", "4"]);
    command.arg("-Y").arg(lab.folder());
    Program::start(&mut command, lab.path("kamailio.log"))
}

/// Ends it as an operator does: its children end with it.
fn end(mut kamailio: Program) {
    kamailio.terminate();
    kamailio.wait(10);
}

#[test]
fn ues_register_and_talk_through_kamailio() {
    if program("kamailio").is_none() {
        return;
    }
    let mut lab = Lab::new(2, |text, _| text);
    lab.start(&["--capture", "capture.pcapng"]);
    let [port] = ports();
    let proxy: SocketAddr = ([127, 0, 0, 1], port).into();
    let replace = [
        ("OWN_ADDRESS", proxy.to_string()),
        ("PCSCF_ADDRESS", "127.0.0.1".to_owned()),
        ("PCSCF_PORT", lab.gm.to_string()),
    ];
    let kamailio = kamailio(&lab, "proxy.cfg", &replace);
    pause(1500);
    let (mut a, mut b) = (Ue::new(0, proxy), Ue::new(1, proxy));
    let told = || format!("{}\n{}", kamailio.said(), lab.core.as_ref().unwrap().said());
    assert!(a.registers(20), "{:?}\n{}", a.events, told());
    assert!(b.registers(20), "{:?}\n{}", b.events, told());

    a.message(7, &format!("sip:user1@{DOMAIN}"), "through kamailio");
    let result = |e: &AgentEvent| match e {
        AgentEvent::MessageResult { result, .. } => Some(result.clone()),
        _ => None,
    };
    let result = a.until(&mut [&mut b], 20, result);
    assert!(matches!(result, Some(Ok(200))), "{result:?}\n{}", told());
    let received =
        |e: &AgentEvent| matches!(e, AgentEvent::MessageReceived(m) if m.body == b"through kamailio").then_some(());
    assert_eq!(b.until(&mut [&mut a], 5, received), Some(()), "{:?}", b.events);

    let call = CallId(1);
    let (to, sdp) = (format!("sip:user1@{DOMAIN}"), OFFER.as_bytes().to_vec());
    a.command(AgentCommand::Call { call, to, sdp: sdp.clone(), headers: Vec::new() });
    let incoming = |e: &AgentEvent| if let AgentEvent::Incoming { call, .. } = e { Some(*call) } else { None };
    let Some(theirs) = b.until(&mut [&mut a], 20, incoming) else { panic!("{:?}\n{}", a.events, told()) };
    b.command(AgentCommand::Ring(theirs));
    b.command(AgentCommand::Answer { call: theirs, sdp });
    let established = |e: &AgentEvent| matches!(e, AgentEvent::Established { .. }).then_some(());
    assert_eq!(a.until(&mut [&mut b], 20, established), Some(()), "{:?}\n{}", a.events, told());
    a.command(AgentCommand::HangUp(call));
    let ended = |e: &AgentEvent| matches!(e, AgentEvent::Ended { .. }).then_some(());
    assert_eq!(b.until(&mut [&mut a], 20, ended), Some(()), "{:?}\n{}", b.events, told());
    assert!(comes(|| {
        a.turn();
        b.turn();
        lab.figure("castbench_node{node=\"scscf\",what=\"dialogs\"}").is_none_or(|dialogs| dialogs == 0)
    }));
    end(kamailio);
    lab.stop();
    let through = format!("sip.Via contains \"127.0.0.1:{port}\" && frame.interface_name == \"Gm\"");
    assert_well_formed(&lab.path("capture.pcapng"), &[&through]);
    lab.assert_no_secrets();
}
