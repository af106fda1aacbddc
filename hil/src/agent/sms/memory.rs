//! Messages that came: what the memory of an MS does with them (TS 23.040 clauses 9.2.3.9, 9.2.3.10 and 9.2.3.24; EF_SMS and
//! EF_SMSS of TS 31.102).

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Instant;
use protocol::sms::{
    Address, Assembled, Assembler, AssemblerConfig, Deliver, Incomplete, MessageClass, ProtocolIdentifier, Seen,
    SmsAccess, Tpdu, WholeMessage,
};

use super::io::ReceivedSms;

/// Messages that are known again: more than a service centre sends before it tries one again.
const MOST_SEEN: usize = 256;

/// The memory of a UE. It is what outlives the agent: [`super::SmsClient::into_memory`] takes it out, and
/// [`super::SmsClient::with_memory`] puts it into another one.
#[derive(Clone, Debug)]
pub struct SmsMemory {
    places: usize,
    stored: BTreeMap<u64, ReceivedSms>,
    next: u64,
    /// Parts of messages that are not whole, each in a place.
    parts: Assembler<Between>,
    waiting: usize,
    seen: Seen,
    /// Memory capacity exceeded notification flag (EF_SMSS): a message was refused, and the network was not told yet that
    /// there is memory again.
    pub(super) has_refused: bool,
    /// Last used TP-MR (EF_SMSS).
    pub(super) last_reference: u8,
}

/// Who sends, and by which service centre.
pub(super) type Between = (Address, Option<Address>);

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    Whole(Box<ReceivedSms>),
    Part { parts: u8, total: u8 },
    Silent,
    Duplicate,
    Full,
}

impl SmsMemory {
    pub(super) fn new(places: usize, patience: Duration, last_reference: u8) -> Self {
        // A part has a place before it goes to the others: there are never more of them than places.
        let config = AssemblerConfig { max_messages: places.max(1), max_parts: places.max(1), patience };
        Self {
            places,
            stored: BTreeMap::new(),
            next: 1,
            parts: Assembler::new(config),
            waiting: 0,
            seen: Seen::new(MOST_SEEN),
            has_refused: false,
            last_reference,
        }
    }

    /// Places that are taken.
    pub fn used(&self) -> usize {
        self.waiting + self.stored.values().map(|sms| usize::from(sms.parts)).sum::<usize>()
    }

    /// Places in all.
    pub const fn places(&self) -> usize {
        self.places
    }

    /// Messages in it, by their numbers.
    pub fn messages(&self) -> impl Iterator<Item = (u64, &ReceivedSms)> {
        self.stored.iter().map(|(number, sms)| (*number, sms))
    }

    pub(super) fn is_full(&self) -> bool {
        self.used() >= self.places
    }

    /// True if it was there.
    pub(super) fn delete(&mut self, number: u64) -> bool {
        self.stored.remove(&number).is_some()
    }

    /// Whole messages: parts were acknowledged, and do not come again.
    pub(super) fn delete_all(&mut self) {
        self.stored.clear();
    }

    /// Takes a message that came; beside what became of it, what was given up for it.
    pub(super) fn take(
        &mut self,
        now: Instant,
        (access, service_centre): (SmsAccess, Option<Address>),
        deliver: &Deliver,
    ) -> (Taken, Vec<Incomplete<Between>>) {
        let tpdu = Tpdu::Deliver(deliver.clone());
        if self.seen.contains(&tpdu) {
            return (Taken::Duplicate, Vec::new());
        }
        let (taken, given_up) = if deliver.protocol_identifier == ProtocolIdentifier::TYPE_0 {
            (Taken::Silent, Vec::new())
        } else {
            self.keep(now, (access, service_centre), deliver)
        };
        // What was refused has to come again.
        if taken != Taken::Full {
            self.seen.remember(&tpdu);
        }
        (taken, given_up)
    }

    /// True for a report that came before; it counts as come from here on.
    pub(super) fn has_seen(&mut self, tpdu: &Tpdu) -> bool {
        let has_seen = self.seen.contains(tpdu);
        self.seen.remember(tpdu);
        has_seen
    }

    /// Messages whose other parts have not come in time.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Incomplete<Between>> {
        let given_up = self.parts.handle_timeout(now);
        self.free(&given_up);
        given_up
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.parts.poll_timeout()
    }

    fn keep(
        &mut self,
        now: Instant,
        (access, service_centre): (SmsAccess, Option<Address>),
        deliver: &Deliver,
    ) -> (Taken, Vec<Incomplete<Between>>) {
        let part = deliver.user_data.header().and_then(|header| header.concatenation());
        let is_part = part.is_some_and(|part| part.total > 1);
        let replaces = if is_part { None } else { self.replaced_by(deliver, service_centre) };
        let needs_place = is_part || (replaces.is_none() && is_kept(deliver));
        if needs_place && self.is_full() {
            return (Taken::Full, Vec::new());
        }
        let between = (deliver.originator, service_centre);
        let (assembled, given_up) = self.parts.add(now, between, deliver.coding, deliver.user_data.clone());
        self.free(&given_up);
        let taken = match assembled {
            Assembled::Duplicate => Taken::Duplicate,
            Assembled::Waiting { parts, total } => {
                self.waiting += 1;
                Taken::Part { parts, total }
            }
            Assembled::Whole(whole) => {
                self.waiting -= usize::from(whole.parts) - 1;
                Taken::Whole(Box::new(self.store(whole, deliver, (access, service_centre, replaces))))
            }
        };
        (taken, given_up)
    }

    fn store(
        &mut self,
        whole: WholeMessage,
        deliver: &Deliver,
        (access, service_centre, replaces): (SmsAccess, Option<Address>, Option<u64>),
    ) -> ReceivedSms {
        let WholeMessage { coding, header, content, parts } = whole;
        let mut sms = ReceivedSms {
            number: None,
            replaces,
            from: deliver.originator,
            service_centre,
            service_centre_time: deliver.service_centre_time,
            content,
            coding,
            protocol_identifier: deliver.protocol_identifier,
            ports: header.ports(),
            parts,
            access,
        };
        if is_kept(deliver) {
            let number = replaces.unwrap_or(self.next);
            self.next = self.next.max(number + 1);
            sms.number = Some(number);
            self.stored.insert(number, sms.clone());
        }
        sms
    }

    /// The message whose place this one takes: of the same replace type from the same sender by the same service centre
    /// (TS 23.040 clause 9.2.3.9).
    fn replaced_by(&self, deliver: &Deliver, service_centre: Option<Address>) -> Option<u64> {
        deliver.protocol_identifier.replace_type().filter(|_| is_kept(deliver))?;
        let is_same = |sms: &ReceivedSms| {
            (sms.protocol_identifier, sms.from, sms.service_centre)
                == (deliver.protocol_identifier, deliver.originator, service_centre)
        };
        self.stored.iter().find(|(_, sms)| is_same(sms)).map(|(number, _)| *number)
    }

    fn free(&mut self, given_up: &[Incomplete<Between>]) {
        self.waiting -= given_up.iter().map(|message| message.parts.len()).sum::<usize>();
    }
}

/// Not kept: what is shown at once (class 0), what is for an application (clause 9.2.3.24.4), and the text of an indication
/// that may be discarded (TS 23.038 clause 4).
fn is_kept(deliver: &Deliver) -> bool {
    let ports = deliver.user_data.header().and_then(|header| header.ports());
    let is_indication = deliver.coding.message_waiting().is_some_and(|waiting| waiting.discard);
    deliver.coding.class() != Some(MessageClass::Display) && ports.is_none() && !is_indication
}
