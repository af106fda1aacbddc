//! Messages of which tshark is told what they are.

use super::capture::{capture, tshark};

/// `DLT_USER0`: link type that means what a preference says.
const USER: u32 = 147;

/// What tshark prints of `packets`, each being a message of `dissector`; nothing without tshark.
pub(crate) fn dissect<P: AsRef<[u8]>>(
    dissector: &str,
    packets: impl IntoIterator<Item = P>,
    arguments: &[&str],
) -> Option<String> {
    let link = format!("uat:user_dlts:\"User 0 (DLT={USER})\",\"{dissector}\",\"0\",\"\",\"0\",\"\"");
    tshark(&capture(USER, packets), &[&["-o", &link], arguments].concat())
}
