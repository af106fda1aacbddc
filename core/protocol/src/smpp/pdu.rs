//! PDUs: header, body and optional parameters (SMPP 3.4 clauses 3.2 and 4). What is parsed is emitted again octet for
//! octet: PDUs and optional parameters that nothing here knows stay as they came.

use super::command::{CommandId, CommandStatus};
use super::message::{
    AlertNotification, CancelSm, DataSm, MessageId, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, octet, string,
};
use super::multi::{SubmitMulti, SubmitMultiResp};
use super::text::COctetString;
use super::tlv::{self, Tlv};
use crate::Secret;
use crate::octets::Octets;

/// interface_version of SMPP 3.4.
pub const INTERFACE_VERSION: u8 = 0x34;
/// Octets of the header.
pub(super) const HEADER: usize = 16;

/// system_id.
pub type SystemId = COctetString<16>;

/// A PDU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pdu {
    /// How a request went; 0 in requests.
    pub status: CommandStatus,
    /// Names a request, and is the same in its response.
    pub sequence_number: u32,
    /// What it says.
    pub body: Body,
    /// Optional parameters in their order.
    pub tlvs: Vec<Tlv>,
}

/// What an ESME wants to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BindKind {
    /// It receives messages.
    Receiver,
    /// It sends messages.
    Transmitter,
    /// Both.
    Transceiver,
}

/// bind_receiver, bind_transmitter, bind_transceiver (clause 4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bind {
    /// Who it is.
    pub system_id: SystemId,
    /// What only it knows.
    pub password: Secret<COctetString<9>>,
    /// What kind of system it is.
    pub system_type: COctetString<13>,
    /// Version of SMPP.
    pub interface_version: u8,
    /// Type of number of the addresses that it serves.
    pub addr_ton: u8,
    /// Numbering plan of these.
    pub addr_npi: u8,
    /// Which addresses it serves: a regular expression.
    pub address_range: COctetString<41>,
}

/// outbind (clause 4.1.7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outbind {
    /// Who the message centre is.
    pub system_id: SystemId,
    /// What only it knows.
    pub password: Secret<COctetString<9>>,
}

/// What a PDU says. Bodies of responses may be missing where the status says that the request has failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// bind_receiver, bind_transmitter, bind_transceiver.
    Bind(BindKind, Bind),
    /// Their responses: who the message centre is.
    BindResp(BindKind, Option<SystemId>),
    /// outbind.
    Outbind(Outbind),
    /// unbind.
    Unbind,
    /// unbind_resp.
    UnbindResp,
    /// enquire_link.
    EnquireLink,
    /// enquire_link_resp.
    EnquireLinkResp,
    /// generic_nack.
    GenericNack,
    /// submit_sm.
    SubmitSm(ShortMessage),
    /// submit_sm_resp.
    SubmitSmResp(Option<MessageId>),
    /// deliver_sm.
    DeliverSm(ShortMessage),
    /// deliver_sm_resp; the standard leaves its message_id empty.
    DeliverSmResp(Option<MessageId>),
    /// data_sm.
    DataSm(DataSm),
    /// data_sm_resp.
    DataSmResp(Option<MessageId>),
    /// submit_multi.
    SubmitMulti(SubmitMulti),
    /// submit_multi_resp.
    SubmitMultiResp(Option<SubmitMultiResp>),
    /// query_sm.
    QuerySm(QuerySm),
    /// query_sm_resp.
    QuerySmResp(Option<QuerySmResp>),
    /// cancel_sm.
    CancelSm(CancelSm),
    /// cancel_sm_resp.
    CancelSmResp,
    /// replace_sm.
    ReplaceSm(ReplaceSm),
    /// replace_sm_resp.
    ReplaceSmResp,
    /// alert_notification.
    AlertNotification(AlertNotification),
    /// A PDU of another id, with all that follows its header.
    Other(CommandId, Vec<u8>),
}

/// Octets are no PDU that can be read. Who has sent it gets the status in a response, or in generic_nack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{command_id} {sequence_number} cannot be read: {status}")]
pub struct PduProblem {
    /// What it should have been.
    pub command_id: CommandId,
    /// Its sequence number.
    pub sequence_number: u32,
    /// What is wrong.
    pub status: CommandStatus,
}

impl Pdu {
    /// A request without optional parameters.
    pub const fn request(sequence_number: u32, body: Body) -> Self {
        Self { status: CommandStatus::OK, sequence_number, body, tlvs: Vec::new() }
    }

    /// A response without optional parameters.
    pub const fn response(sequence_number: u32, status: CommandStatus, body: Body) -> Self {
        Self { status, sequence_number, body, tlvs: Vec::new() }
    }

    /// The same with optional parameters. These come behind a body: one that is missing becomes an empty one.
    #[must_use]
    pub fn with(mut self, tlvs: impl IntoIterator<Item = Tlv>) -> Self {
        self.tlvs.extend(tlvs);
        if !self.tlvs.is_empty() {
            self.body.fill();
        }
        self
    }

    /// What it is.
    pub const fn command_id(&self) -> CommandId {
        self.body.command_id()
    }

    /// Reads a whole PDU.
    ///
    /// # Errors
    /// It is none, or one that cannot be read.
    pub fn parse(octets: &[u8]) -> Result<Self, PduProblem> {
        let mut rest = Octets(octets);
        let mut word = || rest.array().map_or(0, u32::from_be_bytes);
        let [length, id, status, sequence_number] = [word(), word(), word(), word()];
        let (command_id, status) = (CommandId(id), CommandStatus(status));
        let problem = |status| PduProblem { command_id, sequence_number, status };
        if octets.len() < HEADER || usize::try_from(length) != Ok(octets.len()) {
            return Err(problem(CommandStatus::INVALID_COMMAND_LENGTH));
        }
        let read = match Self::body_and_tlvs(command_id, rest) {
            // A failed response has no body (clauses 4.1.2 and 4.4.2): some leave it out before optional parameters, too.
            Err(why) if command_id.is_response() && status != CommandStatus::OK => {
                Self::tlvs_alone(command_id, rest).ok_or(why)
            }
            read => read,
        };
        let (body, tlvs) = read.map_err(problem)?;
        Ok(Self { status, sequence_number, body, tlvs })
    }

    fn body_and_tlvs(id: CommandId, mut octets: Octets<'_>) -> Result<(Body, Vec<Tlv>), CommandStatus> {
        let body = Body::parse(id, &mut octets)?;
        let tlvs = tlv::parse(&mut octets).ok_or(CommandStatus::INVALID_OPTIONAL_PART)?;
        Ok((body, tlvs))
    }

    fn tlvs_alone(id: CommandId, mut octets: Octets<'_>) -> Option<(Body, Vec<Tlv>)> {
        let body = Body::parse(id, &mut Octets(&[])).ok()?;
        Some((body, tlv::parse(&mut octets)?))
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let mut out = vec![0; HEADER];
        self.body.emit(&mut out);
        tlv::emit(&self.tlvs, &mut out);
        let length = u32::try_from(out.len()).unwrap_or(u32::MAX);
        for (at, word) in [length, self.command_id().0, self.status.0, self.sequence_number].into_iter().enumerate() {
            out[at * 4..][..4].copy_from_slice(&word.to_be_bytes());
        }
        out
    }
}

impl Body {
    /// What it is.
    pub const fn command_id(&self) -> CommandId {
        match self {
            Self::Bind(BindKind::Receiver, _) => CommandId::BIND_RECEIVER,
            Self::Bind(BindKind::Transmitter, _) => CommandId::BIND_TRANSMITTER,
            Self::Bind(BindKind::Transceiver, _) => CommandId::BIND_TRANSCEIVER,
            Self::BindResp(BindKind::Receiver, _) => CommandId::BIND_RECEIVER_RESP,
            Self::BindResp(BindKind::Transmitter, _) => CommandId::BIND_TRANSMITTER_RESP,
            Self::BindResp(BindKind::Transceiver, _) => CommandId::BIND_TRANSCEIVER_RESP,
            Self::Outbind(_) => CommandId::OUTBIND,
            Self::Unbind => CommandId::UNBIND,
            Self::UnbindResp => CommandId::UNBIND_RESP,
            Self::EnquireLink => CommandId::ENQUIRE_LINK,
            Self::EnquireLinkResp => CommandId::ENQUIRE_LINK_RESP,
            Self::GenericNack => CommandId::GENERIC_NACK,
            Self::SubmitSm(_) => CommandId::SUBMIT_SM,
            Self::SubmitSmResp(_) => CommandId::SUBMIT_SM_RESP,
            Self::DeliverSm(_) => CommandId::DELIVER_SM,
            Self::DeliverSmResp(_) => CommandId::DELIVER_SM_RESP,
            Self::DataSm(_) => CommandId::DATA_SM,
            Self::DataSmResp(_) => CommandId::DATA_SM_RESP,
            Self::SubmitMulti(_) => CommandId::SUBMIT_MULTI,
            Self::SubmitMultiResp(_) => CommandId::SUBMIT_MULTI_RESP,
            Self::QuerySm(_) => CommandId::QUERY_SM,
            Self::QuerySmResp(_) => CommandId::QUERY_SM_RESP,
            Self::CancelSm(_) => CommandId::CANCEL_SM,
            Self::CancelSmResp => CommandId::CANCEL_SM_RESP,
            Self::ReplaceSm(_) => CommandId::REPLACE_SM,
            Self::ReplaceSmResp => CommandId::REPLACE_SM_RESP,
            Self::AlertNotification(_) => CommandId::ALERT_NOTIFICATION,
            Self::Other(id, _) => *id,
        }
    }

    /// A response without a body to a request of this id, as it is for one that has failed; `None`: it needs no response.
    pub fn failure(request: CommandId) -> Option<Self> {
        Self::parse(request.response()?, &mut Octets(&[])).ok()
    }

    fn parse(id: CommandId, octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        let bind = |kind, octets: &mut Octets<'_>| Bind::parse(octets).map(|bind| Self::Bind(kind, bind));
        let bind_resp = |kind, octets: &mut Octets<'_>| {
            optional(octets, |octets| string(octets, CommandStatus::INVALID_SYSTEM_ID))
                .map(|system_id| Self::BindResp(kind, system_id))
        };
        let message_id = |octets: &mut Octets<'_>| {
            optional(octets, |octets| string::<65>(octets, CommandStatus::INVALID_MESSAGE_ID))
        };
        Ok(match id {
            CommandId::BIND_RECEIVER => bind(BindKind::Receiver, octets)?,
            CommandId::BIND_TRANSMITTER => bind(BindKind::Transmitter, octets)?,
            CommandId::BIND_TRANSCEIVER => bind(BindKind::Transceiver, octets)?,
            CommandId::BIND_RECEIVER_RESP => bind_resp(BindKind::Receiver, octets)?,
            CommandId::BIND_TRANSMITTER_RESP => bind_resp(BindKind::Transmitter, octets)?,
            CommandId::BIND_TRANSCEIVER_RESP => bind_resp(BindKind::Transceiver, octets)?,
            CommandId::OUTBIND => Self::Outbind(Outbind::parse(octets)?),
            CommandId::UNBIND => Self::Unbind,
            CommandId::UNBIND_RESP => Self::UnbindResp,
            CommandId::ENQUIRE_LINK => Self::EnquireLink,
            CommandId::ENQUIRE_LINK_RESP => Self::EnquireLinkResp,
            CommandId::GENERIC_NACK => Self::GenericNack,
            CommandId::SUBMIT_SM => Self::SubmitSm(ShortMessage::parse(octets)?),
            CommandId::SUBMIT_SM_RESP => Self::SubmitSmResp(message_id(octets)?),
            CommandId::DELIVER_SM => Self::DeliverSm(ShortMessage::parse(octets)?),
            CommandId::DELIVER_SM_RESP => Self::DeliverSmResp(message_id(octets)?),
            CommandId::DATA_SM => Self::DataSm(DataSm::parse(octets)?),
            CommandId::DATA_SM_RESP => Self::DataSmResp(message_id(octets)?),
            CommandId::SUBMIT_MULTI => Self::SubmitMulti(SubmitMulti::parse(octets)?),
            CommandId::SUBMIT_MULTI_RESP => Self::SubmitMultiResp(optional(octets, SubmitMultiResp::parse)?),
            CommandId::QUERY_SM => Self::QuerySm(QuerySm::parse(octets)?),
            CommandId::QUERY_SM_RESP => Self::QuerySmResp(optional(octets, QuerySmResp::parse)?),
            CommandId::CANCEL_SM => Self::CancelSm(CancelSm::parse(octets)?),
            CommandId::CANCEL_SM_RESP => Self::CancelSmResp,
            CommandId::REPLACE_SM => Self::ReplaceSm(ReplaceSm::parse(octets)?),
            CommandId::REPLACE_SM_RESP => Self::ReplaceSmResp,
            CommandId::ALERT_NOTIFICATION => Self::AlertNotification(AlertNotification::parse(octets)?),
            other => Self::Other(other, octets.rest().to_vec()),
        })
    }

    /// A body that is missing becomes an empty one.
    fn fill(&mut self) {
        match self {
            Self::BindResp(_, id) => _ = id.get_or_insert_default(),
            Self::SubmitSmResp(id) | Self::DeliverSmResp(id) | Self::DataSmResp(id) => _ = id.get_or_insert_default(),
            Self::SubmitMultiResp(response) => _ = response.get_or_insert_default(),
            Self::QuerySmResp(response) if response.is_none() => {
                *response = QuerySmResp::parse(&mut Octets(&[0; 4])).ok();
            }
            _ => {}
        }
    }

    fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bind(_, bind) => bind.emit(out),
            Self::BindResp(_, id) => id.iter().for_each(|id| id.emit(out)),
            Self::Outbind(outbind) => outbind.emit(out),
            Self::Unbind
            | Self::UnbindResp
            | Self::EnquireLink
            | Self::EnquireLinkResp
            | Self::GenericNack
            | Self::CancelSmResp
            | Self::ReplaceSmResp => {}
            Self::SubmitSm(message) | Self::DeliverSm(message) => message.emit(out),
            Self::SubmitSmResp(id) | Self::DeliverSmResp(id) | Self::DataSmResp(id) => {
                id.iter().for_each(|id| id.emit(out));
            }
            Self::DataSm(message) => message.emit(out),
            Self::SubmitMulti(message) => message.emit(out),
            Self::SubmitMultiResp(response) => response.iter().for_each(|response| response.emit(out)),
            Self::QuerySm(query) => query.emit(out),
            Self::QuerySmResp(response) => response.iter().for_each(|response| response.emit(out)),
            Self::CancelSm(cancel) => cancel.emit(out),
            Self::ReplaceSm(replace) => replace.emit(out),
            Self::AlertNotification(alert) => alert.emit(out),
            Self::Other(_, octets) => out.extend(octets),
        }
    }
}

impl BindKind {
    /// The request that makes an ESME be that.
    pub const fn command_id(self) -> CommandId {
        match self {
            Self::Receiver => CommandId::BIND_RECEIVER,
            Self::Transmitter => CommandId::BIND_TRANSMITTER,
            Self::Transceiver => CommandId::BIND_TRANSCEIVER,
        }
    }

    /// Does it send messages?
    pub const fn transmits(self) -> bool {
        !matches!(self, Self::Receiver)
    }

    /// Does it receive messages?
    pub const fn receives(self) -> bool {
        !matches!(self, Self::Transmitter)
    }
}

impl Bind {
    /// Of SMPP 3.4, for all addresses; `None`: one of the texts is too long.
    pub fn new(system_id: &str, password: &str) -> Option<Self> {
        Some(Self {
            system_id: COctetString::new(system_id)?,
            password: COctetString::new(password)?.into(),
            system_type: COctetString::default(),
            interface_version: INTERFACE_VERSION,
            addr_ton: 0,
            addr_npi: 0,
            address_range: COctetString::default(),
        })
    }

    fn parse(octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        Ok(Self {
            system_id: string(octets, CommandStatus::INVALID_SYSTEM_ID)?,
            password: string(octets, CommandStatus::INVALID_PASSWORD)?.into(),
            system_type: string(octets, CommandStatus::INVALID_SYSTEM_TYPE)?,
            interface_version: octet(octets)?,
            addr_ton: octet(octets)?,
            addr_npi: octet(octets)?,
            address_range: string(octets, CommandStatus::BIND_FAILED)?,
        })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        self.system_id.emit(out);
        self.password.expose().emit(out);
        self.system_type.emit(out);
        out.extend([self.interface_version, self.addr_ton, self.addr_npi]);
        self.address_range.emit(out);
    }
}

impl Outbind {
    /// `None`: one of the texts is too long.
    pub fn new(system_id: &str, password: &str) -> Option<Self> {
        Some(Self { system_id: COctetString::new(system_id)?, password: COctetString::new(password)?.into() })
    }

    fn parse(octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        Ok(Self {
            system_id: string(octets, CommandStatus::INVALID_SYSTEM_ID)?,
            password: string(octets, CommandStatus::INVALID_PASSWORD)?.into(),
        })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        self.system_id.emit(out);
        self.password.expose().emit(out);
    }
}

/// What may be missing as a whole.
fn optional<T>(
    octets: &mut Octets<'_>,
    parse: impl FnOnce(&mut Octets<'_>) -> Result<T, CommandStatus>,
) -> Result<Option<T>, CommandStatus> {
    if octets.is_empty() { Ok(None) } else { parse(octets).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::super::tlv::TlvTag;
    use super::*;

    #[test]
    fn a_failed_response_may_have_optional_parameters_alone() {
        let tlvs = [Tlv::new(TlvTag::NETWORK_ERROR_CODE, [3, 0, 27]), Tlv::octet(TlvTag::DELIVERY_FAILURE_REASON, 3)];
        for body in [
            Body::BindResp(BindKind::Transceiver, None),
            Body::SubmitSmResp(None),
            Body::DeliverSmResp(None),
            Body::DataSmResp(None),
            Body::SubmitMultiResp(None),
            Body::QuerySmResp(None),
        ] {
            let bare = Pdu { tlvs: tlvs.to_vec(), ..Pdu::response(7, CommandStatus::DELIVERY_FAILURE, body) };
            let octets = bare.emit();
            assert_eq!(octets.len(), HEADER + 7 + 5, "{:?}", bare.body);
            assert_eq!(Pdu::parse(&octets), Ok(bare.clone()));
            // Who succeeds says as what.
            let mut well = octets.clone();
            well[8..12].fill(0);
            assert!(Pdu::parse(&well).map_or(true, |pdu| pdu.tlvs != bare.tlvs));
            // Ours have an empty body, which everybody reads.
            let own = Pdu { tlvs: Vec::new(), ..bare.clone() }.with(tlvs.clone());
            assert!(own.emit().len() > octets.len());
            assert_eq!(Pdu::parse(&own.emit()), Ok(own));
        }
        assert_eq!(Pdu::response(1, CommandStatus::OK, Body::SubmitSmResp(None)).with([]).emit().len(), HEADER);
    }
}
