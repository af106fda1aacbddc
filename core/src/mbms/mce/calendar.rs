//! MCE: TS 36.300 clause 15.1.1 (admission, allocation of radio resources of MBSFN areas), TS 36.443 clause 8.3 (MBMS
//! scheduling information for the eNBs), TS 36.331 clause 5.8.1.3 (when an MCCH may change).
//!
//! It gives every bearer an MBSFN area, a PMCH and a logical channel, says what the MCCH of each area lists, and from
//! which modification period on: the change is notified in the period before.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::{Instant, Tmgi};

/// Radio frame.
const FRAME: Duration = Duration::from_millis(10);
/// Logical channels of MTCHs (TS 36.321 table 6.2.1-4).
const LCID_MTCH: std::ops::RangeInclusive<u8> = 1..=28;

/// The MBSFN areas of the MCE's cells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MceConfig {
    /// Areas, in the order of SIB13.
    pub areas: Vec<MceArea>,
    /// When changes are notified of; none when the carrier cannot: then a change holds from the next modification period.
    pub notification: Option<MceNotification>,
    /// When its cells come on air.
    pub on_air: OnAirFrom,
    /// A bearer that ends stays in the MCCH so long: what is on its way is still sent.
    pub release_after: Duration,
}

/// When cells come on air. Until then nobody can have read an MCCH, and what starts is listed at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnAirFrom {
    /// With the setup of their eNB.
    #[default]
    Setup,
    /// With the radio frame after it.
    Frame,
    /// With the radio frame after the start of the first session.
    Session,
}

/// Occasions of change notification, as SIB13 tells them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MceNotification {
    /// `notificationRepetitionCoeff`: occasions in the shortest modification period, 2 or 4.
    pub repetition_coeff: u8,
    /// `notificationOffset`, radio frames.
    pub offset_rf: u8,
}

/// An MBSFN area.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MceArea {
    /// `mcch-ModificationPeriod` in radio frames.
    pub modification_period_rf: u16,
    /// PMCHs.
    pub pmchs: usize,
}

/// A PMCH: place of its area in SIB13, its own place in the MCCH.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PmchId {
    /// Area.
    pub area: usize,
    /// PMCH of the area.
    pub pmch: usize,
}

/// The MTCH of a bearer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MtchId {
    /// PMCH.
    pub pmch: PmchId,
    /// Logical channel.
    pub lcid: u8,
}

/// What comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MceInput {
    /// The eNB is set up (TS 36.443 clause 8.6) and goes on air now: until then MCCHs change at once.
    M2Setup,
    /// A bearer starts (TS 36.444 clause 8.2).
    SessionStart {
        /// Bearer.
        tmgi: Tmgi,
        /// Where it is to be sent.
        pmch: PmchId,
    },
    /// A bearer that runs moves to another PMCH of its area (TS 36.444 clause 8.9).
    SessionUpdate {
        /// Bearer.
        tmgi: Tmgi,
        /// Where it is to be sent.
        pmch: PmchId,
    },
    /// A bearer ends (TS 36.444 clause 8.3).
    SessionStop {
        /// Bearer.
        tmgi: Tmgi,
    },
    /// A bearer ends in one of its areas.
    AreaStop {
        /// Bearer.
        tmgi: Tmgi,
        /// Area.
        area: usize,
    },
    /// A bearer makes room for another in an area (TS 36.300 clause 15.1.1): the next change takes it off the air.
    Suspend {
        /// Bearer.
        tmgi: Tmgi,
        /// Area.
        area: usize,
    },
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MceOutput {
    /// MBMS scheduling information for the eNBs: what the MCCH of an area lists from `from` on. A later one with the same
    /// `from` replaces it.
    Scheduling {
        /// Area.
        area: usize,
        /// Start of the modification period (MCCH update time), or now when nothing is on air yet.
        from: Instant,
        /// Bearers of each PMCH with their logical channels.
        pmchs: Vec<Vec<(Tmgi, u8)>>,
    },
    /// Data of a bearer that is due at `from` or later goes to this MTCH.
    Bearer {
        /// Bearer.
        tmgi: Tmgi,
        /// Its MTCH.
        mtch: MtchId,
        /// Since when.
        from: Instant,
    },
    /// Nothing was done.
    Refused(MceRefusal),
}

/// Why the MCE did nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MceRefusal {
    /// There is no such PMCH.
    #[error("there is no PMCH {} in area {} for TMGI {tmgi}", .pmch.pmch, .pmch.area)]
    UnknownPmch {
        /// Bearer.
        tmgi: Tmgi,
        /// PMCH.
        pmch: PmchId,
    },
    /// All logical channels are in use.
    #[error("PMCH {} of area {} has no logical channel left for TMGI {tmgi}: stop a session or take another MCH", .pmch.pmch, .pmch.area)]
    Full {
        /// Bearer.
        tmgi: Tmgi,
        /// PMCH.
        pmch: PmchId,
    },
    /// The bearer runs already.
    #[error("TMGI {0} is listed already")]
    Exists(Tmgi),
    /// The bearer does not run.
    #[error("TMGI {0} is not listed")]
    Unknown(Tmgi),
    /// The bearer would leave its area.
    #[error("TMGI {0} would move to another MBSFN area: stop it and start it there")]
    OtherArea(Tmgi),
}

/// The MCE.
#[derive(Debug)]
pub struct Mce {
    config: MceConfig,
    /// Since when cells are on air, or from when on.
    on_air: Option<Instant>,
    areas: Vec<Area>,
    /// Bearers that have ended and stay listed until then.
    leaving: BTreeMap<(usize, Tmgi), Instant>,
    outputs: VecDeque<MceOutput>,
}

/// Bearers of each PMCH with their logical channels, in the order in which they came.
type Listed = Vec<Vec<(Tmgi, u8)>>;

#[derive(Clone, Debug)]
struct Area {
    modification_period: Duration,
    /// On air.
    listed: Listed,
    /// Notified: what is on air from then on.
    announced: Option<(Instant, Listed)>,
    /// What is asked for.
    wanted: Listed,
}

impl Mce {
    /// An MCE whose MCCHs list nothing.
    pub fn new(config: MceConfig) -> Self {
        let area = |a: &MceArea| {
            let listed = vec![Vec::new(); a.pmchs];
            let modification_period = FRAME * u32::from(a.modification_period_rf.max(1));
            Area { modification_period, wanted: listed.clone(), announced: None, listed }
        };
        let areas = config.areas.iter().map(area).collect();
        Self { config, on_air: None, areas, leaving: BTreeMap::new(), outputs: VecDeque::new() }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Instant, input: MceInput) {
        self.handle_timeout(now);
        let outcome = match input {
            MceInput::M2Setup => {
                self.wake(match self.config.on_air {
                    OnAirFrom::Setup => Some(now),
                    OnAirFrom::Frame => Some(next_frame(now)),
                    OnAirFrom::Session => None,
                });
                Ok(())
            }
            MceInput::SessionStart { tmgi, pmch } => self.start(now, tmgi, pmch),
            MceInput::SessionUpdate { tmgi, pmch } => self.update(now, tmgi, pmch),
            MceInput::SessionStop { tmgi } => self.stop(now, tmgi, 0..self.areas.len()),
            MceInput::AreaStop { tmgi, area } => self.stop(now, tmgi, area..area + 1),
            MceInput::Suspend { tmgi, area } => self.suspend(tmgi, area),
        };
        match outcome {
            Ok(()) => self.announce(now),
            Err(refusal) => self.outputs.push_back(MceOutput::Refused(refusal)),
        }
    }

    /// Modification periods begin, bearers leave.
    pub fn handle_timeout(&mut self, now: Instant) {
        for area in &mut self.areas {
            if let Some((_, listed)) = area.announced.take_if(|(from, _)| *from <= now) {
                area.listed = listed;
            }
        }
        let gone: Vec<_> = self.leaving.iter().filter(|&(_, &at)| at <= now).map(|(&key, _)| key).collect();
        for (area, tmgi) in gone {
            self.leaving.remove(&(area, tmgi));
            remove(&mut self.areas[area].wanted, tmgi);
        }
        self.announce(now);
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let boundaries = self.areas.iter().filter_map(|a| a.announced.as_ref().map(|(from, _)| *from));
        boundaries.chain(self.leaving.values().copied()).min()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<MceOutput> {
        self.outputs.pop_front()
    }

    /// What the MCCH of an area lists: on air, and from when on what else. For an eNB that comes later.
    pub fn listing(&self, area: usize) -> Option<(&Listed, Option<(Instant, &Listed)>)> {
        let area = self.areas.get(area)?;
        Some((&area.listed, area.announced.as_ref().map(|(from, listed)| (*from, listed))))
    }

    /// PMCH on which an area is to list a bearer.
    pub fn wanted(&self, area: usize, tmgi: Tmgi) -> Option<usize> {
        let listed = &self.areas.get(area).filter(|_| !self.leaving.contains_key(&(area, tmgi)))?.wanted;
        listed.iter().position(|pmch| pmch.iter().any(|(own, _)| *own == tmgi))
    }

    /// From when on a bearer that is asked for at `now` can be listed in the MCCH of an area: at once when nothing is on
    /// air; else from the next modification period that can still be notified of.
    pub fn earliest_change(&self, area: usize, now: Instant) -> Instant {
        let (true, Some(area)) = (self.is_on_air(now), self.areas.get(area)) else { return now };
        let period = area.modification_period.as_nanos() as u64;
        let boundary = (now.as_nanos() / period + 1) * period;
        let occasion = self.config.notification.map(|notification| self.next_occasion(notification, now));
        let notified = occasion.is_none_or(|occasion| occasion < Instant::from_nanos(boundary));
        Instant::from_nanos(if notified { boundary } else { boundary + period })
    }

    fn is_on_air(&self, now: Instant) -> bool {
        self.on_air.is_some_and(|since| since <= now)
    }

    fn wake(&mut self, at: Option<Instant>) {
        self.on_air = self.on_air.or(at);
    }

    /// Start of the first radio frame with a notification occasion that is not over at `now`: SFN mod notification
    /// repetition period = notificationOffset (TS 36.331 clause 6.3.7, MBMS-NotificationConfig).
    fn next_occasion(&self, notification: MceNotification, now: Instant) -> Instant {
        let shortest = self.areas.iter().map(|a| a.modification_period).min().unwrap_or(FRAME);
        let repetition = (shortest / u32::from(notification.repetition_coeff.max(1))).as_nanos() as u64;
        let offset = u64::from(notification.offset_rf) * FRAME.as_nanos() as u64;
        let frame = now.as_nanos() - now.as_nanos() % FRAME.as_nanos() as u64;
        let periods = frame.saturating_sub(offset).div_ceil(repetition.max(1));
        Instant::from_nanos(periods * repetition + offset)
    }

    fn start(&mut self, now: Instant, tmgi: Tmgi, pmch: PmchId) -> Result<(), MceRefusal> {
        if self.leaving.remove(&(pmch.area, tmgi)).is_some() {
            // It comes back: it gets a channel anew.
            remove(&mut self.areas[pmch.area].wanted, tmgi);
        } else if self.areas.get(pmch.area).is_some_and(|area| lists(&area.wanted, tmgi)) {
            return Err(MceRefusal::Exists(tmgi));
        }
        self.place(now, tmgi, pmch)
    }

    fn update(&mut self, now: Instant, tmgi: Tmgi, pmch: PmchId) -> Result<(), MceRefusal> {
        let area = pmch.area;
        if !self.areas.get(area).is_some_and(|a| lists(&a.wanted, tmgi)) {
            let elsewhere = self.areas.iter().any(|a| lists(&a.wanted, tmgi));
            return Err(if elsewhere { MceRefusal::OtherArea(tmgi) } else { MceRefusal::Unknown(tmgi) });
        }
        let before = self.areas[area].wanted.clone();
        remove(&mut self.areas[area].wanted, tmgi);
        self.place(now, tmgi, pmch).inspect_err(|_| self.areas[area].wanted = before)
    }

    fn stop(&mut self, now: Instant, tmgi: Tmgi, areas: std::ops::Range<usize>) -> Result<(), MceRefusal> {
        let until = now + self.config.release_after;
        let listed = |area: &usize| self.areas.get(*area).is_some_and(|area| lists(&area.wanted, tmgi));
        let listed: Vec<usize> = areas.filter(listed).collect();
        if listed.is_empty() {
            return Err(MceRefusal::Unknown(tmgi));
        }
        self.leaving.extend(listed.into_iter().map(|area| ((area, tmgi), until)));
        Ok(())
    }

    fn suspend(&mut self, tmgi: Tmgi, area: usize) -> Result<(), MceRefusal> {
        let listed = self.areas.get_mut(area).filter(|area| lists(&area.wanted, tmgi));
        let listed = listed.ok_or(MceRefusal::Unknown(tmgi))?;
        remove(&mut listed.wanted, tmgi);
        self.leaving.remove(&(area, tmgi));
        Ok(())
    }

    /// Wants a bearer on a PMCH, on a logical channel that no other bearer has there, now or soon.
    fn place(&mut self, now: Instant, tmgi: Tmgi, pmch: PmchId) -> Result<(), MceRefusal> {
        let from = self.earliest_change(pmch.area, now);
        let area = self.areas.get_mut(pmch.area).filter(|a| pmch.pmch < a.wanted.len());
        let area = area.ok_or(MceRefusal::UnknownPmch { tmgi, pmch })?;
        let lists = [Some(&area.listed), area.announced.as_ref().map(|(_, listed)| listed), Some(&area.wanted)];
        let taken = |lcid: u8| lists.iter().flatten().any(|l| l[pmch.pmch].iter().any(|&(_, taken)| taken == lcid));
        let lcid = LCID_MTCH.into_iter().find(|&lcid| !taken(lcid)).ok_or(MceRefusal::Full { tmgi, pmch })?;
        area.wanted[pmch.pmch].push((tmgi, lcid));
        self.outputs.push_back(MceOutput::Bearer { tmgi, mtch: MtchId { pmch, lcid }, from });
        Ok(())
    }

    /// Tells the eNBs what is wanted, where that may still be notified of.
    fn announce(&mut self, now: Instant) {
        let is_on_air = self.is_on_air(now);
        for index in 0..self.areas.len() {
            let from = self.earliest_change(index, now);
            let area = &mut self.areas[index];
            let known = area.announced.as_ref().map_or(&area.listed, |(_, listed)| listed);
            // One change at a time: the next one waits until the one before it is on air.
            if *known == area.wanted || area.announced.as_ref().is_some_and(|(announced, _)| *announced < from) {
                continue;
            }
            let pmchs = area.wanted.clone();
            if is_on_air {
                area.announced = Some((from, pmchs.clone()));
            } else {
                area.listed.clone_from(&pmchs);
            }
            self.outputs.push_back(MceOutput::Scheduling { area: index, from, pmchs });
            self.wake((self.config.on_air == OnAirFrom::Session).then(|| next_frame(now)));
        }
    }
}

/// Start of the radio frame after this one.
fn next_frame(now: Instant) -> Instant {
    let frame = FRAME.as_nanos() as u64;
    Instant::from_nanos((now.as_nanos() / frame + 1) * frame)
}

fn lists(listed: &Listed, tmgi: Tmgi) -> bool {
    listed.iter().flatten().any(|&(own, _)| own == tmgi)
}

fn remove(listed: &mut Listed, tmgi: Tmgi) {
    listed.iter_mut().for_each(|pmch| pmch.retain(|&(own, _)| own != tmgi));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: PmchId = PmchId { area: 0, pmch: 0 };
    const B: PmchId = PmchId { area: 0, pmch: 1 };

    fn mce() -> Mce {
        let area = |modification_period_rf, pmchs| MceArea { modification_period_rf, pmchs };
        Mce::new(MceConfig {
            areas: vec![area(512, 2), area(1024, 1)],
            notification: Some(MceNotification { repetition_coeff: 2, offset_rf: 3 }),
            on_air: OnAirFrom::Setup,
            release_after: Duration::from_millis(400),
        })
    }

    fn tmgi(n: u8) -> Tmgi {
        format!("0000{n:02x}@262-01").parse().unwrap()
    }

    fn run(mce: &mut Mce, at_ms: u64, input: MceInput) -> Vec<MceOutput> {
        mce.handle_input(Instant::from_millis(at_ms), input);
        std::iter::from_fn(|| mce.poll_output()).collect()
    }

    fn scheduling(from_ms: u64, pmchs: &[&[(u8, u8)]]) -> MceOutput {
        let listed = |p: &&[(u8, u8)]| p.iter().map(|&(n, lcid)| (tmgi(n), lcid)).collect();
        let (area, from) = (0, Instant::from_millis(from_ms));
        MceOutput::Scheduling { area, from, pmchs: pmchs.iter().map(listed).collect() }
    }

    fn bearer(n: u8, pmch: PmchId, lcid: u8, from_ms: u64) -> MceOutput {
        MceOutput::Bearer { tmgi: tmgi(n), mtch: MtchId { pmch, lcid }, from: Instant::from_millis(from_ms) }
    }

    #[test]
    fn before_the_radio_is_on_air_a_change_holds_at_once_afterwards_from_a_modification_period() {
        let mut mce = mce();
        let start = |n, pmch| MceInput::SessionStart { tmgi: tmgi(n), pmch };
        assert_eq!(run(&mut mce, 0, start(1, A)), [bearer(1, A, 1, 0), scheduling(0, &[&[(1, 1)], &[]])]);
        assert_eq!(run(&mut mce, 10, MceInput::M2Setup), []);
        // Occasions of this period: frames 3 and 259. The last one is still to come, then it is over.
        let expected = [bearer(2, A, 2, 5120), scheduling(5120, &[&[(1, 1), (2, 2)], &[]])];
        assert_eq!(run(&mut mce, 2599, start(2, A)), expected);
        // The announcement at 5120 ms stands; the next one waits for it.
        assert_eq!(run(&mut mce, 2600, start(3, B)), [bearer(3, B, 1, 10_240)]);
        assert_eq!(mce.poll_timeout(), Some(Instant::from_millis(5120)));
        mce.handle_timeout(Instant::from_millis(5120));
        assert_eq!(mce.poll_output(), Some(scheduling(10_240, &[&[(1, 1), (2, 2)], &[(3, 1)]])));
        assert_eq!(mce.poll_output(), None);
    }

    #[test]
    fn cells_that_come_on_air_later_change_at_once_until_then() {
        let start = |n, pmch| MceInput::SessionStart { tmgi: tmgi(n), pmch };
        for (on_air, setup_ms) in [(OnAirFrom::Session, 0), (OnAirFrom::Frame, 2003)] {
            let mut mce = mce();
            mce.config.on_air = on_air;
            run(&mut mce, setup_ms, MceInput::M2Setup);
            let expected = [bearer(1, A, 1, 2003), scheduling(2003, &[&[(1, 1)], &[]])];
            assert_eq!(run(&mut mce, 2003, start(1, A)), expected);
            let expected = [bearer(2, B, 1, 2009), scheduling(2009, &[&[(1, 1)], &[(2, 1)]])];
            assert_eq!(run(&mut mce, 2009, start(2, B)), expected);
            assert_eq!(run(&mut mce, 2010, start(3, A))[0], bearer(3, A, 2, 5120));
            assert_eq!(run(&mut mce, 2020, MceInput::M2Setup), []);
        }
    }

    #[test]
    fn a_carrier_without_notifications_changes_at_the_next_period() {
        let mut mce = mce();
        mce.config.notification = None;
        run(&mut mce, 0, MceInput::M2Setup);
        let outputs = run(&mut mce, 5100, MceInput::SessionStart { tmgi: tmgi(1), pmch: A });
        assert_eq!(outputs[0], bearer(1, A, 1, 5120));
    }

    #[test]
    fn several_changes_of_one_period_go_on_air_together() {
        let mut mce = mce();
        run(&mut mce, 0, MceInput::M2Setup);
        run(&mut mce, 100, MceInput::SessionStart { tmgi: tmgi(1), pmch: A });
        let outputs = run(&mut mce, 200, MceInput::SessionStart { tmgi: tmgi(2), pmch: B });
        assert_eq!(outputs, [bearer(2, B, 1, 5120), scheduling(5120, &[&[(1, 1)], &[(2, 1)]])]);
    }

    #[test]
    fn a_bearer_that_ends_stays_listed_while_data_is_on_its_way() {
        let mut mce = mce();
        run(&mut mce, 0, MceInput::SessionStart { tmgi: tmgi(1), pmch: A });
        run(&mut mce, 0, MceInput::M2Setup);
        assert_eq!(run(&mut mce, 1000, MceInput::SessionStop { tmgi: tmgi(1) }), []);
        assert_eq!(mce.poll_timeout(), Some(Instant::from_millis(1400)));
        mce.handle_timeout(Instant::from_millis(1400));
        assert_eq!(mce.poll_output(), Some(scheduling(5120, &[&[], &[]])));
        // Its channel is free only when the MCCH no longer lists it.
        let outputs = run(&mut mce, 2000, MceInput::SessionStart { tmgi: tmgi(2), pmch: A });
        assert_eq!(outputs[0], bearer(2, A, 2, 5120));
        let outputs = run(&mut mce, 5120, MceInput::SessionStart { tmgi: tmgi(3), pmch: A });
        assert_eq!(outputs[0], bearer(3, A, 1, 10_240));
    }

    #[test]
    fn a_bearer_moves_within_its_area() {
        let mut mce = mce();
        run(&mut mce, 0, MceInput::SessionStart { tmgi: tmgi(1), pmch: A });
        run(&mut mce, 0, MceInput::M2Setup);
        let update = |pmch| MceInput::SessionUpdate { tmgi: tmgi(1), pmch };
        assert_eq!(
            run(&mut mce, 0, update(PmchId { area: 1, pmch: 0 })),
            [MceOutput::Refused(MceRefusal::OtherArea(tmgi(1)))]
        );
        assert_eq!(run(&mut mce, 0, update(B)), [bearer(1, B, 1, 5120), scheduling(5120, &[&[], &[(1, 1)]])]);
    }

    #[test]
    fn a_bearer_is_in_several_areas_and_is_suspended_in_one() {
        let mut mce = mce();
        let elsewhere = PmchId { area: 1, pmch: 0 };
        for pmch in [A, elsewhere] {
            run(&mut mce, 0, MceInput::SessionStart { tmgi: tmgi(1), pmch });
        }
        run(&mut mce, 0, MceInput::M2Setup);
        let outputs = run(&mut mce, 100, MceInput::Suspend { tmgi: tmgi(1), area: 0 });
        assert_eq!(outputs, [scheduling(5120, &[&[], &[]])]);
        // Who takes its place is listed with the same change.
        let outputs = run(&mut mce, 100, MceInput::SessionStart { tmgi: tmgi(2), pmch: A });
        assert_eq!(outputs[1], scheduling(5120, &[&[(2, 2)], &[]]));
        assert_eq!(mce.listing(0).unwrap().0[0], [(tmgi(1), 1)]);
        assert_eq!(mce.listing(1).unwrap(), (&vec![vec![(tmgi(1), 1)]], None));
        let refused = MceOutput::Refused(MceRefusal::Unknown(tmgi(1)));
        assert_eq!(run(&mut mce, 200, MceInput::AreaStop { tmgi: tmgi(1), area: 0 }), [refused]);
        assert_eq!(run(&mut mce, 200, MceInput::AreaStop { tmgi: tmgi(1), area: 1 }), []);
        assert_eq!(mce.poll_timeout(), Some(Instant::from_millis(600)));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut mce = mce();
        let (one, none) = (tmgi(1), PmchId { area: 0, pmch: 9 });
        run(&mut mce, 0, MceInput::SessionStart { tmgi: one, pmch: A });
        for (input, refusal) in [
            (MceInput::SessionStart { tmgi: one, pmch: A }, MceRefusal::Exists(one)),
            (
                MceInput::SessionStart { tmgi: tmgi(2), pmch: none },
                MceRefusal::UnknownPmch { tmgi: tmgi(2), pmch: none },
            ),
            (MceInput::SessionStop { tmgi: tmgi(2) }, MceRefusal::Unknown(tmgi(2))),
        ] {
            assert_eq!(run(&mut mce, 0, input), [MceOutput::Refused(refusal)]);
        }
        for n in 2..=28 {
            run(&mut mce, 0, MceInput::SessionStart { tmgi: tmgi(n), pmch: A });
        }
        let outputs = run(&mut mce, 0, MceInput::SessionStart { tmgi: tmgi(29), pmch: A });
        assert_eq!(outputs, [MceOutput::Refused(MceRefusal::Full { tmgi: tmgi(29), pmch: A })]);
    }

    proptest! {
        /// Whatever is asked for when: a change is on air from a boundary that an occasion of the period before can
        /// announce, after it was asked for, and changes of an area keep their order.
        #[test]
        fn every_change_can_be_notified_of(asks in prop::collection::vec((0..4000u64, 1..9u8, 0..3usize, any::<bool>()), 1..40)) {
            let mut mce = mce();
            run(&mut mce, 0, MceInput::M2Setup);
            let (mut now_ms, mut last) = (0, [Instant::ZERO; 2]);
            for (pause_ms, n, place, starts) in asks {
                now_ms += pause_ms;
                let pmch = [A, B, PmchId { area: 1, pmch: 0 }][place];
                let input = if starts { MceInput::SessionStart { tmgi: tmgi(n), pmch } } else { MceInput::SessionStop { tmgi: tmgi(n) } };
                while let Some(at) = mce.poll_timeout().filter(|&at| at <= Instant::from_millis(now_ms)) {
                    mce.handle_timeout(at);
                    check(&mut mce, at, &mut last)?;
                }
                mce.handle_input(Instant::from_millis(now_ms), input);
                check(&mut mce, Instant::from_millis(now_ms), &mut last)?;
            }
        }
    }

    fn check(mce: &mut Mce, now: Instant, last: &mut [Instant; 2]) -> Result<(), TestCaseError> {
        while let Some(output) = mce.poll_output() {
            let MceOutput::Scheduling { area, from, .. } = output else { continue };
            let period_ms = [5120, 10_240][area];
            prop_assert_eq!(from.as_nanos() % (period_ms * 1_000_000), 0);
            let before_ms = from.as_nanos() / 1_000_000 - period_ms;
            let occasions =
                (0..).map(|k| k * 2560 + 30).skip_while(|&o| o < before_ms).take_while(|&o| o < before_ms + period_ms);
            prop_assert!(
                occasions.into_iter().any(|o| Instant::from_millis(o + 10) > now),
                "{} for {:?}",
                now.as_secs_f64(),
                from
            );
            prop_assert!(from >= last[area]);
            last[area] = from;
        }
        Ok(())
    }
}
