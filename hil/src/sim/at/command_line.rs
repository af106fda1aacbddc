//! Command lines as a modem reads them: V.250 clauses 5.2 to 5.4.

/// Longest command line kept, octets; V.250 clause 5.2.1 asks for 40, messages and `+CSIM` need more.
const MAX_LINE: usize = 2048;
/// Most commands of a line.
const MAX_COMMANDS: usize = 64;

/// One command of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SimCommand {
    /// `E`, `&C`, `S3`, `D`, `+CSQ`, upper case.
    pub name: String,
    /// What is to be done.
    pub operation: Operation,
}

/// What a command asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    /// `+CSQ`, `E`: do it.
    Execute,
    /// `+CREG=1`, `E0`, `S3=13`: parameters as they stand.
    Set(String),
    /// `+CREG?`, `S3?`.
    Read,
    /// `+CREG=?`.
    Test,
}

/// What reading a character led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum CommandLine {
    /// A line, of which nothing could be made out when `None`.
    Line(Option<Vec<SimCommand>>),
    /// `A/`: the last line again.
    Repeat,
}

/// Reads characters up to S3.
#[derive(Clone, Debug, Default)]
pub(super) struct LineReader {
    line: Vec<u8>,
}

impl LineReader {
    /// Takes a character; `s3` ends a line, `s5` removes a character.
    pub(super) fn push(&mut self, byte: u8, s3: u8, s5: u8) -> Option<CommandLine> {
        match byte {
            _ if byte == s3 => {
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8_lossy(&line);
                return Some(CommandLine::Line(parse(after_at(&text)?)));
            }
            _ if byte == s5 => drop(self.line.pop()),
            // Hosts that want out of the text of a message send ESC; control characters are ignored (V.250 clause 5.2.2).
            0..b' ' | 0x7F => {}
            _ if self.line.len() < MAX_LINE => self.line.push(byte),
            _ => {}
        }
        // "A/" needs no end of line.
        let is_repeat = self.line.last_chunk().is_some_and(|end: &[u8; 2]| end.eq_ignore_ascii_case(b"A/"));
        if !is_repeat || after_at(&String::from_utf8_lossy(&self.line)).is_some() {
            return None;
        }
        self.line.clear();
        Some(CommandLine::Repeat)
    }
}

/// What follows the `AT` or `at` of a line; noise before it is ignored.
fn after_at(line: &str) -> Option<&str> {
    let start = line.find("AT").into_iter().chain(line.find("at")).min()?;
    line.get(start + 2..)
}

/// The commands of a line's body; `None` when it is malformed.
fn parse(body: &str) -> Option<Vec<SimCommand>> {
    let mut commands = Vec::new();
    let mut rest = body.trim_start();
    while !rest.is_empty() && commands.len() < MAX_COMMANDS {
        let (command, after) = if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '&') {
            basic(rest)?
        } else {
            extended(rest)?
        };
        commands.push(command);
        rest = after.trim_start().strip_prefix(';').unwrap_or(after).trim_start();
    }
    Some(commands)
}

/// V.250 clause 5.3: a letter, perhaps after `&`, and a number; `S` with `=` or `?`; `D` takes the rest of the line.
fn basic(text: &str) -> Option<(SimCommand, &str)> {
    let letters = if text.starts_with('&') { 2 } else { 1 };
    let name = text.get(..letters)?.to_ascii_uppercase();
    let rest = &text[letters..];
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if name == "D" {
        return Some((SimCommand { name, operation: Operation::Set(rest.to_owned()) }, ""));
    }
    let (number, rest) = rest.split_at(digits(rest));
    if name != "S" {
        let operation = if number.is_empty() { Operation::Execute } else { Operation::Set(number.to_owned()) };
        return Some((SimCommand { name, operation }, rest));
    }
    let name = format!("S{}", number.parse::<u8>().ok()?);
    if let Some(rest) = rest.strip_prefix('?') {
        return Some((SimCommand { name, operation: Operation::Read }, rest));
    }
    let value = rest.strip_prefix('=')?;
    let (value, rest) = value.split_at(digits(value));
    Some((SimCommand { name, operation: Operation::Set(value.to_owned()) }, rest))
}

/// V.250 clause 5.4: up to a semicolon outside quotation marks.
fn extended(text: &str) -> Option<(SimCommand, &str)> {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let (command, rest) = text.split_at(end.unwrap_or(text.len()));
    let name_end = command.find(['=', '?']).unwrap_or(command.len());
    let (name, operation) = command.split_at(name_end);
    let name = name.trim_end().to_ascii_uppercase();
    // `+` for standards, other marks for manufacturers.
    let after_mark = name.strip_prefix(|c: char| c.is_ascii_punctuation())?;
    if after_mark.is_empty() || !after_mark.bytes().all(|b| b.is_ascii_alphanumeric() || b"!%-./:_".contains(&b)) {
        return None;
    }
    let operation = match operation.trim_end() {
        "" => Operation::Execute,
        "?" => Operation::Read,
        "=?" => Operation::Test,
        set => Operation::Set(set.strip_prefix('=')?.trim().to_owned()),
    };
    Some((SimCommand { name, operation }, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<CommandLine> {
        let mut reader = LineReader::default();
        bytes.iter().filter_map(|&b| reader.push(b, b'\r', 8)).collect()
    }

    fn line(commands: &[(&str, Operation)]) -> CommandLine {
        let command = |(name, operation): &(&str, Operation)| SimCommand {
            name: (*name).to_owned(),
            operation: operation.clone(),
        };
        CommandLine::Line(Some(commands.iter().map(command).collect()))
    }

    fn set(value: &str) -> Operation {
        Operation::Set(value.to_owned())
    }

    #[test]
    fn commands_of_a_line() {
        use Operation::{Execute, Read, Test};
        assert_eq!(read(b"AT\r"), [line(&[])]);
        assert_eq!(
            read(b"atE0V1 &C1S3?\r"),
            [line(&[("E", set("0")), ("V", set("1")), ("&C", set("1")), ("S3", Read)])]
        );
        assert_eq!(read(b"ATZ\r\nAT+csq\r"), [line(&[("Z", Execute)]), line(&[("+CSQ", Execute)])]);
        assert_eq!(read(b"AT+CMEE=1;+CREG=2\r"), [line(&[("+CMEE", set("1")), ("+CREG", set("2"))])]);
        assert_eq!(
            read(b"AT+COPS=?;+CSCA=\"a;b\",145;E1\r"),
            [line(&[("+COPS", Test), ("+CSCA", set("\"a;b\",145")), ("E", set("1")),])]
        );
        assert_eq!(read(b"ATS0=1;+CREG?\r"), [line(&[("S0", set("1")), ("+CREG", Read)])]);
        assert_eq!(read(b"ATDT5551234;\r"), [line(&[("D", set("T5551234;"))])]);
        assert_eq!(read(b"AT+=\r"), [CommandLine::Line(None)]);
        assert_eq!(read(b"ATS=\r"), [CommandLine::Line(None)]);
    }

    #[test]
    fn noise_escapes_backspace_and_repetition() {
        assert_eq!(read(b"\x1B\rAT\r"), [line(&[])], "ESC and an empty line mean nothing");
        assert_eq!(read(b"\0\0xxAT+CSW\x08Q\r"), [line(&[("+CSQ", Operation::Execute)])]);
        assert_eq!(
            read(b"AT+CSQ\rA/a/"),
            [line(&[("+CSQ", Operation::Execute)]), CommandLine::Repeat, CommandLine::Repeat]
        );
        assert_eq!(read(b"hello\r"), []);
    }

    proptest! {
        #[test]
        fn anything_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
            let mut reader = LineReader::default();
            for b in bytes {
                reader.push(b, b'\r', 8);
                prop_assert!(reader.line.len() <= MAX_LINE);
            }
        }
    }
}
