//! Rf: typed messages (TS 32.299 clauses 6.1 and 6.2; RFC 6733 clause 9.7).

use super::charging::{ChargingHeader, ServiceInformation, of_answer};
use super::cx::enumerated;
use super::dictionary as d;
use super::dictionary::charging as c;
use super::message::{Avp, DiameterProblem, Flags, Message};

enumerated! {
    /// Accounting-Record-Type (RFC 6733 clause 9.8.1).
    RecordType of ACCOUNTING_RECORD_TYPE in c {
        /// EVENT_RECORD.
        Event = 1,
        /// START_RECORD.
        Start = 2,
        /// INTERIM_RECORD.
        Interim = 3,
        /// STOP_RECORD.
        Stop = 4,
    }
}

/// Accounting-Request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acr {
    /// Header.
    pub header: ChargingHeader,
    /// Accounting-Record-Type.
    pub kind: RecordType,
    /// Accounting-Record-Number: with Session-Id it names the record (RFC 6733 clause 9.8.3).
    pub number: u32,
    /// Acct-Interim-Interval that is wished for, in seconds.
    pub interval: Option<u32>,
    /// Service-Information.
    pub information: ServiceInformation,
}

impl Acr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = self.header.first();
        avps.push(self.kind.to_avp());
        avps.push(Avp::u32(&c::ACCOUNTING_RECORD_NUMBER, self.number));
        avps.push(Avp::u32(&d::ACCT_APPLICATION_ID, d::APP_RF));
        avps.extend(self.header.last());
        avps.extend(self.interval.map(|seconds| Avp::u32(&c::ACCT_INTERIM_INTERVAL, seconds)));
        avps.push(Avp::text(&c::SERVICE_CONTEXT_ID, self.information.context()));
        avps.push(self.information.to_avp());
        let mut message = Message::request(d::ACCOUNTING, d::APP_RF, avps);
        if self.header.retransmitted {
            message.flags = message.flags.with(Flags::RETRANSMITTED);
        }
        message
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let kind = message.get(&c::ACCOUNTING_RECORD_TYPE);
        let kind = kind.ok_or_else(|| DiameterProblem::missing(&c::ACCOUNTING_RECORD_TYPE))?;
        Ok(Self {
            header: ChargingHeader::of(message)?,
            kind: RecordType::from_avp(kind)?,
            number: message.need_number(&c::ACCOUNTING_RECORD_NUMBER)?,
            interval: message.number(&c::ACCT_INTERIM_INTERVAL)?,
            information: ServiceInformation::of(message)?,
        })
    }
}

/// Accounting-Answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Aca {
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Result-Code.
    pub result: u32,
    /// Acct-Interim-Interval in seconds; none: no interim records by time are wanted.
    pub interval: Option<u32>,
}

impl Aca {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps = vec![
            Avp::u32(&d::RESULT_CODE, self.result),
            Avp::text(&d::ORIGIN_HOST, &self.origin_host),
            Avp::text(&d::ORIGIN_REALM, &self.origin_realm),
        ];
        avps.extend(of_answer(request));
        avps.extend(self.interval.map(|seconds| Avp::u32(&c::ACCT_INTERIM_INTERVAL, seconds)));
        Message::answer(request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self {
            origin_host: message.need_text(&d::ORIGIN_HOST)?.to_owned(),
            origin_realm: message.need_text(&d::ORIGIN_REALM)?.to_owned(),
            result: message.need_number(&d::RESULT_CODE)?,
            interval: message.number(&c::ACCT_INTERIM_INTERVAL)?.filter(|&seconds| seconds > 0),
        })
    }
}
