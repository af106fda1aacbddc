//! The modem's side of the grammar: commands understood, answers and reports written.

use super::super::params::{Param, parse_params};
use super::{CommandGrammar, EmbmsCommand, EmbmsGrammar, Field, Tmgi};

/// Values of one line of an answer, or of a report unasked; what the grammar has no place for is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct EmbmsLine {
    /// Support or reports, on and off.
    pub(crate) on: Option<bool>,
    /// `<embms_service>`.
    pub(crate) service: Option<u8>,
    /// TMGIs: one, or several where they are the last.
    pub(crate) tmgis: Vec<Tmgi>,
    /// Session identity.
    pub(crate) session_id: Option<u8>,
    /// The service is received.
    pub(crate) active: Option<bool>,
    /// 1: begun, or there; 0: over, or gone.
    pub(crate) status: Option<u8>,
    /// How many TMGIs there are.
    pub(crate) count: Option<u8>,
    /// 0: this frequency, others from 1.
    pub(crate) frequency: Option<u8>,
    /// Service area identities.
    pub(crate) service_areas: Vec<u16>,
}

impl EmbmsGrammar {
    /// The command that a host calls by this name.
    pub(crate) fn command_of(&self, name: &str) -> Option<EmbmsCommand> {
        EmbmsCommand::ALL.into_iter().find(|&command| self.of(command).names.iter().any(|n| n == name))
    }

    /// All names in all spellings.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        EmbmsCommand::ALL.into_iter().flat_map(|command| self.of(command).names.iter().map(String::as_str))
    }

    /// What a set command says; `None`: a value that cannot be, or more values than there are places.
    pub(crate) fn understand(&self, command: EmbmsCommand, parameters: &str) -> Option<EmbmsLine> {
        let places = &self.of(command).set;
        let params = parse_params(parameters);
        let mut line = EmbmsLine::default();
        for (i, param) in params.iter().enumerate() {
            // A TMGI in the last place may be followed by others.
            let repeated = places.last().filter(|&&last| last == Field::Tmgi);
            let field = *places.get(i).or(repeated)?;
            if *param != Param::Empty {
                line.take(field, param)?;
            }
        }
        Some(line)
    }

    /// The ranges that the test command answers with.
    pub(crate) fn ranges(&self, command: EmbmsCommand) -> String {
        let range = |field: &Field| match field {
            Field::Setup | Field::Reporting | Field::Activation | Field::Status => "(0,1)",
            Field::Service => "(0-2)",
            Field::Priority => "(0-15)",
            Field::SessionId => "(0-255)",
            Field::Count => "(0-16)",
            Field::Tmgi | Field::Frequency | Field::Sai => "",
        };
        self.of(command).set.iter().map(range).collect::<Vec<_>>().join(",")
    }

    /// The first line of an answer; `None`: there is none but the list.
    pub(crate) fn read_line(&self, command: EmbmsCommand, line: &EmbmsLine) -> Option<String> {
        Some(line.text(&self.of(command).read)).filter(|_| !self.of(command).read.is_empty())
    }

    /// A line of a list in an answer; `None`: the command has no list.
    pub(crate) fn list_line(&self, command: EmbmsCommand, line: &EmbmsLine) -> Option<String> {
        Some(line.text(&self.of(command).list)).filter(|_| !self.of(command).list.is_empty())
    }

    /// A report unasked, with its name; `None`: the command has none.
    pub(crate) fn urc_line(&self, command: EmbmsCommand, line: &EmbmsLine) -> Option<String> {
        let CommandGrammar { urc, .. } = self.of(command);
        urc.as_ref().map(|urc| format!("{}: {}", urc.name, line.text(&urc.fields)))
    }
}

impl EmbmsLine {
    fn take(&mut self, field: Field, param: &Param) -> Option<()> {
        let flag = || param.number::<u8>().filter(|&value| value <= 1).map(|value| value == 1);
        match field {
            Field::Setup | Field::Reporting => self.on = Some(flag()?),
            Field::Activation => self.active = Some(flag()?),
            Field::Status => self.status = Some(u8::from(flag()?)),
            Field::Service => self.service = Some(param.number().filter(|&service: &u8| service <= 2)?),
            Field::Tmgi => self.tmgis.push(Tmgi::parse(param.text()?)?),
            Field::SessionId => self.session_id = Some(param.number()?),
            Field::Count => self.count = Some(param.number().filter(|&count: &u8| count <= 16)?),
            // Every service is received at once here: an order among them changes nothing.
            Field::Priority => drop(param.number::<u8>().filter(|&priority| priority <= 15)?),
            Field::Frequency => self.frequency = Some(param.number()?),
            Field::Sai => self.service_areas.push(param.number()?),
        }
        Some(())
    }

    fn text(&self, fields: &[Field]) -> String {
        let flag = |on: Option<bool>| on.map(u8::from);
        let mut texts: Vec<String> = Vec::new();
        for field in fields {
            let number = match field {
                Field::Setup | Field::Reporting => flag(self.on),
                Field::Activation => flag(self.active),
                Field::Status => self.status,
                Field::Service => self.service,
                Field::SessionId => self.session_id,
                Field::Count => self.count,
                Field::Frequency => self.frequency,
                Field::Priority => None,
                Field::Tmgi => {
                    texts.push(join(self.tmgis.iter().map(|tmgi| format!("\"{}\"", tmgi.to_hex()))));
                    continue;
                }
                Field::Sai => {
                    texts.push(join(self.service_areas.iter().map(u16::to_string)));
                    continue;
                }
            };
            texts.push(number.map(|number| number.to_string()).unwrap_or_default());
        }
        let last = texts.iter().rposition(|text| !text.is_empty()).map_or(0, |i| i + 1);
        texts[..last].join(",")
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(",")
}
