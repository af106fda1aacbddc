//! What the server answers (RFC 5321 clause 4.3.2).

use super::super::data::Stuffer;
use super::super::{SmtpEnd, SmtpReply};
use super::{Current, SmtpClient, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpOutcome, State};
use crate::Instant;

impl SmtpClient {
    pub(super) fn on_reply(&mut self, now: Instant, reply: SmtpReply) {
        let is_refusal = reply.is_transient() || reply.is_permanent();
        match &self.state {
            State::Quit { .. } => self.end(SmtpEnd::Quit),
            // Clause 3.8: the server closes, whatever was asked.
            _ if reply.code == 421 => self.end(SmtpEnd::Refused(reply)),
            State::Greeting { .. } if reply.code == 220 => self.say_hello(now, "EHLO"),
            State::Greeting { .. } if is_refusal => {
                // Clause 3.1: no mail goes here; QUIT all the same.
                self.say("QUIT");
                self.end(SmtpEnd::Refused(reply));
            }
            State::Ehlo { .. } if reply.is_positive() => {
                self.extensions(&reply.text);
                self.ready(now);
            }
            // Clause 3.2: the server does not know EHLO.
            State::Ehlo { .. } if matches!(reply.code, 500..=504) => self.say_hello(now, "HELO"),
            State::Helo { .. } if reply.is_positive() => self.ready(now),
            State::Ehlo { .. } | State::Helo { .. } if is_refusal => {
                self.say("QUIT");
                self.end(SmtpEnd::Refused(reply));
            }
            State::Mail { .. } if reply.is_positive() => self.say_recipient(now, 0),
            State::Mail { .. } if is_refusal => {
                self.finish(Err(SmtpFailure::Refused(reply)));
                self.next_mail(now);
            }
            State::Recipient { at, .. } if reply.is_positive() => self.on_recipient(now, *at, None),
            State::Recipient { at, .. } if is_refusal => {
                self.on_recipient(now, *at, Some(SmtpFailure::Refused(reply)));
            }
            State::Data { .. } if reply.code == 354 => {
                let content = self.current.as_mut().map(|current| std::mem::take(&mut current.mail.content));
                let stuffer = Stuffer::new(content.unwrap_or_default());
                let until = now + self.config.block_time;
                self.state = State::Content { stuffer, seen: 0, is_sent: false, until };
            }
            State::Data { .. } if is_refusal => {
                self.finish(Err(SmtpFailure::Refused(reply)));
                self.reset(now);
            }
            State::Content { stuffer, .. } if stuffer.is_done() && (is_refusal || reply.is_positive()) => {
                let result = if is_refusal { Err(SmtpFailure::Refused(reply)) } else { Ok(reply) };
                self.finish(result);
                self.next_mail(now);
            }
            // The content cannot be broken off but with the connection.
            State::Content { .. } if is_refusal => {
                self.finish(Err(SmtpFailure::Refused(reply)));
                self.end(SmtpEnd::Protocol("the server refused a content before its end".to_owned()));
            }
            State::Reset { .. } if reply.is_positive() => self.next_mail(now),
            _ => self.end(SmtpEnd::Protocol(format!("{reply} in state {}", self.state.name()))),
        }
    }

    fn on_recipient(&mut self, now: Instant, at: usize, failure: Option<SmtpFailure>) {
        let Some(current) = &mut self.current else { return };
        if let Some(result) = current.results.get_mut(at) {
            *result = failure;
        }
        if at + 1 < current.results.len() {
            self.say_recipient(now, at + 1);
        } else if current.results.iter().all(Option::is_some) {
            // Nobody is left: each has a failure of its own.
            self.finish(Err(SmtpFailure::NotSent("no recipient was accepted".to_owned())));
            self.reset(now);
        } else {
            self.say("DATA");
            self.state = State::Data { until: now + self.config.data_time };
        }
    }

    /// What the server can do: keywords behind the first line (clause 4.1.1.1).
    fn extensions(&mut self, text: &str) {
        for line in text.split('\n').skip(1) {
            let mut words = line.split(' ');
            let keyword = words.next().unwrap_or_default();
            if keyword.eq_ignore_ascii_case("SIZE") {
                self.max_size = Some(words.next().and_then(|octets| octets.parse().ok()).unwrap_or(0));
            } else if keyword.eq_ignore_ascii_case("8BITMIME") {
                self.takes_8bit = true;
            }
        }
    }

    fn ready(&mut self, now: Instant) {
        let max_size = self.max_size.filter(|octets| *octets > 0);
        self.event(SmtpClientEvent::Ready { max_size });
        self.next_mail(now);
    }

    fn reset(&mut self, now: Instant) {
        self.say("RSET");
        self.state = State::Reset { until: now + self.config.mail_time };
    }

    /// Tells what came of the mail under way; who has failed before has a failure of its own.
    pub(super) fn finish(&mut self, result: Result<SmtpReply, SmtpFailure>) {
        let Some(Current { mail, results }) = self.current.take() else { return };
        let results = results.into_iter().map(|own| own.map_or_else(|| result.clone(), Err)).collect();
        self.event(SmtpClientEvent::Done(SmtpOutcome { token: mail.token, results }));
    }

    /// The connection is over.
    pub(super) fn ended(&mut self, why: SmtpEnd) {
        if why != SmtpEnd::ConnectionLost {
            self.outputs.push_back(SmtpClientOutput::Close);
        }
        self.event(SmtpClientEvent::Ended(why));
    }
}
