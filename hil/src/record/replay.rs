//! A modem that says again what another one said: a machine without I/O.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Instant;

use super::recorded::{Exchange, RecordedPersonality, Saying, host_character};

/// Longest command line or text that is kept.
const MAX_LINE: usize = 4096;

/// A modem made of a record. The same command again gets the answer that it got again, and its last one from then on.
#[derive(Debug)]
pub struct ReplayModem {
    answers: BTreeMap<String, VecDeque<Vec<Saying>>>,
    line: Vec<u8>,
    /// What is still to be said, in order.
    says: VecDeque<(Instant, Vec<u8>)>,
}

impl ReplayModem {
    /// Begins to say what it said before it was asked anything.
    pub fn new(now: Instant, personality: RecordedPersonality) -> Self {
        let mut answers: BTreeMap<String, VecDeque<Vec<Saying>>> = BTreeMap::new();
        for exchange in personality.exchanges {
            answers.entry(key(&exchange)).or_default().push_back(exchange.says);
        }
        let mut modem = Self { answers, line: Vec::new(), says: VecDeque::new() };
        modem.say(now, &personality.first);
        modem
    }

    /// Takes characters of the host.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(exchange) = host_character(&mut self.line, byte) {
                self.answer(now, &exchange);
            }
            self.line.truncate(MAX_LINE);
        }
    }

    /// When [`Self::poll_output`] has something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.says.front().map(|(due, _)| *due)
    }

    /// What is to be said by now.
    pub fn poll_output(&mut self, now: Instant) -> Option<Vec<u8>> {
        let is_due = self.says.front().is_some_and(|(due, _)| *due <= now);
        if is_due { self.says.pop_front().map(|(_, bytes)| bytes) } else { None }
    }

    fn answer(&mut self, now: Instant, exchange: &Exchange) {
        let says = self
            .answers
            .get_mut(&key(exchange))
            .and_then(|answers| if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() });
        // What it was not asked it does not know.
        let unknown = || vec![Saying { after_ms: 0, words: "\r\nERROR\r\n".into() }];
        self.say(now, &says.unwrap_or_else(unknown));
    }

    fn say(&mut self, now: Instant, says: &[Saying]) {
        for saying in says {
            let bytes = saying.words.chars().filter_map(|c| u8::try_from(c).ok()).collect();
            self.says.push_back((now + Duration::from_millis(saying.after_ms), bytes));
        }
        self.says.make_contiguous().sort_by_key(|(due, _)| *due);
    }
}

/// What makes two commands the same: letters in any case, no spaces; texts and PINs are not compared.
fn key(exchange: &Exchange) -> String {
    if exchange.is_text {
        return "\u{1A}".to_owned();
    }
    let mut key: String = exchange.command.chars().filter(|c| !c.is_whitespace()).collect();
    // Noise before it, as a port that was opened has it.
    if let Some(start) = key.find("AT").into_iter().chain(key.find("at")).min() {
        key.drain(..start);
    }
    key.make_ascii_uppercase();
    for secret in ["AT+CPIN=", "AT+CMGS="] {
        if key.starts_with(secret) {
            key.truncate(secret.len());
        }
    }
    key
}
