//! Messaging of a UE: messages to lists (RFC 5365), disposition notifications (RFC 5438), sessions of messages over MSRP
//! (TS 24.247, RFC 4975), and messages that come a second time.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use protocol::mime::{CPIM_CONTENT_TYPE, Cpim, IMDN_NAMESPACE, MediaType, Multipart, Part};
use protocol::msrp::{
    MsrpConfig, MsrpEndpoint, MsrpEvent, MsrpMedia, MsrpMessage, MsrpOutput, MsrpSessionId, SessionOptions, Setup,
};
use protocol::sip::Request;
use protocol::sip::sdp::{Origin, Sdp};
use protocol::xml::{
    Disposition, IMDN_CONTENT_TYPE, Imdn, ImdnStatus, ListEntry, RESOURCE_LISTS_CONTENT_TYPE, ResourceLists,
};
use protocol::{Entropy, Instant};

use super::io::{CallId, OutgoingMessage};

/// The messaging side of an agent.
#[derive(Debug)]
pub(super) struct Messenger {
    msrp: MsrpEndpoint,
    address: SocketAddr,
    entropy: Entropy,
    chats: BTreeMap<CallId, Chat>,
    /// Offers of sessions of messages that are not answered.
    offers: BTreeMap<CallId, Vec<u8>>,
    /// From tag, Call-ID and CSeq of the last messages.
    known: VecDeque<String>,
}

#[derive(Debug)]
struct Chat {
    session: MsrpSessionId,
    /// It made the offer.
    is_caller: bool,
    /// The connection is being opened, or stands.
    is_started: bool,
}

impl Messenger {
    pub(super) fn new(address: SocketAddr, mut entropy: Entropy) -> Self {
        let msrp = MsrpEndpoint::new(MsrpConfig::new(address), entropy.split());
        Self { msrp, address, entropy, chats: BTreeMap::new(), offers: BTreeMap::new(), known: VecDeque::new() }
    }

    pub(super) const fn msrp(&mut self) -> &mut MsrpEndpoint {
        &mut self.msrp
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.msrp.poll_timeout()
    }

    /// What MSRP wants done; events with the call that they belong to.
    pub(super) fn poll(&mut self) -> Option<Result<MsrpOutput, (Option<CallId>, MsrpEvent)>> {
        Some(match self.msrp.poll_output()? {
            MsrpOutput::Event(event) => {
                let session = session_of(&event);
                let call = self.chats.iter().find(|(_, chat)| Some(chat.session) == session).map(|(call, _)| *call);
                Err((call, event))
            }
            other => Ok(other),
        })
    }

    /// True if a message came before (RFC 3261 clause 8.2.2.2, also when its transaction is over): whoever keeps messages
    /// sends one again that he is not sure of.
    pub(super) fn is_known(&mut self, request: &Request) -> bool {
        let tag = request.from().ok().flatten().and_then(|from| from.tag().map(ToOwned::to_owned)).unwrap_or_default();
        let (call_id, cseq) = (request.call_id().unwrap_or_default(), request.headers.get("CSeq").unwrap_or_default());
        let name = format!("{call_id} {cseq} {tag}");
        if self.known.contains(&name) {
            return true;
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(name);
        false
    }

    /// An offer of a session of messages (TS 24.247 clause 5.1): either side may open the connection.
    pub(super) fn offer(&mut self, call: CallId, options: SessionOptions) -> Option<Vec<u8>> {
        let media = self.prepare(call, options, Setup::ActPass, true)?;
        Some(self.describe(&media))
    }

    /// Somebody offers a session, of messages or of something else.
    pub(super) fn offered(&mut self, call: CallId, sdp: Option<&[u8]>) {
        let is_chat = |sdp: &&[u8]| Sdp::parse(sdp).is_ok_and(|sdp| MsrpMedia::find(&sdp).is_some());
        if let Some(sdp) = sdp.filter(is_chat) {
            self.offers.insert(call, sdp.to_vec());
        }
    }

    /// The answer to an offer; the connection is opened or waited for.
    pub(super) fn answer(&mut self, now: Instant, call: CallId, options: SessionOptions) -> Result<Vec<u8>, String> {
        let offer = self.offers.remove(&call).ok_or("there is no offer of a session of messages")?;
        let sdp = Sdp::parse(&offer).map_err(|problem| problem.to_string())?;
        let (at, theirs) = MsrpMedia::find(&sdp).ok_or("there is no MSRP in the offer")?;
        let theirs = theirs.map_err(|problem| problem.to_string())?;
        // The offerer of this network waits when it may: the answerer opens.
        let setup = Setup::answer(theirs.setup, false);
        let media = self.prepare(call, options, setup, false).ok_or("too many sessions of messages")?;
        let mut answer = Sdp::parse(&self.describe(&media)).map_err(|problem| problem.to_string())?;
        // RFC 3264 clause 6: a line for each of the offer.
        let own = answer.media.pop();
        answer.media = sdp.media.iter().map(protocol::sip::sdp::Media::refused).collect();
        if let (Some(place), Some(own)) = (answer.media.get_mut(at), own) {
            *place = own;
        }
        // Who opens waits for the ACK: before it the offerer may not know yet whom to expect.
        if setup != Setup::Active {
            self.start(now, call, &theirs, false)?;
        }
        Ok(answer.to_bytes())
    }

    /// The session stands: both ends know where to go.
    pub(super) fn established(&mut self, now: Instant, call: CallId, sdp: &[u8]) -> Result<(), String> {
        let Some(chat) = self.chats.get(&call).filter(|chat| !chat.is_started) else { return Ok(()) };
        let is_caller = chat.is_caller;
        let sdp = Sdp::parse(sdp).map_err(|problem| problem.to_string())?;
        let (_, theirs) = MsrpMedia::find(&sdp).ok_or("MSRP is not in the other one's SDP")?;
        let theirs = theirs.map_err(|problem| problem.to_string())?;
        self.start(now, call, &theirs, !is_caller || Setup::offerer_opens(theirs.setup))
    }

    pub(super) fn ended(&mut self, call: CallId) {
        self.offers.remove(&call);
        if let Some(chat) = self.chats.remove(&call) {
            self.msrp.close(chat.session);
        }
    }

    /// False: there is no such session.
    pub(super) fn send(&mut self, now: Instant, call: CallId, message: MsrpMessage) -> bool {
        let Some(chat) = self.chats.get(&call) else { return false };
        self.msrp.send(now, chat.session, message);
        true
    }

    /// False: nobody has asked for it.
    pub(super) fn supply(&mut self, now: Instant, call: CallId, token: u64, octets: &[u8]) -> bool {
        self.chats.get(&call).is_some_and(|chat| self.msrp.supply(now, chat.session, token, octets))
    }

    /// A message to a list of recipients (RFC 5365 clause 6): what is said, and to whom.
    pub(super) fn list(&mut self, service: &str, entries: Vec<ListEntry>, content: Part) -> OutgoingMessage {
        let list = ResourceLists::flat(entries).to_document();
        let list = Part::new(RESOURCE_LISTS_CONTENT_TYPE, list).with("Content-Disposition", "recipient-list");
        let multipart = Multipart { parts: vec![content, list], ..Multipart::default() };
        let (content_type, body) = multipart.to_body("mixed", &mut self.entropy);
        let headers = vec![("Require".to_owned(), "recipient-list-message".to_owned())];
        OutgoingMessage { token: 0, to: service.to_owned(), content_type, body, headers }
    }

    /// Content-Type and body of a message whose sender wants to be told what becomes of it (RFC 5438 clause 7.1.1), and
    /// the Message-ID by which he is.
    pub(super) fn wish(
        &mut self,
        from: &str,
        to: &str,
        content: Part,
        wish: &str,
        datetime: &str,
    ) -> (String, Vec<u8>) {
        let id = self.entropy.token(16);
        let mut message = Cpim::new(from, to, content);
        message.headers.append("DateTime", datetime);
        message.declare_imdn();
        message.headers.append("imdn.Message-ID", &id);
        message.headers.append("imdn.Disposition-Notification", wish);
        (id, message.to_bytes())
    }

    /// The notification that a received message asks for (RFC 5438 clause 7.2.1), and the one that it is itself.
    pub(super) fn dispositions(
        &mut self,
        content_type: &str,
        body: &[u8],
        sender: &str,
    ) -> (Option<OutgoingMessage>, Option<Imdn>) {
        let is_cpim = MediaType::parse(content_type).is_ok_and(|media| media.essence == CPIM_CONTENT_TYPE);
        let Some(message) = is_cpim.then(|| Cpim::parse(body).ok()).flatten() else { return (None, None) };
        if message.content.is(IMDN_CONTENT_TYPE) {
            let text = std::str::from_utf8(&message.content.body).ok();
            return (None, text.and_then(|text| Imdn::parse(text).ok()));
        }
        (self.delivered(&message, sender), None)
    }

    fn delivered(&mut self, message: &Cpim, sender: &str) -> Option<OutgoingMessage> {
        let asked = message.get(IMDN_NAMESPACE, "Disposition-Notification")?;
        let is_asked = asked.split(',').any(|kind| kind.trim().eq_ignore_ascii_case("positive-delivery"));
        let message_id = message.get(IMDN_NAMESPACE, "Message-ID").filter(|_| is_asked)?.to_owned();
        let own = message.uri_of("To")?.to_owned();
        let document = Imdn {
            message_id,
            datetime: message.headers.get("DateTime").unwrap_or_default().to_owned(),
            recipient: Some(own.clone()),
            original_recipient: None,
            subject: None,
            disposition: Disposition::Delivery(ImdnStatus::Delivered),
        };
        let content = Part::new(IMDN_CONTENT_TYPE, document.to_document()).with("Content-Disposition", "notification");
        let mut answer = Cpim::new(&own, sender, content);
        answer.declare_imdn();
        answer.headers.append("imdn.Message-ID", &self.entropy.token(16));
        Some(OutgoingMessage {
            token: 0,
            to: sender.to_owned(),
            content_type: CPIM_CONTENT_TYPE.to_owned(),
            body: answer.to_bytes(),
            headers: Vec::new(),
        })
    }

    fn prepare(&mut self, call: CallId, options: SessionOptions, setup: Setup, is_caller: bool) -> Option<MsrpMedia> {
        let (session, uri) = self.msrp.prepare(options.clone())?;
        let old = self.chats.insert(call, Chat { session, is_caller, is_started: false });
        if let Some(old) = old {
            self.msrp.close(old.session);
        }
        let types: Vec<_> = options.accept_types.iter().map(String::as_str).collect();
        Some(MsrpMedia { max_size: Some(options.max_size), ..MsrpMedia::new(uri, &types, setup) })
    }

    fn start(&mut self, now: Instant, call: CallId, theirs: &MsrpMedia, opens: bool) -> Result<(), String> {
        let chat = self.chats.get_mut(&call).ok_or("there is no such session of messages")?;
        chat.is_started = true;
        self.msrp.start(now, chat.session, theirs, opens)
    }

    fn describe(&mut self, media: &MsrpMedia) -> Vec<u8> {
        let origin = Origin {
            username: "-".into(),
            session_id: self.entropy.next_u64() >> 2,
            version: 1,
            ipv6: self.address.is_ipv6(),
            address: self.address.ip().to_string(),
        };
        let mut sdp = Sdp::new(&origin);
        sdp.media.push(media.to_media());
        sdp.to_bytes()
    }
}

const fn session_of(event: &MsrpEvent) -> Option<MsrpSessionId> {
    match event {
        MsrpEvent::Opened { session }
        | MsrpEvent::Wanted { session, .. }
        | MsrpEvent::Sent { session, .. }
        | MsrpEvent::Reported { session, .. }
        | MsrpEvent::Started { session, .. }
        | MsrpEvent::Received { session, .. }
        | MsrpEvent::Complete { session, .. }
        | MsrpEvent::Aborted { session, .. }
        | MsrpEvent::Closed { session, .. } => Some(*session),
        MsrpEvent::Ignored { .. } => None,
    }
}

/// Messages that are known again; far more than come within the time that they are sent again.
const MOST_KNOWN: usize = 1024;
