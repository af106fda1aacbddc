//! A radio frame that is heard while it is still being made.

use std::sync::OnceLock;

use num_complex::Complex32;

use super::SUBFRAMES_PER_TURN;

/// Samples of a subframe, antenna by antenna.
type Subframe = Vec<Vec<Complex32>>;

/// Its subframes, each there as soon as the eNB has made it.
#[derive(Default)]
pub(super) struct Frame {
    subframes: [OnceLock<Subframe>; SUBFRAMES_PER_TURN],
    /// Memory of the frame before.
    spare: Vec<Subframe>,
}

impl Frame {
    /// Forgets the last frame and gives what makes the next one of subframes of `samples` samples of `antennas` antennas.
    pub(super) fn begin(&mut self, antennas: usize, samples: usize) -> (&Self, Maker<'_>) {
        let last = self.subframes.iter_mut().filter_map(OnceLock::take);
        self.spare.extend(last.filter(|subframe| !subframe.is_empty()));
        let silence = || vec![vec![Complex32::ZERO; samples]; antennas];
        self.spare.resize_with(SUBFRAMES_PER_TURN, silence);
        let spare = std::mem::take(&mut self.spare);
        (self, Maker { to_come: self.subframes.iter(), spare })
    }

    /// Antennas of a frame that is there as a whole.
    pub(super) fn antennas(&self) -> usize {
        self.subframes[0].get().map_or(0, Vec::len)
    }

    /// Subframes of one of them.
    pub(super) fn antenna(&self, antenna: usize) -> impl Iterator<Item = &[Complex32]> {
        self.subframes.iter().filter_map(OnceLock::get).filter_map(move |s| Some(s.get(antenna)?.as_slice()))
    }

    /// Waits for subframe after subframe, to the end of the frame; less when the eNB has failed.
    pub(super) fn heard(&self) -> impl Iterator<Item = &Subframe> {
        self.subframes.iter().map(OnceLock::wait).take_while(|subframe| !subframe.is_empty())
    }
}

/// Makes the subframes of a [`Frame`]. When it is dropped before all are there nobody waits for the rest.
pub(super) struct Maker<'a> {
    to_come: std::slice::Iter<'a, OnceLock<Subframe>>,
    spare: Vec<Subframe>,
}

impl Maker<'_> {
    /// Makes the next subframe with `fill`, which gets the samples of each antenna.
    pub(super) fn make(&mut self, fill: impl FnOnce(&mut [&mut [Complex32]])) {
        let (Some(place), Some(mut subframe)) = (self.to_come.next(), self.spare.pop()) else { return };
        let mut antennas: Vec<&mut [Complex32]> = subframe.iter_mut().map(Vec::as_mut_slice).collect();
        fill(&mut antennas);
        let _ = place.set(subframe);
    }
}

impl Drop for Maker<'_> {
    fn drop(&mut self) {
        self.to_come.by_ref().for_each(|place| _ = place.set(Vec::new()));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_frame_is_heard_while_it_is_made() {
        let mut frame = Frame::default();
        for number in 0..3 {
            let (heard, mut maker) = frame.begin(2, 4);
            thread::scope(|scope| {
                let ears = [(); 2].map(|()| scope.spawn(|| heard.heard().map(|s| s[1][3].re).collect::<Vec<_>>()));
                for subframe in 0u8..10 {
                    maker.make(|antennas| antennas[1][3].re = f32::from(10 * number + subframe));
                }
                let want: Vec<_> = (0u8..10).map(|s| f32::from(10 * number + s)).collect();
                ears.into_iter().for_each(|ear| assert_eq!(ear.join().unwrap(), want));
            });
        }
    }

    #[test]
    fn nobody_waits_for_an_enb_that_failed() {
        let mut frame = Frame::default();
        let (heard, mut maker) = frame.begin(1, 1);
        thread::scope(|scope| {
            let ear = scope.spawn(|| heard.heard().count());
            (0..3).for_each(|_| maker.make(|_| ()));
            drop(maker);
            assert_eq!(ear.join().unwrap(), 3);
        });
        let (heard, mut maker) = frame.begin(1, 1);
        (0..10).for_each(|_| maker.make(|antennas| assert_eq!(antennas[0].len(), 1)));
        assert_eq!(heard.heard().count(), 10);
    }
}
