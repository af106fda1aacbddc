//! A MESSAGE that comes: to the list service, on its way to somebody who is there, or to somebody who is not (RFC 3428
//! clause 7, TS 24.229 clause 5.7.3).

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::sip::proxy::{Refusal, pop_own_route};
use protocol::sip::{Flow, NameAddr, Request, Response, SIP_PORT, ServerKey, Via};
use protocol::utc;
use protocol::xml::{Disposition, ImdnStatus};

use super::delivery::is_passing;
use super::item::{Item, Wish, name_of};
use super::{MessagingServer, is_same_server};
use crate::ims::service::Caller;

/// A message that was passed on to its recipient.
#[derive(Debug)]
pub(super) struct Passed {
    request: Request,
    caller: Caller,
    /// Until when he may be silent; none: it waits.
    pub(super) until: Option<Instant>,
    /// What waits of it.
    number: Option<u64>,
}

/// What the S-CSCF says of the served user (RFC 5502).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Case {
    /// He is the sender.
    Originating,
    /// He is the recipient, and is there.
    Present,
    /// He is the recipient, and is not there.
    Absent,
}

impl MessagingServer {
    pub(super) fn message(
        &mut self,
        now: Instant,
        key: ServerKey,
        mut request: Request,
        flow: Flow,
    ) -> Result<(), Refusal> {
        if !self.is_ready {
            return Err(Refusal::new(503).because("Not ready").with("Retry-After", "2"));
        }
        self.proxy.admit(&self.shell.stack, Some(key), &mut request)?;
        let own = self.own.clone();
        pop_own_route(&mut request, |uri| is_same_server(uri, &own));
        let caller = self.shell.caller(&request, flow)?;
        if request.uri.as_sip().is_some_and(|uri| uri.host.eq_ignore_ascii_case(&own.host)) {
            self.shell.charging.begin(now, key, RoleOfNode::B2bua, &request, None);
            return self.for_service(now, key, &request, &caller);
        }
        let case = self.case_of(&request);
        let has_route = request.headers.contains("Route");
        if self.is_own(&request) {
            // One that we deliver comes by here on its way (the criteria of its recipient send it), or finds nobody.
            return match case {
                Case::Absent => Err(Refusal::new(480)),
                _ if has_route => self.forward(now, key, request),
                _ => Err(Refusal::new(480)),
            };
        }
        let role = if case == Case::Originating { RoleOfNode::Originating } else { RoleOfNode::Terminating };
        self.shell.charging.begin(now, key, role, &request, None);
        match case {
            Case::Originating => self.forward(now, key, request),
            // What waits goes first.
            Case::Present if !self.queue.has(&request.uri.identity()) => {
                if !has_route && let Some(next_hop) = &self.config.next_hop {
                    request.headers.prepend("Route", &super::delivery::loose(next_hop));
                }
                let until = Some(now + self.config.answer_time);
                let passed = Passed { request: request.clone(), caller, until, number: None };
                self.forward(now, key, request)?;
                if self.passed.len() < self.config.limits.deliveries {
                    self.passed.insert(key, passed);
                }
                Ok(())
            }
            Case::Present => self.defer(now, key, &request, &caller).map(|_| ()),
            Case::Absent => {
                self.defer(now, key, &request, &caller)?;
                // His registration, or the first pause, comes first.
                self.queue.hold(&request.uri.identity(), now + self.config.first_retry);
                Ok(())
            }
        }
    }

    /// A message that we deliver has our Via in it; what its sender repeats has not.
    fn is_own(&self, request: &Request) -> bool {
        let (host, port) = self.own.host_port();
        let vias = request.headers.vias().unwrap_or_default();
        let is_ours = |via: &Via| via.host.eq_ignore_ascii_case(host) && via.port.unwrap_or(SIP_PORT) == port;
        self.names.contains(&name_of(request)) && vias.iter().any(is_ours)
    }

    fn case_of(&self, request: &Request) -> Case {
        let served = request.headers.address("P-Served-User").ok().flatten();
        let param = |name: &str| served.as_ref().and_then(|served: &NameAddr| served.params.get(name));
        match (param("sescase"), param("regstate")) {
            (Some("orig"), _) => Case::Originating,
            (_, Some("reg")) => Case::Present,
            (_, Some("unreg")) => Case::Absent,
            _ if self.registered.contains(&request.uri.identity()) => Case::Present,
            _ => Case::Absent,
        }
    }

    fn for_service(&mut self, now: Instant, key: ServerKey, request: &Request, caller: &Caller) -> Result<(), Refusal> {
        let user = request.uri.as_sip().and_then(protocol::sip::SipUri::user_text);
        match user.as_deref() {
            Some("list") => self.list_message(now, key, request, caller),
            _ => Err(Refusal::new(404).because("The list service is the user list")),
        }
    }

    /// The message waits; 202 when it is durable (RFC 3428 clause 7).
    fn defer(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        caller: &Caller,
    ) -> Result<Option<u64>, Refusal> {
        let recipient = request.uri.clone();
        self.config.reach.check(&recipient)?;
        if request.body.len() > self.config.limits.octets {
            return Err(Refusal::new(413));
        }
        let now_ms = self.shell.utc_ms(now);
        let expires_ms = self.expiry(request, now_ms)?;
        let mut item = Item::of(request, &recipient, now_ms, expires_ms, &mut self.shell.entropy);
        if item.origin.as_deref().is_some_and(|origin| self.queue.knows(origin)) {
            // It is durable already: what was lost is our answer.
            self.shell.reply(now, key, 202);
            return Ok(None);
        }
        let sender = caller.uri().to_string();
        item.wish = Wish::of(&item.content_type, &request.body, &sender);
        let wish = item.wish.clone().filter(|wish| wish.processing);
        let mut items = vec![item];
        if let Some(wish) = wish {
            let stored = Disposition::Processing(ImdnStatus::Stored);
            items.push(self.notification(now, &wish, &recipient.to_string(), stored));
        }
        let numbers = self.accept(Some(key), items)?;
        Ok(numbers.first().copied())
    }

    /// Until when a message may wait (RFC 3428 clause 8): Expires counts from Date, or from now.
    pub(super) fn expiry(&self, request: &Request, now_ms: u64) -> Result<u64, Refusal> {
        let bad = |name: &str| Refusal::new(400).because(&format!("Bad {name}"));
        let expires = request.expires().map_err(|_| bad("Expires"))?;
        let date = match request.headers.get("Date") {
            Some(date) => utc::from_sip_date(date).ok_or_else(|| bad("Date"))?.min(now_ms),
            None => now_ms,
        };
        let limits = &self.config.limits;
        let Some(seconds) = expires else { return Ok(now_ms + u64::from(limits.expires_s) * 1000) };
        let end = date + u64::from(seconds.min(limits.max_expires_s)) * 1000;
        if end > now_ms { Ok(end) } else { Err(Refusal::new(480).because("The message has expired")) }
    }

    /// One that was passed on is answered: a recipient who is not there after all gets it later.
    pub(super) fn passed_answered(&mut self, now: Instant, key: ServerKey, response: Response) {
        let passed = if response.is_provisional() { None } else { self.passed.remove(&key) };
        match passed {
            // It waits already, and has come after all.
            Some(Passed { number: Some(number), .. }) if response.is_success() => {
                self.counters.delivered += 1;
                self.done(now, number);
            }
            Some(passed) if passed.number.is_none() && is_passing(response.status) => {
                if self.defer_passed(now, key, &passed).is_none() {
                    self.pass_back(now, key, response);
                }
            }
            _ => self.pass_back(now, key, response),
        }
    }

    /// Recipients who do not answer in time: their messages wait before the sender gives up, and are known again when they
    /// come a second time.
    pub(super) fn passed_late(&mut self, now: Instant) {
        let late = self.passed.iter().filter(|(_, passed)| passed.until.is_some_and(|until| until <= now));
        for key in late.map(|(key, _)| *key).collect::<Vec<_>>() {
            let Some(mut passed) = self.passed.remove(&key) else { continue };
            passed.number = self.defer_passed(now, key, &passed);
            passed.until = None;
            if passed.number.is_some() {
                self.passed.insert(key, passed);
            }
        }
    }

    fn defer_passed(&mut self, now: Instant, key: ServerKey, passed: &Passed) -> Option<u64> {
        // His answer is still out: it is not asked for again at once.
        let identity = passed.request.uri.identity();
        match self.defer(now, key, &passed.request, &passed.caller) {
            Ok(number) => {
                self.queue.hold(&identity, now + self.config.first_retry);
                number
            }
            Err(refusal) => {
                self.shell.say(format!("a message for {identity} does not wait: {}", refusal.status));
                None
            }
        }
    }
}
