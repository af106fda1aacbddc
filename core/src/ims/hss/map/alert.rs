//! alertServiceCentre by the HLR (TS 29.002 clauses 12.5 and 23.6, TR 23.804 clause 8.6): each service centre that waits is told
//! by the SMS-GMSC that has its number, again and again for some time when there is no answer.

use protocol::Instant;
use protocol::map::sccp::ssn;
use protocol::map::{AlertServiceCentreArg, InvokeFailure, Operation};

use super::{Invoked, Task, number_of};
use crate::ims::hss::{Hss, Waiting};

impl Hss {
    /// Alerts all service centres that are to be, and are not being, alerted.
    pub(super) fn start_alerts(&mut self, now: Instant, impi: &str) {
        let record = self.hlr.as_ref().and_then(|hlr| hlr.records.get(impi));
        let alerts = record.map_or(&[][..], |record| &record.alerts);
        let centres: Vec<_> = alerts.iter().map(|alert| alert.centre.digits().to_owned()).collect();
        for centre in centres {
            self.alert(now, impi, &centre);
        }
    }

    pub(super) fn alert(&mut self, now: Instant, impi: &str, centre: &str) {
        let msisdn = self.directory.by_impi(impi).and_then(|s| s.msisdn.first()).and_then(|m| number_of(m));
        let Some(hlr) = &mut self.hlr else { return };
        let alerts = hlr.records.get(impi).map_or(&[][..], |record| &record.alerts);
        let Some(alert) = alerts.iter().find(|alert| alert.centre.digits() == centre) else { return };
        let numbers = msisdn.zip(alert.centre.number());
        let task = Task::Alert { impi: impi.to_owned(), centre: centre.to_owned() };
        let Some((msisdn, number)) = numbers else { return };
        if !hlr.alerting.insert((impi.to_owned(), centre.to_owned())) {
            return;
        }
        hlr.due.set(&task, None);
        let invoked = Invoked::Alert { impi: impi.to_owned(), centre: centre.to_owned() };
        let operation = Operation::AlertServiceCentre(AlertServiceCentreArg::new(msisdn, number.clone()));
        if !self.map_request(now, &number, ssn::MSC, (&operation, invoked)) {
            self.alert_failed(now, impi, centre);
        }
    }

    /// The SMS-GMSC has answered, or not.
    pub(super) fn alerted(&mut self, now: Instant, impi: &str, centre: &str, failure: Option<InvokeFailure>) {
        let Some(why) = failure else {
            if let Some(hlr) = &mut self.hlr {
                hlr.alerting.remove(&(impi.to_owned(), centre.to_owned()));
            }
            let ops = self.change_sms(impi, |record, _| record.alerts.retain(|alert| alert.centre.digits() != centre));
            return self.store_change(ops);
        };
        self.say(format!("alertServiceCentre of {impi} to {centre}: {why}"));
        self.alert_failed(now, impi, centre);
    }

    fn alert_failed(&mut self, now: Instant, impi: &str, centre: &str) {
        let Some(hlr) = &mut self.hlr else { return };
        hlr.alerting.remove(&(impi.to_owned(), centre.to_owned()));
        let (repeats, again) = (hlr.config.repeats, now + hlr.config.repeat_after);
        let mut is_over = false;
        let ops = self.change_sms(impi, |record, _| {
            record.alerts.retain_mut(|alert| {
                let is_it = alert.centre.digits() == centre;
                alert.tries += u32::from(is_it);
                let gives_up = is_it && alert.tries > repeats;
                is_over |= gives_up;
                !gives_up
            });
        });
        self.store_change(ops);
        if is_over {
            return self.say(format!("{centre} is not alerted of {impi} any more"));
        }
        if let Some(hlr) = &mut self.hlr {
            let task = Task::Alert { impi: impi.to_owned(), centre: centre.to_owned() };
            hlr.due.set(&task, Some(again));
        }
    }

    pub(super) fn store_change(&mut self, ops: Vec<crate::node::NodeStoreOp>) {
        if !ops.is_empty() {
            self.store(ops, Waiting::Change);
        }
    }
}
