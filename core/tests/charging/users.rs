//! Users at their phones: they call, answer, hang up and send, and repeat what nobody answers (RFC 3261 clauses 13, 14, 15 and
//! 17 as far as it matters here).

use std::collections::BTreeMap;

use protocol::sip::{Method, Request, Response, SipMessage};
use protocol::{Entropy, Instant};

use super::ue::Ue;

/// How a called user takes a call: X-Plan of the INVITE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plan {
    /// Accepts after so many milliseconds.
    Accept(u64),
    Busy,
    /// Rings for ever.
    Ring,
}

impl Plan {
    fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(ms) => Self::Accept(ms),
            Err(_) if text == "busy" => Self::Busy,
            Err(_) => Self::Ring,
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Accept(ms) => ms.to_string(),
            Self::Busy => "busy".to_owned(),
            Self::Ring => "ring".to_owned(),
        }
    }
}

/// What a user does later.
#[derive(Clone, Debug)]
pub(crate) enum Todo {
    Accept(Request),
    /// The callee's 2xx was never acknowledged.
    NoAck(String),
    HangUp(String),
    GiveUp(String),
}

/// A call as one of its users sees it.
#[derive(Debug)]
struct Call {
    /// The INVITE, of the caller.
    invite: Request,
    /// 2xx, once there is one.
    ok: Option<Response>,
    is_caller: bool,
    acked: bool,
    over: bool,
    bye: Option<(Request, u32)>,
    talk_ms: u64,
}

pub(crate) struct User {
    pub(crate) n: u8,
    pub(crate) ue: Ue,
    calls: BTreeMap<String, Call>,
    /// Outcomes of messages and of calls that were not answered.
    pub(crate) outcomes: BTreeMap<String, u16>,
    pub(crate) talked: u32,
    pub(crate) byes_with_402: u32,
}

pub(crate) type Later = Vec<(u64, Todo)>;

impl User {
    pub(crate) fn new(n: u8) -> Self {
        let (calls, outcomes) = Default::default();
        Self { n, ue: Ue::new(n), calls, outcomes, talked: 0, byes_with_402: 0 }
    }

    /// A call, which takes so long once it is answered.
    pub(crate) fn call(&mut self, to: &str, plan: Plan, talk_ms: u64, later: &mut Later) -> SipMessage {
        let mut invite = self.ue.request("INVITE", to);
        invite.headers.append("X-Plan", &plan.text());
        let address = format!("10.45.0.{}", self.n);
        // A room is full of packets else.
        let held = if to.contains("conference") { "a=inactive\r\n" } else { "" };
        invite.set_body(
            "application/sdp",
            format!("v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n{held}"),
        );
        let id = invite.call_id().unwrap().to_owned();
        later.push((20_000, Todo::GiveUp(id.clone())));
        let call =
            Call { invite: invite.clone(), ok: None, is_caller: true, acked: true, over: false, bye: None, talk_ms };
        self.calls.insert(id, call);
        SipMessage::Request(invite)
    }

    pub(crate) fn message(&mut self, to: &str, plan: Plan) -> SipMessage {
        let mut message = self.ue.request("MESSAGE", to);
        message.headers.append("X-Plan", &plan.text());
        message.set_body("text/plain", "hello");
        SipMessage::Request(message)
    }

    /// What comes is answered.
    pub(crate) fn receive(&mut self, message: SipMessage, later: &mut Later) -> Vec<SipMessage> {
        match message {
            SipMessage::Request(request) => self.request(request, later),
            SipMessage::Response(response) => self.response(&response, later),
        }
    }

    fn reply(&self, request: &Request, status: u16) -> SipMessage {
        let mut response = Response::to(request, status, None);
        response.set_to_tag(&format!("u{}", self.n));
        response.headers.copy_from(&request.headers, "Record-Route");
        response.headers.append("Contact", &format!("<{}>", self.ue.contact));
        SipMessage::Response(response)
    }

    fn request(&mut self, request: Request, later: &mut Later) -> Vec<SipMessage> {
        let id = request.call_id().unwrap().to_owned();
        let plan = Plan::parse(request.headers.get("X-Plan").unwrap_or("0"));
        match request.method {
            Method::INVITE if self.calls.contains_key(&id) => vec![],
            Method::INVITE => {
                let call = Call {
                    invite: request.clone(),
                    ok: None,
                    is_caller: false,
                    acked: false,
                    over: false,
                    bye: None,
                    talk_ms: 0,
                };
                self.calls.insert(id, call);
                match plan {
                    Plan::Busy => return vec![self.reply(&request, 486)],
                    Plan::Accept(ms) => later.push((ms, Todo::Accept(request.clone()))),
                    Plan::Ring => {}
                }
                vec![self.reply(&request, 180)]
            }
            Method::ACK => {
                self.calls.entry(id).and_modify(|call| call.acked = true);
                vec![]
            }
            Method::CANCEL => {
                let Some(call) = self.calls.get_mut(&id).filter(|call| call.ok.is_none()) else {
                    return vec![self.reply(&request, 200)];
                };
                call.over = true;
                let invite = call.invite.clone();
                vec![self.reply(&request, 200), self.reply(&invite, 487)]
            }
            Method::BYE => {
                self.byes_with_402 += u32::from(request.headers.get("Reason").is_some_and(|r| r.contains("402")));
                let known = self.calls.get_mut(&id).map(|call| call.over = true).is_some();
                vec![self.reply(&request, if known { 200 } else { 481 })]
            }
            _ => vec![self.reply(&request, if plan == Plan::Busy { 486 } else { 200 })],
        }
    }

    fn response(&mut self, response: &Response, later: &mut Later) -> Vec<SipMessage> {
        let id = response.call_id().unwrap().to_owned();
        let method = response.cseq().unwrap().unwrap().method;
        let Some(call) = self.calls.get_mut(&id).filter(|_| method != Method::MESSAGE) else {
            if !response.is_provisional() {
                self.outcomes.insert(id, response.status);
            }
            return vec![];
        };
        if method == Method::BYE {
            // RFC 3261 clause 15.1.1: 481 and 408 end it as well.
            call.bye = None;
            return vec![];
        }
        if method != Method::INVITE || response.is_provisional() || !call.is_caller {
            return vec![];
        }
        if !response.is_success() {
            call.over = true;
            self.outcomes.insert(id, response.status);
            return vec![];
        }
        let is_first = call.ok.replace(response.clone()).is_none();
        let ack = self.ue.within("ACK", &call.invite, response, 1);
        if is_first {
            self.talked += 1;
            let late = std::mem::replace(&mut call.over, false);
            later.push((if late { 10 } else { call.talk_ms }, Todo::HangUp(id)));
        }
        vec![SipMessage::Request(ack)]
    }

    /// It is time.
    pub(crate) fn act(&mut self, todo: Todo, later: &mut Later) -> Vec<SipMessage> {
        match todo {
            Todo::Accept(invite) => {
                let id = invite.call_id().unwrap().to_owned();
                let Some(call) = self.calls.get_mut(&id).filter(|call| !call.over) else { return vec![] };
                let mut ok = Response::to(&invite, 200, None);
                ok.set_to_tag(&format!("u{}", self.n));
                call.ok = Some(ok);
                later.push((20_000, Todo::NoAck(id.clone())));
                // Who hears nothing any more hangs up at last.
                later.push((600_000, Todo::HangUp(id)));
                vec![self.reply(&invite, 200)]
            }
            Todo::NoAck(id) => {
                if self.calls.get(&id).is_some_and(|call| !call.acked && !call.over) {
                    return self.hang_up(id, later);
                }
                vec![]
            }
            Todo::HangUp(id) => self.hang_up(id, later),
            Todo::GiveUp(id) => {
                let Some(call) = self.calls.get_mut(&id).filter(|call| call.ok.is_none() && !call.over) else {
                    return vec![];
                };
                call.over = true;
                let invite = &call.invite;
                let mut cancel = Request::new(Method::CANCEL, invite.uri.clone());
                for name in ["Via", "From", "To", "Call-ID", "Route", "Max-Forwards"] {
                    cancel.headers.copy_from(&invite.headers, name);
                }
                cancel.headers.append("CSeq", "1 CANCEL");
                vec![SipMessage::Request(cancel)]
            }
        }
    }

    /// BYE, again and again until somebody answers.
    fn hang_up(&mut self, id: String, later: &mut Later) -> Vec<SipMessage> {
        let Some(call) = self.calls.get_mut(&id) else { return vec![] };
        if let Some((bye, left)) = &mut call.bye {
            if *left > 0 {
                *left -= 1;
                let bye = bye.clone();
                later.push((3_000, Todo::HangUp(id)));
                return vec![SipMessage::Request(bye)];
            }
            return vec![];
        }
        let Some(ok) = call.ok.clone().filter(|_| !call.over) else { return vec![] };
        call.over = true;
        let bye = match call.is_caller {
            true => self.ue.within("BYE", &call.invite, &ok, 2),
            false => callee_bye(&self.ue, &call.invite, &ok),
        };
        call.bye = Some((bye.clone(), 40));
        later.push((3_000, Todo::HangUp(id)));
        vec![SipMessage::Request(bye)]
    }
}

/// BYE of who was called.
fn callee_bye(ue: &Ue, invite: &Request, ok: &Response) -> Request {
    let contact = invite.contact().unwrap().unwrap().uri;
    let mut bye = Request::new(Method::BYE, contact);
    let host = ue.contact.split_once('@').unwrap().1;
    let call_id = invite.call_id().unwrap();
    let headers = &mut bye.headers;
    headers.append("Via", &format!("SIP/2.0/UDP {host};branch=z9hG4bKbye{call_id};rport"));
    headers.append("From", ok.headers.get("To").unwrap());
    headers.append("To", invite.headers.get("From").unwrap());
    headers.append("Call-ID", call_id);
    headers.append("CSeq", "1 BYE");
    headers.append("Max-Forwards", "70");
    for route in invite.record_routes().unwrap() {
        headers.append("Route", &route.to_string());
    }
    headers.append("Contact", &format!("<{}>", ue.contact));
    bye
}

/// A stream of numbers for a test.
pub(crate) fn below(entropy: &mut Entropy, n: u64) -> u64 {
    entropy.next_u64() % n
}

/// Milliseconds from now.
pub(crate) fn after(now: Instant, ms: u64) -> Instant {
    now + std::time::Duration::from_millis(ms)
}
