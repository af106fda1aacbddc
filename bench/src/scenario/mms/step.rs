//! Steps of multimedia messages: what users do with them (TS 23.140 clause 6.1).

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::scenario::{Selector, read};
use crate::strict_toml::Table;

/// A step of multimedia messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do")]
pub enum MmsStep {
    /// A UE sends a message.
    #[serde(rename = "mms_send")]
    Send {
        /// Which.
        from: String,
        /// For which UE.
        to: String,
        /// Its subject.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// What is in it.
        #[serde(flatten)]
        content: MmsFiles,
        /// A delivery report is wanted.
        #[serde(default, with = "super::super::ims::yes_no")]
        delivery_report: bool,
        /// A read report is wanted.
        #[serde(default, with = "super::super::ims::yes_no")]
        read_report: bool,
        /// How long it may wait for its recipient, seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiry_s: Option<u64>,
    },
    /// UEs retrieve all that waits for them.
    #[serde(rename = "mms_retrieve")]
    Retrieve {
        /// Which.
        ue: Selector,
    },
    /// They do not want what waits for them.
    #[serde(rename = "mms_reject")]
    Reject {
        /// Which.
        ue: Selector,
    },
    /// Their users read all that has come.
    #[serde(rename = "mms_read")]
    Read {
        /// Which.
        ue: Selector,
    },
    /// A UE passes on what waits for it, without having it.
    #[serde(rename = "mms_forward")]
    Forward {
        /// Which.
        from: String,
        /// To which UE.
        to: String,
        /// A delivery report is wanted.
        #[serde(default, with = "super::super::ims::yes_no")]
        delivery_report: bool,
        /// A read report is wanted.
        #[serde(default, with = "super::super::ims::yes_no")]
        read_report: bool,
    },
}

/// What is in a message. Paths count from the folder of the scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MmsFiles {
    /// A text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture that is shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PathBuf>,
    /// A sound that is heard with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<PathBuf>,
    /// A file that is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<PathBuf>,
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum MmsWord {
    Send,
    Retrieve,
    Reject,
    Read,
    Forward,
}

/// The words of these steps.
pub(in crate::scenario) const MMS_WORDS: [(&str, MmsWord); 5] = [
    ("mms_send", MmsWord::Send),
    ("mms_retrieve", MmsWord::Retrieve),
    ("mms_reject", MmsWord::Reject),
    ("mms_read", MmsWord::Read),
    ("mms_forward", MmsWord::Forward),
];

impl MmsFiles {
    /// Files, each with its key.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [("picture", &self.picture), ("sound", &self.sound), ("attachment", &self.attachment)];
        all.into_iter().filter_map(|(key, file)| Some((key, file.as_deref()?)))
    }
}

impl MmsStep {
    /// UEs that it names, each with its key.
    pub(crate) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::Retrieve { ue } | Self::Reject { ue } | Self::Read { ue } => vec![("ue", ue.clone())],
            Self::Send { from, to, .. } | Self::Forward { from, to, .. } => {
                [("from", from), ("to", to)].map(|(key, ue)| (key, Selector::Name(ue.clone()))).to_vec()
            }
        }
    }

    pub(in crate::scenario) fn read(word: MmsWord, t: &mut Table<'_>) -> Self {
        let ue = |t: &mut Table<'_>| read::selector(t, "ue");
        match word {
            MmsWord::Retrieve => Self::Retrieve { ue: ue(t) },
            MmsWord::Reject => Self::Reject { ue: ue(t) },
            MmsWord::Read => Self::Read { ue: ue(t) },
            MmsWord::Forward => Self::Forward {
                from: t.name("from"),
                to: t.name("to"),
                delivery_report: t.yes_no("delivery_report", false),
                read_report: t.yes_no("read_report", false),
            },
            MmsWord::Send => Self::Send {
                from: t.name("from"),
                to: t.name("to"),
                subject: t.optional_text("subject"),
                content: MmsFiles {
                    text: t.optional_text("text"),
                    picture: t.optional_text("picture").map(PathBuf::from),
                    sound: t.optional_text("sound").map(PathBuf::from),
                    attachment: t.optional_text("attachment").map(PathBuf::from),
                },
                delivery_report: t.yes_no("delivery_report", false),
                read_report: t.yes_no("read_report", false),
                expiry_s: t.optional_integer("expiry_s", 1..=super::WEEK_S),
            },
        }
    }
}

impl fmt::Display for MmsStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { from, to, .. } => write!(f, "{from} sends a multimedia message to {to}"),
            Self::Retrieve { ue } => write!(f, "{ue} retrieves what waits"),
            Self::Reject { ue } => write!(f, "{ue} rejects what waits"),
            Self::Read { ue } => write!(f, "{ue} reads what has come"),
            Self::Forward { from, to, .. } => write!(f, "{from} passes on to {to} what waits"),
        }
    }
}
