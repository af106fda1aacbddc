//! Steps on the IMS: what UEs are told to do, what the network does, and what is waited for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::read::MAX_RUN_MS;
use super::{ImsState, Selector};
use crate::strict_toml::Table;

/// A step on the IMS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ImsStep {
    /// UEs register (TS 24.229 clause 5.1.1.2), or again if they are (clause 5.1.1.4).
    ImsRegister {
        /// Which.
        ue: Selector,
    },
    /// UEs subscribe to the reg event package (TS 24.229 clause 5.1.1.3).
    ImsSubscribeReg {
        /// Which.
        ue: Selector,
    },
    /// UEs de-register (TS 24.229 clause 5.1.1.6).
    ImsDeregister {
        /// Which.
        ue: Selector,
    },
    /// The HSS takes the registration of UEs away (TS 29.228 clause 6.1.3).
    ImsNetworkDeregister {
        /// Which.
        ue: Selector,
    },
    /// A UE sends a MESSAGE (RFC 3428) to another one.
    ImsMessage {
        /// UE that sends.
        from: String,
        /// UE that it is for.
        to: String,
        /// The text.
        text: String,
    },
    /// A UE calls another one (TS 24.229 clause 5.1.3).
    ImsCall {
        /// UE that calls.
        from: String,
        /// UE that is called.
        to: String,
    },
    /// UEs answer the call that comes in.
    ImsAnswer {
        /// Which.
        ue: Selector,
    },
    /// UEs refuse the call that comes in.
    ImsReject {
        /// Which.
        ue: Selector,
        /// With this status.
        status: u16,
    },
    /// A UE puts its call on hold (RFC 3264 clause 8.4).
    ImsHold {
        /// Which.
        ue: Selector,
    },
    /// A UE goes on with the call that it has put on hold.
    ImsResume {
        /// Which.
        ue: Selector,
    },
    /// A UE ends its call.
    ImsHangup {
        /// Which.
        ue: Selector,
    },
    /// A UE gives up the call that nobody has answered yet.
    ImsCancel {
        /// Which.
        ue: Selector,
    },
    /// UEs lose their radio bearer: they are out of reach, and the access tells the P-CSCF.
    LoseBearer {
        /// Which.
        ue: Selector,
    },
    /// UEs have their radio bearer back.
    RestoreBearer {
        /// Which.
        ue: Selector,
    },
    /// USIMs accept challenges elsewhere: they answer the next one here with AUTS (TS 33.102 clause 6.3.3).
    UsimAhead {
        /// Which.
        ue: Selector,
    },
    /// Time passes until UEs have come to a state.
    RunUntilIms {
        /// Which.
        ue: Selector,
        /// The state.
        state: ImsState,
        /// But no longer than this, milliseconds.
        timeout_ms: u64,
    },
}

impl ImsStep {
    /// UEs that the step names: the key and who.
    pub(crate) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::ImsRegister { ue }
            | Self::ImsSubscribeReg { ue }
            | Self::ImsDeregister { ue }
            | Self::ImsNetworkDeregister { ue }
            | Self::ImsAnswer { ue }
            | Self::ImsReject { ue, .. }
            | Self::ImsHold { ue }
            | Self::ImsResume { ue }
            | Self::ImsHangup { ue }
            | Self::ImsCancel { ue }
            | Self::LoseBearer { ue }
            | Self::RestoreBearer { ue }
            | Self::UsimAhead { ue }
            | Self::RunUntilIms { ue, .. } => vec![("ue", ue.clone())],
            Self::ImsMessage { from, to, .. } | Self::ImsCall { from, to } => {
                vec![("from", Selector::Name(from.clone())), ("to", Selector::Name(to.clone()))]
            }
        }
    }

    /// Reads the step that `word` names; none when it is no step of the IMS.
    pub(super) fn read(word: ImsWord, t: &mut Table<'_>) -> Self {
        let ue = |t: &mut Table<'_>| super::read::selector(t, "ue");
        match word {
            ImsWord::Register => Self::ImsRegister { ue: ue(t) },
            ImsWord::SubscribeReg => Self::ImsSubscribeReg { ue: ue(t) },
            ImsWord::Deregister => Self::ImsDeregister { ue: ue(t) },
            ImsWord::NetworkDeregister => Self::ImsNetworkDeregister { ue: ue(t) },
            ImsWord::Message => Self::ImsMessage { from: t.name("from"), to: t.name("to"), text: t.text("text") },
            ImsWord::Call => Self::ImsCall { from: t.name("from"), to: t.name("to") },
            ImsWord::Answer => Self::ImsAnswer { ue: ue(t) },
            ImsWord::Reject => {
                Self::ImsReject { ue: ue(t), status: t.optional_integer("status", 400..=699).unwrap_or(486) }
            }
            ImsWord::Hold => Self::ImsHold { ue: ue(t) },
            ImsWord::Resume => Self::ImsResume { ue: ue(t) },
            ImsWord::Hangup => Self::ImsHangup { ue: ue(t) },
            ImsWord::Cancel => Self::ImsCancel { ue: ue(t) },
            ImsWord::LoseBearer => Self::LoseBearer { ue: ue(t) },
            ImsWord::RestoreBearer => Self::RestoreBearer { ue: ue(t) },
            ImsWord::UsimAhead => Self::UsimAhead { ue: ue(t) },
            ImsWord::RunUntil => Self::RunUntilIms {
                ue: ue(t),
                state: t.choice("state", &ImsState::ALL),
                timeout_ms: t.integer("timeout_ms", 1..=MAX_RUN_MS),
            },
        }
    }
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum ImsWord {
    Register,
    SubscribeReg,
    Deregister,
    NetworkDeregister,
    Message,
    Call,
    Answer,
    Reject,
    Hold,
    Resume,
    Hangup,
    Cancel,
    LoseBearer,
    RestoreBearer,
    UsimAhead,
    RunUntil,
}

/// The words of these steps.
pub(super) const IMS_WORDS: [(&str, ImsWord); 16] = [
    ("ims_register", ImsWord::Register),
    ("ims_subscribe_reg", ImsWord::SubscribeReg),
    ("ims_deregister", ImsWord::Deregister),
    ("ims_network_deregister", ImsWord::NetworkDeregister),
    ("ims_message", ImsWord::Message),
    ("ims_call", ImsWord::Call),
    ("ims_answer", ImsWord::Answer),
    ("ims_reject", ImsWord::Reject),
    ("ims_hold", ImsWord::Hold),
    ("ims_resume", ImsWord::Resume),
    ("ims_hangup", ImsWord::Hangup),
    ("ims_cancel", ImsWord::Cancel),
    ("lose_bearer", ImsWord::LoseBearer),
    ("restore_bearer", ImsWord::RestoreBearer),
    ("usim_ahead", ImsWord::UsimAhead),
    ("run_until_ims", ImsWord::RunUntil),
];

impl fmt::Display for ImsStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImsRegister { ue } => write!(f, "{ue} registers"),
            Self::ImsSubscribeReg { ue } => write!(f, "{ue} subscribes to the state of its registration"),
            Self::ImsDeregister { ue } => write!(f, "{ue} de-registers"),
            Self::ImsNetworkDeregister { ue } => write!(f, "the network de-registers {ue}"),
            Self::ImsMessage { from, to, .. } => write!(f, "{from} sends a MESSAGE to {to}"),
            Self::ImsCall { from, to } => write!(f, "{from} calls {to}"),
            Self::ImsAnswer { ue } => write!(f, "{ue} answers"),
            Self::ImsReject { ue, status } => write!(f, "{ue} refuses with {status}"),
            Self::ImsHold { ue } => write!(f, "{ue} holds the call"),
            Self::ImsResume { ue } => write!(f, "{ue} resumes the call"),
            Self::ImsHangup { ue } => write!(f, "{ue} hangs up"),
            Self::ImsCancel { ue } => write!(f, "{ue} gives up"),
            Self::LoseBearer { ue } => write!(f, "{ue} loses its radio bearer"),
            Self::RestoreBearer { ue } => write!(f, "{ue} has its radio bearer again"),
            Self::UsimAhead { ue } => write!(f, "the USIM of {ue} has accepted challenges elsewhere"),
            Self::RunUntilIms { ue, state, timeout_ms } => write!(f, "run until {ue} {state}, at most {timeout_ms} ms"),
        }
    }
}
