//! A conference of users of the IMS, through all CSCFs (TS 24.147 clause 5.3): created, joined, extended by REFER, watched,
//! heard on Mb, left.

use std::time::Duration;

use core_network::ims::{ConferenceConfig, ConferenceServer, NetworkBox};
use protocol::rtp::{AudioPeer, FRAME_SAMPLES, G711, RtpReceiver, RtpSender, Tone, amplitude_of};
use protocol::sip::{Request, Response, SipMessage};
use protocol::{Entropy, Joint};

use super::network::{Network, plan, ue_address};
use super::ue::{DOMAIN, Ue};

/// Hertz of what the users say.
const TONES: [f64; 2] = [500.0, 900.0];

fn network() -> (Network, Ue, Ue) {
    let mut network = Network::new();
    let config = ConferenceConfig::new(plan(0).session_server(NetworkBox::Conference));
    let server = ConferenceServer::new(config, Entropy::of_box(1, "conference")).unwrap();
    network.add_server(NetworkBox::Conference, Box::new(server));
    let (mut a, mut b) = (Ue::new(1), Ue::new(2));
    assert_eq!(network.register(&mut a, 3600).status, 200, "{:?}", network.notes);
    assert_eq!(network.register(&mut b, 3600).status, 200, "{:?}", network.notes);
    (network, a, b)
}

fn sdp(n: u8) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 10.45.0.{n}\r\ns=-\r\nc=IN IP4 10.45.0.{n}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 97 8\r\n\
         a=rtpmap:97 AMR/8000\r\n"
    )
}

fn join(network: &mut Network, ue: &mut Ue, n: u8, uri: &str) -> (Request, Response) {
    let mut invite = ue.request("INVITE", uri);
    invite.set_body("application/sdp", sdp(n));
    let ok = network.ask(&invite);
    assert_eq!(ok.status, 200, "{:?}", network.notes);
    assert!(ok.headers.get("Contact").unwrap().ends_with(";isfocus"), "{ok:?}");
    network.send(&ue.name.clone(), SipMessage::Request(ue.within("ACK", &invite, &ok, 1)));
    (invite, ok)
}

/// Both speak for 400 ms; what each has heard then, and who is named in the newest packet.
fn speak(network: &mut Network, answers: [&[u8]; 2]) -> [(Vec<i16>, usize); 2] {
    let peers = answers.map(|answer| AudioPeer::of(answer).unwrap());
    let mut senders = [1, 2].map(|seed| RtpSender::new(&mut Entropy::from_seed([seed; 32]), G711::A));
    let mut tones = TONES.map(|frequency| Tone::new(frequency, 6000.0));
    let mut receivers = [RtpReceiver::default(), RtpReceiver::default()];
    let mut heard = [Vec::new(), Vec::new()];
    network.media.clear();
    for _ in 0..40 {
        for n in [0, 1] {
            let mut from = ue_address(n as u8 + 1);
            from.set_port(4000);
            let packet = senders[n].packet(&tones[n].samples(FRAME_SAMPLES), &[]);
            network.fabric.datagram_from_outside(from, peers[n].remote, packet);
        }
        network.run(Duration::from_millis(20));
        for (to, bytes) in std::mem::take(&mut network.media) {
            let n = usize::from(to.ip() != ue_address(1).ip());
            if to.port() == 4000 {
                receivers[n].receive(network.now, &bytes).unwrap();
            }
        }
        for n in [0, 1] {
            heard[n].extend(receivers[n].pop(FRAME_SAMPLES).unwrap_or_else(|| vec![0; FRAME_SAMPLES]));
        }
    }
    let [first, second] = heard;
    let sources = receivers.map(|receiver| receiver.csrc().len());
    [(first[3200..].to_vec(), sources[0]), (second[3200..].to_vec(), sources[1])]
}

fn assert_heard(heard: &[(Vec<i16>, usize); 2]) {
    for n in [0, 1] {
        let loud = |frequency: f64| amplitude_of(frequency, &heard[n].0);
        assert!(loud(TONES[1 - n]) > 5000.0 && loud(TONES[n]) < 100.0, "UE {n} hears {} {}", loud(500.0), loud(900.0));
        assert_eq!(heard[n].1, 1, "one contributing source");
    }
}

#[test]
fn users_create_join_and_leave_a_conference() {
    let (mut network, mut a, mut b) = network();
    let (invite, ok) = join(&mut network, &mut a, 1, &format!("sip:conference-factory@conference.{DOMAIN}"));
    let uri = ok.contact().unwrap().unwrap().uri.to_string();
    assert!(uri.starts_with("sip:conf-") && uri.ends_with(&format!("@conference.{DOMAIN}")), "{uri}");

    let mut subscribe = a.request("SUBSCRIBE", &uri);
    subscribe.headers.append("Event", "conference");
    subscribe.headers.append("Expires", "600");
    assert_eq!(network.ask(&subscribe).status, 200, "{:?}", network.notes);
    let full = network.request("ue1");
    assert!(String::from_utf8_lossy(&full.body).contains("state=\"full\""), "{full:?}");
    network.reply("ue1", &full, 200, &[]);

    let (invite_b, ok_b) = join(&mut network, &mut b, 2, &uri);
    let partial = network.request("ue1");
    assert!(String::from_utf8_lossy(&partial.body).contains(&b.impu), "{partial:?}");
    network.reply("ue1", &partial, 200, &[]);
    let heard = speak(&mut network, [&ok.body, &ok_b.body]);
    assert_heard(&heard);

    network.send("ue2", SipMessage::Request(b.within("BYE", &invite_b, &ok_b, 2)));
    assert_eq!(network.response("ue2").status, 200);
    let gone = network.request("ue1");
    assert!(String::from_utf8_lossy(&gone.body).contains("departed"), "{gone:?}");
    network.reply("ue1", &gone, 200, &[]);
    network.send("ue1", SipMessage::Request(a.within("BYE", &invite, &ok, 2)));
    assert_eq!(network.response("ue1").status, 200);
    assert!(network.notes.iter().any(|note| note.contains("nobody is in it any more")), "{:?}", network.notes);
}

#[test]
fn a_user_is_called_into_a_conference_by_refer() {
    let (mut network, mut a, b) = network();
    let (_, ok) = join(&mut network, &mut a, 1, &format!("sip:conference-factory@conference.{DOMAIN}"));
    let uri = ok.contact().unwrap().unwrap().uri.to_string();
    let mut refer = a.request("REFER", &uri);
    refer.headers.append("Refer-To", &format!("<{};method=INVITE>", b.impu));
    assert_eq!(network.ask(&refer).status, 202, "{:?}", network.notes);
    let invite = network.request("ue2");
    assert_eq!(invite.headers.get("P-Asserted-Identity"), Some(format!("<{uri}>").as_str()));
    assert_eq!(invite.headers.get("Referred-By"), Some(format!("<{}>", a.impu).as_str()));
    let mut accepted = Response::to(&invite, 200, None);
    accepted.set_to_tag("ue2");
    accepted.headers.copy_from(&invite.headers, "Record-Route");
    accepted.headers.append("Contact", &format!("<{}>", b.contact));
    accepted.set_body("application/sdp", sdp(2).replace("97 8", "8").replace("a=rtpmap:97 AMR/8000\r\n", ""));
    network.send("ue2", SipMessage::Response(accepted));
    assert_eq!(network.request("ue2").method.as_str(), "ACK");
    let mut told = Vec::new();
    for _ in 0..2 {
        let notify = network.request("ue1");
        told.push(String::from_utf8_lossy(&notify.body).into_owned());
        network.reply("ue1", &notify, 200, &[]);
    }
    assert_eq!(told, ["SIP/2.0 100 Trying\r\n", "SIP/2.0 200 OK\r\n"]);
    let heard = speak(&mut network, [&ok.body, &invite.body]);
    assert_heard(&heard);
    assert!(network.wire.iter().any(|(joint, _)| *joint == Joint::Mb));
}
