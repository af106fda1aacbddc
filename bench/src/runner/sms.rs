//! Steps of short messages over IP: what UEs send and get, what becomes of messages at the MSC and at the SGSN; and what was
//! measured.

use std::time::Duration;

use core_network::node::Admin;
use core_network::sms::{ServingNodeEvent, ServingNodeOrder};
use hil::agent::sms::{OutgoingSms, SmsCommand};
use protocol::Instant;
use protocol::sms::{Address, Content};

use super::Runner;
use crate::errors::CommandError;
use crate::event::{ImsFact, Measurement, What};
use crate::ims::services::sms::{msisdn, service, serving_node};
use crate::ims::sms::ExpectedSms;
use crate::scenario::{MeasurementName, Served, SmsAccess, SmsStep};

impl Runner<'_> {
    /// UEs are where the scenario has them at the beginning.
    pub(super) fn sms_begins(&mut self) {
        let Some(ims) = &mut self.ims else { return };
        for ue in &self.loaded.scenario.ues {
            let Some(own) = &ue.sms else { continue };
            let Some(phone) = ims.network.ues.named_mut(&ue.name).and_then(|ue| ue.sms.as_mut()) else { continue };
            for (over, served) in [(SmsAccess::Msc, own.msc), (SmsAccess::Sgsn, own.sgsn)] {
                phone.attached(self.now, over, served.is_some_and(|served| served != Served::Absent));
            }
        }
    }

    /// Does a step of short messages.
    pub(super) fn sms_step(&mut self, step: &SmsStep) -> Result<&'static str, CommandError> {
        match step {
            SmsStep::Send { from, to, text, data, status_report, validity_s } => {
                let octets = || hex::decode(data.as_deref().unwrap_or_default()).unwrap_or_default();
                let content = text.clone().map_or_else(|| Content::Octets(octets()), Content::Text);
                self.sms_send(from, to, content, *status_report, validity_s.map(Duration::from_secs))?;
            }
            SmsStep::Register { .. } => self.sms_command(step, SmsCommand::Register),
            SmsStep::Deregister { .. } => self.sms_command(step, SmsCommand::Deregister),
            SmsStep::Free { .. } => self.sms_command(step, SmsCommand::DeleteAll),
            SmsStep::Serve { at, becomes, .. } => self.sms_serve(step, *at, *becomes),
        }
        self.drain_network(self.now)?;
        Ok("done")
    }

    /// Places of the UEs with short messages that a step names.
    fn phones_of(&self, step: &SmsStep) -> Vec<usize> {
        let (Some(ims), Some((_, ue))) = (&self.ims, step.ues().into_iter().next()) else { return Vec::new() };
        ims.selected(&ue).into_iter().filter(|&place| ims.network.ues[place].sms.is_some()).collect()
    }

    fn sms_command(&mut self, step: &SmsStep, command: SmsCommand) {
        let (now, places) = (self.now, self.phones_of(step));
        let Some(ims) = &mut self.ims else { return };
        for place in places {
            if let Some(phone) = &mut ims.network.ues[place].sms {
                phone.command(now, command.clone());
            }
        }
    }

    fn sms_serve(&mut self, step: &SmsStep, over: SmsAccess, becomes: Served) {
        let (now, places) = (self.now, self.phones_of(step));
        let Some(ims) = &mut self.ims else { return };
        for place in places {
            let Some(phone) = &mut ims.network.ues[place].sms else { continue };
            phone.attached(now, over, becomes != Served::Absent);
            let order = ServingNodeOrder::Service { imsi: phone.imsi().to_owned(), service: service(becomes) };
            ims.network.fabric.admin(now, serving_node(over), Admin::ServingNode(Box::new(order)));
        }
    }

    fn sms_send(
        &mut self,
        from: &str,
        to: &str,
        content: Content,
        status_report: bool,
        validity: Option<Duration>,
    ) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let number = |name| scenario.ims_identity(name).and_then(|own| Address::international(msisdn(&own)));
        let (Some(sender), Some(address)) = (number(from), number(to)) else { return Ok(()) };
        ims.messages += 1;
        let number = ims.messages;
        let text = match &content {
            Content::Text(text) => text.clone(),
            Content::Octets(octets) => hex::encode(octets),
        };
        let ues = &mut ims.network.ues;
        if let Some(phone) = ues.named_mut(to).and_then(|ue| ue.sms.as_mut()) {
            phone.expects(ExpectedSms { number, from: sender, content: content.clone(), sent: now });
        }
        if let Some(phone) = ues.named_mut(from).and_then(|ue| ue.sms.as_mut()) {
            let message = OutgoingSms { status_report, validity, ..OutgoingSms::new(number, address, content) };
            phone.command(now, SmsCommand::Send(Box::new(message)));
        }
        let fact = ImsFact::SmsSent { number, to: to.to_owned(), text };
        self.observer.fact(now, What::Ims { ue: from.to_owned(), fact })
    }

    /// What MSC and SGSN have to tell.
    pub(super) fn sms_served(&mut self, now: Instant) -> Result<(), CommandError> {
        loop {
            let Some(ims) = &mut self.ims else { return Ok(()) };
            let Some(nodes) = &ims.network.serving_nodes else { return Ok(()) };
            let event = nodes.msc.poll().map(|event| (SmsAccess::Msc, event));
            let Some((over, event)) = event.or_else(|| nodes.sgsn.poll().map(|event| (SmsAccess::Sgsn, event))) else {
                return Ok(());
            };
            let (ServingNodeEvent::Delivered { imsi, .. }
            | ServingNodeEvent::Repeated { imsi }
            | ServingNodeEvent::Refused { imsi, .. }
            | ServingNodeEvent::Sent { imsi, .. }
            | ServingNodeEvent::NotSent { imsi, .. }
            | ServingNodeEvent::MemoryKnown { imsi, .. }) = &event;
            let is_it = |ue: &crate::ims::agent::ImsUe| ue.sms.as_ref().is_some_and(|own| own.imsi() == imsi);
            let Some(place) = ims.network.ues.iter().position(is_it) else { continue };
            let own = &mut ims.network.ues[place];
            let ue = own.name.clone();
            let fact = own.sms.as_mut().and_then(|phone| phone.served(now, over, event));
            fact.map_or(Ok(()), |fact| self.observer.fact(now, What::Ims { ue, fact }))?;
        }
    }

    /// What UEs measured.
    pub(super) fn finish_sms(&mut self) -> Result<(), CommandError> {
        let Some(ims) = &self.ims else { return Ok(()) };
        let mut measured = Vec::new();
        for own in ims.network.ues.iter() {
            let Some(phone) = &own.sms else { continue };
            let figures = phone.figures;
            let mut add = |name, value: f64| {
                measured.push(Measurement { name, ue: Some(own.name.clone()), session: None, value, counts: None });
            };
            add(MeasurementName::SmsDelivered, figures.delivered as f64);
            add(MeasurementName::SmsLost, phone.missing() as f64);
            add(MeasurementName::SmsDoubled, figures.doubled as f64);
            add(MeasurementName::SmsTaken, figures.taken as f64);
            add(MeasurementName::SmsRefused, figures.refused as f64);
            add(MeasurementName::SmsReports, figures.reports as f64);
            if figures.delivered > 0 {
                add(MeasurementName::SmsTime, figures.longest_ns as f64 / 1e9);
            }
        }
        let now = self.now;
        measured.into_iter().try_for_each(|own| self.observer.fact(now, What::Measured(own)))
    }
}
