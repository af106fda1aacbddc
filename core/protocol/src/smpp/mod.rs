//! SMPP 3.4, between message centres and external short message entities (ESME).

mod address;
mod command;
mod content;
mod framing;
mod message;
mod multi;
mod pdu;
mod receipt;
mod session;
mod text;
mod time;
mod tlv;

pub use address::SmeAddress;
pub use command::{CommandId, CommandStatus};
pub use content::{coding_of, content_of, data_coding_of, octets_of, user_data_of};
pub use framing::SmppFramer;
pub use message::{
    AlertNotification, CancelSm, DataSm, EsmClass, MessageId, MessageState, QuerySm, QuerySmResp, RegisteredDelivery,
    ReplaceSm, ServiceType, ShortMessage, TimeString,
};
pub use multi::{CountedList, Destination, Destinations, SubmitMulti, SubmitMultiResp, Unsuccessful};
pub use pdu::{Bind, BindKind, Body, INTERFACE_VERSION, Outbind, Pdu, PduProblem, SystemId};
pub use receipt::DeliveryReceipt;
pub use session::{SmppConfig, SmppEnd, SmppEvent, SmppInput, SmppOutput, SmppRefusal, SmppRole, SmppSession};
pub use text::{COctetString, MessageOctets};
pub use time::SmppTime;
pub use tlv::{Tlv, TlvTag, Tlvs};
