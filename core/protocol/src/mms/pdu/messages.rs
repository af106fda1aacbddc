//! PDUs and their headers: OMA-MMS-ENC clause 6.

use super::codes::{
    ContentClass, MessageType, MmsStatus, Priority, ReadStatus, ReplyCharging, ResponseStatus, RetrieveStatus,
    SenderVisibility,
};
use super::fields::{Fields, Slot, code};
use super::value::{From, MessageClass, MmsTime, MmsVersion, PreviouslySentBy, PreviouslySentDate};
use crate::mms::{ContentType, EncodedString, MmsAddress, WspHeader};

/// A PDU without its body.
pub(super) trait Headers: Sized {
    /// Takes its headers; the code of a mandatory one that is missing or does not make sense.
    fn take(fields: Fields<'_>, content_type: Option<ContentType>) -> Result<Self, u8>;
    /// Appends them.
    fn put(&self, out: &mut Vec<u8>);
}

/// PDUs: each header with its code, in the order in which they are printed. A body follows where the type ends in
/// `content: …`, which is its Content-Type.
macro_rules! pdus {
    ($($(#[$doc:meta])* pub struct $name:ident = $kind:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $code:ident,)*
        $(; content: $content:ty)?
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Eq, Debug)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
                /// Headers that have no place here, as they came.
                pub other: Vec<WspHeader>,
                $(
                    /// Content-Type: what its body is.
                    pub content_type: $content,
                )?
            }

            impl Headers for $name {
                fn take(mut fields: Fields<'_>, content_type: Option<ContentType>) -> Result<Self, u8> {
                    let _ = &content_type;
                    Ok(Self {
                        $($field: Slot::take(&mut fields, code::$code)?,)*
                        $(content_type: <$content as Content>::of(content_type)?,)?
                        other: fields.rest(),
                    })
                }

                fn put(&self, out: &mut Vec<u8>) {
                    out.extend([code::MESSAGE_TYPE | 0x80, MessageType::$kind.0]);
                    $(Slot::put(&self.$field, out, code::$code);)*
                    self.other.iter().for_each(|header| header.put(out));
                    $(<$content as Slot>::put(&self.content_type, out, code::CONTENT_TYPE);)?
                }
            }
        )*
    };
}

/// A Content-Type that is there, or may be.
trait Content: Slot {
    fn of(content_type: Option<ContentType>) -> Result<Self, u8>;
}

impl Content for ContentType {
    fn of(content_type: Option<ContentType>) -> Result<Self, u8> {
        content_type.ok_or(code::CONTENT_TYPE)
    }
}

impl Content for Option<ContentType> {
    fn of(content_type: Option<ContentType>) -> Result<Self, u8> {
        Ok(content_type)
    }
}

pdus! {
    /// M-Send.req: a terminal sends a message (clause 6.1.1).
    pub struct SendReq = SEND_REQ {
        /// X-Mms-Transaction-ID: of this request and its answer.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// Date: seconds since 1970-01-01.
        date: Option<u64> = DATE,
        /// From.
        from: From = FROM,
        /// To.
        to: Vec<MmsAddress> = TO,
        /// Cc.
        cc: Vec<MmsAddress> = CC,
        /// Bcc: not shown to the others.
        bcc: Vec<MmsAddress> = BCC,
        /// Subject.
        subject: Option<EncodedString> = SUBJECT,
        /// X-Mms-Message-Class.
        message_class: Option<MessageClass> = MESSAGE_CLASS,
        /// X-Mms-Expiry: how long it may wait for its recipient.
        expiry: Option<MmsTime> = EXPIRY,
        /// X-Mms-Delivery-Time: not before.
        delivery_time: Option<MmsTime> = DELIVERY_TIME,
        /// X-Mms-Priority.
        priority: Option<Priority> = PRIORITY,
        /// X-Mms-Sender-Visibility.
        sender_visibility: Option<SenderVisibility> = SENDER_VISIBILITY,
        /// X-Mms-Delivery-Report: is one wanted?
        delivery_report: Option<bool> = DELIVERY_REPORT,
        /// X-Mms-Read-Report: is one wanted?
        read_report: Option<bool> = READ_REPORT,
        /// X-Mms-Reply-Charging.
        reply_charging: Option<ReplyCharging> = REPLY_CHARGING,
        /// X-Mms-Reply-Charging-Deadline.
        reply_charging_deadline: Option<MmsTime> = REPLY_CHARGING_DEADLINE,
        /// X-Mms-Reply-Charging-Size.
        reply_charging_size: Option<u64> = REPLY_CHARGING_SIZE,
        /// X-Mms-Reply-Charging-ID: which message it answers.
        reply_charging_id: Option<String> = REPLY_CHARGING_ID,
        /// X-Mms-Content-Class (version 1.3).
        content_class: Option<ContentClass> = CONTENT_CLASS,
        /// X-Mms-DRM-Content (version 1.3).
        drm_content: Option<bool> = DRM_CONTENT,
        /// X-Mms-Adaptation-Allowed (version 1.3).
        adaptation_allowed: Option<bool> = ADAPTATION_ALLOWED,
        ; content: ContentType
    }

    /// M-Send.conf: what became of an M-Send.req (clause 6.1.2).
    pub struct SendConf = SEND_CONF {
        /// X-Mms-Transaction-ID: that of the request.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// X-Mms-Response-Status.
        response_status: ResponseStatus = RESPONSE_STATUS,
        /// X-Mms-Response-Text.
        response_text: Option<EncodedString> = RESPONSE_TEXT,
        /// Message-ID: of the message, when it is taken.
        message_id: Option<String> = MESSAGE_ID,
    }

    /// M-Notification.ind: a message waits (clause 6.2).
    pub struct NotificationInd = NOTIFICATION_IND {
        /// X-Mms-Transaction-ID: of this and its answer.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// From; none when the sender wants to be hidden.
        from: Option<From> = FROM,
        /// Subject.
        subject: Option<EncodedString> = SUBJECT,
        /// X-Mms-Delivery-Report: does the sender want one?
        delivery_report: Option<bool> = DELIVERY_REPORT,
        /// X-Mms-Message-Class.
        message_class: MessageClass = MESSAGE_CLASS,
        /// X-Mms-Priority.
        priority: Option<Priority> = PRIORITY,
        /// X-Mms-Message-Size: octets of the message.
        message_size: u64 = MESSAGE_SIZE,
        /// X-Mms-Expiry: until when it waits.
        expiry: MmsTime = EXPIRY,
        /// X-Mms-Reply-Charging.
        reply_charging: Option<ReplyCharging> = REPLY_CHARGING,
        /// X-Mms-Reply-Charging-Deadline.
        reply_charging_deadline: Option<MmsTime> = REPLY_CHARGING_DEADLINE,
        /// X-Mms-Reply-Charging-Size.
        reply_charging_size: Option<u64> = REPLY_CHARGING_SIZE,
        /// X-Mms-Reply-Charging-ID.
        reply_charging_id: Option<String> = REPLY_CHARGING_ID,
        /// X-Mms-Distribution-Indicator: may it go on to others?
        distribution_indicator: Option<bool> = DISTRIBUTION_INDICATOR,
        /// X-Mms-Content-Class (version 1.3).
        content_class: Option<ContentClass> = CONTENT_CLASS,
        /// X-Mms-DRM-Content (version 1.3).
        drm_content: Option<bool> = DRM_CONTENT,
        /// X-Mms-Content-Location: where it waits.
        content_location: String = CONTENT_LOCATION,
    }

    /// M-NotifyResp.ind: what becomes of a message that waits (clause 6.2).
    pub struct NotifyRespInd = NOTIFYRESP_IND {
        /// X-Mms-Transaction-ID: that of the notification.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// X-Mms-Status.
        status: MmsStatus = STATUS,
        /// X-Mms-Report-Allowed: may the sender know? As without one it may.
        report_allowed: Option<bool> = REPORT_ALLOWED,
    }

    /// M-Retrieve.conf: a message that is retrieved (clause 6.3).
    pub struct RetrieveConf = RETRIEVE_CONF {
        /// X-Mms-Transaction-ID: of this and its M-Acknowledge.ind, where that is wanted.
        transaction_id: Option<String> = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// Message-ID: for read reports; none of a message that is not there.
        message_id: Option<String> = MESSAGE_ID,
        /// Date: when it was sent, seconds since 1970-01-01. The standard has it mandatory.
        date: Option<u64> = DATE,
        /// From; none when the sender wants to be hidden.
        from: Option<From> = FROM,
        /// To.
        to: Vec<MmsAddress> = TO,
        /// Cc.
        cc: Vec<MmsAddress> = CC,
        /// X-Mms-Previously-Sent-By.
        previously_sent_by: Vec<PreviouslySentBy> = PREVIOUSLY_SENT_BY,
        /// X-Mms-Previously-Sent-Date.
        previously_sent_date: Vec<PreviouslySentDate> = PREVIOUSLY_SENT_DATE,
        /// Subject.
        subject: Option<EncodedString> = SUBJECT,
        /// X-Mms-Message-Class.
        message_class: Option<MessageClass> = MESSAGE_CLASS,
        /// X-Mms-Priority.
        priority: Option<Priority> = PRIORITY,
        /// X-Mms-Delivery-Report: did the sender want one?
        delivery_report: Option<bool> = DELIVERY_REPORT,
        /// X-Mms-Read-Report: does the sender want one?
        read_report: Option<bool> = READ_REPORT,
        /// X-Mms-Retrieve-Status; as without one it is there.
        retrieve_status: Option<RetrieveStatus> = RETRIEVE_STATUS,
        /// X-Mms-Retrieve-Text.
        retrieve_text: Option<EncodedString> = RETRIEVE_TEXT,
        /// X-Mms-Reply-Charging.
        reply_charging: Option<ReplyCharging> = REPLY_CHARGING,
        /// X-Mms-Reply-Charging-Deadline.
        reply_charging_deadline: Option<MmsTime> = REPLY_CHARGING_DEADLINE,
        /// X-Mms-Reply-Charging-Size.
        reply_charging_size: Option<u64> = REPLY_CHARGING_SIZE,
        /// X-Mms-Reply-Charging-ID.
        reply_charging_id: Option<String> = REPLY_CHARGING_ID,
        /// X-Mms-Distribution-Indicator: may it go on to others?
        distribution_indicator: Option<bool> = DISTRIBUTION_INDICATOR,
        /// X-Mms-Content-Class (version 1.3).
        content_class: Option<ContentClass> = CONTENT_CLASS,
        /// X-Mms-DRM-Content (version 1.3).
        drm_content: Option<bool> = DRM_CONTENT,
        ; content: Option<ContentType>
    }

    /// M-Acknowledge.ind: a message has been retrieved (clause 6.4).
    pub struct AcknowledgeInd = ACKNOWLEDGE_IND {
        /// X-Mms-Transaction-ID: that of the M-Retrieve.conf.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// X-Mms-Report-Allowed: may the sender know? As without one it may.
        report_allowed: Option<bool> = REPORT_ALLOWED,
    }

    /// M-Delivery.ind: what became of a message (clause 6.5).
    pub struct DeliveryInd = DELIVERY_IND {
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// Message-ID: of which message.
        message_id: String = MESSAGE_ID,
        /// To: for which recipient.
        to: Vec<MmsAddress> = TO,
        /// Date: when, seconds since 1970-01-01.
        date: u64 = DATE,
        /// X-Mms-Status.
        status: MmsStatus = STATUS,
        /// X-Mms-Status-Text (version 1.3).
        status_text: Option<EncodedString> = STATUS_TEXT,
    }

    /// M-Read-Rec.ind: a recipient has read a message (clause 6.6).
    pub struct ReadRecInd = READ_REC_IND {
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// Message-ID: of which message.
        message_id: String = MESSAGE_ID,
        /// To: who had sent it.
        to: Vec<MmsAddress> = TO,
        /// From: who has read it.
        from: From = FROM,
        /// Date: when, seconds since 1970-01-01.
        date: Option<u64> = DATE,
        /// X-Mms-Read-Status.
        read_status: ReadStatus = READ_STATUS,
    }

    /// M-Read-Orig.ind: who had sent a message is told that it was read (clause 6.6).
    pub struct ReadOrigInd = READ_ORIG_IND {
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// Message-ID: of which message.
        message_id: String = MESSAGE_ID,
        /// To: who had sent it.
        to: Vec<MmsAddress> = TO,
        /// From: who has read it.
        from: From = FROM,
        /// Date: when, seconds since 1970-01-01.
        date: u64 = DATE,
        /// X-Mms-Read-Status.
        read_status: ReadStatus = READ_STATUS,
    }

    /// M-Forward.req: a message that waits is to go to others (clause 6.7).
    pub struct ForwardReq = FORWARD_REQ {
        /// X-Mms-Transaction-ID: of this request and its answer.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// Date: seconds since 1970-01-01.
        date: Option<u64> = DATE,
        /// From: who forwards it.
        from: From = FROM,
        /// To.
        to: Vec<MmsAddress> = TO,
        /// Cc.
        cc: Vec<MmsAddress> = CC,
        /// Bcc.
        bcc: Vec<MmsAddress> = BCC,
        /// X-Mms-Expiry.
        expiry: Option<MmsTime> = EXPIRY,
        /// X-Mms-Delivery-Time.
        delivery_time: Option<MmsTime> = DELIVERY_TIME,
        /// X-Mms-Report-Allowed: may who had sent it know?
        report_allowed: Option<bool> = REPORT_ALLOWED,
        /// X-Mms-Delivery-Report: does who forwards want one?
        delivery_report: Option<bool> = DELIVERY_REPORT,
        /// X-Mms-Read-Report: does who forwards want one?
        read_report: Option<bool> = READ_REPORT,
        /// X-Mms-Reply-Charging.
        reply_charging: Option<ReplyCharging> = REPLY_CHARGING,
        /// X-Mms-Reply-Charging-Deadline.
        reply_charging_deadline: Option<MmsTime> = REPLY_CHARGING_DEADLINE,
        /// X-Mms-Reply-Charging-Size.
        reply_charging_size: Option<u64> = REPLY_CHARGING_SIZE,
        /// X-Mms-Content-Location: that of the notification.
        content_location: String = CONTENT_LOCATION,
    }

    /// M-Forward.conf: what became of an M-Forward.req (clause 6.7).
    pub struct ForwardConf = FORWARD_CONF {
        /// X-Mms-Transaction-ID: that of the request.
        transaction_id: String = TRANSACTION_ID,
        /// X-Mms-MMS-Version.
        version: MmsVersion = MMS_VERSION,
        /// X-Mms-Response-Status.
        response_status: ResponseStatus = RESPONSE_STATUS,
        /// X-Mms-Response-Text.
        response_text: Option<EncodedString> = RESPONSE_TEXT,
        /// Message-ID: of the message, when it is taken.
        message_id: Option<String> = MESSAGE_ID,
    }
}
