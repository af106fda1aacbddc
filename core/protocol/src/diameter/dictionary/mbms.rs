//! AVPs of MBMS, data only: MB2-C (TS 29.468 clauses 6.4 and 6.5), SGmb (TS 29.061 clauses 17.7 and 20.5a), what both reuse
//! (TS 29.212, TS 29.214, RFC 7155, RFC 6733), and those of our own ([`super::super::mbms::provisioning`]).

use super::{AvpDef, AvpKind, VENDOR_3GPP, VENDOR_EXAMPLE};

// Columns: vendor (0: IETF, 3: 3GPP), code, name, kind, M: the sender sets the M bit.
avps! { MBMS_AVPS
    // RFC 7155 and RFC 6733, in RAR and STR of SGmb.
    FRAMED_IP_ADDRESS = 0 8 "Framed-IP-Address" Octets M;
    CLASS = 0 25 "Class" Octets M;
    CALLED_STATION_ID = 0 30 "Called-Station-Id" Text M;
    FRAMED_INTERFACE_ID = 0 96 "Framed-Interface-Id" Unsigned64 M;
    FRAMED_IPV6_PREFIX = 0 97 "Framed-IPv6-Prefix" Octets M;
    RE_AUTH_REQUEST_TYPE = 0 285 "Re-Auth-Request-Type" Unsigned32 M;
    // RFC 8583.
    LOAD = 0 650 "Load" Grouped;
    // TS 29.061 clause 16.4.7: the lists of control plane nodes.
    TGPP_SGSN_ADDRESS = 3 6 "3GPP-SGSN-Address" Octets;
    TGPP_SGSN_IPV6_ADDRESS = 3 15 "3GPP-SGSN-IPv6-Address" Octets;
    // TS 29.214 clause 5.3.
    FLOW_DESCRIPTION = 3 507 "Flow-Description" Text M;
    MAX_REQUESTED_BANDWIDTH_DL = 3 515 "Max-Requested-Bandwidth-DL" Unsigned32 M;
    MAX_REQUESTED_BANDWIDTH_UL = 3 516 "Max-Requested-Bandwidth-UL" Unsigned32 M;
    // TS 29.212 clause 5.3.
    QOS_INFORMATION = 3 1016 "QoS-Information" Grouped M;
    GUARANTEED_BITRATE_DL = 3 1025 "Guaranteed-Bitrate-DL" Unsigned32 M;
    GUARANTEED_BITRATE_UL = 3 1026 "Guaranteed-Bitrate-UL" Unsigned32 M;
    QOS_CLASS_IDENTIFIER = 3 1028 "QoS-Class-Identifier" Unsigned32 M;
    ALLOCATION_RETENTION_PRIORITY = 3 1034 "Allocation-Retention-Priority" Grouped;
    PRIORITY_LEVEL = 3 1046 "Priority-Level" Unsigned32;
    PRE_EMPTION_CAPABILITY = 3 1047 "Pre-emption-Capability" Unsigned32;
    PRE_EMPTION_VULNERABILITY = 3 1048 "Pre-emption-Vulnerability" Unsigned32;
    // TS 29.061 table 17.7.1.
    TMGI = 3 900 "TMGI" Octets M;
    MBMS_STARTSTOP_INDICATION = 3 902 "MBMS-StartStop-Indication" Unsigned32 M;
    MBMS_SERVICE_AREA = 3 903 "MBMS-Service-Area" Octets M;
    MBMS_SESSION_DURATION = 3 904 "MBMS-Session-Duration" Octets M;
    MBMS_SESSION_IDENTITY = 3 908 "MBMS-Session-Identity" Octets M;
    MBMS_TIME_TO_DATA_TRANSFER = 3 911 "MBMS-Time-To-Data-Transfer" Octets M;
    MBMS_SESSION_REPETITION_NUMBER = 3 912 "MBMS-Session-Repetition-Number" Octets M;
    MBMS_USER_DATA_MODE_INDICATION = 3 915 "MBMS-User-Data-Mode-Indication" Unsigned32;
    MBMS_GGSN_ADDRESS = 3 916 "MBMS-GGSN-Address" Octets M;
    MBMS_GGSN_IPV6_ADDRESS = 3 917 "MBMS-GGSN-IPv6-Address" Octets M;
    MBMS_BMSC_SSM_IP_ADDRESS = 3 918 "MBMS-BMSC-SSM-IP-Address" Octets M;
    MBMS_BMSC_SSM_IPV6_ADDRESS = 3 919 "MBMS-BMSC-SSM-IPv6-Address" Octets M;
    MBMS_FLOW_IDENTIFIER = 3 920 "MBMS-Flow-Identifier" Octets;
    CN_IP_MULTICAST_DISTRIBUTION = 3 921 "CN-IP-Multicast-Distribution" Unsigned32;
    MBMS_HC_INDICATOR = 3 922 "MBMS-HC-Indicator" Unsigned32;
    // TS 29.061 table 20.5a.1.
    MBMS_ACCESS_INDICATOR = 3 923 "MBMS-Access-Indicator" Unsigned32 M;
    MBMS_GW_SSM_IP_ADDRESS = 3 924 "MBMS-GW-SSM-IP-Address" Octets;
    MBMS_GW_SSM_IPV6_ADDRESS = 3 925 "MBMS-GW-SSM-IPv6-Address" Octets;
    MBMS_BMSC_SSM_UDP_PORT = 3 926 "MBMS-BMSC-SSM-UDP-Port" Octets;
    MBMS_GW_UDP_PORT = 3 927 "MBMS-GW-UDP-Port" Octets;
    MBMS_GW_UDP_PORT_INDICATOR = 3 928 "MBMS-GW-UDP-Port-Indicator" Unsigned32;
    MBMS_DATA_TRANSFER_START = 3 929 "MBMS-Data-Transfer-Start" Unsigned64;
    MBMS_DATA_TRANSFER_STOP = 3 930 "MBMS-Data-Transfer-Stop" Unsigned64;
    MBMS_FLAGS = 3 931 "MBMS-Flags" Unsigned32;
    RESTART_COUNTER = 3 932 "Restart-Counter" Unsigned32;
    DIAGNOSTIC_INFO = 3 933 "Diagnostic-Info" Unsigned32;
    MBMS_CELL_LIST = 3 934 "MBMS-Cell-List" Octets;
    // TS 29.468 table 6.4.1.
    BMSC_ADDRESS = 3 3500 "BMSC-Address" Address M;
    BMSC_PORT = 3 3501 "BMSC-Port" Unsigned32 M;
    MBMS_BEARER_EVENT = 3 3502 "MBMS-Bearer-Event" Unsigned32 M;
    MBMS_BEARER_EVENT_NOTIFICATION = 3 3503 "MBMS-Bearer-Event-Notification" Grouped M;
    MBMS_BEARER_REQUEST = 3 3504 "MBMS-Bearer-Request" Grouped M;
    MBMS_BEARER_RESPONSE = 3 3505 "MBMS-Bearer-Response" Grouped M;
    MBMS_BEARER_RESULT = 3 3506 "MBMS-Bearer-Result" Unsigned32 M;
    MBMS_START_TIME = 3 3507 "MBMS-Start-Time" Unsigned32 M;
    RADIO_FREQUENCY = 3 3508 "Radio-Frequency" Unsigned32 M;
    TMGI_ALLOCATION_REQUEST = 3 3509 "TMGI-Allocation-Request" Grouped M;
    TMGI_ALLOCATION_RESPONSE = 3 3510 "TMGI-Allocation-Response" Grouped M;
    TMGI_ALLOCATION_RESULT = 3 3511 "TMGI-Allocation-Result" Unsigned32 M;
    TMGI_DEALLOCATION_REQUEST = 3 3512 "TMGI-Deallocation-Request" Grouped M;
    TMGI_DEALLOCATION_RESPONSE = 3 3513 "TMGI-Deallocation-Response" Grouped M;
    TMGI_DEALLOCATION_RESULT = 3 3514 "TMGI-Deallocation-Result" Unsigned32 M;
    TMGI_EXPIRY = 3 3515 "TMGI-Expiry" Grouped M;
    TMGI_NUMBER = 3 3516 "TMGI-Number" Unsigned32 M;
    MB2U_SECURITY = 3 3517 "MB2U-Security" Unsigned32 M;
    LOCAL_M1_INFORMATION = 3 3518 "Local-M1-Information" Grouped;
    LOCAL_MB2_U_INFORMATION = 3 3519 "Local-MB2-U-Information" Grouped;
    MBMS_ENB_IP_MULTICAST_ADDRESS = 3 3520 "MBMS-eNB-IP-Multicast-Address" Address;
    MBMS_ENB_IPV6_MULTICAST_ADDRESS = 3 3521 "MBMS-eNB-IPv6-Multicast-Address" Address;
    LOCAL_MBMS_GW_SSM_IP_ADDRESS = 3 3522 "MBMS-GW-SSM-IP-Address" Address;
    LOCAL_MBMS_GW_SSM_IPV6_ADDRESS = 3 3523 "MBMS-GW-SSM-IPv6-Address" Address;
    COMMON_TUNNEL_ENDPOINT_IDENTIFIER = 3 3524 "Common-Tunnel-Endpoint-Identifier" Octets;
    FEC_REQUEST = 3 3525 "FEC-Request" Octets;
    ROHC_REQUEST = 3 3526 "ROHC-Request" Grouped;
    ROHC_FULL_HEADER_PERIODICITY = 3 3527 "ROHC-Full-Header-Periodicity" Unsigned32;
    ROHC_PROFILE = 3 3528 "ROHC-Profile" Unsigned32;
    USERPLANE_PROTOCOL_RESULT = 3 3529 "Userplane-Protocol-Result" Grouped;
    ROHC_RESULT = 3 3530 "ROHC-Result" Unsigned32;
    FEC_RESULT = 3 3531 "FEC-Result" Unsigned32;
    ROHC_MAX_CID = 3 3532 "ROHC-Max-CID" Unsigned32;
    MBMS_BEARER_EVENT_DIAGNOSTIC_INFO = 3 3533 "MBMS-Bearer-Event-Diagnostic-Info" Unsigned32;
}

// Our own. The M bit stays clear: who does not know them serves the request as TS 29.468 has it.
avps! { PROVISIONING_AVPS
    SERVICE_PROVISIONING = 32473 1 "Service-Provisioning" Grouped;
    ALLOCATION_MODE = 32473 2 "Allocation-Mode" Unsigned32;
    MULTICAST_ADDRESS = 32473 3 "Multicast-Address" Address;
    MULTICAST_PORT = 32473 4 "Multicast-Port" Unsigned32;
    SERVICE_SDP = 32473 5 "Service-SDP" Text;
    SESSION_START_TIME = 32473 6 "Session-Start-Time" Unsigned32;
    SESSION_END_TIME = 32473 7 "Session-End-Time" Unsigned32;
    CONFLICT_REASON = 32473 8 "Conflict-Reason" Unsigned32;
}
