//! MESSAGEs of UEs: whose they are, and what of the relay layer is in them (TS 24.341 clause 5.3.3, TS 24.011 clause 7.3), or
//! of MMS (TR 23.804 clause 8.11).

use protocol::Instant;
use protocol::mms::MMS_MEDIA_TYPE;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Request, ServerKey};
use protocol::sms::{Direction, RpBody, RpCause, RpMessage, SMS_MEDIA_TYPE};

use super::IpMessageGw;
use super::mms::HTTP_MEDIA_TYPE;
use super::users::{Access, User};
use crate::ims::service::{Caller, check_content, media_type};

/// What of MMS a MESSAGE carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Carried {
    /// A PDU of MM1.
    Pdu,
    /// The request for a message.
    Retrieval,
}

impl IpMessageGw {
    pub(super) fn message(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        (flow, is_isc): (Flow, bool),
    ) -> Result<(), Refusal> {
        let user = match self.sender(request, flow, is_isc)?.cloned() {
            Some(user) => user,
            None if is_isc => {
                let caller = Caller::of(request, flow, &self.shell.trusted)?;
                return match self.wait_for_arrival(now, key, request, flow, caller.identities())? {
                    true => Ok(()),
                    false => Err(unknown()),
                };
            }
            None => return Err(unknown()),
        };
        if self.config.mms.is_some() {
            match self.check_mms(request, &user)? {
                Some(Carried::Pdu) => return self.mms_submit(now, key, &user, request),
                Some(Carried::Retrieval) => return self.mms_retrieve(now, key, &user, request),
                None => {}
            }
        }
        check_content(request, SMS_MEDIA_TYPE)?;
        let call_id = request.call_id().unwrap_or_default();
        let message = match RpMessage::parse(&request.body) {
            Ok(message) => message,
            Err(problem) => {
                let bad = Refusal::new(400).because("No message of the relay layer");
                let reference = problem.reference.ok_or(bad)?;
                self.refuse_mo(now, key, &user, call_id, (reference, problem.cause));
                return Ok(());
            }
        };
        let reference = message.reference;
        match &message.body {
            _ if message.direction == Direction::ToMs => {
                let unknown = (reference, RpCause::UNKNOWN_MESSAGE_TYPE);
                self.refuse_mo(now, key, &user, call_id, unknown);
            }
            RpBody::Data(data) => self.submitted(now, key, (&user, call_id, &request.uri), (reference, data)),
            RpBody::Smma(_) => self.memory_available(now, key, &user, call_id, reference),
            RpBody::Ack(_) | RpBody::Error(_) => self.report(now, key, &user, request, &message),
            RpBody::Other(..) => {
                self.refuse_mo(now, key, &user, call_id, (reference, RpCause::UNKNOWN_MESSAGE_TYPE));
            }
        }
        Ok(())
    }

    /// What of MMS a MESSAGE carries, if that is what it is for; a type that is for nothing here is refused with all that are.
    fn check_mms(&self, request: &Request, user: &User) -> Result<Option<Carried>, Refusal> {
        let kind = request.headers.get("Content-Type").map(media_type).unwrap_or_default();
        let is = |own: &str| kind.eq_ignore_ascii_case(own);
        let carried = match () {
            () if is(SMS_MEDIA_TYPE) => return Ok(None),
            () if is(MMS_MEDIA_TYPE) => Carried::Pdu,
            () if is(HTTP_MEDIA_TYPE) => Carried::Retrieval,
            () => {
                let all = format!("{SMS_MEDIA_TYPE}, {MMS_MEDIA_TYPE}, {HTTP_MEDIA_TYPE}");
                return Err(Refusal::new(415).with("Accept", &all));
            }
        };
        check_content(request, kind)?;
        match user.rules.is_barred {
            true => Err(Refusal::new(403).because("Barred by the operator")),
            false => Ok(Some(carried)),
        }
    }

    /// Whose MESSAGE it is: on ISC whom the S-CSCF asserts, on R2 who has registered from where it comes from (TR 23.804
    /// clause 8.3 step 3). None: nobody's.
    fn sender(&self, request: &Request, flow: Flow, is_isc: bool) -> Result<Option<&User>, Refusal> {
        if is_isc {
            let caller = Caller::of(request, flow, &self.shell.trusted)?;
            return Ok(caller.identities().find_map(|identity| self.users.of_identity(&identity)));
        }
        let Some(user) = self.users.at(flow.remote) else { return Ok(None) };
        let from = request.from().ok().flatten().and_then(|from| from.uri.as_sip().and_then(|uri| uri.user_text()));
        // Somebody else may have its address by now.
        let is_own = matches!(user.access, Access::Ip(_)) && from.as_deref() == Some(user.imsi.as_str());
        if is_own { Ok(Some(user)) } else { Err(Refusal::new(403).because("Not his own identity")) }
    }

    /// RP-ACK or RP-ERROR: by In-Reply-To, else by RP-Message-Reference. One of no message is acknowledged and forgotten
    /// (TS 24.011 clause 9.2).
    fn report(&mut self, now: Instant, key: ServerKey, user: &User, request: &Request, message: &RpMessage) {
        let in_reply_to = request.headers.values("In-Reply-To").next();
        match self.mts.reported(&user.imsi, in_reply_to, message.reference) {
            Some(number) => self.mt_reported(now, key, number, message),
            None => {
                self.shell.ignore("no such message", message.name());
                self.shell.reply(now, key, 202);
            }
        }
    }
}

fn unknown() -> Refusal {
    Refusal::new(403).because("Not registered here")
}
