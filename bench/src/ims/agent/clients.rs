//! MC clients of a UE, at home and in systems that its user migrates to (TS 23.280 clause 10.1.6.2): which of them serves, which
//! cells are heard, and what was said and heard in calls.

use hil::agent::media::{Reception, Spoken};
use protocol::Instant;

use super::{Attended, ImsUe};
use crate::ims::mc::McUe;
use crate::ims::migrant::Migrant;

/// What a UE has said and heard in sessions of groups in a system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupEnd<'a> {
    pub(crate) ue: &'a str,
    /// None: at home.
    pub(crate) system: Option<&'a str>,
    /// Its source.
    pub(crate) ssrc: u32,
    /// Packets of speech that it has sent.
    pub(crate) spoken: &'a [Spoken],
    /// What it has received packet by packet.
    pub(crate) reception: Option<&'a Reception>,
    /// When it was in sessions.
    pub(crate) attended: &'a [Attended],
}

impl ImsUe {
    /// Its MC clients, at home and elsewhere.
    pub(crate) fn clients_mut(&mut self) -> impl Iterator<Item = &mut McUe> {
        self.mc.iter_mut().chain(self.migrant.iter_mut().flat_map(Migrant::clients_mut))
    }

    /// It goes to the cell of an area of its home, or out of all cells; true: it hears a carrier there, be it that of another system.
    pub(crate) fn moves(&mut self, now: Instant, area: Option<u8>) -> bool {
        let heard = match &mut self.migrant {
            Some(migrant) => {
                migrant.moves_at_home(area);
                migrant.area_at_home()
            }
            None => area,
        };
        let hears_others = area.is_some() && self.migrant.as_ref().is_some_and(Migrant::hears_mbms);
        if let Some(client) = &mut self.mc {
            // Who leaves an area tells it by its listening report; nothing else would tell that one has come.
            if heard.is_some() {
                client.publish_place(now);
            }
            if hears_others {
                client.stays(now, heard, &self.listed);
            } else {
                client.enter(now, heard, heard.and_then(|area| self.listed.get(&area)).cloned());
            }
        }
        heard.is_some() || hears_others
    }

    /// Cells of the system of this number are heard.
    pub(crate) fn hears(&self, system: u8) -> bool {
        self.migrant.as_ref().is_none_or(|own| own.hears(system))
    }

    /// Its MC client in the system that serves its user.
    pub(crate) fn mc_now(&self) -> Option<&McUe> {
        self.migrant.as_ref().and_then(Migrant::serving).map(|(_, guest)| &guest.mc).or(self.mc.as_ref())
    }

    /// The same, to change it.
    pub(crate) fn mc_now_mut(&mut self) -> Option<&mut McUe> {
        self.migrant.as_mut().and_then(Migrant::serving_mut).or(self.mc.as_mut())
    }

    /// Its MC clients with the names of their systems; none: at home.
    pub(crate) fn clients(&self) -> impl Iterator<Item = (Option<&str>, &McUe)> {
        let guests = self.migrant.iter().flat_map(Migrant::clients);
        self.mc.iter().map(|mc| (None, mc)).chain(guests.map(|(system, mc)| (Some(system), mc)))
    }

    /// What it has said and heard in sessions of groups: in each system in which it was in a call.
    pub(crate) fn group_ends(&self) -> impl Iterator<Item = GroupEnd<'_>> {
        let audio = self.mc.is_none().then(|| GroupEnd {
            ue: &self.name,
            system: None,
            ssrc: self.audio.ssrc(),
            spoken: self.audio.spoken(),
            reception: self.audio.reception(),
            attended: &self.state.attended,
        });
        audio.into_iter().chain(self.clients().filter_map(|(system, mc)| {
            let (ssrc, spoken) = mc.spoken()?;
            let (reception, attended) = (mc.reception(), mc.attended.as_slice());
            Some(GroupEnd { ue: &self.name, system, ssrc, spoken, reception, attended })
        }))
    }
}

#[cfg(test)]
mod tests {
    use protocol::Plmn;

    use super::*;
    use crate::ims::network::ImsNetwork;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn a_cell_at_home_that_is_not_heard_is_gone_to_and_heard_later() {
        let file = fixtures::scenario("mc/migration.toml");
        let scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        let own = &mut ImsNetwork::new(&scenario).unwrap().unwrap().ues[0];
        let is_at_home = |own: &ImsUe| own.mc.as_ref().unwrap().has_area(1);
        let partner = [Plmn::new("001", "02").unwrap()];
        let hears = |own: &mut ImsUe, systems: &[u8]| {
            let migrant = own.migrant.as_mut().unwrap();
            migrant.hears_alone(Instant::ZERO, (&partner, systems.iter().copied().collect()), &own.listed);
            let area = migrant.area_at_home();
            own.mc.iter_mut().for_each(|mc| mc.stays(Instant::ZERO, area, &own.listed));
        };
        assert!(is_at_home(own));
        hears(own, &[1]);
        assert!(!is_at_home(own) && own.hears(1) && !own.hears(0));
        assert!(own.moves(Instant::ZERO, Some(1)), "the carrier of the partner is heard");
        assert!(!is_at_home(own), "nothing comes from a system that is not heard");
        hears(own, &[0, 1]);
        assert!(is_at_home(own));
        assert!(!own.moves(Instant::ZERO, None), "out of all cells");
        hears(own, &[0]);
        assert!(!is_at_home(own));
    }
}
