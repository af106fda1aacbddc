//! From bytes of a modem to lines and prompts, V.250 clause 5.7.1, tolerant of what modems do to it.

/// Longest line kept, octets: a `+CSIM` answer has about 520, an operator list a few thousand.
const MAX_LINE: usize = 8192;

/// What a modem said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// A line without its terminators, never empty.
    Line(String),
    /// `>` at the start of a line while text is being asked for.
    Prompt,
    /// A line longer than [`MAX_LINE`] was thrown away.
    TooLong,
}

/// Cuts a stream of bytes, however it is chunked.
#[derive(Clone, Debug, Default)]
pub(super) struct LineSplitter {
    line: Vec<u8>,
    too_long: bool,
    /// A command waits to be asked for its text.
    pub(super) wants_prompt: bool,
}

impl LineSplitter {
    /// Takes one byte.
    ///
    /// A line ends with CR or LF, whichever comes first; empty lines mean nothing. With `ATV0` a result code ends with CR
    /// alone, with echo a line may begin with several CRs. NUL is line noise of ports that are being set up.
    pub(super) fn push(&mut self, byte: u8) -> Option<Token> {
        match byte {
            0 => None,
            b'\r' | b'\n' => self.end(),
            b'>' if self.wants_prompt && self.line.iter().all(|&b| b == b' ') => {
                self.line.clear();
                self.wants_prompt = false;
                Some(Token::Prompt)
            }
            _ if self.line.len() >= MAX_LINE => {
                self.too_long = true;
                None
            }
            _ => {
                self.line.push(byte);
                None
            }
        }
    }

    fn end(&mut self) -> Option<Token> {
        let line = String::from_utf8_lossy(&self.line).trim().to_owned();
        self.line.clear();
        if std::mem::take(&mut self.too_long) {
            return Some(Token::TooLong);
        }
        (!line.is_empty()).then_some(Token::Line(line))
    }

    /// Forgets what was begun: the port was closed.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(wants_prompt: bool, bytes: &[u8]) -> Vec<Token> {
        let mut splitter = LineSplitter { wants_prompt, ..LineSplitter::default() };
        bytes.iter().filter_map(|&b| splitter.push(b)).collect()
    }

    fn line(text: &str) -> Token {
        Token::Line(text.to_owned())
    }

    #[test]
    fn lines_with_any_terminator() {
        let want = vec![line("AT+CSQ"), line("+CSQ: 20,99"), line("OK")];
        for bytes in
            ["AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n", "AT+CSQ\r+CSQ: 20,99\rOK\r", "AT+CSQ\n+CSQ: 20,99 \n\n\nOK\n"]
        {
            assert_eq!(tokens(false, bytes.as_bytes()), want, "{bytes:?}");
        }
        assert_eq!(tokens(false, b"\0\r\n\0O\0K\r\n"), [line("OK")]);
    }

    #[test]
    fn prompts_in_all_their_forms() {
        for bytes in ["\r\n> ", "\r\n>", "\r\n>\r\n", "> \r\n"] {
            assert_eq!(tokens(true, bytes.as_bytes()), [Token::Prompt], "{bytes:?}");
        }
        // Not asked for, or not at the start of a line, it is text.
        assert_eq!(tokens(false, b"> \r\n"), [line(">")]);
        assert_eq!(tokens(true, b"a > b\r\n"), [line("a > b")]);
    }

    #[test]
    fn a_line_without_end_costs_a_bounded_amount_of_memory() {
        let mut splitter = LineSplitter::default();
        for _ in 0..100_000 {
            assert_eq!(splitter.push(b'x'), None);
        }
        assert!(splitter.line.capacity() <= 2 * MAX_LINE);
        assert_eq!(splitter.push(b'\r'), Some(Token::TooLong));
        assert_eq!([b'O', b'K', b'\r'].into_iter().find_map(|b| splitter.push(b)), Some(line("OK")));
    }
}
