//! Messages over SMPP into a box, and out of it again.

use std::time::Instant;

use protocol::smpp::{
    Body, CommandStatus, MessageId, MessageOctets, Pdu, ShortMessage, SmeAddress, SmppEvent, SmppRole,
};

use crate::live::PATIENCE;
use crate::smpp::Link;

/// Sends messages over one link and takes them at the other, `window` of them under way at a time; the seconds that each took.
/// `role`: what we are for the box in between.
pub(crate) async fn relay(
    role: SmppRole,
    mut source: Link,
    mut sink: Link,
    messages: usize,
    window: usize,
) -> Result<Vec<f64>, String> {
    let mut begun: Vec<Instant> = Vec::with_capacity(messages);
    let mut times: Vec<Option<f64>> = vec![None; messages];
    let (mut accepted, mut received) = (0, 0);
    loop {
        let room = window.saturating_sub(begun.len() - received).min(source.session.room());
        for number in begun.len()..messages.min(begun.len() + room) {
            let now = source.now();
            let body = body(role, number, window).ok_or("a message that is too long")?;
            source.session.request(now, number as u64, body, Vec::new()).map_err(|why| why.to_string())?;
            begun.push(Instant::now());
        }
        for event in source.flush().await? {
            match event {
                SmppEvent::Response { pdu, .. } if pdu.status.is_ok() => accepted += 1,
                SmppEvent::Bound { .. } => {}
                other => return Err(format!("a message is not accepted: {other:?}")),
            }
        }
        for event in sink.flush().await? {
            match event {
                SmppEvent::Request(pdu) => {
                    let number = number_of(&pdu)?;
                    let begin = begun.get(number).ok_or_else(|| format!("nobody has sent message {number}"))?;
                    if times[number].replace(begin.elapsed().as_secs_f64()).is_some() {
                        return Err(format!("message {number} comes twice"));
                    }
                    received += 1;
                    sink.session.respond(response(&pdu));
                }
                SmppEvent::Bound { .. } => {}
                other => return Err(format!("instead of a message: {other:?}")),
            }
        }
        sink.flush().await?;
        if accepted == messages && received == messages {
            return Ok(times.into_iter().flatten().collect());
        }
        if begun.len() < messages && begun.len() - received < window && source.session.room() > 0 {
            continue;
        }
        let step = async {
            tokio::select! {
                done = source.read() => done,
                done = sink.read() => done,
            }
        };
        let late = || format!("{accepted} of {messages} accepted and {received} received, and nothing comes any more");
        tokio::time::timeout(PATIENCE, step).await.map_err(|_| late())??;
    }
}

/// A message to one of as many numbers as messages are under way: the order of each is kept.
fn body(role: SmppRole, number: usize, window: usize) -> Option<Body> {
    let destination = format!("35850{:06}", number % window);
    let message = ShortMessage {
        source: SmeAddress::international("358401")?,
        destination: SmeAddress::international(&destination)?,
        message: MessageOctets::new(text(number).as_bytes())?,
        ..ShortMessage::default()
    };
    Some(match role {
        SmppRole::Esme => Body::SubmitSm(message),
        SmppRole::MessageCentre => Body::DeliverSm(message),
    })
}

/// What all messages say, with a number.
pub(crate) fn text(number: usize) -> String {
    format!("{number} is one of many short messages")
}

/// The number in a text.
pub(crate) fn number_in(text: &str) -> Result<usize, String> {
    let word = text.split(' ').next().and_then(|word| word.parse().ok());
    word.ok_or_else(|| format!("a message that nobody has sent: {text}"))
}

fn number_of(pdu: &Pdu) -> Result<usize, String> {
    let (Body::SubmitSm(message) | Body::DeliverSm(message)) = &pdu.body else {
        return Err(format!("instead of a message: {pdu:?}"));
    };
    number_in(&String::from_utf8_lossy(message.message.as_bytes()))
}

fn response(pdu: &Pdu) -> Pdu {
    let body = match &pdu.body {
        Body::SubmitSm(_) => Body::SubmitSmResp(MessageId::new(format!("{:x}", pdu.sequence_number))),
        _ => Body::DeliverSmResp(Some(MessageId::default())),
    };
    Pdu::response(pdu.sequence_number, CommandStatus::OK, body)
}
