//! Emergency requests (TS 24.229 clause 5.2.10): there is no E-CSCF here, so they are answered with 380 and a body that
//! tells the UE so, and it turns to another domain.

use protocol::sip::{Method, Request, Response, Uri};

/// Media type of the body (TS 24.229 clause 7.6).
const CONTENT_TYPE: &str = "application/3gpp-ims+xml";

/// True if the request is for an emergency service: the URN of RFC 5031, or one of the numbers of the configuration.
pub(super) fn is_emergency(request: &Request, numbers: &[String]) -> bool {
    let dialled = match &request.uri {
        Uri::Other(text) => {
            let text = text.to_ascii_lowercase();
            return text == "urn:service:sos" || text.starts_with("urn:service:sos.");
        }
        Uri::Tel(_) => request.uri.to_string().split([':', ';']).nth(1).unwrap_or_default().to_owned(),
        Uri::Sip(sip) => sip.user.clone().unwrap_or_default().split(';').next().unwrap_or_default().to_owned(),
    };
    request.method != Method::REGISTER && numbers.contains(&dialled)
}

/// Makes the answer to it of an empty one. `own` is the URI of this P-CSCF as it stands in Path. `<action>emergency-registration` is left out: an
/// emergency registration would come back here.
pub(super) fn refusal(mut response: Response, own: &str) -> Response {
    response.headers.append("P-Asserted-Identity", &format!("<{own}>"));
    let body = concat!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        "<ims-3gpp version=\"1\"><alternative-service><type>emergency</type>",
        "<reason>Emergency sessions are not served by this IMS: use another domain</reason>",
        "</alternative-service></ims-3gpp>\n"
    );
    response.set_body(CONTENT_TYPE, body);
    response
}
