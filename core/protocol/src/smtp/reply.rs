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

    /// Its lines.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let enhanced = self.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
        let lines: Vec<&str> = self.text.split('\n').take(MAX_LINES).collect();
        let mut out = String::new();
        for (at, line) in lines.iter().enumerate() {
            let separator = if at + 1 == lines.len() { ' ' } else { '-' };
            let line = line.get(..MAX_TEXT).unwrap_or(line);
            out.push_str(&format!("{}{separator}{enhanced}{line}\r\n", self.code));
        }
        out.into_bytes()
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

/// Puts the lines of a reply together.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplyReader {
    code: Option<u16>,
    enhanced: Option<EnhancedCode>,
    lines: Vec<String>,
}

impl ReplyReader {
    /// Takes a line; the reply behind its last one.
    ///
    /// # Errors
    /// It is no line of a reply, or there are too many.
    pub(super) fn line(&mut self, line: &str) -> Result<Option<SmtpReply>, String> {
        let bad = || format!("no reply: {}", line.get(..80).unwrap_or(line));
        let (code, rest) = line.split_at_checked(3).ok_or_else(bad)?;
        let digits = code.bytes().all(|b| b.is_ascii_digit());
        // Clause 4.2.1: the first digit is 2 to 5, the second 0 to 5.
        let code = code.parse::<u16>().ok().filter(|code| digits && (200..600).contains(code)).ok_or_else(bad)?;
        let (is_last, text) = match (rest.strip_prefix('-'), rest.strip_prefix(' ')) {
            (Some(text), _) => (false, text),
            (None, Some(text)) => (true, text),
            (None, None) if rest.is_empty() => (true, ""),
            (None, None) => return Err(bad()),
        };
        if self.code.is_some_and(|own| own != code) {
            return Err(format!("a reply changes from {} to {code}", self.code.unwrap_or_default()));
        }
        if self.lines.len() >= MAX_LINES {
            return Err("a reply has more lines than the limit".to_owned());
        }
        let (enhanced, text) = split_enhanced(code, text);
        self.code = Some(code);
        self.enhanced = self.enhanced.or(enhanced);
        self.lines.push(text.to_owned());
        if !is_last {
            return Ok(None);
        }
        let Self { enhanced, lines, .. } = std::mem::take(self);
        Ok(Some(SmtpReply::new(code, enhanced, &lines.join("\n"))))
    }
}

/// An enhanced code at the start of a text (RFC 2034 clause 4), and what follows it.
fn split_enhanced(code: u16, text: &str) -> (Option<EnhancedCode>, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let parsed = || {
        let mut parts = word.splitn(3, '.');
        let mut number = |most: usize| {
            let part = parts.next()?;
            let fits = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            fits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        // RFC 2034 clause 4: the classes are the same.
        (u16::from(class) == code / 100).then_some(EnhancedCode(class, subject, detail))
    };
    parsed().map_or((None, text), |enhanced| (Some(enhanced), rest))
}

/// Lines of one reply.
const MAX_LINES: usize = 100;

/// Octets of text in a line; a line has 512 at most (RFC 5321 clause 4.5.3.1.5).
const MAX_TEXT: usize = 480;

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        write!(f, " {}", self.text.replace('\n', " / "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<SmtpReply>, String> {
        let mut reader = ReplyReader::default();
        let (last, first) = lines.split_last().expect("lines");
        for line in first {
            assert_eq!(reader.line(line)?, None);
        }
        reader.line(last)
    }

    #[test]
    fn replies_are_read() {
        let reply = read(&["250 2.1.5 fine"]).unwrap().unwrap();
        assert_eq!(reply, SmtpReply::new(250, Some(EnhancedCode(2, 1, 5)), "fine"));
        let reply = read(&["250-mail.example.net greets you", "250-SIZE 1000", "250 HELP"]).unwrap().unwrap();
        assert_eq!(reply, SmtpReply::new(250, None, "mail.example.net greets you\nSIZE 1000\nHELP"));
        assert_eq!(read(&["354"]), Ok(Some(SmtpReply::new(354, None, ""))));
        // What looks like one and is none.
        for text in ["4.1.5 x", "2.1.5.7 x", "2.1234.1 x", "2.1 x", "192.0.2.1 x", "2..1 x"] {
            assert_eq!(read(&[&format!("250 {text}")]).unwrap().unwrap(), SmtpReply::new(250, None, text));
        }
        let many = vec!["250-x"; MAX_LINES + 1];
        for bad in [&["250x"][..], &["25"], &["x50 a"], &["150 a"], &["650 a"], &["250-a", "251 b"], &["+50 a"], &many]
        {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn replies_are_written_in_lines() {
        let reply = SmtpReply::new(550, Some(EnhancedCode::NO_MAILBOX), "no\nbody\r\u{e4}");
        assert_eq!(reply.to_bytes(), b"550-5.1.1 no\r\n550 5.1.1 body??\r\n");
        let long = SmtpReply::ok(&"x".repeat(5000)).to_bytes();
        assert!(long.len() <= 512 && long.ends_with(b"x\r\n"));
    }
}
