//! Durable data of the nodes: what they ask of the store and what it answers.

mod sqlite;

use crate::store::{StoreError, StoreToken};

pub use sqlite::NodeStore;

/// What is kept; each a table of keys and values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// Subscribers of the HSS, by private identity.
    Subscriber,
    /// Sequence numbers of AKA, by private identity (TS 33.102 annex C).
    Sqn,
    /// Repository data of application servers (TS 29.328 clause 7.6.1).
    RepositoryData,
    /// Registrations as the HSS knows them.
    HssRegistration,
    /// Who serves a subscriber for short messages, and message waiting data (TS 23.040 clause 3.2), by private identity.
    HlrSms,
    /// Registrations and their contacts at the S-CSCF.
    ScscfRegistration,
    /// Registrations at the P-CSCF.
    PcscfRegistration,
    /// Subscriptions to events (RFC 6665).
    Subscription,
    /// Contacts of a plain SIP network, by address of record.
    SipLocation,
    /// What is published of presentities (RFC 3903).
    Publication,
    /// Subscriptions to presence and to watcher information (RFC 3856, RFC 3857).
    PresenceSubscription,
    /// Watchers whose subscription ended before anybody decided (RFC 3857).
    WaitingWatcher,
    /// Documents of XCAP, by their path below the root (RFC 4825).
    XcapDocument,
    /// Messages of third parties and for them, by direction, client and name.
    ExposureMessage,
    /// Audit log of the exposure to third parties: a ring of numbered entries.
    ExposureAudit,
    /// Charging sessions of nodes (TS 32.260).
    ChargingSession,
    /// Accounting records that the CDF has not taken yet.
    ChargingRecord,
    /// Accounting sessions at the CDF.
    CdfSession,
    /// Charging data records that are in no file yet.
    Cdr,
    /// Files of charging data records.
    CdrFile,
    /// What the CDF keeps beside.
    CdfState,
    /// Accounts of the OCS.
    OcsAccount,
    /// Credit control sessions at the OCS.
    OcsSession,
    /// Calls and messages that the IMS gateway function charges for.
    GwfCall,
    /// Messages that wait for their recipients (RFC 3428).
    DeferredMessage,
    /// Sessions of the MBMS-GW (TS 23.246 clause 6.2), by Session-Id.
    MbmsGwSession,
    /// Restarts of the MBMS-GW and of its BM-SCs.
    MbmsGwState,
    /// Authorization codes of the identity server, by their hashes (RFC 6749 clause 4.1.2).
    IdmsCode,
    /// Refresh tokens of the identity server, by their hashes (RFC 6749 clause 1.5).
    IdmsRefresh,
    /// TMGIs of the BM-SC with the services that they belong to.
    MbmsTmgi,
    /// Bearers of the BM-SC and their sessions at MBMS-GWs.
    MbmsBearer,
    /// What the BM-SC keeps beside: Restart-Counters.
    MbmsState,
    /// Services of content providers at the BM-SC (TS 29.116 clause 5.2.1).
    XmbService,
    /// Their sessions (TS 29.116 clause 5.2.2).
    XmbSession,
    /// Content of files, by session and name.
    XmbFile,
    /// Notifications for content providers.
    XmbNotification,
    /// Reports for content providers.
    XmbReport,
    /// Bearers that a server has asked a BM-SC for (TS 29.468).
    Mb2Bearer,
    /// What such a server keeps beside: its Restart-Counter.
    Mb2State,
    /// Users of an MC service server that are authorised (TS 24.379 clause 7.3.3), by MCPTT ID.
    McAuthorisation,
    /// Users that are affiliated to groups (TS 24.379 clause 9), by group and MCPTT ID.
    McAffiliation,
    /// Who is registered at the IP-Message-GW and where (TR 23.804 clause 8.1), by IMSI.
    IpMessageGwUser,
    /// Short messages on their way through the IP-Message-GW, by number.
    IpMessageGwMessage,
    /// Subscriptions of UEs to their registration at the IP-Message-GW.
    IpMessageGwSubscription,
    /// What the IP-Message-GW has yet to say to the OCS of short messages, by Session-Id.
    SmsCredit,
    /// Short messages that wait at the SM-SC, by lane, urgency and number (TS 23.040 clause 3.2).
    SmScMessage,
    /// What became of the messages of the SM-SC, by number.
    SmScNumber,
    /// Lanes of the SM-SC that have something waiting, by name.
    SmScLane,
    /// The same by route and by when they are due.
    SmScDue,
    /// When messages of the SM-SC are looked at without being due.
    SmScTimer,
    /// Messages of the SM-SC by originator, destination and reference (TS 23.040 clause 9.2.3.25).
    SmScOrigin,
    /// Messages that another SM-SC has taken, by the names that it gave them.
    SmScForwarded,
    /// What the SM-SC keeps beside: numbers that were given out.
    SmScState,
    /// Messages of the MMS Relay/Server and what has become of them at each recipient, by number (TS 23.140 clause 7.1).
    MmsMessage,
    /// Their content, once each, in pieces, by number.
    MmsContent,
    /// What the MMS Relay/Server has yet to do, by number.
    MmsTask,
    /// The same by way and by when it is due.
    MmsDue,
    /// Messages by what their senders call them, so that none is taken twice.
    MmsOrigin,
    /// What the MMS Relay/Server keeps beside: its starts.
    MmsState,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 59] = [
        Self::Subscriber,
        Self::Sqn,
        Self::RepositoryData,
        Self::HssRegistration,
        Self::HlrSms,
        Self::ScscfRegistration,
        Self::PcscfRegistration,
        Self::Subscription,
        Self::SipLocation,
        Self::Publication,
        Self::PresenceSubscription,
        Self::WaitingWatcher,
        Self::XcapDocument,
        Self::ExposureMessage,
        Self::ExposureAudit,
        Self::ChargingSession,
        Self::ChargingRecord,
        Self::CdfSession,
        Self::Cdr,
        Self::CdrFile,
        Self::CdfState,
        Self::OcsAccount,
        Self::OcsSession,
        Self::GwfCall,
        Self::DeferredMessage,
        Self::MbmsGwSession,
        Self::MbmsGwState,
        Self::IdmsCode,
        Self::IdmsRefresh,
        Self::MbmsTmgi,
        Self::MbmsBearer,
        Self::MbmsState,
        Self::XmbService,
        Self::XmbSession,
        Self::XmbFile,
        Self::XmbNotification,
        Self::XmbReport,
        Self::Mb2Bearer,
        Self::Mb2State,
        Self::McAuthorisation,
        Self::McAffiliation,
        Self::IpMessageGwUser,
        Self::IpMessageGwMessage,
        Self::IpMessageGwSubscription,
        Self::SmsCredit,
        Self::SmScMessage,
        Self::SmScNumber,
        Self::SmScLane,
        Self::SmScDue,
        Self::SmScTimer,
        Self::SmScOrigin,
        Self::SmScForwarded,
        Self::SmScState,
        Self::MmsMessage,
        Self::MmsContent,
        Self::MmsTask,
        Self::MmsDue,
        Self::MmsOrigin,
        Self::MmsState,
    ];

    /// Name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber",
            Self::Sqn => "sqn",
            Self::RepositoryData => "repository_data",
            Self::HssRegistration => "hss_registration",
            Self::HlrSms => "hlr_sms",
            Self::ScscfRegistration => "scscf_registration",
            Self::PcscfRegistration => "pcscf_registration",
            Self::Subscription => "subscription",
            Self::SipLocation => "sip_location",
            Self::Publication => "publication",
            Self::PresenceSubscription => "presence_subscription",
            Self::WaitingWatcher => "waiting_watcher",
            Self::XcapDocument => "xcap_document",
            Self::ExposureMessage => "exposure_message",
            Self::ExposureAudit => "exposure_audit",
            Self::ChargingSession => "charging_session",
            Self::ChargingRecord => "charging_record",
            Self::CdfSession => "cdf_session",
            Self::Cdr => "cdr",
            Self::CdrFile => "cdr_file",
            Self::CdfState => "cdf_state",
            Self::OcsAccount => "ocs_account",
            Self::OcsSession => "ocs_session",
            Self::GwfCall => "gwf_call",
            Self::DeferredMessage => "deferred_message",
            Self::MbmsGwSession => "mbms_gw_session",
            Self::MbmsGwState => "mbms_gw_state",
            Self::IdmsCode => "idms_code",
            Self::IdmsRefresh => "idms_refresh",
            Self::MbmsTmgi => "mbms_tmgi",
            Self::MbmsBearer => "mbms_bearer",
            Self::MbmsState => "mbms_state",
            Self::XmbService => "xmb_service",
            Self::XmbSession => "xmb_session",
            Self::XmbFile => "xmb_file",
            Self::XmbNotification => "xmb_notification",
            Self::XmbReport => "xmb_report",
            Self::Mb2Bearer => "mb2_bearer",
            Self::Mb2State => "mb2_state",
            Self::McAuthorisation => "mc_authorisation",
            Self::McAffiliation => "mc_affiliation",
            Self::IpMessageGwUser => "ip_message_gw_user",
            Self::IpMessageGwMessage => "ip_message_gw_message",
            Self::IpMessageGwSubscription => "ip_message_gw_subscription",
            Self::SmsCredit => "sms_credit",
            Self::SmScMessage => "sm_sc_message",
            Self::SmScNumber => "sm_sc_number",
            Self::SmScLane => "sm_sc_lane",
            Self::SmScDue => "sm_sc_due",
            Self::SmScTimer => "sm_sc_timer",
            Self::SmScOrigin => "sm_sc_origin",
            Self::SmScForwarded => "sm_sc_forwarded",
            Self::SmScState => "sm_sc_state",
            Self::MmsMessage => "mms_message",
            Self::MmsContent => "mms_content",
            Self::MmsTask => "mms_task",
            Self::MmsDue => "mms_due",
            Self::MmsOrigin => "mms_origin",
            Self::MmsState => "mms_state",
        }
    }
}

/// A change of, or a look at, durable data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeStoreOp {
    /// Writes a value over what there is.
    Put {
        /// Where.
        table: Table,
        /// Its key.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
    /// Removes a value; nothing happens when there is none.
    Delete {
        /// Where.
        table: Table,
        /// Its key.
        key: String,
    },
    /// Reads a table, by ascending keys.
    Scan {
        /// Which.
        table: Table,
    },
    /// Reads a part of a table, by ascending keys: what is too large to be in memory is read in pieces.
    Range {
        /// Which.
        table: Table,
        /// The first key that may be read.
        from: String,
        /// The first key behind them.
        below: String,
        /// How many at most.
        limit: usize,
    },
}

impl NodeStoreOp {
    /// Reads one value, if it is there.
    #[must_use]
    pub fn get(table: Table, key: &str) -> Self {
        Self::Range { table, from: key.to_owned(), below: format!("{key}\0"), limit: 1 }
    }

    /// Whether it only reads.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::Scan { .. } | Self::Range { .. })
    }
}

/// What a node asks of the store: all of it in one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeStoreRequest {
    /// Comes back in the answer.
    pub token: StoreToken,
    /// What to do, in this order.
    pub ops: Vec<NodeStoreOp>,
}

/// Keys and values of a table.
pub type Rows = Vec<(String, Vec<u8>)>;

/// Answer of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeStoreAnswer {
    /// Of the request.
    pub token: StoreToken,
    /// Durable now; keys and values of each read of the request, in its order.
    pub result: Result<Vec<Rows>, StoreError>,
}
