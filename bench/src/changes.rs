//! MCCH changes on air: of each, whether every UE was notified (M-RNTI) and read it (TS 36.331 clause 5.8.1.3).

use std::time::Duration;

use protocol::Instant;

/// All changes of a run.
#[derive(Debug)]
pub(crate) struct McchChanges {
    ues: usize,
    /// The carrier notifies of them.
    are_notified: bool,
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    area: usize,
    notification_indicator: u8,
    /// Start of the modification period.
    from: Instant,
    period: Duration,
    /// UEs that were notified, and that read it.
    notified: Vec<bool>,
    read: Vec<bool>,
}

impl McchChanges {
    /// Without notification on the carrier a UE has to read a change and no more.
    pub(crate) fn new(ues: usize, are_notified: bool) -> Self {
        Self { ues, are_notified, changes: Vec::new() }
    }

    /// The MCCH of an area says something else from `from` on.
    pub(crate) fn announced(&mut self, area: usize, notification_indicator: u8, from: Instant, period: Duration) {
        if self.changes.iter().all(|c| (c.area, c.from) != (area, from)) {
            let (notified, read) = (vec![!self.are_notified; self.ues], vec![false; self.ues]);
            self.changes.push(Change { area, notification_indicator, from, period, notified, read });
        }
    }

    /// A UE found a change notification.
    pub(crate) fn notified(&mut self, ue: usize, at: Instant, bitmap: u8) {
        let in_time = |c: &&mut Change| at <= c.from && at + c.period > c.from;
        let changes = self.changes.iter_mut().filter(in_time);
        changes.filter(|c| bitmap >> c.notification_indicator & 1 == 1).for_each(|c| c.notified[ue] = true);
    }

    /// A UE read a changed MCCH.
    pub(crate) fn read(&mut self, ue: usize, at: Instant, area: usize) {
        let in_time = |c: &&mut Change| c.area == area && at > c.from && at <= c.from + c.period;
        self.changes.iter_mut().filter(in_time).for_each(|c| c.read[ue] = true);
    }

    /// Changes that a UE missed, of all that had been on air for `time` at `end`; none without any.
    pub(crate) fn missed(&self, ue: usize, end: Instant, time: Duration) -> Option<(u64, u64)> {
        let on_air: Vec<&Change> = self.changes.iter().filter(|c| c.from + time <= end).collect();
        let missed = on_air.iter().filter(|c| !(c.notified[ue] && c.read[ue])).count();
        (!on_air.is_empty()).then_some((missed as u64, on_air.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(5120);

    #[test]
    fn a_change_counts_when_it_was_notified_of_before_and_read_after() {
        let ms = Instant::from_millis;
        let mut changes = McchChanges::new(3, true);
        changes.announced(0, 2, ms(5120), PERIOD);
        changes.announced(0, 2, ms(5120), PERIOD);
        changes.announced(1, 0, ms(10_240), PERIOD);
        changes.notified(0, ms(2600), 0b100);
        changes.notified(1, ms(2600), 0b011);
        changes.notified(2, ms(5200), 0b100);
        (0..3).for_each(|ue| changes.read(ue, ms(5200), 0));
        let missed = |ue| changes.missed(ue, ms(9000), Duration::from_millis(320));
        assert_eq!([missed(0), missed(1), missed(2)], [Some((0, 1)), Some((1, 1)), Some((1, 1))]);
        assert_eq!(changes.missed(0, ms(11_000), Duration::from_millis(320)), Some((1, 2)));
        assert_eq!(changes.missed(0, ms(5000), Duration::from_millis(320)), None);
    }
}
