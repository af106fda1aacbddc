//! Facts about UEs on the IMS, and what messages went by.

use serde::{Deserialize, Serialize};

/// What became of a UE on the IMS.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "ims", rename_all = "snake_case")]
pub enum ImsFact {
    /// It is registered, for the first time or again.
    Registered {
        /// Expiry that the network gave, seconds.
        expires_s: u32,
        /// It was registered before.
        refreshed: bool,
        /// Seconds since the step that asked for it.
        after_s: f64,
    },
    /// A registration has failed.
    RegistrationFailed {
        /// Why.
        why: String,
    },
    /// It is not registered any more.
    Unregistered {
        /// Why.
        why: String,
    },
    /// The state of its registration came (reg event package).
    RegInfo {
        /// Public identities and their states.
        states: Vec<String>,
    },
    /// It has sent a MESSAGE.
    MessageSent {
        /// Its number, from 1 in the order of the steps.
        number: u64,
        /// UE that it is for.
        to: String,
        /// The text.
        text: String,
    },
    /// Its MESSAGE was answered, or never will be.
    MessageAnswered {
        /// Number of the message.
        number: u64,
        /// Status of success.
        status: Option<u16>,
        /// Why there was none.
        why: Option<String>,
    },
    /// A MESSAGE came.
    MessageReceived {
        /// Number of the message, when the text is that of one which was sent to this UE.
        number: Option<u64>,
        /// Who sent it.
        from: String,
        /// Seconds since the step that sent it.
        after_s: Option<f64>,
    },
    /// It calls.
    Calls {
        /// UE that is called.
        to: String,
    },
    /// A call comes in.
    Incoming {
        /// Who calls.
        from: String,
    },
    /// What it calls rings, or says otherwise that it works on it.
    Progress {
        /// Status.
        status: u16,
    },
    /// Its call is set up.
    Established {
        /// Seconds since the call began, or came in.
        after_s: f64,
    },
    /// Who may send in its call has changed.
    Hold {
        /// It holds the other side.
        local: bool,
        /// The other side holds it.
        remote: bool,
    },
    /// Its call has ended.
    Ended {
        /// Why.
        why: String,
    },
    /// A request of it to a service was answered, or never will be.
    Answered {
        /// What it wanted.
        what: String,
        /// Why it was not successful.
        why: Option<String>,
    },
    /// A service has told it something.
    Notified {
        /// Event package.
        package: String,
        /// State of the subscription.
        state: String,
        /// Of the document.
        content_type: String,
        /// The document, its beginning.
        text: String,
    },
    /// A subscription to a service has ended.
    WatchEnded {
        /// Event package.
        package: String,
        /// Why.
        why: String,
    },
    /// What it has heard last, 400 ms of it, was measured.
    Heard {
        /// Tones of UEs, as parts of the amplitude with which they are said.
        parts: Vec<(String, f64)>,
    },
    /// It has lost its radio bearer.
    BearerLost,
    /// It has its radio bearer back.
    BearerRestored,
}
