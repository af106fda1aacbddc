//! Unsolicited result codes: TS 27.007, TS 27.005 clauses 3.4, 4.6.

/// What a modem says unasked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Urc {
    /// `RING`, `+CREG`, `+CMT`, ...
    pub name: String,
    /// What follows the colon.
    pub text: String,
    /// The second line of `+CMT`, `+CDS`, `+CBM`: a PDU.
    pub body: Option<String>,
}

/// The unsolicited result codes that a modem may use.
#[derive(Clone, Debug)]
pub struct UrcTable {
    names: Vec<(String, bool)>,
}

/// Those of one line.
const ONE_LINE: [&str; 27] = [
    "RING",
    "+CRING",
    "+CREG",
    "+CGREG",
    "+CEREG",
    "+C5GREG",
    "+CMTI",
    "+CDSI",
    "+CBMI",
    "+CUSD",
    "+CLIP",
    "+COLP",
    "+CCWA",
    "+CSSI",
    "+CSSU",
    "+CGEV",
    "+CIEV",
    "+CTZV",
    "+CTZE",
    "+CTZEU",
    "+CMSSRI",
    "+CEMBMSRI",
    "+CEMBMSSRVI",
    "+CEMBMSSAII",
    "+CSIMI",
    "+CNEMU",
    "+CALV",
];
/// Those that a line with a PDU follows (TS 27.005 clause 3.4.1, PDU mode).
const TWO_LINES: [&str; 3] = ["+CMT", "+CDS", "+CBM"];

impl Default for UrcTable {
    fn default() -> Self {
        let names = ONE_LINE.map(|name| (name, false)).into_iter().chain(TWO_LINES.map(|name| (name, true)));
        Self { names: names.map(|(name, two)| (name.to_owned(), two)).collect() }
    }
}

impl UrcTable {
    /// Adds one of a vendor.
    pub fn add(&mut self, name: &str) {
        if self.find(name).is_none() {
            self.names.push((name.to_owned(), false));
        }
    }

    fn find(&self, name: &str) -> Option<bool> {
        self.names.iter().find(|(n, _)| n == name).map(|&(_, two)| two)
    }

    /// The code that a line is or begins, and whether a second line follows.
    pub(super) fn parse(&self, line: &str) -> Option<(Urc, bool)> {
        let (name, text) = line.split_once(':').unwrap_or((line, ""));
        let two_lines = self.find(name.trim_end())?;
        Some((Urc { name: name.trim_end().to_owned(), text: text.trim().to_owned(), body: None }, two_lines))
    }
}
