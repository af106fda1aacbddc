//! Speech in files: G.711 in RIFF/WAVE (Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0";
//! format tags of RFC 2361), read as it is sent, and what was heard, written as linear PCM.

use protocol::rtp::{FRAME_SAMPLES, G711, SAMPLE_RATE};

use super::Received;

/// Speech to be said: frames of 20 ms, carried untouched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Speech {
    /// Law of its octets.
    pub law: G711,
    octets: Vec<u8>,
}

/// The octets are no speech that can be said.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpeechProblem {
    /// No RIFF/WAVE file, or one that ends in the middle.
    #[error("no WAVE file with a `fmt ` and a `data` chunk")]
    NotWave,
    /// Another format.
    #[error(
        "format {tag} with {channels} channels at {rate} Hz; A-law (6) or mu-law (7), 1 channel, 8000 Hz is understood"
    )]
    Format {
        /// Format tag.
        tag: u16,
        /// Channels.
        channels: u16,
        /// Samples a second.
        rate: u32,
    },
    /// Nothing, or more than an hour.
    #[error("{0} octets of speech; 1 to 28800000 (an hour) can be said")]
    Length(usize),
}

impl Speech {
    /// Reads a WAVE file.
    ///
    /// # Errors
    /// It is none, or not G.711 of one channel.
    pub fn of_wave(file: &[u8]) -> Result<Self, SpeechProblem> {
        let chunks = file.strip_prefix(b"RIFF").and_then(|rest| rest.get(4..)?.strip_prefix(b"WAVE"));
        let (mut rest, mut law, mut data) = (chunks.ok_or(SpeechProblem::NotWave)?, None, None);
        while let Some((head, tail)) = rest.split_first_chunk::<8>() {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let body = tail.get(..length).ok_or(SpeechProblem::NotWave)?;
            match &head[..4] {
                b"fmt " => law = Some(format(body)?),
                b"data" => data = Some(body),
                _ => {}
            }
            // Chunks begin at even octets.
            rest = tail.get(length.next_multiple_of(2)..).unwrap_or_default();
        }
        let (law, data) = law.zip(data).ok_or(SpeechProblem::NotWave)?;
        if data.is_empty() || data.len() > LONGEST {
            return Err(SpeechProblem::Length(data.len()));
        }
        let mut octets = data.to_vec();
        // The last frame is filled up with silence.
        octets.resize(octets.len().next_multiple_of(FRAME_SAMPLES), law.encode(&[0])[0]);
        Ok(Self { law, octets })
    }

    /// Frames of 20 ms.
    pub fn frames(&self) -> usize {
        self.octets.len() / FRAME_SAMPLES
    }

    /// One of them.
    pub fn frame(&self, number: usize) -> Option<&[u8]> {
        self.octets.chunks(FRAME_SAMPLES).nth(number)
    }
}

fn format(body: &[u8]) -> Result<G711, SpeechProblem> {
    let [t0, t1, c0, c1, r0, r1, r2, r3, ..] = *body else { return Err(SpeechProblem::NotWave) };
    let (tag, channels) = (u16::from_le_bytes([t0, t1]), u16::from_le_bytes([c0, c1]));
    let rate = u32::from_le_bytes([r0, r1, r2, r3]);
    match (tag, channels, rate) {
        (WAVE_A_LAW, 1, SAMPLE_RATE) => Ok(G711::A),
        (WAVE_MU_LAW, 1, SAMPLE_RATE) => Ok(G711::Mu),
        _ => Err(SpeechProblem::Format { tag, channels, rate }),
    }
}

impl Received {
    /// What was heard of this source as linear PCM in a WAVE file: its packets where their timestamps put them, silence where
    /// none came.
    pub fn to_wave(&self) -> Vec<u8> {
        let first = self.packets.values().next().map_or(0, |packet| packet.timestamp);
        let mut samples: Vec<i16> = Vec::new();
        for packet in self.packets.values() {
            let Some(law) = G711::of_payload_type(packet.payload_type) else { continue };
            let own = law.decode(&packet.payload);
            let at = packet.timestamp.wrapping_sub(first) as usize;
            let Some(end) = at.checked_add(own.len()).filter(|end| *end <= LONGEST) else { continue };
            samples.resize(samples.len().max(end), 0);
            samples[at..end].copy_from_slice(&own);
        }
        wave(&samples)
    }
}

/// A WAVE file of linear PCM.
fn wave(samples: &[i16]) -> Vec<u8> {
    let octets = 2 * samples.len() as u32;
    let mut file = Vec::with_capacity(44 + octets as usize);
    file.extend(b"RIFF");
    file.extend((36 + octets).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    [WAVE_PCM, 1].into_iter().for_each(|word| file.extend(word.to_le_bytes()));
    [SAMPLE_RATE, 2 * SAMPLE_RATE].into_iter().for_each(|word| file.extend(word.to_le_bytes()));
    [2u16, 16].into_iter().for_each(|word| file.extend(word.to_le_bytes()));
    file.extend(b"data");
    file.extend(octets.to_le_bytes());
    samples.iter().for_each(|sample| file.extend(sample.to_le_bytes()));
    file
}

/// Format tags (RFC 2361 appendix A).
const WAVE_PCM: u16 = 1;
const WAVE_A_LAW: u16 = 6;
const WAVE_MU_LAW: u16 = 7;
/// An hour.
const LONGEST: usize = 3600 * SAMPLE_RATE as usize;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::Instant;
    use protocol::rtp::RtpPacket;

    use super::super::{Reception, Way};
    use super::*;

    #[test]
    fn the_shipped_speech_is_heard_as_it_was_said() {
        let file = std::fs::read(fixtures::content("speech.wav")).unwrap();
        let speech = Speech::of_wave(&file).unwrap();
        assert_eq!((speech.law, speech.frames()), (G711::A, 612));
        let mut reception = Reception::default();
        for number in (0..speech.frames()).filter(|number| *number != 100) {
            let payload = speech.frame(number).unwrap().to_vec();
            let (sequence, timestamp) = (number as u16, 160 * number as u32);
            let packet = RtpPacket { payload_type: 8, sequence, timestamp, ssrc: 3, payload, ..RtpPacket::default() };
            reception.take(Instant::ZERO, Way::Mbms, "239.0.0.1:5000".parse().unwrap(), &packet);
        }
        let heard = reception.sources()[&3].to_wave();
        let samples: Vec<i16> = heard[44..].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(samples.len(), 612 * 160);
        assert!(samples[16_000..16_160].iter().all(|sample| *sample == 0));
        assert_eq!(G711::A.encode(&samples[..16_000]), speech.octets[..16_000]);
        let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!(loudest > 5000, "it is speech, not silence");
        // The `wave` module of Python, and others, read such a head.
        assert_eq!(&heard[..4], b"RIFF");
        assert_eq!(u32::from_le_bytes([heard[4], heard[5], heard[6], heard[7]]) as usize, heard.len() - 8);
    }

    #[test]
    fn what_cannot_be_said_is_told() {
        assert_eq!(Speech::of_wave(b"hello"), Err(SpeechProblem::NotWave));
        let linear = wave(&[1, 2, 3]);
        assert_eq!(Speech::of_wave(&linear), Err(SpeechProblem::Format { tag: 1, channels: 1, rate: 8000 }));
    }

    proptest! {
        #[test]
        fn any_octets(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Speech::of_wave(&body);
            let _ = Speech::of_wave(&[b"RIFF\0\0\0\0WAVE", &body[..]].concat());
        }
    }
}
