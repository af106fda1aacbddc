//! The driver and the stand-in together: whatever the quirk, a host sees the same modem.

mod embms;
mod inventory;
mod restart;

use std::time::Duration;

use protocol::Instant;

use super::*;
use crate::at::embms::EmbmsGrammar;
use crate::at::ts27005::{
    DeleteMessage, ListMessages, MessageStatus, ReadIndicationModes, ReadMessage, SelectStorage, SendMessage,
    SetPduMode, SmsIndication,
};
use crate::at::ts27007::{
    Functionality, Identity, ReadExtendedSignal, ReadFunctionality, ReadIdentity, ReadNumbers, ReadOperator, ReadPin,
    ReadRegistration, Registration, RegistrationDomain, RegistrationStatus, Request, ScanOperators, SetFunctionality,
    SimState,
};
use crate::at::{AtCommand, AtConfig, AtEngine, AtFailure, AtInput, AtOutput, AtResponse, ResultCode, Urc};

/// A host's driver and a modem on one line, in virtual time.
struct Line {
    engine: AtEngine,
    modem: SimModem,
    now: Instant,
    urcs: Vec<Urc>,
    sent: Vec<Vec<u8>>,
    /// What the modem has said, as it said it.
    heard: Vec<u8>,
    /// What else the modem did, but for sending messages.
    others: Vec<SimOutput>,
}

impl Line {
    fn new(quirks: &[Quirk]) -> Self {
        let personality = Personality { quirks: quirks.iter().copied().collect(), ..Personality::default() };
        let mut config = AtConfig::default();
        config.urcs.add("^RSSI");
        config.urcs.add("^NWTIME");
        EmbmsGrammar::default().urc_names().for_each(|name| config.urcs.add(name));
        let (engine, modem) = (AtEngine::new(config), SimModem::new(personality));
        let mut line = Self {
            engine,
            modem,
            now: Instant::ZERO,
            urcs: Vec::new(),
            sent: Vec::new(),
            heard: Vec::new(),
            others: Vec::new(),
        };
        line.modem.handle_input(line.now, SimInput::PowerUp);
        line.engine.handle_input(line.now, AtInput::Opened);
        line.modem.handle_input(line.now, SimInput::Cell(Some(cell())));
        line
    }

    /// Lets both talk until neither has anything to say.
    fn settle(&mut self) -> Vec<Result<AtResponse, AtFailure>> {
        let mut done = Vec::new();
        loop {
            let mut quiet = true;
            while let Some(output) = self.engine.poll_output() {
                quiet = false;
                match output {
                    AtOutput::Write(bytes) => self.modem.handle_input(self.now, SimInput::Host(&bytes)),
                    AtOutput::Done(_, result) => done.push(result),
                    AtOutput::Urc(urc) => self.urcs.push(urc),
                    AtOutput::Ignored(_) => {}
                }
            }
            while let Some(output) = self.modem.poll_output() {
                quiet = false;
                match output {
                    SimOutput::Host(bytes) => {
                        self.heard.extend_from_slice(&bytes);
                        self.engine.handle_input(self.now, AtInput::Bytes(&bytes));
                    }
                    SimOutput::SendSms { token, pdu } => {
                        self.sent.push(pdu);
                        self.modem
                            .handle_input(self.now, SimInput::SmsSent { token, result: Ok(self.sent.len() as u8) });
                    }
                    other => self.others.push(other),
                }
            }
            if quiet {
                return done;
            }
        }
    }

    /// Lets time pass until the command has ended, at most ten minutes.
    fn command(&mut self, command: AtCommand) -> Result<AtResponse, AtFailure> {
        self.engine.submit(self.now, command);
        let end = self.now + Duration::from_secs(600);
        loop {
            if let Some(result) = self.settle().pop() {
                return result;
            }
            let due = self.engine.poll_timeout().into_iter().chain(self.modem.poll_timeout()).min().unwrap();
            assert!(due < end, "a command that never ends");
            self.now = due;
            self.engine.handle_timeout(due);
            self.modem.handle_timeout(due);
        }
    }

    fn ask<R: Request>(&mut self, request: &R) -> R::Answer {
        let response = self.command(request.command()).unwrap();
        request.answer(&response).unwrap_or_else(|e| panic!("{e}; heard {:?}", String::from_utf8_lossy(&self.heard)))
    }

    /// What a driver begins with: `AT` until it is answered, no echo, words, causes as numbers.
    fn begin(&mut self) {
        while self.command(AtCommand::new("").time_limit(Duration::from_millis(500))).is_err() {}
        for body in ["E0V1", "+CMEE=1"] {
            assert_eq!(self.command(AtCommand::new(body)).unwrap().code, ResultCode::Ok);
        }
    }
}

fn cell() -> SimCell {
    SimCell { tac: 0xA1, cell_identity: 0x01A2_B3C4, rsrp_dbm: -80.7, rsrq_db: -9.8, ..SimCell::default() }
}

/// "hello" to +358401234567 as ModemManager encodes it.
const SUBMIT: &str = "0001000C91534810325476000005E8329BFD06";
/// The same from there: SMS-DELIVER.
const DELIVER: &str = "07915348502020F0040C915348103254760000621120510000000 5E8329BFD06";

/// All that a host does with a modem; every answer has to be what it is without quirks.
fn session(line: &mut Line) {
    line.begin();
    assert_eq!(line.ask(&ReadIdentity(Identity::Imei)), "004402450000017");
    assert_eq!(line.ask(&ReadIdentity(Identity::Manufacturer)), "castbench");
    loop {
        match line.ask(&ReadPin) {
            SimState::Busy => {
                line.now = line.now + Duration::from_secs(1);
                line.modem.handle_timeout(line.now);
            }
            state => break assert_eq!(state, SimState::Ready),
        }
    }
    assert_eq!(line.ask(&ReadIdentity(Identity::Imsi)), "001010000000001");
    assert_eq!(line.ask(&ReadNumbers)[0].number, "+358401234567");
    assert_eq!(line.ask(&ReadFunctionality), Functionality::Full);

    assert_eq!(line.command(AtCommand::new("+CEREG=2")).unwrap().code, ResultCode::Ok);
    let registration = line.ask(&ReadRegistration(RegistrationDomain::Eps));
    assert_eq!((registration.status, registration.area_code), (RegistrationStatus::Home, Some(0xA1)));
    assert_eq!(registration.cell_identity, Some(0x01A2_B3C4));
    line.modem.handle_input(line.now, SimInput::Cell(None));
    line.settle();
    line.modem.handle_input(line.now, SimInput::Cell(Some(cell())));
    line.settle();
    let told: Vec<_> =
        line.urcs.iter().filter(|u| u.name == "+CEREG").filter_map(|u| Registration::of_urc(&u.text)).collect();
    assert_eq!(
        told.iter().map(|r| r.status).collect::<Vec<_>>(),
        [RegistrationStatus::Searching, RegistrationStatus::Home]
    );
    assert_eq!(told[1].area_code, Some(0xA1));

    assert_eq!(line.command(AtCommand::new("+COPS=3,2")).unwrap().code, ResultCode::Ok);
    assert_eq!(line.ask(&ReadOperator).unwrap().plmn(), Some("00101"));
    assert_eq!(line.ask(&ScanOperators).iter().filter_map(|o| o.plmn()).collect::<Vec<_>>(), ["00101"]);
    let signal = line.ask(&ReadExtendedSignal);
    assert_eq!((signal.rsrp_dbm, signal.rsrq_db), (Some(-81.0), Some(-10.0)));

    line.ask(&SetPduMode);
    line.ask(&SelectStorage { memory: "SM".into() });
    let set = line.ask(&ReadIndicationModes).choose().unwrap();
    line.ask(&set);
    assert_eq!(line.ask(&SendMessage { pdu: hex::decode(SUBMIT).unwrap() }), 1);
    assert_eq!(line.sent, [hex::decode(SUBMIT).unwrap()]);

    let deliver = hex::decode(DELIVER.replace(' ', "")).unwrap();
    line.modem.handle_input(line.now, SimInput::Sms(&deliver));
    line.settle();
    let stored = line.urcs.iter().find_map(SmsIndication::of_urc).unwrap();
    let SmsIndication::Stored { index, .. } = stored else { panic!("{stored:?}") };
    let message = line.ask(&ReadMessage { index }).unwrap();
    assert_eq!((message.status, &message.pdu), (MessageStatus::Unread, &deliver));
    // A host whose list hangs has the indications.
    match line.command(ListMessages.command()) {
        Ok(response) => assert_eq!(ListMessages.answer(&response).unwrap()[0].pdu, deliver),
        Err(failure) => assert!(matches!(failure, AtFailure::Timeout { .. }), "{failure}"),
    }
    line.ask(&DeleteMessage { index });
    assert_eq!(line.ask(&ReadMessage { index }), None);

    let unknown = line.command(AtCommand::new("+XYZZY")).unwrap();
    assert!(unknown.lines.is_empty());
    line.ask(&SetFunctionality { functionality: Functionality::Flight, reset: false });
    assert_eq!(line.ask(&ReadFunctionality), Functionality::Flight);
    assert_eq!(line.ask(&ReadExtendedSignal).rsrp_dbm, None);
}

const QUIRKS: [Quirk; 23] = [
    Quirk::PromptWithoutSpace,
    Quirk::PromptOnALine,
    Quirk::CommandNotSupport,
    Quirk::BlankLines,
    Quirk::SmsIndexFromZero,
    Quirk::CfunWithReset,
    Quirk::RegistrationUnquoted,
    Quirk::RegistrationUrcWithN,
    Quirk::NoSpaceAfterColon,
    Quirk::Nuls,
    Quirk::SwallowsFirstCommand,
    Quirk::PeriodicUrcs,
    Quirk::UrcBeforeEcho,
    Quirk::SimBusyAtFirst,
    Quirk::ImeiDecorated,
    Quirk::CmglHangs,
    Quirk::UnknownIsOk,
    Quirk::ErrorsInWords,
    Quirk::NumericAtFirst,
    Quirk::SpacesAfterCommas,
    Quirk::LfOnly,
    Quirk::StatusInWords,
    Quirk::UrcBurst,
];

#[test]
fn a_modem_by_the_book() {
    session(&mut Line::new(&[]));
}

#[test]
fn every_quirk_is_heard_and_none_is_noticed() {
    let plain = {
        let mut line = Line::new(&[]);
        session(&mut line);
        line.heard
    };
    for quirk in QUIRKS {
        let mut line = Line::new(&[quirk]);
        session(&mut line);
        assert_ne!(line.heard, plain, "{quirk:?} is a switch that switches nothing");
    }
}

#[test]
fn all_quirks_at_once() {
    let without = [Quirk::PromptOnALine];
    session(&mut Line::new(&QUIRKS.into_iter().filter(|q| !without.contains(q)).collect::<Vec<_>>()));
}

#[test]
fn a_modem_that_hangs_is_told_and_comes_back_with_power() {
    let mut line = Line::new(&[Quirk::HangsAfterHundred]);
    line.begin();
    let failure = (0..200).find_map(|_| line.command(AtCommand::new("+CSQ").answered_by("+CSQ")).err()).unwrap();
    assert!(matches!(failure, AtFailure::Timeout { .. }));
    // The engine finds that it does not even answer AT.
    let failure = line.command(AtCommand::new("")).unwrap_err();
    assert!(matches!(failure, AtFailure::Unresponsive { .. }), "{failure}");
    line.modem.handle_input(line.now, SimInput::PowerUp);
    line.engine.handle_input(line.now, AtInput::Opened);
    line.begin();
}

#[test]
fn a_full_memory_refuses_and_a_routed_message_waits_for_its_acknowledgement() {
    let mut line = Line::new(&[]);
    line.begin();
    let deliver = hex::decode(DELIVER.replace(' ', "")).unwrap();
    let refusals = |line: &mut Line, count: usize| {
        let mut refused = 0;
        for _ in 0..count {
            line.modem.handle_input(line.now, SimInput::Sms(&deliver));
            while let Some(output) = line.modem.poll_output() {
                refused += usize::from(output == SimOutput::SmsRefused(SmsRefusal::MemoryFull));
            }
        }
        refused
    };
    assert_eq!(refusals(&mut line, 32), 2);
    line.command(AtCommand::new("+CMGD=1,4")).unwrap();
    assert_eq!(refusals(&mut line, 30), 0);
    line.command(AtCommand::new("+CMGD=1,4;+CSMS=1;+CNMI=2,2,0,1,0").answered_by("+CSMS")).unwrap();
    for _ in 0..2 {
        line.modem.handle_input(line.now, SimInput::Sms(&deliver));
    }
    line.settle();
    let messages = line.urcs.iter().filter_map(SmsIndication::of_urc).collect::<Vec<_>>();
    assert_eq!(messages, [SmsIndication::Message(deliver.clone())], "the second one waits");
    assert_eq!(line.command(AtCommand::new("+CNMA")).unwrap().code, ResultCode::Ok);
    assert_eq!(line.others.pop(), Some(SimOutput::SmsTaken));
    let messages = line.urcs.iter().filter_map(SmsIndication::of_urc).count();
    assert_eq!((messages, line.others.pop()), (2, Some(SimOutput::SmsMemoryAvailable)));
    assert_eq!(line.command(AtCommand::new("+CNMA=2")).unwrap().code, ResultCode::Ok);
    assert_eq!(line.others.pop(), Some(SimOutput::SmsRefused(SmsRefusal::NotAcknowledged)));
    assert_eq!(line.command(AtCommand::new("+CNMA")).unwrap().code.cms(), Some(340));
}

#[test]
fn a_routed_message_that_nobody_acknowledges_is_refused_and_routing_ends() {
    let mut line = Line::new(&[]);
    line.begin();
    line.command(AtCommand::new("+CSMS=1;+CNMI=2,2,0,1,0").answered_by("+CSMS")).unwrap();
    let deliver = hex::decode(DELIVER.replace(' ', "")).unwrap();
    for input in [SimInput::Sms(&deliver), SimInput::StatusReport(&deliver)] {
        line.modem.handle_input(line.now, input);
    }
    line.others.clear();
    line.now = line.modem.poll_timeout().unwrap();
    line.modem.handle_timeout(line.now);
    line.settle();
    // The second one is in the memory, of which mt and ds of 0 tell nothing.
    assert_eq!(line.others, [SimOutput::SmsRefused(SmsRefusal::NotAcknowledged), SimOutput::SmsTaken]);
    let modes = line.command(AtCommand::new("+CNMI?").answered_by("+CNMI")).unwrap();
    assert_eq!(modes.lines[0].text, "2,0,0,0,0");
    assert_eq!(line.ask(&ReadMessage { index: 1 }).unwrap().pdu, deliver);
    // Of what waits when the UE goes the network is told as well.
    line.command(AtCommand::new("+CNMI=2,2,0,1,0")).unwrap();
    (0..2).for_each(|_| line.modem.handle_input(line.now, SimInput::Sms(&deliver)));
    line.others.clear();
    line.modem.handle_input(line.now, SimInput::Cell(None));
    line.modem.handle_input(line.now, SimInput::Sms(&deliver));
    line.settle();
    let absent = SimOutput::SmsRefused(SmsRefusal::Absent);
    assert_eq!(line.others, [absent.clone(), absent.clone(), SimOutput::Attached(false), absent]);
}

#[test]
fn a_message_without_network_is_refused_and_one_without_an_answer_ends() {
    let mut line = Line::new(&[]);
    line.begin();
    line.modem.handle_input(line.now, SimInput::Cell(None));
    let send = SendMessage { pdu: hex::decode(SUBMIT).unwrap() };
    assert_eq!(line.command(send.command()).unwrap().code.cms(), Some(331));
    line.modem.handle_input(line.now, SimInput::Cell(Some(cell())));
    line.modem.handle_input(line.now, SimInput::Host(b"AT+CMGS=18\r0001000C91534810325476000005E8329BFD06\x1A"));
    line.modem.handle_timeout(line.now + Duration::from_secs(61));
    let mut said = String::new();
    while let Some(output) = line.modem.poll_output() {
        if let SimOutput::Host(bytes) = output {
            said += &String::from_utf8(bytes).unwrap();
        }
    }
    assert!(said.ends_with("\r\n+CMS ERROR: 332\r\n"), "{said:?}");
}

#[test]
fn settings_of_v250() {
    let mut line = Line::new(&[]);
    let exchange = |line: &mut Line, host: &[u8]| {
        line.modem.handle_input(line.now, SimInput::Host(host));
        let mut heard = Vec::new();
        while let Some(output) = line.modem.poll_output() {
            if let SimOutput::Host(bytes) = output {
                heard.extend(bytes);
            }
        }
        String::from_utf8(heard).unwrap()
    };
    assert_eq!(exchange(&mut line, b"AT\r"), "AT\r\r\nOK\r\n");
    assert_eq!(exchange(&mut line, b"ATE0V0\r"), "ATE0V0\r0\r");
    assert_eq!(exchange(&mut line, b"ATS3?\r"), "013\r\n0\r");
    assert_eq!(exchange(&mut line, b"A/"), "013\r\n0\r");
    assert_eq!(exchange(&mut line, b"AT+XYZ\r"), "4\r");
    assert_eq!(exchange(&mut line, b"ATV1+CMEE=1;+CREG=2;+XYZ;+CSQ\r"), "\r\n+CME ERROR: 4\r\n");
    assert_eq!(exchange(&mut line, b"ATQ1\r"), "");
    assert_eq!(exchange(&mut line, b"ATQ0+CREG?\r"), "\r\n+CREG: 2,1,\"00A1\",\"01A2B3C4\",7\r\n\r\nOK\r\n");
    // A scan is aborted by any character.
    assert_eq!(exchange(&mut line, b"AT+COPS=?\r"), "");
    assert_eq!(exchange(&mut line, b"x"), "\r\nABORTED\r\n");
    // ESC cancels the text of a message.
    assert_eq!(exchange(&mut line, b"AT+CMGS=18\r"), "\r\n> ");
    assert_eq!(exchange(&mut line, b"0001\x1B"), "\r\nOK\r\n");
    assert_eq!(exchange(&mut line, b"AT+CMGS=18\r0001\x1A"), "\r\n> \r\n+CMS ERROR: 304\r\n");
}
