//! The participating function in calls of other servers: what comes from a user of ours goes on to the controlling function, and
//! the other way round (TS 24.379 clauses 10.1.1.3.1, 10.1.1.3.2).

use protocol::Instant;
use protocol::mc::info::McpttInfo;
use protocol::mc::sdp::FloorMedia;
use protocol::sip::proxy::Refusal;
use protocol::sip::sdp::Sdp;
use protocol::sip::{SessionId, Uri};

use super::body::{call_info, info_of, info_part, parts_of};
use super::call::{Kind, Leg, Side, Visited};
use super::describe;
use super::legs::Called;
use super::node::McServer;
use crate::mbms::GroupCodec;

/// A leg and its number.
type Numbered = (u64, Leg);

impl McServer {
    /// A user of ours calls a group of another server.
    pub(super) fn originate(&mut self, now: Instant, called: &Called<'_>, server: &str) -> Result<(), Refusal> {
        let Called { group, caller, offered, invite, session } = called;
        let target = Uri::parse(server).map_err(|_| Refusal::new(404))?;
        let parts = parts_of(&invite.headers, &invite.body, self.config.limits.body)?;
        // The client's own word, with who he is (clause 6.3.2.1.3).
        let info = McpttInfo { access_token: None, calling_user_id: Some(caller.clone()), ..info_of(&parts)? };
        let codecs = self.codecs_of(group, offered)?;
        let ((id, mut leg), server_leg) = self.pair(now, caller, group, caller)?;
        (leg.session, leg.waits) = (*session, Some(Box::new(offered.clone())));
        let before = self.calls.of_user(leg.call, caller);
        self.calls.add_leg(id, leg);
        self.invite_leg(now, target, server_leg, &codecs, info_part(&info));
        before.into_iter().for_each(|old| self.drop_leg(now, old, "he has come again"));
        Ok(())
    }

    /// The controlling function calls a user of ours.
    pub(super) fn terminate(&mut self, now: Instant, called: &Called<'_>, user: &str) -> Result<(), Refusal> {
        let Called { group, caller, offered, session, .. } = called;
        let impu = self.impu_of(user).and_then(|impu| Uri::parse(&impu).ok());
        let target = impu.ok_or_else(|| self.warned(480, "141 user unknown to the participating function"))?;
        self.config.sip.reach.check(&target)?;
        let codecs = self.codecs_of(group, offered)?;
        let info = info_part(&call_info(user, caller, group));
        let (client, (id, mut leg)) = self.pair(now, user, group, caller)?;
        (leg.session, leg.waits) = (*session, Some(Box::new(offered.clone())));
        let before = self.calls.of_user(leg.call, user);
        self.calls.add_leg(id, leg);
        self.invite_leg(now, target, client, &codecs, info);
        before.into_iter().for_each(|old| self.drop_leg(now, old, "he is called again"));
        Ok(())
    }

    /// Those of the codecs of a group that are offered, and that are spoken in its call if there is one.
    fn codecs_of(&self, group: &str, offered: &Sdp) -> Result<Vec<GroupCodec>, Refusal> {
        let standing = self.calls.of_group(group).and_then(|(_, call)| call.codec.clone());
        let known = match standing {
            Some(codec) => vec![codec],
            None => self.directory.group(group).map(|(group, _)| group.codecs.clone()).unwrap_or_default(),
        };
        let codecs = describe::codecs_in(offered, &known);
        match codecs.is_empty() {
            true => Err(Refusal::new(488).because("None of the codecs of the group")),
            false => Ok(codecs),
        }
    }

    /// Two legs of a user that are passed on to each other; the call is there, if it was not.
    fn pair(&mut self, now: Instant, user: &str, group: &str, caller: &str) -> Result<(Numbered, Numbered), Refusal> {
        let ports = self.take_ports()?;
        let others = match self.take_ports() {
            Ok(others) => others,
            Err(refusal) => {
                self.give_back_ports(ports);
                return Err(refusal);
            }
        };
        let standing = self.calls.of_group(group).map(|(id, _)| id);
        let opened = match standing {
            Some(call) => Ok(call),
            None => self.open_call(now, group, caller, None, Kind::Visited(Visited::default())),
        };
        let call = match opened {
            Ok(call) => call,
            Err(refusal) => {
                self.give_back_ports(ports);
                self.give_back_ports(others);
                return Err(refusal);
            }
        };
        let (client, server) = (self.calls.next_id(), self.calls.next_id());
        let client_leg = Leg::new(call, user, SessionId(0), Side::Client { server }, ports);
        let server_leg = Leg::new(call, user, SessionId(0), Side::Server { client }, others);
        Ok(((client, client_leg), (server, server_leg)))
    }

    /// A leg of ours was answered: the one that waits for it is, too. False: there is nothing to go on with.
    pub(super) fn pass_answer(&mut self, now: Instant, id: u64, sdp: &[u8]) -> bool {
        let Some(leg) = self.calls.legs.get(&id) else { return false };
        let (call, partner, user) = (leg.call, leg.side.partner(), leg.user.clone());
        let Some(partner) = partner else { return true };
        let waits = self.calls.legs.get_mut(&partner).and_then(|leg| Some((leg.waits.take()?, (leg.audio, leg.floor))));
        let Some((offered, ports)) = waits else { return true };
        let answered = Sdp::parse(sdp).ok();
        let of_floor = answered.as_ref().and_then(FloorMedia::find);
        let group = self.calls.calls.get(&call).map(|call| call.group.clone()).unwrap_or_default();
        let known = self.directory.group(&group).map(|(group, _)| group.codecs.clone()).unwrap_or_default();
        let codecs = answered.map(|answered| describe::codecs_in(&answered, &known)).unwrap_or_default();
        let (ip, own) = (self.config.sip.media, describe::floor_of(self.priority_of(&user)));
        let floor = of_floor.map_or_else(|| own.clone(), |(_, granted)| describe::common(&granted.parameters, &own));
        let answer = describe::answer(ports.0.into(), ip, ports, &codecs, &offered, &floor);
        let Some((answer, codec)) = answer else {
            self.drop_leg(now, id, "no codec that all have");
            return false;
        };
        if let Err(refusal) = self.accept_leg(now, partner, &answer) {
            self.drop_leg(now, id, &super::node::why_of(&refusal));
            return false;
        }
        if let Some(standing) = self.calls.calls.get_mut(&call)
            && standing.codec.is_none()
        {
            standing.codec = Some(codec);
            self.tell_bearers(now, call);
        }
        true
    }
}
