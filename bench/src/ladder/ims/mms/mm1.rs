//! Messages of MM1 over HTTP (TS 23.140 clause 8.1, OMA-MMS-CTR) as steps ask for them.

use protocol::mms::{MMS_MEDIA_TYPE, MessageType};

use super::super::find::Bound;
use super::super::http::HttpSeen;
use crate::ladder::ims::ImsCast;

/// What must be seen of MM1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mm1 {
    /// A request, or the answer to it.
    pub is: Mm1Is,
    /// Name of the exchange that it belongs to: the first step with the name says which socket of the client that is.
    pub exchange: &'static str,
}

/// Which message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mm1Is {
    /// A PDU for the relay.
    Post(MessageType),
    /// A message is asked for.
    Get,
    /// A PDU of the relay.
    Answer(MessageType),
}

impl Mm1 {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &HttpSeen, cast: &ImsCast, bound: &Bound) -> Option<Vec<(String, String)>> {
        let method = seen.method.as_deref();
        let has = |pdu| seen.has("content-type", MMS_MEDIA_TYPE) && message_type(&seen.body) == Some(pdu);
        let is_it = match self.is {
            Mm1Is::Post(pdu) => method == Some("POST") && has(pdu),
            Mm1Is::Get => method == Some("GET"),
            Mm1Is::Answer(pdu) => seen.status == Some(200) && has(pdu),
        };
        // The gateway speaks for one user at a time; a UE comes from an address of its own.
        let is_asserted = || {
            let is_of_gateway = method.is_some() && seen.has(ASSERTED, "");
            !is_of_gateway || seen.has(ASSERTED, &number(cast))
        };
        let of_exchange = || bound.get(&self.bound_name()).is_none_or(|client| *client == seen.client);
        (is_it && is_asserted() && of_exchange()).then(|| vec![(self.bound_name(), seen.client.clone())])
    }

    /// The display filter.
    pub(crate) fn filter(&self, bound: &Bound) -> String {
        let pdu = |pdu: MessageType| format!("mmse.message_type == {:#04x}", pdu.0);
        let (mut filter, field) = match self.is {
            Mm1Is::Post(kind) => (format!("http.request.method == \"POST\" && {}", pdu(kind)), "src_port"),
            Mm1Is::Get => ("http.request.method == \"GET\"".to_owned(), "src_port"),
            Mm1Is::Answer(kind) => (format!("http.response.code == 200 && {}", pdu(kind)), "dst_port"),
        };
        if let Some((_, port)) = bound.get(&self.bound_name()).and_then(|client| client.rsplit_once(':')) {
            filter += &format!(" && exported_pdu.{field} == {port}");
        }
        filter
    }

    /// Under what its client is kept.
    fn bound_name(&self) -> String {
        format!("MM1 {}", self.exchange)
    }
}

/// The number of the UE as TS 24.109 clause 6.5 has it asserted.
fn number(cast: &ImsCast) -> String {
    format!("tel:+{}", cast.ue.msisdn)
}

/// The message type of a PDU, which stands first (OMA-MMS-ENC clause 7.1).
pub(in crate::ladder::ims) fn message_type(pdu: &[u8]) -> Option<MessageType> {
    match pdu {
        [MESSAGE_TYPE, kind, ..] => Some(MessageType(*kind)),
        _ => None,
    }
}

/// X-Mms-Message-Type: assigned number 0x0C as a short integer (OMA-MMS-ENC table 25).
const MESSAGE_TYPE: u8 = 0x8c;
const ASSERTED: &str = "x-3gpp-asserted-identity";
