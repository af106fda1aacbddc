//! SMS-COMMAND: TS 23.040 clauses 9.2.2.4 and 9.2.3.19.

use protocol::Instant;
use protocol::smpp::{Body, CommandStatus, Pdu};
use protocol::sms::{
    Command, CommandType, DataCodingScheme, FailureCause, Status, StatusReport, Submit, Timestamp, UserData,
};

use super::SmSc;
use super::admission::{Add, Admission, Answer, Reply, acceptance, refusal};
use super::finish::GROUP_OF_COMMANDS;
use super::keys::origin;
use super::lookup::{Found, Then};
use super::message::{Entry, Final, Message, Party};
use crate::node::rows::row;
use crate::node::{NodeStoreOp, StreamId, Table};
use crate::sms::tlv;

impl SmSc {
    pub(super) fn commanded(&mut self, now: Instant, conn: StreamId, number: u32, source: Party, command: Command) {
        let Some(destination) = Party::of_sms(&command.destination) else {
            return self.refuse_mobile(now, conn, number, FailureCause::INVALID_SME_ADDRESS);
        };
        let is_known = matches!(
            command.command,
            CommandType::ENQUIRY
                | CommandType::CANCEL_STATUS_REPORT
                | CommandType::DELETE
                | CommandType::ENABLE_STATUS_REPORT
        );
        if !is_known {
            return self.refuse_mobile(now, conn, number, FailureCause::COMMAND_UNSUPPORTED);
        }
        let reference = format!("{:02x}", command.message_number);
        let prefix = origin(&self.routes.name(&source), &self.routes.name(&destination), &reference);
        let report = acceptance(self.shell.utc_ms(now), self.config.quarters);
        let reply = Reply { conn, sequence_number: number, answer: Answer::Deliver(report) };
        self.find_origin(&prefix, Then::Command { source, command: Box::new(command), reply });
    }

    /// The messages that a command may mean: the last one counts, for TP-MR are used again.
    pub(super) fn command(&mut self, now: Instant, source: &Party, command: &Command, reply: Reply, found: Vec<Found>) {
        let last = found.into_iter().max_by_key(|found| found.number);
        let held = last.as_ref().and_then(|found| Some((found.number, found.message.clone()?)));
        match (command.command, held) {
            (CommandType::ENQUIRY, _) => self.enquired(now, source, command, reply, last.as_ref()),
            (CommandType::DELETE, Some((number, (key, message)))) => {
                let status = command.status_report.then_some(Final::DELETED.status);
                let adds = self.report_command(now, source, command, status, message.accepted_ms);
                let (conn, sequence_number) = (reply.conn, reply.sequence_number);
                let ended = self.finish_held(now, number, &key, &message, Final::DELETED, Some(reply), adds);
                if ended.is_err() {
                    self.cannot(now, conn, sequence_number);
                }
            }
            (CommandType::CANCEL_STATUS_REPORT | CommandType::ENABLE_STATUS_REPORT, Some((number, (key, message)))) => {
                let is_wanted = command.command == CommandType::ENABLE_STATUS_REPORT;
                let report = is_wanted.then_some(command.message_number);
                let status = command.status_report.then_some(Status::TRYING_NO_RESPONSE);
                let adds = self.report_command(now, source, command, status, message.accepted_ms);
                let (conn, sequence_number) = (reply.conn, reply.sequence_number);
                if !self.rewrite(now, number, key, Message { report, ..message }, reply, adds) {
                    self.cannot(now, conn, sequence_number);
                }
            }
            _ => self.cannot(now, reply.conn, reply.sequence_number),
        }
    }

    /// What has become of a message, or that there is none.
    fn enquired(&mut self, now: Instant, source: &Party, command: &Command, reply: Reply, found: Option<&Found>) {
        let now_ms = self.shell.utc_ms(now);
        let (status, accepted_ms) = match found.map(|found| (&found.entry, &found.message)) {
            Some((Entry::Done(done), _)) => (Status(done.status), done.accepted_ms),
            Some((Entry::Held { .. }, Some((_, message)))) => (Status::TRYING_NO_RESPONSE, message.accepted_ms),
            Some((Entry::Scheduled { message, .. }, _)) => (Status::TRYING_NO_RESPONSE, message.accepted_ms),
            Some((Entry::Forwarded { message, .. }, _)) => (Status::FORWARDED, message.accepted_ms),
            _ => (Status::DOES_NOT_EXIST, now_ms),
        };
        let adds = self.report_command(now, source, command, Some(status), accepted_ms);
        self.admit(now, Admission { adds, reply: Some(reply), ..Admission::default() });
    }

    /// SMS-STATUS-REPORT about a command: TP-SRQ says so (clause 9.2.3.26).
    fn report_command(
        &self,
        now: Instant,
        source: &Party,
        command: &Command,
        status: Option<Status>,
        accepted_ms: u64,
    ) -> Vec<Add> {
        let (Some(status), Some(about)) = (status, Party::of_sms(&command.destination)) else { return Vec::new() };
        let (now_ms, quarters) = (self.shell.utc_ms(now), self.config.quarters);
        let (reference, destination) = (command.reference, command.destination);
        let submit = Submit::new(reference, destination, DataCodingScheme::GSM7, UserData::default());
        let stamp = |ms| Timestamp::from_utc_ms(ms, quarters);
        let mut report = StatusReport::of_submit(&submit, stamp(accepted_ms), stamp(now_ms), status);
        report.of_command = true;
        let add = self.report_to(now_ms, source, &about, &report);
        add.map(|add| Add { group: GROUP_OF_COMMANDS, ..add }).into_iter().collect()
    }

    /// Writes a message that is held over itself; false: it is on its way, or about to end.
    pub(super) fn rewrite(
        &mut self,
        now: Instant,
        number: u64,
        key: String,
        message: Message,
        reply: Reply,
        adds: Vec<Add>,
    ) -> bool {
        if self.is_free((number, number)).is_err() {
            return false;
        }
        let name = super::admission::lane_of(&key).unwrap_or_default().to_owned();
        if let Some(lane) = self.lanes.get_mut(&name) {
            if lane.is_busy_with((number, number)) {
                return false;
            }
            lane.is_stale = true;
            if let Some(head) = lane.head.as_mut().filter(|head| head.number == number) {
                head.message = message.clone();
            }
        }
        let timer = super::keys::timer_key(message.expires_ms, number);
        self.timers.wake(&timer, message.expires_ms);
        let put = |table, key: String, value: Vec<u8>| NodeStoreOp::Put { table, key, value };
        let ops = vec![put(Table::SmScMessage, key, row(&message)), put(Table::SmScTimer, timer, Vec::new())];
        self.admit(now, Admission { adds, ops, reply: Some(reply), ..Admission::default() });
        true
    }

    fn cannot(&mut self, now: Instant, conn: StreamId, number: u32) {
        let cause = FailureCause::COMMAND_CANNOT_BE_ACTIONED;
        let report = tlv::tpdu(refusal(cause, self.shell.utc_ms(now), self.config.quarters));
        let status = CommandStatus::REJECTED_BY_APPLICATION;
        self.respond(conn, Pdu::response(number, status, Body::DeliverSmResp(None)).with([report]));
    }
}
