//! Records of an MMS Relay/Server (TS 32.270 clause 5.2.3), and what MMS-Information has no AVP of its own for.

macro_rules! records {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Which record an event makes: RecordType of TS 32.298 clause 5.2.2, of what MM1 and MM4 see.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum MmsRecordType {
            $($(#[$doc])* $name,)*
        }

        impl MmsRecordType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name as RecordType.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

records! {
    /// Originator MM1 Submission: the sender's relay has taken a message.
    O1S = "mMO1SRecord",
    /// Originator MM4 Forward Request: a message went to another relay.
    O4FRq = "mMO4FRqRecord",
    /// Originator MM4 Forward Response: the other relay has answered.
    O4FRs = "mMO4FRsRecord",
    /// Originator MM4 Delivery report: the other relay has told what became of it.
    O4D = "mMO4DRecord",
    /// Originator MM1 Delivery report: the sender was told.
    O1D = "mMO1DRecord",
    /// Originator MM4 Read reply report: the other relay has told that it was read.
    O4R = "mMO4RRecord",
    /// Originator MM1 Read reply originator: the sender was told that it was read.
    O1R = "mMO1RRecord",
    /// Originator MM Deletion: the sender's relay has given it up.
    OMd = "mMOMDRecord",
    /// Recipient MM4 Forward: a message of another relay was taken.
    R4F = "mMR4FRecord",
    /// Recipient MM1 Notification Request: the recipient was told of it.
    R1NRq = "mMR1NRqRecord",
    /// Recipient MM1 Notification Response: the recipient has answered that.
    R1NRs = "mMR1NRsRecord",
    /// Recipient MM1 Retrieve: the recipient was given it.
    R1Rt = "mMR1RtRecord",
    /// Recipient MM1 Acknowledgement: the recipient has it.
    R1A = "mMR1ARecord",
    /// Recipient MM4 Delivery report Request: the sender's relay was told what became of it.
    R4DRq = "mMR4DRqRecord",
    /// Recipient MM4 Delivery report Response: that relay has answered.
    R4DRs = "mMR4DRsRecord",
    /// Recipient MM1 Read reply Recipient: the recipient says that it was read.
    R1RR = "mMR1RRRecord",
    /// Recipient MM4 Read reply report Request: the sender's relay was told so.
    R4RRq = "mMR4RRqRecord",
    /// Recipient MM4 Read reply report Response: that relay has answered.
    R4RRs = "mMR4RRsRecord",
    /// Recipient MM Deletion: the recipient's relay has given it up.
    RMd = "mMRMDRecord",
    /// Forwarding: a recipient has sent it on without fetching it.
    F = "mMFRecord",
}

impl MmsRecordType {
    /// The one with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|own| own.name() == name)
    }
}

/// Values of Service-Specific-Type within MMS-Information: what the records of TS 32.298 clause 5.2.4.1 have, and TS 32.299
/// has no AVP for.
pub mod mms_specific {
    /// Which record it is: [`super::MmsRecordType::name`].
    pub const RECORD_TYPE: u32 = 1;
    /// MM-Status-Code or Read-Status by its name: `retrieved`.
    pub const STATUS: u32 = 2;
    /// Status text, for humans.
    pub const STATUS_TEXT: u32 = 3;
    /// Request-Status-Code: RequestStatusCodeType of TS 32.298, in digits; 0 is Ok.
    pub const REQUEST_STATUS: u32 = 4;
    /// Mail domain of the sender's relay.
    pub const ORIGINATOR_RELAY: u32 = 5;
    /// Mail domain of the recipient's relay.
    pub const RECIPIENT_RELAY: u32 = 6;
    /// Message Reference: where the message waits.
    pub const REFERENCE: u32 = 7;
    /// Time of expiry: seconds since 1970, in digits.
    pub const EXPIRY: u32 = 8;
    /// Report Allowed: 1 or 0.
    pub const REPORT_ALLOWED: u32 = 9;
    /// Sender visibility: 1 or 0.
    pub const SENDER_VISIBLE: u32 = 10;
    /// When that happened which is reported: seconds since 1970, in digits.
    pub const DATE: u32 = 11;
    /// Forward counter, in digits.
    pub const FORWARD_COUNTER: u32 = 12;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn records_have_names_of_their_own() {
        let names: BTreeSet<_> = MmsRecordType::ALL.iter().map(|own| own.name()).collect();
        assert_eq!(names.len(), MmsRecordType::ALL.len());
        for own in MmsRecordType::ALL {
            assert_eq!(MmsRecordType::of_name(own.name()), Some(*own));
        }
        assert_eq!(MmsRecordType::of_name("sCSCFRecord"), None);
    }
}
