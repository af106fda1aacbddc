//! Short messages of a modem: TS 27.005 in PDU mode.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;

use super::command_line::Operation;
use super::io::{Reply, SimOutput, SmsRefusal, Wait};
use super::modem::{SimModem, numbers};
use super::output::{Final, NOT_SUPPORTED};
use super::personality::Quirk;

/// `+CMS ERROR` causes of TS 27.005 clause 3.2.5.
const OPERATION_NOT_SUPPORTED: Final = Final::Cms(303);
const INVALID_PDU: Final = Final::Cms(304);
const INVALID_INDEX: Final = Final::Cms(321);
const NO_NETWORK: Final = Final::Cms(331);
const NOT_EXPECTED: Final = Final::Cms(340);
/// How long a routed message waits for `+CNMA`: less than what the network waits (TR1N, TS 24.011 clause 10.1).
const ACKNOWLEDGEMENT_TIME: Duration = Duration::from_secs(15);
/// The one memory: that of the SIM.
const MEMORY: &str = "SM";
/// Words of text mode for `<stat>`.
const STATUS_WORDS: [&str; 4] = ["REC UNREAD", "REC READ", "STO UNSENT", "STO SENT"];

/// What is kept of messages.
#[derive(Clone, Debug)]
pub(super) struct SmsState {
    /// By index.
    stored: Vec<Option<Stored>>,
    first_index: usize,
    /// `+CSMS`.
    service: u8,
    /// `+CNMI`: mode, mt, bm, ds, bfr.
    indications: [u8; 5],
    /// A routed message waits for `+CNMA`, until then.
    unacknowledged: Option<Instant>,
    /// Came after it and wait for their turn; status reports are marked.
    waiting: VecDeque<(Vec<u8>, bool)>,
    /// A message was refused, as there was no room.
    was_full: bool,
    service_centre: String,
}

#[derive(Clone, Debug)]
struct Stored {
    status: u8,
    pdu: Vec<u8>,
}

impl SmsState {
    pub(super) fn new(personality: &super::Personality) -> Self {
        let first_index = usize::from(!personality.has(Quirk::SmsIndexFromZero));
        Self {
            stored: vec![None; personality.sms_capacity.into()],
            first_index,
            service: 0,
            indications: [0; 5],
            unacknowledged: None,
            waiting: VecDeque::new(),
            was_full: false,
            service_centre: format!("+{}", personality.sim.service_centre),
        }
    }

    /// After a restart: messages stay, settings do not.
    pub(super) fn restarted(self, fresh: Self) -> Self {
        Self { stored: self.stored, was_full: self.was_full, ..fresh }
    }

    /// When a routed message has waited long enough.
    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.unacknowledged
    }

    fn used(&self) -> usize {
        self.stored.iter().flatten().count()
    }
}

impl SimModem {
    /// A message came from the network.
    pub(super) fn take_sms(&mut self, now: Instant, pdu: &[u8], is_report: bool) {
        if !self.is_attached() {
            self.outputs.push_back(SimOutput::SmsRefused(SmsRefusal::Absent));
        } else if self.sms.unacknowledged.is_some() {
            self.sms.waiting.push_back((pdu.to_vec(), is_report));
        } else {
            self.route_sms(now, pdu, is_report);
        }
    }

    /// To the host, or into the memory.
    fn route_sms(&mut self, now: Instant, pdu: &[u8], is_report: bool) {
        let [_, mt, _, ds, _] = self.sms.indications;
        if if is_report { ds == 1 } else { mt == 2 } {
            let length = tpdu_length(pdu);
            let header = if is_report { format!("+CDS: {length}") } else { format!("+CMT: ,{length}") };
            self.urc(format!("{header}\n{}", hex::encode_upper(pdu)));
            if self.sms.service == 1 {
                self.sms.unacknowledged = Some(now + ACKNOWLEDGEMENT_TIME);
            } else {
                self.outputs.push_back(SimOutput::SmsTaken);
            }
            return;
        }
        let Some(free) = self.sms.stored.iter().position(Option::is_none) else {
            self.sms.was_full = true;
            self.outputs.push_back(SimOutput::SmsRefused(SmsRefusal::MemoryFull));
            return;
        };
        self.sms.stored[free] = Some(Stored { status: 0, pdu: pdu.to_vec() });
        self.outputs.push_back(SimOutput::SmsTaken);
        let name = match (is_report, mt, ds) {
            (false, 1, _) => "+CMTI",
            (true, _, 2) => "+CDSI",
            _ => return,
        };
        self.urc(format!("{name}: \"{MEMORY}\",{}", free + self.sms.first_index));
    }

    /// The host has answered for the message that was routed to it; the next one is its turn.
    fn acknowledged(&mut self, now: Instant, is_taken: bool) {
        self.sms.unacknowledged = None;
        let refused = SimOutput::SmsRefused(SmsRefusal::NotAcknowledged);
        self.outputs.push_back(if is_taken { SimOutput::SmsTaken } else { refused });
        while self.sms.unacknowledged.is_none()
            && let Some((pdu, is_report)) = self.sms.waiting.pop_front()
        {
            self.route_sms(now, &pdu, is_report);
        }
    }

    /// Without an acknowledgement in time nothing more is routed (TS 27.005 clause 3.4.4).
    pub(super) fn sms_timeout(&mut self, now: Instant) {
        if self.sms.unacknowledged.is_some_and(|due| due <= now) {
            (self.sms.indications[1], self.sms.indications[3]) = (0, 0);
            self.acknowledged(now, false);
        }
    }

    /// Nobody can acknowledge any more what was routed and what waits.
    pub(super) fn refuse_waiting_sms(&mut self) {
        let unacknowledged = usize::from(self.sms.unacknowledged.take().is_some());
        for _ in 0..unacknowledged + std::mem::take(&mut self.sms.waiting).len() {
            self.outputs.push_back(SimOutput::SmsRefused(SmsRefusal::Absent));
        }
    }

    /// `+CMGS` and `+CMGW` got their text.
    pub(super) fn text_entered(&mut self, tpdu_octets: usize, text: &str) -> Reply {
        let pdu = hex::decode(text.trim()).ok().filter(|pdu| !pdu.is_empty() && tpdu_length(pdu) == tpdu_octets);
        match pdu {
            Some(_) if !self.is_attached() => Reply::Final(NO_NETWORK),
            Some(pdu) => {
                self.next_token += 1;
                self.outputs.push_back(SimOutput::SendSms { token: self.next_token, pdu });
                Reply::Wait(Wait::Sms(self.next_token))
            }
            None => Reply::Final(INVALID_PDU),
        }
    }

    pub(super) fn sms_command(&mut self, now: Instant, name: &str, operation: &Operation) -> Reply {
        let set = |value: &str| numbers(value).unwrap_or_default();
        match (name, operation) {
            ("+CMGF", Operation::Read) => Reply::line("+CMGF: 0"),
            ("+CMGF", Operation::Test) => Reply::line("+CMGF: (0)"),
            ("+CMGF", Operation::Set(value)) if value == "0" => Reply::ok(),
            ("+CSMS", Operation::Read) => Reply::line(format!("+CSMS: {},1,1,1", self.sms.service)),
            ("+CSMS", Operation::Test) => Reply::line("+CSMS: (0,1)"),
            ("+CSMS", Operation::Set(value)) if value == "0" || value == "1" => {
                self.sms.service = u8::from(value == "1");
                Reply::line("+CSMS: 1,1,1")
            }
            ("+CPMS", _) => self.storage(operation),
            ("+CNMI", Operation::Read) => {
                let [mode, mt, bm, ds, bfr] = self.sms.indications;
                Reply::line(format!("+CNMI: {mode},{mt},{bm},{ds},{bfr}"))
            }
            ("+CNMI", Operation::Test) => Reply::line("+CNMI: (0-3),(0-2),(0-3),(0-2),(0,1)"),
            ("+CNMI", Operation::Set(value)) => self.set_indications(&set(value)),
            ("+CSCA", Operation::Read) => Reply::line(format!("+CSCA: \"{}\",145", self.sms.service_centre)),
            ("+CSCA", Operation::Test) => Reply::ok(),
            ("+CSCA", Operation::Set(value)) => match value.split('"').nth(1) {
                Some(address) => {
                    address.clone_into(&mut self.sms.service_centre);
                    Reply::ok()
                }
                None => Reply::Final(OPERATION_NOT_SUPPORTED),
            },
            ("+CMGL", Operation::Test) => Reply::line("+CMGL: (0-4)"),
            ("+CMGL", Operation::Set(_) | Operation::Execute) if self.personality.has(Quirk::CmglHangs) => {
                Reply::Wait(Wait::Forever)
            }
            ("+CMGL", Operation::Execute) => self.list(0),
            ("+CMGL", Operation::Set(value)) => match set(value)[..] {
                [Some(status @ 0..=4)] => self.list(status as u8),
                _ => Reply::Final(OPERATION_NOT_SUPPORTED),
            },
            ("+CMGR", Operation::Set(value)) => self.read(set(value).first().copied().flatten()),
            ("+CMGD", Operation::Test) => Reply::line("+CMGD: (1-999),(0-4)"),
            ("+CMGD", Operation::Set(value)) => self.delete(&set(value)),
            ("+CMGS", Operation::Set(value)) => match set(value)[..] {
                [Some(octets @ 1..=164)] => Reply::Text(octets as usize),
                _ => Reply::Final(INVALID_PDU),
            },
            // 2: the host could not take it (RP-ERROR).
            ("+CNMA", Operation::Execute | Operation::Set(_)) if self.sms.unacknowledged.is_some() => {
                self.acknowledged(now, !matches!(operation, Operation::Set(value) if value == "2"));
                Reply::ok()
            }
            ("+CNMA", Operation::Test) => Reply::line("+CNMA: (0-2)"),
            ("+CNMA", _) => Reply::Final(NOT_EXPECTED),
            ("+CMGS" | "+CMGR", Operation::Test) => Reply::ok(),
            ("+CMGF" | "+CSMS", _) => Reply::Final(OPERATION_NOT_SUPPORTED),
            _ => Reply::Final(NOT_SUPPORTED),
        }
    }

    fn storage(&self, operation: &Operation) -> Reply {
        let (used, total) = (self.sms.used(), self.sms.stored.len());
        match operation {
            Operation::Test => Reply::line("+CPMS: (\"SM\"),(\"SM\"),(\"SM\")"),
            Operation::Read => {
                let each = format!("\"{MEMORY}\",{used},{total}");
                Reply::line(format!("+CPMS: {each},{each},{each}"))
            }
            Operation::Set(value) => {
                let names: Vec<_> = value.split(',').map(|name| name.trim().trim_matches('"')).collect();
                if names.len() > 3 || names.iter().any(|&name| name != MEMORY) {
                    return Reply::Final(OPERATION_NOT_SUPPORTED);
                }
                Reply::line(format!("+CPMS: {used},{total},{used},{total},{used},{total}"))
            }
            Operation::Execute => Reply::Final(NOT_SUPPORTED),
        }
    }

    fn set_indications(&mut self, values: &[Option<u32>]) -> Reply {
        // Cell broadcast messages may be asked for: this network has none.
        const MOST: [u32; 5] = [3, 2, 3, 2, 1];
        let mut wanted = self.sms.indications;
        if values.len() > wanted.len() {
            return Reply::Final(OPERATION_NOT_SUPPORTED);
        }
        for ((wanted, value), most) in wanted.iter_mut().zip(values).zip(MOST) {
            match value {
                Some(value) if *value > most => return Reply::Final(OPERATION_NOT_SUPPORTED),
                Some(value) => *wanted = *value as u8,
                None => {}
            }
        }
        self.sms.indications = wanted;
        Reply::ok()
    }

    fn status(&self, status: u8) -> String {
        if self.personality.has(Quirk::StatusInWords) {
            return format!("\"{}\"", STATUS_WORDS[usize::from(status.min(3))]);
        }
        status.to_string()
    }

    fn list(&mut self, wanted: u8) -> Reply {
        let mut lines = Vec::new();
        for i in 0..self.sms.stored.len() {
            let Some(stored) = self.sms.stored[i].as_ref().filter(|s| wanted == 4 || s.status == wanted) else {
                continue;
            };
            let (status, length) = (self.status(stored.status), tpdu_length(&stored.pdu));
            lines.push(format!(
                "+CMGL: {},{status},,{length}\n{}",
                i + self.sms.first_index,
                hex::encode_upper(&stored.pdu)
            ));
            if let Some(stored) = &mut self.sms.stored[i] {
                stored.status = if stored.status == 0 { 1 } else { stored.status };
            }
        }
        Reply::Lines(lines)
    }

    fn read(&mut self, index: Option<u32>) -> Reply {
        let Some(place) = self.place(index) else { return Reply::Final(INVALID_INDEX) };
        let Some(stored) = self.sms.stored[place].clone() else { return Reply::ok() };
        if let Some(kept) = self.sms.stored[place].as_mut().filter(|kept| kept.status == 0) {
            kept.status = 1;
        }
        let (status, length) = (self.status(stored.status), tpdu_length(&stored.pdu));
        Reply::line(format!("+CMGR: {status},,{length}\n{}", hex::encode_upper(&stored.pdu)))
    }

    fn delete(&mut self, values: &[Option<u32>]) -> Reply {
        let reply = self.delete_stored(values);
        if self.sms.was_full && self.sms.used() < self.sms.stored.len() {
            self.sms.was_full = false;
            self.outputs.push_back(SimOutput::SmsMemoryAvailable);
        }
        reply
    }

    fn delete_stored(&mut self, values: &[Option<u32>]) -> Reply {
        let keeps: fn(&Stored) -> bool = match values.get(1).copied().flatten().unwrap_or(0) {
            0 => {
                let Some(place) = self.place(values.first().copied().flatten()) else {
                    return Reply::Final(INVALID_INDEX);
                };
                self.sms.stored[place] = None;
                return Reply::ok();
            }
            // Read ones; and sent ones; and unsent ones; all.
            1 => |s| s.status != 1,
            2 => |s| s.status != 1 && s.status != 3,
            3 => |s| s.status == 0,
            _ => |_| false,
        };
        for stored in &mut self.sms.stored {
            if stored.as_ref().is_some_and(|s| !keeps(s)) {
                *stored = None;
            }
        }
        Reply::ok()
    }

    fn place(&self, index: Option<u32>) -> Option<usize> {
        (index? as usize).checked_sub(self.sms.first_index).filter(|&place| place < self.sms.stored.len())
    }
}

/// Octets without the service centre address.
fn tpdu_length(pdu: &[u8]) -> usize {
    pdu.len().saturating_sub(1 + usize::from(pdu.first().copied().unwrap_or_default()))
}
