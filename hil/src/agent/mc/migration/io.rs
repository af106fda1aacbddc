//! What goes into a migrating client and what comes out of it.

use std::fmt;

use protocol::Plmn;

use crate::agent::mc::{McCommand, McEvent};
use crate::agent::sip::{AgentCommand, AgentEvent};

/// An MC system of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum McSystem {
    /// His own.
    Primary,
    /// The partner system of that identity in his profile.
    Partner(String),
}

/// Names a login.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LogInId(pub u64);

/// What comes in.
#[derive(Clone, PartialEq, Debug)]
pub enum MigrationInput<'a> {
    /// What the user wants.
    Command(MigrationCommand),
    /// The networks whose cells are heard; all that are not named are not. Before the first time all are.
    Cells(&'a [Plmn]),
    /// What became of [`MigrationOutput::LogIn`]: the access token, or why there is none.
    Token {
        /// Of which login.
        id: LogInId,
        /// The token.
        result: Result<String, String>,
    },
    /// What became of [`MigrationOutput::Fetch`]; none: nobody answered.
    Profile(Option<ProfileAnswer<'a>>),
    /// What became of [`MigrationOutput::Connect`].
    Connected {
        /// To which system.
        system: McSystem,
        /// Whether, or why not.
        result: Result<(), String>,
    },
    /// What the SIP agent in a system tells.
    Agent {
        /// In which.
        system: &'a McSystem,
        /// What.
        event: &'a AgentEvent,
    },
    /// What the MCPTT client in a system tells.
    Mc {
        /// In which.
        system: &'a McSystem,
        /// What.
        event: &'a McEvent,
    },
}

/// What the user of a migrating client wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MigrationCommand {
    /// His profile, with the connectivity information of partner systems.
    Obtain,
    /// To be served by that system from here on.
    Migrate(McSystem),
}

/// The answer of the configuration management server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileAnswer<'a> {
    /// HTTP status.
    pub status: u16,
    /// ETag.
    pub etag: Option<&'a str>,
    /// The document, or words.
    pub body: &'a [u8],
}

/// What comes out.
#[derive(Clone, PartialEq, Debug)]
pub enum MigrationOutput {
    /// The user is to log in at an identity management server (TS 33.180 clause 5.1.2); [`MigrationInput::Token`] is awaited.
    LogIn {
        /// To be given back.
        id: LogInId,
        /// Of which system.
        system: McSystem,
        /// The server, where it is another than that of home.
        server: Option<String>,
        /// Who logs in.
        mc_id: String,
        /// What the token is for.
        scopes: Vec<String>,
    },
    /// GET to the configuration management server of home (TS 24.484 clause 6); [`MigrationInput::Profile`] is awaited.
    Fetch {
        /// Path below its XCAP root.
        path: String,
        /// Bearer token.
        token: String,
        /// If-None-Match.
        etag: Option<String>,
    },
    /// Bearers to the PDNs of a system are to be set up; [`MigrationInput::Connected`] is awaited.
    Connect(McSystem),
    /// They are not needed any more.
    Disconnect(McSystem),
    /// For the SIP agent in a system.
    Agent {
        /// In which.
        system: McSystem,
        /// What it shall do.
        command: AgentCommand,
    },
    /// For the MCPTT client in a system.
    Mc {
        /// In which.
        system: McSystem,
        /// What it shall do.
        command: McCommand,
    },
    /// For the user.
    Event(MigrationEvent),
}

/// How far a migration is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MigrationStage {
    /// The groups of the system that is left.
    Deaffiliating,
    /// The registration there.
    Deregistering,
    /// The way to the system that is gone to.
    Connecting,
    /// MC service user authentication.
    LoggingIn,
    /// Registration there.
    Registering,
    /// MC service authorisation.
    Authorising,
    /// Groups there.
    Affiliating,
}

/// What the user is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MigrationEvent {
    /// The profile is there.
    Profile {
        /// Identities of the partner systems in it.
        partners: Vec<String>,
        /// It is the one that was there before.
        is_unchanged: bool,
    },
    /// There is no new profile.
    NoProfile {
        /// HTTP status, where there was an answer.
        status: Option<u16>,
        /// In words.
        why: String,
    },
    /// A command is not followed.
    Refused(CommandRefusal),
    /// It goes from here to there.
    Leaving {
        /// From where; none: from nowhere.
        from: Option<McSystem>,
        /// To where.
        to: McSystem,
    },
    /// It is gone.
    Left {
        /// From where.
        system: McSystem,
        /// That system has said so; else it was not waited for, or is out of reach.
        is_clean: bool,
    },
    /// It is registered there.
    Registered(McSystem),
    /// It is served there: registered, authorised, affiliated.
    Migrated(McSystem),
    /// Groups there could not be affiliated to; it is served nevertheless.
    NotAffiliated {
        /// Where.
        system: McSystem,
        /// Why.
        why: String,
    },
    /// A call that goes on has taken it in.
    Joined {
        /// Where.
        system: McSystem,
        /// The call's group.
        group: String,
    },
    /// It is tried again.
    Again {
        /// To be served where.
        to: McSystem,
        /// How far it was.
        stage: MigrationStage,
        /// Why.
        why: String,
    },
    /// It cannot be served there.
    Failed {
        /// Where.
        to: McSystem,
        /// How far it was.
        stage: MigrationStage,
        /// Of the response; none: there was none.
        status: Option<u16>,
        /// In words.
        why: String,
    },
    /// No system serves it for now.
    Unserved,
}

/// Why a command is not followed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandRefusal {
    /// There is no profile yet.
    #[error("there is no profile: obtain it first")]
    NoProfile,
    /// The profile may not be used.
    #[error("the profile is not enabled")]
    ProfileDisabled,
    /// The profile has no such system.
    #[error("the profile has no partner system {0}")]
    UnknownPartner(String),
    /// None of its cells is heard.
    #[error("no cell of {0} is heard")]
    NotHeard(McSystem),
    /// It is served there.
    #[error("{0} serves the user already")]
    AlreadyThere(McSystem),
    /// It is on its way there.
    #[error("the user is on his way to {0}")]
    OnTheWay(McSystem),
    /// A profile is being fetched.
    #[error("a profile is being fetched")]
    Fetching,
}

impl fmt::Display for McSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => f.write_str("the primary system"),
            Self::Partner(id) => write!(f, "partner system {id}"),
        }
    }
}

impl MigrationStage {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deaffiliating => "de-affiliating",
            Self::Deregistering => "de-registering",
            Self::Connecting => "connecting",
            Self::LoggingIn => "logging in",
            Self::Registering => "registering",
            Self::Authorising => "authorising",
            Self::Affiliating => "affiliating",
        }
    }
}
