//! Commands (RFC 5321 clause 4.1.1) and their order (clause 4.1.4).

use super::super::line::LineProblem;
use super::super::path::{is_recipient, is_sender, params, split_path};
use super::super::{EnhancedCode, SmtpEnd, SmtpReply};
use super::{Question, SmtpRecipient, SmtpServer, SmtpServerEvent, Transaction};
use crate::Instant;

impl SmtpServer {
    pub(super) fn command(&mut self, now: Instant, line: Result<String, LineProblem>) {
        if let super::State::Command { until } = &mut self.state {
            *until = now + self.config.command_time;
        }
        match line {
            Ok(line) => self.verb(now, &line),
            Err(problem) => {
                self.ignored(&problem.to_string());
                self.fail(500, EnhancedCode(5, 5, 2), &problem.to_string());
            }
        }
        if self.idle_commands > self.config.max_idle_commands {
            let why = "too many commands without a mail";
            self.stop(why, EnhancedCode(4, 7, 0), SmtpEnd::Protocol(why.to_owned()));
        }
    }

    fn verb(&mut self, now: Instant, line: &str) {
        let line = line.trim_end_matches(' ');
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greeted(argument, true),
            "HELO" => self.greeted(argument, false),
            "MAIL" => self.mail(argument),
            "RCPT" => self.recipient(now, argument),
            "DATA" => self.data(now, argument),
            "RSET" if argument.is_empty() => {
                self.count_idle();
                self.abandon("it was given up");
                self.reply(&SmtpReply::ok("forgotten"));
            }
            "NOOP" => {
                self.count_idle();
                self.reply(&SmtpReply::ok("nothing done"));
            }
            "QUIT" if argument.is_empty() => {
                let text = format!("{} closing", self.config.host);
                self.reply(&SmtpReply::new(221, Some(EnhancedCode(2, 0, 0)), &text));
                self.end(SmtpEnd::Quit);
            }
            // Clause 7.3: no address is told.
            "VRFY" => {
                self.count_idle();
                let text = "cannot verify, will take mail and try to deliver";
                self.reply(&SmtpReply::new(252, Some(EnhancedCode(2, 5, 0)), text));
            }
            "HELP" => {
                self.count_idle();
                let text = "EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT";
                self.reply(&SmtpReply::new(214, Some(EnhancedCode(2, 0, 0)), text));
            }
            "RSET" | "QUIT" => self.fail(501, EnhancedCode(5, 5, 4), "no parameter is allowed"),
            "EXPN" | "TURN" | "ETRN" | "SEND" | "SOML" | "SAML" | "STARTTLS" | "AUTH" => {
                self.ignored(verb);
                self.fail(502, EnhancedCode(5, 5, 1), "the command is not implemented");
            }
            // Octets follow which are no commands.
            "BDAT" => {
                self.ignored(verb);
                self.stop("BDAT is not implemented", EnhancedCode(4, 3, 2), SmtpEnd::Protocol("BDAT".to_owned()));
            }
            _ => {
                self.ignored(line.get(..80).unwrap_or(line));
                self.fail(500, EnhancedCode(5, 5, 1), "the command is not known");
            }
        }
    }

    fn greeted(&mut self, host: &str, is_extended: bool) {
        self.count_idle();
        // Clause 4.1.4: a name that is none is no reason to refuse mail.
        if host.is_empty() || host.len() > 255 || host.contains(' ') {
            return self.fail(501, EnhancedCode(5, 5, 4), "a domain or an address literal is missing");
        }
        self.abandon("it was greeted again");
        self.is_greeted = true;
        self.event(SmtpServerEvent::Greeted { host: host.to_owned(), is_extended });
        let own = &self.config.host;
        let text = match is_extended {
            true => {
                format!("{own} greets {host}\nSIZE {}\n8BITMIME\nPIPELINING\nENHANCEDSTATUSCODES", self.config.max_size)
            }
            false => format!("{own} greets {host}"),
        };
        self.reply(&SmtpReply::new(250, None, &text));
    }

    fn mail(&mut self, argument: &str) {
        if !self.is_greeted {
            return self.fail(503, EnhancedCode(5, 5, 1), "say EHLO first");
        }
        if self.transaction.is_some() {
            return self.fail(503, EnhancedCode(5, 5, 1), "a mail has begun already");
        }
        let Some((from, rest)) = after(argument, "FROM:").and_then(split_path) else {
            return self.fail(501, EnhancedCode(5, 5, 4), "MAIL FROM:<path> is meant");
        };
        if !is_sender(from) {
            return self.fail(553, EnhancedCode(5, 1, 7), "the sender is no mailbox");
        }
        if self.mails >= self.config.max_mails {
            let why = "enough mails came on this connection";
            return self.stop(why, EnhancedCode(4, 3, 2), SmtpEnd::Quit);
        }
        let mut size = None;
        for (key, value) in params(rest) {
            match (key.to_ascii_uppercase().as_str(), value) {
                // RFC 1870 clause 5: up to 20 digits.
                ("SIZE", Some(value)) if is_number(value) => size = Some(value.parse().unwrap_or(u64::MAX)),
                ("BODY", Some(value)) if ["7BIT", "8BITMIME"].iter().any(|own| own.eq_ignore_ascii_case(value)) => {}
                ("SIZE" | "BODY", _) => return self.fail(501, EnhancedCode(5, 5, 4), "the parameter cannot be read"),
                _ => return self.fail(555, EnhancedCode(5, 5, 4), "the parameter is not known"),
            }
        }
        if size.is_some_and(|size| size > self.config.max_size as u64) {
            self.count_idle();
            return self.reply(&SmtpReply::too_long("the mail is too long"));
        }
        self.transaction = Some(Transaction { from: from.to_owned(), recipients: Vec::new(), size });
        self.reply(&SmtpReply::new(250, Some(EnhancedCode(2, 1, 0)), "sender ok"));
    }

    fn recipient(&mut self, now: Instant, argument: &str) {
        let Some(transaction) = &self.transaction else {
            return self.fail(503, EnhancedCode(5, 5, 1), "say MAIL first");
        };
        let Some((to, rest)) = after(argument, "TO:").and_then(split_path) else {
            return self.fail(501, EnhancedCode(5, 5, 4), "RCPT TO:<path> is meant");
        };
        if !is_recipient(to) {
            return self.fail(553, EnhancedCode(5, 1, 3), "the recipient is no mailbox");
        }
        if params(rest).next().is_some() {
            return self.fail(555, EnhancedCode(5, 5, 4), "the parameter is not known");
        }
        // Clause 4.5.3.1.10: the client sends the rest in another mail.
        if transaction.recipients.len() >= self.config.max_recipients {
            return self.fail(452, EnhancedCode::TOO_MANY_RECIPIENTS, "too many recipients");
        }
        let recipient = SmtpRecipient { from: transaction.from.clone(), to: to.to_owned(), size: transaction.size };
        self.ask(now, Question::Recipient(to.to_owned()));
        self.event(SmtpServerEvent::Recipient(recipient));
    }

    fn data(&mut self, now: Instant, argument: &str) {
        let Some(transaction) = &self.transaction else {
            return self.fail(503, EnhancedCode(5, 5, 1), "say MAIL first");
        };
        if !argument.is_empty() {
            return self.fail(501, EnhancedCode(5, 5, 4), "no parameter is allowed");
        }
        if transaction.recipients.is_empty() {
            return self.fail(554, EnhancedCode(5, 5, 1), "there are no recipients");
        }
        let size = transaction.size;
        self.ask(now, Question::Data);
        self.event(SmtpServerEvent::Data { size });
    }

    fn fail(&mut self, code: u16, enhanced: EnhancedCode, text: &str) {
        self.count_idle();
        self.reply(&SmtpReply::new(code, Some(enhanced), text));
    }
}

/// What follows a keyword.
fn after<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = argument.trim_start().split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
