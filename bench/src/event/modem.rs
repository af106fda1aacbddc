//! Facts about modems and messages, and what each box of a run was.

use serde::{Deserialize, Serialize};

/// What a box of a run was: ours, somebody else's, a device, or simulated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BoxBackend {
    /// Which box: `core network`, `eNB`, `channel`, `receiver`, `modem`, `unicast network`.
    #[serde(rename = "box")]
    pub name: String,
    /// Of which UE, when it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ue: Option<String>,
    /// What it was.
    pub backend: String,
    /// What the bench could not see of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// What became known of the modem of a UE.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum ModemFact {
    /// It says who it is.
    Identified {
        /// Manufacturer, model and firmware, as far as it says.
        device: String,
        /// The profile that it is driven by.
        profile: String,
    },
    /// Where it is: `starting`, `ready`, `recovering`, `quarantined`, `off`, `closed`.
    State {
        /// The word.
        state: String,
    },
    /// A registration.
    Registration {
        /// `+CREG`, `+CGREG`, `+CEREG`, `+C5GREG`.
        domain: String,
        /// The network's word.
        status: String,
    },
    /// Signal of its unicast cell.
    Signal {
        /// The command that told.
        source: String,
        /// Reference signal received power, dBm.
        rsrp_dbm: Option<f32>,
        /// Reference signal received quality, dB.
        rsrq_db: Option<f32>,
    },
    /// It was told to receive a session, and took it.
    ServiceActivated {
        /// Session.
        session: String,
    },
    /// It does not receive a session.
    ServiceRefused {
        /// Session.
        session: String,
        /// What it said.
        why: String,
    },
    /// Something was done to bring it back.
    Rung {
        /// What.
        rung: String,
        /// What went wrong before.
        why: String,
    },
    /// It is given up: what it should have done says nothing about what is tested.
    Failed {
        /// Begins with its name.
        why: String,
    },
}

/// What became of a text message.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum SmsFact {
    /// A step gave it to the modem of a UE.
    Submitted {
        /// UE that sends.
        from: String,
        /// UE that it is for.
        to: String,
        /// The text.
        text: String,
    },
    /// The modem says that its network took it.
    Sent {
        /// TP-MR.
        reference: u8,
    },
    /// The modem or its network did not take it.
    NotSent {
        /// What was said.
        why: String,
    },
    /// It came out of the modem of the UE that it was for.
    Delivered {
        /// Seconds since it was submitted.
        after_s: f64,
    },
}
