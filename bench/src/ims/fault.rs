//! Faults on the messages of the core network, as a scenario asks for them.

use std::time::Duration;

use protocol::diameter::Message;
use protocol::m2ap::M2apPdu;
use protocol::m3ap::M3apPdu;
use protocol::map::sccp::SccpMessage;
use protocol::map::tcap::{Component, TcapMessage};
use protocol::sip::{SipMessage, reason_phrase};
use protocol::{Joint, TapEvent};

use crate::ladder::{LadderWatch, Mm4Seen, SmppSeen};
use crate::scenario::{Fault, FaultAction, Selector, SipWhat};

/// What becomes of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fate {
    /// As it is sent then.
    pub(crate) bytes: Vec<u8>,
    /// How often: 0 when it is gone.
    pub(crate) copies: usize,
    /// Held back for so long.
    pub(crate) delay: Duration,
}

/// The faults of a run and how many messages each has met.
#[derive(Debug)]
pub(crate) struct WireFaults {
    planted: Vec<(Fault, u64)>,
}

impl WireFaults {
    /// Those of a scenario that are on SIP and Diameter.
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let on_wire = |f: &&Fault| f.joint.is_core();
        Self { planted: faults.iter().filter(on_wire).map(|f| (f.clone(), 0)).collect() }
    }

    /// True when some fault is on a step of a ladder.
    pub(crate) fn ask_ladders(&self) -> bool {
        self.planted.iter().any(|(fault, _)| fault.sip.as_ref().is_some_and(|what| what.ladder_step().is_some()))
    }

    /// What becomes of a message; `ladders` are as far as the messages before it.
    pub(crate) fn judge(&mut self, event: &TapEvent, ladders: &LadderWatch) -> Fate {
        let mut fate = Fate { bytes: event.bytes.clone(), copies: 1, delay: Duration::ZERO };
        for (fault, met) in &mut self.planted {
            if fault.joint != event.joint || !takes(fault, event, ladders) {
                continue;
            }
            *met += 1;
            let after = fault.after.unwrap_or(0);
            if *met <= after || fault.count.is_some_and(|count| *met > after + count) {
                continue;
            }
            let what = fault.sip.clone().unwrap_or_default();
            match fault.action {
                FaultAction::Drop => fate.copies = 0,
                FaultAction::Duplicate => fate.copies *= 2,
                FaultAction::Delay => fate.delay += Duration::from_millis(what.delay_ms.unwrap_or(0)),
                FaultAction::Corrupt => corrupt(&mut fate.bytes),
                FaultAction::WrongResponse => set_response(&mut fate.bytes),
                FaultAction::WrongStatus => set_status(&mut fate.bytes, what.status_instead.unwrap_or(500)),
            }
        }
        fate
    }
}

fn takes(fault: &Fault, event: &TapEvent, ladders: &LadderWatch) -> bool {
    let no_words = SipWhat::default();
    let what = fault.sip.as_ref().unwrap_or(&no_words);
    let is_of = |name: &Option<String>, own: &str| name.as_deref().is_none_or(|name| name == own);
    let is_of_ue = match &fault.ue {
        Selector::All => true,
        Selector::Name(ue) => event.from == *ue || event.to == *ue,
    };
    if !is_of_ue || !is_of(&what.from, &event.from) || !is_of(&what.to, &event.to) {
        return false;
    }
    if let Some((procedure, step)) = what.ladder_step() {
        return ladders.would_tick(event).iter().any(|(own, number)| *own == procedure && *number == step);
    }
    let (method, status) = named(event);
    let is_method = what.method.as_deref().is_none_or(|wanted| method.as_deref() == Some(wanted));
    is_method && (what.method.is_none() && what.status.is_none() || what.status == status)
}

/// Method or command of a message, and its status.
fn named(event: &TapEvent) -> (Option<String>, Option<u16>) {
    if event.joint.is_diameter() {
        return (Message::parse(&event.bytes).ok().map(|message| message.name()), None);
    }
    match event.joint {
        joint if joint.is_map() => return (map_operation(&event.bytes), None),
        Joint::Smpp => return (SmppSeen::of(&event.bytes).first_name(), None),
        Joint::Mm4 => return (Mm4Seen::of(&event.bytes).map(|mail| mail.kind), None),
        Joint::M3 => return (M3apPdu::parse(&event.bytes).ok().map(|pdu| pdu.name().to_owned()), None),
        Joint::M2 => return (M2apPdu::parse(&event.bytes).ok().map(|pdu| pdu.name().to_owned()), None),
        _ => {}
    }
    if event.joint.is_http() {
        let line = event.bytes.split(|&octet| octet == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).into_owned();
        let mut words = line.split(' ');
        return match (words.next(), words.next()) {
            (Some(version), Some(status)) if version.starts_with("HTTP/") => (None, status.parse().ok()),
            (method, _) => (method.map(str::to_owned), None),
        };
    }
    match SipMessage::parse(&event.bytes) {
        Ok(SipMessage::Request(request)) => (Some(request.method.to_string()), None),
        Ok(SipMessage::Response(response)) => {
            let method = response.headers.cseq().ok().flatten().map(|cseq| cseq.method.to_string());
            (method, Some(response.status))
        }
        Err(_) => (None, None),
    }
}

/// The operation that a message of MAP invokes.
fn map_operation(bytes: &[u8]) -> Option<String> {
    let message = SccpMessage::parse(bytes).ok()?;
    let tcap = TcapMessage::parse(message.data()).ok()?;
    tcap.components().iter().find_map(Component::operation).map(|code| code.name().to_owned())
}

fn corrupt(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    if let Some(octet) = bytes.get_mut(middle) {
        *octet ^= 1;
    }
}

fn set_status(bytes: &mut Vec<u8>, status: u16) {
    if let Ok(SipMessage::Response(mut response)) = SipMessage::parse(bytes) {
        response.status = status;
        response.reason = reason_phrase(status).to_owned();
        *bytes = response.to_bytes();
    }
}

/// The first digit of the response to a challenge (RFC 7616 clause 3.4) is another one; before a challenge there is none.
fn set_response(bytes: &mut [u8]) {
    const RESPONSE: &[u8] = b"response=\"";
    let place = bytes.windows(RESPONSE.len()).position(|own| own == RESPONSE).map(|start| start + RESPONSE.len());
    if let Some(digit) = place.and_then(|place| bytes.get_mut(place)).filter(|digit| digit.is_ascii_hexdigit()) {
        *digit = if *digit == b'0' { b'1' } else { b'0' };
    }
}

#[cfg(test)]
mod tests {
    use protocol::Instant;

    use super::*;
    use crate::scenario::FaultTarget;

    fn event(bytes: &[u8]) -> TapEvent {
        let (from, to) = ("alice".to_owned(), "P-CSCF".to_owned());
        TapEvent {
            at: Instant::ZERO,
            joint: Joint::Gm,
            from,
            to,
            channel: String::new(),
            lcid: 0,
            bytes: bytes.to_vec(),
        }
    }

    fn faults(action: FaultAction, what: SipWhat, count: Option<u64>) -> WireFaults {
        let (ue, mch, after) = (Selector::All, None, None);
        WireFaults::new(&[Fault {
            joint: Joint::Gm,
            what: FaultTarget::Any,
            action,
            ue,
            sip: Some(what),
            mch,
            after,
            count,
        }])
    }

    const RESPONSE: &[u8] = b"SIP/2.0 200 OK\r\nCall-ID: c\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n";
    const REQUEST: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn the_named_messages_are_met_so_often_and_no_more() {
        let watch = LadderWatch::new(&[]);
        let what = SipWhat { method: Some("BYE".into()), status: Some(200), ..SipWhat::default() };
        let mut faults = faults(FaultAction::Drop, what, Some(1));
        assert_eq!(faults.judge(&event(REQUEST), &watch).copies, 1);
        assert_eq!(faults.judge(&event(RESPONSE), &watch).copies, 0);
        assert_eq!(faults.judge(&event(RESPONSE), &watch).copies, 1);
    }

    #[test]
    fn each_action_does_what_it_says() {
        let watch = LadderWatch::new(&[]);
        let judge = |action, what| faults(action, what, None).judge(&event(RESPONSE), &watch);
        assert_eq!(judge(FaultAction::Duplicate, SipWhat::default()).copies, 2);
        let late = SipWhat { delay_ms: Some(5), ..SipWhat::default() };
        assert_eq!(judge(FaultAction::Delay, late).delay, Duration::from_millis(5));
        let other = SipWhat { status_instead: Some(503), ..SipWhat::default() };
        assert!(judge(FaultAction::WrongStatus, other).bytes.starts_with(b"SIP/2.0 503 Service Unavailable\r\n"));
        let register = b"REGISTER sip:a SIP/2.0\r\nAuthorization: Digest nonce=\"n\", response=\"0a\"\r\n\r\n";
        let wrong = faults(FaultAction::WrongResponse, SipWhat::default(), None).judge(&event(register), &watch).bytes;
        assert!(wrong.windows(13).any(|own| own == b"response=\"1a\""));
        let damaged = judge(FaultAction::Corrupt, SipWhat::default()).bytes;
        assert_eq!(damaged.iter().zip(RESPONSE).filter(|(a, b)| a != b).count(), 1);
    }
}
