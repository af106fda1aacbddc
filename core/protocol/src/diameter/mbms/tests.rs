use super::*;
use crate::Plmn;

#[test]
fn service_area_and_duration_octet_for_octet() {
    let area = MbmsServiceArea::new([1, 0x1234]).unwrap();
    assert_eq!(area.to_octets(), [1, 0, 1, 0x12, 0x34]);
    assert_eq!(MbmsServiceArea::from_octets(&[1, 0, 1, 0x12, 0x34]), Some(area.clone()));
    for wrong in [&[][..], &[0], &[0, 0], &[1, 0, 1], &[0, 0, 1, 0]] {
        assert_eq!(MbmsServiceArea::from_octets(wrong), None, "{wrong:?}");
    }
    assert!(MbmsServiceArea::new(Vec::new()).is_none() && MbmsServiceArea::new(vec![1; 257]).is_none());
    assert!(area.overlaps(&MbmsServiceArea::new([1]).unwrap()) && !area.overlaps(&MbmsServiceArea::new([2]).unwrap()));
    assert!(area.overlaps(&MbmsServiceArea::new([0]).unwrap()));

    // A day and a second: 17 bits of seconds, then 7 of days.
    assert_eq!(SessionDuration::from_seconds(86_401).to_octets(), [0, 0, 0x81]);
    assert_eq!(SessionDuration::from_octets([0, 0, 0x81]).seconds(), Some(86_401));
    assert_eq!(SessionDuration::from_octets([0; 3]).seconds(), None);
    assert_eq!(SessionDuration::from_seconds(0).seconds(), Some(1), "zero would be without end");
    assert_eq!(SessionDuration::from_seconds(u64::MAX).seconds(), Some(SessionDuration::MAX_SECONDS));
}

#[test]
fn cells_octet_for_octet() {
    let cell = Ecgi { plmn: Plmn::new("262", "01").unwrap(), cell: 0x012_3456 };
    let list = MbmsCellList::new([cell]).unwrap();
    assert_eq!(list.to_avp().data, [0, 0, 0x62, 0xf2, 0x10, 0x00, 0x12, 0x34, 0x56]);
    let mut avp = list.to_avp();
    assert_eq!(MbmsCellList::from_avp(&avp), Ok(list));
    avp.data[1] = 1;
    assert!(MbmsCellList::from_avp(&avp).is_err());
}

#[test]
fn in_the_arp_zero_is_yes_and_the_defaults_are_those_of_ts_29_212() {
    let arp = Arp { priority: 3, may_preempt: true, preemptable: false };
    assert_eq!(Arp::from_avp(&arp.to_avp()), Ok(arp));
    let alone = Avp::group(&m::ALLOCATION_RETENTION_PRIORITY, &[Avp::u32(&m::PRIORITY_LEVEL, 15)]);
    assert_eq!(Arp::from_avp(&alone), Ok(Arp { priority: 15, may_preempt: false, preemptable: true }));
    let none = Avp::group(&m::ALLOCATION_RETENTION_PRIORITY, &[Avp::u32(&m::PRIORITY_LEVEL, 0)]);
    assert!(Arp::from_avp(&none).is_err());
}

#[test]
fn the_special_times_are_zero_and_no_time_is_mistaken_for_them() {
    use provisioning::{ServiceProvisioning, SessionTime};
    let said = |start| {
        let avp = ServiceProvisioning { start: Some(start), ..Default::default() }.to_avp();
        let group = avp.as_group().unwrap();
        (group[0].as_u32().unwrap(), ServiceProvisioning::from_avp(&avp).unwrap().start)
    };
    assert_eq!(said(SessionTime::RealTime), (0, Some(SessionTime::RealTime)));
    assert_eq!(said(SessionTime::At(0)), (2_208_988_800, Some(SessionTime::At(0))));
    // 7 February 2036, 06:28:16: the second whose number is zero.
    let era = ((1_u64 << 32) - 2_208_988_800) * 1000;
    assert_eq!(said(SessionTime::At(era)), (1, Some(SessionTime::At(era + 1000))));
}
