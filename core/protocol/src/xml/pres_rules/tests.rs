use proptest::prelude::*;

use super::*;
use crate::xml::{DATA_MODEL_NAMESPACE, Pidf, RPID_NAMESPACE};

/// In the shape of RFC 5025 clause 5 and RFC 4745 clause 7.
const RULES: &str = "<?xml version='1.0'?>
<c:ruleset xmlns:c='urn:ietf:params:xml:ns:common-policy' xmlns='urn:ietf:params:xml:ns:pres-rules'>
  <c:rule id='friend'>
    <c:conditions><c:identity><c:one id='sip:ben@IMS.example;user=phone'/><c:one id='tel:+1-555'/></c:identity></c:conditions>
    <c:actions><sub-handling>allow</sub-handling></c:actions>
    <c:transformations>
      <provide-services><service-uri-scheme>sip</service-uri-scheme><class>work</class></provide-services>
      <provide-persons><all-persons/></provide-persons>
      <provide-activities>true</provide-activities>
      <provide-mood>false</provide-mood>
      <provide-user-input>bare</provide-user-input>
      <provide-unknown-attribute ns='urn:x' name='foo'>true</provide-unknown-attribute>
    </c:transformations>
  </c:rule>
  <c:rule id='firm'>
    <c:conditions>
      <c:identity><c:many domain='ims.example'><c:except id='sip:eve@ims.example'/></c:many></c:identity>
      <c:validity><c:from>2026-01-01T00:00:00Z</c:from><c:until>2027-01-01T00:00:00+01:00</c:until></c:validity>
    </c:conditions>
    <c:actions><sub-handling>polite-block</sub-handling></c:actions>
  </c:rule>
  <c:rule id='work'>
    <c:conditions><c:sphere value='work'/></c:conditions>
    <c:actions><sub-handling>confirm</sub-handling></c:actions>
  </c:rule>
  <c:rule id='nobody'>
    <c:conditions><x:moon xmlns:x='urn:x'/></c:conditions>
    <c:actions><sub-handling>allow</sub-handling></c:actions>
  </c:rule>
</c:ruleset>";

fn decide(rules: &PresRules, who: &str, sphere: Option<&str>, when: &str) -> Decision {
    let identities: Vec<String> = who.split_whitespace().map(str::to_owned).collect();
    let in_list = |list: &str, who: &str| list == "sip:list@ims.example" && who == "sip:lia@ims.example";
    let utc_ms = crate::utc::from_rfc3339(when).unwrap();
    rules.decide(&Asking { identities: &identities, sphere, utc_ms, in_list: &in_list })
}

#[test]
fn the_rule_that_permits_most_wins() {
    let rules = PresRules::parse(RULES).unwrap();
    let now = "2026-11-22T00:00:00Z";
    let of = |who: &str, sphere, when: &str| decide(&rules, who, sphere, when).handling;
    assert_eq!(of("sip:ben@ims.example", None, now), SubHandling::Allow);
    assert_eq!(of("sip:zoe@else.example tel:+1555", None, now), SubHandling::Allow);
    assert_eq!(of("sip:cara@ims.example", Some("work"), now), SubHandling::PoliteBlock);
    assert_eq!(of("sip:cara@ims.example", None, "2027-01-01T00:00:00Z"), SubHandling::Block);
    assert_eq!(of("sip:eve@ims.example", None, now), SubHandling::Block);
    assert_eq!(of("sip:eve@ims.example", Some("work"), now), SubHandling::Confirm);
    assert_eq!(of("", None, now), SubHandling::Block);
    assert_eq!(PresRules::parse(&rules.to_document()), Ok(rules));
}

#[test]
fn lists_others_and_the_anonymous() {
    let oma = |condition: &str, handling: &str| {
        format!(
            "<rule id='{handling}'><conditions>{condition}</conditions><actions><p:sub-handling>{handling}</p:sub-handling></actions></rule>"
        )
    };
    let text = format!(
        "<ruleset xmlns='{COMMON_POLICY_NAMESPACE}' xmlns:p='{PRES_RULES_NAMESPACE}' xmlns:o='{OMA_COMMON_POLICY_NAMESPACE}'>{}{}{}</ruleset>",
        oma("<o:external-list><o:entry anc='sip:list@ims.example'/></o:external-list>", "allow"),
        oma("<o:other-identity/>", "confirm"),
        oma("<o:anonymous-request/>", "polite-block"),
    );
    let rules = PresRules::parse(&text).unwrap();
    let of = |who: &str| decide(&rules, who, None, "2026-11-22T00:00:00Z").handling;
    assert_eq!(of("sip:lia@ims.example"), SubHandling::Allow);
    assert_eq!(of("sip:max@ims.example"), SubHandling::Confirm);
    assert_eq!(of(""), SubHandling::PoliteBlock);
    assert_eq!(PresRules::parse(&rules.to_document()), Ok(rules));
}

#[test]
fn a_watcher_is_shown_what_is_provided() {
    let rules = PresRules::parse(RULES).unwrap();
    let provided = decide(&rules, "sip:ben@ims.example", None, "2026-11-22T00:00:00Z").provided;
    let pidf = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:d='{DATA_MODEL_NAMESPACE}' xmlns:r='{RPID_NAMESPACE}' xmlns:x='urn:x' entity='sip:anna@ims.example'>
           <tuple id='a'><status><basic>open</basic><x:foo/><x:bar/></status><r:mood/><contact>sip:anna@ims.example</contact><note>n</note></tuple>
           <tuple id='b'><status/><r:class>work</r:class><contact>mailto:anna@ims.example</contact></tuple>
           <tuple id='c'><status/><contact>mailto:anna@home.example</contact></tuple>
           <note>n</note>
           <d:person id='p'><r:activities/><r:mood/><r:user-input idle-threshold='9' last-input='x'>idle</r:user-input><d:timestamp>t</d:timestamp></d:person>
           <d:device id='q'><d:deviceID>urn:q</d:deviceID></d:device>
         </presence>"
    );
    let shown = provided.apply(&Pidf::parse(&pidf).unwrap());
    let ids: Vec<_> = shown.tuples.iter().map(|tuple| tuple.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!((shown.tuples[0].status[0].name.as_str(), shown.tuples[0].status.len()), ("foo", 1));
    assert!(shown.tuples[0].others.is_empty() && shown.tuples[0].notes.is_empty() && shown.notes.is_empty());
    assert!(shown.tuples[1].others.is_empty() && shown.devices().count() == 0);
    let person = shown.persons().next().unwrap();
    let names: Vec<_> = person.children().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["activities", "user-input", "timestamp"]);
    assert!(person.first(RPID_NAMESPACE, "user-input").unwrap().attributes.is_empty());
    let pidf = Pidf::parse(&pidf).unwrap();
    assert_eq!(Provided::everything().apply(&pidf), pidf);
    assert_eq!(Provided::default().apply(&pidf), Pidf::new("sip:anna@ims.example"));
}

#[test]
fn what_is_wrong_is_named() {
    let of = |inner: &str| {
        let text =
            format!("<ruleset xmlns='{COMMON_POLICY_NAMESPACE}' xmlns:p='{PRES_RULES_NAMESPACE}'>{inner}</ruleset>");
        PresRules::parse(&text).unwrap_err().to_string()
    };
    assert!(of("<rule/>").contains("id of rule"));
    assert!(of("<rule id='a'><actions><p:sub-handling>maybe</p:sub-handling></actions></rule>").contains("maybe"));
    assert!(of("<rule id='a'><conditions><validity><from>now</from></validity></conditions></rule>").contains("until"));
    let services = "<p:provide-services><p:colour>red</p:colour></p:provide-services>";
    assert!(of(&format!("<rule id='a'><transformations>{services}</transformations></rule>")).contains("colour"));
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(
        rules in prop::collection::vec(
            ("[a-z]{1,6}", prop::collection::vec("sip:[a-z@<]{1,9}", 0..3), 0..4usize, 0..4usize, any::<bool>()), 0..5),
    ) {
        let rules = rules.into_iter().map(|(id, ones, handling, services, all)| {
            let ones: Vec<&str> = ones.iter().map(String::as_str).collect();
            let mut rule = PresRule { handling: Some(SubHandling::ALL[handling]), ..PresRule::allowing(&id, &ones) };
            rule.provided.all_attributes = all;
            if services > 0 {
                let some = (0..services).map(|n| ("class", format!("c{n}"))).collect();
                rule.provided.services = Choice { all: false, some };
            }
            rule
        });
        let rules = PresRules { rules: rules.collect() };
        prop_assert_eq!(PresRules::parse(&rules.to_document()), Ok(rules));
    }
}
