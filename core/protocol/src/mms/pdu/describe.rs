//! A PDU in a line, for people.

use std::fmt;

use super::{From, MmsPdu};
use crate::mms::{MmsAddress, parts_of};

impl MmsPdu {
    /// The PDU and its body in a line: what it is, its identifiers, who sends it to whom, its parts.
    pub fn describe(&self, body: &[u8]) -> String {
        let Some(content_type) = self.content_type() else { return self.to_string() };
        let parts = match parts_of(content_type, body) {
            Ok(parts) => parts,
            Err(problem) => return format!("{self}, {problem}"),
        };
        let parts: Vec<_> = parts
            .iter()
            .map(|part| {
                let name = part.name().map(|name| format!(" {name}")).unwrap_or_default();
                format!("{}{name} ({} octets)", part.content_type.essence, part.body.len())
            })
            .collect();
        format!("{self}, parts: {}", if parts.is_empty() { "none".to_owned() } else { parts.join(", ") })
    }
}

impl fmt::Display for MmsPdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message_type(), self.version())?;
        let said = |f: &mut fmt::Formatter<'_>, name: &str, value: Option<&dyn fmt::Display>| match value {
            Some(value) => write!(f, ", {name} {value}"),
            None => Ok(()),
        };
        said(f, "transaction", self.transaction_id().as_ref().map(|id| id as &dyn fmt::Display))?;
        said(f, "message", self.message_id().as_ref().map(|id| id as &dyn fmt::Display))?;
        match self {
            Self::SendReq(pdu) => {
                people(f, Some(&pdu.from), &[&pdu.to, &pdu.cc, &pdu.bcc])?;
                said(f, "subject", pdu.subject.as_ref().map(|text| text as &dyn fmt::Display))
            }
            Self::NotificationInd(pdu) => {
                people(f, pdu.from.as_ref(), &[])?;
                said(f, "subject", pdu.subject.as_ref().map(|text| text as &dyn fmt::Display))?;
                write!(f, ", {} octets at {}", pdu.message_size, pdu.content_location)
            }
            Self::RetrieveConf(pdu) => {
                people(f, pdu.from.as_ref(), &[&pdu.to, &pdu.cc])?;
                said(f, "subject", pdu.subject.as_ref().map(|text| text as &dyn fmt::Display))?;
                said(f, "status", pdu.retrieve_status.as_ref().map(|status| status as &dyn fmt::Display))
            }
            Self::SendConf(pdu) => {
                write!(f, ", status {}", pdu.response_status)?;
                said(f, "text", pdu.response_text.as_ref().map(|text| text as &dyn fmt::Display))
            }
            Self::ForwardConf(pdu) => {
                write!(f, ", status {}", pdu.response_status)?;
                said(f, "text", pdu.response_text.as_ref().map(|text| text as &dyn fmt::Display))
            }
            Self::NotifyRespInd(pdu) => write!(f, ", status {}", pdu.status),
            Self::AcknowledgeInd(_) => Ok(()),
            Self::DeliveryInd(pdu) => {
                people(f, None, &[&pdu.to])?;
                write!(f, ", status {}", pdu.status)
            }
            Self::ReadRecInd(pdu) => {
                people(f, Some(&pdu.from), &[&pdu.to])?;
                write!(f, ", status {}", pdu.read_status)
            }
            Self::ReadOrigInd(pdu) => {
                people(f, Some(&pdu.from), &[&pdu.to])?;
                write!(f, ", status {}", pdu.read_status)
            }
            Self::ForwardReq(pdu) => {
                people(f, Some(&pdu.from), &[&pdu.to, &pdu.cc, &pdu.bcc])?;
                write!(f, ", of {}", pdu.content_location)
            }
        }
    }
}

fn people(f: &mut fmt::Formatter<'_>, from: Option<&From>, to: &[&Vec<MmsAddress>]) -> fmt::Result {
    match from {
        Some(From::Address(address)) => write!(f, ", from {address}")?,
        Some(From::InsertAddress) => f.write_str(", from whom the relay knows")?,
        None => {}
    }
    let to: Vec<_> = to.iter().flat_map(|list| list.iter()).map(ToString::to_string).collect();
    if to.is_empty() { Ok(()) } else { write!(f, ", to {}", to.join(", ")) }
}
