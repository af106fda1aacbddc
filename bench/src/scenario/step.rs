//! Steps of scenarios.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ImsStep, MbmsStep, McStep, MmsStep, ServiceStep, SmsStep};

/// A step of the scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    #[serde(flatten)]
    pub action: StepAction,
    /// The scenario's own words for it.
    pub description: String,
}

/// What a step does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum StepAction {
    /// The BM-SC opens a session.
    Start {
        /// Which.
        session: Selector,
    },
    /// Time passes.
    Run {
        /// How much, milliseconds.
        for_ms: u64,
    },
    /// Time passes until every UE has the object of a session.
    RunUntilDelivered {
        /// Which.
        session: Selector,
        /// But no longer than this, milliseconds.
        timeout_ms: u64,
    },
    /// Time passes until every running session has sent what its `air_limit_octets` allows.
    RunUntilAirLimit {
        /// But no longer than this, milliseconds.
        timeout_ms: u64,
    },
    /// A session that runs moves to another MCH.
    Update {
        /// Which.
        session: Selector,
        /// Where it goes on.
        mch: String,
    },
    /// The BM-SC closes a session.
    Stop {
        /// Which.
        session: Selector,
    },
    /// A UE sends a text message to another one, through its modem.
    SendSms {
        /// UE that sends.
        from: String,
        /// UE that it is for.
        to: String,
        /// The text.
        text: String,
    },
    /// Time passes until all messages that were sent have arrived.
    RunUntilSmsDelivered {
        /// But no longer than this, milliseconds.
        timeout_ms: u64,
    },
    /// Something on the IMS.
    #[serde(untagged)]
    Ims(ImsStep),
    /// Something with a service of the IMS.
    #[serde(untagged)]
    Service(ServiceStep),
    /// Something of mission critical services.
    #[serde(untagged)]
    Mc(McStep),
    /// Something with short messages over IP.
    #[serde(untagged)]
    Sms(SmsStep),
    /// Something with multimedia messages.
    #[serde(untagged)]
    Mms(MmsStep),
}

impl StepAction {
    /// The file of speech that a UE says.
    pub(crate) fn speech(&self) -> Option<&Path> {
        match self {
            Self::Service(ServiceStep::Mbms(MbmsStep::GroupTalk { content, .. })) => Some(content),
            _ => None,
        }
    }
}

impl fmt::Display for StepAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { session } => write!(f, "start {session}"),
            Self::Run { for_ms } => write!(f, "run for {for_ms} ms"),
            Self::RunUntilDelivered { session, timeout_ms } => {
                write!(f, "run until {session} delivered, at most {timeout_ms} ms")
            }
            Self::RunUntilAirLimit { timeout_ms } => write!(f, "run until air limit, at most {timeout_ms} ms"),
            Self::Update { session, mch } => write!(f, "move {session} to {mch}"),
            Self::Stop { session } => write!(f, "stop {session}"),
            Self::SendSms { from, to, .. } => write!(f, "{from} sends a message to {to}"),
            Self::RunUntilSmsDelivered { timeout_ms } => {
                write!(f, "run until messages delivered, at most {timeout_ms} ms")
            }
            Self::Ims(step) => step.fmt(f),
            Self::Service(step) => step.fmt(f),
            Self::Mc(step) => step.fmt(f),
            Self::Sms(step) => step.fmt(f),
            Self::Mms(step) => step.fmt(f),
        }
    }
}

impl StepAction {
    /// The step of mission critical services that it is.
    pub(crate) fn mc(&self) -> Option<&McStep> {
        match self {
            Self::Mc(step) => Some(step),
            _ => None,
        }
    }
}

/// `"all"`, or one by its name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Selector {
    /// Every one.
    #[default]
    All,
    /// The one of this name.
    Name(String),
}

impl Selector {
    /// The word that selects all, and that nothing may be named.
    pub const ALL: &str = "all";

    /// True when `name` is selected.
    pub fn selects(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Name(own) => own == name,
        }
    }
}

impl From<String> for Selector {
    fn from(s: String) -> Self {
        if s == Self::ALL { Self::All } else { Self::Name(s) }
    }
}

impl From<Selector> for String {
    fn from(s: Selector) -> Self {
        match s {
            Selector::All => Selector::ALL.into(),
            Selector::Name(name) => name,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => Self::ALL,
            Self::Name(name) => name,
        })
    }
}
