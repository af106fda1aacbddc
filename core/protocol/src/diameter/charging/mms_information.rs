//! MMS-Information (TS 32.299 clause 7.2.110; TS 32.270 clause 6.3): what is known of a multimedia message.

use crate::diameter::cx::Group;
use crate::diameter::dictionary::AvpDef;
use crate::diameter::dictionary::charging as c;
use crate::diameter::message::{Avp, DiameterProblem};

use super::mms_codes::{AddresseeType, MmsChargedKind, MmsContentClass, MmsPriority};
use super::mms_record::{MmsRecordType, mms_specific};
use super::sms_information::{AddressType, IP_ACCESS, ServiceSpecificInfo, SmInterface};
use super::{from_time, to_time};

/// An address of a sender or recipient: Originator-Address and Recipient-Address (TS 32.299 clauses 7.2.122 and 7.2.154).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmsChargedAddress {
    /// Address-Type: what it is.
    pub kind: Option<AddressType>,
    /// Address-Data: a number in digits, a mail address.
    pub data: Option<String>,
    /// Domain-Name of Address-Domain.
    pub domain: Option<String>,
    /// Addressee-Type, of a recipient.
    pub addressee: Option<AddresseeType>,
}

/// A type and a size: those of Additional-Content-Information.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmComponent {
    /// Type-Number: of a well-known media type (WAP-230 table 40).
    pub number: Option<u32>,
    /// Additional-Type-Information: the name of one that has no number.
    pub name: Option<String>,
    /// Content-Size: octets.
    pub size: Option<u32>,
}

/// MM-Content-Type (TS 32.299 clause 7.2.109).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmContent {
    /// The whole.
    pub whole: MmComponent,
    /// Additional-Content-Information: its parts.
    pub parts: Vec<MmComponent>,
}

/// Message-Class (TS 32.299 clause 7.2.102).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MmsChargedClass {
    /// Class-Identifier: 0 Personal, 1 Advertisement, 2 Informational, 3 Auto.
    Known(u32),
    /// Token-Text: another one by its name.
    Named(String),
}

/// MMS-Information. The AVPs that it has in the standard, and three that it has here besides: Originator-Interface and
/// Destination-Interface for the IP access flag of TR 23.804 clause 7, as SMS-Information has them, and
/// Service-Specific-Info for what the records of TS 32.298 have ([`mms_specific`]).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmsInformation {
    /// Originator-Address.
    pub originator: Option<MmsChargedAddress>,
    /// Recipient-Address.
    pub recipients: Vec<MmsChargedAddress>,
    /// Submission-Time, in milliseconds since 1970; whole seconds on the wire.
    pub submitted_utc_ms: Option<u64>,
    /// MM-Content-Type.
    pub content: Option<MmContent>,
    /// Priority.
    pub priority: Option<MmsPriority>,
    /// Message-ID.
    pub message_id: Option<String>,
    /// Message-Type.
    pub kind: Option<MmsChargedKind>,
    /// Message-Size: octets.
    pub size: Option<u32>,
    /// Message-Class.
    pub class: Option<MmsChargedClass>,
    /// Delivery-Report-Requested.
    pub delivery_report: Option<bool>,
    /// Read-Reply-Report-Requested.
    pub read_reply: Option<bool>,
    /// MMBox-Storage-Requested.
    pub mmbox_storage: Option<bool>,
    /// Applic-ID: of the application that it is for.
    pub application: Option<String>,
    /// Reply-Applic-ID.
    pub reply_application: Option<String>,
    /// Aux-Applic-Info.
    pub aux_application: Option<String>,
    /// Content-Class.
    pub content_class: Option<MmsContentClass>,
    /// DRM-Content.
    pub drm: Option<bool>,
    /// Adaptations: whether they are allowed.
    pub adaptations: Option<bool>,
    /// VASP-ID (TS 29.140).
    pub vasp: Option<String>,
    /// VAS-ID (TS 29.140).
    pub vas: Option<String>,
    /// Originator-Interface: where it came in.
    pub came_by: Option<SmInterface>,
    /// Destination-Interface: where it goes out.
    pub goes_by: Option<SmInterface>,
    /// Service-Specific-Info.
    pub specific: Vec<ServiceSpecificInfo>,
}

impl MmsInformation {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let flag = |def: &AvpDef, value: Option<bool>| value.map(|value| Avp::u32(def, value.into()));
        let mut avps: Vec<Avp> =
            self.originator.as_ref().map(|own| own.to_avp(&c::ORIGINATOR_ADDRESS)).into_iter().collect();
        avps.extend(self.recipients.iter().map(|own| own.to_avp(&c::RECIPIENT_ADDRESS)));
        avps.extend(self.submitted_utc_ms.map(|at| Avp::u32(&c::SUBMISSION_TIME, to_time(at))));
        avps.extend(self.content.as_ref().map(MmContent::to_avp));
        avps.extend(self.priority.map(MmsPriority::to_avp));
        avps.extend(self.message_id.iter().map(|id| Avp::text(&c::MESSAGE_ID, id)));
        avps.extend(self.kind.map(MmsChargedKind::to_avp));
        avps.extend(self.size.map(|size| Avp::u32(&c::MESSAGE_SIZE, size)));
        avps.extend(self.class.as_ref().map(MmsChargedClass::to_avp));
        avps.extend(flag(&c::DELIVERY_REPORT_REQUESTED, self.delivery_report));
        avps.extend(flag(&c::READ_REPLY_REPORT_REQUESTED, self.read_reply));
        avps.extend(flag(&c::MMBOX_STORAGE_REQUESTED, self.mmbox_storage));
        avps.extend(self.application.iter().map(|id| Avp::text(&c::APPLIC_ID, id)));
        avps.extend(self.reply_application.iter().map(|id| Avp::text(&c::REPLY_APPLIC_ID, id)));
        avps.extend(self.aux_application.iter().map(|text| Avp::text(&c::AUX_APPLIC_INFO, text)));
        avps.extend(self.content_class.map(MmsContentClass::to_avp));
        avps.extend(flag(&c::DRM_CONTENT, self.drm));
        avps.extend(flag(&c::ADAPTATIONS, self.adaptations));
        avps.extend(self.vasp.iter().map(|id| Avp::text(&c::VASP_ID, id)));
        avps.extend(self.vas.iter().map(|id| Avp::text(&c::VAS_ID, id)));
        avps.extend(self.came_by.as_ref().map(|own| own.to_avp(&c::ORIGINATOR_INTERFACE)));
        avps.extend(self.goes_by.as_ref().map(|own| own.to_avp(&c::DESTINATION_INTERFACE)));
        avps.extend(self.specific.iter().map(ServiceSpecificInfo::to_avp));
        Avp::group(&c::MMS_INFORMATION, &avps)
    }

    /// Reads an AVP; what is not known to it is left alone.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let group = Group::of(avp)?;
        let all = |def: &'static AvpDef| avps.iter().filter(move |avp| avp.is(def));
        let flag = |def: &AvpDef| group.number(def).map(|value| value.map(|value| value == 1));
        Ok(Self {
            originator: group.get(&c::ORIGINATOR_ADDRESS).map(MmsChargedAddress::from_avp).transpose()?,
            recipients: all(&c::RECIPIENT_ADDRESS).map(MmsChargedAddress::from_avp).collect::<Result<_, _>>()?,
            submitted_utc_ms: group.number(&c::SUBMISSION_TIME)?.map(from_time),
            content: group.get(&c::MM_CONTENT_TYPE).map(MmContent::from_avp).transpose()?,
            // Values that came later survive as none.
            priority: group.get(&c::PRIORITY).and_then(|avp| MmsPriority::from_avp(avp).ok()),
            message_id: group.text(&c::MESSAGE_ID)?,
            kind: group.get(&c::MESSAGE_TYPE).and_then(|avp| MmsChargedKind::from_avp(avp).ok()),
            size: group.number(&c::MESSAGE_SIZE)?,
            class: group.get(&c::MESSAGE_CLASS).map(MmsChargedClass::from_avp).transpose()?.flatten(),
            delivery_report: flag(&c::DELIVERY_REPORT_REQUESTED)?,
            read_reply: flag(&c::READ_REPLY_REPORT_REQUESTED)?,
            mmbox_storage: flag(&c::MMBOX_STORAGE_REQUESTED)?,
            application: group.text(&c::APPLIC_ID)?,
            reply_application: group.text(&c::REPLY_APPLIC_ID)?,
            aux_application: group.text(&c::AUX_APPLIC_INFO)?,
            content_class: group.get(&c::CONTENT_CLASS).and_then(|avp| MmsContentClass::from_avp(avp).ok()),
            drm: flag(&c::DRM_CONTENT)?,
            adaptations: flag(&c::ADAPTATIONS)?,
            vasp: group.text(&c::VASP_ID)?,
            vas: group.text(&c::VAS_ID)?,
            came_by: group.get(&c::ORIGINATOR_INTERFACE).map(SmInterface::from_avp).transpose()?,
            goes_by: group.get(&c::DESTINATION_INTERFACE).map(SmInterface::from_avp).transpose()?,
            specific: all(&c::SERVICE_SPECIFIC_INFO).map(ServiceSpecificInfo::from_avp).collect::<Result<_, _>>()?,
        })
    }

    /// It came from a UE, or goes to one, over an IP access: TR 23.804 clause 7.
    pub fn is_ip_access(&self) -> bool {
        let mut ways = self.came_by.iter().chain(&self.goes_by);
        ways.any(|interface| interface.id.as_deref() == Some(IP_ACCESS))
    }

    /// What Service-Specific-Info says of a kind, one of [`mms_specific`].
    pub fn specific(&self, kind: u32) -> Option<&str> {
        self.specific.iter().find(|own| own.kind == kind).map(|own| own.data.as_str())
    }

    /// Adds Service-Specific-Info of a kind.
    pub fn add(&mut self, kind: u32, data: impl Into<String>) {
        self.specific.push(ServiceSpecificInfo { kind, data: data.into() });
    }

    /// Which record it is.
    pub fn record_type(&self) -> Option<MmsRecordType> {
        MmsRecordType::of_name(self.specific(mms_specific::RECORD_TYPE)?)
    }

    /// RequestStatusCodeType; 0 is Ok.
    pub fn request_status(&self) -> Option<u32> {
        self.specific(mms_specific::REQUEST_STATUS)?.parse().ok()
    }
}

impl MmsChargedAddress {
    fn to_avp(&self, def: &AvpDef) -> Avp {
        let mut avps: Vec<_> = self.kind.map(AddressType::to_avp).into_iter().collect();
        avps.extend(self.data.iter().map(|data| Avp::text(&c::ADDRESS_DATA, data)));
        let domain = |name: &String| Avp::group(&c::ADDRESS_DOMAIN, &[Avp::text(&c::DOMAIN_NAME, name)]);
        avps.extend(self.domain.iter().map(domain));
        avps.extend(self.addressee.map(AddresseeType::to_avp));
        Avp::group(def, &avps)
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let domain = group.get(&c::ADDRESS_DOMAIN).map(Group::of).transpose()?;
        Ok(Self {
            kind: group.get(&c::ADDRESS_TYPE).and_then(|avp| AddressType::from_avp(avp).ok()),
            data: group.text(&c::ADDRESS_DATA)?,
            domain: domain.map(|domain| domain.text(&c::DOMAIN_NAME)).transpose()?.flatten(),
            addressee: group.get(&c::ADDRESSEE_TYPE).and_then(|avp| AddresseeType::from_avp(avp).ok()),
        })
    }
}

impl MmComponent {
    fn avps(&self) -> Vec<Avp> {
        let mut avps: Vec<_> = self.number.map(|number| Avp::u32(&c::TYPE_NUMBER, number)).into_iter().collect();
        avps.extend(self.name.iter().map(|name| Avp::text(&c::ADDITIONAL_TYPE_INFORMATION, name)));
        avps.extend(self.size.map(|size| Avp::u32(&c::CONTENT_SIZE, size)));
        avps
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            number: group.number(&c::TYPE_NUMBER)?,
            name: group.text(&c::ADDITIONAL_TYPE_INFORMATION)?,
            size: group.number(&c::CONTENT_SIZE)?,
        })
    }
}

impl MmContent {
    fn to_avp(&self) -> Avp {
        let mut avps = self.whole.avps();
        let part = |part: &MmComponent| Avp::group(&c::ADDITIONAL_CONTENT_INFORMATION, &part.avps());
        avps.extend(self.parts.iter().map(part));
        Avp::group(&c::MM_CONTENT_TYPE, &avps)
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let parts = avps.iter().filter(|avp| avp.is(&c::ADDITIONAL_CONTENT_INFORMATION));
        let parts = parts.map(MmComponent::from_avp).collect::<Result<_, _>>()?;
        Ok(Self { whole: MmComponent::from_avp(avp)?, parts })
    }
}

impl MmsChargedClass {
    fn to_avp(&self) -> Avp {
        let avp = match self {
            Self::Known(code) => Avp::u32(&c::CLASS_IDENTIFIER, *code),
            Self::Named(name) => Avp::text(&c::TOKEN_TEXT, name),
        };
        Avp::group(&c::MESSAGE_CLASS, &[avp])
    }

    fn from_avp(avp: &Avp) -> Result<Option<Self>, DiameterProblem> {
        let group = Group::of(avp)?;
        let known = group.number(&c::CLASS_IDENTIFIER)?.map(Self::Known);
        let named = group.text(&c::TOKEN_TEXT)?.map(Self::Named);
        Ok(known.or(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::option::of;
    use proptest::prelude::*;

    fn address() -> impl Strategy<Value = MmsChargedAddress> {
        let kind = prop_oneof![Just(Some(AddressType::Msisdn)), Just(Some(AddressType::Email)), Just(None)];
        let addressee = prop_oneof![Just(Some(AddresseeType::Bcc)), Just(None)];
        (kind, of("[0-9a-z@.]{1,20}"), of("[a-z.]{1,9}"), addressee)
            .prop_map(|(kind, data, domain, addressee)| MmsChargedAddress { kind, data, domain, addressee })
    }

    fn component() -> impl Strategy<Value = MmComponent> {
        (of(0u32..99), of("[a-z/]{1,20}"), of(any::<u32>())).prop_map(|(number, name, size)| MmComponent {
            number,
            name,
            size,
        })
    }

    fn content() -> impl Strategy<Value = MmContent> {
        (component(), prop::collection::vec(component(), 0..4)).prop_map(|(whole, parts)| MmContent { whole, parts })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (originator, recipients) in (of(address()), prop::collection::vec(address(), 0..4)),
            content in of(content()),
            (seconds, size, flag) in (of(0u64..4_000_000_000), of(any::<u32>()), of(any::<bool>())),
            text in of("[ -~]{1,30}"),
            class in of(prop_oneof![(0u32..9).prop_map(MmsChargedClass::Known), "[a-z]{1,9}".prop_map(MmsChargedClass::Named)]),
        ) {
            let way = text.clone().map(|text| SmInterface { id: Some(text), ..SmInterface::default() });
            let information = MmsInformation {
                originator,
                recipients,
                submitted_utc_ms: seconds.map(|seconds| seconds * 1000),
                content,
                priority: Some(MmsPriority::High),
                message_id: text.clone(),
                kind: Some(MmsChargedKind::RetrieveConf),
                size,
                class,
                delivery_report: flag,
                read_reply: flag,
                mmbox_storage: flag,
                application: text.clone(),
                reply_application: text.clone(),
                aux_application: text.clone(),
                content_class: Some(MmsContentClass::Megapixel),
                drm: flag,
                adaptations: flag,
                vasp: text.clone(),
                vas: text.clone(),
                came_by: way.clone(),
                goes_by: way,
                specific: text.into_iter().map(|data| ServiceSpecificInfo { kind: 3, data }).collect(),
            };
            prop_assert_eq!(MmsInformation::from_avp(&information.to_avp()), Ok(information));
        }

        #[test]
        fn nothing_upsets_the_reader(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = MmsInformation::from_avp(&Avp::new(&c::MMS_INFORMATION, octets));
        }
    }

    #[test]
    fn it_says_which_record_it_is_and_how_it_came() {
        let mut own = MmsInformation::default();
        assert_eq!((own.record_type(), own.request_status(), own.is_ip_access()), (None, None, false));
        own.add(mms_specific::RECORD_TYPE, MmsRecordType::R1Rt.name());
        own.add(mms_specific::REQUEST_STATUS, "35");
        own.goes_by = Some(SmInterface { id: Some(IP_ACCESS.to_owned()), ..SmInterface::default() });
        let read = MmsInformation::from_avp(&own.to_avp()).unwrap();
        assert_eq!(
            (read.record_type(), read.request_status(), read.is_ip_access()),
            (Some(MmsRecordType::R1Rt), Some(35), true)
        );
    }
}
