//! What an attenuator is and how it is reached.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A step attenuator of a lab.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AttenuatorConfig {
    /// Name in the rig.
    pub name: String,
    /// How it is reached.
    pub kind: AttenuatorKind,
    /// Highest attenuation, dB: the safe one.
    pub max_db: f64,
    /// Step, dB.
    pub step_db: f64,
}

/// How an attenuator is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttenuatorKind {
    /// Lines over TCP.
    Scpi {
        /// Host and port.
        address: String,
        /// Command, `{db}` where the attenuation goes.
        set: String,
        /// Query that answers with the attenuation.
        query: Option<String>,
    },
    /// HTTP as Mini-Circuits' RCDAT and RC4DAT series speak it.
    MiniCircuits {
        /// Host and port.
        address: String,
        /// Channel, of those that have several.
        channel: Option<u8>,
    },
    /// A command of a shell.
    Command {
        /// Command, `{db}` where the attenuation goes.
        set: String,
        /// Command that prints the attenuation.
        query: Option<String>,
    },
    /// A stand-in: a file that holds the attenuation.
    Simulated {
        /// The file.
        file: PathBuf,
    },
}

impl AttenuatorConfig {
    /// What it is for others who use it too: the same for every name that a rig gives it.
    #[must_use]
    pub fn resource(&self) -> String {
        match &self.kind {
            AttenuatorKind::Scpi { address, set, .. } => format!("attenuator:{address}:{set}"),
            AttenuatorKind::MiniCircuits { address, channel } => {
                format!("attenuator:{address}:{}", channel.unwrap_or(1))
            }
            AttenuatorKind::Command { set, .. } => format!("attenuator:{set}"),
            AttenuatorKind::Simulated { file } => format!("attenuator:{}", file.display()),
        }
    }
}
