//! Every command that other people's hosts have been seen to send is answered, or refused as the standard has it; the
//! card behind the modem.

use super::*;
use crate::at::ts27007::{CloseLogicalChannel, LogicalChannelAccess, OpenLogicalChannel, SimAccess};

/// What the union of ModemManager, ofono, gammu, gnokii, smstools and python-gsmmodem asks for, in their words.
const ANSWERED: &str = "
    AT|ATE0|ATE1|ATV1|ATX4|ATZ|ATH|ATI|AT&C1|ATS3?|ATQ0|A/
    AT+CMEE=1|AT+CMEE?|AT+CMEE=?|AT+GCAP|AT+CGMI|AT+CGMM|AT+CGMR|AT+GMM|AT+CGSN|AT+CIMI|AT+CPIN?|AT+CPINR|AT+CFUN?
    AT+CFUN=?|AT+CFUN=1|AT+CPAS|AT+CLAC|AT+CSCS?|AT+CSCS=?|AT+CSCS=\"IRA\"|AT+CCID|AT+CNUM
    AT+CREG?|AT+CREG=?|AT+CREG=2|AT+CGREG?|AT+CGREG=?|AT+CGREG=1|AT+CEREG?|AT+CEREG=?|AT+CEREG=0
    AT+COPS?|AT+COPS=?|AT+COPS=3,0|AT+COPS=3,2|AT+COPS=0|AT+CSQ|AT+CSQ=?|AT+CESQ|AT+CESQ=?|AT+CIND?|AT+CIND=?
    AT+CMER=?|AT+CMER=3,0,0,1|AT+CMER?|AT+CGEREP=2|AT+CGEREP=?|AT+CGATT?|AT+CGATT=?|AT+CGATT=1|AT+CGACT?|AT+CGACT=?
    AT+CGDCONT=?|AT+CGDCONT?|AT+CGDCONT=1,\"IP\",\"internet\"|AT+CGSMS=?|AT+CGSMS=1|AT+CGAUTO=0|AT+WS46=?|AT+WS46?
    AT+CEMODE?|AT+CEMODE=?|AT+CLCK=?|AT+CLCK=\"SC\",2|AT+CCLK?|AT+CTZU=1|AT+CTZU?|AT+CTZR=1|AT+CBC|AT+CRSM=?
    AT+CRSM=176,28486,0,0,0|AT+CRSM=192,12258|AT+CSIM=?|AT+CPBS=?|AT+CPBS?|AT+CPBS=\"SM\"|AT+CPBR=?|AT+CPBR=1,10
    AT+CPLS=0|AT+CPOL?|AT+CPOL=?|AT+CUSD=1|AT+CUSD?|AT+CSSN=1,1|AT+CLIP=1|AT+CLIP?|AT+COLP=0|AT+COLP?|AT+CCWA=1
    AT+CCWA?|AT+CRC=1|AT+CRC?|AT+CLCC|AT+CUAD|AT+CAOC=2|AT+CCWE=1|AT+CMUT?|AT+CMUT=0|AT+CLVL?|AT+CLVL=3|AT+CSCB=1
    AT+CSCB?|AT+CVHU=0|AT+CVHU?|AT+CHUP|AT+IFC=2,2|AT+IFC?|AT+CMGF=?|AT+CMGF=0|AT+CMGF?|AT+CSMS=?|AT+CSMS=1|AT+CSMS?
    AT+CPMS=?|AT+CPMS?|AT+CPMS=\"SM\",\"SM\",\"SM\"|AT+CNMI=?|AT+CNMI=2,1,2,1,0|AT+CNMI?|AT+CSCA?|AT+CSCA=?
    AT+CSMP?|AT+CSMP=?|AT+CSMP=17,167,0,0|AT+CMMS=1|AT+CMGL=?|AT+CMGL=4|AT+CMGD=?|AT+CMGD=1|AT+CNMA=?|AT+CMGS=?
    AT+CGPADDR|AT+CEMBMSCFG=?|AT+CEMBMSR=?|AT+CEMBMSSRV=?|AT+CEMBMSDATA=?|AT+CEMBMSCNT=?|AT+CEMBMSSAI=?";
/// Of manufacturers, or about what this modem does not have.
const REFUSED: &str = "AT+CPOS=?|AT+CPROT=?|AT+MODE=2|AT+SYNCML=1|AT*CNTI=0|AT$TSSPCSW=1|AT+ZPAS?|AT+PTTY=1|AT+VTD?
    AT+SIMSTATE?|AT+C5GREG?|AT+CFUN=9|AT+CPBR=99|AT+CGDCONT=99|AT+CMEE=7|AT+CLVL=9|AT+CMGR|AT+QCFG=\"x\"";

fn commands(list: &str) -> impl Iterator<Item = &str> {
    list.split(['|', '\n']).map(str::trim).filter(|command| !command.is_empty())
}

#[test]
fn the_whole_inventory_is_answered_or_refused_cleanly() {
    let mut line = Line::new(&[]);
    line.begin();
    let mut said = |command: &str| {
        let end = if command == "A/" { "" } else { "\r" };
        line.modem.handle_input(line.now, SimInput::Host(format!("{command}{end}").as_bytes()));
        if let Some(due) = line.modem.poll_timeout() {
            line.now = due;
            line.modem.handle_timeout(due);
        }
        let bytes = std::iter::from_fn(|| line.modem.poll_output()).filter_map(|output| match output {
            SimOutput::Host(bytes) => Some(bytes),
            _ => None,
        });
        String::from_utf8(bytes.flatten().collect()).unwrap()
    };
    for command in commands(ANSWERED) {
        let answer = said(command);
        assert!(answer.ends_with("\r\nOK\r\n"), "{command}: {answer:?}");
        // Reads and tests of extended commands say something, but for empty lists and tests that have no ranges.
        let says_nothing = ["AT+CPOL?", "AT+CSCA=?", "AT+CRSM=?", "AT+CSIM=?", "AT+CMGS=?", "AT+CGMI", "AT+CPMS=?"];
        if command.ends_with('?') && !says_nothing.contains(&command) {
            assert!(answer.matches("\r\n").count() >= 4, "{command}: {answer:?}");
        }
    }
    assert!(said("ATE0;+CMEE=1").ends_with("OK\r\n"));
    for command in commands(REFUSED) {
        let answer = said(command);
        let is_refusal =
            ["\r\n+CME ERROR: 4\r\n", "\r\n+CME ERROR: 50\r\n", "\r\n+CMS ERROR: 321\r\n"].contains(&&*answer);
        assert!(is_refusal, "{command}: {answer:?}");
    }
    // Every command that +CLAC lists is known in one form at least.
    let known = said("AT+CLAC");
    for name in known.lines().filter(|name| name.starts_with('+')) {
        let forms = ["", "?", "=?"].map(|form| said(&format!("AT{name}{form}")));
        assert!(forms.iter().any(|answer| !answer.ends_with("+CME ERROR: 4\r\n")), "{name}: {forms:?}");
    }
}

#[test]
fn settings_keep_what_they_are_given() {
    let mut line = Line::new(&[]);
    line.begin();
    for (set, read, wanted) in [
        ("+CGEREP=2", "+CGEREP", "2,0"),
        ("+CSMP=49,,8", "+CSMP", "49,167,8,0"),
        ("+CSCB=1,\"0-9\"", "+CSCB", "1,\"0-9\",\"\""),
        ("+CLIP=1", "+CLIP", "1,2"),
        ("+CGDCONT=3,\"IPV6\",\"ims\"", "+CGDCONT", "3,\"IPV6\",\"ims\",\"\",0,0"),
        ("+CCLK=\"26/02/28,23:59:59+04\"", "+CCLK", "\"26/02/28,23:59:59+00\""),
    ] {
        assert_eq!(line.command(AtCommand::new(set)).unwrap().code, ResultCode::Ok, "{set}");
        let answer = line.command(AtCommand::new(format!("{read}?")).answered_by(read)).unwrap();
        assert_eq!(answer.lines[0].text, wanted, "{set}");
    }
    line.now = line.now + Duration::from_secs(1);
    let clock = line.command(AtCommand::new("+CCLK?").answered_by("+CCLK")).unwrap();
    assert_eq!(clock.lines[0].text, "\"26/03/01,00:00:00+00\"");
}

/// A challenge of test set 1 of TS 35.208, the AUTN from its SQN, AK, AMF and MAC-A.
const AUTHENTICATE: &str = "008800812210\
    23553CBE9637A89D218AE64DAE47BF35 10 55F328B43577 B9B9 4A9FFAC354DFAFB3 00";

#[test]
fn usim_and_isim_answer_a_challenge_over_their_channels() {
    let mut line = Line::new(&[]);
    line.begin();
    let challenge = hex::decode(AUTHENTICATE.replace(' ', "")).unwrap();
    let success =
        hex::decode("DB08A54211D5E3BA50BF10B40BA9A3C58B2A05BBF0D987B21BF8CB10F769BCD751044604127672711C6D34419000")
            .unwrap();
    let session = line.ask(&OpenLogicalChannel { application: hex::decode("A0000000871004").unwrap() });
    assert_eq!(line.ask(&LogicalChannelAccess { session, apdu: challenge.clone() }), success);
    // USIM and ISIM share keys and sequence numbers here: on the basic channel the same challenge is stale.
    let stale = line.ask(&SimAccess(challenge.clone()));
    assert_eq!((&stale[..2], stale.len()), (&[0xDC, 14][..], 18));
    line.ask(&CloseLogicalChannel { session });
    for refused in [
        LogicalChannelAccess { session, apdu: challenge }.command(),
        CloseLogicalChannel { session }.command(),
        OpenLogicalChannel { application: hex::decode("A0000000871009").unwrap() }.command(),
    ] {
        assert!(matches!(line.command(refused).unwrap().code.cme(), Some(22 | 50)));
    }
    // Channels end.
    let open = OpenLogicalChannel { application: hex::decode("A0000000871002").unwrap() };
    assert_eq!([(); 3].map(|()| line.ask(&open)), [1, 2, 3]);
    assert_eq!(line.command(open.command()).unwrap().code.cme(), Some(22));
}

#[test]
fn files_of_the_card() {
    let mut line = Line::new(&[]);
    line.begin();
    let mut read = |body: &str| {
        let answer = line.command(AtCommand::new(body).answered_by("+CRSM")).unwrap();
        answer.lines[0].text.clone()
    };
    // ICCID, IMSI (as the SIM has 001010000000001), AD, an MSISDN record, nothing, a record of a transparent file.
    assert_eq!(read("+CRSM=176,12258,0,0,10"), format!("144,0,\"{}\"", iccid()));
    assert_eq!(read("+CRSM=176,28423,0,0,9"), "144,0,\"080910100000000010\"");
    assert_eq!(read("+CRSM=176,28589,0,0,4"), "144,0,\"00000002\"");
    assert_eq!(read("+CRSM=178,28480,1,4,14"), "144,0,\"0791534810325476FFFFFFFFFFFF\"");
    // Services 12, 19, 21 and 33 (TS 31.102 clause 4.2.8), and the files that they stand for.
    assert_eq!(read("+CRSM=176,28472,0,0,5"), "144,0,\"0008140001\"");
    let centre = "FDFFFFFFFFFFFFFFFFFFFFFFFF0791534850020200FFFFFFFFFFFFFF";
    assert_eq!(read("+CRSM=178,28482,1,4,28"), format!("144,0,\"{centre}\""));
    assert_eq!(read("+CRSM=176,28486,0,0,17"), "144,0,\"006361737462656E6368FFFFFFFFFFFFFF\"");
    assert_eq!(read("+CRSM=192,28423"), "144,0,\"620C8202412183026F0780020009\"");
    assert_eq!(read("+CRSM=176,4660,0,0,1"), "106,130");
    // By selection on the basic channel: the ISIM's private identity.
    let mut apdu = |hex: &str| line.ask(&SimAccess(hex::decode(hex).unwrap()));
    assert_eq!(apdu("00A4040407A0000000871004")[0], 0x62);
    assert_eq!(apdu("00A40004026F02")[0], 0x62);
    let identity = apdu("00B0000000");
    assert_eq!(&identity[2..identity.len() - 2], b"001010000000001@ims.mnc001.mcc001.3gppnetwork.org");
    assert_eq!(apdu("00A40004021234"), [0x6A, 0x82]);
    assert_eq!(apdu("00FF0000"), [0x6D, 0x00]);
    assert_eq!(apdu("01B0000000"), [0x68, 0x81], "a channel that is not open");
}

/// Nibbles of "8988211000000000019" swapped, filled with F.
fn iccid() -> String {
    let digits = "8988211000000000019F";
    digits.as_bytes().chunks(2).map(|pair| format!("{}{}", pair[1] as char, pair[0] as char)).collect()
}
