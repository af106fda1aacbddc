//! What an answer of an OCS means (RFC 8506 clauses 6.3 and 9.1; TS 32.299 clause 6.3), also when it makes no sense.

use protocol::diameter::dictionary::SESSION_ID;
use protocol::diameter::dictionary::charging::{CC_REQUEST_NUMBER, CC_REQUEST_TYPE};
use protocol::diameter::ro::{Cca, FailureHandling};
use protocol::diameter::{DiameterProblem, Message, RequestFailure, result};
use protocol::sms::RpCause;

/// What an OCS has said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// One piece is granted.
    Granted,
    /// DIAMETER_CREDIT_CONTROL_NOT_APPLICABLE: it costs nothing.
    Free,
    /// Refused with this Result-Code.
    Refused(u32),
    /// No OCS has said anything about it: why.
    Silent(String),
    /// What it says makes no sense: why.
    Nonsense(String),
}

/// What it says, and what it wants to happen when it does not answer. `request` is what it was asked.
pub(super) fn judge(request: &Message, answer: Result<Message, RequestFailure>) -> (Verdict, Option<FailureHandling>) {
    let nothing = |verdict| (verdict, None);
    let message = match answer {
        Ok(message) => message,
        Err(RequestFailure::Malformed(problem)) => return nothing(Verdict::Nonsense(problem.what)),
        Err(failure) => return nothing(Verdict::Silent(failure.to_string())),
    };
    match read(request, &message) {
        Ok((verdict, cca)) => (verdict, cca.failure_handling),
        Err(problem) => nothing(Verdict::Nonsense(problem.what)),
    }
}

fn read(request: &Message, message: &Message) -> Result<(Verdict, Cca), DiameterProblem> {
    let nonsense = |what: String| Err(DiameterProblem::new(result::INVALID_AVP_VALUE, what));
    if message.text(&SESSION_ID)? != request.text(&SESSION_ID)? {
        return nonsense("the Session-Id is another one".to_owned());
    }
    let cca = Cca::from_message(message)?;
    // RFC 6733 clause 7.1: not of the request, but of the way there, or of troubles that pass.
    if cca.result / 1000 == 3 || cca.result == result::UNABLE_TO_COMPLY {
        return Ok((Verdict::Silent(format!("answer {}", cca.result)), cca));
    }
    for def in [&CC_REQUEST_TYPE, &CC_REQUEST_NUMBER] {
        let told = message.number(def)?;
        if told != request.number(def)? && (told.is_some() || cca.result == result::SUCCESS) {
            return nonsense(format!("{} is another one", def.name));
        }
    }
    let verdict = match cca.result {
        result::SUCCESS => match granted(&cca) {
            Ok(verdict) => verdict,
            Err(what) => return nonsense(what),
        },
        result::CREDIT_CONTROL_NOT_APPLICABLE => Verdict::Free,
        code @ 4000..=5999 => Verdict::Refused(code),
        code => return nonsense(format!("Result-Code {code}")),
    };
    Ok((verdict, cca))
}

/// Success: one piece, no more and no less, was asked for.
fn granted(cca: &Cca) -> Result<Verdict, String> {
    match cca.services.iter().find_map(|service| service.result).unwrap_or(result::SUCCESS) {
        result::SUCCESS => {}
        result::CREDIT_CONTROL_NOT_APPLICABLE => return Ok(Verdict::Free),
        code @ 4000..=5999 => return Ok(Verdict::Refused(code)),
        code => return Err(format!("Result-Code {code} of the service")),
    }
    match cca.services.iter().find_map(|service| service.granted).and_then(|units| units.specific) {
        Some(1) => Ok(Verdict::Granted),
        // What the standard has as Unsigned64 was a number below zero for who wrote it.
        Some(pieces) => Err(format!("{} pieces granted for 1", pieces.cast_signed())),
        None => Err("success without granted units".to_owned()),
    }
}

/// What the UE is told of a refusal (TS 24.011 annex E.2). Without credit it is 21: the message could be taken, and is not.
pub(super) const fn cause_of(code: u32) -> RpCause {
    match code {
        result::CREDIT_LIMIT_REACHED => RpCause::TRANSFER_REJECTED,
        result::END_USER_SERVICE_DENIED | result::AUTHORIZATION_REJECTED => RpCause::OPERATOR_BARRING,
        result::USER_UNKNOWN => RpCause::FACILITY_NOT_SUBSCRIBED,
        _ => RpCause::NETWORK_OUT_OF_ORDER,
    }
}

/// What the UE is told when no OCS can be asked: it may try again.
pub(super) const NO_OCS: RpCause = RpCause::TEMPORARY_FAILURE;
