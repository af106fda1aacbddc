//! Reports and responses to other relays (TS 23.140 clauses 8.4.1 to 8.4.3): mails without content, until they are taken and,
//! where a response is asked for, answered.

use protocol::Instant;
use protocol::mm4::RequestStatus;
use protocol::smtp::{SmtpFailure, SmtpSend};

use super::MmsRelay;
use super::accept::millis;
use super::mm4::Answer;
use super::mm4_out::RESPONSES;
use super::task::{Letter, Task, Work, relay_way};
use super::ways::pause;
use super::work::Written;
use crate::node::NodeStoreOp;

impl MmsRelay {
    /// A letter is due.
    pub(super) fn write_letter(&mut self, now: Instant, number: u64, letter: &Letter) {
        let now_ms = self.shell.utc_ms(now);
        let Some(task) = self.running.get(&number).map(|running| running.task.clone()) else { return };
        if task.is_with_other {
            // Its response did not come.
            return self.letter_again(now_ms, number, task, "the other relay does not answer", true);
        }
        let relay = self.config.relays.iter().position(|relay| relay.name == letter.relay);
        let mut mail = letter.mail(&format!("{number:x}"), &self.system());
        mail.mail_id = Some(self.mail_id(number, task.attempts));
        let path = mail.to.first().map(|to| to.to_path(&self.config.domain));
        let (Some(relay), Some(path)) = (relay, path) else {
            return self.letter_over(number, "there is nobody to send it to");
        };
        let content = mail.emit(&mut self.entropy);
        let from = self.system().to_string();
        self.send_mail(now, relay, SmtpSend { token: number, from, recipients: vec![path], content });
    }

    pub(super) fn letter_sent(&mut self, now: Instant, number: u64, letter: &Letter, failure: Option<SmtpFailure>) {
        let now_ms = self.shell.utc_ms(now);
        let Some(running) = self.running.get_mut(&number) else { return };
        let (mut task, answer) = (running.task.clone(), running.answer.take());
        match (failure, answer) {
            // An earlier copy was taken, and is answered: nobody needs to know what became of this one.
            (Some(_), Some(answer)) if task.delivered > 0 => self.answer_taken(now, number, answer),
            (None, _) if !letter.asks() => self.letter_done(number),
            (None, answer) => {
                if task.delivered == 0 {
                    self.charge_letter(now, letter, None);
                }
                if let Some(answer) = answer {
                    return self.answer_taken(now, number, answer);
                }
                task.is_with_other = true;
                task.attempts += 1;
                task.delivered += 1;
                task.due_ms = now_ms + millis(self.config.times.mm4_response);
                self.put_task_off(number, task);
            }
            (Some(failure), _) if failure.is_permanent() => self.letter_over(number, &failure.to_string()),
            (Some(failure), _) => self.letter_again(now_ms, number, task, &failure.to_string(), false),
        }
    }

    fn letter_again(&mut self, now_ms: u64, number: u64, mut task: Task, why: &str, was_taken: bool) {
        let end_ms = task.begun_ms.saturating_add(millis(self.config.times.mm4));
        if now_ms >= end_ms || was_taken && task.delivered >= RESPONSES {
            return self.letter_over(number, why);
        }
        self.shell.say(format!("MM4: mail {number:x} goes again: {why}"));
        task.is_with_other = false;
        task.failed += 1;
        task.attempts += 1;
        task.due_ms = match was_taken {
            true => now_ms,
            false => now_ms + millis(pause(&self.config.times.mm4_retry, task.failed)),
        };
        self.put_task_off(number, task);
    }

    /// The other relay has said what it makes of a letter.
    pub(super) fn letter_answered(&mut self, now: Instant, number: u64, letter: &Letter, answer: &Answer) {
        if answer.status != RequestStatus::Ok {
            let text = answer.text.as_deref().unwrap_or_default();
            self.shell.say(format!("MM4: {} answers {}: {text}", answer.relay, answer.status));
        }
        self.charge_letter(now, letter, Some(answer));
        self.letter_done(number);
    }

    fn letter_over(&mut self, number: u64, why: &str) {
        self.shell.say(format!("MM4: mail {number:x} is given up: {why}"));
        self.letter_done(number);
    }

    /// A letter to another relay, in a transaction that is about to be made.
    pub(super) fn add_letter(&mut self, ops: &mut Vec<NodeStoreOp>, now_ms: u64, letter: Letter) {
        let way = relay_way(&letter.relay);
        self.add_task(ops, &Task::new(Work::Write(letter), &way, now_ms, now_ms));
    }

    fn letter_done(&mut self, number: u64) {
        let mut ops = Vec::new();
        self.end_task(&mut ops, number);
        self.write(ops, Written { release: vec![number], ..Written::default() });
    }

    fn put_task_off(&mut self, number: u64, task: Task) {
        let mut ops = Vec::new();
        self.put_off(&mut ops, number, task);
        self.write(ops, Written { release: vec![number], ..Written::default() });
    }
}
