//! mt-ForwardSM to one node after another: TR 23.804 clauses 8.4 step 4 and 8.5 steps 4 to 7.

use protocol::Instant;
use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{DialogueId, MtForwardSmArg, Operation, OperationResult, SmRpDa, SmRpOa};

use super::super::SmsGmsc;
use super::super::outcome::{Access, Failure};
use super::{Delivery, Held, Hop, Returned, Step};

impl SmsGmsc {
    /// To the next address, if there is one.
    pub(super) fn forward(&mut self, now: Instant, id: u64) {
        loop {
            let Some(delivery) = self.deliveries.get_mut(&id) else { return };
            let Some(hop) = delivery.route.as_mut().and_then(|route| route.hops.pop_front()) else {
                let failure = delivery.outcomes.failure();
                return self.report(now, id, Err(failure));
            };
            let operation = self.mt_forward(now, id, &hop, false);
            let number = match hop.access {
                Access::Sgsn => SccpAddress::e164(hop.number.digits(), ssn::SGSN),
                Access::Ip | Access::Msc => SccpAddress::e164(hop.number.digits(), ssn::MSC),
            };
            let asked = match (operation, number) {
                (Some(operation), Ok(called)) => {
                    let asked = self.map.request(now, self.own.clone(), called, &operation);
                    asked.map(|(dialogue, _)| dialogue).map_err(|error| error.to_string())
                }
                (_, Err(error)) => Err(error.to_string()),
                (None, Ok(_)) => return,
            };
            let Some(delivery) = self.deliveries.get_mut(&id) else { return };
            match asked {
                Ok(dialogue) => {
                    self.by_dialogue.insert(dialogue, id);
                    self.counters.attempts += 1;
                    delivery.step = Step::Forwarding(hop, None);
                    return;
                }
                Err(error) => {
                    delivery.outcomes.failed(Some(hop.access), Failure::system());
                    self.say(format!("{} at {} is not asked: {error}", hop.access.name(), hop.number));
                }
            }
        }
    }

    /// The next message in a dialogue that was kept for it (TS 23.040 clause 3.2.3, TP-More-Messages-to-Send).
    pub(super) fn forward_in(&mut self, now: Instant, id: u64, held: Held) {
        let Held { dialogue, hop, route, .. } = held;
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.route = Some(route);
        let Some(operation) = self.mt_forward(now, id, &hop, true) else { return };
        let asked = self.map.invoke(dialogue, &operation).and_then(|_| self.map.delimit(now, dialogue));
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if asked.is_ok() {
            self.by_dialogue.insert(dialogue, id);
            self.counters.attempts += 1;
            delivery.step = Step::Forwarding(hop, None);
        } else {
            // The dialogue is no more: from the beginning.
            delivery.route = None;
            self.begin(now, id);
        }
    }

    /// `is_next`: the dialogue knows both parties (TS 29.002 clause 23.3.1).
    fn mt_forward(&self, now: Instant, id: u64, hop: &Hop, is_next: bool) -> Option<Operation> {
        let delivery = self.deliveries.get(&id)?;
        let route = delivery.route.as_ref()?;
        let (to, from) = if is_next {
            (SmRpDa::None, SmRpOa::None)
        } else {
            let centre = self.centres[delivery.line.0].clone();
            (SmRpDa::Imsi(route.imsi.clone()), SmRpOa::ServiceCentreAddress(centre))
        };
        let mut argument = MtForwardSmArg::new(to, from, delivery.tpdu.clone());
        argument.more_messages_to_send = delivery.more;
        if hop.access == Access::Ip && route.guidance.is_some() {
            // An IP-SM-GW that gives guidance is told how long somebody waits for it.
            let seconds = self.config.map_timers.medium_long.as_secs().clamp(30, 600);
            argument.sm_delivery_timer_s = u16::try_from(seconds).ok();
            argument.sm_delivery_start_time = u32::try_from(self.utc_ms(now) / 1000 + SECONDS_1900_TO_1970).ok();
        }
        Some(Operation::MtForwardSm(argument))
    }

    /// A node has answered, or not; `dialogue` goes on.
    pub(super) fn forwarded(
        &mut self,
        now: Instant,
        id: u64,
        hop: Hop,
        result: Returned,
        dialogue: Option<DialogueId>,
    ) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        let failure = match result {
            Ok(OperationResult::MtForwardSm(result)) => {
                delivery.outcomes.delivered(hop.access);
                if let Some(dialogue) = dialogue {
                    self.keep(now, id, dialogue, hop);
                }
                return self.report(now, id, Ok(result.sm_rp_ui));
            }
            Ok(_) => Failure::system(),
            Err(error) => {
                let failure = Failure::of(&error, Some(hop.access));
                let to = delivery.msisdn.clone();
                self.say(format!("{to} not reached by {} at {}: {error}", hop.access.name(), hop.number));
                failure
            }
        };
        if let Some(dialogue) = dialogue {
            self.close(now, dialogue, true);
        }
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            delivery.outcomes.failed(Some(hop.access), failure);
        }
        self.forward(now, id);
    }

    /// Keeps a dialogue for the next message of a service centre that has more, or ends it.
    fn keep(&mut self, now: Instant, id: u64, dialogue: DialogueId, hop: Hop) {
        let Some(Delivery { more: true, line, route: Some(route), .. }) = self.deliveries.get(&id) else {
            return self.close(now, dialogue, true);
        };
        let held = Held { dialogue, hop, route: route.clone(), until: now + self.config.hold };
        if let Some(other) = self.held.insert(line.clone(), held) {
            self.close(now, other.dialogue, true);
        }
    }

    /// No message came for dialogues that were kept.
    pub(in super::super) fn held_due(&mut self, now: Instant) {
        let due = self.held.iter().filter(|(_, held)| held.until <= now).map(|(line, _)| line.clone());
        for line in due.collect::<Vec<_>>() {
            if let Some(held) = self.held.remove(&line) {
                self.close(now, held.dialogue, true);
            }
        }
    }
}

/// RFC 868.
const SECONDS_1900_TO_1970: u64 = 2_208_988_800;
