//! What those who spoke in groups have said, against what came to those who were in the same session.

use std::collections::BTreeMap;

use hil::agent::media::{Arrivals, Received, Spoken, Taken};

use crate::event::{ImsFact, SpeechHeard};
use crate::ims::agent::{Attended, GroupEnd};
use crate::radio_tally::round;

/// Sequence numbers of lost packets that are named.
const NAMED_MAX: usize = 100;

/// What a UE has said.
pub(super) fn spoke(talker: &GroupEnd<'_>) -> ImsFact {
    let spoken = talker.spoken;
    let sequence = |packet: Option<&Spoken>| packet.map_or(0, |packet| packet.sequence);
    ImsFact::Spoke {
        ssrc: talker.ssrc,
        packets: spoken.len() as u64,
        first: sequence(spoken.first()),
        last: sequence(spoken.last()),
    }
}

/// What was said in a session while a UE was in it, against what came; none: it was in none.
pub(super) fn listened(talker: &GroupEnd<'_>, listener: &GroupEnd<'_>) -> Option<SpeechHeard> {
    let sessions = (talker.attended, listener.attended);
    let due: Vec<_> = talker.spoken.iter().filter(|packet| is_due(sessions, packet)).collect();
    let reception = listener.reception?;
    let received = reception.sources().get(&talker.ssrc);
    (!due.is_empty()).then(|| SpeechHeard {
        of: talker.ue.to_owned(),
        ..compared(&due, received, received.is_none() && reception.refused() > 0)
    })
}

/// Both were in the session of the same group when it was said.
fn is_due((talker, listener): (&[Attended], &[Attended]), packet: &Spoken) -> bool {
    let now = |all| <[Attended]>::iter(all).filter(|own: &&Attended| own.has(packet.at));
    now(talker).any(|own| now(listener).any(|other| other.group == own.group))
}

/// Packets that were due against those that came, of which the first ones may be forgotten, or all.
fn compared(due: &[&Spoken], received: Option<&Received>, is_forgotten: bool) -> SpeechHeard {
    // Sequence numbers alone come again after 22 minutes of speech.
    let number = |packet: &Taken| (packet.sequence, packet.timestamp);
    let came: BTreeMap<_, &Taken> =
        received.iter().flat_map(|own| own.packets.values()).map(|packet| (number(packet), packet)).collect();
    let of = |packet: &&Spoken| came.get(&(packet.sequence, packet.timestamp)).copied();
    let forgets = is_forgotten || received.is_some_and(|own| own.forgotten() > 0);
    let first_known = due.iter().position(|packet| of(packet).is_some()).unwrap_or(due.len());
    let (forgotten, judged) = due.split_at(if forgets { first_known } else { 0 });
    let (mut taken, mut lost, mut delays) = (Vec::new(), Vec::new(), Vec::new());
    for packet in judged {
        match of(packet) {
            None => lost.push(packet.sequence),
            Some(own) => {
                delays.push(own.at.saturating_duration_since(packet.at).as_secs_f64());
                taken.push(own);
            }
        }
    }
    let arrivals = Arrivals::of(taken);
    let all = Arrivals::of(came.into_values());
    let mean = delays.iter().sum::<f64>() / delays.len().max(1) as f64;
    let least = delays.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let most = delays.iter().copied().reduce(f64::max).unwrap_or(0.0);
    SpeechHeard {
        of: String::new(),
        sent: judged.len() as u64,
        taken: arrivals.taken,
        by_unicast: arrivals.by_unicast,
        by_mbms: arrivals.by_mbms,
        both_ways: arrivals.both_ways,
        doubled: all.doubled,
        moved: all.moved,
        reordered: arrivals.reordered,
        lost: lost.len() as u64,
        lost_sequence: lost.into_iter().take(NAMED_MAX).collect(),
        beyond: all.taken - arrivals.taken,
        forgotten: forgotten.len() as u64,
        delay_ms: [least, mean, most].map(|seconds| round(1e3 * seconds, 3)),
        file: None,
    }
}

#[cfg(test)]
mod tests {
    use hil::agent::media::{Reception, Way};
    use protocol::Instant;
    use protocol::rtp::RtpPacket;

    use super::*;

    fn attended(group: &str, from: u64, until: Option<u64>) -> Attended {
        Attended { group: group.into(), from: Instant::from_millis(from), until: until.map(Instant::from_millis) }
    }

    fn packet(number: u32) -> (Spoken, RtpPacket) {
        let (sequence, timestamp, at) = (number as u16, 160 * number, Instant::from_millis(20 * u64::from(number)));
        let rtp = RtpPacket { ssrc: 5, sequence, timestamp, payload: vec![1], ..RtpPacket::default() };
        (Spoken { sequence, timestamp, at }, rtp)
    }

    /// All packets of these numbers come.
    fn heard(came: impl Iterator<Item = u32>) -> Reception {
        let mut reception = Reception::default();
        for number in came {
            let (spoken, rtp) = packet(number);
            reception.take(spoken.at, Way::Unicast, "10.0.0.1:5000".parse().unwrap(), &rtp);
        }
        reception
    }

    #[test]
    fn who_is_in_another_group_loses_nothing() {
        let (a, b) = ([attended("a", 0, Some(1000))], [attended("b", 0, None), attended("a", 2000, None)]);
        let talks = [attended("a", 0, None)];
        let due = |own: &[Attended], number| is_due((&talks, own), &packet(number).0);
        assert!(due(&a, 10) && !due(&a, 60));
        assert!(!due(&b, 10) && due(&b, 100));
    }

    #[test]
    fn numbers_that_come_again_are_other_packets() {
        // 22 minutes of speech, of which one packet is lost and its number comes again.
        let all: Vec<Spoken> = (0..65_536 + 100).map(|number| packet(number).0).collect();
        let lost = 65_536 + 7;
        let reception = heard((60_000..65_536 + 100).filter(|number| *number != lost));
        let due: Vec<&Spoken> = all[60_000..].iter().collect();
        let own = compared(&due, reception.sources().get(&5), false);
        assert_eq!((own.lost, own.forgotten, own.lost_sequence), (1, 0, vec![7]));
        assert_eq!((own.sent, own.taken), (5636, 5635));
    }

    #[test]
    fn what_is_forgotten_is_not_lost() {
        let all: Vec<Spoken> = (0..40_000).map(|number| packet(number).0).collect();
        let reception = heard(0..40_000);
        let due: Vec<&Spoken> = all.iter().collect();
        let own = compared(&due, reception.sources().get(&5), false);
        assert_eq!((own.lost, own.sent, own.forgotten), (0, 30_000, 10_000));
        let own = compared(&due, None, true);
        assert_eq!((own.lost, own.sent, own.forgotten), (0, 0, 40_000));
    }

    #[test]
    fn what_comes_over_two_bearers_is_told() {
        let all: Vec<Spoken> = (0..10).map(|number| packet(number).0).collect();
        let mut reception = Reception::default();
        for (number, port) in (0..10).flat_map(|number| [(number, 5000), (number, 5002), (number, 5002)]) {
            let (spoken, rtp) = packet(number);
            reception.take(spoken.at, Way::Mbms, ([239, 0, 0, 1], port).into(), &rtp);
        }
        let due: Vec<&Spoken> = all.iter().collect();
        let own = compared(&due, reception.sources().get(&5), false);
        assert_eq!((own.taken, own.by_mbms, own.moved, own.doubled), (10, 10, 20, 0));
    }

    #[test]
    fn what_nobody_was_to_hear_is_counted_apart() {
        let all: Vec<Spoken> = (50..100).map(|number| packet(number).0).collect();
        let reception = heard((40..100).filter(|number| *number != 70));
        let due: Vec<&Spoken> = all.iter().collect();
        let own = compared(&due, reception.sources().get(&5), false);
        assert_eq!((own.sent, own.taken, own.lost, own.beyond), (50, 49, 1, 10));
    }
}
