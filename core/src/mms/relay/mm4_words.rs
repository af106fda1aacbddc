//! What the words of MM4 are in those of MM1 (TS 23.140 clauses 8.4.2 to 8.4.4).

use protocol::mm4::{MmStatus, Priority as Mm4Priority, ReadStatus as Mm4ReadStatus};
use protocol::mms::{MmsStatus, Priority, ReadStatus};

/// X-Mms-MM-Status-Code (TS 23.140 clause 8.4.2): it has no word for who cannot be reached.
pub(super) const fn of_mms_status(status: MmsStatus) -> MmStatus {
    match status {
        MmsStatus::EXPIRED => MmStatus::Expired,
        MmsStatus::RETRIEVED => MmStatus::Retrieved,
        MmsStatus::REJECTED => MmStatus::Rejected,
        MmsStatus::DEFERRED => MmStatus::Deferred,
        MmsStatus::UNRECOGNISED => MmStatus::Unrecognised,
        MmsStatus::FORWARDED => MmStatus::Forwarded,
        _ => MmStatus::Indeterminate,
    }
}

pub(super) const fn to_mms_status(status: &MmStatus) -> MmsStatus {
    match status {
        MmStatus::Expired => MmsStatus::EXPIRED,
        MmStatus::Retrieved => MmsStatus::RETRIEVED,
        MmStatus::Rejected => MmsStatus::REJECTED,
        MmStatus::Deferred => MmsStatus::DEFERRED,
        MmStatus::Unrecognised => MmsStatus::UNRECOGNISED,
        MmStatus::Forwarded => MmsStatus::FORWARDED,
        MmStatus::Indeterminate | MmStatus::Other(_) => MmsStatus::INDETERMINATE,
    }
}

pub(super) const fn of_read_status(status: ReadStatus) -> Mm4ReadStatus {
    match status {
        ReadStatus::READ => Mm4ReadStatus::Read,
        _ => Mm4ReadStatus::DeletedWithoutBeingRead,
    }
}

pub(super) const fn to_read_status(status: &Mm4ReadStatus) -> ReadStatus {
    match status {
        Mm4ReadStatus::Read => ReadStatus::READ,
        _ => ReadStatus::DELETED_WITHOUT_BEING_READ,
    }
}

pub(super) fn to_priority(priority: &Mm4Priority) -> Option<u8> {
    match priority {
        Mm4Priority::Low => Some(Priority::LOW.0),
        Mm4Priority::Normal => Some(Priority::NORMAL.0),
        Mm4Priority::High => Some(Priority::HIGH.0),
        Mm4Priority::Other(_) => None,
    }
}

pub(super) const fn of_priority(priority: u8) -> Option<Mm4Priority> {
    match Priority(priority) {
        Priority::LOW => Some(Mm4Priority::Low),
        Priority::NORMAL => Some(Mm4Priority::Normal),
        Priority::HIGH => Some(Mm4Priority::High),
        _ => None,
    }
}
