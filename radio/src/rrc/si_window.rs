//! TS 36.331 clause 5.2.3: when an SI message is sent.

use crate::time::SubframeTime;

/// The windows of one SI message: `length_ms` subframes from `subframe` of the radio frames with
/// `SFN mod si_periodicity_rf = offset_rf`. In it the message comes in any subframes but MBSFN subframes and subframe 5 of
/// even frames, which is SIB1's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SiWindow {
    /// T, radio frames.
    pub si_periodicity_rf: u16,
    /// First radio frame in the period.
    pub offset_rf: u16,
    /// First subframe.
    pub subframe: u8,
    /// w, subframes.
    pub length_ms: u8,
}

impl SiWindow {
    /// Of SI message number `index`, counted from 0 (n - 1 in the clause); `None` when the window would begin after the period.
    pub fn new(index: usize, si_periodicity_rf: u16, length_ms: u8) -> Option<Self> {
        let x = index.checked_mul(usize::from(length_ms))?;
        let offset_rf = u16::try_from(x / 10).ok().filter(|&offset| offset < si_periodicity_rf)?;
        Some(Self { si_periodicity_rf, offset_rf, subframe: (x % 10) as u8, length_ms })
    }

    /// Which subframe of a window `time` is, from 0; `None` outside of the windows.
    pub fn position(&self, time: SubframeTime) -> Option<u8> {
        let period = u64::from(self.si_periodicity_rf) * 10;
        let start = u64::from(self.offset_rf) * 10 + u64::from(self.subframe);
        // Every period is a divisor of 1024 frames, so the count of subframes stands for the SFN.
        let since = (time.subframes() % period + period - start) % period;
        u8::try_from(since).ok().filter(|&since| since < self.length_ms)
    }

    /// First subframe of the window that begins at `time` or next after it.
    pub fn next_start(&self, time: SubframeTime) -> SubframeTime {
        let period = u64::from(self.si_periodicity_rf) * 10;
        let start = u64::from(self.offset_rf) * 10 + u64::from(self.subframe);
        let wait = (period + start - time.subframes() % period) % period;
        SubframeTime::from_subframes(time.subframes() + wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_each_other_without_overlap() {
        // Three messages, 15 ms windows: they begin at x = 0, 15, 30.
        let windows: Vec<_> = (0..3).map(|i| SiWindow::new(i, 8 << i, 15).unwrap()).collect();
        let starts: Vec<_> = windows.iter().map(|w| (w.offset_rf, w.subframe)).collect();
        assert_eq!(starts, [(0, 0), (1, 5), (3, 0)]);
        for t in 0..20_480 {
            let time = SubframeTime::from_subframes(t);
            assert!(windows.iter().filter(|w| w.position(time).is_some()).count() <= 1, "{time}");
        }
        let at = |frame, subframe| windows[1].position(SubframeTime::new(frame, subframe));
        assert_eq!(
            [at(1, 4), at(1, 5), at(2, 9), at(3, 0), at(17, 5), at(1025, 6)],
            [None, Some(0), Some(14), None, Some(0), Some(1)]
        );
        assert_eq!(windows[1].next_start(SubframeTime::new(1, 5)), SubframeTime::new(1, 5));
        assert_eq!(windows[1].next_start(SubframeTime::new(1, 6)), SubframeTime::new(17, 5));
    }

    #[test]
    fn a_window_after_its_period_does_not_exist() {
        assert_eq!(SiWindow::new(2, 8, 40), None);
        assert!(SiWindow::new(1, 8, 40).is_some());
    }
}
