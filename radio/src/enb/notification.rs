//! TS 36.331 clause 5.8.1.3: MCCH information changes at the boundary of a modification period, and the PDCCH tells of it
//! with the M-RNTI at every occasion of the modification period before.

use crate::rrc::{AreaConfigError, MbsfnAreaInfo, NotificationConfig, SystemInformationBlockType13};
use crate::time::SubframeTime;

/// Radio frames after which SFN begins again; every period divides it.
const SFN_CYCLE_RF: u64 = 1024;

/// The change notification occasions of a cell, common for all its MCCHs.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChangeNotification {
    config: NotificationConfig,
    /// "Shortest modification period": of all MCCHs of the cell.
    shortest_rf: u16,
}

impl ChangeNotification {
    pub(super) fn new(sib13: &SystemInformationBlockType13) -> Result<Self, AreaConfigError> {
        let config = sib13.notification;
        config.check()?;
        let periods = sib13.areas.iter().map(|info| info.mcch.modification_period_rf);
        Ok(Self { config, shortest_rf: periods.min().unwrap_or(SFN_CYCLE_RF as u16) })
    }

    pub(super) fn is_occasion(&self, time: SubframeTime) -> bool {
        self.config.is_occasion(self.shortest_rf, time.frame(), time.subframe())
    }

    /// All occasions until SFN comes round.
    pub(super) fn occasions(&self) -> impl Iterator<Item = SubframeTime> + '_ {
        let subframe = self.config.subframe().unwrap_or_default();
        let all = (0..SFN_CYCLE_RF).map(move |frame| SubframeTime::new(frame, subframe));
        all.filter(|&time| self.is_occasion(time))
    }

    /// First radio frame from which an MCCH can say something else, `next` being the first subframe that is not on air
    /// yet: the next boundary of its modification period before which there is an occasion to tell of it.
    pub(super) fn next_boundary(&self, info: &MbsfnAreaInfo, next: SubframeTime) -> u64 {
        let period = u64::from(info.mcch.modification_period_rf);
        let boundary = (next.frame() / period + 1) * period;
        if self.has_occasion(next, boundary) { boundary } else { boundary + period }
    }

    /// Is there an occasion from `next` to before radio frame `end`?
    pub(super) fn has_occasion(&self, next: SubframeTime, end: u64) -> bool {
        let subframe = self.config.subframe().unwrap_or_default();
        let times = (next.frame()..end).map(|frame| SubframeTime::new(frame, subframe));
        times.filter(|&time| time >= next).any(|time| self.is_occasion(time))
    }

    /// Does the notification of an MCCH that changes at `boundary` go out in `frame`?
    pub(super) fn is_announced(info: &MbsfnAreaInfo, boundary: u64, frame: u64) -> bool {
        let period = u64::from(info.mcch.modification_period_rf);
        (boundary.saturating_sub(period)..boundary).contains(&frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rrc::{McchConfig, SubframeSet};

    fn info(modification_period_rf: u16) -> MbsfnAreaInfo {
        MbsfnAreaInfo {
            n_id_mbsfn: 1,
            non_mbsfn_region: 2,
            notification_indicator: 0,
            mcch: McchConfig {
                repetition_period_rf: 32,
                offset_rf: 0,
                modification_period_rf,
                subframes: SubframeSet::new(&[1]).unwrap(),
                signalling_mcs: 2,
            },
        }
    }

    fn notification(
        repetition_coeff: u8,
        offset_rf: u8,
        sf_index: u8,
        areas: &[u16],
    ) -> Result<ChangeNotification, AreaConfigError> {
        let notification = NotificationConfig { repetition_coeff, offset_rf, sf_index };
        let areas = areas.iter().map(|&period| info(period)).collect();
        ChangeNotification::new(&SystemInformationBlockType13 { areas, notification })
    }

    fn occasions(repetition_coeff: u8, offset_rf: u8, sf_index: u8, areas: &[u16]) -> Vec<(u64, u8)> {
        let notification = notification(repetition_coeff, offset_rf, sf_index, areas).unwrap();
        notification.occasions().map(|time| (time.frame(), time.subframe())).collect()
    }

    /// Repetition period = shortest modification period / coefficient; SFN mod it = offset; index 1 to 6 is subframe 1, 2,
    /// 3, 6, 7, 8 (field descriptions of MBMS-NotificationConfig).
    #[test]
    fn occasions_are_those_of_the_clause() {
        assert_eq!(occasions(2, 0, 1, &[512]), [(0, 1), (256, 1), (512, 1), (768, 1)]);
        assert_eq!(occasions(4, 10, 6, &[1024]), [(10, 8), (266, 8), (522, 8), (778, 8)]);
        assert_eq!(occasions(2, 3, 4, &[1024]), [(3, 6), (515, 6)]);
        // The MCCH with the shortest modification period counts.
        assert_eq!(occasions(2, 3, 3, &[1024, 512, 1024]), [(3, 3), (259, 3), (515, 3), (771, 3)]);
        let eight: Vec<_> = [5, 133, 261, 389, 517, 645, 773, 901].map(|frame| (frame, 7)).into();
        assert_eq!(occasions(4, 5, 5, &[512]), eight);
    }

    #[test]
    fn a_change_waits_for_the_boundary_after_the_next_occasion() {
        let notification = notification(2, 3, 2, &[512]).unwrap();
        let boundary = |frame, subframe| notification.next_boundary(&info(512), SubframeTime::new(frame, subframe));
        assert_eq!(boundary(0, 0), 512);
        // Occasions: subframe 2 of frames 3 and 259.
        assert_eq!(boundary(259, 2), 512);
        assert_eq!(boundary(259, 3), 1024);
        assert_eq!(boundary(511, 9), 1024);
        assert_eq!(boundary(512, 0), 1024);
        let long = |frame, subframe| notification.next_boundary(&info(1024), SubframeTime::new(frame, subframe));
        assert_eq!((long(0, 0), long(771, 2), long(771, 3)), (1024, 1024, 2048));
    }

    #[test]
    fn notifications_fill_the_modification_period_before_the_change() {
        let announced = |frame| ChangeNotification::is_announced(&info(512), 1024, frame);
        assert_eq!([511, 512, 1023, 1024].map(announced), [false, true, true, false]);
    }

    #[test]
    fn what_sib13_cannot_say_is_refused() {
        for (repetition_coeff, offset_rf, sf_index) in [(3, 0, 1), (2, 11, 1), (2, 0, 0), (2, 0, 7)] {
            assert!(notification(repetition_coeff, offset_rf, sf_index, &[512]).is_err());
        }
    }
}
