//! Control role for a bearer (TS 23.280 clause 10.7.3.9.2.2 steps 7, 11, 12): which group is on which subchannel, who sends
//! it, who relies on that, and what is left.

use std::collections::BTreeMap;
use std::net::IpAddr;

use protocol::Instant;

use crate::mc::recent::Recent;

/// The capacity of a bearer.
#[derive(Debug)]
pub(in crate::mc) struct Capacity {
    bit_rate: u32,
    /// By the group.
    rooms: BTreeMap<String, Room>,
    /// Somebody was refused since capacity came free.
    is_short: bool,
}

/// What a group has.
#[derive(Debug)]
struct Room {
    slot: u16,
    bit_rate: u32,
    /// Server, and what it has asked.
    holder: (String, Seat),
    /// Those that were told that it is transmitted already, the first one first.
    dependents: Vec<(String, Seat)>,
    /// Speech that it was sent already, whoever has sent it.
    recent: Recent,
}

/// A server that has asked for a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) struct Seat {
    /// Identity of its last request.
    pub(in crate::mc) id: String,
    /// Its call.
    pub(in crate::mc) call: String,
    /// It holds until then; none: the own server's.
    pub(in crate::mc) until: Option<Instant>,
    /// Where its media come from; none: the own server's.
    pub(in crate::mc) from: Option<IpAddr>,
    /// Port that its media come to, the next one is for floor control.
    pub(in crate::mc) port: Option<u16>,
}

/// What a request gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) enum Granted {
    /// It shall send, to this subchannel.
    Distribute {
        slot: u16,
    },
    /// This server sends already, to this subchannel.
    Already {
        server: String,
        slot: u16,
    },
    Insufficient,
}

/// What a release gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) enum Release {
    /// It has nothing any more.
    Done,
    /// The call goes on at this server, which sends from now on.
    GoesOn { server: String },
}

/// What has changed without being asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) enum Freed {
    /// Nobody has the group any more: its subchannel and the sockets are free.
    Room { group: String, slot: u16, port: Option<u16> },
    /// A server sends from now on that did not; the sockets of the one before are free.
    Heir { group: String, server: String, port: Option<u16> },
}

impl Capacity {
    pub(in crate::mc) const fn new(bit_rate: u32) -> Self {
        Self { bit_rate, rooms: BTreeMap::new(), is_short: false }
    }

    /// Bit/s that nobody has.
    pub(in crate::mc) fn available(&self) -> u32 {
        self.bit_rate.saturating_sub(self.reserved())
    }

    /// Bit/s that groups have.
    pub(in crate::mc) fn reserved(&self) -> u32 {
        self.rooms.values().map(|room| room.bit_rate).fold(0, u32::saturating_add)
    }

    pub(in crate::mc) fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Groups that have something.
    pub(in crate::mc) fn len(&self) -> usize {
        self.rooms.len()
    }

    /// The subchannel of a group.
    pub(in crate::mc) fn slot(&self, group: &str) -> Option<u16> {
        self.rooms.get(group).map(|room| room.slot)
    }

    /// Who sends a group.
    pub(in crate::mc) fn holder(&self, group: &str) -> Option<(&str, &Seat)> {
        self.rooms.get(group).map(|room| (room.holder.0.as_str(), &room.holder.1))
    }

    /// Who sends a group, for the port that its media come to.
    pub(in crate::mc) fn set_port(&mut self, group: &str, port: u16) {
        if let Some(room) = self.rooms.get_mut(group) {
            room.holder.1.port = Some(port);
        }
    }

    /// Speech of a group that was not sent yet: who sends it from now on may begin with what the one before has sent.
    pub(in crate::mc) fn is_new(&mut self, group: &str, ssrc: u32, sequence: u16) -> bool {
        self.rooms.get_mut(group).is_some_and(|room| room.recent.is_new(ssrc, sequence))
    }

    /// All servers that have asked for a group, who sends first.
    pub(in crate::mc) fn servers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rooms.iter().flat_map(|(group, room)| {
            let all = std::iter::once(&room.holder).chain(&room.dependents);
            all.map(move |(server, _)| (group.as_str(), server.as_str()))
        })
    }

    /// A seat of a server that relies on another one, or sends itself.
    pub(in crate::mc) fn seat(&self, group: &str, server: &str) -> Option<&Seat> {
        let room = self.rooms.get(group)?;
        let all = std::iter::once(&room.holder).chain(&room.dependents);
        all.into_iter().find(|(own, _)| own == server).map(|(_, seat)| seat)
    }

    /// Media distribution request; the same again renews what it got.
    pub(in crate::mc) fn request(&mut self, group: &str, server: &str, bit_rate: u32, mut seat: Seat) -> Granted {
        if let Some(room) = self.rooms.get_mut(group) {
            let slot = room.slot;
            if room.holder.0 == server {
                seat.port = room.holder.1.port;
                room.holder.1 = seat;
                return Granted::Distribute { slot };
            }
            match room.dependents.iter_mut().find(|(own, _)| own == server) {
                Some((_, own)) => *own = seat,
                None => room.dependents.push((server.to_owned(), seat)),
            }
            return Granted::Already { server: room.holder.0.clone(), slot };
        }
        let used: Vec<u16> = self.rooms.values().map(|room| room.slot).collect();
        let slot = (0..MAX_SLOTS).find(|slot| !used.contains(slot)).filter(|_| bit_rate <= self.available());
        let Some(slot) = slot else {
            self.is_short = true;
            return Granted::Insufficient;
        };
        let (holder, recent) = ((server.to_owned(), seat), Recent::default());
        let room = Room { slot, bit_rate, holder, dependents: Vec::new(), recent };
        self.rooms.insert(group.to_owned(), room);
        Granted::Distribute { slot }
    }

    /// Media distribution release request. A call of before has nothing.
    pub(in crate::mc) fn release(&mut self, group: &str, server: &str, call: &str) -> (Release, Option<Freed>) {
        match self.seat(group, server) {
            Some(seat) if seat.call == call => self.leave(group, server),
            _ => (Release::Done, None),
        }
    }

    /// Takes away what has not been renewed.
    pub(in crate::mc) fn expire(&mut self, now: Instant) -> Vec<(String, Freed)> {
        let over = |seat: &Seat| seat.until.is_some_and(|until| until <= now);
        for room in self.rooms.values_mut() {
            room.dependents.retain(|(_, seat)| !over(seat));
        }
        let gone: Vec<(String, String)> = self
            .rooms
            .iter()
            .filter(|(_, room)| over(&room.holder.1))
            .map(|(group, room)| (group.clone(), room.holder.0.clone()))
            .collect();
        gone.into_iter().filter_map(|(group, server)| Some((server.clone(), self.leave(&group, &server).1?))).collect()
    }

    /// When [`Self::expire`] has something to do.
    pub(in crate::mc) fn due(&self) -> Option<Instant> {
        let seats = |room: &Room| {
            let dependents = room.dependents.iter().filter_map(|(_, seat)| seat.until).min();
            [room.holder.1.until, dependents].into_iter().flatten().min()
        };
        self.rooms.values().filter_map(seats).min()
    }

    /// Whether somebody was refused and there is room now; said once.
    pub(in crate::mc) fn take_cleared(&mut self) -> bool {
        let is_cleared = self.is_short && self.available() > 0;
        if is_cleared {
            self.is_short = false;
        }
        is_cleared
    }

    fn leave(&mut self, group: &str, server: &str) -> (Release, Option<Freed>) {
        let Some(room) = self.rooms.get_mut(group) else { return (Release::Done, None) };
        if room.holder.0 != server {
            room.dependents.retain(|(own, _)| own != server);
            return (Release::Done, None);
        }
        let port = room.holder.1.port;
        if room.dependents.is_empty() {
            let slot = room.slot;
            self.rooms.remove(group);
            return (Release::Done, Some(Freed::Room { group: group.to_owned(), slot, port }));
        }
        room.holder = room.dependents.remove(0);
        let server = room.holder.0.clone();
        let heir = Freed::Heir { group: group.to_owned(), server: server.clone(), port };
        (Release::GoesOn { server }, Some(heir))
    }
}

/// Subchannels of a bearer: so many pairs of ports after that of the general purpose subchannel.
pub(in crate::mc) const MAX_SLOTS: u16 = 64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn seat(call: &str, until: Option<u64>) -> Seat {
        Seat {
            id: String::new(),
            call: call.to_owned(),
            until: until.map(Instant::from_millis),
            from: None,
            port: None,
        }
    }

    #[test]
    fn the_first_one_distributes_and_the_next_one_inherits() {
        let mut capacity = Capacity::new(100);
        assert_eq!(capacity.request("g", "a", 60, seat("1", Some(10))), Granted::Distribute { slot: 0 });
        let already = Granted::Already { server: "a".to_owned(), slot: 0 };
        assert_eq!(capacity.request("g", "b", 60, seat("2", Some(20))), already);
        assert_eq!(capacity.request("h", "b", 60, seat("3", Some(20))), Granted::Insufficient);
        assert_eq!(capacity.release("g", "a", "0"), (Release::Done, None), "a call of before");
        assert!(capacity.is_new("g", 7, 1) && !capacity.is_new("h", 7, 1));
        let heir = Freed::Heir { group: "g".to_owned(), server: "b".to_owned(), port: None };
        assert_eq!(capacity.release("g", "a", "1"), (Release::GoesOn { server: "b".to_owned() }, Some(heir)));
        assert!(!capacity.is_new("g", 7, 1) && capacity.is_new("g", 7, 2), "whoever sends it");
        assert_eq!((capacity.due(), capacity.available()), (Some(Instant::from_millis(20)), 40));
        let room = Freed::Room { group: "g".to_owned(), slot: 0, port: None };
        assert_eq!(capacity.expire(Instant::from_millis(20)), [("b".to_owned(), room)]);
        assert!(capacity.is_empty() && capacity.due().is_none());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Request(u8, u8, u32, u64),
        Release(u8, u8),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..4u8, 0..4u8, 1..60u32, 1..50u64)
                .prop_map(|(group, server, rate, lease)| { Step::Request(group, server, rate, lease) }),
            (0..4u8, 0..4u8).prop_map(|(group, server)| Step::Release(group, server)),
            (1..40u64).prop_map(Step::Pass),
        ]
    }

    proptest! {
        #[test]
        fn capacity_adds_up_and_a_group_has_one_subchannel(steps in prop::collection::vec(step(), 0..60)) {
            let (mut capacity, mut now) = (Capacity::new(100), 0);
            for step in steps {
                match step {
                    Step::Request(group, server, rate, lease) => {
                        let (group, server) = (group.to_string(), server.to_string());
                        let before = capacity.holder(&group).map(|(holder, _)| holder.to_owned());
                        match capacity.request(&group, &server, rate, seat("c", Some(now + lease))) {
                            Granted::Distribute { .. } => prop_assert!(before.is_none_or(|holder| holder == server)),
                            Granted::Already { server: holder, .. } => prop_assert_eq!(before, Some(holder)),
                            Granted::Insufficient => prop_assert!(before.is_none()),
                        }
                    }
                    Step::Release(group, server) => drop(capacity.release(&group.to_string(), &server.to_string(), "c")),
                    Step::Pass(ms) => {
                        now += ms;
                        capacity.expire(Instant::from_millis(now));
                        prop_assert!(capacity.due().is_none_or(|due| due > Instant::from_millis(now)));
                    }
                }
                prop_assert_eq!(capacity.available() + capacity.reserved(), 100);
                let slots: BTreeSet<_> = capacity.rooms.values().map(|room| room.slot).collect();
                prop_assert_eq!(slots.len(), capacity.len());
                let seats: Vec<_> = capacity.servers().collect();
                prop_assert_eq!(seats.iter().collect::<BTreeSet<_>>().len(), seats.len());
            }
            while let Some(due) = capacity.due() {
                capacity.expire(due);
            }
            prop_assert_eq!((capacity.available(), capacity.is_empty()), (100, true));
        }
    }
}
