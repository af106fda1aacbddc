//! Alerting of service centres: TR 23.804 clause 8.6 step 4, TS 29.002 clause 23.4.

use protocol::Instant;
use protocol::map::{AlertServiceCentreArg, DialogueId, OperationResult, UserError};
use protocol::smpp::{AlertNotification, SmeAddress, Tlv, TlvTag};

use super::SmsGmsc;

/// ms_availability_status: available (SMPP 3.4 clause 5.3.2.30).
const AVAILABLE: u8 = 0;

impl SmsGmsc {
    pub(super) fn on_alert(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        argument: &AlertServiceCentreArg,
    ) {
        let answer = self.alert(now, argument).map(|()| OperationResult::AlertServiceCentre);
        if let Err(error) = &answer {
            self.say(format!("alert of {} for {}: {error}", argument.service_centre_address, argument.msisdn));
        }
        if let Err(error) = self.map.answer(now, dialogue, invoke_id, &answer) {
            self.ignored("-", format!("answer to alertServiceCentre: {error}"));
        }
    }

    /// Tells one session of the service centre.
    fn alert(&mut self, now: Instant, argument: &AlertServiceCentreArg) -> Result<(), UserError> {
        let address = &argument.service_centre_address;
        let centre = self.centres.iter().position(|centre| centre.digits() == address.digits());
        let centre = centre.ok_or(UserError::UnexpectedDataValue)?;
        let of_map = |digits: &str| SmeAddress::international(digits).ok_or(UserError::UnexpectedDataValue);
        let alert = AlertNotification { source: of_map(argument.msisdn.digits())?, esme: of_map(address.digits())? };
        let mut links = self.links.iter_mut().filter(|(_, link)| link.receives_for(centre));
        let (conn, link) = links.next().ok_or(UserError::SystemFailure(None))?;
        let status = Tlv::octet(TlvTag::MS_AVAILABILITY_STATUS, AVAILABLE);
        link.session.alert(now, alert, vec![status]).map_err(|_| UserError::SystemFailure(None))?;
        self.dirty.insert(*conn);
        self.counters.alerts += 1;
        Ok(())
    }
}
