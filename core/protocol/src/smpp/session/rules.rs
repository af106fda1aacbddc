//! Who may send what: SMPP 3.4 clause 2.3, table 2-1.

use super::super::command::CommandId;
use super::super::pdu::BindKind;
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
