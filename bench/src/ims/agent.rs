//! A UE on the IMS: its agent, its USIM, and what the runner knows of its calls and messages.

mod clients;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use core_network::node::StreamEvent;
use core_network::sms::ServingNodeOrder;
use hil::agent::mc::{McEvent, McOutput};
use hil::agent::media::{BearerChoice, BearerConfig, MediaDatagram, Way};
use hil::agent::sip::{AgentCommand, AgentEvent, AgentInput, AgentOutput, CallId, HoldState, UeAgent};
use hil::sim::SimUsim;
use protocol::msrp::{MsrpMedia, MsrpOutput};
use protocol::rtp::AudioPeer;
use protocol::sip::sdp::{Direction, MbmsMedia, Sdp};
use protocol::sip::{Flow, SipMessage, Target};
use protocol::{Instant, Tmgi};

use super::access::Access;
use super::audio::Audio;
use super::chat;
use super::mc::McUe;
use super::migrant::{Migrant, MigrantOutput, WebWish};
use super::mms::{MmsAsk, MmsUe, MmsUeOutput};
use super::sms::{SmsUe, SmsUeOutput};
use super::web::WebClient;
use crate::event::ImsFact;
use crate::scenario::{ImsState, SmsAccess};

pub(crate) use clients::GroupEnd;

/// A UE on the IMS.
pub(crate) struct ImsUe {
    pub(crate) name: String,
    pub(crate) contact: SocketAddr,
    pub(crate) impu: String,
    pub(crate) pcscf: String,
    /// Number of the system that it is at home in.
    pub(crate) system: u8,
    agent: UeAgent,
    /// When the agent is due: it is asked far more often than it is told something.
    agent_due: Option<Instant>,
    usim: Option<SimUsim>,
    /// It has no radio bearer.
    pub(crate) is_out_of_reach: bool,
    /// It answers calls by itself after this time.
    pub(crate) answers_after: Option<Duration>,
    /// When it will answer.
    pub(crate) answers_at: Option<Instant>,
    pub(crate) state: ImsUeState,
    /// Its client for HTTP.
    pub(crate) web: WebClient,
    /// What it says and hears in conferences.
    pub(crate) audio: Audio,
    /// By which way it listens to its group.
    pub(crate) choice: BearerChoice,
    /// Bearers that the MCCH of each area lists.
    pub(crate) listed: BTreeMap<u8, Vec<Tmgi>>,
    /// What its own way to the network does.
    pub(crate) access: Access,
    /// Its MC client at home.
    pub(crate) mc: Option<McUe>,
    /// What it has for migration to other systems.
    pub(crate) migrant: Option<Migrant>,
    /// What it has for short messages.
    pub(crate) sms: Option<SmsUe>,
    /// What it has for multimedia messages.
    pub(crate) mms: Option<MmsUe>,
    calls_made: u64,
}

/// What the events of an agent say of its UE.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImsUeState {
    pub(crate) is_registered: bool,
    /// Registrations since the step began.
    pub(crate) registered_in_step: u64,
    pub(crate) is_subscribed: bool,
    pub(crate) call: Option<CallId>,
    pub(crate) is_incoming: bool,
    pub(crate) is_ringing: bool,
    pub(crate) is_established: bool,
    pub(crate) hold: HoldState,
    pub(crate) call_from: Instant,
    pub(crate) register_from: Instant,
    /// Messages that are not answered yet.
    pub(crate) unanswered: u64,
    /// Messages on their way to this UE.
    pub(crate) expected: VecDeque<ExpectedMessage>,
    pub(crate) is_ended: bool,
    /// Requests to services that are not answered yet, by their tokens: what they are.
    pub(crate) requests: BTreeMap<u64, String>,
    requests_made: u64,
    /// Subscriptions to services, by their names: event packages.
    pub(crate) watches: BTreeMap<u64, String>,
    /// Notifications of services since the step began.
    pub(crate) notified_in_step: u64,
    /// Of what it has published last.
    pub(crate) etag: Option<String>,
    /// SDP of the call that comes in.
    pub(crate) offer: Option<Vec<u8>>,
    /// Its call has audio that is said and heard.
    pub(crate) has_audio: bool,
    /// Its call is a session of messages.
    pub(crate) is_chat: bool,
    /// The group whose session its call is, and sessions of groups that it was in.
    pub(crate) group: Option<String>,
    pub(crate) attended: Vec<Attended>,
    /// Messages that are coming in a session.
    pub(crate) incoming: chat::Incoming,
    /// URI of the conference that it is in: the Contact of its focus.
    pub(crate) conference: Option<String>,
}

impl ImsUeState {
    /// Token of a request.
    pub(crate) fn new_request(&mut self, what: &str) -> u64 {
        self.requests_made += 1;
        self.requests.insert(self.requests_made, what.to_owned());
        self.requests_made
    }

    /// Name of a subscription.
    pub(crate) fn new_watch(&mut self, event: &str) -> u64 {
        self.requests_made += 1;
        self.watches.insert(self.requests_made, event.to_owned());
        self.requests_made
    }
}

/// A time in the session of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attended {
    pub(crate) group: String,
    pub(crate) from: Instant,
    pub(crate) until: Option<Instant>,
}

impl Attended {
    /// It was in the session at that time.
    pub(crate) fn has(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at <= until)
    }
}

/// A message that was sent to a UE and has not come.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedMessage {
    pub(crate) number: u64,
    pub(crate) text: String,
    pub(crate) sent: Instant,
}

/// By how much the sequence numbers of a USIM go ahead: more than any run has challenges.
const AHEAD: u64 = 1 << 20;

/// What an agent has for the runner.
pub(crate) enum ImsUeOutput {
    /// A message to be sent, from this address.
    Sip(SocketAddr, Target, Vec<u8>),
    /// Something to be done with streams of messages.
    Stream(MsrpOutput),
    /// A datagram of media to be sent.
    Datagram(MediaDatagram),
    /// Something that happened.
    Event(Box<AgentEvent>),
    /// Something that the MC client tells its user.
    Mc(Box<McEvent>),
    /// A short message for an MSC or an SGSN.
    ServingNode(SmsAccess, ServingNodeOrder),
    /// Something that the SMS agent or the MMS agent tells its user.
    Fact(Box<ImsFact>),
    /// A request of HTTP of the MMS agent.
    Http(Box<MmsAsk>),
    /// A request of HTTP of a user who migrates.
    Web(Box<WebWish>),
    /// A file for the folder of the UE.
    File(String, Vec<u8>),
}

impl ImsUe {
    pub(crate) fn new(
        name: &str,
        (contact, impu, pcscf): (SocketAddr, String, String),
        agent: UeAgent,
        usim: Option<SimUsim>,
        answers_after: Option<Duration>,
        (web, audio, access): (WebClient, Audio, Access),
    ) -> Self {
        Self {
            name: name.to_owned(),
            contact,
            impu,
            pcscf,
            system: 0,
            agent_due: agent.poll_timeout(),
            agent,
            usim,
            is_out_of_reach: false,
            answers_after,
            answers_at: None,
            state: ImsUeState::default(),
            web,
            audio,
            choice: BearerChoice::new(BearerConfig::default()),
            listed: BTreeMap::new(),
            access,
            mc: None,
            migrant: None,
            sms: None,
            mms: None,
            calls_made: 0,
        }
    }

    /// A message came.
    pub(crate) fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if self.sms.as_mut().is_some_and(|sms| sms.receive(now, flow, bytes)) {
            return;
        }
        if self.migrant.as_mut().is_some_and(|own| own.receive(now, flow, bytes)) {
            return;
        }
        if let Some(focus) = focus_of(bytes) {
            self.state.conference = Some(focus);
        }
        self.tell_agent(now, AgentInput::Sip { flow, bytes });
    }

    /// Something has happened to a stream of messages.
    pub(crate) fn stream(&mut self, now: Instant, event: &StreamEvent) {
        self.tell_agent(now, AgentInput::Msrp(chat::stream_input(event)));
    }

    /// A message has come: it is one that was sent to this UE, or it is not.
    pub(crate) fn received(&mut self, now: Instant, from: String, text: &str) -> ImsFact {
        let place = self.state.expected.iter().position(|expected| expected.text == text);
        let expected = place.and_then(|place| self.state.expected.remove(place));
        let after_s = expected.as_ref().map(|e| now.saturating_duration_since(e.sent).as_secs_f64());
        ImsFact::MessageReceived { number: expected.map(|e| e.number), from, after_s }
    }

    /// Its USIM has accepted challenges elsewhere.
    pub(crate) fn usim_ahead(&mut self) {
        self.usim.iter_mut().for_each(|usim| usim.go_ahead(AHEAD));
    }

    /// A login has ended: one of migration between systems, or one that a step has asked for, whose token its user shows from now
    /// on.
    pub(crate) fn logged_in(&mut self, now: Instant, token: u64, result: Result<String, String>) {
        let is_of_migration = self.migrant.as_mut().is_some_and(|own| own.logged_in(now, token, &result));
        if !is_of_migration {
            self.web.access_token = result.ok();
        }
    }

    /// The access token that its user shows in the system that serves him.
    pub(crate) fn token_now(&self) -> Option<&str> {
        match self.migrant.as_ref().filter(|own| own.serving().is_some()) {
            Some(migrant) => migrant.access_token(),
            None => self.web.access_token.as_deref(),
        }
    }

    /// Name of the further system that serves its user; none: that in which he is at home does.
    pub(crate) fn system_now(&self) -> Option<&str> {
        self.migrant.as_ref().and_then(Migrant::serving).map(|(system, _)| system)
    }

    /// Its home domain.
    pub(crate) fn domain(&self) -> &str {
        self.impu.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// A message could not be sent.
    pub(crate) fn failed(&mut self, now: Instant, target: Target, why: String) {
        self.sms.iter_mut().for_each(|sms| sms.failed(now, target, &why));
        self.migrant.iter_mut().for_each(|own| own.failed(now, target, &why));
        self.tell_agent(now, AgentInput::SipFailed { target, why });
    }

    pub(crate) fn command(&mut self, now: Instant, command: AgentCommand) {
        self.tell_agent(now, AgentInput::Command(command));
    }

    fn tell_agent(&mut self, now: Instant, input: AgentInput<'_>) {
        self.agent.handle_input(now, input);
        self.agent_due = self.agent.poll_timeout();
    }

    /// A call of its own that has no name yet.
    pub(crate) fn new_call(&mut self) -> CallId {
        self.calls_made += 1;
        CallId(self.calls_made)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let own = [self.agent_due, self.answers_at, self.audio.poll_timeout(), self.choice.poll_timeout()];
        let clients = [
            self.mc.as_ref().and_then(McUe::poll_timeout),
            self.sms.as_ref().and_then(SmsUe::poll_timeout),
            self.mms.as_ref().and_then(MmsUe::poll_timeout),
            self.migrant.as_ref().and_then(Migrant::poll_timeout),
        ];
        own.into_iter().chain(clients).flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.agent_due.is_some_and(|due| due <= now) {
            self.agent.handle_timeout(now);
            self.agent_due = self.agent.poll_timeout();
        }
        self.mc.iter_mut().for_each(|mc| mc.handle_timeout(now));
        self.migrant.iter_mut().for_each(|own| own.handle_timeout(now));
        self.sms.iter_mut().for_each(|sms| sms.handle_timeout(now));
        self.mms.iter_mut().for_each(|mms| mms.handle_timeout(now));
        self.audio.handle_timeout(now);
        self.choice.handle_timeout(now);
        self.change_over(now);
        if self.answers_at.is_some_and(|t| t <= now) {
            self.answers_at = None;
            self.answer(now);
        }
    }

    /// What the other side says of the media of a group session holds from here on. True: it listens another way now.
    pub(crate) fn agreed(&mut self, now: Instant, theirs: &[u8]) -> bool {
        self.audio.begin(now, theirs);
        let before = self.choice.way();
        let bearer = Sdp::parse(theirs).ok().and_then(|sdp| MbmsMedia::find(&sdp));
        self.choice.agreed(bearer.map(|(_, media)| media));
        // Who only sends is told that the other side only receives.
        let is_released = AudioPeer::of(theirs).is_some_and(|peer| peer.direction == Direction::RecvOnly);
        let way = if is_released { Way::Mbms } else { Way::Unicast };
        if self.choice.asked() == Some(way) {
            self.choice.done(now, true);
        }
        self.change_over(now);
        self.choice.way() != before
    }

    /// A good transport block of an area has come: it says something of the bearer where that area has it.
    pub(crate) fn block(&mut self, at: Instant, area: u8) {
        let tmgi = self.choice.media().map(|media| media.mode.tmgi());
        let has_bearer = |tmgi: Tmgi| self.listed.get(&area).is_some_and(|listed| listed.contains(&tmgi));
        if tmgi.is_some_and(has_bearer) {
            self.choice.block(at);
        }
    }

    /// Tells the network by which way it listens, when it wants another one.
    pub(crate) fn change_over(&mut self, now: Instant) {
        let call = self.state.call.filter(|_| self.state.is_established && self.state.group.is_some());
        if let Some(call) = call
            && let Some(way) = self.choice.poll_wish(now)
        {
            self.command(now, AgentCommand::Listen { call, over_mbms: way == Way::Mbms });
        }
    }

    /// Answers the call that comes in.
    pub(crate) fn answer(&mut self, now: Instant) {
        if let Some(call) = self.state.call.filter(|_| self.state.is_incoming) {
            let of_audio = self.state.offer.as_deref().and_then(|offer| self.audio.answer(offer));
            // A third party that joins two users offers nobody's address first (RFC 3725 clause 4.3).
            if of_audio.is_none() {
                self.state.group = None;
            }
            self.state.has_audio = of_audio.is_some() && !self.state.offer.as_deref().is_some_and(is_black_hole);
            let answer = match (self.state.is_chat, of_audio) {
                (true, _) => AgentCommand::AnswerChat { call, options: chat::options() },
                (false, Some(sdp)) => AgentCommand::Answer { call, sdp },
                (false, None) => AgentCommand::Answer { call, sdp: session_description(self.contact, "sendrecv") },
            };
            self.command(now, answer);
        }
    }

    /// What the agent says; challenges go to the USIM at once.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Option<ImsUeOutput> {
        loop {
            if let Some(datagram) = self.audio.poll_output() {
                return Some(ImsUeOutput::Datagram(datagram));
            }
            match self.migrant.as_mut().and_then(|own| own.poll_output(now, &mut self.usim, &self.listed)) {
                Some(MigrantOutput::Agent(command)) => {
                    if matches!(command, AgentCommand::Vanish) {
                        (self.state.is_registered, self.state.is_subscribed) = (false, false);
                    }
                    self.command(now, command);
                    continue;
                }
                Some(MigrantOutput::Mc(command)) => {
                    self.mc.iter_mut().for_each(|mc| mc.command(now, command.clone()));
                    continue;
                }
                Some(MigrantOutput::Sip(from, target, bytes)) => return Some(ImsUeOutput::Sip(from, target, bytes)),
                Some(MigrantOutput::Datagram(datagram)) => return Some(ImsUeOutput::Datagram(datagram)),
                Some(MigrantOutput::Web(wish)) => return Some(ImsUeOutput::Web(Box::new(wish))),
                Some(MigrantOutput::Fact(fact)) => return Some(ImsUeOutput::Fact(fact)),
                None => {}
            }
            match self.mc.as_mut().and_then(McUe::poll_output) {
                Some(McOutput::Agent(command)) => {
                    self.command(now, command);
                    continue;
                }
                Some(McOutput::Datagram(datagram)) => return Some(ImsUeOutput::Datagram(datagram)),
                Some(McOutput::Event(event)) => {
                    self.migrant.iter_mut().for_each(|own| own.client_says(now, &event));
                    return Some(ImsUeOutput::Mc(Box::new(event)));
                }
                None => {}
            }
            match self.sms.as_mut().and_then(|sms| sms.poll_output(now)) {
                Some(SmsUeOutput::Agent(command)) => {
                    self.command(now, command);
                    continue;
                }
                Some(SmsUeOutput::Sip(from, target, bytes)) => return Some(ImsUeOutput::Sip(from, target, bytes)),
                Some(SmsUeOutput::Order(over, order)) => return Some(ImsUeOutput::ServingNode(over, order)),
                Some(SmsUeOutput::Fact(fact)) => return Some(ImsUeOutput::Fact(fact)),
                Some(SmsUeOutput::Push(push)) => {
                    if let Some(mms) = &mut self.mms {
                        mms.short_message(now, &push);
                        continue;
                    }
                    let what = format!("a push of {} for an MMS agent, which is not there", push.from);
                    return Some(ImsUeOutput::Fact(Box::new(ImsFact::Sms { what })));
                }
                None => {}
            }
            match self.mms.as_mut().and_then(|mms| mms.poll_output(now)) {
                Some(MmsUeOutput::Agent(command)) => {
                    self.command(now, command);
                    continue;
                }
                Some(MmsUeOutput::Http(ask)) => return Some(ImsUeOutput::Http(ask)),
                Some(MmsUeOutput::Fact(fact)) => return Some(ImsUeOutput::Fact(fact)),
                Some(MmsUeOutput::File(name, octets)) => return Some(ImsUeOutput::File(name, octets)),
                None => {}
            }
            return match self.agent.poll_output()? {
                AgentOutput::Sip { target, bytes } => Some(ImsUeOutput::Sip(self.contact, target, bytes)),
                AgentOutput::Event(event) => {
                    self.migrant.iter_mut().for_each(|own| own.agent_says(now, &event));
                    let of_mc = self.mc.as_mut().is_some_and(|mc| mc.takes(now, &event));
                    let of_sms = self.sms.as_mut().is_some_and(|sms| sms.takes(now, &event));
                    let of_mms = self.mms.as_mut().is_some_and(|mms| mms.takes(now, &event));
                    if of_mc || of_sms || of_mms {
                        continue;
                    }
                    Some(ImsUeOutput::Event(Box::new(event)))
                }
                AgentOutput::Msrp(output) => Some(ImsUeOutput::Stream(output)),
                AgentOutput::Authenticate(challenge) => {
                    if let Some(usim) = &mut self.usim {
                        let answer = usim.authenticate(&challenge);
                        self.tell_agent(now, AgentInput::Authenticated(answer));
                    }
                    continue;
                }
            };
        }
    }

    /// It has come to a state that a step waits for.
    pub(crate) fn is_in(&self, state: ImsState) -> bool {
        let of_migration = self.migrant.as_ref().and_then(|own| own.is_in(state));
        if let Some(is_in) = of_migration {
            return is_in;
        }
        let of_mc = self.mc_now().and_then(|mc| mc.is_in(state));
        let of_sms = || self.sms.as_ref().and_then(|sms| sms.is_in(state));
        let of_mms = || self.mms.as_ref().and_then(|mms| mms.is_in(state));
        if let Some(is_in) = of_mc.or_else(of_sms).or_else(of_mms) {
            return is_in;
        }
        let own = &self.state;
        match state {
            ImsState::Registered => own.is_registered,
            ImsState::Refreshed => own.registered_in_step > 0,
            ImsState::Subscribed => own.is_subscribed,
            ImsState::Unregistered => !own.is_registered,
            ImsState::MessagesAnswered => own.unanswered == 0,
            ImsState::MessagesReceived => own.expected.is_empty(),
            ImsState::Incoming => own.is_incoming,
            ImsState::Ringing => own.is_ringing,
            ImsState::Established => own.is_established,
            ImsState::Held => own.is_established && (own.hold.local || own.hold.remote),
            ImsState::Resumed => own.is_established && !own.hold.local && !own.hold.remote,
            ImsState::Answered => own.requests.is_empty(),
            ImsState::Notified => own.notified_in_step > 0,
            ImsState::Ended => own.call.is_none() && own.is_ended,
            ImsState::Silent => !self.audio.is_talking(),
            ImsState::OverMbms => self.choice.way() == Way::Mbms,
            ImsState::Authorised | ImsState::Affiliated | ImsState::HasFloor => false,
            // Whoever stays where he is is not waited for.
            ImsState::ProfileThere | ImsState::Migrated | ImsState::AtHome | ImsState::Unserved => true,
            ImsState::SmsRegistered | ImsState::SmsRefused => false,
            ImsState::SmsUnregistered | ImsState::SmsTaken | ImsState::SmsReceived => true,
            ImsState::MmsTaken | ImsState::MmsNotified | ImsState::MmsReceived => true,
            ImsState::MmsReported | ImsState::MmsReadReported => true,
            ImsState::OverUnicast => own.is_established && self.choice.way() == Way::Unicast,
        }
    }
}

/// True for an offer with no address of media (RFC 3725 clause 5.2).
fn is_black_hole(sdp: &[u8]) -> bool {
    String::from_utf8_lossy(sdp).contains("IP4 0.0.0.0")
}

/// True for an offer of a session of messages (RFC 4975 clause 8.1).
pub(crate) fn is_chat(sdp: &[u8]) -> bool {
    Sdp::parse(sdp).is_ok_and(|sdp| MsrpMedia::find(&sdp).is_some())
}

/// URI of a focus that answers an INVITE (RFC 4579 clause 4.2).
fn focus_of(bytes: &[u8]) -> Option<String> {
    let Ok(SipMessage::Response(response)) = SipMessage::parse(bytes) else { return None };
    let contact = response.contact().ok()??;
    let is_focus = response.headers.get("Contact").is_some_and(|value| value.contains(";isfocus"));
    (response.is_success() && is_focus).then(|| contact.uri.to_string())
}

/// SDP (RFC 8866) of a voice call with AMR (TS 26.114 annex A.2).
pub(crate) fn session_description(contact: SocketAddr, direction: &str) -> Vec<u8> {
    let ip = contact.ip();
    let lines = [
        "v=0".to_owned(),
        format!("o=- 1 1 IN IP4 {ip}"),
        "s=-".to_owned(),
        format!("c=IN IP4 {ip}"),
        "t=0 0".to_owned(),
        "m=audio 49170 RTP/AVP 97".to_owned(),
        "a=rtpmap:97 AMR/8000".to_owned(),
        format!("a={direction}"),
    ];
    lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use protocol::Plmn;
    use protocol::sip::sdp::MbmsMode;

    use super::*;
    use crate::ims::network::ImsNetwork;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn blocks_of_another_area_are_no_coverage() {
        let file = fixtures::scenario("mbms/ims_session.toml");
        let scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        let own = &mut ImsNetwork::new(&scenario).unwrap().unwrap().ues[0];
        let (at, destination) = (Instant::from_millis, "239.1.0.1:5000".parse().unwrap());
        let tmgi = Tmgi { service_id: [0, 0, 1], plmn: Plmn::new("001", "01").unwrap() };
        let mode = MbmsMode::Broadcast { tmgi, counting: 0 };
        own.choice.agreed(Some(MbmsMedia { destination, source: None, mode }));
        own.listed = [(1, vec![tmgi]), (2, Vec::new())].into();
        own.choice.listed(vec![tmgi]);
        own.choice.data();
        own.block(at(0), 2);
        assert_eq!(own.choice.poll_wish(at(0)), None);
        own.block(at(0), 1);
        assert_eq!(own.choice.poll_wish(at(0)), Some(Way::Mbms));
        own.choice.done(at(1), true);
        own.block(at(600), 2);
        own.choice.handle_timeout(at(700));
        assert_eq!(own.choice.poll_wish(at(700)), Some(Way::Unicast));
    }
}
