//! The gateway is killed at every step, and started again on what was durable: nothing that was acknowledged is lost, and
//! nothing comes twice.

use std::collections::BTreeSet;

use protocol::map::{SmDeliveryFailure, SmDeliveryFailureCause};
use protocol::sms::{FailureCause, SubmitReport};

use super::*;

/// A service centre, a UE, and what they have seen.
pub(super) struct Story {
    pub(super) world: World,
    /// Its gateway charges.
    pub(super) is_charged: bool,
    /// What the service centre does not take.
    pub(super) refuses: Option<Vec<u8>>,
    /// Messages that the service centre has.
    pub(super) stored: Vec<Vec<u8>>,
    /// What of the sender's was acknowledged by 202, and by RP-ACK.
    accepted: BTreeSet<String>,
    pub(super) acknowledged: BTreeSet<u8>,
    /// What the recipient was shown; it knows a message that comes again.
    pub(super) shown: Vec<Vec<u8>>,
    asked_after_report: u32,
    reported: BTreeSet<Vec<u8>>,
    pub(super) delivered: u32,
    reports: u32,
}

impl Story {
    pub(super) fn new() -> Self {
        let mut world = World::new();
        world.mo_answer = None;
        let (stored, accepted, acknowledged, shown, reported) = Default::default();
        let (asked_after_report, delivered, reports) = (0, 0, 0);
        let (is_charged, refuses) = (false, None);
        Self {
            world,
            is_charged,
            refuses,
            stored,
            accepted,
            acknowledged,
            shown,
            asked_after_report,
            reported,
            delivered,
            reports,
        }
    }

    /// Lets everybody say what he has to, until nobody has.
    pub(super) fn turn(&mut self, gateway: &mut IpMessageGw) -> Option<()> {
        if self.is_charged {
            // Connections are made at the first of them.
            gateway.handle_timeout(self.world.now);
        }
        loop {
            self.world.peers(gateway);
            self.world.drain(gateway)?;
            self.service_centre(gateway)?;
            while let Some(result) = self.world.gmsc.returned.pop_front() {
                self.delivered += u32::from(result.is_ok());
            }
            let Some((_, message)) = self.world.sent.pop_front() else { return Some(()) };
            match message {
                SipMessage::Response(response) if response.status == 202 => {
                    self.accepted.insert(response.call_id().unwrap().to_owned());
                }
                SipMessage::Response(_) => {}
                SipMessage::Request(request) => self.ue(gateway, &request)?,
            }
        }
    }

    /// It stores what it gets, and refuses what it has when it is told to look (TP-RD).
    fn service_centre(&mut self, gateway: &mut IpMessageGw) -> Option<()> {
        while let Some((dialogue, invoke_id)) = self.world.mo_asked.pop_front() {
            let mut tpdu = self.world.forwarded.pop().unwrap().sm_rp_ui;
            let looks = tpdu[0] & 4 != 0;
            tpdu[0] &= !4;
            let is_refused = self.refuses.as_ref() == Some(&tpdu);
            let answer = match looks && self.stored.contains(&tpdu) {
                false if is_refused => Err(UserError::SystemFailure(None)),
                true => {
                    let time = Timestamp::from_utc_ms(START_MS, 0);
                    let cause = Some(FailureCause::DUPLICATE);
                    let report = Tpdu::SubmitReport(SubmitReport::new(cause, time, Parameters::default()));
                    let failure = SmDeliveryFailure::new(SmDeliveryFailureCause::EquipmentProtocolError);
                    let diagnostic_info = Some(report.emit());
                    Err(UserError::SmDeliveryFailure(SmDeliveryFailure { diagnostic_info, ..failure }))
                }
                false => {
                    self.stored.push(tpdu);
                    Ok(OperationResult::MoForwardSm(ForwardSmRes::default()))
                }
            };
            self.world.gmsc.map.answer(self.world.now, dialogue, invoke_id, &answer).unwrap();
            self.world.peers(gateway);
            self.world.drain(gateway)?;
        }
        Some(())
    }

    fn ue(&mut self, gateway: &mut IpMessageGw, request: &Request) -> Option<()> {
        let message = RpMessage::parse(&request.body).unwrap();
        if let RpBody::Ack(_) = &message.body {
            self.acknowledged.insert(message.reference);
        }
        let mut response = Response::to(request, 200, None);
        response.set_to_tag("ue");
        self.world.sip(gateway, UE, &response.to_bytes())?;
        match &message.body {
            RpBody::Ack(_) => {}
            RpBody::Error(_) if self.refuses.is_some() => {}
            RpBody::Data(data) => {
                let tpdu = data.user_data.octets().to_vec();
                self.asked_after_report += u32::from(self.reported.contains(&tpdu));
                if !self.shown.contains(&tpdu) {
                    self.shown.push(tpdu.clone());
                }
                self.reports += 1;
                let call_id = format!("report-{}", self.reports);
                // Every other report names its message.
                let named = match self.reports % 2 {
                    0 => String::new(),
                    _ => format!("In-Reply-To: {}", request.call_id().unwrap()),
                };
                let killed = self.world.message(gateway, UE, &call_id, &named, &ack(message.reference));
                let is_accepted = |(_, sent): &(Target, SipMessage)| {
                    sent.as_response().is_some_and(|r| r.status == 202 && r.call_id() == Some(&call_id))
                };
                if self.world.sent.iter().any(is_accepted) {
                    self.reported.insert(tpdu);
                }
                return killed;
            }
            other => panic!("{other:?}"),
        }
        Some(())
    }
}

pub(super) fn start(story: &mut Story, round: u64) -> (IpMessageGw, Option<()>) {
    // What was on its way to a killed gateway is lost.
    story.world.sent.clear();
    story.world.far.forget_node(story.world.now);
    let mut gateway = match story.is_charged {
        true => charged_gateway(config(), round as u32),
        false => gateway(config(), round),
    };
    let alive = story.turn(&mut gateway);
    (gateway, alive)
}

/// A UE that is registered, before anybody is killed.
fn registered() -> Story {
    registered_in(Story::new())
}

pub(super) fn registered_in(mut story: Story) -> Story {
    let (mut gateway, _) = start(&mut story, 99);
    register(&mut gateway, &mut story.world, 6000).unwrap();
    story.world.sent.clear();
    story
}

pub(super) const MESSAGES: u8 = 3;

#[test]
fn messages_from_a_ue() {
    let mut kills = 0;
    for fuel in 0.. {
        let mut story = registered();
        let mut round = 0;
        loop {
            story.world.fuel = if round < 2 { fuel } else { u32::MAX };
            if send_all(&mut story, round).is_some() {
                break;
            }
            kills += 1;
            round += 1;
            story.world.now = story.world.now + Duration::from_secs(1);
        }
        let wanted: Vec<_> = (1..=MESSAGES).map(|n| submit(n, "text").emit()).collect();
        assert_eq!(story.stored, wanted, "killed after {fuel} steps");
        assert_eq!(story.acknowledged, (1..=MESSAGES).collect(), "killed after {fuel} steps");
        if round == 0 {
            break;
        }
    }
    assert!(kills > 30, "{kills}");
}

/// The UE sends what was not accepted; what was is the gateway's.
pub(super) fn send_all(story: &mut Story, round: u64) -> Option<()> {
    let (mut gateway, alive) = start(story, round);
    alive?;
    for n in 1..=MESSAGES {
        let call_id = format!("m{n}");
        if !story.accepted.contains(&call_id) {
            let sent = story.world.message(&mut gateway, UE, &call_id, "", &mo(n, "text"));
            // A 202 that has left is one that the UE gets.
            note_accepted(story);
            sent?;
        }
        story.turn(&mut gateway)?;
    }
    Some(())
}

fn note_accepted(story: &mut Story) {
    for (_, message) in &story.world.sent {
        if let Some(response) = message.as_response().filter(|response| response.status == 202) {
            story.accepted.insert(response.call_id().unwrap().to_owned());
        }
    }
}

#[test]
fn messages_to_a_ue() {
    let mut kills = 0;
    for fuel in 0.. {
        let mut story = registered();
        let mut round = 0;
        loop {
            story.world.fuel = if round < 2 { fuel } else { u32::MAX };
            if deliver_all(&mut story, round).is_some() {
                break;
            }
            kills += 1;
            round += 1;
            story.world.now = story.world.now + Duration::from_secs(1);
            // The dialogues of the SMS-GMSC end without an answer, and it sends again what was not delivered.
            story.world.gmsc = Peer::new(&format!("gmsc{round}"), &[ApplicationContext::SHORT_MSG_MO_RELAY_V3]);
        }
        let wanted: Vec<_> = (1..=MESSAGES).map(|n| deliver(&n.to_string())).collect();
        assert_eq!(story.shown, wanted, "killed after {fuel} steps");
        assert_eq!(story.delivered, u32::from(MESSAGES), "killed after {fuel} steps");
        // Whose report was acknowledged is not asked again.
        assert_eq!(story.asked_after_report, 0, "killed after {fuel} steps");
        if round == 0 {
            break;
        }
    }
    assert!(kills > 30, "{kills}");
}

pub(super) fn deliver_all(story: &mut Story, round: u64) -> Option<()> {
    let (mut gateway, alive) = start(story, round);
    alive?;
    for n in story.delivered + 1..=u32::from(MESSAGES) {
        story.world.mt(&deliver(&n.to_string()), false);
        story.turn(&mut gateway)?;
    }
    Some(())
}
