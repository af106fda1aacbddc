//! Push Access Protocol.

use crate::Entropy;
use crate::mms::ApplicationId;
use crate::mms::pap::{
    BadMessageResponse, DeliveryMethod, MessageState, Pap, PapCode, PapProblem, PapSubmission, PushAddress,
    PushMessage, PushPriority, PushResponse, QualityOfService, ResultNotificationMessage, ResultNotificationResponse,
    SubmissionProblem,
};
use crate::xml::XmlProblem;

/// As in WAP-247 clause 9 and in what push initiators of others send.
const SUBMISSION: &str = r#"<?xml version="1.0"?>
    <!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "http://www.wapforum.org/DTD/pap_2.0.dtd"
      [<?wap-pap-ver supported-versions="2.0,1.*"?>]>
    <pap product-name="Some">
      <push-message push-id="9fjeo39jf084@pi.com" deliver-before-timestamp="2001-02-28T06:45:00Z"
          source-reference="TerrorWatch" ppg-notify-requested-to="http://pi.com/result?a=1&amp;b=2">
        <address address-value="WAPPUSH=+155519990730/TYPE=PLMN@ppg.carrier.com"/>
        <quality-of-service priority="high" delivery-method="unconfirmed" bearer="SMS" bearer-required="true"/>
      </push-message>
    </pap>"#;

fn message() -> PushMessage {
    let mut message = PushMessage::new("p1@relay", &PushAddress::phone("+491701234567", "gw.example.net"));
    message.notify_to = Some("http://relay/pap?x=1&y=2".into());
    (message.deliver_before, message.deliver_after) = (Some(983_342_700_000), Some(983_342_600_000));
    (message.source_reference, message.progress_notes) = (Some("relay".into()), true);
    message.addresses.push(PushAddress::user("sip:ann@home1.net", "gw.example.net").to_string());
    message.quality = Some(QualityOfService {
        priority: PushPriority::High,
        delivery_method: DeliveryMethod::Confirmed,
        network: Some("3GPP".into()),
        network_required: true,
        bearer: Some("SIP".into()),
        bearer_required: true,
    });
    message
}

#[test]
fn a_submission_of_others() {
    let Ok(Pap::PushMessage(message)) = Pap::parse(SUBMISSION) else { panic!("it is something else") };
    assert_eq!((message.push_id.as_str(), message.deliver_before), ("9fjeo39jf084@pi.com", Some(983_342_700_000)));
    assert_eq!(message.notify_to.as_deref(), Some("http://pi.com/result?a=1&b=2"));
    let address = PushAddress::parse(&message.addresses[0]).unwrap();
    assert_eq!((address.number(), address.gateway.as_str()), (Some("+155519990730"), "ppg.carrier.com"));
    let quality = message.quality.unwrap();
    assert_eq!((quality.priority, quality.delivery_method), (PushPriority::High, DeliveryMethod::Unconfirmed));
    assert_eq!(
        (quality.bearer.as_deref(), quality.bearer_required, quality.network_required),
        (Some("SMS"), true, false)
    );
}

#[test]
fn every_entity_comes_back() {
    let notification = ResultNotificationMessage {
        sender_address: Some("http://gw/".into()),
        sender_name: Some("gw & co".into()),
        received_time: Some(983_342_600_000),
        event_time: Some(983_342_700_000),
        quality: Some(QualityOfService::default()),
        ..ResultNotificationMessage::new(
            "p1",
            "WAPPUSH=+1/TYPE=PLMN@gw",
            MessageState::Undeliverable,
            PapCode::ADDRESS_NOT_FOUND,
        )
    };
    let response = PushResponse {
        sender_address: Some("http://gw/".into()),
        sender_name: Some("gw".into()),
        reply_time: Some(1_000),
        ..PushResponse::new("p1", PapCode::ACCEPTED)
    };
    let entities = [
        Pap::PushMessage(message()),
        Pap::PushResponse(response),
        Pap::ResultNotificationResponse(ResultNotificationResponse::new(&notification, PapCode::OK)),
        Pap::ResultNotificationMessage(notification),
        Pap::BadMessageResponse(BadMessageResponse::new("what?", b"<pap>\x00\xFF")),
    ];
    for entity in entities {
        let document = entity.to_document();
        assert_eq!(Pap::parse(&document).as_ref(), Ok(&entity), "{document}");
        assert!(document.contains("<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.0//EN\""));
    }
    for word in
        ["rejected", "pending", "delivered", "undeliverable", "expired", "aborted", "timeout", "cancelled", "unknown"]
    {
        assert_eq!(MessageState::of_word(word).map(MessageState::as_str), Some(word));
    }
    assert!(PapCode::ACCEPTED.is_success() && !PapCode::BAD_REQUEST.is_success());
}

#[test]
fn what_is_no_document_of_it() {
    let refused = |document: &str| Pap::parse(document).expect_err("it is taken");
    let wrong = [
        "<pap/>",
        "<push-message push-id='a'/>",
        "<pap><push-message push-id='a'/></pap>",
        "<pap><push-message><address address-value='x'/></push-message></pap>",
        "<pap><push-response push-id='a'/></pap>",
        "<pap><push-response push-id='a'><response-result code='x'/></push-response></pap>",
        "<pap><resultnotification-message push-id='a' message-state='odd' code='1000'><address address-value='b'/>\
         </resultnotification-message></pap>",
        "<pap><push-message push-id='a' deliver-after-timestamp='soon'><address address-value='x'/></push-message></pap>",
    ];
    for document in wrong {
        assert!(matches!(refused(document), PapProblem::Wrong(_)), "{document}");
    }
    let query = "<pap><statusquery-message push-id='a'/></pap>";
    assert_eq!(refused(query), PapProblem::Unsupported("statusquery-message".into()));
    // Nothing may be declared that could grow.
    let declared = [
        "<!DOCTYPE pap [<!ENTITY a 'b'>]><pap/>",
        "<!DOCTYPE pap [<?x?><!ENTITY a 'b'>]><pap/>",
        "<!DOCTYPE pap [<?x]><pap/>",
        "<!DOCTYPE pap",
        "<!DOCTYPE pap PUBLIC \"",
        "<!DOCTYPE pap><!DOCTYPE pap><pap/>",
    ];
    for document in declared {
        assert!(matches!(refused(document), PapProblem::Xml(XmlProblem::Refused(_))), "{document}");
    }
    assert!(matches!(refused("<pap>"), PapProblem::Xml(_)));
}

#[test]
fn addresses_of_push() {
    let user = PushAddress::user("sip:ann@home1.net", "gw");
    assert_eq!(user.to_string(), "WAPPUSH=sip:ann%40home1.net/TYPE=USER@gw");
    assert_eq!((PushAddress::parse(&user.to_string()), user.name()), (Some(user.clone()), Some("sip:ann@home1.net")));
    let phone = PushAddress::phone("+491701234567", "gw.example.net");
    assert_eq!(phone.to_string(), "WAPPUSH=+491701234567/TYPE=PLMN@gw.example.net");
    assert_eq!(PushAddress::parse("/wappush=+491701234567/type=PLMN@gw.example.net"), Some(phone));
    for none in [
        "",
        "WAPPUSH=+1@gw",
        "WAPPUSH=+1/TYPE=PLMN",
        "X=+1/TYPE=PLMN@gw",
        "WAPPUSH=/TYPE=PLMN@gw",
        "WAPPUSH=%4/TYPE=USER@gw",
        "WAPPUSH=+1/TYPE=@gw",
    ] {
        assert_eq!(PushAddress::parse(none), None, "{none}");
    }
}

#[test]
fn a_submission_with_its_content() {
    let submission = PapSubmission::mms(message(), vec![0x8C, 0x82, 0, b'\r', b'\n']);
    let (content_type, body) = submission.to_body(&mut Entropy::of_box(1, "pap"));
    assert!(
        content_type.starts_with("multipart/related;boundary=") && content_type.ends_with(";type=\"application/xml\"")
    );
    let read = PapSubmission::parse(&content_type, &body).unwrap();
    assert_eq!(read, submission);
    assert_eq!(read.mms_pdu(), Some(&[0x8C, 0x82, 0, b'\r', b'\n'][..]));
    assert_eq!(read.application_id(), Some(ApplicationId::MMS_UA));
    let text = String::from_utf8_lossy(&body);
    let number = text.replace("x-wap-application:mms.ua", "4").into_bytes();
    assert_eq!(PapSubmission::parse(&content_type, &number).unwrap().application_id(), Some(ApplicationId::MMS_UA));
    let wrong = |content_type: &str, body: &[u8]| PapSubmission::parse(content_type, body).expect_err("it is taken");
    assert!(matches!(wrong("application/xml", &body), SubmissionProblem::Wrong(_)));
    assert!(matches!(wrong("x", &body), SubmissionProblem::Mime(_)));
    let alone = text.replace("push-message", "statusquery-message").into_bytes();
    assert!(matches!(wrong(&content_type, &alone), SubmissionProblem::Pap(PapProblem::Unsupported(_))));
}
