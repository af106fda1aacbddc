//! One AT command line and what may answer it, V.250 clause 5.2.

use std::time::Duration;

use super::result_code::ResultCode;

/// How long most commands may take (TS 27.007 names none; ModemManager waits 3 s for what the modem knows itself).
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(5);

/// A command line with all that is needed to tell its answer from everything else that a modem says.
#[derive(Clone, Debug)]
pub struct AtCommand {
    /// After `AT`, without the terminator.
    pub(super) body: String,
    pub(super) answer: Answer,
    /// What is sent when the modem asks for it.
    pub(super) text: Option<String>,
    pub(super) time_limit: Duration,
    pub(super) abortable: bool,
}

/// The information text of a command.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// None is expected.
    Nothing,
    /// Any lines that are not known to be unsolicited.
    Text,
    /// Lines that begin so, followed by a colon.
    Prefixed {
        prefix: String,
        /// An unsolicited result code may begin likewise: does this line (without the prefix) answer the command?
        answers: fn(&str) -> bool,
        /// A line without prefix belongs to each: a PDU.
        with_body: bool,
    },
}

impl AtCommand {
    /// A command that is answered by a result code alone; `body` is what follows `AT`.
    pub fn new(body: impl Into<String>) -> Self {
        let body = body.into();
        Self { body, answer: Answer::Nothing, text: None, time_limit: DEFAULT_TIME_LIMIT, abortable: false }
    }

    /// It is answered by lines that begin with `prefix` and a colon.
    #[must_use]
    pub fn answered_by(mut self, prefix: &str) -> Self {
        self.answer = Answer::Prefixed { prefix: prefix.to_owned(), answers: |_| true, with_body: false };
        self
    }

    /// Of the lines with the prefix, only those that satisfy `answers` (without the prefix) are its answer.
    ///
    /// # Panics
    /// If [`Self::answered_by`] did not come before.
    #[must_use]
    pub fn only_if(mut self, condition: fn(&str) -> bool) -> Self {
        match &mut self.answer {
            Answer::Prefixed { answers, .. } => *answers = condition,
            Answer::Nothing | Answer::Text => panic!("AT{}: a prefix first", self.body),
        }
        self
    }

    /// Each of those lines is followed by one without prefix.
    ///
    /// # Panics
    /// If [`Self::answered_by`] did not come before.
    #[must_use]
    pub fn each_with_body(mut self) -> Self {
        match &mut self.answer {
            Answer::Prefixed { with_body, .. } => *with_body = true,
            Answer::Nothing | Answer::Text => panic!("AT{}: a prefix first", self.body),
        }
        self
    }

    /// It is answered by lines of any form.
    #[must_use]
    pub fn answered_by_text(mut self) -> Self {
        self.answer = Answer::Text;
        self
    }

    /// The modem asks for this text, which a Ctrl-Z ends.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// After this time there is no hope.
    #[must_use]
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Any character aborts it (V.250 clause 5.6.1): nothing is sent while it runs, and when its time is over it is
    /// aborted.
    #[must_use]
    pub const fn abortable(mut self) -> Self {
        self.abortable = true;
        self
    }

    /// The command line as it is sent, without its terminator.
    pub fn line(&self) -> String {
        format!("AT{}", self.body)
    }
}

/// How a command was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AtResponse {
    /// Information text, line by line.
    pub lines: Vec<AtLine>,
    /// How it ended.
    pub code: ResultCode,
}

/// A line of information text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AtLine {
    /// Without the prefix.
    pub text: String,
    /// The line that belongs to it.
    pub body: Option<String>,
}
