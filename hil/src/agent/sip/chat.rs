//! What the user of a UE wants of messaging, and what it is told.

use protocol::Instant;
use protocol::mime::CPIM_CONTENT_TYPE;
use protocol::sip::{EndedWhy, Method, Refusal, Request, Uri};
use protocol::sms::is_sms;

use super::io::{AgentCommand, AgentEvent, AgentOutput, CallId, OutgoingMessage};
use super::machine::{Pending, UeAgent, received};

impl UeAgent {
    pub(super) fn messaging(&mut self, now: Instant, command: AgentCommand) {
        match command {
            AgentCommand::ListMessage { token, service, entries, content } => {
                let message = self.messenger.list(&service, entries, content);
                self.message(now, OutgoingMessage { token, ..message });
            }
            AgentCommand::TrackedMessage { token, to, content, wish, datetime, headers } => {
                let from = self.ua.profile().from.uri.to_string();
                let (message_id, body) = self.messenger.wish(&from, &to, content, &wish, &datetime);
                self.event(AgentEvent::Tracked { token, message_id });
                let content_type = CPIM_CONTENT_TYPE.to_owned();
                self.message(now, OutgoingMessage { token, to, content_type, body, headers });
            }
            AgentCommand::Chat { call, to, options } => match self.messenger.offer(call, options) {
                Some(offer) => self.call(now, call, &to, &offer, (&[], &[])),
                None => {
                    let why = EndedWhy::Refused(Refusal::NotNow("too many sessions of messages"));
                    self.event(AgentEvent::Ended { call, why });
                }
            },
            AgentCommand::AnswerChat { call, options } => match self.messenger.answer(now, call, options) {
                Ok(answer) => self.session(call, |ua, id| ua.accept(now, id, &answer)),
                Err(why) => {
                    self.messenger.ended(call);
                    self.ignore(format!("the offer of call {}", call.0), &why);
                    self.session(call, |ua, id| ua.reject(now, id, 488));
                }
            },
            AgentCommand::ChatSend { call, message } => {
                let was_taken = self.messenger.send(now, call, message);
                if !was_taken {
                    self.ignore(format!("a message in call {}", call.0), "there is no such session of messages");
                }
            }
            AgentCommand::ChatSupply { call, token, octets } => {
                let was_wanted = self.messenger.supply(now, call, token, &octets);
                if !was_wanted {
                    self.ignore(format!("octets in call {}", call.0), "they are not those that are wanted");
                }
            }
            _ => {}
        }
    }

    /// A MESSAGE came and has been answered: the user hears of it once.
    pub(super) fn message_received(&mut self, now: Instant, request: &Request) {
        let message = received(request);
        // Short messages have a rule of their own for what comes again: it is acknowledged once more (TS 23.040).
        if self.messenger.is_known(request) && !is_sms(&message.content_type) {
            return self.ignore("a MESSAGE".to_owned(), "it came before");
        }
        let (answer, imdn) = self.messenger.dispositions(&message.content_type, &message.body, &message.from);
        match imdn {
            Some(imdn) => self.event(AgentEvent::Disposition { from: message.from, imdn }),
            None => self.event(AgentEvent::MessageReceived(message)),
        }
        if let Some(answer) = answer {
            // Nobody waits for what becomes of it.
            self.notify_sender(now, answer);
        }
    }

    fn notify_sender(&mut self, now: Instant, answer: OutgoingMessage) {
        let Ok(to) = Uri::parse(&answer.to) else { return };
        let mut request = self.ua.request(Method::MESSAGE, to);
        request.set_body(&answer.content_type, answer.body);
        self.send(now, Pending::Notification, request);
    }

    pub(super) fn chat_established(&mut self, now: Instant, call: CallId, sdp: &[u8]) {
        if let Err(why) = self.messenger.established(now, call, sdp) {
            self.messenger.ended(call);
            self.ignore(format!("the answer of call {}", call.0), &why);
            self.session(call, |ua, id| ua.hang_up(now, id));
        }
    }

    pub(super) fn settle_messenger(&mut self) {
        while let Some(output) = self.messenger.poll() {
            match output {
                Ok(output) => self.outputs.push_back(AgentOutput::Msrp(output)),
                Err((call, event)) => self.event(AgentEvent::Chat { call, event }),
            }
        }
    }
}
