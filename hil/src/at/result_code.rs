//! Final result codes: V.250 clause 5.7 and annex A, TS 27.007 clause 9.2, TS 27.005 clause 3.2.5.

use std::fmt;

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResultCode {
    /// `OK`.
    Ok,
    /// `CONNECT`, with what followed it.
    Connect(String),
    /// `ERROR`, or a word of a vendor that means the same.
    Error,
    /// `+CME ERROR`.
    Cme(EquipmentError),
    /// `+CMS ERROR`.
    Cms(EquipmentError),
    /// `NO CARRIER`.
    NoCarrier,
    /// `NO DIALTONE`.
    NoDialtone,
    /// `BUSY`.
    Busy,
    /// `NO ANSWER`.
    NoAnswer,
    /// `ABORTED`: the command was interrupted.
    Aborted,
}

/// The cause in `+CME ERROR` and `+CMS ERROR`: a number with `AT+CMEE=1`, words with `AT+CMEE=2`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EquipmentError {
    /// `<err>`.
    Code(u16),
    /// Words that stand for no number of the tables, as they came.
    Text(String),
}

impl ResultCode {
    /// The command did what it was told.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok | Self::Connect(_))
    }

    /// Number of a `+CME ERROR`.
    pub fn cme(&self) -> Option<u16> {
        match self {
            Self::Cme(EquipmentError::Code(code)) => Some(*code),
            _ => None,
        }
    }

    /// Number of a `+CMS ERROR`.
    pub fn cms(&self) -> Option<u16> {
        match self {
            Self::Cms(EquipmentError::Code(code)) => Some(*code),
            _ => None,
        }
    }

    /// The result code that a line is, if it is one. `numeric`: `ATV0` may be in force, one digit is a result code.
    pub(super) fn parse(line: &str, numeric: bool) -> Option<Self> {
        if numeric && line.len() == 1 {
            return Self::of_digit(line.as_bytes()[0]);
        }
        let error = |prefix: &str| line.strip_prefix(prefix).map(|cause| cause.trim_start_matches(':').trim());
        if let Some(cause) = error("+CME ERROR") {
            return Some(Self::Cme(EquipmentError::parse(cause, &CME)));
        }
        if let Some(cause) = error("+CMS ERROR") {
            return Some(Self::Cms(EquipmentError::parse(cause, &CMS)));
        }
        Some(match line {
            "OK" => Self::Ok,
            // The last three: vendors (Huawei, Samsung, Motorola) that know no better word.
            "ERROR" | "COMMAND NOT SUPPORT" | "NA" => Self::Error,
            _ if line.starts_with("MODEM ERROR:") => Self::Error,
            "NO CARRIER" => Self::NoCarrier,
            "NO DIALTONE" | "NO DIAL TONE" => Self::NoDialtone,
            "BUSY" => Self::Busy,
            "NO ANSWER" => Self::NoAnswer,
            "ABORTED" | "ABORT" => Self::Aborted,
            "CONNECT" => Self::Connect(String::new()),
            _ => Self::Connect(line.strip_prefix("CONNECT ")?.to_owned()),
        })
    }

    /// V.250 table 1; 2 is RING, which ends nothing.
    fn of_digit(digit: u8) -> Option<Self> {
        Some(match digit {
            b'0' => Self::Ok,
            b'1' => Self::Connect(String::new()),
            b'3' => Self::NoCarrier,
            b'4' => Self::Error,
            b'6' => Self::NoDialtone,
            b'7' => Self::Busy,
            b'8' => Self::NoAnswer,
            _ => return None,
        })
    }
}

impl EquipmentError {
    fn parse(cause: &str, table: &[(u16, &str)]) -> Self {
        let of_text = || table.iter().find(|(_, text)| text.eq_ignore_ascii_case(cause)).map(|&(code, _)| code);
        cause.parse().ok().or_else(of_text).map_or_else(|| Self::Text(cause.to_owned()), Self::Code)
    }

    /// The words that stand for a number in `+CME ERROR` or `+CMS ERROR`.
    pub fn words(&self, name: &str) -> Option<&'static str> {
        let Self::Code(code) = self else { return None };
        let table: &[_] = if name == "+CMS ERROR" { &CMS } else { &CME };
        table.iter().find(|(c, _)| c == code).map(|&(_, text)| text)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>, table: &[(u16, &str)]) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Code(code) => {
                write!(f, "{code}")?;
                table.iter().find(|(c, _)| c == code).map_or(Ok(()), |(_, text)| write!(f, " ({text})"))
            }
        }
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Connect(text) if text.is_empty() => f.write_str("CONNECT"),
            Self::Connect(text) => write!(f, "CONNECT {text}"),
            Self::Error => f.write_str("ERROR"),
            Self::Cme(error) => {
                f.write_str("+CME ERROR: ")?;
                error.describe(f, &CME)
            }
            Self::Cms(error) => {
                f.write_str("+CMS ERROR: ")?;
                error.describe(f, &CMS)
            }
            Self::NoCarrier => f.write_str("NO CARRIER"),
            Self::NoDialtone => f.write_str("NO DIALTONE"),
            Self::Busy => f.write_str("BUSY"),
            Self::NoAnswer => f.write_str("NO ANSWER"),
            Self::Aborted => f.write_str("ABORTED"),
        }
    }
}

/// TS 27.007 clauses 9.2.1 and 9.2.2, those that a test bench meets.
const CME: [(u16, &str); 44] = [
    (0, "phone failure"),
    (1, "no connection to phone"),
    (2, "phone-adaptor link reserved"),
    (3, "operation not allowed"),
    (4, "operation not supported"),
    (5, "PH-SIM PIN required"),
    (10, "SIM not inserted"),
    (11, "SIM PIN required"),
    (12, "SIM PUK required"),
    (13, "SIM failure"),
    (14, "SIM busy"),
    (15, "SIM wrong"),
    (16, "incorrect password"),
    (17, "SIM PIN2 required"),
    (18, "SIM PUK2 required"),
    (20, "memory full"),
    (21, "invalid index"),
    (22, "not found"),
    (23, "memory failure"),
    (24, "text string too long"),
    (25, "invalid characters in text string"),
    (26, "dial string too long"),
    (27, "invalid characters in dial string"),
    (30, "no network service"),
    (31, "network timeout"),
    (32, "network not allowed - emergency calls only"),
    (40, "network personalization PIN required"),
    (41, "network personalization PUK required"),
    (48, "hidden key required"),
    (50, "incorrect parameters"),
    (51, "command implemented but currently disabled"),
    (52, "command aborted by user"),
    (53, "not attached to network due to MT functionality restrictions"),
    (100, "unknown"),
    (103, "illegal MS"),
    (106, "illegal ME"),
    (107, "GPRS services not allowed"),
    (111, "PLMN not allowed"),
    (112, "location area not allowed"),
    (113, "roaming not allowed in this location area"),
    (124, "MBMS bearer capabilities insufficient for the service"),
    (132, "service option not supported"),
    (133, "requested service option not subscribed"),
    (148, "unspecified GPRS error"),
];

/// TS 27.005 clause 3.2.5; 0 to 127 are causes of TS 24.011, 128 to 255 of TS 23.040.
const CMS: [(u16, &str); 24] = [
    (300, "ME failure"),
    (301, "SMS service of ME reserved"),
    (302, "operation not allowed"),
    (303, "operation not supported"),
    (304, "invalid PDU mode parameter"),
    (305, "invalid text mode parameter"),
    (310, "(U)SIM not inserted"),
    (311, "(U)SIM PIN required"),
    (312, "PH-(U)SIM PIN required"),
    (313, "(U)SIM failure"),
    (314, "(U)SIM busy"),
    (315, "(U)SIM wrong"),
    (316, "(U)SIM PUK required"),
    (317, "(U)SIM PIN2 required"),
    (318, "(U)SIM PUK2 required"),
    (320, "memory failure"),
    (321, "invalid memory index"),
    (322, "memory full"),
    (330, "SMSC address unknown"),
    (331, "no network service"),
    (332, "network timeout"),
    (340, "no +CNMA acknowledgement expected"),
    (500, "unknown error"),
    (512, "of the manufacturer"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_words_and_digits() {
        let verbose = |line| ResultCode::parse(line, false);
        assert_eq!(verbose("OK"), Some(ResultCode::Ok));
        assert_eq!(verbose("CONNECT 115200"), Some(ResultCode::Connect("115200".into())));
        assert_eq!(verbose("COMMAND NOT SUPPORT"), Some(ResultCode::Error));
        assert_eq!(verbose("+CREG: 1"), None);
        assert_eq!(verbose("0"), None, "IMSI, register values and the like may be digits");
        for (digit, code) in [("0", ResultCode::Ok), ("4", ResultCode::Error), ("7", ResultCode::Busy)] {
            assert_eq!(ResultCode::parse(digit, true), Some(code));
        }
        assert_eq!(ResultCode::parse("2", true), None, "RING ends nothing");
        assert_eq!(ResultCode::parse("013", true), None);
    }

    #[test]
    fn causes_as_numbers_and_words() {
        let cme = |line| ResultCode::parse(line, false).and_then(|r| r.cme());
        assert_eq!(cme("+CME ERROR: 14"), Some(14));
        assert_eq!(cme("+CME ERROR:14"), Some(14));
        assert_eq!(cme("+CME ERROR: SIM busy"), Some(14));
        assert_eq!(cme("+CME ERROR: please wait"), None);
        assert_eq!(ResultCode::parse("+CME ERROR: 515", false).unwrap().to_string(), "+CME ERROR: 515");
        assert_eq!(
            ResultCode::parse("+CMS ERROR: 332", false).unwrap().to_string(),
            "+CMS ERROR: 332 (network timeout)"
        );
    }
}
