//! Components of MAP (TS 29.002) as steps ask for them: an operation of a subscriber, and what became of it.

use protocol::map::sccp::SccpMessage;
use protocol::map::tcap::{Component, TcapMessage, TransactionId};
use protocol::map::{Operation, OperationCode, ScType, SmRpDa, SmRpOa};
use protocol::mms::MessageType;

use super::super::find::Bound;
use super::super::mms::{is_push, push_filter};
use super::is_subscriber;
use crate::ladder::ims::{ImsCast, Without};

/// What must be seen of MAP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Map {
    /// The operation.
    pub operation: OperationCode,
    /// The operation itself, or what became of it.
    pub part: MapPart,
    /// Name of the exchange that it belongs to: the invocation with the name says which transaction and invocation that is.
    pub exchange: &'static str,
    /// What it must have besides.
    pub has: &'static [MapHas],
}

/// Which component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapPart {
    /// The operation is invoked.
    Invoke,
    /// It has gone well.
    Result,
    /// It has failed.
    Error,
}

/// A property of an operation's argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapHas {
    /// The IP-messaging indication of sendRoutingInfoForSM (TR 23.804 clause 8.4 step 3).
    IpMessaging,
    /// A push with this PDU of MM1, in mt-ForwardSM.
    Push(MessageType),
    /// The kind of SM-SC, in reportSM-DeliveryStatus (TR 23.804 clause 8.5 step 8).
    ScType,
}

/// A message of TCAP with what ladders ask for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct MapSeen(TcapMessage);

impl MapSeen {
    /// None: no TCAP.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let message = SccpMessage::parse(bytes).ok()?;
        TcapMessage::parse(message.data()).ok().map(Self)
    }

    /// Operations, each with its place among the invocations of its transaction.
    fn invocations(&self) -> impl Iterator<Item = (i8, Operation)> {
        self.0.components().iter().filter_map(|component| match component {
            Component::Invoke { parameter, .. } => {
                let operation = Operation::parse(component.operation()?, parameter.as_deref()).ok()?;
                Some((component.invoke_id()?, operation))
            }
            _ => None,
        })
    }
}

impl Map {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &MapSeen, cast: &ImsCast, bound: &Bound) -> Option<Vec<(String, String)>> {
        let known = bound.get(&self.bound_name());
        match self.part {
            MapPart::Invoke => {
                let transaction = seen.0.otid()?;
                let is_it = |(_, operation): &(i8, Operation)| {
                    operation.code() == self.operation
                        && subscriber(operation).is_none_or(|digits| is_subscriber(&cast.ue, digits))
                        && self.has.iter().all(|has| has.holds(operation, cast, bound))
                };
                let (invoke_id, _) = seen.invocations().find(is_it)?;
                let own = name_of(transaction, invoke_id);
                known.is_none_or(|known| *known == own).then(|| vec![(self.bound_name(), own)])
            }
            MapPart::Result | MapPart::Error => {
                let transaction = seen.0.dtid()?;
                let is_it = |component: &&Component| {
                    let is_part = match self.part {
                        MapPart::Error => matches!(component, Component::ReturnError { .. }),
                        _ => matches!(component, Component::ReturnResult { .. }),
                    };
                    let own = component.invoke_id().map(|invoke_id| name_of(transaction, invoke_id));
                    is_part && own.as_ref() == known && known.is_some()
                };
                seen.0.components().iter().find(is_it).map(|_| Vec::new())
            }
        }
    }

    /// The display filter. It names transaction and invocation by their octets (Q.773 clauses 4.2.1.3 and 4.2.2.1): Wireshark
    /// has fields of two dissectors for them.
    pub(crate) fn filter(&self, bound: &Bound) -> String {
        let known = bound.get(&self.bound_name()).and_then(|known| known.split_once(' '));
        let (transaction, invoke_id) = known.unwrap_or(("", ""));
        let transaction = hex::decode(transaction).unwrap_or_default();
        let invoke_id = invoke_id.parse::<i8>().unwrap_or_default().to_be_bytes()[0];
        let tag = if self.part == MapPart::Invoke { ORIGINATING_TRANSACTION } else { DESTINATION_TRANSACTION };
        let identifier = octets(&[&[tag, transaction.len() as u8], &transaction[..]].concat());
        let code = self.operation.0;
        match self.part {
            MapPart::Invoke => {
                let invocation = octets(&[INTEGER, 1, invoke_id, INTEGER, 1, code as u8]);
                let mut filter = format!(
                    "gsm_old.localValue == {code} && frame contains {identifier} && frame contains {invocation}"
                );
                for has in self.has {
                    if let MapHas::Push(kind) = has {
                        filter += &push_filter(*kind, bound);
                    }
                }
                filter
            }
            MapPart::Result => {
                let invocation = octets(&[INTEGER, 1, invoke_id]);
                format!(
                    "tcap && !gsm_old.returnError_element && frame contains {identifier} && frame contains {invocation}"
                )
            }
            MapPart::Error => {
                let invocation = octets(&[INTEGER, 1, invoke_id]);
                format!("gsm_old.returnError_element && frame contains {identifier} && frame contains {invocation}")
            }
        }
    }

    /// Under what its transaction and invocation are kept.
    fn bound_name(&self) -> String {
        format!("MAP {}", self.exchange)
    }
}

impl MapHas {
    fn holds(self, operation: &Operation, cast: &ImsCast, bound: &Bound) -> bool {
        match (self, operation) {
            (Self::IpMessaging, _) if cast.without.contains(&Without::IpMessaging) => true,
            (Self::IpMessaging, Operation::SendRoutingInfoForSm(asked)) => asked.ip_sm_gw_guidance_indicator,
            (Self::Push(kind), Operation::MtForwardSm(own)) => is_push(&own.sm_rp_ui, kind, bound),
            (Self::ScType, Operation::ReportSmDeliveryStatus(report)) => ScType::find(&report.extensions).is_some(),
            _ => false,
        }
    }
}

/// Whom an operation is about; none: the transaction says it.
fn subscriber(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::SendRoutingInfoForSm(own) => Some(own.msisdn.digits()),
        Operation::ReportSmDeliveryStatus(own) => Some(own.msisdn.digits()),
        Operation::AlertServiceCentre(own) => Some(own.msisdn.digits()),
        Operation::ReadyForSm(own) => Some(own.imsi.as_str()),
        Operation::UpdateGprsLocation(own) => Some(own.imsi.as_str()),
        Operation::PurgeMs(own) => Some(own.imsi.as_str()),
        Operation::CancelLocation(own) => Some(own.imsi.as_str()),
        Operation::SendAuthenticationInfo(own) => Some(own.imsi.as_str()),
        Operation::InsertSubscriberData(own) => own.msisdn.as_ref().map(|number| number.digits()),
        Operation::MoForwardSm(own) => match &own.sm_rp_oa {
            SmRpOa::Msisdn(number) => Some(number.digits()),
            _ => None,
        },
        Operation::MtForwardSm(own) => match &own.sm_rp_da {
            SmRpDa::Imsi(imsi) => Some(imsi.as_str()),
            _ => None,
        },
        // It says something of whom the dialogue is about.
        Operation::InformServiceCentre(_) => None,
    }
}

fn name_of(transaction: &TransactionId, invoke_id: i8) -> String {
    format!("{transaction} {invoke_id}")
}

/// Octets as display filters have them.
fn octets(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
}

/// Q.773 table 10.
const ORIGINATING_TRANSACTION: u8 = 0x48;
/// Q.773 table 11.
const DESTINATION_TRANSACTION: u8 = 0x49;
/// X.690 clause 8.3.
const INTEGER: u8 = 0x02;
