//! What header fields of MM4 may say (TS 23.140 clause 8.4.4). What is not known here survives.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
            /// Another word.
            Other(String),
        }

        impl $name {
            /// All words that are known here, as they are written.
            pub const WORDS: &'static [&'static str] = &[$($text),*];

            /// The word, case aside.
            pub fn parse(text: &str) -> Self {
                match text {
                    $(_ if text.eq_ignore_ascii_case($text) => Self::$word,)*
                    _ => Self::Other(text.to_owned()),
                }
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// X-Mms-Message-Type.
    Mm4MessageType {
        /// A multimedia message.
        ForwardReq = "MM4_forward.REQ",
        /// Its acknowledgement.
        ForwardRes = "MM4_forward.RES",
        /// A delivery report.
        DeliveryReportReq = "MM4_delivery_report.REQ",
        /// Its acknowledgement.
        DeliveryReportRes = "MM4_delivery_report.RES",
        /// A read-reply report.
        ReadReplyReportReq = "MM4_read_reply_report.REQ",
        /// Its acknowledgement.
        ReadReplyReportRes = "MM4_read_reply_report.RES",
    }
}

words! {
    /// X-Mms-Request-Status-Code: what became of a request.
    RequestStatus {
        /// It was taken.
        Ok = "Ok",
        /// Nothing more is known.
        ErrorUnspecified = "Error-unspecified",
        /// The recipient's relay may not serve it.
        ErrorServiceDenied = "Error-service-denied",
        /// It could not be read.
        ErrorMessageFormatCorrupt = "Error-message-format-corrupt",
        /// None of the recipients can be resolved.
        ErrorSendingAddressUnresolved = "Error-sending-address-unresolved",
        /// The multimedia message is not there (any more).
        ErrorMessageNotFound = "Error-message-not-found",
        /// The network failed.
        ErrorNetworkProblem = "Error-network-problem",
        /// Its content is not allowed, by kind or size.
        ErrorContentNotAccepted = "Error-content-not-accepted",
        /// The relay does not know such a message.
        ErrorUnsupportedMessage = "Error-unsupported-message",
    }
}

words! {
    /// X-Mms-MM-Status-Code: what became of a multimedia message.
    MmStatus {
        /// Its time was over.
        Expired = "Expired",
        /// The recipient has it.
        Retrieved = "Retrieved",
        /// The recipient does not want it.
        Rejected = "Rejected",
        /// The recipient will fetch it later.
        Deferred = "Deferred",
        /// It is not known.
        Indeterminate = "Indeterminate",
        /// The recipient has sent it on without having it.
        Forwarded = "Forwarded",
        /// The recipient did not understand it.
        Unrecognised = "Unrecognised",
    }
}

words! {
    /// X-Mms-Read-Status.
    ReadStatus {
        /// The recipient has read it.
        Read = "Read",
        /// It was deleted unread.
        DeletedWithoutBeingRead = "Deleted-without-being-read",
    }
}

words! {
    /// X-Mms-Priority.
    Priority {
        /// Low.
        Low = "Low",
        /// As usual.
        Normal = "Normal",
        /// High.
        High = "High",
    }
}
