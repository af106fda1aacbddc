//! A challenge of AKA for the SIM (TS 31.102 clause 7.1.2) over a modem: `+CCHO`, `+CGLA` and `+CCHC` (TS 27.007 clauses
//! 8.45 to 8.47) with its ISIM, else with its USIM; where the modem opens no channels, `+CSIM` (clause 8.17).

use std::collections::VecDeque;

use super::ModemOutput;
use super::job::{Job, describe};
use super::machine::{Modem, Phase};
use crate::at::ts27007::{AtError, CloseLogicalChannel, LogicalChannelAccess, OpenLogicalChannel, Request, SimAccess};
use crate::at::ts31102::{AkaAnswer, AkaError, Authenticate, AuthenticationFailure, ISIM, USIM, get_response};
use crate::at::{AtCommand, AtFailure, AtResponse};

/// Challenges that may wait.
const MAX_CHALLENGES: usize = 16;
/// Applications in the order in which they are asked (TS 33.203 clause 8: the ISIM, where there is one).
const APPLICATIONS: [&[u8]; 2] = [&ISIM, &USIM];

type Answer = Result<AkaAnswer, AuthenticationFailure>;

/// What the SIM is asked.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum SimJob {
    /// A channel to one of [`APPLICATIONS`].
    Open(usize),
    /// An APDU on a channel.
    OnChannel { session: u32, apdu: Vec<u8> },
    /// An APDU on the basic channel.
    Basic { apdu: Vec<u8> },
    /// The channel is needed no more.
    Close { session: u32 },
}

/// Challenges and how far the first of them is.
#[derive(Debug, Default)]
pub(super) struct Challenges {
    waiting: VecDeque<(u64, Authenticate)>,
    /// What is to be asked next for the first one; none: it has not been begun.
    next: Option<SimJob>,
    running: Option<(u64, Authenticate)>,
}

impl SimJob {
    pub(super) fn command(&self) -> Option<AtCommand> {
        Some(match self {
            Self::Open(which) => OpenLogicalChannel { application: APPLICATIONS.get(*which)?.to_vec() }.command(),
            Self::OnChannel { session, apdu } => {
                LogicalChannelAccess { session: *session, apdu: apdu.clone() }.command()
            }
            Self::Basic { apdu } => SimAccess(apdu.clone()).command(),
            Self::Close { session } => CloseLogicalChannel { session: *session }.command(),
        })
    }

    /// Another APDU in the same place.
    fn with(self, apdu: Vec<u8>) -> Self {
        match self {
            Self::OnChannel { session, .. } => Self::OnChannel { session, apdu },
            _ => Self::Basic { apdu },
        }
    }
}

impl Modem {
    pub(super) fn take_challenge(&mut self, token: u64, challenge: Authenticate) {
        let why = match &self.phase {
            Phase::Quarantined => "the modem is in quarantine",
            Phase::Off | Phase::Stopping { .. } => "the modem is switched off",
            Phase::Closed if !self.is_started() => "the modem has not been started",
            Phase::Ready if !self.has_sim => "there is no SIM",
            _ if self.challenges.waiting.len() >= MAX_CHALLENGES => "too many challenges wait: is the modem up?",
            _ => return self.challenges.waiting.push_back((token, challenge)),
        };
        self.authenticated(token, Err(AuthenticationFailure::NoAnswer(why.into())));
    }

    /// What the SIM is asked next.
    pub(super) fn next_challenge(&mut self) -> Option<Job> {
        while !self.has_sim
            && let Some((token, _)) = self.challenges.waiting.pop_front()
        {
            self.authenticated(token, Err(AuthenticationFailure::NoAnswer("there is no SIM".into())));
        }
        if self.challenges.next.is_none() && self.challenges.running.is_none() {
            self.challenges.running = Some(self.challenges.waiting.pop_front()?);
            self.challenges.next = Some(SimJob::Open(0));
        }
        self.challenges.next.take().map(Job::Sim)
    }

    pub(super) fn sim_done(&mut self, job: SimJob, response: &AtResponse) {
        let Some((_, challenge)) = self.challenges.running else {
            if !response.code.is_ok() {
                self.note(format!("the channel to the SIM is not closed: {}", response.code));
            }
            return;
        };
        let answer = match &job {
            SimJob::Open(which) => {
                let open = OpenLogicalChannel { application: Vec::new() }.answer(response);
                let apdu = challenge.apdu();
                self.challenges.next = Some(match open {
                    Ok(session) => SimJob::OnChannel { session, apdu },
                    Err(_) if which + 1 < APPLICATIONS.len() => SimJob::Open(which + 1),
                    Err(_) => SimJob::Basic { apdu },
                });
                return;
            }
            SimJob::OnChannel { session, .. } => {
                LogicalChannelAccess { session: *session, apdu: Vec::new() }.answer(response)
            }
            SimJob::Basic { .. } => SimAccess(Vec::new()).answer(response),
            SimJob::Close { .. } => return,
        };
        let answer = answer.map_err(|why| no_answer(&why)).map(|apdu| AkaAnswer::parse(&apdu));
        match answer {
            Ok(Err(AkaError::Waiting(octets))) => {
                self.challenges.next = Some(job.with(get_response(octets).to_vec()));
            }
            Ok(Ok(answer)) => self.challenge_done(&job, Ok(answer)),
            Ok(Err(AkaError::IncorrectMac)) => self.challenge_done(&job, Err(AuthenticationFailure::IncorrectMac)),
            Ok(Err(why)) => self.challenge_done(&job, Err(AuthenticationFailure::NoAnswer(why.to_string()))),
            Err(why) => self.challenge_done(&job, Err(why)),
        }
    }

    /// A command of a challenge did not end: the SIM may have counted it, so it is not asked again with the same.
    pub(super) fn challenge_abandoned(&mut self, why: &str) {
        self.challenges.next = None;
        if let Some((token, _)) = self.challenges.running.take() {
            self.authenticated(token, Err(AuthenticationFailure::NoAnswer(why.to_owned())));
        }
    }

    pub(super) fn sim_hangs(&mut self, failure: &AtFailure) {
        self.challenge_abandoned(&describe(failure));
    }

    /// No challenge will be answered.
    pub(super) fn fail_challenges(&mut self, why: &str) {
        self.challenge_abandoned(why);
        for (token, _) in std::mem::take(&mut self.challenges.waiting) {
            self.authenticated(token, Err(AuthenticationFailure::NoAnswer(why.to_owned())));
        }
    }

    fn challenge_done(&mut self, job: &SimJob, answer: Answer) {
        if let SimJob::OnChannel { session, .. } = job {
            self.challenges.next = Some(SimJob::Close { session: *session });
        }
        if let Some((token, _)) = self.challenges.running.take() {
            self.authenticated(token, answer);
        }
    }

    fn authenticated(&mut self, token: u64, result: Answer) {
        self.put(ModemOutput::Authenticated { token, result });
    }
}

/// Without what was asked and what the modem said, which may be keys.
fn no_answer(why: &AtError) -> AuthenticationFailure {
    let name = |command: &str| command.split('=').next().unwrap_or_default().to_owned();
    AuthenticationFailure::NoAnswer(match why {
        AtError::Refused { command, code } => format!("{}: {code}", name(command)),
        AtError::Unknown { command, .. } => format!("{}: the answer is no response APDU", name(command)),
    })
}
