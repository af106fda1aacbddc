//! Short messages and gammu's codec, asked by way of its Python module: each reads what the other makes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use protocol::Instant;
use protocol::sms::{
    Address, Alphabet, Assembled, Assembler, AssemblerConfig, ConcatenationReference, Content, DataCodingScheme,
    Deliver, MessageClass, Status, StatusReport, Submit, Timestamp, Tpdu, UserData, UserDataHeader, ValidityPeriod,
    segment,
};
use serde_json::{Value, json};

/// Debian's: that of another Python has not Debian's modules.
const PYTHON: &str = "/usr/bin/python3";
/// One job in a line: a PDU to be read, or a text to be sent.
const SCRIPT: &str = r#"
import datetime, json, sys
import gammu

def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime.datetime) else str(value)

def read(job):
    answer = gammu.DecodePDU(bytes.fromhex(job["pdu"]))
    # The module takes TP-UDL for the number of characters, which it is not with an escape, and reads on behind the text.
    if isinstance(answer["Text"], str):
        answer["Text"] = answer["Text"].split("\0")[0]
    return answer

def sent(job):
    parts = gammu.EncodeSMS({"Class": job["class"], "Unicode": job["unicode"], "Entries": [{"ID": job["id"], "Buffer": job["text"]}]})
    for part in parts:
        part["Number"] = "+358401234567"
        part["SMSC"] = {"Location": 0, "Number": "+358405202000", "Validity": "Max", "Format": "Text"}
        part["Type"] = "Submit"
    return [gammu.EncodePDU(part, "Submit").hex() for part in parts]

for line in sys.stdin:
    job = json.loads(line)
    answer = read(job) if "pdu" in job else sent(job)
    print(json.dumps(answer, default=plain))
"#;
/// Service centre address in front of a TPDU: +358405202000.
const CENTRE: [u8; 8] = [0x07, 0x91, 0x53, 0x48, 0x50, 0x02, 0x02, 0x00];
/// 2026-11-12T21:21:00Z.
const TIME: u64 = 1_794_518_460_000;

/// What gammu says to each job; nothing without gammu.
fn gammu(jobs: &[Value]) -> Option<Vec<Value>> {
    let has_module = || Command::new(PYTHON).args(["-c", "import gammu"]).stderr(Stdio::null()).status();
    if !Path::new(PYTHON).exists() || !has_module().is_ok_and(|status| status.success()) {
        println!("skipped: python3-gammu is not installed");
        return None;
    }
    let mut child =
        Command::new(PYTHON).args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: String = jobs.iter().map(|job| format!("{job}\n")).collect();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "gammu has failed");
    let said = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), jobs.len(), "{said}");
    Some(answers)
}

fn read(tpdu: &Tpdu) -> Value {
    let pdu: String = [&CENTRE[..], &tpdu.emit()].concat().iter().map(|octet| format!("{octet:02x}")).collect();
    json!({ "pdu": pdu })
}

fn number(digits: &str) -> Address {
    Address::international(digits).unwrap()
}

#[test]
fn gammu_reads_ours() {
    let time = Timestamp::from_utc_ms(TIME, 0);
    let text = "Hello {[^€]} @£$¥ÄÖÜ§¿äöüà";
    let class = DataCodingScheme::with_class(Alphabet::EightBit, MessageClass::Equipment);
    let binary = UserData::of_octets(None, &[0, 0x1B, 0xFF]).unwrap();
    let deliver = |coding, data| Deliver::new(number("358401111111"), time, coding, data);
    let delivered = |text| {
        let (coding, data) = UserData::of_text(text).unwrap();
        deliver(coding, data)
    };
    let (coding, data) = UserData::of_text("hello").unwrap();
    let mut submit = Submit::new(5, number("358402222222"), coding, data);
    submit.validity_period = Some(ValidityPeriod::Relative(167));
    let report = StatusReport::of_submit(&submit, time, time, Status::VALIDITY_EXPIRED);
    let mut jobs = vec![
        read(&Tpdu::Deliver(delivered(text))),
        read(&Tpdu::Deliver(delivered("привет, 日本語"))),
        read(&Tpdu::Deliver(deliver(class, binary))),
        read(&Tpdu::Submit(submit)),
        read(&Tpdu::StatusReport(report)),
    ];
    let long = "long {€} ".repeat(100);
    let parts = |reference| {
        let content = Content::Text(long.clone());
        let segments = segment(&content, &UserDataHeader::default(), reference).unwrap();
        let tpdus = segments.parts.into_iter().map(|part| Tpdu::Deliver(deliver(segments.coding, part)));
        tpdus.collect::<Vec<_>>()
    };
    let first = jobs.len();
    jobs.extend(parts(ConcatenationReference::Short(0x42)).iter().map(read));
    let second = jobs.len();
    jobs.extend(parts(ConcatenationReference::Long(0x1234)).iter().map(read));
    let Some(said) = gammu(&jobs) else { return };
    let wanted = [
        json!({ "Type": "Deliver", "Number": "+358401111111", "Text": text, "Coding": "Default_No_Compression", "Class": -1 }),
        json!({ "Text": "привет, 日本語", "Coding": "Unicode_No_Compression", "DateTime": "2026-11-12T21:21:00" }),
        json!({ "Text": "001bff", "Coding": "8bit", "Class": 1 }),
        json!({ "Type": "Submit", "Number": "+358402222222", "Text": "hello", "Validity": "1440M", "MessageReference": 5 }),
        json!({ "Type": "Status_Report", "Number": "+358402222222", "MessageReference": 5, "DeliveryStatus": 0x46 }),
    ];
    for (wanted, said) in wanted.iter().zip(&said) {
        for (name, value) in wanted.as_object().unwrap() {
            let theirs = if name == "Validity" { &said["SMSC"][name] } else { &said[name] };
            assert_eq!(theirs, value, "{name}: {said}");
        }
        assert_eq!(said["SMSC"]["Number"], "+358405202000");
    }
    for (parts, (name, id)) in [(&said[first..second], ("ID8bit", 0x42)), (&said[second..], ("ID16bit", 0x1234))] {
        let texts: String = parts.iter().map(|part| part["Text"].as_str().unwrap()).collect();
        assert_eq!(texts, long);
        for (part, sequence) in parts.iter().zip(1..) {
            let udh = &part["UDH"];
            assert_eq!(
                (&udh[name], &udh["PartNumber"], &udh["AllParts"]),
                (&json!(id), &json!(sequence), &json!(parts.len()))
            );
        }
    }
}

#[test]
fn ours_reads_gammu() {
    let long = ["a{€".repeat(150), "жя, 日本語".repeat(30), "short".to_owned(), "ж".to_owned()];
    let mut jobs = Vec::new();
    for text in &long {
        for id in ["ConcatenatedTextLong", "ConcatenatedTextLong16bit"] {
            jobs.push(
                json!({ "class": -1, "unicode": !text.is_ascii() && !text.contains('a'), "id": id, "text": text }),
            );
        }
    }
    jobs.push(json!({ "class": 1, "unicode": false, "id": "ConcatenatedTextLong", "text": "first" }));
    let Some(said) = gammu(&jobs) else { return };
    let mut assembler = Assembler::new(AssemblerConfig::default());
    for (job, pdus) in jobs.iter().zip(&said) {
        let mut outcome = None;
        for pdu in pdus.as_array().unwrap() {
            let hex = pdu.as_str().unwrap();
            let octets: Vec<_> =
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
            let (centre, tpdu) = octets.split_at(CENTRE.len());
            assert_eq!(centre, CENTRE);
            let submit = Submit::parse(tpdu).unwrap();
            assert_eq!(submit.emit(), tpdu);
            assert_eq!(submit.destination, number("358401234567"));
            let class = (job["class"] == 1).then_some(MessageClass::Equipment);
            assert_eq!(submit.coding.class(), class);
            outcome = Some(assembler.add(Instant::ZERO, (), submit.coding, submit.user_data).0);
        }
        let Some(Assembled::Whole(message)) = outcome else { panic!("{outcome:?} of {job}") };
        assert_eq!(message.content, Content::Text(job["text"].as_str().unwrap().to_owned()));
    }
    assert!(assembler.is_empty());
}
