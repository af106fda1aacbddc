//! The MC client of a UE (TS 24.379, TS 24.380) beside its SIP agent, and what the runner knows of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use hil::agent::mc::{FloorEvent, GroupFigures, GroupStanding, McClient, McCommand, McEvent, McInput, McOutput};
use hil::agent::media::{Reception, Speech, Spoken, Way};
use hil::agent::sip::AgentEvent;
use protocol::rtp::RtpPacket;
use protocol::{Instant, Latest, Tmgi, UdpDatagram};

use super::agent::Attended;
use crate::event::ImsFact;
use crate::scenario::ImsState;

/// RTP packets that a client knows to have been on the air: more than 20 s of speech.
const ON_AIR: usize = 1024;

/// The MC client of a UE.
pub(crate) struct McUe {
    client: McClient,
    /// The MBSFN area of its cell: that of all others is another cell's, though their areas share one simulated carrier.
    area: Option<u8>,
    /// Groups with which steps want its user to be affiliated.
    wanted: BTreeSet<String>,
    /// Groups with which he is.
    affiliated: BTreeSet<String>,
    is_authorised: bool,
    /// MCPTT group identity of the call that it is in, or was in last.
    group: Option<String>,
    has_ended: bool,
    /// When it was in calls.
    pub(crate) attended: Vec<Attended>,
    /// The newest RTP packets that have come over MTCHs of its area: source, sequence number and timestamp. Sequence numbers
    /// alone come again after 22 minutes of speech.
    on_air: Latest<(u32, u16, u32)>,
    /// Of them, those that came again.
    pub(crate) on_air_twice: u64,
}

impl McUe {
    /// A client in the cell of this area; none: in one without MBMS.
    pub(crate) fn new(client: McClient, area: Option<u8>) -> Self {
        Self {
            client,
            area,
            wanted: BTreeSet::new(),
            affiliated: BTreeSet::new(),
            is_authorised: false,
            group: None,
            has_ended: false,
            attended: Vec::new(),
            on_air: Latest::new(ON_AIR),
            on_air_twice: 0,
        }
    }

    /// Is its cell one of this area?
    pub(crate) fn has_area(&self, area: u8) -> bool {
        self.area == Some(area)
    }

    /// It goes to the cell of an area, whose MCCH lists these bearers if it was read before; none: to where no carrier is
    /// heard, which its receiver finds out by itself.
    pub(crate) fn enter(&mut self, now: Instant, area: Option<u8>, listed: Option<Vec<Tmgi>>) {
        if std::mem::replace(&mut self.area, area) == area || area.is_none() {
            return;
        }
        // What the last cell has said holds for it alone.
        self.input(now, McInput::CellLost);
        self.listed(now, listed.unwrap_or_default());
    }

    /// It is in the cell of an area, as [`Self::enter`] says, or in none while its receiver has the carrier still.
    pub(crate) fn stays(&mut self, now: Instant, area: Option<u8>, listed: &BTreeMap<u8, Vec<Tmgi>>) {
        if area.is_none() && self.area.is_some() {
            self.input(now, McInput::CellLost);
        }
        self.enter(now, area, area.and_then(|area| listed.get(&area)).cloned());
    }

    /// The SIP agent tells something; true: it is for the client alone.
    pub(crate) fn takes(&mut self, now: Instant, event: &AgentEvent) -> bool {
        let is_own = self.client.is_own(event);
        self.client.handle_input(now, McInput::Agent(event));
        is_own
    }

    /// A good transport block of an area is heard; false: the client has to be told.
    pub(crate) fn goes_on(&mut self, now: Instant, area: u8) -> bool {
        !self.has_area(area) || self.client.goes_on(now)
    }

    /// A datagram of an MTCH of its area; false, as of nearly all of them: it is due no sooner than before and has nothing to say.
    pub(crate) fn hears(&mut self, now: Instant, udp: &UdpDatagram<'_>) -> bool {
        let before = self.client.poll_timeout();
        self.broadcast(now, udp);
        let is_sooner = self.client.poll_timeout().is_some_and(|due| before.is_none_or(|before| due < before));
        is_sooner || self.client.has_output()
    }

    pub(crate) fn input(&mut self, now: Instant, input: McInput<'_>) {
        self.client.handle_input(now, input);
    }

    pub(crate) fn authorise(&mut self, now: Instant, access_token: Option<String>) {
        self.input(now, McInput::Command(McCommand::Authorise { access_token }));
    }

    /// What who decides of migration wants of it.
    pub(crate) fn command(&mut self, now: Instant, command: McCommand) {
        match &command {
            McCommand::Affiliate { groups } => self.wanted = groups.iter().cloned().collect(),
            McCommand::Vanish => {
                (self.wanted, self.affiliated, self.is_authorised) = (BTreeSet::new(), BTreeSet::new(), false);
                self.has_ended = true;
                if let Some(own) = self.attended.last_mut().filter(|own| own.until.is_none()) {
                    own.until = Some(now);
                }
            }
            _ => {}
        }
        self.input(now, McInput::Command(command));
    }

    /// Affiliates with one group more, or with one less.
    pub(crate) fn affiliate(&mut self, now: Instant, group: String, is_wanted: bool) {
        if is_wanted {
            self.wanted.insert(group);
        } else {
            self.wanted.remove(&group);
        }
        let groups = self.wanted.iter().cloned().collect();
        self.input(now, McInput::Command(McCommand::Affiliate { groups }));
    }

    /// Publishes its affiliations again: so its server learns where it is now.
    pub(crate) fn publish_place(&mut self, now: Instant) {
        if !self.wanted.is_empty() {
            let groups = self.wanted.iter().cloned().collect();
            self.input(now, McInput::Command(McCommand::Affiliate { groups }));
        }
    }

    pub(crate) fn call(&mut self, now: Instant, group: String) {
        self.begins(&group);
        self.input(now, McInput::Command(McCommand::Call { group }));
    }

    pub(crate) fn talk(&mut self, now: Instant, speech: Speech) {
        let Some(group) = self.group.clone() else { return };
        self.input(now, McInput::Command(McCommand::Talk { group, speech }));
    }

    pub(crate) fn release(&mut self, now: Instant) {
        let Some(group) = self.group.clone() else { return };
        self.input(now, McInput::Command(McCommand::Release { group }));
    }

    pub(crate) fn hang_up(&mut self, now: Instant) {
        let Some(group) = self.group.clone() else { return };
        self.input(now, McInput::Command(McCommand::HangUp { group }));
    }

    /// A datagram of an MTCH.
    pub(crate) fn broadcast(&mut self, now: Instant, udp: &UdpDatagram<'_>) {
        let is_control = matches!(udp.payload.get(1), Some(192..=223));
        if let Ok(packet) = RtpPacket::parse(udp.payload)
            && !is_control
            && !self.on_air.insert((packet.ssrc, packet.sequence, packet.timestamp))
        {
            self.on_air_twice += 1;
        }
        self.input(now, McInput::Broadcast { destination: udp.destination, octets: udp.payload });
    }

    /// A datagram of unicast.
    pub(crate) fn datagram(&mut self, now: Instant, local: SocketAddr, octets: &[u8]) {
        self.input(now, McInput::Datagram { local, octets });
    }

    pub(crate) fn listed(&mut self, now: Instant, tmgis: Vec<Tmgi>) {
        self.input(now, McInput::Listed(tmgis));
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.client.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.client.poll_timeout().is_some_and(|due| due <= now) {
            self.client.handle_timeout(now);
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<McOutput> {
        self.client.poll_output()
    }

    fn standing(&self) -> Option<GroupStanding> {
        self.client.standing(self.group.as_deref()?)
    }

    /// What it has measured in its call.
    pub(crate) fn figures(&self) -> Option<GroupFigures> {
        self.client.figures(self.group.as_deref()?)
    }

    /// What it has received packet by packet.
    pub(crate) fn reception(&self) -> Option<&Reception> {
        self.client.reception(self.group.as_deref()?)
    }

    /// Its source, and the packets that it has sent.
    pub(crate) fn spoken(&self) -> Option<(u32, &[Spoken])> {
        self.client.spoken(self.group.as_deref()?)
    }

    /// It has come to a state that a step waits for; none: the state is not one of MC services.
    pub(crate) fn is_in(&self, state: ImsState) -> Option<bool> {
        let standing = self.standing();
        let own = standing.as_ref();
        let stands = own.is_some_and(|own| own.is_established);
        let way = own.filter(|own| own.is_established).map(|own| own.way);
        Some(match state {
            ImsState::Authorised => self.is_authorised,
            ImsState::Affiliated => self.wanted == self.affiliated,
            ImsState::Established => stands,
            ImsState::HasFloor => own.is_some_and(|own| own.has_floor),
            ImsState::Silent => !own.is_some_and(|own| own.wants_floor),
            ImsState::OverMbms => way == Some(Way::Mbms),
            ImsState::OverUnicast => way == Some(Way::Unicast),
            ImsState::Ended => !stands && self.has_ended,
            _ => return None,
        })
    }

    /// A call of a group begins.
    fn begins(&mut self, group: &str) {
        self.group = Some(group.to_owned());
        self.has_ended = false;
    }

    /// What the client tells its user, as a fact.
    pub(crate) fn told(&mut self, now: Instant, event: McEvent) -> Option<ImsFact> {
        let words = |what: String| Some(ImsFact::Mc { what });
        match event {
            McEvent::Authorised(result) => {
                self.is_authorised = result.is_ok();
                let why = result.err().map(|why| why.to_string());
                Some(ImsFact::Answered { what: "MC authorisation".into(), why })
            }
            McEvent::Affiliated { groups, result } => {
                let why = result.err().map(|why| why.to_string());
                if why.is_none() {
                    self.affiliated = groups.into_iter().collect();
                }
                Some(ImsFact::Answered { what: "affiliation".into(), why })
            }
            McEvent::Incoming { group, caller } => {
                self.begins(&group);
                Some(ImsFact::Incoming { from: caller.unwrap_or(group) })
            }
            McEvent::Established { group, .. } => {
                self.begins(&group);
                self.attended.push(Attended { group, from: now, until: None });
                Some(ImsFact::Established { after_s: 0.0 })
            }
            McEvent::Ended { why, .. } => {
                self.has_ended = true;
                if let Some(own) = self.attended.last_mut().filter(|own| own.until.is_none()) {
                    own.until = Some(now);
                }
                Some(ImsFact::Ended { why: why.to_string() })
            }
            McEvent::Listens { way, .. } => Some(ImsFact::Listens { over_mbms: way == Way::Mbms }),
            McEvent::Floor { event, .. } => words(format!("floor {}", floor(&event))),
            McEvent::Announced { tmgi, by, is_cancelled } => {
                let what = if is_cancelled { "taken back" } else { "announced" };
                words(format!("bearer {tmgi} {what} by {by}"))
            }
            McEvent::Mapped { group, tmgi, subchannel } => {
                words(format!("{group} is on bearer {tmgi}, {}", subchannel.media))
            }
            McEvent::Unmapped { group } => words(format!("{group} is on no bearer any more")),
            McEvent::Reported { to, status, result } => {
                let said = if status.listening { "listening" } else { "not listening" };
                match result {
                    Ok(_) => words(format!("reported {said} to {to}")),
                    Err(why) => words(format!("report {said} to {to} failed: {why}")),
                }
            }
            McEvent::Coverage { is_there } => {
                words(if is_there { "bearers are heard".into() } else { "bearers are not heard any more".into() })
            }
            McEvent::Ignored { what, why } => words(format!("{what} ignored: {why}")),
        }
    }
}

/// What the user is told of the floor, in words.
fn floor(event: &FloorEvent) -> String {
    match event {
        FloorEvent::Granted { duration_s } => format!("granted for {duration_s} s"),
        FloorEvent::Denied { cause: Some(cause) } => format!("denied: {cause}"),
        FloorEvent::Denied { cause: None } => "denied: another one was faster".into(),
        FloorEvent::Unanswered => "asked for, nobody has answered".into(),
        FloorEvent::Queued { position } => format!("waited for at place {position}"),
        FloorEvent::Revoked { cause } => format!("revoked: {cause}"),
        FloorEvent::Taken { by: Some(by) } => format!("taken by {by}"),
        FloorEvent::Taken { by: None } => "taken".into(),
        FloorEvent::Idle => "idle".into(),
    }
}

#[cfg(test)]
mod tests {
    use hil::agent::mc::McConfig;
    use protocol::Entropy;
    use protocol::mc::floor::{DenyCause, RevokeCause};

    use super::*;

    #[test]
    fn a_packet_is_on_the_air_twice_when_its_number_and_its_time_come_again() {
        let config = McConfig::new("sip:alice@example", "sip:mc@example", [10, 45, 0, 1].into());
        let mut own = McUe::new(McClient::new(config, Entropy::of_box(1, "client")), Some(1));
        let mut hear = |sequence: u16, timestamp: u32| {
            let packet = RtpPacket { ssrc: 5, sequence, timestamp, payload: vec![1], ..RtpPacket::default() };
            let (octets, destination) = (packet.to_bytes(), "239.0.0.1:9002".parse().unwrap());
            let source = "10.0.0.1:4000".parse().unwrap();
            own.broadcast(Instant::ZERO, &UdpDatagram { source, destination, payload: &octets });
            own.on_air_twice
        };
        assert_eq!(hear(7, 160), 0);
        // 22 minutes later the numbers begin again.
        assert_eq!(hear(7, 160 + 160 * 65_536), 0);
        assert_eq!(hear(7, 160), 1);
    }

    #[test]
    fn the_floor_is_told_of_in_words() {
        let by = "sip:otto@mcptt.example".to_owned();
        assert_eq!(floor(&FloorEvent::Taken { by: Some(by) }), "taken by sip:otto@mcptt.example");
        let cause = Some(DenyCause::QUEUE_FULL);
        assert_eq!(floor(&FloorEvent::Denied { cause }), "denied: Queue full");
        assert_eq!(floor(&FloorEvent::Revoked { cause: RevokeCause(99) }), "revoked: 0x63");
    }

    #[test]
    fn a_cell_is_of_one_area() {
        let config = McConfig::new("sip:alice@example", "sip:mc@example", [10, 45, 0, 1].into());
        let mut own = McUe::new(McClient::new(config, Entropy::of_box(1, "client")), None);
        assert!(!own.has_area(1));
        own.enter(Instant::ZERO, Some(1), None);
        assert!(own.has_area(1) && !own.has_area(2));
        own.enter(Instant::ZERO, None, None);
        assert!(!own.has_area(1));
    }
}
