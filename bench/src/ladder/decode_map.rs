//! MAP (TS 29.002) on R1, R5 and R6 for humans: what a message says, and its fields.

use protocol::map::sccp::{SccpAddress, SccpMessage};
use protocol::map::tcap::{Code, Component, TcapMessage};
use protocol::map::{Operation, OperationCode, OperationResult, UserError};

use super::decode::{Field, push};

/// Transaction message of TCAP and the operations of its components.
pub(super) fn line(bytes: &[u8]) -> String {
    let Ok(message) = SccpMessage::parse(bytes) else { return "no SCCP".into() };
    if let SccpMessage::UnitDataService(returned) = &message {
        return format!("unitdata service, return cause {}", returned.cause.0);
    }
    let Ok(tcap) = TcapMessage::parse(message.data()) else { return "no TCAP".into() };
    let said: Vec<String> = tcap.components().iter().map(|component| said(component).0).collect();
    if said.is_empty() { tcap.name().to_owned() } else { format!("{}: {}", tcap.name(), said.join(", ")) }
}

/// Addresses, transaction, and each component with its parameter.
pub(super) fn fields(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    push(fields, "Message", line(bytes));
    let message = SccpMessage::parse(bytes).ok()?;
    push(fields, "Called party", address(message.called()));
    push(fields, "Calling party", address(message.calling()));
    for component in TcapMessage::parse(message.data()).ok()?.components() {
        let (name, parameter) = said(component);
        push(fields, &name, parameter);
    }
    Some(())
}

fn address(address: &SccpAddress) -> String {
    format!("{} SSN {:?}", address.digits().unwrap_or("no global title"), address.ssn)
}

/// Name of what a component says, and its parameter.
fn said(component: &Component) -> (String, String) {
    let name = |code: &Code| match code {
        Code::Local(code) => OperationCode(*code).name().to_owned(),
        Code::Global(_) => code.to_string(),
    };
    let of = |code: &Code| if let Code::Local(code) = code { OperationCode(*code) } else { OperationCode(-1) };
    match component {
        Component::Invoke { code, parameter, .. } => {
            let argument = Operation::parse(of(code), parameter.as_deref());
            (name(code), argument.map_or_else(|_| octets(parameter.as_deref()), |argument| format!("{argument:?}")))
        }
        Component::ReturnResult { result: Some((code, parameter)), .. } => {
            let result = OperationResult::parse(of(code), Some(parameter));
            let text = result.map_or_else(|_| octets(Some(parameter)), |result| format!("{result:?}"));
            (format!("{} result", name(code)), text)
        }
        Component::ReturnResult { result: None, .. } => ("result".into(), String::new()),
        Component::ReturnError { code, parameter, .. } => {
            let Code::Local(number) = code else { return (format!("error {code}"), octets(parameter.as_deref())) };
            match UserError::parse(*number, parameter.as_deref()) {
                Ok(error) => (format!("error {}", error.name()), format!("{error:?}")),
                Err(_) => (format!("error {number}"), octets(parameter.as_deref())),
            }
        }
        Component::Reject { problem, .. } => ("reject".into(), format!("{problem:?}")),
    }
}

fn octets(parameter: Option<&[u8]>) -> String {
    parameter.map(hex::encode).unwrap_or_default()
}
