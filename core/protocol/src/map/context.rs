//! Application contexts: TS 29.002 clause 17.3.

use super::operation::OperationCode;

/// An application context: the last two arcs of `{itu-t identified-organization etsi mobileDomain gsm-Network ac-Id …}`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ApplicationContext {
    /// Which context.
    pub id: u32,
    /// Its version.
    pub version: u32,
}

impl ApplicationContext {
    /// locationCancellationContext-v3.
    pub const LOCATION_CANCELLATION_V3: Self = Self { id: 2, version: 3 };
    /// infoRetrievalContext-v3.
    pub const INFO_RETRIEVAL_V3: Self = Self { id: 14, version: 3 };
    /// subscriberDataMngtContext-v3.
    pub const SUBSCRIBER_DATA_MNGT_V3: Self = Self { id: 16, version: 3 };
    /// shortMsgGatewayContext-v3.
    pub const SHORT_MSG_GATEWAY_V3: Self = Self { id: 20, version: 3 };
    /// shortMsgMO-RelayContext-v3.
    pub const SHORT_MSG_MO_RELAY_V3: Self = Self { id: 21, version: 3 };
    /// shortMsgAlertContext-v2, of which there is no version 3.
    pub const SHORT_MSG_ALERT_V2: Self = Self { id: 23, version: 2 };
    /// mwdMngtContext-v3.
    pub const MWD_MNGT_V3: Self = Self { id: 24, version: 3 };
    /// shortMsgMT-RelayContext-v3.
    pub const SHORT_MSG_MT_RELAY_V3: Self = Self { id: 25, version: 3 };
    /// msPurgingContext-v3.
    pub const MS_PURGING_V3: Self = Self { id: 27, version: 3 };
    /// gprsLocationUpdateContext-v3.
    pub const GPRS_LOCATION_UPDATE_V3: Self = Self { id: 32, version: 3 };

    /// The context of an object identifier; none for what is not of MAP.
    pub fn from_arcs(arcs: &[u32]) -> Option<Self> {
        match arcs {
            [base @ .., id, version] if base == BASE => Some(Self { id: *id, version: *version }),
            _ => None,
        }
    }

    /// Its object identifier.
    pub fn arcs(self) -> Vec<u32> {
        [&BASE[..], &[self.id, self.version]].concat()
    }

    /// Operations of who opens the dialogue, and of who is asked (clauses 17.3.2 and 17.3.3); none of other contexts.
    pub const fn operations(self) -> (&'static [OperationCode], &'static [OperationCode]) {
        match self {
            Self::LOCATION_CANCELLATION_V3 => (&[OperationCode::CANCEL_LOCATION], &[]),
            Self::INFO_RETRIEVAL_V3 => (&[OperationCode::SEND_AUTHENTICATION_INFO], &[]),
            Self::SUBSCRIBER_DATA_MNGT_V3 => (&[OperationCode::INSERT_SUBSCRIBER_DATA], &[]),
            Self::SHORT_MSG_GATEWAY_V3 => (
                &[OperationCode::SEND_ROUTING_INFO_FOR_SM, OperationCode::REPORT_SM_DELIVERY_STATUS],
                &[OperationCode::INFORM_SERVICE_CENTRE],
            ),
            Self::SHORT_MSG_MO_RELAY_V3 => (&[OperationCode::MO_FORWARD_SM], &[]),
            Self::SHORT_MSG_ALERT_V2 => (&[OperationCode::ALERT_SERVICE_CENTRE], &[]),
            Self::MWD_MNGT_V3 => (&[OperationCode::READY_FOR_SM], &[]),
            Self::SHORT_MSG_MT_RELAY_V3 => (&[OperationCode::MT_FORWARD_SM], &[]),
            Self::MS_PURGING_V3 => (&[OperationCode::PURGE_MS], &[]),
            Self::GPRS_LOCATION_UPDATE_V3 => {
                (&[OperationCode::UPDATE_GPRS_LOCATION], &[OperationCode::INSERT_SUBSCRIBER_DATA])
            }
            _ => (&[], &[]),
        }
    }
}

impl std::fmt::Display for ApplicationContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.id {
            2 => "locationCancellation",
            14 => "infoRetrieval",
            16 => "subscriberDataMngt",
            20 => "shortMsgGateway",
            21 => "shortMsgMO-Relay",
            23 => "shortMsgAlert",
            24 => "mwdMngt",
            25 => "shortMsgMT-Relay",
            27 => "msPurging",
            32 => "gprsLocationUpdate",
            _ => return write!(f, "context {} v{}", self.id, self.version),
        };
        write!(f, "{name} v{}", self.version)
    }
}

/// `{itu-t(0) identified-organization(4) etsi(0) mobileDomain(0) gsm-Network(1) ac-Id(0)}`.
const BASE: [u32; 6] = [0, 4, 0, 0, 1, 0];
