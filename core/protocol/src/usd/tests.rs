use proptest::prelude::*;

use super::*;
use crate::sip::sdp::{MbmsMode, Media};
use crate::{Plmn, Tmgi};

fn tmgi() -> Tmgi {
    Tmgi { service_id: [0, 1, 2], plmn: Plmn::new("001", "01").unwrap() }
}

fn flute() -> DeliveryDescription {
    DeliveryDescription {
        mode: MbmsMode::Broadcast { tmgi: tmgi(), counting: 0 },
        destination: ([239, 1, 2, 3], 5000).into(),
        source: Some([10, 46, 0, 31].into()),
        start_ms: Some(1_700_000_000_000),
        stop_ms: None,
        bandwidth_kbps: Some(500),
        delivered: Delivered::Files { tsi: 7, fec: 1 },
    }
}

#[test]
fn a_flute_session_is_described_as_in_the_standard() {
    let sdp = flute().to_sdp("File delivery", 3);
    let text = sdp.to_string();
    let lines: Vec<&str> = text.lines().collect();
    for line in [
        "s=File delivery",
        "t=3908988800 0",
        "a=flute-tsi:7",
        "a=FEC-declaration:0 encoding-id=1",
        "m=application 5000 FLUTE/UDP 0",
        "c=IN IP4 239.1.2.3/64",
        "b=AS:500",
        "a=FEC:0",
        "a=source-filter: incl IN IP4 239.1.2.3 10.46.0.31",
    ] {
        assert!(lines.contains(&line), "{line} is not in\n{text}");
    }
    assert_eq!(DeliveryDescription::parse(text.as_bytes()).unwrap(), flute());
}

/// A service announcement file as another program writes it: from the documentation of the 5G-MAG reference tools.
const FOREIGN: &str = "MIME-Version: 1.0\r
Content-Type: multipart/related; boundary=\"++BSCC++--\"; type=\"application/mbms-envelope+xml\"\r
Content-Description: LTE MBMS Service Announcement\r
\r
--++BSCC++--\r
Content-Type: application/mbms-envelope+xml \r
Content-Location: file:///envelope.xml\r
\r
<?xml version=\"1.0\" encoding=\"utf-8\"?>
<metadataEnvelope xmlns=\"urn:3gpp:metadata:2005:MBMS:envelope\"
  xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"
  xsi:schemaLocation=\"urn:3gpp:metadata:2005:MBMS:envelope MetadataEnvelope.xsd\">
  <item contentType=\"application/sdp\" metadataURI=\"file:///TMGI-0x1009f165.sdp\"
        validFrom=\"2021-10-12T10:59:43Z\" validUntil=\"2051-10-05T10:59:43Z\" version=\"1\"/>
</metadataEnvelope>\r
--++BSCC++--\r
Content-Type: application/sdp\r
Content-Location: file:///TMGI-0x1009f165.sdp\r
\r
v=0\r
o=ROHDE-SCHWARZ-BSCC 269087077 1634036383 IN IP4 11.11.11.11\r
s=HLS Streaming Session 0x1009f165\r
t=3843025183 4789105183\r
a=mbms-mode:broadcast-mbsfn 269087077\r
c=IN IP4 238.1.1.111/127\r
b=AS:2000\r
m=application 40101 FLUTE/UDP 0\r
a=flute-tsi:0\r
a=flute-ch:1\r
\r
--++BSCC++--\r
Content-Type: application/mbms-user-service-description+xml\r
Content-Location: file:///usdBundle.xml\r
\r
<?xml version=\"1.0\" encoding=\"utf-8\"?>
<bundleDescription xmlns=\"urn:3GPP:metadata:2005:MBMS:userServiceDescription\"
  xmlns:sv=\"urn:3gpp:metadata:2009:MBMS:schemaVersion\" xmlns:r7=\"urn:3GPP:metadata:2007:MBMS:userServiceDescription\"
  xmlns:r9=\"urn:3GPP:metadata:2009:MBMS:userServiceDescription\"
  xmlns:r12=\"urn:3GPP:metadata:2013:MBMS:userServiceDescription\"
  xmlns:r14=\"urn:3GPP:metadata:2017:MBMS:userServiceDescription\">
  <sv:schemaVersion>1</sv:schemaVersion>
  <userServiceDescription serviceId=\"urn:3gpp:rsservice1\" r7:serviceClass=\"urn:oma:bcast:rsservice1\" r14:romService=\"true\">
    <name lang=\"EN-GB\">BSCC Service1</name>
    <serviceLanguage>EN-GB</serviceLanguage>
    <requiredCapabilities><feature>23</feature></requiredCapabilities>
    <deliveryMethod sessionDescriptionURI=\"file:///TMGI-0x1009f165.sdp\">
      <sv:delimiter>0</sv:delimiter>
      <r12:broadcastAppService><r12:serviceArea>2</r12:serviceArea></r12:broadcastAppService>
    </deliveryMethod>
    <r9:schedule><r9:scheduleDescriptionURI>file:///schedule.xml</r9:scheduleDescriptionURI></r9:schedule>
    <sv:delimiter>0</sv:delimiter>
    <r9:availabilityInfo><r9:infoBinding><r9:serviceArea>2</r9:serviceArea></r9:infoBinding></r9:availabilityInfo>
  </userServiceDescription>
</bundleDescription>\r
--++BSCC++--\r
Content-Type: application/mbms-schedule+xml\r
Content-Location: file:///schedule.xml\r
\r
<?xml version=\"1.0\" encoding=\"utf-8\"?>
<scheduleDescription xmlns=\"urn:3gpp:metadata:2011:MBMS:scheduleDescription\" scheduleUpdate=\"2021-10-12T10:59:43Z\">
  <serviceSchedule><sessionSchedule><start>2021-10-12T10:59:43Z</start><stop>2051-10-05T10:59:43Z</stop><index>0</index>
  </sessionSchedule></serviceSchedule>
</scheduleDescription>\r
--++BSCC++----\r
";

#[test]
fn what_another_program_announces_is_read() {
    let announcement = Announcement::parse_file(FOREIGN.as_bytes()).unwrap();
    assert_eq!(announcement.fragments.len(), 4);
    let envelope = Envelope::parse(&announcement.fragments[0].body).unwrap();
    let item = &envelope.items[0];
    assert_eq!((item.version, item.content_type.as_deref()), (1, Some(SDP_CONTENT_TYPE)));
    assert_eq!(item.valid_from_ms, Some(1_634_036_383_000));
    let usd = announcement.find("file:///usdBundle.xml").unwrap();
    assert_eq!(usd.content_type, USD_CONTENT_TYPE);
    let bundle = Bundle::parse(&usd.body).unwrap();
    let service = &bundle.services[0];
    assert_eq!((service.service_id.as_str(), service.is_receive_only), ("urn:3gpp:rsservice1", true));
    assert_eq!(service.service_class.as_deref(), Some("urn:oma:bcast:rsservice1"));
    assert_eq!((service.names[0].language.as_deref(), service.areas.as_slice()), (Some("EN-GB"), &[2][..]));
    let sdp = announcement.find(&service.methods[0].session_description_uri).unwrap();
    let session = DeliveryDescription::parse(&sdp.body).unwrap();
    assert_eq!(
        (session.destination.to_string().as_str(), session.start_ms),
        ("238.1.1.111:40101", Some(1_634_036_383_000))
    );
    assert_eq!(session.mode.tmgi().to_octets(), [0, 0, 0x10, 0x09, 0xf1, 0x65]);
    assert_eq!((session.bandwidth_kbps, session.delivered), (Some(2000), Delivered::Files { tsi: 0, fec: 0 }));
    let schedule = announcement.find(service.schedule_uri.as_ref().unwrap()).unwrap();
    let schedule = Schedule::parse(&schedule.body).unwrap();
    assert_eq!(schedule.sessions[0], ScheduledSession { start_ms: 1_634_036_383_000, stop_ms: 2_580_116_383_000 });
}

#[test]
fn what_lacks_something_is_refused() {
    for wrong in ["", "<a/>", "<bundleDescription><userServiceDescription/></bundleDescription>", "<!DOCTYPE a><a/>"] {
        assert!(Bundle::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
    let area = "<bundleDescription><userServiceDescription serviceId='a'><availabilityInfo><infoBinding><serviceArea>x</serviceArea></infoBinding></availabilityInfo></userServiceDescription></bundleDescription>";
    assert_eq!(Bundle::parse(area.as_bytes()), Err(UsdProblem::Other("a serviceArea is no number")));
    assert!(Envelope::parse(b"<metadataEnvelope><item metadataURI='a'/></metadataEnvelope>").is_err());
    assert!(Announcement::parse_file(b"Content-Type: text/plain\r\n\r\n").is_err());
    assert!(DeliveryDescription::parse(b"v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\n").is_err());
}

proptest! {
    #[test]
    fn what_was_written_reads_the_same(
        id in "[a-z:]{1,20}", name in "[^\\p{C}]{0,20}", areas in proptest::collection::vec(any::<u16>(), 0..4),
        rom in any::<bool>(), start in 0u64..4_000_000_000, body in proptest::collection::vec(any::<u8>(), 0..100),
        port in 1u16.., tsi in any::<u16>(), rate in proptest::option::of(0u64..1_000_000),
    ) {
        let name = name.trim().to_owned();
        let bundle = Bundle { services: vec![UserService {
            service_id: id,
            service_class: Some("urn:a".to_owned()),
            is_receive_only: rom,
            names: vec![Name { language: Some("en".to_owned()), text: name.clone() }],
            languages: vec!["en".to_owned()],
            methods: vec![DeliveryMethod { session_description_uri: "http://a/1.sdp".to_owned() }],
            schedule_uri: Some("http://a/schedule".to_owned()),
            areas,
        }] };
        prop_assert_eq!(Bundle::parse(bundle.to_document().as_bytes()).unwrap(), bundle);
        let session = ScheduledSession { start_ms: start * 1000, stop_ms: start * 1000 + 1000 };
        let schedule = Schedule { update_ms: Some(start * 1000), sessions: vec![session] };
        prop_assert_eq!(Schedule::parse(schedule.to_document().as_bytes()).unwrap(), schedule);
        let envelope = Envelope { items: vec![EnvelopeItem { metadata_uri: name, version: 3, valid_from_ms: Some(start * 1000), ..EnvelopeItem::default() }] };
        prop_assert_eq!(Envelope::parse(envelope.to_document().as_bytes()).unwrap(), envelope);
        let fragment = Fragment { location: "http://a/b".to_owned(), content_type: "application/sdp".to_owned(), body };
        let announcement = Announcement { fragments: vec![fragment.clone(), fragment] };
        let (media, octets) = announcement.to_body();
        prop_assert_eq!(Announcement::parse(&media, &octets).unwrap(), announcement);
        let mut description = flute();
        description.destination.set_port(port);
        description.delivered = Delivered::Files { tsi: tsi.into(), fec: 0 };
        description.bandwidth_kbps = rate;
        prop_assert_eq!(DeliveryDescription::parse(&description.to_sdp("a", 1).to_bytes()).unwrap(), description.clone());
        let mut media = Media::new("audio", 0, "RTP/AVP", &["96"]);
        media.add_attribute("rtpmap", Some("96 AMR-WB/16000"));
        description.delivered = Delivered::Media(media);
        prop_assert_eq!(DeliveryDescription::parse(&description.to_sdp("a", 1).to_bytes()).unwrap(), description);
    }
}
