//! The mixer (RFC 3550 clause 7.1, RFC 4353 clause 4.2): everybody hears all others, and not himself.

use protocol::rtp::FRAME_SAMPLES;

/// What was said in one tick.
#[derive(Debug)]
pub(super) struct Mix {
    sum: Vec<i32>,
    /// Who said something: contributing sources.
    sources: Vec<u32>,
}

impl Mix {
    /// Of all that was said, with who has said it.
    pub(super) fn new<'a>(said: impl Iterator<Item = (&'a [i16], u32)>) -> Self {
        let mut mix = Self { sum: vec![0; FRAME_SAMPLES], sources: Vec::new() };
        for (samples, source) in said {
            mix.sum.iter_mut().zip(samples).for_each(|(sum, &sample)| *sum += i32::from(sample));
            mix.sources.push(source);
        }
        mix
    }

    /// Without what he has said himself; no louder than a sample can be.
    pub(super) fn without(&self, own: Option<(&[i16], u32)>) -> (Vec<i16>, Vec<u32>) {
        let zero = [0; FRAME_SAMPLES];
        let (samples, source) = own.map_or((&zero[..], None), |(samples, source)| (samples, Some(source)));
        let clamped = |sum: i32| sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        let heard = self.sum.iter().zip(samples).map(|(&sum, &own)| clamped(sum - i32::from(own))).collect();
        let mut sources = self.sources.clone();
        if let Some(at) = source.and_then(|own| sources.iter().position(|source| *source == own)) {
            sources.remove(at);
        }
        // RFC 3550 clause 5.1: 15 are named.
        sources.truncate(15);
        (heard, sources)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everybody_hears_the_sum_of_the_others(all in prop::collection::vec(prop::collection::vec(any::<i16>(), FRAME_SAMPLES), 1..8)) {
            let said = |at: usize| (all[at].as_slice(), at as u32);
            let mix = Mix::new((0..all.len()).map(said));
            for at in 0..all.len() {
                let (heard, sources) = mix.without(Some(said(at)));
                for (n, &heard) in heard.iter().enumerate() {
                    let sum: i64 = (0..all.len()).filter(|&other| other != at).map(|other| i64::from(all[other][n])).sum();
                    prop_assert_eq!(i64::from(heard), sum.clamp(-32768, 32767));
                }
                prop_assert_eq!(sources, (0..all.len() as u32).filter(|&other| other != at as u32).collect::<Vec<_>>());
            }
        }
    }
}
