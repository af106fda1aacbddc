use proptest::prelude::*;

use super::*;
use crate::Plmn;

fn tmgi(n: u8) -> Tmgi {
    Tmgi { service_id: [0xab, 0xcd, n], plmn: Plmn::new("001", "01").unwrap() }
}

/// As the annex prints its elements, with a prefix and elements of later versions.
const ANNOUNCEMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<m:mcptt-mbms-usage-info xmlns:m="urn:3gpp:ns:mcpttMbmsUsage:1.0">
  <m:announcement>
    <m:TMGI>ABCD0100F110</m:TMGI>
    <m:QCI>65</m:QCI>
    <m:frequency>3350</m:frequency>
    <m:mbms-service-areas><m:mbms-service-area-id>0001</m:mbms-service-area-id>
      <m:mbms-service-area-id>ff02</m:mbms-service-area-id></m:mbms-service-areas>
    <m:GPMS>1</m:GPMS>
    <m:report-suspension>true</m:report-suspension>
    <x:other xmlns:x="urn:x">1</x:other>
    <m:anyExt><m:unicast-status>false</m:unicast-status></m:anyExt>
  </m:announcement>
  <m:announcement><m:TMGI>abcd0200f110</m:TMGI></m:announcement>
  <m:version>1</m:version>
</m:mcptt-mbms-usage-info>"#;

fn announcement() -> UsageInfo {
    let first = Announcement {
        qci: Some(65),
        frequency: Some(3350),
        service_areas: Some(vec![1, 0xff02]),
        gpms: Some(1),
        report_suspension: Some(true),
        unicast_status: Some(false),
        ..Announcement::cancellation(tmgi(1))
    };
    UsageInfo::of_announcements(vec![first, Announcement::cancellation(tmgi(2))])
}

#[test]
fn announcements_and_their_cancellation() {
    let info = UsageInfo::parse(ANNOUNCEMENT).unwrap();
    assert_eq!(info, announcement());
    assert!(!info.announcements[0].is_cancellation() && info.announcements[1].is_cancellation());
    assert_eq!(UsageInfo::parse(&info.to_document()), Ok(info));
}

#[test]
fn the_older_form_is_read() {
    // As clients of version 13 have it.
    let document = "<mcptt-mbms-usage-info xmlns='urn:3gpp:ns:mcpttMbmsUsage:1.0'><announcement>\
                    <TMGI>ABCD0100F110</TMGI><mbms-service-areas>010001ff02</mbms-service-areas></announcement>\
                    <GPMS>2</GPMS><version>1</version></mcptt-mbms-usage-info>";
    let info = UsageInfo::parse(document).unwrap();
    assert_eq!(info.announcements[0].service_areas, Some(vec![1, 0xff02]));
    assert_eq!(info.announcements[0].gpms, Some(2));
    assert!(UsageInfo::parse(&document.replace("010001ff02", "000001ff02")).is_err());
    assert!(UsageInfo::parse(&document.replace("010001ff02", "")).is_err());
}

#[test]
fn reports_of_clients() {
    let listening = ListeningStatus {
        listening: true,
        session: Some("sip:call-1@mc1.example".into()),
        general_purpose: Some(false),
        tmgis: vec![tmgi(1)],
    };
    let info = UsageInfo::of_listening(listening);
    let document = info.to_document();
    assert!(document.contains(
        "<mbms-listening-status><mbms-listening-status>listening</mbms-listening-status>\
         <session-id>sip:call-1@mc1.example</session-id><general-purpose>false</general-purpose><TMGI>ABCD0100F110</TMGI>\
         </mbms-listening-status><version>1</version>"
    ));
    assert_eq!(UsageInfo::parse(&document), Ok(info));
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |inner: &str| {
        let document =
            format!("<mcptt-mbms-usage-info xmlns='{NS}'>{inner}<version>1</version></mcptt-mbms-usage-info>");
        UsageInfo::parse(&document).unwrap_err().to_string()
    };
    let status =
        "<mbms-listening-status><mbms-listening-status>listening</mbms-listening-status></mbms-listening-status>";
    assert!(wrong(status).contains("TMGI"));
    assert!(wrong(&status.replace("listening</", "deaf</")).contains("\"deaf\""));
    assert!(wrong("<announcement><TMGI>ABCD01</TMGI></announcement>").contains("TMGI"));
    assert!(wrong("<announcement><TMGI>ABCD0100F110</TMGI><QCI>300</QCI></announcement>").contains("QCI"));
    let many = "<announcement><TMGI>ABCD0100F110</TMGI></announcement>".repeat(MAX_ANNOUNCEMENTS + 1);
    assert!(wrong(&many).contains("more than 32 of announcement"));
    assert!(UsageInfo::parse("<mcptt-mbms-usage-info/>").is_err(), "another namespace");
}

fn tmgis(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Tmgi>> {
    prop::collection::vec(any::<u8>().prop_map(tmgi), count)
}

proptest! {
    #[test]
    fn documents_survive(
        version in any::<u32>(),
        listening in prop::option::of((any::<bool>(), prop::option::of("[a-z:@<&]{1,20}"), any::<Option<bool>>(), tmgis(1..4))),
        suspension in prop::option::of((any::<bool>(), any::<Option<u32>>(), tmgis(0..3), tmgis(0..3))),
        announced in prop::collection::vec((
            any::<u8>(), any::<Option<u8>>(), any::<Option<u32>>(),
            prop::option::of(prop::collection::vec(any::<u16>(), 1..5)),
            any::<Option<u8>>(), any::<Option<bool>>(), any::<Option<bool>>(),
        ), 0..4),
    ) {
        let listening = listening.map(|(listening, session, general_purpose, tmgis)| {
            ListeningStatus { listening, session, general_purpose, tmgis }
        });
        let suspension = suspension.map(|(suspending, reported_bearers, suspended, others)| {
            SuspensionStatus { suspending, reported_bearers, suspended, others }
        });
        let announcement = |(n, qci, frequency, service_areas, gpms, report_suspension, unicast_status)| {
            Announcement { tmgi: tmgi(n), qci, frequency, service_areas, gpms, report_suspension, unicast_status }
        };
        let announcements = announced.into_iter().map(announcement).collect();
        let info = UsageInfo { version, listening, suspension, announcements };
        prop_assert_eq!(UsageInfo::parse(&info.to_document()), Ok(info));
    }
}
