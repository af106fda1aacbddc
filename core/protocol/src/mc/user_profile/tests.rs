use proptest::prelude::*;

use super::*;
use crate::Plmn;

/// In the shape of clause 8.3.2.1, with what other programs put there.
const PROFILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<up:mcptt-user-profile xmlns:up="urn:3gpp:mcptt:user-profile:1.0" xmlns:cp="urn:ietf:params:xml:ns:common-policy"
    XUI-URI="sip:anna@mcptt.example" user-profile-index="1">
  <up:Name xml:lang="en">Anna, on duty</up:Name>
  <up:Status>true</up:Status>
  <up:Common index="1">
    <up:UserAlias><up:alias-entry index="1" xml:lang="en">Fire 1</up:alias-entry></up:UserAlias>
    <up:MCPTTUserID><up:uri-entry>sip:anna@mcptt.example</up:uri-entry></up:MCPTTUserID>
    <up:PrivateCall>
      <up:PrivateCallList><up:PrivateCallURI><up:uri-entry>sip:bert@mcptt.example</up:uri-entry>
        <up:display-name>Bert</up:display-name></up:PrivateCallURI></up:PrivateCallList>
      <up:EmergencyCall><up:MCPTTPrivateRecipient/></up:EmergencyCall>
    </up:PrivateCall>
    <up:MCPTT-group-call><up:MaxSimultaneousCallsN6>4</up:MaxSimultaneousCallsN6><up:Priority>7</up:Priority></up:MCPTT-group-call>
    <up:MissionCriticalOrganization>Fire &amp; rescue</up:MissionCriticalOrganization>
  </up:Common>
  <cp:ruleset><cp:rule id="a"/></cp:ruleset>
  <up:OnNetwork index="1">
    <up:MCPTTGroupInfo><up:entry index="1"><up:uri-entry>sip:fire@mcptt.example</up:uri-entry></up:entry></up:MCPTTGroupInfo>
    <up:MaxAffiliationsN2>10</up:MaxAffiliationsN2>
    <up:anyExt><up:FunctionalAliasList/>
      <m:migration xmlns:m="urn:castbench:params:xml:ns:mc-migration">
        <m:partner-system id="partner"><m:later/>
          <m:PLMN>00102</m:PLMN><m:MCPTT-to-con-ref>mcptt.partner</m:MCPTT-to-con-ref>
          <m:domain>ims.partner.example</m:domain><m:P-CSCF>10.50.0.1:5060</m:P-CSCF>
          <m:private-identity>visitor1@ims.partner.example</m:private-identity>
          <m:public-identity>sip:visitor1@ims.partner.example</m:public-identity>
          <m:MCPTT-ID>sip:visitor1@mcptt.partner.example</m:MCPTT-ID>
          <m:MCPTT-server>sip:mc1.partner.example</m:MCPTT-server>
          <m:group>sip:joint@mcptt.partner.example</m:group>
        </m:partner-system>
      </m:migration>
    </up:anyExt>
  </up:OnNetwork>
</up:mcptt-user-profile>"#;

fn partner() -> PartnerSystem {
    PartnerSystem {
        id: "partner".into(),
        plmn: Plmn::new("001", "02").unwrap(),
        service_pdn: "mcptt.partner".into(),
        common_core_pdn: None,
        identity_pdn: None,
        domain: "ims.partner.example".into(),
        pcscf: "10.50.0.1:5060".parse().unwrap(),
        private_identity: "visitor1@ims.partner.example".into(),
        public_identity: "sip:visitor1@ims.partner.example".into(),
        identity_server: None,
        mc_id: None,
        mcptt_id: "sip:visitor1@mcptt.partner.example".into(),
        server: "sip:mc1.partner.example".into(),
        groups: vec!["sip:joint@mcptt.partner.example".into()],
    }
}

#[test]
fn what_another_program_writes_is_read() {
    let read = UserProfile::parse(PROFILE).unwrap();
    let expected = UserProfile {
        name: Some("Anna, on duty".into()),
        aliases: vec!["Fire 1".into()],
        private_calls: vec![ProfileEntry { uri: "sip:bert@mcptt.example".into(), name: Some("Bert".into()) }],
        max_calls: Some(4),
        priority: Some(7),
        organization: Some("Fire & rescue".into()),
        groups: vec![ProfileEntry::new("sip:fire@mcptt.example")],
        max_affiliations: Some(10),
        partners: vec![partner()],
        ..UserProfile::new("sip:anna@mcptt.example", 1)
    };
    assert_eq!(read, expected);
    assert_eq!(read.partner("partner"), Some(&partner()));
    assert_eq!(read.partner("other"), None);
    assert_eq!(UserProfile::parse(&read.to_document()), Ok(read));
}

#[test]
fn the_document_is_where_the_standard_puts_it() {
    let path = UserProfile::path("sip:anna@mcptt.example", 0);
    assert_eq!(path, "/org.3gpp.mcptt.user-profile/users/sip:anna@mcptt.example/mcptt-user-profile-0.xml");
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |from: &str, to: &str| {
        assert!(PROFILE.contains(from), "{from}");
        UserProfile::parse(&PROFILE.replace(from, to)).unwrap_err().to_string()
    };
    assert!(wrong("urn:3gpp:mcptt:user-profile:1.0", "urn:other").contains("mcptt-user-profile"));
    assert!(wrong(" XUI-URI=\"sip:anna@mcptt.example\"", "").contains("XUI-URI"));
    assert!(wrong("user-profile-index=\"1\"", "user-profile-index=\"256\"").contains("user-profile-index"));
    assert!(wrong("<up:Status>true", "<up:Status>perhaps").contains("Status"));
    assert!(wrong("<up:uri-entry>sip:anna@mcptt.example</up:uri-entry>", "").contains("uri-entry"));
    assert!(wrong("N2>10<", "N2>ten<").contains("MaxAffiliationsN2"));
    assert!(wrong("id=\"partner\"", "").contains("id of partner-system"));
    assert!(wrong(">00102<", ">0010<").contains("PLMN"));
    assert!(wrong(">00102<", ">öö102<").contains("PLMN"));
    assert!(wrong("10.50.0.1:5060", "pcscf.example").contains("P-CSCF"));
    assert!(wrong("m:private-identity>", "m:private>").contains("private-identity"));
    let one = PROFILE.split_once("<m:partner-system").unwrap().1.split_once("</m:migration>").unwrap().0;
    let twice = format!("{one}<m:partner-system{one}");
    assert!(wrong(one, &twice).contains("id of partner-system"), "two of one name");
    let many = UserProfile { aliases: vec!["a".into(); MAX_ALIASES + 1], ..UserProfile::new("sip:a@b", 0) };
    let problem = UserProfile::parse(&many.to_document()).unwrap_err();
    assert_eq!(problem, DocumentProblem::TooMany { what: "alias-entry", limit: MAX_ALIASES });
}

fn word() -> &'static str {
    "[a-zA-Z0-9:@.<>&\"']{1,20}"
}

fn entry_lists() -> impl Strategy<Value = Vec<ProfileEntry>> {
    let one = (word(), prop::option::of(word())).prop_map(|(uri, name)| ProfileEntry { uri, name });
    prop::collection::vec(one, 0..4)
}

fn partners() -> impl Strategy<Value = Vec<PartnerSystem>> {
    let plmn = (0u16..1000, 0u16..100, any::<bool>()).prop_map(|(mcc, mnc, is_long)| {
        let mnc = if is_long { format!("{mnc:03}") } else { format!("{mnc:02}") };
        Plmn::new(&format!("{mcc:03}"), &mnc).unwrap()
    });
    let words = (word(), word(), word(), word(), word(), word(), word());
    let some = (prop::option::of(word()), prop::option::of(word()), prop::option::of(word()), prop::option::of(word()));
    let pcscf = (any::<std::net::IpAddr>(), any::<u16>()).prop_map(std::net::SocketAddr::from);
    let one = (plmn, words, some, pcscf, prop::collection::vec(word(), 0..3));
    let one = one.prop_map(|(plmn, words, some, pcscf, groups)| PartnerSystem {
        id: words.0,
        plmn,
        service_pdn: words.1,
        common_core_pdn: some.0,
        identity_pdn: some.1,
        domain: words.2,
        pcscf,
        private_identity: words.3,
        public_identity: words.4,
        identity_server: some.2,
        mc_id: some.3,
        mcptt_id: words.5,
        server: words.6,
        groups,
    });
    prop::collection::vec(one, 0..3).prop_map(|mut all| {
        for (at, one) in all.iter_mut().enumerate() {
            one.id.push_str(&at.to_string());
        }
        all
    })
}

fn profiles() -> impl Strategy<Value = UserProfile> {
    let some = || prop::option::of(word());
    let heads = (word(), any::<u8>(), some(), any::<bool>(), some(), any::<bool>());
    let common = (word(), some(), some(), any::<Option<u32>>(), any::<Option<u16>>(), any::<Option<u32>>());
    let lists = (prop::collection::vec(word(), 0..3), entry_lists(), entry_lists(), entry_lists());
    (heads, common, lists, partners(), any::<Option<u32>>()).prop_map(|(head, common, lists, partners, n7)| {
        UserProfile {
            user: head.0,
            index: head.1,
            name: head.2,
            is_enabled: head.3,
            profile_name: head.4,
            is_preselected: head.5,
            aliases: lists.0,
            mcptt_id: common.0,
            private_calls: lists.1,
            max_calls: common.3,
            priority: common.4,
            participant_type: common.1,
            organization: common.2,
            groups: lists.2,
            max_affiliations: common.5,
            implicit_affiliations: lists.3,
            max_transmissions: n7,
            partners,
        }
    })
}

proptest! {
    #[test]
    fn documents_survive(profile in profiles()) {
        prop_assert_eq!(UserProfile::parse(&profile.to_document()), Ok(profile));
    }

    #[test]
    fn anything_is_read_or_refused(text in ".{0,200}") {
        let _ = UserProfile::parse(&text);
    }
}
