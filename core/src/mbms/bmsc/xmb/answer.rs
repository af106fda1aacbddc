//! Answers of xMB-C: resources as JSON, refusals as problems (RFC 9457), and which results of a bearer are which of them.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::diameter::mbms::provisioning::ConflictReason;
use protocol::xmb::{self, Conflict, PROBLEM_CONTENT_TYPE, Problem, XmbProblem};
use serde::Serialize;

use crate::mbms::bmsc::allocation::NoService;

/// Why a request is not fulfilled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    status: StatusCode,
    detail: String,
    conflict: Option<Conflict>,
}

/// Done, or refused.
pub(super) type Outcome = Result<(), Refused>;

impl Refused {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), conflict: None }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn conflict(reason: ConflictReason) -> Self {
        let status = match reason {
            ConflictReason::Incomplete | ConflictReason::EndBeforeStart | ConflictReason::NotMulticast => {
                StatusCode::BAD_REQUEST
            }
            ConflictReason::TmgiNotOfAs | ConflictReason::AddressNotOfAs => StatusCode::FORBIDDEN,
            _ => StatusCode::CONFLICT,
        };
        Self { status, detail: words(reason).to_owned(), conflict: Some(reason.into()) }
    }

    /// Words for a human.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn to_response(&self) -> Response<Vec<u8>> {
        let problem = Problem {
            title: self.status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            conflict: self.conflict,
            ..Problem::default()
        };
        with_body(self.status, PROBLEM_CONTENT_TYPE, xmb::emit(&problem))
    }
}

impl From<XmbProblem> for Refused {
    fn from(problem: XmbProblem) -> Self {
        Self::bad(problem.to_string())
    }
}

impl From<NoService> for Refused {
    fn from(why: NoService) -> Self {
        match why {
            NoService::Refused(reason) => Self::conflict(reason),
            NoService::TooMany => {
                Self::new(StatusCode::FORBIDDEN, "the content provider has as many TMGIs as it may: delete sessions")
            }
            NoService::Exhausted => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "no TMGI or multicast address is free: try again later")
            }
        }
    }
}

impl From<MbmsBearerResult> for Refused {
    fn from(result: MbmsBearerResult) -> Self {
        const WORDS: [(MbmsBearerResult, StatusCode, &str); 8] = [
            (MbmsBearerResult::UNKNOWN_SERVICE_AREA, StatusCode::BAD_REQUEST, "no MBMS-GW serves a geographical area"),
            (
                MbmsBearerResult::SERVICE_AREA_REJECTED,
                StatusCode::FORBIDDEN,
                "a geographical area is not for this content provider",
            ),
            (
                MbmsBearerResult::QOS_REJECTED,
                StatusCode::FORBIDDEN,
                "the QoS is not for this content provider, or is none",
            ),
            (
                MbmsBearerResult::START_TIME_REJECTED,
                StatusCode::BAD_REQUEST,
                "session-start lies too far back, or not before session-stop",
            ),
            (
                MbmsBearerResult::OVERLAPPING_SERVICE_AREA,
                StatusCode::CONFLICT,
                "another session of the TMGI has the area",
            ),
            (
                MbmsBearerResult::RESOURCES_EXCEEDED,
                StatusCode::SERVICE_UNAVAILABLE,
                "no bearer is free: try again later",
            ),
            (MbmsBearerResult::AUTHORIZATION_REJECTED, StatusCode::FORBIDDEN, "the content provider may not have it"),
            (MbmsBearerResult::SYSTEM_ERROR, StatusCode::CONFLICT, "the bearer is being changed: try again"),
        ];
        let found = WORDS.iter().find(|(bit, ..)| result.has(*bit));
        let (_, status, words) = found.unwrap_or(&(
            MbmsBearerResult::BAD_AVP_COMBINATION,
            StatusCode::CONFLICT,
            "the bearer is being activated or ended: try again",
        ));
        Self::new(*status, *words)
    }
}

const fn words(reason: ConflictReason) -> &'static str {
    match reason {
        ConflictReason::TmgiInUse => "the TMGI is that of another service: assign another",
        ConflictReason::AddressInUse => "address and port are those of another service: assign others",
        ConflictReason::TmgiNotOfAs => "the TMGI is not one that this content provider may assign",
        ConflictReason::AddressNotOfAs => "the address is not one that this content provider may assign",
        ConflictReason::OtherPlmn => "the PLMN of the TMGI is not that of the BM-SC",
        ConflictReason::NotMulticast => "the address is not a multicast address, or the port is 0",
        ConflictReason::OtherAddress => "the TMGI is there with another address or port",
        ConflictReason::OtherDescription => "the session description names another address or port, or cannot be read",
        ConflictReason::Incomplete => "who assigns says tmgi, multicast-address and multicast-port",
        ConflictReason::EndBeforeStart => "session-stop is not after session-start",
    }
}

pub(super) fn with_body(status: StatusCode, content_type: &str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn json<T: Serialize>(status: StatusCode, resource: &T) -> Response<Vec<u8>> {
    with_body(status, "application/json", xmb::emit(resource))
}

/// 201 of a file: there is nothing to be said of it.
pub(super) fn created_file(location: &str) -> Response<Vec<u8>> {
    located(empty(StatusCode::CREATED), location)
}

fn located(mut response: Response<Vec<u8>>, location: &str) -> Response<Vec<u8>> {
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// 201, with where the new resource is.
pub(super) fn created<T: Serialize>(location: &str, resource: &T) -> Response<Vec<u8>> {
    located(json(StatusCode::CREATED, resource), location)
}

pub(super) fn empty(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}

pub(super) fn refusal(status: StatusCode, detail: &str) -> Response<Vec<u8>> {
    Refused::new(status, detail).to_response()
}

/// 405.
pub(super) fn not_allowed(allow: &'static str) -> Response<Vec<u8>> {
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, &format!("this resource has {allow}"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}
