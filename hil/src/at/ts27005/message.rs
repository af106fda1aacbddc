//! Sending, reading and deleting: TS 27.005 clauses 3.1 to 3.3, 3.5, 4.

use std::time::Duration;

use super::super::command::{AtCommand, AtLine, AtResponse};
use super::super::params::{Param, parse_params};
use super::super::ts27007::{AtError, Request, first, ok};
use super::body;

/// For the network to take a message: TS 24.011 has timer TC1* of up to 45 s, and modems repeat.
const SEND_TIME_LIMIT: Duration = Duration::from_secs(120);
/// Modems that read the memory of a slow SIM.
const LIST_TIME_LIMIT: Duration = Duration::from_secs(30);

/// `+CMGF=0`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetPduMode;

impl Request for SetPduMode {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new("+CMGF=0")
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

/// `+CMGS`: sends a PDU, the answer is its TP-MR.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendMessage {
    /// Service centre address (one octet 0: that of the SIM) and TPDU.
    pub pdu: Vec<u8>,
}

impl Request for SendMessage {
    type Answer = u8;

    fn command(&self) -> AtCommand {
        // <length> counts the TPDU without the service centre address.
        let service_centre = 1 + usize::from(self.pdu.first().copied().unwrap_or_default());
        AtCommand::new(format!("+CMGS={}", self.pdu.len().saturating_sub(service_centre)))
            .answered_by("+CMGS")
            .with_text(hex::encode_upper(&self.pdu))
            .time_limit(SEND_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<u8, AtError> {
        first(self, response, |text| parse_params(text).first()?.number())
    }
}

/// `<stat>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageStatus {
    /// 0: received, not read.
    Unread,
    /// 1: received, read.
    Read,
    /// 2: stored, not sent.
    Unsent,
    /// 3: stored, sent.
    Sent,
}

/// A message in the memory of the modem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredMessage {
    /// Where; some memories begin with 0.
    pub index: u16,
    /// Status.
    pub status: MessageStatus,
    /// Service centre address and TPDU.
    pub pdu: Vec<u8>,
}

impl MessageStatus {
    fn new(param: &Param) -> Option<Self> {
        // Some modems answer with the words of text mode.
        Some(match param.text()? {
            "0" | "REC UNREAD" => Self::Unread,
            "1" | "REC READ" => Self::Read,
            "2" | "STO UNSENT" => Self::Unsent,
            "3" | "STO SENT" => Self::Sent,
            _ => return None,
        })
    }
}

/// `+CMGR=<index>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadMessage {
    /// Where.
    pub index: u16,
}

impl Request for ReadMessage {
    /// `None`: nothing is there (some answer with OK alone, some with `+CMS ERROR: 321`).
    type Answer = Option<StoredMessage>;

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CMGR={}", self.index)).answered_by("+CMGR").each_with_body()
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        const INVALID_MEMORY_INDEX: u16 = 321;
        if response.code.cms() == Some(INVALID_MEMORY_INDEX) || (response.code.is_ok() && response.lines.is_empty()) {
            return Ok(None);
        }
        first(self, response, |text| {
            // <stat>,[<alpha>],<length>
            let params = parse_params(text);
            let (status, length) = (MessageStatus::new(params.first()?)?, params.last()?.number()?);
            Some(Some(StoredMessage { index: self.index, status, pdu: body(response.lines.first()?, length)? }))
        })
    }
}

/// `+CMGL=4`: all messages of the selected memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListMessages;

impl Request for ListMessages {
    type Answer = Vec<StoredMessage>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CMGL=4").answered_by("+CMGL").each_with_body().time_limit(LIST_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        ok(self, response)?;
        let message = |line: &AtLine| {
            // <index>,<stat>,[<alpha>],<length>
            let params = parse_params(&line.text);
            Some(StoredMessage {
                index: params.first()?.number()?,
                status: MessageStatus::new(params.get(1)?)?,
                pdu: body(line, params.last()?.number()?)?,
            })
        };
        let unknown = |line: &AtLine| AtError::Unknown { command: self.command().line(), answer: line.text.clone() };
        response.lines.iter().map(|line| message(line).ok_or_else(|| unknown(line))).collect()
    }
}

/// `+CMGD=<index>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeleteMessage {
    /// Where.
    pub index: u16,
}

impl Request for DeleteMessage {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CMGD={}", self.index)).time_limit(LIST_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

/// How full a memory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StorageUse {
    /// Messages in it.
    pub used: u16,
    /// Messages it can hold.
    pub total: u16,
}

/// `+CPMS=<mem1>,<mem2>,<mem3>`: the same memory for reading, writing and receiving; the answer is that of receiving.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SelectStorage {
    /// `SM`: SIM, `ME`: modem, `MT`: both.
    pub memory: String,
}

impl Request for SelectStorage {
    type Answer = StorageUse;

    fn command(&self) -> AtCommand {
        let memory = &self.memory;
        AtCommand::new(format!("+CPMS=\"{memory}\",\"{memory}\",\"{memory}\"")).answered_by("+CPMS")
    }

    fn answer(&self, response: &AtResponse) -> Result<StorageUse, AtError> {
        first(self, response, |text| {
            let params = parse_params(text);
            let last = params.len().checked_sub(2)?;
            Some(StorageUse { used: params[last].number()?, total: params[last + 1].number()? })
        })
    }
}

/// `+CPMS=?`: the memories that messages can be received into, the best for a bench first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadStorages;

impl Request for ReadStorages {
    type Answer = Vec<String>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CPMS=?").answered_by("+CPMS")
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        /// That of the modem holds most, that of the SIM is there on every modem.
        const BEST: [&str; 3] = ["ME", "SM", "MT"];
        first(self, response, |text| {
            // A list for each of <mem1>, <mem2>, <mem3>; some modems leave the parentheses of one out.
            let names = |param: &Param| match param {
                Param::List(names) => names.iter().filter_map(Param::text).map(str::to_owned).collect(),
                other => other.text().map(str::to_owned).into_iter().collect::<Vec<_>>(),
            };
            let lists: Vec<Vec<String>> = parse_params(text).iter().map(names).collect();
            let (reading, receiving) = (lists.first()?, lists.last()?);
            let both = receiving.iter().filter(|name| reading.contains(name)).cloned();
            let mut both: Vec<String> = both.collect();
            both.sort_by_key(|name| BEST.iter().position(|best| best == name).unwrap_or(BEST.len()));
            Some(both)
        })
    }
}

/// `+CPMS=<mem1>`: the memory for reading and deleting alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SelectReading {
    /// Memory.
    pub memory: String,
}

impl Request for SelectReading {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CPMS=\"{}\"", self.memory)).answered_by("+CPMS")
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

/// `+CSCA?`: the service centre address of the SIM, if it has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadServiceCentre;

impl Request for ReadServiceCentre {
    type Answer = Option<String>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CSCA?").answered_by("+CSCA")
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        first(self, response, |text| {
            let params = parse_params(text);
            Some(params.first()?.text().filter(|address| !address.is_empty()).map(str::to_owned))
        })
    }
}
