//! The notifier (RFC 6665 clause 4.2).

use std::collections::VecDeque;
use std::time::Duration;

use super::io::{NotifierEvent, SubscriptionOutput, SubscriptionPurpose};
use super::subscriber::same_event;
use crate::Instant;
use crate::sip::{Dialog, DialogError, Method, NameAddr, Request, Response, ServerKey};

type Output = SubscriptionOutput<NotifierEvent>;

/// Notifications that may wait for the answer to the one before.
const MOST_WAITING: usize = 64;

/// A subscription, as the one who notifies has it.
#[derive(Debug)]
pub(crate) struct Notifier {
    contact: NameAddr,
    dialog: Dialog,
    event: String,
    ends_at: Option<Instant>,
    /// A NOTIFY is under way.
    notifying: bool,
    waiting: VecDeque<Notification>,
    is_over: bool,
    outputs: VecDeque<Output>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Notification {
    /// `reason` of `terminated`; none: active.
    ends: Option<String>,
    content_type: String,
    body: Vec<u8>,
}

/// The package; REFER subscribes to its own (RFC 3515 clause 2.4.4).
pub(super) fn event_of(request: &Request) -> String {
    let event = if request.method == Method::REFER { Some("refer") } else { request.headers.get("Event") };
    event.unwrap_or_default().to_owned()
}

impl Notifier {
    /// Accepts a SUBSCRIBE; `tag` is ours. A notification has to follow at once (clause 4.2.1.2).
    pub(crate) fn new(
        now: Instant,
        contact: NameAddr,
        tag: &str,
        key: ServerKey,
        request: &Request,
        expires_s: u32,
    ) -> Result<Self, DialogError> {
        let mut response = Self::acceptance(request);
        response.set_to_tag(tag);
        response.headers.copy_from(&request.headers, "Record-Route");
        let dialog = Dialog::uas(request, &response)?;
        let event = event_of(request);
        let mut notifier = Self {
            contact,
            dialog,
            event,
            ends_at: None,
            notifying: false,
            waiting: VecDeque::new(),
            is_over: false,
            outputs: VecDeque::new(),
        };
        notifier.grant(now, key, response, expires_s);
        Ok(notifier)
    }

    /// Call-ID and our tag.
    pub(crate) fn dialog_id(&self) -> (&str, &str) {
        (&self.dialog.id.call_id, &self.dialog.id.local_tag)
    }

    /// Nothing more is to come of it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over && !self.notifying && self.waiting.is_empty()
    }

    /// Tells the state. False: it has ended, or the subscriber is too slow.
    pub(crate) fn notify(&mut self, now: Instant, content_type: &str, body: &[u8]) -> bool {
        if self.is_over || self.waiting.len() >= MOST_WAITING {
            return false;
        }
        self.waiting.push_back(Notification { ends: None, content_type: content_type.into(), body: body.to_vec() });
        self.send_next(now);
        true
    }

    /// Tells the state for the last time; `reason` as in RFC 6665 clause 4.1.3, with parameters.
    pub(crate) fn terminate(&mut self, now: Instant, reason: &str, content_type: &str, body: &[u8]) {
        if !std::mem::replace(&mut self.is_over, true) {
            let (content_type, body) = (content_type.into(), body.to_vec());
            self.waiting.push_back(Notification { ends: Some(reason.into()), content_type, body });
            self.send_next(now);
        }
    }

    /// A SUBSCRIBE in the dialog.
    pub(crate) fn handle_subscribe(&mut self, now: Instant, key: ServerKey, request: &Request, expires_s: u32) {
        let order = self.dialog.receive_request(request).map_err(|problem| problem.status);
        let matches = request.headers.get("Event").is_some_and(|event| same_event(event, &self.event));
        let status = match order {
            Err(status) => status,
            Ok(()) if self.is_over => 481,
            Ok(()) if !matches => 489,
            Ok(()) => 200,
        };
        let response = Response::to(request, status, None);
        if status != 200 {
            return self.outputs.push_back(Output::Respond(key, response));
        }
        self.grant(now, key, response, expires_s);
        if expires_s == 0 {
            return self.expire(now);
        }
        self.outputs.push_back(Output::Event(NotifierEvent::Refreshed { expires_s }));
    }

    /// The answer to a NOTIFY; none: there was none.
    pub(crate) fn handle_notified(&mut self, now: Instant, response: Option<&Response>) {
        if response.is_some_and(Response::is_provisional) {
            return;
        }
        self.notifying = false;
        if response.is_some_and(Response::is_success) {
            return self.send_next(now);
        }
        // Clause 4.2.2: whoever does not take notifications is not subscribed, unless it says when it takes them again.
        let again = response.is_some_and(|response| response.headers.contains("Retry-After"));
        if again && !self.is_over {
            return;
        }
        self.waiting.clear();
        if !std::mem::replace(&mut self.is_over, true) {
            let status = response.map(|response| response.status);
            self.outputs.push_back(Output::Event(NotifierEvent::Lost { status }));
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.ends_at.is_some_and(|end| end <= now) && !self.is_over {
            self.expire(now);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.ends_at.filter(|_| !self.is_over)
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn grant(&mut self, now: Instant, key: ServerKey, mut response: Response, expires_s: u32) {
        self.ends_at = Some(now + Duration::from_secs(expires_s.into()));
        if response.status == 200 {
            response.headers.set("Expires", &expires_s.to_string());
        }
        response.headers.set("Contact", &self.contact.to_string());
        self.outputs.push_back(Output::Respond(key, response));
    }

    fn expire(&mut self, now: Instant) {
        self.terminate(now, "timeout", "", &[]);
        self.outputs.push_back(Output::Event(NotifierEvent::Ended));
    }

    fn send_next(&mut self, now: Instant) {
        if self.notifying {
            return;
        }
        let Some(Notification { ends, content_type, body }) = self.waiting.pop_front() else { return };
        let left = self.ends_at.map_or(0, |end| (end - now).as_secs());
        let mut notify = self.dialog.request(Method::NOTIFY);
        notify.headers.append("Contact", &self.contact.to_string());
        notify.headers.append("Event", &self.event);
        let state = match ends {
            Some(reason) if reason.is_empty() => "terminated".to_owned(),
            Some(reason) => format!("terminated;reason={reason}"),
            None => format!("active;expires={left}"),
        };
        notify.headers.append("Subscription-State", &state);
        if !body.is_empty() {
            notify.set_body(&content_type, body);
        }
        self.notifying = true;
        self.outputs.push_back(Output::Send(SubscriptionPurpose::Notify, notify));
    }
}
