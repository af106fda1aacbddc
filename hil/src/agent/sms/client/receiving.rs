//! Messages that come: SM-over-IP receiver (TS 24.341 clauses 5.3.2.3 and 5.3.2.4), the relay layer's answers (TS 24.011
//! clauses 5.3.2 and 9), reports (TS 23.040 clauses 9.2.2.1a and 9.2.2.3).

use protocol::Instant;
use protocol::sms::{
    Address, Deliver, DeliverReport, Direction, FailureCause, Incomplete, Parameters, RpBody, RpCause, RpMessage,
    SmsAccess, Status, StatusReport, Tpdu, TpduError,
};

use super::super::config::{Reporting, SmsPath};
use super::super::io::{SmsEvent, SmsOutput, SmsStatus};
use super::super::memory::{Between, Taken};
use super::SmsClient;
use crate::agent::sip::IncomingMessage;

/// Where a message came from, and where what is said about it goes.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Sip(&'a IncomingMessage),
    Relay(SmsAccess),
}

impl Source<'_> {
    const fn access(&self) -> SmsAccess {
        match self {
            Self::Sip(_) => SmsAccess::Ip,
            Self::Relay(access) => *access,
        }
    }

    fn in_reply_to(&self) -> Option<&str> {
        match self {
            Self::Sip(message) => message.in_reply_to.as_deref(),
            Self::Relay(_) => None,
        }
    }
}

impl SmsClient {
    /// A MESSAGE came, and was answered with 200.
    pub(super) fn message_received(&mut self, now: Instant, message: &IncomingMessage) {
        self.receive(now, Source::Sip(message), &message.body);
    }

    pub(super) fn relayed(&mut self, now: Instant, access: SmsAccess, octets: &[u8]) {
        self.receive(now, Source::Relay(access), octets);
    }

    fn receive(&mut self, now: Instant, source: Source<'_>, octets: &[u8]) {
        // A report is never answered by another one, or two agents would do so for ever.
        let is_report = octets.first().is_some_and(|first| REPORTS.contains(&(first & TYPE)));
        let message = match RpMessage::parse(octets) {
            Ok(message) => message,
            Err(problem) => {
                return match problem.reference.filter(|_| !is_report) {
                    Some(reference) => {
                        self.refuse(source, reference, (problem.cause, None), "RP-DATA that cannot be read")
                    }
                    None => self.ignored("a message of the relay layer", "it cannot be read"),
                };
            }
        };
        let reference = message.reference;
        match (&message.body, message.direction) {
            (_, Direction::ToNetwork) if is_report => self.ignored(message.name(), "it is none for an MS"),
            (_, Direction::ToMs) if is_report => {
                self.reported(now, (source.access(), source.in_reply_to()), &message);
            }
            (RpBody::Data(data), Direction::ToMs) => {
                if self.config.reporting == Reporting::Never {
                    return self.ignored("RP-DATA", "the agent is one that does not look at it");
                }
                if let Source::Sip(sip) = source {
                    self.gateway = Some(sip.from.clone());
                }
                let tpdu = message.tpdu().unwrap_or(Err(TpduError::Missing("TP-MTI")));
                self.data(now, (source, reference), data.originator, tpdu);
            }
            // Clause 9.2.3: a type that is not there in this direction.
            _ => self.refuse(source, reference, (RpCause::UNKNOWN_MESSAGE_TYPE, None), message.name()),
        }
    }

    fn data(
        &mut self,
        now: Instant,
        (source, reference): (Source<'_>, u8),
        service_centre: Option<Address>,
        tpdu: Result<Tpdu, TpduError>,
    ) {
        match tpdu {
            Ok(Tpdu::Deliver(deliver)) => self.deliver(now, (source, reference), service_centre, &deliver),
            Ok(Tpdu::StatusReport(report)) => {
                let from = report.recipient;
                if self.memory.has_seen(&Tpdu::StatusReport(report.clone())) {
                    self.event(SmsEvent::Duplicate { from });
                } else {
                    self.status(&report);
                }
                self.acknowledge(source, reference);
            }
            Ok(other) => {
                let failure = FailureCause::TPDU_NOT_SUPPORTED;
                self.refuse(source, reference, (RpCause::PROTOCOL_ERROR, Some(failure)), other.name());
            }
            Err(problem) => {
                let failure = problem.failure_cause();
                self.refuse(source, reference, (RpCause::PROTOCOL_ERROR, Some(failure)), &problem.to_string());
            }
        }
    }

    fn deliver(
        &mut self,
        now: Instant,
        (source, reference): (Source<'_>, u8),
        service_centre: Option<Address>,
        deliver: &Deliver,
    ) {
        let from = deliver.originator;
        let (taken, given_up) = self.memory.take(now, (source.access(), service_centre), deliver);
        given_up.iter().for_each(|message| self.incomplete(message));
        // It is in the memory: now it can be acknowledged.
        match &taken {
            Taken::Full => {
                (self.memory.has_refused, self.has_refused_again) = (true, true);
                self.report(source, reference, Err((RpCause::MEMORY_EXCEEDED, Some(FailureCause::MEMORY_EXCEEDED))));
            }
            _ => self.acknowledge(source, reference),
        }
        self.event(match taken {
            Taken::Whole(sms) => SmsEvent::Received(sms),
            Taken::Part { parts, total } => SmsEvent::PartReceived { from, parts, total },
            Taken::Silent => SmsEvent::Silent { from },
            Taken::Duplicate => SmsEvent::Duplicate { from },
            Taken::Full => SmsEvent::MemoryFull { from },
        });
    }

    pub(super) fn incomplete(&mut self, given_up: &Incomplete<Between>) {
        let (from, parts) = (given_up.key.0, given_up.parts.len() as u8);
        self.event(SmsEvent::Incomplete { from, parts, total: given_up.total });
    }

    /// What became of a message that was sent: TP-MR and recipient say which (TS 23.040 clause 9.2.3.6).
    fn status(&mut self, report: &StatusReport) {
        let place = (!report.of_command).then(|| self.awaited_by(report.reference, &report.recipient)).flatten();
        let of = place.and_then(|place| self.awaited.get(place)).map(|awaited| (awaited.message, awaited.part));
        if let Some(place) = place.filter(|_| Status::is_final(report.status)) {
            self.awaited.remove(place);
        }
        self.event(SmsEvent::StatusReport(SmsStatus {
            of,
            reference: report.reference,
            recipient: report.recipient,
            status: report.status,
            service_centre_time: report.service_centre_time,
            discharge_time: report.discharge_time,
        }));
    }

    /// The newest part with that reference that went to that recipient. A service centre may write a number of another type.
    fn awaited_by(&self, reference: u8, recipient: &Address) -> Option<usize> {
        let of = |is_same: &dyn Fn(&Address) -> bool| {
            self.awaited.iter().rposition(|awaited| awaited.reference == reference && is_same(&awaited.to))
        };
        of(&|to| to == recipient).or_else(|| of(&|to| is_same_subscriber(to, recipient)))
    }

    fn acknowledge(&mut self, source: Source<'_>, reference: u8) {
        self.report(source, reference, Ok(()));
    }

    fn refuse(
        &mut self,
        source: Source<'_>,
        reference: u8,
        (cause, failure): (RpCause, Option<FailureCause>),
        what: &str,
    ) {
        self.report(source, reference, Err((cause, failure)));
        self.event(SmsEvent::Refused { what: what.to_owned(), cause });
    }

    /// RP-ACK or RP-ERROR (TS 24.011 clauses 7.3.3 and 7.3.4) with SMS-DELIVER-REPORT.
    fn report(&mut self, source: Source<'_>, reference: u8, result: Result<(), (RpCause, Option<FailureCause>)>) {
        let report = |failure| Tpdu::DeliverReport(DeliverReport::new(failure, Parameters::default()));
        let message = match result {
            Ok(()) => RpMessage::ack(Direction::ToNetwork, reference, Some(&report(None))),
            Err((cause, failure)) => {
                let report = failure.map(|failure| report(Some(failure)));
                RpMessage::error(Direction::ToNetwork, reference, cause, report.as_ref())
            }
        };
        let octets = message.emit();
        match source {
            Source::Relay(access) => self.outputs.push_back(SmsOutput::Relay { access, octets }),
            Source::Sip(sip) => {
                let mut headers = Vec::new();
                if self.config.in_reply_to {
                    headers.push(("In-Reply-To".to_owned(), sip.call_id.clone()));
                }
                // Clause 5.3.2.4: it comes from the identity that the message was for; others are not let through.
                if self.config.path == SmsPath::Ims && !sip.to.is_empty() {
                    headers.push(("P-Preferred-Identity".to_owned(), format!("<{}>", sip.to)));
                }
                let token = self.message(sip.from.clone(), octets, headers);
                self.reports.insert(token);
            }
        }
    }
}

/// One number with its country code, and the same without: the digits behind the leading zeros agree.
fn is_same_subscriber(one: &Address, other: &Address) -> bool {
    let [one, other] = [one, other].map(|address| address.digits().trim_start_matches('0').to_owned());
    let (shorter, longer) = if one.len() < other.len() { (&one, &other) } else { (&other, &one) };
    shorter.len() >= LEAST_DIGITS && longer.ends_with(shorter.as_str())
}

/// RP-Message-Type, and those of RP-ACK and RP-ERROR in both directions (TS 24.011 clause 8.2.2).
const TYPE: u8 = 0x07;
const REPORTS: [u8; 4] = [2, 3, 4, 5];
/// Digits by which two numbers may be taken for one.
const LEAST_DIGITS: usize = 5;
