//! A UE retrieves a message over the IMS: TR 23.804 clause 8.11.2 steps 10 to 16. The seed leaves open how the message comes;
//! here it comes as M-Retrieve.conf in a MESSAGE of its own, and the UE's MESSAGE is answered when that has been.

use std::time::Duration;

use http::{Method, Response};
use protocol::Instant;
use protocol::http::parse_request;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Request, ServerKey};

use super::{Exchange, Waiting, is_pdu, refusal_of};
use crate::sms::ip_message_gw::IpMessageGw;
use crate::sms::ip_message_gw::users::User;

impl IpMessageGw {
    /// A MESSAGE with a GET: the relay that it names is asked.
    pub(in crate::sms::ip_message_gw) fn mms_retrieve(
        &mut self,
        now: Instant,
        key: ServerKey,
        user: &User,
        request: &Request,
    ) -> Result<(), Refusal> {
        let bad = |why: &str| Refusal::new(400).because(why);
        let asked = parse_request(&request.body).map_err(|problem| bad(&format!("No request of HTTP: {problem}")))?;
        if asked.method() != Method::GET {
            return Err(Refusal::new(403).because("Only GET retrieves a message"));
        }
        let host = asked.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let relay = self.config.mms.as_ref().and_then(|mms| mms.relay_at(host)).cloned();
        let relay = relay.ok_or_else(|| Refusal::new(404).because("No MMS Relay/Server of that name"))?;
        self.check_room()?;
        let path = asked.uri().path_and_query().map_or("/", |path| path.as_str());
        let patience = self.config.mms.as_ref().map_or(Duration::ZERO, |mms| mms.patience);
        let waiting = Waiting::of(key, user, request, now + patience);
        self.ask_relay((&relay, Method::GET, path), (user, Vec::new()), Exchange::Retrieval(waiting))
    }

    /// The relay has given it, or why not (steps 13 and 14).
    pub(super) fn mms_retrieved(&mut self, now: Instant, waiting: Waiting, result: Result<Response<Vec<u8>>, String>) {
        let response = match result {
            Ok(response) if response.status().is_success() && is_pdu(&response) => response,
            refused => return self.refuse_mms(now, waiting.key, &refusal_of(&refused)),
        };
        let Some(mms) = &self.config.mms else { return };
        let largest = mms.largest;
        if response.body().len() > largest {
            let why = format!("More than {largest} octets: MM1 over HTTP has it");
            return self.refuse_mms(now, waiting.key, &Refusal::new(413).because(&why));
        }
        let Some(user) = self.users.get(&waiting.imsi).cloned() else {
            return self.refuse_mms(now, waiting.key, &Refusal::new(403).because("Not registered here any more"));
        };
        // The same patience for both: the UE has waited for the relay already.
        let (key, call_id, deadline) = (waiting.key, waiting.call_id.clone(), waiting.deadline);
        let exchange = Some((Exchange::Content(waiting), deadline));
        if !self.send_pdu(now, &user, (Some(&call_id), response.body()), exchange) {
            self.refuse_mms(now, key, &Refusal::new(500).because("The message cannot be sent"));
        }
    }

    /// The UE has the message, or has refused it (steps 15 and 16).
    pub(super) fn mms_content_answered(&mut self, now: Instant, waiting: &Waiting, status: u16) {
        if (200..300).contains(&status) {
            self.mms.counters.retrieved += 1;
            self.shell.reply(now, waiting.key, 202);
        } else {
            let why = format!("The message was not taken: {status}");
            self.refuse_mms(now, waiting.key, &Refusal::new(480).because(&why));
        }
    }
}
