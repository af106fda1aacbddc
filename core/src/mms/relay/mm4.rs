//! MM4 (TS 23.140 clause 8.4): what other relays send.

use protocol::Instant;
use protocol::mm4::{
    DeliveryReportReq, Expiry, ForwardReq, Mm4Address, Mm4Body, Mm4Limits, Mm4Mail, Mm4Problem, Mm4Request,
    ReadReplyReportReq, RequestStatus, Response,
};
use protocol::smtp::{SmtpMail, SmtpReply};

use super::MmsRelay;
use super::accept::{Draft, Reply};
use super::content::{Unfit, media_of, pieces_of};
use super::message::{Destination, Message, Origin, Recipient};
use super::mm4_bounce::Bounce;
use super::mm4_report::PeerSays;
use super::mm4_words::{to_mms_status, to_priority, to_read_status};
use super::task::{Letter, Says, Work};
use super::work::{Change, Claim, Effect, Event, Written};
use crate::node::rows::part;
use crate::node::{Rows, StreamId};

/// A response to a request of the relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    /// To which request.
    pub(super) kind: Mm4Request,
    pub(super) status: RequestStatus,
    pub(super) text: Option<String>,
    /// The relay that sends it, of the settings.
    pub(super) relay: String,
    /// The recipients that it is for: an MTA on the way has said it, and not the relay. None: it is for all.
    pub(super) only: Vec<String>,
}

/// The same with the mail that has it.
#[derive(Debug)]
pub(super) struct AnswerFor {
    /// None: it was taken before.
    pub(super) conn: Option<StreamId>,
    pub(super) answer: Answer,
}

impl MmsRelay {
    /// The relay's own address on MM4 (TS 23.140 clause 8.4.5.1).
    pub(super) fn system(&self) -> Mm4Address {
        Mm4Address::system(&self.config.domain)
    }

    /// An address of MM1 as MM4 has it: at this relay, when it has no domain of its own.
    pub(super) fn on_mm4(&self, address: &str) -> Option<String> {
        Mm4Address::from_mm1(address, &self.config.domain).map(|address| address.to_string())
    }

    pub(super) fn mm4_limits(&self) -> Mm4Limits {
        let limits = &self.config.limits;
        Mm4Limits {
            header: limits.header_octets,
            parts: limits.parts,
            octets: limits.octets,
            recipients: limits.recipients,
            ..Mm4Limits::default()
        }
    }

    /// A mail has come whole; `relays`: those that may send from there.
    pub(super) fn on_mail(&mut self, now: Instant, conn: StreamId, relays: &[usize], mail: SmtpMail) {
        self.counters.mails_taken += 1;
        let limits = self.mm4_limits();
        let read = Mm4Mail::parse(&mail.content, &limits);
        let own = match read {
            Ok(own) => own,
            Err(Mm4Problem::NotMm4(_)) if self.is_for_humans(&mail) => {
                return self.on_other_mail(now, conn, relays, &mail);
            }
            Err(problem) => {
                self.counters.refused += 1;
                self.shell.say(format!("MM4: a mail is refused: {problem}"));
                let failure = Mm4Mail::failure(&mail.content, &problem, &limits, &self.system());
                let letter = failure.and_then(|failure| self.letter_of(relays, &failure));
                return match letter {
                    Some(letter) => self.mail_with_letter(now, conn, Some(letter)),
                    None => self.answer_mail(now, conn, Some(SmtpReply::bad_content(&problem.to_string()))),
                };
            }
        };
        let SmtpMail { recipients, content, .. } = mail;
        drop(content);
        let relay = own.answers_to().or(own.from.as_ref()).and_then(|from| self.relay_of(relays, from));
        let Some(relay) = relay else {
            let text = "the relay that sends it is not one that may send from there";
            return self.answer_mail(now, conn, Some(SmtpReply::not_allowed(text)));
        };
        match &own.body {
            Mm4Body::ForwardReq(_) => self.on_forward(now, conn, relays, relay, own, &recipients),
            Mm4Body::DeliveryReportReq(DeliveryReportReq { status, text, forward_to_originator, .. }) => {
                let is_for_user = forward_to_originator.unwrap_or(true);
                let says = PeerSays::Delivery { status: to_mms_status(status), text: text.clone(), is_for_user };
                self.on_report(now, conn, relays, relay, &own, says);
            }
            Mm4Body::ReadReplyReportReq(ReadReplyReportReq { status, .. }) => {
                let says = PeerSays::Read(to_read_status(status));
                self.on_report(now, conn, relays, relay, &own, says);
            }
            Mm4Body::ForwardRes(_) | Mm4Body::DeliveryReportRes(_) | Mm4Body::ReadReplyReportRes(_) => {
                let Some((kind, Response { status, text })) = own.body.response() else {
                    return self.answer_mail(now, conn, None);
                };
                let (status, text) = (status.clone(), text.clone());
                self.on_answer(now, conn, &own.transaction_id, Answer { kind, status, text, relay, only: Vec::new() });
            }
        }
    }

    /// Whether a mail is for the relay itself and none else: a human has written it, or an MTA that could not deliver (RFC 5321
    /// clauses 4.5.1 and 6.1).
    fn is_for_humans(&self, mail: &SmtpMail) -> bool {
        let mut addresses = mail.recipients.iter().map(|text| Mm4Address::parse(text));
        addresses.all(|own| own.is_some_and(|own| self.routes.is_system(&own) || self.routes.is_postmaster(&own)))
    }

    /// A mail that is none of MM4, for the relay itself.
    fn on_other_mail(&mut self, now: Instant, conn: StreamId, relays: &[usize], mail: &SmtpMail) {
        // RFC 3464 clause 2: what an MTA reports is from nobody.
        let bounce = Bounce::read(&mail.content).filter(|_| mail.from.is_empty());
        let of_relay = |own: &String| self.relay_of(relays, &Mm4Address::parse(own)?);
        let relay = bounce.as_ref().and_then(|bounce| bounce.recipients.iter().find_map(of_relay));
        if let (Some(Bounce { transaction_id, recipients: only, text }), Some(relay)) = (bounce, relay) {
            self.shell.say(format!("MM4: of request {transaction_id}: {text}"));
            let (kind, status) = (Mm4Request::Forward, RequestStatus::ErrorSendingAddressUnresolved);
            return self.on_answer(now, conn, &transaction_id, Answer { kind, status, text: Some(text), relay, only });
        }
        let text = String::from_utf8_lossy(&mail.content);
        let subject = text.lines().take(LINES).find(|line| starts(line, "subject:")).unwrap_or_default();
        let subject: String = subject.chars().filter(|c| !c.is_control()).take(100).collect();
        self.shell.say(format!("MM4: a mail for who looks after the relay, from <{}>: {subject}", mail.from));
        self.answer_mail(now, conn, None);
    }

    /// The name of the relay that an address is of, when it may send from where the mail came.
    fn relay_of(&self, relays: &[usize], address: &Mm4Address) -> Option<String> {
        let relay = self.routes.of_domain(address.domain.as_ref()?).filter(|relay| relays.contains(relay))?;
        Some(self.config.relays.get(relay)?.name.clone())
    }

    /// A response as a task has it.
    pub(super) fn letter_of(&self, relays: &[usize], mail: &Mm4Mail) -> Option<Letter> {
        let to = mail.to.first()?;
        let (kind, response) = mail.body.response()?;
        let (transaction, status) = (mail.transaction_id.clone(), response.status.as_str().to_owned());
        let (says, text) = (Says::Response { to: kind, transaction, status }, response.text.clone());
        let (relay, message_id) = (self.relay_of(relays, to)?, mail.message_id.clone());
        Some(Letter { relay, message_id, to: to.to_string(), from: None, date_ms: 0, text, is_for_relay: false, says })
    }

    /// A mail is taken once what is answered by a mail of its own is durable.
    pub(super) fn mail_with_letter(&mut self, now: Instant, conn: StreamId, letter: Option<Letter>) {
        let mut change = Change::default();
        if let Some(mut letter) = letter {
            let now_ms = self.shell.utc_ms(now);
            letter.date_ms = now_ms;
            self.add_letter(&mut change.ops, now_ms, letter);
        }
        change.then.push(Effect::Mail(conn, None));
        self.write(change.ops, Written { then: change.then, ..Written::default() });
    }

    /// MM4_forward.REQ.
    fn on_forward(
        &mut self,
        now: Instant,
        conn: StreamId,
        relays: &[usize],
        relay: String,
        mail: Mm4Mail,
        recipients: &[String],
    ) {
        let (system, now_ms) = (self.system(), self.shell.utc_ms(now));
        let with = |this: &Self, status: RequestStatus, text: Option<&str>| {
            let response = mail.response(&system, status, text)?;
            this.letter_of(relays, &response).map(|letter| Letter { date_ms: now_ms, ..letter })
        };
        let response = with(self, RequestStatus::Ok, None);
        let refused = |this: &mut Self, status: RequestStatus, text: &str| {
            this.counters.refused += 1;
            this.shell.say(format!("MM4: a message of {relay} is refused: {text}"));
            match with(this, status, Some(text)) {
                Some(letter) => this.mail_with_letter(now, conn, Some(letter)),
                None => this.answer_mail(now, conn, Some(SmtpReply::bad_content(text))),
            }
        };
        let Mm4Body::ForwardReq(req) = &mail.body else { return };
        if recipients.len() > self.config.limits.recipients {
            return refused(self, RequestStatus::ErrorContentNotAccepted, "too many recipients");
        }
        let (content_type, body) = req.content.to_mm1_body();
        if let Err(unfit) = self.config.check_content(&content_type, &body) {
            let (status, text) = match unfit {
                Unfit::Corrupt(text) => (RequestStatus::ErrorMessageFormatCorrupt, text),
                Unfit::NotAccepted(text) => (RequestStatus::ErrorContentNotAccepted, text),
            };
            return refused(self, status, &text);
        }
        let Some(message_id) = mail.message_id.clone() else {
            return refused(self, RequestStatus::ErrorMessageFormatCorrupt, "there is no X-Mms-Message-ID");
        };
        let lock = format!("R:{}/{}", part(&relay), part(&message_id));
        let recipients = self.local_recipients(recipients);
        let origin_keys = recipients.iter().filter_map(Recipient::own).map(|own| format!("{lock}/{own}")).collect();
        if recipients.is_empty() {
            return refused(self, RequestStatus::ErrorSendingAddressUnresolved, "there is no recipient here");
        }
        let sent_ms = mail.date.unwrap_or(now_ms);
        let wanted_ms = req.expiry.map(|expiry| match expiry {
            // From its Date on, which may be of a clock that goes otherwise.
            Expiry::After(period) => sent_ms.min(now_ms).saturating_add(super::accept::millis(period)),
            Expiry::At(at_ms) => at_ms,
        });
        let expires_ms = self.expires_ms(now_ms, wanted_ms);
        if expires_ms <= now_ms {
            return refused(self, RequestStatus::ErrorMessageNotFound, "its time is over already");
        }
        let from = mail.from.as_ref().map(Mm4Address::to_string).unwrap_or_default();
        let origin = Origin::Relay { name: relay.clone(), message_id, from };
        let message = forwarded_message(&mail, req, origin, origin_keys, recipients, (now_ms, sent_ms, expires_ms));
        let message = Message { octets: body.len() as u64, media: media_of(&content_type, &body), ..message };
        let pieces = pieces_of(&content_type, &body);
        let reply = Reply::Mail { conn, response };
        self.admit(Draft { message, lock, pieces, not_before_ms: now_ms, reply, source: None, reference: None });
    }

    /// Those of an envelope that are subscribers.
    fn local_recipients(&self, all: &[String]) -> Vec<Recipient> {
        let mut recipients: Vec<Recipient> = Vec::new();
        for own in all.iter().filter_map(|text| Mm4Address::parse(text)) {
            let subscriber = self.routes.of_recipient(&own).and_then(|n| self.config.subscribers.get(n));
            let Some(msisdn) = subscriber.map(|own| own.msisdn.clone()) else { continue };
            if !recipients.iter().any(|known| known.own() == Some(&msisdn)) {
                recipients.push(Recipient::new(own.to_mm1(), Destination::Own(msisdn)));
            }
        }
        recipients
    }

    /// A response: to a request that is under way, or waits for it.
    fn on_answer(&mut self, now: Instant, conn: StreamId, transaction_id: &str, answer: Answer) {
        match u64::from_str_radix(transaction_id, 16) {
            Ok(task) => self.claim(task, Claim::Answer(AnswerFor { conn: Some(conn), answer })),
            Err(_) => {
                self.shell.ignore("no such request", "a response of another relay");
                self.answer_mail(now, conn, None);
            }
        }
    }

    pub(super) fn answer_read(&mut self, now: Instant, number: u64, own: AnswerFor, rows: &Rows) {
        let AnswerFor { conn, answer } = own;
        // What is asked again is answered again: nothing is lost with it.
        if let Some(conn) = conn {
            self.answer_mail(now, conn, None);
        }
        let was_running = self.running.contains_key(&number);
        let Some(running) = self.claimed(number, rows) else { return };
        if was_running {
            running.answer = Some(answer);
            return;
        }
        self.answer_taken(now, number, answer);
    }

    /// A response has come for a task that is in memory for it.
    pub(super) fn answer_taken(&mut self, now: Instant, number: u64, answer: Answer) {
        let Some(task) = self.running.get(&number).map(|running| running.task.clone()) else { return };
        match &task.work {
            // Before it is known for whom a mail was taken nobody knows whom its response is for: it goes again, and is answered
            // again.
            Work::Forward { message, .. } if answer.kind == Mm4Request::Forward && task.delivered > 0 => {
                self.on_message(*message, Event::Answered(number, answer));
            }
            Work::Write(letter) if letter.relay == answer.relay && is_answer(&letter.says, answer.kind) => {
                self.letter_answered(now, number, letter, &answer);
            }
            _ => {
                self.shell.ignore("another request", "a response of another relay");
                let mut ops = Vec::new();
                // It is found where it was.
                self.put_off(&mut ops, number, task);
                self.write(ops, Written { release: vec![number], ..Written::default() });
            }
        }
    }
}

/// A message of another relay, without its content.
fn forwarded_message(
    mail: &Mm4Mail,
    req: &ForwardReq,
    origin: Origin,
    origin_keys: Vec<String>,
    recipients: Vec<Recipient>,
    (now_ms, sent_ms, expires_ms): (u64, u64, u64),
) -> Message {
    let texts = |addresses: &[Mm4Address]| addresses.iter().map(Mm4Address::to_mm1).collect();
    let date = |text: &Option<String>| text.as_deref().and_then(protocol::mm4::from_date).unwrap_or_default() / 1000;
    let previously = req.previously_sent.iter();
    let previously = previously.filter_map(|own| Some((own.sender.clone()?, date(&own.date))));
    Message {
        origin,
        origin_keys,
        from: mail.from.as_ref().map(Mm4Address::to_mm1),
        is_hidden: req.sender_visible == Some(false),
        to: texts(&mail.to),
        cc: texts(&mail.cc),
        subject: req.subject.clone(),
        class: req.message_class.clone().unwrap_or_else(|| "Personal".to_owned()),
        priority: req.priority.as_ref().and_then(to_priority),
        delivery_report: req.delivery_report.unwrap_or_default(),
        read_report: req.read_reply.unwrap_or_default(),
        relay_report: req.originator_rs_delivery_report.unwrap_or_default(),
        previously: previously.collect(),
        date_s: sent_ms / 1000,
        accepted_ms: now_ms,
        expires_ms,
        octets: 0,
        media: Vec::new(),
        is_ip: false,
        pieces: 0,
        content_of: None,
        has_content: true,
        holders: Default::default(),
        recipients,
    }
}

fn starts(line: &str, start: &str) -> bool {
    line.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
}

/// Lines of a mail in which its subject is looked for.
const LINES: usize = 200;

const fn is_answer(says: &Says, kind: Mm4Request) -> bool {
    matches!(
        (says, kind),
        (Says::Delivery(_), Mm4Request::DeliveryReport) | (Says::Read(_), Mm4Request::ReadReplyReport)
    )
}
