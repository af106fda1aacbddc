//! A jitter buffer (RFC 3550 clause 6.4.4 says what jitter is; how to bear it is left to receivers): samples in the order of
//! their timestamps, whatever packets they came in.

use std::collections::VecDeque;

/// Samples that came and are not played yet. Its size is bounded.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    delay: u32,
    most: usize,
    playing: Option<Playing>,
    late: u32,
}

#[derive(Clone, Debug)]
struct Playing {
    /// Timestamp of the next sample.
    at: u32,
    samples: VecDeque<Option<i16>>,
    /// Samples that were asked for since one was there.
    dry: u32,
}

impl JitterBuffer {
    /// A buffer that plays a sample `delay` samples after the time at which it would come without jitter, and holds `most`.
    pub const fn new(delay: u32, most: usize) -> Self {
        Self { delay, most, playing: None, late: 0 }
    }

    /// Samples of one packet. False: they are too late.
    pub fn push(&mut self, timestamp: u32, samples: &[i16]) -> bool {
        let samples = &samples[..samples.len().min(self.most.saturating_sub(self.delay as usize))];
        let start = timestamp.wrapping_sub(self.delay);
        let most = self.most;
        let playing = self.playing.get_or_insert_with(|| Playing::at(start));
        let mut offset = i64::from(timestamp.wrapping_sub(playing.at) as i32);
        let end = offset + samples.len() as i64;
        if end <= 0 {
            self.late += 1;
            if self.late < MOST_LATE {
                return false;
            }
        }
        // The sender has gone back or ahead, or its clock is not ours.
        if end <= 0 || end > most as i64 {
            *playing = Playing::at(start);
            offset = self.delay.into();
        }
        self.late = 0;
        let end = (offset + samples.len() as i64).max(0) as usize;
        if playing.samples.len() < end {
            playing.samples.resize(end, None);
        }
        for (at, &sample) in (offset..).zip(samples) {
            if let Some(place) = usize::try_from(at).ok().and_then(|at| playing.samples.get_mut(at)) {
                *place = Some(sample);
            }
        }
        true
    }

    /// The next `count` samples, silence where there are none; nothing when none is there.
    pub fn pop(&mut self, count: usize) -> Option<Vec<i16>> {
        let playing = self.playing.as_mut()?;
        let there = playing.samples.len().min(count);
        let mut taken: Vec<_> = playing.samples.drain(..there).collect();
        taken.resize(count, None);
        playing.at = playing.at.wrapping_add(count as u32);
        if taken.iter().any(Option::is_some) {
            playing.dry = 0;
            return Some(taken.into_iter().map(Option::unwrap_or_default).collect());
        }
        playing.dry = playing.dry.saturating_add(count as u32);
        if playing.dry as usize > self.most {
            self.playing = None;
        }
        None
    }

    /// Samples that wait.
    pub fn len(&self) -> usize {
        self.playing.as_ref().map_or(0, |playing| playing.samples.len())
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Playing {
    const fn at(at: u32) -> Self {
        Self { at, samples: VecDeque::new(), dry: 0 }
    }
}

/// So many packets too late in a row: the sender has gone back.
const MOST_LATE: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(level: i16) -> [i16; 160] {
        [level; 160]
    }

    #[test]
    fn order_loss_and_doubles() {
        let mut buffer = JitterBuffer::new(320, 1600);
        let start = u32::MAX - 200;
        let at = |number: u32| start.wrapping_add(160 * number);
        for number in [0, 2, 1, 1, 4] {
            assert!(buffer.push(at(number), &frame(number as i16 + 1)));
        }
        // Two frames of delay; the fourth is lost.
        let played: Vec<_> = (0..7).map(|_| buffer.pop(160).map(|frame| frame[0])).collect();
        assert_eq!(played, [None, None, Some(1), Some(2), Some(3), None, Some(5)]);
        assert!(!buffer.push(at(3), &frame(4)), "too late");
        assert!(buffer.is_empty());
    }

    #[test]
    fn it_is_bounded_and_follows_a_sender_that_jumps() {
        let mut buffer = JitterBuffer::new(320, 1600);
        for number in 0..100 {
            buffer.push(160 * number, &frame(1));
            assert!(buffer.len() <= 1600);
        }
        buffer.push(5_000_000, &[7; 4000]);
        assert!(buffer.len() <= 1600);
        assert_eq!((buffer.pop(320), buffer.pop(1).unwrap()[0]), (None, 7));
        let back: Vec<_> = (0..5).map(|number| buffer.push(1000 + 160 * number, &frame(9))).collect();
        assert_eq!(back, [false, false, false, false, true]);
        (0..20).for_each(|_| drop(buffer.pop(160)));
        assert!(buffer.playing.is_none(), "dry for long: the next packet starts anew");
    }
}
