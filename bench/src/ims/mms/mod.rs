//! The MMS user agent of a UE (TS 23.140 clause 8.1), and what the runner knows of its messages.

mod expected;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core_network::node::HttpExchange;
use hil::agent::mms::{IncomingMms, MmsAccess, MmsClient, MmsCommand, MmsEvent, MmsInput, MmsOutput};
use hil::agent::sip::{AgentCommand, AgentEvent};
use hil::agent::sms::ReceivedSms;
use http::{Request, Response};
use protocol::Instant;
use protocol::mms::{MmsAddress, MmsStatus, ReadStatus};

use crate::event::{ImsFact, MmsPart};
use crate::scenario::ImsState;
use expected::{Arrival, Expected};

pub(crate) use expected::ExpectedMms;

/// What a UE has for multimedia messages.
pub(crate) struct MmsUe {
    client: MmsClient,
    ip: IpAddr,
    /// Requests of HTTP so far, and those that wait: the agent's tokens.
    requests: u16,
    waiting: BTreeMap<HttpExchange, u64>,
    /// Messages that its relay has neither taken nor refused.
    untaken: BTreeMap<u64, Instant>,
    /// Messages of which it wants to know that they came, and that they were read.
    unreported: BTreeSet<u64>,
    unread: BTreeSet<u64>,
    /// Messages to this UE.
    expected: Expected,
    /// What it passes on: the agent's numbers, by those of the new messages.
    forwards: BTreeMap<u64, u64>,
    /// What came, and was not read.
    came: VecDeque<u64>,
    /// What came, for its folder.
    files: VecDeque<(String, Vec<u8>)>,
    pictures: usize,
    pub(crate) figures: MmsFigures,
}

/// What it has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct MmsFigures {
    /// Messages that it has sent and that its relay has taken.
    pub(crate) taken: u64,
    /// That were refused, or did not come there.
    pub(crate) refused: u64,
    /// Messages that came as they were sent.
    pub(crate) delivered: u64,
    /// That came with other content.
    pub(crate) damaged: u64,
    /// That came again, or that nobody has sent.
    pub(crate) doubled: u64,
    /// Delivery reports.
    pub(crate) reports: u64,
    /// Read reports.
    pub(crate) read_reports: u64,
    /// The longest time from sending to arrival, nanoseconds.
    pub(crate) longest_ns: u64,
}

/// What it has for the UE.
pub(crate) enum MmsUeOutput {
    /// For the SIP agent that the UE has for the IMS.
    Agent(AgentCommand),
    /// A request of HTTP.
    Http(Box<MmsAsk>),
    /// Something that has happened.
    Fact(Box<ImsFact>),
    /// A file for the folder of the UE.
    File(String, Vec<u8>),
}

/// A request of HTTP that goes out.
pub(crate) struct MmsAsk {
    /// To be given back.
    pub(crate) token: u64,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) request: Request<Vec<u8>>,
}

/// The first port that requests come from; each has its own. Those of other clients of a UE are above.
const FIRST_PORT: u16 = 40_000;
/// And how many there are before they come again.
const PORTS: u16 = 10_000;
/// RFC 9110 clause 4.2.1.
const HTTP_PORT: u16 = 80;
/// Octets of a picture that the record has, and pictures of a UE.
const PICTURE_OCTETS: usize = 64 << 10;
const PICTURES: usize = 4;
/// Messages that came and may be read.
const CAME: usize = 256;

impl MmsUe {
    pub(crate) fn new(client: MmsClient, ip: IpAddr) -> Self {
        Self {
            client,
            ip,
            requests: 0,
            waiting: BTreeMap::new(),
            untaken: BTreeMap::new(),
            unreported: BTreeSet::new(),
            unread: BTreeSet::new(),
            expected: Expected::default(),
            forwards: BTreeMap::new(),
            came: VecDeque::new(),
            files: VecDeque::new(),
            pictures: 0,
            figures: MmsFigures::default(),
        }
    }

    /// The SIP agent of the UE tells something; true: it is for the MMS agent alone.
    pub(crate) fn takes(&mut self, now: Instant, event: &AgentEvent) -> bool {
        let is_own = self.client.is_own(event);
        self.client.handle_input(now, MmsInput::Agent(event));
        is_own
    }

    /// A short message with a push came.
    pub(crate) fn short_message(&mut self, now: Instant, sms: &ReceivedSms) {
        self.client.handle_input(now, MmsInput::ShortMessage(sms));
    }

    /// A request of HTTP has gone out under this name.
    pub(crate) fn asked(&mut self, exchange: HttpExchange, token: u64) {
        self.waiting.insert(exchange, token);
    }

    /// A response came; it comes back when it is somebody else's.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        response: Response<Vec<u8>>,
    ) -> Option<Response<Vec<u8>>> {
        let Some(token) = self.waiting.remove(&exchange) else { return Some(response) };
        self.client.handle_input(now, MmsInput::Http { token, response });
        None
    }

    /// There will be no response; false: it is somebody else's.
    pub(crate) fn failed(&mut self, now: Instant, exchange: HttpExchange, why: &str) -> bool {
        let Some(token) = self.waiting.remove(&exchange) else { return false };
        self.client.handle_input(now, MmsInput::HttpFailed { token, why: why.to_owned() });
        true
    }

    /// It sends a message, or passes one on.
    pub(crate) fn send(&mut self, now: Instant, number: u64, (delivery, read): (bool, bool), command: MmsCommand) {
        self.untaken.insert(number, now);
        self.unreported.extend(delivery.then_some(number));
        self.unread.extend(read.then_some(number));
        self.client.handle_input(now, MmsInput::Command(command));
    }

    /// A message is on its way to it.
    pub(crate) fn expects(&mut self, message: ExpectedMms) {
        self.expected.push(message);
    }

    /// Messages that wait for it at its relay, by the agent's numbers.
    pub(crate) fn waiting(&self) -> Vec<u64> {
        self.expected.waiting()
    }

    /// What the message with this number of the agent says, and which of the scenario it is.
    pub(crate) fn noticed(&self, notice: u64) -> Option<&ExpectedMms> {
        self.expected.noticed(notice)
    }

    /// It passes on a message, which it need not have itself once the relay has said so.
    pub(crate) fn passes_on(&mut self, number: u64, notice: u64) {
        self.forwards.insert(number, notice);
    }

    /// A message to it was not sent after all.
    pub(crate) fn withdraw(&mut self, number: u64) {
        self.expected.withdraw(number);
    }

    /// Its user wants what waits; how much that is.
    pub(crate) fn retrieve(&mut self, now: Instant) -> usize {
        let waiting = self.expected.waiting();
        for notice in &waiting {
            self.client.handle_input(now, MmsInput::Command(MmsCommand::Retrieve(*notice)));
        }
        waiting.len()
    }

    /// Or does not want it; how much that is.
    pub(crate) fn reject(&mut self, now: Instant) -> usize {
        let waiting = self.expected.waiting();
        for notice in &waiting {
            self.client.handle_input(now, MmsInput::Command(MmsCommand::Reject(*notice)));
        }
        waiting.len()
    }

    /// Its user reads what has come; how much that is.
    pub(crate) fn read(&mut self, now: Instant) -> usize {
        let came = std::mem::take(&mut self.came);
        for number in &came {
            let command = MmsCommand::Read { number: *number, status: ReadStatus::READ, date: None };
            self.client.handle_input(now, MmsInput::Command(command));
        }
        came.len()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.client.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
        }
    }

    /// What is to be done.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Option<MmsUeOutput> {
        loop {
            if let Some((name, octets)) = self.files.pop_front() {
                return Some(MmsUeOutput::File(name, octets));
            }
            match self.client.poll_output()? {
                MmsOutput::Agent(command) => return Some(MmsUeOutput::Agent(command)),
                MmsOutput::Http { token, request } => match self.ask(token, *request) {
                    Ok(ask) => return Some(MmsUeOutput::Http(Box::new(ask))),
                    Err(why) => self.client.handle_input(now, MmsInput::HttpFailed { token, why }),
                },
                MmsOutput::Event(event) => {
                    if let Some(fact) = self.told(now, event) {
                        return Some(MmsUeOutput::Fact(Box::new(fact)));
                    }
                }
            }
        }
    }

    fn ask(&mut self, token: u64, request: Request<Vec<u8>>) -> Result<MmsAsk, String> {
        let host = request.uri().host().unwrap_or_default();
        let ip = host.parse::<IpAddr>().map_err(|_| format!("{host:?} belongs to no box"))?;
        self.requests = (self.requests + 1) % PORTS;
        let from = SocketAddr::new(self.ip, FIRST_PORT + self.requests);
        let to = SocketAddr::new(ip, request.uri().port_u16().unwrap_or(HTTP_PORT));
        Ok(MmsAsk { token, from, to, request })
    }

    /// What an event of the agent says.
    fn told(&mut self, now: Instant, event: MmsEvent) -> Option<ImsFact> {
        Some(match event {
            MmsEvent::Sent { message, access, attempts, .. } => {
                self.figures.taken += 1;
                self.taken(now, message, None, Some((access, attempts)))
            }
            MmsEvent::Refused { message, status, text } => {
                self.figures.refused += 1;
                let why = if text.is_empty() { status.to_string() } else { format!("{status}: {text}") };
                self.taken(now, message, Some(why), None)
            }
            MmsEvent::Failed { message, why } => {
                self.figures.refused += 1;
                self.taken(now, message, Some(why.to_string()), None)
            }
            MmsEvent::Notified(notice) => {
                let from = number_of(notice.from.as_ref());
                let number = self.expected.notified(notice.number, &from, notice.subject.as_deref());
                ImsFact::MmsNotified { number, from, octets: notice.octets }
            }
            MmsEvent::Responded { number, status } => {
                let of = self.expected.noticed(number).map(|own| own.number);
                if status == MmsStatus::REJECTED {
                    self.expected.not_wanted(number);
                }
                ImsFact::MmsResponded { number: of, status: status.to_string() }
            }
            MmsEvent::Retrieved(message) => self.came(now, *message),
            MmsEvent::Delivered(report) => {
                self.figures.reports += 1;
                report.message.iter().for_each(|number| _ = self.unreported.remove(number));
                let recipient = number_of(report.recipient.as_ref());
                ImsFact::MmsReported { number: report.message, recipient, status: report.status.to_string() }
            }
            MmsEvent::Read(report) => {
                self.figures.read_reports += 1;
                report.message.iter().for_each(|number| _ = self.unread.remove(number));
                let recipient = number_of(report.recipient.as_ref());
                ImsFact::MmsWasRead { number: report.message, recipient, status: report.status.to_string() }
            }
            MmsEvent::NotRetrieved { why, is_gone, .. } => {
                let rest = if is_gone { "it is gone" } else { "it waits" };
                ImsFact::Mms { what: format!("a message was not retrieved: {why}; {rest}") }
            }
            MmsEvent::NotSaid { what, why, .. } => ImsFact::Mms { what: format!("{what} was not said: {why}") },
            MmsEvent::Duplicate { what, id } => ImsFact::Mms { what: format!("{what} {id} again") },
            MmsEvent::MemoryFull { .. } => ImsFact::Mms { what: "a notification was not taken: too many wait".into() },
            MmsEvent::Ignored { what, why } => ImsFact::Mms { what: format!("{what} ignored: {why}") },
            MmsEvent::Acknowledged { .. } | MmsEvent::ReadReported { .. } => return None,
        })
    }

    fn taken(&mut self, now: Instant, number: u64, why: Option<String>, by: Option<(MmsAccess, usize)>) -> ImsFact {
        let sent = self.untaken.remove(&number);
        if let Some(notice) = self.forwards.remove(&number).filter(|_| why.is_none()) {
            self.expected.not_wanted(notice);
        }
        if why.is_some() {
            // Nothing will be told of it.
            self.unreported.remove(&number);
            self.unread.remove(&number);
        }
        let after_s = sent.map_or(0.0, |sent| now.saturating_duration_since(sent).as_secs_f64());
        let attempts = by.map_or(0, |(_, attempts)| attempts);
        ImsFact::MmsTaken { number, why, by: by.map(|(access, _)| access.to_string()), attempts, after_s }
    }

    fn came(&mut self, now: Instant, message: IncomingMms) -> ImsFact {
        let from = number_of(message.from.as_ref());
        let parts = expected::parts(&message.parts);
        let (mut number, mut after_s, mut is_whole) = (None, None, false);
        match self.expected.comes(message.number, &parts) {
            Arrival::Expected { own, is_as_sent } => {
                let after = now.saturating_duration_since(own.sent);
                if is_as_sent {
                    self.figures.delivered += 1;
                } else {
                    self.figures.damaged += 1;
                }
                let after_ns = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
                self.figures.longest_ns = self.figures.longest_ns.max(after_ns);
                (number, after_s, is_whole) = (Some(own.number), Some(after.as_secs_f64()), is_as_sent);
            }
            // What nobody has sent comes once too often as well.
            Arrival::Again | Arrival::Unknown => self.figures.doubled += 1,
        }
        let picture = self.keep(&message);
        if self.came.len() < CAME {
            self.came.push_back(message.number);
        }
        let by = message.access.to_string();
        ImsFact::MmsReceived { number, from, by, parts, is_whole, after_s, picture }
    }

    /// Keeps the parts of a message, and a picture for reports.
    fn keep(&mut self, message: &IncomingMms) -> Option<String> {
        let mut picture = None;
        for (place, part) in (1..).zip(&message.parts) {
            let name: String = part.name().unwrap_or("part").chars().filter(|c| is_of_name(*c)).take(64).collect();
            let number = self.expected.noticed(message.number).map_or(0, |own| own.number);
            let name = format!("mms/{number}/{place}-{}", name.trim_start_matches('.'));
            self.files.push_back((name, part.body.to_vec()));
            let essence = &part.content_type.essence;
            let is_shown = essence.starts_with("image/") && part.body.len() <= PICTURE_OCTETS;
            if is_shown && picture.is_none() && self.pictures < PICTURES {
                self.pictures += 1;
                picture = Some(format!("data:{essence};base64,{}", STANDARD.encode(&part.body)));
            }
        }
        picture
    }

    /// Messages to it that have not come.
    pub(crate) fn missing(&self) -> u64 {
        self.expected.missing() as u64
    }

    /// It has come to a state that a step waits for; none: the state is not of multimedia messages.
    pub(crate) fn is_in(&self, state: ImsState) -> Option<bool> {
        Some(match state {
            ImsState::MmsTaken => self.untaken.is_empty(),
            ImsState::MmsNotified => self.expected.are_notified() && self.client.is_idle(),
            ImsState::MmsReceived => self.expected.missing() == 0 && self.client.is_idle(),
            ImsState::MmsReported => self.unreported.is_empty(),
            ImsState::MmsReadReported => self.unread.is_empty(),
            _ => return None,
        })
    }
}

/// Letters of the name of a file that may be one everywhere.
const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Digits of the number of somebody; empty: he is hidden, or has none.
fn number_of(address: Option<&MmsAddress>) -> String {
    let number = address.and_then(MmsAddress::number).unwrap_or_default();
    number.trim_start_matches('+').to_owned()
}

/// What a message that is sent says.
pub(crate) fn sent_parts(parts: &[(&str, &str, &[u8])]) -> Vec<MmsPart> {
    parts.iter().map(|(media_type, name, octets)| expected::part(media_type, name, octets)).collect()
}
