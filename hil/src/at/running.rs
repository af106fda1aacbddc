//! The command that runs: which lines are its answer and which are its echo.

use protocol::Instant;

use super::command::{Answer, AtCommand, AtLine};
use super::io::CommandId;
use super::result_code::ResultCode;
use super::urc::UrcTable;

/// Ends the text of a command (TS 27.005 clause 3.5.1).
pub(super) const CTRL_Z: u8 = 0x1A;

#[derive(Debug)]
pub(super) struct Running {
    pub(super) id: CommandId,
    pub(super) command: AtCommand,
    pub(super) lines: Vec<AtLine>,
    pub(super) until: Instant,
    pub(super) aborted: bool,
    /// The last line still lacks its second one.
    pub(super) wants_body: bool,
}

impl Running {
    /// Takes a line that belongs to the answer.
    pub(super) fn takes(&mut self, line: &str, urcs: &UrcTable, numeric: bool) -> bool {
        if self.wants_body && is_pdu(line) {
            self.wants_body = false;
            if let Some(last) = self.lines.last_mut() {
                last.body = Some(line.to_owned());
            }
            return true;
        }
        let text = match &self.command.answer {
            Answer::Nothing => return false,
            Answer::Prefixed { prefix, answers, with_body } => {
                let rest = line.strip_prefix(prefix.as_str()).and_then(|rest| rest.trim_start().strip_prefix(':'));
                let Some(text) = rest.map(str::trim).filter(|text| answers(text)) else { return false };
                self.wants_body = *with_body;
                text
            }
            Answer::Text => {
                let is_other = ResultCode::parse(line, numeric).is_some() || urcs.parse(line).is_some();
                if is_other || self.is_echo(line) {
                    return false;
                }
                line
            }
        };
        self.lines.push(AtLine { text: text.to_owned(), body: None });
        true
    }

    /// What was sent comes back, perhaps with noise before it.
    pub(super) fn is_echo(&self, line: &str) -> bool {
        let of_text = |text: &String| line.trim_end_matches(char::from(CTRL_Z)).ends_with(text.as_str());
        line.ends_with(&self.command.line()) || self.command.text.as_ref().is_some_and(of_text)
    }
}

impl AtCommand {
    /// `ATV`, `ATZ` and `AT&F` may change between result codes in words and in digits.
    pub(super) fn sets_result_format(&self) -> bool {
        !self.body.starts_with(['+', '^', '#', '!', '$', '*', '%'])
            && self.body.contains(['V', 'Z', 'F', 'v', 'z', 'f'])
    }
}

/// Hexadecimal octets and nothing else.
pub(super) fn is_pdu(line: &str) -> bool {
    line.len().is_multiple_of(2) && line.bytes().all(|b| b.is_ascii_hexdigit())
}
