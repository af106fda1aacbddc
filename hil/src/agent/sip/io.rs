//! What goes into a UE agent and what comes out of it.

use protocol::mime::Part;
use protocol::msrp::{MsrpEvent, MsrpInput, MsrpMessage, MsrpOutput, SessionOptions};
use protocol::sip::{EndedWhy, Flow, HoldState, ReferRequest, Refusal, SubscriptionRequest, Target};
use protocol::xml::{Imdn, ListEntry, RegInfo};

use crate::at::ts31102::{AkaAnswer, Authenticate, AuthenticationFailure};

/// What comes in.
#[derive(Clone, PartialEq, Debug)]
pub enum AgentInput<'a> {
    /// A SIP message came: a datagram, or a piece of a stream.
    Sip {
        /// How it came.
        flow: Flow,
        /// Its octets.
        bytes: &'a [u8],
    },
    /// A message could not be sent, or a connection has gone.
    SipFailed {
        /// Where it was to go.
        target: Target,
        /// Why.
        why: String,
    },
    /// The answer to [`AgentOutput::Authenticate`].
    Authenticated(Result<AkaAnswer, AuthenticationFailure>),
    /// Streams of messages over the media plane (RFC 4975).
    Msrp(MsrpInput<'a>),
    /// What the user wants.
    Command(AgentCommand),
}

/// What the user of a UE wants.
#[derive(Clone, PartialEq, Debug)]
pub enum AgentCommand {
    /// To be registered, and kept registered.
    Register,
    /// Not to be registered any more; sessions end before.
    Deregister,
    /// To be told about the own registration (TS 24.229 clause 5.1.1.3).
    SubscribeReg,
    /// No longer.
    UnsubscribeReg,
    /// A page mode message (RFC 3428).
    Message(OutgoingMessage),
    /// A state for those who watch it (RFC 3903).
    Publish(Publication),
    /// To be told about something (RFC 6665), such as `presence` of another user.
    Watch {
        /// Names it from here on.
        watch: WatchId,
        /// What, where and for how long; it is kept up until then.
        wanted: SubscriptionRequest,
    },
    /// No longer.
    Unwatch(WatchId),
    /// Somebody is asked to reach somebody else (RFC 3515), such as a focus (TS 24.147 clause 5.3.1.5.3). What comes of it
    /// is told as notifications.
    Refer {
        /// Names it from here on.
        watch: WatchId,
        /// Who, and whom.
        wanted: ReferRequest,
    },
    /// A session (TS 24.229 clause 5.1.3).
    Call {
        /// Names it from here on.
        call: CallId,
        /// Request-URI and To.
        to: String,
        /// SDP offer.
        sdp: Vec<u8>,
        /// Further header fields.
        headers: Vec<(String, String)>,
        /// Parts of the body beside the SDP.
        parts: Vec<Part>,
    },
    /// An incoming session rings (180).
    Ring(CallId),
    /// It is accepted.
    Answer {
        /// Which.
        call: CallId,
        /// SDP: an answer where there was an offer, else an offer.
        sdp: Vec<u8>,
    },
    /// It is refused.
    Reject {
        /// Which.
        call: CallId,
        /// 300 to 699.
        status: u16,
    },
    /// The other one is put on hold (RFC 3264 clause 8.4).
    Hold(CallId),
    /// And taken off it.
    Resume(CallId),
    /// Another SDP offer in a session (re-INVITE).
    Modify {
        /// Which.
        call: CallId,
        /// SDP offer.
        sdp: Vec<u8>,
    },
    /// Another SDP offer by UPDATE (RFC 3311), also before the session is accepted.
    Update {
        /// Which.
        call: CallId,
        /// SDP offer.
        sdp: Vec<u8>,
    },
    /// Media by another way: over the MBMS bearer that the session has a medium for, or by unicast. A re-INVITE says so: by
    /// the first medium the UE only sends, or it receives too.
    Listen {
        /// Which.
        call: CallId,
        /// Over the bearer.
        over_mbms: bool,
    },
    /// The UE is elsewhere: value of P-Access-Network-Info from here on.
    Locate(String),
    /// The session ends: CANCEL or BYE, as far as it is; an incoming one is refused.
    HangUp(CallId),
    /// A message to a list of recipients (RFC 5365).
    ListMessage {
        /// To be given back in [`AgentEvent::MessageResult`].
        token: u64,
        /// The list service.
        service: String,
        /// The recipients.
        entries: Vec<ListEntry>,
        /// What is said.
        content: Part,
    },
    /// A message whose sender wants to be told what becomes of it (RFC 5438).
    TrackedMessage {
        /// To be given back in [`AgentEvent::MessageResult`] and [`AgentEvent::Tracked`].
        token: u64,
        /// Request-URI and To.
        to: String,
        /// What is said.
        content: Part,
        /// `positive-delivery`, `negative-delivery`, `processing`, by commas.
        wish: String,
        /// DateTime (RFC 3339).
        datetime: String,
        /// Further header fields.
        headers: Vec<(String, String)>,
    },
    /// A session of messages (TS 24.247 clause 5.1).
    Chat {
        /// Names it from here on.
        call: CallId,
        /// Request-URI and To.
        to: String,
        /// What is taken in it.
        options: SessionOptions,
    },
    /// An offered session of messages is accepted.
    AnswerChat {
        /// Which.
        call: CallId,
        /// What is taken in it.
        options: SessionOptions,
    },
    /// A message in a session of messages.
    ChatSend {
        /// Which.
        call: CallId,
        /// The message.
        message: MsrpMessage,
    },
    /// Octets that [`MsrpEvent::Wanted`] has asked for.
    ChatSupply {
        /// Which.
        call: CallId,
        /// Of the message.
        token: u64,
        /// Exactly these.
        octets: Vec<u8>,
    },
    /// All that is given up at once without a word to anybody: the UE has lost its bearer or its power.
    Vanish,
}

/// A message to be sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OutgoingMessage {
    /// To be given back.
    pub token: u64,
    /// Request-URI and To.
    pub to: String,
    /// Of the body.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
    /// Further header fields; `Call-ID` and `P-Preferred-Identity` are taken instead of the agent's own.
    pub headers: Vec<(String, String)>,
}

/// A state to be published. Without etag it is a new one; with one and without body it only lasts longer; with 0 seconds it
/// is taken back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Publication {
    /// To be given back.
    pub token: u64,
    /// Whose state it is; none: the own identity.
    pub to: Option<String>,
    /// Event package.
    pub event: String,
    /// Of the body.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
    /// Seconds.
    pub expires_s: u32,
    /// Entity tag of the publication that it is about.
    pub etag: Option<String>,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
}

/// A publication that stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Its entity tag.
    pub etag: String,
    /// Seconds that it lasts.
    pub expires_s: u32,
}

/// Names a subscription that the user of an agent wants; the user chooses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WatchId(pub u64);

/// Names a session of one agent. The user chooses those of calls that it makes; incoming ones get theirs from 2^32 on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(pub u64);

impl CallId {
    /// The first of an incoming call.
    pub const FIRST_INCOMING: Self = Self(1 << 32);
}

/// What comes out.
#[derive(Clone, PartialEq, Debug)]
pub enum AgentOutput {
    /// A SIP message to be sent.
    Sip {
        /// Where to.
        target: Target,
        /// Its octets.
        bytes: Vec<u8>,
    },
    /// A stream of the media plane is to be opened, used or closed; events do not come by here.
    Msrp(MsrpOutput),
    /// The SIM is to answer a challenge; [`AgentInput::Authenticated`] is awaited.
    Authenticate(Authenticate),
    /// For the user.
    Event(AgentEvent),
}

/// What the user is told.
#[derive(Clone, PartialEq, Debug)]
pub enum AgentEvent {
    /// Registered, for the first time or again.
    Registered(Registered),
    /// A registration has failed. With `retry_s` another one follows by itself.
    RegistrationFailed {
        /// Of the response; none: there was none.
        status: Option<u16>,
        /// In words.
        why: String,
        /// Seconds until it is tried again.
        retry_s: Option<u32>,
    },
    /// Not registered any more.
    Unregistered(UnregisteredWhy),
    /// The network's picture of the registration.
    RegInfo(RegInfo),
    /// The subscription to the registration state stands.
    Subscribed {
        /// Seconds.
        expires_s: u32,
    },
    /// It has ended.
    SubscriptionEnded {
        /// Reason of Subscription-State, or what went wrong.
        why: String,
    },
    /// What became of a message; exactly one for each.
    MessageResult {
        /// As it was given.
        token: u64,
        /// The final 2xx response, or why there is none.
        result: Result<u16, Refusal>,
    },
    /// By which Message-ID notifications will tell of a message.
    Tracked {
        /// As it was given.
        token: u64,
        /// `imdn.Message-ID`.
        message_id: String,
    },
    /// What became of a message that was sent with a wish.
    Disposition {
        /// Who says so.
        from: String,
        /// What became of which message.
        imdn: Imdn,
    },
    /// Of a session of messages.
    Chat {
        /// Which; none: of no session any more.
        call: Option<CallId>,
        /// What.
        event: MsrpEvent,
    },
    /// What became of a publication; exactly one for each.
    PublishResult {
        /// As it was given.
        token: u64,
        /// How it stands, or why it does not.
        result: Result<Published, Refusal>,
    },
    /// A subscription stands, or was refreshed.
    Watching {
        /// Which.
        watch: WatchId,
        /// Seconds.
        expires_s: u32,
    },
    /// A notification came; it has been answered with 200.
    Notified {
        /// Of which subscription.
        watch: WatchId,
        /// `active`, `pending`, `terminated`.
        state: String,
        /// Of the body; empty without one.
        content_type: String,
        /// Body.
        body: Vec<u8>,
    },
    /// A subscription has ended, or was refused.
    WatchEnded {
        /// Which.
        watch: WatchId,
        /// Reason of Subscription-State, or what went wrong.
        why: String,
    },
    /// A message came; it has been answered with 200.
    MessageReceived(IncomingMessage),
    /// A session is offered.
    Incoming {
        /// Names it from here on.
        call: CallId,
        /// P-Asserted-Identity, else From.
        from: String,
        /// SDP offer, where there is one.
        sdp: Option<Vec<u8>>,
        /// Contact: what a service names the session by.
        contact: String,
        /// Parts of the body beside the SDP.
        parts: Vec<Part>,
    },
    /// A provisional response other than 100 to a call.
    Progress {
        /// Which.
        call: CallId,
        /// 180, 183…
        status: u16,
        /// SDP in it.
        sdp: Option<Vec<u8>>,
    },
    /// A session stands.
    Established {
        /// Which.
        call: CallId,
        /// The other one's SDP.
        sdp: Vec<u8>,
        /// Contact of the other one.
        contact: String,
    },
    /// Its media have been agreed upon anew.
    Modified {
        /// Which.
        call: CallId,
        /// The other one's SDP.
        sdp: Vec<u8>,
        /// Who may send now.
        hold: HoldState,
    },
    /// An offer was refused; the session goes on as it was.
    ModifyRefused {
        /// Which.
        call: CallId,
        /// Why.
        why: Refusal,
    },
    /// A session refresh went through (RFC 4028).
    Refreshed(CallId),
    /// A session has ended.
    Ended {
        /// Which.
        call: CallId,
        /// Why.
        why: EndedWhy,
    },
    /// Something came in that is not for the state of things.
    Ignored {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// A registration as the network has answered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registered {
    /// Seconds from now.
    pub expires_s: u32,
    /// P-Associated-URI; the first is the default public user identity.
    pub associated: Vec<String>,
    /// Service-Route.
    pub service_route: Vec<String>,
    /// It was there before.
    pub refreshed: bool,
}

/// Why a UE is not registered any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UnregisteredWhy {
    /// It wanted that.
    Asked,
    /// The network has ended it (TS 24.229 clause 5.1.1.7): event of the contact in the reg event package.
    Network {
        /// `rejected`, `deactivated`, `probation`, …
        event: String,
    },
    /// It was not refreshed in time.
    Expired,
    /// A registration was refused for good.
    Refused {
        /// Status; 0 where there was no response.
        status: u16,
    },
    /// The UE has lost its bearer or its power.
    Vanished,
}

/// A message that came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IncomingMessage {
    /// P-Asserted-Identity, else From: who sent it, and where a report goes (TS 24.341 clause 5.3.1.3).
    pub from: String,
    /// P-Called-Party-ID, else the address in To.
    pub to: String,
    /// Call-ID.
    pub call_id: String,
    /// In-Reply-To.
    pub in_reply_to: Option<String>,
    /// Of the body.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
}

impl IncomingMessage {
    /// Its body is of this media type, whatever its parameters: by that those who use the agent know what is theirs.
    pub fn is(&self, media_type: &str) -> bool {
        let essence = self.content_type.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(media_type)
    }
}
