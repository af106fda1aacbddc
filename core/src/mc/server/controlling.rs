//! The controlling function: members call a group of ours, and are called (TS 24.379 clause 10.1.1.4).

use std::collections::BTreeSet;

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{SessionId, Uri};

use super::body::{call_info, info_part};
use super::call::{Kind, Leg, Side};
use super::describe;
use super::directory::Home;
use super::legs::Called;
use super::node::McServer;
use crate::mc::floor::{FloorControl, FloorOutput};

impl McServer {
    /// One who calls a group of ours, over another server with this identity or over none; he begins a call or joins it.
    pub(super) fn enter(&mut self, now: Instant, called: &Called<'_>, via: Option<String>) -> Result<(), Refusal> {
        let Called { group, caller, offered, .. } = called;
        let standing = self.calls.of_group(group).map(|(id, call)| (id, call.codec.clone()));
        let codecs = match &standing {
            Some((_, codec)) => codec.iter().cloned().collect(),
            None => self.directory.group(group).map(|(group, _)| group.codecs.clone()).unwrap_or_default(),
        };
        let ports = self.take_ports()?;
        let floor = describe::floor_of(self.priority_of(caller));
        let answer = describe::answer(ports.0.into(), self.config.sip.media, ports, &codecs, offered, &floor);
        let Some((answer, codec)) = answer else {
            self.give_back_ports(ports);
            return Err(Refusal::new(488).because("None of the codecs of the call, or no floor control"));
        };
        let is_new = standing.is_none();
        let call = match standing {
            Some((id, _)) => id,
            None => {
                let floor = FloorControl::new(now, self.config.floor.clone(), self.ssrc);
                let kind = Kind::Controlled(Box::new(floor));
                match self.open_call(now, group, caller, Some(codec), kind) {
                    Ok(id) => id,
                    Err(refusal) => {
                        self.give_back_ports(ports);
                        return Err(refusal);
                    }
                }
            }
        };
        // One who comes again has lost the leg that he had.
        let before = self.calls.of_user(call, caller);
        let id = self.calls.next_id();
        self.calls.add_leg(id, Leg::new(call, caller, called.session, Side::Member { via }, ports));
        before.into_iter().for_each(|old| self.drop_leg(now, old, "he has come again"));
        if let Err(refusal) = self.accept_leg(now, id, &answer) {
            self.remove_leg(now, id, "his offer does not fit", refusal.status);
            return Err(refusal);
        }
        if is_new {
            self.call_others(now, call, caller);
        }
        Ok(())
    }

    /// All other affiliated members are called (clause 10.1.1.4.1).
    fn call_others(&mut self, now: Instant, call: u64, caller: &str) {
        let Some(group) = self.calls.calls.get(&call).map(|call| call.group.clone()) else { return };
        let there: BTreeSet<String> = self.calls.calls[&call]
            .legs
            .iter()
            .filter_map(|id| self.calls.legs.get(id))
            .map(|leg| leg.user.clone())
            .collect();
        for user in self.registrar.members(&group) {
            if user != caller && !there.contains(&user) {
                self.call_member(now, call, &user);
            }
        }
    }

    /// One who has affiliated while a call of ours goes on. When he is being called already, that may be in vain: he was away.
    pub(super) fn enter_late(&mut self, now: Instant, group: &str, user: &str) {
        let Some((call, standing)) = self.calls.of_group(group) else { return };
        if !matches!(standing.kind, Kind::Controlled(_)) {
            return;
        }
        let legs = self.calls.of_user(call, user);
        if legs.is_empty() {
            return self.call_member(now, call, user);
        }
        for id in legs {
            // A session that stands reaches him.
            if let Some(leg) = self.calls.legs.get_mut(&id).filter(|leg| !leg.is_in) {
                leg.has_come_again = true;
            }
        }
    }

    fn call_member(&mut self, now: Instant, call: u64, user: &str) {
        let Some(standing) = self.calls.calls.get(&call) else { return };
        let (group, caller, codecs) =
            (standing.group.clone(), standing.caller.clone(), Vec::from_iter(standing.codec.clone()));
        let (target, via) = match self.directory.home_of(user) {
            Some(Home::Server(server)) => (Some(server.clone()), Some(server.clone())),
            Some(Home::Own) => (self.impu_of(user), None),
            None => return,
        };
        let Some(target) = target.and_then(|target| Uri::parse(&target).ok()) else {
            return self.say(format!("{group}: {user} is not called: he is not authorised"));
        };
        if via.is_none() && self.config.sip.reach.check(&target).is_err() {
            return self.say(format!("{group}: {user} is not called: {target} is not reached from here"));
        }
        let Ok(ports) = self.take_ports() else {
            return self.say(format!("{group}: {user} is not called: no media port left"));
        };
        let info = info_part(&call_info(user, &caller, &group));
        let id = self.calls.next_id();
        let leg = Leg::new(call, user, SessionId(0), Side::Member { via }, ports);
        self.invite_leg(now, target, (id, leg), &codecs, info);
    }

    /// What floor control of all calls has to say; true if anything.
    pub(super) fn drain_floor(&mut self, now: Instant) -> bool {
        let mut said = Vec::new();
        for (id, call) in &mut self.calls.calls {
            if let Kind::Controlled(floor) = &mut call.kind {
                while let Some(output) = floor.poll_output() {
                    said.push((*id, output));
                }
            }
        }
        let any = !said.is_empty();
        for (call, output) in said {
            match output {
                FloorOutput::Send { to, message } => self.send_floor(now, call, to, &message),
                FloorOutput::Inactive => self.end_call(now, call, "nobody has talked for long"),
            }
        }
        any
    }

    pub(super) fn floor_timeouts(&mut self, now: Instant) {
        for call in self.calls.calls.values_mut() {
            if let Kind::Controlled(floor) = &mut call.kind {
                floor.handle_timeout(now);
            }
        }
    }
}
