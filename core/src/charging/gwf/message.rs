//! Messages (TS 32.260 clause 5.3.2.1, IEC and ECUR): paid for before they go, or when they have arrived.

use protocol::Instant;
use protocol::sip::b2bua::carry_headers;
use protocol::sip::{ClientKey, Request, Response, ServerKey};

use super::again::name_of;
use super::credit::put_op;
use super::row::Kind;
use super::{ImsGwf, Waiting};

impl ImsGwf {
    /// A request of its own in the place of the sender's.
    pub(super) fn send_message(&mut self, now: Instant, id: &str, key: ServerKey, request: &Request) {
        let mut own = request.clone();
        own.headers.remove("Via");
        own.headers.set("Call-ID", &self.stack.token(24));
        own.headers.set("CSeq", &format!("1 {}", own.method));
        if let Ok(Some(mut from)) = own.from() {
            from.set_tag(&self.stack.token(10));
            own.headers.set("From", &from.to_string());
        }
        match self.stack.send_request(now, own, None) {
            Ok(client) => drop(self.sent.insert(client, id.to_owned())),
            Err(error) => {
                self.say(format!("{} of {key:?} has no way on: {error}", request.method));
                self.give_up(now, id);
            }
        }
    }

    /// The outcome of a message.
    pub(super) fn message_response(&mut self, now: Instant, client: ClientKey, answer: Result<&Response, u16>) {
        if answer.is_ok_and(Response::is_provisional) {
            return;
        }
        let Some(id) = self.sent.remove(&client) else { return };
        let Some((key, request)) = self.live.remove(&id).and_then(|live| live.asking) else { return };
        self.under_way.remove(&name_of(&request));
        let status = answer.map_or_else(|status| if status == 408 { 504 } else { status }, |r| r.status);
        let reason = answer.ok().map(|response| response.reason.as_str());
        let Some(mut back) = self.stack.prepare(key, status, reason) else { return self.message_over(now, &id, false) };
        if let Ok(response) = answer {
            carry_headers(&response.headers, &mut back.headers);
            back.body.clone_from(&response.body);
        }
        let has_arrived = back.is_success();
        if self.rows.contains_key(&id) && has_arrived {
            // Before the sender hears of it, it is certain that it is paid for.
            let utc = self.utc_ms(now);
            if let Some(row) = self.rows.get_mut(&id) {
                (row.delivered, row.ended_utc_ms) = (true, Some(utc));
            }
            let row = self.rows.get(&id).and_then(put_op);
            let ops = row.into_iter().chain([self.keep_arrived(now, &request)]).collect();
            self.store(ops, Waiting::Tell(key, Box::new(back)));
        } else {
            self.tell(now, key, back);
        }
        self.message_over(now, &id, has_arrived);
    }

    fn message_over(&mut self, now: Instant, id: &str, has_arrived: bool) {
        let utc = self.utc_ms(now);
        let Some(row) = self.rows.get_mut(id).filter(|row| row.kind != Kind::Call) else { return };
        row.delivered |= has_arrived;
        row.ended_utc_ms.get_or_insert(utc);
        self.settle(now, id);
    }
}
