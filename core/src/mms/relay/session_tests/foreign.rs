//! A relay of somebody else: what it sends stands in the test as it goes over the wire.

use super::*;
use crate::node::{NodeInput, NodeOutput, StreamInput, StreamOutput};

/// What is to be said on a connection of its own each, and what was answered.
#[derive(Debug, Default)]
struct Desk {
    orders: Vec<String>,
    said: String,
}

#[derive(Debug)]
struct Foreign {
    desk: Arc<Mutex<Desk>>,
    going: Vec<String>,
    out: std::collections::VecDeque<NodeOutput>,
}

const HERE: &str = "10.48.0.71";

impl Node for Foreign {
    fn handle_input(&mut self, _: Instant, input: NodeInput<'_>) {
        let orders = std::mem::take(&mut self.desk.lock().unwrap().orders);
        for order in orders {
            let (token, remote) = (self.going.len() as u64, SocketAddr::new(ip(&B[7..]), 25));
            self.going.push(order);
            self.out.push_back(NodeOutput::Stream(StreamOutput::Connect { token, remote }));
        }
        match input {
            NodeInput::Stream(StreamInput::Connected { conn, token: Some(token), .. }) => {
                let bytes = self.going[token as usize].replace('\n', "\r\n").into_bytes();
                self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
            }
            NodeInput::Stream(StreamInput::Received { bytes, .. }) => {
                self.desk.lock().unwrap().said.push_str(str::from_utf8(bytes).unwrap());
            }
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// The relays know a third one, which says this to B; what B answers.
fn says(net: &mut Net, desk: &Arc<Mutex<Desk>>, order: &str) -> String {
    desk.lock().unwrap().orders.push(order.to_owned());
    net.poke("F");
    net.run_ms(2_000);
    std::mem::take(&mut desk.lock().unwrap().said)
}

fn net() -> (Net, Arc<Mutex<Desk>>) {
    let mut net = Net::with(1, |config| {
        // An MTA there is on the way to the others, too.
        let others = config.relays.iter_mut();
        others.for_each(|own| own.from = vec![TrustedPeer::host(own.next_hop.ip()), TrustedPeer::host(ip(HERE))]);
        config.relays.push(OtherRelay::new("f", "mms.f.example", SocketAddr::new(ip(HERE), 25)));
    });
    let desk: Arc<Mutex<Desk>> = Arc::default();
    let (going, out) = Default::default();
    let node = Box::new(Foreign { desk: Arc::clone(&desk), going, out });
    net.fabric.add(net.now, "F", Role::MmsRelay, ip(HERE), node, store());
    (net, desk)
}

fn mail(to: &str, content: &str) -> String {
    format!("EHLO f\nMAIL FROM:<system-user@mms.f.example>\nRCPT TO:<{to}>\nDATA\n{content}\n.\nQUIT\n")
}

fn forward(id: &str, headers: &str) -> String {
    let content = format!(
        "From: +491741000001/TYPE=PLMN@mms.f.example\nSender: system-user@mms.f.example\n\
         To: +{CAROL}/TYPE=PLMN@mms.b.example\nDate: Sun, 22 Nov 2026 00:00:00 +0000\n\
         X-Mms-3GPP-MMS-Version: 6.10.0\nX-Mms-Message-Type: MM4_forward.REQ\nX-Mms-Transaction-ID: {id}\n\
         X-Mms-Message-ID: {id}@mms.f.example\nX-Mms-Originator-System: system-user@mms.f.example\n{headers}\
         Content-Type: text/plain\n\nhello"
    );
    mail(&format!("+{CAROL}/TYPE=PLMN@mms.b.example"), &content)
}

#[test]
fn a_relay_that_wants_reports_for_itself_gets_them() {
    for (headers, reports) in [
        ("", 0),
        ("X-Mms-Originator-R/S-Delivery-Report: Yes\n", 1),
        ("X-Mms-Delivery-Report: Yes\nX-Mms-Originator-R/S-Delivery-Report: No\n", 1),
    ] {
        let (mut net, desk) = net();
        let said = says(&mut net, &desk, &forward("x1", headers));
        assert!(said.contains("250 2.0.0"), "{said}");
        let ind = net.notification(CAROL);
        assert_eq!(ind.delivery_report, Some(headers.contains("Mms-Delivery-Report: Yes")));
        assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::REJECTED)), 200);
        net.run_ms(2_000);
        assert_eq!(net.figure("B", "mms_reports"), reports, "{headers}");
    }
}

#[test]
fn the_postmaster_is_always_there() {
    let (mut net, desk) = net();
    for to in ["postmaster", "Postmaster@mms.b.example", "system-user@mms.b.example"] {
        let note = "From: <>\nSubject: Undelivered\nContent-Type: text/plain\n\nIt did not go.";
        let said = says(&mut net, &desk, &mail(to, note));
        assert!(said.contains("250 2.1.5") && said.contains("250 2.0.0"), "{to}: {said}");
    }
    assert!(net.notes.iter().any(|note| note.contains("Undelivered")), "{:#?}", net.notes);
    let said = says(&mut net, &desk, &mail("postmaster@mms.c.example", "Subject: x\n\nx"));
    assert!(said.contains("550"), "{said}");
    net.is_empty();
}

#[test]
fn a_message_that_an_mta_on_the_way_could_not_deliver_is_reported() {
    let (mut net, desk) = net();
    net.lost = &["MM4 A>B MM4_forward.RES"];
    let (req, body) = send_req("t1", &[ALICE, BOB]);
    let conf = net.send(CAROL, req, &body);
    net.run_ms(2_000);
    // The number of the request is the one behind that of the message.
    let message_id = conf.message_id.unwrap();
    let task = u64::from_str_radix(&message_id[..16], 16).unwrap() + 1;
    let report = |who: &str| {
        let report = format!(
            "From: MTA <mta@mms.f.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; f\n\n\
             Final-Recipient: rfc822; +{who}/TYPE=PLMN@mms.a.example\nAction: failed\nStatus: 5.1.1\n\n\
             --b\nContent-Type: text/rfc822-headers\n\nX-Mms-Message-Type: MM4_forward.REQ\n\
             X-Mms-Transaction-ID: {task:x}\n\n--b--"
        );
        mail("system-user@mms.b.example", &report).replace("system-user@mms.f.example", "")
    };
    let said = says(&mut net, &desk, &report(BOB));
    assert!(said.contains("250 2.0.0"), "{said}");
    let [MmsPdu::DeliveryInd(ind)] = &net.pushes(CAROL)[..] else { panic!("{:#?}", net.notes) };
    assert_eq!((ind.to[0].text(), ind.status), (format!("+{BOB}/TYPE=PLMN"), MmsStatus::UNREACHABLE));
    // It changes nothing for the other one, nor when it comes again.
    says(&mut net, &desk, &report(BOB));
    assert_eq!((net.pushes(CAROL), net.figure("B", "mms_messages_kept")), (vec![], 1));
    net.lost = &[];
    net.run_ms(60 * 60_000);
    assert_eq!((net.pushes(CAROL), net.figure("B", "mms_messages_kept")), (vec![], 0));
}
