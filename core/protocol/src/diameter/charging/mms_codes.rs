//! Codes of MMS-Information (TS 32.299 clause 7.2).

use crate::diameter::cx::enumerated;
use crate::diameter::dictionary::charging as c;
use crate::diameter::message::{Avp, DiameterProblem};

enumerated! {
    /// Addressee-Type (TS 32.299 clause 7.2.8): where a recipient stands in the header.
    AddresseeType of ADDRESSEE_TYPE in c {
        /// To.
        To = 0,
        /// Cc.
        Cc = 1,
        /// Bcc.
        Bcc = 2,
    }
}

enumerated! {
    /// Priority (TS 32.299 clause 7.2.144).
    MmsPriority of PRIORITY in c {
        /// Low.
        Low = 0,
        /// Normal.
        Normal = 1,
        /// High.
        High = 2,
    }
}

enumerated! {
    /// Message-Type (TS 32.299 clause 7.2.106): the PDU of MM1 that is charged for.
    MmsChargedKind of MESSAGE_TYPE in c {
        /// M-Send.req.
        SendReq = 1,
        /// M-Send.conf.
        SendConf = 2,
        /// M-Notification.ind.
        NotificationInd = 3,
        /// M-NotifyResp.ind.
        NotifyRespInd = 4,
        /// M-Retrieve.conf.
        RetrieveConf = 5,
        /// M-Acknowledge.ind.
        AcknowledgeInd = 6,
        /// M-Delivery.ind.
        DeliveryInd = 7,
        /// M-Read-Rec.ind.
        ReadRecInd = 8,
        /// M-Read-Orig.ind.
        ReadOrigInd = 9,
        /// M-Forward.req.
        ForwardReq = 10,
        /// M-Forward.conf.
        ForwardConf = 11,
        /// M-Mbox-Store.conf.
        MboxStoreConf = 12,
        /// M-Mbox-View.conf.
        MboxViewConf = 13,
        /// M-Mbox-Upload.conf.
        MboxUploadConf = 14,
        /// M-Mbox-Delete.conf.
        MboxDeleteConf = 15,
    }
}

enumerated! {
    /// Content-Class (TS 32.299 clause 7.2.44): the smallest class that the content is of.
    MmsContentClass of CONTENT_CLASS in c {
        /// Text.
        Text = 0,
        /// Image basic.
        ImageBasic = 1,
        /// Image rich.
        ImageRich = 2,
        /// Video basic.
        VideoBasic = 3,
        /// Video rich.
        VideoRich = 4,
        /// Megapixel.
        Megapixel = 5,
        /// Content basic.
        ContentBasic = 6,
        /// Content rich.
        ContentRich = 7,
    }
}
