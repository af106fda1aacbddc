//! The machine: what comes in is given to the state that it concerns.

use std::collections::VecDeque;

use super::callee::Callee;
use super::caller::{Answered, Caller};
use super::io::{EndedWhy, NoResponse, Purpose, Refusal, SessionEvent, SessionOutput, SessionSettings};
use super::standing::Standing;
use crate::sip::{Method, NameAddr, Request, Response, ServerKey, Uri};
use crate::{Entropy, Instant};

/// Methods that a session understands, for Allow.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, MESSAGE, NOTIFY, SUBSCRIBE, INFO";

/// Who the local side of a session is.
#[derive(Clone, Debug)]
pub(crate) struct LocalParty {
    /// Contact of requests and responses, with feature tags.
    pub(crate) contact: NameAddr,
    /// What its responses say beside.
    pub(crate) headers: Vec<(String, String)>,
    /// How sessions are held.
    pub(crate) settings: SessionSettings,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) local: LocalParty,
    pub(super) entropy: Entropy,
    pub(super) call_id: String,
    pub(super) local_tag: String,
    pub(super) phase: Phase,
    pub(super) answered: Answered,
    outputs: VecDeque<SessionOutput>,
}

/// Where a session is.
#[derive(Debug)]
pub(super) enum Phase {
    /// Our INVITE is out.
    Calling(Box<Caller>),
    /// Theirs is not answered.
    Called(Box<Callee>),
    /// It stands, or waits for the ACK of our 2xx.
    Standing(Box<Standing>),
    /// Our BYE is out.
    Ending(EndedWhy),
    /// All is said; a late 2xx of another branch may come.
    Over,
}

impl Session {
    /// A session to be offered: the INVITE has From with a tag, To, Call-ID, CSeq and whatever else its user wants.
    pub(crate) fn calling(now: Instant, local: LocalParty, entropy: Entropy, invite: Request) -> Self {
        let call_id = invite.call_id().unwrap_or_default().to_owned();
        let local_tag = invite.from().ok().flatten().and_then(|from| from.tag().map(ToOwned::to_owned));
        let mut session = Self::new(local, entropy, call_id, local_tag.unwrap_or_default());
        session.call(now, invite);
        session
    }

    /// A session that is offered by an INVITE outside of a dialog; `tag` is ours.
    pub(crate) fn called(
        now: Instant,
        local: LocalParty,
        entropy: Entropy,
        tag: String,
        key: ServerKey,
        invite: Request,
    ) -> Self {
        let call_id = invite.call_id().unwrap_or_default().to_owned();
        let mut session = Self::new(local, entropy, call_id, tag);
        session.take_call(now, key, invite);
        session
    }

    fn new(local: LocalParty, entropy: Entropy, call_id: String, local_tag: String) -> Self {
        Self {
            local,
            entropy,
            call_id,
            local_tag,
            phase: Phase::Over,
            answered: Answered::default(),
            outputs: VecDeque::new(),
        }
    }

    /// What we have said last of our media, when the session stands.
    pub(crate) fn local_description(&self) -> Option<Vec<u8>> {
        match &self.phase {
            Phase::Standing(standing) => Some(standing.negotiation.local_body()),
            _ => None,
        }
    }

    /// Where its requests go, when it stands: the Contact of the other side.
    pub(crate) fn remote_target(&self) -> Option<Uri> {
        match &self.phase {
            Phase::Standing(standing) => Some(standing.dialog.remote_target.clone()),
            _ => None,
        }
    }

    /// Call-ID and our tag: requests with them belong here.
    pub(crate) fn dialog_id(&self) -> (&str, &str) {
        (&self.call_id, &self.local_tag)
    }

    /// Nothing more is to come of it but late responses.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// A response to one of its requests.
    pub(crate) fn handle_response(&mut self, now: Instant, purpose: Purpose, response: &Response) {
        match (&self.phase, purpose) {
            (Phase::Calling(_), Purpose::Invite) => self.call_answered(now, response),
            // A branch that was not chosen accepts the call as well, or repeats its 2xx.
            (_, Purpose::Invite) if response.is_success() => self.late_success(response),
            (Phase::Standing(_), Purpose::ReInvite | Purpose::Update) => self.change_answered(now, purpose, response),
            (_, Purpose::ReInvite) if response.is_success() => self.acknowledge_late(response),
            (Phase::Calling(_), Purpose::Prack | Purpose::Update) => self.early_answered(purpose, response),
            (Phase::Called(_), Purpose::Update) => self.early_answered(purpose, response),
            (Phase::Ending(_), Purpose::Bye) if !response.is_provisional() => self.over(),
            _ => {}
        }
    }

    /// No response will come.
    pub(crate) fn handle_no_response(&mut self, now: Instant, purpose: Purpose, why: &NoResponse) {
        match (&self.phase, purpose) {
            (Phase::Calling(_), Purpose::Invite) => self.call_unanswered(why),
            (Phase::Standing(_), Purpose::ReInvite | Purpose::Update) => self.change_unanswered(now, purpose, why),
            // The dialog goes with the PRACK (RFC 3262 clause 4 leaves that to the INVITE, which fails as well).
            (Phase::Calling(_) | Phase::Called(_), Purpose::Update) => {
                self.event(SessionEvent::ModifyRefused { why: refusal(why) });
            }
            (Phase::Ending(_), Purpose::Bye) => self.over(),
            _ => {}
        }
    }

    /// A request of the other side in a dialog of this session; false: this is nothing for a session.
    pub(crate) fn handle_request(&mut self, now: Instant, key: Option<ServerKey>, request: &Request) -> bool {
        let Some(key) = key else {
            self.take_ack(now, request);
            return true;
        };
        if let Phase::Ending(_) | Phase::Over = self.phase {
            // Two BYEs cross, or something comes after it (RFC 3261 clause 15.1.2).
            let status = if request.method == Method::BYE { 200 } else { 481 };
            self.answer(key, request, status);
            return true;
        }
        if let Err(status) = self.in_order(request) {
            self.answer(key, request, status);
            return true;
        }
        match &request.method {
            m if *m == Method::BYE => self.take_bye(key, request),
            m if *m == Method::PRACK => self.take_prack(now, key, request),
            m if *m == Method::UPDATE || *m == Method::INVITE => self.take_offer(now, key, request),
            m if *m == Method::OPTIONS => self.answer(key, request, 200),
            _ => return false,
        }
        true
    }

    /// No ACK came for a 2xx, or no PRACK for a provisional response.
    pub(crate) fn handle_missing(&mut self, now: Instant, status: u16) {
        match &self.phase {
            // RFC 3262 clause 3: the INVITE should be refused.
            Phase::Called(_) if status < 200 => self.refuse(504, EndedWhy::TimedOut("no PRACK came".into())),
            // RFC 3261 clause 13.3.1.4: the dialog is confirmed, and should be ended.
            Phase::Standing(_) if status < 300 => self.bye(now, EndedWhy::TimedOut("no ACK came".into())),
            _ => {}
        }
    }

    /// Takes that time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        match &self.phase {
            Phase::Calling(_) => self.give_up(EndedWhy::NoAnswer),
            Phase::Called(_) => self.refuse(480, EndedWhy::NoAnswer),
            Phase::Standing(_) => self.standing_timeout(now),
            Phase::Ending(_) | Phase::Over => {}
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Calling(caller) => caller.due(),
            Phase::Called(callee) => Some(callee.until),
            Phase::Standing(standing) => standing.due(),
            Phase::Ending(_) | Phase::Over => None,
        }
    }

    /// What is to be done.
    pub(crate) fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }

    /// It is to end, as far as it is: CANCEL, a refusal, BYE.
    pub(crate) fn hang_up(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Calling(_) => self.give_up(EndedWhy::Cancelled),
            Phase::Called(_) => self.refuse(603, EndedWhy::Rejected { status: 603 }),
            // RFC 3261 clause 15: the callee says BYE only when the ACK has come.
            Phase::Standing(standing) if standing.awaits_ack() => standing.hangs_up = true,
            Phase::Standing(_) => self.bye(now, EndedWhy::HungUp),
            Phase::Ending(_) | Phase::Over => {}
        }
    }

    /// A request in its dialog.
    ///
    /// # Errors
    /// It does not stand.
    pub(crate) fn request(&mut self, method: Method) -> Result<Request, Refusal> {
        match &mut self.phase {
            Phase::Standing(standing) => Ok(standing.dialog.request(method)),
            _ => Err(Refusal::NotNow("the session does not stand")),
        }
    }

    /// Gone without a word.
    pub(crate) fn lose(&mut self) {
        if !matches!(self.phase, Phase::Over) {
            self.ended(EndedWhy::Lost);
        }
    }

    pub(super) fn put(&mut self, output: SessionOutput) {
        self.outputs.push_back(output);
    }

    pub(super) fn event(&mut self, event: SessionEvent) {
        self.put(SessionOutput::Event(event));
    }

    pub(super) fn ended(&mut self, why: EndedWhy) {
        self.phase = Phase::Over;
        self.event(SessionEvent::Ended { why });
    }

    /// The BYE has its answer, or none.
    fn over(&mut self) {
        if let Phase::Ending(why) = std::mem::replace(&mut self.phase, Phase::Over) {
            self.event(SessionEvent::Ended { why });
        }
    }

    pub(super) fn respond(&mut self, key: ServerKey, response: Response) {
        self.put(SessionOutput::Respond(key, response));
    }

    /// A response without body.
    pub(super) fn answer(&mut self, key: ServerKey, request: &Request, status: u16) {
        let response = self.response_to(request, status);
        self.respond(key, response);
    }

    pub(super) fn response_to(&self, request: &Request, status: u16) -> Response {
        let mut response = Response::to(request, status, None);
        response.set_to_tag(&self.local_tag);
        if status == 200 && request.method == Method::OPTIONS {
            response.headers.set("Allow", ALLOW);
        }
        response
    }

    fn take_bye(&mut self, key: ServerKey, request: &Request) {
        self.answer(key, request, 200);
        // RFC 3261 clause 15.1.2: requests that wait get 487.
        if let Phase::Called(callee) = &self.phase {
            let (key, response) = (callee.key, self.response_to(&callee.invite, 487));
            self.respond(key, response);
        }
        self.ended(EndedWhy::RemoteHungUp { reason: reason_of(request) });
    }

    /// The order of requests in the dialog that one belongs to (RFC 3261 clause 12.2.2).
    fn in_order(&mut self, request: &Request) -> Result<(), u16> {
        let dialog = match &mut self.phase {
            Phase::Calling(caller) => caller.dialog_of(request),
            Phase::Called(callee) => Some(&mut callee.dialog),
            Phase::Standing(standing) => Some(&mut standing.dialog),
            Phase::Ending(_) | Phase::Over => None,
        };
        dialog.map_or(Err(481), |dialog| dialog.receive_request(request).map_err(|problem| problem.status))
    }
}

/// Its Reason header field (RFC 3326).
pub(super) fn reason_of(request: &Request) -> Option<String> {
    request.headers.get("Reason").map(ToOwned::to_owned)
}

pub(super) fn refusal(why: &NoResponse) -> Refusal {
    match why {
        NoResponse::Timeout => Refusal::Timeout,
        NoResponse::NotSent(why) => Refusal::NotSent(why.clone()),
    }
}
