//! Documents on Ut.

use super::{needed, passes, passes_on};

const DOCUMENTS: [&str; 4] = ["RFC 4825 8.2.3", "RFC 4825 7.3", "RFC 4825 7.11, unchanged", "RFC 4825 7.11, stale"];

#[test]
fn documents_on_ut() {
    assert_eq!(passes("xdm"), DOCUMENTS);
    assert_eq!(passes_on("sip", "xdm"), DOCUMENTS);
}

#[test]
fn every_step_of_documents_on_ut_is_needed() {
    needed("xdm", &DOCUMENTS);
}
