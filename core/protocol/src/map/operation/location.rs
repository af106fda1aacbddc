//! Location and subscriber data: TS 29.002 clauses 8.1, 8.8, 17.6.1 and 17.7.1 (MAP-MS-DataTypes). What an IP-SM-GW that
//! registers like an SGSN needs; members of calls, GPRS, CAMEL and EPS are skipped.

use std::net::IpAddr;

use gsm_map::operations::{gprs_location as gprs, location, subscriber_data as data};
use rasn::types::OctetString;

use super::super::extension::{PrivateExtension, container, extensions};
use super::super::number::{AddressString, Imsi, Lmsi};
use super::super::parameter::*;

/// UpdateGprsLocationArg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpdateGprsLocationArg {
    /// Who is served.
    pub imsi: Imsi,
    /// sgsn-Number: by whom.
    pub sgsn_number: AddressString,
    /// sgsn-Address (GSN-Address).
    pub sgsn_address: IpAddr,
    /// informPreviousNetworkEntity.
    pub inform_previous_network_entity: bool,
    /// skipSubscriberDataUpdate: no insertSubscriberData is wanted.
    pub skip_subscriber_data_update: bool,
    /// gprsSubscriptionDataNotNeeded.
    pub gprs_subscription_data_not_needed: bool,
    /// smsRegisterRequest: 0 required, 1 not preferred, 2 no preference.
    pub sms_register_request: Option<u8>,
    /// sms-Only: the node serves short messages alone.
    pub sms_only: bool,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl UpdateGprsLocationArg {
    /// The argument with what is mandatory.
    pub const fn new(imsi: Imsi, sgsn_number: AddressString, sgsn_address: IpAddr) -> Self {
        Self {
            imsi,
            sgsn_number,
            sgsn_address,
            inform_previous_network_entity: false,
            skip_subscriber_data_update: false,
            gprs_subscription_data_not_needed: false,
            sms_register_request: None,
            sms_only: false,
            extensions: Vec::new(),
        }
    }
}

impl Parameter for UpdateGprsLocationArg {
    type Wire = gprs::UpdateGprsLocationArg;

    fn to_wire(&self) -> Self::Wire {
        let address = of_gsn_address(self.sgsn_address);
        Self::Wire {
            extension_container: container(&self.extensions),
            inform_previous_network_entity: flag(self.inform_previous_network_entity),
            skip_subscriber_data_update: flag(self.skip_subscriber_data_update),
            gprs_subscription_data_not_needed: flag(self.gprs_subscription_data_not_needed),
            sms_register_request: self.sms_register_request.map(Into::into),
            sms_only: flag(self.sms_only),
            ..Self::Wire::new(of_imsi(&self.imsi), of_address(&self.sgsn_number), address)
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            imsi: imsi(&wire.imsi)?,
            sgsn_number: isdn(&wire.sgsn_number)?,
            sgsn_address: gsn_address(&wire.sgsn_address)?,
            inform_previous_network_entity: wire.inform_previous_network_entity.is_some(),
            skip_subscriber_data_update: wire.skip_subscriber_data_update.is_some(),
            gprs_subscription_data_not_needed: wire.gprs_subscription_data_not_needed.is_some(),
            sms_register_request: optional(&wire.sms_register_request, octet)?,
            sms_only: wire.sms_only.is_some(),
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// GSN-Address: type and length in one octet, and the address (TS 23.003 clause 5.1).
fn of_gsn_address(address: IpAddr) -> OctetString {
    match address {
        IpAddr::V4(address) => [&[GSN_IPV4][..], &address.octets()].concat().into(),
        IpAddr::V6(address) => [&[GSN_IPV6][..], &address.octets()].concat().into(),
    }
}

fn gsn_address(octets: &OctetString) -> Result<IpAddr, ParameterError> {
    let address = match &**octets {
        [GSN_IPV4, address @ ..] => <[u8; 4]>::try_from(address).ok().map(IpAddr::from),
        [GSN_IPV6, address @ ..] => <[u8; 16]>::try_from(address).ok().map(IpAddr::from),
        _ => None,
    };
    address.ok_or(ParameterError::Unexpected("a GSN-Address"))
}

/// Address type 0 in the upper two bits, four octets.
const GSN_IPV4: u8 = 0x04;
/// Address type 1 in the upper two bits, sixteen octets.
const GSN_IPV6: u8 = 0x50;

/// UpdateGprsLocationRes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpdateGprsLocationRes {
    /// hlr-Number: who has it stored.
    pub hlr_number: AddressString,
    /// mmeRegisteredforSMS.
    pub mme_registered_for_sms: bool,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for UpdateGprsLocationRes {
    type Wire = gprs::UpdateGprsLocationRes;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            extension_container: container(&self.extensions),
            mme_registered_for_sms: flag(self.mme_registered_for_sms),
            ..Self::Wire::new(of_address(&self.hlr_number))
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let mme_registered_for_sms = wire.mme_registered_for_sms.is_some();
        let extensions = extensions(&wire.extension_container)?;
        Ok(Self { hlr_number: isdn(&wire.hlr_number)?, mme_registered_for_sms, extensions })
    }
}

/// Ext-TeleserviceCode: its first octet, the others being without a meaning (TS 29.002 clause 17.7.10).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TeleserviceCode(pub u8);

impl TeleserviceCode {
    /// shortMessageMT-PP, teleservice 21.
    pub const SHORT_MESSAGE_MT_PP: Self = Self(0x21);
    /// shortMessageMO-PP, teleservice 22.
    pub const SHORT_MESSAGE_MO_PP: Self = Self(0x22);
}

fn of_teleservices(list: &[TeleserviceCode]) -> Vec<OctetString> {
    list.iter().map(|code| vec![code.0].into()).collect()
}

fn teleservices(list: &[OctetString]) -> Result<Vec<TeleserviceCode>, ParameterError> {
    let code = |octets: &OctetString| octets.first().copied().filter(|_| octets.len() <= 5).map(TeleserviceCode);
    let list: Option<Vec<_>> = list.iter().map(code).collect();
    list.ok_or(ParameterError::Mistyped("a code of a teleservice has one to five octets"))
}

/// InsertSubscriberDataArg.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InsertSubscriberDataArg {
    /// IMSI; not in a dialogue that has named it already.
    pub imsi: Option<Imsi>,
    /// MSISDN.
    pub msisdn: Option<AddressString>,
    /// subscriberStatus is operatorDeterminedBarring (`Some(true)`) or serviceGranted.
    pub operator_determined_barring: Option<bool>,
    /// teleserviceList.
    pub teleservice_list: Option<Vec<TeleserviceCode>>,
    /// networkAccessMode: 0 packet and circuit, 1 only circuit, 2 only packet.
    pub network_access_mode: Option<u8>,
    /// chargingCharacteristics (TS 32.251 annex A).
    pub charging_characteristics: Option<u16>,
    /// additionalMSISDN.
    pub additional_msisdn: Option<AddressString>,
    /// ps-AndSMS-OnlyServiceProvision.
    pub ps_and_sms_only_service_provision: bool,
    /// smsInSGSNAllowed.
    pub sms_in_sgsn_allowed: bool,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for InsertSubscriberDataArg {
    type Wire = data::InsertSubscriberDataArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            imsi: self.imsi.as_ref().map(of_imsi),
            msisdn: self.msisdn.as_ref().map(of_address),
            subscriber_status: self.operator_determined_barring.map(|barred| match barred {
                true => data::SubscriberStatus::OperatorDeterminedBarring,
                false => data::SubscriberStatus::ServiceGranted,
            }),
            teleservice_list: self.teleservice_list.as_deref().map(of_teleservices),
            extension_container: container(&self.extensions),
            network_access_mode: self.network_access_mode.map(|mode| data::NetworkAccessMode::from_value(mode.into())),
            charging_characteristics: self.charging_characteristics.map(|c| of_octets(&c.to_be_bytes())),
            additional_msisdn: self.additional_msisdn.as_ref().map(of_address),
            ps_and_sms_only_service_provision: flag(self.ps_and_sms_only_service_provision),
            sms_in_sgsn_allowed: flag(self.sms_in_sgsn_allowed),
            ..Self::Wire::default()
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let characteristics = |octets: &OctetString| match &**octets {
            &[first, second] => Ok(u16::from_be_bytes([first, second])),
            _ => Err(ParameterError::Mistyped("charging characteristics have two octets")),
        };
        // What is not known in networkAccessMode is discarded, says the ASN.1.
        let known = wire.network_access_mode.filter(|mode| mode.is_recognised());
        Ok(Self {
            imsi: optional(&wire.imsi, imsi)?,
            msisdn: optional(&wire.msisdn, isdn)?,
            operator_determined_barring: wire
                .subscriber_status
                .map(|status| status == data::SubscriberStatus::OperatorDeterminedBarring),
            teleservice_list: optional(&wire.teleservice_list, |list| teleservices(list))?,
            network_access_mode: known.map(|mode| small(mode.value())).transpose()?,
            charging_characteristics: optional(&wire.charging_characteristics, characteristics)?,
            additional_msisdn: optional(&wire.additional_msisdn, isdn)?,
            ps_and_sms_only_service_provision: wire.ps_and_sms_only_service_provision.is_some(),
            sms_in_sgsn_allowed: wire.sms_in_sgsn_allowed.is_some(),
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// InsertSubscriberDataRes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InsertSubscriberDataRes {
    /// teleserviceList: what the node does not support.
    pub teleservice_list: Option<Vec<TeleserviceCode>>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for InsertSubscriberDataRes {
    type Wire = data::InsertSubscriberDataRes;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            teleservice_list: self.teleservice_list.as_deref().map(of_teleservices),
            extension_container: container(&self.extensions),
            ..Self::Wire::default()
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let teleservice_list = optional(&wire.teleservice_list, |list| teleservices(list))?;
        Ok(Self { teleservice_list, extensions: extensions(&wire.extension_container)? })
    }
}

/// PurgeMS-Arg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurgeMsArg {
    /// Who is not served any more.
    pub imsi: Imsi,
    /// vlr-Number: by which VLR.
    pub vlr_number: Option<AddressString>,
    /// sgsn-Number: by which SGSN.
    pub sgsn_number: Option<AddressString>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for PurgeMsArg {
    type Wire = location::PurgeMsArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            imsi: of_imsi(&self.imsi),
            vlr_number: self.vlr_number.as_ref().map(of_address),
            sgsn_number: self.sgsn_number.as_ref().map(of_address),
            extension_container: container(&self.extensions),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            imsi: imsi(&wire.imsi)?,
            vlr_number: optional(&wire.vlr_number, isdn)?,
            sgsn_number: optional(&wire.sgsn_number, isdn)?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// PurgeMS-Res.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PurgeMsRes {
    /// freezeTMSI.
    pub freeze_tmsi: bool,
    /// freezeP-TMSI.
    pub freeze_p_tmsi: bool,
    /// freezeM-TMSI.
    pub freeze_m_tmsi: bool,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for PurgeMsRes {
    type Wire = location::PurgeMsRes;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            freeze_tmsi: flag(self.freeze_tmsi),
            freeze_p_tmsi: flag(self.freeze_p_tmsi),
            extension_container: container(&self.extensions),
            freeze_m_tmsi: flag(self.freeze_m_tmsi),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            freeze_tmsi: wire.freeze_tmsi.is_some(),
            freeze_p_tmsi: wire.freeze_p_tmsi.is_some(),
            freeze_m_tmsi: wire.freeze_m_tmsi.is_some(),
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// CancelLocationArg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CancelLocationArg {
    /// Who is not to be served any more.
    pub imsi: Imsi,
    /// LMSI, of a VLR that has given one.
    pub lmsi: Option<Lmsi>,
    /// cancellationType: 0 update procedure, 1 subscription withdrawn, 2 initial attach.
    pub cancellation_type: Option<u8>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for CancelLocationArg {
    type Wire = location::CancelLocationArg;

    fn to_wire(&self) -> Self::Wire {
        let imsi = of_imsi(&self.imsi);
        let identity = match &self.lmsi {
            Some(lmsi) => location::Identity::ImsiWithLmsi(location::ImsiWithLmsi { imsi, lmsi: of_lmsi(lmsi) }),
            None => location::Identity::Imsi(imsi),
        };
        Self::Wire {
            cancellation_type: self.cancellation_type.map(|kind| location::CancellationType::from_value(kind.into())),
            extension_container: container(&self.extensions),
            ..Self::Wire::new(identity)
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let (imsi, lmsi) = match &wire.identity {
            location::Identity::Imsi(octets) => (imsi(octets)?, None),
            location::Identity::ImsiWithLmsi(both) => (imsi(&both.imsi)?, Some(lmsi(&both.lmsi)?)),
        };
        let cancellation_type = wire.cancellation_type.map(|kind| small(kind.value())).transpose()?;
        Ok(Self { imsi, lmsi, cancellation_type, extensions: extensions(&wire.extension_container)? })
    }
}
