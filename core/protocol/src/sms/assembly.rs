//! Parts put together to the message that they are: TS 23.040 clause 9.2.3.24.1. Parts come in any order; what stays
//! incomplete is given up after a time, or when there is too much of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::alphabet;
use super::coding::{Alphabet, DataCodingScheme};
use super::header::{ConcatenationReference, ElementId, UserDataHeader};
use super::user_data::{Content, UserData, of_ucs2};
use crate::{Due, Instant};

/// What is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AssemblerConfig {
    /// Incomplete messages at a time.
    pub max_messages: usize,
    /// Parts of incomplete messages at a time.
    pub max_parts: usize,
    /// How long a message may stay incomplete after its last part.
    pub patience: Duration,
}

impl Default for AssemblerConfig {
    fn default() -> Self {
        Self { max_messages: 1000, max_parts: 10_000, patience: Duration::from_secs(24 * 3600) }
    }
}

/// Puts parts together. `K`: between whom they go, the reference alone does not name a message.
#[derive(Clone, Debug)]
pub struct Assembler<K> {
    config: AssemblerConfig,
    messages: BTreeMap<Name<K>, Parts>,
    /// Until when each may stay incomplete, and the clock when its last part came: which one has waited longest.
    due: Due<(Instant, u64), Name<K>>,
    parts: usize,
    /// Counts the parts that came.
    clock: u64,
}

/// Between whom a message goes, its reference, and how many parts it has.
type Name<K> = (K, ConcatenationReference, u8);
type Parts = BTreeMap<u8, (DataCodingScheme, UserData)>;

/// What a part has brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Assembled {
    /// The message is whole.
    Whole(WholeMessage),
    /// More parts are to come.
    Waiting {
        /// Parts that are there.
        parts: u8,
        /// Parts that it has.
        total: u8,
    },
    /// That part was there.
    Duplicate,
}

/// A whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WholeMessage {
    /// TP-DCS of its first part.
    pub coding: DataCodingScheme,
    /// Elements of the header of its first part that say nothing about parts.
    pub header: UserDataHeader,
    /// What it says.
    pub content: Content,
    /// In how many parts it came.
    pub parts: u8,
}

/// A message that was given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incomplete<K> {
    /// Between whom.
    pub key: K,
    /// Its reference.
    pub reference: ConcatenationReference,
    /// Parts that it has.
    pub total: u8,
    /// Those that are there, with their numbers.
    pub parts: Vec<(u8, DataCodingScheme, UserData)>,
}

impl<K: Ord + Clone> Assembler<K> {
    /// Without parts.
    pub fn new(config: AssemblerConfig) -> Self {
        Self { config, messages: BTreeMap::new(), due: Due::default(), parts: 0, clock: 0 }
    }

    /// Takes a message, or a part of one. What is given up for it comes in the list: the message that has waited longest
    /// where there are too many, or one with the same reference, that had another part in this place.
    pub fn add(
        &mut self,
        now: Instant,
        key: K,
        coding: DataCodingScheme,
        data: UserData,
    ) -> (Assembled, Vec<Incomplete<K>>) {
        let part = data.header().and_then(|header| header.concatenation()).filter(|part| part.total > 1);
        let Some(part) = part else {
            return (Assembled::Whole(whole(&[(coding, data)])), Vec::new());
        };
        let name = (key, part.reference, part.total);
        let mut given_up = Vec::new();
        match self.messages.get(&name).and_then(|parts| parts.get(&part.sequence)) {
            Some(known) if *known == (coding, data.clone()) => return (Assembled::Duplicate, given_up),
            Some(_) => given_up.push(self.give_up(&name)),
            None => {}
        }
        // It does not give way to itself.
        self.due.set(&name, None);
        given_up.extend(self.make_room(&name));
        self.clock += 1;
        self.due.set(&name, Some((now + self.config.patience, self.clock)));
        let parts = self.messages.entry(name.clone()).or_default();
        parts.insert(part.sequence, (coding, data));
        self.parts += 1;
        let there = parts.len() as u8;
        if there < part.total {
            return (Assembled::Waiting { parts: there, total: part.total }, given_up);
        }
        let parts: Vec<_> = self.take(&name).into_values().collect();
        (Assembled::Whole(whole(&parts)), given_up)
    }

    /// What has stayed incomplete for too long.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Incomplete<K>> {
        let late = self.due.until((now, u64::MAX));
        late.iter().map(|name| self.give_up(name)).collect()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(until, _)| until)
    }

    /// Messages that are incomplete.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Is nothing incomplete?
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Gives up others until there is room for a part of this one.
    fn make_room(&mut self, name: &Name<K>) -> Vec<Incomplete<K>> {
        let mut given_up = Vec::new();
        loop {
            let is_new = !self.messages.contains_key(name);
            let is_full = self.parts >= self.config.max_parts.max(1)
                || (is_new && self.messages.len() >= self.config.max_messages.max(1));
            let Some(oldest) = self.due.first_key().filter(|_| is_full).cloned() else { return given_up };
            given_up.push(self.give_up(&oldest));
        }
    }

    fn give_up(&mut self, name: &Name<K>) -> Incomplete<K> {
        let parts = self.take(name);
        let parts = parts.into_iter().map(|(sequence, (coding, data))| (sequence, coding, data)).collect();
        let (key, reference, total) = name.clone();
        Incomplete { key, reference, total, parts }
    }

    fn take(&mut self, name: &Name<K>) -> Parts {
        self.due.set(name, None);
        let parts = self.messages.remove(name).unwrap_or_default();
        self.parts -= parts.len();
        parts
    }
}

/// Parts of one alphabet are joined before they are read: a character may be cut in two, though none should be.
fn whole(parts: &[(DataCodingScheme, UserData)]) -> WholeMessage {
    let coding = parts.first().map_or(DataCodingScheme::GSM7, |(coding, _)| *coding);
    let kind = |coding: DataCodingScheme| (coding.alphabet(), coding.is_compressed());
    let is_one = parts.iter().all(|(other, _)| kind(*other) == kind(coding));
    let octets = || parts.iter().flat_map(|(_, data)| data.message_octets()).copied().collect::<Vec<_>>();
    let texts = || parts.iter().filter_map(|(coding, data)| data.text(*coding)).collect::<Vec<_>>();
    let content = match kind(coding) {
        (Alphabet::Gsm7, false) if is_one => {
            let septets = parts.iter().filter_map(|(coding, data)| data.septets(*coding));
            Content::Text(alphabet::to_text(&septets.collect::<Vec<_>>().concat()))
        }
        (Alphabet::Ucs2, false) if is_one => Content::Text(of_ucs2(&octets())),
        _ if texts().len() == parts.len() => Content::Text(texts().concat()),
        _ => Content::Octets(octets()),
    };
    let mut header = parts.first().and_then(|(_, data)| data.header()).unwrap_or_default();
    header.elements.retain(|element| !matches!(element.id, ElementId::CONCATENATED | ElementId::CONCATENATED_16));
    WholeMessage { coding, header, content, parts: parts.len() as u8 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{ConcatenationReference, Ports, segment};
    use super::*;

    fn parts(text: &str, reference: u8) -> Vec<(DataCodingScheme, UserData)> {
        let header = UserDataHeader::default().with_ports(Ports { destination: 9, originator: 8 });
        let reference = ConcatenationReference::Short(reference);
        let segments = segment(&Content::Text(text.into()), &header, reference).unwrap();
        segments.parts.into_iter().map(|part| (segments.coding, part)).collect()
    }

    fn small() -> Assembler<u8> {
        Assembler::new(AssemblerConfig { max_messages: 2, max_parts: 5, patience: Duration::from_secs(60) })
    }

    const LATER: Instant = Instant::from_millis(30_000);
    const LATE: Instant = Instant::from_millis(90_000);

    #[test]
    fn what_stays_incomplete_is_given_up() {
        let (mut own, long) = (small(), parts(&"a".repeat(400), 1));
        for (now, part) in [(Instant::ZERO, 2), (LATER, 0)] {
            let (coding, data) = long[part].clone();
            assert!(matches!(own.add(now, 1, coding, data).0, Assembled::Waiting { total: 3, .. }));
        }
        let (coding, data) = long[0].clone();
        assert_eq!(own.add(LATE, 1, coding, data).0, Assembled::Duplicate);
        assert_eq!((own.handle_timeout(LATER), own.poll_timeout()), (Vec::new(), Some(LATE)));
        let given_up = own.handle_timeout(LATE);
        let numbers: Vec<_> = given_up[0].parts.iter().map(|(number, ..)| *number).collect();
        assert_eq!((numbers, own.is_empty(), own.parts, own.poll_timeout()), (vec![1, 3], true, 0, None));
    }

    #[test]
    fn what_has_waited_longest_gives_way() {
        let mut own = small();
        let long = parts(&"a".repeat(900), 1);
        let add = |own: &mut Assembler<u8>, key: u8, part: usize| {
            let (coding, data) = long[part].clone();
            own.add(Instant::ZERO, key, coding, data).1.into_iter().map(|message| message.key).collect::<Vec<_>>()
        };
        assert_eq!((add(&mut own, 1, 0), add(&mut own, 2, 0), add(&mut own, 1, 1)), (vec![], vec![], vec![]));
        assert_eq!((add(&mut own, 3, 0), own.len()), (vec![2], 2));
        for part in 1..3 {
            assert!(add(&mut own, 3, part).is_empty());
        }
        // Five parts are there.
        assert_eq!((add(&mut own, 3, 3), own.len(), own.parts), (vec![1], 1, 4));
        // A message that is larger than all that may be kept is still put together.
        assert_eq!((add(&mut own, 3, 4), add(&mut own, 3, 5), own.is_empty()), (vec![], vec![], false));
        assert_eq!(own.parts, 6);
    }

    #[test]
    fn a_reference_that_is_used_again_begins_a_message() {
        let mut own = small();
        let (first, second) = (parts(&"a".repeat(200), 1), parts(&"b".repeat(200), 1));
        let (coding, data) = first[0].clone();
        own.add(Instant::ZERO, 1, coding, data);
        let (coding, data) = second[0].clone();
        let (outcome, given_up) = own.add(Instant::ZERO, 1, coding, data);
        assert_eq!((outcome, given_up.len()), (Assembled::Waiting { parts: 1, total: 2 }, 1));
    }

    proptest! {
        #[test]
        fn messages_come_back_in_any_order(
            text in proptest::sample::select(vec!["[ -_a-~€\n]{0,900}", "[ж-я😀a]{0,400}"]).prop_flat_map(|pattern| pattern),
            seed: u64,
        ) {
            let mut long = parts(&text, 7);
            let total = long.len();
            let mut entropy = crate::Entropy::of_box(seed, "order");
            for at in (1..total).rev() {
                long.swap(at, entropy.below(at as u32 + 1) as usize);
            }
            let mut own = Assembler::new(AssemblerConfig::default());
            let mut outcomes = Vec::new();
            for (coding, data) in long {
                outcomes.push(own.add(Instant::ZERO, (), coding, data).0);
            }
            let Some(Assembled::Whole(message)) = outcomes.pop() else { panic!("it is not whole") };
            prop_assert_eq!((message.content, usize::from(message.parts)), (Content::Text(text), total));
            prop_assert_eq!(message.header.ports(), Some(Ports { destination: 9, originator: 8 }));
            prop_assert!(own.is_empty() && own.parts == 0 && own.poll_timeout().is_none());
        }
    }
}
