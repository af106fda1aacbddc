use proptest::prelude::*;

use super::*;

/// As the annex has its types, with elements that are of no use here.
const INVITATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<mcpttinfo xmlns="urn:3gpp:ns:mcpttInfo:1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <mcptt-Params>
    <mcptt-access-token type="Normal"><mcpttString>eyJh.b.c</mcpttString></mcptt-access-token>
    <session-type>prearranged</session-type>
    <mcptt-request-uri type="Normal"><mcpttURI>sip:fire@mcptt.example</mcpttURI></mcptt-request-uri>
    <mcptt-calling-user-id type="Normal"><mcpttURI>sip:anna@mcptt.example</mcpttURI></mcptt-calling-user-id>
    <alert-ind type="Normal"><mcpttBoolean>false</mcpttBoolean></alert-ind>
    <broadcast-ind>1</broadcast-ind>
    <mcptt-client-id type="Normal"><mcpttString>urn:uuid:1</mcpttString></mcptt-client-id>
    <anyExt><functional-alias-URI type="Normal"><mcpttURI>sip:f@a</mcpttURI></functional-alias-URI></anyExt>
  </mcptt-Params>
</mcpttinfo>"#;

#[test]
fn an_invitation() {
    let info = McpttInfo::parse(INVITATION).unwrap();
    let expected = McpttInfo {
        access_token: Some("eyJh.b.c".into()),
        session_type: Some(SessionType::Prearranged),
        request_uri: Some("sip:fire@mcptt.example".into()),
        calling_user_id: Some("sip:anna@mcptt.example".into()),
        alert: Some(false),
        broadcast: Some(true),
        client_id: Some("urn:uuid:1".into()),
        ..McpttInfo::default()
    };
    assert_eq!(info, expected);
    let document = info.to_document();
    let uri = "<mcptt-request-uri type=\"Normal\"><mcpttURI>sip:fire@mcptt.example</mcpttURI></mcptt-request-uri>";
    assert!(document.contains(uri), "{document}");
    assert_eq!(McpttInfo::parse(&document), Ok(info));
}

#[test]
fn values_without_their_types_are_read() {
    let bare = "<mcpttinfo xmlns='urn:3gpp:ns:mcpttInfo:1.0'><mcptt-Params><session-type>mine</session-type>\
                <mcptt-request-uri> sip:fire@mcptt.example </mcptt-request-uri></mcptt-Params></mcpttinfo>";
    let info = McpttInfo::parse(bare).unwrap();
    assert_eq!(info.request_uri.as_deref(), Some("sip:fire@mcptt.example"));
    assert_eq!(info.session_type, Some(SessionType::Other("mine".into())));
    let none = "<mcpttinfo xmlns='urn:3gpp:ns:mcpttInfo:1.0'/>";
    assert_eq!(McpttInfo::parse(none), Ok(McpttInfo::default()));
}

#[test]
fn what_is_encrypted_or_wrong_is_named() {
    let encrypted =
        INVITATION.replacen("type=\"Normal\"><mcpttURI>sip:fire", "type=\"Encrypted\"><mcpttURI>sip:fire", 1);
    assert_eq!(McpttInfo::parse(&encrypted), Err(DocumentProblem::Encrypted("mcptt-request-uri".into())));
    let data = "<mcpttURI>sip:fire@mcptt.example</mcpttURI>";
    let xenc = "<EncryptedData xmlns='http://www.w3.org/2001/04/xmlenc#'/>";
    let problem = McpttInfo::parse(&INVITATION.replacen(data, xenc, 1)).unwrap_err();
    assert!(problem.to_string().contains("protection of XML is not built"));
    let wrong = McpttInfo::parse(&INVITATION.replacen(">false<", ">no<", 1)).unwrap_err();
    assert!(wrong.to_string().contains("alert-ind"));
    assert!(McpttInfo::parse("<mcpttinfo/>").is_err(), "another namespace");
    assert!(McpttInfo::parse("<!DOCTYPE a><mcpttinfo/>").is_err());
}

proptest! {
    #[test]
    fn documents_survive(
        texts in prop::collection::vec(prop::option::of("[a-zA-Z0-9:@.<>&\"' ]{0,20}[a-z]"), 11),
        flags in prop::collection::vec(any::<Option<bool>>(), 4), kind in prop::option::of("[a-z-]{1,12}"),
    ) {
        let mut texts = texts.into_iter().map(|text| text.map(|text| text.trim().to_owned()));
        let mut text = || texts.next().flatten();
        let info = McpttInfo {
            access_token: text(),
            session_type: kind.and_then(|kind| SessionType::parse(&kind)),
            request_uri: text(),
            calling_user_id: text(),
            called_party_id: text(),
            calling_group_id: text(),
            emergency: flags[0],
            alert: flags[1],
            imminent_peril: flags[2],
            broadcast: flags[3],
            organisation: text(),
            floor_state: text(),
            associated_group_id: text(),
            originated_by: text(),
            client_id: text(),
        };
        prop_assert_eq!(McpttInfo::parse(&info.to_document()), Ok(info));
    }
}
