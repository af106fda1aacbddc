//! What can be measured, and in which unit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A measured quantity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasurementName {
    /// Objects that a UE has recovered bit for bit from a session.
    ObjectsRecovered,
    /// UEs that have recovered the object of a session bit for bit.
    UesComplete,
    /// From the start of a session to the last octet of its object at a UE.
    DeliveryTime,
    /// MTCH transport blocks with a CRC failure, of those scheduled and tried.
    MchBler,
    /// The same of blocks at the signalling MCS (MCCH, MSI).
    SignallingBler,
    /// Mean carrier to interference and noise ratio from MBSFN reference signals.
    Cinr,
    /// Error vector magnitude of equalised data symbols.
    Evm,
    /// MBSFN RSRP (TS 36.214 clause 5.1.17).
    MbsfnRsrp,
    /// MBSFN RSRQ (TS 36.214 clause 5.1.18).
    MbsfnRsrq,
    /// Signal to interference and noise ratio of data symbols after combining and equalisation.
    MbsfnSinr,
    /// Coded bits that were wrong before decoding, by encoding again.
    Ber,
    /// What is left of the cyclic prefix before the first and after the last path, the least of the run.
    CpMargin,
    /// Carrier frequency offset.
    Cfo,
    /// Delay of the strongest path against the subframes as they are followed.
    Timing,
    /// Octets of IP datagrams that a session has put on its bearer.
    IpOctets,
    /// UMD PDUs that RLC found missing.
    RlcGaps,
    /// Datagrams of a session that the eNB sent on its MTCH and a UE did not get.
    DatagramsLost,
    /// Datagrams of a session that a UE got more than once, or that were never sent.
    DatagramsDuplicated,
    /// MCCH changes on air of which a UE was not notified, or that it did not read.
    McchChangesMissed,
    /// From the first sample of the carrier to the MCCH of every area at a UE that starts cold.
    AcquisitionTime,
    /// Messages that arrived at a UE with the text that they were sent with.
    SmsDelivered,
    /// Messages for a UE that did not arrive.
    SmsLost,
    /// From the step that sends a message to its arrival at a UE, the longest.
    SmsTime,
    /// Successful registrations of a UE on the IMS, refreshes among them.
    ImsRegistrations,
    /// From the step that asks for it to the first registration of a UE.
    ImsRegistrationTime,
    /// Notifications of the state of its registration that a UE got.
    ImsRegInfos,
    /// MESSAGEs that a UE has sent and that were answered with success.
    ImsMessagesAnswered,
    /// MESSAGEs that a UE got as they were sent.
    ImsMessagesReceived,
    /// Calls of a UE that were set up.
    ImsCallsEstablished,
    /// Calls of a UE that have ended, in whatever way.
    ImsCallsEnded,
    /// Requests of a UE to services that were answered with success.
    ServiceAnswers,
    /// Requests of a UE to services that were refused or not answered.
    ServiceFailures,
    /// Notifications of services that a UE got.
    ServiceNotifications,
    /// UEs whose tone a UE heard when that was last measured.
    ConferenceHeard,
    /// How loud a UE heard its own tone then, of the amplitude with which it says it.
    ConferenceEcho,
    /// Packets of speech that a UE took, each once.
    MediaTaken,
    /// Packets of speech that were sent to a UE and never came.
    MediaLost,
    /// Copies of packets of speech that came to a UE by the same way, over the same bearer.
    MediaDoubled,
    /// Packets of speech that came to a UE first over an MBMS bearer.
    MediaByMbms,
    /// Packets of speech that came to a UE first by unicast.
    MediaByUnicast,
    /// From sending a packet of speech to its arrival at a UE, the longest.
    MediaDelay,
    /// The longest silence that a UE heard while somebody spoke.
    MediaGap,
    /// Packets of speech that came to a UE more than once out of MTCHs of its area: they were on the air twice.
    MediaOnAirTwice,
    /// Changes of a UE between unicast and MBMS bearers.
    MediaSwitches,
    /// Short messages that came to a UE more than once.
    SmsDoubled,
    /// Short messages of a UE that the SM-SC has taken.
    SmsTaken,
    /// Short messages of a UE that were refused.
    SmsRefused,
    /// Status reports that a UE got.
    SmsReports,
    /// Multimedia messages that came to a UE as they were sent, octet for octet.
    MmsDelivered,
    /// Multimedia messages for a UE that did not come.
    MmsLost,
    /// Multimedia messages that came to a UE with other content than they were sent with.
    MmsDamaged,
    /// Multimedia messages that came to a UE more than once.
    MmsDoubled,
    /// Multimedia messages of a UE that its relay has taken.
    MmsTaken,
    /// Multimedia messages of a UE that were refused, or did not come to its relay.
    MmsRefused,
    /// Delivery reports that a UE got.
    MmsReports,
    /// Read reports that a UE got.
    MmsReadReports,
    /// From the step that sends a multimedia message to its arrival at a UE, the longest.
    MmsTime,
    /// Charging data records that the CDF has written.
    ChargingRecords,
    /// Units that the OCS has granted to prepaid users, seconds and messages.
    UnitsGranted,
    /// Units that were used of these.
    UnitsUsed,
    /// Units that were given back.
    UnitsReturned,
    /// Units of which nothing is known yet.
    UnitsOpen,
    /// What is left on the account of a prepaid user.
    AccountBalance,
}

impl MeasurementName {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 63] = [
        Self::ObjectsRecovered,
        Self::UesComplete,
        Self::DeliveryTime,
        Self::MchBler,
        Self::SignallingBler,
        Self::Cinr,
        Self::Evm,
        Self::MbsfnRsrp,
        Self::MbsfnRsrq,
        Self::MbsfnSinr,
        Self::Ber,
        Self::CpMargin,
        Self::Cfo,
        Self::Timing,
        Self::IpOctets,
        Self::RlcGaps,
        Self::DatagramsLost,
        Self::DatagramsDuplicated,
        Self::McchChangesMissed,
        Self::AcquisitionTime,
        Self::SmsDelivered,
        Self::SmsLost,
        Self::SmsTime,
        Self::ImsRegistrations,
        Self::ImsRegistrationTime,
        Self::ImsRegInfos,
        Self::ImsMessagesAnswered,
        Self::ImsMessagesReceived,
        Self::ImsCallsEstablished,
        Self::ImsCallsEnded,
        Self::ServiceAnswers,
        Self::ServiceFailures,
        Self::ServiceNotifications,
        Self::ConferenceHeard,
        Self::ConferenceEcho,
        Self::MediaTaken,
        Self::MediaLost,
        Self::MediaDoubled,
        Self::MediaByMbms,
        Self::MediaByUnicast,
        Self::MediaDelay,
        Self::MediaGap,
        Self::MediaOnAirTwice,
        Self::MediaSwitches,
        Self::SmsDoubled,
        Self::SmsTaken,
        Self::SmsRefused,
        Self::SmsReports,
        Self::MmsDelivered,
        Self::MmsLost,
        Self::MmsDamaged,
        Self::MmsDoubled,
        Self::MmsTaken,
        Self::MmsRefused,
        Self::MmsReports,
        Self::MmsReadReports,
        Self::MmsTime,
        Self::ChargingRecords,
        Self::UnitsGranted,
        Self::UnitsUsed,
        Self::UnitsReturned,
        Self::UnitsOpen,
        Self::AccountBalance,
    ];

    /// Name as scenarios, records and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ObjectsRecovered => "objects_recovered",
            Self::UesComplete => "ues_complete",
            Self::DeliveryTime => "delivery_time",
            Self::MchBler => "mch_bler",
            Self::SignallingBler => "signalling_bler",
            Self::Cinr => "cinr",
            Self::Evm => "evm",
            Self::MbsfnRsrp => "mbsfn_rsrp",
            Self::MbsfnRsrq => "mbsfn_rsrq",
            Self::MbsfnSinr => "mbsfn_sinr",
            Self::Ber => "ber",
            Self::CpMargin => "cp_margin",
            Self::Cfo => "cfo",
            Self::Timing => "timing",
            Self::IpOctets => "ip_octets",
            Self::RlcGaps => "rlc_gaps",
            Self::DatagramsLost => "datagrams_lost",
            Self::DatagramsDuplicated => "datagrams_duplicated",
            Self::McchChangesMissed => "mcch_changes_missed",
            Self::AcquisitionTime => "acquisition_time",
            Self::SmsDelivered => "sms_delivered",
            Self::SmsLost => "sms_lost",
            Self::SmsTime => "sms_time",
            Self::ImsRegistrations => "ims_registrations",
            Self::ImsRegistrationTime => "ims_registration_time",
            Self::ImsRegInfos => "ims_reg_infos",
            Self::ImsMessagesAnswered => "ims_messages_answered",
            Self::ImsMessagesReceived => "ims_messages_received",
            Self::ImsCallsEstablished => "ims_calls_established",
            Self::ImsCallsEnded => "ims_calls_ended",
            Self::ServiceAnswers => "service_answers",
            Self::ServiceFailures => "service_failures",
            Self::ServiceNotifications => "service_notifications",
            Self::ConferenceHeard => "conference_heard",
            Self::ConferenceEcho => "conference_echo",
            Self::MediaTaken => "media_taken",
            Self::MediaLost => "media_lost",
            Self::MediaDoubled => "media_doubled",
            Self::MediaByMbms => "media_by_mbms",
            Self::MediaByUnicast => "media_by_unicast",
            Self::MediaDelay => "media_delay",
            Self::MediaGap => "media_gap",
            Self::MediaOnAirTwice => "media_on_air_twice",
            Self::MediaSwitches => "media_switches",
            Self::SmsDoubled => "sms_doubled",
            Self::SmsTaken => "sms_taken",
            Self::SmsRefused => "sms_refused",
            Self::SmsReports => "sms_reports",
            Self::MmsDelivered => "mms_delivered",
            Self::MmsLost => "mms_lost",
            Self::MmsDamaged => "mms_damaged",
            Self::MmsDoubled => "mms_doubled",
            Self::MmsTaken => "mms_taken",
            Self::MmsRefused => "mms_refused",
            Self::MmsReports => "mms_reports",
            Self::MmsReadReports => "mms_read_reports",
            Self::MmsTime => "mms_time",
            Self::ChargingRecords => "charging_records",
            Self::UnitsGranted => "units_granted",
            Self::UnitsUsed => "units_used",
            Self::UnitsReturned => "units_returned",
            Self::UnitsOpen => "units_open",
            Self::AccountBalance => "account_balance",
        }
    }

    /// Unit of its values.
    pub fn unit(self) -> Unit {
        match self {
            Self::ObjectsRecovered => Unit::Objects,
            Self::UesComplete | Self::ConferenceHeard => Unit::Ues,
            Self::DeliveryTime
            | Self::AcquisitionTime
            | Self::SmsTime
            | Self::MmsTime
            | Self::ImsRegistrationTime
            | Self::MediaDelay
            | Self::MediaGap => Unit::Seconds,
            Self::MediaOnAirTwice
            | Self::MediaTaken
            | Self::MediaLost
            | Self::MediaDoubled
            | Self::MediaByMbms
            | Self::MediaByUnicast => Unit::Packets,
            Self::MchBler | Self::SignallingBler | Self::Ber => Unit::Ratio,
            Self::Cinr | Self::MbsfnRsrq | Self::MbsfnSinr => Unit::Decibels,
            Self::MbsfnRsrp => Unit::DecibelMilliwatts,
            Self::CpMargin | Self::Timing => Unit::Microseconds,
            Self::Cfo => Unit::Hertz,
            Self::Evm | Self::ConferenceEcho => Unit::Percent,
            Self::IpOctets => Unit::Octets,
            Self::RlcGaps => Unit::Pdus,
            Self::DatagramsLost | Self::DatagramsDuplicated => Unit::Datagrams,
            Self::McchChangesMissed | Self::MediaSwitches => Unit::Changes,
            Self::SmsDelivered
            | Self::SmsLost
            | Self::SmsDoubled
            | Self::SmsTaken
            | Self::SmsRefused
            | Self::SmsReports
            | Self::MmsDelivered
            | Self::MmsLost
            | Self::MmsDamaged
            | Self::MmsDoubled
            | Self::MmsTaken
            | Self::MmsRefused
            | Self::MmsReports
            | Self::MmsReadReports
            | Self::ImsMessagesAnswered
            | Self::ImsMessagesReceived => Unit::Messages,
            Self::ImsRegistrations => Unit::Registrations,
            Self::ImsRegInfos | Self::ServiceNotifications => Unit::Notifications,
            Self::ServiceAnswers | Self::ServiceFailures => Unit::Answers,
            Self::ImsCallsEstablished | Self::ImsCallsEnded => Unit::Calls,
            Self::ChargingRecords => Unit::Records,
            Self::UnitsGranted | Self::UnitsUsed | Self::UnitsReturned | Self::UnitsOpen => Unit::Units,
            Self::AccountBalance => Unit::Cents,
        }
    }

    /// True when there is one value for each UE.
    pub fn is_per_ue(self) -> bool {
        !matches!(
            self,
            Self::UesComplete
                | Self::IpOctets
                | Self::ChargingRecords
                | Self::UnitsGranted
                | Self::UnitsUsed
                | Self::UnitsReturned
                | Self::UnitsOpen
        )
    }

    /// True when there is one value for each session.
    pub fn is_per_session(self) -> bool {
        matches!(
            self,
            Self::ObjectsRecovered
                | Self::UesComplete
                | Self::DeliveryTime
                | Self::IpOctets
                | Self::DatagramsLost
                | Self::DatagramsDuplicated
        )
    }
}

impl fmt::Display for MeasurementName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Unit of a measured quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Unit {
    /// Objects.
    #[serde(rename = "objects")]
    Objects,
    /// UEs.
    #[serde(rename = "UEs")]
    Ues,
    /// Seconds of run time.
    #[serde(rename = "s")]
    Seconds,
    /// A ratio of counts, 0 to 1.
    #[serde(rename = "ratio")]
    Ratio,
    /// Decibels.
    #[serde(rename = "dB")]
    Decibels,
    /// Decibels relative to a milliwatt.
    #[serde(rename = "dBm")]
    DecibelMilliwatts,
    /// Hertz.
    #[serde(rename = "Hz")]
    Hertz,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
    /// Percent.
    #[serde(rename = "%")]
    Percent,
    /// Octets.
    #[serde(rename = "octets")]
    Octets,
    /// Protocol data units.
    #[serde(rename = "PDUs")]
    Pdus,
    /// Datagrams.
    #[serde(rename = "datagrams")]
    Datagrams,
    /// Changes.
    #[serde(rename = "changes")]
    Changes,
    /// Messages.
    #[serde(rename = "messages")]
    Messages,
    /// Registrations.
    #[serde(rename = "registrations")]
    Registrations,
    /// Answers.
    #[serde(rename = "answers")]
    Answers,
    /// Notifications.
    #[serde(rename = "notifications")]
    Notifications,
    /// Calls.
    #[serde(rename = "calls")]
    Calls,
    /// RTP packets.
    #[serde(rename = "packets")]
    Packets,
    /// Charging data records.
    #[serde(rename = "records")]
    Records,
    /// Units of a service, whatever it is counted in.
    #[serde(rename = "units")]
    Units,
    /// The smallest unit of a currency.
    #[serde(rename = "cents")]
    Cents,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Objects,
        Self::Ues,
        Self::Seconds,
        Self::Ratio,
        Self::Decibels,
        Self::DecibelMilliwatts,
        Self::Hertz,
        Self::Microseconds,
        Self::Percent,
        Self::Octets,
        Self::Pdus,
        Self::Datagrams,
        Self::Changes,
        Self::Messages,
        Self::Registrations,
        Self::Answers,
        Self::Notifications,
        Self::Calls,
        Self::Packets,
        Self::Records,
        Self::Units,
        Self::Cents,
    ];

    /// The unit as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::Ues => "UEs",
            Self::Seconds => "s",
            Self::Ratio => "ratio",
            Self::Decibels => "dB",
            Self::DecibelMilliwatts => "dBm",
            Self::Hertz => "Hz",
            Self::Microseconds => "us",
            Self::Percent => "%",
            Self::Octets => "octets",
            Self::Pdus => "PDUs",
            Self::Datagrams => "datagrams",
            Self::Changes => "changes",
            Self::Messages => "messages",
            Self::Registrations => "registrations",
            Self::Answers => "answers",
            Self::Notifications => "notifications",
            Self::Calls => "calls",
            Self::Packets => "packets",
            Self::Records => "records",
            Self::Units => "units",
            Self::Cents => "cents",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
