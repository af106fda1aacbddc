//! MESSAGEs to UEs: TS 24.341 clauses 5.3.3.3 and 5.3.3.4, the same straight to a UE on R2, and with PDUs of MM1.

use protocol::Entropy;
use protocol::sip::{Method, NameAddr, NextHop, Request, SipUri, Uri};
use protocol::sms::SMS_MEDIA_TYPE;
use serde::{Deserialize, Serialize};

use super::users::{Access, User};

/// What names a MESSAGE of the gateway: sent again after a restart it is the same one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct LetterName {
    pub(super) call_id: String,
    tag: String,
}

impl LetterName {
    pub(super) fn new(entropy: &mut Entropy) -> Self {
        Self { call_id: entropy.token(24), tag: entropy.token(10) }
    }
}

/// A MESSAGE with a message of the relay layer, or with a PDU of MM1.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) name: &'a LetterName,
    /// Call-ID of what it answers.
    pub(super) in_reply_to: Option<&'a str>,
    /// Type of the body.
    pub(super) media: &'static str,
    pub(super) body: &'a [u8],
}

impl<'a> Letter<'a> {
    /// With a message of the relay layer.
    pub(super) const fn relay(name: &'a LetterName, in_reply_to: Option<&'a str>, body: &'a [u8]) -> Self {
        Self { name, in_reply_to, media: SMS_MEDIA_TYPE, body }
    }

    /// The request for a user, and where it goes. `number_first`: on ISC by the tel URI.
    pub(super) fn to_request(
        &self,
        user: &User,
        own: &SipUri,
        domain: &str,
        number_first: bool,
    ) -> Result<(Request, Option<NextHop>), String> {
        let tel = || format!("tel:+{}", user.msisdn);
        let (uri, to, route, next_hop) = match &user.access {
            Access::Ip(contact) => {
                let identity = format!("sip:{}@{domain}", user.imsi);
                (contact.uri.clone(), identity, None, Some(NextHop::Target(contact.target())))
            }
            Access::Ims { scscf, .. } if number_first => (tel(), tel(), Some(scscf), None),
            Access::Ims { identity, scscf } => (identity.clone(), identity.clone(), Some(scscf), None),
        };
        let mut request = Request::new(Method::MESSAGE, Uri::parse(&uri).map_err(|problem| problem.to_string())?);
        let from = NameAddr::new(Uri::Sip(own.clone()));
        let headers = &mut request.headers;
        if let Some(scscf) = route {
            let uri = Uri::parse(scscf).map_err(|problem| problem.to_string())?;
            let Uri::Sip(scscf) = uri else { return Err("the S-CSCF has no SIP URI".to_owned()) };
            headers.append("Route", &NameAddr::new(Uri::Sip(scscf.with_flag("lr"))).to_string());
        }
        headers.append("Max-Forwards", "70");
        headers.append("From", &from.clone().with_param("tag", &self.name.tag).to_string());
        headers.append("To", &format!("<{to}>"));
        headers.append("Call-ID", &self.name.call_id);
        headers.append("CSeq", "1 MESSAGE");
        // The UE sends its report there.
        headers.append("P-Asserted-Identity", &from.to_string());
        if self.media == SMS_MEDIA_TYPE {
            headers.append("Accept-Contact", "*;+g.3gpp.smsip;require;explicit");
        }
        headers.append("Request-Disposition", "no-fork");
        if let Some(call_id) = self.in_reply_to {
            headers.append("In-Reply-To", call_id);
        }
        request.set_body(self.media, self.body);
        request.headers.append("Content-Transfer-Encoding", "binary");
        Ok((request, next_hop))
    }
}
