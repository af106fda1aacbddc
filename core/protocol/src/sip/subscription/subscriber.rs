//! The subscriber (RFC 6665 clause 4.1).

use std::collections::VecDeque;
use std::time::Duration;

use super::io::{SubscriberEvent, SubscriptionEnd, SubscriptionOutput, SubscriptionPurpose};
use super::refresh_after;
use crate::Instant;
use crate::sip::{CSeq, Dialog, Method, NameAddr, Params, Request, Response, ServerKey};

type Output = SubscriptionOutput<SubscriberEvent>;

/// A subscription, as the one who wants it has it.
#[derive(Debug)]
pub(crate) struct Subscriber {
    contact: NameAddr,
    /// The first SUBSCRIBE.
    request: Request,
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    event: String,
    expires_s: u32,
    dialog: Option<Dialog>,
    state: State,
    /// A SUBSCRIBE is under way.
    asking: bool,
    /// Timer N (clause 4.1.2.4): a NOTIFY has to come until then.
    notify_until: Option<Instant>,
    timer_n: Duration,
    refresh_at: Option<Instant>,
    ends_at: Option<Instant>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Wanted,
    Unwanted,
    Over,
}

impl Subscriber {
    /// `request` is a SUBSCRIBE with From with a tag, To, Call-ID, CSeq, Event and Accept.
    pub(crate) fn new(now: Instant, contact: NameAddr, request: Request, expires_s: u32, timer_n: Duration) -> Self {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let from = request.from().ok().flatten();
        let mut subscriber = Self {
            contact,
            call_id: text(request.call_id()),
            local_tag: text(from.as_ref().and_then(NameAddr::tag)),
            event: super::notifier::event_of(&request),
            request,
            expires_s,
            dialog: None,
            state: State::Wanted,
            asking: false,
            notify_until: None,
            timer_n,
            refresh_at: None,
            ends_at: None,
            outputs: VecDeque::new(),
        };
        let request = subscriber.request.clone();
        subscriber.ask(now, request, expires_s);
        subscriber
    }

    /// It is not wanted any more.
    pub(crate) fn unsubscribe(&mut self, now: Instant) {
        if self.state != State::Wanted {
            return;
        }
        self.state = State::Unwanted;
        self.refresh_at = None;
        if !self.asking {
            self.ask_in_dialog(now);
        }
    }

    /// Call-ID and our tag.
    pub(crate) fn dialog_id(&self) -> (&str, &str) {
        (&self.call_id, &self.local_tag)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    pub(crate) fn handle_response(&mut self, now: Instant, response: &Response) {
        if response.is_provisional() || self.state == State::Over {
            return;
        }
        self.asking = false;
        if response.is_success() && self.is_implicit() && response.headers.get("Refer-Sub").is_some_and(is_false) {
            // RFC 4488 clause 4: nothing will be told.
            return self.end(SubscriptionEnd::Implicit);
        }
        if response.is_success() {
            return self.granted(now, response);
        }
        let min = response.headers.min_expires().ok().flatten().filter(|min| *min > self.expires_s);
        match (response.status, min) {
            (423, Some(min)) if self.state == State::Wanted => {
                self.expires_s = min;
                self.ask_again(now);
            }
            // Clause 4.1.2.3: what stands lasts until its end; RFC 5057 clause 5.1 has those that end it.
            (status, _) if self.is_implicit() => self.refused(status),
            (404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604, _) => self.refused(response.status),
            _ if self.ends_at.is_some_and(|end| end > now) => self.refresh_at = None,
            (status, _) => self.refused(status),
        }
    }

    pub(crate) fn handle_no_response(&mut self) {
        if self.state != State::Over {
            self.asking = false;
            self.end(SubscriptionEnd::Unanswered);
        }
    }

    /// A NOTIFY with our Call-ID and tag.
    pub(crate) fn handle_notify(&mut self, now: Instant, key: ServerKey, notify: &Request) {
        if let Err(status) = self.take_notify(now, notify) {
            let mut response = Response::to(notify, status, None);
            if status == 489 {
                response.headers.append("Allow-Events", self.event.split(';').next().unwrap_or_default());
            }
            return self.outputs.push_back(Output::Respond(key, response));
        }
        let mut response = Response::to(notify, 200, None);
        response.headers.append("Contact", &self.contact.to_string());
        self.outputs.push_back(Output::Respond(key, response));
        let (state, params) = subscription_state(notify);
        self.notify_until = None;
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        self.outputs.push_back(Output::Event(SubscriberEvent::Notified {
            state: state.clone(),
            content_type: text(notify.headers.get("Content-Type")),
            body: notify.body.clone(),
        }));
        if state == "terminated" {
            let end = SubscriptionEnd::Notified {
                reason: text(params.get("reason")).to_ascii_lowercase(),
                retry_after_s: params.get("retry-after").and_then(|s| s.parse().ok()),
            };
            return self.end(if self.state == State::Unwanted { SubscriptionEnd::Unsubscribed } else { end });
        }
        if let Some(expires) = params.get("expires").and_then(|s| s.parse().ok())
            && self.state == State::Wanted
        {
            self.lasts(now, expires);
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Over {
            return;
        }
        let due = |when: Option<Instant>| when.is_some_and(|when| when <= now);
        if due(self.notify_until) {
            self.end(SubscriptionEnd::Unanswered);
        } else if due(self.ends_at) {
            self.end(SubscriptionEnd::Expired);
        } else if due(self.refresh_at) {
            self.refresh_at = None;
            self.ask_again(now);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.state == State::Over {
            return None;
        }
        [self.notify_until, self.ends_at, self.refresh_at].into_iter().flatten().min()
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn granted(&mut self, now: Instant, response: &Response) {
        if self.dialog.is_none() {
            self.dialog = Dialog::uac(&self.request, response).ok();
        } else if let Some(dialog) = &mut self.dialog {
            let _ = dialog.receive_response(response);
        }
        // Clause 3.1.1: shorter than asked for, never longer; without it, as asked for.
        let expires = response.headers.expires().ok().flatten().unwrap_or(self.expires_s);
        match self.state {
            State::Wanted => {
                self.lasts(now, expires.min(self.expires_s));
                self.outputs.push_back(Output::Event(SubscriberEvent::Subscribed { expires_s: expires }));
            }
            // It was unsubscribed while it was asked for.
            State::Unwanted if expires > 0 => self.ask_in_dialog(now),
            State::Unwanted | State::Over => {}
        }
    }

    fn lasts(&mut self, now: Instant, expires_s: u32) {
        self.ends_at = Some(now + Duration::from_secs(expires_s.into()));
        // That of a REFER ends with what is referred to.
        self.refresh_at = (!self.is_implicit()).then(|| now + refresh_after(expires_s));
    }

    fn take_notify(&mut self, now: Instant, notify: &Request) -> Result<(), u16> {
        if self.state == State::Over {
            return Err(481);
        }
        let event = notify.headers.get("Event").ok_or(400_u16)?;
        let is_refer = self.is_implicit() && same_package(event, &self.event);
        if !is_refer && !same_event(event, &self.event) {
            return Err(489);
        }
        if !notify.headers.contains("Subscription-State") {
            return Err(400);
        }
        let id = Dialog::id_of_request(notify).ok_or(481_u16)?;
        match &mut self.dialog {
            // Another branch of a SUBSCRIBE that forked (clause 4.1.4): one subscription is wanted.
            Some(dialog) if dialog.id != id => Err(481),
            Some(dialog) => dialog.receive_request(notify).map_err(|problem| problem.status),
            // It has overtaken the 2xx (clause 4.1.2.4).
            None => {
                let mut dialog = Dialog::uas(notify, &Response::to(notify, 200, None)).map_err(|_| 400_u16)?;
                dialog.local_seq = self.request.cseq().ok().flatten().map(|cseq| cseq.seq);
                self.dialog = Some(dialog);
                if self.state == State::Wanted {
                    self.lasts(now, self.expires_s);
                }
                Ok(())
            }
        }
    }

    fn ask_again(&mut self, now: Instant) {
        if self.dialog.is_some() {
            return self.ask_in_dialog(now);
        }
        let seq = self.request.cseq().ok().flatten().map_or(1, |cseq| cseq.seq) + 1;
        self.request.headers.set("CSeq", &CSeq { seq, method: Method::SUBSCRIBE }.to_string());
        let (request, expires) = (self.request.clone(), self.expires_s);
        self.ask(now, request, expires);
    }

    fn ask_in_dialog(&mut self, now: Instant) {
        let Some(dialog) = &mut self.dialog else { return };
        let mut request = dialog.request(Method::SUBSCRIBE);
        request.headers.set("Event", &self.event);
        request.headers.copy_from(&self.request.headers, "Accept");
        let expires = if self.state == State::Wanted { self.expires_s } else { 0 };
        self.ask(now, request, expires);
    }

    fn ask(&mut self, now: Instant, mut request: Request, expires_s: u32) {
        request.headers.set("Contact", &self.contact.to_string());
        if request.method == Method::SUBSCRIBE {
            request.headers.set("Expires", &expires_s.to_string());
        }
        self.asking = true;
        self.notify_until = Some(now + self.timer_n);
        self.outputs.push_back(Output::Send(SubscriptionPurpose::Subscribe, request));
    }

    /// Made by a REFER (RFC 3515 clause 2.4.4).
    fn is_implicit(&self) -> bool {
        self.request.method == Method::REFER
    }

    fn refused(&mut self, status: u16) {
        self.end(SubscriptionEnd::Refused { status });
    }

    fn end(&mut self, why: SubscriptionEnd) {
        self.state = State::Over;
        self.outputs.push_back(Output::Event(SubscriberEvent::Ended(why)));
    }
}

fn is_false(value: &str) -> bool {
    value.split(';').next().is_some_and(|value| value.trim().eq_ignore_ascii_case("false"))
}

/// The notifier of a REFER may add an `id` (RFC 3515 clause 2.4.6).
fn same_package(one: &str, other: &str) -> bool {
    let package = |event: &str| event.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    package(one) == package(other)
}

/// Package and `id` decide (RFC 6665 clause 8.2.1).
pub(super) fn same_event(one: &str, other: &str) -> bool {
    let parts = |event: &str| {
        let (package, params) = event.split_at(event.find(';').unwrap_or(event.len()));
        let id = Params::parse(params, "Event").ok().and_then(|params| params.get("id").map(ToOwned::to_owned));
        (package.trim().to_ascii_lowercase(), id)
    };
    parts(one) == parts(other)
}

fn subscription_state(notify: &Request) -> (String, Params) {
    let value = notify.headers.get("Subscription-State").unwrap_or_default();
    let (state, params) = value.split_at(value.find(';').unwrap_or(value.len()));
    (state.trim().to_ascii_lowercase(), Params::parse(params, "Subscription-State").unwrap_or_default())
}
