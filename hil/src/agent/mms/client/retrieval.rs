//! Messages that are retrieved, at once or when the user wants them, and what is said of them: OMA-MMS-ENC clauses 6.3, 6.4
//! and 6.6.

use protocol::Instant;
use protocol::mms::{
    AcknowledgeInd, EncodedString, MessageType, MmsStatus, ReadRecInd, ReadStatus, RetrieveConf, RetrieveStatus,
    parts_of,
};

use super::super::failure::MmsFailure;
use super::super::io::{IncomingMms, MmsEvent};
use super::super::memory::NoticeState;
use super::MmsClient;
use super::exchange::{Exchange, Said, Task};

impl MmsClient {
    pub(super) fn retrieve_by_user(&mut self, number: u64) {
        match self.memory.get(number).map(|notice| (notice.state, notice.octets)) {
            Some((NoticeState::Waiting, octets)) if octets > self.config.largest as u64 => {
                self.event(MmsEvent::NotRetrieved { number, why: MmsFailure::TooLarge { octets }, is_gone: false });
            }
            Some((NoticeState::Waiting, _)) => self.retrieve(number),
            _ => self.ignored("a message to be retrieved", "it does not wait"),
        }
    }

    pub(super) fn retrieve(&mut self, number: u64) {
        let Some(notice) = self.memory.get_mut(number) else { return };
        notice.state = NoticeState::Retrieving;
        let task = Task::Retrieve { number, location: notice.location.clone(), octets: notice.octets };
        if let Err(task) = self.enqueue(task) {
            self.given_up(task, MmsFailure::TooMany);
        }
    }

    /// It was given up. What may be retrieved later is deferred, and the relay is to know.
    pub(super) fn not_retrieved(&mut self, number: u64, why: MmsFailure) {
        let is_gone = why.is_gone();
        self.event(MmsEvent::NotRetrieved { number, why, is_gone });
        let Some(notice) = self.memory.get_mut(number) else { return };
        notice.state = if is_gone { NoticeState::Gone } else { NoticeState::Waiting };
        if !is_gone && notice.said.is_none() {
            self.respond(number, MmsStatus::DEFERRED);
        }
    }

    /// M-Retrieve.conf came.
    pub(super) fn retrieved(&mut self, now: Instant, id: u64, conf: RetrieveConf, body: &[u8]) {
        let text = |text: &Option<EncodedString>| text.as_ref().map(|text| text.text().into_owned());
        if let Some(status) = conf.retrieve_status.filter(|status| !status.is_ok()) {
            let text = text(&conf.retrieve_text).unwrap_or_default();
            return self.failed(now, id, MmsFailure::Retrieve { status, text });
        }
        if body.len() > self.config.largest {
            return self.failed(now, id, MmsFailure::TooLarge { octets: body.len() as u64 });
        }
        let Some(content_type) = conf.content_type else {
            let status = RetrieveStatus::OK;
            return self.failed(now, id, MmsFailure::Wrong(format!("{status}, but there is no message in it")));
        };
        let parts = match parts_of(&content_type, body) {
            Ok(parts) => parts.into_iter().map(protocol::mms::Part::into_owned).collect(),
            Err(problem) => return self.failed(now, id, MmsFailure::Wrong(problem.to_string())),
        };
        let Some(Exchange { task: Task::Retrieve { number, .. }, access, .. }) = self.exchanges.remove(&id) else {
            return;
        };
        let message_id = conf.message_id;
        let was_there = message_id.as_deref().is_some_and(|id| self.memory.has_come(id));
        let from = conf.from.as_ref().and_then(|from| from.address()).cloned();
        let read_report = conf.read_report == Some(true);
        let mut said = None;
        if let Some(notice) = self.memory.get_mut(number) {
            (notice.state, notice.message_id, notice.read_report) =
                (NoticeState::Retrieved, message_id.clone(), read_report);
            notice.from = from.clone().or_else(|| notice.from.take());
            said = notice.said;
        }
        if was_there {
            self.duplicate(MessageType::RETRIEVE_CONF, message_id.as_deref().unwrap_or_default());
        } else {
            self.event(MmsEvent::Retrieved(Box::new(IncomingMms {
                number,
                message_id,
                from,
                to: conf.to,
                cc: conf.cc,
                subject: text(&conf.subject),
                date: conf.date,
                class: conf.message_class.unwrap_or_default(),
                priority: conf.priority,
                read_report,
                forwarded_by: conf.previously_sent_by.into_iter().map(|by| by.address).collect(),
                content_type,
                parts,
                access,
            })));
        }
        self.acknowledge(number, said, conf.transaction_id.as_deref());
    }

    /// The message has come: M-NotifyResp.ind says so when its notification was not answered yet, else M-Acknowledge.ind where
    /// the relay wants one.
    fn acknowledge(&mut self, number: u64, said: Option<MmsStatus>, transaction_id: Option<&str>) {
        match (said, transaction_id) {
            (None, _) => self.respond(number, MmsStatus::RETRIEVED),
            (Some(_), Some(transaction_id)) => {
                let ind = AcknowledgeInd::new(transaction_id, Default::default());
                let ind = AcknowledgeInd { report_allowed: self.config.report_allowed, ..ind };
                self.say(Some(number), Said::Acknowledge, &ind.into());
            }
            (Some(_), None) => {}
        }
    }

    /// The user has read a message, or has deleted it: its sender is told if he wants to be.
    pub(super) fn read(&mut self, number: u64, status: ReadStatus, date: Option<u64>) {
        let is_allowed = self.config.read_reports;
        let Some(notice) = self.memory.get_mut(number).filter(|notice| notice.state == NoticeState::Retrieved) else {
            return self.ignored("a message that was read", "it has not come");
        };
        let wanted = notice.read_report && is_allowed;
        let (Some(message_id), Some(from), true) = (&notice.message_id, &notice.from, wanted) else {
            return self.ignored("a message that was read", "nobody wants to know, or may");
        };
        // Once is enough.
        notice.read_report = false;
        let ind = ReadRecInd { date, ..ReadRecInd::new(message_id, from.clone(), status) };
        self.say(Some(number), Said::Read, &ind.into());
    }
}
