//! Dialogue portion: Q.773 clause 3.2.

/// What a dialogue portion has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DialoguePdu {
    /// AARQ: a dialogue is asked for.
    Request {
        /// Version 1 is among those that who asks knows.
        is_version1: bool,
        /// Application context name.
        context: Vec<u32>,
        /// User information: encodings of EXTERNAL.
        user_information: Vec<Vec<u8>>,
    },
    /// AARE: the dialogue is there, or refused.
    Response {
        /// Application context name, where it is refused perhaps another one.
        context: Vec<u32>,
        /// Result: accepted, or rejected for good.
        is_accepted: bool,
        /// Result source diagnostic.
        diagnostic: Diagnostic,
        /// User information: encodings of EXTERNAL.
        user_information: Vec<Vec<u8>>,
    },
    /// ABRT: the dialogue is aborted.
    Abort {
        /// Abort source: the provider, and not the user.
        by_provider: bool,
        /// User information: encodings of EXTERNAL.
        user_information: Vec<Vec<u8>>,
    },
    /// AUDT, in a Unidirectional.
    Unidirectional {
        /// Version 1 is among those that who speaks knows.
        is_version1: bool,
        /// Application context name.
        context: Vec<u32>,
        /// User information: encodings of EXTERNAL.
        user_information: Vec<Vec<u8>>,
    },
    /// Something else: its encoding as EXTERNAL.
    Other(Vec<u8>),
}

impl DialoguePdu {
    /// AARQ for a context.
    pub const fn request(context: Vec<u32>) -> Self {
        Self::Request { is_version1: true, context, user_information: Vec::new() }
    }

    /// AARE that accepts a context.
    pub const fn accept(context: Vec<u32>) -> Self {
        Self::Response { context, is_accepted: true, diagnostic: Diagnostic::ACCEPTED, user_information: Vec::new() }
    }

    /// AARE that refuses one.
    pub const fn refuse(context: Vec<u32>, diagnostic: Diagnostic) -> Self {
        Self::Response { context, is_accepted: false, diagnostic, user_information: Vec::new() }
    }

    /// ABRT for a dialogue portion that was not understood, or was not there (Q.774 clause 3.2.2.1).
    pub const fn abnormal_dialogue() -> Self {
        Self::Abort { by_provider: true, user_information: Vec::new() }
    }
}

/// Associate-source-diagnostic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Diagnostic {
    /// dialogue-service-provider, and not dialogue-service-user.
    pub by_provider: bool,
    /// Its number.
    pub value: i64,
}

impl Diagnostic {
    /// dialogue-service-user: null, of an acceptance.
    pub const ACCEPTED: Self = Self { by_provider: false, value: 0 };
    /// dialogue-service-user: no-reason-given.
    pub const NO_REASON_GIVEN: Self = Self { by_provider: false, value: 1 };
    /// dialogue-service-user: application-context-name-not-supported.
    pub const CONTEXT_NOT_SUPPORTED: Self = Self { by_provider: false, value: 2 };
    /// dialogue-service-provider: no-common-dialogue-portion.
    pub const NO_COMMON_DIALOGUE_PORTION: Self = Self { by_provider: true, value: 2 };
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match *self {
            Self::ACCEPTED => "null",
            Self::NO_REASON_GIVEN => "no-reason-given",
            Self::CONTEXT_NOT_SUPPORTED => "application-context-name-not-supported",
            Self::NO_COMMON_DIALOGUE_PORTION => "no-common-dialogue-portion",
            _ => "diagnostic",
        };
        write!(f, "{name} ({})", self.value)
    }
}
