//! SMTP and MM4.

use crate::mm4::{Mm4Address, Mm4Body, Mm4Limits, Mm4Mail};
use crate::smtp::{
    SmtpClient, SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpInput, SmtpSend, SmtpServer, SmtpServerConfig,
    SmtpServerEvent, SmtpServerOutput, is_sendable,
};
use crate::{Entropy, Instant};

/// A stream makes a server do the same whatever pieces it comes in; what it takes as a mail can be sent on as it is, and it
/// keeps no more than it may.
///
/// # Panics
/// When that does not hold.
pub fn smtp_server(octets: &[u8]) {
    let whole = served(octets, octets.len().max(1));
    assert_eq!(served(octets, 1), whole, "pieces of one octet");
    assert_eq!(served(octets, 7), whole, "pieces of seven");
}

fn served(octets: &[u8], size: usize) -> Vec<SmtpServerOutput> {
    let now = Instant::ZERO;
    let config = SmtpServerConfig { max_recipients: 3, ..SmtpServerConfig::new("foo.com", 200) };
    let mut server = SmtpServer::new(now, config);
    let (mut pieces, mut done, mut questions) = (octets.chunks(size), Vec::new(), 0);
    loop {
        let mut is_asked = false;
        while let Some(output) = server.poll_output() {
            match &output {
                SmtpServerOutput::Send(reply) => assert!(reply.ends_with(b"\r\n") && is_sendable(reply), "no reply"),
                SmtpServerOutput::Event(SmtpServerEvent::Mail(mail)) => {
                    assert!(mail.content.len() <= 200 && is_sendable(&mail.content), "a mail that nobody can send");
                    assert!((1..=3).contains(&mail.recipients.len()), "recipients");
                    is_asked = true;
                }
                SmtpServerOutput::Event(SmtpServerEvent::Recipient(_) | SmtpServerEvent::Data { .. }) => {
                    is_asked = true
                }
                SmtpServerOutput::Close | SmtpServerOutput::Event(_) => {}
            }
            done.push(output);
        }
        assert!(server.held() < 2000, "it keeps too much");
        assert_eq!(server.is_closed(), server.poll_timeout().is_none(), "it waits for nothing");
        if is_asked {
            questions += 1;
            let is_answered = match questions % 4 {
                0 => server.refuse(now, crate::smtp::SmtpReply::later("no")),
                _ => server.accept(now),
            };
            assert!(is_answered, "nobody asked");
        } else if let Some(piece) = pieces.next() {
            server.handle_input(now, SmtpInput::Received(piece));
        } else {
            break;
        }
    }
    server.handle_input(now, SmtpInput::Closed);
    done.extend(std::iter::from_fn(|| server.poll_output()));
    assert!(matches!(done.last(), Some(SmtpServerOutput::Event(SmtpServerEvent::Ended(_)))), "it does not end");
    done
}

/// Whatever a server says: a client tells of every mail once, and no recipient has got one that was not sent.
///
/// # Panics
/// When that does not hold.
pub fn smtp_client(octets: &[u8]) {
    let whole = sent(octets, octets.len().max(1));
    assert_eq!(sent(octets, 1), whole, "pieces of one octet");
    assert_eq!(sent(octets, 7), whole, "pieces of seven");
}

fn sent(octets: &[u8], size: usize) -> Vec<SmtpClientEvent> {
    let now = Instant::ZERO;
    let mut client = SmtpClient::new(now, SmtpClientConfig::new("bar.com"));
    for token in 0..2 {
        let recipients = vec!["a@b".to_owned(), "c@d".to_owned()];
        let mail = SmtpSend { token, from: String::new(), recipients, content: b".\r\n".to_vec() };
        assert!(client.send(now, mail).is_ok(), "it is open");
    }
    let (mut events, mut said) = (Vec::new(), Vec::new());
    let mut drain = |client: &mut SmtpClient| {
        while let Some(output) = client.poll_output() {
            match output {
                SmtpClientOutput::Send(octets) => said.extend(octets),
                SmtpClientOutput::Event(event) => events.push(event),
                SmtpClientOutput::Close => {}
            }
        }
    };
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        for piece in line.chunks(size) {
            client.handle_input(now, SmtpInput::Received(piece));
        }
        drain(&mut client);
    }
    client.handle_input(now, SmtpInput::Closed);
    drain(&mut client);
    assert!(client.is_closed() && client.pending() == 0 && is_sendable(&said), "it does not end");
    let contents = said.windows(7).filter(|window| *window == b"..\r\n.\r\n".as_slice()).count();
    let outcomes = events.iter().filter_map(|event| match event {
        SmtpClientEvent::Done(outcome) => Some(outcome),
        _ => None,
    });
    let tokens: Vec<_> = outcomes.clone().map(|outcome| (outcome.token, outcome.results.len())).collect();
    assert_eq!(tokens, [(0, 2), (1, 2)], "a mail without an end, or with two");
    let taken = outcomes.filter(|outcome| outcome.results.iter().any(Result::is_ok)).count();
    assert!(taken <= contents, "a mail is told as taken that was not sent");
    events
}

/// A mail that parses prints what parses again to the same from the second time on: encoded words settle. Its content is
/// the same at once, and goes to MM1.
///
/// # Panics
/// When that does not hold.
pub fn mm4(octets: &[u8]) {
    let limits = Mm4Limits { header: 4096, parts: 8, depth: 3, octets: 8192, recipients: 5 };
    let system = Mm4Address::system("mms.example.org");
    let read = match Mm4Mail::parse(octets, &limits) {
        Ok(read) => read,
        Err(problem) => {
            let failure = Mm4Mail::failure(octets, &problem, &limits, &system);
            let again = failure.map(|failure| Mm4Mail::parse(&failure.emit(&mut entropy()), &limits));
            assert!(again.is_none_or(|again| again.is_ok()), "an answer that nobody can read");
            return;
        }
    };
    // What is written may be longer: encoded words, and a line for each field.
    let wide = Mm4Limits { header: 1 << 20, ..limits };
    let first = read.emit(&mut entropy());
    assert!(first.is_ascii() && is_sendable(&first), "a mail that an MTA must change");
    let again = Mm4Mail::parse(&first, &wide).expect("a mail that nobody can read");
    let settled = Mm4Mail::parse(&again.emit(&mut entropy()), &wide).expect("a mail that nobody can read");
    assert_eq!(settled, again, "a mail does not settle");
    let ids =
        |mail: &Mm4Mail| (mail.transaction_id.clone(), mail.body.message_type(), mail.to.clone(), mail.from.clone());
    assert_eq!(ids(&again), ids(&read), "a mail reads otherwise");
    let _ = read.response(&system, crate::mm4::RequestStatus::Ok, None).map(|response| response.emit(&mut entropy()));
    if let (Mm4Body::ForwardReq(read), Mm4Body::ForwardReq(again)) = (&read.body, &again.body) {
        let parts = |content: &crate::mm4::MmContent| -> Vec<Vec<u8>> {
            content.parts.iter().map(|part| content.octets_of(part).to_vec()).collect()
        };
        let wanted = parts(&read.content);
        assert_eq!(parts(&again.content), wanted, "octets of parts are lost");
        let (content_type, body) = read.content.to_mm1_body();
        let of_mm1 = crate::mm4::MmContent::from_mm1(&content_type, &body).expect("a body that MM1 cannot read");
        assert_eq!(parts(&of_mm1), wanted, "octets of parts are lost on MM1");
    }
}

fn entropy() -> Entropy {
    Entropy::from_seed([4; 32])
}
