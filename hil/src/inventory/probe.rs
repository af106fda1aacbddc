//! What a modem on a port says that it can do.

use std::time::Duration;

use serde::Serialize;

use crate::at::embms::{EmbmsCommand, EmbmsGrammar, ProbeEmbms};
use crate::at::ts27007::{Identity, ReadIdentity};
use crate::at::{AtCommand, AtConfig, AtFailure};
use crate::port::{LiveHost, SerialDevice};

/// A port without a modem behind it is not waited for longer.
const HELLO_LIMIT: Duration = Duration::from_secs(1);

/// What a modem says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ProbedModem {
    /// `+CGMI`.
    pub manufacturer: String,
    /// `+CGMM`.
    pub model: String,
    /// `+CGMR`.
    pub revision: String,
    /// `+CGSN`.
    pub imei: String,
    /// Commands that it knows: `+CLAC`. Not all list all.
    pub commands: Vec<String>,
    /// eMBMS commands of TS 27.007 clause 14.2 that it answers with the ranges of their parameters.
    pub embms: Vec<String>,
}

/// A port that has no modem that takes commands.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProbeError {
    /// It cannot be opened.
    #[error("cannot be opened: {0}")]
    Open(String),
    /// Nobody answers `AT`.
    #[error("takes no AT commands: {0}")]
    NoAt(AtFailure),
}

/// Asks a modem what it is and can do; nothing of it is changed but that it does not echo any more.
///
/// # Errors
/// There is none.
pub fn probe_modem(port: &str, baud: u32) -> Result<ProbedModem, ProbeError> {
    let device = SerialDevice::open(port, baud).map_err(|e| ProbeError::Open(e.to_string()))?;
    let mut host = LiveHost::new(AtConfig::default(), device);
    let mut hello = || host.command(AtCommand::new("E0").time_limit(HELLO_LIMIT));
    // Some swallow what comes first.
    hello().or_else(|_| hello()).map_err(ProbeError::NoAt)?;
    let mut ask = |what| host.ask(&ReadIdentity(what)).unwrap_or_default();
    let mut found = ProbedModem {
        manufacturer: ask(Identity::Manufacturer),
        model: ask(Identity::Model),
        revision: ask(Identity::Revision),
        imei: ask(Identity::Imei),
        ..ProbedModem::default()
    };
    if let Ok(response) = host.command(AtCommand::new("+CLAC").answered_by_text()) {
        let commands = response.lines.iter().flat_map(|line| line.text.split([',', ' '])).map(str::trim);
        let commands = commands.map(|command| command.strip_prefix("AT").unwrap_or(command));
        found.commands = commands.filter(|command| !command.is_empty()).map(str::to_owned).collect();
        found.commands.sort();
        found.commands.dedup();
    }
    let grammar = EmbmsGrammar::default();
    for command in EmbmsCommand::ALL {
        for probe in ProbeEmbms::spellings(&grammar, command) {
            if matches!(host.ask(&probe), Ok(Some(_))) {
                found.embms.push(probe.name().to_owned());
                break;
            }
        }
    }
    Ok(found)
}
