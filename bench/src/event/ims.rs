//! Facts about UEs on the IMS, and what messages went by.

use serde::{Deserialize, Serialize};

use super::McFigures;
use crate::scenario::Access;

/// What became of a UE on the IMS.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "ims", rename_all = "snake_case")]
pub enum ImsFact {
    /// It is registered, for the first time or again.
    Registered {
        /// Expiry that the network gave, seconds.
        expires_s: u32,
        /// It was registered before.
        refreshed: bool,
        /// Seconds since the step that asked for it.
        after_s: f64,
    },
    /// A registration has failed.
    RegistrationFailed {
        /// Why.
        why: String,
    },
    /// It is not registered any more.
    Unregistered {
        /// Why.
        why: String,
    },
    /// The state of its registration came (reg event package).
    RegInfo {
        /// Public identities and their states.
        states: Vec<String>,
    },
    /// It has sent a MESSAGE.
    MessageSent {
        /// Its number, from 1 in the order of the steps.
        number: u64,
        /// UE that it is for.
        to: String,
        /// The text.
        text: String,
    },
    /// Its MESSAGE was answered, or never will be.
    MessageAnswered {
        /// Number of the message.
        number: u64,
        /// Status of success.
        status: Option<u16>,
        /// Why there was none.
        why: Option<String>,
    },
    /// A MESSAGE came.
    MessageReceived {
        /// Number of the message, when the text is that of one which was sent to this UE.
        number: Option<u64>,
        /// Who sent it.
        from: String,
        /// Seconds since the step that sent it.
        after_s: Option<f64>,
    },
    /// It calls.
    Calls {
        /// UE that is called.
        to: String,
    },
    /// A call comes in.
    Incoming {
        /// Who calls.
        from: String,
    },
    /// What it calls rings, or says otherwise that it works on it.
    Progress {
        /// Status.
        status: u16,
    },
    /// Its call is set up.
    Established {
        /// Seconds since the call began, or came in.
        after_s: f64,
    },
    /// Who may send in its call has changed.
    Hold {
        /// It holds the other side.
        local: bool,
        /// The other side holds it.
        remote: bool,
    },
    /// Its call has ended.
    Ended {
        /// Why.
        why: String,
    },
    /// A request of it to a service was answered, or never will be.
    Answered {
        /// What it wanted.
        what: String,
        /// Why it was not successful.
        why: Option<String>,
    },
    /// A service has told it something.
    Notified {
        /// Event package.
        package: String,
        /// State of the subscription.
        state: String,
        /// Of the document.
        content_type: String,
        /// The document, its beginning.
        text: String,
    },
    /// A subscription to a service has ended.
    WatchEnded {
        /// Event package.
        package: String,
        /// Why.
        why: String,
    },
    /// What it has heard last, 400 ms of it, was measured.
    Heard {
        /// Tones of UEs, as parts of the amplitude with which they are said.
        parts: Vec<(String, f64)>,
    },
    /// Something that its MC client told, in words.
    Mc {
        /// The words.
        what: String,
    },
    /// It says what is in a file.
    Talks {
        /// Name of the file.
        content: String,
    },
    /// It has said what it was to say.
    Spoke {
        /// Its source (SSRC).
        ssrc: u32,
        /// Packets.
        packets: u64,
        /// Sequence number of the first one.
        first: u16,
        /// Of the last one.
        last: u16,
    },
    /// What its MC client has measured.
    McCall(McFigures),
    /// What of the speech of another UE has come to it, compared with what was sent while it was in the session.
    Listened(SpeechHeard),
    /// The network knows that it listens to its group this way from here on.
    Listens {
        /// Over an MBMS bearer; else by unicast.
        over_mbms: bool,
    },
    /// A change of its session was refused.
    ChangeRefused {
        /// Why.
        why: String,
    },
    /// It has lost the coverage of a way to the network.
    CoverageLost {
        /// Which.
        access: Access,
    },
    /// It has it again.
    CoverageBack {
        /// Which.
        access: Access,
    },
    /// What its own way to the network has done.
    Unicast {
        /// Messages that went by.
        messages: u64,
        /// Their octets.
        octets: u64,
        /// Datagrams lost by chance.
        lost: u64,
        /// Segments of streams that came later, since they were lost by chance at first.
        #[serde(default)]
        repeated: u64,
        /// Dropped since the queue was full.
        dropped: u64,
        /// Gone without coverage.
        uncovered: u64,
        /// The longest wait in the queue, milliseconds.
        waited_ms: f64,
    },
    /// It is registered with the IP-Message-GW over R2, for the first time or again.
    SmsRegistered {
        /// Expiry that the gateway gave, seconds.
        expires_s: u32,
        /// It was registered before.
        refreshed: bool,
    },
    /// It is not any more.
    SmsUnregistered {
        /// Why.
        why: String,
    },
    /// It sends a short message over IP.
    SmsSent {
        /// Its number, from 1 in the order of the steps.
        number: u64,
        /// UE that it is for.
        to: String,
        /// The text, or the octets in hexadecimal digits.
        text: String,
    },
    /// The SM-SC has taken a part of its message.
    SmsPartTaken {
        /// Number of the message.
        number: u64,
        /// Which part, from 1.
        part: u8,
        /// Of how many.
        parts: u8,
        /// By IP, SGSN or MSC.
        by: String,
        /// It was sent so many times.
        attempts: usize,
    },
    /// The SM-SC has taken its message, or never will.
    SmsTaken {
        /// Number of the message.
        number: u64,
        /// Why not.
        why: Option<String>,
        /// Seconds since it was sent.
        after_s: f64,
    },
    /// A short message came to it.
    SmsReceived {
        /// Number of the message, when it is one that was sent to this UE and had not come.
        number: Option<u64>,
        /// Who sent it.
        from: String,
        /// By IP, SGSN or MSC.
        by: String,
        /// In how many parts.
        parts: u8,
        /// Seconds since it was sent.
        after_s: Option<f64>,
    },
    /// It was told what has become of its message.
    SmsReported {
        /// Number of the message.
        number: Option<u64>,
        /// TP-Status in words.
        status: String,
    },
    /// Something else that its SMS agent told, in words.
    Sms {
        /// The words.
        what: String,
    },
    /// It sends a multimedia message, or passes one on.
    MmsSent {
        /// Its number, from 1 in the order of the steps.
        number: u64,
        /// UE that it is for.
        to: String,
        /// Its subject.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// What it says.
        parts: Vec<MmsPart>,
        /// It is passed on: the number of the message that it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forwards: Option<u64>,
    },
    /// Its relay has taken its message, or never will.
    MmsTaken {
        /// Number of the message.
        number: u64,
        /// Why not.
        why: Option<String>,
        /// By the IMS or by HTTP.
        by: Option<String>,
        /// It was sent so many times.
        attempts: usize,
        /// Seconds since it was sent.
        after_s: f64,
    },
    /// A multimedia message waits for it.
    MmsNotified {
        /// Number of the message, when it is one that was sent to this UE.
        number: Option<u64>,
        /// Who sent it: digits.
        from: String,
        /// Octets, as its relay counts them.
        octets: u64,
    },
    /// Its relay knows what it does about a message that waits.
    MmsResponded {
        /// Number of the message.
        number: Option<u64>,
        /// X-Mms-Status in words.
        status: String,
    },
    /// A multimedia message came to it.
    MmsReceived {
        /// Number of the message, when it is one that was sent to this UE and had not come.
        number: Option<u64>,
        /// Who sent it: digits.
        from: String,
        /// By the IMS or by HTTP.
        by: String,
        /// What it says.
        parts: Vec<MmsPart>,
        /// It says what it was sent with, octet for octet.
        is_whole: bool,
        /// Seconds since it was sent.
        after_s: Option<f64>,
        /// A picture of it as a data URI (RFC 2397), of the first messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        picture: Option<String>,
    },
    /// It was told what has become of its message.
    MmsReported {
        /// Number of the message.
        number: Option<u64>,
        /// Of whom: digits.
        recipient: String,
        /// X-Mms-Status in words.
        status: String,
    },
    /// It was told whether its message was read.
    MmsWasRead {
        /// Number of the message.
        number: Option<u64>,
        /// By whom: digits.
        recipient: String,
        /// X-Mms-Read-Status in words.
        status: String,
    },
    /// Something else that its MMS agent told, in words.
    Mms {
        /// The words.
        what: String,
    },
    /// How far its user's migration to another MC system is, in words.
    Migration {
        /// The words.
        what: String,
    },
    /// What a message on the way to the database of its user's home and back calls him.
    IdentityHop(IdentityHop),
    /// It has lost its radio bearer.
    BearerLost,
    /// It has its radio bearer back.
    BearerRestored,
}

/// Identities and names in a request for authentication information of a user who migrates, or in its answer, at one hop (TS
/// 23.280 clause 10.1.6.2, steps 3 to 10).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdentityHop {
    /// Box that says it.
    pub from: String,
    /// Box that it says it to.
    pub to: String,
    /// MAR or MAA (TS 29.229 clause 6.1).
    pub command: String,
    /// User-Name: private identity.
    pub user_name: String,
    /// Public-Identity.
    pub public_identity: Option<String>,
    /// Server-Name.
    pub server_name: Option<String>,
    /// Origin-Host.
    pub origin_host: Option<String>,
    /// Destination-Realm.
    pub destination_realm: Option<String>,
}

/// A part of a multimedia message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MmsPart {
    /// Its media type.
    pub media_type: String,
    /// Its name.
    pub name: String,
    /// Octets.
    pub octets: u64,
    /// SHA-256 of them.
    pub sha256: String,
}

/// What of the speech of one UE has come to another one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SpeechHeard {
    /// UE that spoke.
    pub of: String,
    /// Packets that were sent to it.
    pub sent: u64,
    /// Packets that it took, each once.
    pub taken: u64,
    /// Of those, that came first by unicast.
    pub by_unicast: u64,
    /// That came first over an MBMS bearer.
    pub by_mbms: u64,
    /// That came both ways.
    pub both_ways: u64,
    /// Copies by the same way, over the same bearer.
    pub doubled: u64,
    /// Copies over another bearer.
    #[serde(default)]
    pub moved: u64,
    /// That came after a later one.
    pub reordered: u64,
    /// That never came.
    pub lost: u64,
    /// Sequence numbers of those, the first ones.
    pub lost_sequence: Vec<u16>,
    /// Packets that it took while it was not in the session, or was not yet: they are repeated to who comes.
    #[serde(default)]
    pub beyond: u64,
    /// Packets of which nobody knows whether they came, since more was said than is kept. They are not in `sent`.
    #[serde(default)]
    pub forgotten: u64,
    /// From sending to arrival: least, mean, most, milliseconds.
    pub delay_ms: [f64; 3],
    /// What it has heard, decoded: a file of the run's folder.
    pub file: Option<String>,
}
