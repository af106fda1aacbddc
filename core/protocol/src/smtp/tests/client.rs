//! The client, against what a server says by hand, and against our own server.

use super::*;

fn mail(token: u64, recipients: &[&str], content: &[u8]) -> SmtpSend {
    let recipients = recipients.iter().map(|to| (*to).to_owned()).collect();
    SmtpSend { token, from: "Smith@bar.com".to_owned(), recipients, content: content.to_vec() }
}

/// What a client says and tells from here on.
fn hear(client: &mut SmtpClient) -> (String, Vec<SmtpClientEvent>, bool) {
    let (mut said, mut events, mut is_closed) = (String::new(), Vec::new(), false);
    while let Some(output) = client.poll_output() {
        match output {
            SmtpClientOutput::Send(octets) => said.push_str(str::from_utf8(&octets).expect("ASCII")),
            SmtpClientOutput::Close => is_closed = true,
            SmtpClientOutput::Event(event) => events.push(event),
        }
    }
    (said, events, is_closed)
}

/// The server says one thing after the other; what the client says to each.
fn converse(client: &mut SmtpClient, turns: &[(&str, &str)]) -> Vec<SmtpClientEvent> {
    let mut all = Vec::new();
    for (reply, want) in turns {
        client.handle_input(NOW, SmtpInput::Received(format!("{reply}\r\n").as_bytes()));
        let (said, events, _) = hear(client);
        assert_eq!(said, *want, "to {reply}");
        all.extend(events);
    }
    all
}

fn refused(code: u16, text: &str) -> SmtpFailure {
    SmtpFailure::Refused(SmtpReply::new(code, None, text))
}

fn done(token: u64, results: Vec<Result<SmtpReply, SmtpFailure>>) -> SmtpClientEvent {
    SmtpClientEvent::Done(SmtpOutcome { token, results })
}

const HELLO: (&str, &str) = ("220 foo.com", "EHLO bar.com\r\n");

#[test]
fn a_typical_session_with_a_recipient_who_is_none() {
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
    client.send(NOW, mail(1, &["Jones@foo.com", "Green@foo.com"], b".Blah\r\n..\r\nend")).unwrap();
    client.send(NOW, mail(2, &["Brown@foo.com"], b"")).unwrap();
    client.quit(NOW);
    assert_eq!(client.pending(), 2);
    let events = converse(
        &mut client,
        &[
            HELLO,
            (
                "250-foo.com greets bar.com\r\n250-8BITMIME\r\n250-SIZE 100\r\n250 HELP",
                "MAIL FROM:<Smith@bar.com> SIZE=14\r\n",
            ),
            ("250 OK", "RCPT TO:<Jones@foo.com>\r\n"),
            ("250 OK", "RCPT TO:<Green@foo.com>\r\n"),
            ("550 No such user here", "DATA\r\n"),
            ("354 Start mail input; end with <CRLF>.<CRLF>", "..Blah\r\n...\r\nend\r\n.\r\n"),
            ("250 2.6.0 queued", "MAIL FROM:<Smith@bar.com> SIZE=0\r\n"),
            ("250 OK", "RCPT TO:<Brown@foo.com>\r\n"),
            ("450 4.2.1 later", "RSET\r\n"),
            ("250 OK", "QUIT\r\n"),
            ("221 foo.com closing", ""),
        ],
    );
    let later = SmtpReply::new(450, Some(EnhancedCode(4, 2, 1)), "later");
    let queued = SmtpReply::new(250, Some(EnhancedCode(2, 6, 0)), "queued");
    assert!(later.is_transient() && !SmtpFailure::Refused(later.clone()).is_permanent());
    assert_eq!(
        events,
        [
            SmtpClientEvent::Ready { max_size: Some(100) },
            done(1, vec![Ok(queued), Err(refused(550, "No such user here"))]),
            done(2, vec![Err(SmtpFailure::Refused(later))]),
            SmtpClientEvent::Ended(SmtpEnd::Quit),
        ]
    );
    assert!(client.is_closed() && client.pending() == 0);
    assert!(matches!(client.send(NOW, mail(3, &["a@b"], b"")), Err((_, SmtpFailure::NotSent(_)))));
}

#[test]
fn a_server_of_old_gets_helo() {
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
    client.send(NOW, mail(1, &["a@b"], b"\xe4\r\n")).unwrap();
    client.send(NOW, mail(2, &["a@b"], b"a\r\n")).unwrap();
    let events = converse(
        &mut client,
        &[HELLO, ("500 what?", "HELO bar.com\r\n"), ("250 foo.com", "MAIL FROM:<Smith@bar.com>\r\n")],
    );
    let unfit = SmtpFailure::Unfit("it is of 8 bits, and the server takes 7".to_owned());
    assert!(unfit.is_permanent());
    assert_eq!(events, [SmtpClientEvent::Ready { max_size: None }, done(1, vec![Err(unfit)])]);
    let events = converse(&mut client, &[("552 5.2.2 full", "")]);
    let full = SmtpReply::new(552, Some(EnhancedCode(5, 2, 2)), "full");
    assert_eq!(events, [done(2, vec![Err(SmtpFailure::Refused(full))])]);
    // Idle now, and another mail goes on the same connection.
    client.send(NOW, mail(3, &["a@b"], b"a\r\n")).unwrap();
    assert_eq!(hear(&mut client).0, "MAIL FROM:<Smith@bar.com>\r\n");
}

#[test]
fn a_server_that_does_not_want_is_left() {
    for (turns, reply) in [
        (&[("554 no SMTP here", "QUIT\r\n")][..], SmtpReply::new(554, None, "no SMTP here")),
        (&[HELLO, ("421 later", "")], SmtpReply::new(421, None, "later")),
        (&[HELLO, ("550 go away", "QUIT\r\n")], SmtpReply::new(550, None, "go away")),
        (&[HELLO, ("250 x", "MAIL FROM:<Smith@bar.com>\r\n"), ("421 later", "")], SmtpReply::new(421, None, "later")),
    ] {
        let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
        client.send(NOW, mail(1, &["a@b", "c@d"], b"a\r\n")).unwrap();
        client.send(NOW, mail(2, &["a@b"], b"a\r\n")).unwrap();
        let mut events = converse(&mut client, turns);
        events.retain(|event| !matches!(event, SmtpClientEvent::Ready { .. }));
        let failure = || Err(SmtpFailure::Refused(reply.clone()));
        let want = [
            done(1, vec![failure(), failure()]),
            done(2, vec![failure()]),
            SmtpClientEvent::Ended(SmtpEnd::Refused(reply.clone())),
        ];
        assert_eq!(events, want);
    }
}

/// A client that has sent a mail to two recipients, the second of whom is refused, as far as the answer to DATA.
fn before_content(config: SmtpClientConfig, content: &[u8]) -> SmtpClient {
    let mut client = SmtpClient::new(NOW, config);
    client.send(NOW, mail(1, &["a@b", "c@d"], content)).unwrap();
    for reply in ["220 x", "250 x", "250 x", "250 x", "550 x"] {
        client.handle_input(NOW, SmtpInput::Received(format!("{reply}\r\n").as_bytes()));
    }
    assert!(hear(&mut client).0.ends_with("DATA\r\n"));
    client
}

#[test]
fn what_the_server_has_is_told_from_what_it_may_have() {
    let failure = |client: &mut SmtpClient| {
        let (_, events, _) = hear(client);
        let [SmtpClientEvent::Done(outcome), SmtpClientEvent::Ended(_)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(outcome.results[1], Err(refused(550, "x")));
        outcome.results[0].clone().unwrap_err()
    };
    let mut client = before_content(SmtpClientConfig::new("bar.com"), b"a\r\n");
    client.handle_input(NOW, SmtpInput::Closed);
    assert!(matches!(failure(&mut client), SmtpFailure::NotSent(_)));

    let mut client = before_content(SmtpClientConfig::new("bar.com"), b"a\r\n");
    client.handle_input(NOW, SmtpInput::Received(b"354 go\r\n"));
    assert_eq!(hear(&mut client).0, "a\r\n.\r\n");
    client.handle_input(NOW, SmtpInput::Closed);
    assert!(matches!(failure(&mut client), SmtpFailure::Unknown(_)));

    // A reply in the middle of the content.
    let mut client =
        before_content(SmtpClientConfig { piece: 4, ..SmtpClientConfig::new("bar.com") }, b"0123456789\r\n");
    client.handle_input(NOW, SmtpInput::Received(b"354 go\r\n"));
    assert_eq!(client.poll_output(), Some(SmtpClientOutput::Send(b"0123".to_vec())));
    client.handle_input(NOW, SmtpInput::Received(b"552 too much\r\n"));
    assert_eq!(failure(&mut client), refused(552, "too much"));
}

#[test]
fn a_client_waits_as_long_as_it_should() {
    let secs = |secs| Instant::ZERO + Duration::from_secs(secs);
    // RFC 5321 clause 4.5.3.2.
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
    let mut waits = vec![client.poll_timeout()];
    client.send(NOW, mail(1, &["a@b"], b"0123456789\r\n")).unwrap();
    for reply in ["220 x", "250 x", "250 x", "250 x"] {
        client.handle_input(NOW, SmtpInput::Received(format!("{reply}\r\n").as_bytes()));
        waits.push(client.poll_timeout());
    }
    assert_eq!(waits, [300, 300, 300, 300, 120].map(|at| Some(secs(at))));
    client.handle_timeout(secs(120));
    let (_, events, is_closed) = hear(&mut client);
    assert!(is_closed && events.last() == Some(&SmtpClientEvent::Ended(SmtpEnd::Timeout)));

    // Content that goes on keeps the connection; then its answer has 10 minutes.
    let config = SmtpClientConfig { piece: 4, ..SmtpClientConfig::new("bar.com") };
    let mut client = before_content(config.clone(), b"0123456789\r\n");
    client.handle_input(NOW, SmtpInput::Received(b"354 go\r\n"));
    assert_eq!(client.poll_timeout(), Some(secs(180)));
    client.poll_output();
    client.handle_timeout(secs(180));
    assert_eq!(client.poll_timeout(), Some(secs(360)));
    while client.poll_output().is_some() {}
    client.handle_timeout(secs(360));
    assert_eq!(client.poll_timeout(), Some(secs(960)));
    client.handle_timeout(secs(960));
    assert!(client.is_closed());

    let mut client = before_content(config, b"0123456789\r\n");
    client.handle_input(NOW, SmtpInput::Received(b"354 go\r\n"));
    client.handle_timeout(secs(180));
    assert!(client.is_closed(), "nothing of the content went");

    // Idle: QUIT, and no answer to it.
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
    client.handle_input(NOW, SmtpInput::Received(b"220 x\r\n250 x\r\n"));
    client.handle_timeout(secs(30));
    assert!(hear(&mut client).0.ends_with("QUIT\r\n"));
    client.handle_timeout(secs(150));
    assert_eq!(hear(&mut client).1, [SmtpClientEvent::Ended(SmtpEnd::Quit)]);
}

#[test]
fn what_is_no_smtp_ends_a_client() {
    for stream in [
        &b"hello\r\n"[..],
        b"220 a\n\r\n",
        b"220-a\r\n221 b\r\n",
        b"220 a\r\n354 b\r\n",
        b"220 a\r\n250 b\r\n250 c\r\n",
    ] {
        let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
        client.handle_input(NOW, SmtpInput::Received(stream));
        let (_, events, is_closed) = hear(&mut client);
        let is_told = matches!(events.last(), Some(SmtpClientEvent::Ended(SmtpEnd::Protocol(_))));
        assert!(is_closed && is_told, "{events:?}");
    }
}

#[test]
fn what_cannot_be_sent_comes_back() {
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("bar.com"));
    let from = |from: &str| SmtpSend { from: from.to_owned(), ..mail(1, &["a@b"], b"") };
    for unfit in [
        from("a@b>\r\nRCPT TO:<x@y"),
        from("a"),
        mail(1, &[], b""),
        mail(1, &["a@b", "c@d e"], b""),
        mail(1, &["a@b"], b"a\n.\n"),
        mail(1, &["a@b"], b"a\r"),
    ] {
        let (back, why) = client.send(NOW, unfit.clone()).unwrap_err();
        assert_eq!(*back, unfit);
        assert!(matches!(why, SmtpFailure::Unfit(_)));
    }
    assert_eq!(client.pending(), 0);
}

#[test]
fn our_client_and_our_server_understand_each_other() {
    let size = 3_000_000;
    let content: Vec<u8> = (0..size / 10).flat_map(|n| format!(".{n:07}\r\n").into_bytes()).collect();
    let mut server = SmtpServer::new(NOW, SmtpServerConfig::new("foo.com", size));
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("[192.0.2.1]"));
    let recipients = ["+4915112345678/TYPE=PLMN@foo.com", "\"a b\"@foo.com"];
    for token in 0..3 {
        client.send(NOW, mail(token, &recipients, &content)).unwrap();
    }
    client.quit(NOW);
    let (mut mails, mut outcomes) = (Vec::new(), Vec::new());
    loop {
        let mut is_idle = true;
        while let Some(output) = server.poll_output() {
            is_idle = false;
            match output {
                SmtpServerOutput::Send(octets) => client.handle_input(NOW, SmtpInput::Received(&octets)),
                SmtpServerOutput::Event(SmtpServerEvent::Mail(mail)) => {
                    mails.push(*mail);
                    assert!(server.accept(NOW));
                }
                SmtpServerOutput::Event(SmtpServerEvent::Recipient(_) | SmtpServerEvent::Data { .. }) => {
                    assert!(server.accept(NOW));
                }
                SmtpServerOutput::Close | SmtpServerOutput::Event(_) => {}
            }
        }
        while let Some(output) = client.poll_output() {
            is_idle = false;
            match output {
                SmtpClientOutput::Send(octets) => server.handle_input(NOW, SmtpInput::Received(&octets)),
                SmtpClientOutput::Event(SmtpClientEvent::Done(outcome)) => outcomes.push(outcome),
                SmtpClientOutput::Close | SmtpClientOutput::Event(_) => {}
            }
        }
        if is_idle {
            break;
        }
    }
    assert!(client.is_closed() && server.is_closed());
    assert!(outcomes.len() == 3 && outcomes.iter().all(SmtpOutcome::is_done), "{outcomes:?}");
    assert!(mails.len() == 3 && mails.iter().all(|mail| mail.content == content && mail.recipients == recipients));
}
