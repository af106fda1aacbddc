//! Messages are looked up in the store: by number, by originator, destination and reference, by the name that another SM-SC
//! has given them.

use protocol::Instant;
use protocol::smpp::{QuerySm, ReplaceSm};
use protocol::sms::Command;

use super::admission::Reply;
use super::keys::of_origin_key;
use super::message::{Entry, Final, Message, Party};
use super::{Job, SmSc};
use crate::node::rows::{below, number_key, of_row};
use crate::node::{NodeStoreOp, Rows, StreamId, Table};

/// What is wanted of messages that are looked up.
#[derive(Debug)]
pub(super) enum Then {
    /// query_sm.
    Query { conn: StreamId, sequence_number: u32, account: usize, query: QuerySm },
    /// cancel_sm.
    Cancel { account: usize, source: Party, destination: Option<Party>, reply: Reply },
    /// replace_sm.
    Replace { account: usize, replace: Box<ReplaceSm>, reply: Reply },
    /// submit_sm that replaces what is there.
    Instead { admission: Box<super::admission::Admission>, account: usize },
    /// SMS-COMMAND.
    Command { source: Party, command: Box<Command>, reply: Reply },
    /// Their time has come.
    Timer { rows: Vec<(u64, String)> },
    /// Another SM-SC tells what became of one.
    Receipt { end: Final, reply: Reply },
}

/// Messages that are looked up.
#[derive(Debug)]
pub(super) struct Lookup {
    numbers: Vec<u64>,
    found: Vec<Found>,
    pub(super) then: Then,
}

/// One that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) number: u64,
    pub(super) entry: Entry,
    /// With its key, when it is in a lane.
    pub(super) message: Option<(String, Message)>,
}

impl Found {
    /// The message, if it waits here.
    pub(super) fn waiting(&self) -> Option<&Message> {
        match (&self.entry, &self.message) {
            (Entry::Held { .. }, Some((_, message))) => Some(message),
            (Entry::Scheduled { message, .. }, _) => Some(message),
            _ => None,
        }
    }
}

impl SmSc {
    pub(super) fn look_up(&mut self, numbers: Vec<u64>, then: Then) {
        let ops = numbers.iter().map(|number| NodeStoreOp::get(Table::SmScNumber, &number_key(*number))).collect();
        self.shell.store(ops, Job::Entries(Box::new(Lookup { numbers, found: Vec::new(), then })));
    }

    /// The last ones with the same originator, destination and reference; those that are held before the others.
    pub(super) fn find_origin(&mut self, prefix: &str, then: Then) {
        self.shell.store(vec![below(Table::SmScOrigin, prefix, FOUND)], Job::Origins(Box::new(then)));
    }

    pub(super) fn find_forwarded(&mut self, key: String, then: Then) {
        self.shell.store(vec![NodeStoreOp::get(Table::SmScForwarded, &key)], Job::Forwarded(Box::new(then)));
    }

    pub(super) fn origins_read(&mut self, rows: &[Rows], then: Then) {
        let number = |(key, _): &(String, Vec<u8>)| of_origin_key(key).map(|(_, number)| number);
        let numbers = rows.first().into_iter().flatten().filter_map(number).collect();
        self.look_up(numbers, then);
    }

    pub(super) fn forwarded_read(&mut self, rows: &[Rows], then: Then) {
        let number = |(_, value): &(String, Vec<u8>)| u64::from_str_radix(std::str::from_utf8(value).ok()?, 16).ok();
        let numbers = rows.first().into_iter().flatten().filter_map(number).collect();
        self.look_up(numbers, then);
    }

    pub(super) fn entries_read(&mut self, now: Instant, mut lookup: Lookup, rows: &[Rows]) {
        let mut ops = Vec::new();
        for (number, rows) in lookup.numbers.iter().zip(rows) {
            let Some(entry) = rows.first().and_then(|(_, value)| of_row::<Entry>(value)) else { continue };
            ops.push(match &entry {
                Entry::Held { key, .. } => NodeStoreOp::get(Table::SmScMessage, key),
                // All are known as of one moment.
                _ => NodeStoreOp::get(Table::SmScNumber, &number_key(*number)),
            });
            lookup.found.push(Found { number: *number, entry, message: None });
        }
        if !lookup.found.iter().any(|found| matches!(found.entry, Entry::Held { .. })) {
            return self.looked_up(now, lookup.then, lookup.found);
        }
        self.shell.store(ops, Job::Messages(Box::new(lookup)));
    }

    pub(super) fn messages_read(&mut self, now: Instant, lookup: Lookup, rows: Vec<Rows>) {
        let mut all = Vec::with_capacity(lookup.found.len());
        for (mut found, rows) in lookup.found.into_iter().zip(rows) {
            let read = rows.into_iter().next();
            if matches!(found.entry, Entry::Held { .. }) {
                found.message = read.and_then(|(key, value)| Some((key, of_row::<Message>(&value)?)));
            } else {
                let Some(entry) = read.and_then(|(_, value)| of_row(&value)) else { continue };
                found.entry = entry;
            }
            all.push(found);
        }
        self.looked_up(now, lookup.then, all);
    }

    fn looked_up(&mut self, now: Instant, then: Then, found: Vec<Found>) {
        match then {
            Then::Query { conn, sequence_number, account, query } => {
                self.query(conn, sequence_number, account, &query, found.first());
            }
            Then::Cancel { account, source, destination, reply } => {
                self.cancel(now, account, &source, destination.as_ref(), &reply, found);
            }
            Then::Replace { account, replace, reply } => self.replace(now, account, &replace, reply, found.first()),
            Then::Instead { admission, account } => self.instead(now, *admission, account, &found),
            Then::Command { source, command, reply } => self.command(now, &source, &command, reply, found),
            Then::Timer { rows } => self.timers_looked_up(now, rows, found),
            Then::Receipt { end, reply } => self.receipt_looked_up(now, end, reply, found.first()),
        }
    }

    /// The lookup has failed: nobody is told what is not known.
    pub(super) fn lookup_failed(&mut self, then: Then) {
        use protocol::smpp::CommandStatus;
        let (conn, number) = match then {
            Then::Query { conn, sequence_number, .. } => (conn, sequence_number),
            Then::Cancel { reply, .. }
            | Then::Replace { reply, .. }
            | Then::Command { reply, .. }
            | Then::Receipt { reply, .. } => (reply.conn, reply.sequence_number),
            Then::Instead { admission, .. } => {
                let Some(reply) = admission.reply else { return };
                (reply.conn, reply.sequence_number)
            }
            Then::Timer { .. } => return,
        };
        self.refuse(conn, number, CommandStatus::SYSTEM_ERROR);
    }

    fn receipt_looked_up(&mut self, now: Instant, end: Final, reply: Reply, found: Option<&Found>) {
        match found.map(|found| (found.number, &found.entry)) {
            Some((number, Entry::Forwarded { message, row })) => {
                let ops = vec![NodeStoreOp::Delete { table: Table::SmScForwarded, key: row.clone() }];
                let ended = self.finish_elsewhere(now, number, message, end, ops, Some(reply.clone()));
                ended.unwrap_or_else(|_| self.is_over_already(now, reply));
            }
            _ => self.is_over_already(now, reply),
        }
    }

    /// It is over, or the answer that named it was lost: who tells need not tell again.
    fn is_over_already(&mut self, now: Instant, reply: Reply) {
        self.admit(now, super::admission::Admission { reply: Some(reply), ..Default::default() });
    }
}

/// Messages that one lookup finds at most.
const FOUND: usize = 64;
