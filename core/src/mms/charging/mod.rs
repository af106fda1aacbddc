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

use protocol::diameter::DiameterInput;
use protocol::diameter::charging::{
    MmsInformation, MmsRecordType, ServiceInformation, SubscriptionId, SubscriptionKind, mms_specific,
};
use protocol::{Entropy, Instant};

pub(crate) use usage::{
    MmsInterface, address, class_of, component, kept, of_kept, priority_of, request_status, status_name,
};

use crate::charging::{ChargingClient, ChargingConfig};
use crate::node::{NodeOutput, NodeStoreAnswer, NodeStoreOp};

/// Header of HTTP on MM1 by which an IP-Message-GW says that the UE is on an IP access: 1. TR 23.804 clause 7 wants the flag in
/// each message towards the MMSC and names no field.
pub const IP_ACCESS_HEADER: &str = "x-ip-access";

/// The charging of a relay; [`Default`] charges nothing.
#[derive(Debug, Default)]
pub(crate) struct MmsCharging {
    rf: ChargingClient,
    /// Origin-Host on Rf, when there is one.
    host: Option<String>,
    entropy: Option<Entropy>,
    last: u64,
    utc_ms_at_zero: u64,
}

impl MmsCharging {
    /// Charging as configured. It first asks the store for what an earlier run has left.
    pub(crate) fn new(config: ChargingConfig, mut entropy: Entropy) -> Self {
        let (host, utc_ms_at_zero) = (Some(config.diameter.origin_host.clone()), config.utc_ms_at_zero);
        let rf = ChargingClient::new(config, entropy.split());
        Self { rf, host, entropy: Some(entropy), last: 0, utc_ms_at_zero }
    }

    /// Whether anything is charged.
    pub(crate) const fn is_on(&self) -> bool {
        self.host.is_some()
    }

    /// A record: its number, and what makes it durable; `payer`: MSISDN. None: nothing is charged, or there is no place.
    pub(crate) fn record(
        &mut self,
        now: Instant,
        record: MmsRecordType,
        payer: Option<&str>,
        mut mms: MmsInformation,
    ) -> Option<(u64, NodeStoreOp)> {
        let (host, entropy) = (self.host.as_ref()?, self.entropy.as_mut()?);
        mms.specific.retain(|own| own.kind != mms_specific::RECORD_TYPE);
        mms.add(mms_specific::RECORD_TYPE, record.name());
        self.last += 1;
        let seconds = self.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000) / 1000;
        // Never the same again, whatever restarts (RFC 6733 clause 8.8).
        let session_id = format!("{host};{seconds};{};{}", self.last, entropy.token(8));
        let id = |msisdn: &str| SubscriptionId { kind: SubscriptionKind::E164, data: msisdn.to_owned() };
        let subscriptions = payer.map(id).into_iter().collect();
        let information =
            ServiceInformation { subscriptions, mms: Some(Box::new(mms)), ..ServiceInformation::default() };
        self.rf.event(now, &session_id, information)
    }

    /// A record is durable, with what it follows from: it goes.
    pub(crate) fn kept(&mut self, now: Instant, number: u64) {
        self.rf.event_kept(now, number);
    }

    /// Neither is.
    pub(crate) fn dropped(&mut self, number: u64) {
        self.rf.event_dropped(number);
    }

    /// Diameter input; what is not for it comes back.
    pub(crate) fn diameter<'a>(&mut self, now: Instant, input: DiameterInput<'a>) -> Option<DiameterInput<'a>> {
        self.rf.diameter(now, input)
    }

    /// An answer of the store; what is not for it comes back.
    pub(crate) fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) -> Option<NodeStoreAnswer> {
        self.rf.stored(now, answer)
    }

    /// Time has come to what [`Self::poll_timeout`] said, or beyond.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.rf.handle_timeout(now);
    }

    /// When it wants to be called at the latest.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.rf.poll_timeout()
    }

    /// What it has to say, for the node to pass on.
    pub(crate) fn poll_output(&mut self) -> Option<NodeOutput> {
        self.rf.poll_output()
    }

    /// What it counts, for the figures of the node.
    pub(crate) fn figures(&self) -> [(&'static str, u64); 2] {
        let records = self.rf.counters();
        [("accounting_records_buffered", records.buffered as u64), ("accounting_records_lost", records.lost)]
    }
}
