use proptest::prelude::*;

use super::*;

/// In the shape of RFC 4480 clause 4: a service, a note, a person with activities and moods, a device.
const RPID: &str = "<?xml version='1.0' encoding='UTF-8'?>
<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:d='urn:ietf:params:xml:ns:pidf:data-model'
    xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' entity='sip:anna@ims.example'>
  <tuple id='t1'>
    <status><basic>open</basic><x:im xmlns:x='urn:ietf:params:xml:ns:pidf:im'>busy</x:im></status>
    <d:deviceID>urn:device:1</d:deviceID>
    <r:relationship><r:self/></r:relationship>
    <contact priority='0.8'>sip:anna@ims.example</contact>
    <note xml:lang='de'>Ich bin &lt;da&gt;</note>
    <timestamp>2026-11-22T01:00:00Z</timestamp>
  </tuple>
  <tuple id='t2'><status/></tuple>
  <note>all</note>
  <d:person id='p1'><r:activities><r:meal/></r:activities><r:mood><r:happy/></r:mood></d:person>
  <d:device id='d1'><d:deviceID>urn:device:1</d:deviceID></d:device>
</presence>";

#[test]
fn services_persons_and_devices() {
    let pidf = Pidf::parse(RPID).unwrap();
    assert_eq!(pidf.entity, "sip:anna@ims.example");
    let [first, second] = &pidf.tuples[..] else { panic!("two tuples expected") };
    assert_eq!((first.basic, second.basic, pidf.is_open()), (Some(Basic::Open), None, true));
    assert_eq!(first.status[0].namespace, "urn:ietf:params:xml:ns:pidf:im");
    assert_eq!(first.contact, Some(Contact { uri: "sip:anna@ims.example".into(), priority: Some("0.8".into()) }));
    assert_eq!(first.notes, [Note { language: Some("de".into()), text: "Ich bin <da>".into() }]);
    assert_eq!((first.others.len(), pidf.persons().count(), pidf.devices().count()), (2, 1, 1));
    assert!(pidf.persons().next().unwrap().first(RPID_NAMESPACE, "mood").is_some());
    assert_eq!(Pidf::parse(&pidf.to_document()), Ok(pidf));
}

#[test]
fn what_is_wrong_is_named() {
    let of = |inner: &str| {
        let text = format!("<presence xmlns='{PIDF_NAMESPACE}' entity='sip:a@b'>{inner}</presence>");
        Pidf::parse(&text).unwrap_err().to_string()
    };
    assert!(of("<tuple id='a'/>").contains("status"));
    assert!(of("<tuple><status/></tuple>").contains("id of tuple"));
    assert!(of("<tuple id='a'><status/></tuple><tuple id='a'><status/></tuple>").contains("its own"));
    assert!(of("<tuple id='a'><status><basic>ajar</basic></status></tuple>").contains("ajar"));
    assert!(of("<tuple id='a'><status/><status/></tuple>").contains("element of tuple"));
    assert!(of("<tupel/>").contains("tupel"));
    assert!(Pidf::parse("<presence entity='sip:a@b'/>").unwrap_err().to_string().contains("presence"));
    assert!(Pidf::parse(&format!("<presence xmlns='{PIDF_NAMESPACE}'/>")).unwrap_err().to_string().contains("entity"));
}

fn other() -> impl Strategy<Value = Qualified> {
    ("urn:[a-c]", "[a-z]{1,6}", "[ -~]{0,12}").prop_map(|(ns, name, text)| {
        let element = Qualified::new(&ns, &name).attribute("k", &text);
        if text.is_empty() { element } else { element.with_text(text) }
    })
}

fn tuple() -> impl Strategy<Value = Tuple> {
    let others = || prop::collection::vec(other(), 0..3);
    (0..3u8, others(), others(), "(sip:[a-z]{1,5})?", prop::option::of("[!-~]{1,9}")).prop_map(
        |(basic, status, others, contact, timestamp)| Tuple {
            id: String::new(),
            basic: [None, Some(Basic::Open), Some(Basic::Closed)][usize::from(basic)],
            status,
            others,
            contact: (!contact.is_empty()).then_some(Contact { uri: contact, priority: None }),
            notes: timestamp.iter().map(|t: &String| Note { language: None, text: t.clone() }).collect(),
            timestamp,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(
        tuples in prop::collection::vec(tuple(), 0..4),
        others in prop::collection::vec(other(), 0..3),
        entity in "[ -~]{1,20}",
    ) {
        let tuples = tuples.into_iter().enumerate().map(|(n, tuple)| Tuple { id: format!("t{n}"), ..tuple }).collect();
        let pidf = Pidf { entity, tuples, notes: Vec::new(), others };
        prop_assert_eq!(Pidf::parse(&pidf.to_document()), Ok(pidf));
    }
}
