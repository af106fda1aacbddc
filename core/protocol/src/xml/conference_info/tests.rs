use super::*;

/// RFC 4575 clause 6.1, a bit shorter.
const RFC_4575: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sips:conf233@example.com" state="full" version="1">
  <conference-description>
    <subject>Agenda: This month's goals</subject>
    <service-uris><entry><uri>http://sharepoint/salesgroup/</uri><purpose>web-page</purpose></entry></service-uris>
  </conference-description>
  <conference-state><user-count>33</user-count></conference-state>
  <users>
    <user entity="sip:bob@example.com" state="full">
      <display-text>Bob Hoskins</display-text>
      <endpoint entity="sip:bob@pc33.example.com">
        <display-text>Bob's Laptop</display-text>
        <status>disconnected</status>
        <disconnection-method>departed</disconnection-method>
        <disconnection-info>
          <when>2005-03-04T20:00:00Z</when><reason>bad voice quality</reason><by>sip:mike@example.com</by>
        </disconnection-info>
        <media id="1"><display-text>main audio</display-text><type>audio</type><label>34567</label>
          <src-id>432424</src-id><status>sendrecv</status></media>
      </endpoint>
    </user>
    <user entity="sip:alice@example.com" state="full">
      <display-text>Alice</display-text>
      <endpoint entity="sip:4kfk4j392jsu@example.com;grid=433kj4j3u">
        <status>connected</status><joining-method>dialed-out</joining-method>
        <joining-info><when>2005-03-04T20:00:00Z</when><by>sip:mike@example.com</by></joining-info>
        <media id="1"><type>audio</type><src-id>534232</src-id><status>sendrecv</status></media>
      </endpoint>
    </user>
  </users>
</conference-info>"#;

fn user(name: &str, state: PartState, status: EndpointStatus) -> ConferenceUser {
    let endpoint = Endpoint { entity: format!("{name};gr=1"), status: Some(status), ..Endpoint::default() };
    ConferenceUser { entity: name.to_owned(), state, endpoints: vec![endpoint], ..ConferenceUser::default() }
}

fn partial(version: u32, users: Vec<ConferenceUser>) -> ConferenceInfo {
    ConferenceInfo {
        entity: "sip:c@h".to_owned(),
        state: PartState::Partial,
        version: Some(version),
        users: Some(Users { state: PartState::Partial, users }),
        ..ConferenceInfo::default()
    }
}

#[test]
fn reads_the_example_of_the_rfc() {
    let info = ConferenceInfo::parse(RFC_4575).unwrap();
    assert_eq!((info.entity.as_str(), info.version), ("sips:conf233@example.com", Some(1)));
    assert_eq!(info.conference_state.unwrap().user_count, Some(33));
    let users = &info.users.as_ref().unwrap().users;
    let bob = &users[0].endpoints[0];
    assert_eq!(bob.disconnection_method, Some(DisconnectionMethod::Departed));
    assert_eq!(bob.disconnection_reason.as_deref(), Some("bad voice quality"));
    assert_eq!(users[1].endpoints[0].media[0].src_id, Some(534_232));
    assert_eq!(ConferenceInfo::parse(&info.to_document()).unwrap(), info);
    let mut roster = Roster::default();
    roster.apply(info).unwrap();
    assert_eq!(roster.connected(), ["sip:alice@example.com"]);
}

#[test]
fn says_what_is_wrong() {
    for (right, wrong, what) in [
        (">connected<", ">here<", "status"),
        ("version=\"1\" ", "version=\"x\"", "version"),
        (" entity=\"sip:a", " e=\"", "entity"),
    ] {
        let document = RFC_4575.replace(right, wrong).replace("version=\"1\">", "version=\"x\">");
        let document = if what == "version" { document } else { document.replace("version=\"x\"", "version=\"1\"") };
        match ConferenceInfo::parse(&document) {
            Err(ConferenceInfoProblem::Field { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_roster_takes_documents_in_their_order() {
    use EndpointStatus::{Alerting, Connected, Disconnected};
    let mut roster = Roster::default();
    assert_eq!(roster.apply(partial(1, vec![])), Err(RosterProblem::Missing(1)));
    let full = ConferenceInfo { state: PartState::Full, ..partial(3, vec![user("a", PartState::Full, Connected)]) };
    roster.apply(full).unwrap();
    roster.apply(partial(4, vec![user("b", PartState::Full, Alerting)])).unwrap();
    assert_eq!(roster.connected(), ["a"]);
    roster.apply(partial(5, vec![user("b", PartState::Partial, Connected)])).unwrap();
    assert_eq!(roster.connected(), ["a", "b"]);
    assert_eq!(roster.apply(partial(5, vec![])), Err(RosterProblem::Old(5)));
    assert_eq!(roster.apply(partial(7, vec![])), Err(RosterProblem::Missing(7)));
    roster.apply(partial(6, vec![user("a", PartState::Deleted, Disconnected)])).unwrap();
    assert_eq!(roster.connected(), ["b"]);
    roster.apply(ConferenceInfo { state: PartState::Deleted, ..partial(7, vec![]) }).unwrap();
    assert!(roster.is_over());
}
