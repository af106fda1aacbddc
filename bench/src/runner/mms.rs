//! Steps of multimedia messages: what users send, want, read and pass on; and what was measured.

use std::path::Path;

use hil::agent::mms::{MmsCommand, MmsContent, MmsFile, MmsSlide, OutgoingMms};
use protocol::mms::{MmsAddress, MmsTime};

use super::Runner;
use crate::errors::CommandError;
use crate::event::{ImsFact, Measurement, NOTHING, What};
use crate::ims::mms::{ExpectedMms, MmsUe, sent_parts};
use crate::ims::services::sms::msisdn;
use crate::scenario::{MeasurementName, MmsFiles, MmsStep, Selector, content_type};

/// What is told of a message: a delivery report, a read report.
type Wanted = (bool, bool);

impl Runner<'_> {
    /// Does a step of multimedia messages.
    pub(super) fn mms_step(&mut self, step: &MmsStep) -> Result<&'static str, CommandError> {
        let now = self.now;
        let done = match step {
            MmsStep::Send { from, to, subject, content, delivery_report, read_report, expiry_s } => {
                let message = OutgoingMms {
                    subject: subject.clone(),
                    content: self.content(content)?,
                    expiry: expiry_s.map(MmsTime::Relative),
                    ..OutgoingMms::default()
                };
                self.mms_send((from, to), message, (*delivery_report, *read_report))?;
                1
            }
            MmsStep::Forward { from, to, delivery_report, read_report } => {
                self.mms_forward((from, to), (*delivery_report, *read_report))?
            }
            MmsStep::Retrieve { ue } => self.each_mms(ue, |own| own.retrieve(now)),
            MmsStep::Reject { ue } => self.each_mms(ue, |own| own.reject(now)),
            MmsStep::Read { ue } => self.each_mms(ue, |own| own.read(now)),
        };
        self.drain_network(now)?;
        Ok(if done > 0 { "done" } else { NOTHING })
    }

    /// UEs do something with their messages; with how many in all.
    fn each_mms(&mut self, ue: &Selector, mut does: impl FnMut(&mut MmsUe) -> usize) -> usize {
        let Some(ims) = &mut self.ims else { return 0 };
        let mut done = 0;
        for place in ims.selected(ue) {
            done += ims.network.ues[place].mms.as_mut().map_or(0, &mut does);
        }
        done
    }

    /// What an agent has told may be about messages to others: what was refused does not come.
    pub(super) fn mms_refused(&mut self, fact: &ImsFact) {
        let (Some(ims), ImsFact::MmsTaken { number, why: Some(_), .. }) = (&mut self.ims, fact) else { return };
        for own in ims.network.ues.iter_mut() {
            own.mms.iter_mut().for_each(|mms| mms.withdraw(*number));
        }
    }

    /// What is in a message: files from the folder of the scenario.
    fn content(&self, own: &MmsFiles) -> Result<MmsContent, CommandError> {
        let folder = self.loaded.file.parent().unwrap_or_else(|| Path::new(""));
        let file = |own: &Path| -> Result<_, CommandError> {
            let path = folder.join(own);
            let octets = std::fs::read(&path).map_err(|source| CommandError::Read { path: path.clone(), source })?;
            let name = own.file_name().unwrap_or_default().to_string_lossy();
            Ok(MmsFile::new(content_type(&path), &name, octets))
        };
        let slide = MmsSlide {
            text: own.text.clone(),
            picture: own.picture.as_deref().map(file).transpose()?,
            sound: own.sound.as_deref().map(file).transpose()?,
            seconds: 0,
        };
        let is_shown = slide.text.is_some() || slide.picture.is_some() || slide.sound.is_some();
        let attachments = own.attachment.as_deref().map(file).transpose()?.into_iter().collect();
        Ok(MmsContent { slides: if is_shown { vec![slide] } else { Vec::new() }, attachments })
    }

    fn mms_send(&mut self, (from, to): (&str, &str), message: OutgoingMms, wanted: Wanted) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let (Some(sender), Some(receiver)) = (scenario.ims_identity(from), scenario.ims_identity(to)) else {
            return Ok(());
        };
        ims.messages += 1;
        let number = ims.messages;
        let (parts, subject) = (sent_parts(&says(&message.content)), message.subject.clone());
        let ues = &mut ims.network.ues;
        if let Some(own) = ues.named_mut(to).and_then(|ue| ue.mms.as_mut()) {
            let (from, parts, subject) = (msisdn(&sender).to_owned(), parts.clone(), subject.clone());
            own.expects(ExpectedMms { number, from, subject, parts, sent: now });
        }
        if let Some(own) = ues.named_mut(from).and_then(|ue| ue.mms.as_mut()) {
            let to = vec![address(msisdn(&receiver))];
            let (delivery_report, read_report) = wanted;
            let message = OutgoingMms { message: number, to, delivery_report, read_report, ..message };
            own.send(now, number, wanted, MmsCommand::Send(Box::new(message)));
        }
        let fact = ImsFact::MmsSent { number, to: to.to_owned(), subject, parts, forwards: None };
        self.observer.fact(now, What::Ims { ue: from.to_owned(), fact })
    }

    /// A UE passes on what waits for it; how much that is.
    fn mms_forward(&mut self, (from, to): (&str, &str), wanted: Wanted) -> Result<usize, CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let Some(ims) = &mut self.ims else { return Ok(0) };
        let (Some(sender), Some(receiver)) = (scenario.ims_identity(from), scenario.ims_identity(to)) else {
            return Ok(0);
        };
        let Some(own) = ims.network.ues.named(from).and_then(|ue| ue.mms.as_ref()) else { return Ok(0) };
        let waiting: Vec<(u64, ExpectedMms)> =
            own.waiting().into_iter().filter_map(|notice| Some((notice, own.noticed(notice)?.clone()))).collect();
        let count = waiting.len();
        for (notice, message) in waiting {
            let Some(ims) = &mut self.ims else { return Ok(0) };
            ims.messages += 1;
            let number = ims.messages;
            let (forwards, parts, subject) = (Some(message.number), message.parts.clone(), message.subject.clone());
            let ues = &mut ims.network.ues;
            if let Some(own) = ues.named_mut(to).and_then(|ue| ue.mms.as_mut()) {
                own.expects(ExpectedMms { number, from: msisdn(&sender).to_owned(), sent: now, ..message });
            }
            if let Some(own) = ues.named_mut(from).and_then(|ue| ue.mms.as_mut()) {
                let to = vec![address(msisdn(&receiver))];
                let (delivery_report, read_report) = wanted;
                let command = MmsCommand::Forward { message: number, number: notice, to, delivery_report, read_report };
                own.passes_on(number, notice);
                own.send(now, number, wanted, command);
            }
            let fact = ImsFact::MmsSent { number, to: to.to_owned(), subject, parts, forwards };
            self.observer.fact(now, What::Ims { ue: from.to_owned(), fact })?;
        }
        Ok(count)
    }

    /// Keeps what came to a UE in its folder.
    pub(super) fn keep_file(&self, ue: &str, name: &str, octets: &[u8]) -> Result<(), CommandError> {
        let path = self.dir.join("ues").join(ue).join(name);
        let folder = path.parent().unwrap_or(self.dir);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, octets));
        written.map_err(|source| CommandError::Write { path, source })
    }

    /// What UEs measured.
    pub(super) fn finish_mms(&mut self) -> Result<(), CommandError> {
        let Some(ims) = &self.ims else { return Ok(()) };
        let mut measured = Vec::new();
        for own in ims.network.ues.iter() {
            let Some(mms) = &own.mms else { continue };
            let figures = mms.figures;
            let mut add = |name, value: f64| {
                measured.push(Measurement { name, ue: Some(own.name.clone()), session: None, value, counts: None });
            };
            add(MeasurementName::MmsDelivered, figures.delivered as f64);
            add(MeasurementName::MmsLost, mms.missing() as f64);
            add(MeasurementName::MmsDamaged, figures.damaged as f64);
            add(MeasurementName::MmsDoubled, figures.doubled as f64);
            add(MeasurementName::MmsTaken, figures.taken as f64);
            add(MeasurementName::MmsRefused, figures.refused as f64);
            add(MeasurementName::MmsReports, figures.reports as f64);
            add(MeasurementName::MmsReadReports, figures.read_reports as f64);
            if figures.delivered > 0 {
                add(MeasurementName::MmsTime, figures.longest_ns as f64 / 1e9);
            }
        }
        let now = self.now;
        measured.into_iter().try_for_each(|own| self.observer.fact(now, What::Measured(own)))
    }
}

/// Media type, name and octets of all that a message says.
fn says(content: &MmsContent) -> Vec<(&str, &str, &[u8])> {
    let mut all = Vec::new();
    for slide in &content.slides {
        all.extend(slide.picture.iter().chain(&slide.sound).map(file));
        all.extend(slide.text.iter().map(|text| ("text/plain", "text", text.as_bytes())));
    }
    all.extend(content.attachments.iter().map(file));
    all
}

fn file(own: &MmsFile) -> (&str, &str, &[u8]) {
    (&own.media_type, &own.name, &own.octets)
}

fn address(digits: &str) -> MmsAddress {
    MmsAddress::phone(&format!("+{digits}"))
}
