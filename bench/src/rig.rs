//! Rigs: one TOML file says what is real and what is simulated at each joint of the bench.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use radio::CellConfig;

pub use self::file::{FileRig, FileRole};
pub use self::lab::{Lab, LabAttenuator, LabModem};
pub use self::modems::SimulatedModem;
pub use self::shipped::SHIPPED_RIGS;
pub use self::soapy::SoapyRig;
pub use self::zmq::{BrokerKind, ZmqRig};
use crate::strict_toml::{Checker, Table, TomlProblems, read_document, read_text};

mod file;
mod lab;
mod modems;
mod shipped;
mod soapy;
mod zmq;

/// What is real and what is simulated.
#[derive(Clone, PartialEq, Debug)]
pub struct Rig {
    /// Name for the reports.
    pub name: String,
    /// Who moves time on.
    pub clock: Clock,
    /// What carries the IQ from the eNB to the UEs.
    pub radio: RadioFrontEnd,
    /// What the UEs are.
    pub ues: UeKind,
    /// What lies between the front end and each UE.
    pub channels: Channels,
    /// A recording.
    pub file: Option<FileRig>,
    /// ZeroMQ.
    pub zmq: Option<ZmqRig>,
    /// SDR devices.
    pub soapysdr: Option<SoapyRig>,
    /// Modems, attenuators, power switches, position, leases.
    pub lab: Lab,
    /// Simulated modems that are not like the others.
    pub simulated_modems: Vec<SimulatedModem>,
}

/// Who moves time on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Clock {
    /// Time jumps to the next deadline.
    #[default]
    Virtual,
    /// Time is the count of samples that a front end takes and gives; silence is on air too.
    Paced,
}

/// What carries the IQ from the eNB to the UEs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RadioFrontEnd {
    /// Memory, through the channel model of each UE.
    #[default]
    Memory,
    /// A recording, written and read back, or only read.
    File,
    /// ZeroMQ as srsRAN frames it.
    Zmq,
    /// SDR devices.
    SoapySdr,
}

/// What lies between the front end and each UE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Channels {
    /// The channel model of each UE.
    #[default]
    Simulated,
    /// Nothing: the front end has the channel, all UEs hear the same.
    Real,
}

/// What the UEs are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UeKind {
    /// Receiver and MBMS client of this program; where a scenario needs modems, simulated ones in memory as well.
    #[default]
    Simulated,
    /// The same behind simulated modems in memory: what the UE does, it is told by AT commands.
    ModemsInMemory,
    /// The same behind simulated modems on pseudo terminals.
    ModemsOnPty,
    /// Real modems, and our MBMS client behind their data interfaces.
    Modems,
}

/// A rig that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadRigError {
    /// The file cannot be read.
    #[error(
        "cannot read rig {}: {source}; without --rig everything is simulated; shipped rigs: {}",
        .file.display(), shipped::names()
    )]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says something that is not allowed, or not built yet.
    #[error(transparent)]
    Wrong(#[from] TomlProblems),
}

impl Rig {
    /// Reads and checks a rig file.
    pub fn load(file: &Path) -> Result<Self, LoadRigError> {
        let text = read_text(file).map_err(|source| LoadRigError::Read { file: file.into(), source })?;
        Ok(Self::parse(file, &text)?)
    }

    /// As [`Rig::load`], with the text of the file already there.
    pub fn parse(file: &Path, text: &str) -> Result<Self, TomlProblems> {
        let mut rig = read_document(file, text, rig, check)?;
        rig.file = rig.file.map(|own| own.beside(file));
        rig.lab = rig.lab.beside(file);
        Ok(rig)
    }

    /// Power at the UEs' antenna connectors of samples with an rms of 1, dBm. `None` without a calibration: the front end
    /// has the channel itself, and the rig does not tell.
    #[must_use]
    pub fn full_scale_dbm(&self, cell: &CellConfig) -> Option<f64> {
        match (self.channels, self.radio) {
            (Channels::Simulated, _) => Some(SIMULATED_ELEMENT_DBM + 10.0 * (cell.n_fft as f64).log10()),
            (Channels::Real, RadioFrontEnd::SoapySdr) => self.soapysdr.as_ref()?.receive_full_scale_dbm(),
            (Channels::Real, _) => None,
        }
    }
}

/// Where channels are simulated, a resource element that the eNB sends with unit power arrives with this power when the
/// channel's gain is 0 dB.
const SIMULATED_ELEMENT_DBM: f64 = -85.0;

impl Default for Rig {
    /// Everything simulated.
    fn default() -> Self {
        Self {
            name: DEFAULT_NAME.into(),
            clock: Clock::Virtual,
            radio: RadioFrontEnd::Memory,
            ues: UeKind::Simulated,
            channels: Channels::Simulated,
            file: None,
            zmq: None,
            soapysdr: None,
            lab: Lab::default(),
            simulated_modems: Vec::new(),
        }
    }
}

impl fmt::Display for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (clock {}, radio {}", self.name, self.clock, self.radio)?;
        let detail = match self.radio {
            RadioFrontEnd::Memory => None,
            RadioFrontEnd::File => self.file.as_ref().map(ToString::to_string),
            RadioFrontEnd::Zmq => self.zmq.as_ref().map(ToString::to_string),
            RadioFrontEnd::SoapySdr => self.soapysdr.as_ref().map(ToString::to_string),
        };
        if let Some(detail) = detail {
            write!(f, ": {detail}")?;
        }
        write!(f, ", UEs {})", self.ues)
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual => f.write_str("virtual"),
            Self::Paced => f.write_str("paced"),
        }
    }
}

impl fmt::Display for RadioFrontEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::File => f.write_str("file"),
            Self::Zmq => f.write_str("zmq"),
            Self::SoapySdr => f.write_str("soapysdr"),
        }
    }
}

impl fmt::Display for UeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => f.write_str("simulated"),
            Self::ModemsInMemory => f.write_str("simulated behind modems in memory"),
            Self::ModemsOnPty => f.write_str("simulated behind modems on pseudo terminals"),
            Self::Modems => f.write_str("real modems"),
        }
    }
}

fn rig(t: &mut Table<'_>) -> Rig {
    let clocks = [("virtual", Clock::Virtual), ("paced", Clock::Paced)];
    let radios = [
        ("memory", RadioFrontEnd::Memory),
        ("file", RadioFrontEnd::File),
        ("zmq", RadioFrontEnd::Zmq),
        ("soapysdr", RadioFrontEnd::SoapySdr),
    ];
    let channels = [("simulated", Channels::Simulated), ("real", Channels::Real)];
    let ues = [
        ("simulated", UeKind::Simulated),
        ("modems_in_memory", UeKind::ModemsInMemory),
        ("modems_on_pty", UeKind::ModemsOnPty),
        ("modems", UeKind::Modems),
    ];
    Rig {
        name: t.text_or("name", || DEFAULT_NAME.into()),
        clock: t.built("clock", &clocks, &["live"], Clock::default()),
        radio: t.choice_or("radio", &radios, RadioFrontEnd::default()),
        ues: t.choice_or("ues", &ues, UeKind::default()),
        channels: t.choice_or("channels", &channels, Channels::default()),
        file: t.optional_table("file", file::file),
        zmq: t.optional_table("zmq", zmq::zmq),
        soapysdr: t.optional_table("soapysdr", soapy::soapy),
        lab: lab::lab(t),
        simulated_modems: t.tables("simulated_modem", 0..=256, modems::simulated_modem),
    }
}

/// What does not go together.
fn check(rig: &Rig, checker: &mut Checker<'_>) {
    lab::check(&rig.lab, checker);
    let there = match rig.radio {
        RadioFrontEnd::Memory => true,
        RadioFrontEnd::File => rig.file.is_some(),
        RadioFrontEnd::Zmq => rig.zmq.is_some(),
        RadioFrontEnd::SoapySdr => rig.soapysdr.is_some(),
    };
    if !there {
        checker.note(&["radio"], format!("radio = \"{0}\" needs a table [{0}]", rig.radio));
    }
    match (rig.clock, rig.radio) {
        (Clock::Paced, RadioFrontEnd::Memory) => {
            checker.note(
                &["clock"],
                "clock = \"paced\" needs a front end that paces: radio = \"file\", \"zmq\" or \"soapysdr\"".into(),
            );
        }
        (Clock::Virtual, radio) if radio != RadioFrontEnd::Memory => {
            checker.note(&["radio"], format!("radio = \"{radio}\" needs clock = \"paced\""));
        }
        _ => {}
    }
    if rig.channels == Channels::Real && rig.radio == RadioFrontEnd::Memory {
        checker.note(&["channels"], "channels = \"real\" needs a front end that has them".into());
    }
    if rig.ues == UeKind::Modems && rig.clock != Clock::Paced {
        checker.note(&["ues"], "ues = \"modems\" needs clock = \"paced\": real modems live in real time".into());
    }
    if rig.ues == UeKind::Modems && rig.lab.modems.is_empty() {
        checker.note(&["ues"], "ues = \"modems\" needs a table [[modem]] for each UE".into());
    }
    let own_broker = rig.zmq.as_ref().is_some_and(|zmq| zmq.broker == BrokerKind::Own);
    if rig.channels == Channels::Real && rig.radio == RadioFrontEnd::Zmq && own_broker {
        checker.note(
            &["channels"],
            "channels = \"real\" needs [zmq] broker = \"external\": our own simulates them".into(),
        );
    }
}

const DEFAULT_NAME: &str = "all simulated";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Rig, String> {
        Rig::parse(Path::new("rig.toml"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn an_empty_rig_is_all_simulated() {
        assert_eq!(parse(""), Ok(Rig::default()));
        assert_eq!(Rig::default().to_string(), "all simulated (clock virtual, radio memory, UEs simulated)");
    }

    #[test]
    fn what_is_not_built_yet_is_refused_and_said_so() {
        let error = parse("name = 'lab'\nclock = 'live'\n").unwrap_err();
        let says = "rig.toml:2:9: clock = \"live\" is not built yet; allowed values today: \"virtual\", \"paced\"";
        assert_eq!(error.lines().next(), Some(says));
    }

    #[test]
    fn an_unknown_value_or_key_is_refused() {
        let error = parse("radio = 'memry'").unwrap_err();
        let allowed = "\"memory\", \"file\", \"zmq\", \"soapysdr\"";
        assert!(
            error.starts_with(&format!("rig.toml:1:9: radio = 'memry' is wrong; allowed values: {allowed}\n")),
            "{error}"
        );
        let error = parse("rdio = 'memory'").unwrap_err();
        assert!(error.contains("unknown key `rdio` in the file; did you mean `radio`?"), "{error}");
    }

    #[test]
    fn a_front_end_needs_its_table_and_its_clock() {
        for (text, says) in [
            ("clock = 'paced'\nradio = 'zmq'", "rig.toml:2:9: radio = \"zmq\" needs a table [zmq]"),
            ("clock = 'paced'", "rig.toml:1:9: clock = \"paced\" needs a front end"),
            ("radio = 'file'\n[file]\nrecording = 'a'", "rig.toml:1:9: radio = \"file\" needs clock = \"paced\""),
            ("ues = 'modems'\n[[modem]]\nname = 'm'\nport = 'm'", "ues = \"modems\" needs clock = \"paced\""),
            ("ues = 'modems'", "ues = \"modems\" needs a table [[modem]] for each UE"),
            ("channels = 'real'", "channels = \"real\" needs a front end that has them"),
            ("clock = 'paced'\nradio = 'zmq'\nchannels = 'real'\n[zmq]", "needs [zmq] broker = \"external\""),
            (
                "clock = 'paced'\nradio = 'zmq'\n[zmq]\nenb = 'ipc:///x'",
                "enb = 'ipc:///x' is wrong; allowed values: \"tcp://",
            ),
            (
                "clock = 'paced'\nradio = 'file'\n[file]\nrecording = 'a'\nformat = 'cu8'",
                "\"cf32_le\", \"ci16_le\", \"ci8\"",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_recording_is_looked_for_beside_the_rig_and_written_into_the_run() {
        let text =
            |source: &str| format!("clock='paced'\nradio='file'\n[file]\nrecording='a.sigmf-meta'\nsource='{source}'");
        let rig = |source| Rig::parse(Path::new("lab/rig.toml"), &text(source)).unwrap();
        assert_eq!(rig("recording").file.unwrap().recording, Path::new("lab/a.sigmf-meta"));
        assert_eq!(rig("enb").file.as_ref().unwrap().recording, Path::new("a.sigmf-meta"));
        let says = "all simulated (clock paced, radio file: recording a.sigmf-meta, written by the eNB, UEs simulated)";
        assert_eq!(rig("enb").to_string(), says);
    }

    #[test]
    fn shipped_rigs_are_right() {
        for (file, radio) in [
            ("zmq.toml", RadioFrontEnd::Zmq),
            ("sigmf.toml", RadioFrontEnd::File),
            ("soapy_loop.toml", RadioFrontEnd::SoapySdr),
            ("sdr_lab.toml", RadioFrontEnd::SoapySdr),
            ("lab.toml", RadioFrontEnd::SoapySdr),
        ] {
            let rig = Rig::load(&fixtures::rig(file)).unwrap();
            assert_eq!((rig.radio, rig.clock), (radio, Clock::Paced), "{file}");
        }
    }

    #[test]
    fn the_shipped_rig_is_the_default() {
        assert_eq!(Rig::load(&fixtures::rig("simulated.toml")).unwrap(), Rig::default());
    }
}
