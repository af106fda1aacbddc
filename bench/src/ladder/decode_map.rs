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

#[cfg(test)]
mod tests {
    use super::*;

    /// purgeMS of an IP-Message-GW, which appears as SGSN, to the HLR, octet by octet in `protocol`'s tests of the layout of MAP;
    /// tshark 4.0.17: `gsm_old.localValue` 67, called 491700040, calling 491700060.
    const PURGE: &str = "0980030d170a120600110494710040000a129500110494710060004662444804112233446b1e281c060700118605010101\
        a011600f80020780a109060704000001001b036c1ca11a020101020143a312040800010121436587f981069194710060f0";

    fn octets() -> Vec<u8> {
        hex::decode(PURGE).unwrap()
    }

    fn told(bytes: &[u8]) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let _ = fields(bytes, &mut all);
        all
    }

    #[test]
    fn an_operation_with_its_addresses() {
        let said = line(&octets());
        assert_eq!(said, "Begin: purgeMS");
        let told = told(&octets());
        let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Message", "Called party", "Calling party", "purgeMS"]);
        let values: Vec<_> = told.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values[0], said);
        assert!(values[1].starts_with("491700040 SSN") && values[2].starts_with("491700060 SSN"), "{values:?}");
        assert!(values[3].contains("PurgeMs") && values[3].contains("491700060"), "{values:?}");
    }

    #[test]
    fn what_comes_back_says_why() {
        let back = SccpMessage::parse(&octets()).unwrap();
        let back = back.returned(protocol::map::sccp::ReturnCause::NO_TRANSLATION).unwrap();
        assert!(line(&back).starts_with("unitdata service, return cause "), "{}", line(&back));
    }

    #[test]
    fn garbage_is_said_to_be_none() {
        let purge = octets();
        for (bytes, said) in [(&[][..], "no SCCP"), (b"garbage", "no SCCP"), (&purge[..20], "no SCCP")] {
            assert_eq!(line(bytes), said, "{bytes:02x?}");
            assert_eq!(told(bytes), [("Message".to_owned(), said.to_owned())]);
        }
        // TCAP that is none, behind pointers, two addresses and a length: addresses all the same.
        let mut broken = purge.clone();
        broken[28] = 0xff;
        assert_eq!((line(&broken), told(&broken).len()), ("no TCAP".to_owned(), 3));
        // Whatever octet is another one: something is said.
        for place in 0..purge.len() {
            let mut other = purge.clone();
            other[place] ^= 0x55;
            assert!(!line(&other).is_empty() && !told(&other).is_empty());
        }
    }
}
