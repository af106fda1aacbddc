//! Messages that wait, and messages to lists, through the whole network.

use std::time::Duration;

use core_network::ims::{MessagingConfig, MessagingServer, NetworkBox};
use protocol::Joint;
use protocol::sip::{Method, Request, SipMessage};

use super::network::{Network, plan};
use super::ue::{DOMAIN, Ue};

const PROFILE: &str = r#"
[[profile.ifc]]
priority = 1
server = "sip:messaging.ims.mnc001.mcc001.3gppnetwork.org"
trigger = [{ method = "REGISTER" }]
[[profile.ifc]]
priority = 2
server = "sip:messaging.ims.mnc001.mcc001.3gppnetwork.org"
trigger = [{ method = "MESSAGE" }, { session_case = "terminating_unregistered" }]
"#;

fn network() -> Network {
    let mut network = Network::with(PROFILE, None);
    let mut config = MessagingConfig::new(&format!("sip:messaging.{DOMAIN}"), NetworkBox::Messaging.sip());
    config.hosts = plan(0).hosts();
    config.next_hop = Some(format!("sip:icscf.{DOMAIN}"));
    config.trusted = vec!["10.46.0.2".parse().unwrap(), "10.46.0.3".parse().unwrap()];
    config.reach.domains = vec![DOMAIN.to_owned()];
    config.utc_ms_at_zero = 1_795_305_600_000;
    network.add_messaging(config);
    network
}

impl Network {
    fn add_messaging(&mut self, config: MessagingConfig) {
        let node = MessagingServer::new(config, protocol::Entropy::of_box(1, "messaging")).unwrap();
        self.add_server(NetworkBox::Messaging, Box::new(node));
        self.run(Duration::from_millis(100));
    }

    fn on_isc(&self, method: &str) -> usize {
        self.wire.iter().filter(|(joint, text)| *joint == Joint::Isc && text.starts_with(method)).count()
    }
}

#[test]
fn a_message_for_somebody_who_is_away_comes_when_he_is_there() {
    let mut network = network();
    let (mut a, mut b) = (Ue::new(1), Ue::new(2));
    assert_eq!(network.register(&mut a, 3600).status, 200, "{:?}", network.notes);
    for text in ["first", "second"] {
        let mut message = a.request("MESSAGE", &b.impu);
        message.set_body("text/plain", text);
        assert_eq!(network.ask(&message).status, 202, "{:?}", network.notes);
    }
    assert_eq!(network.on_isc("MESSAGE"), 2);
    network.inbox.clear();
    assert_eq!(network.register(&mut b, 3600).status, 200);
    network.run(Duration::from_secs(1));
    for text in ["first", "second"] {
        let request = network.request("ue2");
        assert_eq!(
            (request.method.as_str(), request.body.as_slice()),
            ("MESSAGE", text.as_bytes()),
            "{:?}",
            network.notes
        );
        assert_eq!(request.headers.values("P-Asserted-Identity").next(), Some(&*format!("<{}>", a.impu)));
        assert!(request.headers.contains("Date"));
        let is_other = |r: &Request| r.method == Method::MESSAGE && r.body != text.as_bytes();
        assert!(network.inbox.iter().all(|(_, m)| !m.as_request().is_some_and(is_other)), "one after the other");
        // UDP may have brought it more than once.
        network.inbox.clear();
        network.reply("ue2", &request, 200, &[]);
        network.run(Duration::from_millis(300));
    }
    network.run(Duration::from_secs(60));
    assert!(network.inbox.iter().all(|(_, m)| !matches!(m, SipMessage::Request(r) if r.method == Method::MESSAGE)));
}

#[test]
fn a_message_to_a_list_reaches_all_of_it() {
    let mut network = network();
    let (mut a, mut b) = (Ue::new(1), Ue::new(2));
    network.register(&mut a, 3600);
    network.register(&mut b, 3600);
    network.inbox.clear();
    let mut message = a.request("MESSAGE", &format!("sip:list@messaging.{DOMAIN}"));
    message.headers.append("Require", "recipient-list-message");
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nto all\r\n--b\r\nContent-Type: application/resource-lists+xml\r\n\
         Content-Disposition: recipient-list\r\n\r\n<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists' \
         xmlns:cp='urn:ietf:params:xml:ns:copycontrol'><list><entry uri='{}' cp:copyControl='to'/>\
         <entry uri='tel:+99970000002' cp:copyControl='bcc'/></list></resource-lists>\r\n--b--\r\n",
        a.impu
    );
    message.set_body("multipart/mixed;boundary=b", body);
    network.send("ue1", SipMessage::Request(message));
    network.run(Duration::from_secs(1));
    assert_eq!(network.response("ue1").status, 202, "{:?}", network.notes);
    for ue in ["ue1", "ue2"] {
        let came = network.request(ue);
        assert!(String::from_utf8_lossy(&came.body).contains("to all"), "{came:?}");
        assert!(!String::from_utf8_lossy(&came.body).contains("tel:+99970000002"));
        network.reply(ue, &came, 200, &[]);
    }
    network.run(Duration::from_secs(60));
    assert!(network.inbox.is_empty(), "{:?}", network.inbox);
}
