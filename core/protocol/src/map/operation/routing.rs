//! sendRoutingInfoForSM: TS 29.002 clauses 12.1, 17.6.5 and 17.7.6.

use gsm_map::operations::sri_sm as sri;
use gsm_map::types as wire;

use super::super::extension::{PrivateExtension, container, extensions};
use super::super::number::{AddressString, Imsi, Lmsi};
use super::super::parameter::*;

/// RoutingInfoForSM-Arg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoutingInfoForSmArg {
    /// Whom the message is for.
    pub msisdn: AddressString,
    /// sm-RP-PRI: a delivery is to be tried although the subscriber is known to be absent.
    pub sm_rp_pri: bool,
    /// serviceCentreAddress: who goes to the list of message waiting data.
    pub service_centre_address: AddressString,
    /// gprsSupportIndicator: the SMS-GMSC can deliver by an MSC and by an SGSN.
    pub gprs_support_indicator: bool,
    /// sm-RP-MTI: 0 for SMS-DELIVER, 1 for SMS-STATUS-REPORT.
    pub sm_rp_mti: Option<u8>,
    /// sm-RP-SMEA: address of the originating entity, as in the TPDU.
    pub sm_rp_smea: Option<Vec<u8>>,
    /// sm-deliveryNotIntended: 0 the IMSI, 1 the network code alone is asked for.
    pub sm_delivery_not_intended: Option<u8>,
    /// ip-sm-gwGuidanceIndicator: the SMS-GMSC takes guidance on timers from an IP-SM-GW.
    pub ip_sm_gw_guidance_indicator: bool,
    /// IMSI, where the asker knows it.
    pub imsi: Option<Imsi>,
    /// t4-Trigger-Indicator: a device trigger.
    pub t4_trigger_indicator: bool,
    /// singleAttemptDelivery: there is no second try.
    pub single_attempt_delivery: bool,
    /// correlationID, of a subscriber without MSISDN.
    pub correlation_id: Option<CorrelationId>,
    /// smsf-supportIndicator.
    pub smsf_support_indicator: bool,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl RoutingInfoForSmArg {
    /// The argument with what is mandatory.
    pub const fn new(msisdn: AddressString, sm_rp_pri: bool, service_centre_address: AddressString) -> Self {
        Self {
            msisdn,
            sm_rp_pri,
            service_centre_address,
            gprs_support_indicator: false,
            sm_rp_mti: None,
            sm_rp_smea: None,
            sm_delivery_not_intended: None,
            ip_sm_gw_guidance_indicator: false,
            imsi: None,
            t4_trigger_indicator: false,
            single_attempt_delivery: false,
            correlation_id: None,
            smsf_support_indicator: false,
            extensions: Vec::new(),
        }
    }
}

impl Parameter for RoutingInfoForSmArg {
    type Wire = sri::RoutingInfoForSmArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            msisdn: of_address(&self.msisdn),
            sm_rp_pri: self.sm_rp_pri,
            service_centre_address: of_address(&self.service_centre_address),
            extension_container: container(&self.extensions),
            gprs_support_indicator: flag(self.gprs_support_indicator),
            sm_rp_mti: self.sm_rp_mti.map(Into::into),
            sm_rp_smea: self.sm_rp_smea.as_deref().map(of_octets),
            sm_delivery_not_intended: self
                .sm_delivery_not_intended
                .map(|value| sri::SmDeliveryNotIntended::from_value(value.into())),
            ip_sm_gw_guidance_indicator: flag(self.ip_sm_gw_guidance_indicator),
            imsi: self.imsi.as_ref().map(of_imsi),
            t4_trigger_indicator: flag(self.t4_trigger_indicator),
            single_attempt_delivery: flag(self.single_attempt_delivery),
            correlation_id: self.correlation_id.as_ref().map(CorrelationId::to_wire),
            smsf_support_indicator: flag(self.smsf_support_indicator),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            msisdn: isdn(&wire.msisdn)?,
            sm_rp_pri: wire.sm_rp_pri,
            service_centre_address: address(&wire.service_centre_address)?,
            gprs_support_indicator: wire.gprs_support_indicator.is_some(),
            sm_rp_mti: optional(&wire.sm_rp_mti, octet)?,
            sm_rp_smea: wire.sm_rp_smea.as_ref().map(octets),
            sm_delivery_not_intended: optional(&wire.sm_delivery_not_intended, |value| small(value.value()))?,
            ip_sm_gw_guidance_indicator: wire.ip_sm_gw_guidance_indicator.is_some(),
            imsi: optional(&wire.imsi, imsi)?,
            t4_trigger_indicator: wire.t4_trigger_indicator.is_some(),
            single_attempt_delivery: wire.single_attempt_delivery.is_some(),
            correlation_id: optional(&wire.correlation_id, CorrelationId::of_wire)?,
            smsf_support_indicator: wire.smsf_support_indicator.is_some(),
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// RoutingInfoForSM-Res.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoutingInfoForSmRes {
    /// IMSI of the subscriber, by which the serving node is asked.
    pub imsi: Imsi,
    /// locationInfoWithLMSI: up to three nodes that can deliver.
    pub location_info_with_lmsi: LocationInfoWithLmsi,
    /// ip-sm-gwGuidance.
    pub ip_sm_gw_guidance: Option<IpSmGwGuidance>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for RoutingInfoForSmRes {
    type Wire = sri::RoutingInfoForSmRes;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            imsi: of_imsi(&self.imsi),
            location_info_with_lmsi: self.location_info_with_lmsi.to_wire(),
            extension_container: container(&self.extensions),
            ip_sm_gw_guidance: self.ip_sm_gw_guidance.map(|guidance| sri::IpSmGwGuidance {
                minimum_delivery_time_value: guidance.minimum_s.into(),
                recommended_delivery_time_value: guidance.recommended_s.into(),
                extension_container: None,
            }),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            imsi: imsi(&wire.imsi)?,
            location_info_with_lmsi: LocationInfoWithLmsi::of_wire(&wire.location_info_with_lmsi)?,
            ip_sm_gw_guidance: optional(&wire.ip_sm_gw_guidance, |guidance| {
                Ok(IpSmGwGuidance {
                    minimum_s: delivery_timer(&guidance.minimum_delivery_time_value)?,
                    recommended_s: delivery_timer(&guidance.recommended_delivery_time_value)?,
                })
            })?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// LocationInfoWithLMSI: which nodes can deliver, the preferred one first. Addresses for Diameter and of SMSFs are skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocationInfoWithLmsi {
    /// networkNode-Number: an MSC, an SGSN where [`Self::gprs_node_indicator`] is set, an IP-SM-GW where
    /// [`Self::ims_node_indicator`] is set.
    pub network_node_number: AddressString,
    /// LMSI, of an MSC.
    pub lmsi: Option<Lmsi>,
    /// gprsNodeIndicator: networkNode-Number is that of an SGSN.
    pub gprs_node_indicator: bool,
    /// additional-Number: a second node.
    pub additional_number: Option<AdditionalNumber>,
    /// thirdNumber: a third node.
    pub third_number: Option<AdditionalNumber>,
    /// imsNodeIndicator: networkNode-Number is that of an IP-SM-GW.
    pub ims_node_indicator: bool,
}

impl LocationInfoWithLmsi {
    /// One node, an MSC.
    pub const fn new(network_node_number: AddressString) -> Self {
        Self {
            network_node_number,
            lmsi: None,
            gprs_node_indicator: false,
            additional_number: None,
            third_number: None,
            ims_node_indicator: false,
        }
    }
}

impl Parameter for LocationInfoWithLmsi {
    type Wire = wire::LocationInfoWithLmsi;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            lmsi: self.lmsi.as_ref().map(of_lmsi),
            gprs_node_indicator: flag(self.gprs_node_indicator),
            additional_number: self.additional_number.as_ref().map(AdditionalNumber::to_wire),
            third_number: self.third_number.as_ref().map(AdditionalNumber::to_wire),
            ims_node_indicator: flag(self.ims_node_indicator),
            ..Self::Wire::new(of_address(&self.network_node_number))
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            network_node_number: isdn(&wire.network_node_number)?,
            lmsi: optional(&wire.lmsi, lmsi)?,
            gprs_node_indicator: wire.gprs_node_indicator.is_some(),
            additional_number: optional(&wire.additional_number, AdditionalNumber::of_wire)?,
            third_number: optional(&wire.third_number, AdditionalNumber::of_wire)?,
            ims_node_indicator: wire.ims_node_indicator.is_some(),
        })
    }
}

/// Additional-Number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AdditionalNumber {
    /// msc-Number: an MSC, or what appears as one.
    Msc(AddressString),
    /// sgsn-Number.
    Sgsn(AddressString),
}

impl AdditionalNumber {
    /// The number.
    pub const fn number(&self) -> &AddressString {
        match self {
            Self::Msc(number) | Self::Sgsn(number) => number,
        }
    }
}

impl Parameter for AdditionalNumber {
    type Wire = wire::AdditionalNumber;

    fn to_wire(&self) -> Self::Wire {
        match self {
            Self::Msc(number) => Self::Wire::MscNumber(of_address(number)),
            Self::Sgsn(number) => Self::Wire::SgsnNumber(of_address(number)),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(match wire {
            Self::Wire::MscNumber(number) => Self::Msc(isdn(number)?),
            Self::Wire::SgsnNumber(number) => Self::Sgsn(isdn(number)?),
        })
    }
}

/// IP-SM-GW-Guidance: how long an SMS-GMSC is to wait for an IP-SM-GW, 30 to 600 seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IpSmGwGuidance {
    /// minimumDeliveryTimeValue.
    pub minimum_s: u16,
    /// recommendedDeliveryTimeValue.
    pub recommended_s: u16,
}

/// CorrelationID: who is meant where there is no MSISDN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CorrelationId {
    /// hlr-id: leading digits of the IMSI.
    pub hlr_id: Option<Vec<u8>>,
    /// sip-uri-A: who sends.
    pub sip_uri_a: Option<Vec<u8>>,
    /// sip-uri-B: who receives.
    pub sip_uri_b: Vec<u8>,
}

impl Parameter for CorrelationId {
    type Wire = wire::CorrelationId;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            hlr_id: self.hlr_id.as_deref().map(of_octets),
            sip_uri_a: self.sip_uri_a.as_deref().map(of_octets),
            sip_uri_b: of_octets(&self.sip_uri_b),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            hlr_id: wire.hlr_id.as_ref().map(octets),
            sip_uri_a: wire.sip_uri_a.as_ref().map(octets),
            sip_uri_b: octets(&wire.sip_uri_b),
        })
    }
}
