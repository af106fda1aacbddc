use super::*;
use crate::node::NodeStore;

const GOOD: &str = super::super::tests::FILE;

#[test]
fn errors_say_where_and_what() {
    let line_of = |needle: &str, nth: usize| {
        let at = GOOD.match_indices(needle).nth(nth).unwrap().0;
        GOOD[..at].matches('\n').count() + 1
    };
    for (find, replace, needle, wanted) in [
        ("amf = \"af17\"", "amf = \"af1\"", "amf", "amf is not 4 hexadecimal digits"),
        ("op = \"ff53bade17df5d4e793073ce9d7579fa\"", "op = \"5d\"", "op = \"ff", "op is not 32 hexadecimal digits"),
        ("op = \"ff53bade17df5d4e793073ce9d7579fa\"", "", "k = ", "k wants exactly one of op and opc"),
        ("impi = \"1@ims.test\"", "impi = \"1\"", "impi = ", "is not user@realm"),
        ("impi = \"2@ims.test\"", "impi = \"1@ims.test\"", "impi = \"2", "two subscribers"),
        ("[\"sip:bob@ims.test\"]", "[\"sip:alice@IMS.test\"]", "[\"sip:bob", "is in another set already"),
        ("[\"sip:bob@ims.test\"]", "[\"bob\"]", "[\"sip:bob", "is not a SIP or tel URI"),
        ("[\"sip:bob@ims.test\"]", "[]", "[\"sip:bob", "at least one public identity"),
        ("barred = [\"sip:1@ims.test\"]", "barred = [\"sip:2@ims.test\"]", "barred", "is barred and not in impus"),
        ("profile = \"as\"", "profile = \"at\"", "profile = \"as", "there is no [[profile]] with name = \"at\""),
        ("name = \"registered\"", "name = \"as\"", "name = \"reg", "two profiles"),
        ("msisdn = [\"99900000001\"]", "msisdn = [\"+99900000001\"]", "msisdn", "without +"),
        ("msisdn = [", "imsi = \"00101000000001x\"\nmsisdn = [", "msisdn = [", "is not 5 to 15 digits"),
        ("msisdn = [", "sms = { msc = \"+491\" }\nmsisdn = [", "impi = ", "sms.msc \"+491\" is not 5 to 15 digits"),
        ("msisdn = [", "sms = { mt_order = [\"ip\", \"ip\"] }\nmsisdn = [", "impi = ", "mt_order has an access twice"),
        ("msisdn = [", "sms = { mt_order = [\"air\"] }\nmsisdn = [", "msisdn = [", "unknown variant `air`"),
        ("priority = 1", "priority = -1", "priority", "invalid value"),
        ("{ method = \"MESSAGE\" }", "{ }", "[[profile.ifc]]", "exactly one of"),
        ("amf = \"af17\"", "amv = \"af17\"", "amf", "unknown field `amv`"),
    ] {
        let text = GOOD.replacen(find, replace, 1);
        let error = parse_subscribers("subscribers.toml", &text).unwrap_err();
        let ProvisionError::File { line, ref what, .. } = error else { panic!("{error}") };
        assert!(what.contains(wanted), "{wanted} in {error}");
        assert_eq!(line, line_of(needle, 0), "{error}");
        assert!(!error.to_string().contains("5d"), "no digit of a key: {error}");
    }
}

#[test]
fn op_and_opc_are_the_same_subscriber() {
    let with_opc =
        GOOD.replace("op = \"ff53bade17df5d4e793073ce9d7579fa\"", "opc = \"53c15671c60a4b731c55b4a441c0bde2\"");
    assert_eq!(parse_subscribers("a", GOOD), parse_subscribers("b", &with_opc));
}

#[test]
fn subscribers_are_listed_shown_and_removed_without_secrets() {
    let mut store = NodeStore::in_memory().unwrap();
    let subscribers = parse_subscribers("a", GOOD).unwrap();
    assert_eq!(add_subscribers(&mut store, &subscribers), Ok(3));
    assert_eq!(add_subscribers(&mut store, &subscribers), Ok(0), "again changes nothing");
    let list = list_subscribers(&store).unwrap();
    assert_eq!(list.iter().map(|s| s.impi.as_str()).collect::<Vec<_>>(), ["1@ims.test", "2@ims.test", "3@ims.test"]);
    let one = show_subscriber(&store, "1@ims.test").unwrap();
    assert_eq!(one.sets[0], ["sip:1@ims.test (barred)", "sip:alice@ims.test", "tel:+99900000001"]);
    assert_eq!((one.sqn.as_deref(), one.amf.as_deref()), (Some("000000000020"), Some("af17")));
    assert_eq!(one.authentication, ["Digest-AKAv1-MD5", "SIP Digest"]);
    let text = format!("{subscribers:?} {}", serde_json::to_string(&list).unwrap());
    for secret in ["0396eb", "ff53ba", "53c156", "3, 150", "secret"] {
        assert!(!text.contains(secret), "{secret}");
    }
    // What belongs to one is not given to another.
    let thief = parse_subscribers("b", &GOOD.replace("impi = \"1@ims.test\"", "impi = \"7@ims.test\"")).unwrap();
    let error = add_subscribers(&mut store, &thief).unwrap_err();
    assert!(matches!(&error, ProvisionError::Taken { owner, .. } if owner == "1@ims.test"), "{error}");
    assert_eq!(list_subscribers(&store).unwrap(), list, "all or nothing");
    assert_eq!(remove_subscriber(&mut store, "1@ims.test"), Ok(()));
    let gone = ProvisionError::Unknown("1@ims.test".to_owned());
    assert_eq!(show_subscriber(&store, "1@ims.test"), Err(gone.clone()));
    assert_eq!(remove_subscriber(&mut store, "1@ims.test"), Err(gone));
    assert_eq!(add_subscribers(&mut store, &thief), Ok(1));
}

#[test]
fn an_imsi_is_given_or_in_the_private_identity() {
    let file = |impi: &str, imsi: &str| {
        format!(
            "[[subscriber]]\nimpi = \"{impi}\"\n{imsi}digest_password = \"x\"\n[[subscriber.set]]\nimpus = [\"sip:{impi}\"]\n"
        )
    };
    let of = |impi: &str, imsi: &str| parse_subscribers("a", &file(impi, imsi)).unwrap().remove(0).subscriber;
    assert_eq!(of("001010000000001@ims.test", "").imsi(), Some("001010000000001"));
    assert_eq!(of("alice@ims.test", "").imsi(), None);
    let alice = of("alice@ims.test", "imsi = \"001010000000001\"\n");
    assert_eq!((alice.imsi(), &alice.sms), (Some("001010000000001"), &SmsSubscription::default()));
    // What was stored before there were short messages is read as well.
    let mut value = serde_json::to_value(&alice).unwrap();
    let object = value.as_object_mut().unwrap();
    assert!(object.remove("imsi").is_some() && object.remove("sms").is_some());
    let old: Subscriber = serde_json::from_value(value).unwrap();
    assert_eq!(old.sms, SmsSubscription::default());
    let mut store = NodeStore::in_memory().unwrap();
    let given = parse_subscribers("a", &file("alice@ims.test", "imsi = \"001010000000001\"\n")).unwrap();
    assert_eq!(add_subscribers(&mut store, &given), Ok(1));
    let thief = parse_subscribers("a", &file("eve@ims.test", "imsi = \"001010000000001\"\n")).unwrap();
    assert!(matches!(add_subscribers(&mut store, &thief), Err(ProvisionError::Taken { .. })));
    let both = format!("{}{}", file("a@ims.test", "imsi = \"001011\"\n"), file("b@ims.test", "imsi = \"001011\"\n"));
    assert!(parse_subscribers("a", &both).unwrap_err().to_string().contains("is there twice"));
}
