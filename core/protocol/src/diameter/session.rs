//! What requests and answers of Cx and Sh have in common (TS 29.229 clauses 5 and 6.1): sessions without state, results.

use super::dictionary as d;
use super::message::{Avp, DiameterProblem, Message};
use super::result;

/// NO_STATE_MAINTAINED (RFC 6733 clause 8.11).
pub(super) const NO_STATE_MAINTAINED: u32 = 1;

/// Where a request comes from and where it goes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Routing {
    /// Session-Id.
    pub session_id: String,
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Destination-Host, when a certain one is meant.
    pub destination_host: Option<String>,
    /// Destination-Realm.
    pub destination_realm: String,
}

impl Routing {
    /// Reads it from a request.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            session_id: message.need_text(&d::SESSION_ID)?.to_owned(),
            origin_host: message.need_text(&d::ORIGIN_HOST)?.to_owned(),
            origin_realm: message.need_text(&d::ORIGIN_REALM)?.to_owned(),
            destination_host: message.text(&d::DESTINATION_HOST)?.map(str::to_owned),
            destination_realm: message.need_text(&d::DESTINATION_REALM)?.to_owned(),
        })
    }

    /// A request of an application of 3GPP: this header, then `avps`.
    pub fn request(&self, command: u32, application: u32, avps: Vec<Avp>) -> Message {
        let mut all = vec![
            Avp::text(&d::SESSION_ID, &self.session_id),
            vendor_application(application),
            Avp::u32(&d::AUTH_SESSION_STATE, NO_STATE_MAINTAINED),
            Avp::text(&d::ORIGIN_HOST, &self.origin_host),
            Avp::text(&d::ORIGIN_REALM, &self.origin_realm),
        ];
        all.extend(self.destination_host.as_ref().map(|host| Avp::text(&d::DESTINATION_HOST, host)));
        all.push(Avp::text(&d::DESTINATION_REALM, &self.destination_realm));
        all.extend(avps);
        Message::request(command, application, all)
    }
}

/// Vendor-Specific-Application-Id of an application of 3GPP (RFC 6733 clause 6.11).
pub fn vendor_application(application: u32) -> Avp {
    let avps = [Avp::u32(&d::VENDOR_ID, d::VENDOR_3GPP), Avp::u32(&d::AUTH_APPLICATION_ID, application)];
    Avp::group(&d::VENDOR_SPECIFIC_APPLICATION_ID, &avps)
}

/// The result of a request: Result-Code, or Experimental-Result of 3GPP (RFC 6733 clauses 7.1 and 7.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ResultCode {
    /// Result-Code.
    Base(u32),
    /// Experimental-Result-Code, Vendor-Id being 10415.
    Experimental(u32),
}

impl ResultCode {
    /// DIAMETER_SUCCESS.
    pub const SUCCESS: Self = Self::Base(result::SUCCESS);

    /// Whether it is a success: 2xxx (RFC 6733 clause 7.1.2).
    pub const fn is_success(self) -> bool {
        let (Self::Base(code) | Self::Experimental(code)) = self;
        code / 1000 == 2
    }

    /// The AVP that carries it.
    pub fn to_avp(self) -> Avp {
        match self {
            Self::Base(code) => Avp::u32(&d::RESULT_CODE, code),
            Self::Experimental(code) => {
                let avps = [Avp::u32(&d::VENDOR_ID, d::VENDOR_3GPP), Avp::u32(&d::EXPERIMENTAL_RESULT_CODE, code)];
                Avp::group(&d::EXPERIMENTAL_RESULT, &avps)
            }
        }
    }

    /// Reads it from an answer.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        if let Some(code) = message.number(&d::RESULT_CODE)? {
            return Ok(Self::Base(code));
        }
        let group = message.get(&d::EXPERIMENTAL_RESULT).ok_or_else(|| DiameterProblem::missing(&d::RESULT_CODE))?;
        let avps = group.as_group()?;
        let code = avps.iter().find(|a| a.is(&d::EXPERIMENTAL_RESULT_CODE));
        code.ok_or_else(|| DiameterProblem::missing(&d::EXPERIMENTAL_RESULT_CODE))?.as_u32().map(Self::Experimental)
    }
}

/// Who answers, and with what result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// The result.
    pub result: ResultCode,
}

impl Outcome {
    /// Reads it from an answer.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            origin_host: message.need_text(&d::ORIGIN_HOST)?.to_owned(),
            origin_realm: message.need_text(&d::ORIGIN_REALM)?.to_owned(),
            result: ResultCode::from_message(message)?,
        })
    }

    /// The answer to `request`: this header, then `avps`.
    pub fn answer(&self, request: &Message, avps: Vec<Avp>) -> Message {
        let mut all = vec![
            vendor_application(request.application),
            self.result.to_avp(),
            Avp::u32(&d::AUTH_SESSION_STATE, NO_STATE_MAINTAINED),
            Avp::text(&d::ORIGIN_HOST, &self.origin_host),
            Avp::text(&d::ORIGIN_REALM, &self.origin_realm),
        ];
        all.extend(avps);
        Message::answer(request, all)
    }
}

/// Answer that says what is wrong with a request: Result-Code, Error-Message, Failed-AVP; the E bit with protocol errors
/// (RFC 6733 clauses 7.1.3 and 7.2).
pub fn problem_answer(request: &Message, origin_host: &str, origin_realm: &str, problem: &DiameterProblem) -> Message {
    let mut avps = vec![
        Avp::u32(&d::RESULT_CODE, problem.code),
        Avp::text(&d::ORIGIN_HOST, origin_host),
        Avp::text(&d::ORIGIN_REALM, origin_realm),
    ];
    let protocol_error = problem.code / 1000 == 3;
    if !protocol_error && (request.application == d::APP_CX || request.application == d::APP_SH) {
        avps.insert(0, vendor_application(request.application));
        avps.insert(2, Avp::u32(&d::AUTH_SESSION_STATE, NO_STATE_MAINTAINED));
    }
    if !protocol_error {
        avps.splice(0..0, super::mbms::of_answer(request));
        avps.extend(super::charging::of_answer(request));
    }
    avps.push(Avp::text(&d::ERROR_MESSAGE, &problem.what));
    avps.extend(problem.failed.as_ref().map(|failed| Avp::group(&d::FAILED_AVP, std::slice::from_ref(failed))));
    let mut answer = Message::answer(request, avps);
    if protocol_error {
        answer.flags = answer.flags.with(super::message::Flags::ERROR);
    }
    answer
}
