//! MB2-C and SGmb: typed messages.

use crate::diameter::mb2c::{GcsActionAnswer, GcsActionRequest, GcsNotificationAnswer, GcsNotificationRequest};
use crate::diameter::sgmb::{Asr, Raa, Rar, SgmbAnswer, Str};
use crate::diameter::{Message, check_answer, check_request};

/// What a typed message of MB2-C or SGmb reads is emitted as what it reads again to the same; what cannot be read is told why.
///
/// # Panics
/// When that does not hold.
pub fn mbms(octets: &[u8]) {
    let Ok(message) = Message::parse(octets) else { return };
    let (_, _) = (check_request(&message), check_answer(&message));
    macro_rules! again {
        ($($kind:ident $($request:ident)?;)*) => {
            $(if let Ok(read) = $kind::from_message(&message) {
                let emitted = read.to_message($(&$request)?);
                assert_eq!($kind::from_message(&emitted).as_ref(), Ok(&read), "what was emitted reads otherwise");
            })*
        };
    }
    again! {
        GcsActionRequest;
        GcsActionAnswer message;
        GcsNotificationRequest;
        GcsNotificationAnswer message;
        Rar;
        Raa message;
        Str;
        Asr;
        SgmbAnswer message;
    }
}
