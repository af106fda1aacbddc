//! Sessions of RFC 5321 appendix D, and what must not be taken for one.

use std::time::Duration;

use super::*;
use crate::Instant;

const NOW: Instant = Instant::ZERO;

fn config() -> SmtpServerConfig {
    SmtpServerConfig::new("foo.com", 1000)
}

/// What a server says and asks from here on.
fn drain(server: &mut SmtpServer) -> (String, Vec<SmtpServerEvent>, bool) {
    let (mut said, mut events, mut is_closed) = (String::new(), Vec::new(), false);
    while let Some(output) = server.poll_output() {
        match output {
            SmtpServerOutput::Send(octets) => said.push_str(str::from_utf8(&octets).expect("ASCII")),
            SmtpServerOutput::Close => is_closed = true,
            SmtpServerOutput::Event(event) => events.push(event),
        }
    }
    (said, events, is_closed)
}

/// What a server that accepts everything says, and the mails it took.
fn serve(server: &mut SmtpServer, stream: &[u8], piece: usize) -> (String, Vec<SmtpMail>, Vec<SmtpServerEvent>) {
    let (mut said, mut mails, mut others) = (String::new(), Vec::new(), Vec::new());
    let mut pieces = stream.chunks(piece);
    loop {
        let (text, events, _) = drain(server);
        said.push_str(&text);
        let mut is_asked = false;
        for event in events {
            match event {
                SmtpServerEvent::Recipient(_) | SmtpServerEvent::Data { .. } => is_asked = true,
                SmtpServerEvent::Mail(mail) => {
                    mails.push(*mail);
                    is_asked = true;
                }
                other => others.push(other),
            }
        }
        if is_asked {
            assert!(server.accept(NOW));
        } else {
            match pieces.next() {
                Some(octets) => server.handle_input(NOW, SmtpInput::Received(octets)),
                None => return (said, mails, others),
            }
        }
    }
}

/// The codes of replies.
fn codes(said: &str) -> Vec<u16> {
    let last = said.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
    last.map(|line| line[..3].parse().expect("a code")).collect()
}

/// RFC 5321 appendix D.1, as the client says it.
const TYPICAL: &str = "EHLO bar.com\r\n\
    MAIL FROM:<Smith@bar.com>\r\n\
    RCPT TO:<Jones@foo.com>\r\n\
    RCPT TO:<Green@foo.com>\r\n\
    RCPT TO:<Brown@foo.com>\r\n\
    DATA\r\n\
    Blah blah blah...\r\n\
    ...etc. etc. etc.\r\n\
    .\r\n\
    QUIT\r\n";

#[test]
fn a_typical_session() {
    for piece in [1, 3, 1000] {
        let mut server = SmtpServer::new(NOW, config());
        let (said, mails, others) = serve(&mut server, TYPICAL.as_bytes(), piece);
        assert_eq!(codes(&said), [220, 250, 250, 250, 250, 250, 354, 250, 221]);
        assert!(said.starts_with("220 foo.com ESMTP\r\n250-foo.com greets bar.com\r\n250-SIZE 1000\r\n"), "{said}");
        // The dot that the appendix does not double is taken off.
        let mail = SmtpMail {
            from: "Smith@bar.com".to_owned(),
            recipients: ["Jones@foo.com", "Green@foo.com", "Brown@foo.com"].map(str::to_owned).to_vec(),
            content: b"Blah blah blah...\r\n..etc. etc. etc.\r\n".to_vec(),
        };
        assert_eq!(mails, [mail]);
        let greeted = SmtpServerEvent::Greeted { host: "bar.com".to_owned(), is_extended: true };
        assert_eq!(others, [greeted, SmtpServerEvent::Ended(SmtpEnd::Quit)]);
        assert!(server.is_closed() && server.poll_timeout().is_none() && !server.is_reading());
    }
}

#[test]
fn the_owner_decides() {
    let mut server = SmtpServer::new(NOW, config());
    server.handle_input(
        NOW,
        SmtpInput::Received(b"HELO x\r\nMAIL FROM:<> SIZE=30\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\n"),
    );
    let (said, events, _) = drain(&mut server);
    assert_eq!(codes(&said), [220, 250, 250]);
    let asked =
        |to: &str| SmtpServerEvent::Recipient(SmtpRecipient { from: String::new(), to: to.to_owned(), size: Some(30) });
    assert_eq!(events.last(), Some(&asked("a@b")));
    assert!(server.refuse(NOW, SmtpReply::no_mailbox("nobody")));
    let (said, events, _) = drain(&mut server);
    assert_eq!((said.as_str(), events), ("550 5.1.1 nobody\r\n", vec![asked("c@d")]));
    assert!(server.accept(NOW) && !server.accept(NOW));
    server.handle_input(NOW, SmtpInput::Received(b"DATA\r\n"));
    let (said, events, _) = drain(&mut server);
    assert_eq!((said.as_str(), events), ("250 2.1.5 recipient ok\r\n", vec![SmtpServerEvent::Data { size: Some(30) }]));
    assert!(server.accept(NOW));
    server.handle_input(NOW, SmtpInput::Received(b"a\r\n.\r\nNOOP\r\n"));
    let (said, events, _) = drain(&mut server);
    assert_eq!(codes(&said), [354]);
    let [SmtpServerEvent::Mail(mail)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&mail.recipients[..], &mail.content[..]), (&["c@d".to_owned()][..], &b"a\r\n"[..]));
    // Nothing is said before the owner has spoken; what is no refusal is one that passes.
    assert!(server.refuse(NOW, SmtpReply::ok("what?")));
    let (said, _, _) = drain(&mut server);
    assert_eq!(said, "451 4.3.0 what?\r\n250 2.0.0 nothing done\r\n");
    // A content that has no place.
    server.handle_input(NOW, SmtpInput::Received(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"));
    assert!(server.accept(NOW));
    server.handle_input(NOW, SmtpInput::Received(b"DATA\r\n"));
    drain(&mut server);
    assert!(server.refuse(NOW, SmtpReply::no_room("no room")));
    server.handle_input(NOW, SmtpInput::Received(b"DATA\r\n"));
    let (said, events, _) = drain(&mut server);
    assert_eq!(codes(&said), [452, 503]);
    assert!(matches!(&events[..], [SmtpServerEvent::Abandoned { .. }]), "{events:?}");
}

#[test]
fn commands_have_an_order_and_a_form() {
    let cases = [
        ("MAIL FROM:<a@b>\r\n", 503),
        ("RCPT TO:<a@b>\r\n", 503),
        ("DATA\r\n", 503),
        ("EHLO\r\n", 501),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", 503),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nDATA\r\n", 554),
        ("EHLO x\r\nMAIL FROM:a@b\r\n", 501),
        ("EHLO x\r\nMAIL FROM:<a>\r\n", 553),
        ("EHLO x\r\nMAIL FROM:<a@b> SIZE=1001\r\n", 552),
        ("EHLO x\r\nMAIL FROM:<a@b> SIZE=99999999999999999999\r\n", 552),
        ("EHLO x\r\nMAIL FROM:<a@b> SIZE=-1\r\n", 501),
        ("EHLO x\r\nMAIL FROM:<a@b> BODY=BINARYMIME\r\n", 501),
        ("EHLO x\r\nMAIL FROM:<a@b> RET=FULL\r\n", 555),
        ("EHLO x\r\nmail from:<a@b> size=1000 body=8bitmime\r\n", 250),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<>\r\n", 553),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b> NOTIFY=NEVER\r\n", 555),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<a@b>\r\n", 503),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nEHLO x\r\nRCPT TO:<a@b>\r\n", 503),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<Postmaster>\r\n", 250),
        ("NOOP whatever\r\n", 250),
        ("VRFY a\r\n", 252),
        ("EXPN a\r\n", 502),
        ("STARTTLS\r\n", 502),
        ("AUTH PLAIN x\r\n", 502),
        ("BDAT 5\r\n", 421),
        ("HELP\r\n", 214),
        ("GET / HTTP/1.1\r\n", 500),
        ("RSET x\r\n", 501),
        ("NOOP\n\r\n", 500),
        ("N\rOOP\r\n", 500),
        ("\r\n", 500),
    ];
    for (stream, code) in cases {
        let (said, _, _) = serve(&mut SmtpServer::new(NOW, config()), stream.as_bytes(), 1000);
        assert_eq!(codes(&said).last(), Some(&code), "{stream}: {said}");
    }
    let long = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(2000));
    let (said, _, _) = serve(&mut SmtpServer::new(NOW, config()), long.as_bytes(), 100);
    assert_eq!(codes(&said), [220, 500, 250]);
}

#[test]
fn no_mail_is_smuggled_in_another() {
    for end in ["\n.\r\n", "\n.\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\n.\r", "\r\r\n.\r\r\n", "\0\n.\r\n"] {
        let inner = "MAIL FROM:<admin@foo.com>\r\nRCPT TO:<a@b>\r\nDATA\r\nbad\r\n.\r\n";
        let stream = format!("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\ngood{end}{inner}QUIT\r\n");
        let (said, mails, _) = serve(&mut SmtpServer::new(NOW, config()), stream.as_bytes(), 7);
        assert_eq!(codes(&said), [220, 250, 250, 250, 354, 554, 221], "{end:?}");
        assert!(mails.is_empty());
    }
}

#[test]
fn limits_hold() {
    let start = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n";
    let long = format!("{start}{}.\r\nNOOP\r\n", "0123456789\r\n".repeat(100));
    let mut server = SmtpServer::new(NOW, config());
    let (said, mails, others) = serve(&mut server, long.as_bytes(), 100);
    assert_eq!((codes(&said), mails), (vec![220, 250, 250, 250, 354, 552, 250], vec![]));
    assert!(matches!(&others[..], [_, SmtpServerEvent::Abandoned { .. }]), "{others:?}");
    // Who does not stop is stopped.
    let mut server = SmtpServer::new(NOW, config());
    serve(&mut server, start.as_bytes(), 1000);
    for _ in 0..50_000 {
        server.handle_input(NOW, SmtpInput::Received(&[b'x'; 100]));
        assert!(server.held() < 3000);
    }
    let (said, _, is_closed) = drain(&mut server);
    assert!(codes(&said).ends_with(&[421]) && is_closed && server.is_closed(), "{said}");

    let many = format!("EHLO x\r\nMAIL FROM:<a@b>\r\n{}", "RCPT TO:<c@d>\r\n".repeat(101));
    let (said, _, _) = serve(&mut SmtpServer::new(NOW, config()), many.as_bytes(), 1000);
    assert_eq!(codes(&said)[102..], [250, 452]);

    for command in ["NOOP\r\n", "EHLO x\r\nMAIL FROM:<a@b>\r\n", "X\n\r\n", "EHLO x\r\nMAIL FROM:<a@b>\r\nRSET\r\n"] {
        let mut server = SmtpServer::new(NOW, config());
        let (said, _, _) = serve(&mut server, command.repeat(300).as_bytes(), 1000);
        assert!(codes(&said).ends_with(&[421]) && server.is_closed(), "{command}");
    }
    let config = SmtpServerConfig { max_mails: 1, ..config() };
    let two = format!("{0}.\r\n{0}", "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    let (said, mails, _) = serve(&mut SmtpServer::new(NOW, config), two.as_bytes(), 1000);
    assert_eq!((codes(&said), mails.len()), (vec![220, 250, 250, 250, 354, 250, 250, 421], 1));
}

#[test]
fn what_comes_before_it_is_asked_for_waits() {
    let mut server = SmtpServer::new(NOW, config());
    server.handle_input(NOW, SmtpInput::Received(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"));
    assert!(server.is_reading());
    server.handle_input(NOW, SmtpInput::Received(&[b'x'; 9000]));
    assert!(!server.is_reading() && !server.is_closed());
    server.handle_input(NOW, SmtpInput::Received(&[b'x'; 1 << 20]));
    assert!(server.is_closed() && !server.accept(NOW));
}

#[test]
fn a_server_waits_no_longer_than_it_must() {
    let secs = |secs| Instant::ZERO + Duration::from_secs(secs);
    let mut server = SmtpServer::new(NOW, config());
    assert_eq!(server.poll_timeout(), Some(secs(300)));
    server.handle_input(secs(299), SmtpInput::Received(b"NO"));
    server.handle_timeout(secs(299));
    assert!(!server.is_closed());
    // A part of a command is none.
    server.handle_timeout(secs(300));
    let (said, events, is_closed) = drain(&mut server);
    assert_eq!((codes(&said), is_closed), (vec![220, 421], true));
    assert_eq!(events, [SmtpServerEvent::Ended(SmtpEnd::Timeout)]);

    let mut server = SmtpServer::new(NOW, config());
    let start = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";
    server.handle_input(secs(10), SmtpInput::Received(start));
    assert_eq!(server.poll_timeout(), Some(secs(280)));
    server.handle_timeout(secs(280));
    let (said, events, _) = drain(&mut server);
    assert!(codes(&said).ends_with(&[451]) && matches!(events.last(), Some(SmtpServerEvent::Ignored { .. })));
    assert!(!server.accept(secs(281)));
    server.handle_input(secs(290), SmtpInput::Received(b"RCPT TO:<c@d>\r\nDATA\r\n"));
    assert!(server.accept(secs(290)) && server.accept(secs(300)));
    server.handle_input(secs(400), SmtpInput::Received(b"x"));
    assert_eq!(server.poll_timeout(), Some(secs(580)));
    for at in 5..30 {
        server.handle_input(secs(at * 100), SmtpInput::Received(b"x"));
    }
    // However slowly it comes: not for ever.
    assert_eq!(server.poll_timeout(), Some(secs(2100)));
    server.handle_timeout(secs(2100));
    let (_, events, _) = drain(&mut server);
    let abandoned = events.iter().any(|event| matches!(event, SmtpServerEvent::Abandoned { .. }));
    assert!(abandoned && events.last() == Some(&SmtpServerEvent::Ended(SmtpEnd::Timeout)), "{events:?}");
}

#[test]
fn an_answer_that_comes_too_late_is_not_taken_for_that_of_the_next_mail() {
    let secs = |secs| Instant::ZERO + Duration::from_secs(secs);
    let mut server = SmtpServer::new(NOW, config());
    let mail = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n";
    server.handle_input(NOW, SmtpInput::Received(b"EHLO x\r\n"));
    server.handle_input(NOW, SmtpInput::Received(mail));
    assert!(server.accept(NOW) && server.accept(NOW));
    server.handle_timeout(secs(270));
    let (said, _, is_closed) = drain(&mut server);
    assert_eq!((codes(&said).last(), is_closed), (Some(&421), true));
    server.handle_input(secs(271), SmtpInput::Received(mail));
    assert!(!server.accept(secs(272)), "nothing is asked");
}

#[test]
fn a_server_can_close() {
    let mut server = SmtpServer::turn_away(NOW, config(), &SmtpReply::new(554, None, "no"));
    assert_eq!(drain(&mut server), ("554 no\r\n".to_owned(), vec![SmtpServerEvent::Ended(SmtpEnd::Quit)], true));
    let mut server = SmtpServer::new(NOW, config());
    server.shut_down();
    server.shut_down();
    let (said, events, _) = drain(&mut server);
    assert_eq!((codes(&said), events), (vec![220, 421], vec![SmtpServerEvent::Ended(SmtpEnd::Quit)]));
    let mut server = SmtpServer::new(NOW, config());
    drain(&mut server);
    server.handle_input(NOW, SmtpInput::Closed);
    assert_eq!(drain(&mut server), (String::new(), vec![SmtpServerEvent::Ended(SmtpEnd::ConnectionLost)], false));
}

mod client;
