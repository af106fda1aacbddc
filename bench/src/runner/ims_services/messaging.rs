//! Messaging: UEs send to lists, want to be told what becomes of messages, and have sessions of messages.

use hil::agent::sip::AgentCommand;
use protocol::Instant;
use protocol::mime::Part;
use protocol::msrp::{MsrpEvent, MsrpMessage};
use protocol::utc;
use protocol::xml::{CopyControl, Disposition, Imdn, ListEntry};

use crate::errors::CommandError;
use crate::event::{ImsFact, What};
use crate::ims::agent::{ExpectedMessage, ImsUe};
use crate::ims::chat;
use crate::ims::services::messaging;
use crate::runner::Runner;
use crate::scenario::MessagingStep;
use crate::setup;

impl Runner<'_> {
    pub(super) fn messaging_step(&mut self, places: &[usize], step: &MessagingStep) -> Result<(), CommandError> {
        for &place in places {
            match step {
                MessagingStep::ListMessage { recipients, text, .. } => self.list_message(place, recipients, text)?,
                MessagingStep::TrackedMessage { to, text, message_expires_s, .. } => {
                    self.tracked_message(place, to, text, *message_expires_s)?;
                }
                MessagingStep::Chat { to, .. } => self.chat(place, to)?,
                MessagingStep::ChatSend { octets, .. } => self.chat_send(place, *octets)?,
            }
        }
        Ok(())
    }

    /// A message with a number of its own that these UEs should get.
    fn expect_message(&mut self, place: usize, to: &[String], text: &str) -> Result<u64, CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(0) };
        ims.messages += 1;
        let number = ims.messages;
        for ue in ims.network.ues.iter_mut().filter(|ue| to.contains(&ue.name)) {
            ue.state.expected.push_back(ExpectedMessage { number, text: text.to_owned(), sent: now });
        }
        let own = &mut ims.network.ues[place];
        own.state.unanswered += 1;
        let fact = ImsFact::MessageSent { number, to: to.join(", "), text: text.to_owned() };
        let ue = own.name.clone();
        self.observer.fact(now, What::Ims { ue, fact })?;
        Ok(number)
    }

    fn list_message(&mut self, place: usize, recipients: &[String], text: &str) -> Result<(), CommandError> {
        let token = self.expect_message(place, recipients, text)?;
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let entry = |ue: &&ImsUe| ListEntry { copy_control: Some(CopyControl::To), ..ListEntry::new(&ue.impu) };
        let named = recipients.iter().filter_map(|name| ims.network.ues.named(name));
        let entries: Vec<_> = named.map(|ue| entry(&ue)).collect();
        let own = &mut ims.network.ues[place];
        let service = messaging::list_service(own.domain());
        let content = Part::new("text/plain", text);
        own.command(now, AgentCommand::ListMessage { token, service, entries, content });
        Ok(())
    }

    fn tracked_message(
        &mut self,
        place: usize,
        to: &str,
        text: &str,
        expires_s: Option<u32>,
    ) -> Result<(), CommandError> {
        let token = self.expect_message(place, &[to.to_owned()], text)?;
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let to = ims.network.ues.named(to).map(|ue| ue.impu.clone()).unwrap_or_default();
        let (wish, headers) = match expires_s {
            Some(seconds) => ("negative-delivery", vec![("Expires".to_owned(), seconds.to_string())]),
            None => ("positive-delivery, processing", Vec::new()),
        };
        let command = AgentCommand::TrackedMessage {
            token,
            to,
            content: Part::new("text/plain", text),
            wish: wish.to_owned(),
            datetime: utc::to_rfc3339(setup::utc_ms_at_zero() + now.as_nanos() / 1_000_000),
            headers,
        };
        ims.network.ues[place].command(now, command);
        Ok(())
    }

    fn chat(&mut self, place: usize, to: &str) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let other = ims.network.ues.named(to).map(|ue| ue.impu.clone());
        let own = &mut ims.network.ues[place];
        let call = own.new_call();
        own.state.begin_call(now, call, false);
        own.command(now, AgentCommand::Chat { call, to: other.unwrap_or_default(), options: chat::options() });
        let ue = own.name.clone();
        self.observer.fact(now, What::Ims { ue, fact: ImsFact::Calls { to: to.to_owned() } })
    }

    fn chat_send(&mut self, place: usize, octets: u32) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let own = &mut ims.network.ues[place];
        let Some(call) = own.state.call else {
            let text = format!("{} has no session: no message is sent", own.name);
            return self.observer.fact(now, What::Note { text });
        };
        ims.messages += 1;
        let number = ims.messages;
        let body = messaging::long_text(octets);
        let text = String::from_utf8_lossy(&body).into_owned();
        let token = own.state.new_request("message in a session");
        let message = MsrpMessage { success_report: true, ..MsrpMessage::new(token, "text/plain", body) };
        own.command(now, AgentCommand::ChatSend { call, message });
        let ue = own.name.clone();
        // Whoever has no session any more gets none.
        let others = ims.network.ues.iter_mut().filter(|other| other.name != ue && other.state.is_chat);
        for other in others {
            other.state.expected.push_back(ExpectedMessage { number, text: text.clone(), sent: now });
        }
        Ok(())
    }
}

/// What became of a message, as somebody says.
pub(in crate::runner) fn disposed(own: &mut ImsUe, imdn: &Imdn) -> ImsFact {
    own.state.notified_in_step += 1;
    let (kind, status) = match imdn.disposition {
        Disposition::Delivery(status) => ("delivery", status),
        Disposition::Processing(status) => ("processing", status),
        Disposition::Display(status) => ("display", status),
    };
    ImsFact::Notified {
        package: format!("imdn {kind}"),
        state: status.as_str().to_owned(),
        content_type: String::new(),
        text: String::new(),
    }
}

/// The fact in an event of a session of messages.
pub(in crate::runner) fn chatted(now: Instant, own: &mut ImsUe, event: MsrpEvent) -> Option<ImsFact> {
    let answered = |own: &mut ImsUe, token: u64, why: Option<String>| {
        let what = own.state.requests.remove(&token)?;
        Some(ImsFact::Answered { what, why })
    };
    match event {
        MsrpEvent::Received { message, offset, bytes, .. } => {
            own.state.incoming.piece(&message, offset, &bytes);
            None
        }
        MsrpEvent::Complete { message, .. } => {
            let body = own.state.incoming.take(&message);
            Some(own.received(now, "the session".into(), &String::from_utf8_lossy(&body)))
        }
        MsrpEvent::Aborted { message, .. } => {
            own.state.incoming.take(&message);
            None
        }
        MsrpEvent::Reported { token, status, .. } => {
            let why = (status != 200).then(|| format!("report {status}"));
            answered(own, token, why)
        }
        MsrpEvent::Sent { token, result: Err(why), .. } => answered(own, token, Some(why.to_string())),
        _ => None,
    }
}
