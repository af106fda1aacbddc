//! RFC 3261 clause 18: the switch to TCP, where responses go, what is not ours.

use super::{answers, assert_empty, idle};
use crate::sip::net::{Net, address, request};
use crate::sip::{Method, Transport};

fn long_message(octets: usize) -> crate::sip::Request {
    let mut message = request(Method::MESSAGE, 0, 1, 1);
    message.set_body("text/plain", vec![b'x'; octets]);
    message
}

#[test]
fn long_requests_take_tcp_and_come_back_to_udp_when_it_is_refused() {
    for (octets, refused, expected) in [
        (300, false, vec![Transport::Udp]),
        (1300, false, vec![Transport::Tcp]),
        (1300, true, vec![Transport::Tcp, Transport::Udp]),
    ] {
        let mut net = Net::new(1);
        net.add(|c| c, idle);
        net.add(|c| c, answers(200));
        if refused {
            net.refuses_tcp.insert(address(1));
        }
        let now = net.now;
        net.stack(0).send_request(now, long_message(octets), None).unwrap();
        net.run_to_the_end();
        let sent: Vec<_> = net.log.iter().filter(|sent| sent.from == 0).collect();
        assert_eq!(sent.iter().map(|sent| sent.target.transport).collect::<Vec<_>>(), expected);
        for sent in sent {
            let via = format!("Via: SIP/2.0/{} ", sent.target.transport.to_string().to_ascii_uppercase());
            assert!(String::from_utf8_lossy(&sent.bytes).contains(&via), "the Via names the transport that it took");
        }
        assert_eq!(net.told(0)[0].1, "200");
        assert_empty(&net);
    }
}

#[test]
fn a_refused_connection_is_told() {
    let mut net = Net::new(1);
    net.add(|c| c, idle);
    net.add(|c| c, idle);
    net.refuses_tcp.insert(address(1));
    let mut message = request(Method::MESSAGE, 0, 1, 1);
    message.uri = crate::sip::Uri::parse(&format!("sip:{};transport=tcp", address(1))).unwrap();
    let now = net.now;
    net.stack(0).send_request(now, message, None).unwrap();
    net.run_to_the_end();
    assert_eq!(net.told(0), [(10, "failed".into()), (10, "over".into())]);
    assert_empty(&net);
}
