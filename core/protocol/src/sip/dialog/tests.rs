use super::*;
use crate::sip::net::{request, uri};
use crate::sip::{SipMessage, SipUri};

/// A response to `request` as its server makes it, with the Record-Route and the Contact given.
fn response(request: &Request, status: u16, tag: &str, contact: Option<&str>) -> Response {
    let mut response = Response::to(request, status, None);
    response.set_to_tag(tag);
    response.headers.copy_from(&request.headers, "Record-Route");
    if let Some(contact) = contact {
        response.headers.append("Contact", contact);
    }
    response
}

/// An INVITE that two proxies have record-routed.
fn invite() -> Request {
    let mut invite = request(Method::INVITE, 0, 1, 1);
    invite.headers.append("Record-Route", "<sip:p2.example;lr>, <sip:p1.example;lr>");
    invite
}

fn both() -> (Dialog, Dialog) {
    let invite = invite();
    let ok = response(&invite, 200, "t1", Some("<sip:callee@10.0.0.2>"));
    (Dialog::uac(&invite, &ok).unwrap(), Dialog::uas(&invite, &ok).unwrap())
}

fn routes(request: &Request) -> Vec<String> {
    request.routes().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn both_sides_see_the_same_dialog_mirrored() {
    let (mut caller, mut callee) = both();
    assert_eq!(caller.id.local_tag, callee.id.remote_tag);
    assert_eq!(caller.id.remote_tag, callee.id.local_tag);
    let info = caller.request(Method::INFO);
    assert_eq!(info.uri.to_string(), "sip:callee@10.0.0.2");
    assert_eq!(routes(&info), ["<sip:p1.example;lr>", "<sip:p2.example;lr>"], "the caller's own proxy first");
    assert_eq!(info.headers.get("CSeq"), Some("2 INFO"), "after the INVITE's 1");
    assert_eq!(Dialog::id_of_request(&info).as_ref(), Some(&callee.id));
    callee.receive_request(&info).unwrap();
    let bye = callee.request(Method::BYE);
    assert_eq!(bye.uri, uri(0));
    assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:p1.example;lr>"], "the callee's own proxy first");
    assert_eq!(Dialog::id_of_request(&bye).as_ref(), Some(&caller.id));
    caller.receive_request(&bye).unwrap();
    assert_eq!(caller.next_hop(), NextHop::Uri(Uri::parse("sip:p1.example;lr").unwrap()));
    assert!(info.check().is_err(), "the Via is the stack's");
    let ack = caller.ack(1);
    assert_eq!((ack.headers.get("CSeq"), routes(&ack).len()), (Some("1 ACK"), 2));
}

#[test]
fn requests_come_in_order_or_not_at_all() {
    let (_, mut callee) = both();
    let at = |seq: u32, method: Method| {
        let mut request = request(method, 0, 1, 1);
        request.headers.set("CSeq", &format!("{seq} {}", request.method));
        request
    };
    callee.receive_request(&at(5, Method::INFO)).unwrap();
    for seq in [5, 4, 1] {
        assert_eq!(callee.receive_request(&at(seq, Method::INFO)).unwrap_err().status, 500);
    }
    callee.receive_request(&at(1, Method::ACK)).unwrap();
    callee.receive_request(&at(1, Method::CANCEL)).unwrap();
    callee.receive_request(&at(100, Method::INFO)).unwrap();
}

#[test]
fn targets_are_refreshed_by_those_who_may() {
    let (mut caller, mut callee) = both();
    let mut reinvite = caller.request(Method::INVITE);
    reinvite.headers.append("Contact", "<sip:moved@10.9.9.9>");
    callee.receive_request(&reinvite).unwrap();
    assert_eq!(callee.remote_target.to_string(), "sip:moved@10.9.9.9");
    let mut info = caller.request(Method::INFO);
    info.headers.append("Contact", "<sip:not@10.9.9.9>");
    callee.receive_request(&info).unwrap();
    assert_eq!(callee.remote_target.to_string(), "sip:moved@10.9.9.9");
    let ok = response(&reinvite, 200, "", Some("<sip:also@10.8.8.8>"));
    assert_eq!(caller.receive_response(&ok), Ok(false));
    assert_eq!(caller.remote_target.to_string(), "sip:also@10.8.8.8");
    let gone = response(&reinvite, 481, "", Some("<sip:no@10.8.8.8>"));
    assert_eq!(caller.receive_response(&gone), Ok(true));
    assert_eq!(caller.remote_target.to_string(), "sip:also@10.8.8.8");
}

#[test]
fn a_2xx_fixes_the_route_set_of_an_early_dialog() {
    let invite = invite();
    let ringing = response(&invite, 180, "t1", Some("<sip:early@10.0.0.2>"));
    let mut dialog = Dialog::uac(&invite, &ringing).unwrap();
    assert_eq!((dialog.state, dialog.route_set.len()), (DialogState::Early, 2));
    let mut ok = response(&invite, 200, "t1", Some("<sip:final@10.0.0.2>"));
    ok.headers.set("Record-Route", "<sip:p9.example;lr>");
    dialog.confirm(&ok).unwrap();
    assert_eq!(dialog.state, DialogState::Confirmed);
    assert_eq!(routes(&dialog.request(Method::BYE)), ["<sip:p9.example;lr>"]);
    assert_eq!(dialog.remote_target.to_string(), "sip:final@10.0.0.2");
    let mut callee = Dialog::uas(&invite, &ringing).unwrap();
    callee.confirm(&ok).unwrap();
    assert_eq!((callee.state, callee.route_set.len()), (DialogState::Confirmed, 2), "the UAS keeps its own");
}

#[test]
fn every_fork_is_a_dialog_of_its_own() {
    let mut set = DialogSet::new(invite());
    let take = |set: &mut DialogSet, status, tag: &str| {
        let response = response(&set.request().clone(), status, tag, Some("<sip:x@10.0.0.2>"));
        set.receive(&response)
    };
    assert_eq!(take(&mut set, 180, "a"), Ok(Taken::New(0)));
    assert_eq!(take(&mut set, 183, "b"), Ok(Taken::New(1)));
    assert_eq!(take(&mut set, 180, "a"), Ok(Taken::Known(0, false)));
    assert_eq!(take(&mut set, 200, "b"), Ok(Taken::Known(1, true)));
    assert_eq!(take(&mut set, 200, "b"), Ok(Taken::Known(1, false)), "a repeated 2xx");
    assert_eq!(take(&mut set, 200, "c"), Ok(Taken::New(2)), "a late one without a provisional before");
    assert!(matches!(take(&mut set, 100, "d"), Err(DialogError::Status(100))));
    set.end_early();
    let left: Vec<_> = set.dialogs().iter().map(|dialog| dialog.id.remote_tag.as_str()).collect();
    assert_eq!(left, ["b", "c"]);
    for n in 0..100 {
        let _ = take(&mut set, 180, &format!("flood{n}"));
    }
    assert_eq!(set.dialogs().len(), 64);
}

#[test]
fn strict_routers_get_what_they_expect() {
    let (mut caller, _) = both();
    caller.route_set = vec![
        NameAddr::new(Uri::parse("sip:strict.example").unwrap()),
        NameAddr::new(Uri::Sip(SipUri::new(None, "p2.example").with_flag("lr"))),
    ];
    let bye = caller.request(Method::BYE);
    assert_eq!(bye.uri.to_string(), "sip:strict.example");
    assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:callee@10.0.0.2>"]);
    assert_eq!(caller.next_hop(), NextHop::Uri(Uri::parse("sip:strict.example").unwrap()));
}

#[test]
fn what_makes_no_dialog() {
    let invite = invite();
    let failed = |response: &Response| Dialog::uac(&invite, response).unwrap_err();
    assert_eq!(failed(&response(&invite, 404, "t", None)), DialogError::Status(404));
    assert_eq!(failed(&Response::to(&invite, 180, None)), DialogError::NoTag);
    let mut without_contact = invite.clone();
    without_contact.headers.remove("Contact");
    let ok = response(&invite, 200, "t", None);
    assert!(matches!(Dialog::uas(&without_contact, &ok), Err(DialogError::Problem(_))));
    let message = SipMessage::Request(invite);
    assert!(
        message.as_request().is_some_and(|invite| Dialog::id_of_request(invite).is_none()),
        "no To tag: no dialog yet"
    );
}
