//! mo-ForwardSM and mt-ForwardSM: TS 29.002 clauses 12.2, 12.9, 17.6.5 and 17.7.6.

use gsm_map::operations::{mo_forward_sm as mo, mt_forward_sm as mt};
use gsm_map::types as wire;

use super::super::extension::{PrivateExtension, container, extensions};
use super::super::number::{AddressString, Imsi, Lmsi};
use super::super::parameter::*;
use super::report::SmDeliveryOutcome;
use super::routing::CorrelationId;

/// SM-RP-DA: whom a message goes to on this way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmRpDa {
    /// imsi: the subscriber, mobile terminated.
    Imsi(Imsi),
    /// lmsi.
    Lmsi(Lmsi),
    /// serviceCentreAddressDA, mobile originated.
    ServiceCentreAddress(AddressString),
    /// noSM-RP-DA: the second and later messages of a dialogue.
    None,
}

impl Parameter for SmRpDa {
    type Wire = wire::SmRpDa;

    fn to_wire(&self) -> Self::Wire {
        match self {
            Self::Imsi(imsi) => Self::Wire::Imsi(of_imsi(imsi)),
            Self::Lmsi(lmsi) => Self::Wire::Lmsi(of_lmsi(lmsi)),
            Self::ServiceCentreAddress(address) => Self::Wire::ServiceCentreAddressDa(of_address(address)),
            Self::None => Self::Wire::NoSmRpDa(()),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(match wire {
            Self::Wire::Imsi(octets) => Self::Imsi(imsi(octets)?),
            Self::Wire::Lmsi(octets) => Self::Lmsi(lmsi(octets)?),
            Self::Wire::ServiceCentreAddressDa(octets) => Self::ServiceCentreAddress(address(octets)?),
            Self::Wire::NoSmRpDa(()) => Self::None,
        })
    }
}

/// SM-RP-OA: whom a message comes from on this way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmRpOa {
    /// msisdn: the subscriber, mobile originated.
    Msisdn(AddressString),
    /// serviceCentreAddressOA, mobile terminated.
    ServiceCentreAddress(AddressString),
    /// noSM-RP-OA: the second and later messages of a dialogue.
    None,
}

impl Parameter for SmRpOa {
    type Wire = wire::SmRpOa;

    fn to_wire(&self) -> Self::Wire {
        match self {
            Self::Msisdn(number) => Self::Wire::MsIsdn(of_address(number)),
            Self::ServiceCentreAddress(address) => Self::Wire::ServiceCentreAddressOa(of_address(address)),
            Self::None => Self::Wire::NoSmRpOa(()),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(match wire {
            Self::Wire::MsIsdn(octets) => Self::Msisdn(isdn(octets)?),
            Self::Wire::ServiceCentreAddressOa(octets) => Self::ServiceCentreAddress(address(octets)?),
            Self::Wire::NoSmRpOa(()) => Self::None,
        })
    }
}

/// MO-ForwardSM-Arg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoForwardSmArg {
    /// sm-RP-DA: the service centre.
    pub sm_rp_da: SmRpDa,
    /// sm-RP-OA: the subscriber.
    pub sm_rp_oa: SmRpOa,
    /// sm-RP-UI: SMS-SUBMIT or SMS-COMMAND, 1 to 200 octets.
    pub sm_rp_ui: Vec<u8>,
    /// IMSI of who sends.
    pub imsi: Option<Imsi>,
    /// correlationID.
    pub correlation_id: Option<CorrelationId>,
    /// sm-DeliveryOutcome.
    pub sm_delivery_outcome: Option<SmDeliveryOutcome>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl MoForwardSmArg {
    /// The argument with what is mandatory.
    pub const fn new(sm_rp_da: SmRpDa, sm_rp_oa: SmRpOa, sm_rp_ui: Vec<u8>) -> Self {
        let extensions = Vec::new();
        Self { sm_rp_da, sm_rp_oa, sm_rp_ui, imsi: None, correlation_id: None, sm_delivery_outcome: None, extensions }
    }
}

impl Parameter for MoForwardSmArg {
    type Wire = mo::MoForwardSmArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            sm_rp_da: self.sm_rp_da.to_wire(),
            sm_rp_oa: self.sm_rp_oa.to_wire(),
            sm_rp_ui: of_octets(&self.sm_rp_ui),
            extension_container: container(&self.extensions),
            imsi: self.imsi.as_ref().map(of_imsi),
            correlation_id: self.correlation_id.as_ref().map(CorrelationId::to_wire),
            sm_delivery_outcome: self.sm_delivery_outcome.map(SmDeliveryOutcome::to_wire),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            sm_rp_da: SmRpDa::of_wire(&wire.sm_rp_da)?,
            sm_rp_oa: SmRpOa::of_wire(&wire.sm_rp_oa)?,
            sm_rp_ui: signal_info(&wire.sm_rp_ui)?,
            imsi: optional(&wire.imsi, imsi)?,
            correlation_id: optional(&wire.correlation_id, CorrelationId::of_wire)?,
            sm_delivery_outcome: wire.sm_delivery_outcome.map(SmDeliveryOutcome::of_wire),
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// MT-ForwardSM-Arg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MtForwardSmArg {
    /// sm-RP-DA: the subscriber by IMSI.
    pub sm_rp_da: SmRpDa,
    /// sm-RP-OA: the service centre.
    pub sm_rp_oa: SmRpOa,
    /// sm-RP-UI: SMS-DELIVER or SMS-STATUS-REPORT, 1 to 200 octets.
    pub sm_rp_ui: Vec<u8>,
    /// moreMessagesToSend: the dialogue goes on.
    pub more_messages_to_send: bool,
    /// smDeliveryTimer: how long the SMS-GMSC waits, 30 to 600 s.
    pub sm_delivery_timer_s: Option<u16>,
    /// smDeliveryStartTime: since when, seconds since 1900.
    pub sm_delivery_start_time: Option<u32>,
    /// smsOverIP-OnlyIndicator: not by the circuit or packet switched core.
    pub sms_over_ip_only_indicator: bool,
    /// correlationID.
    pub correlation_id: Option<CorrelationId>,
    /// maximumRetransmissionTime: until when the SMS-GMSC tries, seconds since 1900.
    pub maximum_retransmission_time: Option<u32>,
    /// smsGmscAddress: who wants to be alerted.
    pub sms_gmsc_address: Option<AddressString>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl MtForwardSmArg {
    /// The argument with what is mandatory.
    pub const fn new(sm_rp_da: SmRpDa, sm_rp_oa: SmRpOa, sm_rp_ui: Vec<u8>) -> Self {
        Self {
            sm_rp_da,
            sm_rp_oa,
            sm_rp_ui,
            more_messages_to_send: false,
            sm_delivery_timer_s: None,
            sm_delivery_start_time: None,
            sms_over_ip_only_indicator: false,
            correlation_id: None,
            maximum_retransmission_time: None,
            sms_gmsc_address: None,
            extensions: Vec::new(),
        }
    }
}

impl Parameter for MtForwardSmArg {
    type Wire = mt::MtForwardSmArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            sm_rp_da: self.sm_rp_da.to_wire(),
            sm_rp_oa: self.sm_rp_oa.to_wire(),
            sm_rp_ui: of_octets(&self.sm_rp_ui),
            more_messages_to_send: flag(self.more_messages_to_send),
            extension_container: container(&self.extensions),
            sm_delivery_timer: self.sm_delivery_timer_s.map(Into::into),
            sm_delivery_start_time: self.sm_delivery_start_time.map(of_time),
            sms_over_ip_only_indicator: flag(self.sms_over_ip_only_indicator),
            correlation_id: self.correlation_id.as_ref().map(CorrelationId::to_wire),
            maximum_retransmission_time: self.maximum_retransmission_time.map(of_time),
            sms_gmsc_address: self.sms_gmsc_address.as_ref().map(of_address),
            sms_gmsc_diameter_address: None,
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            sm_rp_da: SmRpDa::of_wire(&wire.sm_rp_da)?,
            sm_rp_oa: SmRpOa::of_wire(&wire.sm_rp_oa)?,
            sm_rp_ui: signal_info(&wire.sm_rp_ui)?,
            more_messages_to_send: wire.more_messages_to_send.is_some(),
            sm_delivery_timer_s: optional(&wire.sm_delivery_timer, delivery_timer)?,
            sm_delivery_start_time: optional(&wire.sm_delivery_start_time, time)?,
            sms_over_ip_only_indicator: wire.sms_over_ip_only_indicator.is_some(),
            correlation_id: optional(&wire.correlation_id, CorrelationId::of_wire)?,
            maximum_retransmission_time: optional(&wire.maximum_retransmission_time, time)?,
            sms_gmsc_address: optional(&wire.sms_gmsc_address, isdn)?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// MO-ForwardSM-Res and MT-ForwardSM-Res, which are the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ForwardSmRes {
    /// sm-RP-UI: SMS-SUBMIT-REPORT or SMS-DELIVER-REPORT, 1 to 200 octets.
    pub sm_rp_ui: Option<Vec<u8>>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for ForwardSmRes {
    type Wire = mt::MtForwardSmRes;

    fn to_wire(&self) -> Self::Wire {
        let sm_rp_ui = self.sm_rp_ui.as_deref().map(of_octets);
        Self::Wire { sm_rp_ui, extension_container: container(&self.extensions) }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let sm_rp_ui = optional(&wire.sm_rp_ui, signal_info)?;
        Ok(Self { sm_rp_ui, extensions: extensions(&wire.extension_container)? })
    }
}
