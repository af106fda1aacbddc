//! Messages on their way out: chunks by turns, so that a long message does not hold up a short one, and no more of them
//! without a response than the window has (RFC 4975 clauses 5.1, 7.1).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::message::{ByteRange, Continuation, FailureReport, MsrpHead, MsrpMethod, transaction_for};
use super::ranges::Ranges;
use super::{MsrpFailure, MsrpMessage, MsrpSource, MsrpUri};
use crate::{Entropy, Instant};

/// What the messages of a session wait for.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    queue: VecDeque<Message>,
    /// Chunks without a response, by transaction.
    open: BTreeMap<String, Chunk>,
    /// Messages whose report has not come, by Message-ID.
    reports: BTreeMap<String, Report>,
}

/// Where chunks go.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) to: Vec<MsrpUri>,
    pub(super) from: MsrpUri,
}

#[derive(Debug)]
struct Message {
    id: String,
    what: MsrpMessage,
    sent: u64,
    /// Octets were asked for and have not come.
    asked: bool,
    /// All of it is sent; responses may be missing.
    done: bool,
}

#[derive(Debug)]
struct Chunk {
    token: u64,
    wants: FailureReport,
    until: Instant,
}

#[derive(Debug)]
struct Report {
    token: u64,
    total: u64,
    there: Ranges,
    until: Instant,
}

/// What comes of it.
#[derive(Debug)]
pub(super) enum Outcome {
    Send(Vec<u8>),
    Wanted { token: u64, offset: u64, octets: usize },
    Sent { token: u64, result: Result<(), MsrpFailure> },
    Reported { token: u64, status: u16 },
}

impl Outgoing {
    pub(super) fn push(&mut self, message: MsrpMessage, entropy: &mut Entropy) -> Result<(), String> {
        if self.queue.len() >= MAX_QUEUE {
            return Err(format!("{MAX_QUEUE} messages wait already"));
        }
        if self.queue.iter().any(|own| own.what.token == message.token) {
            return Err(format!("a message with token {} is under way", message.token));
        }
        let is_held = message.failure_report == FailureReport::Yes;
        let is_short = matches!(&message.source, MsrpSource::Whole(body) if body.len() <= MAX_UNHELD);
        if !is_held && !is_short {
            return Err("a message without responses must be whole and no longer than 64 KiB".into());
        }
        let id = entropy.token(16);
        self.queue.push_back(Message { id, what: message, sent: 0, asked: false, done: false });
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Sends what may be sent.
    pub(super) fn pump(
        &mut self,
        now: Instant,
        paths: &Paths,
        chunk: usize,
        entropy: &mut Entropy,
        out: &mut Vec<Outcome>,
    ) {
        let mut idle = 0;
        while idle < self.queue.len() && self.open.len() < WINDOW {
            let Some(mut message) = self.queue.pop_front() else { return };
            if message.done || message.asked {
                idle += 1;
                self.queue.push_back(message);
                continue;
            }
            let octets = (message.what.total() - message.sent).min(chunk as u64) as usize;
            let from = message.sent as usize;
            let piece = match &message.what.source {
                MsrpSource::Whole(body) => Some(body.get(from..from + octets).unwrap_or_default().to_vec()),
                MsrpSource::Pulled { .. } if octets == 0 => Some(Vec::new()),
                MsrpSource::Pulled { .. } => None,
            };
            match piece {
                Some(piece) => {
                    idle = 0;
                    self.chunk(now, paths, &mut message, &piece, entropy, out);
                }
                None => {
                    message.asked = true;
                    out.push(Outcome::Wanted { token: message.what.token, offset: message.sent, octets });
                }
            }
            if !self.finish(&message, out) {
                self.queue.push_back(message);
            }
        }
    }

    /// Octets that were asked for.
    pub(super) fn supply(
        &mut self,
        now: Instant,
        paths: &Paths,
        token: u64,
        piece: &[u8],
        entropy: &mut Entropy,
        out: &mut Vec<Outcome>,
    ) -> bool {
        let Some(at) = self.queue.iter().position(|m| m.what.token == token && m.asked) else { return false };
        let Some(mut message) = self.queue.remove(at) else { return false };
        if piece.is_empty() || message.sent + piece.len() as u64 > message.what.total() {
            self.queue.insert(at, message);
            return false;
        }
        message.asked = false;
        self.chunk(now, paths, &mut message, piece, entropy, out);
        if !self.finish(&message, out) {
            self.queue.push_back(message);
        }
        true
    }

    fn chunk(
        &mut self,
        now: Instant,
        paths: &Paths,
        message: &mut Message,
        piece: &[u8],
        entropy: &mut Entropy,
        out: &mut Vec<Outcome>,
    ) {
        let total = message.what.total();
        let end = message.sent + piece.len() as u64;
        // Clause 7.1.1: what is longer must be interruptible, and its end is open.
        let told = (piece.len() <= UNINTERRUPTED).then_some(end);
        let range = ByteRange { start: message.sent + 1, end: told, total: Some(total) };
        let mut head = self.head(paths, message, piece, entropy);
        head.headers.append("Byte-Range", &range.to_string());
        if message.what.success_report {
            head.headers.append("Success-Report", "yes");
        }
        let wants = message.what.failure_report;
        match wants {
            FailureReport::Yes => {}
            FailureReport::Partial => head.headers.append("Failure-Report", "partial"),
            FailureReport::No => head.headers.append("Failure-Report", "no"),
        }
        let has_body = total > 0;
        if has_body {
            for (name, value) in &message.what.headers {
                head.headers.append(name, value);
            }
            head.headers.append("Content-Type", &message.what.content_type);
        }
        message.sent = end;
        message.done = end >= total;
        let flag = if message.done { Continuation::End } else { Continuation::More };
        out.push(Outcome::Send(head.to_bytes(has_body.then_some(piece), flag)));
        let token = message.what.token;
        if wants != FailureReport::No {
            self.open.insert(head.transaction, Chunk { token, wants, until: now + RESPONSE });
        }
        if message.done && message.what.success_report && self.reports.len() < MAX_QUEUE {
            let report = Report { token, total, there: Ranges::default(), until: now + REPORT };
            self.reports.insert(message.id.clone(), report);
        }
    }

    fn head(&self, paths: &Paths, message: &Message, piece: &[u8], entropy: &mut Entropy) -> MsrpHead {
        let transaction = loop {
            let transaction = transaction_for(piece, entropy);
            if !self.open.contains_key(&transaction) {
                break transaction;
            }
        };
        let mut head = MsrpHead::request(MsrpMethod::Send, transaction, paths.to.clone(), vec![paths.from.clone()]);
        head.headers.append("Message-ID", &message.id);
        head
    }

    /// True if a message needs nothing any more; the user is told.
    fn finish(&self, message: &Message, out: &mut Vec<Outcome>) -> bool {
        let token = message.what.token;
        let is_over =
            message.done && !self.open.values().any(|chunk| chunk.token == token && chunk.wants == FailureReport::Yes);
        if is_over {
            out.push(Outcome::Sent { token, result: Ok(()) });
        }
        is_over
    }

    /// A response; false: to nothing that was sent.
    pub(super) fn respond(
        &mut self,
        paths: &Paths,
        transaction: &str,
        status: u16,
        comment: &str,
        entropy: &mut Entropy,
        out: &mut Vec<Outcome>,
    ) -> bool {
        let Some(chunk) = self.open.remove(transaction) else { return false };
        if status < 300 {
            if let Some(at) = self.queue.iter().position(|m| m.what.token == chunk.token)
                && self.finish(&self.queue[at], out)
            {
                self.queue.remove(at);
            }
            return true;
        }
        let failure = MsrpFailure::Status { status, comment: comment.to_owned() };
        if !self.fail(paths, chunk.token, failure, entropy, out) {
            out.push(Outcome::Reported { token: chunk.token, status });
        }
        true
    }

    /// Gives a message up; false: it is not under way. The other end is told that no more comes.
    pub(super) fn fail(
        &mut self,
        paths: &Paths,
        token: u64,
        failure: MsrpFailure,
        entropy: &mut Entropy,
        out: &mut Vec<Outcome>,
    ) -> bool {
        let Some(at) = self.queue.iter().position(|m| m.what.token == token) else { return false };
        let Some(message) = self.queue.remove(at) else { return false };
        self.open.retain(|_, chunk| chunk.token != token);
        self.reports.remove(&message.id);
        if !message.done && message.sent > 0 {
            let mut head = self.head(paths, &message, b"", entropy);
            let range = ByteRange { start: message.sent + 1, end: None, total: Some(message.what.total()) };
            head.headers.append("Byte-Range", &range.to_string());
            head.headers.append("Failure-Report", "no");
            out.push(Outcome::Send(head.to_bytes(None, Continuation::Abort)));
        }
        out.push(Outcome::Sent { token, result: Err(failure) });
        true
    }

    /// A report (clause 7.1.4): success for a range, or a failure.
    pub(super) fn report(&mut self, message: &str, range: ByteRange, status: u16, out: &mut Vec<Outcome>) -> bool {
        let Some(report) = self.reports.get_mut(message) else { return false };
        let end = range.end.or(range.total).unwrap_or(report.total);
        if status < 300 {
            let is_kept = report.there.add(range.start - 1, end.min(report.total));
            if is_kept && !report.there.covers(report.total) {
                return true;
            }
        }
        out.push(Outcome::Reported { token: report.token, status });
        self.reports.remove(message);
        true
    }

    /// Tokens of messages whose responses have not come in time.
    pub(super) fn late(&mut self, now: Instant) -> Vec<u64> {
        self.reports.retain(|_, report| report.until > now);
        self.open.retain(|_, chunk| chunk.wants == FailureReport::Yes || chunk.until > now);
        self.open.values().filter(|chunk| chunk.until <= now).map(|chunk| chunk.token).collect()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let reports = self.reports.values().map(|report| report.until);
        self.open.values().map(|chunk| chunk.until).chain(reports).min()
    }

    /// All messages that are under way, to be told that they are not any more.
    pub(super) fn give_up(&mut self) -> Vec<u64> {
        self.open.clear();
        self.reports.clear();
        self.queue.drain(..).map(|message| message.what.token).collect()
    }
}

/// Clause 7.1.1: how long a response is waited for.
const RESPONSE: Duration = Duration::from_secs(30);
/// No time is told by the standard.
const REPORT: Duration = Duration::from_secs(300);
/// Clause 7.1.1: a longer chunk must be interruptible.
const UNINTERRUPTED: usize = 2048;
/// Chunks without a response at a time.
const WINDOW: usize = 8;
const MAX_QUEUE: usize = 64;
const MAX_UNHELD: usize = 64 << 10;
