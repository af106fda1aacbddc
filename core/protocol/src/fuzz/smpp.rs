//! SMPP.

use crate::Instant;
use crate::smpp::{
    Bind, BindKind, Body, CommandId, CommandStatus, DeliveryReceipt, Pdu, SmppConfig, SmppEvent, SmppFramer, SmppInput,
    SmppOutput, SmppRole, SmppSession, SmppTime, content_of, user_data_of,
};

/// A PDU that parses prints the same octets; what is in it can be looked at.
///
/// # Panics
/// When that does not hold.
pub fn smpp(octets: &[u8]) {
    let Ok(pdu) = Pdu::parse(octets) else { return };
    assert_eq!(pdu.emit(), octets, "a PDU prints otherwise");
    let _ = (pdu.command_id().to_string(), pdu.status.to_string(), format!("{pdu:?}"));
    match &pdu.body {
        Body::SubmitSm(message) | Body::DeliverSm(message) => {
            let (coding, octets) = (message.data_coding, message.message.as_bytes());
            let _ = (user_data_of(coding, message.esm_class.has_header(), octets), content_of(coding, octets));
            let _ = (message.source.to_sms(), message.destination.to_sms());
            let period = SmppTime::parse(message.validity_period.as_bytes()).map(|time| time.at(1 << 40));
            assert!(period.is_none_or(|at| at < 1 << 50), "a period without end");
            if let Some(receipt) = DeliveryReceipt::of(message, &pdu.tlvs) {
                let _ = receipt.emit();
            }
        }
        _ => {}
    }
}

/// A stream is cut in the same places whatever pieces it comes in, and a session of either side does the same with it: it
/// answers what is asked, and keeps no more than it may.
///
/// # Panics
/// When that does not hold.
pub fn smpp_session(octets: &[u8]) {
    let cut = |size: usize| {
        let mut framer = SmppFramer::new(1000);
        let (mut pdus, mut lost) = (Vec::new(), None);
        for piece in octets.chunks(size) {
            framer.push(piece);
            while let Some(next) = framer.poll().unwrap_or_else(|problem| {
                lost = Some(problem);
                None
            }) {
                pdus.push(next.to_vec());
            }
        }
        (pdus, lost)
    };
    let mut whole = cut(octets.len().max(1));
    assert_eq!(cut(1), whole, "pieces of one octet");
    assert_eq!(cut(7), whole, "pieces of seven");
    // What is no PDU any more ends a session.
    if whole.1.is_some() {
        let behind = whole.0.iter().map(Vec::len).sum();
        whole.0.push(octets[behind..].to_vec());
    }
    for role in [SmppRole::MessageCentre, SmppRole::Esme] {
        let done = session(role, &whole.0, usize::MAX);
        assert_eq!(session(role, &whole.0, 5), done, "pieces of five");
    }
}

/// What a session does with PDUs, bound as soon as it can be: every request that needs one gets one answer.
fn session(role: SmppRole, pdus: &[Vec<u8>], size: usize) -> Vec<SmppOutput> {
    let now = Instant::ZERO;
    let mut session = SmppSession::new(now, SmppConfig { max_pdu: 1000, ..SmppConfig::new(role) });
    if role == SmppRole::Esme {
        let bind = Bind::new("esme", "secret").expect("short texts");
        session.bind(now, BindKind::Transceiver, bind).expect("it is open");
    }
    let mut done: Vec<_> = std::iter::from_fn(|| session.poll_output()).collect();
    for pdu in pdus {
        let id = pdu.get(4..8).and_then(|id| Some(CommandId(u32::from_be_bytes(id.try_into().ok()?))));
        let needs_answer = !session.is_closed() && id.is_some_and(|id| id.response().is_some());
        for piece in pdu.chunks(size) {
            session.handle_input(now, SmppInput::Received(piece));
        }
        let mut answers = 0;
        while let Some(output) = session.poll_output() {
            match &output {
                SmppOutput::Event(SmppEvent::BindRequested(..)) => assert!(session.accept_bind(now), "nobody asked"),
                SmppOutput::Event(SmppEvent::Request(asked)) => {
                    assert!(session.refuse(asked.sequence_number, CommandStatus::SYSTEM_ERROR), "nobody asked");
                }
                SmppOutput::Send(octets) => {
                    assert!(Pdu::parse(octets).is_ok_and(|sent| sent.command_id().is_response()), "no answer");
                    answers += 1;
                }
                SmppOutput::Close | SmppOutput::Event(_) => {}
            }
            done.push(output);
        }
        assert!(!needs_answer || answers == 1, "{answers} answers to {pdu:02X?}");
    }
    assert!(session.poll_timeout().is_none_or(|due| due > now), "it is called for nothing");
    done
}
