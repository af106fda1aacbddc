//! Replies (RFC 5321 clause 4.2) and enhanced status codes (RFC 3463).

use std::fmt;

/// An enhanced status code: class, subject, detail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EnhancedCode(pub u8, pub u16, pub u16);

impl EnhancedCode {
    /// Destination mailbox address does not exist (RFC 3463 clause 3.2).
    pub const NO_MAILBOX: Self = Self(5, 1, 1);
    /// Mailbox is full, which passes.
    pub const MAILBOX_FULL: Self = Self(4, 2, 2);
    /// The system is full for now (clause 3.4).
    pub const SYSTEM_FULL: Self = Self(4, 3, 1);
    /// The message is too long for the system (clause 3.4).
    pub const TOO_LONG: Self = Self(5, 3, 4);
    /// Too many recipients (clause 3.6).
    pub const TOO_MANY_RECIPIENTS: Self = Self(4, 5, 3);
    /// Delivery is not allowed (clause 3.8).
    pub const NOT_ALLOWED: Self = Self(5, 7, 1);
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpReply {
    /// Three digits.
    pub code: u16,
    /// The enhanced status code, as far as there is one.
    pub enhanced: Option<EnhancedCode>,
    /// The text; lines are separated by LF.
    pub text: String,
}

impl SmtpReply {
    /// A reply. What is no printable ASCII goes as `?`.
    pub fn new(code: u16, enhanced: Option<EnhancedCode>, text: &str) -> Self {
        let printable = |c: char| if c == '\n' || (' '..='~').contains(&c) { c } else { '?' };
        Self { code, enhanced, text: text.chars().map(printable).collect() }
    }

    /// 250 2.0.0: done.
    pub fn ok(text: &str) -> Self {
        Self::new(250, Some(EnhancedCode(2, 0, 0)), text)
    }

    /// 451 with 4.3.0: try again later.
    pub fn later(text: &str) -> Self {
        Self::new(451, Some(EnhancedCode(4, 3, 0)), text)
    }

    /// 452 with 4.3.1: no room now, try again later.
    pub fn no_room(text: &str) -> Self {
        Self::new(452, Some(EnhancedCode::SYSTEM_FULL), text)
    }

    /// 550 with 5.1.1: nobody of that name.
    pub fn no_mailbox(text: &str) -> Self {
        Self::new(550, Some(EnhancedCode::NO_MAILBOX), text)
    }

    /// 554 with 5.6.0: the content cannot be taken.
    pub fn bad_content(text: &str) -> Self {
        Self::new(554, Some(EnhancedCode(5, 6, 0)), text)
    }

    /// 552 with 5.3.4: too long.
    pub fn too_long(text: &str) -> Self {
        Self::new(552, Some(EnhancedCode::TOO_LONG), text)
    }

    /// 550 with 5.7.1: not allowed.
    pub fn not_allowed(text: &str) -> Self {
        Self::new(550, Some(EnhancedCode::NOT_ALLOWED), text)
    }

    /// 2yz.
    pub const fn is_positive(&self) -> bool {
        self.code >= 200 && self.code < 300
    }

    /// 4yz: the same may be done later.
    pub const fn is_transient(&self) -> bool {
        self.code >= 400 && self.code < 500
    }

    /// 5yz: it will not be done later either.
    pub const fn is_permanent(&self) -> bool {
        self.code >= 500 && self.code < 600
    }
}

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        write!(f, " {}", self.text.replace('\n', " / "))
    }
}
