use protocol::Instant;

use super::expected::{Arrival, Expected, ExpectedMms, part};

fn expected(number: u64, from: &str, octets: &[u8]) -> ExpectedMms {
    let parts = vec![part("image/jpeg", "a.jpg", octets), part("text/plain", "t.txt", b"hi")];
    ExpectedMms { number, from: from.into(), subject: None, parts, sent: Instant::ZERO }
}

#[test]
fn a_message_is_that_of_its_notification_and_each_octet_counts() {
    let mut own = Expected::default();
    own.push(expected(1, "49171", b"picture"));
    own.push(expected(2, "49171", b"other"));
    own.push(expected(3, "49172", b"picture"));
    assert_eq!((own.missing(), own.are_notified()), (3, false));
    assert_eq!(own.notified(7, "49173", None), None);
    assert_eq!(own.notified(7, "49171", Some("x")), None);
    assert_eq!(own.notified(7, "49171", None), Some(1));
    assert_eq!(own.notified(8, "49171", None), Some(2));
    assert_eq!(own.notified(9, "49172", None), Some(3));
    assert_eq!((own.waiting(), own.are_notified()), (vec![7, 8, 9], true));
    // In another order, and with other names, it is the same.
    let parts = [part("text/plain", "text", b"hi"), part("Image/JPEG", "b.jpg", b"picture")];
    let Arrival::Expected { own: came, is_as_sent: true } = own.comes(7, &parts) else { panic!() };
    assert_eq!(came.number, 1);
    assert_eq!(own.comes(7, &parts), Arrival::Again);
    let Arrival::Expected { is_as_sent: false, .. } = own.comes(8, &parts) else { panic!() };
    assert_eq!(own.comes(10, &parts), Arrival::Unknown);
    own.not_wanted(9);
    assert_eq!((own.missing(), own.waiting()), (0, vec![]));
    // The relay has it once more.
    assert_eq!((own.notified(11, "49171", None), own.missing(), own.waiting()), (None, 0, vec![11]));
    assert_eq!(own.comes(11, &parts), Arrival::Again);
    // One that was never sent is not missing.
    own.push(expected(12, "49171", b"refused"));
    own.withdraw(12);
    assert_eq!(own.missing(), 0);
}
