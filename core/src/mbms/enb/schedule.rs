//! What the MCCHs of an eNB list, and from when on (TS 36.443 clause 8.4.2).

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::m2ap::{McchRelatedBcchConfig, PmchItem};
use protocol::{Instant, Tmgi};

use super::radio::MtchPlace;

/// Radio frame.
pub(super) const FRAME: Duration = Duration::from_millis(10);

/// By MBSFN area.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    areas: BTreeMap<u8, Area>,
}

#[derive(Debug)]
struct Area {
    modification_period: Duration,
    /// Since when what is listed, oldest first.
    listed: Vec<(Instant, Vec<PmchItem>)>,
}

impl Schedules {
    /// Areas as the MCE sets them up: nothing is listed.
    pub(super) fn set_up(&mut self, areas: &[McchRelatedBcchConfig]) {
        let area = |bcch: &McchRelatedBcchConfig| {
            let modification_period = FRAME * u32::from(bcch.modification_period.max(1));
            (bcch.area.0, Area { modification_period, listed: Vec::new() })
        };
        self.areas = areas.iter().map(area).collect();
    }

    /// Areas that change or come; what the others list stays.
    pub(super) fn change(&mut self, areas: &[McchRelatedBcchConfig]) {
        for bcch in areas {
            let modification_period = FRAME * u32::from(bcch.modification_period.max(1));
            let area = self.areas.entry(bcch.area.0);
            area.or_insert(Area { modification_period, listed: Vec::new() }).modification_period = modification_period;
        }
    }

    /// The instant that an MCCH update time stands for: the next modification period whose number ends in these eight bits
    /// (TS 36.443 clause 9.2.1.19), or now when it has begun. None when there is no such area.
    pub(super) fn instant(&self, area: u8, update_time: u8, now: Instant) -> Option<Instant> {
        let period = self.areas.get(&area)?.modification_period.as_nanos() as u64;
        let current = now.as_nanos() / period;
        let ahead = update_time.wrapping_sub((current & 0xff) as u8);
        // What is half of the numbers ahead is behind.
        Some(if (1..128).contains(&ahead) { Instant::from_nanos((current + u64::from(ahead)) * period) } else { now })
    }

    /// From `from` on this is listed.
    pub(super) fn list(&mut self, area: u8, from: Instant, pmchs: Vec<PmchItem>) {
        if let Some(area) = self.areas.get_mut(&area) {
            area.listed.retain(|(since, _)| *since < from);
            area.listed.push((from, pmchs));
        }
    }

    /// What is not on air any more is forgotten.
    pub(super) fn prune(&mut self, now: Instant) {
        for area in self.areas.values_mut() {
            let past = area.listed.iter().filter(|(since, _)| *since <= now).count();
            area.listed.drain(..past.saturating_sub(1));
        }
    }

    /// MTCHs of a session in the MCH scheduling period that starts at `due`.
    pub(super) fn places(&self, tmgi: Tmgi, due: Instant) -> Vec<MtchPlace> {
        let place = |(id, area): (&u8, &Area)| {
            let (_, pmchs) = area.listed.iter().rev().find(|(since, _)| *since <= due)?;
            let find = |item: &PmchItem| {
                let session = item.sessions.iter().find(|session| session.tmgi == tmgi)?;
                let sf_alloc_end = item.configuration.allocated_subframes_end;
                Some(MtchPlace { area: *id, sf_alloc_end, lcid: session.lcid })
            };
            pmchs.iter().find_map(find)
        };
        self.areas.iter().filter_map(place).collect()
    }

    /// MCH scheduling period of a session, in radio frames: as listed last.
    pub(super) fn scheduling_period(&self, tmgi: Tmgi) -> Option<u16> {
        let listed = self.areas.values().flat_map(|area| area.listed.iter().rev());
        let mut items = listed.flat_map(|(_, pmchs)| pmchs);
        let item = items.find(|item| item.sessions.iter().any(|session| session.tmgi == tmgi))?;
        Some(item.configuration.scheduling_period)
    }
}

#[cfg(test)]
mod tests {
    use protocol::m2ap::{MbsfnAreaId, PmchConfiguration, PmchSession};

    use super::*;

    fn schedules() -> Schedules {
        let mut schedules = Schedules::default();
        schedules.set_up(&[McchRelatedBcchConfig {
            area: MbsfnAreaId(3),
            pdcch_length: 1,
            repetition_period: 32,
            offset: 0,
            modification_period: 512,
            subframes: 0b10_0000,
            mcs: 2,
            cells: Vec::new(),
        }]);
        schedules
    }

    fn item(tmgi: &str, end: u16) -> PmchItem {
        let configuration =
            PmchConfiguration { allocated_subframes_end: end, data_mcs: 9, scheduling_period: 32, higher_mcs: None };
        PmchItem { configuration, sessions: vec![PmchSession { tmgi: tmgi.parse().unwrap(), lcid: 4 }] }
    }

    #[test]
    fn update_times_are_modification_periods_to_come() {
        let (schedules, ms) = (schedules(), Instant::from_millis);
        for (now_ms, update_time, expected_ms) in [
            (0, 0, 0),
            (100, 1, 5120),
            (5120, 1, 5120),
            // Number 256 ends in 0, number 255 is before it.
            (255 * 5120 + 1, 0, 256 * 5120),
            (256 * 5120 + 1, 255, 256 * 5120 + 1),
            (256 * 5120, 127, 383 * 5120),
            (256 * 5120 + 7, 128, 256 * 5120 + 7),
        ] {
            assert_eq!(schedules.instant(3, update_time, ms(now_ms)), Some(ms(expected_ms)));
        }
        assert_eq!(schedules.instant(4, 0, ms(0)), None);
    }

    #[test]
    fn data_go_where_the_mcch_of_their_time_lists_them() {
        let (mut schedules, ms) = (schedules(), Instant::from_millis);
        let tmgi: Tmgi = "000001@262-01".parse().unwrap();
        schedules.list(3, ms(0), vec![item("000001@262-01", 19)]);
        schedules.list(3, ms(5120), vec![item("000001@262-01", 39)]);
        schedules.list(3, ms(10_240), vec![item("000002@262-01", 39)]);
        let end = |due_ms| schedules.places(tmgi, ms(due_ms)).first().map(|place| place.sf_alloc_end);
        assert_eq!([end(0), end(5119), end(5120), end(10_240)], [Some(19), Some(19), Some(39), None]);
        schedules.prune(ms(6000));
        assert_eq!(schedules.areas[&3].listed.len(), 2);
        assert_eq!(schedules.scheduling_period(tmgi), Some(32));
        schedules.list(3, ms(5120), Vec::new());
        assert_eq!(schedules.places(tmgi, ms(20_000)), []);
    }
}
