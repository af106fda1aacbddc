//! Mobile terminated messages, the SMS-GMSC: TR 23.804 clauses 8.4 and 8.5, TS 29.002 clause 23.3.1, TS 23.040 clause 10.1.
//!
//! Messages of one service centre to one subscriber go one after another. All addresses of the HLR are tried in its order,
//! whatever the error of the one before: behind another access may be another phone of the subscriber.

mod forward;
mod submit;

use std::collections::VecDeque;

use protocol::Instant;
use protocol::map::{
    AddressString, DialogueId, Imsi, InformServiceCentreArg, InvokeFailure, IpSmGwGuidance, Operation, OperationResult,
    RoutingInfoForSmArg, RoutingInfoForSmRes, ScType, SmsAccess, SmsPreferences,
};
use protocol::smpp::{Body, CommandStatus, MessageId, Pdu};

use super::outcome::{Access, Failure, Outcomes};
use super::{Line, SmsGmsc};
use crate::node::StreamId;
use crate::sms::tlv;

/// A message that is being delivered.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Session and request that wait for the outcome; none: the session is gone.
    from: Option<(StreamId, u32)>,
    line: Line,
    msisdn: AddressString,
    tpdu: Vec<u8>,
    is_status_report: bool,
    more: bool,
    priority: bool,
    sc_type: Option<ScType>,
    /// What the service centre has decided (TR 23.804 clause 8.5 step 8).
    message_waiting: bool,
    route: Option<Route>,
    outcomes: Outcomes,
    /// What the HLR has said beside its answer.
    inform: Option<InformServiceCentreArg>,
    step: Step,
}

/// What is asked of whom; the answer waits for the end of the message that it came in.
#[derive(Debug)]
enum Step {
    /// Another message to the subscriber is before it.
    Waiting,
    /// sendRoutingInfoForSM.
    Routing(Option<Returned>),
    /// mt-ForwardSM.
    Forwarding(Hop, Option<Returned>),
    /// reportSM-DeliveryStatus; then the service centre is told this.
    Reporting(Answer, Option<Returned>),
}

type Returned = Result<OperationResult, InvokeFailure>;

/// How it ended: delivered, with the UE's SMS-DELIVER-REPORT, or not.
type Answer = Result<Option<Vec<u8>>, Failure>;

/// Where a subscriber can be reached.
#[derive(Clone, Debug)]
pub(super) struct Route {
    imsi: Imsi,
    /// Not tried yet.
    hops: VecDeque<Hop>,
    guidance: Option<IpSmGwGuidance>,
}

/// A node that can deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hop {
    access: Access,
    number: AddressString,
}

/// A dialogue with a serving node that waits for the next message.
#[derive(Debug)]
pub(super) struct Held {
    dialogue: DialogueId,
    hop: Hop,
    route: Route,
    pub(super) until: Instant,
}

impl SmsGmsc {
    /// A delivery is the first of its line.
    pub(super) fn begin(&mut self, now: Instant, id: u64) {
        let Some(delivery) = self.deliveries.get(&id) else { return };
        if let Some(held) = self.held.remove(&delivery.line) {
            return self.forward_in(now, id, held);
        }
        let mut argument =
            RoutingInfoForSmArg::new(delivery.msisdn.clone(), delivery.priority, self.centres[delivery.line.0].clone());
        argument.gprs_support_indicator = self.config.gprs;
        argument.ip_sm_gw_guidance_indicator = self.config.ip_messaging;
        // TS 29.002 clause 17.7.6: 0 for SMS-DELIVER, 1 for SMS-STATUS-REPORT.
        argument.sm_rp_mti = Some(delivery.is_status_report.into());
        let asked = self.ask_hlr(now, id, &Operation::SendRoutingInfoForSm(argument));
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if asked {
            delivery.step = Step::Routing(None);
        } else {
            self.finish(id, Err(Failure::system()));
        }
    }

    /// Asks the HLR for a delivery; false: it cannot be asked now.
    fn ask_hlr(&mut self, now: Instant, id: u64, operation: &Operation) -> bool {
        match self.map.request(now, self.own.clone(), self.hlr.clone(), operation) {
            Ok((dialogue, _)) => {
                self.by_dialogue.insert(dialogue, id);
                true
            }
            Err(error) => {
                self.say(format!("the HLR is not asked {}: {error}", operation.code()));
                false
            }
        }
    }

    pub(super) fn on_inform(&mut self, dialogue: DialogueId, argument: InformServiceCentreArg) {
        let id = self.by_dialogue.get(&dialogue);
        match id.and_then(|id| self.deliveries.get_mut(id)) {
            Some(delivery) => delivery.inform = Some(argument),
            None => self.ignored("-", "informServiceCentre about nothing"),
        }
    }

    pub(super) fn on_returned(&mut self, dialogue: DialogueId, result: Returned) {
        let id = self.by_dialogue.get(&dialogue);
        let Some(delivery) = id.and_then(|id| self.deliveries.get_mut(id)) else {
            return self.ignored("-", "an answer that nobody waits for");
        };
        match &mut delivery.step {
            Step::Routing(slot) | Step::Forwarding(_, slot) | Step::Reporting(_, slot) => *slot = Some(result),
            Step::Waiting => {}
        }
    }

    /// That was all of a message; `is_open`: the dialogue goes on.
    pub(super) fn on_pause(&mut self, now: Instant, dialogue: DialogueId, is_open: bool) {
        let Some(&id) = self.by_dialogue.get(&dialogue) else {
            if !is_open {
                self.held.retain(|_, held| held.dialogue != dialogue);
            }
            return;
        };
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        let (Step::Routing(slot) | Step::Forwarding(_, slot) | Step::Reporting(_, slot)) = &mut delivery.step else {
            return;
        };
        // A Continue without an answer, where the dialogue was opened empty: the answer is still to come.
        let result = match slot.take() {
            None if is_open => return,
            None => Err(InvokeFailure::Ended),
            Some(result) => result,
        };
        self.by_dialogue.remove(&dialogue);
        match std::mem::replace(&mut delivery.step, Step::Waiting) {
            Step::Waiting => {}
            Step::Routing(_) => {
                self.close(now, dialogue, is_open);
                self.routed(now, id, result);
            }
            Step::Forwarding(hop, _) => self.forwarded(now, id, hop, result, is_open.then_some(dialogue)),
            Step::Reporting(answer, _) => {
                self.close(now, dialogue, is_open);
                if let Err(error) = result {
                    self.say(format!("reportSM-DeliveryStatus: {error}"));
                }
                self.finish(id, answer);
            }
        }
    }

    fn close(&mut self, now: Instant, dialogue: DialogueId, is_open: bool) {
        if is_open && let Err(error) = self.map.close(now, dialogue) {
            self.ignored("-", format!("end of dialogue {dialogue}: {error}"));
        }
    }

    /// The HLR has said where the subscriber is.
    fn routed(&mut self, now: Instant, id: u64, result: Returned) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        match result {
            Ok(OperationResult::SendRoutingInfoForSm(result)) => {
                let hops = hops(&result);
                delivery.route = Some(Route { imsi: result.imsi, hops, guidance: result.ip_sm_gw_guidance });
                self.forward(now, id);
            }
            Ok(_) => self.finish(id, Err(Failure::system())),
            Err(error) => {
                let mut failure = Failure::of(&error, None);
                // An HLR that refuses for absence has the service centre in its list already: nothing is reported.
                if failure.outcome.is_some() {
                    let informed = delivery.inform.as_ref().and_then(|it| it.absent_subscriber_diagnostic_sm);
                    failure.cause = failure.cause.or(informed);
                }
                self.finish(id, Err(failure));
            }
        }
    }

    /// Tells the HLR, if there is anything to tell, and then the service centre.
    fn report(&mut self, now: Instant, id: u64, answer: Answer) {
        let Some(delivery) = self.deliveries.get(&id) else { return };
        let wanted = answer.is_ok() || delivery.message_waiting;
        let argument = wanted.then(|| {
            let imsi = delivery.route.as_ref().map(|route| &route.imsi);
            let centre = &self.centres[delivery.line.0];
            delivery.outcomes.report(&delivery.msisdn, centre, imsi, self.config.gprs, delivery.sc_type)
        });
        let asked = match argument.flatten() {
            Some(argument) => self.ask_hlr(now, id, &Operation::ReportSmDeliveryStatus(argument)),
            None => false,
        };
        match self.deliveries.get_mut(&id) {
            Some(delivery) if asked => {
                self.counters.reports += 1;
                delivery.step = Step::Reporting(answer, None);
            }
            _ => self.finish(id, answer),
        }
    }

    /// The service centre is told, and the next message of the line begins.
    fn finish(&mut self, id: u64, answer: Answer) {
        let Some(delivery) = self.deliveries.remove(&id) else { return };
        match &answer {
            Ok(_) => self.counters.delivered += 1,
            Err(_) => self.counters.failed += 1,
        }
        self.tell_inform(&delivery);
        if let Some(queue) = self.queues.get_mut(&delivery.line) {
            queue.pop_front();
            match queue.front() {
                Some(&next) => self.ready.push_back(next),
                None => {
                    self.queues.remove(&delivery.line);
                }
            }
        }
        let Some((conn, number)) = delivery.from else { return };
        let (status, tlvs, message_id) = match answer {
            Ok(report) => {
                let tlvs = report.map(tlv::tpdu).into_iter().collect();
                (CommandStatus::OK, tlvs, MessageId::new(format!("{id:x}")))
            }
            Err(failure) => (CommandStatus::DELIVERY_FAILURE, failure.tlvs(), None),
        };
        let response = Pdu::response(number, status, Body::SubmitSmResp(message_id)).with(tlvs);
        if let Some(link) = self.links.get_mut(&conn) {
            link.session.respond(response);
            self.dirty.insert(conn);
        }
    }

    /// informServiceCentre, for humans: what it says of the subscriber is with the HLR, and what the service centre needs of
    /// it is in the response.
    fn tell_inform(&mut self, delivery: &Delivery) {
        let Some(inform) = &delivery.inform else { return };
        let Delivery { msisdn, .. } = delivery;
        if let Some(stored) = inform.stored_msisdn.as_ref().filter(|stored| *stored != msisdn) {
            self.say(format!("{msisdn}: alerts will name {stored}"));
        }
        if inform.mw_status.is_some_and(|status| status.sc_address_not_included) {
            self.say(format!("{msisdn}: the service centre is not in the list of message waiting data"));
        }
    }

    /// Nobody waits any more for what came over a connection: what has not begun is the service centre's to repeat.
    pub(super) fn abandon(&mut self, conn: StreamId) {
        let mut idle = Vec::new();
        for (id, delivery) in &mut self.deliveries {
            if delivery.from.is_some_and(|(from, _)| from == conn) {
                delivery.from = None;
                let is_first = self.queues.get(&delivery.line).and_then(VecDeque::front) == Some(id);
                if !is_first {
                    idle.push(*id);
                }
            }
        }
        for id in idle {
            if let Some(delivery) = self.deliveries.remove(&id)
                && let Some(queue) = self.queues.get_mut(&delivery.line)
            {
                queue.retain(|other| *other != id);
            }
        }
    }
}

/// The nodes in the order of the HLR. A later one that appears as an MSC may be an IP-SM-GW, for Additional-Number has no other
/// choice: an HLR of ours says beside it which access each is for.
fn hops(result: &RoutingInfoForSmRes) -> VecDeque<Hop> {
    let location = &result.location_info_with_lmsi;
    let access = match (location.ims_node_indicator, location.gprs_node_indicator) {
        (true, _) => Access::Ip,
        (false, true) => Access::Sgsn,
        (false, false) => Access::Msc,
    };
    let others = [&location.additional_number, &location.third_number].into_iter().flatten().map(|number| {
        let access = match number {
            protocol::map::AdditionalNumber::Msc(_) => Access::Msc,
            protocol::map::AdditionalNumber::Sgsn(_) => Access::Sgsn,
        };
        Hop { access, number: number.number().clone() }
    });
    let first = Hop { access, number: location.network_node_number.clone() };
    let mut hops: VecDeque<_> = [first].into_iter().chain(others).collect();
    let said = SmsPreferences::find(&result.extensions).map(|preferences| preferences.mt);
    let said = said.filter(|said| said.len() == hops.len()).unwrap_or_default();
    for (hop, access) in hops.iter_mut().zip(said) {
        hop.access = match access {
            SmsAccess::IP => Access::Ip,
            SmsAccess::SGSN => Access::Sgsn,
            SmsAccess::MSC => Access::Msc,
            _ => hop.access,
        };
    }
    hops
}
