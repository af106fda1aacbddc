//! The dictionary, data only: AVPs and commands of the base protocol (RFC 6733 clauses 3.1 and 4.5), Cx (TS 29.229), Sh
//! (TS 29.329), Rf and Ro (TS 32.299), MB2-C (TS 29.468), SGmb (TS 29.061 clause 20).
//!
//! A new application is a block of lines here. M bits are those that a sender sets; a receiver takes AVPs that it knows with
//! either.

/// Vendor-Id of 3GPP.
pub const VENDOR_3GPP: u32 = 10_415;
/// Vendor-Id of the AVPs that are our own: the enterprise number that is kept for examples (RFC 5612), so that it is nobody
/// else's. What they are is in [`super::mbms::provisioning`].
pub const VENDOR_EXAMPLE: u32 = 32_473;
/// Diameter common messages.
pub const APP_BASE: u32 = 0;
/// Cx and Dx (TS 29.229 clause 5.1).
pub const APP_CX: u32 = 16_777_216;
/// Sh and Dh (TS 29.329 clause 5.1).
pub const APP_SH: u32 = 16_777_217;
/// Base accounting (RFC 6733 clause 2.4): Rf (TS 32.299 clause 6.1).
pub const APP_RF: u32 = 3;
/// Diameter credit control (RFC 8506 clause 1.3): Ro (TS 32.299 clause 6.3).
pub const APP_RO: u32 = 4;
/// MB2-C (TS 29.468 clause 6.1).
pub const APP_MB2C: u32 = 16_777_335;
/// SGmb (TS 29.061 clause 20.1).
pub const APP_SGMB: u32 = 16_777_292;
/// What relays advertise (RFC 6733 clause 2.4).
pub const APP_RELAY: u32 = 0xffff_ffff;

/// How the data of an AVP is to be read (RFC 6733 clauses 4.2 and 4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AvpKind {
    /// OctetString.
    Octets,
    /// UTF8String, DiameterIdentity, DiameterURI.
    Text,
    /// Unsigned32, Enumerated, Time.
    Unsigned32,
    /// Unsigned64.
    Unsigned64,
    /// Address.
    Address,
    /// Grouped.
    Grouped,
}

impl AvpKind {
    /// The least octets that a value has.
    pub const fn least_octets(self) -> usize {
        match self {
            Self::Octets | Self::Text | Self::Grouped => 0,
            Self::Unsigned32 => 4,
            Self::Unsigned64 => 8,
            Self::Address => 6,
        }
    }
}

/// An AVP as its specification has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AvpDef {
    /// AVP code.
    pub code: u32,
    /// Vendor-Id, 0 for the IETF's.
    pub vendor: u32,
    /// Name.
    pub name: &'static str,
    /// Kind of data.
    pub kind: AvpKind,
    /// Whether a sender sets the M bit.
    pub mandatory: bool,
    /// Whether its value is kept out of logs and records.
    pub secret: bool,
}

/// An AVP in the grammar of a command: at least and at most how often.
#[derive(Clone, Copy, Debug)]
pub struct AvpRule {
    /// Which.
    pub avp: &'static AvpDef,
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

/// A command: the same code for request and answer.
#[derive(Clone, Copy, Debug)]
pub struct CommandDef {
    /// Command code.
    pub code: u32,
    /// Application that it belongs to.
    pub application: u32,
    /// Name without `-Request` and `-Answer`.
    pub name: &'static str,
    /// Short form without `R` and `A`.
    pub letters: &'static str,
    /// Whether its grammar has the P bit.
    pub proxiable: bool,
    /// AVPs of the request whose number is bounded.
    pub request: &'static [AvpRule],
    /// AVPs of the answer whose number is bounded.
    pub answer: &'static [AvpRule],
}

/// Looks an AVP up.
pub fn avp(code: u32, vendor: u32) -> Option<&'static AvpDef> {
    AVPS.iter()
        .chain(charging::CHARGING_AVPS)
        .chain(mbms::MBMS_AVPS)
        .chain(mbms::PROVISIONING_AVPS)
        .copied()
        .find(|d| d.code == code && d.vendor == vendor)
}

/// Looks a command up by its code.
pub fn command(code: u32) -> Option<&'static CommandDef> {
    COMMANDS.iter().find(|c| c.code == code)
}

macro_rules! avps {
    ($list:ident $($name:ident = $vendor:tt $code:literal $text:literal $kind:ident $($flag:ident)*;)*) => {
        $(
            #[doc = concat!("`", $text, "`, code ", stringify!($code), ".")]
            pub const $name: AvpDef = AvpDef {
                code: $code,
                vendor: avps!(@vendor $vendor),
                name: $text,
                kind: AvpKind::$kind,
                mandatory: avps!(@has M [$($flag)*]),
                secret: avps!(@has S [$($flag)*]),
            };
        )*
        /// All AVPs of this block.
        pub const $list: &[&AvpDef] = &[$(&$name),*];
    };
    (@vendor 3) => { VENDOR_3GPP };
    (@vendor 32473) => { VENDOR_EXAMPLE };
    (@vendor 0) => { 0 };
    (@has M [M $($rest:ident)*]) => { true };
    (@has S [S $($rest:ident)*]) => { true };
    (@has $which:ident []) => { false };
    (@has $which:ident [$other:ident $($rest:ident)*]) => { avps!(@has $which [$($rest)*]) };
}

pub mod charging;
pub mod mbms;

// Columns: vendor (0: IETF, 3: 3GPP), code, name, kind, M: the sender sets the M bit, S: secret.
avps! { AVPS
    // RFC 6733 clause 4.5.
    USER_NAME = 0 1 "User-Name" Text M;
    PROXY_STATE = 0 33 "Proxy-State" Octets M;
    EVENT_TIMESTAMP = 0 55 "Event-Timestamp" Unsigned32 M;
    HOST_IP_ADDRESS = 0 257 "Host-IP-Address" Address M;
    AUTH_APPLICATION_ID = 0 258 "Auth-Application-Id" Unsigned32 M;
    ACCT_APPLICATION_ID = 0 259 "Acct-Application-Id" Unsigned32 M;
    VENDOR_SPECIFIC_APPLICATION_ID = 0 260 "Vendor-Specific-Application-Id" Grouped M;
    REDIRECT_HOST_USAGE = 0 261 "Redirect-Host-Usage" Unsigned32 M;
    REDIRECT_MAX_CACHE_TIME = 0 262 "Redirect-Max-Cache-Time" Unsigned32 M;
    SESSION_ID = 0 263 "Session-Id" Text M;
    ORIGIN_HOST = 0 264 "Origin-Host" Text M;
    SUPPORTED_VENDOR_ID = 0 265 "Supported-Vendor-Id" Unsigned32 M;
    VENDOR_ID = 0 266 "Vendor-Id" Unsigned32 M;
    FIRMWARE_REVISION = 0 267 "Firmware-Revision" Unsigned32;
    RESULT_CODE = 0 268 "Result-Code" Unsigned32 M;
    PRODUCT_NAME = 0 269 "Product-Name" Text;
    DISCONNECT_CAUSE = 0 273 "Disconnect-Cause" Unsigned32 M;
    AUTH_SESSION_STATE = 0 277 "Auth-Session-State" Unsigned32 M;
    ORIGIN_STATE_ID = 0 278 "Origin-State-Id" Unsigned32 M;
    FAILED_AVP = 0 279 "Failed-AVP" Grouped M;
    PROXY_HOST = 0 280 "Proxy-Host" Text M;
    ERROR_MESSAGE = 0 281 "Error-Message" Text;
    ROUTE_RECORD = 0 282 "Route-Record" Text M;
    DESTINATION_REALM = 0 283 "Destination-Realm" Text M;
    PROXY_INFO = 0 284 "Proxy-Info" Grouped M;
    REDIRECT_HOST = 0 292 "Redirect-Host" Text M;
    DESTINATION_HOST = 0 293 "Destination-Host" Text M;
    ERROR_REPORTING_HOST = 0 294 "Error-Reporting-Host" Text;
    ORIGIN_REALM = 0 296 "Origin-Realm" Text M;
    EXPERIMENTAL_RESULT = 0 297 "Experimental-Result" Grouped M;
    EXPERIMENTAL_RESULT_CODE = 0 298 "Experimental-Result-Code" Unsigned32 M;
    INBAND_SECURITY_ID = 0 299 "Inband-Security-Id" Unsigned32 M;
    // RFC 7944, RFC 7683: what others put in with the M bit clear or set.
    DRMP = 0 301 "DRMP" Unsigned32;
    OC_SUPPORTED_FEATURES = 0 621 "OC-Supported-Features" Grouped;
    // RFC 4740 and RFC 4590, in SIP-Digest-Authenticate.
    DIGEST_REALM = 0 104 "Digest-Realm" Text M;
    DIGEST_QOP = 0 110 "Digest-QoP" Text M;
    DIGEST_ALGORITHM = 0 111 "Digest-Algorithm" Text M;
    DIGEST_HA1 = 0 121 "Digest-HA1" Text M S;
    // TS 29.229 table 6.3.1.
    VISITED_NETWORK_IDENTIFIER = 3 600 "Visited-Network-Identifier" Octets M;
    PUBLIC_IDENTITY = 3 601 "Public-Identity" Text M;
    SERVER_NAME = 3 602 "Server-Name" Text M;
    SERVER_CAPABILITIES = 3 603 "Server-Capabilities" Grouped M;
    MANDATORY_CAPABILITY = 3 604 "Mandatory-Capability" Unsigned32 M;
    OPTIONAL_CAPABILITY = 3 605 "Optional-Capability" Unsigned32 M;
    USER_DATA = 3 606 "User-Data" Octets M;
    SIP_NUMBER_AUTH_ITEMS = 3 607 "SIP-Number-Auth-Items" Unsigned32 M;
    SIP_AUTHENTICATION_SCHEME = 3 608 "SIP-Authentication-Scheme" Text M;
    SIP_AUTHENTICATE = 3 609 "SIP-Authenticate" Octets M;
    SIP_AUTHORIZATION = 3 610 "SIP-Authorization" Octets M S;
    SIP_AUTHENTICATION_CONTEXT = 3 611 "SIP-Authentication-Context" Octets M;
    SIP_AUTH_DATA_ITEM = 3 612 "SIP-Auth-Data-Item" Grouped M;
    SIP_ITEM_NUMBER = 3 613 "SIP-Item-Number" Unsigned32 M;
    SERVER_ASSIGNMENT_TYPE = 3 614 "Server-Assignment-Type" Unsigned32 M;
    DEREGISTRATION_REASON = 3 615 "Deregistration-Reason" Grouped M;
    REASON_CODE = 3 616 "Reason-Code" Unsigned32 M;
    REASON_INFO = 3 617 "Reason-Info" Text M;
    CHARGING_INFORMATION = 3 618 "Charging-Information" Grouped M;
    PRIMARY_EVENT_CHARGING_FUNCTION_NAME = 3 619 "Primary-Event-Charging-Function-Name" Text M;
    SECONDARY_EVENT_CHARGING_FUNCTION_NAME = 3 620 "Secondary-Event-Charging-Function-Name" Text M;
    PRIMARY_CHARGING_COLLECTION_FUNCTION_NAME = 3 621 "Primary-Charging-Collection-Function-Name" Text M;
    SECONDARY_CHARGING_COLLECTION_FUNCTION_NAME = 3 622 "Secondary-Charging-Collection-Function-Name" Text M;
    USER_AUTHORIZATION_TYPE = 3 623 "User-Authorization-Type" Unsigned32 M;
    USER_DATA_ALREADY_AVAILABLE = 3 624 "User-Data-Already-Available" Unsigned32 M;
    CONFIDENTIALITY_KEY = 3 625 "Confidentiality-Key" Octets M S;
    INTEGRITY_KEY = 3 626 "Integrity-Key" Octets M S;
    SUPPORTED_FEATURES = 3 628 "Supported-Features" Grouped;
    FEATURE_LIST_ID = 3 629 "Feature-List-ID" Unsigned32;
    FEATURE_LIST = 3 630 "Feature-List" Unsigned32;
    SUPPORTED_APPLICATIONS = 3 631 "Supported-Applications" Grouped;
    ASSOCIATED_IDENTITIES = 3 632 "Associated-Identities" Grouped;
    ORIGINATING_REQUEST = 3 633 "Originating-Request" Unsigned32 M;
    WILDCARDED_PUBLIC_IDENTITY = 3 634 "Wildcarded-Public-Identity" Text;
    SIP_DIGEST_AUTHENTICATE = 3 635 "SIP-Digest-Authenticate" Grouped;
    WILDCARDED_IMPU = 3 636 "Wildcarded-IMPU" Text;
    UAR_FLAGS = 3 637 "UAR-Flags" Unsigned32;
    LOOSE_ROUTE_INDICATION = 3 638 "Loose-Route-Indication" Unsigned32;
    SCSCF_RESTORATION_INFO = 3 639 "SCSCF-Restoration-Info" Grouped;
    PATH = 3 640 "Path" Octets;
    CONTACT = 3 641 "Contact" Octets;
    SUBSCRIPTION_INFO = 3 642 "Subscription-Info" Grouped;
    CALL_ID_SIP_HEADER = 3 643 "Call-ID-SIP-Header" Octets;
    FROM_SIP_HEADER = 3 644 "From-SIP-Header" Octets;
    TO_SIP_HEADER = 3 645 "To-SIP-Header" Octets;
    RECORD_ROUTE = 3 646 "Record-Route" Octets;
    ASSOCIATED_REGISTERED_IDENTITIES = 3 647 "Associated-Registered-Identities" Grouped;
    MULTIPLE_REGISTRATION_INDICATION = 3 648 "Multiple-Registration-Indication" Unsigned32;
    RESTORATION_INFO = 3 649 "Restoration-Info" Grouped;
    SESSION_PRIORITY = 3 650 "Session-Priority" Unsigned32;
    IDENTITY_WITH_EMERGENCY_REGISTRATION = 3 651 "Identity-with-Emergency-Registration" Grouped;
    PRIVILEDGED_SENDER_INDICATION = 3 652 "Priviledged-Sender-Indication" Unsigned32;
    LIA_FLAGS = 3 653 "LIA-Flags" Unsigned32;
    INITIAL_CSEQ_SEQUENCE_NUMBER = 3 654 "Initial-CSeq-Sequence-Number" Unsigned32;
    SAR_FLAGS = 3 655 "SAR-Flags" Unsigned32;
    ALLOWED_WAF_WWSF_IDENTITIES = 3 656 "Allowed-WAF-WWSF-Identities" Grouped;
    // TS 29.329 table 6.3.1.
    USER_IDENTITY = 3 700 "User-Identity" Grouped M;
    MSISDN = 3 701 "MSISDN" Octets M;
    SH_USER_DATA = 3 702 "User-Data" Octets M;
    DATA_REFERENCE = 3 703 "Data-Reference" Unsigned32 M;
    SERVICE_INDICATION = 3 704 "Service-Indication" Octets M;
    SUBS_REQ_TYPE = 3 705 "Subs-Req-Type" Unsigned32 M;
    REQUESTED_DOMAIN = 3 706 "Requested-Domain" Unsigned32 M;
    CURRENT_LOCATION = 3 707 "Current-Location" Unsigned32 M;
    IDENTITY_SET = 3 708 "Identity-Set" Unsigned32;
    EXPIRY_TIME = 3 709 "Expiry-Time" Unsigned32;
    SEND_DATA_INDICATION = 3 710 "Send-Data-Indication" Unsigned32;
    DSAI_TAG = 3 711 "DSAI-Tag" Octets M;
    ONE_TIME_NOTIFICATION = 3 712 "One-Time-Notification" Unsigned32;
    REQUESTED_NODES = 3 713 "Requested-Nodes" Unsigned32;
    SERVING_NODE_INDICATION = 3 714 "Serving-Node-Indication" Unsigned32;
    REPOSITORY_DATA_ID = 3 715 "Repository-Data-ID" Grouped;
    SEQUENCE_NUMBER = 3 716 "Sequence-Number" Unsigned32;
    PRE_PAGING_SUPPORTED = 3 717 "Pre-paging-Supported" Unsigned32;
    LOCAL_TIME_ZONE_INDICATION = 3 718 "Local-Time-Zone-Indication" Unsigned32;
    UDR_FLAGS = 3 719 "UDR-Flags" Unsigned32;
    CALL_REFERENCE_INFO = 3 720 "Call-Reference-Info" Grouped;
}

use charging::{
    ACCOUNTING_RECORD_NUMBER, ACCOUNTING_RECORD_TYPE, ACCT_INTERIM_INTERVAL, CC_REQUEST_NUMBER, CC_REQUEST_TYPE,
    CC_SESSION_FAILOVER, COST_INFORMATION, CREDIT_CONTROL_FAILURE_HANDLING, DIRECT_DEBITING_FAILURE_HANDLING,
    MULTIPLE_SERVICES_INDICATOR, REQUESTED_ACTION, SERVICE_CONTEXT_ID, SERVICE_INFORMATION, TERMINATION_CAUSE,
};

use mbms::{
    MBMS_STARTSTOP_INDICATION, RE_AUTH_REQUEST_TYPE, RESTART_COUNTER, TMGI, TMGI_ALLOCATION_REQUEST,
    TMGI_ALLOCATION_RESPONSE, TMGI_DEALLOCATION_REQUEST, TMGI_EXPIRY,
};

const ANY: usize = usize::MAX;

const fn rule(avp: &'static AvpDef, least: usize, most: usize) -> AvpRule {
    AvpRule { avp, least, most }
}

/// Header of an answer of the base protocol.
const BASE_ANSWER: &[AvpRule] =
    &[rule(&RESULT_CODE, 1, 1), rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&ORIGIN_STATE_ID, 0, 1)];
/// Answers of Cx and Sh (TS 29.229 clause 6.1): Result-Code or Experimental-Result, one of them.
const ANSWER: &[AvpRule] = &[
    rule(&SESSION_ID, 1, 1),
    rule(&RESULT_CODE, 0, 1),
    rule(&EXPERIMENTAL_RESULT, 0, 1),
    rule(&ORIGIN_HOST, 1, 1),
    rule(&ORIGIN_REALM, 1, 1),
];

macro_rules! request {
    ($($avp:ident $least:literal $most:expr;)*) => {
        &[
            rule(&SESSION_ID, 1, 1),
            rule(&VENDOR_SPECIFIC_APPLICATION_ID, 1, 1),
            rule(&AUTH_SESSION_STATE, 1, 1),
            rule(&ORIGIN_HOST, 1, 1),
            rule(&ORIGIN_REALM, 1, 1),
            rule(&DESTINATION_REALM, 1, 1),
            $(rule(&$avp, $least, $most),)*
        ]
    };
}

/// Requests of MB2-C (TS 29.468 clause 6.6) and SGmb (TS 29.061 clause 20.4): Auth-Application-Id is in the message itself.
macro_rules! mbms {
    ($($avp:ident $least:literal $most:expr;)*) => {
        &[
            rule(&SESSION_ID, 1, 1),
            rule(&AUTH_APPLICATION_ID, 1, 1),
            rule(&ORIGIN_HOST, 1, 1),
            rule(&ORIGIN_REALM, 1, 1),
            rule(&DESTINATION_REALM, 1, 1),
            $(rule(&$avp, $least, $most),)*
        ]
    };
}

macro_rules! charging {
    ($application:ident; $($numbered:ident),*; $($avp:ident $least:literal $most:expr;)*) => {
        &[
            rule(&SESSION_ID, 1, 1),
            rule(&ORIGIN_HOST, 1, 1),
            rule(&ORIGIN_REALM, 1, 1),
            rule(&$application, 1, 1),
            $(rule(&$numbered, 1, 1),)*
            $(rule(&$avp, $least, $most),)*
        ]
    };
}

macro_rules! commands {
    ($($name:ident $code:literal $app:ident $text:literal $letters:literal $proxiable:literal $request:expr, $answer:expr;)*) => {
        $(
            #[doc = concat!("Command code of ", $text, ".")]
            pub const $name: u32 = $code;
        )*
        /// All commands that are known.
        pub const COMMANDS: &[CommandDef] = &[$(CommandDef {
            code: $code,
            application: $app,
            name: $text,
            letters: $letters,
            proxiable: $proxiable,
            request: $request,
            answer: $answer,
        }),*];
    };
}

commands! {
    CAPABILITIES_EXCHANGE 257 APP_BASE "Capabilities-Exchange" "CE" false
        &[rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&HOST_IP_ADDRESS, 1, ANY), rule(&VENDOR_ID, 1, 1),
          rule(&PRODUCT_NAME, 1, 1), rule(&ORIGIN_STATE_ID, 0, 1), rule(&FIRMWARE_REVISION, 0, 1)],
        BASE_ANSWER;
    DEVICE_WATCHDOG 280 APP_BASE "Device-Watchdog" "DW" false
        &[rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&ORIGIN_STATE_ID, 0, 1)],
        BASE_ANSWER;
    DISCONNECT_PEER 282 APP_BASE "Disconnect-Peer" "DP" false
        &[rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&DISCONNECT_CAUSE, 1, 1)],
        BASE_ANSWER;
    // TS 29.229 clause 6.1.
    USER_AUTHORIZATION 300 APP_CX "User-Authorization" "UA" true
        request! { USER_NAME 1 1; PUBLIC_IDENTITY 1 1; VISITED_NETWORK_IDENTIFIER 1 1; USER_AUTHORIZATION_TYPE 0 1;
                   DESTINATION_HOST 0 1; UAR_FLAGS 0 1; },
        ANSWER;
    // Public-Identity: more than one only when the type is one of de-registration, which the HSS looks at.
    SERVER_ASSIGNMENT 301 APP_CX "Server-Assignment" "SA" true
        request! { USER_NAME 0 1; PUBLIC_IDENTITY 0 ANY; SERVER_NAME 1 1; SERVER_ASSIGNMENT_TYPE 1 1;
                   USER_DATA_ALREADY_AVAILABLE 1 1; DESTINATION_HOST 0 1; WILDCARDED_PUBLIC_IDENTITY 0 1; },
        ANSWER;
    LOCATION_INFO 302 APP_CX "Location-Info" "LI" true
        request! { PUBLIC_IDENTITY 1 1; ORIGINATING_REQUEST 0 1; DESTINATION_HOST 0 1; USER_AUTHORIZATION_TYPE 0 1; },
        ANSWER;
    MULTIMEDIA_AUTH 303 APP_CX "Multimedia-Auth" "MA" true
        request! { USER_NAME 1 1; PUBLIC_IDENTITY 1 1; SIP_AUTH_DATA_ITEM 1 1; SIP_NUMBER_AUTH_ITEMS 1 1; SERVER_NAME 1 1;
                   DESTINATION_HOST 0 1; },
        ANSWER;
    REGISTRATION_TERMINATION 304 APP_CX "Registration-Termination" "RT" true
        &[rule(&SESSION_ID, 1, 1), rule(&VENDOR_SPECIFIC_APPLICATION_ID, 1, 1), rule(&AUTH_SESSION_STATE, 1, 1),
          rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&DESTINATION_HOST, 1, 1),
          rule(&DESTINATION_REALM, 1, 1), rule(&USER_NAME, 1, 1), rule(&DEREGISTRATION_REASON, 1, 1)],
        ANSWER;
    PUSH_PROFILE 305 APP_CX "Push-Profile" "PP" true
        &[rule(&SESSION_ID, 1, 1), rule(&VENDOR_SPECIFIC_APPLICATION_ID, 1, 1), rule(&AUTH_SESSION_STATE, 1, 1),
          rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&DESTINATION_HOST, 1, 1),
          rule(&DESTINATION_REALM, 1, 1), rule(&USER_NAME, 1, 1), rule(&USER_DATA, 0, 1),
          rule(&CHARGING_INFORMATION, 0, 1), rule(&SIP_AUTH_DATA_ITEM, 0, 1)],
        ANSWER;
    // TS 29.329 clause 6.1.
    USER_DATA_COMMAND 306 APP_SH "User-Data" "UD" true
        request! { USER_IDENTITY 1 1; DATA_REFERENCE 1 ANY; USER_NAME 0 1; DESTINATION_HOST 0 1; },
        ANSWER;
    PROFILE_UPDATE 307 APP_SH "Profile-Update" "PU" true
        request! { USER_IDENTITY 1 1; DATA_REFERENCE 1 ANY; SH_USER_DATA 1 1; USER_NAME 0 1; DESTINATION_HOST 0 1; },
        ANSWER;
    SUBSCRIBE_NOTIFICATIONS 308 APP_SH "Subscribe-Notifications" "SN" true
        request! { USER_IDENTITY 1 1; DATA_REFERENCE 1 ANY; SUBS_REQ_TYPE 1 1; SEND_DATA_INDICATION 0 1; EXPIRY_TIME 0 1;
                   ONE_TIME_NOTIFICATION 0 1; SERVER_NAME 0 1; USER_NAME 0 1; DESTINATION_HOST 0 1; },
        ANSWER;
    PUSH_NOTIFICATION 309 APP_SH "Push-Notification" "PN" true
        &[rule(&SESSION_ID, 1, 1), rule(&VENDOR_SPECIFIC_APPLICATION_ID, 1, 1), rule(&AUTH_SESSION_STATE, 1, 1),
          rule(&ORIGIN_HOST, 1, 1), rule(&ORIGIN_REALM, 1, 1), rule(&DESTINATION_HOST, 1, 1),
          rule(&DESTINATION_REALM, 1, 1), rule(&USER_IDENTITY, 1, 1), rule(&SH_USER_DATA, 1, 1), rule(&USER_NAME, 0, 1)],
        ANSWER;
    // RFC 6733 clause 9.7, TS 32.299 clause 6.2.
    ACCOUNTING 271 APP_RF "Accounting" "AC" true
        charging! { ACCT_APPLICATION_ID; ACCOUNTING_RECORD_TYPE, ACCOUNTING_RECORD_NUMBER; DESTINATION_REALM 1 1;
                    USER_NAME 0 1; ORIGIN_STATE_ID 0 1; EVENT_TIMESTAMP 0 1; DESTINATION_HOST 0 1;
                    ACCT_INTERIM_INTERVAL 0 1; SERVICE_CONTEXT_ID 0 1; SERVICE_INFORMATION 0 1; },
        charging! { ACCT_APPLICATION_ID; ACCOUNTING_RECORD_TYPE, ACCOUNTING_RECORD_NUMBER; RESULT_CODE 1 1;
                    ACCT_INTERIM_INTERVAL 0 1; };
    // RFC 8506 clauses 3.1 and 3.2, TS 32.299 clause 6.4.
    CREDIT_CONTROL 272 APP_RO "Credit-Control" "CC" true
        charging! { AUTH_APPLICATION_ID; CC_REQUEST_TYPE, CC_REQUEST_NUMBER; DESTINATION_REALM 1 1;
                    SERVICE_CONTEXT_ID 1 1; USER_NAME 0 1; ORIGIN_STATE_ID 0 1; EVENT_TIMESTAMP 0 1;
                    DESTINATION_HOST 0 1; TERMINATION_CAUSE 0 1; REQUESTED_ACTION 0 1; MULTIPLE_SERVICES_INDICATOR 0 1;
                    SERVICE_INFORMATION 0 1; },
        charging! { AUTH_APPLICATION_ID; CC_REQUEST_TYPE, CC_REQUEST_NUMBER; RESULT_CODE 1 1;
                    CC_SESSION_FAILOVER 0 1; CREDIT_CONTROL_FAILURE_HANDLING 0 1; DIRECT_DEBITING_FAILURE_HANDLING 0 1;
                    COST_INFORMATION 0 1; };
    // TS 29.468 clause 6.6.
    GCS_ACTION 8_388_662 APP_MB2C "GCS-Action" "GA" true
        mbms! { AUTH_SESSION_STATE 1 1; DESTINATION_HOST 0 1; TMGI_ALLOCATION_REQUEST 0 1; TMGI_DEALLOCATION_REQUEST 0 1;
                RESTART_COUNTER 0 1; },
        &[rule(&SESSION_ID, 1, 1), rule(&RESULT_CODE, 0, 1), rule(&EXPERIMENTAL_RESULT, 0, 1), rule(&ORIGIN_HOST, 1, 1),
          rule(&ORIGIN_REALM, 1, 1), rule(&TMGI_ALLOCATION_RESPONSE, 0, 1), rule(&RESTART_COUNTER, 0, 1)];
    GCS_NOTIFICATION 8_388_663 APP_MB2C "GCS-Notification" "GN" true
        mbms! { AUTH_SESSION_STATE 1 1; DESTINATION_HOST 1 1; TMGI_EXPIRY 0 1; RESTART_COUNTER 0 1; },
        ANSWER;
    // TS 29.061 clause 20.4.
    RE_AUTH 258 APP_SGMB "Re-Auth" "RA" true
        mbms! { DESTINATION_HOST 1 1; RE_AUTH_REQUEST_TYPE 1 1; MBMS_STARTSTOP_INDICATION 0 1; TMGI 0 1; RESTART_COUNTER 0 1; },
        ANSWER;
    ABORT_SESSION 274 APP_SGMB "Abort-Session" "AS" true
        mbms! { DESTINATION_HOST 1 1; RESTART_COUNTER 0 1; },
        ANSWER;
    SESSION_TERMINATION 275 APP_SGMB "Session-Termination" "ST" true
        mbms! { DESTINATION_HOST 0 1; TERMINATION_CAUSE 1 1; RESTART_COUNTER 0 1; },
        ANSWER;
}
