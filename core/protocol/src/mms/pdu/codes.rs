//! Codes of OMA-MMS-ENC clause 7.3, numbered as in version 1.3, with the names they have there.

crate::codes::codes! {
    /// X-Mms-Message-Type (clause 7.3.30).
    pub struct MessageType(u8) {
        /// A message is sent.
        SEND_REQ = 0x80, "M-Send.req";
        /// What became of that.
        SEND_CONF = 0x81, "M-Send.conf";
        /// A message waits.
        NOTIFICATION_IND = 0x82, "M-Notification.ind";
        /// What becomes of that.
        NOTIFYRESP_IND = 0x83, "M-NotifyResp.ind";
        /// A message is retrieved.
        RETRIEVE_CONF = 0x84, "M-Retrieve.conf";
        /// It is there.
        ACKNOWLEDGE_IND = 0x85, "M-Acknowledge.ind";
        /// A delivery report.
        DELIVERY_IND = 0x86, "M-Delivery.ind";
        /// A read report, from who has read.
        READ_REC_IND = 0x87, "M-Read-Rec.ind";
        /// A read report, to who has sent.
        READ_ORIG_IND = 0x88, "M-Read-Orig.ind";
        /// A message that waits goes to others.
        FORWARD_REQ = 0x89, "M-Forward.req";
        /// What became of that.
        FORWARD_CONF = 0x8A, "M-Forward.conf";
        /// Of a box of messages.
        MBOX_STORE_REQ = 0x8B, "M-Mbox-Store.req";
        /// Of a box of messages.
        MBOX_STORE_CONF = 0x8C, "M-Mbox-Store.conf";
        /// Of a box of messages.
        MBOX_VIEW_REQ = 0x8D, "M-Mbox-View.req";
        /// Of a box of messages.
        MBOX_VIEW_CONF = 0x8E, "M-Mbox-View.conf";
        /// Of a box of messages.
        MBOX_UPLOAD_REQ = 0x8F, "M-Mbox-Upload.req";
        /// Of a box of messages.
        MBOX_UPLOAD_CONF = 0x90, "M-Mbox-Upload.conf";
        /// Of a box of messages.
        MBOX_DELETE_REQ = 0x91, "M-Mbox-Delete.req";
        /// Of a box of messages.
        MBOX_DELETE_CONF = 0x92, "M-Mbox-Delete.conf";
        /// Of a box of messages.
        MBOX_DESCR = 0x93, "M-Mbox-Descr";
        /// Of version 1.3: a message is to be deleted.
        DELETE_REQ = 0x94, "M-Delete.req";
        /// What became of that.
        DELETE_CONF = 0x95, "M-Delete.conf";
        /// Of version 1.3: a message is to be taken back.
        CANCEL_REQ = 0x96, "M-Cancel.req";
        /// What became of that.
        CANCEL_CONF = 0x97, "M-Cancel.conf";
    }
}

crate::codes::codes! {
    /// X-Mms-Response-Status (clause 7.3.48): what became of an M-Send.req or an M-Forward.req. Values below 0xC0 other
    /// than Ok are those of version 1.0.
    pub struct ResponseStatus(u8) {
        /// It is taken.
        OK = 0x80, "Ok";
        /// Version 1.0.
        ERROR_UNSPECIFIED = 0x81, "Error-unspecified";
        /// Version 1.0.
        ERROR_SERVICE_DENIED = 0x82, "Error-service-denied";
        /// Version 1.0.
        ERROR_MESSAGE_FORMAT_CORRUPT = 0x83, "Error-message-format-corrupt";
        /// Version 1.0.
        ERROR_SENDING_ADDRESS_UNRESOLVED = 0x84, "Error-sending-address-unresolved";
        /// Version 1.0.
        ERROR_MESSAGE_NOT_FOUND = 0x85, "Error-message-not-found";
        /// Version 1.0.
        ERROR_NETWORK_PROBLEM = 0x86, "Error-network-problem";
        /// Version 1.0.
        ERROR_CONTENT_NOT_ACCEPTED = 0x87, "Error-content-not-accepted";
        /// The PDU, or its version, is not known: of every version.
        ERROR_UNSUPPORTED_MESSAGE = 0x88, "Error-unsupported-message";
        /// It may be tried again.
        TRANSIENT_FAILURE = 0xC0, "Error-transient-failure";
        /// An address cannot be resolved now.
        TRANSIENT_SENDING_ADDRESS_UNRESOLVED = 0xC1, "Error-transient-sending-address-unresolved";
        /// The message is not there now.
        TRANSIENT_MESSAGE_NOT_FOUND = 0xC2, "Error-transient-message-not-found";
        /// There is no way now.
        TRANSIENT_NETWORK_PROBLEM = 0xC3, "Error-transient-network-problem";
        /// Some recipients only (version 1.2).
        TRANSIENT_PARTIAL_SUCCESS = 0xC4, "Error-transient-partial-success";
        /// It is refused, whatever for.
        PERMANENT_FAILURE = 0xE0, "Error-permanent-failure";
        /// The sender may not.
        PERMANENT_SERVICE_DENIED = 0xE1, "Error-permanent-service-denied";
        /// It is not understood.
        PERMANENT_MESSAGE_FORMAT_CORRUPT = 0xE2, "Error-permanent-message-format-corrupt";
        /// An address is none.
        PERMANENT_SENDING_ADDRESS_UNRESOLVED = 0xE3, "Error-permanent-sending-address-unresolved";
        /// The message that is to be forwarded is not there.
        PERMANENT_MESSAGE_NOT_FOUND = 0xE4, "Error-permanent-message-not-found";
        /// Size or type of its content.
        PERMANENT_CONTENT_NOT_ACCEPTED = 0xE5, "Error-permanent-content-not-accepted";
        /// Reply charging.
        PERMANENT_REPLY_CHARGING_LIMITATIONS_NOT_MET = 0xE6, "Error-permanent-reply-charging-limitations-not-met";
        /// Reply charging.
        PERMANENT_REPLY_CHARGING_REQUEST_NOT_ACCEPTED = 0xE7, "Error-permanent-reply-charging-request-not-accepted";
        /// Reply charging.
        PERMANENT_REPLY_CHARGING_FORWARDING_DENIED = 0xE8, "Error-permanent-reply-charging-forwarding-denied";
        /// Reply charging.
        PERMANENT_REPLY_CHARGING_NOT_SUPPORTED = 0xE9, "Error-permanent-reply-charging-not-supported";
        /// The sender wants to be hidden (version 1.2).
        PERMANENT_ADDRESS_HIDING_NOT_SUPPORTED = 0xEA, "Error-permanent-address-hiding-not-supported";
        /// No credit (version 1.3).
        PERMANENT_LACK_OF_PREPAID = 0xEB, "Error-permanent-lack-of-prepaid";
    }
}

impl ResponseStatus {
    /// Is the message taken?
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// May it be tried again? Values that are not known count for what their range says (clause 7.3.48).
    pub const fn is_transient(self) -> bool {
        matches!(self.0, 0xC0..=0xDF)
    }

    /// The value that tells the same to a terminal of a version: one of version 1.0 knows its own only.
    #[must_use]
    pub const fn for_version(self, version: super::MmsVersion) -> Self {
        if version.0 > super::MmsVersion::V1_0.0 {
            return self;
        }
        match self.0 {
            0xE1 | 0xEB => Self::ERROR_SERVICE_DENIED,
            0xE2 => Self::ERROR_MESSAGE_FORMAT_CORRUPT,
            0xC1 | 0xE3 => Self::ERROR_SENDING_ADDRESS_UNRESOLVED,
            0xC2 | 0xE4 => Self::ERROR_MESSAGE_NOT_FOUND,
            0xC3 => Self::ERROR_NETWORK_PROBLEM,
            0xE5 => Self::ERROR_CONTENT_NOT_ACCEPTED,
            0xC0..=0xFF => Self::ERROR_UNSPECIFIED,
            _ => self,
        }
    }
}

crate::codes::codes! {
    /// X-Mms-Retrieve-Status (clause 7.3.50).
    pub struct RetrieveStatus(u8) {
        /// Here it is.
        OK = 0x80, "Ok";
        /// It may be tried again.
        TRANSIENT_FAILURE = 0xC0, "Error-transient-failure";
        /// It is not there now.
        TRANSIENT_MESSAGE_NOT_FOUND = 0xC1, "Error-transient-message-not-found";
        /// There is no way now.
        TRANSIENT_NETWORK_PROBLEM = 0xC2, "Error-transient-network-problem";
        /// It is refused, whatever for.
        PERMANENT_FAILURE = 0xE0, "Error-permanent-failure";
        /// Who asks may not.
        PERMANENT_SERVICE_DENIED = 0xE1, "Error-permanent-service-denied";
        /// It is not there, or not any more.
        PERMANENT_MESSAGE_NOT_FOUND = 0xE2, "Error-permanent-message-not-found";
        /// The terminal could not show it.
        PERMANENT_CONTENT_UNSUPPORTED = 0xE3, "Error-permanent-content-unsupported";
    }
}

impl RetrieveStatus {
    /// Is the message there?
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// May it be tried again?
    pub const fn is_transient(self) -> bool {
        matches!(self.0, 0xC0..=0xDF)
    }
}

crate::codes::codes! {
    /// X-Mms-Status (clause 7.3.54): what became of a message, or becomes of one that waits.
    pub struct MmsStatus(u8) {
        /// Nobody has retrieved it in time.
        EXPIRED = 0x80, "Expired";
        /// It is retrieved.
        RETRIEVED = 0x81, "Retrieved";
        /// The recipient does not want it.
        REJECTED = 0x82, "Rejected";
        /// It is retrieved later.
        DEFERRED = 0x83, "Deferred";
        /// The terminal does not understand its notification, or the version of that.
        UNRECOGNISED = 0x84, "Unrecognised";
        /// Nobody knows.
        INDETERMINATE = 0x85, "Indeterminate";
        /// It went on to others.
        FORWARDED = 0x86, "Forwarded";
        /// The recipient cannot be reached.
        UNREACHABLE = 0x87, "Unreachable";
    }
}

crate::codes::codes! {
    /// X-Mms-Read-Status (clause 7.3.38).
    pub struct ReadStatus(u8) {
        /// Read.
        READ = 0x80, "Read";
        /// Deleted, and not read.
        DELETED_WITHOUT_BEING_READ = 0x81, "Deleted without being read";
    }
}

crate::codes::codes! {
    /// X-Mms-Priority (clause 7.3.35).
    pub struct Priority(u8) {
        /// Low.
        LOW = 0x80, "Low";
        /// Normal, as without one.
        NORMAL = 0x81, "Normal";
        /// High.
        HIGH = 0x82, "High";
    }
}

crate::codes::codes! {
    /// X-Mms-Sender-Visibility (clause 7.3.52).
    pub struct SenderVisibility(u8) {
        /// The recipient is not told who sent it.
        HIDE = 0x80, "Hide";
        /// The recipient is told, whatever the subscription says.
        SHOW = 0x81, "Show";
    }
}

crate::codes::codes! {
    /// X-Mms-Reply-Charging (clause 7.3.43).
    pub struct ReplyCharging(u8) {
        /// The sender pays the reply.
        REQUESTED = 0x80, "Requested";
        /// The sender pays the reply if it is text.
        REQUESTED_TEXT_ONLY = 0x81, "Requested text only";
        /// The reply is paid.
        ACCEPTED = 0x82, "Accepted";
        /// The reply is paid if it is text.
        ACCEPTED_TEXT_ONLY = 0x83, "Accepted text only";
    }
}

crate::codes::codes! {
    /// X-Mms-Content-Class (clause 7.3.9; OMA-MMS-CONF).
    pub struct ContentClass(u8) {
        /// Text.
        TEXT = 0x80, "text";
        /// Image basic.
        IMAGE_BASIC = 0x81, "image-basic";
        /// Image rich.
        IMAGE_RICH = 0x82, "image-rich";
        /// Video basic.
        VIDEO_BASIC = 0x83, "video-basic";
        /// Video rich.
        VIDEO_RICH = 0x84, "video-rich";
        /// Megapixel.
        MEGAPIXEL = 0x85, "megapixel";
        /// Content basic.
        CONTENT_BASIC = 0x86, "content-basic";
        /// Content rich.
        CONTENT_RICH = 0x87, "content-rich";
    }
}
