//! The audio of a UE in conferences (TS 26.114, ITU-T G.711): it says a tone of its own and is asked what it hears.

use std::net::{IpAddr, SocketAddr};

use hil::agent::media::{MediaDatagram, MediaEnd, Reception, Speech, Spoken};
use protocol::rtp::{G711, Tone};
use protocol::{Entropy, Instant};

use crate::setup;

/// Where UEs have RTP; RTCP has the next port.
const PORT: u16 = 49_170;
/// Amplitude of a tone, of 32767: several together are not clipped.
const AMPLITUDE: f64 = 4000.0;
/// The first tone, and what lies between two, Hz: none is a multiple of another one, none is heard as its neighbour.
const FIRST_HZ: f64 = 440.0;
const STEP_HZ: f64 = 110.0;
/// As many tones as there are below what G.711 carries.
const TONES: usize = 24;

/// What a UE says and hears.
#[derive(Debug)]
pub(crate) struct Audio {
    end: MediaEnd,
    tone_hz: f64,
}

impl Audio {
    /// That of the UE at this place: every second one prefers mu-law.
    pub(crate) fn new(place: usize, ip: IpAddr, mut entropy: Entropy) -> Self {
        let tone_hz = FIRST_HZ + STEP_HZ * (place % TONES) as f64;
        let law = if place.is_multiple_of(2) { G711::A } else { G711::Mu };
        let tone = Some(Tone::new(tone_hz, AMPLITUDE));
        Self { end: MediaEnd::new(SocketAddr::new(ip, PORT), law, tone, &mut entropy), tone_hz }
    }

    /// It is in a group: it says nothing but speech, and what it hears is kept packet by packet. All prefer A-law.
    pub(crate) fn in_group(ip: IpAddr, mut entropy: Entropy) -> Self {
        let mut end = MediaEnd::new(SocketAddr::new(ip, PORT), G711::A, None, &mut entropy);
        end.keep();
        Self { end, tone_hz: FIRST_HZ }
    }

    /// Says this from its next frame on.
    pub(crate) fn talk(&mut self, speech: Speech) {
        self.end.talk(Some(speech));
    }

    /// It has not said all yet.
    pub(crate) const fn is_talking(&self) -> bool {
        self.end.is_talking()
    }

    /// Its source.
    pub(crate) const fn ssrc(&self) -> u32 {
        self.end.ssrc()
    }

    /// Packets of speech that it has sent.
    pub(crate) fn spoken(&self) -> &[Spoken] {
        self.end.spoken()
    }

    /// What it has received packet by packet.
    pub(crate) const fn reception(&self) -> Option<&Reception> {
        self.end.reception()
    }

    /// An RTP packet has come over an MBMS bearer.
    pub(crate) fn broadcast(&mut self, now: Instant, destination: SocketAddr, octets: &[u8]) {
        self.end.handle_broadcast(now, destination, octets);
    }

    /// Its tone, Hz.
    pub(crate) const fn tone_hz(&self) -> f64 {
        self.tone_hz
    }

    /// SDP that offers it.
    pub(crate) fn offer(&self) -> Vec<u8> {
        self.end.offer()
    }

    /// SDP that answers an offer with G.711 in it.
    pub(crate) fn answer(&self, offer: &[u8]) -> Option<Vec<u8>> {
        self.end.answer(offer)
    }

    /// A session with it stands.
    pub(crate) fn begin(&mut self, now: Instant, theirs: &[u8]) {
        self.end.agree(now, theirs);
    }

    /// The session is over.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.end.stop(now, utc_ms(now));
    }

    /// A datagram has come.
    pub(crate) fn receive(&mut self, now: Instant, local: SocketAddr, octets: &[u8]) {
        self.end.handle_datagram(now, local, octets);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.end.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.end.poll_timeout().is_some_and(|due| due <= now) {
            self.end.handle_timeout(now, utc_ms(now));
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<MediaDatagram> {
        self.end.poll_output()
    }

    /// How loud these tones are in what it has heard last, as parts of what they are said with.
    pub(crate) fn hearing(&self, tones_hz: &[f64]) -> Vec<f64> {
        tones_hz.iter().map(|&tone| self.end.amplitude_of(tone) / AMPLITUDE).collect()
    }
}

fn utc_ms(now: Instant) -> u64 {
    setup::utc_ms_at_zero() + now.as_nanos() / 1_000_000
}
