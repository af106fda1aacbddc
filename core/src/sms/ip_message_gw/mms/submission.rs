//! PDUs of UEs to their relay: TR 23.804 clause 8.11.1 steps 2 to 7 (M-Send.req), and what a UE says of messages that came to
//! it (M-NotifyResp.ind, M-Acknowledge.ind, M-Read-Rec.ind) and of those that it passes on (M-Forward.req).

use std::time::Duration;

use http::{Method, Response};
use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Request, ServerKey};

use super::{Exchange, Waiting, is_pdu, refusal_of};
use crate::sms::ip_message_gw::IpMessageGw;
use crate::sms::ip_message_gw::users::User;

impl IpMessageGw {
    /// A MESSAGE with a PDU: the relay of the user is asked to take it.
    pub(in crate::sms::ip_message_gw) fn mms_submit(
        &mut self,
        now: Instant,
        key: ServerKey,
        user: &User,
        request: &Request,
    ) -> Result<(), Refusal> {
        let (largest, patience) =
            self.config.mms.as_ref().map_or((0, Duration::ZERO), |mms| (mms.largest, mms.patience));
        if request.body.len() > largest {
            let why = format!("More than {largest} octets: MM1 over HTTP takes it");
            return Err(Refusal::new(413).because(&why));
        }
        if request.body.is_empty() {
            return Err(Refusal::new(400).because("No PDU of MM1"));
        }
        self.check_room()?;
        let relay = self.relay_of(&user.msisdn)?;
        let waiting = Waiting::of(key, user, request, now + patience);
        self.ask_relay((&relay, Method::POST, "/"), (user, request.body.clone()), Exchange::Submission(waiting))
    }

    /// The relay has the PDU: 202, and its own PDU, if any, in a MESSAGE of its own (steps 6 and 7).
    pub(super) fn mms_submitted(&mut self, now: Instant, waiting: &Waiting, result: Result<Response<Vec<u8>>, String>) {
        let response = match result {
            Ok(response) if response.status().is_success() => response,
            refused => return self.refuse_mms(now, waiting.key, &refusal_of(&refused)),
        };
        self.mms.counters.submitted += 1;
        self.shell.reply(now, waiting.key, 202);
        if !is_pdu(&response) {
            return;
        }
        let Some(user) = self.users.get(&waiting.imsi).cloned() else { return };
        // Without it the UE sends its PDU again, which the relay knows by its transaction.
        if !self.send_pdu(now, &user, (Some(&waiting.call_id), response.body()), None) {
            self.shell.say(format!("{} does not hear what its relay has answered", user.imsi));
        }
    }
}

impl Waiting {
    pub(super) fn of(key: ServerKey, user: &User, request: &Request, deadline: Instant) -> Self {
        let call_id = request.call_id().unwrap_or_default().to_owned();
        Self { key, imsi: user.imsi.clone(), call_id, deadline }
    }
}
