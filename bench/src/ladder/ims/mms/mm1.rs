//! Messages of MM1 over HTTP (TS 23.140 clause 8.1, OMA-MMS-CTR) as steps ask for them.

use protocol::mms::{MMS_MEDIA_TYPE, MessageType};

use super::super::find::{Bound, escape};
use super::super::http::HttpSeen;
use super::pdu::{TARGET, pdu_filter, said};
use crate::ladder::ims::ImsCast;

/// What must be seen of MM1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mm1 {
    /// A request, or the answer to it.
    pub is: Mm1Is,
    /// Name of the exchange that it belongs to: the first step with the name says which socket of the client that is.
    pub exchange: &'static str,
    /// The gateway says for whom it asks (TS 24.109 clause 6.5).
    pub is_asserted: bool,
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
        let pdu = |kind| if seen.has("content-type", MMS_MEDIA_TYPE) { said(&seen.body, kind, bound) } else { None };
        let mut learned = match self.is {
            Mm1Is::Post(kind) if method == Some("POST") => pdu(kind)?,
            Mm1Is::Get if method == Some("GET") => {
                let target = seen.target.clone();
                bound.get(TARGET).is_none_or(|known| *known == target).then(|| vec![(TARGET.to_owned(), target)])?
            }
            Mm1Is::Answer(kind) if seen.status == Some(200) => pdu(kind)?,
            _ => return None,
        };
        let is_of_exchange = bound.get(&self.bound_name()).is_none_or(|client| *client == seen.client);
        let is_for_user = !self.is_asserted || seen.has("x-3gpp-asserted-identity", &asserted(cast));
        learned.push((self.bound_name(), seen.client.clone()));
        (is_of_exchange && is_for_user).then_some(learned)
    }

    /// The display filter.
    pub(crate) fn filter(&self, cast: &ImsCast, bound: &Bound) -> String {
        let (mut filter, field) = match self.is {
            Mm1Is::Post(kind) => {
                (format!("http.request.method == \"POST\" && {}", pdu_filter(kind, bound)), "src_port")
            }
            Mm1Is::Get => {
                let target = bound.get(TARGET).map_or("", String::as_str);
                let target = escape(target);
                (format!("http.request.method == \"GET\" && http.request.uri contains \"{target}\""), "src_port")
            }
            Mm1Is::Answer(kind) => (format!("http.response.code == 200 && {}", pdu_filter(kind, bound)), "dst_port"),
        };
        if self.is_asserted {
            filter += &format!(" && frame contains \"{}\"", escape(&asserted(cast)));
        }
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

/// The UE as TS 24.109 clause 6.5 has it asserted, between quotation marks.
fn asserted(cast: &ImsCast) -> String {
    format!("\"tel:+{}\"", cast.ue.msisdn)
}
