//! Who may send what: SMPP 3.4 clause 2.3, table 2-1, and clause 3.4 for sides of older versions.

use super::super::command::CommandId;
use super::super::pdu::BindKind;
use super::super::tlv::{Tlv, TlvTag};
use super::SmppRole;

/// May this side send a request of this id in a session bound like this? What is in no table may go.
pub(super) const fn may_send(role: SmppRole, kind: BindKind, id: CommandId) -> bool {
    let is_esme = matches!(role, SmppRole::Esme);
    match id {
        CommandId::SUBMIT_SM
        | CommandId::SUBMIT_MULTI
        | CommandId::QUERY_SM
        | CommandId::CANCEL_SM
        | CommandId::REPLACE_SM => is_esme && kind.transmits(),
        CommandId::DELIVER_SM | CommandId::ALERT_NOTIFICATION => !is_esme && kind.receives(),
        CommandId::DATA_SM => {
            if is_esme {
                kind.transmits()
            } else {
                kind.receives()
            }
        }
        // The session sends these itself.
        CommandId::BIND_RECEIVER
        | CommandId::BIND_TRANSMITTER
        | CommandId::BIND_TRANSCEIVER
        | CommandId::OUTBIND
        | CommandId::UNBIND
        | CommandId::ENQUIRE_LINK => false,
        _ => true,
    }
}

/// Is part of its content in optional parameters? The message of data_sm has no other place, and a part that does not say
/// that it is one is another message.
pub(super) fn speaks_in_parameters(id: CommandId, tlvs: &[Tlv]) -> bool {
    let is_content = |tlv: &Tlv| {
        matches!(
            tlv.tag,
            TlvTag::MESSAGE_PAYLOAD | TlvTag::SAR_MSG_REF_NUM | TlvTag::SAR_TOTAL_SEGMENTS | TlvTag::SAR_SEGMENT_SEQNUM
        )
    };
    id == CommandId::DATA_SM || tlvs.iter().any(is_content)
}
