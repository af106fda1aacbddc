//! Messages to UEs that are on their way, and those that are remembered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::map::DialogueId;
use protocol::sip::ServerKey;
use protocol::sms::{Address, Direction, RpBody, RpData, RpMessage, RpUserData};
use protocol::{Due, Instant};
use serde::{Deserialize, Serialize};

use super::TP_MMS;
use crate::sms::charging::SmsUsage;
use crate::sms::ip_message_gw::charged::access_name;
use crate::sms::ip_message_gw::letter::LetterName;
use crate::sms::ip_message_gw::row::octets;

/// A message to a UE.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::sms::ip_message_gw) struct Mt {
    pub(in crate::sms::ip_message_gw) imsi: String,
    /// Digits of the service centre.
    pub(super) service_centre: String,
    #[serde(with = "octets")]
    pub(super) tpdu: Vec<u8>,
    /// RP-Message-Reference.
    pub(in crate::sms::ip_message_gw) reference: u8,
    pub(in crate::sms::ip_message_gw) name: LetterName,
    pub(in crate::sms::ip_message_gw) stage: Stage,
    /// Digits of the MSISDN.
    #[serde(default)]
    pub(super) msisdn: String,
    /// It goes by the IMS.
    #[serde(default)]
    pub(super) is_ims: bool,
    #[serde(skip)]
    pub(in crate::sms::ip_message_gw) run: Run,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::sms::ip_message_gw) enum Stage {
    /// It waits for its turn; this is not durable.
    Waiting,
    /// It goes to the UE, which is to report.
    Sent,
    /// The UE was silent for too long; it may report yet.
    Late,
    /// The UE has it: its SMS-DELIVER-REPORT.
    Over { report: Option<String>, until_utc_ms: u64 },
}

/// What a restart forgets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::sms::ip_message_gw) struct Run {
    /// Who waits for the outcome.
    pub(in crate::sms::ip_message_gw) asker: Option<Asker>,
    /// Reports that wait for their 202.
    pub(in crate::sms::ip_message_gw) keys: Vec<ServerKey>,
    /// When it is forgotten: UTC in milliseconds.
    pub(super) until_utc_ms: Option<u64>,
    /// Its UE has registered since it went.
    pub(super) has_come: bool,
}

/// An mt-ForwardSM that waits for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::sms::ip_message_gw) struct Asker {
    pub(in crate::sms::ip_message_gw) dialogue: DialogueId,
    pub(super) invoke_id: i8,
    /// More messages come in the same dialogue.
    pub(super) is_more: bool,
}

/// Messages of one UE.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) waiting: VecDeque<u64>,
    /// The one that is on its way.
    pub(super) current: Option<u64>,
}

/// All messages to UEs.
#[derive(Debug, Default)]
pub(in crate::sms::ip_message_gw) struct Mts {
    pub(in crate::sms::ip_message_gw) by_number: BTreeMap<u64, Mt>,
    /// What names a message, so that one that comes again is known.
    pub(super) known: BTreeMap<String, u64>,
    pub(super) of_call_id: BTreeMap<String, u64>,
    pub(super) of_reference: BTreeMap<(String, u8), u64>,
    pub(super) lanes: BTreeMap<String, Lane>,
    pub(super) last_reference: u8,
    /// When UEs have been silent for too long.
    pub(super) silences: Due<Instant, u64>,
    /// Those that are done or late, in the order in which they are forgotten.
    pub(super) ends: BTreeSet<(u64, u64)>,
    pub(super) dialogues: BTreeMap<DialogueId, Talk>,
}

/// A dialogue of an SMS-GMSC.
#[derive(Debug)]
pub(super) struct Talk {
    /// Whom it is about, and the service centre: the second message of it does not say.
    pub(super) addresses: (String, String),
    /// Messages that came in it.
    pub(super) numbers: BTreeSet<u64>,
}

impl Mt {
    /// What names it: TP-MMS is another when it comes again.
    pub(super) fn identity(&self) -> String {
        let first = self.tpdu.first().map_or(0, |first| first & !TP_MMS);
        let rest = hex::encode(self.tpdu.get(1..).unwrap_or_default());
        format!("{} {} {first:02x}{rest}", self.imsi, self.service_centre)
    }

    /// What is charged for; each attempt by itself.
    pub(super) fn usage(&self) -> SmsUsage {
        SmsUsage {
            charge: String::new(),
            direction: Direction::ToMs,
            imsi: self.imsi.clone(),
            msisdn: self.msisdn.clone(),
            service_centre: self.service_centre.clone(),
            tpdu: self.tpdu.clone(),
            access: access_name(self.is_ims),
        }
    }

    /// RP-DATA.
    pub(super) fn relayed(&self) -> Option<Vec<u8>> {
        let data = RpData {
            originator: Address::international(&self.service_centre),
            destination: None,
            user_data: RpUserData::new(self.tpdu.clone())?,
            elements: Vec::new(),
        };
        Some(RpMessage::new(Direction::ToMs, self.reference, RpBody::Data(data)).emit())
    }
}

impl Mts {
    /// Those that are not done.
    pub(in crate::sms::ip_message_gw) fn waiting(&self) -> usize {
        self.by_number.len().saturating_sub(self.ends.len())
    }

    /// Takes one in; it ends then (UTC in milliseconds) when it is done or late.
    pub(in crate::sms::ip_message_gw) fn insert(&mut self, number: u64, mut mt: Mt, until_utc_ms: Option<u64>) {
        mt.run.until_utc_ms = until_utc_ms;
        self.known.insert(mt.identity(), number);
        if mt.stage != Stage::Waiting {
            self.of_call_id.insert(mt.name.call_id.clone(), number);
            self.of_reference.insert((mt.imsi.clone(), mt.reference), number);
        }
        self.ends.extend(until_utc_ms.map(|until| (until, number)));
        self.by_number.insert(number, mt);
    }

    pub(in crate::sms::ip_message_gw) fn remove(&mut self, number: u64) -> Option<Mt> {
        let mt = self.by_number.remove(&number)?;
        let own = |found: Option<&u64>| found == Some(&number);
        if own(self.known.get(&mt.identity())) {
            self.known.remove(&mt.identity());
        }
        self.of_call_id.remove(&mt.name.call_id);
        let reference = (mt.imsi.clone(), mt.reference);
        if own(self.of_reference.get(&reference)) {
            self.of_reference.remove(&reference);
        }
        if let Some(until) = mt.run.until_utc_ms {
            self.ends.remove(&(until, number));
        }
        self.silences.set(&number, None);
        self.leave_lane(&mt.imsi, number);
        Some(mt)
    }

    pub(super) fn leave_lane(&mut self, imsi: &str, number: u64) {
        let Some(lane) = self.lanes.get_mut(imsi) else { return };
        lane.waiting.retain(|own| *own != number);
        if lane.current == Some(number) {
            lane.current = None;
        }
        if lane.current.is_none() && lane.waiting.is_empty() {
            self.lanes.remove(imsi);
        }
    }

    /// A UE registers: it is there, whatever becomes of the message that is on its way to it.
    pub(in crate::sms::ip_message_gw) fn has_come(&mut self, imsi: &str) {
        let current = self.lanes.get(imsi).and_then(|lane| lane.current);
        if let Some(mt) = current.and_then(|number| self.by_number.get_mut(&number)) {
            mt.run.has_come = true;
        }
    }

    /// The message that a report is about: by the Call-ID that it names, else by RP-Message-Reference (TS 24.341 clause
    /// 5.3.2.4 has the UE name it; not every UE does).
    pub(in crate::sms::ip_message_gw) fn reported(
        &self,
        imsi: &str,
        in_reply_to: Option<&str>,
        reference: u8,
    ) -> Option<u64> {
        let number = match in_reply_to {
            Some(call_id) => self.of_call_id.get(call_id),
            None => self.of_reference.get(&(imsi.to_owned(), reference)),
        };
        let is_it =
            |number: &u64| self.by_number.get(number).is_some_and(|mt| mt.imsi == imsi && mt.reference == reference);
        number.copied().filter(is_it)
    }

    /// A reference that no message of this UE has.
    pub(super) fn next_reference(&mut self, imsi: &str) -> u8 {
        for _ in 0..=u8::MAX {
            self.last_reference = self.last_reference.wrapping_add(1);
            if !self.of_reference.contains_key(&(imsi.to_owned(), self.last_reference)) {
                break;
            }
        }
        self.last_reference
    }

    pub(in crate::sms::ip_message_gw) fn next_silence(&self) -> Option<Instant> {
        self.silences.first()
    }

    /// When the first one is forgotten, UTC in milliseconds.
    pub(in crate::sms::ip_message_gw) fn next_end(&self) -> Option<u64> {
        self.ends.first().map(|(utc_ms, _)| *utc_ms)
    }

    pub(super) fn wanted_by(&mut self, dialogue: DialogueId, number: u64) {
        if let Some(talk) = self.dialogues.get_mut(&dialogue) {
            talk.numbers.insert(number);
        }
    }

    /// A dialogue is no more: what waits of it is not wanted any more, what is on its way goes on without it.
    pub(in crate::sms::ip_message_gw) fn dialogue_over(&mut self, dialogue: DialogueId) -> Vec<u64> {
        let mut unwanted = Vec::new();
        for number in self.dialogues.remove(&dialogue).map(|talk| talk.numbers).unwrap_or_default() {
            let Some(mt) = self.by_number.get_mut(&number) else { continue };
            if mt.run.asker.is_some_and(|asker| asker.dialogue == dialogue) {
                mt.run.asker = None;
                unwanted.extend((mt.stage == Stage::Waiting).then_some(number));
            }
        }
        unwanted
    }

    pub(in crate::sms::ip_message_gw) fn knows_dialogue(&self, dialogue: DialogueId) -> bool {
        self.dialogues.contains_key(&dialogue)
    }
}

impl Mts {
    /// Takes one out to be put back: its lane stays as it is.
    pub(super) fn remove_kept(&mut self, number: u64) -> Option<Mt> {
        self.silences.set(&number, None);
        let mt = self.by_number.remove(&number)?;
        if let Some(until) = mt.run.until_utc_ms {
            self.ends.remove(&(until, number));
        }
        Some(mt)
    }
}
