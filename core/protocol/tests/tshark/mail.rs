//! MM4 over SMTP as another program reads it.

use etherparse::PacketBuilder;
use protocol::mm4::{
    DeliveryReportReq, Expiry, ForwardReq, Mm4Address, Mm4Body, Mm4Mail, MmContent, MmPart, MmStatus, Priority,
    RequestStatus,
};
use protocol::smtp::{
    SmtpClient, SmtpClientConfig, SmtpClientOutput, SmtpInput, SmtpReply, SmtpSend, SmtpServer, SmtpServerConfig,
    SmtpServerEvent, SmtpServerOutput,
};
use protocol::{Entropy, Instant};

use super::RAW_IP;
use super::capture::{capture, tshark};

const NOW: Instant = Instant::ZERO;

/// What is said on a connection over which these mails go to two recipients, the second of whom is nobody: by the server?
fn conversation(mails: &[Vec<u8>]) -> Vec<(bool, Vec<u8>)> {
    let mut server = SmtpServer::new(NOW, SmtpServerConfig::new("mms.example.org", 100_000));
    let mut client = SmtpClient::new(NOW, SmtpClientConfig { piece: 900, ..SmtpClientConfig::new("mms.example.net") });
    for content in mails {
        let recipients = ["+447700900123/TYPE=PLMN@mms.example.org", "nobody@mms.example.org"].map(str::to_owned);
        let from = "system-user@mms.example.net".to_owned();
        let mail = SmtpSend { token: 0, from, recipients: recipients.to_vec(), content: content.clone() };
        client.send(NOW, mail).unwrap();
    }
    client.quit(NOW);
    let mut said = Vec::new();
    loop {
        let before = said.len();
        while let Some(output) = server.poll_output() {
            match output {
                SmtpServerOutput::Send(octets) => {
                    client.handle_input(NOW, SmtpInput::Received(&octets));
                    said.push((true, octets));
                }
                SmtpServerOutput::Event(SmtpServerEvent::Recipient(who)) if who.to.starts_with("nobody") => {
                    assert!(server.refuse(NOW, SmtpReply::no_mailbox("nobody")));
                }
                SmtpServerOutput::Event(
                    SmtpServerEvent::Recipient(_) | SmtpServerEvent::Data { .. } | SmtpServerEvent::Mail(_),
                ) => assert!(server.accept(NOW)),
                SmtpServerOutput::Close | SmtpServerOutput::Event(_) => {}
            }
        }
        while let Some(output) = client.poll_output() {
            if let SmtpClientOutput::Send(octets) = output {
                server.handle_input(NOW, SmtpInput::Received(&octets));
                said.push((false, octets));
            }
        }
        if said.len() == before {
            assert!(client.is_closed() && server.is_closed());
            return said;
        }
    }
}

fn packets(said: &[(bool, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut next = [1_u32, 1];
    let packet = |(is_server, octets): &(bool, Vec<u8>)| {
        let from = usize::from(*is_server);
        let port = [40_000, 25];
        let builder = PacketBuilder::ipv4([10, 46, 0, from as u8 + 1], [10, 46, 0, 2 - from as u8], 64)
            .tcp(port[from], port[1 - from], next[from], 65_000)
            .ack(next[1 - from])
            .psh();
        let mut packet = Vec::new();
        builder.write(&mut packet, octets).unwrap();
        next[from] += octets.len() as u32;
        packet
    };
    said.iter().map(packet).collect()
}

fn mails() -> [Mm4Mail; 3] {
    let mut content = MmContent::new("multipart/related; start=\"<smil>\"; type=\"application/smil\"");
    let part = |content_type: &str, name: &str| MmPart {
        content_type: content_type.to_owned(),
        content_id: Some(name.to_owned()),
        content_location: Some(name.to_owned()),
        ..MmPart::default()
    };
    content.push(part("application/smil", "smil"), b"<smil/>");
    content.push(part("text/plain; charset=utf-8", "a.txt"), "Gr\u{fc}\u{df}e\r\n.\r\n".as_bytes());
    content.push(part("image/png", "b.png"), &[0x89; 2000]);
    let request = ForwardReq {
        message_class: Some("Personal".to_owned()),
        expiry: Some(Expiry::At(880_127_706_000)),
        delivery_report: Some(true),
        priority: Some(Priority::Normal),
        subject: Some("Gr\u{fc}\u{df}e".to_owned()),
        ack_request: Some(true),
        originator_system: Some(Mm4Address::system("mms.example.net")),
        content,
        ..ForwardReq::default()
    };
    let (originator, recipient) =
        (Mm4Address::plmn("+4915112345678", "mms.example.net"), Mm4Address::plmn("+447700900123", "mms.example.org"));
    let forward = Mm4Mail {
        from: Some(originator.clone()),
        to: vec![recipient.clone()],
        sender: Some(Mm4Address::system("mms.example.net")),
        mail_id: Some("m1@mms.example.net".to_owned()),
        date: Some(880_127_706_000),
        ..Mm4Mail::new("t1", "i1@mms.example.net", Mm4Body::ForwardReq(Box::new(request)))
    };
    let response = forward.response(&Mm4Address::system("mms.example.org"), RequestStatus::Ok, Some("fine")).unwrap();
    let report = DeliveryReportReq {
        status: MmStatus::Retrieved,
        extension: None,
        text: None,
        ack_request: Some(false),
        forward_to_originator: Some(true),
    };
    let report = Mm4Mail {
        from: Some(recipient),
        to: vec![originator],
        ..Mm4Mail::new("t2", "i1@mms.example.net", Mm4Body::DeliveryReportReq(report))
    };
    [forward, response, report]
}

#[test]
fn tshark_reads_mails_over_smtp() {
    let mut entropy = Entropy::from_seed([4; 32]);
    let contents = mails().map(|mail| mail.emit(&mut entropy));
    let pcap = capture(RAW_IP, packets(&conversation(&contents)));
    let Some(said) = tshark(&pcap, &["-V"]) else { return };
    assert!(!said.contains("Malformed") && !said.contains("Expert Info (Error"), "{said}");
    let mut rest = said.as_str();
    for words in [
        "Response code: <domain> Service ready (220)",
        "Command: EHLO",
        "Response parameter: SIZE 100000",
        "Command: MAIL",
        "Request parameter: FROM:<system-user@mms.example.net> SIZE=",
        "Request parameter: TO:<+447700900123/TYPE=PLMN@mms.example.org>",
        "Request parameter: TO:<nobody@mms.example.org>",
        "(550)",
        "Command: DATA",
        "(354)",
        "Internet Message Format",
        "From: +4915112345678/TYPE=PLMN@mms.example.net, 1 item",
        "To: +447700900123/TYPE=PLMN@mms.example.org, 1 item",
        "Message-ID: <m1@mms.example.net>",
        "X-Mms-Message-Type: MM4_forward.REQ",
        "X-Mms-Originator-System: system-user@mms.example.net",
        "MIME Multipart Media Encapsulation, Type: multipart/related",
        "Content-Type: application/smil",
        "Content-ID: <a.txt>",
        "Content-Type: image/png",
        "X-Mms-Message-Type: MM4_forward.RES",
        "X-Mms-Request-Status-Code: Ok",
        "X-Mms-Message-Type: MM4_delivery_report.REQ",
        "X-Mms-MM-Status-Code: Retrieved",
        "Command: QUIT",
        "(221)",
    ] {
        let at = rest.find(words).unwrap_or_else(|| panic!("{words:?} is missing, in this order, in:\n{said}"));
        rest = &rest[at..];
    }
}

/// It puts the contents together as we had them before dots were stuffed.
#[test]
fn tshark_finds_the_contents() {
    let mut entropy = Entropy::from_seed([4; 32]);
    let contents = mails().map(|mail| mail.emit(&mut entropy));
    let folder = std::env::temp_dir().join(format!("castbench-imf-{}", std::process::id()));
    let pcap = capture(RAW_IP, packets(&conversation(&contents)));
    let export = format!("imf,{}", folder.display());
    if tshark(&pcap, &["-q", "--export-objects", &export]).is_none() {
        return;
    }
    let found: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    std::fs::remove_dir_all(&folder).unwrap();
    // It takes the last CRLF of a content that fits in one packet for a part of its end.
    let without_end = |octets: &[u8]| octets.trim_ascii_end().to_vec();
    let mut found: Vec<_> = found.iter().map(|octets| without_end(octets)).collect();
    let mut wanted: Vec<_> = contents.iter().map(|octets| without_end(octets)).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found.len(), 3);
    assert!(found == wanted, "{}", String::from_utf8_lossy(&found.concat()));
}
