//! SMTP and MM4 against Python's programs for mail: its client against our server, servers of it against our client, and
//! its reader and writer of mails on ours. What Debian's Python lacks is skipped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use protocol::mm4::{ForwardReq, Mm4Address, Mm4Body, Mm4Limits, Mm4Mail, MmContent, MmPart, PreviousSender, Priority};
use protocol::smtp::{
    SmtpClient, SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpInput, SmtpMail, SmtpOutcome,
    SmtpReply, SmtpSend, SmtpServer, SmtpServerConfig, SmtpServerEvent, SmtpServerOutput,
};
use protocol::{Entropy, Instant};
use serde_json::{Value, json};

const PYTHON: &str = "/usr/bin/python3";
/// The machines get no time here: nobody waits.
const NOW: Instant = Instant::ZERO;

/// Python with a script, when it is there and the script finds its modules.
fn python(modules: &str, script: &str) -> Option<Child> {
    let import = format!("import {modules}");
    let found = Command::new(PYTHON).args(["-W", "ignore", "-c", &import]).stderr(Stdio::null()).status();
    if !Path::new(PYTHON).exists() || !found.is_ok_and(|status| status.success()) {
        println!("skipped: {PYTHON} has no {modules}");
        return None;
    }
    let mut command = Command::new(PYTHON);
    command.args(["-W", "ignore", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    Some(command.spawn().expect("python starts"))
}

fn tell(child: &mut Child, job: &Value) {
    let stdin = child.stdin.as_mut().expect("stdin is piped");
    stdin.write_all(format!("{job}\n").as_bytes()).expect("python reads");
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn of_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
}

fn blocking(stream: &TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time");
}

/// Serves one connection: `refused` has no mailbox. The mails that it took.
fn serve(mut stream: TcpStream, config: SmtpServerConfig, refused: &str) -> Vec<SmtpMail> {
    blocking(&stream);
    let mut server = SmtpServer::new(NOW, config);
    let (mut mails, mut octets) = (Vec::new(), vec![0; 10_000]);
    loop {
        while let Some(output) = server.poll_output() {
            match output {
                SmtpServerOutput::Send(octets) => stream.write_all(&octets).expect("the other side reads"),
                SmtpServerOutput::Event(SmtpServerEvent::Recipient(recipient)) if recipient.to == refused => {
                    assert!(server.refuse(NOW, SmtpReply::no_mailbox("nobody of that name")));
                }
                SmtpServerOutput::Event(SmtpServerEvent::Recipient(_) | SmtpServerEvent::Data { .. }) => {
                    assert!(server.accept(NOW));
                }
                SmtpServerOutput::Event(SmtpServerEvent::Mail(mail)) => {
                    mails.push(*mail);
                    assert!(server.accept(NOW));
                }
                SmtpServerOutput::Close => return mails,
                SmtpServerOutput::Event(_) => {}
            }
        }
        let length = stream.read(&mut octets).expect("the other side speaks");
        assert_ne!(length, 0, "the other side closes without QUIT");
        server.handle_input(NOW, SmtpInput::Received(&octets[..length]));
    }
}

/// Sends mails over one connection; what came of them.
fn send(mut stream: TcpStream, mails: Vec<SmtpSend>) -> Vec<SmtpOutcome> {
    blocking(&stream);
    let mut client = SmtpClient::new(NOW, SmtpClientConfig::new("[127.0.0.1]"));
    for mail in mails {
        client.send(NOW, mail).expect("it can be sent");
    }
    client.quit(NOW);
    let (mut outcomes, mut octets) = (Vec::new(), vec![0; 10_000]);
    loop {
        while let Some(output) = client.poll_output() {
            match output {
                SmtpClientOutput::Send(octets) => stream.write_all(&octets).expect("the other side reads"),
                SmtpClientOutput::Event(SmtpClientEvent::Done(outcome)) => outcomes.push(outcome),
                SmtpClientOutput::Event(SmtpClientEvent::Ended(why)) => {
                    assert_eq!(why, protocol::smtp::SmtpEnd::Quit);
                    return outcomes;
                }
                SmtpClientOutput::Close | SmtpClientOutput::Event(_) => {}
            }
        }
        match stream.read(&mut octets).expect("the other side speaks") {
            0 => client.handle_input(NOW, SmtpInput::Closed),
            length => client.handle_input(NOW, SmtpInput::Received(&octets[..length])),
        }
    }
}

const SMTPLIB: &str = r#"
import json, smtplib, sys
job = json.loads(sys.stdin.readline())
with smtplib.SMTP("127.0.0.1", job["port"], local_hostname="client.example", timeout=120) as smtp:
    said = {"ehlo": smtp.ehlo()[0], "features": dict(smtp.esmtp_features), "vrfy": smtp.verify("a")[0], "refused": []}
    for mail in job["mails"]:
        try:
            refused = smtp.sendmail(mail["from"], mail["to"], bytes.fromhex(mail["content"]), mail["options"])
            said["refused"].append({to: why[0] for to, why in refused.items()})
        except smtplib.SMTPResponseException as problem:
            said["refused"].append(problem.smtp_code)
        except smtplib.SMTPRecipientsRefused as problem:
            said["refused"].append({to: why[0] for to, why in problem.recipients.items()})
print(json.dumps(said))
"#;

#[test]
fn smtplib_sends_to_our_server() {
    let Some(mut child) = python("smtplib", SMTPLIB) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let content = b".\r\n..\r\nhello \xc3\xa4\r\n.\r\n\r\n";
    let mail = |to: &[&str], content: &[u8], options: &[&str]| json!({ "from": "a@b.example", "to": to, "content": hex(content), "options": options });
    let plmn = "+4915112345678/TYPE=PLMN@mms.example.net";
    let large = [b"0123456789".repeat(9), b"\r\n".to_vec()].concat().repeat(2000);
    let mails = [
        mail(&[plmn, "nobody@mms.example.net"], content, &["body=8bitmime"]),
        mail(&["nobody@mms.example.net"], content, &[]),
        mail(&["c@d"], &large, &[]),
        mail(&["c@d"], &[large.as_slice(), b"x"].concat(), &[]),
        mail(&["c@d"], b"", &[]),
    ];
    tell(&mut child, &json!({ "port": port, "mails": mails }));
    let (stream, _) = listener.accept().unwrap();
    let taken = serve(stream, SmtpServerConfig::new("mms.example.net", large.len()), "nobody@mms.example.net");
    let said: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    assert!(child.wait().unwrap().success());
    let features =
        json!({ "size": large.len().to_string(), "8bitmime": "", "pipelining": "", "enhancedstatuscodes": "" });
    assert_eq!((&said["ehlo"], &said["features"], &said["vrfy"]), (&json!(250), &features, &json!(252)));
    let nobody = json!({ "nobody@mms.example.net": 550 });
    assert_eq!(said["refused"], json!([nobody, nobody, {}, 552, {}]));
    let taken: Vec<_> = taken.into_iter().map(|mail| (mail.recipients, mail.content)).collect();
    let want = |to: &str, content: &[u8]| (vec![to.to_owned()], content.to_vec());
    assert_eq!(taken, [want(plmn, content), want("c@d", &large), want("c@d", b"\r\n")]);
}

/// Takes mails until QUIT: its port first, then each mail.
const SMTPD: &str = r#"
import asyncore, json, smtpd, sys
class Server(smtpd.SMTPServer):
    def process_message(self, peer, mailfrom, rcpttos, data, **other):
        print(json.dumps({"from": mailfrom, "to": rcpttos, "content": data.hex()}), flush=True)
server = Server(("127.0.0.1", 0), None, data_size_limit=1000000, decode_data=False)
print(server.socket.getsockname()[1], flush=True)
asyncore.loop(timeout=30)
"#;

const AIOSMTPD: &str = r#"
import json, sys
from aiosmtpd.controller import Controller
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 nobody"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": envelope.content.hex()}), flush=True)
        return "250 2.6.0 taken"
import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
controller = Controller(Handler(), hostname="127.0.0.1", port=port, data_size_limit=1000000, ready_timeout=60)
controller.start()
print(port, flush=True)
sys.stdin.readline()
controller.stop()
"#;

/// What a server of Python gets of mails of ours, and what it tells our client.
fn to_server(modules: &str, script: &str, mails: Vec<SmtpSend>) -> Option<(Vec<Value>, Vec<SmtpOutcome>)> {
    let mut child = python(modules, script)?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port: u16 = lines.next().unwrap().unwrap().parse().unwrap();
    // What it prints is read at once: it waits for that.
    let (told, hears) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| told.send(line)));
    let outcomes = send(TcpStream::connect(("127.0.0.1", port)).unwrap(), mails);
    let count = outcomes.iter().filter(|outcome| outcome.results.iter().any(Result::is_ok)).count();
    let taken = (0..count).map(|_| hears.recv_timeout(Duration::from_secs(120)).expect("a mail"));
    let taken = taken.map(|line| serde_json::from_str(&line).unwrap()).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap().unwrap();
    Some((taken, outcomes))
}

fn mail(token: u64, to: &[&str], content: &[u8]) -> SmtpSend {
    let recipients = to.iter().map(|to| (*to).to_owned()).collect();
    SmtpSend { token, from: "system-user@mms.example.org".to_owned(), recipients, content: content.to_vec() }
}

#[test]
fn our_client_sends_to_servers_of_python() {
    let content = [&b".\r\n..a\r\n\r\n"[..], &b"0123456789abcdef\r\n".repeat(10_000), b".\r\nend\r\n"].concat();
    let plmn = "+4915112345678/TYPE=PLMN@mms.example.net";
    let mails =
        || vec![mail(1, &[plmn, "c@d"], &content), mail(2, &["c@d"], &[b'x'; 1_000_001]), mail(3, &["c@d"], b"x\r\n")];
    if let Some((taken, outcomes)) = to_server("smtpd, asyncore", SMTPD, mails()) {
        // It takes the last line's end off, and tells lines as they end in its host.
        let lines =
            |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap().replace("\r\n", "\n").trim_end().to_owned();
        let contents: Vec<_> = taken.iter().map(|mail| lines(&of_hex(mail["content"].as_str().unwrap()))).collect();
        assert_eq!(contents, [lines(&content), "x".to_owned()]);
        assert_eq!(taken[0]["to"], json!([plmn, "c@d"]));
        assert_eq!(outcomes.iter().map(SmtpOutcome::is_done).collect::<Vec<_>>(), [true, false, true]);
        assert!(matches!(outcomes[1].results[0], Err(SmtpFailure::Unfit(_))), "{:?}", outcomes[1]);
    }
    let mut mails = mails();
    mails.push(mail(4, &["nobody@a.example", "c@d"], b"a\r\n"));
    mails.push(mail(5, &["nobody@a.example"], b"b\r\n"));
    mails.push(mail(6, &["c@d"], b"gr\xc3\xbc\xc3\x9fe\r\n"));
    if let Some((taken, outcomes)) = to_server("aiosmtpd", AIOSMTPD, mails) {
        let contents: Vec<_> = taken.iter().map(|mail| of_hex(mail["content"].as_str().unwrap())).collect();
        assert_eq!(contents, [content, b"x\r\n".to_vec(), b"a\r\n".to_vec(), b"gr\xc3\xbc\xc3\x9fe\r\n".to_vec()]);
        assert_eq!(
            outcomes.iter().map(SmtpOutcome::is_done).collect::<Vec<_>>(),
            [true, false, true, false, false, true]
        );
        let code = |at: usize| match &outcomes[at].results[0] {
            Err(SmtpFailure::Refused(reply)) => (reply.code, reply.enhanced.map(|code| code.to_string())),
            other => panic!("{other:?}"),
        };
        let nobody = (550, Some("5.1.1".to_owned()));
        assert_eq!((code(3), code(4)), (nobody.clone(), nobody));
        let taken = outcomes[3].results[1].as_ref().unwrap();
        assert_eq!((taken.code, taken.text.as_str()), (250, "taken"));
    }
}

/// Reads a mail, and writes it again as an MTA would that changes all it may: other folding, quoted-printable for base64.
const EMAIL: &str = r#"
import binascii, email, email.policy, json, sys
job = json.loads(sys.stdin.readline())
octets = bytes.fromhex(job["mail"])
mail = email.message_from_bytes(octets, policy=email.policy.default)
parts = [part for part in mail.walk() if not part.is_multipart()]
said = {
    "defects": [str(d) for part in mail.walk() for d in part.defects],
    "subject": mail["Subject"], "to": [a.addr_spec for a in mail["To"].addresses], "date": mail["Date"].datetime.timestamp(),
    "type": mail.get_content_type(), "start": mail.get_param("start"),
    "priority": mail["X-Mms-Priority"],
    "parts": [{"type": p.get_content_type(), "name": p.get_filename(), "octets": p.get_payload(decode=True).hex(),
               "id": p["Content-ID"], "location": p["Content-Location"]} for p in parts],
}
again = email.message_from_bytes(octets, policy=email.policy.compat32)
for part in again.walk():
    if not part.is_multipart():
        body = part.get_payload(decode=True)
        del part["Content-Transfer-Encoding"]
        # As octets: ends of lines too are escaped, as for what is no text.
        part.set_payload(binascii.b2a_qp(body, quotetabs=True, istext=False).decode("ascii"))
        part["Content-Transfer-Encoding"] = "quoted-printable"
again["Received"] = "from mta.example by other.example; Fri, 21 Nov 1997 09:55:06 -0600"
again.preamble = "This is a MIME message."
policy = email.policy.compat32.clone(linesep="\r\n", max_line_length=40, cte_type="7bit")
said["again"] = again.as_bytes(policy=policy).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").hex()
print(json.dumps(said))
"#;

#[test]
fn python_reads_our_mails_and_we_read_what_it_makes_of_them() {
    let Some(mut child) = python("email", EMAIL) else { return };
    let octets: Vec<u8> = (0..=255).rev().cycle().take(5000).collect();
    let mut content = MmContent::new("multipart/related; start=\"<smil>\"; type=\"application/smil\"");
    let part = |content_type: &str, id: &str, location: &str| MmPart {
        content_type: content_type.to_owned(),
        content_id: Some(id.to_owned()),
        content_location: Some(location.to_owned()),
        ..MmPart::default()
    };
    content.push(part("application/smil", "smil", "pres.smil"), b"<smil>\n</smil>\r\n");
    content.push(
        part("text/plain; charset=\"utf-8\"; name=\"\u{e4} b.txt\"", "t", "a.txt"),
        "Gr\u{fc}\u{df}e\n \t\n.\r\r\n".as_bytes(),
    );
    content.push(part("image/jpeg; name=\"p.jpg\"", "p", "p.jpg"), &octets);
    let subject = "Gr\u{fc}\u{df}e \u{1f600} ".repeat(10).trim().to_owned();
    let request = ForwardReq {
        subject: Some(subject.clone()),
        priority: Some(Priority::High),
        ack_request: Some(true),
        previously_sent: vec![PreviousSender { index: 1, sender: Some("a@b".to_owned()), date: None }],
        originator_system: Some(Mm4Address::system("mms.example.org")),
        content,
        ..ForwardReq::default()
    };
    let to: Vec<_> = (0..5).map(|n| Mm4Address::plmn(&format!("+491511234567{n}"), "mms.example.net")).collect();
    let mail = Mm4Mail {
        from: Some(Mm4Address::plmn("+447700900123", "mms.example.org")),
        to: to.clone(),
        sender: Some(Mm4Address::system("mms.example.org")),
        mail_id: Some("m1@mms.example.org".to_owned()),
        date: Some(880_127_706_000),
        ..Mm4Mail::new("t1", "i1@mms.example.org", Mm4Body::ForwardReq(Box::new(request)))
    };
    let out = mail.emit(&mut Entropy::from_seed([4; 32]));
    tell(&mut child, &json!({ "mail": hex(&out) }));
    let said: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    assert!(child.wait().unwrap().success());
    let Mm4Body::ForwardReq(request) = &mail.body else { unreachable!("it was made above") };
    let parts = request.content.parts.iter().map(|part| hex(request.content.octets_of(part))).collect::<Vec<_>>();
    let to: Vec<_> = to.iter().map(ToString::to_string).collect();
    let wanted = json!({
        "defects": [], "subject": subject, "to": to, "date": 880_127_706.0, "priority": "High",
        "type": "multipart/related", "start": "<smil>",
        "parts": [
            { "type": "application/smil", "name": null, "octets": parts[0], "id": "<smil>", "location": "pres.smil" },
            { "type": "text/plain", "name": "\u{e4} b.txt", "octets": parts[1], "id": "<t>", "location": "a.txt" },
            { "type": "image/jpeg", "name": "p.jpg", "octets": parts[2], "id": "<p>", "location": "p.jpg" },
        ],
    });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&said[name], value, "{name}");
    }
    let again = of_hex(said["again"].as_str().unwrap());
    assert!(String::from_utf8_lossy(&again).contains("quoted-printable"));
    let mut again = Mm4Mail::parse(&again, &Mm4Limits::default()).unwrap();
    assert_eq!(again.others.pop().map(|(name, _)| name).as_deref(), Some("Received"));
    assert_eq!(again, mail);
}
