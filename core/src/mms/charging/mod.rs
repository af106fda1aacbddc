//! Offline charging of an MMS Relay/Server: TS 32.270 clause 5.2, TS 32.240, TS 32.299, TR 23.804 clause 7.
//!
//! Each thing that TS 32.270 charges for is an event: an ACR on Rf with MMS-Information and, as Service-Specific-Info, which
//! record it makes. It is stored together with what it follows from, so that it is there once, whatever dies, and goes to a
//! CDF until one has taken it: with the T bit when it may have been there before, so that the CDF knows it again.
//!
//! | what happens | record (TS 32.270 clause 5.2.3) |
//! |---|---|
//! | M-Send.conf: Ok | `mMO1SRecord` |
//! | M-Forward.conf: Ok | `mMFRecord` |
//! | MM4_forward.REQ was taken by the next hop; MM4_forward.RES | `mMO4FRqRecord`; `mMO4FRsRecord` |
//! | MM4_forward.REQ of another relay, which is taken | `mMR4FRecord` |
//! | M-Notification.ind was pushed; M-NotifyResp.ind | `mMR1NRqRecord`; `mMR1NRsRecord` |
//! | M-Retrieve.conf with the message, for the first time; M-Acknowledge.ind | `mMR1RtRecord`; `mMR1ARecord` |
//! | MM4_delivery_report.REQ goes; its RES | `mMR4DRqRecord`; `mMR4DRsRecord` |
//! | MM4_delivery_report.REQ comes; M-Delivery.ind was pushed | `mMO4DRecord`; `mMO1DRecord` |
//! | M-Read-Rec.ind | `mMR1RRRecord` |
//! | MM4_read_reply_report.REQ goes; its RES | `mMR4RRqRecord`; `mMR4RRsRecord` |
//! | MM4_read_reply_report.REQ comes; M-Read-Orig.ind was pushed | `mMO4RRecord`; `mMO1RRecord` |
//! | a message is given up: nobody fetches it, or no relay takes it | `mMRMDRecord`; `mMOMDRecord` |
//!
//! What is refused has no Message-ID here, which all records have to have: there is none of it. What comes again makes no
//! second one.
//!
//! The IP access flag of TR 23.804 clause 7 is Interface-Id `IP` of Originator-Interface (from a UE) or Destination-Interface
//! (to a UE), `iPAccess` in a record. The IP-Message-GW says it on MM1 ([`IP_ACCESS_HEADER`]); what is pushed through it has it.
//!
//! Not done: online charging (Ro, TS 32.270 clause 5.3): nobody is asked for credit.

mod usage;

use protocol::Instant;
use protocol::diameter::charging::{
    MmsInformation, MmsRecordType, ServiceInformation, SubscriptionId, SubscriptionKind, mms_specific,
};

pub(crate) use usage::{
    MmsInterface, address, class_of, component, kept, of_kept, priority_of, request_status, status_name,
};

use crate::charging::ChargingClient;
use crate::node::NodeStoreOp;

/// Header of HTTP on MM1 by which an IP-Message-GW says that the UE is on an IP access: 1. TR 23.804 clause 7 wants the flag in
/// each message towards the MMSC and names no field.
pub const IP_ACCESS_HEADER: &str = "x-ip-access";

/// A record: its number, and what makes it durable; `payer`: MSISDN. None: nothing is charged, or there is no place.
pub(crate) fn record(
    client: &mut ChargingClient,
    now: Instant,
    record: MmsRecordType,
    payer: Option<&str>,
    mut mms: MmsInformation,
) -> Option<(u64, NodeStoreOp)> {
    let session_id = client.new_session_id(now)?;
    mms.specific.retain(|own| own.kind != mms_specific::RECORD_TYPE);
    mms.add(mms_specific::RECORD_TYPE, record.name());
    let id = |msisdn: &str| SubscriptionId { kind: SubscriptionKind::E164, data: msisdn.to_owned() };
    let subscriptions = payer.map(id).into_iter().collect();
    let information = ServiceInformation { subscriptions, mms: Some(Box::new(mms)), ..ServiceInformation::default() };
    client.event(now, &session_id, information)
}
