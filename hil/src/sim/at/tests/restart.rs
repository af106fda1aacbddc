//! A modem that starts again: its host has the answer first, its network and its receiver know.

use super::*;

const CLIP: &str = "00000100F110";

#[test]
fn a_reset_is_answered_first_and_forgets_the_settings() {
    let mut line = Line::new(&[]);
    line.begin();
    line.ask(&SetFunctionality { functionality: Functionality::Full, reset: true });
    line.heard.clear();
    line.command(AtCommand::new("+CMEE?").answered_by("+CMEE")).unwrap();
    assert_eq!(String::from_utf8_lossy(&line.heard), "AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
}

/// What the modem does, but for what it says to its host.
fn done(line: &mut Line) -> Vec<SimOutput> {
    std::iter::from_fn(|| line.modem.poll_output()).filter(|output| !matches!(output, SimOutput::Host(_))).collect()
}

#[test]
fn the_network_is_told_and_what_waits_for_the_host_is_refused() {
    let mut line = Line::new(&[]);
    line.begin();
    line.command(AtCommand::new("+CSMS=1;+CNMI=2,2,0,1,0").answered_by("+CSMS")).unwrap();
    let deliver = hex::decode(DELIVER.replace(' ', "")).unwrap();
    line.modem.handle_input(line.now, SimInput::Sms(&deliver));
    done(&mut line);
    line.modem.handle_input(line.now, SimInput::Host(b"AT+CFUN=1,1\r"));
    let back = [
        SimOutput::SmsRefused(SmsRefusal::Absent),
        SimOutput::Attached(false),
        SimOutput::Radio(true),
        SimOutput::Restarted,
        SimOutput::Attached(true),
    ];
    assert_eq!(done(&mut line), back);
    // The cell goes: the network knows at once.
    line.modem.handle_input(line.now, SimInput::Cell(None));
    assert_eq!(done(&mut line), [SimOutput::Attached(false)]);
}

#[test]
fn a_modem_that_needs_its_pin_again_has_left_the_network() {
    let mut line = Line::new(&[]);
    let mut personality = Personality::default();
    personality.sim.pin = Some("1234".into());
    line.modem = SimModem::new(personality);
    line.modem.handle_input(line.now, SimInput::PowerUp);
    line.modem.handle_input(line.now, SimInput::Cell(Some(cell())));
    line.begin();
    line.command(AtCommand::new("+CPIN=\"1234\"")).unwrap();
    assert_eq!(line.others.pop(), Some(SimOutput::Attached(true)));
    line.ask(&SetFunctionality { functionality: Functionality::Full, reset: true });
    assert_eq!(
        line.others,
        [SimOutput::Radio(true), SimOutput::Attached(false), SimOutput::Radio(true), SimOutput::Restarted]
    );
    assert_eq!(line.ask(&ReadPin), SimState::Wants("SIM PIN".into()));
}

#[test]
fn the_receiver_is_told_and_no_datagram_comes_out_any_more() {
    let mut line = Line::new(&[]);
    line.begin();
    let tmgi = crate::at::embms::Tmgi([0, 0, 1, 0, 0xF1, 0x10]);
    line.command(AtCommand::new(format!("+CEMBMSCFG=1;+CEMBMSSRV=2,,\"{CLIP}\",1"))).unwrap();
    assert_eq!(line.others.pop(), Some(SimOutput::MbmsReceive(vec![tmgi])));
    line.ask(&SetFunctionality { functionality: Functionality::Full, reset: true });
    assert_eq!(line.others.pop(), Some(SimOutput::MbmsReceive(Vec::new())));
    line.modem.handle_input(line.now, SimInput::Mbms(MbmsAir::Datagram { tmgi, ip: &[0x45, 0, 0, 20] }));
    assert_eq!(done(&mut line), []);
}

#[test]
fn a_line_that_takes_its_time_is_answered_first() {
    let mut line = Line::new(&[]);
    line.begin();
    for body in ["AT+COPS=?;+CFUN=1,1\r", "AT+CFUN=1,1;+COPS=?\r"] {
        line.modem.handle_input(line.now, SimInput::Host(b"ATE0\r"));
        line.settle();
        line.others.clear();
        line.heard.clear();
        line.modem.handle_input(line.now, SimInput::Host(body.as_bytes()));
        line.settle();
        assert_eq!(line.others, [], "{body}");
        line.now = line.modem.poll_timeout().unwrap();
        line.modem.handle_timeout(line.now);
        line.settle();
        let said = String::from_utf8_lossy(&line.heard);
        assert!(said.starts_with("\r\n+COPS: (2") && said.ends_with("\r\nOK\r\n"), "{body}: {said:?}");
        assert!(line.others.contains(&SimOutput::Restarted), "{body}: {:?}", line.others);
    }
}
